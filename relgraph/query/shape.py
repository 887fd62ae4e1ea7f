"""Shapes: what stays the same when a query is asked again with other values.

In: a query as the caller gave it. Out: the plain operands of its filter, and where its answer starts (a cursor, offset
or page), put aside as arguments of parameters, and a key that two queries share exactly when they differ in those only.
Operands that decide the form of the SQL (null, flags, `$NOW`, texts that may mean null or a boolean) belong to the key.
Never fails: what it does not understand it leaves for `parse` to judge.

Every query from a dict comes through here, a point read of 25 µs too; hence the plain loops, the exact types, and one
walk that copies nothing: 6.1 µs for three conditions on paths, where a copy without operands and its text took 7.2.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeGuard

from relgraph.operators import OPERATORS, Arity
from relgraph.query.ast import Param, Query
from relgraph.query.parse import parse

_NEVER: Final = frozenset({"", "null", "true", "false"})
_LONGEST: Final = 5  # of these
SAFE: Final = 2**53 - 1
_ONE: Final = frozenset(name for name, operator in OPERATORS.items() if operator.arity is Arity.ONE)
_MANY: Final = frozenset(name for name, operator in OPERATORS.items() if operator.arity is Arity.MANY)
_PLACES: Final = tuple(f"#{index}" for index in range(64))  # names of parameters
_NO_MAPPINGS: Final = frozenset({str, int, float, bool, list, type(None)})
_STARTS: Final = ("cursor", "offset", "page")  # what says where an answer starts; "#cursor" is a parameter's name
# as the plain type spells it: a type of the caller's own may hide what it holds
_SPELLED: Final[dict[type, Callable[[Any], str]]] = {str: str.__str__, int: int.__repr__, float: float.__repr__}


class _Mark:
    """A part of a key that no query holds, so that keys are as different as queries."""


_ASIDE: Final = _Mark()  # where an operand was
_MAPPING: Final = _Mark()  # where a mapping begins
_LIST: Final = _Mark()  # where a list begins
_END: Final = _Mark()  # where either ends


class NoKey(Exception):
    """A value is of a type that nothing is known of, so that two of them may look the same and differ."""


class Shape(NamedTuple):  # made in half the time of a frozen class of attrs
    """A query, and its operands by names of parameters. An empty key is of no use again."""

    source: Any
    keywords: Mapping[str, Any]
    key: tuple[Any, ...]
    arguments: Mapping[str, Any]

    def parsed(self) -> Query:
        """Give the query, with parameters for operands. Raises what `parse` raises."""
        if not self.arguments:
            return parse(self.source, **self.keywords)
        names = (name for name in self.arguments if name[1:] not in _STARTS)
        keywords = self.with_parameters(self.keywords, names)
        return parse(self.with_parameters(self.source, names) if is_mapping(self.source) else self.source, **keywords)

    def with_parameters(self, given: Mapping[str, Any], names: Iterator[str]) -> dict[str, Any]:
        """Give a part of the query with parameters for what was put aside, named in the same order."""
        filled = dict(given)
        if is_mapping(filled.get("filter")):
            filled["filter"] = _filled(filled["filter"], names)
        for name in _STARTS:
            if f"#{name}" in self.arguments and type(filled.get(name)) in (str, int):
                filled[name] = Param(f"#{name}")
        return filled


def shape_of(source: Any, parameters: Mapping[str, Any], most: int) -> Shape:
    """Give the shape of a query; with lists and more than `most` operands, the query as it is, to be counted.

    >>> one, other = (shape_of({"filter": {"id": {"_eq": n}}, "limit": 3}, {}, 9) for n in (7, 8))
    >>> one.key == other.key, other.arguments
    (True, {'#0': 8})
    """
    try:
        return _shape_of(source, parameters, most)
    except (RecursionError, NoKey):  # no query is nested as deeply: parse will say so
        return Shape(source, parameters, (), {})


def _shape_of(source: Any, parameters: Mapping[str, Any], most: int) -> Shape:
    key: list[Any] = []
    operands: list[Any] = []
    alone = not parameters or not is_mapping(source)
    starts, has_or = _walk_query(parameters, key, operands, alone=alone) if parameters else ({}, False)
    if is_mapping(source):
        others, or_too = _walk_query(source, key, operands, alone=alone)
        starts, has_or = {**others, **starts}, has_or or or_too  # a keyword replaces the source's
    else:
        key.append(fixed(source))
    if list in map(type, operands) and _amount(_filters(source, parameters)) > most:
        return Shape(source, parameters, (), {})
    if has_or and any(map(_has_silence, _filters(source, parameters))):
        # an operand that is not asked for is judged too
        return Shape(source, parameters, (fixed(source), fixed(parameters)), {})
    return Shape(source, parameters, tuple(key), named(operands) | starts if starts else named(operands))


def named(operands: list[Any]) -> dict[str, Any]:
    """Give operands by the names of their parameters.

    >>> named([7, "a"])
    {'#0': 7, '#1': 'a'}
    """
    if len(operands) <= len(_PLACES):
        return dict(zip(_PLACES, operands, strict=False))
    return {f"#{index}": operand for index, operand in enumerate(operands)}


def start_of(given: Mapping[str, Any], *, alone: bool = True) -> dict[str, Any]:
    """Give by its parameter what says where the answer to a query starts, if another value would be asked for alike.

    Page and offset say it together, so neither is put aside where both are given, or may be beside what is `given`.
    """
    cursor, offset, page = given.get("cursor"), given.get("offset"), given.get("page")
    if type(cursor) is str:
        return {"#cursor": cursor}
    if alone and page is None and type(offset) is int and 0 < offset <= SAFE:
        return {"#offset": offset}
    if alone and offset is None and type(page) is int and 1 < page <= SAFE:
        return {"#page": page}
    return {}


def _walk_query(
    given: Mapping[str, Any], key: list[Any], operands: list[Any], *, alone: bool
) -> tuple[dict[str, Any], bool]:
    """Write down what stays of a query, and put its operands aside; give where it starts, and whether it has an OR."""
    condition, starts, rest = given.get("filter"), start_of(given, alone=alone), dict(given)
    has_or = False
    if is_mapping(condition):
        del rest["filter"]
        has_or = _walk(condition, key.append, operands.append)
    for name in starts:
        del rest[name[1:]]
        key.append(name)
    key.append(fixed(rest))
    return starts, has_or


def _walk(condition: Mapping[Any, Any], write: Callable[[Any], None], put_aside: Callable[[Any], None]) -> bool:
    """Write down what stays of a condition, and put its operands aside; tell whether there is an OR in it."""
    has_or = False
    write(_MAPPING)
    for name, value in condition.items():
        write(name)
        kind = type(value)
        if kind is dict and name not in OPERATORS:
            has_or |= _walk(value, write, put_aside)
        elif (kind is str or kind is int or kind is float or kind is list) and is_value(name, value):
            write(_ASIDE)
            put_aside(value)
        elif kind is list and (name == "_and" or name == "_or"):
            write(_LIST)
            has_or |= name == "_or"
            for part in value:
                if is_mapping(part):
                    has_or |= _walk(part, write, put_aside)
                else:
                    write(fixed(part))
            write(_END)
        elif name not in OPERATORS and is_mapping(value):
            has_or |= _walk(value, write, put_aside)
        else:
            write(fixed(value))
    write(_END)
    return has_or


def fixed(value: Any) -> Any:
    """Give what two values share when they are of the same types and equal."""
    try:
        # a third of the time of repr(); version 3 would tell equal texts apart by how they are held in memory
        return marshal.dumps(value, 2)
    except ValueError:  # a type of the caller's own
        return _held(value)


def _held(value: Any) -> Any:
    """Give the type of a value and what it holds, whatever its repr() shows; raises `NoKey` where that is unknown."""
    kind = type(value)
    if value is None:
        return kind
    if kind is Param:
        return kind, _held(value.name)
    if isinstance(value, Mapping):
        return kind, tuple([(_held(name), _held(each)) for name, each in value.items()])
    if isinstance(value, (list, tuple)):
        return kind, tuple(map(_held, value))
    for plain, spelled in _SPELLED.items():
        if isinstance(value, plain):
            return kind, spelled(value)
    raise NoKey


def _filled(condition: Mapping[Any, Any], names: Iterator[str]) -> dict[Any, Any]:
    filled: dict[Any, Any] = {}
    for name, value in condition.items():
        if is_value(name, value):
            filled[name] = Param(next(names))
        elif is_mapping(value) and name not in OPERATORS:
            filled[name] = _filled(value, names)
        elif type(value) is list and (name == "_and" or name == "_or"):
            filled[name] = [_filled(part, names) if is_mapping(part) else part for part in value]
        else:
            filled[name] = value
    return filled


def is_mapping(value: Any) -> TypeGuard[Mapping[Any, Any]]:
    """Tell whether a value is a mapping; asking only that of a text takes five times as long."""
    kind = type(value)
    return kind is dict or (kind not in _NO_MAPPINGS and isinstance(value, Mapping))


def is_value(name: Any, value: Any) -> bool:
    """Tell whether another value in its place would be asked for in the same way."""
    kind = type(value)
    if kind is str or kind is int or kind is float:
        takes_one = name in _ONE if name in OPERATORS else type(name) is not str or name[:1] != "_"
        return takes_one and is_plain(value)
    return kind is list and name in _MANY and bool(value) and all(map(is_plain, value))


def _filters(*sources: Any) -> list[Any]:
    return [source.get("filter") for source in sources if is_mapping(source)]


def _has_silence(condition: Any) -> bool:
    """Tell whether something empty stands in a filter: an OR in which it stands says nothing at all."""
    if is_mapping(condition):
        return not condition or any(map(_has_silence, condition.values()))
    return isinstance(condition, (list, tuple)) and (not condition or any(map(_has_silence, condition)))


def _amount(condition: Any) -> int:
    """Give how many operands a filter holds at most, however they are written."""
    if is_mapping(condition):
        return sum(map(_amount, condition.values()))
    if isinstance(condition, (list, tuple)):
        return sum(map(_amount, condition))
    return 1 + condition.count(",") if isinstance(condition, str) else 1


def is_plain(value: Any) -> bool:
    """Tell whether a value is asked for as it stands: a number that is exact, a text that means itself.

    >>> is_plain(7), is_plain(True), is_plain("$NOW"), is_plain("null")
    (True, False, False, False)
    """
    if type(value) is int or type(value) is float:
        return -SAFE <= value <= SAFE
    if type(value) is not str or value.startswith("$") or (len(value) <= _LONGEST and value.lower() in _NEVER):
        return False
    return value.isascii() or _is_unicode(value)


def _is_unicode(text: str) -> bool:
    """Tell whether a text has no half of a surrogate pair, which no database holds."""
    return text.isprintable() or not any("\ud800" <= letter <= "\udfff" for letter in text)
