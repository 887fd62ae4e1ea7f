"""A snapshot says all of a database's structure, and of a project exactly what Directus says of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from relgraph import RelationRegistry
from relgraph.storage.column_facts import generation_of

DATA = Path(__file__).parents[1] / "data"


def _recorded(name: str) -> dict[str, Any]:
    snapshot: dict[str, Any] = json.loads((DATA / name).read_text())
    return snapshot.get("data", snapshot)


@pytest.mark.parametrize("name", ["project", "dataset"])
def test_a_project_gives_the_snapshot_that_directus_gives_of_it(name: str) -> None:
    """Entry by entry and in the same order; only the number of the release may differ."""
    owed = _recorded(f"{name}_snapshot.json")
    with RelationRegistry(DATA / f"{name}.db", read_only=True) as registry:
        snapshot = registry.snapshot()
    for part in ("version", "collections", "fields", "systemFields", "relations"):
        assert snapshot[part] == owed[part]
    assert set(snapshot) == set(owed)


def test_a_snapshot_is_plain_data() -> None:
    """JSON holds it, and gives it back as it was."""
    with RelationRegistry() as registry:
        registry.connection.execute(
            "CREATE TABLE [odd 'names'] ([a.b] INTEGER PRIMARY KEY, b BLOB DEFAULT x'00ff', c TEXT DEFAULT (1 + 2))"
        )
        snapshot = registry.snapshot()
    assert json.loads(json.dumps(snapshot)) == snapshot


def test_a_plain_database_gives_the_texts_of_all_its_structure() -> None:
    """Tables, views, indexes and triggers, but not what SQLite or relgraph keeps for itself."""
    with RelationRegistry() as registry:
        registry.connection.executescript("""
            CREATE TABLE tags (id INTEGER PRIMARY KEY AUTOINCREMENT, label TEXT UNIQUE, low AS (lower(label)));
            CREATE INDEX by_low ON tags (low);
            CREATE VIEW few AS SELECT * FROM tags LIMIT 3;
            CREATE TRIGGER no_more BEFORE INSERT ON tags WHEN new.label = '' BEGIN SELECT RAISE(ABORT, 'empty'); END;
            CREATE TABLE pets (id INTEGER PRIMARY KEY, tag INTEGER);
        """)
        registry.create({"many_collection": "pets", "many_field": "tag", "one_collection": "tags"})
        snapshot = registry.snapshot()
    schemas = {entry["collection"]: entry["schema"] for entry in snapshot["collections"]}
    assert list(schemas) == ["few", "pets", "tags"]
    assert schemas["few"]["sql"] == "CREATE VIEW few AS SELECT * FROM tags LIMIT 3"
    assert list(schemas["tags"]["indexes"]) == ["by_low"]
    assert list(schemas["tags"]["triggers"]) == ["no_more"]
    fields = {(entry["collection"], entry["field"]): entry["schema"] for entry in snapshot["fields"]}
    assert fields["tags", "id"]["has_auto_increment"]
    assert fields["tags", "label"]["is_unique"]
    assert fields["tags", "low"]["generation_expression"] == "(lower(label))"
    assert [entry["related_collection"] for entry in snapshot["relations"]] == ["tags"]


@pytest.mark.parametrize(
    ("sql", "owed"),
    [
        ("CREATE TABLE t (a, b INT AS (a))", "(a)"),
        ("CREATE TABLE t (a, [b] AS (a || ')(') STORED NOT NULL)", "(a || ')(') STORED"),
        ("CREATE TABLE t (a, 'B' INT GENERATED ALWAYS AS (max(a, (1))) VIRTUAL, CHECK (a > 0))", "(max(a, (1)))"),
        ("CREATE TABLE t (a, b CHECK (CAST(b AS INT) > 0))", None),
        ("CREATE TABLE t (a)", None),
    ],
)
def test_the_expression_of_a_generated_column_is_read_from_the_text(sql: str, owed: str | None) -> None:
    """In parentheses as it stands there; a CAST inside a CHECK is none."""
    assert generation_of(sql, "b") == owed
