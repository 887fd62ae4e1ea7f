"""Copies of a database: as it is now, whoever holds it, and never waited for without end."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from relgraph.errors import DatabaseBusy
from relgraph.storage.connection import Database
from relgraph.storage.copying import copied


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_what_a_transaction_has_written_is_copied(tmp_path: Path, mode: str) -> None:
    """What is not committed yet is in the copy, and nothing that is written to the copy comes back."""
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")
        connection.execute("CREATE TABLE a (x)")
        database = Database.open(connection)
        connection.execute("BEGIN")
        connection.execute("INSERT INTO a VALUES (1)")
        with copied(database) as copy, copy.writing():
            copy.execute("INSERT INTO a VALUES (2)")
            assert copy.execute("SELECT x FROM a").fetchall() == [(1,), (2,)]
        assert connection.in_transaction
        assert connection.execute("SELECT x FROM a").fetchall() == [(1,)]


@pytest.mark.parametrize("begin", ["SELECT 1", "BEGIN"])
def test_a_locked_file_is_told(tmp_path: Path, begin: str) -> None:
    """A file that another connection has locked is waited for as long as for any other statement."""
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
        other.execute("CREATE TABLE a (x)")
        database = Database.open(tmp_path / "a.db", read_only=True, busy_timeout_ms=20)
        other.execute("BEGIN EXCLUSIVE")
        database.execute(begin)
        with pytest.raises(DatabaseBusy, match="waited 20 ms"), copied(database):
            pass
        other.execute("ROLLBACK")
        database.close()
