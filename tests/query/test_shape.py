"""Shapes: an operand that is put aside is judged no later than one that stays."""

from __future__ import annotations

from typing import Any

import pytest

from relgraph import RelationRegistry
from relgraph.errors import QueryError
from relgraph.query.shape import shape_of

NO_OPERANDS = [
    float("nan"),
    float("inf"),
    2.0**53,
    -1e300,
    2**53,
    10**30,
    "\ud800",
    "a\udfff",
    ["é", "\ud800"],
    [1, 1e300],
]


@pytest.mark.parametrize("operand", NO_OPERANDS, ids=repr)
def test_what_is_no_operand_is_told_before_unknown_names(operand: Any) -> None:
    """The shape of a question is judged before its names, also where the operand would be a parameter."""
    with RelationRegistry() as registry:
        registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY)")
        with pytest.raises(QueryError):
            registry.items("tags").read(filter={"nope": {"_in": operand}})


@pytest.mark.parametrize("silence", [{}, {"id": {}}, {"id": []}, {"id": {"_or": [{}]}, "_and": [{}]}], ids=repr)
def test_an_operand_in_a_group_that_says_nothing_is_judged(silence: Any) -> None:
    """An OR with an empty object in it accepts every item, and still cannot hold what is no number."""
    with RelationRegistry() as registry:
        registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY)")
        registry.connection.execute("INSERT INTO tags VALUES (7)")
        assert registry.items("tags").read(filter={"_or": [{"id": 3}, {}]}, fields=[]).data == [7]
        with pytest.raises(QueryError):
            registry.items("tags").read({"filter": {"_or": [{"id": "three"}, silence]}})


def test_operands_are_put_aside() -> None:
    """Texts in any letters and numbers within 2^53 are arguments; what may mean something else stays."""
    condition = {"a": "é", "b": {"_gt": 2.5}, "c": {"_in": [1, "x"]}, "d": "null", "e": {"_lt": "$NOW"}, "f": True}
    shape = shape_of({"filter": condition}, {}, 9)
    assert list(shape.arguments.values()) == ["é", 2.5, [1, "x"]]
