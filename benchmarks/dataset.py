"""The database that every side reads: articles with authors, tags, comments and reactions, and pages made of sections.

In: a path and the number of articles. Out: a file, the same bytes for the same number. Foreign keys have indexes, pages
of articles have (status, published) and (published); nothing was analysed, as in most files one meets.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from relgraph import Relation
from relgraph.storage.catalog import insert_relation
from relgraph.storage.connection import Database

Row = tuple[Any, ...]

TAGS = 500
PAGES_PER_ARTICLE = 0.1
COMMON_TAG, RARE_TAG = "tag 1", f"tag {TAGS}"  # on two articles of five, on three of a thousand
COMMON_COUNTRY, RARE_COUNTRY = "France", "Tuvalu"  # every second author, every hundredth
COMMON_KIND, RARE_KIND = "like", "report"  # every second reaction, one of a thousand
SECTIONS = ("headings", "paragraphs", "images")

_TABLES = """
    CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT NOT NULL, country TEXT NOT NULL);
    CREATE TABLE categories (id INTEGER PRIMARY KEY, name TEXT NOT NULL, parent INTEGER REFERENCES categories(id));
    CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT NOT NULL UNIQUE);
    CREATE TABLE articles (
        id INTEGER PRIMARY KEY, title TEXT NOT NULL, status TEXT NOT NULL, published DATE, views INTEGER, rating REAL,
        author INTEGER REFERENCES authors(id), category INTEGER REFERENCES categories(id)
    );
    CREATE TABLE articles_tags (
        id INTEGER PRIMARY KEY, article INTEGER REFERENCES articles(id), tag INTEGER REFERENCES tags(id)
    );
    CREATE TABLE comments (
        id INTEGER PRIMARY KEY, article INTEGER REFERENCES articles(id), text TEXT, likes INTEGER, flagged BOOLEAN
    );
    CREATE TABLE reactions (id INTEGER PRIMARY KEY, comment INTEGER REFERENCES comments(id), kind TEXT NOT NULL);
    CREATE TABLE pages (id INTEGER PRIMARY KEY, title TEXT NOT NULL);
    CREATE TABLE headings (id INTEGER PRIMARY KEY, text TEXT, level INTEGER);
    CREATE TABLE paragraphs (id INTEGER PRIMARY KEY, text TEXT);
    CREATE TABLE images (id INTEGER PRIMARY KEY, file TEXT, width INTEGER, height INTEGER);
    CREATE TABLE sections (
        id INTEGER PRIMARY KEY, page INTEGER REFERENCES pages(id), collection TEXT NOT NULL, item TEXT NOT NULL
    );
"""

_INDEXES = """
    CREATE INDEX categories_parent ON categories (parent);
    CREATE INDEX articles_author ON articles (author);
    CREATE INDEX articles_category ON articles (category);
    CREATE INDEX articles_status_published ON articles (status, published);
    CREATE INDEX articles_published ON articles (published);
    CREATE INDEX articles_tags_article ON articles_tags (article);
    CREATE INDEX articles_tags_tag ON articles_tags (tag, article);
    CREATE INDEX comments_article ON comments (article);
    CREATE INDEX reactions_comment ON reactions (comment);
    CREATE INDEX sections_page ON sections (page);
"""

_RELATIONS = (
    Relation("articles_tags", "article", "articles", "tags", junction_field="tag"),
    Relation("articles_tags", "tag", "tags", "articles", junction_field="article"),
    Relation("sections", "page", "pages", "sections", junction_field="item"),
    Relation(
        "sections",
        "item",
        one_collection_field="collection",
        one_allowed_collections=SECTIONS,
        junction_field="page",
    ),
)


def build(path: Path, articles: int) -> None:
    """Make the database of so many articles."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -262144;")
    connection.executescript(_TABLES)
    connection.execute("BEGIN")
    for table, rows in _contents(articles).items():
        _insert(connection, table, rows)
    connection.execute("COMMIT")
    connection.executescript(_INDEXES)
    connection.close()
    database = Database.open(path)
    for relation in _RELATIONS:
        insert_relation(database, relation)
    database.close()


