"""The Python evaluator: queries over plain dicts, as tables of questions and the answers owed."""

from __future__ import annotations

from typing import Any

import pytest

from relgraph import Query, RelgraphError, evaluate
from tests.read.magazine import ITEMS, SCHEMA, keys, read

FILTERS = [
    ("articles", {"title": {"_eq": "Apples"}}, [1]),
    ("articles", {"title": {"_neq": "Apples"}}, [2, 3, 4]),
    ("articles", {"title": {"_icontains": "APP"}}, [1, 2]),
    ("articles", {"title": {"_icontains": "STRASSE"}}, [3]),
    ("articles", {"title": {"_contains": "%"}}, [4]),
    ("articles", {"title": {"_empty": True}}, [5]),
    ("articles", {"views": {"_nbetween": [5, 15]}}, [2, 4, 5]),
    ("articles", {"views": {"_in": [0, None]}}, [5]),
    ("articles", {"views": {"_nin": [0, None]}}, []),
    ("articles", {"featured": {"_eq": False}}, [2]),
    ("articles", {"keywords": {"_eq": "a,b"}}, [1]),
    ("articles", {"posted": {"_eq": "2024-01-15T10:20:30.500Z"}}, [5]),
    ("articles", {"seen": {"_contains": "T10:20:30.500Z"}}, [5]),
    ("articles", {"year(posted)": {"_eq": 2024}}, [5]),
    ("events", {"at": {"_gt": "2024-01-15T10:00:00"}}, [1, 3]),  # text that is no date stands after all numbers
    ("events", {"hour(at)": {"_eq": 9}}, [2]),
    # to-one: a missing row is all NULL
    ("articles", {"author": {"name": {"_eq": "Ann"}}}, [1, 2]),
    ("articles", {"author": {"name": {"_null": True}}}, [4, 5]),
    ("articles", {"author": {"name": {"_neq": "Ann"}}}, [3]),
    ("articles", {"author": {"_null": True}}, [4]),
    ("authors", {"mentor": {"mentor": {"name": {"_eq": "Ann"}}}}, [3]),
    # to-many: one joined row for the whole filter, all NULL without children
    ("articles", {"comments": {"likes": {"_gt": 4}}}, [1, 2]),
    ("articles", {"comments": {"likes": {"_null": True}}}, [1, 3, 4, 5]),
    ("articles", {"comments": {"_null": True}}, [3, 4, 5]),
    ("articles", {"comments": {"_nin": [1]}}, [1, 2]),
    ("articles", {"comments": {"likes": {"_eq": 5}, "text": {"_eq": "bad"}}}, []),
    ("articles", {"_and": [{"comments": {"likes": 5}}, {"comments": {"likes": 0}}]}, []),
    ("articles", {"_and": [{"comments": {"_some": {"likes": 5}}}, {"comments": {"_some": {"likes": 0}}}]}, [1]),
    ("authors", {"articles": {"comments": {"text": "good"}, "views": {"_lt": 15}}}, [1]),
    ("authors", {"articles": {"comments": {"likes": 7}, "views": {"_lt": 15}}}, []),
    # quantifiers
    ("articles", {"comments": {"_none": {"likes": {"_gt": 4}}}}, [3, 4, 5]),
    ("articles", {"comments": {"_every": {"likes": {"_gt": 4}}}}, [2, 3, 4, 5]),
    ("articles", {"comments": {"_some": {"_or": [{"likes": 0}, {"text": "good"}]}}}, [1, 2]),
    ("articles", {"author": {"articles": {"_none": {"views": {"_gt": 15}}}}}, [3, 4, 5]),
    # functions over relations
    ("articles", {"count(comments)": {"_eq": 0}}, [3, 4, 5]),
    ("articles", {"author": {"count(articles)": {"_eq": 0}}}, [4, 5]),
    ("articles", {"sum(comments.likes)": {"_gte": 5}}, [1, 2]),
    ("articles", {"max(comments.likes)": {"_null": True}}, [3, 4, 5]),
    # any-to-many: the key is compared as text
    ("sections", {"item:headings": {"text": {"_eq": "Welcome"}}}, [1]),
    ("sections", {"item:headings": {"id": {"_null": True}}}, [2, 3, 4, 5, 6]),
    ("sections", {"item:images": {"width": {"_gt": 0}}}, [2, 4]),
    ("headings", {"$FOLLOW(sections,item,collection)": {"sort": {"_gt": 0}}}, [1]),
    ("pages", {"sections": {"item:images": {"width": 640}}}, [1]),
]


@pytest.mark.parametrize(("collection", "asked", "owed"), FILTERS)
def test_a_filter_finds(collection: str, asked: dict[str, Any], owed: list[int]) -> None:
    """A filter finds the items it is true of."""
    assert keys(collection, asked) == owed


