"""Rules of what goes beside the key: the other half of a junction, the order, the deselect action.

In: a `Schema` and one of its relations. Out: findings; nothing here fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from relgraph.errors import listed
from relgraph.relation import Relation
from relgraph.rules.findings import Finding, is_foreign_key, many_field_of, no_field
from relgraph.schema import Collection, Field, Schema
from relgraph.values import NUMBERS, FieldType

_BOTH: Final = "make, change or delete both halves of a junction in one call"


def junction_field(schema: Schema, relation: Relation) -> Iterator[Finding]:
    """Find a half of a junction whose other half does not name it back."""
    name = relation.junction_field
    if name is None:
        return
    if name == relation.many_field:
        problem = f"junction_field {name!r} is the field of the relation itself"
        yield Finding("junction_field", name, problem, _other_halves(schema, relation))
        return
    others = [other for other in schema.relations_of(relation.many_collection) if other.many_field == name]
    if not others:
        problem = f"junction_field {name!r} is the field of no relation of {relation.many_collection}"
        yield Finding("junction_field", name, problem, _BOTH)
    elif all(other.junction_field != relation.many_field for other in others):
        named = others[0].junction_field
        back = "no junction_field" if named is None else f"the junction_field {named!r}"
        problem = f"junction_field {name!r} does not lead back: {others[0].name} has {back}"
        yield Finding("junction_field", name, problem, _BOTH)


def _other_halves(schema: Schema, relation: Relation) -> str:
    fields = {other.many_field for other in schema.relations_of(relation.many_collection)} - {relation.many_field}
    return f"name the field of the junction's other half; there are: {listed(sorted(fields))}"


def sort_field(schema: Schema, relation: Relation) -> Iterator[Finding]:
    """Find a sort field to which positions cannot be written."""
    name, many = relation.sort_field, schema.collections.get(relation.many_collection)
    if name is None or many is None:
        return
    if name not in many.fields:
        yield no_field(many, "sort_field", name, " to sort by")
    elif not _holds_numbers(many.fields[name]):
        yield _unsortable(schema, name, f"sort_field {many.fields[name]} holds no numbers", many)
    elif many.fields[name].generated:
        problem = f"sort_field {many.fields[name]} is a generated column, which an order cannot be written to"
        yield _unsortable(schema, name, problem, many)
    elif _is_key(schema, many, name) or name == relation.many_field:
        problem = f"sort_field {many.fields[name]} is a key, which an order cannot be written to"
        yield _unsortable(schema, name, problem, many)


def _holds_numbers(field: Field) -> bool:
    return field.affinity in ("INTEGER", "REAL", "NUMERIC") and field.type in NUMBERS | {FieldType.ANY}


def _is_key(schema: Schema, many: Collection, name: str) -> bool:
    holds = any(other.many_field == name for other in schema.relations_of(many.name))
    return holds or name in many.primary_key or is_foreign_key(schema, many.fields[name])


def _unsortable(schema: Schema, name: str, problem: str, many: Collection) -> Finding:
    sortable = [
        field.name
        for field in many.fields.values()
        if _holds_numbers(field) and not field.generated and not _is_key(schema, many, field.name)
    ]
    return Finding("sort_field", name, problem, f"name a plain column of numbers; there are: {listed(sortable)}")


def deselect_action(_schema: Schema, relation: Relation) -> Iterator[Finding]:
    """Find a deselect action that is none."""
    action = relation.one_deselect_action
    if action not in ("nullify", "delete"):
        problem = f"one_deselect_action is {action!r}, not 'nullify' or 'delete'"
        yield Finding("one_deselect_action", action, problem, "'nullify' clears the key, 'delete' drops the item")


def deselect_can_nullify(schema: Schema, relation: Relation) -> Iterator[Finding]:
    """Find what is to be nullified but can never be NULL."""
    near = many_field_of(schema, relation) if relation.id is not None and relation.one_field is not None else None
    if relation.one_deselect_action == "nullify" and near is not None and not near.nullable:
        problem = f"one_deselect_action is 'nullify', but {near} is NOT NULL, so nothing could be deselected"
        yield Finding("one_deselect_action", "nullify", problem, "let it be 'delete', or the column be nullable")
