"""Queries: valid questions to a collection, with every parameter of the language.

In: a registry or a schema, the name of a collection. Out: strategies of queries as the mappings a caller would write.
Raises `InvalidBounds`.
"""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from relgraph.schema import Hop, Schema
from relgraph.strategies.bounds import check_count, collection_of, schema_of
from relgraph.strategies.choosing import Choices
from relgraph.strategies.filters import drawn_filters
from relgraph.strategies.groupings import PAIRS, SETS, drawn_groupings, page
from relgraph.strategies.ways import Ways, per_schema, ways_of

Query = dict[str, Any]


def queries(
    registry: Any, collection: str, *, max_depth: int = 2, aggregate: bool | None = False
) -> st.SearchStrategy[Query]:
    """Give a strategy of valid questions to a collection.

    Every parameter of the language is among them, through relations of all kinds, `max_depth` deep at most. With
    `aggregate` they are for aggregates, as `groupings` gives them; with None they are of either sort.
    A valid question can be costly where there are many rows: to sort through to-many relations joins all that are
    related. Ask them of small databases, as `from_database` draws, and not of a large file itself.
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
    plain = _drawn_queries(schema, name, max_depth)
    return plain if aggregate is not None else st.one_of(plain, plain, plain, drawn_groupings(schema, name))


_SEARCHES: Final = ("a", "A", "%", "_", "ß", "ss", "é", "10", "1", "1.5", "x", "2024", " a ", "true", "日")
_METAS: Final = (("total_count", "filter_count"), "*", ("filter_count",), ("total_count",))
_INSIDE: Final = ("a", "a.b", "a.b[1]", "[0]")  # of JSON
_Shown = tuple[list[str], Query]


@per_schema
def _drawn_queries(schema: Schema, name: str, depth: int) -> st.SearchStrategy[Query]:
    return _queries(ways_of(schema, name), depth)


@st.composite
def _queries(draw: st.DrawFn, ways: Ways, depth: int) -> Query:
    schema, name, choices = ways.schema, ways.collection.name, Choices(draw)
    query: Query = {}
    query["fields"], deep = draw(_drawn_fields(schema, name, depth))
    if deep:
        query["deep"] = deep
    if choices.of((False, True)):
        query["filter"] = draw(drawn_filters(schema, name, depth))
    if choices.of((False, True)):
        query["sort"] = draw(_drawn_sorts(schema, name, depth))
    if choices.once_in(6):
        query["search"] = choices.of(_SEARCHES)
    if choices.once_in(6):
        meta = choices.of(_METAS)
        query["meta"] = meta if isinstance(meta, str) else list(meta)
    if choices.once_in(10):
        query["backlink"] = choices.of((False, True))
    if choices.once_in(6) and ways.named:
        query["alias"] = {f"new{number}": old for number, old in enumerate(choices.several(ways.named, PAIRS))}
        query["fields"] += list(query["alias"])
    if choices.once_in(10) and ways.collection.primary_key:
        return query | {"cursor": "", "limit": choices.of((1, 2, 3, 4))}
    return query | page(choices)


# --- fields, and what is asked of related items ----------------------------------------------------------------------


@per_schema
def _drawn_fields(schema: Schema, name: str, depth: int) -> st.SearchStrategy[_Shown]:
    return _fields(ways_of(schema, name), depth)


@st.composite
def _fields(draw: st.DrawFn, ways: Ways, depth: int) -> _Shown:
    """Draw field paths, and what `deep` asks of the relations they go through."""
    choices = Choices(draw)
    paths = choices.several(("*", *ways.stored, *ways.stored), SETS)
    deep: Query = {}
    if not depth:
        if choices.once_in(3) and ways.own_calls:
            paths.append(choices.of(ways.own_calls)[0])
        return paths or ["*"], deep
    if choices.once_in(10):
        paths.append("*.*")
    if choices.of((False, True)) and ways.documents:
        paths.append(f"json({choices.of(ways.documents)}, {choices.of(_INSIDE)})")
    if choices.of((False, True)) and ways.calls:
        paths.append(choices.of(ways.calls)[0])
    another, few = bool(ways.open) and choices.of((False, True, True, True)), 2
    while another and few:
        inner, asked, another = draw(_drawn_hops(ways.schema, ways.collection.name, depth))
        paths, deep, few = [*paths, *inner], deep | asked, few - 1
    for any_hop in ways.collection.any_hops:
        paths += choices.of(([], [any_hop], [f"{any_hop}.*"]))
    return paths or ["*"], deep


@per_schema
def _drawn_hops(schema: Schema, name: str, depth: int) -> st.SearchStrategy[tuple[list[str], Query, bool]]:
    return _hops(ways_of(schema, name), depth)


@st.composite
def _hops(draw: st.DrawFn, ways: Ways, depth: int) -> tuple[list[str], Query, bool]:
    """Draw paths through a relation, what `deep` asks of it, and whether there is another."""
    choices = Choices(draw)
    hop, another = choices.of(ways.open), choices.of((False, False, True))
    bare = choices.once_in(6) and hop.guard is None and bool(ways.schema.collections[hop.far].primary_key)
    asked = _deep(choices, draw, ways.schema, hop)
    inner, inner_deep = draw(_drawn_fields(ways.schema, hop.far, depth - 1))
    if bare:
        return [hop.name], {hop.name: asked} if asked else {}, another
    asked = {**asked, **inner_deep}
    return [f"{hop.name}.{path}" for path in inner], {hop.name: asked} if asked else {}, another


def _deep(choices: Choices, draw: st.DrawFn, schema: Schema, hop: Hop) -> Query:
    asked: Query = {}
    grouped = choices.once_in(10)
    if grouped and hop.many:
        return {f"_{key}": value for key, value in draw(drawn_groupings(schema, hop.far)).items()}
    if choices.of((False, False, True)):
        asked["_filter"] = draw(drawn_filters(schema, hop.far, 1))
    if choices.once_in(6):
        asked["_search"] = choices.of(_SEARCHES)
    if choices.of((False, True)) and hop.many:
        asked["_sort"] = draw(_drawn_sorts(schema, hop.far, 1))
    if choices.of((False, True)) and hop.many:
        asked |= {f"_{key}": value for key, value in page(choices).items()}
    return asked


# --- sort ------------------------------------------------------------------------------------------------------------


@per_schema
def _drawn_sorts(schema: Schema, name: str, depth: int) -> st.SearchStrategy[list[str]]:
    return _sorts(ways_of(schema, name), depth)


@st.composite
def _sorts(draw: st.DrawFn, ways: Ways, depth: int) -> list[str]:
    """Draw sort keys: own fields, functions, and fields across relations of every kind."""
    choices = Choices(draw)
    wanted = choices.of(SETS[1:])
    keys = [_sort_key(choices, ways, depth) for _ in range(wanted[-1] + 1)]
    return [key for place, key in enumerate(keys) if place in wanted]


def _sort_key(choices: Choices, ways: Ways, depth: int) -> str:
    sign, segments = choices.of(("", "-")), []
    for _ in range(choices.of(range(depth + 1))):
        if ways.open:
            hop = choices.of(ways.open)
            segments.append(hop.name)
            ways = ways_of(ways.schema, hop.far)
    return sign + ".".join((*segments, choices.of(ways.sorted)))
