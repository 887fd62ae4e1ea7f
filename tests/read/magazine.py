"""A small magazine as a schema and items: what the Python evaluator is shown on, without a database."""

from __future__ import annotations

from typing import Any

from relgraph import Relation, evaluate, matches
from relgraph.codecs import codec_of
from relgraph.linking import link
from relgraph.schema import Collection, Field
from relgraph.values import FieldType, Truth

_AFFINITIES = {
    FieldType.STRING: "TEXT",
    FieldType.CSV: "TEXT",
    FieldType.INTEGER: "INTEGER",
    FieldType.FLOAT: "REAL",
    FieldType.ANY: "BLOB",
}


def _collection(name: str, types: dict[str, FieldType], key: str = "id", *, epoch: bool = True) -> Collection:
    fields = {
        field: Field(name, field, kind, codec_of(kind, epoch=epoch), _AFFINITIES.get(kind, "NUMERIC"))
        for field, kind in types.items()
    }
    return Collection(name, fields, (key,))


T, N = FieldType.STRING, FieldType.INTEGER
SCHEMA = link(
    [
        _collection("authors", {"id": N, "name": T, "born": FieldType.DATE, "mentor": N}),
        _collection(
            "articles",
            {
                "id": N,
                "title": T,
                "views": N,
                "score": FieldType.FLOAT,
                "featured": FieldType.BOOLEAN,
                "keywords": FieldType.CSV,
                "meta": FieldType.JSON,
                "posted": FieldType.DATE_TIME,
                "seen": FieldType.TIMESTAMP,
                "note": FieldType.ANY,
                "author": N,
            },
        ),
        _collection("comments", {"id": N, "likes": N, "text": T, "article": N}),
        _collection("events", {"id": N, "at": FieldType.DATE_TIME}, epoch=False),
        _collection("pages", {"id": N, "title": T}),
        _collection("sections", {"id": N, "page": N, "item": T, "collection": T, "sort": N}),
        _collection("headings", {"id": N, "text": T, "level": N}),
        _collection("images", {"code": T, "width": N}, key="code"),
    ],
    [
        Relation("articles", "author", "authors", "articles"),
        Relation("authors", "mentor", "authors", "pupils"),
        Relation("comments", "article", "articles", "comments"),
        Relation("sections", "page", "pages", "sections", sort_field="sort"),
        Relation("sections", "item", one_collection_field="collection", one_allowed_collections=("headings", "images")),
    ],
    directus=True,
)

ITEMS: dict[str, list[dict[str, Any]]] = {
    "authors": [
        {"id": 1, "name": "Ann", "born": 0, "mentor": None},
        {"id": 2, "name": "Bob", "born": 86_400_000 * 365, "mentor": 1},
        {"id": 3, "name": None, "born": None, "mentor": 2},
    ],
    "articles": [
        {"id": 1, "title": "Apples", "views": 10, "score": 1.5, "featured": 1, "keywords": "a,b", "author": 1},
        {"id": 2, "title": "apples", "views": 20, "score": 0.25, "featured": 0, "keywords": "", "author": 1},
        {"id": 3, "title": "Straße", "views": None, "score": None, "featured": None, "keywords": None, "author": 2},
        {"id": 4, "title": "50%", "views": 20, "score": 2.0, "author": None, "meta": '{"a": {"b": [1, true]}}'},
        {"id": 5, "title": None, "views": 0, "posted": 1_705_314_030_500, "seen": 1_705_314_030_500, "author": 9},
    ],
    "comments": [
        {"id": 1, "likes": 5, "text": "good", "article": 1},
        {"id": 2, "likes": 0, "text": "bad", "article": 1},
        {"id": 3, "likes": None, "text": "so so", "article": 1},
        {"id": 4, "likes": 7, "text": "good", "article": 2},
        {"id": 5, "likes": 3, "text": "lost", "article": None},
    ],
    "events": [{"id": 1, "at": "2024-01-15 10:20:30"}, {"id": 2, "at": "2024-01-15T09:00"}, {"id": 3, "at": "soon"}],
    "pages": [{"id": 1, "title": "Home"}, {"id": 2, "title": "Void"}],
    "headings": [{"id": 1, "text": "Welcome", "level": 1}, {"id": 2, "text": "News", "level": 2}],
    "images": [{"code": "g-1", "width": 640}, {"code": "1", "width": 320}],
    "sections": [
        {"id": 1, "page": 1, "item": "1", "collection": "headings", "sort": 2},
        {"id": 2, "page": 1, "item": "g-1", "collection": "images", "sort": 1},
        {"id": 3, "page": 1, "item": "01", "collection": "headings", "sort": 3},
        {"id": 4, "page": 1, "item": "1", "collection": "images", "sort": 4},
        {"id": 5, "page": 1, "item": "1", "collection": "authors", "sort": 5},
        {"id": 6, "page": 1, "item": None, "collection": "headings", "sort": None},
    ],
}


def read(collection: str, **query: Any) -> list[Any]:
    """Give what a query answers over the magazine's items."""
    return evaluate(query, ITEMS, SCHEMA, collection=collection).data


def keys(collection: str, filter: Any = None, **query: Any) -> list[Any]:
    """Give the keys of the items that fulfil a filter, in order."""
    return read(collection, filter=filter or {}, fields=[], **query)


def truth(collection: str, filter: Any, item: dict[str, Any]) -> Truth:
    """Give whether an item fulfils a filter as far as it says."""
    return matches(filter, item, SCHEMA, collection=collection)
