"""Resolution: what one run of `resolve` knows, has found wrong, and has counted.

In: the schema, the limits, the user. Out: the first of the most pressing problems, raised when the whole query has
been seen: its shape before its names, names before types and limits. So what is refused does not depend on the order of
keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from functools import cached_property
from typing import Any

from relgraph.errors import Forbidden, LimitExceeded, RelgraphError
from relgraph.query.limits import Limits
from relgraph.schema import Collection, Schema


class Phase(IntEnum):
    """The order in which problems are reported."""

    SHAPE = 0
    NAMES = 1
    TYPES = 2


class Resolution:
    """One query being resolved: problems are collected, amounts counted, and `finish` raises what was found."""

    def __init__(self, schema: Schema, limits: Limits, user: Mapping[str, Any] | None) -> None:
        self.schema = schema
        self.limits = limits
        self.user = user
        self._problems: dict[Phase, RelgraphError] = {}
        self._counts: dict[str, int] = {}
        self._cost = 0
        self._dotted: dict[str, tuple[str, ...]] = {}

    # --- problems ---

    def note(self, error: RelgraphError, phase: Phase | None = None) -> None:
        """Note a problem; unknown names are of the phase NAMES, all else of TYPES unless said otherwise."""
        if phase is None:
            phase = Phase.NAMES if isinstance(error, Forbidden) else Phase.TYPES
        self._problems.setdefault(phase, error)

    def finish(self) -> None:
        """Raise the first problem of the lowest phase, if any was noted."""
        if self._problems:
            raise self._problems[min(self._problems)]

    # --- limits ---

    def is_too_deep(self, depth: int, where: str) -> bool:
        """Tell whether a path of that many keys is beyond the limit, and note it."""
        if depth <= self.limits.max_depth:
            return False
        self.note(LimitExceeded(where, "relational depth", depth, self.limits.max_depth, "max_depth"))
        return True

    def count(self, setting: str, amount: int, where: str, measure: str) -> None:
        """Add to what the whole query has of one thing, and stop the resolution when that is too much."""
        total = self._counts.get(setting, 0) + amount
        self._counts[setting] = total
        if total > getattr(self.limits, setting):
            self.exceed(setting, total, where, measure)

    def spend(self, cost: int, where: str) -> None:
        """Add to the cost of the whole query, and stop the resolution when that is too much."""
        self._cost += cost
        if self._cost > self.limits.max_cost:
            self.exceed("max_cost", self._cost, where, "cost of the query")

    def exceed(self, setting: str, amount: int, where: str, measure: str) -> None:
        """Stop the resolution: an amount is beyond its limit, and looking further would cost what it forbids."""
        self.note(LimitExceeded(where, measure, amount, getattr(self.limits, setting), setting))
        self.finish()

    # --- names ---

    def dotted(self, collection: Collection) -> tuple[str, ...]:
        """Give the names of a collection that hold a dot, which a path must not be split at; the longest first."""
        known = self._dotted.get(collection.name)
        if known is None:
            known = self._dotted[collection.name] = _with_dots({**collection.fields, **collection.hops})
        return known

    @cached_property
    def dotted_collections(self) -> tuple[str, ...]:
        """The names of collections that hold a dot, the longest first."""
        return _with_dots(self.schema.collections)


def _with_dots(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted((name for name in names if "." in name), key=len, reverse=True))
