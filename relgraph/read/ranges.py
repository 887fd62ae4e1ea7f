"""Ranges: the children of many parents whose keys follow one another, asked for by the first key and the last.

In: the keys of parents. Out: one statement for all of them, instead of one for every 1000; None where the keys have
gaps, since in these could lie any number of rows.

The children of 10 thousand parents take 0.75 to 0.95 of the time of lists of keys, as a range of an index. From a tenth
of all parents on all children are scanned: where these are scattered, they lie on nearly every page of the table by
then, and take half the time of the index; where they lie together, 1.6 times as much at a tenth, less at a fifth (10k
to 1M articles, SQLite 3.40, 2026-11).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from attrs import frozen

from relgraph.read.source import Cursor, Source

SCANNED_SHARE: Final = 0.1  # of all parents: from here on a scan of their children is faster than an index
Ends: TypeAlias = tuple[int, int]


@frozen
class Ranged:
    """The statements for the children of a range of keys, whose ends are their only values.

    `by_scan` gives the same rows in the order of the table, where that is theirs; `reach` tells how many parents there
    are, going by the ends of their keys.
    """

    by_key: str
    by_scan: str | None
    reach: str

    def rows(self, source: Source, ends: Ends) -> Cursor:
        """Give the children of the parents with keys from one end to the other."""
        if self.by_scan is not None:
            reach = source.remembered(self.reach)
            if reach and ends[1] - ends[0] + 1 >= SCANNED_SHARE * (reach[0] or 0):
                return source.execute(self.by_scan, ends)
        return source.execute(self.by_key, ends)


def ends_of(keys: Sequence[Any]) -> Ends | None:
    """Give the least and the greatest of keys that are whole numbers and follow one another, in whatever order.

    Each key is there once.

    >>> ends_of([3, 1, 2]), ends_of([1, 3]), ends_of([1, "2"])
    ((1, 3), None, None)
    """
    if set(map(type, keys)) != {int}:
        return None
    ends = min(keys), max(keys)
    return ends if ends[1] - ends[0] < len(keys) else None
