"""Linking: collections and relations joined into a schema.

In: collections as storage found them, relations as they are stored or discovered. Out: a `Schema` whose sound relations
are hops. Pure, and nothing fails: a relation that does not hold together is kept, with the reason why it cannot be
travelled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from attrs import evolve

from relgraph.relation import Relation
from relgraph.schema import AnyHop, Collection, Field, ForeignKey, Hop, Schema, folded, key_form, scope_hop

_KINDS: Final = {"TEXT": "text", "INTEGER": "number", "REAL": "number", "NUMERIC": "number", "BLOB": "stored"}


def link(
    collections: Iterable[Collection],
    relations: Iterable[Relation],
    *,
    foreign_keys: Iterable[ForeignKey] = (),
    directus: bool = False,
    unreadable: Mapping[str, str] | None = None,
) -> Schema:
    """Give the schema in which every sound relation is a hop, or several, of the collections it joins.

    A relation that breaks a basic rule is no hop; why not is said in `broken`, of the many side under its field and of
    the one side under its alias. A given `order` keeps the names that lead somewhere; without one, `*` gives the fields
    and then the to-many aliases. Of given `stray_aliases` those stay that no relation leads over.

    >>> from relgraph.values import FieldType
    >>> people = Collection("people", {"id": Field("people", "id", FieldType.INTEGER)}, ("id",))
    >>> pets = Collection("pets", {"owner": Field("pets", "owner", FieldType.INTEGER)})
    >>> schema = link([people, pets], [Relation("pets", "owner", "people", "pets")])
    >>> [str(hop) for collection in schema for hop in collection.hops.values()]
    ['people.pets', 'pets.owner']
    >>> link([people, pets], [Relation("pets", "owner", "dogs")]).collections["pets"].broken["owner"]
    "there is no collection 'dogs'"
    """
    linking = _Linking({collection.name: collection for collection in collections}, tuple(relations))
    return Schema(linking.joined(), linking.relations, tuple(foreign_keys), directus, unreadable or {})


class _Linking:
    """The relations of one schema turning into hops: what has been found sound and broken so far."""

    def __init__(self, collections: Mapping[str, Collection], relations: tuple[Relation, ...]) -> None:
        self.collections = collections
        self.relations = relations
        self.hops: dict[str, dict[str, Hop]] = {name: {} for name in collections}
        self.any_hops: dict[str, dict[str, AnyHop]] = {name: {} for name in collections}
        self.broken: dict[str, dict[str, str]] = {name: {} for name in collections}
        self.aliases = Counter((relation.one_collection, relation.one_field) for relation in relations)
        self.seen: set[tuple[str, str]] = set()

    def joined(self) -> dict[str, Collection]:
        for relation in self.relations:
            why = self._why_broken(relation)
            if why is not None:
                self._leave_out(relation, why)
            elif relation.one_collection is None:
                self._add_any(relation)
            else:
                self._add(relation, relation.one_collection)
            self.seen.add((relation.many_collection, relation.many_field))
        return {name: self._finished(collection) for name, collection in self.collections.items()}

    def _add(self, relation: Relation, one_collection: str) -> None:
        one, many = self.collections[one_collection], self.collections[relation.many_collection]
        key = one.fields[far_field(relation, one)]
        hop = Hop(
            relation.many_field,
            relation,
            near=many.name,
            near_field=relation.many_field,
            far=one.name,
            far_field=key.name,
            many=False,
            collation=key.collation,
            near_collation=many.fields[relation.many_field].collation,
            form=key_form(key_kind(many.fields[relation.many_field], key), key.collation),
        )
        self.hops[many.name][hop.name] = hop
        if relation.one_field is not None:
            self.hops[one.name][relation.one_field] = hop.reversed(relation.one_field)

    def _add_any(self, relation: Relation) -> None:
        hops, fields = {}, self.collections[relation.many_collection].fields
        collations = (fields[relation.many_field].collation, fields[relation.one_collection_field or ""].collation)
        for name in relation.one_allowed_collections or ():
            one = self.collections.get(name)
            if one is not None and one.key is not None:
                hops[name] = scope_hop(relation, one, collations)
                continue
            scope = f"{relation.many_field}:{name}"
            why = f"there is no collection {name!r}" if one is None else f"the key of {name} is not one column"
            self.broken[relation.many_collection][scope] = why
        self.any_hops[relation.many_collection][relation.many_field] = AnyHop(
            relation.many_field, relation, relation.many_collection, relation.one_collection_field or "", hops
        )

    def _leave_out(self, relation: Relation, why: str) -> None:
        for name, place in (
            (relation.many_collection, relation.many_field),
            (relation.one_collection, relation.one_field),
        ):
            if name in self.broken and place is not None:
                self.broken[name].setdefault(place, why)

    def _finished(self, collection: Collection) -> Collection:
        hops, broken = self.hops[collection.name], self.broken[collection.name]
        strays = tuple(name for name in collection.stray_aliases if name not in hops and name not in broken)
        wanted = collection.order or (*collection.fields, *hops)
        return evolve(
            collection,
            hops={name: hops[name] for name in dict.fromkeys((*wanted, *hops)) if name in hops},
            any_hops=self.any_hops[collection.name],
            broken=dict.fromkeys(strays, "no relation leads over this alias field") | broken,
            stray_aliases=strays,
            order=tuple(dict.fromkeys(name for name in wanted if name in collection.fields or name in hops)),
        )

    # --- the basic rules ---------------------------------------------------------------------------------------------

    def _why_broken(self, relation: Relation) -> str | None:
        many = self.collections.get(relation.many_collection)
        if many is None:
            return f"there is no collection {relation.many_collection!r}"
        if relation.many_field not in many.fields:
            return f"{many.name} has no field {relation.many_field!r}"
        if many.view:
            return f"{many.name} is a view, whose columns are not stored"
        if (many.name, relation.many_field) in self.seen:
            return f"{relation.name} has another relation already"
        if relation.sort_field is not None and relation.sort_field not in many.fields:
            return f"its sort field {relation.sort_field!r} is no field of {many.name}"
        if relation.one_collection is None:
            return _why_no_any(relation, many)
        if relation.one_collection_field is not None:
            return "it names both a related collection and a collection field; it must be m2o or m2a, not both"
        return self._why_no_key(relation, relation.one_collection) or self._why_no_one_field(relation)

    def _why_no_key(self, relation: Relation, one_collection: str) -> str | None:
        one = self.collections.get(one_collection)
        if one is None:
            return f"there is no collection {one_collection!r}"
        name = far_field(relation, one)
        if not name:
            return f"the key of {one.name} is not one column"
        if name not in one.fields:
            return f"{one.name} has no field {name!r}"
        key = one.fields[name]
        if not (key.unique or one.primary_key == (name,)):
            return f"{key} is neither the primary key nor UNIQUE"
        near = self.collections[relation.many_collection].fields[relation.many_field]
        comparable = key_kind(near, key) is not None
        return None if comparable else f"{near} holds {near.affinity}, but {key} holds {key.affinity}"

    def _why_no_one_field(self, relation: Relation) -> str | None:
        alias, one = relation.one_field, self.collections[relation.one_collection or ""]
        if alias is None:
            return None
        why = why_no_alias(alias)
        if why is not None:
            return f"its one_field {alias!r} cannot stand in a path: {why}"
        if folded(alias) in map(folded, one.fields):
            return f"its one_field {alias!r} is a column of {one.name}"
        if self.aliases[one.name, alias] > 1:
            return f"its one_field {alias!r} belongs to several relations to {one.name}"
        return None


def why_no_alias(name: str) -> str | None:
    """Say why a name cannot stand for the one side of a relation in a path, or None when it can.

    >>> why_no_alias("comments"), why_no_alias("$all")
    (None, "it starts with '$'")
    """
    if not name:
        return "it is empty"
    if name == "*":
        return "it stands for all fields"
    if name[0] in "_$":
        return f"it starts with {name[0]!r}"
    found = next((sign for sign in ".:(" if sign in name), None)
    return found and f"it contains {found!r}"


def key_kind(near: Field, key: Field) -> str | None:
    """Give how SQLite compares two columns, or None where it would never find a number and a text the same.

    Beside a column of numbers, number text in a column without a type is a number; beside texts it stays what it is.
    """
    kinds = {_KINDS[near.affinity], _KINDS[key.affinity]}
    if kinds == {"text", "number"}:
        return None
    return "number" if kinds == {"number", "stored"} else "stored"


def _why_no_any(relation: Relation, many: Collection) -> str | None:
    if relation.one_collection_field is None:
        return "it names neither a related collection nor a collection field; it must be m2o or m2a"
    if relation.one_collection_field not in many.fields:
        return f"its collection field {relation.one_collection_field!r} is no field of {many.name}"
    if relation.one_collection_field == relation.many_field:
        return "its collection field is the field of the relation itself"
    if not relation.one_allowed_collections:
        return "it allows no collections"
    return None if relation.one_field is None else "an any-to-many relation has no one_field"


def far_field(relation: Relation, one: Collection) -> str:
    """Give the column that a relation points at, or nothing where the key is not one column."""
    if relation.foreign_key is not None and relation.foreign_key.to_field:
        return relation.foreign_key.to_field
    return one.primary_key[0] if len(one.primary_key) == 1 else ""
