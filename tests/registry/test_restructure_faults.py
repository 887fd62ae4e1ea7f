"""Whatever fails and whenever the process dies: a change of structure is there whole, or not at all."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from relgraph import RelationRegistry
from relgraph.errors import RelgraphError
from tests.faults import SOUND, FaultyConnection, open_faulty, switches
from tests.registry.shop import DATA
from tests.registry.test_known_losses import HUB, OPERATIONS
from tests.whole_database import ODD, contents, make_hostile

FAST = 50  # examples of the fast profile

Change = Callable[[RelationRegistry], object]

IN_THE_ODD: dict[str, Change] = {
    "rename": lambda r: r.rename_collection(ODD, "plain"),
    "rename field": lambda r: r.rename_field(ODD, "price", "cost"),
    "type by copy": lambda r: r.change_field(ODD, "at", type="string"),
    "drop with keys": lambda r: r.drop_collection("pairs", cascade=True),
    "apply": lambda r: r.apply(r.diff(_other_structure(r.snapshot()))),
}
IN_A_PROJECT: dict[str, Change] = {
    "rename": lambda r: r.rename_collection("headings", "titles"),
    "rename field": lambda r: r.rename_field("pages_sections", "item", "thing"),
    "drop": lambda r: r.drop_collection("headings", cascade=True),
    "drop field": lambda r: r.drop_field("articles_tags", "tags_slug", cascade=True),
    "add": lambda r: r.add_field("articles", "more", "json"),
    "create": lambda r: r.create_collection("things", {"a": "csv"}),
    "type": lambda r: r.change_field("articles", "status", type="csv"),
    "batch": lambda r: _much(r),
    "apply": lambda r: r.apply(r.diff(_other_notes(r.snapshot()))),
}
CASES = {
    **{f"hub: {name}": ("hub", change) for name, change in OPERATIONS.items()},
    **{f"odd: {name}": ("odd", change) for name, change in IN_THE_ODD.items()},
    **{f"project: {name}": ("project", change) for name, change in IN_A_PROJECT.items()},
}


def _much(registry: RelationRegistry) -> None:
    with registry.batch():
        registry.rename_collection("articles", "posts")
        registry.change_field("posts", "author_sort", type="float")
        registry.drop_field("posts", "author", cascade=True)


def _other_structure(snapshot: dict[str, Any]) -> dict[str, Any]:
    """Give the snapshot of a database with a table more, a view less, and another default in a table of many keys."""
    text = "CREATE TABLE more (id INTEGER PRIMARY KEY, odd INTEGER DEFAULT 1)"
    schema = {"name": "more", "sql": text, "indexes": {}, "triggers": {}}
    more = {"collection": "more", "meta": None, "schema": schema}
    kept = [entry for entry in snapshot["collections"] if entry["collection"] != "titles"]
    authors = next(entry["schema"] for entry in kept if entry["collection"] == "Authors")
    authors["sql"] = authors["sql"].replace("'nobody'", "'somebody'")
    return {**snapshot, "collections": [*kept, more], "fields": []}


def _other_notes(snapshot: dict[str, Any]) -> dict[str, Any]:
    """Give the snapshot of a project with another note, default and action."""
    for entry in snapshot["fields"]:
        if (entry["collection"], entry["field"]) == ("articles", "status"):
            entry["meta"]["note"], entry["schema"]["default_value"] = "how far it is", "draft"
    for entry in snapshot["relations"]:
        if (entry["collection"], entry["field"]) == ("comments", "author"):
            entry["schema"]["on_delete"] = "CASCADE"
    return snapshot


def make(kind: str, path: str) -> None:
    """Write one of the databases to a file."""
    if kind == "odd":
        make_hostile(path)
    elif kind == "project":
        shutil.copy(DATA / "project.db", path)
    else:
        connection = sqlite3.connect(path)
        connection.executescript(HUB)
        connection.close()


@pytest.mark.parametrize("case", CASES)
def test_a_fault_at_any_statement_leaves_the_old_state(tmp_path: Path, case: str) -> None:
    """Each writing statement fails in turn: the file, the settings and what the registry knows are as before.

    In a project, which has ten times the tables, every 23rd does, and each under the long profile.
    """
    kind, change = CASES[case]
    path, clean = str(tmp_path / "faulty.db"), str(tmp_path / "clean.db")
    make(kind, clean)
    before, done = contents(clean), _done(clean, str(tmp_path / "done.db"), change)
    refused, step = 0, 23 if kind == "project" and settings.default.max_examples <= FAST else 1
    for nth in count(1, step):
        shutil.copy(clean, path)
        connection = open_faulty(path)
        failed = _change_with_fault(connection, nth, change)
        if connection.failed is None:
            break
        refused += failed
        assert (connection.failed, contents(path) == (before if failed else done)) == (connection.failed, True)
        connection.close()
    assert contents(path) == done
    assert refused


def _done(clean: str, path: str, change: Change) -> object:
    """Give what a database looks like after a change without a fault."""
    shutil.copy(clean, path)
    with RelationRegistry(path) as registry:
        change(registry)
    return contents(path)


def _change_with_fault(connection: FaultyConnection, nth: int, change: Change) -> bool:
    """Make a change whose n-th writing statement fails, and say whether it was refused for that."""
    registry = RelationRegistry(connection)
    relations = registry.schema.relations
    connection.arm(nth)
    try:
        change(registry)
    except (sqlite3.Error, RelgraphError):
        assert registry.schema.relations == relations
        return True
    finally:
        connection.left = 0
        assert (connection.in_transaction, switches(connection)) == (False, SOUND)
    return False


# --- kill -9 ---------------------------------------------------------------------------------------------------------

CYCLE: tuple[Change, ...] = (
    lambda r: r.rename_collection("hub", "Wheel"),
    lambda r: r.change_field("Wheel", "name", type="any"),
    lambda r: r.rename_field("Wheel", "id", "uid"),
    lambda r: r.add_field("Wheel", "more", "string", unique=True),
    lambda r: r.create_collection("spokes", {"wheel": "integer"}),
    lambda r: r.create({"id": 1, "many_collection": "spokes", "many_field": "wheel", "one_collection": "Wheel"}),
    lambda r: r.change_field("Wheel", "name", type="TEXT", default="x", nullable=False),
    lambda r: r.drop_collection("spokes"),
    lambda r: r.drop_field("Wheel", "more"),
    lambda r: r.change_field("Wheel", "name", type="TEXT", default=None, nullable=True),
    lambda r: r.rename_field("Wheel", "uid", "id"),
    lambda r: r.rename_collection("Wheel", "hub"),
)
ROUNDS = 50


@pytest.fixture
def cycled(tmp_path: Path) -> tuple[str, list[object]]:
    """A file that has been through the cycle once, and every state that it has in the next."""
    path = str(tmp_path / "cycled.db")
    make("hub", path)
    with RelationRegistry(path) as registry:
        for change in CYCLE:
            change(registry)
        base = str(tmp_path / "base.db")
        registry.connection.execute("VACUUM INTO ?", (base,))
        states = [contents(path)]
        for change in CYCLE:
            change(registry)
            states.append(contents(path))
    assert states[0] == states[-1]
    return base, states


def _change_until_killed(path: str, told: int) -> None:
    """Go through the cycle again and again, and tell of every statement."""
    registry = RelationRegistry(path)
    registry.connection.set_trace_callback(lambda _: os.write(told, b"."))
    while True:
        for change in CYCLE:
            change(registry)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no such processes here")
def test_a_process_killed_at_any_moment_leaves_the_old_state_or_the_new(
    cycled: tuple[str, list[object]], tmp_path: Path
) -> None:
    """In fifty rounds a process dies somewhere in a cycle of changes; who opens the file finds a state of the cycle."""
    base, states = cycled
    chosen, found = random.Random(5), set()
    for round_number in range(ROUNDS):
        path = str(tmp_path / f"killed{round_number}.db")
        shutil.copy(base, path)
        heard, told = os.pipe()
        child = os.fork()
        if child == 0:  # pragma: no cover  # it dies before it could say what it ran
            try:
                _change_until_killed(path, told)
            finally:
                os._exit(1)
        os.close(told)
        with os.fdopen(heard, "rb", buffering=0) as pipe:
            for _ in range(chosen.randrange(1, 2500)):
                pipe.read(1)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL
        with RelationRegistry(path) as registry:
            assert registry.connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        state = contents(path)
        assert state in states
        found.add(states.index(state))
    assert len(found) > 3
