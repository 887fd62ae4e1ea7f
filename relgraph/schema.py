"""Schema: what names are resolved against.

In: collections, fields and relations as storage found or was told them. Out: frozen values that answer "what is this
name here". Pure: a schema never touches a database, so the Python evaluator and the property tests can use it alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from attrs import field, frozen

from relgraph.relation import Relation
from relgraph.values import PLAIN, Codec, FieldType


def _read_only(mapping: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(mapping))


@frozen
class Field:
    """A stored column of a collection."""

    collection: str
    name: str
    type: FieldType
    codec: Codec = PLAIN
    affinity: str = "BLOB"  # TEXT, NUMERIC, INTEGER, REAL or BLOB, https://www.sqlite.org/datatype3.html
    declared_type: str = ""
    nullable: bool = True
    default: Any = None  # the stored form; None also where the default is an expression
    default_sql: str | None = None  # as written in the table's definition
    generated: bool = False
    unique: bool = False  # alone, by a UNIQUE column or index without a WHERE
    collation: str = "BINARY"
    searchable: bool = True

    def __str__(self) -> str:
        return f"{self.collection}.{self.name}"


@frozen
class Guard:
    """What makes a hop of an any-to-many relation hold: the collection column names `collection`.

    The column `field` is on the near side of the hop (pages_sections -> headings), or on the far side when `far`
    (headings -> pages_sections).
    """

    field: str
    collection: str
    far: bool = False


@frozen
class Hop:
    """One step across a relation, from the near collection to the far one: far.far_field = near.near_field.

    With a `guard` the keys are compared as text (the any-to-many column holds the key as text).
    """

    name: str  # as a path spells it: "author", "comments", "item:headings", "$FOLLOW(comments,article)"
    relation: Relation
    near: str
    near_field: str
    far: str
    far_field: str
    many: bool
    guard: Guard | None = None
    sort_field: str | None = None  # the default order of a to-many hop

    def __str__(self) -> str:
        return f"{self.near}.{self.name}"


@frozen
class AnyHop:
    """The any-to-many field of a collection: `item`, one hop per allowed collection, told apart by `collection_field`.

    `hops` is in the order of `one_allowed_collections`.
    """

    name: str
    relation: Relation
    near: str
    collection_field: str
    hops: Mapping[str, Hop] = field(converter=_read_only, hash=False)


@frozen
class Collection:
    """A table or view, its stored fields and the hops that lead on from it.

    `hops` are keyed by the path segment: m2o by their column, o2m by their alias. An any-to-many field is in
    `any_hops`, not in `hops`. `broken` says, by field, why a relation that is there cannot be travelled.
    """

    name: str
    fields: Mapping[str, Field] = field(converter=_read_only, hash=False)
    primary_key: tuple[str, ...] = ()
    hops: Mapping[str, Hop] = field(factory=dict, converter=_read_only, hash=False)
    any_hops: Mapping[str, AnyHop] = field(factory=dict, converter=_read_only, hash=False)
    broken: Mapping[str, str] = field(factory=dict, converter=_read_only, hash=False)
    sort_field: str | None = None
    singleton: bool = False
    view: bool = False
    system: bool = False  # Directus's own: reachable through a relation, no root of a query
    has_rowid: bool = True
    order: tuple[str, ...] = ()  # names of fields and to-many aliases in the order `*` gives them

    @property
    def key(self) -> Field | None:
        """The primary key where it is one column, else None."""
        return self.fields[self.primary_key[0]] if len(self.primary_key) == 1 else None

    @property
    def names(self) -> tuple[str, ...]:
        """Every name a path may start with here: fields and to-many aliases."""
        return self.order or (*self.fields, *(name for name in self.hops if name not in self.fields))

    @property
    def relation_names(self) -> tuple[str, ...]:
        """The names that lead on to other collections."""
        return (*self.hops, *self.any_hops)


@frozen
class Schema:
    """All collections and relations of one database, by name.

    `relations` holds every relation, broken ones too; hops are made of the sound ones only.
    `directus` says that the relations are kept in Directus's own tables, and dates as epoch milliseconds.
    """

    collections: Mapping[str, Collection] = field(converter=_read_only, hash=False)
    relations: tuple[Relation, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    directus: bool = False

    def __iter__(self) -> Iterator[Collection]:
        return iter(self.collections.values())

    def relations_of(self, collection: str) -> tuple[Relation, ...]:
        """Give the relations whose many side is that collection."""
        return tuple(relation for relation in self.relations if relation.many_collection == collection)


@frozen
class ForeignKey:
    """A declared foreign key, also composite and broken ones, as `PRAGMA foreign_key_list` gives it.

    `to_fields` is resolved: where the declaration names no columns it is the target's primary key.
    """

    collection: str
    fields: tuple[str, ...]
    to_collection: str  # as the table is really spelled, where it exists
    to_fields: tuple[str, ...]
    on_delete: str = "NO ACTION"
    on_update: str = "NO ACTION"


def names_of(things: Iterable[Any]) -> tuple[str, ...]:
    """Give the names of collections, fields or hops, in order.

    >>> names_of(())
    ()
    """
    return tuple(thing.name for thing in things)
