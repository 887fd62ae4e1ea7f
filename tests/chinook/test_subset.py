"""Subsets of Chinook: whole where they are asked for, and no larger than they have to be."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from relgraph import RelationRegistry
from tests.chinook.test_chinook import FILE, pytestmark  # noqa: F401  # without the file there is nothing to test


def rows_of(connection: sqlite3.Connection) -> dict[str, set[tuple[Any, ...]]]:
    """Give all rows of each table, with their rowid."""
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return {name: set(connection.execute(f'SELECT rowid, * FROM "{name}"')) for (name,) in names}


CASES = {
    "ten invoices": ({"Invoice": {"sort": "-Total,InvoiceId", "limit": 10}}, ["InvoiceLine"]),
    "a playlist": ({"Playlist": [17]}, ["PlaylistTrack.TrackId"]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_subset_is_intact_and_minimal(case: str, tmp_path: Path) -> None:
    """Its rows are as they were, no key points at nothing, and each row that nobody asked for is needed."""
    roots, ways = CASES[case]
    with RelationRegistry(FILE, read_only=True) as registry:
        registry.graph.subset(roots, tmp_path / "some.db", ways)
        before = rows_of(registry.connection)
    with closing(sqlite3.connect(tmp_path / "some.db", isolation_level=None)) as connection:
        found = rows_of(connection)
        assert all(rows <= before[name] for name, rows in found.items())
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        asked = {*roots, *(way.split(".")[0] for way in ways)}
        for name in found.keys() - asked:
            for rowid in {row[0] for row in found[name]}:
                connection.execute("BEGIN")
                connection.execute(f'DELETE FROM "{name}" WHERE rowid = ?', (rowid,))
                assert connection.execute("PRAGMA foreign_key_check").fetchone(), f"{name} {rowid} is not needed"
                connection.execute("ROLLBACK")
    with RelationRegistry(tmp_path / "some.db") as subset:
        assert not subset.audit().problems


def test_questions_about_the_roots_are_answered_as_before(tmp_path: Path) -> None:
    """Ten invoices say of their customers, and these of who supports them, what they said before."""
    fields = ["Total", "CustomerId.LastName", "CustomerId.SupportRepId.LastName", "InvoiceLine.UnitPrice"]
    fields.append("InvoiceLine.TrackId.AlbumId.ArtistId.Name")
    with RelationRegistry(FILE, read_only=True) as registry:
        registry.graph.subset({"Invoice": {"limit": 10}}, tmp_path / "some.db", ["InvoiceLine"])
        before = registry.items("Invoice").read(fields=fields, limit=10).data
    with RelationRegistry(tmp_path / "some.db") as subset:
        assert subset.items("Invoice").read(fields=fields).data == before


def test_a_playlist_has_its_tracks(tmp_path: Path) -> None:
    """Of one playlist all tracks come, with their albums and artists."""
    with RelationRegistry(FILE, read_only=True) as registry:
        answer = registry.graph.subset({"Playlist": [17]}, tmp_path / "some.db", ["PlaylistTrack"])
        tracks = registry.items("PlaylistTrack").count({"PlaylistId": 17})
    assert (answer.counts["Playlist"], answer.counts["Track"], answer.counts["PlaylistTrack"]) == (1, tracks, tracks)
