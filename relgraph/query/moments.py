"""Moments: the dates that people and JavaScript write, and `$NOW` with its adjustments.

In: the text of an operand. Out: milliseconds since 1970 UTC, or None for what names no moment. Text without a zone is
UTC. Nothing here fails.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

_DAY_MS: Final = 86_400_000
_LARGEST_MS: Final = 8_640_000_000_000_000  # https://tc39.es/ecma262/#sec-time-values-and-time-range

_ISO: Final = re.compile(
    r"(?P<year>\d{4}|[+-]\d{6})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d))?)?"
    r"(?:[Tt ](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?)?"
    r"\s?(?P<zone>[Zz]|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_CLOCK: Final = (
    r"(?:,?[ T]+(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d+))?)?"
    r"(?:\s*(?P<half>[AaPp][Mm]))?)?(?:\s*(?:GMT|UTC)?(?P<zone>[Zz]|[+-]\d\d:?\d\d)?)(?:\s*\(.*\))?"
)
_NAMED: Final = r"(?P<name>[A-Za-z]{3,9})\.?"
_SPELLINGS: Final = tuple(
    re.compile(rf"(?:[A-Za-z]{{3,9}},?\s+)?{spelling}{_CLOCK}", re.ASCII)
    for spelling in (
        r"(?P<month>\d{1,2})[/-](?P<day>\d{1,2})[/-](?P<year>\d{4})",
        r"(?P<year>\d{4})[/-](?P<month>\d{1,2})[/-](?P<day>\d{1,2})",
        rf"{_NAMED}\s+(?P<day>\d{{1,2}}),?\s+(?P<year>\d{{4}})",
        rf"(?P<day>\d{{1,2}})[\s-]{_NAMED}[\s,-]+(?P<year>\d{{4}})",
    )
)
_LONGEST: Final = 80  # characters; the patterns take long on a long run of blanks
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def moment_in(text: str) -> int | None:
    """Give the moment a text names in any spelling JavaScript's `Date` takes, or None.

    >>> moment_in("1970-01-02"), moment_in("1970"), moment_in("01/02/1970"), moment_in("2 Jan 1970 00:00 GMT")
    (86400000, 0, 86400000, 86400000)
    >>> moment_in("1970-01-01T01:00:00+01:00"), moment_in("soon"), moment_in("1970-02-30")
    (0, None, None)
    """
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    for pattern in (_ISO, *_SPELLINGS):
        found = pattern.fullmatch(text)
        if found is not None and (moment := _reckoned(found.groupdict())) is not None:
            return moment
    return None


def _reckoned(parts: dict[str, str | None]) -> int | None:
    """Give the moment of a match's named parts, or None where one is out of range."""
    month = _month(parts)
    if month is None or (parts["zone"] and not parts["hour"] and "name" not in parts and "half" not in parts):
        return None
    year, day = int(parts["year"] or 0), int(parts["day"] or 1)
    clock = _clock_ms(parts)
    if not (1 <= month <= 12 and clock is not None and 1 <= day <= monthrange(2000 + year % 400, month)[1]):
        return None
    moment = _days(year, month, day) * _DAY_MS + clock - _zone_ms(parts["zone"])
    return moment if abs(moment) <= _LARGEST_MS else None


def _month(parts: dict[str, str | None]) -> int | None:
    name = (parts.get("name") or "").lower()
    if not name:
        return int(parts["month"] or 1)
    return _MONTHS.index(name[:3]) + 1 if name[:3] in _MONTHS else None


def _clock_ms(parts: dict[str, str | None]) -> int | None:
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    if half := parts.get("half"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half.lower() == "pm" else 0)
    milliseconds = int((parts["fraction"] or "0").ljust(3, "0")[:3])
    total = ((hour * 60 + minute) * 60 + second) * 1000 + milliseconds
    return total if hour <= 24 and minute < 60 and second < 60 and total <= _DAY_MS else None


def _zone_ms(zone: str | None) -> int:
    if not zone or zone in "Zz":
        return 0
    return (int(zone[1:3]) * 60 + int(zone[-2:])) * (60_000 if zone[0] == "+" else -60_000)


def _days(year: int, month: int, day: int) -> int:
    """Give the days from 1970-01-01 in the Gregorian calendar, for years that `datetime` does not know as well."""
    cycles, within = divmod(year, 400)
    return (datetime(2000 + within, month, day) - datetime(1970, 1, 1)).days + (cycles - 5) * 146_097


# --- $NOW ------------------------------------------------------------------------------------------------------------

_ADJUSTMENT: Final = re.compile(r"\s*([+-]?)\s*(\d*\.?\d+)\s*([A-Za-z]*)\s*", re.ASCII)
_UNIT_MS: Final = {
    **dict.fromkeys(("", "ms", "msec", "msecs", "millisecond", "milliseconds"), 1),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1000),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60_000),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3_600_000),
    **dict.fromkeys(("d", "day", "days"), _DAY_MS),
    **dict.fromkeys(("w", "week", "weeks"), 7 * _DAY_MS),
}
_UNIT_MONTHS: Final = {
    **dict.fromkeys(("mo", "mth", "month", "months"), 1),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years"), 12),
}


def adjuster(adjustment: str) -> Callable[[datetime], datetime]:
    """Give what `$NOW(adjustment)` does to a moment; an adjustment that says nothing known leaves it as it is.

    Months and years keep the day where the month has it, else they take its last day.

    >>> adjuster("-1 month")(datetime(2024, 3, 31)), adjuster("soon")(datetime(2024, 3, 31))
    (datetime.datetime(2024, 2, 29, 0, 0), datetime.datetime(2024, 3, 31, 0, 0))
    """
    found = _ADJUSTMENT.fullmatch(adjustment)
    if found is None:
        return _unchanged
    sign, digits, unit = found.groups()
    amount = int(float(digits)) * (-1 if sign == "-" else 1) if len(digits) < 16 else None
    if amount is None:
        return _unchanged
    if unit.lower() in _UNIT_MONTHS:
        return _Shift(months=amount * _UNIT_MONTHS[unit.lower()])
    if unit.lower() in _UNIT_MS:
        return _Shift(milliseconds=amount * _UNIT_MS[unit.lower()])
    return _unchanged


def _unchanged(moment: datetime) -> datetime:
    return moment


@frozen
class _Shift:
    """Moves a moment by months or by milliseconds; what would leave the years 1 to 9999 stays at their edge."""

    months: int = 0
    milliseconds: int = 0

    def __call__(self, moment: datetime) -> datetime:
        year, month = divmod(moment.year * 12 + moment.month - 1 + self.months, 12)
        earliest, latest = datetime.min.replace(tzinfo=moment.tzinfo), datetime.max.replace(tzinfo=moment.tzinfo)
        try:
            day = min(moment.day, monthrange(year, month + 1)[1]) if 1 <= year <= 9999 else moment.day
            return moment.replace(year=year, month=month + 1, day=day) + timedelta(milliseconds=self.milliseconds)
        except (OverflowError, ValueError):
            return earliest if self.months + self.milliseconds < 0 else latest
