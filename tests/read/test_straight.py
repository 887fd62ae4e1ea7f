"""Straight reads: the same statements and answers as going through the levels one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from relgraph import Param, RelationRegistry
from relgraph.errors import InvalidQuery
from relgraph.items import Items
from relgraph.read.fetch import CHUNK, Reader
from tests.statements import Trace

SCRIPT = """
CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT, boss INTEGER REFERENCES authors);
CREATE TABLE articles (id INTEGER PRIMARY KEY, title TEXT, author INTEGER REFERENCES authors);
INSERT INTO authors VALUES (1, 'Ann', NULL), (2, 'Bo', 1), (3, NULL, 2);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
    INSERT INTO articles SELECT i, 'title ' || i, nullif(i % 4, 0) FROM n;
"""


@pytest.fixture
def articles() -> Iterator[Items]:
    """The items of a collection of 1500, whose authors have a boss or none."""
    with RelationRegistry() as registry:
        registry.connection.executescript(SCRIPT)
        yield registry.items("articles")


def reader_of(items: Items) -> Reader:
    """Give the reader of the one query that was asked."""
    (reader,) = items._registry.readers.readers.values()
    return reader


FLAT = {"fields": ["title", "author"], "sort": "-title", "limit": 3}
DEEP = {"fields": ["title", "author.name", "author.articles.title", "author.boss.name"], "limit": 200}
ONE = {"fields": ["author.*"], "filter": {"id": {"_eq": 6}}, "limit": 200}
NONE = {"fields": ["author.articles.id"], "filter": {"author": {"_null": True}}}
LISTED = {"fields": ["id", "author.articles.id"], "filter": {"id": {"_in": [1, 2, 3]}}}
PAGED = {**DEEP, "deep": {"author": {"articles": {"_limit": 2, "_sort": "-id"}}}}
COUNTED = {**FLAT, "meta": ["total_count"]}


@pytest.mark.parametrize("query", [FLAT, DEEP, ONE, NONE, LISTED, PAGED, COUNTED])
def test_the_same_statements_and_answer(articles: Items, query: Any) -> None:
    """From its second use on a plan is read straight; nothing but the time tells."""
    traces = []
    for _ in range(4):
        with Trace(articles._registry.connection) as trace:
            traces.append((articles.read(query).data, trace.selects))
    reads = reader_of(articles).builders.as_items.reads
    assert [read is not None for read in reads.values()] == [True]
    assert all(trace == traces[0] for trace in traces)


def test_keys_in_chunks(articles: Items) -> None:
    """More parents than one statement asks for are asked for in several."""
    assert CHUNK < 1500
    authors = articles._registry.items("authors")
    authors._registry.connection.execute("UPDATE authors SET boss = NULL")
    authors._registry.connection.execute("INSERT INTO authors SELECT id + 3, title, 1 FROM articles")
    query = {"fields": ["id", "articles.id"], "limit": 1400}
    first = authors.read(query).data
    assert authors.read(query).data == authors.read(query).data == first
    assert [len(author["articles"]) for author in first[:4]] == [375, 375, 375, 0]


@pytest.mark.parametrize(
    "query", [{"aggregate": {"sum": "author"}}, {"fields": ["id", "articles.id"]}], ids=["sums", "whole collections"]
)
def test_what_is_not_straight(articles: Items, query: Any) -> None:
    """A read that has to look at what it found before it goes on is gone through level by level."""
    authors = articles._registry.items("authors" if "fields" in query else "articles")
    for _ in range(3):
        assert authors.read(query).data
    assert list(reader_of(authors).builders.as_items.reads.values()) == [None]


def test_a_parameter_that_is_missing(articles: Items) -> None:
    """A prepared query says so however often it ran."""
    prepared = articles.prepare(fields=["id"], filter={"title": {"_eq": Param("title")}}, limit=Param("limit"))
    for _ in range(3):
        assert prepared(title="title 7", limit=2).data == [{"id": 7}]
        with pytest.raises(InvalidQuery, match="'title' was given no value"):
            prepared(limit=2)
