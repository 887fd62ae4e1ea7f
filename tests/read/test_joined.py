"""Conditions on joined rows, against the plainest reading of their definition: every choice of rows, one by one."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from relgraph.linking import link
from relgraph.operators import OPERATORS
from relgraph.query.resolved import AllOf, AnyOf, Condition, Literal, Order, Quantified, ResolvedQuery, Test
from relgraph.read import memory
from relgraph.read.tables import Row
from relgraph.relation import Relation
from relgraph.schema import Collection, Field, Hop
from relgraph.values import FieldType, Truth, all_of, any_of, sort_key


def _collection(name: str, *fields: str) -> Collection:
    return Collection(name, {field: Field(name, field, FieldType.INTEGER) for field in fields}, ("id",))


SCHEMA = link(
    [
        _collection("clubs", "id", "size", "town"),
        _collection("towns", "id", "size"),
        _collection("members", "id", "size", "club"),
        _collection("badges", "id", "size", "member"),
        _collection("prizes", "id", "size", "club"),
    ],
    [
        Relation("clubs", "town", "towns", "clubs"),
        Relation("members", "club", "clubs", "members"),
        Relation("badges", "member", "members", "badges"),
        Relation("prizes", "club", "clubs", "prizes"),
    ],
)
CLUBS = SCHEMA.collections["clubs"]


def hops(path: str) -> tuple[Hop, ...]:
    """Give the hops of a dotted path from clubs."""
    found: list[Hop] = []
    for name in path.split(".") if path else ():
        found.append(SCHEMA.collections[found[-1].far if found else "clubs"].hops[name])
    return tuple(found)


PATHS = [
    hops(path) for path in ("", "town", "members", "members.badges", "prizes", "town.clubs", "members.club.prizes")
]
COMPARISONS = [("_eq", 0), ("_eq", 1), ("_neq", 0), ("_lt", 2), ("_null", None), ("_nnull", None)]


def size_at(path: tuple[Hop, ...]) -> Field:
    """Give the field `size` of the collection a path leads to."""
    return SCHEMA.collections[path[-1].far if path else "clubs"].fields["size"]


@st.composite
def comparisons(draw: st.DrawFn) -> Condition:
    """Draw a test of `size` at the end of some path."""
    path, (name, operand) = draw(st.sampled_from(PATHS)), draw(st.sampled_from(COMPARISONS))
    operands = () if operand is None else (Literal(operand),)
    return Test(path, size_at(path), OPERATORS[name], operands)


@st.composite
def quantified(draw: st.DrawFn) -> Condition:
    """Draw a quantifier over the badges of the members, or the members themselves."""
    path = draw(st.sampled_from([hops(""), hops("members")]))
    hop = hops("members.badges")[len(path)]
    name, operand = draw(st.sampled_from(COMPARISONS[:4]))
    inner = Test((), size_at((hop,)), OPERATORS[name], (Literal(operand),))
    return Quantified(path, hop, draw(st.sampled_from(("some", "none", "every"))), draw(st.sampled_from((inner, None))))


conditions = st.recursive(
    comparisons() | quantified(),
    lambda inner: st.builds(
        lambda group, parts: group(tuple(parts)),
        st.sampled_from((AllOf, AnyOf)),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)
numbers = st.none() | st.integers(0, 2)


@st.composite
def items(draw: st.DrawFn) -> dict[str, list[Row]]:
    """Draw a few clubs and towns, members, badges and prizes that point at them, at nothing or into the void."""

    def rows(collection: str, most: int) -> list[Row]:
        fields = [name for name in SCHEMA.collections[collection].fields if name != "id"]
        drawn = draw(st.lists(st.tuples(*(numbers for _ in fields)), max_size=most))
        return [{"id": key, **dict(zip(fields, values, strict=True))} for key, values in enumerate(drawn)]

    return {name: rows(name, 4 if name in ("members", "badges") else 2) for name in SCHEMA.collections}


# --- the plainest reading ------------------------------------------------------------------------------------------


def far_rows(items: dict[str, list[Row]], hop: Hop, row: Row | None) -> list[Row]:
    """Give the rows a hop leads to, by looking at each."""
    key = None if row is None else row[hop.near_field]
    return [] if key is None else [far for far in items[hop.far] if far[hop.far_field] == key]


def prefixes(path: tuple[Hop, ...]) -> set[tuple[Hop, ...]]:
    """Give every start of a path."""
    return {path[:length] for length in range(1, len(path) + 1)}


def starts(node: Condition) -> set[tuple[Hop, ...]]:
    """Give every start of every path in a condition."""
    if isinstance(node, (AllOf, AnyOf)):
        return set().union(*map(starts, node.parts))
    return prefixes(node.path)


def choices(items: dict[str, list[Row]], row: Row, paths: set[tuple[Hop, ...]]) -> list[dict[Any, Row | None]]:
    """Give every choice of one row per path, all paths at once."""
    found: list[dict[Any, Row | None]] = [{(): row}]
    for path in sorted(paths, key=len):
        found = [
            {**choice, path: far} for choice in found for far in far_rows(items, path[-1], choice[path[:-1]]) or [None]
        ]
    return found


def holds(items: dict[str, list[Row]], node: Condition, choice: dict[Any, Row | None]) -> Truth:
    """Give the truth of a condition for one choice of rows."""
    if isinstance(node, AllOf):
        return all_of([holds(items, part, choice) for part in node.parts])
    if isinstance(node, AnyOf):
        return any_of([holds(items, part, choice) for part in node.parts])
    row = choice[node.path]
    if isinstance(node, Test):
        operands = [operand.bind(None) for operand in node.operands]  # type: ignore[arg-type]  # literals only
        return node.operator.test(None if row is None else row["size"], *operands)
    children = far_rows(items, node.hop, row)
    true = [node.condition is None or fulfilled(items, node.condition, child) is True for child in children]
    return all(true) if node.word == "every" else any(true) is (node.word == "some")


def fulfilled(items: dict[str, list[Row]], node: Condition, row: Row) -> Truth:
    """Give whether some choice of joined rows fulfils a condition."""
    return any_of([holds(items, node, choice) for choice in choices(items, row, starts(node))])


def placed(items: dict[str, list[Row]], query: ResolvedQuery, descending: bool) -> list[int]:
    """Give the keys in order: filter and sort over all choices of rows together, all sort keys in one direction."""
    assert query.where is not None
    paths = starts(query.where).union(*(prefixes(key.path) for key in query.order))
    found = []
    for row in items["clubs"]:
        places = []
        for choice in choices(items, row, paths):
            if holds(items, query.where, choice) is True:
                ends = [choice[key.path] for key in query.order]
                places.append(
                    [sort_key(end and end[str(key.value.name)]) for end, key in zip(ends, query.order, strict=True)]
                )
        if places:
            found.append((max(places) if descending else min(places), row["id"]))
    return [key for _, key in sorted(found, reverse=descending)]


def at_size(path: str, operator: str, operand: int) -> Test:
    """Give a test of `size` at the end of a dotted path."""
    return Test(hops(path), size_at(hops(path)), OPERATORS[operator], (Literal(operand),))


# --- the laws --------------------------------------------------------------------------------------------------------


@given(items(), conditions)
def test_a_condition_is_true_when_some_choice_of_rows_fulfils_it(rows: dict[str, list[Row]], node: Condition) -> None:
    """Telling apart what shares no path gives the truth that trying every choice of joined rows gives."""
    expected = [fulfilled(rows, node, row) for row in rows["clubs"]]
    assert [memory.matches(node, row, rows) for row in rows["clubs"]] == expected


@given(items(), conditions, st.lists(st.sampled_from(PATHS), min_size=1, max_size=2), st.booleans())
@example(
    {
        "clubs": [{"id": 0, "size": 0, "town": None}, {"id": 1, "size": 0, "town": None}],
        "towns": [],
        "badges": [],
        "prizes": [],
        "members": [
            {"id": 0, "size": 0, "club": 1},
            {"id": 1, "size": 1, "club": 0},
            {"id": 2, "size": 2, "club": 1},
        ],
    },
    at_size("members", "_gt", 0),
    [hops("members")],
    True,
)
def test_an_item_stands_where_its_first_fulfilling_row_stands(
    rows: dict[str, list[Row]], node: Condition, paths: list[tuple[Hop, ...]], descending: bool
) -> None:
    """Filter and sort share the rows of a shared path; an item stands at the first of those that fulfil the filter."""
    order = (*(Order(path, size_at(path), descending) for path in paths), Order((), CLUBS.fields["id"], descending))
    query = ResolvedQuery(CLUBS, None, node, order)
    assert memory.evaluate(query, rows).data == placed(rows, query, descending)
