"""Rehearsals: writes tried out and taken back, so that what they would do is known and not guessed.

In: a `Database`. Out: one to write to, of which nothing is left. Not a byte of the file changes: what is written stays
in memory until it is taken back. A database that was opened read-only is copied, and the copy is written to.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from relgraph.errors import RolledBack
from relgraph.storage.connection import Database
from relgraph.storage.copying import copied
from relgraph.storage.sql_text import quoted


class _TakenBack(Exception):
    """Ends a rehearsal, and takes its transaction back."""


@contextmanager
def rehearsal(database: Database) -> Iterator[Database]:
    """Give the database in a transaction that is never committed, or a copy of one that cannot be written to.

    >>> database = Database.open(":memory:")
    >>> _ = database.execute("CREATE TABLE tags (label TEXT)")
    >>> with rehearsal(database) as stage:
    ...     _ = stage.execute("INSERT INTO tags VALUES ('red')")
    ...     stage.execute("SELECT count(*) FROM tags").fetchone()
    (1,)
    >>> database.execute("SELECT count(*) FROM tags").fetchone()
    (0,)
    >>> database.close()
    """
    if database.read_only:
        with copied(database) as stage:
            yield stage
        return
    (spill,) = database.execute("PRAGMA main.cache_spill").fetchone()
    database.execute("PRAGMA cache_spill = OFF")
    try:
        with database.writing():
            yield database
            raise _TakenBack  # noqa: TRY301  # inside, so that the transaction sees it
    except _TakenBack:
        pass
    finally:
        database.execute(f"PRAGMA cache_spill = {spill}")


def run_for_each(database: Database, sql: str, rows: Iterable[Sequence[Any]]) -> str:
    """Run a statement for each row of values, for all or for none; give nothing, or why SQLite refused one of them.

    Raises `RolledBack` where a trigger took the whole transaction back.

    >>> database = Database.open(":memory:")
    >>> _ = database.execute("CREATE TABLE tags (label TEXT UNIQUE)")
    >>> with database.writing():
    ...     run_for_each(database, "INSERT INTO tags VALUES (?)", [("red",), ("red",)])
    'UNIQUE constraint failed: tags.label'
    >>> database.close()
    """
    try:
        with database.writing():
            database.raw.executemany(sql, rows)  # its errors become typed ones as the block is left
    except (sqlite3.IntegrityError, sqlite3.OperationalError) as error:
        if not database.in_transaction:
            raise RolledBack(database.name, str(error)) from error
        return str(error)
    return ""


def changes_so_far(database: Database) -> int:
    """Give how many rows this connection has changed, by triggers and foreign key actions too."""
    return database.raw.total_changes


def row_counts(database: Database) -> dict[str, int]:
    """Give how many rows each table has.

    >>> database = Database.open(":memory:")
    >>> _ = database.execute("CREATE TABLE tags (label TEXT)")
    >>> row_counts(database)
    {'tags': 0}
    >>> database.close()
    """
    names = database.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND rootpage <> 0 ORDER BY name")
    listed = [name for (name,) in names.fetchall()]
    return {name: database.execute(f"SELECT count(*) FROM main.{quoted(name)}").fetchone()[0] for name in listed}


def triggers_of(database: Database, table: str) -> tuple[str, ...]:
    """Give the names of the triggers of a table.

    >>> database = Database.open(":memory:")
    >>> triggers_of(database, "tags")
    ()
    >>> database.close()
    """
    rows = database.execute(
        "SELECT name FROM main.sqlite_schema WHERE type = 'trigger' AND tbl_name = ? COLLATE NOCASE ORDER BY name",
        (table,),
    )
    return tuple(name for (name,) in rows)


def mismatched_key(database: Database, table: str) -> str:
    """Say what SQLite finds wrong with where a foreign key of a table leads to; nothing, when every one leads to a key.

    >>> database = Database.open(":memory:")
    >>> _ = database.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT)")
    >>> _ = database.execute("CREATE TABLE notes (tag TEXT REFERENCES tags (label))")
    >>> mismatched_key(database, "notes"), mismatched_key(database, "tags")
    ('foreign key mismatch - "notes" referencing "tags"', '')
    >>> database.close()
    """
    try:
        database.compile(f"PRAGMA main.foreign_key_check({quoted(table)})")
    except sqlite3.OperationalError as error:
        if "foreign key mismatch" not in str(error):
            raise
        return str(error)
    return ""
