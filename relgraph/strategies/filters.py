"""Filters: valid ones for a collection, every operator, quantifier, function and kind of relation among them.

In: a registry or a schema, the name of a collection. Out: strategies of filters as the mappings a caller would write.
Raises `InvalidBounds`.
"""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from relgraph.operators import QUANTIFIERS
from relgraph.schema import Hop, Schema
from relgraph.strategies.bounds import check_count, collection_of, schema_of
from relgraph.strategies.choosing import Choices
from relgraph.strategies.operands import comparison
from relgraph.strategies.ways import Ways, per_schema, ways_of

Filter = dict[str, Any]

_QUANTIFIERS: Final = tuple(sorted(QUANTIFIERS))


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


@per_schema
def drawn_filters(schema: Schema, name: str, depth: int) -> st.SearchStrategy[Filter]:
    """Give a strategy of filters of a collection, which may be one of Directus's own."""
    return _filters(ways_of(schema, name), depth)


@st.composite
def _filters(draw: st.DrawFn, ways: Ways, depth: int) -> Filter:
    """Draw one to three conditions, each with its word and whether another follows, so that any can be left out."""
    parts: list[Filter] = []
    more, word = True, "keys"
    while more and len(parts) < 3:
        choices = Choices(draw)
        word, empty = choices.of(("keys", "_and", "_or")), choices.once_in(6)
        if empty and not parts:
            break
        more = choices.of((False, False, False, True, True))
        parts.append(_condition(choices, draw, ways, depth))
    return {key: inner for part in parts for key, inner in part.items()} if word == "keys" else {word: parts}


@per_schema
def _kinds(schema: Schema, name: str, deep: bool) -> tuple[str, ...]:
    """Give what a condition on one key can be, each as often as it is to be drawn."""
    ways = ways_of(schema, name)
    kinds = ("field",) * 3 + ("call",)
    if not deep:
        return kinds
    related = ("hop",) * 3 * bool(ways.travelled) + ("scope",) * 2 * bool(ways.scopes)
    return (*kinds, *related, "group", *("follow",) * bool(ways.follows))


def _condition(choices: Choices, draw: st.DrawFn, ways: Ways, depth: int) -> Filter:
    """Draw a condition on one key."""
    schema = ways.schema
    match choices.of(_kinds(schema, ways.collection.name, depth > 0)):
        case "hop":
            hop = choices.of(ways.travelled)
            return {hop.name: _behind(choices, draw, schema, hop, depth)}
        case "scope":
            hop = choices.of(ways.scopes)
            return {hop.name: draw(drawn_filters(schema, hop.far, depth - 1))}
        case "group":
            return draw(drawn_filters(schema, ways.collection.name, depth - 1))
        case "follow":
            hop, quantifier = choices.of(ways.follows), choices.of((None, None, None, *_QUANTIFIERS))
            inner = draw(drawn_filters(schema, hop.far, depth - 1))
            return {hop.name: inner if quantifier is None else {quantifier: inner}}
        case "call" if ways.calls:
            call, result = choices.of(ways.calls)
            return {call: comparison(choices, result)}
        case _:
            return _on_field(choices, ways)


def _on_field(choices: Choices, ways: Ways) -> Filter:
    field = choices.of(ways.fields)
    match choices.of(("one", "one", "one", "several", "_or", "_and")):
        case "one":
            return {field.name: comparison(choices, field.type)}
        case "several":
            return {field.name: comparison(choices, field.type) | comparison(choices, field.type)}
        case word:
            count = choices.of((1, 2))
            return {field.name: {word: [comparison(choices, field.type) for _ in range(count)]}}


def _behind(choices: Choices, draw: st.DrawFn, schema: Schema, hop: Hop, depth: int) -> Filter:
    """Draw what is asked of the far side of a hop: an inner filter, a quantified one, or the far key itself."""
    key = schema.collections[hop.far].key
    match choices.of(("inner", "inner", *("quantified",) * 3 * hop.many, *("key",) * (key is not None))):
        case "quantified":
            return {choices.of(_QUANTIFIERS): draw(drawn_filters(schema, hop.far, depth - 1))}
        case "key" if key is not None:
            if not hop.many:  # the near field of others an access may not know
                key = schema.collections[hop.near].fields[hop.near_field]
            return comparison(choices, key.type)
        case _:
            return draw(drawn_filters(schema, hop.far, depth - 1))
