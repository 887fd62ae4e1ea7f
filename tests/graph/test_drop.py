"""What a drop would do is what it does: held against the drop itself, for every collection and field of a project."""

from __future__ import annotations

import re
import sqlite3
from contextlib import nullcontext
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from relgraph import RelationRegistry
from relgraph.errors import CannotChangeTable, InvalidPayload, UnknownCollection, UnknownField
from tests.graph.conftest import DATASET
from tests.laws.databases import quoted

with RelationRegistry(DATASET, read_only=True) as _registry:
    OWN = [one.name for one in _registry.schema if not one.system]
    PARTS = [
        (name, field)
        for name in OWN
        for field in _registry.schema.collections[name].names
        if field not in _registry.schema.collections[name].primary_key
    ]

Rows = dict[str, dict[Any, dict[str, Any]]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give a copy of the recorded project."""
    return Path(copy(DATASET, tmp_path / "project.db"))


def rows_of(connection: sqlite3.Connection) -> Rows:
    """Give the rows of all collections of the project's own that are there, by their rowids."""
    found: Rows = {}
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    for name in names.intersection(OWN):
        cursor = connection.execute(f"SELECT rowid, * FROM {quoted(name)}")
        columns = [column[0] for column in cursor.description][1:]
        found[name] = {id: dict(zip(columns, row, strict=True)) for id, *row in cursor}
    return found


def lost(before: Rows, after: Rows) -> tuple[dict[str, int], dict[str, int]]:
    """Give how many rows of which collection went, and how many lost a value."""
    gone = {name: len(rows.keys() - after.get(name, {}).keys()) for name, rows in before.items()}
    emptied = {
        name: sum(
            any(value is not None and after[name][id].get(column) is None for column, value in row.items())
            for id, row in rows.items()
            if id in after.get(name, {})
        )
        for name, rows in before.items()
    }
    return {name: count for name, count in gone.items() if count}, {name: n for name, n in emptied.items() if n}


@pytest.mark.parametrize("name", OWN)
def test_a_collection(project: Path, name: str) -> None:
    """Rows that go and rows that lose a value are those that are told, and so are the relations."""
    with RelationRegistry(project) as registry:
        impact, before = registry.graph.impact(drop=name), rows_of(registry.connection)
        relations = {relation.name for relation in registry}
        assert rows_of(registry.connection) == before
        registry.drop_collection(name, cascade=True)
        assert dict(impact.blocked) == {}
        gone, emptied = lost(before, rows_of(registry.connection))
        assert {one: each.count for one, each in impact.deleted.items()} == gone
        assert {one: each.count for one, each in impact.nullified.items()} == emptied
        assert {relation.name for relation in impact.relations} == relations - {relation.name for relation in registry}


@pytest.mark.parametrize(("name", "field"), PARTS[::7], ids=".".join)
def test_a_field(project: Path, name: str, field: str) -> None:
    """Rows that lose a value are told, and the relations that go; of an alias only the name goes."""
    with RelationRegistry(project) as registry:
        impact, before = registry.graph.impact(drop=(name, field)), rows_of(registry.connection)
        relations = {relation.name for relation in registry}
        registry.drop_field(name, field, cascade=True)
        assert dict(impact.blocked) == {}
        gone, emptied = lost(before, rows_of(registry.connection))
        assert (gone, emptied) == ({}, {one: each.count for one, each in impact.nullified.items()})
        assert {relation.name for relation in impact.relations} == relations - {relation.name for relation in registry}


def test_what_is_left_dangling() -> None:
    """What pointed at a row of what is dropped keeps its key, and is told; what pointed at nothing before is not."""
    script = """
    CREATE TABLE a (id INTEGER PRIMARY KEY, code TEXT UNIQUE);
    CREATE TABLE b (id INTEGER PRIMARY KEY, x INTEGER REFERENCES a, y TEXT REFERENCES a(code), up INTEGER REFERENCES b);
    INSERT INTO a VALUES (1, 'one'), (2, 'two');
    INSERT INTO b VALUES (1, 1, 'one', 1), (2, NULL, 'two', 1), (3, 9, NULL, 1), (4, NULL, NULL, 1);
    """
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(script)
    with RelationRegistry(connection) as registry:
        impact = registry.graph.impact(drop="a")
        assert (impact.dangling["b"].count, impact.dangling["b"].keys) == (2, (1, 2))
        impact = registry.graph.impact(drop=("a", "code"))
        assert (impact.nullified["a"].keys, impact.dangling["b"].keys) == ((1, 2), (1, 2))
        assert [relation.name for relation in impact.relations] == ["b.y"]
        assert dict(registry.graph.impact(drop="b").dangling) == {}


USED = """
CREATE TABLE a (id INTEGER PRIMARY KEY, n TEXT, m TEXT, used TEXT, code TEXT UNIQUE CHECK (code <> m));
CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a);
CREATE VIEW v AS SELECT n FROM a;
CREATE TRIGGER t AFTER INSERT ON b BEGIN UPDATE a SET used = 1; END;
INSERT INTO a VALUES (1, 'x', 'y', 'z', 'c'); INSERT INTO b VALUES (1, 1);
"""


@pytest.mark.parametrize("guarded", [False, True])
@pytest.mark.parametrize(
    ("drop", "why"),
    [
        ("a", "view v"),
        ("b", ""),
        ("v", "it is a view"),
        (("a", "id"), "it is the primary key"),
        (("a", "n"), "error in view v"),
        (("a", "m"), "no such column: m"),
        (("a", "used"), "trigger t"),
        (("a", "b"), "is not stored"),
        (("b", "a"), ""),
    ],
)
def test_what_refuses_a_drop(drop: str | tuple[str, str], why: str, guarded: bool) -> None:
    """A drop that would be refused is told to be, for the same reason, and nothing is changed by the question."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(USED)
    with RelationRegistry(connection) as registry:
        if guarded:
            registry.guard()
        before = list(connection.iterdump())
        blocked = registry.graph.impact(drop=drop).blocked
        assert list(connection.iterdump()) == before
        name, *field = (drop,) if isinstance(drop, str) else drop
        assert list(blocked) == [name] * bool(why)
        with pytest.raises(CannotChangeTable, match=re.escape(blocked[name].why)) if why else nullcontext():
            registry.drop_field(name, *field, cascade=True) if field else registry.drop_collection(name, cascade=True)
        if why:
            assert why in blocked[name].why


def test_what_is_refused(dataset: RelationRegistry) -> None:
    """Names that are not there, and a question for both at once, are refused."""
    graph = dataset.graph
    with pytest.raises(UnknownCollection, match="did you mean 'articles'"):
        graph.impact(drop="artcles")
    with pytest.raises(UnknownField, match="did you mean 'author'"):
        graph.impact(drop=("articles", "autor"))
    for wrong in (1, ("articles", 2), ("a", "b", "c")):
        with pytest.raises(InvalidPayload, match="drop"):
            graph.impact(drop=wrong)  # type: ignore[call-overload]  # what a program may get wrong
    with pytest.raises(InvalidPayload, match="either items"):
        graph.impact("articles", [1], drop="articles")  # type: ignore[call-overload]  # the same