def pages(articles: int) -> int:
    """Give the number of pages in the database of so many articles."""
    return max(1, int(articles * PAGES_PER_ARTICLE))


def _insert(connection: sqlite3.Connection, table: str, rows: Iterable[Row]) -> None:
    columns = len(connection.execute(f"PRAGMA table_info({table})").fetchall())
    connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * columns)})", rows)


def _contents(articles: int) -> dict[str, Iterator[Row]]:
    """Give the rows of each table; every table has a source of chance of its own."""
    authors, categories, comments = max(2, articles // 100), max(10, articles // 1000), 5 * articles
    return {
        "authors": ((n, f"author {n}", _country(n)) for n in range(1, authors + 1)),
        "categories": ((n, f"category {n}", n // 4 or None) for n in range(1, categories + 1)),
        "tags": ((n, f"tag {n}") for n in range(1, TAGS + 1)),
        "articles": _articles(articles, authors, categories),
        "articles_tags": _article_tags(articles),
        "comments": _comments(comments, articles),
        "reactions": _reactions(comments),
        "pages": ((n, f"page {n}") for n in range(1, pages(articles) + 1)),
        "headings": ((n, f"heading {n}", n % 3 + 1) for n in range(1, 2 * pages(articles) + 1)),
        "paragraphs": ((n, f"paragraph number {n} of the whole") for n in range(1, 2 * pages(articles) + 1)),
        "images": ((n, f"image-{n}.png", 640 + n % 9, 480) for n in range(1, pages(articles) + 1)),
        "sections": _sections(pages(articles)),
    }


def _country(author: int) -> str:
    if author % 2 == 0:
        return COMMON_COUNTRY
    return RARE_COUNTRY if author % 100 == 1 else f"country {author % 27}"


def _articles(articles: int, authors: int, categories: int) -> Iterator[Row]:
    chance = Random("articles").random
    start = date(2015, 1, 1)
    days = [(start + timedelta(days=n)).isoformat() for n in range(3650)]
    states = ("published",) * 6 + ("draft",) * 3 + ("archived",)
    for n in range(1, articles + 1):
        author = None if n % 100 == 99 else int(chance() * authors) + 1
        yield (
            n,
            f"article number {n}",
            states[int(chance() * 10)],
            days[int(chance() * 3650)],
            int(chance() * 10_000),
            int(chance() * 50) / 10,
            author,
            int(chance() * categories) + 1,
        )


def _article_tags(articles: int) -> Iterator[Row]:
    """Give three different tags for each article; low numbers are frequent, high ones rare."""
    chance = Random("tags").random
    key = 0
    for article in range(1, articles + 1):
        chosen: dict[int, None] = {1: None} if chance() < 0.4 else {}
        while len(chosen) < 3:
            chosen[int(chance() ** 2 * (TAGS - 1)) + 2] = None
        for tag in chosen:
            key += 1
            yield key, article, tag


def _comments(comments: int, articles: int) -> Iterator[Row]:
    chance = Random("comments").random
    for n in range(1, comments + 1):
        yield n, int(chance() * articles) + 1, f"comment number {n}", n % 17, int(chance() < 0.1)


def _reactions(comments: int) -> Iterator[Row]:
    chance = Random("reactions").random
    others = ("laugh", "heart", "sad")
    for n in range(1, comments + 1):
        kind = RARE_KIND if n % 1000 == 500 else COMMON_KIND if n % 2 else others[n % 3]
        yield n, int(chance() * comments) + 1, kind


def _sections(pages: int) -> Iterator[Row]:
    """Give five sections for each page; every thousandth points at nothing."""
    key = 0
    for page in range(1, pages + 1):
        first = 2 * page - 1
        items = (("headings", first), ("paragraphs", first), ("images", page), ("headings", first + 1))
        for collection, item in (*items, ("paragraphs", first + 1)):
            key += 1
            yield key, page, collection, str(item if key % 1000 else -item)
