"""Conditions: filter, search and keys, as tests on fields with cast operands.

In: a parsed `Condition` of names. Out: a resolved one, or None where it says nothing. What is wrong is noted in the
`Resolution`. A filter that says nothing accepts every row: `{}`, `{"views": {}}`, an empty group, and an `_or` that has
an empty object in it.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Any, Final, TypeAlias, assert_never

from attrs import evolve, frozen

from relgraph.errors import (
    InvalidOperand,
    InvalidQuery,
    LimitExceeded,
    OperatorNotAllowed,
    UnknownField,
    UnknownOperator,
)
from relgraph.operators import OPERATORS, QUANTIFIERS
from relgraph.query import ast
from relgraph.query.operands import cast_operands
from relgraph.query.paths import leads_nowhere, look_up, related_key
from relgraph.query.resolution import Phase, Resolution
from relgraph.query.resolved import AllOf, AnyOf, Call, Condition, Literal, Quantified, Test, Value
from relgraph.query.spelling import number_of
from relgraph.schema import AnyHop, Collection, Field, Hop
from relgraph.values import INTEGERS, NUMBERS, FieldType, Stored

QUANTIFIER_NESTING: Final = 3  # of the nesting limit; in SQL an EXISTS takes as much of the parser as three groups


class Silence(Enum):
    """What a condition is that tests nothing: an empty object, or a group in which nothing is left."""

    EMPTY = "empty"
    ABSENT = "absent"


Read: TypeAlias = Condition | Silence


@frozen
class Place:
    """Where in a filter a condition stands: at the row of `path`, or at a `subject` of that row.

    The subject is a value, an any-to-many field, or the hop that leads to `collection`; then the path ends with it.
    """

    collection: Collection
    path: tuple[Hop, ...] = ()
    names: tuple[str, ...] = ()  # of the hops in `path`
    subject: Field | Call | Hop | AnyHop | None = None
    name: str = ""  # of the subject, as the filter spells it
    depth: int = 0  # field keys from the root of the whole filter
    nesting: int = 0


Joins: TypeAlias = set[tuple[str, ...]]


def resolve_filter(
    resolution: Resolution, collection: Collection, condition: ast.Condition, where: str, joins: Joins
) -> Condition | None:
    """Give a filter of a collection resolved, and add to `joins` the relation paths its tests go through."""
    found = _read(resolution, condition, Place(collection), where, joins)
    return None if isinstance(found, Silence) else found


def _read(resolution: Resolution, condition: ast.Condition, place: Place, where: str, joins: Joins) -> Read:
    match condition:
        case ast.At():
            return _at(resolution, condition, place, where, joins)
        case ast.Compare():
            return _compare(resolution, condition, place, where, joins)
        case ast.Group():
            return _group(resolution, condition, place, where, joins)
        case ast.Quantified():
            return _quantified(resolution, condition, place, where, joins)
        case ast.Nothing():
            return Silence.EMPTY
        case _:
            assert_never(condition)


# --- groups ----------------------------------------------------------------------------------------------------------


def _group(resolution: Resolution, group: ast.Group, place: Place, where: str, joins: Joins) -> Read:
    if len(group.parts) > 1:
        place = evolve(place, nesting=place.nesting + 1)
        if _is_nested_too_deep(resolution, place, where):
            return Silence.ABSENT
    parts = [_read(resolution, part, place, where, joins) for part in group.parts]
    if group.word == "_or" and Silence.EMPTY in parts:
        return Silence.ABSENT
    spoken = [part for part in parts if not isinstance(part, Silence)]
    if not spoken:
        return Silence.ABSENT
    return all_of(spoken) if group.word == "_and" else any_of(spoken)


def _is_nested_too_deep(resolution: Resolution, place: Place, where: str) -> bool:
    limit = resolution.limits.max_nesting
    if place.nesting > limit:
        resolution.note(LimitExceeded(where, "nesting of groups and quantifiers", place.nesting, limit, "max_nesting"))
    return place.nesting > limit


def all_of(parts: list[Condition]) -> Condition:
    """Give the AND of at least one condition, without an AND inside an AND."""
    if len(parts) == 1:
        return parts[0]
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, AllOf) else (part,))]
    return AllOf(tuple(flat))


def any_of(parts: list[Condition]) -> Condition:
    """Give the OR of conditions, without an OR inside an OR; of none, the condition that is never true."""
    if len(parts) == 1:
        return parts[0]
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, AnyOf) else (part,))]
    return AnyOf(tuple(flat))


# --- keys of a filter ------------------------------------------------------------------------------------------------


def _at(resolution: Resolution, at: ast.At, place: Place, where: str, joins: Joins) -> Read:
    where = f"{where}.{at.key}"
    if resolution.is_too_deep(place.depth + 1, where):
        return Silence.ABSENT
    if at.key.startswith("_") and not _is_name(at.key, place):
        words = (*OPERATORS, *QUANTIFIERS, "_and", "_or")
        resolution.note(UnknownOperator(where, at.key, words), Phase.SHAPE)
        return Silence.ABSENT
    if place.subject is not None and not isinstance(place.subject, Hop):
        _note_key(resolution, at.key, place, place.subject, where)
        return Silence.ABSENT
    found = look_up(resolution, place.collection, at.key, where)
    if found is None:
        return Silence.ABSENT
    collection, path, names = place.collection, place.path, place.names
    if isinstance(found, Hop):
        collection = resolution.schema.collections[found.far]
        path, names = (*path, found), (*names, at.key)
    there = Place(collection, path, names, found, at.key, place.depth + 1, place.nesting)
    return _read(resolution, at.inner, there, where, joins)


def _is_name(key: str, place: Place) -> bool:
    """Say whether a key can be a name at a place; with an underscore in front, it is otherwise meant as an operator."""
    if place.subject is not None and not isinstance(place.subject, Hop):
        return False
    collection = place.collection
    return key.partition(":")[0] in {*collection.fields, *collection.hops, *collection.any_hops, *collection.broken}


def _note_key(resolution: Resolution, key: str, place: Place, subject: Field | Call | AnyHop, where: str) -> None:
    """Note that a filter goes on behind a value or an any-to-many field."""
    if isinstance(subject, AnyHop):
        leads_nowhere(resolution, place.collection, place.name, subject, where)
    elif key in place.collection.names and place.name not in place.collection.closed:
        problem = f"{place.name} is a value, so {key!r} cannot stand below it"
        resolution.note(InvalidQuery(where, problem, "put the two beside each other"))
    else:
        resolution.note(UnknownField(where, place.collection.name, key, place.collection.names))


def _quantified(resolution: Resolution, quantified: ast.Quantified, place: Place, where: str, joins: Joins) -> Read:
    where = f"{where}.{quantified.word}"
    if not isinstance(place.subject, Hop) or not place.subject.many:
        what = f"{place.name} is not" if place.name else "there is no field here, so it is not"
        resolution.note(InvalidQuery(where, f"{quantified.word} asks about many items, and {what} a to-many relation"))
        return Silence.ABSENT
    nesting = place.nesting + QUANTIFIER_NESTING
    root = Place(place.collection, depth=place.depth, nesting=nesting)
    if _is_nested_too_deep(resolution, root, where):
        return Silence.ABSENT
    resolution.spend(20, where)
    own_joins: Joins = set()
    inner = _read(resolution, quantified.inner, root, where, own_joins)
    check_joins(resolution, own_joins, where)
    _join(resolution, joins, place.names[:-1], where)
    condition = None if isinstance(inner, Silence) else inner
    return Quantified(place.path[:-1], place.subject, QUANTIFIERS[quantified.word], condition)


def _join(resolution: Resolution, joins: Joins, names: tuple[str, ...], where: str) -> None:
    while names and names not in joins:
        joins.add(names)
        resolution.spend(20, where)
        names = names[:-1]


def check_joins(resolution: Resolution, joins: Joins, where: str) -> None:
    """Note when the tests and sort keys of one level go through more relation paths than one select can join."""
    limit = resolution.limits.max_joins
    if len(joins) > limit:
        resolution.note(LimitExceeded(where, "number of relation paths", len(joins), limit, "max_joins"))


# --- operators -------------------------------------------------------------------------------------------------------


def _compare(resolution: Resolution, compare: ast.Compare, place: Place, where: str, joins: Joins) -> Read:
    where = f"{where}.{compare.operator}"
    resolution.count("max_conditions", 1, where, "number of conditions")
    target = _target(resolution, place, where)
    if target is None:
        return Silence.ABSENT
    names, path, value = target
    _join(resolution, joins, names, where)
    test = make_test(resolution, path, value, compare.operator, compare.operand, where)
    return Silence.ABSENT if test is None else test


Target: TypeAlias = tuple[tuple[str, ...], tuple[Hop, ...], Value]


def _target(resolution: Resolution, place: Place, where: str) -> Target | None:
    """Give the row and the value that an operator at this place tests."""
    match place.subject:
        case None:
            resolution.note(InvalidQuery(where, "an operator stands at no field"))
            return None
        case AnyHop():
            return place.names, place.path, place.collection.fields[place.subject.name]
        case Hop(many=True):
            if place.name.startswith("$FOLLOW("):
                resolution.note(InvalidQuery(where, f"{place.name} is no field", "name one of its fields below it"))
                return None
            key = related_key(resolution, place.subject, where)
            return None if key is None else (place.names, place.path, key)
        case Hop(guard=None):
            near = resolution.schema.collections[place.subject.near]
            return place.names[:-1], place.path[:-1], near.fields[place.subject.near_field]
        case Hop():
            resolution.note(InvalidQuery(where, f"{place.name} is no field", "name one of its fields below it"))
            return None
        case _:
            return place.names, place.path, place.subject


def make_test(
    resolution: Resolution, path: tuple[Hop, ...], value: Value, name: str, operand: Any, where: str
) -> Test | None:
    """Give the test of a value by an operator, or note why there is none."""
    operator = OPERATORS.get(name)
    if operator is None:
        resolution.note(UnknownOperator(where, name, tuple(OPERATORS)))
        return None
    if value.type not in operator.accepts:
        allowed = tuple(row.name for row in OPERATORS.values() if value.type in row.accepts)
        resolution.note(OperatorNotAllowed(where, name, str(value), value.type, allowed))
        return None
    amount = len(operand) if isinstance(operand, tuple) else 1
    resolution.count("max_operands", amount, where, "number of operands")
    resolution.spend(1 + amount // 10, where)
    try:
        operator, operands = cast_operands(resolution, operator, operand, value.type, where)
    except InvalidOperand as error:
        resolution.note(error)
        return None
    return Test(path, value, operator, operands)


# --- search ----------------------------------------------------------------------------------------------------------

_CONTAINED: Final = frozenset({FieldType.STRING, FieldType.TEXT, FieldType.ANY})
_DECIMAL: Final = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?", re.ASCII)


def search_condition(collection: Collection, text: str) -> Condition:
    """Give the condition that some field of an item holds the text; never true where nothing can be searched.

    Text fields contain it in any case, numbers equal it where it is a plain decimal, uuid fields equal it.
    """
    tests = (_searched(field, text) for field in collection.fields.values() if field.searchable)
    return any_of([test for test in tests if test is not None])


def _searched(field: Field, text: str) -> Test | None:
    if field.type in _CONTAINED:
        return Test((), field, OPERATORS["_icontains"], (Literal(text),))
    if field.type is FieldType.UUID:
        return Test((), field, OPERATORS["_eq"], (Literal(text),))
    number = _searched_number(field, text) if field.type in NUMBERS else None
    return None if number is None else Test((), field, OPERATORS["_eq"], (Literal(number),))


def _searched_number(field: Field, text: str) -> Stored:
    number = number_of(text) if _DECIMAL.fullmatch(text) else None
    if isinstance(number, int) and not -(2**63) <= number < 2**63:
        return None if field.type in INTEGERS else float(text)
    return number
