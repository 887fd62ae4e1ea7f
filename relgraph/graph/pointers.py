"""Pointers: which rows point at which, and what becomes of them when what they point at goes.

In: a `Schema`, and whether its database is guarded. Out: a `Pointer` for every declared foreign key that can match, for
every other relation to one collection, and for each collection of an any-to-many relation. Pure; nothing fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from attrs import frozen

from relgraph.graph.answers import Source, name_of
from relgraph.integrity.guarded import Follow, Guarded, guarded_relations
from relgraph.read.joins import column, join
from relgraph.relation import Relation
from relgraph.schema import Field, ForeignKey, Hop, Schema

_GONE: Final = {"CASCADE": Follow.DELETE, "SET NULL": Follow.NULLIFY, "SET DEFAULT": Follow.DEFAULT}
_CHANGED: Final = {**_GONE, "CASCADE": Follow.MOVE}


@frozen
class Pointer:
    """Fields of one collection that point at items of another, by `to_fields` of it.

    `condition` says in SQL that a row `many` points at a row `one`; `concerns`, that what becomes of `one` may become
    of `many` too. What follows is None where nothing does: the row is left behind, pointing at nothing.
    """

    source: Source
    many: str
    fields: tuple[str, ...]
    one: str
    to_fields: tuple[str, ...]
    condition: str
    concerns: str
    when_gone: Follow | None
    when_changed: Follow | None

    @property
    def name(self) -> str:
        """The place of the relation or foreign key."""
        return name_of(self.source)

    @property
    def declared(self) -> bool:
        """Whether it is a foreign key that SQLite knows."""
        return isinstance(self.source, ForeignKey) or self.source.foreign_key is not None


def pointers_of(schema: Schema, *, guarded: bool) -> tuple[Pointer, ...]:
    """Give the pointers of a schema, those of foreign keys first.

    >>> from relgraph.schema import Collection, Field
    >>> from relgraph.values import FieldType
    >>> tree = Collection("tree", {name: Field("tree", name, FieldType.INTEGER) for name in ("id", "up")}, ("id",))
    >>> key = ForeignKey("tree", ("up",), "tree", ("id",), on_delete="CASCADE")
    >>> [pointer.when_gone for pointer in pointers_of(Schema({"tree": tree}, foreign_keys=[key]), guarded=False)]
    [<Follow.DELETE: 'delete'>]
    """
    guards = {each.relation.name: each for each in guarded_relations(schema)} if guarded else {}
    return (*_of_keys(schema, guards), *_of_relations(schema, guards))


def can_match(schema: Schema, key: ForeignKey) -> bool:
    """Whether a foreign key points at columns of a table that is there."""
    one, many = schema.collections.get(key.to_collection), schema.collections.get(key.collection)
    if one is None or many is None or one.view or len(key.fields) != len(key.to_fields):
        return False
    return set(key.to_fields) <= set(one.fields) and set(key.fields) <= set(many.fields)


def _of_keys(schema: Schema, guards: dict[str, Guarded]) -> Iterator[Pointer]:
    relations: dict[tuple[Any, ...], Relation] = {
        (each.many_collection, (each.many_field,), each.one_collection): each for each in schema.relations
    }
    for key in dict.fromkeys(schema.foreign_keys):
        if not can_match(schema, key):
            continue
        source = relations.get((key.collection, key.fields, key.to_collection), key)
        yield Pointer(
            source,
            key.collection,
            key.fields,
            key.to_collection,
            key.to_fields,
            " AND ".join(_compared(key)),
            " AND ".join(_compared(key) if _same_affinities(schema, key) else _loosely_compared(key)),
            Follow.DELETE if _links(guards, source) else _follow(schema, key, _GONE.get(key.on_delete)),
            _follow(schema, key, _CHANGED.get(key.on_update)),
        )


def _compared(key: ForeignKey) -> Iterator[str]:
    for far, near in zip(key.to_fields, key.fields, strict=True):
        yield f"{column('one', far)} = {column('many', near)}"


def _loosely_compared(key: ForeignKey) -> Iterator[str]:
    """Yield how SQLite compares to count what points at nothing, or how it does to carry an action out.

    For an action it takes the value of the one side as it is, without the affinity of its column.
    """
    for far, near in zip(key.to_fields, key.fields, strict=True):
        one, many = column("one", far), column("many", near)
        yield f"({one} = {many} OR +{one} = {many})"


def _same_affinities(schema: Schema, key: ForeignKey) -> bool:
    near, far = schema.collections[key.collection].fields, schema.collections[key.to_collection].fields
    return all(
        _kind(near[name]) == _kind(far[to_name]) for name, to_name in zip(key.fields, key.to_fields, strict=True)
    )


def _kind(field: Field) -> str:
    """Give what the affinity of a field does to what it is compared with: numbers all do the same."""
    return field.affinity if field.affinity in ("TEXT", "BLOB") else "number"


def _follow(schema: Schema, key: ForeignKey, follow: Follow | None) -> Follow:
    """Give what follows by a key's action; a default that nothing declares is NULL."""
    fields = schema.collections[key.collection].fields
    if follow is Follow.DEFAULT and all(fields[name].default_sql is None for name in key.fields):
        return Follow.NULLIFY
    return follow or Follow.REFUSE


def _links(guards: dict[str, Guarded], source: Source) -> bool:
    """Whether guards let the rows of a foreign key go with what they point at, as half a link is none."""
    guard = guards.get(source.name) if isinstance(source, Relation) else None
    return guard is not None and guard.junction and guard.targets[0].when_gone is Follow.DELETE


def _of_relations(schema: Schema, guards: dict[str, Guarded]) -> Iterator[Pointer]:
    for collection in schema:
        for hop in collection.hops.values():
            if not hop.many and hop.relation.foreign_key is None:
                yield _of_hop(hop, (hop.near_field,), guards)
        for any_hop in collection.any_hops.values():
            for hop in any_hop.hops.values():
                yield _of_hop(hop, (hop.near_field, any_hop.collection_field), guards)


def _of_hop(hop: Hop, fields: tuple[str, ...], guards: dict[str, Guarded]) -> Pointer:
    guard = guards.get(hop.relation.name)
    target = next((each for each in guard.targets if each.collection == hop.far), None) if guard else None
    condition = join(hop.reversed(""), "one", "many").text
    return Pointer(
        hop.relation,
        hop.near,
        fields,
        hop.far,
        (hop.far_field,),
        condition,
        condition,
        None if target is None else target.when_gone,
        None if target is None else target.when_moved,
    )
