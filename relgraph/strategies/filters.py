"""Filters: valid ones for a collection, every operator, quantifier, function and kind of relation among them.

In: a registry or a schema, the name of a collection. Out: strategies of filters as the mappings a caller would write.
Raises `InvalidBounds`.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from relgraph.operators import QUANTIFIERS
from relgraph.schema import Collection, Hop, Schema
from relgraph.strategies.bounds import check_count, collection_of, schema_of
from relgraph.strategies.operands import comparisons
from relgraph.strategies.ways import calls_of, far, follows, scopes, travelled

Filter = dict[str, Any]


def filters(registry: Any, collection: str, *, max_depth: int = 2) -> st.SearchStrategy[Filter]:
    """Give a strategy of filters of a collection: comparisons, groups, relations, quantifiers, functions.

    `max_depth` is how many relations they go through, one after the other.
    Errors: `InvalidBounds`.

    >>> from relgraph import RelationRegistry
    >>> with RelationRegistry() as registry:
    ...     _ = registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT)")
    ...     _ = registry.items("tags").read(filter=filters(registry, "tags").example())
    """
    check_count("max_depth", max_depth)
    schema = schema_of(registry)
    return drawn_filters(schema, collection_of(schema, collection).name, max_depth)


@st.composite
def drawn_filters(draw: st.DrawFn, schema: Schema, name: str, depth: int) -> dict[str, Any]:
    """Draw a filter of a collection, which may be one of Directus's own."""
    collection = schema.collections[name]
    parts = [draw(_conditions(schema, collection, depth)) for _ in range(draw(st.sampled_from((1, 1, 1, 2, 3, 0))))]
    match draw(st.sampled_from(("keys", "_and", "_or"))):
        case "keys":
            return {key: inner for part in parts for key, inner in part.items()}
        case word:
            return {word: parts}


@st.composite
def _conditions(draw: st.DrawFn, schema: Schema, collection: Collection, depth: int) -> dict[str, Any]:
    """Draw a condition on one key."""
    hops = travelled(schema, collection) if depth else []
    scoped = scopes(collection) if depth else []
    kinds = ["field"] * 3 + ["call"] + ["hop"] * 3 * bool(hops) + ["scope"] * 2 * bool(scoped)
    back = follows(schema, collection) if depth else []
    kinds += ["group"] * bool(depth) + ["follow"] * bool(back)
    match draw(st.sampled_from(kinds)):
        case "hop":
            hop = draw(st.sampled_from(hops))
            return {hop.name: draw(_behind(schema, hop, depth))}
        case "scope":
            hop = draw(st.sampled_from(scoped))
            return {hop.name: draw(drawn_filters(schema, hop.far, depth - 1))}
        case "group":
            return draw(drawn_filters(schema, collection.name, depth - 1))
        case "follow":
            hop = draw(st.sampled_from(back))
            inner = draw(drawn_filters(schema, hop.far, depth - 1))
            return {hop.name: draw(st.sampled_from((inner, {draw(st.sampled_from(sorted(QUANTIFIERS))): inner})))}
        case "call" if calls := calls_of(schema, collection):
            call, result = draw(st.sampled_from(calls))
            return {call: draw(comparisons(result))}
        case _:
            return draw(_on_field(collection))


@st.composite
def _on_field(draw: st.DrawFn, collection: Collection) -> dict[str, Any]:
    field = draw(st.sampled_from(list(collection.fields.values())))
    match draw(st.integers(0, 4)):
        case 0:
            several = draw(st.lists(comparisons(field.type), min_size=2, max_size=2))
            return {field.name: {key: operand for each in several for key, operand in each.items()}}
        case 1:
            either = draw(st.lists(comparisons(field.type), min_size=1, max_size=2))
            return {field.name: {draw(st.sampled_from(("_or", "_and"))): either}}
        case _:
            return {field.name: draw(comparisons(field.type))}


@st.composite
def _behind(draw: st.DrawFn, schema: Schema, hop: Hop, depth: int) -> dict[str, Any]:
    """Draw what is asked of the far side of a hop: an inner filter, a quantified one, or the far key itself."""
    key = far(schema, hop).key
    kinds = ["inner", "inner"] + ["quantified"] * 4 * hop.many + ["key"] * (key is not None)
    match draw(st.sampled_from(kinds)):
        case "quantified":
            return {draw(st.sampled_from(sorted(QUANTIFIERS))): draw(drawn_filters(schema, hop.far, depth - 1))}
        case "key" if key is not None:
            return draw(comparisons(key.type if hop.many else schema.collections[hop.near].fields[hop.near_field].type))
        case _:
            return draw(drawn_filters(schema, hop.far, depth - 1))
