"""What reads run on: the least a database has to offer.

In: nothing. Out: `Source` and `Cursor`; `relgraph.storage.connection.Database` is one, and what tests pass. `taken`
gives the rows of a cursor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Any, Final, Protocol

TAKEN: Final = 200  # rows at a time: going back and forth for each costs 7 % of W3; more only take more memory


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


def taken(rows: Cursor) -> Iterable[Any]:
    """Give the rows of a cursor, taken from SQLite some at a time."""
    return chain.from_iterable(iter(partial(rows.fetchmany, TAKEN), []))
