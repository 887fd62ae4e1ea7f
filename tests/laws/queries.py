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
from relgraph.schema import Hop, Schema
from relgraph.strategies.choosing import Choices
from relgraph.strategies.operands import comparison, comparisons
from relgraph.strategies.ways import Ways, ways_of

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

_PLAIN: Final = ("_eq", "_neq", "_in", "_gt")
_OF_NULL: Final = ({"_null": True}, {"_null": True}, {"_nnull": True}, {"_nnull": False})
_COUNTS: Final = ({"_eq": 0}, {"_neq": 0}, {"_gt": 0}, {"_lt": 2}, {"_eq": 1}, {"_in": [0, 2]}, {"_null": True})
_KINDS: Final = ("field", "field", "counted", "quantified")


@st.composite
def tangled(draw: st.DrawFn, schema: Schema, name: str) -> Query:
    """Draw a tree of conditions along few paths, in which AND stands in OR in AND, and NULL beside no row at all."""
    start, choices = ways_of(schema, name), Choices(draw)
    shared, both = _path(choices, start), choices.of((True, False))
    paths = choices.of(([shared], [shared, ()], [shared, shared[:1]], [shared, _path(choices, start), ()]))
    leaves, more = list[Query](), True
    while more and len(leaves) < 4:
        more = choices.of((False, True, True, True))
        leaves.append(_leaf(choices, start, choices.of(paths)))
    return _tree(leaves, [choices.of((True, False)) for _ in leaves], both)


def _tree(leaves: list[Query], cuts: list[bool], both: bool) -> Query:
    """Give conditions put together by AND and OR in turns, one against the rest or half against half."""
    if len(leaves) == 1:
        return leaves[0]
    cut = 1 if cuts[0] else len(leaves) // 2
    halves = [_tree(part, cuts[1:], not both) for part in (leaves[cut:], leaves[:cut])]
    return {"_and" if both else "_or": halves}


def _path(choices: Choices, ways: Ways) -> tuple[Hop, ...]:
    """Choose a path through two relations at most."""
    path: tuple[Hop, ...] = ()
    for _ in range(choices.of((1, 1, 2))):
        if hops := (*ways.open, *ways.follows):
            path += (choices.of(hops),)
            ways = ways_of(ways.schema, path[-1].far)
    return path


def _leaf(choices: Choices, start: Ways, path: tuple[Hop, ...]) -> Query:
    """Choose a condition at the end of a path."""
    condition = _condition(choices, ways_of(start.schema, path[-1].far) if path else start)
    for hop in reversed(path):
        condition = {hop.name: condition}
    return condition


def _condition(choices: Choices, ways: Ways) -> Query:
    """Choose a condition on a field, on the number of children, or on some, none or every one of them."""
    many = [hop for hop in ways.travelled if hop.many]
    match choices.of(_KINDS):
        case "counted" if many:
            return {f"count({choices.of(many).name})": choices.of(_COUNTS)}
        case "quantified" if many:
            hop, word = choices.of((*many, *ways.follows)), choices.of(sorted(QUANTIFIERS))
            return {hop.name: {word: _on_field(choices, ways_of(ways.schema, hop.far))}}
        case _:
            return _on_field(choices, ways)


def _on_field(choices: Choices, ways: Ways) -> Query:
    field = choices.of(ways.fields)
    plain = [name for name in _PLAIN if field.type in OPERATORS[name].accepts]
    if plain and choices.of((True, True, False)):
        return {field.name: comparison(choices, field.type, choices.of(plain))}
    return {field.name: choices.of(_OF_NULL)}


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
