"""Queries for the laws: valid ones, which are those of `relgraph.strategies`, and spoilt ones.

In: a `Schema` and the name of a collection. Out: queries as the mappings a caller would write. A spoilt query has one
thing in it wrong; whether it still is a query is for the evaluators to agree on.
"""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from relgraph import strategies
from relgraph.schema import Schema
from relgraph.strategies.operands import comparisons

__all__ = ["comparisons", "filters", "groupings", "queries", "spoilt"]

Query = dict[str, Any]
groupings = strategies.groupings


def filters(schema: Schema, name: str, depth: int = 2) -> st.SearchStrategy[Query]:
    """Draw a filter, `depth` relations deep at most."""
    return strategies.filters(schema, name, max_depth=depth)


def queries(schema: Schema, name: str, depth: int = 2) -> st.SearchStrategy[Query]:
    """Draw a valid question to a collection without a cursor, since the laws cut lists in ways of their own."""
    return strategies.queries(schema, name, max_depth=depth).map(_without_cursor)


def _without_cursor(query: Query) -> Query:
    return {name: value for name, value in query.items() if name != "cursor"}


# --- questions that are at fault -------------------------------------------------------------------------------------

JUNK: Final = (
    None, True, 0, -1, -2, 1.5, 2**70, float("nan"), float("inf"), "", "x", "*", "*.*", "a.b.c", ".", "-", "$NOW",
    "$NOW(x)", "$FOLLOW(a)", "$FOLLOW(a,parent)", "$CURRENT_USER", "item:nope", "item:", ":", "year(", "count()", "()",
    "sum(parents.n)", "\x00", "[", "{", '{"id": 1}', "9" * 400, "_some", "?", [], {}, [None], [[]], [{}], {"": 1},
    {"_eq": 1}, {"_nope": 1}, {"_some": {}}, {"_some": None}, {"_and": [None]}, {"_or": {}}, {"id": {"_in": []}},
    {"_filter": {"id": 1}}, {"_limit": "x"}, ["*", "*"], {"a": "b.c"}, {"count": ["*"]}, {"sum": []},
)  # fmt: skip
KEYS: Final = (
    "fields", "filter", "search", "sort", "limit", "offset", "page", "deep", "alias", "aggregate", "groupBy", "meta",
    "backlink", "cursor", "_and", "_or", "_eq", "_in", "_none", "_every", "_filter", "_sort", "_limit", "id", "item",
    "nope", "parent", "year(n)", "count(parent)", "item:a", "", ".", "a.b",
)  # fmt: skip


@st.composite
def spoilt(draw: st.DrawFn, value: Any) -> Any:
    """Draw the value with one thing in it wrong: replaced by junk, or under another key."""
    inside = bool(value) and isinstance(value, (dict, list)) and draw(st.integers(0, 4)) > 0
    if not inside:
        return draw(st.sampled_from(JUNK))
    if isinstance(value, list):
        position = draw(st.integers(0, len(value) - 1))
        return [*value[:position], draw(spoilt(value[position])), *value[position + 1 :]]
    key = draw(st.sampled_from(list(value)))
    if draw(st.integers(0, 3)) == 3:
        return {draw(st.sampled_from(KEYS)) if name == key else name: inner for name, inner in value.items()}
    return value | {key: draw(spoilt(value[key]))}
