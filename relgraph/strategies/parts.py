"""Parts: what an item is put together from, each with the pool of what is drawn for it.

In: the schema of an open registry. Out: parts, whose drawn values become those of fields once it is known what can be
pointed at. Nothing is drawn that depends on other rows, so lists of items shrink well and are quick to draw.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import attrs
from attrs import frozen

from relgraph.schema import Field
from relgraph.strategies.choosing import Pool
from relgraph.strategies.values import numbered
from relgraph.values import Stored, as_text, with_affinity

Item = dict[str, Stored]

_LINKS = (*range(12), -1)  # which of the items to point at, counted round; -1: none
_LINK_POOL = Pool((1, _LINKS))


class Pools(Protocol):
    """What can be pointed at."""

    def of(self, collection: str, fields: tuple[str, ...], before: Item | None) -> Sequence[tuple[Stored, ...]]:
        """Give the keys of a collection; with `before` only those of the items before it."""


class Part(Protocol):
    """Some fields of an item: what is drawn for them, and how that becomes values."""

    @property
    def names(self) -> tuple[str, ...]:
        """The fields it says."""

    @property
    def pool(self) -> Pool:
        """What is drawn."""

    def place(self, drawn: Any, item: Item, pools: Pools) -> bool:
        """Put values into the item; False, when there are none that it may hold."""

    def others(self, item: Item, pools: Pools) -> Iterator[Item]:
        """Yield what the fields may hold instead, for an item that is there already."""


@frozen
class Plain:
    """A field of its own."""

    field: Field
    pool: Pool
    required: bool
    given: bool = False  # by the caller, who wants this and nothing else

    @property
    def names(self) -> tuple[str, ...]:
        """The field."""
        return (self.field.name,)

    def place(self, drawn: Stored, item: Item, pools: Pools) -> bool:
        """Put the value as the column will hold it."""
        item[self.field.name] = with_affinity(drawn, self.field.affinity)
        return True

    def others(self, item: Item, pools: Pools) -> Iterator[Item]:
        """Yield values one after the other: what was drawn is there already."""
        for number in range(0 if self.given else 1000):
            yield {self.field.name: with_affinity(numbered(self.field, number), self.field.affinity)}


@frozen
class Fitting:
    """Fields that a CHECK speaks of: together they hold one of the choices that pass it."""

    names: tuple[str, ...]
    choices: tuple[tuple[Stored, ...], ...]
    pool: Pool = attrs.field(init=False)

    @pool.default
    def _pool(self) -> Pool:
        return Pool((1, self.choices))

    def place(self, drawn: tuple[Stored, ...], item: Item, pools: Pools) -> bool:
        """Put the choice."""
        item.update(zip(self.names, drawn, strict=True))
        return True

    def others(self, item: Item, pools: Pools) -> Iterator[Item]:
        """Yield the choices."""
        yield from (dict(zip(self.names, choice, strict=True)) for choice in self.choices)


@frozen
class Pointing:
    """The columns of a foreign key, or of a relation without one."""

    names: tuple[str, ...]
    collection: str
    to_names: tuple[str, ...]
    required: bool
    own: bool = False  # it points at its own collection: at an earlier item, so that trees have no cycles

    @property
    def pool(self) -> Pool:
        """Which of the items."""
        return _LINK_POOL

    def place(self, drawn: int, item: Item, pools: Pools) -> bool:
        """Put the key of the item meant, or NULL where there is none."""
        pool = self._pool(item, item, pools)
        if not pool or (drawn < 0 and not self.required):
            item.update({name: None for name in self.names if name not in item})
            return not self.required
        item.update(zip(self.names, pool[max(drawn, 0) % len(pool)], strict=True))
        return True

    def others(self, item: Item, pools: Pools) -> Iterator[Item]:
        """Yield all that can be pointed at."""
        apart = {name: value for name, value in item.items() if name not in self.names}
        yield from (dict(zip(self.names, keys, strict=True)) for keys in self._pool(apart, item, pools))

    def _pool(self, item: Item, before: Item, pools: Pools) -> Sequence[tuple[Stored, ...]]:
        """Give the keys that agree with what the item holds already: columns can be part of two keys."""
        found = pools.of(self.collection, self.to_names, before if self.own else None)
        if self.own and not found and self.required and all(name in item for name in self.to_names):
            found = [tuple(item[name] for name in self.to_names)]  # the first points at itself
        said = [at for at, name in enumerate(self.names) if item.get(name) is not None]
        return [keys for keys in found if all(keys[at] == item[self.names[at]] for at in said)] if said else found


@frozen
class PointingAnywhere:
    """The pair of an any-to-many relation: the collection, and the key of an item in it."""

    field: str
    collection_field: str
    keys: Mapping[str, str]  # by allowed collection its key
    required: bool
    pool: Pool = attrs.field(init=False)  # of pairs: which of the collections, and which of its items

    @pool.default
    def _pairs(self) -> Pool:
        return Pool((1, [(which, link) for link in _LINKS for which in range(max(len(self.keys), 1))]))

    @property
    def names(self) -> tuple[str, ...]:
        """Both fields."""
        return (self.collection_field, self.field)

    def place(self, drawn: tuple[int, int], item: Item, pools: Pools) -> bool:
        """Put the pair, its key as text; NULL in both where there is nothing."""
        filled = [(name, pool) for name in self.keys if (pool := pools.of(name, (self.keys[name],), None))]
        which, link = drawn
        if not filled or (link < 0 and not self.required):
            item.update({self.field: None, self.collection_field: None})
            return not self.required
        name, pool = filled[which % len(filled)]
        item.update({self.field: as_text(pool[max(link, 0) % len(pool)][0]), self.collection_field: name})
        return True

    def others(self, item: Item, pools: Pools) -> Iterator[Item]:
        """Yield every pair."""
        for name, key in self.keys.items():
            for (value,) in pools.of(name, (key,), None):
                yield {self.field: as_text(value), self.collection_field: name}
