"""Dates in the spellings that JavaScript reads, and the adjustments of `$NOW`."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.query.moments import adjuster, moment_in
from relgraph.values import instant

DAY = 86_400_000
SPELLINGS = [
    ("1970", 0),
    ("1970-02", 31 * DAY),
    ("1970-01-02", DAY),
    ("1970-01-02T00:00", DAY),
    ("1970-01-02 00:00:01", DAY + 1000),
    ("1970-01-02T00:00:00.1", DAY + 100),
    ("1970-01-02T00:00:00.123456Z", DAY + 123),
    ("1970-01-02T01:00:00+01:00", DAY),
    ("1970-01-01T23:00:00-0100", DAY),
    ("1970-01-01T24:00", DAY),
    ("+001970-01-02", DAY),
    ("-000001-12-31T00:00:00Z", -62_167_305_600_000),
    ("+275760-09-13T00:00:00.000Z", 8_640_000_000_000_000),
    ("0001-01-01", -62_135_596_800_000),
    ("01/02/1970", DAY),
    ("1/2/1970 00:00:01", DAY + 1000),
    ("1970/01/02", DAY),
    ("Jan 2, 1970", DAY),
    ("January 2 1970 12:00 AM", DAY),
    ("2 Jan 1970", DAY),
    ("Fri, 02 Jan 1970 00:00:00 GMT", DAY),
    ("Fri Jan 02 1970 01:00:00 GMT+0100 (Central European Standard Time)", DAY),
    ("2 Jan 1970 1:00 pm", DAY + 13 * 3_600_000),
    (" 1970-01-02 ", DAY),
]


@pytest.mark.parametrize(("text", "expected"), SPELLINGS)
def test_a_spelling_names_its_moment(text: str, expected: int) -> None:
    """Each row: a text, and the milliseconds since 1970 that it names."""
    assert moment_in(text) == expected


NO_MOMENTS = [
    "",
    "soon",
    "19700102",
    "1705314030500",
    "1970-13-01",
    "1970-02-30",
    "1970-01-00",
    "1970-01-01T25:00",
    "1970-01-01T24:00:01",
    "1970-01-01T10:60",
    "1970-01-01T10",
    "13/13/1970",
    "Foo 2 1970",
    "2 Jan 1970 13:00 pm",
    "+275760-09-13T00:00:00.001Z",
    "1970-01-01" + " " * 100 + "x",
    "١٩٧٠",
]


@pytest.mark.parametrize("text", NO_MOMENTS)
def test_what_names_no_moment_is_none(text: str) -> None:
    """Each row: a text that is no date, or none that exists."""
    assert moment_in(text) is None


@given(st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31, 23, 59, 59)))
def test_operands_and_stored_texts_name_the_same_moment(moment: datetime) -> None:
    """A date text means the same in a filter as in a column."""
    text = moment.isoformat(timespec="milliseconds")
    assert moment_in(text) == instant(text)


LAST_OF_MARCH = datetime(2024, 3, 31, 12, tzinfo=UTC)
ADJUSTMENTS = [
    ("", "2024-03-31T12:00"),
    ("+1 day", "2024-04-01T12:00"),
    ("-1d", "2024-03-30T12:00"),
    ("2 hours", "2024-03-31T14:00"),
    ("-90 minutes", "2024-03-31T10:30"),
    ("1w", "2024-04-07T12:00"),
    ("-1 month", "2024-02-29T12:00"),
    ("1 mo", "2024-04-30T12:00"),
    ("-1 year", "2023-03-31T12:00"),
    ("+10 years", "2034-03-31T12:00"),
    ("60000", "2024-03-31T12:01"),
    ("1.9 days", "2024-04-01T12:00"),
    ("soon", "2024-03-31T12:00"),
    ("1 fortnight", "2024-03-31T12:00"),
    ("99999999999999999999 years", "2024-03-31T12:00"),
    ("-9999 years", "0001-01-01T00:00"),
    ("-9999999 days", "0001-01-01T00:00"),
]


@pytest.mark.parametrize(("adjustment", "expected"), ADJUSTMENTS)
def test_an_adjustment_moves_the_moment(adjustment: str, expected: str) -> None:
    """Each row: what stands in the brackets of `$NOW()`, and where it leads from noon on 31 March 2024."""
    assert adjuster(adjustment)(LAST_OF_MARCH).strftime("%Y-%m-%dT%H:%M").rjust(16, "0") == expected


def test_a_far_future_ends_with_the_calendar() -> None:
    """Beyond the year 9999 there is no date to compare with; the last one stands for it."""
    assert adjuster("9999 years")(LAST_OF_MARCH) == datetime.max.replace(tzinfo=UTC)


def test_equal_adjustments_are_equal() -> None:
    """So that two queries of the same text have the same plan."""
    assert adjuster("-1 year") == adjuster("-1 year")
