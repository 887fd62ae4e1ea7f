"""Fetched: the rows of an answer, of which items or their JSON text are made when somebody asks for them.

In: the rows of every level, and the plan's levels. Out: items as dicts, or as texts. Nothing here touches a database:
the rows were all read in one snapshot. What was made of the last answer is most likely wanted of the next one too.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from itertools import chain
from types import TracebackType
from typing import Any, Final

from attrs import define, field

from relgraph.read.assemble import Builder, Row, builder
from relgraph.read.json_text import text_builder
from relgraph.read.plan import Level, ReadPlan
from relgraph.read.straight import Form

MANY: Final = 1000  # rows from which the garbage collector is worth holding back
GIVEN_UP: Final = 1000  # rows let go of at a time
SHORT: Final = 256  # characters: what is shorter Python writes alone, W1 in 1.03 of dicts and orjson, SQLite in 1.1
IN_A_ROW: Final = 2  # answers wanted in one form, after which the next is made in it at once


@define
class Builders:
    """The row builders of a query's levels, by the index of their level, written when first needed.

    They know in which form its answers are wanted: as items at first, and after two of one form in a row in that one.
    `at_once` has its builders, and the next answer is made while its rows are read: 8 % faster in W3 and 15 % in W9
    than keeping all rows until then (10k articles, Python 3.11, 2026-11), in a fifth less memory. Two, so that who
    wants both forms by turns gets neither out of the other.
    """

    plan: ReadPlan
    short: int = SHORT
    at_once: Form | None = None
    as_items: Form = field(init=False)
    _as_texts: Form | None = None
    _as_lines: Form | None = None
    _refused: bool = False  # whether SQLite could not write a row
    _is_short: bool = False  # whether the last text was
    _in_a_row: int = 0  # answers wanted as items; below 0, as text

    def __attrs_post_init__(self) -> None:
        self.at_once = self.as_items = Form(tuple([builder(level) for level in _levels(self.plan.root)]))

    @property
    def items(self) -> tuple[Builder, ...]:
        """Give those that make dicts."""
        return self.as_items.builders

    def looked_at(self) -> None:
        """Note that an answer was wanted as items."""
        self._in_a_row = self._in_a_row + 1 if self._in_a_row > 0 else 1
        self.at_once = self.as_items if self._in_a_row >= IN_A_ROW else None

    def written(self, size: int) -> None:
        """Note that an answer was wanted as text, and how long that is."""
        is_short = size < self.short
        if self._in_a_row < 0 and self.at_once is not None and is_short is self._is_short:
            return
        self._in_a_row = min(self._in_a_row, 0) - 1
        self._is_short = is_short
        self.at_once = self._text() if self._in_a_row <= -IN_A_ROW else None

    def kept(self, form: Form) -> None:
        """Note that an answer could not be made in a form of text, so that its rows had to be read again."""
        self._refused = self._refused or form.by_sqlite
        self._in_a_row, self.at_once = 0, None

    def texts(self, rows: Sequence[Sequence[Row]]) -> tuple[Builder, ...]:
        """Give those that make texts; the rows of the first answer are taken as examples of all."""
        if self._as_texts is None:
            levels = _levels(self.plan.root)
            self._as_texts = Form(tuple([text_builder(level, *rows[level.index][:1]) for level in levels]))
        return self._as_texts.builders

    def _text(self) -> Form | None:
        """Give the form that makes texts best: of what SQLite writes, while it could write all rows, but for a few."""
        if self._as_texts is None or self._refused or self._is_short:
            return self._as_texts
        if self._as_lines is None:
            levels = _levels(self.plan.in_text().root), _levels(self.plan.root), self._as_texts.builders
            lines = [
                known if level == plain else text_builder(level) for level, plain, known in zip(*levels, strict=True)
            ]
            self._as_lines = Form(tuple(lines), by_sqlite=True)
        return self._as_lines


def _levels(root: Level) -> list[Level]:
    """Give a level and all below it in the order of their indexes."""
    below = [level for _, child in root.children for level in _levels(child)]
    return sorted([root, *below], key=lambda level: level.index)


@define(eq=False)
class Fetched:
    """The rows of an answer, by the index of their level."""

    rows: list[list[Row]]
    builders: Builders

    def items(self) -> list[Any]:
        """Give the items, for once: rows are let go of as they become dicts, so that both never fill the memory."""
        rows, self.rows = self.rows, []
        self.builders.looked_at()
        many = sum(map(len, rows)) >= MANY
        with no_collection() if many else nullcontext():
            items: list[Any] = _made(self.builders.items, [chain.from_iterable(_given_up(level)) for level in rows])
        return items

    def json(self) -> str:
        """Give the JSON text, as often as wanted; raises TypeError or ValueError where there is none."""
        builders = self.builders.texts(self.rows)
        with no_collection() if sum(map(len, self.rows)) >= MANY else nullcontext():
            text: str = _made(builders, self.rows)
        self.builders.written(len(text))
        return text


def _made(builders: tuple[Builder, ...], rows: list[Any]) -> Any:
    """Make what the builders make, the deepest levels first: these have the highest indexes."""
    found: list[Any] = [None] * len(rows)
    for index in range(len(rows) - 1, -1, -1):
        found[index] = builders[index](rows[index], found)
    return found[0]


def _given_up(rows: list[Row]) -> Iterator[list[Row]]:
    """Yield rows in their order, some at a time, and remove them."""
    rows.reverse()
    while rows:
        some = rows[: -GIVEN_UP - 1 : -1]
        del rows[-GIVEN_UP:]
        yield some


def no_collection() -> _Pause:
    """Hold back the garbage collector, which would go through every new item again and again: 4 to 18 % of a long read.

    It is switched for the whole process; threads that are done switch it on again, so that it is never off for good.
    """
    return _Pause()


class _Pause:
    """A time without the collector; a class, as it takes a third of a generator, which is 1 of the 30 µs of a read."""

    __slots__ = ("_switched",)

    def __enter__(self) -> None:
        self._switched = gc.isenabled()
        gc.disable()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._switched:
            gc.enable()
