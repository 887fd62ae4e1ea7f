"""Groupings: valid questions for aggregates, grouped or not.

In: a registry or a schema, the name of a collection. Out: strategies of queries. Raises `InvalidBounds`.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from relgraph.functions import AGGREGATES
from relgraph.schema import Collection, Schema
from relgraph.strategies.bounds import collection_of, schema_of
from relgraph.strategies.filters import drawn_filters
from relgraph.strategies.ways import calls_of, far, travelled

Query = dict[str, Any]


def groupings(registry: Any, collection: str) -> st.SearchStrategy[Query]:
    """Give a strategy of questions for aggregates of a collection, grouped or not.

    Errors: `InvalidBounds`.

    >>> from relgraph import RelationRegistry
    >>> with RelationRegistry() as registry:
    ...     _ = registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT)")
    ...     "aggregate" in groupings(registry, "tags").example()
    True
    """
    schema = schema_of(registry)
    return drawn_groupings(schema, collection_of(schema, collection).name)


@st.composite
def _pages(draw: st.DrawFn) -> Query:
    page: Query = {}
    if draw(st.booleans()):
        page["limit"] = draw(st.sampled_from((1, 2, 3, 4, -1, 0)))
        if page["limit"] > 0 and draw(st.booleans()):
            page["page"] = draw(st.integers(1, 3))
    if draw(st.integers(0, 4)) == 4:
        page["offset"] = draw(st.integers(0, 3))
    return page


pages = _pages()


@st.composite
def drawn_groupings(draw: st.DrawFn, schema: Schema, name: str) -> Query:
    """Draw a question for aggregates of a collection, which may be one of Directus's own."""
    collection = schema.collections[name]
    query: Query = {"aggregate": {}}
    for aggregate in draw(st.lists(st.sampled_from(list(AGGREGATES.values())), min_size=1, max_size=3, unique=True)):
        fitting = [field.name for field in collection.fields.values() if field.type in aggregate.accepts]
        if aggregate.name == "countAll" or (aggregate.star and draw(st.booleans())):
            query["aggregate"][aggregate.name] = ["*"]
        elif fitting:
            query["aggregate"][aggregate.name] = draw(
                st.lists(st.sampled_from(fitting), min_size=1, max_size=2, unique=True)
            )
    if not query["aggregate"]:
        query["aggregate"]["count"] = ["*"]
    if draw(st.booleans()):
        several = st.lists(st.sampled_from(_groupable(schema, collection)), max_size=3, unique=True)
        query["groupBy"] = _apart(draw(several), query["aggregate"]) or [next(iter(collection.fields))]
        if draw(st.booleans()):
            sortable = [*query["groupBy"], *_measured(query["aggregate"])]
            keys = draw(st.lists(st.sampled_from(sortable), min_size=1, max_size=2, unique=True))
            query["sort"] = [draw(st.sampled_from(("", "-"))) + key for key in keys]
    if draw(st.booleans()):
        query["filter"] = draw(drawn_filters(schema, name, 2))
    return query | draw(pages)


def _groupable(schema: Schema, collection: Collection) -> list[str]:
    """Give what may be grouped by: own fields, functions of them, and fields one to-one hop away."""
    functions = [call for call, _ in calls_of(schema, collection) if call.split("(")[1][:-1] in collection.fields]
    across = [
        f"{hop.name}.{field}"
        for hop in travelled(schema, collection)
        if not hop.many
        for field in far(schema, hop).fields
    ]
    return [*collection.fields, *functions, *across]


def _apart(paths: list[str], aggregate: dict[str, list[str]]) -> list[str]:
    """Give the paths whose places in the answer are free: one object cannot hold a value and an object there."""
    taken: set[tuple[str, bool]] = set()
    kept = []
    for path in paths:
        first, across = path.split(".")[0], "." in path
        if (first, not across) not in taken and first not in aggregate:
            kept.append(path)
            taken.add((first, across))
    return kept


def _measured(aggregate: dict[str, list[str]]) -> list[str]:
    return [name if field == "*" else f"{name}.{field}" for name, fields in aggregate.items() for field in fields]
