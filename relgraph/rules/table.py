"""The table: every rule of definitions, and what a schema violates of them.

In: a `Schema`. Out: `RuleViolation`s as values, raised by `refuse` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from relgraph.errors import InconsistentDefinition, RuleViolation
from relgraph.rules import any_side, foreign_key, junction, many_side, one_side
from relgraph.rules.findings import Finding, Rule
from relgraph.schema import Schema

_ROWS: Final = (
    Rule("many-collection", "error", "The many collection is a table, none of definitions.", many_side.many_collection),
    Rule("many-field", "error", "The many field is a stored column of it.", many_side.many_field),
    Rule("many-field-key", "error", "It is not the primary key, unless declared so.", many_side.many_field_is_no_key),
    Rule("one-per-field", "error", "A field has one relation.", many_side.one_per_field),
    Rule("kind", "error", "A relation is m2o or m2a, not both and not neither.", many_side.kind),
    Rule("one-collection", "error", "The one collection is a table.", one_side.one_collection),
    Rule(
        "one-key", "error", "The key pointed at identifies one item, and the many field can hold it.", one_side.one_key
    ),
    Rule("one-field", "error", "The alias is legal, and no column of the one collection.", one_side.one_field),
    Rule("one-field-free", "error", "The alias belongs to one relation.", one_side.one_field_is_free, alone=False),
    Rule("one-field-noted", "warning", "A Directus project has a field for the alias.", one_side.alias_is_noted),
    Rule(
        "alias-leads",
        "warning",
        "An alias field of a Directus project leads over a relation.",
        check_collection=one_side.alias_leads_somewhere,
    ),
    Rule(
        "one-collection-field", "error", "Another column holds the collection as text.", any_side.one_collection_field
    ),
    Rule(
        "one-allowed-collections",
        "error",
        "Each allowed collection is named once and has a key of one column.",
        any_side.one_allowed_collections,
    ),
    Rule("any-keys", "error", "The many field can hold the keys of all allowed collections.", any_side.any_keys),
    Rule("junction-field", "error", "The halves of a junction name each other.", junction.junction_field, alone=False),
    Rule("sort-field", "error", "The sort field is a plain column of numbers and no key.", junction.sort_field),
    Rule("deselect-action", "error", "The deselect action is nullify or delete.", junction.deselect_action),
    Rule("deselect-nullify", "warning", "What is nullified can be NULL.", junction.deselect_can_nullify),
    Rule("actions", "error", "SET NULL and SET DEFAULT have something to set.", foreign_key.actions),
    Rule("key-agrees", "error", "A foreign key and its relation agree.", foreign_key.key_agrees, alone=False),
    Rule("key-declared", "warning", "A foreign key stands behind a stored m2o.", foreign_key.key_is_declared),
    Rule("data-obeys", "error", "Every key that is there points at an item.", alone=False),  # see integrity
)
RULES: Final[Mapping[str, Rule]] = {rule.slug: rule for rule in _ROWS}


def violations(schema: Schema, rules: Iterable[Rule] = _ROWS) -> tuple[RuleViolation, ...]:
    """Give what the relations of a schema violate among some rules, in the order of the relations.

    >>> from relgraph.relation import Relation
    >>> schema = Schema({}, (Relation("articles", "author", one_deselect_action="forget"),))
    >>> [violation.rule for violation in violations(schema)]
    ['many-collection', 'kind', 'deselect-action']
    """
    return tuple(
        RuleViolation(rule.slug, where, finding.value, finding.problem, finding.hint, finding.part, collection)
        for rule, collection, where, finding in _findings(schema, tuple(rules))
    )


def _findings(schema: Schema, rules: tuple[Rule, ...]) -> Iterator[tuple[Rule, str, str, Finding]]:
    """Yield what each rule finds: with the collection, and the relation or alias there."""
    for relation in schema.relations:
        for rule in rules:
            found = rule.check(schema, relation)
            yield from ((rule, relation.many_collection, relation.name, finding) for finding in found)
    for collection in schema:
        for rule in rules:
            found = rule.check_collection(schema, collection)
            yield from ((rule, collection.name, f"{collection.name}.{finding.value}", finding) for finding in found)


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


def refuse(violations: Sequence[RuleViolation]) -> None:
    """Raise the violation, or several as one error; without any nothing happens.

    >>> refuse(())
    """
    if len(violations) == 1:
        raise violations[0]
    if violations:
        raise InconsistentDefinition(tuple(violations))
