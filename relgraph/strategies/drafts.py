"""Drafts: items of several collections, drawn apart and put together so that all constraints hold.

In: an open registry, and for each collection a `Plan`. Out: items as dicts of stored values, foreign keys among them.
An item for which there is no room (a link that is there already, a required key with nothing to point at) is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from hypothesis import strategies as st

from relgraph.storage.sql_text import quoted
from relgraph.strategies.checks import Check
from relgraph.strategies.choosing import several_together, together
from relgraph.strategies.parts import Item, Part, Plain, Pointing, PointingAnywhere
from relgraph.values import Stored

if TYPE_CHECKING:
    from relgraph.registry import RelationRegistry

Drawn = tuple[Any, ...]

_POOL = 200  # items that can be pointed at
_TRIED = 200  # values, to make an item pass


@frozen
class Plan:
    """How items of one collection are made: their parts, and what no two of them have in common."""

    collection: str
    parts: tuple[Part, ...]
    unique: tuple[tuple[str, ...], ...]
    key: tuple[str, ...]
    checks: tuple[Check, ...] = ()  # that must be asked of the whole item
    positions: tuple[str, ...] = ()  # columns by which lists are sorted
    required: frozenset[str] = frozenset()
    made_of: tuple[tuple[str, ...], ...] = ()  # those unique keys that only expressions over them are
    drawn: st.SearchStrategy[Drawn] = field(init=False, eq=False)  # for one item, a value for each part
    pointing: tuple[bool, ...] = field(init=False)  # which of the parts do
    linked: tuple[tuple[str, ...], ...] = field(init=False)  # those unique keys that hold a pointer
    own: tuple[tuple[str, ...], ...] = field(init=False)  # those that hold none, nor a position

    @drawn.default
    def _together(self) -> st.SearchStrategy[Drawn]:
        return together([part.pool for part in self.parts])

    @pointing.default
    def _which_point(self) -> tuple[bool, ...]:
        return tuple(isinstance(part, (Pointing, PointingAnywhere)) for part in self.parts)

    @linked.default
    def _unique_links(self) -> tuple[tuple[str, ...], ...]:
        points = {name for part, does in zip(self.parts, self.pointing, strict=True) if does for name in part.names}
        return tuple(names for names in self.unique if points & set(names))

    @own.default
    def _unique_alone(self) -> tuple[tuple[str, ...], ...]:
        placed = {name for part in self.parts for name in part.names}
        return tuple(names for names in self.unique if names not in self.linked and placed.issuperset(names))

    def several(self, least: int, most: int | None) -> st.SearchStrategy[list[Drawn]]:
        """Give a strategy of what is drawn for several items."""
        return several_together([part.pool for part in self.parts], least, most)

    @property
    def targets(self) -> frozenset[str]:
        """The collections that its items point at."""
        one = {part.collection for part in self.parts if isinstance(part, Pointing)}
        return frozenset(one.union(*(part.keys for part in self.parts if isinstance(part, PointingAnywhere))))


@frozen
class Drafts:
    """Items as far as they are made, over what the database holds already."""

    registry: RelationRegistry
    plans: Mapping[str, Plan]
    _execute: Any = field(init=False, eq=False)  # asked for once: a registry looks each time whether it is still open
    items: dict[str, list[Item]] = field(factory=dict)
    _stored: dict[tuple[str, tuple[str, ...]], list[tuple[Stored, ...]]] = field(factory=dict)
    _filled: dict[str, bool] = field(factory=dict)
    _taken: dict[tuple[str, tuple[str, ...]], set[tuple[Stored, ...]]] = field(factory=dict)
    _tried: dict[tuple[str, str], Iterator[Item]] = field(factory=dict)  # of fields that are unique by themselves
    _keys: dict[tuple[str, tuple[str, ...]], Sequence[tuple[Stored, ...]]] = field(factory=dict)  # of what is finished
    _finished: set[str] = field(factory=set)

    @_execute.default
    def _of_connection(self) -> Any:
        return self.registry.connection.execute

    # --- what can be pointed at --------------------------------------------------------------------------------------

    def of(self, collection: str, fields: tuple[str, ...], before: Item | None) -> Sequence[tuple[Stored, ...]]:
        """Give the keys of a collection; with `before` only those of items before it."""
        drafted = self.items.get(collection, ())
        if before is not None:
            return self._all(collection, fields, [*_until(drafted, before)])
        if collection not in self._finished:
            return self._all(collection, fields, drafted)
        if (collection, fields) not in self._keys:
            self._keys[collection, fields] = self._all(collection, fields, drafted)
        return self._keys[collection, fields]

    def _all(self, collection: str, fields: tuple[str, ...], drafted: Sequence[Item]) -> Sequence[tuple[Stored, ...]]:
        """Give the keys of the items that the database holds, and of those drafted."""
        found = [] if not self._holds(collection) else self._read(collection, fields)
        if not drafted:
            return found
        keys = [tuple([item.get(name) for name in fields]) for item in drafted]
        return [*found, *(each for each in keys if None not in each)]

    def _holds(self, collection: str) -> bool:
        """Tell whether the database itself has items of a collection."""
        if collection not in self._filled:
            sql = f"SELECT EXISTS (SELECT 1 FROM main.{quoted(collection)})"
            self._filled[collection] = bool(self._execute(sql).fetchone()[0])
        return self._filled[collection]

    def _read(self, collection: str, fields: tuple[str, ...]) -> list[tuple[Stored, ...]]:
        if (collection, fields) not in self._stored:
            names = [quoted(name) for name in fields]
            whole = " AND ".join(f"{name} IS NOT NULL" for name in names)
            sql = f"SELECT {', '.join(names)} FROM main.{quoted(collection)} WHERE {whole} LIMIT {_POOL}"
            self._stored[collection, fields] = list(self._execute(sql))
        return self._stored[collection, fields]

    # --- making items ------------------------------------------------------------------------------------------------

    def make(self, drawn: Mapping[str, Sequence[Drawn]]) -> dict[str, list[Item]]:
        """Give the items that come of what was drawn, those that are pointed at first."""
        for name in drawn:
            self.items[name] = [self._started(self.plans[name], each) for each in drawn[name]]
        ordered = in_order(self.plans[name] for name in drawn)
        for name in ordered:
            self._finish(self.plans[name], drawn[name])
            self._finished.add(name)
        while any(list(map(self._settle, map(self.plans.__getitem__, ordered)))):
            pass  # what has been left out may have been pointed at
        return self.items

    def _started(self, plan: Plan, drawn: Drawn) -> Item:
        """Give an item with all that points nowhere, so that others can point at it."""
        item: Item = {}
        for part, value, points in zip(plan.parts, drawn, plan.pointing, strict=True):
            if not points:
                part.place(value, item, self)
        return item if self._is_apart(plan, item, plan.own) else {}

    def _finish(self, plan: Plan, drawn: Sequence[Drawn]) -> None:
        """Let the items of a collection point at others; those that cannot be are left out."""
        started = self.items[plan.collection]
        left: list[Item] = []
        for item, values in zip(list(started), drawn, strict=True):
            made = (bool(item) or all(plan.pointing)) and self._pointed(plan, item, values)
            if made and self._is_suited(plan, item) and self._is_apart(plan, item, plan.linked):
                self._number(plan, item, left)
                left.append(item)
            else:
                _drop(started, item)
        self.items[plan.collection] = left

    def _pointed(self, plan: Plan, item: Item, drawn: Drawn) -> bool:
        """Let an item point at others; tell whether it can."""
        for part, value, points in zip(plan.parts, drawn, plan.pointing, strict=True):
            if points and not part.place(value, item, self):
                return False
        return True

    def _passes(self, plan: Plan, item: Item) -> bool:
        return all(check.passed(self.registry, item) for check in plan.checks)

    def _is_suited(self, plan: Plan, item: Item) -> bool:
        """Make the item pass each CHECK, changing one part of it where it must; False where that does not do."""
        if self._passes(plan, item):
            return True
        named = {name for check in plan.checks for name in check.names}
        for part in plan.parts:
            for other in islice(part.others(item, self), _TRIED if named & set(part.names) else 0):
                taken = [names for names in plan.own if set(names) & set(part.names)]
                changed = item | other
                if self._passes(plan, changed) and all(self._is_free(plan, changed, names) for names in taken):
                    item.update(other)
                    return self._is_apart(plan, item, taken)
        return False

    def _settle(self, plan: Plan) -> bool:
        """Let go of items that have been left out since; tell whether others may have to follow."""
        items = self.items[plan.collection]
        pointing = [part for part in plan.parts if isinstance(part, Pointing) and not part.own]
        cut = [item for item in items for part in pointing if not self._holds_on(part, item)]
        if cut:
            self.items[plan.collection] = [item for item in items if all(item is not each for each in cut)]
            self._keys.clear()
        return bool(cut)

    def _holds_on(self, part: Pointing, item: Item) -> bool:
        """Tell whether what a part points at is there; where it may be NULL, it becomes so."""
        keys = tuple([item[name] for name in part.names])
        if None in keys or keys in self.of(part.collection, part.to_names, None):
            return True
        item.update(dict.fromkeys(part.names))
        self._keys.clear()
        return not part.required

    def _number(self, plan: Plan, item: Item, before: Sequence[Item]) -> None:
        """Give the item the next position in each list that is sorted."""
        for name in plan.positions:
            item[name] = self._count(plan.collection) + len(before) + 1

    def _count(self, collection: str) -> int:
        if not self._holds(collection):
            return 0
        sql = f"SELECT count(*) FROM main.{quoted(collection)}"
        return int(self._execute(sql).fetchone()[0])

    # --- what is unique ----------------------------------------------------------------------------------------------

    def _is_apart(self, plan: Plan, item: Item, keys: Iterable[tuple[str, ...]]) -> bool:
        """Make the item differ from all others in some keys, changing it where it must; False where that cannot be."""
        for names in keys:
            if self._is_free(plan, item, names):
                self._take(plan, item, names)
            elif not self._moved(plan, item, names):
                return False
        return True

    def _moved(self, plan: Plan, item: Item, names: tuple[str, ...]) -> bool:
        parts = [part for part in plan.parts if set(part.names) & set(names)]
        for part in parts:
            for other in self._others(plan, part, item, names):
                changed = item | other
                if self._is_free(plan, changed, names) and self._passes(plan, changed):
                    item.update(other)
                    self._take(plan, item, names)
                    return True
        loose = [name for name in names if name not in plan.required]
        item.update(dict.fromkeys(loose[:1]))
        return bool(loose)

    def _others(self, plan: Plan, part: Part, item: Item, names: tuple[str, ...]) -> Iterator[Item]:
        """Yield what a part may hold instead; a field that is unique by itself goes on where it left off."""
        if not isinstance(part, Plain) or len(names) > 1:
            return part.others(item, self)
        place = plan.collection, names[0]
        if place not in self._tried:
            self._tried[place] = part.others(item, self)
        return self._tried[place]

    def _is_free(self, plan: Plan, item: Item, names: tuple[str, ...]) -> bool:
        values = tuple([item.get(name) for name in names])
        if None in values:
            return names != plan.key
        if _told_apart(values) in self._taken.get((plan.collection, names), ()):
            return False
        if not self._holds(plan.collection):
            return True
        alike = " COLLATE NOCASE" if names in plan.made_of else ""
        same = " AND ".join(f"{quoted(name)} = ?{alike}" for name in names)
        sql = f"SELECT EXISTS (SELECT 1 FROM main.{quoted(plan.collection)} WHERE {same})"
        return not self._execute(sql, values).fetchone()[0]

    def _take(self, plan: Plan, item: Item, names: tuple[str, ...]) -> None:
        values = tuple([item.get(name) for name in names])
        self._taken.setdefault((plan.collection, names), set()).add(_told_apart(values))


def in_order(plans: Iterable[Plan]) -> list[str]:
    """Give the names of collections, those that are pointed at first as far as that can be."""
    left = {plan.collection: plan.targets - {plan.collection} for plan in plans}
    ordered: list[str] = []
    while left:
        ready = next((name for name, targets in left.items() if not targets & left.keys()), next(iter(left)))
        ordered.append(ready)
        del left[ready]
    return ordered


def _until(items: Sequence[Item], end: Item) -> Iterable[Item]:
    for item in items:
        if item is end:
            return
        yield item


def _drop(items: list[Item], item: Item) -> None:
    items[:] = [each for each in items if each is not item]


def _told_apart(values: tuple[Stored, ...]) -> tuple[Stored, ...]:
    """Give values as any collation tells them apart, or more coarsely."""
    return tuple(
        [value.casefold().partition("\0")[0].rstrip() if isinstance(value, str) else value for value in values]
    )
