"""Rows changed where they stand.

In: a table, an assignment and a condition as SQL from relgraph's own tables, values to bind. Out: how many rows were
changed. Raises `RuleViolation` where the table itself does not allow it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from relgraph.errors import RuleViolation
from relgraph.storage.connection import Database
from relgraph.storage.sql_text import quoted


def update_rows(
    database: Database, table: str, assignment: str, condition: str, values: Sequence[Any], where: str
) -> int:
    """Give how many rows, each called `item`, met a condition and have been assigned to; `where` names the relation.

    >>> database = Database.open(":memory:")
    >>> _ = database.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, author INTEGER)")
    >>> _ = database.execute("INSERT INTO notes VALUES (1, 7), (2, 8)")
    >>> update_rows(database, "notes", "author = NULL", "item.author = ?", (7,), "notes.author")
    1
    >>> database.close()
    """
    try:
        cursor = database.execute(f"UPDATE main.{quoted(table)} AS item SET {assignment} WHERE {condition}", values)
    except sqlite3.IntegrityError as error:
        problem = f"the keys that point at nothing cannot be changed, as SQLite refuses: {error}"
        raise RuleViolation("data-obeys", where, None, problem, "mend the items first", "many_field") from error
    return cursor.rowcount
