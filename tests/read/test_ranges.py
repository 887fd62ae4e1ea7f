"""Ranges: parents whose keys follow one another have the same children, however many are asked for at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from relgraph import Access, Grant, RelationRegistry
from relgraph.read.fetch import CHUNK
from tests.statements import Trace

PARENTS = 3 * CHUNK
SCRIPT = f"""
    CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE books (id INTEGER PRIMARY KEY, author INTEGER REFERENCES authors(id), pages INTEGER, day TEXT);
    CREATE TABLE notes (id TEXT PRIMARY KEY, author INTEGER REFERENCES authors(id));
    CREATE TABLE marks (id INTEGER PRIMARY KEY, author REFERENCES authors(id));
    CREATE INDEX by_author ON books (author);
    WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {PARENTS})
        INSERT INTO authors SELECT i, 'name ' || i FROM n;
    INSERT INTO books (author, pages) SELECT nullif(id * 7919 % {PARENTS}, 5), id % 9 FROM authors;
    INSERT INTO books (author, pages) SELECT author, -pages FROM books WHERE id % 3 = 0;
    INSERT INTO books (author) VALUES (7.5), ('apple'), (NULL), (-4), ({2 * PARENTS});
    INSERT INTO notes SELECT 'note ' || id, id FROM authors;
    INSERT INTO marks SELECT id, CASE id % 3 WHEN 0 THEN id WHEN 1 THEN id || '' ELSE id * 1.0 END FROM authors;
"""
FIELDS = ["id", "books.id", "books.pages", "notes.id"]
QUERIES: list[dict[str, Any]] = [
    {"fields": FIELDS},
    {"fields": FIELDS, "limit": 2 * CHUNK, "offset": CHUNK // 2},
    {"fields": FIELDS, "sort": "-id", "limit": 2 * CHUNK, "deep": {"books": {"_sort": ["-pages", "id"]}}},
    {"fields": FIELDS, "filter": {"id": {"_neq": 17}}},
    {"fields": FIELDS, "filter": {"name": {"_nnull": True}}, "deep": {"books": {"_filter": {"pages": {"_gt": 3}}}}},
    {"fields": ["books.author.books.id"], "limit": CHUNK + 1, "deep": {"books": {"_limit": 1}}},
]


@pytest.fixture(scope="module")
def registry() -> Iterator[RelationRegistry]:
    """Give authors with books in no order, some of nobody, and keys of every kind that means one of them."""
    with RelationRegistry() as opened:
        opened.connection.execute("PRAGMA foreign_keys = OFF")
        opened.connection.executescript(SCRIPT)
        yield opened


def kinds(registry: RelationRegistry, query: dict[str, Any], table: str = "books") -> list[str]:
    """Give how the children of a table are asked for."""
    with Trace(registry.connection) as trace:
        registry.items("authors").read(query).data  # noqa: B018  # reads
    asked = [text for text in trace.selects if f'FROM main."{table}"' in text]
    words = {
        f'{sign}t0."author" {word}': kind
        for sign, word, kind in (
            ("+", "BETWEEN", "scan"),
            ("WHERE ", "BETWEEN", "range"),
            ("", "IN", "list"),
            ("+", "IS NOT NULL", "whole"),
        )
    }
    return [next(kind for word, kind in words.items() if word in text) for text in asked]


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_items_are_the_same(registry: RelationRegistry, query: dict[str, Any]) -> None:
    """Read at once, or as a stream that asks for few keys at a time, items are the same in the same order."""
    items = registry.items("authors")
    listed = list(items.stream(query, chunk_size=CHUNK))
    assert items.read(query).data == listed
    assert all(json.loads(items.read(query).to_json()) == listed for _ in range(3))


def test_many_parents_are_asked_for_at_once(registry: RelationRegistry) -> None:
    """Keys that follow one another are one range; where it is a large share of all, their children are scanned."""
    fields = ["id", "books.id"]
    assert kinds(registry, {"fields": fields, "limit": CHUNK}) == ["list"]
    assert kinds(registry, {"fields": fields, "limit": CHUNK + 1}) == ["scan"]
    assert kinds(registry, {"fields": fields, "limit": CHUNK + 1, "sort": "-id"}) == ["scan"]
    assert kinds(registry, {"fields": fields, "filter": {"id": {"_neq": 17}}}) == ["list"] * 3
    assert kinds(registry, {"fields": fields}) == ["whole"]
    by_pages = {"books": {"_sort": "pages"}}
    assert kinds(registry, {"fields": fields, "limit": CHUNK + 1, "deep": by_pages}) == ["range"]
    # numbers as text are in no range of numbers
    assert kinds(registry, {"fields": ["id", "marks.id"], "limit": CHUNK + 1}, "marks") == ["list"] * 2


def test_a_small_share_is_looked_up(registry: RelationRegistry) -> None:
    """With many more parents than are asked for, an index leads to their children."""
    connection = registry.connection
    connection.execute("BEGIN")
    connection.execute(f"INSERT INTO authors VALUES ({20 * PARENTS}, 'last')")
    connection.execute("COMMIT")
    assert kinds(registry, {"fields": ["id", "books.id"], "limit": CHUNK + 1}) == ["range"]
    connection.execute(f"DELETE FROM authors WHERE id = {20 * PARENTS}")
    assert kinds(registry, {"fields": ["id", "books.id"], "limit": CHUNK + 1}) == ["scan"]


def test_an_access_sees_the_same_children(registry: RelationRegistry) -> None:
    """An access that sees a part of the children is given these."""
    grants = {"authors": Grant(), "books": Grant(filter={"pages": {"_gt": 3}})}
    query = {"fields": ["id", "books.id"], "limit": 2 * CHUNK}
    deep = {"books": {"_filter": {"pages": {"_gt": 3}}}}
    seen = registry.with_access(Access(grants)).items("authors").read(query).data
    assert seen == registry.items("authors").read({**query, "deep": deep}).data
