"""Guarded relations: which relations guards keep right, and what becomes of a key when the item it points at goes.

In: a `Schema`. Out: a `Guarded` for every sound relation of a collection that is not Directus's own, with a `Target`
for each collection it may point at. Pure, and nothing fails.

What a foreign key declares is what happens, whether or not a program has foreign keys switched on. Where none is
declared, an item that is still pointed at cannot go, and a key that changes is followed. An m2a key follows its target
both ways. The row of a junction goes with either of its ends, unless a foreign key says that the end must stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from attrs import frozen

from relgraph.integrity.pointers import can_be_null, junction_halves
from relgraph.relation import Relation
from relgraph.schema import AnyHop, Collection, Field, Hop, Schema


class Follow(StrEnum):
    """What becomes of a key whose target goes, or gets another key."""

    DELETE = "delete"  # its row goes
    NULLIFY = "nullify"  # it becomes NULL
    DEFAULT = "default"  # it becomes what its column holds by default
    MOVE = "move"  # it becomes the new key
    REFUSE = "refuse"  # nothing: the target has to stay as it is


@frozen
class Target:
    """A collection that a guarded relation may point at, and by which column."""

    hop: Hop
    near: Field
    key: Field
    when_gone: Follow
    when_moved: Follow

    @property
    def collection(self) -> str:
        """The collection pointed at."""
        return self.hop.far


@frozen
class Guarded:
    """A relation that guards keep right."""

    relation: Relation
    near: Field
    collection_field: Field | None  # of an m2a relation
    junction: bool
    targets: tuple[Target, ...]

    @property
    def many(self) -> str:
        """The collection that holds the keys."""
        return self.near.collection

    @property
    def declared(self) -> bool:
        """Whether a foreign key is declared, so that SQLite itself judges where foreign keys are switched on."""
        return self.relation.foreign_key is not None


def guarded_relations(schema: Schema) -> tuple[Guarded, ...]:
    """Give the relations that guards keep right."""
    halves = junction_halves(schema)
    return tuple(
        each
        for collection in schema
        if not (collection.system or collection.view)
        for each in _of_collection(schema, collection, frozenset(halves))
    )


def _of_collection(schema: Schema, collection: Collection, halves: frozenset[tuple[str, str]]) -> Iterator[Guarded]:
    for hop in collection.hops.values():
        if not hop.many:
            yield _m2o(schema, hop, (collection.name, hop.near_field) in halves)
    for any_hop in collection.any_hops.values():
        yield _m2a(schema, any_hop, (collection.name, any_hop.name) in halves)


def _m2o(schema: Schema, hop: Hop, junction: bool) -> Guarded:
    many, one, relation = schema.collections[hop.near], schema.collections[hop.far], hop.relation
    near, key = many.fields[hop.near_field], one.fields[hop.far_field]
    actions = relation.foreign_key
    if actions is None:
        when_gone, when_moved = Follow.DELETE if junction else Follow.REFUSE, Follow.MOVE
    else:
        when_gone, when_moved = _follow(actions.on_delete, many, near), _follow(actions.on_update, many, near)
        if junction and actions.on_delete == "SET NULL":
            when_gone = Follow.DELETE  # half a link is none
    when_gone = Follow.DELETE if when_gone is Follow.MOVE else when_gone
    return Guarded(relation, near, None, junction, (Target(hop, near, key, when_gone, when_moved),))


def _follow(action: str, many: Collection, near: Field) -> Follow:
    """Give what an action of a foreign key does; of CASCADE that the key moves."""
    if action == "CASCADE":
        return Follow.MOVE
    if action == "SET DEFAULT" and near.default_sql is not None:
        return Follow.DEFAULT
    clears = action in ("SET NULL", "SET DEFAULT")  # a default that nothing declares is NULL
    return Follow.NULLIFY if clears and can_be_null(many, [near.name]) else Follow.REFUSE


def _m2a(schema: Schema, any_hop: AnyHop, junction: bool) -> Guarded:
    many, relation = schema.collections[any_hop.near], any_hop.relation
    near, names = many.fields[any_hop.name], many.fields[any_hop.collection_field]
    when_gone = Follow.REFUSE
    if junction or relation.one_deselect_action == "delete":
        when_gone = Follow.DELETE
    elif can_be_null(many, [near.name, names.name]):
        when_gone = Follow.NULLIFY
    targets = tuple(
        Target(hop, near, schema.collections[hop.far].fields[hop.far_field], when_gone, Follow.MOVE)
        for hop in any_hop.hops.values()
    )
    return Guarded(relation, near, names, junction, targets)
