"""Shapes: what stays the same when a query is asked again with other values.

In: a query as the caller gave it. Out: the same query with the plain operands of its filter, and its cursor, put aside
as arguments of parameters, and a key that two queries share exactly when they differ in those only. Operands that
decide the form of the SQL (null, flags, `$NOW`, texts that may mean null or a boolean) stay. Never fails: what it does
not understand it leaves for `parse` to judge.

Every query from a dict comes through here, a point read of 30 µs too; hence the plain loops and exact types.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeGuard

from relgraph.operators import OPERATORS, Arity, Operator
from relgraph.query.ast import Param, Query
from relgraph.query.parse import parse

_NEVER: Final = frozenset({"", "null", "true", "false"})
_SAFE: Final = 2**53 - 1
_ONE: Final = Arity.ONE  # a look-up in the class costs as much as the rest of the test
_MANY: Final = Arity.MANY
_PLACES: Final = tuple(f"#{index}" for index in range(64))  # names of parameters
_ASIDE: Final = b"put aside"  # stands where an operand was; no query may hold bytes
_NO_MAPPINGS: Final = frozenset({str, int, float, bool, list, type(None)})
_CURSOR: Final = "#cursor"


class Shape(NamedTuple):  # made in half the time of a frozen class of attrs
    """A query without its operands; `arguments` are these, by names of parameters. An empty key is of no use again."""

    source: Any
    keywords: Mapping[str, Any]
    key: bytes
    arguments: Mapping[str, Any]

    def parsed(self) -> Query:
        """Give the query, with parameters for operands. Raises what `parse` raises."""
        if not self.arguments:
            return parse(self.source, **self.keywords)
        names = (name for name in self.arguments if name != _CURSOR)
        keywords = _with_parameters(self.keywords, names)
        return parse(_with_parameters(self.source, names) if _is_mapping(self.source) else self.source, **keywords)


def shape_of(source: Any, parameters: Mapping[str, Any], most: int) -> Shape:
    """Give the shape of a query; with lists and more than `most` operands, the query as it is, to be counted.

    >>> one, other = (shape_of({"filter": {"id": {"_eq": n}}, "limit": 3}, {}, 9) for n in (7, 8))
    >>> one.key == other.key, other.arguments
    (True, {'#0': 8})
    """
    try:
        return _shape_of(source, parameters, most)
    except RecursionError:
        return Shape(source, parameters, b"", {})  # no query is nested as deeply: parse will say so


def _shape_of(source: Any, parameters: Mapping[str, Any], most: int) -> Shape:
    arguments: dict[str, Any] = {}
    lifted = _without_values(parameters, arguments) if parameters else parameters
    plain = _without_values(source, arguments) if _is_mapping(source) else source
    if list in map(type, arguments.values()) and _amount(_filters(source, parameters)) > most:
        return Shape(source, parameters, b"", {})
    key = _key(plain, lifted)
    if b"_or" in key and any(map(_has_silence, _filters(source, parameters))):
        # an operand that is not asked for is judged too
        return Shape(source, parameters, _key(source, parameters), {})
    return Shape(plain, lifted, key, arguments)


def _key(source: Any, keywords: Any) -> bytes:
    try:
        # a third of the time of repr(); version 3 would tell equal texts apart by how they are held in memory
        return marshal.dumps((source, keywords), 2)
    except ValueError:  # a type of the caller's own
        return f"{source!r}{keywords!r}".encode("utf-8", "surrogatepass")


def _without_values(given: Mapping[str, Any], arguments: dict[str, Any]) -> Mapping[str, Any]:
    condition, cursor = given.get("filter"), given.get("cursor")
    if _is_mapping(condition):
        given = {**given, "filter": _lifted(condition, arguments)}
    if type(cursor) is str:
        given = {**given, "cursor": _ASIDE}
        arguments.setdefault(_CURSOR, cursor)  # a keyword, which comes first, replaces what the source says
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
            arguments[_PLACES[place] if place < len(_PLACES) else f"#{place}"] = value
            lifted[key] = _ASIDE
        else:
            lifted[key] = value
    return lifted


def _with_parameters(given: Mapping[str, Any], names: Iterator[str]) -> dict[str, Any]:
    """Give a query with parameters for what was put aside, named in the same order."""
    filled = dict(given)
    if _is_mapping(filled.get("filter")):
        filled["filter"] = _filled(filled["filter"], names)
    if filled.get("cursor") is _ASIDE:
        filled["cursor"] = Param(_CURSOR)
    return filled


def _filled(condition: Any, names: Iterator[str]) -> Any:
    if condition is _ASIDE:
        return Param(next(names))
    if _is_mapping(condition):
        return {key: _filled(value, names) for key, value in condition.items()}
    return [_filled(part, names) for part in condition] if type(condition) is list else condition


def _is_mapping(value: Any) -> TypeGuard[Mapping[Any, Any]]:
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
