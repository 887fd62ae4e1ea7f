"""Values: field types, how they are stored and answered, SQLite's order, three-valued logic.

In: what a column holds, as the sqlite3 module gives it (None, int, float, str, bytes). Out: what an answer holds, and
what filters compare. Nothing here fails: a stored value that does not fit its field's type is answered as stored.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final, TypeAlias

from attrs import evolve, field, frozen

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


# --- codecs ----------------------------------------------------------------------------------------------------------


@frozen
class Codec:
    """How one kind of column is answered, and what of it a filter compares.

    `answer` turns a stored value into the answered one (None: no change, so that reading can skip it); `kept` says as a
    Python expression of {v} which values stay as stored, where telling so is faster than asking `answer`.
    `comparable` and `comparable_sql` say the same thing twice, in Python and in SQL ({v} is the qualified column);
    `shown_sql` gives in SQL the text that `answer` gives, for operators that look at it.
    Sorting, grouping, min and max always use the stored value.
    """

    name: str
    answer: Callable[[Stored], Any] | None = field(default=None, eq=False)
    comparable: Callable[[Stored], Stored] | None = field(default=None, eq=False)
    comparable_sql: str = "{v}"
    shown_sql: str = "{v}"
    epoch: bool = False  # stored as epoch milliseconds
    kept: str = "{v} is None"

    @property
    def is_concealing(self) -> bool:
        """Whether values are never shown."""
        return self.answer is _mask


class _Booleans(dict[Stored, Any]):
    """What stored booleans mean; anything else is answered as stored."""

    def __missing__(self, value: Stored) -> Stored:
        return value


_boolean: Final = _Booleans(
    {0: False, 1: True, "0": False, "1": True, "true": True, "false": False, "": None}
).__getitem__  # a look-up in C: a function of Python's would take four times as long


class _Days(dict[Stored, Any]):
    """The answers to dates stored as numbers, as many as were given lately: making one takes 8 times as long.

    Only those of integers are kept: 1 and 1.0 are the same key, and have answers of their own.
    """

    def __init__(self, answer: Callable[[Stored], Any]) -> None:
        self.answer = answer

    def __missing__(self, value: Stored) -> Any:
        answered = self.answer(value)
        if type(value) is int and type(answered) is str:
            if len(self) == DAYS_KEPT:
                self.clear()
            self[value] = answered
        return answered


DAYS_KEPT: Final = 16_384  # 45 years


def _reject_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def parse_json(value: Stored) -> Any:
    """Give what stored JSON text means; what is no JSON text is given as it is.

    >>> parse_json('{"a": [1, null]}'), parse_json("{bad"), parse_json(5)
    ({'a': [1, None]}, '{bad', 5)
    """
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, parse_constant=_reject_constant)
    except (ValueError, RecursionError):
        return value


def _csv(value: Stored) -> Any:
    if not isinstance(value, str):
        return value
    return value.split(",") if value else []


def _date(value: Stored) -> Any:
    moment = moment_of(value)
    return value if moment is None else f"{moment.year:04}-{moment.month:02}-{moment.day:02}"


def _date_time(value: Stored) -> Any:
    moment = moment_of(value)
    return value if moment is None else moment.replace(tzinfo=None, microsecond=0).isoformat()


def _timestamp(value: Stored) -> Any:
    moment = moment_of(value)
    return value if moment is None else moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _from_text(answer: Callable[[Stored], Any], usual: Callable[[str], str | None]) -> Callable[[Stored], Any]:
    """Answer date text by its moment, and leave everything else (integers too) as stored.

    `usual` answers the spellings that nearly all values have, 3 to 25 times faster (10k rows, Python 3.11, 2026-11).
    """

    def answer_text(value: Stored) -> Any:
        if not isinstance(value, str):
            return value
        quick = usual(value)
        if quick is not None:
            return quick
        moment = instant(value)
        return value if moment is value else answer(moment)

    return answer_text


# a day alone, or no date at all: of 12 ms for 10k flat rows 0.3, where looking up the day takes 1.9 (2026-11)
_DAY_ALONE: Final = "type({v}) is not str or len({v}) < 11"


def _day_alone(text: str) -> str | None:
    return text if len(text) < 11 else None


def _usual_moment(text: str) -> str | None:
    if len(text) != 19 or text[10] not in " T" or text[13] != ":" or text[16] != ":" or text[11:13] == "24":
        return None
    if text[4] != "-" or text[7] != "-":
        return None
    try:
        date.fromisoformat(text[:10])
        time.fromisoformat(text[11:])
    except ValueError:
        return None
    return f"{text[:10]}T{text[11:]}"


def _usual_timestamp(text: str) -> str | None:
    moment = _usual_moment(text)
    return moment and f"{moment}.000Z"


def _mask(value: Stored) -> Any:
    return MASK if value else None


def concealing(codec: Codec) -> Codec:
    """Give the codec of a column whose values are never shown: only that there is one.

    >>> concealing(PLAIN).answer("secret"), concealing(PLAIN).answer("")
    ('**********', None)
    """
    return evolve(codec, name=f"concealed {codec.name}", answer=_mask, kept=PLAIN.kept)


MASK: Final = "**********"  # as Directus shows it
PLAIN: Final = Codec("plain")
BOOLEAN: Final = Codec("boolean", _boolean)
JSON: Final = Codec("json", parse_json)
CSV: Final = Codec("csv", _csv)
EPOCH_CODECS: Final = {
    FieldType.DATE: Codec("epoch date", _Days(_date).__getitem__, epoch=True),
    FieldType.DATE_TIME: Codec("epoch dateTime", _date_time, epoch=True),
    FieldType.TIMESTAMP: Codec("epoch timestamp", _timestamp, shown_sql="relgraph_epoch_timestamp({v})", epoch=True),
}
ISO_CODECS: Final = {
    FieldType.DATE: Codec(
        "text date", _from_text(_date, _day_alone), instant, "relgraph_instant({v})", kept=_DAY_ALONE
    ),
    FieldType.DATE_TIME: Codec(
        "text dateTime", _from_text(_date_time, _usual_moment), instant, "relgraph_instant({v})"
    ),
    FieldType.TIMESTAMP: Codec(
        "text timestamp",
        _from_text(_timestamp, _usual_timestamp),
        instant,
        "relgraph_instant({v})",
        "relgraph_text_timestamp({v})",
    ),
}


def codec_of(field_type: FieldType, *, epoch: bool) -> Codec:
    """Give the codec of a field type; `epoch` says whether dates are stored as epoch milliseconds (Directus) or text.

    >>> codec_of(FieldType.DATE, epoch=True).answer(0), codec_of(FieldType.DATE, epoch=False).answer("1970-01-01 10:00")
    ('1970-01-01', '1970-01-01')
    """
    if field_type in DATES:
        return (EPOCH_CODECS if epoch else ISO_CODECS)[field_type]
    if field_type in (FieldType.JSON, FieldType.GEOMETRY):
        return JSON
    return {FieldType.BOOLEAN: BOOLEAN, FieldType.CSV: CSV}.get(field_type, PLAIN)
