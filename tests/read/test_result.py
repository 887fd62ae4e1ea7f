"""Result: a read-only sequence of what a read gave."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph import RelationRegistry, Result
from relgraph.errors import InvalidQuery

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(), JSON, max_size=3), max_size=3))
def test_json_says_what_the_data_says(items: list[dict[str, Any]]) -> None:
    """`to_json()` is the data, to the last digit."""
    assert json.loads(Result(items).to_json()) == items


@pytest.mark.parametrize("value", [b"blob", float("inf"), float("-inf"), float("nan")])
def test_what_json_has_no_form_for_is_refused_with_its_place(value: Any) -> None:
    """A blob, an infinity and NaN are refused, and the error says where the first of them stands."""
    result = Result([{"id": 1, "kids": []}, {"id": 2, "kids": [{"x": 1.5, "y": value}]}])
    with pytest.raises(InvalidQuery) as caught:
        result.to_json()
    assert caught.value.where == "data[1].kids[0].y"


def test_a_result_is_a_sequence() -> None:
    """A result is read like a list, and is equal to one with the same items."""
    result = Result([{"id": 1}, {"id": 2}], meta={"total_count": 9}, cursor="c")
    assert (len(result), result[0], result[-1], result[1:]) == (2, {"id": 1}, {"id": 2}, [{"id": 2}])
    assert list(result) == result.data == result
    assert result == Result([{"id": 1}, {"id": 2}], {"total_count": 9}, "c")
    assert result != Result([{"id": 1}, {"id": 2}])
    assert result != ({"id": 1}, {"id": 2})
    assert repr(result) == "Result([{'id': 1}, {'id': 2}], meta={'total_count': 9}, cursor='c')"
    with pytest.raises(TypeError):
        hash(result)


@pytest.mark.parametrize("value", [b"blob", float("inf")])
def test_what_no_item_shows_needs_no_form_in_json(value: Any) -> None:
    """A child without its parent is read where all children are, and does not keep the others from being written."""
    with RelationRegistry() as registry:
        connection = registry.connection
        connection.executescript(
            "PRAGMA foreign_keys = OFF;"
            "CREATE TABLE people (id INTEGER PRIMARY KEY); INSERT INTO people VALUES (1);"
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, of INTEGER REFERENCES people, said);"
            "INSERT INTO notes VALUES (1, 1, 'so')"
        )
        connection.execute("INSERT INTO notes VALUES (2, 99, ?)", (value,))
        people = registry.items("people")
        for _ in range(5):
            assert people.read(fields=["notes.said"]).to_json() == b'[{"notes":[{"said":"so"}]}]'
