"""The central law where everything meets: in small worlds, SQL and Python find the same items, groups and pages."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from hypothesis import given, note
from hypothesis import strategies as st

from relgraph.schema import Collection
from tests.conformance.compare import same
from tests.laws.databases import Database
from tests.laws.queries import filters, groupings, queries, tangled
from tests.laws.small_worlds import small_worlds
from tests.laws.worlds import World, check, world_of


@given(database=small_worlds(), data=st.data())
def test_filters(database: Database, data: st.DataObject) -> None:
    """Any filter, three relations deep, is true of the same items."""
    with closing(world_of(database)) as world:
        collection = world.draw_collection(data.draw)
        for _ in range(8):
            asked = data.draw(filters(world.registry.schema, collection, 3), label="filter")
            check(world, collection, {"filter": asked})


@given(database=small_worlds(), data=st.data())
def test_conditions_that_share_paths(database: Database, data: st.DataObject) -> None:
    """So is any tree of conditions along the same paths, which speak of the same related items."""
    with closing(world_of(database)) as world:
        collection = world.draw_collection(data.draw)
        for _ in range(16):
            asked = data.draw(tangled(world.registry.schema, collection), label="filter")
            check(world, collection, {"filter": asked})


@given(database=small_worlds(), data=st.data())
def test_queries(database: Database, data: st.DataObject) -> None:
    """Any query shows the same of them, and of what is related to them."""
    with closing(world_of(database)) as world:
        collection = world.draw_collection(data.draw)
        for _ in range(4):
            check(world, collection, data.draw(queries(world.registry.schema, collection), label="query"))


@given(database=small_worlds(), data=st.data())
def test_groups(database: Database, data: st.DataObject) -> None:
    """Any grouping makes the same groups of them, of all items or of those of each parent."""
    with closing(world_of(database)) as world:
        collection = world.registry.schema.collections[world.draw_collection(data.draw)]
        for _ in range(4):
            check(world, collection.name, data.draw(groups(world, collection), label="query"))


@st.composite
def groups(draw: st.DrawFn, world: World, collection: Collection) -> dict[str, Any]:
    """Draw a grouping of a collection, or of what is related to its items."""
    schema = world.registry.schema
    hop = draw(st.sampled_from([None, *(hop for hop in collection.hops.values() if hop.many)]))
    if hop is None:
        return draw(groupings(schema, collection.name))
    asked = draw(groupings(schema, hop.far))
    return {"fields": ["*", f"{hop.name}.*"], "deep": {hop.name: {f"_{name}": value for name, value in asked.items()}}}


@given(database=small_worlds(), data=st.data())
def test_cursors(database: Database, data: st.DataObject) -> None:
    """Page after page of a cursor, under any order, gives what the whole list holds in Python's order."""
    with closing(world_of(database)) as world:
        collection = world.draw_collection(data.draw)
        fields = st.sampled_from(list(world.registry.schema.collections[collection].fields))
        keys = st.lists(st.tuples(st.sampled_from(("", "-")), fields), max_size=3)
        for _ in range(4):
            asked = {"fields": ["*"], "sort": [sign + field for sign, field in data.draw(keys, label="sort")]}
            note(world.size_with(asked))
            whole = world.in_memory(collection, asked).data
            assert same(followed(world, collection, asked, len(whole)), whole)


def followed(world: World, collection: str, asked: dict[str, Any], most: int) -> list[Any]:
    """Give the items of all pages of a cursor, read one by one as long as there are no more than there should be."""
    found: list[Any] = []
    cursor: str | None = ""
    while cursor is not None and len(found) <= most:
        page = world.by_sql(collection, asked | {"limit": 1, "cursor": cursor})
        found, cursor = [*found, *page.data], page.cursor
    return found
