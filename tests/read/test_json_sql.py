"""What SQLite writes as JSON text: only what it writes exactly, and the answer is the same in every case."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from relgraph import Access, Grant, RelationRegistry
from relgraph.errors import InvalidQuery
from relgraph.storage.functions import WRITES_JSON

pytestmark = pytest.mark.skipif(not WRITES_JSON, reason="SQLite before 3.38 may be without json_object")

COLUMNS = 'id INTEGER PRIMARY KEY, title TEXT, views INTEGER, day DATE, rating REAL, "it\'s %s" TEXT'
ODD_TEXTS = ["a\0b", "\x01\x1f\x7f\u2028", '"quoted" \\ %s', "é😀", "", "1", '{"a": 1}']
BEYOND = [1.5, 1e300, float(-(2**63)), float(2**63), "abc", b"\x01", b""]


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute(f"CREATE TABLE notes ({COLUMNS})")
        yield connection


def texts(registry: RelationRegistry, query: dict[str, Any], collection: str = "notes") -> list[Any]:
    """Give what the texts of five answers tell; of these the last two are made while rows are read."""
    items = registry.items(collection)
    told = []
    for _ in range(5):
        told.append(json.loads(items.read(query).to_json()))
        long_only(registry)
    return told


def long_only(registry: RelationRegistry) -> None:
    """Have SQLite write what Python would write as it is short."""
    for reader in registry.readers.readers.values():
        reader.builders.short = 0


def check(connection: sqlite3.Connection, query: dict[str, Any], collection: str = "notes") -> None:
    """Fail unless every text tells the data, to the type of each value."""
    registry = RelationRegistry(connection)
    assert {repr(text) for text in texts(registry, query, collection)} == {
        repr(registry.items(collection).read(query).data)
    }


def statements(connection: sqlite3.Connection, query: dict[str, Any], collection: str = "notes") -> list[str]:
    """Give the statements of the last of five reads wanted as text."""
    registry = RelationRegistry(connection)
    texts(registry, query, collection)
    seen: list[str] = []
    connection.set_trace_callback(seen.append)
    registry.items(collection).read(query).to_json()
    connection.set_trace_callback(None)
    return seen


def test_objects_of_texts_whole_numbers_and_days_are_written_by_sqlite(connection: sqlite3.Connection) -> None:
    """Text that is odd in JSON or SQL, and the ends of 64 bits, come out as they are."""
    rows = [(text, 2**63 - 1, "2026-01-02", text) for text in ODD_TEXTS] + [(None, -(2**63) + 1, None, None)]
    connection.executemany("INSERT INTO notes VALUES (NULL, ?, ?, ?, NULL, ?)", rows)
    query = {"fields": ["id", "title", "views", "day", "it's %s"]}
    check(connection, query)
    assert any("json_object" in text for text in statements(connection, query))


SHORT = [0.0, -0.0, 0.1, -2.7, 0.29, 1 / 64, 51.507351, -0.127758, 123456789.123456, -1e9, 1e-6, 3.0, 7, None]
LONG = [0.1 + 0.2, 1 / 3, 1e-7, 0.1234567, 1e9 + 0.5, 2.0**53, 2**53 + 1, 2**62, 1e300, 5e-324, "abc", ""]


def test_numbers_of_few_decimals_are_written_by_sqlite(connection: sqlite3.Connection) -> None:
    """Up to six, and nine digits before them, the fifteen digits that SQLite gives are the number."""
    connection.execute("CREATE TABLE prices (id INTEGER PRIMARY KEY, price DECIMAL(10, 2), rating DOUBLE)")
    connection.executemany("INSERT INTO prices (price, rating) VALUES (?1, ?1)", [(value,) for value in SHORT])
    numbers = [(n * 7919 / 1e3, -n * 7919 / 1e6) for n in range(1000)]
    connection.executemany("INSERT INTO prices (price, rating) VALUES (?, ?)", numbers)
    query = {"fields": ["id", "price", "rating"]}
    check(connection, query, "prices")
    assert any("json_object" in text for text in statements(connection, query, "prices"))


@pytest.mark.parametrize("value", LONG)
@pytest.mark.parametrize("declared", ["REAL", "DECIMAL(10, 2)"])
def test_numbers_of_more_are_not(connection: sqlite3.Connection, declared: str, value: Any) -> None:
    """SQLite gives 15 digits of a REAL: a row that needs more, and Python writes the answers from then on."""
    connection.execute(f"CREATE TABLE prices (id INTEGER PRIMARY KEY, price {declared})")
    connection.executemany("INSERT INTO prices (price) VALUES (?)", [(1.5,), (value,)])
    check(connection, {"fields": ["id", "price"]}, "prices")
    assert not any("json_object" in text for text in statements(connection, {"fields": ["id", "price"]}, "prices"))


@pytest.mark.parametrize("declared", ["REAL", "DECIMAL(10, 2)"])
@pytest.mark.parametrize("value", [float("inf"), -float("inf"), b"\x01"])
def test_numbers_that_json_has_no_form_for(connection: sqlite3.Connection, declared: str, value: Any) -> None:
    """An infinity or a blob that comes later is refused with its place."""
    connection.execute(f"CREATE TABLE prices (id INTEGER PRIMARY KEY, price {declared})")
    connection.execute("INSERT INTO prices (price) VALUES (1.5)")
    registry, query = RelationRegistry(connection), {"fields": ["id", "price"]}
    texts(registry, query, "prices")
    connection.execute("UPDATE prices SET price = ?", (value,))
    for _ in range(4):
        with pytest.raises(InvalidQuery, match="no form in JSON") as caught:
            registry.items("prices").read(query).to_json()
        assert caught.value.where == "data[0].price"


@pytest.mark.parametrize("value", BEYOND)
def test_whole_numbers_that_are_none(connection: sqlite3.Connection, value: Any) -> None:
    """A column of whole numbers may hold anything: one such row, and Python writes the answers from then on."""
    connection.executemany("INSERT INTO notes (views) VALUES (?)", [(1,), (value,), (-(2**63),)])
    query = {"fields": ["id", "views"]}
    if isinstance(value, bytes):
        query["filter"] = {"id": {"_neq": 2}}
    check(connection, query)


@pytest.mark.parametrize("value", ["2026-01-02 03:04:05", "2026-01-02\0 03:04:05", 20260102, 0.1 + 0.2, "no day"])
def test_days_that_are_none(connection: sqlite3.Connection, value: Any) -> None:
    """So may a column of days: what is no day alone is Python's to write."""
    connection.executemany("INSERT INTO notes (day) VALUES (?)", [("2026-01-02",), (value,)])
    check(connection, {"fields": ["id", "day"]})


