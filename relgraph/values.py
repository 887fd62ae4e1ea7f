"""Values: field types, SQLite's order and affinities, moments, three-valued logic.

In: what a column holds, as the sqlite3 module gives it (None, int, float, str, bytes). Out: what SQLite would make of
it. Nothing here fails.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeAlias

Stored: TypeAlias = int | float | str | bytes | None
Truth: TypeAlias = bool | None  # None is unknown


class FieldType(StrEnum):
    """What a field holds, in the words of the Directus type list; ANY is a column without a declared type."""

    STRING = "string"
    TEXT = "text"
    CSV = "csv"
    UUID = "uuid"
    INTEGER = "integer"
    BIG_INTEGER = "bigInteger"
    FLOAT = "float"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    DATE_TIME = "dateTime"
    TIMESTAMP = "timestamp"
    TIME = "time"
    JSON = "json"
    GEOMETRY = "geometry"
    BINARY = "binary"
    ANY = "any"


TEXTS: Final = frozenset({FieldType.STRING, FieldType.TEXT, FieldType.CSV})
NUMBERS: Final = frozenset({FieldType.INTEGER, FieldType.BIG_INTEGER, FieldType.FLOAT, FieldType.DECIMAL})
INTEGERS: Final = frozenset({FieldType.INTEGER, FieldType.BIG_INTEGER})
DATES: Final = frozenset({FieldType.DATE, FieldType.DATE_TIME, FieldType.TIMESTAMP})


# --- three-valued logic ----------------------------------------------------------------------------------------------


def negate(truth: Truth) -> Truth:
    """Give NOT: unknown stays unknown.

    >>> [negate(truth) for truth in (True, False, None)]
    [False, True, None]
    """
    return None if truth is None else not truth


def all_of(truths: Iterable[Truth]) -> Truth:
    """Give AND over any number of truths; of none, True.

    >>> all_of([True, None]), all_of([False, None]), all_of([])
    (None, False, True)
    """
    result: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is None:
            result = None
    return result


def any_of(truths: Iterable[Truth]) -> Truth:
    """Give OR over any number of truths; of none, False.

    >>> any_of([False, None]), any_of([True, None]), any_of([])
    (None, True, False)
    """
    return negate(all_of(negate(truth) for truth in truths))


# --- order -----------------------------------------------------------------------------------------------------------


def sort_key(value: Stored) -> tuple[int, Any]:
    """Give a key under which Python sorts as SQLite does: NULL, numbers, text by code point, blobs by byte.

    Source: https://www.sqlite.org/datatype3.html#comparisons

    >>> sorted([b"x", "b", "B", 2, None, 1.5], key=sort_key)
    [None, 1.5, 2, 'B', 'b', b'x']
    """
    if value is None:
        return (0, 0)
    if isinstance(value, (int, float)):
        return (1, value)
    if isinstance(value, str):
        return (2, value)
    return (3, bytes(value))


def compare(left: Stored, right: Stored) -> int | None:
    """Give -1, 0 or 1 as SQLite orders the two, or None when either is NULL.

    >>> compare(1, 1.0), compare(2, "1"), compare("b", "a"), compare(None, 1)
    (0, -1, 1, None)
    """
    if left is None or right is None:
        return None
    left_key, right_key = sort_key(left), sort_key(right)
    return (left_key > right_key) - (left_key < right_key)


# --- affinity --------------------------------------------------------------------------------------------------------

_NUMERIC: Final = frozenset({"NUMERIC", "INTEGER", "REAL"})
_NUMBER: Final = re.compile(r"[ \t-\r]*([+-]?(?:\d+(\.\d*)?|(\.\d+))([eE][+-]?\d+)?)[ \t-\r]*", re.ASCII)


def as_text(value: Stored) -> str | None:
    """Give a stored value as SQLite casts it to text.

    Floats have 15 significant digits. Source: https://www.sqlite.org/lang_expr.html#castexpr

    >>> as_text(7), as_text(1e20), as_text(0.1 + 0.2), as_text(None)
    ('7', '1.0e+20', '0.3', None)
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, int):
        return str(int(value))
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    digits, exponent, power = f"{value or 0.0:.15g}".partition("e")
    return digits + ("" if "." in digits else ".0") + exponent + power


def with_affinity(value: Stored, affinity: str) -> Stored:
    """Give a value as a column of that affinity would hold it: number text as a number, numbers as text.

    An operand is compared with a column in this form, since it has no affinity of its own.
    Source: https://www.sqlite.org/datatype3.html#type_conversions_prior_to_comparison

    >>> with_affinity(" 07", "NUMERIC"), with_affinity("1e1", "REAL"), with_affinity("7x", "INTEGER")
    (7, 10, '7x')
    >>> with_affinity(7, "TEXT"), with_affinity("7", "BLOB")
    ('7', '7')
    """
    if affinity == "TEXT" and isinstance(value, (int, float)):
        return as_text(value)
    if affinity in _NUMERIC and isinstance(value, str) and (found := _NUMBER.fullmatch(value)):
        text, fraction, bare_fraction, exponent = found.groups()
        if fraction is bare_fraction is exponent is None and -(2**63) <= int(text) < 2**63:
            return int(text)
        number = float(text)
        return int(number) if number.is_integer() and abs(number) < 2**63 else number
    return value


def fold(text: Stored) -> Stored:
    """Give text in the form under which case-insensitive operators compare; other values as they are.

    >>> fold("Straße") == fold("STRASSE")
    True
    """
    return text.casefold() if isinstance(text, str) else text


# --- moments ---------------------------------------------------------------------------------------------------------

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_ISO: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s?(Z|z|[+-]\d\d:?\d\d)?", re.ASCII
)


def instant(value: Stored) -> Stored:
    """Give the moment that stored date text names, as milliseconds since 1970 UTC; what is no date text, as it is.

    Text without a zone is UTC. Digits beyond the millisecond are dropped. Numbers are epoch milliseconds already.

    >>> instant("1970-01-02"), instant("1970-01-01 00:00:01.5+00:00"), instant(7), instant("soon")
    (86400000, 1500, 7, 'soon')
    """
    if not isinstance(value, str):
        return value
    found = _ISO.fullmatch(value)
    if found is None:
        return value
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC
        )
    except ValueError:
        return value
    shift = 0
    if zone and zone not in "Zz":
        shift = (int(zone[1:3]) * 60 + int(zone[-2:])) * (60_000 if zone[0] == "+" else -60_000)
    return (moment - _EPOCH) // _MILLISECOND + int((fraction or "0").ljust(3, "0")[:3]) - shift


def moment_of(milliseconds: Stored) -> datetime | None:
    """Give the UTC moment of epoch milliseconds, or None for what is no number or lies outside the years 1 to 9999.

    >>> moment_of(-1).isoformat()
    '1969-12-31T23:59:59.999000+00:00'
    """
    if not isinstance(milliseconds, (int, float)) or not math.isfinite(milliseconds):
        return None
    try:
        return _EPOCH + timedelta(milliseconds=math.floor(milliseconds))
    except OverflowError:
        return None
