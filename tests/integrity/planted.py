"""A database with one kind of damage for every rule, and the keys of the rows at fault.

`SOUND` is consistent; each entry of `DAMAGE` breaks one rule, written with foreign keys off, as another program would.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from attrs import frozen

SOUND: Final = """
CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE countries (code VARCHAR(2) PRIMARY KEY, name TEXT);
CREATE TABLE articles (
  id INTEGER PRIMARY KEY, author INTEGER REFERENCES authors (id), country VARCHAR(2) REFERENCES countries (code),
  loose REFERENCES authors (id), parent INTEGER REFERENCES articles (id), position INTEGER
);
CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT);
CREATE TABLE articles_tags (
  id INTEGER PRIMARY KEY, article INTEGER REFERENCES articles (id), tag INTEGER REFERENCES tags (id)
);
CREATE TABLE related (id INTEGER PRIMARY KEY, one INTEGER REFERENCES articles, other INTEGER REFERENCES articles);
CREATE TABLE pages (id INTEGER PRIMARY KEY);
CREATE TABLE sections (id INTEGER PRIMARY KEY, page INTEGER REFERENCES pages (id), collection TEXT, item TEXT);
CREATE TABLE bookmarks (id INTEGER PRIMARY KEY, collection TEXT, item TEXT);
CREATE TABLE orders (shop TEXT, number INTEGER, PRIMARY KEY (shop, number));
CREATE TABLE lines (
  id INTEGER PRIMARY KEY, shop TEXT, number INTEGER, FOREIGN KEY (shop, number) REFERENCES orders (shop, number)
);
CREATE TABLE relgraph_relations (
  id INTEGER PRIMARY KEY, many_collection TEXT NOT NULL, many_field TEXT NOT NULL, one_collection TEXT, one_field TEXT,
  one_collection_field TEXT, one_allowed_collections TEXT, junction_field TEXT, sort_field TEXT,
  one_deselect_action TEXT NOT NULL DEFAULT 'nullify'
);
INSERT INTO relgraph_relations (many_collection, many_field, one_collection, one_field, sort_field)
  VALUES ('articles', 'author', 'authors', 'articles', 'position');
INSERT INTO relgraph_relations (many_collection, many_field, one_collection_field, one_allowed_collections,
  junction_field, one_collection, one_field) VALUES
  ('sections', 'page', NULL, NULL, 'item', 'pages', 'sections'),
  ('sections', 'item', 'collection', 'authors,countries', 'page', NULL, NULL),
  ('bookmarks', 'item', 'collection', 'authors,countries', NULL, NULL, NULL);
INSERT INTO authors VALUES (1, 'ann'), (2, 'ben'), (7, 'cleo');
INSERT INTO countries VALUES ('de', 'Germany'), ('07', 'a code like a number');
INSERT INTO articles (id, author, country, loose, parent, position) VALUES
  (1, 1, 'de', 1, NULL, 1), (2, 1, '07', 7, 1, 2), (3, 2, NULL, NULL, 2, 1), (4, NULL, 'de', 2, 1, NULL);
