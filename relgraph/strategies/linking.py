"""Linking: the places at which items of a collection are linked with others.

In: an open registry and the plans of its collections. Out: `Link`s by name, and what their fields can hold. Pure but
for reading keys; nothing here fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from attrs import frozen

from relgraph.strategies.drafts import Drafts, Plan
from relgraph.strategies.parts import Item, Pointing, PointingAnywhere

if TYPE_CHECKING:
    from relgraph.registry import RelationRegistry

Pointer = Pointing | PointingAnywhere


@frozen
class Link:
    """One pointer of a collection, or the two of a junction, whose items are nothing but links."""

    collection: str
    pointers: tuple[Pointer, ...]

    @property
    def name(self) -> str:
        """The fields it holds: "books.author"."""
        return f"{self.collection}.{', '.join(self.fields)}"

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of all its pointers."""
        return tuple(name for pointer in self.pointers for name in pointer.names)

    @property
    def of_junction(self) -> bool:
        """Whether items are linked by an item of the collection, and not from one."""
        return len(self.pointers) > 1

    @property
    def required(self) -> bool:
        """Whether its fields must point at something."""
        return any(pointer.required for pointer in self.pointers)

    def choices(self, registry: RelationRegistry) -> list[list[Item]]:
        """Give for each pointer what it can hold, of large collections the first."""
        return [list(pointer.others({}, Drafts(registry, {}))) for pointer in self.pointers]


def links_of(registry: RelationRegistry, plans: Iterable[Plan]) -> dict[str, Link]:
    """Give the links of collections by name, but for pointers that keys, UNIQUE, CHECKs or other pointers bind.

    >>> from relgraph import RelationRegistry
    >>> from relgraph.strategies.plans import plan_of
    >>> with RelationRegistry() as registry:
    ...     _ = registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, up REFERENCES tags)")
    ...     list(links_of(registry, [plan_of(registry, "tags")]))
    ['tags.up']
    """
    return {link.name: link for plan in plans for link in _links(registry, plan)}


def _links(registry: RelationRegistry, plan: Plan) -> Iterator[Link]:
    relations = registry.schema.relations_of(plan.collection)
    halves = dict.fromkeys(
        frozenset((each.many_field, each.junction_field)) for each in relations if each.junction_field
    )
    order = list(registry.schema.collections[plan.collection].fields)
    found = [part for part in plan.parts if isinstance(part, (Pointing, PointingAnywhere))]
    pointers = sorted(found, key=lambda pointer: order.index(pointer.names[0]))
    for pair in halves:
        sides = tuple(pointer for pointer in pointers if pair & set(pointer.names))
        if len(sides) == 2:
            yield Link(plan.collection, sides)
    bound = _bound(plan).union(*halves)
    for pointer in pointers:
        beside = {name for other in pointers if other is not pointer for name in other.names}
        if not set(pointer.names) & (bound | beside):
            yield Link(plan.collection, (pointer,))


def _bound(plan: Plan) -> set[str]:
    """Give the fields that cannot change alone."""
    unique = {name for names in plan.unique for name in names}
    return {*plan.key, *unique, *(name for check in plan.checks for name in check.names)}