ORDERS = [
    ("articles", ["views"], [3, 5, 1, 2, 4]),
    ("articles", ["-views", "id"], [2, 4, 1, 5, 3]),
    ("articles", ["title"], [5, 4, 1, 3, 2]),
    ("articles", ["author.name", "-id"], [5, 4, 2, 1, 3]),
    ("articles", ["comments.likes"], [1, 3, 4, 5, 2]),
    ("articles", ["-comments.likes"], [2, 1, 3, 4, 5]),
    ("articles", ["-count(comments)"], [1, 2, 3, 4, 5]),
    ("articles", ["-year(posted)"], [5, 1, 2, 3, 4]),
    ("sections", ["-item:headings.level", "item:images.width"], [1, 3, 5, 6, 4, 2]),
    ("sections", ["sort"], [6, 2, 1, 3, 4, 5]),
]


@pytest.mark.parametrize(("collection", "sort", "owed"), ORDERS)
def test_items_stand_in_order(collection: str, sort: list[str], owed: list[int]) -> None:
    """NULLs come first ascending and last descending, text by code point, ties by key."""
    assert keys(collection, sort=sort) == owed


def test_only_rows_that_fulfil_the_filter_place_an_item() -> None:
    """Sort and filter through the same path speak about the same row."""
    asked = {"comments": {"likes": {"_gte": 5}}}
    assert keys("articles", asked, sort=["comments.likes"]) == [1, 2]
    assert keys("articles", {"comments": {"text": {"_neq": "good"}}}, sort=["-comments.likes"]) == [1]
    assert keys("articles", {"comments": {"_some": {"likes": 5}}}, sort=["-comments.likes"]) == [1]


ANSWERS: list[tuple[str, dict[str, Any], list[Any]]] = [
    ("articles", {"fields": ["featured", "keywords"], "limit": 3}, [[True, ["a", "b"]], [False, []], [None, None]]),
    ("articles", {"fields": ["posted", "seen"], "offset": 4}, [["2024-01-15T10:20:30", "2024-01-15T10:20:30.500Z"]]),
    ("articles", {"fields": ["json(meta, a.b[1])"], "offset": 3}, [[True], [None]]),
    ("articles", {"fields": ["year(posted)", "count(comments)"], "offset": 4}, [[2024, 0]]),
    ("articles", {"fields": ["sum(comments.likes)", "avg(comments.likes)"], "limit": 1}, [[5, 2.5]]),
    ("authors", {"fields": ["born", "max(articles.views)"]}, [["1970-01-01", 20], ["1971-01-01", None], [None, None]]),
    ("events", {"fields": ["at"]}, [["2024-01-15T10:20:30"], ["2024-01-15T09:00:00"], ["soon"]]),
    (
        "articles",
        {"fields": ["author.name", "comments.id"], "deep": {"comments": {"_sort": "-likes", "_limit": 2}}},
        [
            [{"name": "Ann"}, [{"id": 1}, {"id": 2}]],
            [{"name": "Ann"}, [{"id": 4}]],
            [{"name": "Bob"}, []],
            [None, []],
            [None, []],
        ],
    ),
    (
        "articles",
        {"fields": ["author.id", "comments"], "deep": {"author": {"_filter": {"name": "Ann"}}}, "limit": 3},
        [[{"id": 1}, [1, 2, 3]], [{"id": 1}, [4]], [None, []]],
    ),
    (
        "sections",
        {"fields": ["item:headings.text"], "limit": -1},
        [[{"text": "Welcome"}], ["g-1"], [None], ["1"], [None], [None]],
    ),
    ("sections", {"fields": ["item"], "limit": 2}, [["1"], ["g-1"]]),
    ("pages", {"fields": ["sections.id"], "limit": 1}, [[[{"id": key} for key in (6, 2, 1, 3, 4, 5)]]]),
]


@pytest.mark.parametrize(("collection", "query", "owed"), ANSWERS)
def test_items_hold(collection: str, query: dict[str, Any], owed: list[Any]) -> None:
    """An item holds what was asked for, in the form of its type; nested items are filtered, ordered and cut."""
    assert [list(item.values()) for item in read(collection, **query)] == owed


GROUPS: list[tuple[str, dict[str, Any], list[Any]]] = [
    ("articles", {"aggregate": {"count": "*", "sum": ["views"]}}, [{"count": 5, "sum": {"views": 50}}]),
    ("articles", {"aggregate": {"max": ["score"]}, "filter": {"id": 99}}, [{"max": {"score": None}}]),
    ("articles", {"aggregate": {"count": "*"}, "filter": {"comments": {"likes": {"_gte": 0}}}}, [{"count": 2}]),
    (
        "articles",
        {"aggregate": {"min": ["keywords"], "max": ["posted"]}},
        [{"min": {"keywords": []}, "max": {"posted": "2024-01-15T10:20:30"}}],
    ),
    (
        "articles",
        {"groupBy": ["views"], "aggregate": {"count": "*"}, "sort": ["-count"]},
        [{"views": 20, "count": 2}, {"views": None, "count": 1}, {"views": 0, "count": 1}, {"views": 10, "count": 1}],
    ),
    (
        "articles",
        {"groupBy": ["author.name"], "aggregate": {"avg": ["score"]}},
        [
            {"author": {"name": None}, "avg": {"score": 2.0}},
            {"author": {"name": "Ann"}, "avg": {"score": 0.875}},
            {"author": {"name": "Bob"}, "avg": {"score": None}},
        ],
    ),
    ("articles", {"groupBy": ["year(posted)"]}, [{"posted_year": None}, {"posted_year": 2024}]),
    ("articles", {"groupBy": ["featured"], "limit": 1, "page": 2}, [{"featured": False}]),
]


