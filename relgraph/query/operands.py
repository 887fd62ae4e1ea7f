"""Operands: what an operator compares with, cast once to the form the column is compared in.

In: an operand as the query gives it (JSON values, `$NOW`, `$CURRENT_USER`, `Param`), the operator and the field's type.
Out: `Literal`, `Parameter` and `Moment` values that bind to what sqlite3 takes. Fails with `InvalidOperand` where an
operand cannot be a value of that type.

A null operand is unknown, as in SQL, except that `_eq` and `_neq` null ask IS NULL and IS NOT NULL; a null given later
to a `Param` is always unknown, so it finds nothing. A parameter's argument is a value, never `$NOW` or `$CURRENT_USER`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.util import find_spec
from typing import Any, Final

from attrs import frozen

from relgraph.errors import InvalidOperand, InvalidQuery
from relgraph.geometry import bounding_box
from relgraph.operators import OPERATORS, Arity, Operator
from relgraph.query.ast import JsonObject, Param, freeze, thaw
from relgraph.query.moments import adjuster, moment_in
from relgraph.query.resolution import Resolution
from relgraph.query.resolved import Literal, Moment, Operand, Parameter
from relgraph.query.spelling import LARGEST_NUMBER, flat, number_of, read_text
from relgraph.values import DATES, INTEGERS, TEXTS, FieldType, Stored

NOBODY: Final = b"\x00relgraph: what no one is\x00"  # equals no stored value, and is not NULL

_HOLD_TEXT: Final = TEXTS | {FieldType.UUID, FieldType.ANY}
_WORDS: Final = {"true": True, "false": False, "null": None, "NULL": None}
_NULL_TESTS: Final = {"_eq": OPERATORS["_null"], "_neq": OPERATORS["_nnull"]}


class _Unfit(Exception):
    """A value is none of the type; the argument says what would be."""


def cast_operands(
    resolution: Resolution, operator: Operator, given: Any, field_type: FieldType, where: str
) -> tuple[Operator, tuple[Operand, ...]]:
    """Give the operator that is really meant, and its operands in the form a field of that type is compared in.

    Shape: no operand for FLAG operators, one for ONE, two for TWO; for MANY any number, or one list parameter.
    Raises: InvalidOperand.
    """
    if operator.arity is Arity.FLAG:
        if not isinstance(given, bool):
            raise InvalidOperand(where, operator.name, given, "true or false, known from the start")
        return (operator if given else OPERATORS[operator.opposite]), ()
    cast = Cast(field_type, operator, where)
    if isinstance(given, Param):
        return operator, (_parameter(given, cast),)
    if operator.name in _NULL_TESTS and cast.meaning(given) is None:
        return _NULL_TESTS[operator.name], ()
    values = given if isinstance(given, tuple) else (given,)
    operands = tuple([operand for value in values for operand in _operands(resolution, value, cast)])
    if operator.arity is not Arity.MANY and len(operands) != operator.arity.value:
        wanted = "one value" if operator.arity is Arity.ONE else "two values"
        raise InvalidOperand(where, operator.name, given, wanted)
    return operator, operands


def _operands(resolution: Resolution, value: Any, cast: Cast) -> Iterator[Operand]:
    if isinstance(value, Param):
        yield Parameter(value.name, cast.where, cast.argument)
    elif isinstance(value, str) and value.startswith("$") and (found := _NOW.fullmatch(value)):
        yield _now(value, found[1] or "", cast)
    elif isinstance(value, str) and value.startswith("$") and (found := _CURRENT.fullmatch(value)):
        yield from _current(resolution, found, cast)
    else:
        yield Literal(cast(value))


def _parameter(param: Param, cast: Cast) -> Parameter:
    if cast.operator.arity is Arity.TWO:
        raise InvalidOperand(cast.where, cast.operator.name, param, "two values, each of which may be a parameter")
    many = cast.operator.arity is Arity.MANY
    return Parameter(param.name, cast.where, cast.arguments if many else cast.argument)


# --- one value -------------------------------------------------------------------------------------------------------


@frozen
class Cast:
    """Turns one operand into the form a field of that type is compared in; raises `InvalidOperand`.

    >>> (
    ...     Cast(FieldType.INTEGER, OPERATORS["_eq"], "filter")("0x1f"),
    ...     Cast(FieldType.TEXT, OPERATORS["_eq"], "filter")(1.0),
    ... )
    (31, '1')
    """

    field_type: FieldType
    operator: Operator
    where: str

    def __call__(self, value: Any) -> Stored:
        """Give one operand, as it stands in a query, cast."""
        if self.operator.needs and find_spec(self.operator.needs) is None:
            problem = f"{self.operator.name} needs the package {self.operator.needs}"
            raise InvalidQuery(self.where, problem, "install it with: pip install 'relgraph[geo]'")
        meaning = self.meaning(value)
        if meaning is None:
            return None
        try:
            return text_of(meaning) if self.operator.by_text else _CASTS[self.field_type](meaning)
        except _Unfit as unfit:
            raise InvalidOperand(self.where, self.operator.name, value, str(unfit)) from unfit

    def meaning(self, value: Any) -> Any:
        """Give what the texts "true", "false" and "null" mean; for fields that hold text they mean themselves."""
        if isinstance(value, str) and self.field_type not in _HOLD_TEXT and not self.operator.by_text:
            return _WORDS.get(value, value)
        return value

    def argument(self, value: Any) -> Stored:
        """Give what a parameter is bound to, cast; the same values are refused as in a query."""
        if (
            type(value) is int
            and self.field_type in INTEGERS
            and not self.operator.by_text
            and abs(value) <= LARGEST_NUMBER
        ):
            return value  # a key, mostly: the long way takes 1 µs of the 25 of a point read
        if (
            type(value) is str
            and self.field_type in _HOLD_TEXT
            and not self.operator.needs
            and value
            and value.isascii()
        ):
            return value  # the same
        if value is None or isinstance(value, bool):
            return self(value)
        if isinstance(value, str) and value:
            return self(read_text(value, self.where))
        if isinstance(value, (int, float)) and -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
            return self(value)
        if isinstance(value, Mapping) and self.operator.takes_object:
            return self(freeze(value))
        wanted = "a text, true, false, null or a number within 2^53"
        raise InvalidOperand(self.where, self.operator.name, value, wanted)

    def arguments(self, values: Any) -> tuple[Stored, ...]:
        """Give what a list parameter is bound to, each value cast."""
        listed = flat(values, self.where) if isinstance(values, (list, tuple)) else (values,)
        found = tuple([self.argument(value) for value in listed])
        if not found:
            raise InvalidOperand(self.where, self.operator.name, values, "at least one value")
        return found


def text_of(value: Any) -> str:
    """Give a JSON value as JavaScript prints it, which is what text fields are compared with.

    >>> text_of(1.0), text_of(1e21), text_of(1e-7), text_of(True), text_of("x")
    ('1', '1e+21', '1e-7', 'true', 'x')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e21:
            return str(int(value))
        digits = repr(value)
        if 1e-6 <= abs(value) < 1e-4:  # where Python changes to the exponent earlier than JavaScript
            return f"{value:.{len(digits.split('e')[0]) + 6}f}".rstrip("0")
        return re.sub(r"e([+-])0", r"e\1", digits)
    if isinstance(value, int):
        return str(value)
    raise _Unfit("a text")


