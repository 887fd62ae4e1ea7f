"""A small guarded database with every kind of relation, and the programs that write to it."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from relgraph import RelationRegistry
from relgraph.integrity.guards import ENFORCED

TABLES: Final = """
CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT UNIQUE, color TEXT);
CREATE TABLE heads (code TEXT PRIMARY KEY, size INTEGER);
CREATE TABLE loose (id PRIMARY KEY, name TEXT);
CREATE TABLE pages (
  id INTEGER PRIMARY KEY, slug TEXT UNIQUE, parent INTEGER REFERENCES pages ON DELETE CASCADE,
  main_tag INTEGER REFERENCES tags ON DELETE SET NULL ON UPDATE CASCADE, head TEXT REFERENCES heads
);
CREATE TABLE pages_tags (
  id INTEGER PRIMARY KEY, pages_id INTEGER REFERENCES pages ON DELETE SET NULL,
  tags_id INTEGER REFERENCES tags ON DELETE CASCADE ON UPDATE CASCADE, place INTEGER
);
CREATE TABLE sections (
  id INTEGER PRIMARY KEY, pages_id INTEGER REFERENCES pages ON DELETE CASCADE, item TEXT, kind TEXT, place INTEGER
);
CREATE TABLE notes (id INTEGER PRIMARY KEY, item TEXT, kind TEXT, tag INTEGER, code TEXT);
CREATE TABLE pins (id INTEGER PRIMARY KEY, item TEXT, kind TEXT);
INSERT INTO tags VALUES (1, 'red', 'r'), (2, 'green', 'g'), (3, 'blue', 'b'), (4, 'free', NULL);
INSERT INTO heads VALUES ('h', 1), ('7', 2), ('07', 3), ('free', 4);
INSERT INTO loose VALUES (1, 'number'), ('one', 'text'), (x'6262', 'blob'), (9, 'free');
INSERT INTO pages VALUES (1, 'a', NULL, 1, 'h'), (2, 'b', 1, NULL, NULL), (3, 'c', 2, 2, NULL), (4, 'd', NULL, 1, NULL);
INSERT INTO pages_tags VALUES (1, 1, 1, 1), (2, 1, 2, 2), (3, 4, 1, 1), (4, 2, 3, 1);
INSERT INTO sections VALUES
  (1, 1, '1', 'tags', 1), (2, 1, '7', 'heads', 2), (3, 2, '1', 'tags', 1),
  (4, 3, 'one', 'loose', 1), (5, 3, '1', 'loose', 2);
INSERT INTO notes VALUES (1, NULL, NULL, NULL, NULL), (2, '2', 'tags', 1, 'red'), (3, 'h', 'heads', NULL, NULL);
INSERT INTO pins VALUES (1, '3', 'tags'), (2, '1', 'pins'), (3, '2', 'pins'), (4, NULL, NULL);
"""
PAGES: Final = {"collection": "pages_tags", "field": "pages_id", "related_collection": "pages"}
TAGS: Final = {"collection": "pages_tags", "field": "tags_id", "related_collection": "tags"}
SECTIONS: Final = {"collection": "sections", "field": "pages_id", "related_collection": "pages"}
ITEM: Final = {
    "many_collection": "sections",
    "many_field": "item",
    "one_collection_field": "kind",
    "one_allowed_collections": ["tags", "heads", "loose"],
    "junction_field": "pages_id",
}
NOTE: Final = {
    "many_collection": "notes",
    "many_field": "item",
    "one_collection_field": "kind",
    "one_allowed_collections": ["tags", "heads"],
}
PIN: Final = {
    "many_collection": "pins",
    "many_field": "item",
    "one_collection_field": "kind",
    "one_allowed_collections": ["tags", "pins"],
    "one_deselect_action": "delete",
}
COLLECTIONS: Final = ("tags", "heads", "loose", "pages", "pages_tags", "sections", "notes", "pins")

Program = Callable[[Path, str], str]  # runs statements on a file, and gives what was wrong, or nothing


def make_world(path: Path) -> None:
    """Make the database, not guarded yet; notes.tag has a relation without a foreign key."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(TABLES)
    with RelationRegistry(path) as registry:
        registry.create(
            [PAGES | {"meta": {"junction_field": "tags_id"}}, TAGS | {"meta": {"junction_field": "pages_id"}}]
        )
        registry.create([SECTIONS | {"meta": {"junction_field": "item"}}, ITEM])
        registry.create([NOTE, PIN])
        registry.adopt()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "INSERT INTO relgraph_relations (many_collection, many_field, one_collection) "
            "VALUES ('notes', 'tag', 'tags')"
        )
        connection.commit()


@contextmanager
def copied(source: Path, path: Path) -> Iterator[RelationRegistry]:
    """Give a registry over a copy of a file."""
    shutil.copy(source, path)
    with RelationRegistry(path) as registry:
        yield registry


def module(**pragmas: int) -> Program:
    """Give a program that writes through the sqlite3 module, with these settings."""

    def run(path: Path, statements: str) -> str:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for name, value in pragmas.items():
                connection.execute(f"PRAGMA {name} = {value}")
            try:
                connection.execute(statements)
            except sqlite3.Error as error:
                return str(error)
        return ""

    run.__name__ = "module" + "".join(f"-{name}" for name, value in pragmas.items() if value)
    return run


def command_line(path: Path, statements: str) -> str:
    """Write through the program sqlite3."""
    words = ["sqlite3", "-batch", str(path), statements]
    return subprocess.run(words, capture_output=True, text=True, timeout=60).stderr


PROGRAMS: Final[tuple[Program, ...]] = (
    module(),
    module(foreign_keys=1),
    module(recursive_triggers=1),
    module(foreign_keys=1, recursive_triggers=1),
    module(trusted_schema=0),
)


def rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Give all rows of all collections."""
    with closing(sqlite3.connect(path)) as connection:
        return {name: connection.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall() for name in COLLECTIONS}


def problems(path: Path) -> list[tuple[str, str, tuple[object, ...]]]:
    """Give what is wrong with the rows, of all that guards enforce."""
    with RelationRegistry(path, read_only=True) as registry:
        return [(each.rule, each.relation, each.keys) for each in registry.audit(rules=ENFORCED)]
