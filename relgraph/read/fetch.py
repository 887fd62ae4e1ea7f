"""Fetching: the only impure step of a read. Runs a plan's statements and has their rows assembled.

In: a `ReadPlan`, a database, bindings. Out: items, counts. Fails only as the database does, or where a parameter was
given no value or a wrong one. The number of statements depends on the plan, and on the number of rows only by one
statement for every 1000 parents of a level.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from attrs import define, evolve, field

from relgraph.query.cursor import write_cursor
from relgraph.query.resolved import After, Bindings, Parameter, ResolvedQuery, SortValue
from relgraph.read.assemble import Row
from relgraph.read.fetched import Builders, Fetched, no_collection
from relgraph.read.fragments import Statement
from relgraph.read.plan import AnyCell, Level, LookUp, ReadPlan
from relgraph.read.probes import Choices, Decided
from relgraph.read.result import Result
from relgraph.read.source import Cursor, Source

CHUNK: Final = 1000  # keys a statement asks for: 500 to 5000 are equal within 3 %, one list of 100k is 1.4 times slower


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
        self.builders = Builders(self.plan.root)

    def read(self, source: Source, bindings: Bindings) -> Result:
        """Give the items, the counts and the cursor asked for. The caller holds one read snapshot around it."""
        choices = self.choices if self.query.after is None else self.paged(self.query.after, bindings)
        planned = choices.decide(source, bindings).plan if self.plan.searches else choices.usual
        if not planned.bulk:
            return self.run(source, bindings, planned)
        with no_collection():
            return self.run(source, bindings, planned)

    def run(self, source: Source, bindings: Bindings, planned: ReadPlan) -> Result:
        """Give what a plan reads."""
        rows, cursor = self.turned(source, bindings, planned.root)
        fetched = self.fetched(source, bindings, rows, complete=planned.complete)
        return Result(fetched, self.counts(source, bindings), cursor)

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

    def turned(self, source: Source, bindings: Bindings, root: Level) -> tuple[list[Row], str | None]:
        """Give the rows of the root, and the cursor of the next page; of a cursor's page one row is read ahead."""
        rows = _rows(source, root, bindings)
        after, limit = self.query.after, self.query.page.limit
        if after is None:
            return rows, None
        size = limit.bind(bindings) if isinstance(limit, Parameter) else limit
        if root.tail is not None and (size is None or len(rows) <= size):
            rows += _run(source, root.tail, bindings).fetchall()
        if not size or len(rows) <= size:
            return rows[:size], None
        last = tuple([rows[size - 1][position] for position in root.sorted_by])
        return rows[:size], write_cursor(after.signature(bindings), last)

    def stream(self, source: Source, bindings: Bindings, size: int) -> Iterator[Any]:
        """Give the items one by one, holding `size` of them and their children at a time."""
        root = self.decide(source, bindings).plan.root
        cursor = _run(source, root.exact or root.statement, bindings)
        while rows := cursor.fetchmany(size):
            yield from self.fetched(source, bindings, rows, complete=False).items()

    def fetched(self, source: Source, bindings: Bindings, rows: list[Row], *, complete: bool) -> Fetched:
        """Give root rows with those of all levels below; `complete` says that they are all there are."""
        fetched: list[list[Row]] = [rows] * self.plan.levels
        self.descend(source, bindings, self.plan.root, fetched, complete=complete)
        return Fetched(fetched, self.builders)

    def descend(
        self, source: Source, bindings: Bindings, level: Level, fetched: list[list[Row]], *, complete: bool
    ) -> None:
        """Read the levels below a level whose rows are in `fetched`, and put theirs there."""
        rows = fetched[level.index]
        for cell, child in level.children:
            if complete and child.scan is not None:
                fetched[child.index] = _run(source, child.scan, bindings).fetchall()
            else:
                fetched[child.index] = _below(source, bindings, child, _keys(cell, child, rows))
            self.descend(source, bindings, child, fetched, complete=complete and child.scan is not None)

    def counts(self, source: Source, bindings: Bindings) -> dict[str, Any] | None:
        """Give the counts asked for as meta, or None where none were."""
        if self.query.meta is None:
            return None
        return {name: _run(source, count, bindings).fetchall()[0][0] for name, count in self.plan.counts.items()}


def _rows(source: Source, level: Level, bindings: Bindings, keys: Sequence[Any] = ()) -> list[Row]:
    """Give the rows of a level; of groups those that are exact, where some were not."""
    rows = _run(source, level.statement, bindings, keys).fetchall()
    if level.exact is not None and any(type(row[place]) is bytes for row in rows for place in level.sums):
        return _run(source, level.exact, bindings, keys).fetchall()
    return rows


def _run(source: Source, statement: Statement, bindings: Bindings, keys: Sequence[Any] = ()) -> Cursor:
    return source.execute(*statement.bind(bindings, keys))


def _keys(cell: LookUp, child: Level, rows: list[Row]) -> list[Any]:
    """Give the keys by which rows ask for a level, each once, in the order they come."""
    position = cell.position
    if isinstance(cell, AnyCell):
        chosen = next(name for name, level in cell.levels.items() if level is child)
        keys = dict.fromkeys(row[position] for row in rows if row[cell.chooser] == chosen)
    else:
        keys = dict.fromkeys(row[position] for row in rows)
    keys.pop(None, None)
    return list(keys)


def _below(source: Source, bindings: Bindings, child: Level, keys: list[Any]) -> list[Row]:
    rows: list[Row] = []
    for start in range(0, len(keys), CHUNK):
        rows += _rows(source, child, bindings, keys[start : start + CHUNK])
    return rows
