"""A fence around what a restricted access reads: SQLite itself refuses every column that the access does not declare.

In: a `Database`, the columns declared, and a mark of the access. Out: a source of rows that reads run on. A second net
below `relgraph.restricted`: a fault there ends in `FenceCrossed` instead of a leak.

SQLite asks the authorizer only when it compiles a statement. So it is set once for a connection, and every text carries
the mark of its access: no compiled statement is shared between accesses, and one that is cached costs nothing more.
The connection of a caller is left alone, as it may have an authorizer of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

from attrs import define, field, frozen

from relgraph.errors import FenceCrossed, InvalidQuery
from relgraph.storage.connection import Database

_TOO_MUCH: Final = ("parser stack overflow", "Expression tree is too large", "at most 64 tables")  # SQLite's limits
_LESS: Final = "ask with fewer relations and groups inside one another"
ROWID: Final = "ROWID"  # as the authorizer names it, whatever its alias
# what tables and indexes there are, for the choice of a plan; the last is what a full-text table asks by itself
_PRAGMAS: Final = ("table_list", "table_xinfo", "index_list", "index_xinfo", "data_version")
_PRAGMA_TABLES: Final = frozenset(f"pragma_{name}" for name in _PRAGMAS)
_READING: Final = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE})


@frozen
class Declared:
    """What a statement may read: (table, column), and what views and virtual tables read by themselves.

    A column of a view is declared as one of a table is. What is read inside `views` is then read on its behalf, and
    `shadows` are the tables in which virtual tables keep their rows.
    """

    columns: frozenset[tuple[str, str]] = field(repr=False)
    views: frozenset[str] = frozenset()
    shadows: frozenset[str] = frozenset()

    def allows(self, table: str | None, column: str | None, view: str | None) -> bool:
        """Say whether a column may be read, directly or inside a view.

        No column, "", stands for the rows themselves; of those below a view SQLite does not say that they are.
        """
        if column == "" and self.views:
            return True
        return (table, column) in self.columns or view in self.views or table in self.shadows or table in _PRAGMA_TABLES


@define
class Fence:
    """The authorizer of one connection; while nothing is declared it allows everything."""

    declared: Declared | None = None
    refused: tuple[str, str] | None = None

    def __call__(
        self, action: int, first: str | None, second: str | None, _schema: str | None, view: str | None
    ) -> int:
        """Answer SQLite's question whether a step of a statement is allowed."""
        if self.declared is None or action in _READING:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_PRAGMA and first in _PRAGMAS:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ and self.declared.allows(first, second, view):
            return sqlite3.SQLITE_OK
        self.refused = (str(first), str(second))
        return sqlite3.SQLITE_DENY


@frozen
class Fenced:
    """A database through which an access reads."""

    _database: Database
    declared: Declared
    mark: str
    _fence: Fence = field(factory=Fence, repr=False)

    @classmethod
    def around(cls, database: Database, columns: frozenset[tuple[str, str]], mark: str) -> Fenced:
        """Put a fence around a database for one access; a connection has one fence, whoever is behind it.

        The connection of a caller gets none.

        `columns` holds (table, column), of each table those named "" and ROWID too.
        """
        if not database.is_owned:
            return cls(database, Declared(columns), f"\n-- {mark}")
        if database.fence is None:
            database.fence = Fence()
            database.raw.set_authorizer(database.fence)
        return cls(database, _declared(database, columns), f"\n-- {mark}", database.fence)

    def execute(self, text: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run a statement that reads no column but the declared ones.

        Raises `FenceCrossed` for one that would, and `InvalidQuery` where question and rules together are too much.
        """
        fence = self._fence
        fence.declared, fence.refused = self.declared, None
        try:
            return self._database.execute(text + self.mark, values)
        except sqlite3.DatabaseError as error:
            if fence.refused is not None:
                raise FenceCrossed(*fence.refused) from error
            if any(text in str(error) for text in _TOO_MUCH):
                raise InvalidQuery(
                    "", "with the rules of its access the query is too deep for SQLite", _LESS
                ) from error
            raise
        finally:
            fence.declared = None

    def remembered(self, text: str, values: Sequence[Any] = ()) -> None:
        """Give nothing: what holds for all rows of a table is not for an access to know."""


def _declared(database: Database, columns: frozenset[tuple[str, str]]) -> Declared:
    """Give what may be read with some columns: where a view is among their tables, other views may be below it."""
    found = database.execute("SELECT type, name FROM pragma_table_list WHERE schema = 'main' AND type <> 'table'")
    rows, tables = found.fetchall(), {table for table, _ in columns}
    kinds = {kind for kind, name in rows if name in tables}
    views = {name for kind, name in rows if kind == "view" and kind in kinds}
    return Declared(
        columns, frozenset(views), frozenset(name for kind, name in rows if kind == "shadow" and "virtual" in kinds)
    )
