"""Limits: what asks for too much is refused before anything runs, and what asks for less never troubles SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from relgraph import Limits, Param, RelationRegistry
from relgraph.errors import LimitExceeded
from tests.conformance.cases import DATASET
from tests.statements import Trace

STOCK: dict[int, int] = {  # https://www.sqlite.org/limits.html, where builds allow more
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 32_766,
    sqlite3.SQLITE_LIMIT_COLUMN: 2_000,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 1_000,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 500,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 1_000_000,
}


def opened(limits: Limits) -> Iterator[RelationRegistry]:
    connection = sqlite3.connect(f"file:{DATASET}?mode=ro", uri=True)
    for name, most in STOCK.items():
        connection.setlimit(name, most)
    with RelationRegistry(connection, limits=limits) as registry:
        yield registry
    connection.close()


@pytest.fixture
def registry() -> Iterator[RelationRegistry]:
    """Give the recorded data set, on a connection with SQLite's own limits as they are everywhere."""
    yield from opened(Limits())


def every(count: int, condition: dict[str, Any], word: str = "_and") -> dict[str, Any]:
    """Give a group of that many equal conditions."""
    return {word: [condition] * count}


LISTS = {"_or": [{"views": {"_in": list(range(65))}}] * 460}
WITHIN: list[dict[str, Any]] = [
    every(500, {"comments": {"likes": {"_gt": 0}}}),
    every(500, {"comments": {"likes": {"_null": True}}}),
    every(500, {"comments": {"_some": {"likes": {"_gt": 0}}}}),
    every(500, {"comments": {"_none": {"likes": {"_gt": 0}}}}, "_or"),
    every(500, {"author": {"mentor": {"name": {"_icontains": "a"}}}}),
    {"author": {"articles": {"comments": every(500, {"likes": {"_gt": 0}})}}},
    {"comments": {"_every": every(500, {"author": {"age": {"_gt": 0}}})}},
    {"id": {"_in": list(range(30_000))}},
    {"id": {"_nin": [True, *range(29_999)]}},
    LISTS,
    {"_or": [{"title": {"_in": [f"t{number}" for number in range(1025)]}}] * 29},
]


@pytest.mark.parametrize("condition", WITHIN)
def test_what_is_within_the_limits_runs(registry: RelationRegistry, condition: dict[str, Any]) -> None:
    """Each row: a filter as large as one may be, which SQLite takes as well, also with levels below."""
    read = registry.items("articles").read(filter=condition, fields=["id", "comments.id"], limit=3)
    assert len(read) <= 3


TOO_MANY: list[Any] = [
    {"id": {"_in": [1, 2, 3, 4, 5, 6]}},
    {"id": {"_in": [1, 2, 3]}, "views": {"_nin": [4, 5, 6]}},
    {"id": {"_in": [1, 2, 3]}, "views": {"_nin": [4, 5, None]}},
    {"id": {"_in": [1, 2, 3]}, "title": {"_in": "a,b,c"}},
    {"id": {"_in": [[1, 2], [3, [4, 5, 6]]]}},
]


@pytest.mark.parametrize("condition", TOO_MANY)
def test_operands_of_a_read_are_counted(condition: dict[str, Any]) -> None:
    """A list counts by its length, in whatever way the other operands are given; nothing runs."""
    for registry in opened(Limits(max_operands=5)):
        items = registry.items("articles")
        assert len(items.read(filter={"id": {"_in": [1, 2, 3, 4, 5]}}, limit=1)) == 1
        with Trace(registry.connection) as trace, pytest.raises(LimitExceeded) as caught:
            items.read(filter=condition)
        assert (caught.value.count, caught.value.limit, caught.value.setting) == (6, 5, "max_operands")
        assert trace.selects == []


def test_a_read_with_as_many_operands_stays_refused(registry: RelationRegistry) -> None:
    """One operand too many is refused the second time as well, after a shorter list of the same form was read."""
    items = registry.items("articles")
    for count in (3, 30_000):
        assert len(items.read(filter={"id": {"_in": list(range(count + 1))[:count]}}, fields=["id"], limit=2)) == 2
    for _ in range(2):
        with pytest.raises(LimitExceeded):
            items.read(filter={"id": {"_in": list(range(30_001))}})


def test_lists_for_a_prepared_query_are_counted(registry: RelationRegistry) -> None:
    """What a parameter is given counts as well."""
    prepared = registry.items("articles").prepare(filter={"id": {"_in": Param("ids")}}, fields=[], limit=2)
    assert prepared(ids=list(range(30_000))).data == [1, 2]
    with pytest.raises(LimitExceeded) as caught:
        prepared(ids=list(range(30_001)))
    assert (caught.value.count, caught.value.setting) == (30_001, "max_operands")


def test_a_prepared_query_binds_no_more_than_sqlite_does() -> None:
    """Operands in the question and arguments beside them are refused where both together are too many."""
    with RelationRegistry(":memory:") as registry:
        registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY)")
        registry.connection.execute("INSERT INTO tags VALUES (1)")
        both = {"_or": [{"id": {"_in": list(range(20_000))}}, {"id": {"_in": Param("more")}}]}
        prepared = registry.items("tags").prepare(fields=[], filter=both)
        assert prepared(more=[5]).data == [1]
        with pytest.raises(LimitExceeded, match="32766"):
            prepared(more=list(range(20_000)))
