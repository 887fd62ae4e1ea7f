"""Queries: valid questions to a collection, with every parameter of the language.

In: a registry or a schema, the name of a collection. Out: strategies of queries as the mappings a caller would write.
Raises `InvalidBounds`.
"""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from relgraph.schema import Hop, Schema
from relgraph.strategies.bounds import check_count, collection_of, schema_of
from relgraph.strategies.filters import drawn_filters
from relgraph.strategies.groupings import drawn_groupings, pages
from relgraph.strategies.ways import calls_of, far, travelled, ways
from relgraph.values import FieldType

Query = dict[str, Any]


def queries(
    registry: Any, collection: str, *, max_depth: int = 2, aggregate: bool | None = False
) -> st.SearchStrategy[Query]:
    """Give a strategy of valid questions to a collection.

    Every parameter of the language is among them, through relations of all kinds, `max_depth` deep at most. With
    `aggregate` they are for aggregates, as `groupings` gives them; with None they are of either sort.
    Errors: `InvalidBounds`.

    >>> from relgraph import RelationRegistry
    >>> with RelationRegistry() as registry:
    ...     _ = registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT)")
    ...     _ = registry.items("tags").read(queries(registry, "tags").example())
    """
    check_count("max_depth", max_depth)
    schema = schema_of(registry)
    name = collection_of(schema, collection).name
    if aggregate:
        return drawn_groupings(schema, name)
    plain = _queries(schema, name, max_depth)
    return plain if aggregate is not None else st.one_of(plain, plain, plain, drawn_groupings(schema, name))


@st.composite
def _shown(draw: st.DrawFn, schema: Schema, name: str, depth: int) -> tuple[list[str], Query]:
    """Draw field paths, and what `deep` asks of the relations they go through."""
    collection = schema.collections[name]
    stored = [field.name for field in collection.fields.values() if field.name not in collection.any_hops]
    paths = draw(st.lists(st.sampled_from(["*", *stored, *stored]), max_size=3))
    deep: Query = {}
    if not depth:
        return paths or ["*"], deep
    paths += draw(st.sampled_from(([],) * 9 + (["*.*"],)))
    if documents := [field.name for field in collection.fields.values() if field.type is FieldType.JSON]:
        of_json = st.builds(
            "json({}, {})".format, st.sampled_from(documents), st.sampled_from(("a", "a.b", "a.b[1]", "[0]"))
        )
        paths += draw(st.lists(of_json, max_size=1))
    if calls := calls_of(schema, collection):
        paths += draw(st.lists(st.sampled_from([call for call, _ in calls]), max_size=1))
    open_ways = ways(schema, collection)
    few = min(draw(st.integers(0, 3)), 1) if open_ways else 0
    for hop in draw(st.lists(st.sampled_from(open_ways), min_size=few, max_size=2)) if open_ways else ():
        inner, inner_deep = draw(_shown(schema, hop.far, depth - 1))
        bare = hop.guard is None and bool(far(schema, hop).primary_key) and draw(st.integers(0, 5)) == 5
        paths += [hop.name] if bare else [f"{hop.name}.{path}" for path in inner]
        asked = {**draw(_deep_of(schema, hop)), **({} if bare else inner_deep)}
        if asked:
            deep[hop.name] = asked
    for any_hop in collection.any_hops:
        paths += draw(st.sampled_from(([], [any_hop], [f"{any_hop}.*"])))
    return paths or ["*"], deep


@st.composite
def _deep_of(draw: st.DrawFn, schema: Schema, hop: Hop) -> Query:
    asked: Query = {}
    if hop.many and draw(st.integers(0, 9)) == 9:
        return {f"_{key}": value for key, value in draw(drawn_groupings(schema, hop.far)).items()}
    if draw(st.integers(0, 2)) == 2:
        asked["_filter"] = draw(drawn_filters(schema, hop.far, 1))
    if draw(st.integers(0, 5)) == 5:
        asked["_search"] = draw(_SEARCHES)
    if hop.many and draw(st.booleans()):
        asked["_sort"] = draw(_sorts(schema, hop.far, 1))
    if hop.many and draw(st.booleans()):
        asked |= {f"_{key}": value for key, value in draw(pages).items()}
    return asked


@st.composite
def _sorts(draw: st.DrawFn, schema: Schema, name: str, depth: int) -> list[str]:
    """Draw sort keys: own fields, functions, and fields across relations of every kind."""
    keys = []
    for _ in range(draw(st.integers(1, 3))):
        segments: list[str] = []
        collection = schema.collections[name]
        for _ in range(draw(st.integers(0, depth))):
            if open_ways := ways(schema, collection):
                hop = draw(st.sampled_from(open_ways))
                segments.append(hop.name)
                collection = far(schema, hop)
        last = [*collection.fields, *collection.fields, *(call for call, _ in calls_of(schema, collection))]
        segments.append(draw(st.sampled_from([name for name in last if name not in collection.any_hops])))
        keys.append(draw(st.sampled_from(("", "-"))) + ".".join(segments))
    return keys


_SEARCHES: Final = st.sampled_from(
    ("a", "A", "%", "_", "ß", "ss", "é", "10", "1", "1.5", "x", "2024", " a ", "true", "日")
)


@st.composite
def _queries(draw: st.DrawFn, schema: Schema, name: str, depth: int) -> Query:
    query: Query = {}
    query["fields"], deep = draw(_shown(schema, name, depth))
    if deep:
        query["deep"] = deep
    if draw(st.booleans()):
        query["filter"] = draw(drawn_filters(schema, name, depth))
    if draw(st.booleans()):
        query["sort"] = draw(_sorts(schema, name, depth))
    if draw(st.integers(0, 5)) == 5:
        query["search"] = draw(_SEARCHES)
    if draw(st.integers(0, 5)) == 5:
        query["meta"] = ["total_count", "filter_count"]
    if draw(st.integers(0, 9)) == 9:
        query["backlink"] = draw(st.booleans())
    if draw(st.integers(0, 5)) == 5:
        query |= draw(_aliases(schema, name))
        query["fields"] += list(query["alias"])
    if schema.collections[name].primary_key and draw(st.integers(0, 9)) == 9:
        return query | {"cursor": "", "limit": draw(st.integers(1, 4))}
    return query | draw(pages)


@st.composite
def _aliases(draw: st.DrawFn, schema: Schema, name: str) -> Query:
    """Draw other names for fields, relations and functions."""
    collection = schema.collections[name]
    hops = [hop.name for hop in travelled(schema, collection) if far(schema, hop).primary_key]
    old = [
        *(field for field in collection.fields if "." not in field),
        *hops,
        *(call for call, _ in calls_of(schema, collection) if "." not in call),
    ]
    return {"alias": {f"new{number}": draw(st.sampled_from(old)) for number in range(draw(st.integers(1, 2)))}}
