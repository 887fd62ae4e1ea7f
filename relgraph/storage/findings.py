"""Findings: what statements found, kept for as long as nothing is written.

In: a `Database` within a reading, a statement. Out: its first row, which is read again only when something was written
since, by whatever connection. Fails only as the database does.

SQLite counts nowhere what is written through an open blob (`Connection.blobopen`), what `Connection.deserialize` puts
in place of it all, and what is not yet committed in a cache shared with `read_uncommitted`: these are seen with the
next write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define, field

if TYPE_CHECKING:
    from relgraph.storage.connection import Database, Values


@define
class Findings:
    """The first rows of statements that ran since something was last written.

    In a transaction of the caller's nothing is added, nor after a write beside an open stream: what was written may be
    rolled back, and `total_changes` would not go back with it.
    """

    _rows: dict[tuple[str, tuple[Any, ...]], tuple[Any, ...]] = field(factory=dict, init=False)
    _versions: tuple[int, ...] = field(default=(), init=False)

    def get(self, database: Database, sql: str, values: Values) -> tuple[Any, ...] | None:
        """Give the first row of a statement, or None where it was not found before and cannot be kept."""
        versions, key = database.versions(rows=True), (sql, tuple(values))
        if versions != self._versions:
            self._rows.clear()
            self._versions = versions
        if key not in self._rows and database.sees_committed:
            self._rows[key] = database.execute(sql, values).fetchone()
        return self._rows.get(key)
