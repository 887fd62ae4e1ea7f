"""Probes: looks at the rows behind the searches of a query, to choose the form of the statement that runs.

In: a resolved query, a database, bindings. Out: the plan for these values. How many rows there are, and where SQLite
has an index to use, is asked once; how frequent the wanted rows are, once for the values of a query, by samples of
bounded size. Both are asked again from time to time, since the data may have changed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import define, field, frozen

from relgraph.query.resolved import Bindings, Parameter, ResolvedQuery
from relgraph.read.estimates import Searched, forms, share_of
from relgraph.read.fragments import Spread, Statement
from relgraph.read.joins import Search
from relgraph.read.plan import ReadPlan, plan
from relgraph.read.proofs import Known, Look
from relgraph.read.samples import facts, items_sample, scanned, search_sample, sizes
from relgraph.read.select import is_ranked
from relgraph.read.source import Source

DECISIONS_KEPT: Final = 64  # values of a query of which the better forms are remembered
DECISIONS_HOLD: Final = 1000  # runs after which all are probed again, since the data may have changed


@frozen
class Probe:
    """A sample that was looked at: how many rows, how many of them as wanted, and the form chosen for that.

    The sample of the items that fulfil the other conditions chooses no form by itself. Of a proof all rows were looked
    at, and those found are as claimed in every way.
    """

    statement: Statement
    looked: int
    found: int
    word: str = ""
    form: str = ""


@frozen
class Decided:
    """A plan for certain values, and what was looked at to choose it."""

    plan: ReadPlan
    probes: tuple[Probe, ...] = ()


@frozen
class Ground:
    """What holds for all values: how many rows there are, and what SQLite can do with them.

    `rows` is empty where something is no table. `samples` has None for a search without a choice: EXISTS would scan its
    rows for each item. `light` samples the items by the other conditions. `stops` says that a page may end before all
    items have been looked at. `operands`, of these `names`, are what the choice depends on; a moment is not among them,
    since it is another at every read.
    """

    items: int
    rows: tuple[int, ...]  # of each search, those at the end of its hops
    passed: tuple[int, ...]  # of each search, those that IN goes through
    samples: tuple[Statement | None, ...]
    light: Statement | None
    stops: bool
    operands: tuple[Parameter, ...]
    names: tuple[str, ...] = field(init=False)

    @names.default
    def _names_of_operands(self) -> tuple[str, ...]:
        return tuple(operand.name for operand in self.operands)


@define
class Choices:
    """The plans of one query, which differ in the form of searches only, and which of them serves which values.

    `usual` is the plan with every search in its usual form; it has the levels that all of them have. `lighter` are
    plans that leave out what is known of all items. `is_open` says that the data decide between them.
    """

    query: ResolvedQuery
    usual: ReadPlan = field(init=False)
    is_open: bool = field(init=False)
    plans: dict[tuple[str, ...], ReadPlan] = field(factory=dict)
    lighter: dict[Known, ReadPlan] = field(factory=dict)
    decided: dict[tuple[Any, ...], Decided] = field(factory=dict)
    ground: Ground | None = None
    runs: int = 0

    def __attrs_post_init__(self) -> None:
        self.usual = self.plans[()] = self.lighter[frozenset()] = plan(self.query)
        self.is_open = bool(self.usual.searches or self.usual.look)

    def decide(self, source: Source, bindings: Bindings) -> Decided:
        """Give the plan for some values."""
        if not self.usual.searches:
            return self.proven(source, bindings, self.usual.look) if self.usual.look else Decided(self.usual)
        self.runs += 1
        if self.runs % DECISIONS_HOLD == 0:
            self.decided.clear()
            self.ground = None
        if self.ground is None:
            self.ground = self.look(source, bindings)
        ground = self.ground
        try:
            values = tuple(map(bindings.arguments.get, ground.names))  # as they came: a third of the time of binding
            known = self.decided.get(values)
        except TypeError:  # there is a list among them
            values = tuple([operand.bind(bindings) for operand in ground.operands])
            known = self.decided.get(values)
        if known is None:
            if len(self.decided) == DECISIONS_KEPT:
                self.decided.clear()
            known = self.decided[values] = self.chosen(source, bindings, ground)
        return known

    def chosen(self, source: Source, bindings: Bindings, ground: Ground) -> Decided:
        """Look at the samples, and give the plan that costs least by what was found."""
        if not any(ground.samples):
            return Decided(self.plan_of(("in",) * len(ground.rows)))
        counted: list[tuple[int, int]] = [
            source.execute(*sample.bind(bindings)).fetchall()[0] if sample else (0, 0)
            for sample in (*ground.samples, ground.light)
        ]
        wanted = self.wanted(bindings) if ground.stops else math.inf
        searched = [
            Searched(search.word, rows, passed, share_of(found, looked), sample is not None)
            for search, rows, passed, sample, (looked, found) in zip(
                self.usual.searches, ground.rows, ground.passed, ground.samples, counted[:-1], strict=True
            )
        ]
        looked, found = counted[-1]
        left = share_of(found, looked) if ground.light else 1.0
        best = forms(searched, ground.items, ground.items * left, wanted)
        probes = [
            Probe(sample, *count, search.word, form)
            for sample, count, search, form in zip(ground.samples, counted[:-1], self.usual.searches, best, strict=True)
            if sample
        ]
        if ground.light:
            probes.append(Probe(ground.light, looked, found))
        return Decided(self.plan_of(best), tuple(probes))

    def proven(self, source: Source, bindings: Bindings, look: Look) -> Decided:
        """Give the plan without what need not be asked of each item, as all of them were looked at before."""
        counts = source.remembered(*look.statement.bind(bindings))
        if counts is None:
            return Decided(self.usual)
        known = look.known(counts)
        if known not in self.lighter:
            self.lighter[known] = plan(self.query, known=known)
        return Decided(self.lighter[known], (Probe(look.statement, counts[0], min(counts)),))

    def plan_of(self, best: tuple[str, ...]) -> ReadPlan:
        """Give the plan with certain forms."""
        if best not in self.plans:
            self.plans[best] = plan(self.query, best)
        return self.plans[best]

    def wanted(self, bindings: Bindings) -> float:
        """Give the number of items after which a page is full."""
        page = self.query.page
        if page.limit is None:
            return math.inf
        ends = [each.bind(bindings) if isinstance(each, Parameter) else each for each in (page.limit, page.offset)]
        return max(sum(ends), 1)

    def look(self, source: Source, bindings: Bindings) -> Ground:
        """Find out what holds for all values; where something is no table, there is no choice.

        Nor is there one where an access sees a part of the items: it would tell of the others.
        """
        searches, root = self.usual.searches, self.query.collection.name
        names = dict.fromkeys([root, *(hop.far for search in searches for hop, _ in search.source.hops)])
        tables = dict(source.execute(*facts(tuple(names)).bind(bindings)).fetchall())
        if len(tables) < len(names) or self.query.collection.seen is not None:
            return Ground(0, (), (), (None,) * len(searches), None, stops=False, operands=())
        counts = source.execute(*sizes(tables).bind(bindings)).fetchall()[0]
        rows = dict(zip(tables, counts, strict=True))
        by_set, by_item = (
            [step for _, _, _, step in source.execute(f"EXPLAIN QUERY PLAN {text}", values).fetchall()]
            for text, values in (
                self.plan_of((form,) * len(searches)).root.statement.bind(bindings) for form in ("in", "exists")
            )
        )
        slow = scanned(by_item)
        samples = tuple(None if slow & _aliases(search) else search_sample(search, tables) for search in searches)
        light = items_sample(self.usual.light, root, searches[0].alias, tables) if self.usual.light else None
        return Ground(
            rows[root],
            tuple(_joined_rows(search, rows) for search in searches),
            tuple(_passed_rows(search, rows, scanned(by_set)) for search in searches),
            samples,
            light,
            self.stops(by_item),
            tuple(dict.fromkeys(self.operands([*samples, light]))),
        )

    def operands(self, samples: Sequence[Statement | None]) -> Iterator[Parameter]:
        """Yield the operands of samples and of the page that differ from read to read."""
        parts = [part for sample in samples if sample for part in sample.parameters]
        spread = [operand for part in parts for operand in (part.operands if isinstance(part, Spread) else (part,))]
        yield from (
            each for each in (*spread, self.query.page.limit, self.query.page.offset) if isinstance(each, Parameter)
        )

    def stops(self, steps: Sequence[str]) -> bool:
        """Say whether a page may end early: items come in their order, and are neither grouped nor ranked."""
        sorts = steps.count("USE TEMP B-TREE FOR ORDER BY")
        again = self.query.page.offset != 0  # a later page is sorted once more, when it has been cut
        return self.query.grouping is None and not is_ranked(self.query) and sorts <= again


def _aliases(search: Search) -> frozenset[str]:
    return frozenset(alias for _, alias in search.source.hops)


def _joined_rows(search: Search, rows: Mapping[str, int]) -> int:
    """Give how many rows the hops of a search lead to: those of its last to-many hop."""
    return rows[[hop.far for hop, _ in search.source.hops if hop.many][-1]]


def _passed_rows(search: Search, rows: Mapping[str, int], slow: frozenset[str]) -> int:
    return sum(rows[hop.far] for hop, alias in search.source.hops if alias in slow)
