"""What reads run on: the least a database has to offer.

In: nothing. Out: `Source` and `Cursor`; `relgraph.storage.connection.Database` is one, and what tests pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol


class Cursor(Protocol):
    """What is read from."""

    def __iter__(self) -> Iterator[Any]:
        """Give the rows that are left one by one."""

    def fetchall(self) -> list[Any]:
        """Give all rows that are left."""

    def fetchmany(self, size: int) -> list[Any]:
        """Give the next rows."""


class Source(Protocol):
    """What runs statements."""

    def execute(self, text: str, values: Sequence[Any] = ()) -> Cursor:
        """Run a statement."""

    def remembered(self, text: str, values: Sequence[Any] = ()) -> Sequence[Any] | None:
        """Give the first row of a statement as it was found since the last write; None where that cannot be told."""
