"""What `filter`, `search` and `keys` resolve to: tests on values, with the relations their paths go through."""

from __future__ import annotations

from typing import Any

import pytest

from relgraph.errors import (
    Forbidden,
    InvalidPayload,
    InvalidQuery,
    ItemNotFound,
    NotARelation,
    OperatorNotAllowed,
    QueryError,
    RelgraphError,
    UnknownFunction,
    UnknownOperator,
)
from relgraph.query import ast
from relgraph.query.resolve import resolve, resolve_condition
from relgraph.query.resolved import AllOf
from tests.query.press import PRESS, ask, said

CONDITIONS = [
    # structure
    ({"views": 3}, "views _eq 3"),
    ({"views": {"_gt": 3, "_lt": 9}}, "(views _gt 3 AND views _lt 9)"),
    ({"views": 3, "title": "x"}, "(views _eq 3 AND title _eq 'x')"),
    ({"_or": [{"views": 3}, {"title": "x"}]}, "(views _eq 3 OR title _eq 'x')"),
    (
        {"views": {"_or": [{"_lt": 0}, {"_and": [{"_gt": 5}, {"_lt": 9}]}]}},
        "(views _lt 0 OR (views _gt 5 AND views _lt 9))",
    ),
    ({"author": {"_or": [{"name": "x"}, {"_null": True}]}}, "(author.name _eq 'x' OR author _null)"),
    (
        {"_and": [{"_and": [{"views": 1}]}, {"_and": [{"views": 2}, {"views": 3}]}]},
        "(views _eq 1 AND views _eq 2 AND views _eq 3)",
    ),
    # what says nothing
    ({}, "all"),
    ({"views": {}}, "all"),
    ({"author": {"name": {}}}, "all"),
    ({"_and": []}, "all"),
    ({"_or": []}, "all"),
    ({"_or": [{}]}, "all"),
    ({"_or": [{}, {"views": 1}]}, "all"),
    ({"_or": [{"views": {}}, {"views": 1}]}, "all"),
    ({"_or": [{"_or": []}, {"views": 1}]}, "views _eq 1"),
    ({"_or": [{"_or": [{}]}, {"views": 1}]}, "views _eq 1"),
    ({"_and": [{}, {"views": 1}]}, "views _eq 1"),
    ({"views": {"_or": [{}]}}, "all"),
    # null, flags
    ({"views": None}, "views _null"),
    ({"views": {"_eq": None}}, "views _null"),
    ({"views": {"_neq": None}}, "views _nnull"),
    ({"views": {"_neq": "null"}}, "views _nnull"),
    ({"title": {"_neq": "null"}}, "title _neq 'null'"),
    ({"views": {"_gt": None}}, "views _gt None"),
    ({"views": {"_in": [1, None]}}, "views _in 1 None"),
    ({"views": {"_null": False}}, "views _nnull"),
    ({"views": {"_nnull": "false"}}, "views _null"),
    ({"title": {"_empty": ""}}, "title _empty"),
    ({"title": {"_nempty": False}}, "title _empty"),
    # relations
    ({"author": 3}, "author _eq 3"),
    ({"author": {"_in": [1, 2]}}, "author _in 1 2"),
    ({"author": {"name": "Ann"}}, "author.name _eq 'Ann'"),
    ({"author": {"mentor": {"_null": True}}}, "author.mentor _null"),
    ({"author": {"mentor": {"age": 3}}}, "author.mentor.age _eq 3"),
    ({"comments": {"likes": 3}}, "comments.likes _eq 3"),
    ({"comments": {"_null": True}}, "comments.id _null"),
    ({"comments": 5}, "comments.id _eq 5"),
    ({"author": {"articles": {"_in": [1]}}}, "author.articles.id _in 1"),
    ({"editor": {"email": "x"}}, "editor.email _eq 'x'"),
    ({"visits": {"at": 0}}, "visits.at _eq 0"),
    # quantifiers
    ({"comments": {"_some": {"likes": 3}}}, "comments some [likes _eq 3]"),
    ({"comments": {"_none": {}}}, "comments none [all]"),
    ({"comments": {"_every": {"likes": 3, "text": "x"}}}, "comments every [(likes _eq 3 AND text _eq 'x')]"),
    (
        {"author": {"articles": {"_some": {"comments": {"_none": {"author": {"age": 3}}}}}}},
        "author.articles some [comments none [author.age _eq 3]]",
    ),
    ({"comments": {"_some": {"likes": 3}, "text": "x"}}, "(comments some [likes _eq 3] AND comments.text _eq 'x')"),
    # functions
    ({"year(published)": {"_gte": "2020"}}, "year(published) _gte 2020"),
    ({"author": {"year(born)": 1970}}, "author.year(born) _eq 1970"),
    ({"count(comments)": {"_gt": 3}}, "count(comments) _gt 3"),
    ({"author": {"count(articles)": 0}}, "author.count(articles) _eq 0"),
    ({"sum(comments.likes)": {"_gt": 3}}, "sum(comments.likes) _gt 3"),
    ({"max(comments.posted)": {"_lt": "1970-01-02"}}, "max(comments.posted) _lt 86400000"),
    ({"comments": {"_some": {"month(posted)": 1}}}, "comments some [month(posted) _eq 1]"),
    # following a relation backwards
    ({"$FOLLOW(comments,article)": {"likes": 1}}, "$FOLLOW(comments,article).likes _eq 1"),
    ({"$FOLLOW(comments, article)": {"_none": {"likes": 1}}}, "$FOLLOW(comments,article) none [likes _eq 1]"),
]


