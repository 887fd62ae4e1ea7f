"""Shapes: what stays the same when a query is asked again with other values.

In: a query as the caller gave it. Out: the same query with the plain operands of its filter replaced by parameters, a
key that two queries share exactly when they differ in those operands only, and the operands. Operands that decide the
form of the SQL (null, flags, `$NOW`, texts that may mean null or a boolean) stay. Never fails: what it does not
understand it leaves for `parse` to judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from relgraph.operators import OPERATORS, Arity
from relgraph.query.ast import Param

_NEVER: Final = frozenset({"", "null", "true", "false"})
_SAFE: Final = 2**53 - 1
_ONE: Final = Arity.ONE  # a look-up in the class costs as much as the rest of the test
_MANY: Final = Arity.MANY
_LIFTED: Final = tuple(Param(f"#{index}") for index in range(64))  # made once: most of the time went into making them


@frozen
class Shape:
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
    mapped = type(source) is dict or isinstance(source, Mapping)
    if parameters.get("cursor") is not None or (mapped and source.get("cursor") is not None):
        return Shape(source, parameters, f"{source!r}{parameters!r}", {})  # a cursor is signed by the operands too
    values: list[Any] = []
    given = source
    lifted = _without_operands(parameters, values)
    if mapped:
        source = _without_operands(source, values)
    if list in map(type, values) and _amount(_filters(given, parameters)) > most:
        return Shape(given, parameters, "", {})
    key = f"{source!r}{lifted!r}"
    if "'_or'" in key and any(map(_has_silence, _filters(given, parameters))):
        return Shape(
            given, parameters, f"{given!r}{parameters!r}", {}
        )  # an operand that is not asked for is judged too
    return Shape(source, lifted, key, {f"#{index}": value for index, value in enumerate(values)})


def _without_operands(given: Mapping[str, Any], values: list[Any]) -> Mapping[str, Any]:
    condition = given.get("filter")
    if condition is None or not isinstance(condition, Mapping):
        return given
    return {**given, "filter": _lifted(condition, values)}


def _lifted(condition: Mapping[Any, Any], values: list[Any]) -> dict[Any, Any]:
    return {key: _lifted_value(key, value, values) for key, value in condition.items()}


def _lifted_value(key: Any, value: Any, values: list[Any]) -> Any:
    operator = OPERATORS.get(key)
    if type(value) is dict or isinstance(value, Mapping):  # the first test is five times faster
        return value if operator is not None else _lifted(value, values)
    if type(value) is list and key in ("_and", "_or"):
        return [_lifted(part, values) if isinstance(part, Mapping) else part for part in value]
    if type(value) is list:
        plain = operator is not None and operator.arity is _MANY and value and all(map(_is_plain, value))
    elif operator is not None:
        plain = operator.arity is _ONE and _is_plain(value)
    else:
        plain = _is_plain(value) and not (isinstance(key, str) and key.startswith("_"))
    if not plain:
        return value
    values.append(value)
    place = len(values) - 1
    return _LIFTED[place] if place < len(_LIFTED) else Param(f"#{place}")


def _filters(*sources: Any) -> list[Any]:
    return [source.get("filter") for source in sources if isinstance(source, Mapping)]


def _has_silence(condition: Any) -> bool:
    """Tell whether something empty stands in a filter: an OR in which it stands says nothing at all."""
    if isinstance(condition, Mapping):
        return not condition or any(map(_has_silence, condition.values()))
    return isinstance(condition, (list, tuple)) and (not condition or any(map(_has_silence, condition)))


def _amount(condition: Any) -> int:
    """Give how many operands a filter holds at most, however they are written."""
    if isinstance(condition, Mapping):
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
