"""Laws of paging, counting and negation, which hold whatever the database and the query."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from relgraph import matches
from relgraph.operators import OPERATORS
from relgraph.schema import Hop
from tests.conformance.compare import same
from tests.laws.databases import Database, databases
from tests.laws.queries import comparisons, filters, groupings, queries
from tests.laws.worlds import World, related, world_of

PAGING = ("limit", "offset", "page", "meta")


def draw_unpaged(world: World, data: st.DataObject, collection: str) -> dict[str, Any]:
    """Draw a query that asks for all items."""
    query = data.draw(queries(world.registry.schema, collection, 1), label="query")
    return {name: value for name, value in query.items() if name not in PAGING}


@given(database=databases(max_rows=8), data=st.data())
def test_pages_make_up_the_whole(database: Database, data: st.DataObject) -> None:
    """Reading page after page gives the whole list, each item once, in order; so does reading by offset."""
    with closing(world_of(database)) as world:
        collection = world.draw_collection(data.draw)
        query, size = draw_unpaged(world, data, collection), data.draw(st.integers(1, 4), label="size")
        whole = world.by_sql(collection, query).data
        starts = range(0, len(whole) + size, size)
        by_page = [
            world.by_sql(collection, query | {"limit": size, "page": start // size + 1}).data for start in starts
        ]
        by_offset = [world.by_sql(collection, query | {"limit": size, "offset": start}).data for start in starts]
        assert same(whole, [item for page in by_page for item in page])
        assert same(whole, [item for page in by_offset for item in page])


@given(database=databases(max_rows=8), data=st.data())
def test_cursors_make_up_the_whole(database: Database, data: st.DataObject) -> None:
    """Following the cursor gives the whole list, each item once, in order, and ends."""
    with closing(world_of(database)) as world:
        collection = world.draw_collection(data.draw)
        query, size = draw_unpaged(world, data, collection), data.draw(st.integers(1, 4), label="size")
        whole = world.by_sql(collection, query).data
        followed: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            page = world.by_sql(collection, query | {"limit": size, "cursor": cursor})
            followed += page.data
            cursor = page.cursor
            assert len(followed) <= len(whole)
        assert same(whole, followed)


@given(database=databases(), data=st.data())
def test_filter_count_is_the_number_of_items(database: Database, data: st.DataObject) -> None:
    """`filter_count` is the number of items without paging, `total_count` that without any filter, `count()` agrees."""
    with closing(world_of(database)) as world:
        collection = world.draw_collection(data.draw)
        query = data.draw(queries(world.registry.schema, collection, 2), label="query")
        unpaged = {name: value for name, value in query.items() if name not in PAGING}
        meta = world.by_sql(collection, query | {"meta": ["total_count", "filter_count"]}).meta
        owed = {
            "total_count": len(world.rows[collection]),
            "filter_count": len(world.by_sql(collection, unpaged)),
        }
        assert meta == owed
        if "search" not in query:
            assert world.registry.items(collection).count(query.get("filter")) == owed["filter_count"]


NEGATIONS = [
    (row, OPERATORS[opposite])
    for name, row in OPERATORS.items()
    for opposite in (f"_n{name[1:]}", row.opposite, {"_eq": "_neq", "_lt": "_gte", "_gt": "_lte"}.get(name, ""))
    if opposite in OPERATORS and not name.startswith("_nn")
]


@given(database=databases(max_tables=2), data=st.data())
def test_an_operator_and_its_opposite(database: Database, data: st.DataObject) -> None:
    """The items for which an operator is true, those for which its opposite is, and the unknown ones are all items."""
    with closing(world_of(database)) as world:
        collection = world.registry.schema.collections[world.draw_collection(data.draw)]
        field = data.draw(st.sampled_from(list(collection.fields.values())), label="field")
        pairs = [pair for pair in NEGATIONS if field.type in pair[0].accepts]
        operator, opposite = data.draw(st.sampled_from(pairs), label="operators")
        operand = data.draw(comparisons(field.type, operator.name), label="operand")[operator.name]
        asked, negated = ({field.name: {row.name: operand}} for row in (operator, opposite))
        keys = list(collection.primary_key)
        truths = [
            (matches(asked, row, world.registry.schema, collection=collection.name), [row[key] for key in keys])
            for row in world.rows[collection.name]
        ]
        by_sql = [
            [list(item.values()) for item in world.by_sql(collection.name, {"fields": keys, "filter": each}).data]
            for each in (asked, negated)
        ]
        for truth, found in zip((True, False), by_sql, strict=True):
            assert _as_set(found) == _as_set(key for known, key in truths if known is truth)


def _as_set(keys: Any) -> set[tuple[Any, ...]]:
    return {tuple(key) for key in keys}


@given(database=databases(), data=st.data())
def test_matches_agrees_with_the_filter(database: Database, data: st.DataObject) -> None:
    """An item for which `matches` is true is found by the filter, one for which it is false is not.

    The item holds its related items one relation deep; what lies behind these it does not say, and may be unknown.
    """
    with closing(world_of(database)) as world:
        collection = world.registry.schema.collections[world.draw_collection(data.draw)]
        asked = data.draw(filters(world.registry.schema, collection.name, 1), label="filter")
        keys = collection.primary_key
        found = _as_set(
            item.values() for item in world.by_sql(collection.name, {"fields": list(keys), "filter": asked}).data
        )
        for row in world.rows[collection.name]:
            nested = row | {_place(hop): _given(world, hop, row) for hop in collection.hops.values()}
            truth = matches(asked, nested, world.registry.schema, collection=collection.name)
            assert truth is None or truth is (tuple(row[key] for key in keys) in found)


def _place(hop: Hop) -> str:
    return hop.name if hop.many else hop.near_field


def _given(world: World, hop: Hop, row: dict[str, Any]) -> Any:
    """Give what an item holds of a hop: a list, or for a to-one hop a row, or the key that leads nowhere."""
    far = related(world, hop, row)
    return far if hop.many else next(iter(far), row[hop.near_field])


@given(database=databases(), data=st.data())
def test_groups_count_all_items(database: Database, data: st.DataObject) -> None:
    """The counts of the groups add up to the number of items, each item once."""
    with closing(world_of(database)) as world:
        collection = world.draw_collection(data.draw)
        query = data.draw(groupings(world.registry.schema, collection), label="query")
        query = {name: value for name, value in query.items() if name in ("groupBy", "filter")}
        groups = world.by_sql(collection, query | {"aggregate": {"countAll": "*"}}).data
        assert sum(group["countAll"] for group in groups) == world.registry.items(collection).count(query.get("filter"))
