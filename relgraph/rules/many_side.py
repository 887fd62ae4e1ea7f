"""Rules of the many side: the field that holds the key, and which kind of relation it makes.

In: a `Schema` and one of its relations. Out: findings; nothing here fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from relgraph.errors import listed
from relgraph.relation import Relation
from relgraph.rules.findings import Finding, declared_keys, no_collection, no_field, no_table
from relgraph.schema import Schema

CATALOGUE: Final = frozenset({"relgraph_relations", "directus_relations", "directus_fields", "directus_collections"})
_TO_ANY: Final = ("one_collection_field", "one_allowed_collections")


def many_collection(schema: Schema, relation: Relation) -> Iterator[Finding]:
    """Find a many collection that is no table, or one of definitions."""
    name = relation.many_collection
    many = schema.collections.get(name)
    if name in CATALOGUE and not declared_keys(schema, relation):
        problem = f"{name} is a table of definitions, whose own fields hold no relations"
        yield Finding("many_collection", name, problem, "make the relation on a collection of items")
    elif many is None:
        yield no_collection(schema, "many_collection", name)
    elif many.view:
        yield no_table(schema, "many_collection", many, "so its columns hold no keys")


def many_field(schema: Schema, relation: Relation) -> Iterator[Finding]:
    """Find a many field that is no stored column."""
    many = schema.collections.get(relation.many_collection)
    if many is None:
        return
    name = relation.many_field
    if name in many.hops and name not in many.fields:
        problem = f"{relation.name} is an alias, which stores nothing"
        yield Finding("many_field", name, problem, f"name a column of {many.name}, or add one for the key")
    elif name not in many.fields:
        yield no_field(many, "many_field", name)
    elif many.fields[name].generated:
        problem = f"{many.fields[name]} is a generated column, so it cannot be given a key"
        yield Finding("many_field", name, problem, f"add a plain column to {many.name} for the key")


def many_field_is_no_key(schema: Schema, relation: Relation) -> Iterator[Finding]:
    """Find a many field that is the primary key, unless the database declares it a foreign key too: one-to-one."""
    many = schema.collections.get(relation.many_collection)
    if many is not None and many.primary_key == (relation.many_field,) and not declared_keys(schema, relation):
        problem = f"{relation.name} is the primary key, which cannot point elsewhere as well"
        yield Finding("many_field", relation.many_field, problem, f"add a column to {many.name}; UNIQUE is one-to-one")


def one_per_field(schema: Schema, relation: Relation) -> Iterator[Finding]:
    """Find a second relation on one field."""
    others = [
        other
        for other in schema.relations_of(relation.many_collection)
        if other.many_field == relation.many_field and other is not relation
    ]
    if others:
        targets = listed(other.one_collection or "any of several collections" for other in others)
        problem = f"{relation.name} has another relation already, to {targets}"
        yield Finding("many_field", relation.many_field, problem, "change or delete that one, or take another field")


def kind(_schema: Schema, relation: Relation) -> Iterator[Finding]:
    """Find a relation that is m2o and m2a, or neither."""
    to_any = [name for name in _TO_ANY if getattr(relation, name) is not None]
    if relation.one_collection is not None and to_any:
        problem = f"one_collection stands beside {' and '.join(to_any)}"
        hint = "a relation is m2o by its one_collection, or m2a by the other two"
        yield Finding("one_collection", relation.one_collection, problem, hint)
    elif relation.one_collection is None and not to_any:
        hint = "name a one_collection, or a one_collection_field with one_allowed_collections"
        yield Finding("one_collection", None, "the relation leads nowhere", hint)