@pytest.mark.parametrize(("collection", "query", "owed"), GROUPS)
def test_groups_hold(collection: str, query: dict[str, Any], owed: list[Any]) -> None:
    """A group holds its columns and measures; NULL is a group, items count once, the default order is by column."""
    assert read(collection, **query) == owed


def test_meta_counts_all_items_and_those_that_fulfil_the_filter() -> None:
    """The counts do not look at the page."""
    query = {"filter": {"views": 20}, "limit": 1, "meta": "*"}
    found = evaluate(query, ITEMS, SCHEMA, collection="articles")
    assert (len(found), found.meta) == (1, {"total_count": 5, "filter_count": 2})


@pytest.mark.parametrize("sort", [["-views", "title"], ["comments.likes"], ["-author.name"], ["id"]])
def test_cursors_turn_the_pages_of_the_list(sort: list[str]) -> None:
    """Cursor after cursor gives every item once, in order; the last page has none."""
    found, cursor = [], ""
    while cursor is not None:
        page = evaluate(
            {"sort": sort, "fields": [], "limit": 2, "cursor": cursor}, ITEMS, SCHEMA, collection="articles"
        )
        found += page.data
        cursor = page.cursor
    assert found == keys("articles", sort=sort)


def test_items_may_have_the_form_of_answers() -> None:
    """Answered values are taken for what they mean: truths, lists, json, and dates where moments are stored."""
    stored = evaluate({}, ITEMS, SCHEMA, collection="articles").data
    items = ITEMS | {"articles": [{**item, "comments": []} for item in stored]}
    assert evaluate({}, items, SCHEMA, collection="articles").data == stored
    asked = {"filter": {"posted": {"_gt": "2024-01-15T10:00:00"}}, "fields": []}
    assert evaluate(asked, items, SCHEMA, collection="articles").data == [5]


def test_what_is_not_given_is_null_or_empty() -> None:
    """A lacking field is NULL, a lacking collection empty, a foreign one ignored."""
    items = {"articles": [{"id": 1}], "nonsense": [{"id": 1}]}
    query = {"fields": ["title", "author.name", "comments.id"]}
    found = evaluate(query, items, SCHEMA, collection="articles")
    assert found.data == [{"title": None, "author": None, "comments": []}]
    assert evaluate({}, {}, SCHEMA, collection="articles").data == []


def test_a_parsed_query_can_be_evaluated() -> None:
    """A `Query` is as good as its spelling."""
    assert evaluate(Query(fields=(), limit=2), ITEMS, SCHEMA, collection="articles").data == [1, 2]


@pytest.mark.parametrize(
    ("note", "asked", "owed"),
    [(7, {"_eq": 7}, True), ("7", {"_eq": 7}, False), ("7", {"_eq": "7"}, True), ("7", {"_gt": 7}, True)],
)
def test_without_a_type_values_compare_by_storage_class(note: Any, asked: dict[str, Any], owed: bool) -> None:
    """A column without a type applies no affinity: text is above every number."""
    found = evaluate(
        {"filter": {"note": asked}}, {"articles": [{"id": 1, "note": note}]}, SCHEMA, collection="articles"
    )
    assert bool(found) is owed


def test_a_wrong_question_is_refused_without_items() -> None:
    """Errors do not depend on the items."""
    with pytest.raises(RelgraphError) as caught:
        evaluate({"filter": {"nope": 1}}, {}, SCHEMA, collection="articles")
    assert (caught.value.code, caught.value.status) == ("FORBIDDEN", 403)


def test_the_cost_grows_with_the_rows() -> None:
    """Thousands of related rows are joined through an index, not by looking at each pair."""
    items = {
        "articles": [{"id": key, "views": key % 7} for key in range(5000)],
        "comments": [{"id": key, "likes": key % 5, "article": key // 2} for key in range(10000)],
    }
    asked = {"filter": {"comments": {"likes": 4}, "views": 3}, "sort": ["-comments.id"], "fields": ["comments.likes"]}
    assert len(evaluate(asked, items, SCHEMA, collection="articles")) == len(
        {key // 2 for key in range(10000) if key % 5 == 4 and key // 2 % 7 == 3}
    )
