"""Groups: sums of whole numbers are exact however they are reckoned, and followed relations count each item once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph import RelationRegistry, evaluate
from tests.statements import Trace, unexplained

TOP = 2**63 - 1
SCRIPT = """
    CREATE TABLE shelves (id INTEGER PRIMARY KEY, room TEXT, g0 TEXT);
    CREATE TABLE books (id INTEGER PRIMARY KEY, shelf INTEGER REFERENCES shelves(id), kind TEXT, n INTEGER, g0 TEXT);
    INSERT INTO shelves VALUES (1, 'a', 'x'), (2, 'a', 'y'), (3, 'b', 'x'), (4, NULL, NULL);
"""
SUMS: dict[str, Any] = {"aggregate": {"count": "*", "sum": ["n"], "avg": ["n"], "min": ["n"]}}
COUNTS: dict[str, Any] = {"aggregate": {"count": ["*", "n"], "sum": ["n"], "avg": ["n"]}}
GROUPINGS: list[dict[str, Any]] = [
    SUMS,
    {**SUMS, "groupBy": "kind"},
    {**SUMS, "groupBy": "shelf.room", "sort": "-sum.n", "limit": 1},
    {**COUNTS, "groupBy": ["shelf.room"]},
    {**COUNTS, "groupBy": ["g0", "shelf.g0", "shelf.room"]},
    {**COUNTS, "groupBy": ["shelf.room"], "sort": "-avg.n", "limit": 2},
    {**COUNTS, "groupBy": ["shelf.room"], "sort": "sum.n", "limit": 2, "offset": 1},
    {**COUNTS, "groupBy": ["shelf.room", "kind"], "filter": {"kind": {"_nnull": True}}},
]
NESTED = {
    "fields": ["id", "books"],
    "deep": {"books": {"_aggregate": {"sum": ["n"], "avg": ["n"]}, "_groupBy": ["kind"]}},
}


@pytest.fixture
def registry() -> Iterator[RelationRegistry]:
    """Give shelves without books."""
    with RelationRegistry() as opened:
        opened.connection.executescript(SCRIPT)
        yield opened


def fill(registry: RelationRegistry, *values: Any, kind: str = "k") -> None:
    """Put books with these numbers on the shelves in turn."""
    registry.connection.executemany(
        "INSERT INTO books (shelf, kind, n, g0) VALUES (?, ?, ?, 'g')",
        [(place % 5 or None, kind, value) for place, value in enumerate(values)],
    )


def owed(registry: RelationRegistry, query: Any, collection: str = "books") -> list[Any]:
    """Give the answer over plain dicts."""
    rows = {}
    for table in ("shelves", "books"):
        cursor = registry.connection.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in cursor.description]
        rows[table] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return evaluate(query, rows, registry.schema, collection=collection).data


VALUES = {
    "usual": (1, 2, None, -3, 5, 8),
    "nothing": (None, None),
    "none at all": (),
    "beyond 64 bits": (TOP, TOP, 1, -5, TOP, TOP, TOP),
    "down to the last one": (-(2**63), 1, -(2**63)),
    "beyond what a float holds": (2**53, 1, 2**53, 1, 3, 2**32, 2**32 + 1),
    "just what a sum takes": (2**32, -(2**32), 2**32, 2**32),
    "text": (1, "apples", 3, "4.5 apples", None),
    "digits as text": (1, b"12", 3),
    "floats": (0.1, 0.2, 0.3, 1, 1e300, -1e300),
    "infinities": (float("inf"), 1, float("-inf")),
    "floats that add up to a whole": (0.5, 0.5, 0.5, 0.5, 0.5, 1.5, 2.5),
}


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES.keys())
@pytest.mark.parametrize("query", GROUPINGS, ids=str)
def test_sums_are_exact(registry: RelationRegistry, query: dict[str, Any], values: tuple[Any, ...]) -> None:
    """Whatever a column of whole numbers holds, groups have the sums that plain Python gives, in the same order."""
    fill(registry, *values)
    fill(registry, 7, 7, 7, 7, 7, 7, kind="other")
    answer, expected = registry.items("books").read(query).data, owed(registry, query)
    assert repr(answer) == repr(expected)
    assert unexplained(registry, "books", query) == []


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES.keys())
def test_nested_sums_are_exact(registry: RelationRegistry, values: tuple[Any, ...]) -> None:
    """So have the groups of each parent."""
    fill(registry, *values)
    assert repr(registry.items("shelves").read(NESTED).data) == repr(owed(registry, NESTED, "shelves"))
    assert list(registry.items("books").stream(GROUPINGS[1])) == registry.items("books").read(GROUPINGS[1]).data


@given(st.lists(st.integers(-(2**63), TOP) | st.integers(-9, 9) | st.none(), max_size=6), st.sampled_from(GROUPINGS))
def test_sums_of_any_numbers(values: list[int | None], query: dict[str, Any]) -> None:
    """The sums of any numbers that SQLite holds are those of Python."""
    with RelationRegistry() as registry:
        registry.connection.executescript(SCRIPT)
        fill(registry, *values)
        assert registry.items("books").read(query).data == owed(registry, query)


def test_only_what_cannot_be_told_is_asked_again(registry: RelationRegistry) -> None:
    """One statement where sums are of whole numbers, a second where one is not; the explanation says both."""
    query = GROUPINGS[3]
    fill(registry, 1, 2, 3)
    for number, value in ((1, 4), (2, 4.5)):
        fill(registry, value)
        registry.items("books").read(query)  # so that the schema is known
        with Trace(registry.connection) as trace:
            registry.items("books").read(query)
        assert len(trace.selects) == number
        assert ["relgraph_sum" in text for text in trace.selects] == [False, True][:number]
    places = [statement.place for statement in registry.items("books").explain(query).statements]
    assert places == ["books", "books, where a sum is not of whole numbers or too large"]


def test_other_aggregates_need_no_second_form(registry: RelationRegistry) -> None:
    """Counts, and sums of what may be floats, are told by one statement."""
    registry.connection.execute("ALTER TABLE books ADD COLUMN price REAL")
    for aggregate in ({"count": "*"}, {"sum": "price"}, {"min": "n", "countDistinct": "n"}):
        explanation = registry.items("books").explain(aggregate=aggregate, groupBy="shelf.room")
        assert explanation.statement_count == 1
