"""FUNCTIONS and AGGREGATES: every function of the language, one row each.

In: nothing. Out: for each function what it applies to, its SQL form and its Python form. In the SQL form {v} is the
value a filter would compare (epoch milliseconds for dates, text for times and json). In the Python form the same value
comes as the argument, so the two evaluators cannot disagree on what a function is given.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from typing import Any, Final

from attrs import field, frozen

from relgraph.values import DATES, NUMBERS, FieldType, Stored, as_text, moment_of, sort_key

# --- functions of one value ------------------------------------------------------------------------------------------


@frozen
class Function:
    """A function a path may call: `year(born)`, `count(comments)`.

    `accepts` are the field types it applies to; `relational` says that it applies to to-many relations, where its value
    is `aggregate` over the related rows. The answer key is the field's name, an underscore and the function's name.
    """

    name: str
    accepts: frozenset[FieldType]
    words: str
    sql: str = ""
    time_sql: str = ""  # the form for fields of type time
    text_sql: str = ""  # the form for dates stored as text, {t}; {v} is still their moment
    usual_sql: str = ""  # the form for text that is known to be a `USUAL_DATE`
    call: Callable[..., Any] | None = field(default=None, eq=False, repr=False)
    time_call: Callable[..., Any] | None = field(default=None, eq=False, repr=False)
    relational: bool = False
    result: FieldType = FieldType.INTEGER


_TIMES: Final = frozenset({FieldType.TIME})
_WITH_CLOCK: Final = (DATES - {FieldType.DATE}) | _TIMES
_YEAR_1, _YEAR_9999 = -62_135_596_800_000, 253_402_300_799_999  # first and last millisecond, as `moment_of` has it
# seconds since 1970, rounded down: plain division would round moments before 1970 up
_SECONDS: Final = "(({v}) / 1000 - (({v}) % 1000 < 0))"


# text that SQLite prints again as it is, after reckoning with it: a date that there is, with or without a time. Blobs
# stand behind all text; the + keeps the bounds text beside a numeric column, which would make numbers of them; and
# SQLite passes over a T that no time follows
_USUAL: Final = (
    "(substr(datetime({t}, '+0 days'), 1, length({t})) = replace({t}, 'T', ' ') AND +{t} BETWEEN '0001' AND ':' "
    "AND length({t}) > 11)"
)
# the same for a date without a time, told in a third of the time
_PLAIN: Final = "(date({t}, '+0 days') = +{t} AND +{t} >= '0001')"
USUAL_DATE: Final = f"{_PLAIN} OR {_USUAL}"


def _part(
    name: str,
    directive: str,
    accepts: frozenset[FieldType],
    python: str,
    start: int = 0,
    *,
    digits: tuple[int, int] = (0, 0),
) -> Function:
    """Make the function that gives one part of a moment; `digits` is where text has it: from which place, how many.

    Of usual text the part is read off, or reckoned by SQLite: 3 to 5 times faster than through its moment.
    """

    def call(value: Stored) -> Stored:
        moment = moment_of(value)
        return None if moment is None else int(moment.strftime(python))

    def time_call(value: Stored) -> Stored:
        part = (as_text(value) or "")[start - 1 : start + 1]
        return int(part) if part.isascii() and part.isdigit() and len(part) == 2 else None

    reckoned = (  # text that is no date stays text, above all numbers
        f"CASE WHEN +{{v}} BETWEEN {_YEAR_1} AND {_YEAR_9999} "
        f"THEN CAST(strftime('{directive}', {_SECONDS}, 'unixepoch') AS INTEGER) END"
    )
    read_off = f"substr({{t}}, {digits[0]}, {digits[1]})" if digits[1] else f"strftime('{directive}', {{t}})"
    # CAST takes the digits that text begins with
    usual = "CAST({t} AS INTEGER)" if name == "year" else f"CAST({read_off} AS INTEGER)"
    return Function(
        name,
        accepts,
        f"the {name} of {{v}}",
        reckoned,
        f"CASE WHEN substr({{v}}, {start}, 2) GLOB '[0-9][0-9]' THEN CAST(substr({{v}}, {start}, 2) AS INTEGER) END"
        if start
        else "",
        f"CASE WHEN {USUAL_DATE} THEN {usual} ELSE {reckoned} END",
        usual,
        call,
        time_call if start else None,
    )


def _json_count(value: Stored) -> Stored:
    if value is None:
        return None
    try:
        parsed = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return 0
    return len(parsed) if isinstance(parsed, list) else 0


_FUNCTION_ROWS: Final = (
    _part("year", "%Y", DATES, "%Y", digits=(1, 4)),
    _part("month", "%m", DATES, "%m", digits=(6, 2)),
    _part("week", "%W", DATES, "%W"),
    _part("day", "%d", DATES, "%d", digits=(9, 2)),
    _part("weekday", "%w", DATES, "%w"),
    _part("hour", "%H", _WITH_CLOCK, "%H", 1, digits=(12, 2)),
    _part("minute", "%M", _WITH_CLOCK, "%M", 4, digits=(15, 2)),
    _part("second", "%S", _WITH_CLOCK, "%S", 7, digits=(18, 2)),
    Function(
        "count",
        frozenset({FieldType.JSON}),
        "the number of {v}",
        "CASE WHEN {v} IS NULL THEN NULL WHEN json_valid({v}) AND json_type({v}) = 'array' "
        "THEN json_array_length({v}) ELSE 0 END",
        call=_json_count,
        relational=True,
    ),
    Function("json", frozenset({FieldType.JSON}), "{v}", result=FieldType.JSON),
)


# --- aggregates ------------------------------------------------------------------------------------------------------


@frozen
class Aggregate:
    """A function over many values of one field: `{"aggregate": {"sum": ["views"]}}` and `sum(comments.likes)`.

    `keeps_form` says that the answer has the field's own form (min and max of a date are dates). The Python form gets
    the stored values of all rows, NULLs included; `star` says that it may count rows instead of a field.
    """

    name: str
    accepts: frozenset[FieldType]
    words: str
    sql: str
    call: Callable[[Iterable[Stored]], Stored] = field(eq=False, repr=False)
    keeps_form: bool = False
    star: bool = False


def present(values: Iterable[Stored]) -> list[Any]:
    """Give the values that are not NULL.

    >>> present([1, None, "a"])
    [1, 'a']
    """
    return [value for value in values if value is not None]


def distinct(values: Iterable[Stored]) -> list[Any]:
    """Give each value that is not NULL once, as SQLite tells values apart (1 and 1.0 are one).

    >>> distinct([1, 1.0, "1", None])
    [1, '1']
    """
    return list({sort_key(value): value for value in reversed(present(values))}.values())[::-1]


def exact_sum(values: Iterable[Stored]) -> Stored:
    """Give the sum: of integers exact at any size, of floats correctly rounded; of nothing None.

    What is no number counts as SQLite casts it: text by its leading number, else 0.

    >>> exact_sum([2**62, 2**62, None]), exact_sum([0.1] * 10), exact_sum([])
    (9223372036854775808, 1.0, None)
    """
    numbers: list[int | float] = present(values)
    if not numbers:
        return None
    if not set(map(type, numbers)) <= {int, float}:  # one look at the types, since nearly all values are numbers
        numbers = [as_number(value) for value in numbers]
    if set(map(type, numbers)) <= {int, bool}:
        return sum(numbers)
    try:
        return math.fsum(numbers)
    except (OverflowError, ValueError):  # infinities, or beyond the largest float
        total = float(sum(map(float, numbers)))
        return None if math.isnan(total) else total  # SQLite has no NaN: NULL stands for it


def exact_average(values: Iterable[Stored]) -> Stored:
    """Give the mean as a float, or None of nothing.

    >>> exact_average([1, 2, None])
    1.5
    """
    numbers = present(values)
    total = exact_sum(numbers)
    return None if total is None else total / len(numbers)  # type: ignore[operator]  # a sum is a number


def as_number(value: Stored) -> int | float:
    """Give what SQLite's arithmetic takes a value for.

    >>> as_number(3), as_number("4.5 apples"), as_number("x")
    (3, 4.5, 0)
    """
    if isinstance(value, (int, float)):
        return value
    import re

    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value or ""
    found = re.match(r"\s*[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?)", text, re.ASCII)
    if found is None:
        return 0
    number = found.group()
    return int(number) if re.fullmatch(r"\s*[+-]?\d+", number) else float(number)


_ANYTHING: Final = frozenset(FieldType)
_SUMMED: Final = NUMBERS | {FieldType.ANY}

_AGGREGATE_ROWS: Final = (
    Aggregate("count", _ANYTHING, "the number of {v}", "count({v})", lambda rows: len(present(rows)), star=True),
    Aggregate(
        "countDistinct",
        _ANYTHING,
        "the number of different {v}",
        "count(DISTINCT {v})",
        lambda rows: len(distinct(rows)),
    ),
    Aggregate("countAll", _ANYTHING, "the number of items", "count(*)", lambda rows: len(list(rows)), star=True),
    Aggregate("sum", _SUMMED, "the sum of {v}", "relgraph_sum({v})", exact_sum),
    Aggregate(
        "sumDistinct",
        _SUMMED,
        "the sum of different {v}",
        "relgraph_sum(DISTINCT {v})",
        lambda rows: exact_sum(distinct(rows)),
    ),
    Aggregate("avg", _SUMMED, "the mean of {v}", "relgraph_avg({v})", exact_average),
    Aggregate(
        "avgDistinct",
        _SUMMED,
        "the mean of different {v}",
        "relgraph_avg(DISTINCT {v})",
        lambda rows: exact_average(distinct(rows)),
    ),
    Aggregate(
        "min",
        _ANYTHING,
        "the least {v}",
        "min({v})",
        lambda rows: min(present(rows), key=sort_key, default=None),
        keeps_form=True,
    ),
    Aggregate(
        "max",
        _ANYTHING,
        "the greatest {v}",
        "max({v})",
        lambda rows: max(present(rows), key=sort_key, default=None),
        keeps_form=True,
    ),
)

AGGREGATES: Final[dict[str, Aggregate]] = {row.name: row for row in _AGGREGATE_ROWS}

# a sum of numbers this small cannot leave 64 bits, and one that is none makes the sum a float
SMALL_NUMBER: Final = 2**32
SMALL_SUM: Final = f"sum(iif({{v}} NOT BETWEEN -{SMALL_NUMBER} AND {SMALL_NUMBER}, 0.5, {{v}}))"

# sums and means of whole numbers by SQLite's own sum(), which is a float as soon as a value is no whole number; a blob
# stands for what cannot be told exactly then, as it cannot where a mean's sum is beyond what a float holds
WHOLE: Final = {
    "sum": "CASE WHEN {count} = 0 THEN NULL WHEN typeof({sum}) = 'integer' THEN {sum} ELSE x'' END",
    "avg": "CASE WHEN {count} = 0 THEN NULL WHEN typeof({sum}) = 'integer' "
    f"AND {{sum}} BETWEEN {-(2**53)} AND {2**53} THEN 1.0 * {{sum}} / {{count}} ELSE x'' END",
}

# the same where the sum is known to be a whole number that a float holds
SMALL_WHOLE: Final = {"sum": "{sum}", "avg": "1.0 * {sum} / {count}"}

# over a to-many relation, in fields, filter and sort: sum(comments.likes); count has its own row above
RELATION_AGGREGATES: Final = ("sum", "avg", "min", "max", "countDistinct")

FUNCTIONS: Final[dict[str, Function]] = {
    **{row.name: row for row in _FUNCTION_ROWS},
    **{
        name: Function(
            name,
            frozenset(),
            AGGREGATES[name].words,
            relational=True,
            result=FieldType.FLOAT if name == "avg" else FieldType.INTEGER,
        )
        for name in RELATION_AGGREGATES
    },
}
