"""A file with broken definitions opens; what is broken is listed, left out of traversal, and said when it is named."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from relgraph import RelationRegistry
from relgraph.errors import NotARelation
from relgraph.rules import RULES, violations
from tests.registry.shop import DATA

COLUMNS = "many_collection, many_field, one_collection, one_field, one_collection_field, one_allowed_collections"


def broken(tmp_path: Path, *rows: tuple[str | None, ...], sql: str = "") -> RelationRegistry:
    """Open a project into which another program wrote rows of relations."""
    path = tmp_path / "broken.db"
    shutil.copy(DATA / "project.db", path)
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE extra (id integer PRIMARY KEY, key integer, text varchar(255), item varchar(255), "
        "kind varchar(255), two integer, made integer AS (two + 1)); INSERT INTO extra (id, key) VALUES (1, 1);"
        "CREATE TABLE pair (x integer, y integer, PRIMARY KEY (x, y)); CREATE VIEW seen AS SELECT * FROM extra;" + sql
    )
    for row in rows:
        given = (*row, *[None] * (6 - len(row)))
        connection.execute(f"INSERT INTO directus_relations ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", given)
    connection.commit()
    connection.close()
    return RelationRegistry(path)


# the row of a relation, the rule it breaks, a path that would go over it, and why that cannot be travelled
LEFT_OUT = (
    (("extra", "key", "nowhere"), "one-collection", "extra", "key.id", "there is no collection 'nowhere'"),
    (("extra", "key", "seen"), "one-collection", "extra", "key.id", "the key of seen is not one column"),
    (("extra", "key", "pair"), "one-key", "extra", "key.x", "the key of pair is not one column"),
    (("extra", "text", "articles"), "one-key", "extra", "text.id", "extra.text holds TEXT, but articles.id holds"),
    (("extra", "key", "articles", "title"), "one-field", "extra", "key.id", "'title' is a column of articles"),
    (("extra", "key", "articles", "a.b"), "one-field", "extra", "key.id", "cannot stand in a path"),
    (("extra", "key", "articles", "comments"), "one-field-free", "articles", "comments.id", "several relations"),
    (("extra", "item", None, None, "kind"), "one-allowed-collections", "extra", "item:headings.id", "no collections"),
    (("extra", "item", None, None, None, "tags"), "one-collection-field", "extra", "item:tags.slug", "m2o or m2a"),
    (("extra", "item", None, None, "x", "tags"), "one-collection-field", "extra", "item:tags.slug", "no field"),
    (("extra", "item", None, None, "kind", "ghosts"), "one-allowed-collections", "extra", "item:ghosts.id", "'ghosts'"),
    (("extra", "item"), "kind", "extra", "item.id", "must be m2o or m2a"),
    (("extra", "key", "articles", None, "kind"), "kind", "extra", "key.id", "not both"),
    (("seen", "key", "articles"), "many-collection", "seen", "key.id", "seen is a view"),
    (("extra", "lost", "articles"), "many-field", "extra", "lost.id", "has no field 'lost'"),
    (("articles", "author", "tags"), "one-per-field", "articles", "tags_by.id", ""),
)


@pytest.mark.parametrize(("row", "slug", "collection", "path", "why"), LEFT_OUT)
def test_a_broken_relation_is_left_out_and_named(
    tmp_path: Path, row: tuple[str | None, ...], slug: str, collection: str, path: str, why: str
) -> None:
    """The file opens, the rule is listed, the items can be read, and a path over the relation says what is wrong."""
    with broken(tmp_path, row) as registry:
        found = {(each.rule, each.relation) for each in violations(registry.schema)}
        assert (slug, f"{row[0]}.{row[1]}") in found
        assert found <= {(each.rule, each.relation) for each in registry.audit()}
        assert registry.items(collection).read(limit=1).data
        if why:
            with pytest.raises(NotARelation) as caught:
                registry.items(collection).read(fields=[path])
            assert why in str(caught.value)


# what breaks a rule, but can be travelled all the same
TRAVELLED = (
    (("extra", "made", "articles"), "many-field", "made.id"),
    (("extra", "key", "articles", None, None, "tags"), "kind", "key.id"),
    (("extra", "item", None, None, "two", "tags"), "one-collection-field", "item:tags.slug"),
    (("extra", "two", None, None, "kind", "tags,headings"), "any-keys", "two:tags.slug"),
    (("extra", "id", "articles"), "many-field-key", "id.title"),
)


@pytest.mark.parametrize(("row", "slug", "path"), TRAVELLED)
def test_what_needs_not_stop_a_read_does_not(tmp_path: Path, row: tuple[str | None, ...], slug: str, path: str) -> None:
    """The rule is listed, and the path can be read."""
    with broken(tmp_path, row) as registry:
        assert slug in {each.rule for each in violations(registry.schema) if each.relation == f"{row[0]}.{row[1]}"}
        assert len(registry.items("extra").read(fields=[path])) == 1


def test_parts_beside_the_key_are_listed_too(tmp_path: Path) -> None:
    """Orders, actions, halves of junctions and keys that do not fit are errors of the relation they stand in."""
    changes = """
        UPDATE directus_relations SET sort_field = 'title', one_deselect_action = 'x' WHERE id = 1;
        UPDATE directus_relations SET junction_field = 'weight' WHERE id = 8;
        UPDATE directus_relations SET one_collection = 'tags' WHERE id = 2;
    """
    with broken(tmp_path, sql=changes) as registry:
        found = {(each.rule, each.relation) for each in violations(registry.schema)}
        assert found >= {
            ("sort-field", "articles.author"),
            ("deselect-action", "articles.author"),
            ("junction-field", "articles_tags.articles_id"),
            ("junction-field", "articles_tags.tags_slug"),
            ("one-per-field", "articles.editor"),
            ("key-agrees", "articles.editor"),
        }
        assert registry.items("articles").read(fields=["author.name", "editor.name", "tags.id"], limit=1).data


def test_a_left_over_alias_says_so(tmp_path: Path) -> None:
    """An alias field that no relation leads over is a warning; naming it says why it leads nowhere."""
    row = "INSERT INTO directus_fields (collection, field, special) VALUES ('authors', 'lonely', 'o2m')"
    with broken(tmp_path, sql=row) as registry:
        (found,) = (each for each in violations(registry.schema) if each.rule == "alias-leads")
        assert (found.relation, found.field, RULES[found.rule].severity) == ("authors.lonely", "field", "warning")
        assert ("alias-leads", "authors") in {(each.rule, each.collection) for each in registry.audit()}
        assert registry.items("authors").read(limit=1).data
        with pytest.raises(NotARelation, match="no relation leads over this alias field"):
            registry.items("authors").read(fields=["lonely.id"])


def test_an_alias_without_a_field_is_warned_of(tmp_path: Path) -> None:
    """A one_field without its row in directus_fields can be read here, but not by Directus."""
    with broken(
        tmp_path, sql="DELETE FROM directus_fields WHERE field = 'articles' AND collection = 'authors'"
    ) as registry:
        found = [(each.rule, each.relation) for each in violations(registry.schema)]
        assert ("one-field-noted", "articles.author") in found
        assert registry.items("authors").read(fields=["articles.title"], limit=1).data


def test_the_recorded_projects_break_no_rule() -> None:
    """But for one warning: a relation that nullifies what is NOT NULL."""
    for name in ("project.db", "dataset.db"):
        with RelationRegistry(DATA / name, read_only=True) as registry:
            found = [(each.rule, each.relation) for each in violations(registry.schema)]
            assert found == ([("deselect-nullify", "c_notnull.parent")] if name == "project.db" else [])
