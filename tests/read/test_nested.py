"""A filter on one item alone, with what is related to it inside."""

from __future__ import annotations

from typing import Any

import pytest

from tests.read.magazine import truth

ARTICLE: dict[str, Any] = {
    "id": 1,
    "title": "Apples",
    "views": None,
    "featured": True,
    "author": {"id": 7, "name": "Ann", "mentor": 3},
    "comments": [{"likes": 5, "text": "good"}, {"likes": 0, "text": "bad"}, {"likes": None}],
}
TRUTHS: list[tuple[dict[str, Any], bool | None]] = [
    ({}, True),
    ({"title": "Apples"}, True),
    ({"title": "apples"}, False),
    ({"featured": True}, True),
    ({"views": {"_null": True}}, True),
    ({"views": {"_gt": 3}}, None),
    ({"_or": [{"views": 3}, {"title": "Apples"}]}, True),
    ({"_and": [{"views": 3}, {"title": "apples"}]}, False),
    # related items
    ({"author": {"name": {"_eq": "Ann"}}}, True),
    ({"author": 7}, True),
    ({"author": {"_in": [1, 2]}}, False),
    ({"author": {"mentor": 3}}, True),
    ({"author": {"mentor": {"id": 3}}}, True),
    ({"author": {"mentor": {"name": "Bob"}}}, None),
    ({"comments": {"likes": {"_gt": 4}}}, True),
    ({"comments": {"likes": 5, "text": "good"}}, True),
    ({"comments": {"likes": 0, "text": "good"}}, None),  # nothing is known against the third comment
    ({"comments": {"_and": [{"id": {"_null": True}}, {"likes": 9}]}}, None),
    ({"comments": {"likes": {"_gt": 9}}}, None),  # one comment's likes are NULL
    ({"comments": {"_null": True}}, None),  # the comments' keys are not given
    ({"count(comments)": 3}, True),
    ({"sum(comments.likes)": 5}, True),
    ({"comments": {"_some": {"likes": {"_gt": 9}}}}, False),
    ({"comments": {"_none": {"likes": {"_gt": 9}}}}, True),
    ({"comments": {"_every": {"likes": {"_gte": 0}}}}, False),
    ({"comments": {"_some": {"text": "good"}}}, True),
    ({"comments": {"_none": {"text": "so so"}}}, None),  # the third comment's text is not given
    ({"comments": {"_every": {"text": {"_nnull": True}}}}, None),
    # what the item does not say
    ({"score": {"_null": True}}, None),
    ({"year(posted)": 2024}, None),
    ({"_or": [{"score": 1}, {"title": "Apples"}]}, True),
    ({"author": {"articles": {"_none": {"views": 3}}}}, None),
    ({"author": {"count(articles)": {"_gte": 0}}}, None),
    ({"author": {"born": {"_null": True}}}, None),
]


@pytest.mark.parametrize(("asked", "owed"), TRUTHS)
def test_a_filter_on_one_item(asked: dict[str, Any], owed: bool | None) -> None:
    """A filter is true, false or unknown of an item: unknown where NULL or what is not given decides."""
    assert truth("articles", asked, ARTICLE) is owed


ITEMS: list[tuple[str, dict[str, Any], dict[str, Any], bool | None]] = [
    ("articles", {"author": {"name": {"_null": True}}}, {"author": None}, True),
    ("articles", {"author": {"name": {"_null": True}}}, {"author": 3}, None),
    ("articles", {"author": {"_null": True}}, {"author": {"name": "Ann"}}, None),
    ("articles", {"comments": {"_null": True}}, {"comments": []}, True),
    ("articles", {"comments": {"_in": [4]}}, {"comments": [3, 4]}, True),
    ("articles", {"comments": {"_some": {"id": 5}}}, {"comments": [3, 4]}, False),
    ("articles", {"comments": {"likes": 1}}, {"comments": None}, None),
    ("articles", {"keywords": "a,b"}, {"keywords": ["a", "b"]}, True),
    ("articles", {"count(meta)": 2}, {"meta": [1, 2]}, True),
    ("articles", {"meta": {"_null": True}}, {"meta": {"a": 1}}, False),
    ("articles", {"posted": {"_lt": "2024-01-02"}}, {"posted": "2024-01-01T10:00:00"}, True),
    ("sections", {"item:headings": {"text": "Hi"}}, {"collection": "headings", "item": {"text": "Hi"}}, True),
    ("sections", {"item:headings": {"text": "Hi"}}, {"collection": "images", "item": {"text": "Hi"}}, None),
    ("sections", {"item:headings": {"id": {"_null": True}}}, {"collection": "images", "item": "g-1"}, True),
    ("sections", {"item:headings": {"text": "Hi"}}, {"item": {"text": "Hi"}}, None),
    ("sections", {"item": "1"}, {"collection": "headings", "item": {"id": 1}}, True),
    ("sections", {"item": "1"}, {"item": {"id": 1}}, None),
    ("pages", {"sections": {"item:images": {"width": 3}}}, {"sections": [{"collection": "headings"}]}, None),
    (
        "pages",
        {"sections": {"item:images": {"code": "x"}}},
        {"sections": [{"collection": "images", "item": "x"}]},
        True,
    ),
]


@pytest.mark.parametrize(("collection", "asked", "item", "owed"), ITEMS)
def test_a_filter_on_an_item_that_says_little(
    collection: str, asked: dict[str, Any], item: dict[str, Any], owed: bool | None
) -> None:
    """Keys stand for the items they name as far as the filter asks for the key alone."""
    assert truth(collection, asked, item) is owed
