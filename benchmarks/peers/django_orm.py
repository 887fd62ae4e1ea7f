"""Django: models, `select_related`, `prefetch_related` and `values`, as its documentation shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.db.models import Avg, Count, Exists, F, OuterRef, Prefetch, Q, Window
from django.db.models.functions import ExtractYear, RowNumber

from benchmarks.peers import PRAGMAS, Forms

Answer = list[dict[str, Any]]


def forms(path: Path) -> Forms:
    """Set Django up for this file, and give the forms it answers."""
    from django.db import connections

    pragmas = "".join(f"PRAGMA {name} = {value};" for name, value in PRAGMAS.items())
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": {"init_command": pragmas}}
    if settings.configured:
        connections["default"].close()
        connections["default"].settings_dict["NAME"] = str(path)
    else:
        apps = ["benchmarks.peers.django_app"]
        settings.configure(DATABASES={"default": database}, INSTALLED_APPS=apps, USE_TZ=False)
        django.setup()
    from benchmarks.peers.django_app import models

    return {name: _bound(form, models) for name, form in _FORMS.items()}


def _bound(form: Any, models: Any) -> Any:
    return lambda **arguments: form(models, **arguments)


def _article(article: Any) -> dict[str, Any]:
    writer = article.author
    return {
        "id": article.id,
        "title": article.title,
        "views": article.views,
        "author": None if writer is None else {"id": writer.id, "name": writer.name},
        "tags": [{"tag": {"id": link.tag.id, "label": link.tag.label}} for link in article.links.all()],
    }


def _comment(comment: Any) -> dict[str, Any]:
    return {"id": comment.id, "text": comment.text, "likes": comment.likes}


def _with_tags(models: Any) -> Any:
    links = models.ArticleTag.objects.select_related("tag").order_by("id")
    return models.Article.objects.select_related("author").prefetch_related(Prefetch("links", links))


def _point(models: Any, key: int) -> Answer:
    return [_article(_with_tags(models).get(id=key))]


def _page(models: Any, status: str) -> Answer:
    place = Window(RowNumber(), partition_by=F("article_id"), order_by=F("id").desc())
    last = models.Comment.objects.annotate(place=place).filter(place__lte=3).order_by("-id")
    articles = _with_tags(models).filter(status=status).prefetch_related(Prefetch("comments", last))
    return [
        {
            **_article(article),
            "published": article.published,
            "comments": [_comment(comment) for comment in article.comments.all()],
        }
        for article in articles.order_by("-published", "id")[:50]
    ]


def _nested(models: Any, limit: int) -> Answer:
    comments = Prefetch("comments", models.Comment.objects.order_by("id"))
    return [
        {**_article(article), "comments": [_comment(comment) for comment in article.comments.all()]}
        for article in _with_tags(models).prefetch_related(comments).order_by("id")[:limit]
    ]


def _related(models: Any, tag: str, country: str) -> Answer:
    flagged = models.Comment.objects.filter(article=OuterRef("pk"), flagged=True)
    tagged = models.ArticleTag.objects.filter(article=OuterRef("pk"), tag__label=tag)
    articles = models.Article.objects.filter(Exists(tagged), ~Exists(flagged), author__country=country)
    return list(articles.order_by("id").values("id", "title"))


def _deep(models: Any, kind: str) -> Any:
    authors = models.Author.objects.filter(Q(articles__comments__reactions__kind=kind))
    return authors.distinct().order_by("id").values("id", "name")


def _groups(models: Any) -> Answer:
    articles = models.Article.objects.annotate(year=ExtractYear("published"))
    groups = articles.values("year", "author__country").annotate(number=Count("*"), mean=Avg("views"))
    return [
        {
            "published_year": group["year"],
            "author": {"country": group["author__country"]},
            "count": group["number"],
            "avg": {"views": group["mean"]},
        }
        for group in groups.order_by("year", "author__country")
    ]


def _pages(models: Any, limit: int) -> Answer:
    sections = Prefetch("sections", models.Section.objects.order_by("id"))
    pages = list(models.Page.objects.prefetch_related(sections).order_by("id")[:limit])
    wanted: dict[str, list[str]] = {"headings": [], "paragraphs": [], "images": []}
    for page in pages:
        for section in page.sections.all():
            wanted[section.collection].append(section.item)
    rows = {
        "headings": models.Heading.objects.filter(id__in=wanted["headings"]).values("id", "text", "level"),
        "paragraphs": models.Paragraph.objects.filter(id__in=wanted["paragraphs"]).values("id", "text"),
        "images": models.Image.objects.filter(id__in=wanted["images"]).values("id", "file", "width"),
    }
    found = {name: {str(item["id"]): item for item in items} for name, items in rows.items()}
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
                for section in page.sections.all()
            ],
        }
        for page in pages
    ]


def _offset(models: Any, offset: int) -> Answer:
    articles = models.Article.objects.order_by("published", "id")[offset : offset + 50]
    return list(articles.values("id", "title", "published"))


def _cursor(models: Any, published: str, key: int) -> Answer:
    behind = Q(published__gte=published) & (Q(published__gt=published) | Q(id__gt=key))
    return list(
        models.Article.objects.filter(behind).order_by("published", "id").values("id", "title", "published")[:50]
    )


def _flat(models: Any, limit: int) -> Answer:
    fields = ("id", "title", "status", "published", "views", "rating", "category")
    rows = models.Article.objects.order_by("id").values(*fields, "author")[:limit]
    return list(rows)


_FORMS: dict[str, Any] = {
    "point": _point,
    "page": _page,
    "nested": _nested,
    "related common": _related,
    "related rare": _related,
    "deep rare": lambda models, kind: list(_deep(models, kind)),
    "deep common": lambda models, kind: list(_deep(models, kind)),
    "deep rare page": lambda models, kind: list(_deep(models, kind)[:10]),
    "deep common page": lambda models, kind: list(_deep(models, kind)[:10]),
    "groups": _groups,
    "pages": _pages,
    "offset": _offset,
    "cursor": _cursor,
    "flat": _flat,
}
