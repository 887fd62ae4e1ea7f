"""Rules of m2a: the field that names the collection, the collections allowed in it, and their keys.

In: a `Schema` and one of its relations. Out: findings; nothing here fails.
"""

from __future__ import annotations

from collections.abc import Iterator

from relgraph.errors import listed
from relgraph.relation import Relation
from relgraph.rules.findings import Finding, incomparable, many_field_of, no_collection, no_field, no_table
from relgraph.schema import Collection, Schema


def one_collection_field(schema: Schema, relation: Relation) -> Iterator[Finding]:
    """Find a collection field that cannot hold the name of a collection."""
    if not _leads_to_any(relation):
        return
    name, many = relation.one_collection_field, schema.collections.get(relation.many_collection)
    if name is None:
        problem = "an m2a relation needs a one_collection_field, the field that names the collection"
        yield _found(name, problem, many)
    elif name == relation.many_field:
        yield _found(name, f"one_collection_field {name!r} is the field that holds the key", many)
    elif many is not None and name not in many.fields:
        yield no_field(many, "one_collection_field", name, " to name the collection")
    elif many is not None and (many.fields[name].affinity != "TEXT" or many.fields[name].generated):
        yield _found(name, f"one_collection_field {many.fields[name]} is no stored column of texts", many)
    elif many is not None and (many.primary_key == (name,) or _holds_key(schema, relation, name)):
        yield _found(name, f"one_collection_field {many.fields[name]} is a key, so it names no collection", many)


def _found(value: str | None, problem: str, many: Collection | None) -> Finding:
    fields = () if many is None else many.fields.values()
    texts = [field.name for field in fields if field.affinity == "TEXT" and not field.generated]
    hint = f"name a column of texts beside the key; there are: {listed(texts)}"
    return Finding("one_collection_field", value, problem, hint)


def _holds_key(schema: Schema, relation: Relation, name: str) -> bool:
    return any(other.many_field == name for other in schema.relations_of(relation.many_collection))


def one_allowed_collections(schema: Schema, relation: Relation) -> Iterator[Finding]:
    """Find allowed collections that are none, named twice, or without a key of one column."""
    allowed = relation.one_allowed_collections
    if not _leads_to_any(relation):
        return
    if not allowed:
        problem = "one_allowed_collections is empty, so that no item could be pointed at"
        keyed = listed(one.name for one in schema if one.key is not None and not one.system)
        yield Finding("one_allowed_collections", allowed, problem, f"name one or more of: {keyed}")
        return
    for name in dict.fromkeys(allowed):
        if allowed.count(name) > 1:
            problem = f"one_allowed_collections names {name!r} {allowed.count(name)} times"
            yield Finding("one_allowed_collections", name, problem, "name each collection once")
        yield from _allowed(schema, name)


def _allowed(schema: Schema, name: str) -> Iterator[Finding]:
    part, one = "one_allowed_collections", schema.collections.get(name)
    if "," in name or name != name.strip():
        problem = f"one_allowed_collections is kept as a text with commas, which cannot hold {name!r}"
        yield Finding(part, name, problem, "rename the collection, so that no comma and no outer blank is in its name")
    elif one is None:
        yield no_collection(schema, part, name)
    elif one.view:
        yield no_table(schema, part, one, "so no key can point at it")
    elif one.key is None:
        problem = f"the primary key of {name} is not one column, so one_allowed_collections cannot hold it"
        yield Finding(part, name, problem, f"leave {name} out, or give it a primary key of one column")


def any_keys(schema: Schema, relation: Relation) -> Iterator[Finding]:
    """Find a many field that cannot hold the keys of all allowed collections."""
    near = many_field_of(schema, relation)
    if near is None or near.affinity == "TEXT" or relation.one_collection is not None:
        return
    collections = [schema.collections.get(name) for name in relation.one_allowed_collections or ()]
    keys = [one.key for one in collections if one is not None and one.key is not None]
    if len({key.affinity for key in keys}) > 1:
        problem = f"{near} must be a text column, as it holds keys of different kinds"
        yield Finding("many_field", near.name, problem, f"declare {near} as TEXT")
        return
    yield from filter(None, (incomparable(near, key) for key in keys))


def _leads_to_any(relation: Relation) -> bool:
    named = (relation.one_collection_field, relation.one_allowed_collections)
    return relation.one_collection is None and any(part is not None for part in named)
