"""Laws of caching: an answer is right the second time, with other values, and after others changed the file."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from hypothesis import given, note, settings
from hypothesis import strategies as st

from relgraph import RelationRegistry, evaluate
from tests.laws.databases import Database, Table, databases, quoted, stored_rows
from tests.laws.queries import queries
from tests.laws.worlds import agree, world_of

HALF = settings().max_examples // 2  # these laws read several times per example


@given(database=databases(), data=st.data())
def test_twice_the_same(database: Database, data: st.DataObject) -> None:
    """A query asked again, after others have been asked, has the same answer."""
    with closing(world_of(database)) as world:
        collection = world.draw_collection(data.draw)
        asked = [data.draw(queries(world.registry.schema, collection, 1), label="query") for _ in range(3)]
        first = [world.by_sql(collection, query) for query in asked]
        assert all(agree(world.by_sql(collection, query), answer) for query, answer in zip(asked, first, strict=True))


@settings(max_examples=HALF)
@given(database=databases(keyless=True), data=st.data())
def test_the_same_however_it_is_made(database: Database, data: st.DataObject) -> None:
    """Items are the same put together at first, made while rows are read later on, and made of rows that were kept."""
    with closing(world_of(database)) as world:
        collection = world.draw_collection(data.draw)
        query = data.draw(queries(world.registry.schema, collection), label="query")
        first = world.by_sql(collection, query)
        answers = [repr(first.data)]
        (reader,) = world.registry.readers.readers.values()
        for at_once in (reader.builders.as_items, None):
            reader.builders.at_once = at_once
            later = world.by_sql(collection, query)
            assert agree(later, first)
            answers.append(repr(later.data))
        assert len(set(answers)) == 1 or not world.ordered


@given(database=databases(), data=st.data())
def test_same_shape_with_other_values(database: Database, data: st.DataObject) -> None:
    """A query of the same shape with other operands is answered for those operands."""
    with closing(world_of(database)) as world:
        collection = world.draw_collection(data.draw)
        query = data.draw(queries(world.registry.schema, collection, 1), label="query")
        for _ in range(2):
            other = data.draw(_with_other_values(query), label="other values")
            assert agree(world.by_sql(collection, other), world.in_memory(collection, other))


@st.composite
def _with_other_values(draw: st.DrawFn, query: Any) -> Any:
    """Draw the query with its small whole numbers moved and its limits kept valid."""
    match query:
        case dict():
            return {name: draw(_with_other_values(value)) for name, value in query.items()}
        case list():
            return [draw(_with_other_values(value)) for value in query]
        case int() if not isinstance(query, bool) and 0 < query < 100:
            return draw(st.integers(1, 20))
    return query


@settings(max_examples=HALF)
@given(database=databases(), data=st.data())
def test_after_another_connection_changed_the_file(database: Database, data: st.DataObject) -> None:
    """What another connection does, to rows and to tables, is in the next answer."""
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "law.db")
        note(database.script())
        with closing(database.make(file)) as other, RelationRegistry(file) as registry:
            table = data.draw(st.sampled_from(database.tables), label="table")
            collection = table.name
            query = data.draw(queries(registry.schema, collection, 1), label="query")
            registry.items(collection).read(query)
            for change in data.draw(st.permutations(_changes(table)), label="changes"):
                _apply(other, change)
                rows = stored_rows(other)
                owed = evaluate(query, rows, registry.schema, collection=collection)
                assert agree(registry.items(collection).read(query), owed)
                assert "added" not in rows[collection] or "added" in registry.schema.collections[collection].fields


def _changes(table: Table) -> list[str]:
    name, key = quoted(table.name), quoted(table.key[0].name)
    return [
        f"ALTER TABLE {name} ADD COLUMN added INTEGER DEFAULT 7",
        f"DELETE FROM {name} WHERE {key} = (SELECT max({key}) FROM {name})",
        "CREATE TABLE later (id INTEGER PRIMARY KEY, n INTEGER)",
    ]


def _apply(connection: sqlite3.Connection, change: str) -> None:
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute(change)
