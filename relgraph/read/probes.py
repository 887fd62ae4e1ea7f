"""Probes: looks at the rows behind a search, to choose the form of the statement that runs.

In: a resolved query, a database, bindings. Out: the plan for these values. Which form is better depends on the rows
alone, so each is chosen for its values, and chosen again from time to time.
"""

from __future__ import annotations

from typing import Any, Final

from attrs import define, field, frozen

from relgraph.query.resolved import Bindings, ResolvedQuery
from relgraph.read.plan import PROBED_ROWS, ReadPlan, plan
from relgraph.read.source import Source

DECISIONS_KEPT: Final = 64  # values of probed operands of which the better form is remembered
DECISIONS_HOLD: Final = 1000  # runs after which all are probed again, since the data may have changed


@frozen
class Decided:
    """A plan for certain values, and how many rows each probe found, no more than PROBED_ROWS."""

    plan: ReadPlan
    probed: tuple[int, ...] = ()


@define
class Choices:
    """The plans of one query, which differ in the form of probed searches only, and which of them serves which values.

    `usual` is the plan with every search in its usual form; it has the levels that all of them have.
    """

    query: ResolvedQuery
    usual: ReadPlan = field(init=False)
    plans: dict[frozenset[int], ReadPlan] = field(factory=dict)
    decided: dict[tuple[Any, ...], Decided] = field(factory=dict)
    runs: int = 0

    def __attrs_post_init__(self) -> None:
        self.usual = self.plans[frozenset()] = plan(self.query)

    def decide(self, source: Source, bindings: Bindings) -> Decided:
        """Give the plan for some values: EXISTS for a probed search that finds 1000 rows or more, IN for any other."""
        bound = [probe.bind(bindings) for probe in self.usual.probes]
        values = tuple(tuple(each) for _, each in bound)
        self.runs += 1
        if self.runs % DECISIONS_HOLD == 0 or len(self.decided) > DECISIONS_KEPT:
            self.decided.clear()
        known = self.decided.get(values)
        if known is None:
            probed = tuple(source.execute(*each).fetchall()[0][0] for each in bound)
            common = frozenset(index for index, found in enumerate(probed) if found >= PROBED_ROWS)
            if common not in self.plans:
                self.plans[common] = plan(self.query, dict.fromkeys(common, "exists"))
            known = self.decided[values] = Decided(self.plans[common], probed)
        return known
