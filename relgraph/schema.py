"""Schema: what names are resolved against.

In: collections, fields and relations as storage found or was told them. Out: frozen values that answer "what is this
name here", joined by hops (see `linking`). Pure: a schema never touches a database, so the Python evaluator and the
property tests can use it alone. Nothing here fails.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from types import MappingProxyType
from typing import Any, Final, TypeVar

from attrs import evolve, field, frozen

from relgraph.codecs import PLAIN, Codec
from relgraph.relation import Relation
from relgraph.values import FieldType, Stored, with_affinity

_Thing = TypeVar("_Thing")
_Place = TypeVar("_Place")


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
    collation: str = "BINARY"  # "NOCASE", "RTRIM", an application's own, or "unknown" (some columns of views)
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
    collation: str = "BINARY"  # of the column; names of collections are compared byte by byte all the same


@frozen(eq=False)
class Seen:
    """What an access sees of a collection, in the place of its table.

    `rows` is the condition, judged on all the data, that a row fulfils (None: every row does). `columns` are by name
    the stored column and the condition under which its value is seen, else it is NULL (None: it always is).
    """

    collection: Collection
    rows: Any  # a resolved condition
    columns: Mapping[str, tuple[str, Any]] = field(converter=_read_only)
    select: Any = None  # the same as SQL, to stand where the table would

    @staticmethod
    def raw(name: str) -> str:
        """Give the name here of a key column as it is stored, which joins compare and nobody is shown."""
        return f"relgraph key {name}"

    @staticmethod
    def link(alias: str) -> str:
        """Give the name here of what a to-many alias is looked up by, NULL where the link is hidden."""
        return f"relgraph link {alias}"

    @staticmethod
    def is_link(name: str) -> bool:
        """Whether a name is one that `link` gave: where it is NULL, the link is hidden."""
        return name.startswith("relgraph link ")


@frozen
class Hop:
    """One step across a relation, from the near collection to the far one: far.far_field = near.near_field.

    With a `guard` the keys are compared as text (the any-to-many column holds the key as text). As in SQLite's own
    foreign keys the one side's column rules under which `collation` keys are compared: in SQL that column stands on the
    left, or COLLATE is spelled out; in Python both values go through `form` first.
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
    collation: str = "BINARY"
    near_collation: str = "BINARY"  # of the near column itself, which SQLite would go by where it stands left
    form: Callable[[Stored], Stored] | None = None  # None: keys are the same when the stored values are
    seen: Seen | None = None  # what an access sees of the far side; None: all of it
    near_column: str | None = None  # the near field in its table, where an access sees it under another name

    def __str__(self) -> str:
        return f"{self.near}.{self.name}"

    def reversed(self, name: str) -> Hop:
        """Give the to-many way back over a to-one hop."""
        guard = self.guard and evolve(self.guard, far=True)
        return Hop(
            name,
            self.relation,
            near=self.far,
            near_field=self.far_field,
            far=self.near,
            far_field=self.near_field,
            many=True,
            guard=guard,
            sort_field=self.relation.sort_field,
            collation=self.collation,
            near_collation=self.collation,
            form=self.form,
        )


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
    hidden_key: tuple[str, ...] = ()  # columns of the primary key that an access may not name; then it knows no key
    closed: frozenset[str] = frozenset()  # fields that lead to what an access may not see: left out where `*.*` goes in
    seen: Seen | None = None  # what an access sees of it; None: all of it
    stray_aliases: tuple[str, ...] = ()  # alias fields of a Directus project that no relation leads over

    @property
    def key(self) -> Field | None:
        """The primary key where it is one column, else None."""
        return self.fields[self.primary_key[0]] if len(self.primary_key) == 1 else None

    @property
    def names(self) -> tuple[str, ...]:
        """Every name a path may start with here: fields and to-many aliases, those that `*` gives first."""
        return tuple(dict.fromkeys((*self.order, *self.fields, *self.hops)))

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
    unreadable: Mapping[str, str] = field(factory=dict, converter=_read_only, hash=False)  # views and the like: why
    _by_many: Mapping[str, tuple[Relation, ...]] = field(init=False, eq=False, repr=False)
    _by_alias: Mapping[tuple[str | None, str], tuple[Relation, ...]] = field(init=False, eq=False, repr=False)
    _keys: Mapping[str, tuple[ForeignKey, ...]] = field(init=False, eq=False, repr=False)
    restricted: bool = False  # what an access knows of another schema

    def __iter__(self) -> Iterator[Collection]:
        return iter(self.collections.values())

    def relations_of(self, collection: str) -> tuple[Relation, ...]:
        """Give the relations whose many side is that collection."""
        return self._by_many.get(collection, ())

    def relations_at(self, collection: str, alias: str) -> tuple[Relation, ...]:
        """Give the relations whose one side is that alias of a collection, as SQLite tells names apart."""
        return self._by_alias.get((collection, folded(alias)), ())

    def keys_of(self, collection: str) -> tuple[ForeignKey, ...]:
        """Give the foreign keys that a collection declares."""
        return self._keys.get(collection, ())

    @_by_many.default
    def _grouped_by_many(self) -> Mapping[str, tuple[Relation, ...]]:
        return _grouped(self.relations, lambda relation: relation.many_collection)

    @_by_alias.default
    def _grouped_by_alias(self) -> Mapping[tuple[str | None, str], tuple[Relation, ...]]:
        return _grouped(self.relations, lambda relation: (relation.one_collection, folded(relation.one_field or "")))

    @_keys.default
    def _grouped_keys(self) -> Mapping[str, tuple[ForeignKey, ...]]:
        return _grouped(self.foreign_keys, lambda key: key.collection)

    def scope(self, any_hop: AnyHop, collection: str) -> Hop | None:
        """Give the hop of an any-to-many field to one collection, also to one that is not allowed in it.

        None, when there is no such collection or its key is not one column.
        """
        if collection in any_hop.hops:
            return any_hop.hops[collection]
        one, allowed = self.collections.get(collection), next(iter(any_hop.hops.values()), None)
        if one is None or one.key is None:
            return None
        found = scope_hop(any_hop.relation, one)
        if allowed is None or allowed.guard is None or found.guard is None:
            return found
        guard = evolve(found.guard, collation=allowed.guard.collation)
        return evolve(found, guard=guard, near_collation=allowed.near_collation)

    def follow(self, collection: str, other: str, field: str, collection_field: str | None = None) -> Hop | None:
        """Give the to-many hop of `$FOLLOW(other,field)`: the way back over a relation that leads to `collection`.

        With `collection_field` it is the way back over the any-to-many field. None, when there is no such relation.

        >>> from relgraph.linking import link
        >>> articles = Collection("articles", {"id": Field("articles", "id", FieldType.INTEGER)}, ("id",))
        >>> notes = Collection("notes", {"on": Field("notes", "on", FieldType.INTEGER)})
        >>> schema = link([articles, notes], [Relation("notes", "on", "articles")])
        >>> str(schema.follow("articles", "notes", "on"))
        'articles.$FOLLOW(notes,on)'
        """
        many = self.collections.get(other)
        if many is None:
            return None
        if collection_field is None:
            hop = many.hops.get(field)
            matches = hop is not None and not hop.many and hop.far == collection
            return hop.reversed(f"$FOLLOW({other},{field})") if hop is not None and matches else None
        any_hop = many.any_hops.get(field)
        if any_hop is None or any_hop.collection_field != collection_field or collection not in any_hop.hops:
            return None
        return any_hop.hops[collection].reversed(f"$FOLLOW({other},{field},{collection_field})")


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


