"""Concurrency: what readers see while another connection writes, on a WAL file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks import concurrency
from relgraph import RelationRegistry


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A WAL file of ledgers, each with the total of its entries."""
    file = tmp_path / "ledgers.db"
    concurrency.build(file)
    return file


def test_readers_beside_a_writer_see_whole_transactions(path: Path) -> None:
    """Threads and processes that read while one writes get answers of one moment, and never a lock."""
    beside = concurrency.beside(path, threads=3, processes=2, reads=15)
    assert (beside.reads, beside.wrong, beside.locked) == (75, 0, 0)
    assert beside.writes_per_second > 0
    assert concurrency.read(path, 1).wrong == 0


def test_a_broken_total_would_be_seen(path: Path) -> None:
    """The check that readers make fails when a total is not the sum of its entries, or an entry is missing."""
    for change in ("UPDATE ledgers SET total = total + 1 WHERE id = 3", "DELETE FROM entries WHERE id = 7"):
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(change)
        assert concurrency.read(path, 1).wrong == 1


def test_an_answer_that_is_looked_at_later_is_that_of_its_read(path: Path) -> None:
    """Items are made when they are first looked at, of rows that were read before: later writes are not in them."""
    with RelationRegistry(path) as registry:
        items = registry.items("ledgers")
        before, text = items.read(concurrency.QUERY), items.read(fields=["id", "total"], limit=1)
        with closing(sqlite3.connect(path)) as other, other:
            other.execute("DELETE FROM entries")
            other.execute("UPDATE ledgers SET total = 0")
        assert concurrency.is_right(before.data)
        assert before[0]["total"] == len(before[0]["entries"]) == concurrency.ENTRIES
        assert text.to_json() == b'[{"id":1,"total":50}]'
