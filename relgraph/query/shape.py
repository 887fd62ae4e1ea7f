"""Shapes: what stays the same when a query is asked again with other values.

In: a query as the caller gave it. Out: the same query with the plain operands of its filter, and its cursor, replaced
by parameters, a key that two queries share exactly when they differ in those only, and what they were. Operands that
decide the form of the SQL (null, flags, `$NOW`, texts that may mean null or a boolean) stay. Never fails: what it does
not understand it leaves for `parse` to judge.

Every query from a dict comes through here, a point read of 30 µs too; hence the plain loops and exact types.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from relgraph.operators import OPERATORS, Arity, Operator
from relgraph.query.ast import Param

_NEVER: Final = frozenset({"", "null", "true", "false"})
_SAFE: Final = 2**53 - 1
_ONE: Final = Arity.ONE  # a look-up in the class costs as much as the rest of the test
_MANY: Final = Arity.MANY
_PARAMETERS: Final = tuple(Param(f"#{index}") for index in range(64))  # making them took most of the time
_NO_MAPPINGS: Final = frozenset({str, int, float, bool, list, type(None)})
_CURSOR: Final = Param("#cursor")


class Shape(NamedTuple):  # made in half the time of a frozen class of attrs
    """A query with parameters for operands; `arguments` are theirs, by name. An empty key is of no use again."""

    source: Any
    parameters: Mapping[str, Any]
    key: str
    arguments: Mapping[str, Any]


def shape_of(source: Any, parameters: Mapping[str, Any], most: int) -> Shape:
    """Give the shape of a query; with lists and more than `most` operands, the query as it is, to be counted.

    >>> one, other = (shape_of({"filter": {"id": {"_eq": n}}, "limit": 3}, {}, 9) for n in (7, 8))
    >>> one.key == other.key, other.arguments
    (True, {'#0': 8})
    """
    try:
        return _shape_of(source, parameters, most)
    except RecursionError:
        return Shape(source, parameters, "", {})  # no query is nested as deeply: parse will say so


def _shape_of(source: Any, parameters: Mapping[str, Any], most: int) -> Shape:
    arguments: dict[str, Any] = {}
    lifted = _without_values(parameters, arguments) if parameters else parameters
    plain = _without_values(source, arguments) if _is_mapping(source) else source
    if list in map(type, arguments.values()) and _amount(_filters(source, parameters)) > most:
        return Shape(source, parameters, "", {})
    key = f"{plain!r}{lifted!r}"
    if "'_or'" in key and any(map(_has_silence, _filters(source, parameters))):
        # an operand that is not asked for is judged too
        return Shape(source, parameters, f"{source!r}{parameters!r}", {})
    return Shape(plain, lifted, key, arguments)


def _without_values(given: Mapping[str, Any], arguments: dict[str, Any]) -> Mapping[str, Any]:
    condition, cursor = given.get("filter"), given.get("cursor")
    if _is_mapping(condition):
        given = {**given, "filter": _lifted(condition, arguments)}
    if type(cursor) is str:
        given = {**given, "cursor": _CURSOR}
        arguments.setdefault(_CURSOR.name, cursor)  # a keyword, which comes first, replaces what the source says
    return given


def _lifted(condition: Mapping[Any, Any], arguments: dict[str, Any]) -> dict[Any, Any]:
    lifted: dict[Any, Any] = {}
    for key, value in condition.items():
        if _is_mapping(value):
            lifted[key] = value if key in OPERATORS else _lifted(value, arguments)
        elif type(value) is list and (key == "_and" or key == "_or"):
            lifted[key] = [_lifted(part, arguments) if _is_mapping(part) else part for part in value]
        elif _is_value(key, OPERATORS.get(key), value):
            place = len(arguments)
            parameter = _PARAMETERS[place] if place < len(_PARAMETERS) else Param(f"#{place}")
            lifted[key] = parameter
            arguments[parameter.name] = value
        else:
            lifted[key] = value
    return lifted


def _is_mapping(value: Any) -> bool:
    """Tell whether a value is a mapping; asking only that of a text takes five times as long."""
    kind = type(value)
    return kind is dict or (kind not in _NO_MAPPINGS and isinstance(value, Mapping))


def _is_value(key: Any, operator: Operator | None, value: Any) -> bool:
    """Tell whether another value in its place would be asked for in the same way."""
    if type(value) is list:
        return operator is not None and operator.arity is _MANY and bool(value) and all(map(_is_plain, value))
    if operator is None:
        return _is_plain(value) and not (isinstance(key, str) and key.startswith("_"))
    return operator.arity is _ONE and _is_plain(value)


def _filters(*sources: Any) -> list[Any]:
    return [source.get("filter") for source in sources if _is_mapping(source)]


def _has_silence(condition: Any) -> bool:
    """Tell whether something empty stands in a filter: an OR in which it stands says nothing at all."""
    if _is_mapping(condition):
        return not condition or any(map(_has_silence, condition.values()))
    return isinstance(condition, (list, tuple)) and (not condition or any(map(_has_silence, condition)))


def _amount(condition: Any) -> int:
    """Give how many operands a filter holds at most, however they are written."""
    if _is_mapping(condition):
        return sum(map(_amount, condition.values()))
    if isinstance(condition, (list, tuple)):
        return sum(map(_amount, condition))
    return 1 + condition.count(",") if isinstance(condition, str) else 1


def _is_plain(value: Any) -> bool:
    if type(value) is int or type(value) is float:
        return -_SAFE <= value <= _SAFE
    if type(value) is str:
        return not value.startswith("$") and value.lower() not in _NEVER and (value.isascii() or _is_unicode(value))
    return False


def _is_unicode(text: str) -> bool:
    """Tell whether a text has no half of a surrogate pair, which no database holds."""
    return text.isprintable() or not any("\ud800" <= letter <= "\udfff" for letter in text)
