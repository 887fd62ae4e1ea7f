"""The tables as SQLAlchemy classes, for its Core and its ORM."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, ForeignKey, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from benchmarks.peers import PRAGMAS


class Base(DeclarativeBase):
    """All tables."""


class Author(Base):
    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    country: Mapped[str]
    articles: Mapped[list[Article]] = relationship(back_populates="writer")


class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str]


class Article(Base):
    __tablename__ = "articles"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    status: Mapped[str]
    published: Mapped[date]
    views: Mapped[int]
    rating: Mapped[float]
    author: Mapped[int | None] = mapped_column(ForeignKey("authors.id"))
    category: Mapped[int | None]
    writer: Mapped[Author | None] = relationship(back_populates="articles")
    tags: Mapped[list[Tag]] = relationship(secondary="articles_tags", order_by="ArticleTag.id", viewonly=True)
    comments: Mapped[list[Comment]] = relationship(back_populates="subject", order_by="Comment.id")


class ArticleTag(Base):
    __tablename__ = "articles_tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    article: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    tag: Mapped[int] = mapped_column(ForeignKey("tags.id"))


class Comment(Base):
    __tablename__ = "comments"
    id: Mapped[int] = mapped_column(primary_key=True)
    article: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    text: Mapped[str]
    likes: Mapped[int]
    flagged: Mapped[bool]
    subject: Mapped[Article] = relationship(back_populates="comments")
    reactions: Mapped[list[Reaction]] = relationship()


class Reaction(Base):
    __tablename__ = "reactions"
    id: Mapped[int] = mapped_column(primary_key=True)
    comment: Mapped[int] = mapped_column(ForeignKey("comments.id"))
    kind: Mapped[str]


class Page(Base):
    __tablename__ = "pages"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    sections: Mapped[list[Section]] = relationship(order_by="Section.id")


class Section(Base):
    __tablename__ = "sections"
    id: Mapped[int] = mapped_column(primary_key=True)
    page: Mapped[int] = mapped_column(ForeignKey("pages.id"))
    collection: Mapped[str]
    item: Mapped[str]


class Heading(Base):
    __tablename__ = "headings"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    level: Mapped[int]


class Paragraph(Base):
    __tablename__ = "paragraphs"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


class Image(Base):
    __tablename__ = "images"
    id: Mapped[int] = mapped_column(primary_key=True)
    file: Mapped[str]
    width: Mapped[int]


def open_engine(path: Path) -> Engine:
    """Open the database with the pragmas that every side has."""
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        for name, value in PRAGMAS.items():
            connection.execute(f"PRAGMA {name} = {value}")

    return engine
