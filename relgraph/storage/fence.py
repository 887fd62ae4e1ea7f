"""A fence around what a restricted access reads: SQLite itself refuses every column that the access does not declare.

In: a `Database`, the columns declared, and a mark of the access. Out: a source of rows that reads run on. A second net
below `relgraph.restricted`: a fault there ends in `FenceCrossed` instead of a leak.

SQLite asks the authorizer only when it compiles a statement. So it is set once for a connection, and every text carries
the mark of its access: no compiled statement is shared between accesses, and one that is cached costs nothing more.
The connection of a caller is left alone, as it may have an authorizer of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from typing import Any, Final

from attrs import define, field, frozen

from relgraph.errors import FenceCrossed
from relgraph.storage.connection import Database

ROWID: Final = "ROWID"  # as the authorizer names it, whatever its alias
# what tables and indexes there are, for the choice of a plan
_PRAGMAS: Final = ("table_list", "table_xinfo", "index_list", "index_xinfo")
_READING: Final = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE})


@define
class Fence:
    """The authorizer of one connection; while `columns` is None it allows everything."""

    columns: Collection[tuple[str, str]] | None = None
    refused: tuple[str, str] | None = None

    def __call__(self, action: int, first: str | None, second: str | None, *_of: str | None) -> int:
        """Answer SQLite's question whether a step of a statement is allowed."""
        if self.columns is None or action in _READING:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_PRAGMA and first in _PRAGMAS:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ and ((first, second) in self.columns or str(first).startswith("pragma_")):
            return sqlite3.SQLITE_OK
        self.refused = (str(first), str(second))
        return sqlite3.SQLITE_DENY


@frozen
class Fenced:
    """A database through which an access reads; `columns` holds (table, column), of each table ("", and ROWID) too."""

    _database: Database
    columns: frozenset[tuple[str, str]] = field(repr=False)
    mark: str
    _fence: Fence = field(factory=Fence, repr=False)

    @classmethod
    def around(cls, database: Database, columns: frozenset[tuple[str, str]], mark: str) -> Fenced:
        """Put a fence around a database for one access; a connection has one fence, whoever is behind it."""
        if database.fence is None:
            database.fence = Fence()
            database.raw.set_authorizer(database.fence)
        return cls(database, columns, f"\n-- {mark}", database.fence)

    def execute(self, text: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run a statement that reads no column but the declared ones. Raises `FenceCrossed` for one that would."""
        fence = self._fence
        fence.columns, fence.refused = self.columns, None
        try:
            return self._database.execute(text + self.mark, values)
        except sqlite3.DatabaseError as error:
            if fence.refused is None:
                raise
            raise FenceCrossed(*fence.refused) from error
        finally:
            fence.columns = None
