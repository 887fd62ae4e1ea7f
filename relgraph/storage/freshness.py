"""Freshness: a schema that is never older than the database it was read from.

In: a `Database`. Out: its `Schema`, read again when the tables changed (`PRAGMA schema_version`) or when rows that
define relations did (`PRAGMA data_version` tells of other connections, `total_changes` of this one). Costs two pragmas
where nothing happened. Fails only as the database does.
"""

from __future__ import annotations

from typing import Any

from attrs import define, field

from relgraph.schema import Schema
from relgraph.storage.catalog import definition_rows, load
from relgraph.storage.connection import Database


@define
class FreshSchema:
    """The schema of a database, with what tells whether it still holds.

    What is read inside a transaction that may be rolled back holds only while nothing has been defined in it: a
    rollback gives the same version number out again, to other definitions.
    """

    database: Database
    discover: bool = True
    _schema: Schema | None = field(default=None, init=False)
    _versions: tuple[int, int, int] = field(default=(-1, -1, -1), init=False)
    _rows: tuple[Any, ...] = field(default=(), init=False)
    _uncommitted: bool = field(default=False, init=False)
    _committed: int = field(default=-1, init=False)  # the version last seen outside of such a transaction

    def get(self) -> Schema:
        """Give the schema as it is now.

        >>> database = Database.open(":memory:")
        >>> fresh = FreshSchema(database)
        >>> before = fresh.get()
        >>> _ = database.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY)")
        >>> list(before.collections), list(fresh.get().collections), fresh.get() is fresh.get()
        ([], ['tags'], True)
        >>> database.close()
        """
        database = self.database
        same = database.versions() == self._versions
        if self._schema is not None and same and not (self._uncommitted or self._is_uncommitted()):
            return self._schema
        with database.reading():
            return self._read_again()

    def settle(self) -> None:
        """Let what was read inside a transaction hold on, as that transaction has been committed since."""
        if not self._is_uncommitted():
            self._uncommitted, self._committed = False, self._versions[0]

    def _read_again(self) -> Schema:
        """Read the schema within one snapshot, unless only rows changed that define nothing."""
        database = self.database
        versions, rows = database.versions(), definition_rows(database)
        version, schema = versions[0], self._schema
        doubtful = self._uncommitted and version != self._committed
        if schema is None or version != self._versions[0] or rows != self._rows or doubtful:
            schema = load(database, discover=self.discover)
        self._schema, self._versions, self._rows = schema, versions, rows
        self._uncommitted = self._is_uncommitted()
        if not self._uncommitted:
            self._committed = version
        return schema

    def _is_uncommitted(self) -> bool:
        return self.database.in_transaction and not self.database.snapshot_only