@pytest.mark.parametrize(("condition", "expected"), CONDITIONS)
def test_filter(condition: Any, expected: str) -> None:
    """Each row: a filter of articles, and what it comes to."""
    assert said(ask(filter=condition).where) == expected


SCOPES = [
    ("sections", {"item": 1}, "item _eq '1'"),
    ("sections", {"item": {"_contains": "g"}}, "item _contains 'g'"),
    ("sections", {"item:headings": {"level": 1}}, "item:headings.level _eq 1"),
    ("sections", {"item:headings": {}}, "all"),
    ("sections", {"item:authors": {"articles": {"views": 1}}}, "item:authors.articles.views _eq 1"),
    ("pages", {"sections": {"item": "1"}}, "sections.item _eq '1'"),
    ("pages", {"sections": {"_some": {"item:headings": {"level": 1}}}}, "sections some [item:headings.level _eq 1]"),
    ("headings", {"$FOLLOW(sections,item,collection)": {"sort": 1}}, "$FOLLOW(sections,item,collection).sort _eq 1"),
    ("marks", {"target:odd.names": {"a.b": 1}}, "target:odd.names.a.b _eq 1"),
    ("odd.names", {"a.b": 1, "my.author": {"age": 2}}, "(a.b _eq 1 AND my.author.age _eq 2)"),
    ("odd.names", {"year(x)": 1, "item:text": 2}, "(year(x) _eq 1 AND item:text _eq 2)"),
]


@pytest.mark.parametrize(("name", "condition", "expected"), SCOPES)
def test_filter_through_scopes_and_odd_names(name: str, condition: Any, expected: str) -> None:
    """Each row: a collection, a filter of it, and what it comes to."""
    assert said(ask(name, filter=condition).where) == expected


def test_a_quantifier_ends_its_path_with_the_hop() -> None:
    """The path leads to the row whose children are asked about; the hop to the children."""
    found = ask(filter={"author": {"articles": {"_some": {}}}}).where
    assert ([hop.name for hop in found.path], found.hop.name) == (["author"], "articles")  # type: ignore[union-attr]


def test_tests_by_one_path_share_their_hops() -> None:
    """Paths of equal names are equal, which is how an evaluator knows that they mean the same joined row."""
    found = ask(filter={"_or": [{"comments": {"likes": 1}}, {"comments": {"text": "x"}}]}).where
    assert found.parts[0].path == found.parts[1].path  # type: ignore[union-attr]


