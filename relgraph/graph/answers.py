"""Answers: what questions to the graph give.

In: nothing. Out: frozen values made of names, relations and keys. Nothing here fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from attrs import field, frozen

from relgraph.relation import Relation
from relgraph.schema import ForeignKey, Hop

Source: TypeAlias = Relation | ForeignKey  # what joins two collections: a relation, or a key that is none


def name_of(source: Source) -> str:
    """Give the place of a relation, or of a foreign key that is none: its collection and fields.

    >>> (
    ...     name_of(Relation("articles", "author", "authors")),
    ...     name_of(ForeignKey("lines", ("a", "b"), "orders", ("c", "d"))),
    ... )
    ('articles.author', 'lines.(a, b)')
    """
    return source.name if isinstance(source, Relation) else f"{source.collection}.({', '.join(source.fields)})"


# --- between collections ---------------------------------------------------------------------------------------------


@frozen
class Path:
    """A way from one collection to another, hop by hop; `str()` is what `fields` of a read calls it.

    `collections` starts with the one set out from, so there is one more of them than of `hops`.
    """

    collections: tuple[str, ...]
    hops: tuple[Hop, ...]
    text: str

    @property
    def relations(self) -> tuple[Relation, ...]:
        """The relation of each hop."""
        return tuple(hop.relation for hop in self.hops)

    def __str__(self) -> str:
        return self.text

    def __len__(self) -> int:
        return len(self.hops)


@frozen
class Cycle:
    """Collections that all lead to one another, and the relations between them, which close the cycle."""

    collections: tuple[str, ...]
    relations: tuple[Source, ...]


@frozen
class LoadOrder:
    """An order in which collections can be filled: what a collection points at comes before it.

    `deferred` are the relations that point at a later collection, or at their own: they are left NULL at first, and
    filled when all is there. `forced` are those of them that cannot be NULL, which only loading in one transaction
    with PRAGMA defer_foreign_keys helps; they are no part of `deferred`.
    """

    collections: tuple[str, ...]
    deferred: tuple[Source, ...] = ()
    forced: tuple[Source, ...] = ()


@frozen
class Junction:
    """A collection that joins others: two relations whose junction fields name each other.

    `ends` are the collections at the far side of each, several where it is an any-to-many relation. `extra_fields` are
    those that neither point nor belong to a key of the junction's own.
    """

    collection: str
    relations: tuple[Relation, Relation]
    extra_fields: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Which way over it leads: "m2m" between two collections, "m2a" to any of several."""
        return "m2a" if any(relation.kind == "m2a" for relation in self.relations) else "m2m"

    @property
    def ends(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The collections at either end."""
        left, right = self.relations
        return far_collections(left), far_collections(right)


def far_collections(relation: Relation) -> tuple[str, ...]:
    """Give the collections that a relation leads to from its many side.

    >>> far_collections(Relation("sections", "item", one_collection_field="kind", one_allowed_collections=("a", "b")))
    ('a', 'b')
    """
    return relation.one_allowed_collections or () if relation.one_collection is None else (relation.one_collection,)


# --- between items ---------------------------------------------------------------------------------------------------


SHOWN: Final = 20  # keys of each collection


@frozen
class Affected:
    """Items of one collection that a change concerns: how many, the keys of the first, and how it gets to them.

    A key is a value, of several columns a tuple, of a table without a primary key its rowid. `via` names the relations
    from what is deleted to here, the shortest chain there is. `why` says what stands in the way of a change.
    """

    count: int
    keys: tuple[Any, ...] = ()
    via: tuple[str, ...] = ()
    why: str = ""


def _read_only(mapping: Mapping[str, Affected]) -> Mapping[str, Affected]:
    return MappingProxyType(dict(mapping))


@frozen
class Impact:
    """What a change would do, by collection.

    Where anything is `blocked` nothing would change; then the rest says what would if that did not stand in the way.
    `relations` are those that would go with a collection or field. `triggers` name the triggers of the database's own
    that would run, and may do more.
    """

    deleted: Mapping[str, Affected] = field(factory=dict, converter=_read_only, hash=False)
    nullified: Mapping[str, Affected] = field(factory=dict, converter=_read_only, hash=False)
    defaulted: Mapping[str, Affected] = field(factory=dict, converter=_read_only, hash=False)
    blocked: Mapping[str, Affected] = field(factory=dict, converter=_read_only, hash=False)
    dangling: Mapping[str, Affected] = field(factory=dict, converter=_read_only, hash=False)
    relations: tuple[Source, ...] = ()
    triggers: tuple[str, ...] = ()
