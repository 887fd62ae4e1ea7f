"""The text of a table replaced in `sqlite_master`, where SQLite has no ALTER for what it says.

In: a table or virtual table and its new text. Out: the same rows under it. SQLite documents the way for changes that
leave the stored content as it is (https://www.sqlite.org/lang_altertable.html, section 7). Nothing here looks at what
the text says: whoever edits verifies. Fails only as the database does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from relgraph.storage.connection import Database


def edit_text(database: Database, table: str, sql: str) -> None:
    """Replace the text of a table; the new number of the schema makes every connection read it again."""
    edit_texts(database, {table: sql})


def edit_texts(database: Database, texts: dict[str, str]) -> None:
    """Replace the texts of several tables at once; of none, nothing happens."""
    if not texts:
        return
    with _writable_schema(database):
        for table, sql in texts.items():
            database.execute("UPDATE main.sqlite_master SET sql = ? WHERE type = 'table' AND name = ?", (sql, table))
        database.execute(f"PRAGMA main.schema_version = {database.schema_version() + 1}")


def text_is_editable(database: Database) -> bool:
    """Whether this connection may write to `sqlite_master`; tried by compiling such a statement only."""
    try:
        with _writable_schema(database, closing="OFF"):
            database.compile("UPDATE main.sqlite_master SET sql = sql")
    except sqlite3.OperationalError as error:
        return "may not be modified" not in str(error)
    return True


@contextmanager
def _writable_schema(database: Database, *, closing: str = "RESET") -> Iterator[None]:
    """Open `sqlite_master` to changes, and close it again whatever happens; RESET also drops the cached schema."""
    database.execute("PRAGMA writable_schema = ON")
    try:
        yield
    finally:
        try:
            database.execute(f"PRAGMA writable_schema = {closing}")
        finally:  # once more, should that have been interrupted
            database.execute("PRAGMA writable_schema = OFF")
