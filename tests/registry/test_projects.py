"""In a Directus project relations live in its own tables, and alias fields follow them."""

from __future__ import annotations

from relgraph import RelationRegistry
from relgraph.relation import KeyActions
from tests.registry.shop import AUTHOR, keys_of


def aliases(registry: RelationRegistry, collection: str) -> dict[str, str]:
    """Give the alias fields that the project has for a collection, with their kinds."""
    rows = registry.connection.execute(
        "SELECT field, special FROM directus_fields WHERE collection = ? AND special IN ('o2m', 'm2m', 'm2a')",
        (collection,),
    )
    return dict(rows.fetchall())


def test_a_project_keeps_its_relations_in_its_own_tables(project: RelationRegistry) -> None:
    """A relation is a row of directus_relations, its alias a field of the project that moves and goes with it."""
    project.connection.execute("ALTER TABLE comments ADD COLUMN quotes integer")
    made = project.create({**AUTHOR, "many_collection": "comments", "many_field": "quotes", "one_field": "quoted"})
    row = project.connection.execute("SELECT many_field, one_field FROM directus_relations WHERE id = ?", (made.id,))
    assert row.fetchone() == ("quotes", "quoted")
    assert aliases(project, "authors")["quoted"] == "o2m"
    assert "quoted" in project.items("authors").read(limit=1)[0]
    project.connection.execute("UPDATE directus_fields SET note = 'mine' WHERE field = 'quoted'")
    project.update(made.id or 0, {"one_field": "cited", "related_collection": "articles"})
    assert "quoted" not in aliases(project, "authors")
    note = project.connection.execute(
        "SELECT note FROM directus_fields WHERE collection = 'articles' AND field = 'cited'"
    )
    assert note.fetchall() == [("mine",)]
    project.delete(made.id or 0)
    assert "cited" not in aliases(project, "articles")
    assert "relgraph_relations" not in project.schema.collections


def test_a_project_knows_what_an_alias_leads_over(project: RelationRegistry) -> None:
    """Through the other half of a junction an alias is m2m or m2a, and becomes the other when that half changes."""
    project.connection.execute(
        "CREATE TABLE links (id INTEGER PRIMARY KEY, page char(36), item varchar(255), kind varchar(255))"
    )
    half = {"many_collection": "links", "many_field": "page", "one_collection": "pages", "one_field": "links"}
    other = {"many_collection": "links", "many_field": "item", "junction_field": "page"}
    to_any = {"one_collection_field": "kind", "one_allowed_collections": ["headings", "paragraphs"]}
    made = project.create([{**half, "junction_field": "item"}, {**other, **to_any}])
    assert aliases(project, "pages")["links"] == "m2a"
    project.update(
        made[1].id or 0, {"one_collection": "paragraphs", "one_collection_field": None, "one_allowed_collections": None}
    )
    assert aliases(project, "pages")["links"] == "m2m"
    with project.batch():
        project.update(made[0].id or 0, {"junction_field": None})
        project.delete(made[1].id or 0)
    assert aliases(project, "pages")["links"] == "o2m"


def test_a_left_over_alias_is_used_again(project: RelationRegistry) -> None:
    """An alias field that an earlier relation left behind is not made twice; two relations may swap theirs."""
    project.connection.execute("ALTER TABLE comments ADD COLUMN quotes integer")
    project.connection.execute("ALTER TABLE comments ADD COLUMN answers integer")
    project.connection.execute(
        "INSERT INTO directus_fields (collection, field, special) VALUES ('authors', 'q', 'o2m')"
    )
    base = {"many_collection": "comments", "one_collection": "authors"}
    first, second = project.create(
        [{**base, "many_field": "quotes", "one_field": "q"}, {**base, "many_field": "answers", "one_field": "a"}]
    )
    fields = "SELECT field FROM directus_fields WHERE collection = 'authors' AND field IN ('q', 'a') ORDER BY field"
    assert project.connection.execute(fields).fetchall() == [("a",), ("q",)]
    with project.batch():
        project.update(first.id or 0, {"one_field": "a"})
        project.update(second.id or 0, {"one_field": "q"})
    assert project.connection.execute(fields).fetchall() == [("a",), ("q",)]


def test_a_project_adopts_only_what_is_its_own(project: RelationRegistry) -> None:
    """Keys between Directus's own tables stay unstored; a key of a user's table without a row is adopted."""
    project.connection.execute("CREATE TABLE extra (id INTEGER PRIMARY KEY, page char(36) REFERENCES pages)")
    assert [relation.name for relation in project.adopt()] == ["extra.page"]
    assert any(relation.id is None for relation in project)


def test_a_keyless_relation_of_a_project_stays_keyless(project: RelationRegistry) -> None:
    """A row without a foreign key can be changed in other things; naming an action makes the key."""
    project.connection.execute("ALTER TABLE comments ADD COLUMN quotes integer")
    project.connection.execute(
        "INSERT INTO directus_relations (id, many_collection, many_field, one_collection) "
        "VALUES (500, 'comments', 'quotes', 'authors')"
    )
    assert project.update(500, {"one_field": "quoted"}).foreign_key is None
    assert project.update(500, {"on_delete": "SET NULL"}).foreign_key == KeyActions("id", "SET NULL")
    assert ("quotes", "authors", "SET NULL", "NO ACTION") in keys_of(project, "comments")


def test_a_broken_project_can_be_mended(project: RelationRegistry) -> None:
    """What was wrong before is not held against a change of something else, and can be put right."""
    project.connection.execute(
        "UPDATE directus_relations SET sort_field = 'nowhere', one_deselect_action = 'x' WHERE id = 1"
    )
    assert project.update(1, {"one_field": "written"}).one_field == "written"
    assert project.update(1, {"sort_field": None}).one_deselect_action == "x"
    assert project.update(1, {"one_deselect_action": "delete"}).sort_field is None
