"""The structure of Chinook, carried to an empty file and back."""

from __future__ import annotations

from relgraph import RelationRegistry
from tests.chinook.test_chinook import FILE, pytestmark  # noqa: F401  # without the file there is nothing to test


def test_its_snapshot_makes_the_same_structure() -> None:
    """The snapshot of what a snapshot made is that snapshot, and there is nothing left to do."""
    with RelationRegistry(FILE, read_only=True) as chinook, RelationRegistry() as copy:
        snapshot = chinook.snapshot()
        copy.apply(copy.diff(snapshot))
        assert copy.snapshot() == snapshot
        assert not chinook.diff(copy.snapshot())
        assert {relation.name for relation in copy} == {relation.name for relation in chinook}
