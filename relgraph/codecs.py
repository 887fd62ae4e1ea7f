"""Codecs: how what a column holds is answered, and what of it filters compare.

In: stored values. Out: what an answer holds: JSON parsed, booleans and dates in one spelling, secrets masked. Nothing
here fails: a stored value that does not fit its field's type is answered as stored.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, time
from typing import Any, Final

from attrs import evolve, field, frozen

from relgraph.values import DATES, FieldType, Stored, instant, moment_of


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
