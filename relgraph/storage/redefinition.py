"""A table put under a whole new definition, its rows kept.

In: a table and the CREATE TABLE text that it is to have. Out: the table so, with its rows, indexes and triggers;
columns that only one of the definitions has come and go. Needs an open transaction. Raises `CannotChangeTable` where
the rows do not fulfil the new definition.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from relgraph.errors import CannotChangeTable
from relgraph.storage.connection import Database
from relgraph.storage.sql_text import quoted
from relgraph.storage.table_copy import copy_table


def redefine_table(database: Database, table: str, sql: str) -> None:
    """Put a table under another text.

    >>> database = Database.open(":memory:")
    >>> with database.writing():
    ...     _ = database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)")
    ...     _ = database.execute("INSERT INTO t VALUES (1, 'x')")
    ...     redefine_table(
    ...         database, "t", "CREATE TABLE t (id INTEGER PRIMARY KEY, b INT DEFAULT 2, a TEXT CHECK (a > ''))"
    ...     )
    >>> database.execute("SELECT * FROM t").fetchall()
    [(1, 2, 'x')]
    >>> database.close()
    """
    before = _faults(database, table)
    try:
        copy_table(database, table, sql, shared_columns=True)
    except sqlite3.IntegrityError as error:
        raise CannotChangeTable(table, f"its rows do not fulfil the new definition ({error})") from error
    found = [fault for fault in _faults(database, table) if fault not in before]
    if found:
        raise CannotChangeTable(table, f"its rows do not fulfil the new definition ({found[0]})")


@contextmanager
def refused(table: str) -> Iterator[None]:
    """Let what SQLite refuses be the reason why a table cannot change."""
    try:
        yield
    except sqlite3.Error as error:
        raise CannotChangeTable(table, str(error)) from error


def _faults(database: Database, table: str) -> list[str]:
    """Give what SQLite finds wrong with the rows of a table: constraints that they break."""
    rows = database.execute(f"PRAGMA main.quick_check({quoted(table)})").fetchall()
    return [fault for (fault,) in rows if fault != "ok"]


def number_of_values(database: Database, table: str, column: str | None = None) -> int:
    """Give the number of rows of a table, or of values that one of its columns holds."""
    counted = "*" if column is None else f"t.{quoted(column)}"
    number: int = database.execute(f"SELECT count({counted}) FROM main.{quoted(table)} AS t").fetchone()[0]
    return number