def test_what_comes_after_a_row_that_sqlite_could_not_write(connection: sqlite3.Connection) -> None:
    """SQLite is not asked a second time."""
    connection.execute("INSERT INTO notes (views) VALUES (1.5)")
    assert not any("json_object" in text for text in statements(connection, {"fields": ["id", "views"]}))


@pytest.mark.parametrize("column", ["title", "views", "day"])
def test_a_blob_that_comes_later(connection: sqlite3.Connection, column: str) -> None:
    """It is refused with its place, in whatever column it is, and the answers are right again when it is gone."""
    connection.execute("INSERT INTO notes (title) VALUES ('a')")
    registry, query = RelationRegistry(connection), {"fields": ["id", "title", "views", "day"]}
    before = texts(registry, query)
    connection.execute(f"UPDATE notes SET {column} = x'00'")
    for _ in range(5):
        with pytest.raises(InvalidQuery, match="no form in JSON") as caught:
            registry.items("notes").read(query).to_json()
        assert caught.value.where == f"data[0].{column}"
    connection.executescript("DELETE FROM notes; INSERT INTO notes (id, title) VALUES (1, 'a')")
    assert texts(registry, query) == before


def test_json_that_a_view_or_a_generated_column_makes_stays_text(connection: sqlite3.Connection) -> None:
    """As an argument of json_object it would be taken for JSON."""
    connection.executescript(
        "CREATE TABLE made (id INTEGER PRIMARY KEY, a TEXT, g TEXT AS (json_extract(a, '$.x')));"
        """INSERT INTO made (a) VALUES ('{"x": [1, 2]}');"""
        "CREATE VIEW seen AS SELECT id, g AS y FROM made"
    )
    check(connection, {"fields": ["id", "g"]}, "made")
    check(connection, {"fields": ["id", "y"]}, "seen")