WRONG = [
    ("articles", {"nope": 1}, Forbidden, "filter.nope"),
    ("articles", {"nope": {}}, Forbidden, "filter.nope"),
    ("articles", {"author": {"nope": 1}}, Forbidden, "filter.author.nope"),
    ("articles", {"author.name": "x"}, Forbidden, "filter.author.name"),
    ("articles", {"author": [1]}, Forbidden, "filter.author.0"),
    ("articles", {"title": {"nope": 1}}, Forbidden, "filter.title.nope"),
    ("articles", {"title": {"": 1}}, Forbidden, "filter.title."),
    ("articles", {"title": {"status": 1}}, InvalidQuery, "filter.title.status"),
    ("articles", {"count(comments)": {"likes": 1}}, Forbidden, "filter.count(comments).likes"),
    ("articles", {"year(author.born)": 1}, Forbidden, "filter.year(author.born)"),
    ("articles", {"year(nope)": 1}, Forbidden, "filter.year(nope)"),
    ("articles", {"sum(comments.nope)": 1}, Forbidden, "filter.sum(comments.nope)"),
    ("articles", {"title:x": {"y": 1}}, Forbidden, "filter.title:x"),
    ("articles", {"year()": 1}, Forbidden, "filter.year()"),
    ("articles", {"foo(published)": 1}, UnknownFunction, "filter.foo(published)"),
    ("articles", {"year(title)": 1}, OperatorNotAllowed, "filter.year(title)"),
    ("articles", {"json(meta, a)": {"_null": True}}, InvalidQuery, "filter.json(meta, a)"),
    ("articles", {"views": {"_contains": "1"}}, OperatorNotAllowed, "filter.views._contains"),
    ("articles", {"meta": None}, OperatorNotAllowed, "filter.meta._eq"),
    ("articles", {"year(published)": {"_empty": True}}, OperatorNotAllowed, "filter.year(published)._empty"),
    ("articles", {"views": {"_eq": "abc"}}, QueryError, "filter.views._eq"),
    ("articles", {"author": {"_some": {"name": "x"}}}, InvalidQuery, "filter.author._some"),
    ("articles", {"title": {"_none": {"name": "x"}}}, InvalidQuery, "filter.title._none"),
    ("articles", {"ratings": {"_null": True}}, InvalidQuery, "filter.ratings._null"),
    ("articles", {"visits": {"_null": True}}, InvalidQuery, "filter.visits._null"),
    ("articles", {"$FOLLOW(nope,article)": {"likes": 1}}, Forbidden, "filter.$FOLLOW(nope,article)"),
    ("articles", {"$FOLLOW(comments)": {"likes": 1}}, Forbidden, "filter.$FOLLOW(comments)"),
    (
        "articles",
        {"$FOLLOW(comments,article)": {"_null": True}},
        InvalidQuery,
        "filter.$FOLLOW(comments,article)._null",
    ),
    ("sections", {"item": {"text": "x"}}, NotARelation, "filter.item.text"),
    ("sections", {"item:headings": 1}, InvalidQuery, "filter.item:headings._eq"),
    ("sections", {"item:headings": {"_some": {"level": 1}}}, InvalidQuery, "filter.item:headings._some"),
    ("sections", {"item:nope": {"x": 1}}, Forbidden, "filter.item:nope"),
    ("sections", {"item:": {"x": 1}}, Forbidden, "filter.item:"),
    ("sections", {"item:ratings": {"stars": 1}}, Forbidden, "filter.item:ratings"),
    ("galleries", {"lost": {"id": 1}}, NotARelation, "filter.lost"),
]


@pytest.mark.parametrize(("name", "condition", "error", "place"), WRONG)
def test_a_wrong_filter_is_refused(name: str, condition: Any, error: type[RelgraphError], place: str) -> None:
    """Each row: a filter, the error it is refused with, and the place in the input that the error names."""
    with pytest.raises(error) as caught:
        ask(name, filter=condition)
    assert caught.value.where == place


HAND_MADE = [
    (ast.Compare("_eq", 1), InvalidQuery),
    (ast.At("views", ast.Compare("_nope", 1)), UnknownOperator),
    (ast.Quantified("_some", ast.Nothing()), InvalidQuery),
]


@pytest.mark.parametrize(("condition", "error"), HAND_MADE)
def test_a_condition_made_by_hand_is_checked_as_well(condition: ast.Condition, error: type[RelgraphError]) -> None:
    """What the parser would have refused is refused here too, for code that builds conditions itself."""
    with pytest.raises(error):
        resolve(ast.Query(filter=condition), PRESS, "articles")


def test_a_filter_can_be_resolved_alone() -> None:
    """Access rules are filters without a query; they mean the same and fail the same."""
    condition = ast.At("author", ast.At("name", ast.Compare("_eq", "Ann")))
    assert said(resolve_condition(condition, PRESS, PRESS.collections["articles"])) == "author.name _eq 'Ann'"
    with pytest.raises(Forbidden) as caught:
        resolve_condition(ast.At("nope", condition), PRESS, PRESS.collections["articles"], where="rule")
    assert caught.value.where == "rule.nope"


# --- order of refusal ------------------------------------------------------------------------------------------------


def test_names_are_refused_before_types() -> None:
    """Of several mistakes an unknown name is told first, wherever it stands; then operators and operands."""
    wrong_type = {"views": {"_contains": 1}}
    for mistake in (
        {"filter": {**wrong_type, "nope": 1}},
        {"filter": wrong_type, "sort": "nope"},
        {"filter": wrong_type, "deep": {"comments": {"_filter": {"nope": 1}}}},
    ):
        with pytest.raises(Forbidden):
            ask(**mistake)  # type: ignore[arg-type]  # parameters of a query


def test_shape_is_refused_before_names() -> None:
    """A call of nothing is wrong in shape, which is told before an unknown name."""
    with pytest.raises(InvalidQuery):
        ask(fields=["nope", "year()"])


