"""The schema as an access knows it: collections, fields and relations that it may name.

In: the whole schema and what is granted. Out: a `Schema` without the rest. Every name of a query is looked up in it, so
that what is hidden is refused just as what was never there, in every clause and at every hop. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from relgraph.relation import Relation
from relgraph.restricted.grants import Granted
from relgraph.schema import AnyHop, Collection, Hop, Schema

Granting = Mapping[str, tuple[Granted, ...]]


def narrowed(schema: Schema, grants: Granting, *, sees_relations: bool) -> Schema:
    """Give the schema with what is granted alone."""
    names = {name: frozenset().union(*(part.names for part in parts)) for name, parts in grants.items()}
    collections = {
        name: _collection(collection, names) for name, collection in schema.collections.items() if name in names
    }
    relations = tuple(relation for relation in schema.relations if sees_relations and _is_listed(relation, names))
    places = {(relation.many_collection, relation.many_field) for relation in relations}
    keys = tuple(
        key for key in schema.foreign_keys if len(key.fields) == 1 and (key.collection, key.fields[0]) in places
    )
    return evolve(
        schema, collections=collections, relations=relations, foreign_keys=keys, unreadable={}, restricted=True
    )


def _is_listed(relation: Relation, names: Mapping[str, frozenset[str]]) -> bool:
    """Say whether a relation is listed: its field, its alias, and its one side or every allowed one are known."""
    if relation.many_field not in names.get(relation.many_collection, ()):
        return False
    if relation.one_collection is None:
        return all(name in names for name in relation.one_allowed_collections or ())
    known = names.get(relation.one_collection)
    return known is not None and (relation.one_field is None or relation.one_field in known)


def _collection(collection: Collection, names: Mapping[str, frozenset[str]]) -> Collection:
    known = names[collection.name]
    fields = {name: field for name, field in collection.fields.items() if name in known}
    hops = {name: _hop(hop, names) for name, hop in collection.hops.items() if name in known and hop.far in names}
    any_hops = {name: _any_hop(hop, names) for name, hop in collection.any_hops.items() if name in known}
    leading = {*collection.hops, *collection.any_hops}
    hidden = tuple(name for name in collection.primary_key if name not in known)
    return evolve(
        collection,
        fields=fields,
        hops=hops,
        any_hops={name: hop for name, hop in any_hops.items() if hop.hops},
        primary_key=() if hidden else collection.primary_key,
        hidden_key=hidden,
        closed=frozenset(
            name for name in leading if name in fields and name not in hops and not _is_open(any_hops, name)
        ),
        broken={},
        sort_field=collection.sort_field if collection.sort_field in fields else None,
        order=tuple(name for name in collection.names if name in fields or name in hops),
    )


def _is_open(any_hops: Mapping[str, AnyHop], name: str) -> bool:
    return name in any_hops and bool(any_hops[name].hops)


def _hop(hop: Hop, names: Mapping[str, frozenset[str]]) -> Hop:
    """Give a hop without a default order that the access could not name."""
    return hop if hop.sort_field is None or hop.sort_field in names[hop.far] else evolve(hop, sort_field=None)


def _any_hop(any_hop: AnyHop, names: Mapping[str, frozenset[str]]) -> AnyHop:
    hops = {name: hop for name, hop in any_hop.hops.items() if name in names}
    return evolve(any_hop, hops=hops, relation=evolve(any_hop.relation, one_allowed_collections=tuple(hops)))
