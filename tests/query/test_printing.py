"""Printing: the canonical form of each parameter, as data and as URL."""

from __future__ import annotations

from typing import Any

import pytest

from relgraph.errors import InvalidQuery
from relgraph.query.ast import Param
from relgraph.query.parse import parse

CANONICAL = [
    ({}, ""),
    ({"fields": ["id", "author.name"]}, "fields=id,author.name"),
    ({"fields": []}, "fields[]"),
    ({"fields": ["json(meta, a)"]}, "fields[]=json(meta,%20a)"),
    ({"sort": ["-views", "id"]}, "sort=-views,id"),
    ({"sort": ["a,b", "c"]}, "sort[]=a,b&sort[]=c"),
    ({"search": "sun & moon+"}, "search=sun%20%26%20moon%2B"),
    ({"limit": -1, "offset": 0, "page": 2}, "limit=-1&offset=0&page=2"),
    ({"cursor": ""}, "cursor="),
    ({"alias": {"headline": "title"}}, "alias=%7B%22headline%22:%22title%22%7D"),
    (
        {"aggregate": {"count": ["*"]}, "groupBy": ["status"]},
        "aggregate=%7B%22count%22:%5B%22*%22%5D%7D&groupBy=status",
    ),
    ({"meta": ["total_count", "filter_count"]}, "meta=total_count,filter_count"),
    ({"backlink": False}, "backlink=false"),
    ({"deep": {"comments": {"_limit": 3, "author": {"_sort": ["id"]}}}}, None),
    ({"deep": {"comments": {"limit": True}}}, None),
    ({"filter": {}}, "filter=%7B%7D"),
    ({"filter": {"a": {"_in": [1, "1", None]}}}, "filter=%7B%22a%22:%7B%22_in%22:%5B1,%221%22,null%5D%7D%7D"),
    ({"filter": {"a": {"_gt": 1, "_lt": 2}, "b": {"_null": True}}}, None),
    ({"filter": {"_or": [{"a": {"_eq": 1}, "b": {"_eq": 2}}, {}]}}, None),
    ({"filter": {"_and": [{"a": {"_eq": 1}}, {"a": {"_eq": 2}}]}}, None),
    ({"filter": {"_and": [{"a": {}}]}}, None),
    ({"filter": {"a": {"_some": {"b": {"_eq": "é"}}}, "_or": []}}, None),
]


@pytest.mark.parametrize(("printed", "url"), CANONICAL)
def test_canonical_form(printed: dict[str, Any], url: str | None) -> None:
    """What is in canonical form already is printed as it is."""
    query = parse(printed)
    assert query.to_dict() == printed
    assert parse(query.to_url()) == query
    if url is not None:
        assert query.to_url() == url


def test_several_conditions_share_an_object() -> None:
    """An `_and` of different keys is printed as one object, as a person would write it."""
    query = parse(filter={"_and": [{"a": 1}, {"b": 2}]})
    assert query.to_dict() == {"filter": {"a": {"_eq": 1}, "b": {"_eq": 2}}}


def test_parameters_have_no_url() -> None:
    """A query that waits for a value prints as data, where the parameter stays, and has no URL."""
    for given, where in (
        ({"limit": Param("n")}, "limit"),
        ({"filter": {"a": {"_in": [Param("n")]}}}, "filter"),
        ({"deep": {"c": {"_limit": Param("n")}}}, "deep"),
    ):
        query = parse(given)
        assert query.to_dict() == given
        assert parse(query.to_dict()) == query
        with pytest.raises(InvalidQuery) as caught:
            query.to_url()
        assert caught.value.where == where