def test_the_first_of_equal_mistakes_is_told() -> None:
    """Among mistakes of one kind the first in the order of reading is told."""
    with pytest.raises(Forbidden) as caught:
        ask(filter={"one": 1, "two": 2}, sort="three")
    assert caught.value.where == "filter.one"


def test_a_hint_comes_from_the_names_of_the_schema() -> None:
    """A near miss is answered with the name that was meant."""
    with pytest.raises(Forbidden) as caught:
        ask(filter={"author": {"nmae": "x"}})
    assert str(caught.value) == "filter.author.nmae: authors has no field 'nmae'; did you mean 'name'?"


# --- search ----------------------------------------------------------------------------------------------------------


def test_search_looks_into_every_searchable_field() -> None:
    """Texts contain it in any case, uuid fields equal it; a word is in no number."""
    assert said(ask("comments", search=" Sql ").where) == "text _icontains 'Sql'"
    assert said(ask("pages", search="x").where) == "(id _eq 'x' OR title _icontains 'x')"


NUMBERS = [
    ("12.50", "12.5"),
    ("-5", "-5"),
    ("0.49", "0.49"),
    ("010", None),
    ("1e1", None),
    ("+5", None),
    ("9223372036854775808", None),
]


@pytest.mark.parametrize(("text", "number"), NUMBERS)
def test_search_finds_numbers_by_value(text: str, number: str | None) -> None:
    """A plain decimal equals numbers of that value; what has another spelling, or does not fit, equals none."""
    found = said(ask("headings", search=text).where)
    tests = [f"id _eq {number}", f"text _icontains '{text}'", f"level _eq {number}"]
    assert found == (f"({' OR '.join(tests)})" if number else tests[1])


def test_search_of_a_large_number_still_looks_into_floats() -> None:
    """A number beyond 64 bits can be stored in a float column only."""
    assert "score _eq 1e+20" in said(ask(search="100000000000000000000").where)


def test_search_where_nothing_can_be_searched_finds_nothing() -> None:
    """The condition is the OR of nothing, which is never true."""
    assert said(ask("visits", search="x").where) == "()"


def test_search_filter_and_keys_are_asked_together() -> None:
    """An item must fulfil all of them."""
    found = ask("comments", filter={"likes": {"_gt": 1}, "text": "x"}, search="y", keys=[1]).where
    assert isinstance(found, AllOf)
    assert said(found) == "(likes _gt 1 AND text _eq 'x' AND text _icontains 'y' AND id _eq 1)"


# --- keys ------------------------------------------------------------------------------------------------------------

KEYS = [
    ("articles", [1], "id _eq 1"),
    ("articles", ["01", 1.0, "1e0"], "id _in 1 1 1"),
    ("articles", [], "()"),
    ("galleries", [7], "code _eq '7'"),
    ("pages", ["a34c12b5-a335-53c5-a338-953473235d1f"], "id _eq 'a34c12b5-a335-53c5-a338-953473235d1f'"),
    ("ratings", [[1, "2"]], "(article _eq 1 AND author _eq 2)"),
    ("ratings", [[1, 2], (3, 4)], "((article _eq 1 AND author _eq 2) OR (article _eq 3 AND author _eq 4))"),
    ("articles", [2**60], f"id _eq {2**60}"),
]


@pytest.mark.parametrize(("name", "keys", "expected"), KEYS)
def test_keys(name: str, keys: Any, expected: str) -> None:
    """Each row: keys as a caller gives them, and the condition that asks for their items."""
    assert said(ask(name, keys=keys).where) == expected


WRONG_KEYS = [
    ("articles", ["abc"], ItemNotFound),
    ("articles", [1.5], ItemNotFound),
    ("articles", ["1.5"], ItemNotFound),
    ("articles", ["true"], ItemNotFound),
    ("articles", ["null"], ItemNotFound),
    ("articles", ["9223372036854775808"], ItemNotFound),
    ("pages", ["not-a-uuid"], ItemNotFound),
    ("ratings", [1], ItemNotFound),
    ("ratings", [[1, 2, 3]], ItemNotFound),
    ("articles", [None], InvalidPayload),
    ("articles", [True], InvalidPayload),
    ("articles", [""], InvalidPayload),
    ("articles", [[1]], InvalidPayload),
    ("articles", "1", InvalidPayload),
    ("articles", 5, InvalidPayload),
    ("visits", [1], InvalidQuery),
]


@pytest.mark.parametrize(("name", "keys", "error"), WRONG_KEYS)
def test_a_wrong_key_is_refused(name: str, keys: Any, error: type[RelgraphError]) -> None:
    """A key that cannot be one is not found, as one that is not there; what is no key at all is a wrong payload."""
    with pytest.raises(error):
        ask(name, keys=keys)
