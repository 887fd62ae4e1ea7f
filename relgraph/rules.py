"""Rules: when the relations of a database are consistent, one row each.

In: a `Schema`, whose relations may be anything. Out: the violations, each with its rule, its relation and the value
that is wrong. Pure, and nothing here fails: whoever asks decides whether a violation refuses a change or is a report.

`schema.link` leaves a relation out of traversal by fewer rules than these: only where no hop could be made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from attrs import frozen

from relgraph.errors import RuleViolation, did_you_mean, listed
from relgraph.linking import far_field, key_kind, why_no_alias
from relgraph.relation import Relation
from relgraph.schema import Field, ForeignKey, Schema, folded


@frozen
class Finding:
    """What a rule finds wrong with one relation: the value, the sentence, and what would help."""

    value: Any
    problem: str
    hint: str = ""


Check: TypeAlias = Callable[[Schema, Relation], Iterator[Finding]]


@frozen
class Rule:
    """One rule: `slug` names it, `sentence` says what holds.

    What a rule that is `alone` says of a new relation no further change can mend, so it is judged before anything is
    made; the others depend on other relations, and are judged when a change, or a batch of them, is complete.
    """

    slug: str
    severity: str  # "error" or "warning"
    sentence: str
    check: Check
    alone: bool = True


# --- the many side ---------------------------------------------------------------------------------------------------

_TO_ANY: Final = ("one_collection_field", "one_allowed_collections")
CATALOGUE: Final = frozenset({"relgraph_relations", "directus_relations", "directus_fields", "directus_collections"})


def _many_collection(schema: Schema, relation: Relation) -> Iterator[Finding]:
    name = relation.many_collection
    many = schema.collections.get(name)
    if name in CATALOGUE and not _declared(schema, relation):
        yield Finding(name, f"{name} is a table of definitions, whose own fields hold no relations")
    elif many is None:
        yield _no_collection(schema, name)
    elif many.view:
        yield Finding(name, f"{name} is no table, so its columns hold no keys")


def _many_field(schema: Schema, relation: Relation) -> Iterator[Finding]:
    many = schema.collections.get(relation.many_collection)
    if many is None:
        return
    name = relation.many_field
    if name in many.hops and name not in many.fields:
        yield Finding(name, f"{relation.name} is an alias, which stores nothing")
    elif name not in many.fields:
        yield Finding(name, f"{many.name} has no field {name!r}{did_you_mean(name, many.fields)}")
    elif many.fields[name].generated:
        yield Finding(name, f"{many.fields[name]} is a generated column, so it cannot be given a key")


def _many_field_is_no_key(schema: Schema, relation: Relation) -> Iterator[Finding]:
    many = schema.collections.get(relation.many_collection)
    if many is not None and many.primary_key == (relation.many_field,) and not _declared(schema, relation):
        yield Finding(relation.many_field, f"{relation.name} is the primary key, which cannot point elsewhere as well")


def _one_per_field(schema: Schema, relation: Relation) -> Iterator[Finding]:
    others = [
        other
        for other in schema.relations
        if other.many_field == relation.many_field
        and other.many_collection == relation.many_collection
        and other is not relation
    ]
    if others:
        targets = listed(other.one_collection or "any of several collections" for other in others)
        yield Finding(relation.many_field, f"{relation.name} has another relation already, to {targets}")


def _kind(_schema: Schema, relation: Relation) -> Iterator[Finding]:
    to_any = [
        name for name in ("one_collection_field", "one_allowed_collections") if getattr(relation, name) is not None
    ]
    if relation.one_collection is not None and to_any:
        hint = "a relation is m2o by its one_collection, or m2a by the other two"
        yield Finding(relation.one_collection, f"one_collection stands beside {' and '.join(to_any)}", hint)
    elif relation.one_collection is None and not to_any:
        hint = "name a one_collection, or a one_collection_field with one_allowed_collections"
        yield Finding(None, "the relation leads nowhere", hint)


# --- the one side of m2o ---------------------------------------------------------------------------------------------


def _one_collection(schema: Schema, relation: Relation) -> Iterator[Finding]:
    name = relation.one_collection
    if name is None:
        return
    one = schema.collections.get(name)
    if one is None:
        yield _no_collection(schema, name)
    elif one.view:
        yield Finding(name, f"{name} is no table, so no key can point at it")


def _one_key(schema: Schema, relation: Relation) -> Iterator[Finding]:
    one = schema.collections.get(relation.one_collection or "")
    near = _many_field_of(schema, relation)
    if one is None or one.view:
        return
    name = far_field(relation, one)
    if not name:
        keys = listed(one.primary_key)
        yield Finding(one.primary_key, f"the primary key of {one.name} is not one column, but {keys}")
    elif name not in one.fields:
        yield Finding(name, f"{one.name} has no field {name!r}{did_you_mean(name, one.fields)}")
    elif not (one.fields[name].unique or one.primary_key == (name,)):
        yield Finding(name, f"{one.fields[name]} is neither the primary key nor UNIQUE, so it identifies no item")
    elif near is not None and key_kind(near, one.fields[name]) is None:
        yield _incomparable(near, one.fields[name])


def _one_field(schema: Schema, relation: Relation) -> Iterator[Finding]:
    alias = relation.one_field
    if alias is None:
        return
    why = why_no_alias(alias)
    one = schema.collections.get(relation.one_collection or "")
    if relation.one_collection is None:
        yield Finding(alias, f"one_field {alias!r} has no collection to stand in, as an m2a relation leads to several")
    elif why is not None:
        yield Finding(alias, f"one_field {alias!r} cannot stand in a path: {why}")
    elif one is not None and folded(alias) in map(folded, one.fields):
        yield Finding(alias, f"one_field {alias!r} is a column of {one.name}")


def _one_field_is_free(schema: Schema, relation: Relation) -> Iterator[Finding]:
    if relation.one_field is None or relation.one_collection is None or relation.id is None:
        return  # the alias of a discovered relation gives way: it gets another, or none
    place = (relation.one_collection, folded(relation.one_field))
    others = [
        other.name
        for other in schema.relations
        if other is not relation
        and other.id is not None
        and (other.one_collection, folded(other.one_field or "")) == place
    ]
    if others:
        yield Finding(
            relation.one_field, f"one_field {relation.one_field!r} of {place[0]} belongs to {listed(others)} already"
        )


# --- the one sides of m2a --------------------------------------------------------------------------------------------


def _one_collection_field(schema: Schema, relation: Relation) -> Iterator[Finding]:
    if not _leads_to_any(relation):
        return
    name, many = relation.one_collection_field, schema.collections.get(relation.many_collection)
    if name is None:
        yield Finding(None, "an m2a relation needs a one_collection_field, the field that names the collection")
    elif name == relation.many_field:
        yield Finding(name, f"one_collection_field {name!r} is the field that holds the key")
    elif many is not None and name not in many.fields:
        yield Finding(
            name, f"{many.name} has no field {name!r} to name the collection{did_you_mean(name, many.fields)}"
        )
    elif many is not None and (many.fields[name].affinity != "TEXT" or many.fields[name].generated):
        yield Finding(name, f"one_collection_field {many.fields[name]} is no stored column of texts")


def _one_allowed_collections(schema: Schema, relation: Relation) -> Iterator[Finding]:
    allowed = relation.one_allowed_collections
    if not _leads_to_any(relation):
        return
    if not allowed:
        yield Finding(allowed, "one_allowed_collections is empty, so that no item could be pointed at")
        return
    for name in dict.fromkeys(allowed):
        one = schema.collections.get(name)
        if allowed.count(name) > 1:
            yield Finding(name, f"one_allowed_collections names {name!r} {allowed.count(name)} times")
        if "," in name or name != name.strip():
            yield Finding(name, f"one_allowed_collections is kept as a text with commas, which cannot hold {name!r}")
        elif one is None:
            yield _no_collection(schema, name)
        elif one.key is None:
            yield Finding(
                name, f"the primary key of {name} is not one column, so one_allowed_collections cannot hold it"
            )


def _any_keys(schema: Schema, relation: Relation) -> Iterator[Finding]:
    near = _many_field_of(schema, relation)
    if near is None or near.affinity == "TEXT" or relation.one_collection is not None:
        return
    collections = [schema.collections.get(name) for name in relation.one_allowed_collections or ()]
    keys = [one.key for one in collections if one is not None and one.key is not None]
    if len({key.affinity for key in keys}) > 1:
        yield Finding(near.name, f"{near} must be a text column, as it holds keys of different kinds")
        return
    yield from (_incomparable(near, key) for key in keys if key_kind(near, key) is None)


# --- junctions, order, actions ---------------------------------------------------------------------------------------


def _junction_field(schema: Schema, relation: Relation) -> Iterator[Finding]:
    name = relation.junction_field
    if name is None:
        return
    if name == relation.many_field:
        yield Finding(name, f"junction_field {name!r} is the field of the relation itself")
        return
    others = [other for other in schema.relations_of(relation.many_collection) if other.many_field == name]
    both = "make, change or delete both halves of a junction in one call"
    if not others:
        yield Finding(name, f"junction_field {name!r} is the field of no relation of {relation.many_collection}", both)
    elif all(other.junction_field != relation.many_field for other in others):
        named = others[0].junction_field
        back = "no junction_field" if named is None else f"the junction_field {named!r}"
        yield Finding(name, f"junction_field {name!r} does not lead back: {others[0].name} has {back}", both)


def _sort_field(schema: Schema, relation: Relation) -> Iterator[Finding]:
    name, many = relation.sort_field, schema.collections.get(relation.many_collection)
    if name is None or many is None:
        return
    if name not in many.fields:
        yield Finding(name, f"{many.name} has no field {name!r} to sort by{did_you_mean(name, many.fields)}")
    elif many.fields[name].affinity not in ("INTEGER", "REAL", "NUMERIC"):
        yield Finding(name, f"sort_field {many.fields[name]} holds no numbers")
    elif name in many.primary_key or name == relation.many_field or _is_foreign_key(schema, many.fields[name]):
        yield Finding(name, f"sort_field {many.fields[name]} is a key, which an order cannot be written to")


def _deselect_action(_schema: Schema, relation: Relation) -> Iterator[Finding]:
    action = relation.one_deselect_action
    if action not in ("nullify", "delete"):
        yield Finding(action, f"one_deselect_action is {action!r}, not 'nullify' or 'delete'")


def _deselect_can_nullify(schema: Schema, relation: Relation) -> Iterator[Finding]:
    near = _many_field_of(schema, relation) if relation.id is not None and relation.one_field is not None else None
    if relation.one_deselect_action == "nullify" and near is not None and not near.nullable:
        problem = f"one_deselect_action is 'nullify', but {near} is NOT NULL, so nothing could be deselected"
        yield Finding("nullify", problem, "let it be 'delete', or the column be nullable")


def _actions(schema: Schema, relation: Relation) -> Iterator[Finding]:
    near, key = _many_field_of(schema, relation), relation.foreign_key
    if near is None or key is None:
        return
    for name, action in (("on_delete", key.on_delete), ("on_update", key.on_update)):
        if action == "SET NULL" and not near.nullable:
            yield Finding(action, f"{name} is SET NULL, but {near} is NOT NULL")
        elif action == "SET DEFAULT" and near.default_sql is None:
            yield Finding(action, f"{name} is SET DEFAULT, but {near} has no default")


def _key_agrees(schema: Schema, relation: Relation) -> Iterator[Finding]:
    if relation.id is None:
        return
    for key in _declared(schema, relation):
        if key.to_collection != relation.one_collection:
            said = relation.one_collection or "any of several collections"
            yield Finding(
                key.to_collection, f"its foreign key points at {key.to_collection}, but the relation at {said}"
            )


# --- what checks share -----------------------------------------------------------------------------------------------


def _declared(schema: Schema, relation: Relation) -> list[ForeignKey]:
    """Give the foreign keys that the database declares on the relation's field alone."""
    fields = (relation.many_field,)
    return [key for key in schema.foreign_keys if key.collection == relation.many_collection and key.fields == fields]


