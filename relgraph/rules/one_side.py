"""Rules of the one side of m2o: the collection, the key that is pointed at, the alias that leads back.

In: a `Schema` and one of its relations or collections. Out: findings; nothing here fails.
"""

from __future__ import annotations

from collections.abc import Iterator

from relgraph.errors import listed
from relgraph.linking import far_field, why_no_alias
from relgraph.relation import Relation
from relgraph.rules.findings import Finding, incomparable, many_field_of, no_collection, no_field, no_table
from relgraph.schema import Collection, Schema, folded


def one_collection(schema: Schema, relation: Relation) -> Iterator[Finding]:
    """Find a one collection that is no table."""
    name = relation.one_collection
    if name is None:
        return
    one = schema.collections.get(name)
    if one is None:
        yield no_collection(schema, "one_collection", name)
    elif one.view:
        yield no_table(schema, "one_collection", one, "so no key can point at it")


def one_key(schema: Schema, relation: Relation) -> Iterator[Finding]:
    """Find a key that identifies no item, or that the many field cannot hold."""
    one = schema.collections.get(relation.one_collection or "")
    near = many_field_of(schema, relation)
    if one is None or one.view:
        return
    name = far_field(relation, one)
    if not name:
        problem = f"the primary key of {one.name} is not one column, but {listed(one.primary_key)}"
        yield Finding("one_collection", one.primary_key, problem, _other_keys(one))
    elif name not in one.fields:
        yield no_field(one, "to_field", name)
    elif not (one.fields[name].unique or one.primary_key == (name,)):
        problem = f"{one.fields[name]} is neither the primary key nor UNIQUE, so it identifies no item"
        yield Finding("to_field", name, problem, _other_keys(one))
    elif near is not None and (found := incomparable(near, one.fields[name])) is not None:
        yield found


def _other_keys(one: Collection) -> str:
    """Say what of a collection a key could point at instead."""
    unique = [name for name, field in one.fields.items() if field.unique or one.primary_key == (name,)]
    if unique:
        return f"a foreign key may point at one of: {listed(unique)} (schema.foreign_key_column)"
    return f"give {one.name} a primary key or a UNIQUE index of one column"


def one_field(schema: Schema, relation: Relation) -> Iterator[Finding]:
    """Find an alias that cannot stand in a path, or has no place to stand."""
    alias = relation.one_field
    if alias is None:
        return
    why = why_no_alias(alias)
    one = schema.collections.get(relation.one_collection or "")
    if relation.one_collection is None:
        problem = f"one_field {alias!r} has no collection to stand in, as an m2a relation leads to several"
        yield Finding("one_field", alias, problem, "leave it out; the way back is the junction's other half")
    elif why is not None:
        problem = f"one_field {alias!r} cannot stand in a path: {why}"
        yield Finding("one_field", alias, problem, "take a name without . : ( in it, and no _ or $ in front")
    elif one is not None and folded(alias) in map(folded, one.fields):
        problem = f"one_field {alias!r} is a column of {one.name}"
        yield Finding("one_field", alias, problem, _free_alias(relation, one))


def _free_alias(relation: Relation, one: Collection) -> str:
    taken = {*map(folded, one.fields), *map(folded, one.hops)}
    names = (relation.many_collection, f"{relation.many_collection}_by_{relation.many_field}")
    free = next((name for name in names if folded(name) not in taken and why_no_alias(name) is None), None)
    return "take a name that is free there" + (f", as {free!r}" if free else "")


def one_field_is_free(schema: Schema, relation: Relation) -> Iterator[Finding]:
    """Find an alias that two stored relations claim; that of a discovered one gives way by itself."""
    if relation.one_field is None or relation.one_collection is None or relation.id is None:
        return
    name, alias = relation.one_collection, relation.one_field
    others = [
        other.name for other in schema.relations_at(name, alias) if other is not relation and other.id is not None
    ]
    if others:
        problem = f"one_field {alias!r} of {name} belongs to {listed(others)} already"
        hint = _free_alias(relation, schema.collections.get(name, Collection(name, {})))
        yield Finding("one_field", alias, problem, hint)


# --- alias fields of a Directus project ------------------------------------------------------------------------------


def alias_is_noted(schema: Schema, relation: Relation) -> Iterator[Finding]:
    """Find an alias that a Directus project has no field for, so that Directus cannot read it."""
    one = schema.collections.get(relation.one_collection or "")
    alias = relation.one_field
    if not schema.directus or one is None or one.system or alias is None or alias not in one.hops:
        return
    if alias not in one.order:
        problem = f"{one.name}.{alias} has no row in directus_fields, so that Directus cannot read it"
        yield Finding("one_field", alias, problem, f"add the alias field {alias!r} to {one.name}")


def alias_leads_somewhere(_schema: Schema, collection: Collection) -> Iterator[Finding]:
    """Find alias fields of a Directus project that no relation leads over, which break its reads of all fields."""
    for alias in collection.stray_aliases:
        problem = f"{collection.name}.{alias} is an alias field in directus_fields, but no relation leads over it"
        yield Finding("field", alias, problem, "delete the field, or make its relation again")
