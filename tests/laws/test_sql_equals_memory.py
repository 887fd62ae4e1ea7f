"""The central law: for every query, the database and the Python evaluator give the same items in the same order."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from relgraph import RelationRegistry
from tests.conformance.cases import DATASET
from tests.laws.databases import Database, databases, stored_rows
from tests.laws.queries import groupings, queries, spoilt
from tests.laws.worlds import World, agree, check, outcome, world_of

DEPTH = 2  # relations to go through, one after the other


@pytest.fixture(scope="module")
def recorded() -> Iterator[World]:
    with closing(sqlite3.connect(f"file:{DATASET}?mode=ro", uri=True)) as connection:
        rows = stored_rows(connection)
    with RelationRegistry(DATASET, read_only=True) as registry:
        yield World(registry, rows)


@settings(max_examples=2 * settings().max_examples)
@given(database=databases(keyless=True), data=st.data())
def test_any_query_on_any_database(database: Database, data: st.DataObject) -> None:
    """A valid query on a generated database has the same answer in SQL and in Python."""
    with closing(world_of(database)) as world:
        for _ in range(3):
            collection = world.draw_collection(data.draw)
            check(world, collection, data.draw(queries(world.registry.schema, collection), label="query"))


@given(database=databases(keyless=True), data=st.data())
def test_any_aggregate_on_any_database(database: Database, data: st.DataObject) -> None:
    """So has a question for aggregates, grouped or not."""
    with closing(world_of(database)) as world:
        for _ in range(3):
            collection = world.draw_collection(data.draw)
            check(world, collection, data.draw(groupings(world.registry.schema, collection), label="query"))


@given(data=st.data())
def test_any_query_on_the_recorded_data(recorded: World, data: st.DataObject) -> None:
    """So has a query on a real Directus project."""
    collection = recorded.draw_collection(data.draw)
    check(recorded, collection, data.draw(queries(recorded.registry.schema, collection, DEPTH), label="query"))


@given(data=st.data())
def test_any_aggregate_on_the_recorded_data(recorded: World, data: st.DataObject) -> None:
    """So has a question for aggregates on a real Directus project."""
    collection = recorded.draw_collection(data.draw)
    check(recorded, collection, data.draw(groupings(recorded.registry.schema, collection), label="query"))


@given(database=databases(max_tables=3, max_rows=3), data=st.data())
def test_a_spoilt_query_is_answered_or_refused_alike(database: Database, data: st.DataObject) -> None:
    """A query with something wrong in it ends in a result or a typed error, the same one from both evaluators."""
    with closing(world_of(database)) as world:
        collection = world.draw_collection(data.draw)
        query = data.draw(queries(world.registry.schema, collection, 1).flatmap(spoilt), label="query")
        by_sql, in_memory = (outcome(lambda ask=ask: ask(collection, query)) for ask in (world.by_sql, world.in_memory))
        note(f"by SQL: {by_sql}, in memory: {in_memory}")
        assert agree(by_sql, in_memory)


@given(text=st.text(st.sampled_from('[]=&_,:.*{}"%+-()0129 aefilterdpsogmw\x00'), max_size=30), data=st.data())
def test_any_text_as_query_string(recorded: World, text: str, data: st.DataObject) -> None:
    """Any text at all, taken for a URL query string, ends in a result or a typed error."""
    start = data.draw(
        st.sampled_from(("", "filter", "filter[title]", "fields=", "sort=", "deep[tags][_", "limit=", "{"))
    )
    outcome(lambda: recorded.by_sql("articles", start + text))
