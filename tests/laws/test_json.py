"""Laws of JSON: `to_json()` is the data, whatever was asked of whatever database, and needs no dicts for it."""

from __future__ import annotations

import json
import pickle
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from relgraph import RelationRegistry
from relgraph.errors import InvalidQuery
from relgraph.read.result import Result
from tests.conformance.cases import DATASET
from tests.laws.databases import Database, databases, stored_rows
from tests.laws.queries import groupings, queries
from tests.laws.test_pages import PAGING
from tests.laws.worlds import World, world_of


@pytest.fixture(scope="module")
def recorded() -> Iterator[World]:
    with closing(sqlite3.connect(f"file:{DATASET}?mode=ro", uri=True)) as connection:
        rows = stored_rows(connection)
    with RelationRegistry(DATASET, read_only=True) as registry:
        yield World(registry, rows)


def told(text: str | bytes) -> str:
    """Give JSON text as it tells apart: the order of names, 1 and 1.0, 0.0 and -0.0, names that occur twice."""
    return repr(json.loads(text, object_pairs_hook=lambda pairs: ("object", pairs)))


def owed(items: list[Any]) -> str | None:
    """Give what the text of items is to tell, or None where they hold what JSON has no form for."""
    try:
        return told(json.dumps(items, allow_nan=False))
    except (TypeError, ValueError):
        return None


def given_by(result: Result) -> str | None:
    """Give what the text of a result tells, or None where it is refused, with a place inside the data."""
    try:
        text = result.to_json()
    except InvalidQuery as error:
        return None if error.where.startswith("data[") else f"refused without a place: {error}"
    text.decode("utf-8")  # strictly: half a surrogate pair must have been spelled
    return told(text)


def long_only(world: World) -> None:
    """Have SQLite write what Python would write as it is short."""
    for reader in world.registry.readers.readers.values():
        reader.builders.short = 0


def check(world: World, collection: str, query: Any) -> None:
    """Fail unless a query's text is its data, however often and in whatever form it was wanted before.

    Text is made of items first, then of rows that were kept, then while rows are read, by Python as it is short, then
    by SQLite; items the other way round.
    """
    first = world.by_sql(collection, query)
    text = owed(first.data)
    note(f"data: {first.data}")
    for turn in range(6):
        result = world.by_sql(collection, query)
        assert given_by(result) == given_by(result) == text
        if turn == 3:
            long_only(world)
    for _ in range(4):
        assert not world.ordered or repr(result.data) == repr(first.data)
        assert given_by(result) == owed(result.data)
        result = world.by_sql(collection, query)
        assert not world.ordered or repr(result.data) == repr(first.data)
        result = world.by_sql(collection, query)


@settings(max_examples=2 * settings().max_examples)
@given(database=databases(keyless=True), data=st.data())
def test_any_query_on_any_database(database: Database, data: st.DataObject) -> None:
    """The text of any answer is its data, or is refused where the data have no form in JSON."""
    with closing(world_of(database)) as world:
        for _ in range(3):
            collection = world.draw_collection(data.draw)
            check(world, collection, data.draw(queries(world.registry.schema, collection), label="query"))


@given(database=databases(keyless=True), data=st.data())
def test_any_aggregate_on_any_database(database: Database, data: st.DataObject) -> None:
    """So is the text of groups and aggregates."""
    with closing(world_of(database)) as world:
        for _ in range(3):
            collection = world.draw_collection(data.draw)
            check(world, collection, data.draw(groupings(world.registry.schema, collection), label="query"))


@given(data=st.data())
def test_any_query_on_the_recorded_data(recorded: World, data: st.DataObject) -> None:
    """So it is on a real Directus project, with its dates, booleans, JSON fields and any-to-many relations."""
    collection = recorded.draw_collection(data.draw)
    check(recorded, collection, data.draw(queries(recorded.registry.schema, collection, 2), label="query"))


@given(database=databases(), data=st.data())
def test_bare_keys_and_single_items(database: Database, data: st.DataObject) -> None:
    """So it is where no fields are asked for, where one item is, and where nothing is found."""
    with closing(world_of(database)) as world:
        collection = world.draw_collection(data.draw)
        for query in ({"fields": []}, {"fields": ["*.*"], "limit": 1}, {"limit": 0}, {"fields": ["*"], "offset": 99}):
            check(world, collection, query)


@given(database=databases(max_rows=8), data=st.data())
def test_the_pages_of_a_cursor(database: Database, data: st.DataObject) -> None:
    """So is every page of a cursor, and the cursor that it hands on is the same, however the page was made."""
    with closing(world_of(database)) as world:
        collection = world.draw_collection(data.draw)
        query = data.draw(queries(world.registry.schema, collection, 1), label="query")
        asked = {name: value for name, value in query.items() if name not in PAGING} | {"limit": 2, "cursor": ""}
        for _ in range(4):
            first = world.by_sql(collection, asked)
            text, cursors = owed(first.data), {first.cursor}
            for _ in range(4):
                result = world.by_sql(collection, asked)
                assert given_by(result) == text
                long_only(world)
                cursors.add(result.cursor)
            (following,) = cursors
            if following is None:
                break
            asked["cursor"] = following


WAYS: dict[str, tuple[str, dict[str, Any], bool, bool]] = {  # what is asked; if SQLite writes; if it is read straight
    "short": ("articles", {"fields": ["id", "title"], "limit": 1}, False, True),
    "flat": ("articles", {"fields": ["id", "title"], "limit": -1}, True, True),
    "nested": ("articles", {"fields": ["title", "author.name", "comments.id"], "limit": 50}, True, True),
    "whole": ("shelves", {"fields": ["id", "name", "books.id"], "limit": -1}, True, False),
    "any": ("pages", {"fields": ["path", "sections.item:headings.text"]}, True, False),
    "paged": ("articles", {"fields": ["id", "title"], "limit": 50, "cursor": ""}, True, False),
    "refused": ("samples", {"fields": ["id", "f", "s"]}, False, True),
    "grouped": ("articles", {"aggregate": {"count": "*", "sum": "id"}, "groupBy": ["title"], "limit": -1}, True, False),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_ways_that_the_laws_go(recorded: World, way: str) -> None:
    """There is a way for what is short, flat, nested, read whole, paged, refused by SQLite: none is for nothing."""
    collection, query, by_sqlite, straight = WAYS[way]
    data = recorded.by_sql(collection, query).data
    assert {given_by(recorded.by_sql(collection, query)) for _ in range(6)} == {owed(data)}
    reader = next(reversed(recorded.registry.readers.readers.values()))
    form = reader.builders.at_once
    assert form is not None
    assert (form.by_sqlite, any(form.reads.values())) == (by_sqlite, straight)


@given(database=databases(), data=st.data())
def test_the_python_evaluator_writes_the_same(database: Database, data: st.DataObject) -> None:
    """The in-memory evaluator's text is its data too, and a pickled result is the result."""
    with closing(world_of(database)) as world:
        collection = world.draw_collection(data.draw)
        query = data.draw(queries(world.registry.schema, collection, 1), label="query")
        result = world.in_memory(collection, query)
        assert given_by(result) == owed(result.data)
        unmade = world.by_sql(collection, query)
        assert repr(pickle.loads(pickle.dumps(unmade))) == repr(unmade)
