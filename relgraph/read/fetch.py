"""Fetching: the only impure step of a read. Runs a plan's statements and has their rows assembled.

In: a `ReadPlan`, a database, bindings. Out: items, counts. Fails only as the database does, or where a parameter was
given no value or a wrong one. The number of statements depends on the plan, and on the number of rows only by one
statement for every 1000 parents of a level, where their keys do not follow one another.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Any, Final, TypeAlias

from attrs import define, evolve, field

from relgraph.query.cursor import write_cursor
from relgraph.query.resolved import After, Bindings, Parameter, ResolvedQuery, SortValue
from relgraph.read.assemble import Builder, Row
from relgraph.read.fetched import Builders, Fetched, no_collection
from relgraph.read.plan import AnyCell, Level, LookUp, ReadPlan
from relgraph.read.probes import Choices, Decided
from relgraph.read.ranges import ends_of
from relgraph.read.result import Result
from relgraph.read.source import TAKEN, Source, taken
from relgraph.read.straight import Form

CHUNK: Final = 1000  # keys a statement asks for: 500 to 5000 are equal within 3 %, one list of 100k is 1.4 times slower
NextPage: TypeAlias = Callable[[], str]  # writes its cursor: 2 of the 80 µs of a page
PAGES_KEPT: Final = 64  # forms of a cursor's page kept ready: one for each choice of sort values that are NULL


@define
class Reader:
    """A resolved query made ready: its plans, and its row builders, which all of them share.

    `choices` serve every page but those behind an item; these have `pages`, by which of its sort values are NULL.
    """

    query: ResolvedQuery
    choices: Choices = field(init=False)
    plan: ReadPlan = field(init=False)
    builders: Builders = field(init=False)
    pages: dict[tuple[bool, ...], Choices] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.choices = Choices(self.query)
        self.plan = self.choices.usual
        self.builders = Builders(self.plan)

    @property
    def is_plain(self) -> bool:
        """Whether every answer is one list of few items, read by the only plan there is."""
        return not (self.choices.is_open or self.plan.bulk or self.query.meta is not None)

    def read(self, source: Source, bindings: Bindings) -> Result:
        """Give the items, the counts and the cursor asked for. The caller holds one read snapshot around it."""
        form = self.builders.at_once
        if form is not None and form.direct is not None:
            return Result(form.direct(source, bindings), None, None, self.builders)
        choices = self.choices if self.query.after is None else self.paged(self.query.after, bindings)
        planned = choices.decide(source, bindings).plan if choices.is_open else choices.usual
        if not planned.bulk:
            return self.run(source, bindings, planned)
        with no_collection():
            return self.run(source, bindings, planned)

    def run(self, source: Source, bindings: Bindings, planned: ReadPlan) -> Result:
        """Give what a plan reads: made in the form that the last answers were wanted in, else what it is made of."""
        form = self.builders.at_once
        if form is not None:
            try:
                return self.made(source, bindings, planned.in_text() if form.by_sqlite else planned, form)
            except (TypeError, ValueError, RecursionError):  # what has no form in JSON: the rows are kept then
                if form is self.builders.as_items:
                    raise
                self.builders.kept(form)
        found, cursor = self.found(source, bindings, planned, None)
        meta = None if self.query.meta is None else self.counts(source, bindings)
        return Result(Fetched(found, self.builders), meta, cursor)

    def made(self, source: Source, bindings: Bindings, planned: ReadPlan, form: Form) -> Result:
        """Give what a plan reads, made in one form; read straight where that can be done."""
        cursor = None
        read = form.read(planned, _below) if self.query.after is None else None
        if read is not None:
            made = read(source, bindings)
            if form is self.builders.as_items and self.is_plain:
                form.direct = read
        else:
            found, cursor = self.found(source, bindings, planned, form.builders)
            made = found[0]
        meta = None if self.query.meta is None else self.counts(source, bindings)
        return Result(made, meta, cursor, self.builders)

    def found(
        self, source: Source, bindings: Bindings, planned: ReadPlan, builders: tuple[Builder, ...] | None
    ) -> tuple[list[Any], NextPage | None]:
        """Give what builders make of the rows of each level, or else the rows; and the cursor of the next page."""
        cursor = None
        if self.query.after is None:
            rows = _rows(source, bindings, planned.root)
        else:
            rows, cursor = self.turned(source, bindings, planned.root, self.query.after)
        found: list[Any] = [None] * planned.levels
        _descend(source, bindings, planned.root, rows, planned.complete, builders, found)
        return found, cursor

    def decide(self, source: Source, bindings: Bindings) -> Decided:
        """Give the plan for some values."""
        choices = self.choices if self.query.after is None else self.paged(self.query.after, bindings)
        return choices.decide(source, bindings)

    def paged(self, after: After, bindings: Bindings) -> Choices:
        """Give the plans for the page of a cursor."""
        values = after.values(bindings)
        if values is None:
            return self.choices
        nulls = tuple([value is None for value in values])
        if nulls not in self.pages:
            if len(self.pages) == PAGES_KEPT:
                self.pages.clear()
            slots = tuple(None if null else SortValue(index) for index, null in enumerate(nulls))
            self.pages[nulls] = Choices(evolve(self.query, after=evolve(after, slots=slots)))
        return self.pages[nulls]

    def turned(
        self, source: Source, bindings: Bindings, root: Level, after: After
    ) -> tuple[list[Row], NextPage | None]:
        """Give the rows of a cursor's page, of which one more is read ahead, and the cursor of the next page."""
        limit = self.query.page.limit
        rows = source.execute(*root.statement.bind(bindings)).fetchall()
        size = limit.bind(bindings) if isinstance(limit, Parameter) else limit
        if root.tail is not None and (size is None or len(rows) <= size):
            rows += source.execute(*root.tail.bind(bindings)).fetchall()
        if not size or len(rows) <= size:
            return rows[:size], None
        return rows[:size], partial(_next_page, after.signature(bindings), rows[size - 1], root)

    def stream(self, source: Source, bindings: Bindings, size: int) -> Iterator[Any]:
        """Give the items one by one, holding no more than `size` of them and their children at a time.

        Of a million items without children held by 1000 the lists alone left 7 MB of holes between SQLite's pages.
        """
        planned, builders = self.decide(source, bindings).plan, self.builders.items
        size = size if planned.root.children else min(size, TAKEN)
        cursor = source.execute(*(planned.root.exact or planned.root.statement).bind(bindings))
        while rows := cursor.fetchmany(size):
            found: list[Any] = [None] * planned.levels
            _descend(source, bindings, planned.root, rows, False, builders, found)
            yield from found[0]

    def counts(self, source: Source, bindings: Bindings) -> dict[str, Any]:
        """Give the counts asked for as meta."""
        return {
            name: source.execute(*count.bind(bindings)).fetchall()[0][0] for name, count in self.plan.counts.items()
        }


