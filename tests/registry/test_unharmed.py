"""Nothing but the definition changes: the whole database is compared, also when a change is cut off."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relgraph import RelationRegistry
from relgraph.relation import KeyActions
from tests.faults import is_denied
from tests.registry.shop import DATA
from tests.whole_database import ODD, contents, make_hostile

ODD_AUTHOR = {
    "collection": ODD,
    "field": "the author",
    "related_collection": "Authors",
    "schema": {"on_delete": "SET NULL"},
    "meta": {"one_field": "odd ones", "one_deselect_action": "nullify"},
}


@pytest.fixture
def hostile(tmp_path: Path) -> str:
    """A file with all that a change of a table could damage."""
    make_hostile(str(tmp_path / "hostile.db"))
    return str(tmp_path / "hostile.db")


def besides_the_key(whole: dict[str, Any]) -> dict[str, Any]:
    """Give the contents less the text and the foreign keys of the table that is changed."""
    definitions = {place: text for place, text in whole["definitions"].items() if place != ("table", ODD)}
    return {**whole, "definitions": definitions, "keys": {**whole["keys"], ODD: None}}


def test_the_whole_database_is_the_same_before_and_after(hostile: str) -> None:
    """Creating, changing and deleting a relation touches no row, trigger, index, view, type or sequence."""
    besides = ("relgraph_relations",)
    before = contents(hostile)
    with RelationRegistry(hostile) as registry:
        made = registry.create(ODD_AUTHOR)
        created = contents(hostile, besides=besides)
        registry.update(made.id or 0, {"on_delete": "CASCADE", "one_field": "changed"})
        changed = contents(hostile, besides=besides)
        moved = registry.update(made.id or 0, {"field": "x", "related_collection": ODD})
        moved_contents = contents(hostile, besides=besides)
        registry.delete(moved.id or 0)
    deleted = contents(hostile, besides=besides)
    assert [besides_the_key(each) for each in (created, changed, moved_contents)] == [besides_the_key(before)] * 3
    assert deleted == before
    assert created["definitions"] != before["definitions"] != changed["definitions"] != created["definitions"]


def test_every_discovered_key_can_be_adopted_changed_and_kept(hostile: str) -> None:
    """Keys that others declared, in another case and form, change their actions and nothing else; then back."""
    before = contents(hostile)
    with RelationRegistry(hostile) as registry:
        for relation in registry.adopt():
            key = relation.foreign_key or KeyActions()
            other = "RESTRICT" if key.on_delete == "CASCADE" else "CASCADE"
            registry.update(relation.id or 0, {"on_delete": other})
            registry.update(relation.id or 0, {"on_delete": key.on_delete})
    after = contents(hostile, besides=("relgraph_relations",))
    assert {**after, "definitions": None, "keys": None} == {**before, "definitions": None, "keys": None}
    kept = {place: text for place, text in after["definitions"].items() if place[0] != "table"}
    assert kept == {place: text for place, text in before["definitions"].items() if place[0] != "table"}


CHANGES: tuple[Callable[[RelationRegistry], object], ...] = (
    lambda registry: registry.create(ODD_AUTHOR),
    lambda registry: registry.update(1, {"on_delete": "CASCADE", "one_field": "later"}),
    lambda registry: registry.delete([1, 2]),
)


@pytest.mark.parametrize("change", CHANGES, ids=["create", "update", "delete"])
def test_a_failing_step_leaves_everything_as_it_was(hostile: str, change: Callable[[RelationRegistry], object]) -> None:
    """Whichever permission SQLite is denied on the way, file, registry and settings are as before, or all is done."""
    with RelationRegistry(hostile) as registry:
        registry.adopt()
        raw = registry.connection
        before, relations = contents(hostile), list(registry)
        nth = 1
        while is_denied(raw, nth, lambda: change(registry)):
            if nth % 7 == 0:
                assert (nth, contents(hostile)) == (nth, before)
            assert (nth, list(registry)) == (nth, relations)
            assert not raw.in_transaction
            assert [raw.execute(f"PRAGMA {name}").fetchone()[0] for name in ("foreign_keys", "writable_schema")] == [
                1,
                0,
            ]
            nth += 1
        assert nth > 31
        assert list(registry) != relations


KILLED = """
import os, signal, sys
sys.path.insert(0, {root!r})
from relgraph import RelationRegistry
from tests.registry.test_unharmed import ODD_AUTHOR
registry = RelationRegistry({path!r})
def die_at(statement):
    if statement.startswith({statement!r}):
        os.kill(os.getpid(), signal.SIGKILL)
registry.connection.set_trace_callback(die_at)
registry.create(ODD_AUTHOR)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no such signal here")
@pytest.mark.parametrize(
    "statement",
    [
        "BEGIN",
        "UPDATE main.sqlite_master",
        "PRAGMA main.schema_version =",
        "INSERT INTO main.relgraph",
        "COMMIT",
        "-- no",
    ],
)
def test_a_killed_process_leaves_the_old_state_or_the_new(hostile: str, statement: str) -> None:
    """The process dies in the middle of a change; who opens the file next finds all of it or nothing."""
    before = contents(hostile)
    script = KILLED.format(root=str(DATA.parents[1]), path=hostile, statement=statement)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False, timeout=60)
    with RelationRegistry(hostile) as registry:
        stored = [relation.name for relation in registry if relation.id is not None]
    if statement == "-- no":
        assert (done.returncode, done.stderr, stored) == (0, b"", [f"{ODD}.the author"])
    else:
        assert (done.returncode, stored) == (-signal.SIGKILL, [])
        assert contents(hostile) == before


ODD_NAMES = (
    'a"b',
    "a'b",
    "[a]",
    "a b",
    "a.b",
    "a`b",
    "select",
    "Ünïcode ☃",
    "%s ? :x",
    "a--b",
    "a/*b",
    "$a",
    "1a",
    ",",
)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_everywhere(name: str) -> None:
    """Tables and columns of any name take part in relations."""
    quoted = '"' + name.replace('"', '""') + '"'
    with RelationRegistry() as registry:
        raw = registry.connection
        raw.execute("CREATE TABLE one (id INTEGER PRIMARY KEY)")
        raw.execute(f"CREATE TABLE {quoted} ({quoted} INTEGER UNIQUE, own INTEGER)")
        raw.execute("INSERT INTO one VALUES (1)")
        raw.execute(f"INSERT INTO {quoted} VALUES (1, 1)")
        many = {"many_collection": name, "many_field": name, "one_collection": "one", "one_field": "others"}
        own = {"collection": name, "field": "own", "related_collection": name, "schema": {"foreign_key_column": name}}
        made, back = registry.create([{**many, "on_delete": "CASCADE"}, own])
        assert registry.find(name, name) == made
        assert back.foreign_key == KeyActions(name)
        assert registry.list(filter={"many_collection": name, "id": made.id})[0]["many_field"] == name
        assert registry.items("one").read(fields=["others.*"]).data == [{"others": [{name: 1, "own": 1}]}]
        registry.update(made.id or 0, {"on_delete": "SET NULL"})
        registry.delete([made.id or 0, back.id or 0])
        assert raw.execute(f"SELECT * FROM {quoted}").fetchall() == [(1, 1)]
        assert raw.execute("SELECT count(*) FROM pragma_foreign_key_list(?)", (name,)).fetchone() == (0,)