def _grouped(things: Iterable[_Thing], place: Callable[[_Thing], _Place]) -> Mapping[_Place, tuple[_Thing, ...]]:
    groups: dict[_Place, list[_Thing]] = {}
    for thing in things:
        groups.setdefault(place(thing), []).append(thing)
    return {key: tuple(group) for key, group in groups.items()}


def names_of(things: Iterable[Any]) -> tuple[str, ...]:
    """Give the names of collections, fields or hops, in order.

    >>> names_of(())
    ()
    """
    return tuple(thing.name for thing in things)


# --- names and keys --------------------------------------------------------------------------------------------------

_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def folded(name: str) -> str:
    """Give a name in the form under which SQLite tells names apart: without the case of ASCII letters.

    >>> folded("Author_ID"), folded("Äpfel")
    ('author_id', 'Äpfel')
    """
    return name.translate(_LOWER)


def _without_case(value: Stored) -> Stored:
    """Give what NOCASE tells texts apart by: letters up to a NUL character, behind it only how many bytes there are.

    Source: nocaseCollatingFunc in https://www.sqlite.org/src/file?name=src/main.c
    """
    if not isinstance(value, str):
        return value
    head, ended, _ = value.partition("\0")
    return f"{folded(head)}\0{len(value.encode('utf-8', 'surrogatepass'))}" if ended else folded(head)


_COLLATIONS: Final[dict[str, Callable[[Stored], Stored]]] = {
    "NOCASE": _without_case,
    "RTRIM": lambda value: value.rstrip(" ") if isinstance(value, str) else value,
}


@cache
def key_form(kind: str | None, collation: str) -> Callable[[Stored], Stored] | None:
    """Give what makes two keys the same in Python when SQLite compares them as `kind`: "text", "number" or "stored".

    >>> key_form("text", "NOCASE")("AB"), key_form("text", "BINARY")(7), key_form("stored", "BINARY")
    ('ab', '7', None)
    """
    affinity = {"text": "TEXT", "number": "NUMERIC"}.get(kind or "stored")
    cast = affinity and partial(with_affinity, affinity=affinity)
    collate = _COLLATIONS.get(collation)
    if not cast or collate is None:
        return cast or collate
    return lambda value: collate(cast(value))


def scope_hop(relation: Relation, one: Collection, collations: tuple[str, str] = ("BINARY", "BINARY")) -> Hop:
    """Give the hop of an any-to-many relation to one collection, whose key is one column.

    `collations` are those of its two columns: of the key, and of the collection's name.
    """
    key = one.fields[one.primary_key[0]]
    return Hop(
        f"{relation.many_field}:{one.name}",
        relation,
        near=relation.many_collection,
        near_field=relation.many_field,
        far=one.name,
        far_field=key.name,
        many=False,
        guard=Guard(relation.one_collection_field or "", one.name, collation=collations[1]),
        collation=key.collation,
        near_collation=collations[0],
        form=key_form("text", key.collation),
    )
