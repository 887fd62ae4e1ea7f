"""Findings: a statement runs again only when something was written since, and never counts what may be undone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from relgraph.storage.connection import Database

COUNT = "SELECT count(*) FROM tags WHERE id > ?"


@pytest.fixture(params=["file", "memory"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Give a database with one tag."""
    opened = Database.open(":memory:" if request.param == "memory" else tmp_path / "tags.db")
    opened.raw.executescript("CREATE TABLE tags (id INTEGER PRIMARY KEY); INSERT INTO tags VALUES (1)")
    yield opened
    opened.close()


def found(database: Database) -> int | None:
    with database.reading():
        row = database.remembered(COUNT, (0,))
    return row and row[0]


def test_a_statement_runs_once(database: Database) -> None:
    """As long as nothing is written, what was found is given again; other values are another finding."""
    runs: list[str] = []
    database.raw.set_trace_callback(runs.append)
    assert (found(database), found(database)) == (1, 1)
    with database.reading():
        assert database.remembered(COUNT, (1,)) == (0,)
        assert database.remembered(COUNT, [0]) == (1,)
    assert len([text for text in runs if text.startswith("SELECT")]) == 2


def test_every_write_counts(database: Database) -> None:
    """Rows and tables that this connection changes are seen."""
    assert found(database) == 1
    for text, now in (
        ("INSERT INTO tags VALUES (2), (3)", 3),
        ("UPDATE tags SET id = -id WHERE id = 3", 2),
        ("REPLACE INTO tags VALUES (9)", 3),
        ("DELETE FROM tags", 0),
        ("DROP TABLE tags; CREATE TABLE tags AS SELECT 7 AS id", 1),
        ("ALTER TABLE tags RENAME TO old; CREATE VIEW tags AS SELECT -id AS id FROM old", 0),
    ):
        database.raw.executescript(text)
        assert found(database) == now


def test_what_others_write_counts(tmp_path: Path) -> None:
    """What another connection commits is seen, by a connection that only reads too."""
    path = tmp_path / "tags.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.executescript("CREATE TABLE tags (id INTEGER PRIMARY KEY); INSERT INTO tags VALUES (1)")
    readers = [Database.open(path), Database.open(path, read_only=True)]
    for number in (1, 2, 3):
        assert [found(reader) for reader in readers] == [number] * 2
        other.execute("INSERT INTO tags VALUES (NULL)")
    for reader in readers:
        reader.close()
    other.close()


def test_nothing_is_found_in_what_may_be_undone(database: Database) -> None:
    """In a transaction of the caller's a finding from before holds until it writes; after that there is none."""
    assert found(database) == 1
    database.execute("BEGIN")
    assert found(database) == 1
    database.execute("DELETE FROM tags")
    assert found(database) is None
    database.execute("ROLLBACK")
    assert found(database) == 1
    database.execute("BEGIN")
    database.execute("DELETE FROM tags")
    database.execute("COMMIT")
    assert found(database) == 0


def test_what_is_restored_counts(database: Database) -> None:
    """A backup that is read into the connection is a write."""
    assert found(database) == 1
    other = sqlite3.connect(":memory:", isolation_level=None)
    other.executescript("CREATE TABLE tags (id INTEGER PRIMARY KEY); INSERT INTO tags VALUES (1), (2)")
    other.backup(database.raw)
    other.close()
    assert found(database) == 2


def test_nothing_is_found_after_a_write_beside_an_open_stream(database: Database) -> None:
    """A reading that lasts may be written in, and what was written undone, by whatever means."""
    with database.lasting_reading():
        assert found(database) == 1
        database.execute("DELETE FROM tags")
        assert found(database) is None
        database.execute("ROLLBACK")
        assert found(database) is None
    assert found(database) == 1
