"""Committing: statements run in a copy of a database up to the end of their transaction.

In: a `Database`, which is only read. Out: the words of SQLite's refusal, also of what it judges at the end only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from relgraph.storage.connection import Database
from relgraph.storage.copying import copied


def commit_refusal(database: Database, statements: Iterable[tuple[str, Iterable[Sequence[Any]]]]) -> str:
    """Run each statement for its rows of values, and commit; give why SQLite refuses to, else nothing.

    Cost: that of copying the file, to one that is gone afterwards.

    >>> database = Database.open(":memory:")
    >>> _ = database.execute("CREATE TABLE a (id INTEGER PRIMARY KEY, up REFERENCES a DEFERRABLE INITIALLY DEFERRED)")
    >>> commit_refusal(database, [("INSERT INTO a VALUES (?, ?)", [(1, 2)])])
    'FOREIGN KEY constraint failed'
    >>> database.close()
    """
    with copied(database) as stage:
        try:
            with stage.writing():
                for sql, rows in statements:
                    stage.raw.executemany(sql, rows)
        except (sqlite3.IntegrityError, sqlite3.OperationalError) as error:
            return str(error)
    return ""
