"""URL query strings: brackets, indexes, merging, decoding, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from relgraph.errors import QueryError
from relgraph.query.parse import parse
from relgraph.query.url import INDEX_AT_MOST, PARAMETERS_AT_MOST, parse_url


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("?", {}),
        ("&&a=1&", {"a": "1"}),
        ("a", {"a": ""}),
        ("a=", {"a": ""}),
        ("a=b=c", {"a": "b=c"}),
        ("a=1;b=2", {"a": "1;b=2"}),
        # lists
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a[1]=x&a[0]=y", {"a": ["y", "x"]}),
        ("a[7]=x", {"a": ["x"]}),
        ("a=1&a=2&a=3", {"a": ["1", "2", "3"]}),
        ("a=1&a[]=2", {"a": ["1", "2"]}),
        ("a[]=x&a=", {"a": ["x"]}),
        ("a=x&a=", {"a": ["x", ""]}),
        ("a[]=", {"a": [""]}),
        ("a[]", {"a": []}),
        ("a[]&a[]=1", {"a": ["1"]}),
        ("a[100]=x", {"a": ["x"]}),
        ("a[101]=x", {"a": {"101": "x"}}),
        ("a[999999999999]=x", {"a": {"999999999999": "x"}}),
        ("a[01]=x&a[-1]=y&a[²]=z", {"a": {"01": "x", "-1": "y", "²": "z"}}),
        # objects
        ("a[b][c]=1&a[b][d]=2", {"a": {"b": {"c": "1", "d": "2"}}}),
        ("a[b][c]", {"a": {"b": {"c": ""}}}),
        ("a[b]=1&a[]=2", {"a": {"b": "1", "0": "2"}}),
        ("a[]=1&a[b]=2", {"a": {"0": "1", "b": "2"}}),
        ("a[b]=1&a=", {"a": {"b": "1"}}),
        ("a=&a[b]=1", {"a": {"b": "1"}}),
        ("o[0][a]=1&o[1][b]=2", {"o": [{"a": "1"}, {"b": "2"}]}),
        ("o[][a]=1&o[][b]=2", {"o": [{"a": "1", "b": "2"}]}),
        ("o[][a]=1&o[][a]=2", {"o": [{"a": ["1", "2"]}]}),
        ("o[0][]=1&o[0][]=2", {"o": [["1", "2"]]}),
        # plain names
        ("a[b=1", {"a[b": "1"}),
        ("a[b][c=1", {"a[b][c": "1"}),
        ("a]=1", {"a]": "1"}),
        ("[]=1&[a]=2", {"[]": "1", "[a]": "2"}),
        ("=1", {"": "1"}),
        ("a.b=1", {"a.b": "1"}),
        ("__proto__[x]=1&a[constructor]=2", {"__proto__": {"x": "1"}, "a": {"constructor": "2"}}),
        # decoding
        ("a=b+c%20d", {"a": "b c d"}),
        ("a%5Bb%5d=1", {"a": {"b": "1"}}),
        ("a=%C3%A9%26%3D%2B%5B", {"a": "é&=+["}),
        ("a=%zz%2", {"a": "%zz%2"}),
        ("a=%f0%28", {"a": "%f0%28"}),
        ("a[b=c]=d", {"a": {"b=c": "d"}}),
        ("a=x[0]=1", {"a": "x[0]=1"}),
        ('a[b]={"c":["d"]}', {"a": {"b": '{"c":["d"]}'}}),
    ],
)
def test_parse_url(text: str, expected: dict[str, Any]) -> None:
    """A query string means nested lists, objects and texts."""
    assert parse_url(text) == expected


@pytest.mark.parametrize(
    "text", ["a[b]c=1", "a[b]c[d]=1", "a[b[c]]=1", "a[b]]=1", "a[b]=1&a=2", "a=1&a[b]=2", "a" + "[b]" * 101 + "=1"]
)
def test_what_cannot_be_meant(text: str) -> None:
    """Brackets that do not match, a value beside an object, and endless brackets are refused."""
    with pytest.raises(QueryError) as caught:
        parse_url(text)
    assert (caught.value.code, caught.value.status) == ("INVALID_QUERY", 400)


def test_bounds() -> None:
    """As many parameters as allowed make a list in little time; one more is refused. High indexes need no room."""
    many = "&".join(["a[]=1"] * PARAMETERS_AT_MOST)
    assert len(parse_url(many)["a"]) == PARAMETERS_AT_MOST
    with pytest.raises(QueryError):
        parse_url(many + "&a[]=1")
    assert parse_url(f"a[{INDEX_AT_MOST + 1}]=x") == {"a": {str(INDEX_AT_MOST + 1): "x"}}


@pytest.mark.parametrize(
    ("text", "equivalent"),
    [
        ("fields[]=id&fields[]=title&limit=2", {"fields": ["id", "title"], "limit": 2}),
        ("fields[0]=id&fields[1]=title", {"fields": ["id", "title"]}),
        ("fields=id, title", {"fields": ["id", "title"]}),
        ("fields=&limit=1", {"limit": 1}),
        ("limit=2&fields", {"limit": 2}),
        ("filter[status]=draft", {"filter": {"status": {"_eq": "draft"}}}),
        ("filter[views][_in]=1,10", {"filter": {"views": {"_in": ["1", "10"]}}}),
        ("filter[views][_in]=1&filter[views][_in]=100", {"filter": {"views": {"_in": ["1", "100"]}}}),
        ("filter[views][_between][]=5&filter[views][_between][]=20", {"filter": {"views": {"_between": ["5", "20"]}}}),
        ("filter[title][_in][]=Comma%2C%20separated", {"filter": {"title": {"_in": ["Comma, separated"]}}}),
        ("filter[s][_in][]=", {"filter": {"s": {"_in": [""]}}}),
        (
            "filter[_or][0][views][_gt]=200&filter[_or][1][status][_eq]=archived",
            {"filter": {"_or": [{"views": {"_gt": "200"}}, {"status": "archived"}]}},
        ),
        (
            "filter[_or][][views][_gt]=200&filter[_or][][status][_eq]=archived",
            {"filter": {"_or": [{"views": {"_gt": "200"}, "status": "archived"}]}},
        ),
        ("filter[featured][_null]", {"filter": {"featured": {"_null": True}}}),
        ("filter[featured][_nnull]=false", {"filter": {"featured": {"_nnull": False}}}),
        ("filter[year(published_on)][_eq]=2020", {"filter": {"year(published_on)": "2020"}}),
        ("filter[item:headings][text]=Welcome", {"filter": {"item:headings": {"text": "Welcome"}}}),
        ("sort[]=-views&sort[]=id", {"sort": ["-views", "id"]}),
        ("sort=-views&sort=id", {"sort": ["-views", "id"]}),
        ("aggregate[count]=*&groupBy[]=year(born)", {"aggregate": {"count": ["*"]}, "groupBy": ["year(born)"]}),
        ('deep[comments][_filter]={"likes":5}', {"deep": {"comments": {"_filter": {"likes": 5}}}}),
        ("deep[item:headings][_limit]=1", {"deep": {"item:headings": {"_limit": 1}}}),
        ("fields=id,json(meta,%20lang)", {"fields": ["id", "json(meta, lang)"]}),
        ("filter[ts][_gte]=2024-01-15T10:20:30%2B01:00", {"filter": {"ts": {"_gte": "2024-01-15T10:20:30+01:00"}}}),
        ("filter.i=10&FIELDS=id", {}),
        ("meta=*&backlink=false", {"meta": ["total_count", "filter_count"], "backlink": False}),
    ],
)
def test_equivalent_mappings(text: str, equivalent: dict[str, Any]) -> None:
    """A URL means the same query as the mapping that says it; its operands are texts unless they came as JSON."""
    assert parse(text) == parse(equivalent)


@pytest.mark.parametrize(
    ("text", "equivalent"),
    [
        (
            "fields=id,title,author.name&sort=-views,id&limit=10&page=2",
            {"fields": ["id", "title", "author.name"], "sort": ["-views", "id"], "limit": 10, "page": 2},
        ),
        (
            "filter=%7B%22views%22%3A%7B%22_gt%22%3A3%7D%2C%22featured%22%3Atrue%7D&search=sqlite%20fast",
            {"filter": {"views": {"_gt": 3}, "featured": True}, "search": "sqlite fast"},
        ),
        (
            "deep=%7B%22comments%22%3A%7B%22_limit%22%3A3%2C%22_sort%22%3A%5B%22-id%22%5D%7D%7D",
            {"deep": {"comments": {"_limit": 3, "_sort": ["-id"]}}},
        ),
        (
            "alias=%7B%22hot%22%3A%22comments%22%7D&aggregate=%7B%22sum%22%3A%5B%22views%22%5D%7D&groupBy=status,year(born)",
            {"alias": {"hot": "comments"}, "aggregate": {"sum": ["views"]}, "groupBy": ["status", "year(born)"]},
        ),
    ],
)
def test_public_clients(text: str, equivalent: dict[str, Any]) -> None:
    """What the public JavaScript client sends, JSON for objects and CSV for lists, means the same query."""
    assert parse(text) == parse(equivalent)