INSERT INTO tags VALUES (1, 'red'), (2, 'blue');
INSERT INTO articles_tags (article, tag) VALUES (1, 1), (1, 2), (2, 1);
INSERT INTO related (one, other) VALUES (1, 2), (2, 1), (3, 3);
INSERT INTO pages VALUES (1), (2);
INSERT INTO sections (page, collection, item) VALUES (1, 'authors', '7'), (1, 'countries', '07'), (2, 'authors', '7');
INSERT INTO bookmarks (collection, item) VALUES ('authors', '1'), ('countries', 'de'), (NULL, NULL);
INSERT INTO orders VALUES ('a', 1), ('b', 2);
INSERT INTO lines (shop, number) VALUES ('a', 1), ('b', 2), (NULL, 9), ('c', NULL);
"""


@frozen
class Damage:
    """Statements that break one rule, and the problem owed: its relation, the rows at fault and their first keys."""

    rule: str
    relation: str
    script: str
    keys: tuple[Any, ...]

    def __str__(self) -> str:
        return f"{self.rule} of {self.relation}"


DAMAGE: Final = (
    Damage("dangling-m2o", "articles.author", "UPDATE articles SET author = 99 WHERE id IN (2, 3)", (2, 3)),
    Damage("dangling-m2o", "articles.country", "UPDATE articles SET country = '7' WHERE id = 2", (2,)),
    Damage("dangling-m2o", "articles.loose", "UPDATE articles SET loose = 'x' WHERE id = 2", (2,)),
    Damage("dangling-m2o", "articles.parent", "UPDATE articles SET parent = 99 WHERE id = 3", (3,)),
    Damage("dangling-m2o", "articles_tags.tag", "INSERT INTO articles_tags (id, article, tag) VALUES (9, 1, 9)", (9,)),
    Damage("dangling-m2o", "lines.shop,number", "INSERT INTO lines VALUES (9, 'a', 2), (10, 'x', 1)", (9, 10)),
    Damage("dangling-m2a", "bookmarks.item", "INSERT INTO bookmarks VALUES (9, 'authors', '99')", (9,)),
    Damage("dangling-m2a", "bookmarks.item", "INSERT INTO bookmarks VALUES (9, 'countries', '7')", (9,)),
    Damage("dangling-m2a", "bookmarks.item", "INSERT INTO bookmarks VALUES (9, 'countries', 'DE')", (9,)),
    Damage("dangling-m2a", "bookmarks.item", "INSERT INTO bookmarks VALUES (9, 'authors', '7x')", (9,)),
    Damage("dangling-m2a", "sections.item", "INSERT INTO sections VALUES (9, 1, 'authors', NULL)", (9,)),
    Damage("m2a-collection", "bookmarks.item", "INSERT INTO bookmarks VALUES (9, NULL, '1')", (9,)),
    Damage("m2a-collection", "bookmarks.item", "INSERT INTO bookmarks VALUES (9, 'nowhere', '1')", (9,)),
    Damage("m2a-collection", "bookmarks.item", "INSERT INTO bookmarks VALUES (9, 'tags', '1')", (9,)),
    Damage("m2a-collection", "bookmarks.item", "INSERT INTO bookmarks VALUES (9, 'Authors', '1')", (9,)),
    Damage("m2a-collection", "bookmarks.item", "INSERT INTO bookmarks VALUES (9, 'nowhere', NULL)", (9,)),
    Damage(
        "key-form",
        "bookmarks.item",
        "INSERT INTO bookmarks SELECT 10 + key, 'authors', value"
        ' FROM json_each(\'["07", " 7", "7.0", "+7", "7e0", "7 "]\')',
        (10, 11, 12, 13, 14, 15),
    ),
    Damage("key-form", "articles.loose", "UPDATE articles SET loose = '7' WHERE id = 2", (2,)),
    Damage("key-form", "articles.loose", "UPDATE articles SET loose = ' 07' WHERE id = 2", (2,)),
    Damage("key-form", "articles.loose", "UPDATE articles SET loose = 7.0 WHERE id = 2", (2,)),
    Damage("orphan-junction", "articles_tags.article", "UPDATE articles_tags SET tag = NULL WHERE id > 1", (2, 3)),
    Damage(
        "orphan-junction",
        "articles_tags.article",
        "INSERT INTO articles_tags VALUES (8, NULL, NULL), (9, NULL, 1)",
        (8, 9),
    ),
    Damage(
        "orphan-junction",
        "sections.page",
        "INSERT INTO sections VALUES (8, NULL, 'authors', '7'), (9, 1, NULL, NULL)",
        (8, 9),
    ),
    Damage(
        "duplicate-link",
        "articles_tags.article",
        "INSERT INTO articles_tags VALUES (8, 1, 1), (9, 1, 1), (10, 2, 2)",
        (8, 9),
    ),
    Damage("duplicate-link", "related.one", "INSERT INTO related VALUES (8, 1, 2), (9, 2, 3), (10, 3, 3)", (8, 10)),
    Damage("duplicate-link", "sections.page", "INSERT INTO sections VALUES (9, 1, 'authors', '7')", (9,)),
    Damage(
        "tree-cycle",
        "articles.parent",
        "UPDATE articles SET parent = 3 WHERE id = 1",
        (1, 2, 3),
    ),
    Damage("tree-cycle", "articles.parent", "UPDATE articles SET parent = 2 WHERE id = 2", (2,)),
    Damage("sort-order", "articles.author", "UPDATE articles SET position = NULL WHERE id = 1", (1,)),
    Damage("sort-order", "articles.author", "UPDATE articles SET position = 1 WHERE id = 2", (2,)),
    Damage("required-null", "countries.code", "INSERT INTO countries VALUES (NULL, 'x'), (NULL, 'y')", (3, 4)),
)


def planted(path: str, *damages: Damage) -> str:
    """Write the sound database, and then the damage, to a new file; give its path."""
    connection = sqlite3.connect(path, isolation_level=None)
    scripts = [SOUND, *(damage.script for damage in damages)]
    connection.executescript(f"PRAGMA synchronous = OFF; BEGIN; {';'.join(scripts)}; COMMIT")
    connection.close()
    return path
