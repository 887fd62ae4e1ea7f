"""Recognising: what a written function takes for a query of its shape is one, with the same operands."""

from __future__ import annotations

from collections import OrderedDict
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph import Param, RelationRegistry
from relgraph.errors import QueryError
from relgraph.query.parse import parse
from relgraph.query.recognise import recogniser
from relgraph.query.shape import shape_of

VALUES = [
    1,
    2,
    1.0,
    True,
    False,
    "1",
    "a",
    "é",
    "",
    "null",
    "$NOW",
    None,
    float("nan"),
    2**60,
    [1],
    ["a"],
    (1,),
    [],
    {},
    b"a",
]
NAMES = ["a", "b", "_eq", "_gt", "_in", "_null", "_some", "_none"]

conditions: st.SearchStrategy[Any] = st.recursive(
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES), max_size=2),
    lambda inner: st.dictionaries(
        st.sampled_from([*NAMES, "_and", "_or"]),
        inner | inner.map(MappingProxyType) | st.lists(inner, max_size=2) | st.sampled_from(VALUES),
        max_size=2,
    ),
    max_leaves=5,
)
queries = st.fixed_dictionaries(
    {},
    optional={
        "filter": conditions | st.sampled_from(VALUES),
        "fields": st.sampled_from([["a"], ["a", "b"], ["b", "a"], ("a",), "a", ["a", 1]]),
        "limit": st.sampled_from([1, 1.0, True, "1", None]),
        "cursor": st.sampled_from(["", "x", "y", None, 1]),
        "offset": st.sampled_from([0, 1, 7, 2**60, "7", True, None]),
        "page": st.sampled_from([0, 1, 2, 7, 2**60, "7", True, None]),
        "alias": st.sampled_from([{"x": "a", "y": "b"}, {"y": "b", "x": "a"}, MappingProxyType({"x": "a"})]),
    },
)


def with_arguments(part: Any, arguments: dict[str, Any]) -> Any:
    """Give a printed query with what is given for its parameters in their place."""
    if isinstance(part, Param):
        return arguments[part.name]
    if isinstance(part, dict):
        return {name: with_arguments(inner, arguments) for name, inner in part.items()}
    return [with_arguments(inner, arguments) for inner in part] if isinstance(part, list) else part


def meant(query: Any) -> Any:
    """Give what a query says, printed, or the error it is refused with."""
    try:
        return parse(query).to_dict()
    except QueryError as error:
        return repr(error)


@given(one=queries, other=st.data())
def test_what_is_recognised_is_the_query(one: Any, other: st.DataObject) -> None:
    """A query that is recognised says what the known one says with its operands; the known one itself is one such."""
    recognised = recogniser(one)
    shape = shape_of(one, {}, 99)
    if recognised is None:
        return
    assert recognised(one) == shape.arguments
    changed = dict(one)
    for name in other.draw(st.lists(st.sampled_from(sorted(one) or ["filter"]), max_size=2)):
        changed[name] = other.draw(queries.map(lambda query, name=name: query.get(name, one.get(name))))
    for query in (changed, other.draw(queries)):
        arguments = recognised(query)
        if arguments is not None and isinstance(known := meant(one), dict):
            assert known is not None
            assert with_arguments(shape.parsed().to_dict(), arguments) == meant(query)


@pytest.mark.parametrize(
    ("known", "other"),
    [
        ({"limit": 1}, {"limit": True}),
        ({"limit": 1}, {"limit": 1.0}),
        ({"fields": ["a"]}, {"fields": ("a",)}),
        ({"fields": ["a"]}, {"fields": ["a", "a"]}),
        ({"fields": ["a"]}, {"fields": ["a"], "limit": None}),
        ({"filter": {"a": 1}}, {"filter": {"a": None}}),
        ({"filter": {"a": 1}}, {"filter": {"a": "$NOW"}}),
        ({"filter": {"a": 1}}, {"filter": {"a": 1, "b": 1}}),
        ({"filter": {"a": 1}}, {"filter": {"a": {"_eq": 1}}}),
        ({"filter": {"a": 1}}, {"filter": OrderedDict(a=1)}),
        ({"filter": {"a": {"_null": True}}}, {"filter": {"a": {"_null": 1}}}),
        ({"filter": {"_and": [{"a": 1}]}}, {"filter": {"_and": [{"a": 1}, {"a": 2}]}}),
        ({"filter": {"_and": [{"a": 1}]}}, {"filter": {"_and": ({"a": 1},)}}),
        ({"alias": {"x": "a", "y": "b"}}, {"alias": {"y": "b", "x": "a"}}),
        ({"cursor": "x"}, {"cursor": None}),
        ({"offset": 7}, {"offset": 0}),
        ({"offset": 7}, {"offset": True}),
        ({"page": 2}, {"page": 1}),
        ({"page": 2}, {"page": 2.0}),
    ],
    ids=repr,
)
def test_what_is_another_question_is_not_recognised(known: Any, other: Any) -> None:
    """Types, lengths and names tell questions apart, also where Python takes their values for equal."""
    recognised = recogniser(known)
    assert recognised is not None
    assert recognised(known) is not None
    assert recognised(other) is None


@pytest.mark.parametrize(
    "query",
    [
        {"filter": {"_or": [{"a": 1}, {}]}},
        {"filter": {"a": {"_in": [1, 2]}}},
        {"filter": MappingProxyType({"a": 1})},
        {"filter": {"a": MappingProxyType({"b": 1})}},
        {"filter": {"_and": [{"a": 1}, MappingProxyType({"a": 1})]}},
        {"filter": {1: 2}},
        {"filter": {f"f{index}": index for index in range(101)}},
    ],
    ids=repr,
)
def test_what_takes_a_look_of_its_own_has_no_function(query: Any) -> None:
    """Operands to be counted or judged, mappings of other types, and long queries are left to `shape_of`."""
    assert recogniser(query) is None


def test_a_query_nested_too_deeply_is_left_to_be_refused() -> None:
    """As deep as Python goes, a value is another one, and parse says what is wrong with it."""
    recognised = recogniser({"deep": {"a": 1}})
    assert recognised is not None
    nested: Any = "x"
    for _ in range(100_000):
        nested = [nested]
    assert recognised({"deep": nested}) is None
    while isinstance(nested, list):  # let go of it one by one, as Python itself would go down all of it at once
        nested = nested.pop()


def test_shapes_with_the_same_names_keep_apart() -> None:
    """Whichever of several shapes is asked often, and in whatever order, each question has its own answer."""
    with RelationRegistry() as registry:
        registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER)")
        registry.connection.executemany("INSERT INTO tags (a, b) VALUES (?, ?)", [(n % 3, n % 5) for n in range(30)])
        items = registry.items("tags")
        operators = {"_eq": int.__eq__, "_gt": int.__gt__, "_lt": int.__lt__, "_neq": int.__ne__, "_gte": int.__ge__}
        for value in (1, 2, 0, 1, 2):
            for field in ("a", "b"):
                for name, holds in operators.items():
                    for _ in range(2):
                        found = items.read(fields=["a", "b"], filter={field: {name: value}})
                        assert items.read({"fields": ["a", "b"], "filter": {field: {name: value}}}) == found
                        owed = [{"a": n % 3, "b": n % 5} for n in range(30)]
                        assert found == [item for item in owed if holds(item[field], value)]
                        assert items.count({field: {name: value}}) == len(found)
