"""A database that is easily damaged, and everything that can be seen of a database, to compare before and after."""

from __future__ import annotations

import sqlite3
from typing import Any

HOSTILE = """
CREATE TABLE Authors (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL DEFAULT 'nobody' COLLATE NOCASE, code VARCHAR(3) UNIQUE
);
CREATE TABLE [odd "articles'] (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- the key, with a (
  [the author] INTEGER DEFAULT 1 /* REFERENCES nothing */,
  title TEXT COLLATE NOCASE DEFAULT 'REFERENCES x)' CHECK (title <> 'bad'),
  price NUMERIC(10, 2), untyped, at DATETIME, flag BOOLEAN, note JSON DEFAULT (lower('{"A": 1}')),
  size INTEGER GENERATED ALWAYS AS (length(title)) STORED, half INT AS (price / 2),
  parent INTEGER CONSTRAINT [own tree] REFERENCES [ODD "ARTICLES'] ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
  x INT, y INT, CONSTRAINT pair FOREIGN KEY (x, y) REFERENCES pairs (x, y), UNIQUE (title, price)
);
CREATE TABLE pairs (x INT, y INT, PRIMARY KEY (x, y)) WITHOUT ROWID;
CREATE TABLE casc (id INTEGER PRIMARY KEY, a INT REFERENCES "ODD ""ARTICLES'" (ID) ON DELETE CASCADE);
CREATE TABLE nullify (a INT REFERENCES `Odd "Articles'` ON DELETE SET NULL, b ANY);
CREATE TABLE strict_one (
  k TEXT PRIMARY KEY, v ANY, a INT REFERENCES AUTHORS (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE log (id INTEGER PRIMARY KEY, said TEXT);
CREATE INDEX by_title ON [odd "articles'] (title DESC, lower(title)) WHERE price > 1;
CREATE INDEX by_author ON [odd "articles'] ([the author]);
CREATE TRIGGER told AFTER DELETE ON [odd "articles'] BEGIN INSERT INTO log (said) VALUES ('gone ' || old.id); END;
CREATE TRIGGER priced BEFORE UPDATE OF price ON [Odd "ARTICLES'] WHEN new.price < 0
BEGIN SELECT RAISE(ABORT, 'no'); END;
CREATE TRIGGER elsewhere AFTER INSERT ON log BEGIN UPDATE [odd "articles'] SET note = note WHERE id = new.id; END;
CREATE VIEW titles AS SELECT a.id, a.title, b.name FROM [odd "articles'] a LEFT JOIN Authors b ON b.id = a.[the author];
CREATE TRIGGER through INSTEAD OF INSERT ON titles BEGIN INSERT INTO [odd "articles'] (title) VALUES (new.title); END;
INSERT INTO Authors (id, name, code) VALUES (1, 'Ann', 'ann'), (2, 'ben', NULL), (9007199254740993, 'Big', 'big');
INSERT INTO pairs VALUES (1, 2);
INSERT INTO [odd "articles'] (id, [the author], title, price, untyped, at, flag, note, parent, x, y) VALUES
  (1, 1, 'Eins', 9007199254740993, 9007199254740993, 1700000000000, 1, 'null', NULL, 1, 2),
  (2, 9007199254740993, 'zwei', '2020', '2020', '2020-01-01', 'true', '[]', 1, 1, 2),
  (5, NULL, NULL, 1.5, 1.0, 2020, 0, NULL, 5, NULL, 2),
  (7, 2, 'a' || char(0) || 'b', '1e3', x'00ff', '', NULL, 7, 2, NULL, NULL),
  (-3, 1, '', 'text', NULL, -1, 2, '"x"', NULL, 1, 2);
INSERT INTO [odd "articles'] (id) VALUES (1000);
DELETE FROM [odd "articles'] WHERE id = 1000;
INSERT INTO casc VALUES (1, 1), (2, 1), (3, 7), (4, NULL);
INSERT INTO nullify (rowid, a, b) VALUES (10, 1, 1.0), (20, 7, '1'), (30, NULL, x'31');
INSERT INTO strict_one VALUES ('k', 9007199254740993, 1), ('l', '9', NULL);
PRAGMA user_version = 7;
PRAGMA application_id = 99;
"""
ODD = "odd \"articles'"


def make_hostile(path: str) -> None:
    """Write the database to a new file."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.executescript(HOSTILE)
    connection.close()


def contents(path: str, *, besides: tuple[str, ...] = ()) -> dict[str, Any]:
    """Give every row with its rowid and storage classes, every definition, every column as SQLite declares it.

    Tables in `besides` are left out, in rows and definitions. Rows of SQLite's own `sqlite_sequence` have no order.
    """
    connection = sqlite3.connect(path)
    try:
        definitions = {
            (kind, name): (table, sql)
            for kind, name, table, sql in connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")
            if table not in besides
        }
        tables = sorted(name for kind, name in definitions if kind == "table")
        return {
            "definitions": definitions,
            "columns": {name: _pragma(connection, "table_xinfo", name) for name in tables},
            "indexes": {name: _pragma(connection, "index_list", name) for name in tables},
            "keys": {name: sorted(_pragma(connection, "foreign_key_list", name)) for name in tables},
            "rows": {name: _rows(connection, name, besides) for name in tables},
            "pragmas": [
                connection.execute(f"PRAGMA {name}").fetchone()
                for name in ("user_version", "application_id", "encoding")
            ],
            "violations": connection.execute("PRAGMA foreign_key_check").fetchall(),
            "integrity": connection.execute("PRAGMA integrity_check").fetchall(),
        }
    finally:
        connection.close()


def _pragma(connection: sqlite3.Connection, name: str, table: str) -> list[tuple[Any, ...]]:
    rows = connection.execute(f"SELECT * FROM pragma_{name}(?)", (table,)).fetchall()
    return [row[1:] for row in rows] if name == "foreign_key_list" else rows


def _rows(connection: sqlite3.Connection, table: str, besides: tuple[str, ...]) -> list[tuple[Any, ...]]:
    if table == "sqlite_sequence":
        rows = connection.execute("SELECT name, seq FROM sqlite_sequence ORDER BY name").fetchall()
        return [row for row in rows if row[0] not in besides]
    names = ['"' + row[1].replace('"', '""') + '"' for row in _pragma(connection, "table_xinfo", table)]
    (without_rowid,) = connection.execute("SELECT wr FROM pragma_table_list WHERE name = ?", (table,)).fetchone()
    columns = [*([] if without_rowid else ["rowid"]), *(f"typeof({name}), {name}" for name in names)]
    quoted = '"' + table.replace('"', '""') + '"'
    return connection.execute(f"SELECT {', '.join(columns)} FROM {quoted}").fetchall()
