"""Filters: the filter language, read into conditions.

In: the value of `filter` (an object, or JSON text of one). Out: a `Condition` that says the same by names only. A fault
of shape, an unknown operator or an operand of the wrong kind fails here, with the path of keys that leads to it.

A list where an object is wanted counts as an object with its indexes as keys, as in the public API: `[]` says nothing,
and a name such as "0" is then unknown where names are looked up. A key that begins with an underscore and is no
operator may be a field of a real database (`_id`); whether it is one is seen where names are looked up, too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from relgraph.errors import InvalidOperand, InvalidQuery
from relgraph.operators import OPERATORS, QUANTIFIERS, Arity
from relgraph.query.ast import At, Compare, Condition, Group, Nothing, Operand, Param, Quantified, freeze
from relgraph.query.spelling import LARGEST_NUMBER, check_nesting, flat, read_json, read_text

GROUPS: Final = ("_and", "_or")


def read_filter(value: Any, where: str) -> Condition | None:
    """Give the condition that a filter states, or None when none was given.

    >>> read_filter({"views": {"_gt": 3}}, "filter")
    At(key='views', inner=Compare(operator='_gt', operand=3))
    >>> read_filter('{"author": {"name": "Ann"}}', "filter") == read_filter({"author": {"name": "Ann"}}, "filter")
    True
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        value = read_json(read_text(value, where), where)
    return _object(value, where, below_field=False, level=1)


# --- objects ---------------------------------------------------------------------------------------------------------


def _object(value: Any, where: str, *, below_field: bool, level: int) -> Condition:
    """Read an object of conditions; `below_field` says that a field of this scope leads to it."""
    if isinstance(value, (list, tuple)):
        value = {str(index): entry for index, entry in enumerate(value)}
    if not isinstance(value, Mapping):
        raise InvalidOperand(where, "a filter", value, "an object of conditions")
    check_nesting(level, where)
    parts = tuple([_entry(key, inner, where, below_field, level) for key, inner in value.items()])
    if len(parts) == 1:
        return parts[0]
    return Group("_and", parts) if parts else Nothing()


def _entry(key: Any, value: Any, where: str, below_field: bool, level: int) -> Condition:
    key = read_text(key, where)
    where = f"{where}.{key}"
    if key in GROUPS:
        return _group(key, value, where, below_field, level + 1)
    if key not in OPERATORS and key not in QUANTIFIERS:
        return At(key, _at_field(value, where, level + 1))
    if not below_field:
        raise InvalidQuery(where, f"{key} stands at no field", 'write {"field": {"' + key + '": ...}}')
    if key in QUANTIFIERS:
        return Quantified(key, _object(value, where, below_field=False, level=level + 1))
    operator = OPERATORS[key]
    read = _shape if operator.takes_object and isinstance(value, Mapping) else _OPERAND_READERS[operator.arity]
    return Compare(key, read(value, key, where))


def _at_field(value: Any, where: str, level: int) -> Condition:
    """Read what stands at a field: an object of conditions, or a bare value to be equal to."""
    if isinstance(value, (Mapping, list, tuple)):
        return _object(value, where, below_field=True, level=level)
    return Compare("_eq", _one(value, "_eq", where))


def _group(word: str, value: Any, where: str, below_field: bool, level: int) -> Condition:
    if not isinstance(value, (list, tuple)):
        raise InvalidOperand(where, word, value, "a list of filters")
    check_nesting(level, where)
    parts = [
        _object(part, f"{where}[{index}]", below_field=below_field, level=level + 1) for index, part in enumerate(value)
    ]
    return Group(word, tuple(parts))


# --- operands --------------------------------------------------------------------------------------------------------


def _one(value: Any, operator: str, where: str) -> Operand:
    if value == "" and isinstance(value, str):
        raise InvalidOperand(where, operator, value, "a value that is not empty")
    return _scalar(value, operator, where)


def _scalar(value: Any, operator: str, where: str) -> Operand:
    if isinstance(value, str):
        return read_text(value, where)
    if value is None or isinstance(value, (bool, Param)):
        return value
    if not isinstance(value, (int, float)):
        raise InvalidOperand(where, operator, value, "a text, number, true, false or null")
    if not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:  # false of NaN too
        raise InvalidOperand(where, operator, value, "a number within 2^53 (larger whole numbers go as text)")
    return int(value) if isinstance(value, int) else float(value)


def _shape(value: Any, operator: str, where: str) -> Operand:
    try:
        return freeze(json.loads(json.dumps(value, allow_nan=False)))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidOperand(where, operator, value, "a JSON object") from error


def _many(value: Any, operator: str, where: str) -> Operand:
    if isinstance(value, Param):
        return value
    if isinstance(value, str):
        return tuple(read_text(value, where).split(","))
    if isinstance(value, Mapping):
        value = list(value.values())
    given = flat(value, where) if isinstance(value, (list, tuple)) else (value,)
    operands = tuple([_scalar(item, operator, where) for item in given])
    if not operands:
        raise InvalidOperand(where, operator, value, "at least one value")
    return operands


def _two(value: Any, operator: str, where: str) -> Operand:
    operands = _many(value, operator, where)
    if isinstance(operands, tuple) and len(operands) != 2:
        raise InvalidOperand(where, operator, value, "two values, the least and the greatest")
    return operands


_FLAGS: Final = {"": True, "true": True, "null": True, "NULL": True, "false": False}


def _flag(value: Any, operator: str, where: str) -> Operand:
    if isinstance(value, (bool, Param)):
        return value
    flag = True if value is None else _FLAGS.get(value) if isinstance(value, str) else None
    if flag is None:
        raise InvalidOperand(where, operator, value, "true or false")
    return flag


_OPERAND_READERS: Final[dict[Arity, Callable[[Any, str, str], Operand]]] = {
    Arity.FLAG: _flag,
    Arity.ONE: _one,
    Arity.TWO: _two,
    Arity.MANY: _many,
}
