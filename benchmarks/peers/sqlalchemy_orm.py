"""SQLAlchemy ORM: mapped classes, relationships loaded by `joinedload` and `selectinload`, a new session each time."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Integer, cast, func, select, tuple_
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from benchmarks.peers import Forms
from benchmarks.peers.sqlalchemy_models import (
    Article,
    Author,
    Comment,
    Heading,
    Image,
    Page,
    Paragraph,
    Reaction,
    Tag,
    open_engine,
)

Answer = list[dict[str, Any]]

_TARGETS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "headings": (Heading, ("id", "text", "level")),
    "paragraphs": (Paragraph, ("id", "text")),
    "images": (Image, ("id", "file", "width")),
}


def forms(path: Path) -> Forms:
    """Give the forms that the ORM answers."""
    engine = open_engine(path)

    def within(form: Any) -> Any:
        def run(**arguments: Any) -> Answer:
            with Session(engine) as session:
                answer: Answer = form(session, **arguments)
                return answer

        return run

    return {name: within(form) for name, form in _FORMS.items()}


def _article(article: Article) -> dict[str, Any]:
    writer = article.writer
    return {
        "id": article.id,
        "title": article.title,
        "views": article.views,
        "author": None if writer is None else {"id": writer.id, "name": writer.name},
        "tags": [{"tag": {"id": tag.id, "label": tag.label}} for tag in article.tags],
    }


def _comment(comment: Comment) -> dict[str, Any]:
    return {"id": comment.id, "text": comment.text, "likes": comment.likes}


def _point(session: Session, key: int) -> Answer:
    loading = (joinedload(Article.writer), selectinload(Article.tags))
    return [_article(session.scalars(select(Article).where(Article.id == key).options(*loading)).one())]


def _page(session: Session, status: str) -> Answer:
    loading = (joinedload(Article.writer), selectinload(Article.tags))
    text = select(Article).where(Article.status == status).options(*loading)
    articles = session.scalars(text.order_by(Article.published.desc(), Article.id).limit(50)).all()
    place = func.row_number().over(partition_by=Comment.article, order_by=Comment.id.desc()).label("place")
    ranked = select(Comment, place).where(Comment.article.in_([article.id for article in articles])).subquery()
    last = aliased(Comment, ranked)
    comments: dict[int, Answer] = defaultdict(list)
    for comment in session.scalars(select(last).where(ranked.c.place <= 3).order_by(last.article, last.id.desc())):
        comments[comment.article].append(_comment(comment))
    return [
        {**_article(article), "published": article.published, "comments": comments[article.id]} for article in articles
    ]


def _nested(session: Session, limit: int) -> Answer:
    loading = (joinedload(Article.writer), selectinload(Article.tags), selectinload(Article.comments))
    articles = session.scalars(select(Article).options(*loading).order_by(Article.id).limit(limit))
    return [
        {**_article(article), "comments": [_comment(comment) for comment in article.comments]} for article in articles
    ]


def _related(session: Session, tag: str, country: str) -> Answer:
    text = (
        select(Article)
        .where(Article.tags.any(Tag.label == tag))
        .where(Article.writer.has(Author.country == country))
        .where(~Article.comments.any(Comment.flagged))
        .order_by(Article.id)
    )
    return [{"id": article.id, "title": article.title} for article in session.scalars(text)]


def _deep(session: Session, kind: str, limit: int | None = None) -> Answer:
    reacted = Comment.reactions.any(Reaction.kind == kind)
    text = select(Author).where(Author.articles.any(Article.comments.any(reacted))).order_by(Author.id).limit(limit)
    return [{"id": author.id, "name": author.name} for author in session.scalars(text)]


def _deep_page(session: Session, kind: str) -> Answer:
    return _deep(session, kind, 10)


def _groups(session: Session) -> Answer:
    year = cast(func.strftime("%Y", Article.published), Integer)
    text = select(year, Author.country, func.count(), func.avg(Article.views)).outerjoin(Article.writer)
    return [
        {"published_year": year, "author": {"country": country}, "count": count, "avg": {"views": mean}}
        for year, country, count, mean in session.execute(
            text.group_by(year, Author.country).order_by(year, Author.country)
        )
    ]


def _pages(session: Session, limit: int) -> Answer:
    pages = session.scalars(select(Page).options(selectinload(Page.sections)).order_by(Page.id).limit(limit)).all()
    wanted: dict[str, list[int]] = {name: [] for name in _TARGETS}
    for page in pages:
        for section in page.sections:
            wanted[section.collection].append(int(section.item))
    found = {}
    for name, (target, fields) in _TARGETS.items():
        items = session.scalars(select(target).where(target.id.in_(wanted[name])))
        found[name] = {str(item.id): {field: getattr(item, field) for field in fields} for item in items}
    return [
        {
            "id": page.id,
            "title": page.title,
            "sections": [
                {
                    "id": section.id,
                    "collection": section.collection,
                    "item": found[section.collection].get(section.item),
                }
                for section in page.sections
            ],
        }
        for page in pages
    ]


def _offset(session: Session, offset: int) -> Answer:
    text = select(Article).order_by(Article.published, Article.id).limit(50).offset(offset)
    return [_listed(article) for article in session.scalars(text)]


def _cursor(session: Session, published: str, key: int) -> Answer:
    behind = tuple_(Article.published, Article.id) > (date.fromisoformat(published), key)
    text = select(Article).where(behind).order_by(Article.published, Article.id).limit(50)
    return [_listed(article) for article in session.scalars(text)]


def _listed(article: Article) -> dict[str, Any]:
    return {"id": article.id, "title": article.title, "published": article.published}


def _flat(session: Session, limit: int) -> Answer:
    fields = ("id", "title", "status", "published", "views", "rating", "author", "category")
    articles = session.scalars(select(Article).order_by(Article.id).limit(limit))
    return [{field: getattr(article, field) for field in fields} for article in articles]


_FORMS: dict[str, Any] = {
    "point": _point,
    "page": _page,
    "nested": _nested,
    "related common": _related,
    "related rare": _related,
    "deep rare": _deep,
    "deep common": _deep,
    "deep rare page": _deep_page,
    "deep common page": _deep_page,
    "groups": _groups,
    "pages": _pages,
    "offset": _offset,
    "cursor": _cursor,
    "flat": _flat,
}
