"""Faults: a connection on which one statement fails, or one permission is missing, whichever is wanted.

In: how many statements that could change something, or permissions, pass before. Out: SQLite's own kind of error, once;
from then on everything works again, so that what was begun can be taken back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from relgraph.errors import RelgraphError

READS = ("SELECT", "EXPLAIN", "PRAGMA foreign_keys", "PRAGMA schema_version", "PRAGMA data_version", "PRAGMA main.")


class FaultyConnection(sqlite3.Connection):
    """A connection whose n-th writing statement from now fails before it runs, where `left` is n.

    What takes things back does not fail, as it does not in SQLite.
    """

    left: int = 0  # 0: none fails
    undoing: bool = False
    failed: str | None = None  # the statement that did

    def cursor(self, *_: Any) -> sqlite3.Cursor:  # type: ignore[override]  # no factory of another's is taken
        """Give a cursor that counts."""
        return _Cursor(self)

    def execute(self, sql: str, values: Any = (), /) -> sqlite3.Cursor:
        """Run a statement that is counted."""
        return self.cursor().execute(sql, values)

    def arm(self, nth: int) -> None:
        """Let the n-th writing statement from now fail."""
        self.left, self.failed = nth, None


class _Cursor(sqlite3.Cursor):
    def execute(self, sql: str, values: Any = (), /) -> sqlite3.Cursor:
        connection = self.connection
        assert isinstance(connection, FaultyConnection)
        reads = sql.lstrip().startswith(READS) and "=" not in sql.partition("(")[0]
        passes = sql.startswith("ROLLBACK") or (connection.undoing and sql.startswith("RELEASE"))
        connection.undoing = sql.startswith("ROLLBACK")
        if connection.left and not reads and not passes:
            connection.left -= 1
            if not connection.left:
                connection.failed = sql
                raise sqlite3.OperationalError("a fault was injected")
        return super().execute(sql, values)


def open_faulty(path: str) -> FaultyConnection:
    """Give a connection that works until it is told otherwise."""
    return sqlite3.connect(path, isolation_level=None, factory=FaultyConnection)


SWITCHES = ("foreign_keys", "writable_schema", "legacy_alter_table", "ignore_check_constraints", "recursive_triggers")


def switches(connection: sqlite3.Connection) -> dict[str, int]:
    """Give the settings of a connection that every change must leave as they were."""
    return {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in SWITCHES}


SOUND = {name: int(name in ("foreign_keys", "recursive_triggers")) for name in SWITCHES}


# --- permissions -----------------------------------------------------------------------------------------------------


def is_denied(connection: sqlite3.Connection, nth: int, change: Callable[[], object]) -> bool:
    """Make a change while SQLite is denied the n-th thing it asks permission for, and say whether it was refused."""
    left = nth

    def deny(*_: object) -> int:
        nonlocal left
        left -= 1
        return sqlite3.SQLITE_DENY if left == 0 else sqlite3.SQLITE_OK

    connection.set_authorizer(deny)
    try:
        change()
    except (sqlite3.DatabaseError, RelgraphError):
        return True
    finally:
        connection.set_authorizer(None)
    return False