def test_more_values_than_a_function_takes_arguments(connection: sqlite3.Connection) -> None:
    """They are written as several objects, and come out as one."""
    connection.execute(f"CREATE TABLE wide (id INTEGER PRIMARY KEY, {', '.join(f'c{n} TEXT' for n in range(150))})")
    connection.execute("INSERT INTO wide (c0, c149) VALUES ('a', 'b')")
    check(connection, {"fields": ["*"]}, "wide")


def test_what_an_access_sees(connection: sqlite3.Connection) -> None:
    """SQLite writes of a row what is seen of it: NULL for a value that is hidden."""
    connection.executemany("INSERT INTO notes (title, views) VALUES (?, ?)", [("a", 1), ("b", 2), (None, 1 << 62)])
    grants = [
        Grant(fields=("id", "title"), filter={"id": {"_lt": 3}}),
        Grant(fields=("id", "views"), filter={"id": {"_gt": 1}}),
    ]
    registry = RelationRegistry(connection).with_access(Access({"notes": grants}))
    query = {"fields": ["id", "title", "views"]}
    data = registry.items("notes").read(query).data
    assert data[0] == {"id": 1, "title": "a", "views": None}
    assert texts(registry, query) == [data] * 5


@pytest.mark.parametrize("sort", ["title", "-rating", "parent.title", "count(nodes)", "-day"])
def test_the_cursor_of_a_page_that_sqlite_has_written(connection: sqlite3.Connection, sort: str) -> None:
    """What its items are sorted by is taken from their text where it stands there, and from the row where not."""
    connection.executescript(
        "CREATE TABLE nodes"
        " (id INTEGER PRIMARY KEY, title TEXT, rating REAL, day DATE, parent INTEGER REFERENCES nodes);"
        "INSERT INTO nodes VALUES (1, 'é\"', 1.5, NULL, 3), (2, NULL, 1.5, '2026-01-02', 1), (3, 'b', NULL, NULL, 1)"
    )
    registry = RelationRegistry(connection)
    query: dict[str, Any] = {"fields": ["id", "title", "rating", "day"], "sort": sort, "limit": 1, "cursor": ""}
    seen = []
    while query["cursor"] is not None:
        page = registry.items("nodes").read(query)
        seen += page.data
        assert texts(registry, query, "nodes") == [page.data] * 5
        written = registry.items("nodes").read(query)
        assert json.loads(written.to_json()) == page.data
        assert written.cursor == page.cursor
        query["cursor"] = page.cursor
    assert sorted(item["id"] for item in seen) == [1, 2, 3]


@pytest.mark.parametrize("limit", [50, 500])
@pytest.mark.parametrize("place", ["items", "kinds", "parts"])
def test_a_row_that_sqlite_cannot_write_at_any_level(connection: sqlite3.Connection, place: str, limit: int) -> None:
    """It is noticed in a root, behind a to-one relation, joined or not, and in a list."""
    connection.executescript(
        "CREATE TABLE kinds (id INTEGER PRIMARY KEY, label TEXT, n INTEGER);"
        "CREATE TABLE items (id INTEGER PRIMARY KEY, label TEXT, n INTEGER, kind INTEGER REFERENCES kinds);"
        "CREATE TABLE parts (id INTEGER PRIMARY KEY, label TEXT, n INTEGER, item INTEGER REFERENCES items);"
        "INSERT INTO kinds VALUES (1, 'a', 1), (2, 'b', 2); INSERT INTO items VALUES (1, 'c', 1, 1), (2, 'd', 2, 2);"
        "INSERT INTO parts VALUES (1, 'e', 1, 1), (2, 'f', 2, 1)"
    )
    fields = ["id", "label", "n"]
    query = {"fields": [*fields, *(f"{hop}.{name}" for hop in ("kind", "parts") for name in fields)], "limit": limit}
    check(connection, query, "items")
    assert any("json_object" in text for text in statements(connection, query, "items"))
    connection.execute(f"UPDATE {place} SET n = 1.5 WHERE id = 2")
    check(connection, query, "items")
