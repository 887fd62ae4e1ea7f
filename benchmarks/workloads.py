"""WORKLOADS: what is measured, one row each. Every side answers each question with the same plain dicts.

In: nothing. Out: for each workload its query in relgraph's language, the arguments it is asked with in turn, and the
ratio to the hand-written side that relgraph is to keep.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

from attrs import frozen

from benchmarks.dataset import COMMON_COUNTRY, COMMON_KIND, COMMON_TAG, RARE_COUNTRY, RARE_KIND, RARE_TAG
from relgraph.query.cursor import signer_of, write_cursor
from relgraph.query.parse import parse

Argument: TypeAlias = Mapping[str, Any]
Arguments: TypeAlias = Callable[[sqlite3.Connection], Sequence[Argument]]

ARTICLE = ["id", "title", "views", "author.id", "author.name", "tags.tag.id", "tags.tag.label"]
COMMENT = ["comments.id", "comments.text", "comments.likes"]
PAGE = [
    "id",
    "title",
    "sections.id",
    "sections.collection",
    "sections.item:headings.id",
    "sections.item:headings.text",
    "sections.item:headings.level",
    "sections.item:paragraphs.id",
    "sections.item:paragraphs.text",
    "sections.item:images.id",
    "sections.item:images.file",
    "sections.item:images.width",
]
FLAT = ["id", "title", "status", "published", "views", "rating", "author", "category"]


@frozen
class Workload:
    """One question: `ask` gives relgraph's query for one argument, `arguments` those to ask of a database in turn.

    `form` is the name the sides know it by. `target` is the ratio to `hand` that relgraph is to keep from a dict,
    `prepared_target` as a prepared query.
    """

    name: str
    title: str
    form: str
    collection: str
    ask: Callable[..., dict[str, Any]]
    arguments: Arguments
    target: float
    prepared_target: float | None = None  # None: a query that cannot be prepared


# --- the queries ------------------------------------------------------------------------------------------------------


def _point(key: Any) -> dict[str, Any]:
    return {"fields": ARTICLE, "filter": {"id": {"_eq": key}}}


def _page(status: Any) -> dict[str, Any]:
    return {
        "fields": [*ARTICLE, "published", *COMMENT],
        "filter": {"status": {"_eq": status}},
        "sort": ["-published"],
        "limit": 50,
        "deep": {"comments": {"_sort": ["-id"], "_limit": 3}},
    }


def _nested(limit: Any) -> dict[str, Any]:
    return {"fields": [*ARTICLE, *COMMENT], "limit": limit}


def _related(tag: Any, country: Any) -> dict[str, Any]:
    conditions = [
        {"tags": {"_some": {"tag": {"label": {"_eq": tag}}}}},
        {"author": {"country": {"_eq": country}}},
        {"comments": {"_none": {"flagged": {"_eq": True}}}},
    ]
    return {"fields": ["id", "title"], "filter": {"_and": conditions}}


def _deep(kind: Any) -> dict[str, Any]:
    reactions = {"reactions": {"_some": {"kind": {"_eq": kind}}}}
    return {"fields": ["id", "name"], "filter": {"articles": {"_some": {"comments": {"_some": reactions}}}}}


def _deep_page(kind: Any) -> dict[str, Any]:
    return {**_deep(kind), "limit": 10}


def _groups() -> dict[str, Any]:
    return {"aggregate": {"count": "*", "avg": ["views"]}, "groupBy": ["year(published)", "author.country"]}


def _pages(limit: Any) -> dict[str, Any]:
    return {"fields": PAGE, "limit": limit}


def _by_date() -> dict[str, Any]:
    return {"fields": ["id", "title", "published"], "sort": ["published"], "limit": 50}


def _offset(offset: Any) -> dict[str, Any]:
    return {**_by_date(), "offset": offset}


@cache
def _cursor(published: str, key: int) -> str:
    """Give the cursor that a page ending with this article hands on."""
    return write_cursor(signer_of("articles", parse(_by_date())).sign({}), (published, key))


def _behind(published: str, key: int) -> dict[str, Any]:
    return {**_by_date(), "cursor": _cursor(published, key)}


def _flat(limit: Any) -> dict[str, Any]:
    return {"fields": FLAT, "limit": limit}


# --- what they are asked with -----------------------------------------------------------------------------------------


def _always(*arguments: Argument) -> Arguments:
    return lambda connection: arguments


def _articles(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT max(id) FROM articles").fetchone()[0])


def _keys(connection: sqlite3.Connection) -> list[Argument]:
    return [{"key": n * 7919 % _articles(connection) + 1} for n in range(500)]


def _offsets(connection: sqlite3.Connection) -> list[Argument]:
    return [{"offset": _articles(connection) * 9 // 10 + n} for n in range(20)]


def _ends(connection: sqlite3.Connection) -> list[Argument]:
    """Give what the cursors of the pages behind 90 % of the articles say."""
    first = _articles(connection) * 9 // 10 - 1
    rows = connection.execute("SELECT published, id FROM articles ORDER BY published, id LIMIT 20 OFFSET ?", (first,))
    return [{"published": published, "key": key} for published, key in rows.fetchall()]


# --- the table --------------------------------------------------------------------------------------------------------

WORKLOADS = (
    Workload("W1", "one article by key, its author and tags", "point", "articles", _point, _keys, 2.0, 1.5),
    Workload(
        "W2",
        "a page of 50 by date, with author, tags and the last 3 comments of each",
        "page",
        "articles",
        _page,
        _always({"status": "published"}, {"status": "draft"}),
        1.15,
        1.15,
    ),
    Workload(
        "W3",
        "10 000 articles with author, tags and all comments",
        "nested",
        "articles",
        _nested,
        _always({"limit": 10_000}),
        1.10,
        1.10,
    ),
    Workload(
        "W4 common",
        "articles with some tag, an author's country, no flagged comment: frequent values",
        "related common",
        "articles",
        _related,
        _always({"tag": COMMON_TAG, "country": COMMON_COUNTRY}),
        1.25,
        1.25,
    ),
    Workload(
        "W4 rare",
        "the same, rare values",
        "related rare",
        "articles",
        _related,
        _always({"tag": RARE_TAG, "country": RARE_COUNTRY}),
        1.25,
        1.25,
    ),
    Workload(
        "W5 rare",
        "authors by a reaction to a comment on an article: a rare kind",
        "deep rare",
        "authors",
        _deep,
        _always({"kind": RARE_KIND}),
        1.25,
        1.25,
    ),
    Workload(
        "W5 common",
        "the same, a frequent kind",
        "deep common",
        "authors",
        _deep,
        _always({"kind": COMMON_KIND}),
        1.25,
        1.25,
    ),
    Workload(
        "W5 rare, 10",
        "the first 10 of them, a rare kind",
        "deep rare page",
        "authors",
        _deep_page,
        _always({"kind": RARE_KIND}),
        1.25,
        1.25,
    ),
    Workload(
        "W5 common, 10",
        "the first 10 of them, a frequent kind",
        "deep common page",
        "authors",
        _deep_page,
        _always({"kind": COMMON_KIND}),
        1.25,
        1.25,
    ),
    Workload(
        "W6",
        "count and mean views by year and the author's country",
        "groups",
        "articles",
        _groups,
        _always({}),
        1.05,
        1.05,
    ),
    Workload(
        "W7",
        "1000 pages of sections that are headings, paragraphs or images",
        "pages",
        "pages",
        _pages,
        _always({"limit": 1000}),
        1.10,
        1.10,
    ),
    Workload(
        "W8 offset",
        "a page of 50 behind 90 % of the articles",
        "offset",
        "articles",
        _offset,
        _offsets,
        1.20,
        1.20,
    ),
    Workload("W8 cursor", "the same pages, each by its cursor", "cursor", "articles", _behind, _ends, 1.20),
    Workload(
        "W9",
        "100 000 articles, 8 columns each",
        "flat",
        "articles",
        _flat,
        _always({"limit": 100_000}),
        1.05,
        1.05,
    ),
)

AUDIT = "W10"  # no query: see absolute
