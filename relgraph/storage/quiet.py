"""Rows changed because a definition changed: no trigger of the user's hears of it.

In: a table, a column and values, in an open transaction. Out: how many rows were changed or deleted, the triggers in
place again in their order. Raises `CannotChangeTable` where a row cannot be changed so.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from relgraph.errors import CannotChangeTable
from relgraph.storage.connection import Database
from relgraph.storage.sql_text import quoted


def set_values(database: Database, table: str, column: str, old: Any, new: Mapping[str, Any]) -> int:
    """Give columns new values in the rows where `column` holds `old`, and say how many rows these were."""
    settings = ", ".join(f"{quoted(name)} = ?" for name in new)
    statement = f"UPDATE main.{quoted(table)} SET {settings} WHERE {quoted(column)} = ?"
    try:
        with _silenced(database, table):
            return database.execute(statement, (*new.values(), old)).rowcount
    except sqlite3.IntegrityError as error:
        raise CannotChangeTable(
            table, f"{column} holds {old!r}, which cannot become {new[column]!r}: {error}"
        ) from error


def delete_rows(database: Database, table: str, column: str, value: Any) -> int:
    """Delete the rows where `column` holds a value, and say how many these were; nothing may point at them."""
    with _silenced(database, table):
        return database.execute(f"DELETE FROM main.{quoted(table)} WHERE {quoted(column)} = ?", (value,)).rowcount


@contextmanager
def _silenced(database: Database, table: str) -> Iterator[None]:
    """Hold a table without its triggers, temporary ones too."""
    put_back = []
    for schema in ("main", "temp"):
        rows = database.execute(
            f"SELECT name, sql FROM {schema}.sqlite_master WHERE type = 'trigger' AND tbl_name = ? COLLATE NOCASE "
            "ORDER BY rowid",
            (table,),
        )
        for name, sql in rows.fetchall():
            put_back.append(sql if schema == "main" else sql.replace("CREATE TRIGGER", "CREATE TEMP TRIGGER", 1))
            database.execute(f"DROP TRIGGER {schema}.{quoted(name)}")
    yield
    for sql in put_back:
        database.execute(sql)