def _next_page(signature: str, last: Row, root: Level) -> str:
    """Give the cursor of the page behind a row."""
    places = [(place, None) if isinstance(place, int) else place for place in root.sorted_by]
    values = [last[at] if name is None else json.loads(last[at])[name] for at, name in places]
    return write_cursor(signature, tuple(values))


def _descend(
    source: Source,
    bindings: Bindings,
    level: Level,
    rows: Iterable[Row],
    complete: bool,
    builders: tuple[Builder, ...] | None,
    found: list[Any],
) -> None:
    """Put into `found` what a level and all below it found: what builders make of the rows, or else the rows.

    `complete` says that the rows are all that the collection has. Rows that nobody goes through twice go into their
    builder as SQLite gives them.
    """
    if builders is None or level.children:
        rows = list(rows)
    for cell, child in level.children:
        if complete and child.scan is not None:
            below: Iterable[Row] = source.execute(*child.scan.bind(bindings))
        else:
            below = _below(source, bindings, child, _keys(cell, child, rows))
        _descend(source, bindings, child, below, complete and child.scan is not None, builders, found)
    found[level.index] = rows if builders is None else builders[level.index](rows, found)


def _keys(cell: LookUp, child: Level, rows: Iterable[Row]) -> list[Any]:
    """Give the keys by which rows ask for a level, each once, in the order they come."""
    position = cell.position
    if isinstance(cell, AnyCell):
        chosen = next(name for name, level in cell.levels.items() if level is child)
        keys = dict.fromkeys([row[position] for row in rows if row[cell.chooser] == chosen])
    else:
        keys = dict.fromkeys([row[position] for row in rows])
    keys.pop(None, None)
    return list(keys)


def _below(source: Source, bindings: Bindings, child: Level, keys: list[Any]) -> Iterable[Row]:
    """Give the rows of a level that belong to some keys."""
    if not keys:
        return ()
    if len(keys) <= CHUNK:
        return _rows(source, bindings, child, keys)
    if child.ranged is not None and (ends := ends_of(keys)):
        return taken(child.ranged.rows(source, ends))
    chunks = (keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK))
    return chain.from_iterable(_rows(source, bindings, child, chunk) for chunk in chunks)


def _rows(source: Source, bindings: Bindings, level: Level, keys: Sequence[Any] = ()) -> Iterable[Row]:
    """Give the rows of a level; of groups those that are exact, where some were not."""
    rows = source.execute(*level.statement.bind(bindings, keys))
    if level.exact is None:
        return taken(rows)
    kept = rows.fetchall()
    if any(type(row[place]) is bytes for row in kept for place in level.sums):
        return source.execute(*level.exact.bind(bindings, keys))
    return kept
