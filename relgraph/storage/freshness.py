"""Freshness: a schema that is never older than the database it was read from.

In: a `Database`. Out: its `Schema`, read again when the tables changed (`PRAGMA schema_version`) or when rows that
define relations did (`PRAGMA data_version` tells of other connections, `total_changes` of this one). Where nothing
happened it costs one pragma, and one more where such rows can be written. Fails only as the database does.
"""

from __future__ import annotations

from typing import Any

from attrs import define, field

from relgraph.schema import Schema
from relgraph.storage.catalog import definition_rows, load, relations_table
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
    _versions: tuple[int, ...] = field(default=(), init=False)
    _version: int = field(default=-1, init=False)  # of the tables
    _rows: tuple[Any, ...] = field(default=(), init=False)
    _has_rows: bool = field(default=False, init=False)  # whether there is a table for them, be it empty
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
        same = self.database.versions(rows=self._has_rows) == self._versions
        if self._schema is not None and same and not (self._uncommitted or self._is_uncommitted()):
            return self._schema
        with self.database.reading():
            return self._read_again()

    def settle(self) -> None:
        """Let what was read inside a transaction hold on, as that transaction has been committed since."""
        if not self._is_uncommitted():
            self._uncommitted, self._committed = False, self._version

    def _read_again(self) -> Schema:
        """Read the schema within one snapshot, unless only rows changed that define nothing."""
        database = self.database
        version, rows, schema = database.schema_version(), definition_rows(database), self._schema
        doubtful = self._uncommitted and version != self._committed
        if schema is None or version != self._version or rows != self._rows or doubtful:
            schema = load(database, discover=self.discover)
        self._has_rows = relations_table(database) is not None
        self._versions = database.versions(rows=self._has_rows)
        self._schema, self._version, self._rows = schema, version, rows
        self._uncommitted = self._is_uncommitted()
        if not self._uncommitted:
            self._committed = version
        return schema

    def _is_uncommitted(self) -> bool:
        return not self.database.sees_committed and self.database.in_transaction