def _text(value: Any) -> Stored:
    """Give what a text field is compared with: true and false as the 1 and 0 a database holds, not as words."""
    return text_of(int(value) if isinstance(value, bool) else value)


def _number(value: Any, *, whole: bool) -> Stored:
    if isinstance(value, str):
        infinite = value.strip() in ("Infinity", "+Infinity", "-Infinity")
        number = float(value) if infinite else number_of(value)
        if number is None:
            raise _Unfit("a number")
    elif isinstance(value, (int, float)):
        number = int(value) if isinstance(value, int) else value
    else:
        raise _Unfit("a number")
    if isinstance(number, int) and not -(2**63) <= number < 2**63:
        if whole:
            raise _Unfit("a whole number of at most 64 bits")
        return _as_float(number)
    return number


def _as_float(number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


def _boolean(value: Any) -> Stored:
    if isinstance(value, JsonObject):
        raise _Unfit("true or false")
    return _kept(value)


def _moment(value: Any) -> Stored:
    if isinstance(value, str):
        moment = moment_in(value)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        moment = int(value)
    else:
        moment = None
    if moment is None:
        raise _Unfit("a date such as 2024-01-15 or 2024-01-15T10:20:30Z, or epoch milliseconds")
    return moment


_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?", re.ASCII)


def _time(value: Any) -> Stored:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise _Unfit("a time such as 10:20 or 10:20:30")
    return value


def _kept(value: Any) -> Stored:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (int, float, str)):
        return value
    raise _Unfit("a text or number")


