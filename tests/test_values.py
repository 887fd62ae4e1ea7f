"""What `values` says of affinity, beside what SQLite does."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relgraph.values import (
    BOOLEAN,
    CSV,
    EPOCH_CODECS,
    ISO_CODECS,
    JSON,
    Codec,
    _date,
    _Days,
    as_text,
    compare,
    with_affinity,
)

AFFINITIES = ("TEXT", "NUMERIC", "INTEGER", "REAL", "BLOB")
_SIGNS = "0123456789+-.eE xX\t\n\0٣"
values = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(_SIGNS, max_size=6) | st.integers().map(str) | st.floats(allow_nan=False).map(str),
    st.binary(max_size=3),
)


@given(value=values)
@example(value=-0.0)
@example(value=0.1 + 0.2)
def test_text_is_cast_as_by_sqlite(value: int | float | str | None) -> None:
    """A number has the text that SQLite gives it, floats 15 digits."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.text_factory = lambda text: text.decode("utf-8", "replace")
        (owed,) = connection.execute("SELECT CAST(? AS TEXT)", (value,)).fetchone()
    assert as_text(value) == owed


@pytest.mark.parametrize("affinity", AFFINITIES)
@given(left=values, right=values)
@example(left=7, right=" 07 ")
@example(left="9223372036854775808", right=2**63 - 1)
def test_operands_are_compared_as_by_sqlite(affinity: str, left: object, right: object) -> None:
    """A stored value and an operand compare as in SQLite, whatever the affinity of the column."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE t (v {affinity})")
        connection.execute("INSERT INTO t VALUES (?)", (left,))
        stored, *owed = connection.execute("SELECT v, v < ?1, v = ?1, v > ?1 FROM t", (right,)).fetchone()
    order = compare(stored, with_affinity(right, affinity))  # type: ignore[arg-type]  # drawn so
    assert owed == ([None] * 3 if order is None else [order < 0, order == 0, order > 0])


@given(st.lists(st.sampled_from([0, 0.0, 1, 1.0, 10**18, 1e18, "1", "1970-01-01", "1970-01-01 10:00", b"1"])))
def test_an_answer_does_not_depend_on_those_before(stored: list[int | float | str | bytes]) -> None:
    """Dates are answered alike however often they come, and equal numbers of two types each in its own type."""
    days = _Days(_date)
    answers = [days[value] for value in stored]
    assert [(type(one), one) for one in answers] == [(type(_date(one)), _date(one)) for one in stored]


@pytest.mark.parametrize("codec", [*EPOCH_CODECS.values(), *ISO_CODECS.values(), BOOLEAN, CSV, JSON], ids=str)
@given(value=st.none() | values | st.from_regex(r"\d{1,4}-\d\d-\d\d[T ]?(\d\d:\d\d)?Z?", fullmatch=True))
@example(value="2024-02-30")
@example(value="2024-01-01Z")
def test_what_is_kept_is_answered_as_stored(codec: Codec, value: object) -> None:
    """A value that a reader need not ask the codec about is one that the codec would leave as it is."""
    assert codec.answer is not None
    if eval(codec.kept.format(v="value")):
        assert value is None or codec.answer(value) is value  # type: ignore[arg-type]  # drawn so


def test_days_that_are_kept_ready_stay_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many dates are answered, no more than some years of them are kept."""
    monkeypatch.setattr("relgraph.values.DAYS_KEPT", 3)
    days = _Days(str)
    assert [days[value] for value in (1, 2, 3, 4, 4.0, 1)] == ["1", "2", "3", "4", "4", "1"]
    assert len(days) <= 3
