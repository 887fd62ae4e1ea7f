"""A small shop, and the relations that its tests make."""

from __future__ import annotations

from pathlib import Path

from relgraph import RelationRegistry

DATA = Path(__file__).parents[1] / "data"
OWN = ("relgraph_relations", "sqlite_sequence")  # what storing the first relation makes
SHOP = """
CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT, code TEXT UNIQUE);
CREATE TABLE articles (
  id INTEGER PRIMARY KEY, title TEXT, author INTEGER, editor INTEGER,
  reviewer INTEGER REFERENCES authors ON DELETE CASCADE, author_code TEXT, place INTEGER
);
CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT);
CREATE TABLE articles_tags (id INTEGER PRIMARY KEY, articles_id INTEGER, tags_id INTEGER, place INTEGER);
CREATE TABLE sections (id INTEGER PRIMARY KEY, article INTEGER, item TEXT, kind TEXT, place INTEGER);
INSERT INTO authors VALUES (1, 'Ann', 'a'), (2, 'Ben', 'b');
INSERT INTO articles VALUES (1, 'One', 1, NULL, 2, 'a', 1), (2, 'Two', 2, 1, NULL, NULL, 2);
INSERT INTO sections VALUES (1, 1, '1', 'tags', 1);
INSERT INTO tags VALUES (1, 'red');
"""
AUTHOR = {"many_collection": "articles", "many_field": "author", "one_collection": "authors", "one_field": "articles"}
HALVES = (
    {
        "collection": "articles_tags",
        "field": "articles_id",
        "related_collection": "articles",
        "meta": {"one_field": "tags", "junction_field": "tags_id", "sort_field": "place"},
        "schema": {"on_delete": "CASCADE"},
    },
    {
        "collection": "articles_tags",
        "field": "tags_id",
        "related_collection": "tags",
        "meta": {"one_field": "articles", "junction_field": "articles_id"},
    },
)
ANY = {
    "many_collection": "sections",
    "many_field": "item",
    "one_collection_field": "kind",
    "one_allowed_collections": ["tags", "authors"],
}


def keys_of(registry: RelationRegistry, table: str) -> set[tuple[str, str, str, str]]:
    """Give the foreign keys of a table: column, target, on delete, on update."""
    rows = registry.connection.execute("SELECT * FROM pragma_foreign_key_list(?)", (table,)).fetchall()
    return {(row[3], row[2], row[6], row[5]) for row in rows}
