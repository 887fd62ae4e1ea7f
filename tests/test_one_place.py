"""One place: an operator is one row. Added at run time, it works wherever operators do, nothing else touched."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from relgraph import RelationRegistry, evaluate, matches
from relgraph.errors import OperatorNotAllowed, UnknownOperator
from relgraph.operators import OPERATORS, Arity, Operator, negation
from relgraph.values import INTEGERS
from tests import test_readme

DIVISIBLE = Operator(
    "_divisible_by",
    Arity.ONE,
    INTEGERS,
    "{v} % {x} = 0",
    lambda value, operand: None if value is None or operand is None else value % operand == 0,
    "{v} is divisible by {x}",
)
ROWS = (DIVISIBLE, negation(DIVISIBLE, "_ndivisible_by", "{v} is not divisible by {x}"))
NUMBERS = [{"id": number, "size": None if number == 7 else number} for number in range(1, 13)]


@pytest.fixture(autouse=True)
def added() -> Iterator[None]:
    """Add the rows to the table for one test."""
    OPERATORS.update({row.name: row for row in ROWS})
    yield
    for row in ROWS:
        del OPERATORS[row.name]


@pytest.fixture
def registry() -> Iterator[RelationRegistry]:
    """Give twelve numbers, one of them unknown, and what they are multiples of."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("CREATE TABLE numbers (id INTEGER PRIMARY KEY, size INTEGER, name TEXT)")
    connection.execute("CREATE TABLE marks (id INTEGER PRIMARY KEY, number INTEGER REFERENCES numbers(id), points INT)")
    connection.executemany("INSERT INTO numbers (id, size) VALUES (:id, :size)", NUMBERS)
    connection.executemany("INSERT INTO marks (number, points) VALUES (?, ?)", [(1, 3), (2, 5), (3, 9)])
    with RelationRegistry(connection) as opened:
        yield opened


def test_in_both_evaluators(registry: RelationRegistry) -> None:
    """The row filters in SQL and in Python, and of one item; unknown stays unknown, and so does its negation."""
    for name, expected in (("_divisible_by", [3, 6, 9, 12]), ("_ndivisible_by", [1, 2, 4, 5, 8, 10, 11])):
        query = {"filter": {"size": {name: 3}}, "fields": []}
        assert registry.items("numbers").read(query).data == expected
        assert evaluate(query, {"numbers": NUMBERS}, registry.schema, collection="numbers").data == expected
        truths = [matches(query["filter"], item, registry.schema, collection="numbers") for item in NUMBERS]
        assert [item["id"] for item, truth in zip(NUMBERS, truths, strict=True) if truth] == expected
        assert truths[6] is None


def test_through_relations_and_other_values(registry: RelationRegistry) -> None:
    """The row filters through relations, and again with another operand, from the cache."""
    items = registry.items("numbers")
    for operand, expected in ((3, [1, 3]), (5, [2]), ("9", [3])):
        query = {"filter": {"marks": {"_some": {"points": {"_divisible_by": operand}}}}, "fields": []}
        assert items.read(query).data == expected
        found = items.read(f"fields=id&filter[marks][points][_divisible_by]={operand}")
        assert [item["id"] for item in found] == expected


def test_in_words(registry: RelationRegistry) -> None:
    """The row's own words are those of explain."""
    explanation = registry.items("numbers").explain(filter={"size": {"_ndivisible_by": 4}})
    assert "Only items for which size is not divisible by 4." in explanation.words


def test_in_hints(registry: RelationRegistry) -> None:
    """A refusal proposes the row where it would help."""
    items = registry.items("numbers")
    with pytest.raises(UnknownOperator, match="did you mean '_divisible_by'"):
        items.read(filter={"size": {"_divisble_by": 3}})
    with pytest.raises(OperatorNotAllowed, match=r"_divisible_by does not apply to numbers\.name"):
        items.read(filter={"name": {"_divisible_by": 3}})
    with pytest.raises(OperatorNotAllowed, match=r"what applies: .*_divisible_by"):
        items.read(filter={"size": {"_contains": "3"}})


def test_in_the_documentation() -> None:
    """The documentation is held against the table: it is found wanting until it names the row."""
    with pytest.raises(AssertionError, match="_divisible_by"):
        test_readme.test_the_language_is_listed_whole()