def _shape(value: Any) -> Stored:
    text = json.dumps(thaw(value)) if isinstance(value, JsonObject) else value
    if not isinstance(text, str) or bounding_box(text) is None:
        raise _Unfit("a GeoJSON geometry with coordinates")
    return text


_CASTS: Final[dict[FieldType, Callable[[Any], Stored]]] = {
    **dict.fromkeys(TEXTS | {FieldType.UUID}, _text),
    **dict.fromkeys((FieldType.INTEGER, FieldType.BIG_INTEGER), partial(_number, whole=True)),
    **dict.fromkeys((FieldType.FLOAT, FieldType.DECIMAL), partial(_number, whole=False)),
    **dict.fromkeys(DATES, _moment),
    **dict.fromkeys((FieldType.ANY, FieldType.JSON, FieldType.BINARY), _kept),
    FieldType.GEOMETRY: _shape,
    FieldType.BOOLEAN: _boolean,
    FieldType.TIME: _time,
}


# --- $NOW and $CURRENT_... -------------------------------------------------------------------------------------------

_NOW: Final = re.compile(r"\$NOW(?:\((.*)\))?")
_CURRENT: Final = re.compile(r"\$CURRENT_(?:(ROLES|POLICIES)|(USER|ROLE)((?:\.[^.]+)*))")
_SYSTEM_COLLECTIONS: Final = {"USER": "directus_users", "ROLE": "directus_roles"}


def _now(text: str, adjustment: str, cast: Cast) -> Moment:
    if cast.operator.by_text or cast.field_type in _HOLD_TEXT:
        show = _iso
    elif cast.field_type in DATES:
        show = _milliseconds
    elif cast.field_type is FieldType.TIME:
        show = _clock
    else:
        raise InvalidOperand(cast.where, cast.operator.name, text, f"a value of type {cast.field_type}, not a moment")
    return Moment(text, _Reckoning(adjustment, adjuster(adjustment), show))


@frozen
class _Reckoning:
    """What a moment is when the query runs."""

    adjustment: str
    adjust: Callable[[datetime], datetime]
    show: Callable[[datetime], Stored]

    def __call__(self, now: datetime) -> Stored:
        return self.show(self.adjust(now.astimezone(UTC)))


def _iso(moment: datetime) -> Stored:
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _milliseconds(moment: datetime) -> Stored:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _clock(moment: datetime) -> Stored:
    return f"{moment:%H:%M:%S}"


def _current(resolution: Resolution, found: re.Match[str], cast: Cast) -> Iterator[Operand]:
    plural, singular, path = found.groups()
    names = (path or "").split(".")[1:]
    user = resolution.user
    if names and not _has_field(resolution, singular, names[0]):
        raise InvalidOperand(cast.where, cast.operator.name, found[0], f"a field of {_SYSTEM_COLLECTIONS[singular]}")
    if user is None:
        yield Literal(NOBODY)
    elif plural is not None:
        several = user.get(plural.lower()) or ([user["role"]] if plural == "ROLES" and user.get("role") else [])
        yield from [Literal(cast(_identity(one))) for one in several] or [Literal(NOBODY)]
    else:
        value = user if singular == "USER" else user.get("role")
        for name in names:
            value = value.get(name) if isinstance(value, Mapping) else None
        yield Literal(cast(_identity(value)))


def _identity(value: Any) -> Any:
    """Give the key of a user or role that is given as an object, and other values as they are."""
    return value.get("id") if isinstance(value, Mapping) else value


def _has_field(resolution: Resolution, word: str, name: str) -> bool:
    """Tell whether the user (or role) has that field: in the system collection, or as the caller gave it."""
    user = resolution.user or {}
    given = user if word == "USER" else user.get("role")
    collection = resolution.schema.collections.get(_SYSTEM_COLLECTIONS[word])
    known = collection is not None and (name in collection.fields or name in collection.hops)
    return known or (isinstance(given, Mapping) and name in given)