def _leads_to_any(relation: Relation) -> bool:
    return relation.one_collection is None and any(getattr(relation, name) is not None for name in _TO_ANY)


def _many_field_of(schema: Schema, relation: Relation) -> Field | None:
    many = schema.collections.get(relation.many_collection)
    return None if many is None else many.fields.get(relation.many_field)


def _is_foreign_key(schema: Schema, field: Field) -> bool:
    return any(key.collection == field.collection and field.name in key.fields for key in schema.foreign_keys)


def _no_collection(schema: Schema, name: str) -> Finding:
    return Finding(name, f"there is no collection {name!r}{did_you_mean(name, schema.collections)}")


def _incomparable(near: Field, key: Field) -> Finding:
    problem = f"{near} ({near.affinity}) cannot hold keys of {key.collection}: {key} is {key.affinity}"
    return Finding(near.affinity, problem)


def _needs_rows(_schema: Schema, _relation: Relation) -> Iterator[Finding]:
    """Find nothing: the rows are looked at when a foreign key is made."""
    return iter(())


# --- the table -------------------------------------------------------------------------------------------------------

_ROWS: Final = (
    Rule("many-collection", "error", "The many collection is a table, and none of definitions.", _many_collection),
    Rule("many-field", "error", "The many field is a stored column of it.", _many_field),
    Rule("many-field-key", "error", "It is not the primary key, unless it was declared so.", _many_field_is_no_key),
    Rule("one-per-field", "error", "A field has one relation.", _one_per_field),
    Rule("kind", "error", "A relation is m2o or m2a, not both and not neither.", _kind),
    Rule("one-collection", "error", "The one collection is a table.", _one_collection),
    Rule("one-key", "error", "The key pointed at identifies one item, and can be compared.", _one_key),
    Rule("one-field", "error", "The alias is legal, and no column of the one collection.", _one_field),
    Rule("one-field-free", "error", "The alias belongs to one relation.", _one_field_is_free, alone=False),
    Rule("one-collection-field", "error", "Another column holds the collection as text.", _one_collection_field),
    Rule(
        "one-allowed-collections",
        "error",
        "Each allowed collection is named once and has a key of one column.",
        _one_allowed_collections,
    ),
    Rule("any-keys", "error", "The many field can hold the keys of all allowed collections.", _any_keys),
    Rule("junction-field", "error", "The two halves of a junction name each other.", _junction_field, alone=False),
    Rule("sort-field", "error", "The sort field is a column of numbers and no key.", _sort_field),
    Rule("deselect-action", "error", "The deselect action is nullify or delete.", _deselect_action),
    Rule("deselect-nullify", "warning", "What is nullified can be NULL.", _deselect_can_nullify),
    Rule("actions", "error", "SET NULL and SET DEFAULT have something to set.", _actions),
    Rule("key-agrees", "error", "A foreign key and its relation agree.", _key_agrees, alone=False),
    Rule("data-obeys", "error", "Every key that is there points at an item.", _needs_rows, alone=False),
)
RULES: Final[Mapping[str, Rule]] = {rule.slug: rule for rule in _ROWS}


