"""What `values` says of affinity, beside what SQLite does."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relgraph.values import as_text, compare, with_affinity

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
