"""Fetched: the rows of an answer, of which items or their JSON text are made when somebody asks for them.

In: the rows of every level, and the plan's levels. Out: items as dicts, or as texts. Nothing here touches a database:
the rows were all read in one snapshot. Making is as fast later as while reading (W3 and W9, 2026-11).
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any, Final, TypeAlias

from attrs import define, field

from relgraph.read.assemble import Builder, Row, builder
from relgraph.read.json_text import text_builder
from relgraph.read.plan import Level

MANY: Final = 1000  # rows from which the garbage collector is worth holding back
GIVEN_UP: Final = 1000  # rows let go of at a time

Write: TypeAlias = Callable[[Level], Builder]


@define
class Builders:
    """The row builders of a query's levels, written when first needed."""

    root: Level
    _written: dict[Write, tuple[Builder, ...]] = field(factory=dict)

    def by(self, write: Write) -> tuple[Builder, ...]:
        """Give the builders of one kind, by the index of their levels."""
        found = self._written.get(write)
        if found is None:
            levels = sorted(_levels(self.root), key=lambda level: level.index)
            found = self._written[write] = tuple(map(write, levels))
        return found


def _levels(level: Level) -> Iterator[Level]:
    yield level
    for _, child in level.children:
        yield from _levels(child)


@define(eq=False)
class Fetched:
    """The rows of an answer, by the index of their level."""

    rows: list[list[Row]]
    builders: Builders

    def items(self) -> list[Any]:
        """Give the items, for once: rows are let go of as they become dicts, so that both never fill the memory."""
        rows, self.rows = self.rows, []
        builders = self.builders.by(builder)
        if sum(map(len, rows)) < MANY:
            return _made(builders, rows)
        with no_collection():
            return _made(builders, [chain.from_iterable(_given_up(level)) for level in rows])

    def texts(self) -> list[str]:
        """Give the JSON text of each item, as often as wanted; raises TypeError or ValueError where there is none."""
        return _made(self.builders.by(text_builder), self.rows)


def _made(builders: tuple[Builder, ...], rows: list[Any]) -> list[Any]:
    """Make what the builders make, the deepest levels first: these have the highest indexes."""
    found: list[Any] = [None] * len(rows)
    for index in range(len(rows) - 1, -1, -1):
        found[index] = builders[index](rows[index], found)
    items: list[Any] = found[0]
    return items


def _given_up(rows: list[Row]) -> Iterator[list[Row]]:
    """Yield rows in their order, some at a time, and remove them."""
    rows.reverse()
    while rows:
        some = rows[: -GIVEN_UP - 1 : -1]
        del rows[-GIVEN_UP:]
        yield some


@contextmanager
def no_collection() -> Iterator[None]:
    """Hold back the garbage collector, which would go through every new item again and again: 4 to 18 % of a long read.

    It is switched for the whole process; threads that are done switch it on again, so that it is never off for good.
    """
    switched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if switched:
            gc.enable()
