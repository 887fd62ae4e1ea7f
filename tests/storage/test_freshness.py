"""Freshness: the schema is never older than the database, whoever changed it and whatever is asked to know."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from relgraph import RelationRegistry
from tests.statements import Trace

TABLES = "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, boss); INSERT INTO people VALUES (1, 'Ann', NULL)"
RELATION = {"many_collection": "people", "many_field": "boss", "one_collection": "people", "one_field": "staff"}


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A file with one table and no relations."""
    file = str(tmp_path / "people.db")
    with sqlite3.connect(file) as connection:
        connection.executescript(TABLES)
    connection.close()
    return file


def fields_in(registry: RelationRegistry) -> list[str]:
    """Give what one person is answered with: the same query, so the same cached reader."""
    return sorted(registry.items("people").read(limit=1)[0])


@pytest.mark.parametrize("read_only", [False, True])
def test_tables_that_another_connection_changes(path: str, read_only: bool) -> None:
    """A column that is added elsewhere is in the next answer, and one that is dropped is not."""
    with RelationRegistry(path, read_only=read_only) as registry:
        other = sqlite3.connect(path, isolation_level=None)
        assert fields_in(registry) == ["boss", "id", "name"]
        other.execute("ALTER TABLE people ADD COLUMN age INTEGER")
        assert fields_in(registry) == ["age", "boss", "id", "name"]
        other.execute("INSERT INTO people (name) VALUES ('Ben')")
        assert fields_in(registry) == ["age", "boss", "id", "name"]
        other.execute("ALTER TABLE people DROP COLUMN age")
        assert fields_in(registry) == ["boss", "id", "name"]
        other.close()


@pytest.mark.parametrize("read_only", [False, True])
def test_the_first_relation_that_another_registry_stores(path: str, read_only: bool) -> None:
    """A relation stored elsewhere is known at once: the first, whose table was not there, and those after it."""
    with RelationRegistry(path) as other, RelationRegistry(path, read_only=read_only) as registry:
        assert fields_in(registry) == ["boss", "id", "name"]
        relation = other.create({**RELATION, "schema": None})
        assert fields_in(registry) == ["boss", "id", "name", "staff"]
        other.update(relation.id or 0, {"one_field": "team"})
        assert fields_in(registry) == ["boss", "id", "name", "team"]
        other.delete(relation.id or 0)
        assert fields_in(registry) == ["boss", "id", "name"]
        other.create(RELATION)  # into the table that is empty now
        assert fields_in(registry) == ["boss", "id", "name", "staff"]


def test_rows_that_its_own_connection_changes(path: str) -> None:
    """What the caller's own SQL does to tables and to the rows of relations is known at once."""
    with RelationRegistry(path) as registry:
        registry.connection.execute("ALTER TABLE people ADD COLUMN age INTEGER")
        assert fields_in(registry) == ["age", "boss", "id", "name"]
        registry.create(RELATION)
        registry.connection.execute("UPDATE relgraph_relations SET one_field = 'team'")
        assert fields_in(registry) == ["age", "boss", "id", "name", "team"]


@pytest.mark.parametrize(("read_only", "stored", "asked"), [(True, True, 1), (False, False, 1), (False, True, 2)])
def test_no_more_is_asked_than_can_have_changed(path: str, read_only: bool, stored: bool, asked: int) -> None:
    """A registry that cannot write asks whether others did; one without stored relations for the tables alone."""
    if stored:
        with RelationRegistry(path) as registry:
            registry.create(RELATION)
    with RelationRegistry(path, read_only=read_only) as registry:
        people = registry.items("people")
        people.read()
        with Pragmas(registry.connection) as pragmas:
            people.read()
        assert len(pragmas) == asked


class Pragmas(Trace):
    """The pragmas that a connection runs."""

    def hear(self, text: str) -> None:
        """Note a pragma."""
        if text.startswith("PRAGMA"):
            self.append(text)


def test_what_is_undone_beside_an_open_stream(path: str) -> None:
    """Columns that were added and taken back are gone, even when other columns come with the same version."""
    with RelationRegistry(path) as registry:
        stream = registry.items("people").stream()
        next(stream)
        registry.connection.execute("SAVEPOINT tried")
        registry.connection.execute("ALTER TABLE people ADD COLUMN age")
        assert fields_in(registry) == ["age", "boss", "id", "name"]
        registry.connection.execute("ROLLBACK TO tried")
        registry.connection.execute("ALTER TABLE people ADD COLUMN born")
        assert fields_in(registry) == ["born", "boss", "id", "name"]
        stream.close()
        assert fields_in(registry) == ["born", "boss", "id", "name"]
