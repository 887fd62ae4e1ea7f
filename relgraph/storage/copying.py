"""Copying: a database as it is now, in a temporary file of SQLite's own that is gone when it is closed.

In: a `Database`, which is only read; what an open transaction has written so far counts. Out: the copy, open. Raises
`DatabaseBusy` where another connection has locked the file for longer than the busy timeout.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

from relgraph.storage.connection import Database

# on which sqlite3 itself would try again for ever
_LOCKS: Final = {sqlite3.SQLITE_BUSY: "SQLITE_BUSY", sqlite3.SQLITE_LOCKED: "SQLITE_LOCKED"}
_FILE_FORMAT: Final = slice(18, 20)  # of a database's header: 2 for WAL, which a database in memory cannot have


@contextmanager
def copied(database: Database) -> Iterator[Database]:
    """Give a copy that can be written to.

    >>> database = Database.open(":memory:")
    >>> with database.writing():
    ...     _ = database.execute("CREATE TABLE tags (label TEXT)")
    ...     with copied(database) as copy:
    ...         _ = copy.execute("INSERT INTO tags VALUES ('red')")
    >>> database.execute("SELECT * FROM tags").fetchall()
    []
    >>> database.close()
    """
    with closing(sqlite3.connect("", isolation_level=None)) as raw:
        try:
            database.raw.backup(raw, progress=_fail_when_locked)
        except sqlite3.OperationalError as error:
            raw.deserialize(_bytes_of(database, error))
        yield Database.open(raw)


def _fail_when_locked(status: int, _remaining: int, _total: int) -> None:
    if status in _LOCKS:
        error = sqlite3.OperationalError("database is locked")
        error.sqlite_errorcode, error.sqlite_errorname = status, _LOCKS[status]
        raise error


def _bytes_of(database: Database, refusal: sqlite3.OperationalError) -> bytes:
    """Give what a database holds where a backup is refused, as it is in a transaction that has written."""
    try:
        content = bytearray(database.raw.serialize() if database.in_transaction else b"")
    except sqlite3.Error:
        content = bytearray()
    if not content:
        database.fail(refusal)
    content[_FILE_FORMAT] = b"\1\1"
    return bytes(content)
