"""Links: who points at whom, collection by collection, whether or not it can be travelled.

In: a `Schema`. Out: `Link`s from the many side to the one side: every relation, broken ones too, and every declared
foreign key that is no relation, composite ones among them. What points at a collection that is not there is no link.
Pure; nothing fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import frozen

from relgraph.graph.answers import Source, far_collections
from relgraph.schema import Collection, ForeignKey, Schema


@frozen
class Link:
    """One collection pointing at another, by some of its fields."""

    near: str
    far: str
    source: Source
    required: bool  # it cannot be NULL, so what it points at must be there first


def links_of(schema: Schema) -> tuple[Link, ...]:
    """Give the links of a schema, those of relations first.

    >>> from relgraph.linking import link
    >>> from relgraph.relation import Relation
    >>> people = Collection("people", {}, ("id",))
    >>> schema = link([people], [Relation("people", "boss", "people"), Relation("people", "car", "cars")])
    >>> [(each.near, each.far, each.required) for each in links_of(schema)]
    [('people', 'people', False)]
    """
    covered = covered_keys(schema)
    return (
        *_of_relations(schema),
        *_of_keys(schema, (key for key in dict.fromkeys(schema.foreign_keys) if key not in covered)),
    )


def covered_keys(schema: Schema) -> frozenset[ForeignKey]:
    """Give the foreign keys that are the keys of relations."""
    pointers = {
        (relation.many_collection, relation.many_field, relation.one_collection) for relation in schema.relations
    }
    return frozenset(
        key
        for key in schema.foreign_keys
        if len(key.fields) == 1 and (key.collection, key.fields[0], key.to_collection) in pointers
    )


def _of_relations(schema: Schema) -> Iterator[Link]:
    for relation in schema.relations:
        near = schema.collections.get(relation.many_collection)
        if near is None:
            continue
        fields = [name for name in (relation.many_field, relation.one_collection_field) if name is not None]
        required = is_required(near, fields)
        for far in far_collections(relation):
            if far in schema.collections:
                yield Link(near.name, far, relation, required)


def _of_keys(schema: Schema, keys: Iterable[ForeignKey]) -> Iterator[Link]:
    for key in keys:
        if key.collection in schema.collections and key.to_collection in schema.collections:
            required = is_required(schema.collections[key.collection], key.fields)
            yield Link(key.collection, key.to_collection, key, required)


def is_required(collection: Collection, fields: Iterable[str]) -> bool:
    """Whether a pointer made of some fields always points: none of them can be NULL, or be set to it later.

    >>> is_required(Collection("notes", {}), ["author"])
    False
    """
    known = [collection.fields[name] for name in fields if name in collection.fields]
    return bool(known) and all(field.generated or not field.nullable for field in known)
