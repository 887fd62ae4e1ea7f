"""A database with a relation of every kind, and an access that knows a part of it.

In every collection the field `sealed` is hidden, and the collection `bunkers` is hidden altogether. These names are as
far from all readable ones as the names that are not there, so that hints are the same for both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from relgraph import Access, Grant, RelationRegistry

SCRIPT: Final = """
CREATE TABLE countries (id INTEGER PRIMARY KEY, name TEXT, sealed TEXT);
CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT, sealed DATE, country INTEGER REFERENCES countries);
CREATE TABLE bunkers (id INTEGER PRIMARY KEY, name TEXT, likes INTEGER, article INTEGER REFERENCES articles);
CREATE TABLE articles (
  id INTEGER PRIMARY KEY, title TEXT, views INTEGER, sealed JSON, author INTEGER REFERENCES authors,
  vault INTEGER REFERENCES bunkers
);
CREATE TABLE comments (
  id INTEGER PRIMARY KEY, text TEXT, likes INTEGER, sealed INTEGER, article INTEGER REFERENCES articles,
  writer INTEGER REFERENCES authors
);
CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT, sealed TEXT);
CREATE TABLE articles_tags (
  id INTEGER PRIMARY KEY, articles_id INTEGER REFERENCES articles, tags_id INTEGER REFERENCES tags, sealed INTEGER
);
CREATE TABLE paragraphs (id INTEGER PRIMARY KEY, body TEXT, sealed TEXT);
CREATE TABLE sections (
  id INTEGER PRIMARY KEY, article INTEGER REFERENCES articles, item TEXT, collection TEXT, sealed INTEGER
);
INSERT INTO countries VALUES (1, 'Poland', 'x'), (2, 'Chile', 'y');
INSERT INTO authors VALUES (1, 'Lem', '2024-01-01', 1), (2, 'Bo', '2023-01-01', 2);
INSERT INTO articles VALUES (1, 'Solaris', 10, '{"a": 1}', 1, NULL), (2, 'Fiasco', 20, '{"a": 2}', 1, NULL),
  (3, 'Draft', 30, NULL, 2, NULL);
INSERT INTO bunkers VALUES (1, 'gold', 5, 1), (2, 'silver', 6, 2);
UPDATE articles SET vault = id WHERE id < 3;
INSERT INTO comments VALUES (1, 'good', 3, 1, 1, 2), (2, 'bad', 1, 2, 1, 1), (3, 'so', 9, 3, 3, 2);
INSERT INTO tags VALUES (1, 'space', 'x'), (2, 'sea', 'y');
INSERT INTO articles_tags VALUES (1, 1, 1, 1), (2, 1, 2, 2), (3, 2, 1, 3);
INSERT INTO paragraphs VALUES (1, 'Long ago', 'x');
INSERT INTO sections VALUES (1, 1, '1', 'paragraphs', 1), (2, 1, '2', 'bunkers', 2), (3, 2, NULL, NULL, 3);
"""
RELATIONS: Final = (
    {"collection": "comments", "field": "article", "related_collection": "articles", "meta": {"one_field": "comments"}},
    {"collection": "bunkers", "field": "article", "related_collection": "articles", "meta": {"one_field": "buried"}},
    {"collection": "sections", "field": "article", "related_collection": "articles", "meta": {"one_field": "sections"}},
    {
        "collection": "articles_tags",
        "field": "articles_id",
        "related_collection": "articles",
        "meta": {"one_field": "tags", "junction_field": "tags_id"},
    },
    {
        "collection": "articles_tags",
        "field": "tags_id",
        "related_collection": "tags",
        "meta": {"one_field": "articles", "junction_field": "articles_id"},
    },
    {
        "collection": "sections",
        "field": "item",
        "related_collection": None,
        "meta": {"one_collection_field": "collection", "one_allowed_collections": ["paragraphs", "bunkers"]},
    },
)
HIDDEN: Final = ("bunkers",)


@contextmanager
def newsroom() -> Iterator[RelationRegistry]:
    """Open a new database with these tables and relations."""
    with RelationRegistry() as registry:
        registry.connection.executescript(SCRIPT)
        registry.create([dict(relation) for relation in RELATIONS])
        yield registry


def grants(registry: RelationRegistry, **filters: Any) -> dict[str, Grant]:
    """Give grants of everything but the hidden, with a row rule for each collection that is named."""
    return {
        collection.name: Grant([name for name in collection.names if name != "sealed"], filters.get(collection.name))
        for collection in registry.schema
        if collection.name not in HIDDEN
    }


def restricted(registry: RelationRegistry, **filters: Any) -> RelationRegistry:
    """Give the registry as such an access sees it."""
    return registry.with_access(Access(grants(registry, **filters)))
