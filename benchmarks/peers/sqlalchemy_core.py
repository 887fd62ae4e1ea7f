"""SQLAlchemy Core: statements made of tables, rows stitched by hand."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Integer, bindparam, cast, func, select, tuple_
from sqlalchemy.engine import Connection

from benchmarks.peers import Forms
from benchmarks.peers.sqlalchemy_models import Article, ArticleTag, Author, Comment, Tag, open_engine

Answer = list[dict[str, Any]]

_ARTICLES = select(
    Article.id, Article.title, Article.views, Article.author, Author.name.label("author_name")
).outerjoin(Author, Author.id == Article.author)
_TAGS = (
    select(ArticleTag.article, Tag.id, Tag.label)
    .join(Tag, Tag.id == ArticleTag.tag)
    .order_by(ArticleTag.article, ArticleTag.id)
)
_COMMENTS = select(Comment.article, Comment.id, Comment.text, Comment.likes).order_by(Comment.article, Comment.id)
_FLAT = [
    Article.id,
    Article.title,
    Article.status,
    Article.published,
    Article.views,
    Article.rating,
    Article.author,
    Article.category,
]


def forms(path: Path) -> Forms:
    """Give the forms that Core answers."""
    connection = open_engine(path).connect()
    return {
        "point": lambda key: _point(connection, key),
        "nested": lambda limit: _nested(connection, limit),
        "groups": lambda: _groups(connection),
        "offset": lambda offset: _offset(connection, offset),
        "cursor": lambda published, key: _cursor(connection, published, key),
        "flat": lambda limit: _flat(connection, limit),
    }


def _article(row: Any, tags: Answer) -> dict[str, Any]:
    return {
        "id": row.id,
        "title": row.title,
        "views": row.views,
        "author": None if row.author is None else {"id": row.author, "name": row.author_name},
        "tags": tags,
    }


def _point(connection: Connection, key: int) -> Answer:
    row = connection.execute(_ARTICLES.where(Article.id == key)).one()
    tags = connection.execute(_TAGS.where(ArticleTag.article == key))
    return [_article(row, [{"tag": {"id": tag.id, "label": tag.label}} for tag in tags])]


def _nested(connection: Connection, limit: int) -> Answer:
    wanted = select(Article.id).order_by(Article.id).limit(bindparam("limit", limit))
    tags: dict[int, Answer] = defaultdict(list)
    for article, key, label in connection.execute(_TAGS.where(ArticleTag.article.in_(wanted))):
        tags[article].append({"tag": {"id": key, "label": label}})
    comments: dict[int, Answer] = defaultdict(list)
    for article, key, text, likes in connection.execute(_COMMENTS.where(Comment.article.in_(wanted))):
        comments[article].append({"id": key, "text": text, "likes": likes})
    rows = connection.execute(_ARTICLES.order_by(Article.id).limit(limit))
    return [{**_article(row, tags[row.id]), "comments": comments[row.id]} for row in rows]


def _groups(connection: Connection) -> Answer:
    year = cast(func.strftime("%Y", Article.published), Integer)
    text = (
        select(year, Author.country, func.count(), func.avg(Article.views))
        .select_from(Article)
        .outerjoin(Author, Author.id == Article.author)
        .group_by(year, Author.country)
        .order_by(year, Author.country)
    )
    return [
        {"published_year": year, "author": {"country": country}, "count": count, "avg": {"views": mean}}
        for year, country, count, mean in connection.execute(text)
    ]


def _offset(connection: Connection, offset: int) -> Answer:
    text = select(*_LISTED).order_by(Article.published, Article.id).limit(50).offset(offset)
    return [dict(row) for row in connection.execute(text).mappings()]


def _cursor(connection: Connection, published: str, key: int) -> Answer:
    place = tuple_(Article.published, Article.id)
    behind = place > (date.fromisoformat(published), key)
    text = select(*_LISTED).where(behind).order_by(Article.published, Article.id).limit(50)
    return [dict(row) for row in connection.execute(text).mappings()]


def _flat(connection: Connection, limit: int) -> Answer:
    return [dict(row) for row in connection.execute(select(*_FLAT).order_by(Article.id).limit(limit)).mappings()]


_LISTED = [Article.id, Article.title, Article.published]
