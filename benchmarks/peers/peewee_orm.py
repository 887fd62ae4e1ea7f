"""Peewee: models, `prefetch` and `dicts`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from peewee import (
    JOIN,
    BooleanField,
    DateField,
    FloatField,
    ForeignKeyField,
    IntegerField,
    Model,
    SqliteDatabase,
    TextField,
    Tuple,
    fn,
    prefetch,
)

from benchmarks.peers import PRAGMAS, Forms

Answer = list[dict[str, Any]]
_DATABASE = SqliteDatabase(None)


class _Table(Model):
    class Meta:
        database = _DATABASE
        legacy_table_names = False


class Author(_Table):
    name = TextField()
    country = TextField()

    class Meta:
        table_name = "authors"


class Tag(_Table):
    label = TextField(unique=True)

    class Meta:
        table_name = "tags"


class Article(_Table):
    title = TextField()
    status = TextField()
    published = DateField()
    views = IntegerField()
    rating = FloatField()
    author = ForeignKeyField(Author, null=True, backref="articles", column_name="author")
    category = IntegerField(null=True)

    class Meta:
        table_name = "articles"


class ArticleTag(_Table):
    article = ForeignKeyField(Article, backref="links", column_name="article")
    tag = ForeignKeyField(Tag, backref="links", column_name="tag")

    class Meta:
        table_name = "articles_tags"


class Comment(_Table):
    article = ForeignKeyField(Article, backref="comments", column_name="article")
    text = TextField()
    likes = IntegerField()
    flagged = BooleanField()

    class Meta:
        table_name = "comments"


class Reaction(_Table):
    comment = ForeignKeyField(Comment, backref="reactions", column_name="comment")
    kind = TextField()

    class Meta:
        table_name = "reactions"


def forms(path: Path) -> Forms:
    """Open the file, and give the forms that Peewee answers."""
    if not _DATABASE.is_closed():
        _DATABASE.close()
    _DATABASE.init(str(path), pragmas=PRAGMAS)
    _DATABASE.connect()
    return {
        "point": _point,
        "nested": _nested,
        "related common": _related,
        "related rare": _related,
        "deep rare": lambda kind: list(_deep(kind).dicts()),
        "deep common": lambda kind: list(_deep(kind).dicts()),
        "deep rare page": lambda kind: list(_deep(kind).limit(10).dicts()),
        "deep common page": lambda kind: list(_deep(kind).limit(10).dicts()),
        "groups": _groups,
        "offset": lambda offset: list(_listed().offset(offset).dicts()),
        "cursor": _cursor,
        "flat": _flat,
    }


def _articles() -> Any:
    return Article.select(Article, Author).join(Author, JOIN.LEFT_OUTER)


def _links() -> Any:
    return ArticleTag.select(ArticleTag, Tag).join(Tag).order_by(ArticleTag.id)


def _article(article: Any) -> dict[str, Any]:
    writer = article.author
    return {
        "id": article.id,
        "title": article.title,
        "views": article.views,
        "author": None if writer is None else {"id": writer.id, "name": writer.name},
        "tags": [{"tag": {"id": link.tag.id, "label": link.tag.label}} for link in article.links],
    }


def _point(key: int) -> Answer:
    return [_article(article) for article in prefetch(_articles().where(Article.id == key), _links())]


def _nested(limit: int) -> Answer:
    wanted = _articles().order_by(Article.id).limit(limit)
    return [
        {
            **_article(article),
            "comments": [{"id": row.id, "text": row.text, "likes": row.likes} for row in article.comments],
        }
        for article in prefetch(wanted, _links(), Comment.select().order_by(Comment.id))
    ]


def _related(tag: str, country: str) -> Answer:
    tagged = ArticleTag.select(ArticleTag.article).join(Tag).where(Tag.label == tag)
    authors = Author.select(Author.id).where(Author.country == country)
    flagged = Comment.select(Comment.id).where((Comment.article == Article.id) & (Comment.flagged == True))  # noqa: E712  # == makes SQL here
    wanted = Article.id.in_(tagged) & Article.author.in_(authors) & ~fn.EXISTS(flagged)
    return list(Article.select(Article.id, Article.title).where(wanted).order_by(Article.id).dicts())


def _deep(kind: str) -> Any:
    reacted = Reaction.select(Article.author).join(Comment).join(Article).where(Reaction.kind == kind)
    return Author.select(Author.id, Author.name).where(Author.id.in_(reacted)).order_by(Author.id)


def _groups() -> Answer:
    year = fn.strftime("%Y", Article.published).cast("INTEGER")
    columns = (year.alias("year"), Author.country, fn.COUNT("*").alias("number"), fn.AVG(Article.views).alias("mean"))
    groups = Article.select(*columns).join(Author, JOIN.LEFT_OUTER).group_by(year, Author.country)
    return [
        {"published_year": year, "author": {"country": country}, "count": number, "avg": {"views": mean}}
        for year, country, number, mean in groups.order_by(year, Author.country).tuples()
    ]


def _listed() -> Any:
    return (
        Article.select(Article.id, Article.title, Article.published).order_by(Article.published, Article.id).limit(50)
    )


def _cursor(published: str, key: int) -> Answer:
    return list(_listed().where(Tuple(Article.published, Article.id) > Tuple(published, key)).dicts())


def _flat(limit: int) -> Answer:
    return list(Article.select().order_by(Article.id).limit(limit).dicts())
