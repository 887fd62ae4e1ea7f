"""Estimates: which form of each search costs less, from how many rows there are and how frequent the wanted ones.

In: counts. Out: "in" or "exists" for each search. Neither form is safe, and SQLite never turns one into the other:
over 5 million reactions a wrong IN took 180 ms for a page of 0.03 ms, a wrong EXISTS 13 s instead of 0.25 s. The costs
of a row are those of SQLite 3.40 on 10 thousand to 1 million articles (2026-11); a choice between forms that are equal
within a factor of 2 may go either way.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from attrs import frozen

SCANNED: Final = 0.04  # µs for a row that is looked at in passing, while IN forms its set
FORMED: Final = 0.3  # µs for a row that IN puts into its set
STEPPED: Final = 1.0  # µs for a row that EXISTS finds by an index


@frozen
class Searched:
    """What is known of a search: its rows, how many of them IN passes, and which share of them it looks for.

    `word` is that of the quantifier. Without `has_choice` it is written with IN: EXISTS would scan for every item.
    """

    word: str
    rows: float
    passed: float
    share: float
    has_choice: bool = True

    def in_costs(self) -> float:
        """Give the µs that forming the set takes."""
        return self.passed * SCANNED + self.rows * self.share * FORMED

    def step_costs(self, items: float) -> float:
        """Give the µs that EXISTS takes for one of so many items: it stops at the first row that will do."""
        return max(1.0, min(self.rows / items, 1 / self.share)) * STEPPED

    def kept(self, items: float) -> float:
        """Give the share of items that fulfil the search, as if the wanted rows were scattered evenly."""
        missed = math.exp(-self.rows * self.share / items)
        return max(missed if self.word == "none" else 1 - missed, 1e-6)


def share_of(found: int, looked: int) -> float:
    """Give the share that a sample tells of; never 0 or 1, since it is only a sample.

    >>> share_of(0, 999), share_of(1, 1)
    (0.0005, 0.75)
    """
    return (found + 0.5) / (looked + 1)


def forms(searches: Sequence[Searched], items: float, candidates: float, wanted: float) -> tuple[str, ...]:
    """Give the form of each search of a statement over so many items.

    `candidates` are those left by its other conditions, `wanted` those after which it may stop. The most selective
    search is asked first, the others of what it leaves.

    >>> rare, frequent = Searched("some", 5e6, 5e6, 0.001), Searched("some", 5e6, 5e6, 0.5)
    >>> forms([rare], 1e4, 1e4, math.inf), forms([frequent], 1e4, 1e4, math.inf), forms([frequent], 1e4, 1e4, 10)
    (('in',), ('exists',), ('exists',))
    """
    items = max(items, 1.0)
    kept = [search.kept(items) for search in searches]
    asked = min(candidates, wanted / math.prod(kept))
    chosen = ["in"] * len(searches)
    for place in sorted(range(len(searches)), key=kept.__getitem__):
        search = searches[place]
        if search.has_choice and asked * search.step_costs(items) < search.in_costs():
            chosen[place] = "exists"
        asked *= kept[place]
    return tuple(chosen)
