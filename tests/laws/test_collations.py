"""Keys are the same in Python where they are the same in SQLite."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relgraph.schema import key_form

KEYS = st.text("aAàÀ \0", max_size=4) | st.integers(-2, 2) | st.binary(max_size=1)


@pytest.mark.parametrize("collation", ["NOCASE", "RTRIM"])
@given(pair=st.tuples(KEYS, KEYS))
@example(pair=("\0à", "\0À"))
@example(pair=("a\0b", "A\0c"))
@example(pair=("a\0", "a"))
def test_keys_are_the_same_as_in_sqlite(collation: str, pair: tuple[str | int | bytes, str | int | bytes]) -> None:
    """Two keys have the same form exactly where SQLite finds them equal under the collation, NUL characters and all."""
    form = key_form("stored", collation)
    assert form is not None
    connection = sqlite3.connect(":memory:")
    ((same,),) = connection.execute(f"SELECT ? = ? COLLATE {collation}", pair)
    connection.close()
    assert (form(pair[0]) == form(pair[1])) == bool(same)
