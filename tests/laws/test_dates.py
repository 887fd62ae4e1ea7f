"""The quick ways through date text are no other than the slow ones."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relgraph.codecs import EPOCH_CODECS, ISO_CODECS
from relgraph.functions import FUNCTIONS
from relgraph.read.fragments import Sql, fill
from relgraph.storage.connection import Database
from relgraph.values import FieldType, Stored, instant

DIGITS = st.integers(0, 99).map("{:02}".format)
DAYS = st.builds("{}-{}-{}".format, st.integers(0, 10000).map("{:04}".format), DIGITS, DIGITS) | st.dates().map(str)
CLOCKS = st.builds("{}:{}:{}".format, DIGITS, DIGITS, DIGITS) | st.builds("{}:{}".format, DIGITS, DIGITS)
ZONES = st.sampled_from(["", "Z", "z", "+02:00", "-0530", ".5", ".123456", ".9Z", " +01:00"])
TEXTS = (
    DAYS
    | st.builds("{}{}{}{}".format, DAYS, st.sampled_from("T _"), CLOCKS, ZONES)
    | st.sampled_from(
        ["", "now", "12:30", "2451545", "2024", "2024-01", "2024-W03-1", "20240115", "-001-01-01", "x" * 19]
    )
    | st.text(max_size=20)
)
PARTS = [name for name, row in FUNCTIONS.items() if row.text_sql]


@pytest.mark.parametrize("field_type", ISO_CODECS)
@given(value=TEXTS | st.none() | st.integers() | st.floats(allow_nan=False) | st.binary(max_size=3))
@example(value="0000-01-01")
@example(value="2024-01-15 24:00:00")
@example(value="2024-02-30")
@example(value="2024-01-15T")
@example(value="２０２４-01-15")
def test_usual_spellings_are_answered_by_their_moment(field_type: FieldType, value: Stored) -> None:
    """Date text in a usual spelling is answered as its moment is, anything else that is no date as stored."""
    answer, by_moment = ISO_CODECS[field_type].answer, EPOCH_CODECS[field_type].answer
    assert answer is not None
    assert by_moment is not None
    moment = instant(value) if isinstance(value, str) else None
    assert answer(value) == (value if moment is None or moment is value else by_moment(moment))


@pytest.mark.parametrize("name", PARTS)
@given(
    values=st.lists(
        TEXTS | st.none() | st.integers(-(2**60), 2**60) | st.binary(max_size=3) | TEXTS.map(str.encode),
        min_size=5,
        max_size=5,
    )
)
@example(
    values=[b"2024-01-15", b"2024-01-15 10:00", "0000-01-01 10:00", "2024", " 2024-01-15", "2024-01-15T", "2024-01-15 "]
)
@example(values=["0000-01-01", "2024-01-15 24:00:00", "2024-02-30", "2024-01-15T23:59", "9999-12-31 23:59:59"])
def test_parts_are_read_off_text_as_reckoned(name: str, values: list[Stored]) -> None:
    """A part of a date stored as text is the same read off, reckoned from its moment, and reckoned in Python.

    Whatever the affinity of the column: a numeric one makes numbers of texts, when stored and when compared.
    """
    function = FUNCTIONS[name]
    assert function.call is not None
    database = Database.open(":memory:")
    for declared in ("TEXT", "DATE", ""):
        database.execute(f'CREATE TABLE "of {declared}" (d {declared})')
        database.execute(f'INSERT INTO "of {declared}" VALUES {", ".join("(?)" for _ in values)}', values)
        text = fill(function.text_sql, t=Sql("d"), v=Sql("relgraph_instant(d)")).text
        rows = database.execute(f'SELECT d, {text} FROM "of {declared}"').fetchall()
        assert [part for _, part in rows] == [function.call(instant(stored)) for stored, _ in rows]
    database.close()
