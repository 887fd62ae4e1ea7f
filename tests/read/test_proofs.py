"""Proofs: what was seen to hold for a whole table spares a statement work, and never changes an answer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph import Access, Grant, RelationRegistry, evaluate
from tests.statements import Trace, unexplained

SCRIPT = """
    CREATE TABLE shelves (id INTEGER PRIMARY KEY, room TEXT);
    CREATE TABLE books (
        id INTEGER PRIMARY KEY, shelf INTEGER REFERENCES shelves(id), day DATE, time DATETIME, n INTEGER
    );
    INSERT INTO shelves VALUES (1, 'a'), (2, 'a'), (3, NULL);
    INSERT INTO books (shelf, day, time, n) VALUES
        (1, '2023-12-31', '2023-12-31 23:59:59', 1), (2, '2024-01-01', '2024-01-01T00:00', 2),
        (2, '2024-02-29', NULL, 3), (NULL, NULL, '2024-02-29', 5);
"""
SUMS: dict[str, Any] = {"aggregate": {"count": "*", "sum": ["n"], "avg": ["n"]}}
GROUPINGS: list[dict[str, Any]] = [
    {**SUMS, "groupBy": ["year(day)", "shelf.room"]},
    {**SUMS, "groupBy": ["month(time)", "shelf.room", "year(day)", "shelf.id"]},
    {**SUMS, "groupBy": ["hour(time)"], "sort": ["-sum.n", "hour(time)"], "limit": 2},
    {"aggregate": {"count": "n", "min": "day"}, "groupBy": ["week(day)", "day(time)"]},
]
BY_YEAR = GROUPINGS[0]
ODD = ("2024-01-01T00:30+02:00", "2024-02-30", "0000-01-01", "", "2024", 20240101, None, b"2024-01-01", "12:30")
DATES = st.sampled_from(["2024-01-01", "2023-12-31 23:59", "2024-01-01 24:00", *ODD])
NUMBERS = st.sampled_from([None, 1, 2**32, 2**32 + 1, 2**63 - 1, -(2**63), 0.5, "7", "x", b"1"])


@pytest.fixture
def registry() -> Iterator[RelationRegistry]:
    """Give four books with usual dates and small numbers."""
    with RelationRegistry() as opened:
        opened.connection.executescript(SCRIPT)
        yield opened


def owed(registry: RelationRegistry, query: Any) -> list[Any]:
    """Give the answer over plain dicts."""
    rows = {}
    for table in ("shelves", "books"):
        cursor = registry.connection.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in cursor.description]
        rows[table] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return evaluate(query, rows, registry.schema, collection="books").data


def looks(registry: RelationRegistry, query: Any = BY_YEAR) -> int:
    """Give how often a read looks at the whole table first."""
    with Trace(registry.connection) as trace:
        answer = registry.items("books").read(query).data
    assert repr(answer) == repr(owed(registry, query))
    return len(looked(trace))


def looked(trace: Trace) -> list[str]:
    """Give the statements that look at all rows, among those that ran."""
    return [text for text in trace if text.startswith("SELECT count(*), ") and "pragma_table_list" in text]


@given(
    rows=st.lists(st.tuples(st.sampled_from([1, 2, 3, None]), DATES, DATES, NUMBERS), max_size=3),
    query=st.sampled_from(GROUPINGS),
)
def test_whatever_a_table_holds(rows: list[tuple[Any, ...]], query: dict[str, Any]) -> None:
    """Groups by dates are those of plain Python, of usual dates and small numbers as of any others."""
    with RelationRegistry() as registry:
        registry.connection.executescript(SCRIPT)
        registry.connection.executemany("INSERT INTO books (shelf, day, time, n) VALUES (?, ?, ?, ?)", rows)
        assert repr(registry.items("books").read(query).data) == repr(owed(registry, query))
        assert unexplained(registry, "books", query) == []


def test_dates_are_looked_at_once(registry: RelationRegistry) -> None:
    """Reads between two writes look once, and after that read years off the dates as they stand."""
    assert [looks(registry), looks(registry)] == [1, 0]
    (usual,) = registry.items("books").explain(BY_YEAR).statements
    assert "relgraph_" not in usual.text
    registry.connection.execute("INSERT INTO books (day) VALUES ('2024-02-30')")
    assert [looks(registry), looks(registry)] == [1, 0]
    statements = registry.items("books").explain(BY_YEAR).statements
    assert "relgraph_instant" in statements[0].text


def test_explanations_say_what_was_looked_at(registry: RelationRegistry) -> None:
    """The look is a probe of the explanation, with how many rows there are and how many are as claimed."""
    (probe,) = registry.items("books").explain(BY_YEAR).probes
    assert (probe.looked, probe.found, probe.form, probe.values) == (4, 4, None, ("books",))
    registry.connection.execute("UPDATE books SET n = NULL WHERE id = 1")
    (probe,) = registry.items("books").explain(BY_YEAR).probes
    assert (probe.looked, probe.found) == (4, 3)


def test_what_is_undone_is_not_believed(registry: RelationRegistry) -> None:
    """What a transaction has made usual may be odd again after it."""
    connection = registry.connection
    connection.execute("INSERT INTO books (id, day, n) VALUES (9, '2024-01-01T00:30+02:00', 1)")
    assert looks(registry) == 1
    connection.execute("BEGIN")
    connection.execute("DELETE FROM books WHERE id = 9")
    assert looks(registry) == 0
    connection.execute("ROLLBACK")
    assert [looks(registry), looks(registry)] == [1, 0]


def test_what_others_write_is_seen(tmp_path: Path) -> None:
    """An odd date of another connection is answered as such by the next read."""
    path = tmp_path / "books.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.executescript(SCRIPT)
    with RelationRegistry(path, read_only=True) as registry:
        assert [looks(registry), looks(registry)] == [1, 0]
        other.execute("INSERT INTO books (day, n) VALUES ('2024-12-31T23:30-02:00', 0.5)")
        assert [looks(registry), looks(registry)] == [1, 0]
    other.close()


def test_nothing_is_looked_at_where_it_does_not_pay(registry: RelationRegistry) -> None:
    """A part of the table, or groups without dates, are read without a look."""
    assert looks(registry, {**BY_YEAR, "filter": {"n": {"_gt": 1}}}) == 0
    assert looks(registry, {**SUMS, "groupBy": ["shelf.room"]}) == 0


def test_nothing_is_known_of_what_is_no_table() -> None:
    """A view may change without a write, so nothing of it is remembered as true."""
    with RelationRegistry() as registry:
        registry.connection.executescript(SCRIPT)
        registry.connection.execute("CREATE VIEW recent AS SELECT id, day FROM books")
        query = {"aggregate": {"count": "*"}, "groupBy": ["year(day)"]}
        explained = registry.items("recent").explain(query)
        assert [(probe.looked, probe.found) for probe in explained.probes] == [(0, 0)]
        assert "relgraph_instant" in explained.statements[0].text


def test_an_access_is_told_nothing(registry: RelationRegistry) -> None:
    """Who sees a part of the database has the same answers, and no look at more than is asked for."""
    restricted = registry.with_access(Access({"books": Grant(), "shelves": Grant()}))
    with Trace(registry.connection) as trace:
        answers = [restricted.items("books").read(BY_YEAR).data for _ in range(2)]
    assert answers == [owed(registry, BY_YEAR)] * 2
    assert looked(trace) == []
