"""Shapes: an operand that is put aside is judged no later than one that stays."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest

from relgraph import Param, RelationRegistry
from relgraph.errors import QueryError
from relgraph.query.parse import parse
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


@pytest.mark.parametrize(
    "query",
    [
        {"filter": {"a": 1, "_or": [{"b": {"_in": [2, 3]}}, {"c": {"d": {"_gt": 4.5}}}]}, "cursor": "x"},
        {"filter": {"_and": [{"a": {"_between": [1, 2]}}, {"b": {"_null": True}}]}, "fields": ["a", "b"]},
        {"filter": {f"f{index}": index for index in range(70)}},
        {"filter": {"a": 1}, "limit": 5, "offset": 7},
        {"filter": {"a": 1}, "limit": 5, "page": 3},
        {"filter": {"a": MappingProxyType({"_eq": 7})}},
        '{"filter": {"a": 7}}',
        None,
    ],
)
def test_the_query_is_the_same_again(query: Any) -> None:
    """With the arguments put back where their parameters stand, a shape is the query it was made of."""
    keywords = {"filter": {"e": {"_eq": 8}}, "limit": 2} if query is None else {}
    shape = shape_of(query, keywords, 99)

    def put_back(part: Any) -> Any:
        if isinstance(part, Param):
            return shape.arguments[part.name]
        if isinstance(part, dict):
            return {name: put_back(inner) for name, inner in part.items()}
        return [put_back(inner) for inner in part] if isinstance(part, list) else part

    assert parse(put_back(shape.parsed().to_dict())) == parse(query, **keywords)


@pytest.mark.parametrize("other", [1.0, True, "1", [1], (1,), None])
def test_other_types_are_other_shapes(other: Any) -> None:
    """Values that Python takes for equal are not the same question, where they are no operands."""
    assert shape_of({"limit": 1}, {}, 9).key != shape_of({"limit": other}, {}, 9).key
    assert shape_of({"limit": 1}, {}, 9).key == shape_of({"".join(("lim", "it")): 1}, {}, 9).key


def test_a_keyword_replaces_the_cursor_of_the_source() -> None:
    """Also where it is the empty one, which asks for the first page."""
    assert shape_of({"cursor": "x"}, {"cursor": ""}, 9).arguments == {"#cursor": ""}
    assert shape_of({"cursor": "x"}, {"limit": 1}, 9).arguments == {"#cursor": "x"}


@pytest.mark.parametrize(
    "other",
    [
        {"a": {"b": {"_eq": 5}}},
        {"a": {"b": 5}, "c": 6},
        {"a": {"b": 5, "c": 6}},
        {"a": 5, "b": {"c": 6}},
        {"_and": [{"a": 5}, {"b": {"c": 6}}]},
        {"_and": [{"a": 5, "b": {"c": 6}}]},
        {"_and": [{"a": 5}], "b": {"c": 6}},
        {"_or": [{"a": 5}, {"b": {"c": 6}}]},
        {"a": {b"b": 5, "c": 6}},
        {"a": {True: {"c": 6}}},
        {"a": True},
        {"a": None},
        {"a": {"_in": [5]}},
        {"a": {"_in": "5"}},
        {},
    ],
    ids=repr,
)
def test_other_structures_are_other_shapes(other: Any) -> None:
    """No two of these questions share what is kept ready for one of them, whatever their operands."""
    asked = {"a": {"b": 5}}
    assert shape_of({"filter": asked}, {}, 9).key != shape_of({"filter": other}, {}, 9).key
    assert shape_of({}, {"filter": asked}, 9).key != shape_of({}, {"filter": other}, 9).key


class Secret(str):
    """A text that does not print what it holds."""

    def __repr__(self) -> str:
        return "***"


class Given(Mapping[str, Any]):
    """A mapping that prints nothing but its address, which the next one may have."""

    def __init__(self, **held: Any) -> None:
        self.held = held

    def __getitem__(self, name: str) -> Any:
        return self.held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.held)

    def __len__(self) -> int:
        return len(self.held)

    def __repr__(self) -> str:
        return "<Given>"


@pytest.mark.parametrize(
    "ask",
    [
        lambda value: {"filter": {"a": {"_eq": Secret(value)}}},
        lambda value: {"search": Secret(value)},
        lambda value: {"deep": Given(kids=Given(_filter={"a": value}))},
        lambda value: {"deep": {"kids": OrderedDict(_sort=[Secret(value)])}},
        lambda value: {"filter": {"a": {"_eq": Param(value)}}},
    ],
)
def test_what_types_of_a_callers_hold_counts_and_not_what_they_print(ask: Callable[[str], Any]) -> None:
    """Two questions are told apart by what they hold, even when they look the same; the same one is known again."""
    assert shape_of(ask("one"), {}, 9).key == shape_of(ask("one"), {}, 9).key
    assert shape_of(ask("one"), {}, 9).key != shape_of(ask("two"), {}, 9).key


def test_what_nothing_is_known_of_is_kept_for_no_other_question() -> None:
    """A value of a strange type is left for `parse` to judge, each time."""
    assert shape_of({"filter": {"a": {"_eq": object()}}}, {}, 9).key == ()


@pytest.mark.parametrize(
    ("query", "aside"),
    [
        ({"offset": 7}, {"#offset": 7}),
        ({"page": 2, "limit": 5}, {"#page": 2}),
        ({"offset": 0}, {}),
        ({"page": 1}, {}),
        ({"page": 2, "offset": 7}, {}),
        ({"offset": True}, {}),
        ({"offset": "7"}, {}),
        ({"offset": 2**60}, {}),
        ({"offset": 7, "cursor": "x"}, {"#cursor": "x"}),
    ],
    ids=repr,
)
def test_where_an_answer_starts_is_put_aside(query: Any, aside: Any) -> None:
    """Pages of one list share a shape, but for the first one, whose SQL skips nothing."""
    assert shape_of(query, {}, 9).arguments == shape_of(None, query, 9).arguments == aside


def test_page_and_offset_of_both_places_stay() -> None:
    """A page among the keywords and an offset in the mapping make one start, which is reckoned once."""
    assert shape_of({"offset": 7}, {"page": 2}, 9).arguments == {}
    assert shape_of({"offset": 7}, {"limit": 2}, 9).arguments == {}
