"""The tables; imported once Django is set up."""

from __future__ import annotations

from django.db import models


class Author(models.Model):
    name = models.TextField()
    country = models.TextField()

    class Meta:
        managed, db_table = False, "authors"


class Tag(models.Model):
    label = models.TextField(unique=True)

    class Meta:
        managed, db_table = False, "tags"


class Article(models.Model):
    title = models.TextField()
    status = models.TextField()
    published = models.DateField()
    views = models.IntegerField()
    rating = models.FloatField()
    author = models.ForeignKey(Author, models.CASCADE, null=True, related_name="articles", db_column="author")
    category = models.IntegerField(null=True)

    class Meta:
        managed, db_table = False, "articles"


class ArticleTag(models.Model):
    article = models.ForeignKey(Article, models.CASCADE, related_name="links", db_column="article")
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="links", db_column="tag")

    class Meta:
        managed, db_table = False, "articles_tags"


class Comment(models.Model):
    article = models.ForeignKey(Article, models.CASCADE, related_name="comments", db_column="article")
    text = models.TextField()
    likes = models.IntegerField()
    flagged = models.BooleanField()

    class Meta:
        managed, db_table = False, "comments"


class Reaction(models.Model):
    comment = models.ForeignKey(Comment, models.CASCADE, related_name="reactions", db_column="comment")
    kind = models.TextField()

    class Meta:
        managed, db_table = False, "reactions"


class Page(models.Model):
    title = models.TextField()

    class Meta:
        managed, db_table = False, "pages"


class Section(models.Model):
    page = models.ForeignKey(Page, models.CASCADE, related_name="sections", db_column="page")
    collection = models.TextField()
    item = models.TextField()

    class Meta:
        managed, db_table = False, "sections"


class Heading(models.Model):
    text = models.TextField()
    level = models.IntegerField()

    class Meta:
        managed, db_table = False, "headings"


class Paragraph(models.Model):
    text = models.TextField()

    class Meta:
        managed, db_table = False, "paragraphs"


class Image(models.Model):
    file = models.TextField()
    width = models.IntegerField()

    class Meta:
        managed, db_table = False, "images"