def violations(schema: Schema, rules: Iterable[Rule] = _ROWS) -> tuple[RuleViolation, ...]:
    """Give what the relations of a schema violate among some rules, in the order of the relations.

    >>> schema = Schema({}, (Relation("articles", "author", one_deselect_action="forget"),))
    >>> [violation.rule for violation in violations(schema)]
    ['many-collection', 'kind', 'deselect-action']
    """
    rules = tuple(rules)
    return tuple(
        RuleViolation(rule.slug, relation.name, finding.value, finding.problem, finding.hint)
        for relation in schema.relations
        for rule in rules
        for finding in rule.check(schema, relation)
    )


def added_violations(before: Schema, after: Schema) -> tuple[RuleViolation, ...]:
    """Give the errors that `after` has and `before` has not: those that a change is to be refused for.

    Violations are the same when rule, relation and value are. Where two relations are at odds, the one that is new or
    changed is at fault, if only one of them is.
    """
    errors = [rule for rule in _ROWS if rule.severity == "error"]
    old = {_identity(violation) for violation in violations(before, errors)}
    found = {_identity(violation): violation for violation in violations(after, errors)}
    added = [violation for identity, violation in found.items() if identity not in old]
    known = set(before.relations)
    changed = {relation.name for relation in after.relations if relation not in known}
    at_fault = {violation.rule for violation in added if violation.where in changed}
    return tuple(each for each in added if each.where in changed or each.rule not in at_fault)


def _identity(violation: RuleViolation) -> tuple[str, str, Any]:
    return violation.rule, violation.where, violation.value
