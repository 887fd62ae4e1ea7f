"""Rules of the foreign key behind a relation: its actions, and that it and the relation say the same.

In: a `Schema` and one of its relations. Out: findings; nothing here fails.
"""

from __future__ import annotations

from collections.abc import Iterator

from relgraph.relation import Relation
from relgraph.rules.findings import Finding, declared_keys, many_field_of
from relgraph.schema import Field, Schema


def actions(schema: Schema, relation: Relation) -> Iterator[Finding]:
    """Find actions that have nothing to set."""
    near, key = many_field_of(schema, relation), relation.foreign_key
    if near is None or key is None:
        return
    for part, action in (("on_delete", key.on_delete), ("on_update", key.on_update)):
        why = _cannot_set(near, action)
        if why:
            hint = f"let the column be nullable and {part} SET NULL, or take CASCADE, RESTRICT or NO ACTION"
            yield Finding(part, action, f"{part} is {action}, but {near} {why}", hint)


def _cannot_set(near: Field, action: str) -> str:
    """Say why an action cannot be carried out on a column, or nothing where it can."""
    sets_default = action == "SET DEFAULT"
    if near.generated and (sets_default or action in ("SET NULL", "CASCADE")):
        return "is a generated column"
    if sets_default and near.default_sql is None:
        return "has no default"
    null = action == "SET NULL" or (sets_default and (near.default_sql or "").upper() == "NULL")
    return "is NOT NULL" if null and not near.nullable else ""


def key_agrees(schema: Schema, relation: Relation) -> Iterator[Finding]:
    """Find a foreign key that points elsewhere than the stored relation."""
    if relation.id is None:
        return
    for key in declared_keys(schema, relation):
        if key.to_collection != relation.one_collection:
            said = relation.one_collection or "any of several collections"
            problem = f"its foreign key points at {key.to_collection}, but the relation at {said}"
            hint = f"let the relation lead to {key.to_collection}, or delete it and make it again"
            yield Finding("one_collection", key.to_collection, problem, hint)


def key_is_declared(schema: Schema, relation: Relation) -> Iterator[Finding]:
    """Find a stored m2o relation that no foreign key stands behind, so that nothing keeps its keys right."""
    many, one = (schema.collections.get(name or "") for name in (relation.many_collection, relation.one_collection))
    if relation.id is None or many is None or one is None or many.view or one.view:
        return
    if relation.many_field in many.fields and not declared_keys(schema, relation):
        problem = f"{relation.name} has no foreign key, so that SQLite lets it point at nothing"
        yield Finding("on_delete", None, problem, "update the relation with an on_delete, which declares the key")
