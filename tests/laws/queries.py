"""Queries for the laws: valid ones, which are those of `relgraph.strategies`, tangled ones and spoilt ones.

In: a `Schema` and the name of a collection. Out: queries as the mappings a caller would write. A tangled filter is a
tree of conditions along few paths, so that they share rows. A spoilt query has one thing in it wrong; whether it still
is a query is for the evaluators to agree on.
"""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from relgraph import strategies
from relgraph.operators import OPERATORS, QUANTIFIERS
from relgraph.schema import Collection, Hop, Schema
from relgraph.strategies.operands import comparisons
from relgraph.strategies.ways import far, travelled, ways

__all__ = ["comparisons", "filters", "groupings", "queries", "spoilt", "tangled"]

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


# --- conditions that share paths -------------------------------------------------------------------------------------

_PLAIN: Final = ("_eq", "_neq", "_in", "_null", "_gt", "_nnull", "_null")
_COUNTS: Final = ({"_eq": 0}, {"_neq": 0}, {"_gt": 0}, {"_lt": 2}, {"_eq": 1}, {"_in": [0, 2]}, {"_null": True})


@st.composite
def tangled(draw: st.DrawFn, schema: Schema, name: str) -> Query:
    """Draw a tree of conditions along few paths, in which AND stands in OR in AND, and NULL beside no row at all."""
    start = schema.collections[name]
    shared = draw(_paths(schema, start))
    others = ([shared], [shared, ()], [shared, shared[:1]], [shared, draw(_paths(schema, start)), ()])
    paths = draw(st.sampled_from(others))
    leaves = [draw(_leaves(schema, start, paths)) for _ in range(draw(st.sampled_from((1, 2, 3, 4, 4))))]
    return _tree(leaves, [draw(st.booleans()) for _ in leaves], draw(st.booleans()))


def _tree(leaves: list[Query], cuts: list[bool], both: bool) -> Query:
    """Give conditions put together by AND and OR in turns, one against the rest or half against half."""
    if len(leaves) == 1:
        return leaves[0]
    cut = 1 if cuts[0] else len(leaves) // 2
    halves = [_tree(part, cuts[1:], not both) for part in (leaves[cut:], leaves[:cut])]
    return {"_and" if both else "_or": halves}


@st.composite
def _paths(draw: st.DrawFn, schema: Schema, collection: Collection) -> tuple[Hop, ...]:
    """Draw a path through two relations at most."""
    path: tuple[Hop, ...] = ()
    for _ in range(draw(st.sampled_from((1, 1, 2)))):
        if open_ways := ways(schema, far(schema, path[-1]) if path else collection):
            path += (draw(st.sampled_from(open_ways)),)
    return path


@st.composite
def _leaves(draw: st.DrawFn, schema: Schema, start: Collection, paths: list[tuple[Hop, ...]]) -> Query:
    """Draw a condition at the end of one of the paths."""
    path = draw(st.sampled_from(paths))
    condition = draw(_conditions(schema, far(schema, path[-1]) if path else start))
    for hop in reversed(path):
        condition = {hop.name: condition}
    return condition


@st.composite
def _conditions(draw: st.DrawFn, schema: Schema, collection: Collection) -> Query:
    """Draw a condition on a field, on the number of children, or on some, none or every one of them."""
    many = [hop for hop in travelled(schema, collection) if hop.many]
    match draw(st.sampled_from(("field", "field", "field", "counted", "quantified") if many else ("field",))):
        case "counted":
            return {f"count({draw(st.sampled_from(many)).name})": draw(st.sampled_from(_COUNTS))}
        case "quantified":
            hop, word = draw(st.sampled_from(many)), draw(st.sampled_from(sorted(QUANTIFIERS)))
            return {hop.name: {word: draw(_on_field(far(schema, hop)))}}
        case _:
            return draw(_on_field(collection))


@st.composite
def _on_field(draw: st.DrawFn, collection: Collection) -> Query:
    field = draw(st.sampled_from(list(collection.fields.values())))
    plain = [name for name in _PLAIN if field.type in OPERATORS[name].accepts]
    return {field.name: draw(comparisons(field.type, draw(st.sampled_from(plain))))}


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
