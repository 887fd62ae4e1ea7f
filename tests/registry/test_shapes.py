"""The usual shapes of relations are made in one call, with the columns, junctions and indexes they need."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from relgraph import Relation, RelationRegistry
from relgraph.errors import CannotChangeTable, InconsistentDefinition, InvalidPayload, RelgraphError, RuleViolation
from relgraph.relation import KeyActions
from relgraph.rules import violations
from tests.faults import is_denied
from tests.registry.shop import keys_of
from tests.whole_database import contents

ONES = """
CREATE TABLE articles (id INTEGER PRIMARY KEY, title VARCHAR(80), body TEXT, tag TEXT);
CREATE TABLE tags (slug TEXT COLLATE NOCASE PRIMARY KEY, label TEXT);
CREATE TABLE pairs (x INTEGER, y INTEGER, PRIMARY KEY (x, y)) WITHOUT ROWID;
CREATE TABLE bare (x INTEGER);
CREATE TABLE untyped (k PRIMARY KEY);
CREATE TABLE strict_one (id INTEGER PRIMARY KEY, n INTEGER) STRICT;
CREATE VIEW seen AS SELECT * FROM articles;
INSERT INTO articles (id, title) VALUES (1, 'One'), (2, 'Two'), (9007199254740993, 'Big');
INSERT INTO tags (slug) VALUES ('red'), ('blue');
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A file of one sides, without any relation."""
    connection = sqlite3.connect(tmp_path / "ones.db")
    connection.executescript(ONES)
    connection.close()
    return str(tmp_path / "ones.db")


@pytest.fixture
def registry(path: str) -> Iterator[RelationRegistry]:
    with RelationRegistry(path) as opened:
        yield opened


def indexes(registry: RelationRegistry, table: str) -> set[tuple[bool, tuple[str, ...]]]:
    """Give the indexes that were made on a table: whether unique, and over which columns."""
    rows = registry.connection.execute(
        "SELECT l.name, l.[unique], i.name FROM pragma_index_list(?) l JOIN pragma_index_info(l.name) i "
        "WHERE l.origin = 'c' ORDER BY l.name, i.seqno",
        (table,),
    ).fetchall()
    names = {(name, bool(unique)) for name, unique, _ in rows}
    return {(unique, tuple(column for at, _, column in rows if at == name)) for name, unique in names}


def types(registry: RelationRegistry, table: str) -> dict[str, str]:
    """Give the declared types of a table's columns, with their collation where it is not the usual one."""
    fields = registry.schema.collections[table].fields.values()
    return {field.name: f"{field.declared_type} {field.collation}".removesuffix(" BINARY").strip() for field in fields}


# --- m2o and tree ----------------------------------------------------------------------------------------------------


def test_m2o_makes_the_column(registry: RelationRegistry) -> None:
    """Of the type and collation of the key pointed at; the way back can be travelled at once."""
    made = registry.m2o("articles.main_tag", "tags", one_field="articles", on_delete="SET NULL")
    assert made == Relation(
        "articles", "main_tag", "tags", "articles", id=1, foreign_key=KeyActions("slug", "SET NULL")
    )
    assert types(registry, "articles")["main_tag"] == "TEXT NOCASE"
    registry.connection.execute("UPDATE articles SET main_tag = 'RED' WHERE id = 1")
    read = registry.items("tags").read(fields=["slug", "articles.title"], filter={"slug": "red"})
    assert read.data == [{"slug": "red", "articles": [{"title": "One"}]}]


def test_m2o_takes_a_column_that_is_there(registry: RelationRegistry, path: str) -> None:
    """It gets the foreign key; what it holds is judged, and no other part of the table changes."""
    registry.connection.execute("UPDATE articles SET tag = 'gone' WHERE id = 1")
    before = contents(path)
    with pytest.raises(RuleViolation, match=r"1 item of articles .* no item of tags: 1"):
        registry.m2o("articles.tag", "tags")
    assert contents(path) == before
    registry.m2o("articles.tag", "tags", existing="nullify")
    assert registry.last_changes == {"articles": 1}
    assert keys_of(registry, "articles") == {("tag", "tags", "NO ACTION", "NO ACTION")}


def test_m2o_can_be_ordered(registry: RelationRegistry) -> None:
    """A sort field is made where it is missing, and one that is there is used."""
    made = registry.m2o("articles.main_tag", "tags", one_field="articles", sort_field="place")
    assert (made.sort_field, types(registry, "articles")["place"]) == ("place", "INTEGER")
    again = registry.m2o("articles.other_tag", "tags", one_field="others", sort_field="place")
    assert again.sort_field == "place"


def test_tree_leads_to_its_own_collection(registry: RelationRegistry) -> None:
    """Parents and children are travelled both ways."""
    made = registry.tree("articles.parent", one_field="children", sort_field="place", on_delete="CASCADE")
    assert (made.name, made.one_collection, made.one_field) == ("articles.parent", "articles", "children")
    registry.connection.execute("UPDATE articles SET parent = 1, place = 5 - id WHERE id > 1")
    read = registry.items("articles").get(1, fields=["children.title"])
    assert read == {"children": [{"title": "Big"}, {"title": "Two"}]}


def test_a_column_without_a_type_is_made_like_its_key(registry: RelationRegistry) -> None:
    """A key without a declared type is held by a column without one."""
    registry.m2o("articles.k", "untyped")
    assert types(registry, "articles")["k"] == ""


# --- m2m -------------------------------------------------------------------------------------------------------------


def test_m2m_makes_the_junction(registry: RelationRegistry) -> None:
    """With fields named after the keys, an order, one link for each pair, and an index for either way."""
    first, second = registry.m2m("articles.tags", "tags.articles", sort_field="sort")
    assert (first.name, first.one_field, first.junction_field) == ("articles_tags.articles_id", "tags", "tags_slug")
    assert (second.name, second.one_field, second.junction_field) == (
        "articles_tags.tags_slug",
        "articles",
        "articles_id",
    )
    assert (first.sort_field, second.sort_field) == ("sort", None)
    assert types(registry, "articles_tags") == {
        "id": "INTEGER",
        "articles_id": "INTEGER",
        "tags_slug": "TEXT NOCASE",
        "sort": "INTEGER",
    }
    assert indexes(registry, "articles_tags") == {(True, ("articles_id", "tags_slug")), (False, ("tags_slug",))}
    registry.connection.execute(
        "INSERT INTO articles_tags (articles_id, tags_slug, sort) VALUES (1,'red',2),(1,'blue',1)"
    )
    read = registry.items("articles").get(1, fields=["tags.tags_slug.slug"])
    assert read == {"tags": [{"tags_slug": {"slug": "blue"}}, {"tags_slug": {"slug": "red"}}]}
    with pytest.raises(sqlite3.IntegrityError):
        registry.connection.execute("INSERT INTO articles_tags (articles_id, tags_slug) VALUES (1, 'RED')")
    registry.connection.execute("DELETE FROM articles WHERE id = 1")
    assert registry.items("articles_tags").read().data == []


def test_m2m_of_a_collection_with_itself(registry: RelationRegistry) -> None:
    """The other half is called related_..., as two fields cannot have one name."""
    halves = registry.m2m("articles.related", "articles", junction="related")
    assert [half.name for half in halves] == ["related.articles_id", "related.related_articles_id"]
    assert [half.one_field for half in halves] == ["related", None]
    registry.connection.execute("INSERT INTO related (articles_id, related_articles_id) VALUES (1, 2)")
    read = registry.items("articles").get(1, fields=["related.related_articles_id.title"])
    assert read == {"related": [{"related_articles_id": {"title": "Two"}}]}


def test_m2m_takes_a_junction_that_is_there(registry: RelationRegistry) -> None:
    """What is missing of it is added, what is there stays: rows, columns, a key of both fields as the unique index."""
    registry.connection.executescript(
        "CREATE TABLE links (articles_id INTEGER REFERENCES articles ON DELETE CASCADE, tags_slug TEXT, note TEXT, "
        "PRIMARY KEY (tags_slug, articles_id)) WITHOUT ROWID; INSERT INTO links VALUES (1, 'red', 'kept');"
    )
    first, second = registry.m2m("articles.tags", "tags.articles", junction="links", sort_field="sort")
    assert (first.id, second.id) == (1, 2)
    assert registry.items("links").read().data == [{"articles_id": 1, "tags_slug": "red", "note": "kept", "sort": None}]
    assert indexes(registry, "links") == set()
    assert keys_of(registry, "links") == {
        ("articles_id", "articles", "CASCADE", "NO ACTION"),
        ("tags_slug", "tags", "CASCADE", "NO ACTION"),
    }


def test_a_key_that_is_declared_keeps_its_action(registry: RelationRegistry) -> None:
    """What a junction that is there says of deletions is not changed, unless it is asked for."""
    registry.connection.execute(
        "CREATE TABLE links (articles_id INTEGER REFERENCES articles ON DELETE RESTRICT, tags_slug TEXT)"
    )
    first, second = registry.m2m("articles.tags", "tags", junction="links")
    assert (first.foreign_key, second.foreign_key) == (KeyActions("id", "RESTRICT"), KeyActions("slug", "CASCADE"))
    first, second = registry.m2m("articles.others", "tags", on_delete="SET NULL", junction="others")
    assert (first.foreign_key, second.foreign_key) == (KeyActions("id", "SET NULL"), KeyActions("slug", "SET NULL"))


def test_m2m_over_repeated_links(registry: RelationRegistry, path: str) -> None:
    """Links made twice refuse the unique index, with their number; reported, they stay, and the index is plain."""
    registry.connection.executescript(
        "CREATE TABLE links (id INTEGER PRIMARY KEY, articles_id INTEGER, tags_slug TEXT);"
        "INSERT INTO links (articles_id, tags_slug) VALUES (1, 'red'), (1, 'red'), (2, 'red'), (1, NULL), (1, NULL)"
    )
    before = contents(path)
    for existing in ("refuse", "nullify"):
        with pytest.raises(
            RuleViolation, match=r"1 item links once more what another one links: \(1, 'red'\)"
        ) as caught:
            registry.m2m("articles.tags", "tags", junction="links", existing=existing)
        assert (caught.value.rule, caught.value.value) == ("data-obeys", 1)
        assert contents(path) == before
    registry.m2m("articles.tags", "tags", junction="links", existing="report")
    assert indexes(registry, "links") == {(False, ("articles_id", "tags_slug")), (False, ("tags_slug",))}
    assert ("duplicate-link", 1) in {(each.rule, each.count) for each in registry.audit()}


# --- m2a and translations --------------------------------------------------------------------------------------------


def test_m2a_makes_the_junction(registry: RelationRegistry) -> None:
    """The key of the item is a text beside the name of its collection; an item is linked once."""
    first, second = registry.m2a("articles.sections", allowed=("tags", "untyped"), sort_field="sort")
    assert (first.name, second.name) == ("articles_sections.articles_id", "articles_sections.item")
    assert (second.one_collection_field, second.one_allowed_collections) == ("collection", ("tags", "untyped"))
    assert list(types(registry, "articles_sections")) == ["id", "articles_id", "collection", "item", "sort"]
    assert indexes(registry, "articles_sections") == {
        (True, ("articles_id", "collection", "item")),
        (False, ("collection", "item")),
    }
    registry.connection.execute(
        "INSERT INTO articles_sections (articles_id, collection, item) VALUES (1, 'tags', 'red')"
    )
    read = registry.items("articles").get(1, fields=["sections.collection", "sections.item:tags.slug"])
    assert read == {"sections": [{"collection": "tags", "item": {"slug": "red"}}]}


def test_m2a_can_name_its_fields(registry: RelationRegistry) -> None:
    """The fields of item and collection, and the junction, may be called otherwise."""
    _, made = registry.m2a(
        "articles.parts", allowed=["tags"], junction="parts", item_field="key", collection_field="kind"
    )
    assert (made.name, made.one_collection_field) == ("parts.key", "kind")


def test_translations_make_languages_too(registry: RelationRegistry, path: str) -> None:
    """Texts are typed as the collection's own, one row for each language; a language in use stays."""
    registry.translations("articles.translations", fields=["title", "summary"])
    assert types(registry, "languages") == {"code": "VARCHAR(255)", "name": "VARCHAR(255)"}
    assert types(registry, "articles_translations") == {
        "id": "INTEGER",
        "articles_id": "INTEGER",
        "languages_code": "VARCHAR(255)",
        "title": "VARCHAR(80)",
        "summary": "VARCHAR(255)",
    }
    registry.connection.executescript(
        "INSERT INTO languages VALUES ('de', 'Deutsch');"
        "INSERT INTO articles_translations (articles_id, languages_code, title) VALUES (1, 'de', 'Eins')"
    )
    assert registry.items("articles").get(1, fields=["translations.title"]) == {"translations": [{"title": "Eins"}]}
    for wrong in (
        "DELETE FROM languages",
        "INSERT INTO articles_translations (articles_id, languages_code) VALUES (1, 'de')",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            registry.connection.execute(wrong)
    registry.connection.execute("DELETE FROM articles")
    assert contents(path)["rows"]["articles_translations"] == []


# --- all shapes ------------------------------------------------------------------------------------------------------

Shape = Callable[[RelationRegistry], object]
SHAPES: dict[str, Shape] = {
    "m2o": lambda registry: registry.m2o("articles.main_tag", "tags", one_field="articles", sort_field="place"),
    "tree": lambda registry: registry.tree("articles.parent", one_field="children"),
    "m2m": lambda registry: registry.m2m("articles.tags", "tags.articles", sort_field="sort"),
    "m2a": lambda registry: registry.m2a("articles.sections", allowed=("tags",), sort_field="sort"),
    "translations": lambda registry: registry.translations("articles.translations", fields=["title"]),
}
each_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


@each_shape
def test_what_a_shape_makes_is_sound(registry: RelationRegistry, path: str, shape: Shape) -> None:
    """No rule is broken, and everything that was there is as it was."""
    before = contents(path)
    shape(registry)
    assert violations(registry.schema) == ()
    assert not registry.audit()
    after = contents(path)
    assert after["rows"]["tags"] == before["rows"]["tags"]
    assert [row[:9] for row in after["rows"]["articles"]] == before["rows"]["articles"]
    assert set(before["definitions"]) <= after["definitions"].keys()


@each_shape
def test_a_shape_made_twice_is_refused(registry: RelationRegistry, path: str, shape: Shape) -> None:
    """The second call says that the field has its relation already, and changes nothing."""
    shape(registry)
    before = Path(path).read_bytes()
    with pytest.raises((RuleViolation, InconsistentDefinition), match="has another relation already"):
        shape(registry)
    assert Path(path).read_bytes() == before


@each_shape
def test_a_batch_holds_shapes_together(registry: RelationRegistry, path: str, shape: Shape) -> None:
    """An error behind them takes columns, junctions and relations back; a shape that fails leaves the others."""
    before = Path(path).read_bytes()

    def interrupted() -> None:
        with registry.batch():
            shape(registry)
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    assert Path(path).read_bytes() == before
    with registry.batch():
        shape(registry)
        with pytest.raises(RelgraphError):
            shape(registry)
        registry.m2o("articles.author", "articles")
    assert registry.find("articles", "author").id is not None
    assert violations(registry.schema) == ()


@each_shape
def test_a_shape_that_fails_leaves_everything_as_it_was(registry: RelationRegistry, path: str, shape: Shape) -> None:
    """Whichever statement SQLite refuses on the way, file and registry are as before, or all is done."""
    raw = registry.connection
    before, nth = contents(path), 13
    while is_denied(raw, nth, lambda: shape(registry)):
        assert (nth, len(registry), raw.in_transaction) == (nth, 0, False)
        if nth % 65 == 0:
            assert (nth, contents(path)) == (nth, before)
        nth += 13
    assert nth > 11 * 13
    assert len(registry) > 0


# --- refusals --------------------------------------------------------------------------------------------------------

REFUSED: tuple[tuple[Shape, type[RelgraphError], str], ...] = (
    (lambda r: r.m2o("articles", "tags"), InvalidPayload, "a collection and a field are needed, not 'articles'"),
    (lambda r: r.m2o("", "tags"), InvalidPayload, "as in 'articles.author'"),
    (lambda r: r.m2o(".author", "tags"), InvalidPayload, "a collection and a field are needed"),
    (lambda r: r.m2o("articles.", "tags"), InvalidPayload, "a collection and a field are needed"),
    (lambda r: r.m2o(7, "tags"), InvalidPayload, "a collection and a field are needed, not 7"),
    (lambda r: r.m2o(("articles", ""), "tags"), InvalidPayload, "a collection and a field are needed"),
    (lambda r: r.m2o("artcles.author", "tags"), RuleViolation, "no collection 'artcles'; did you mean 'articles'"),
    (lambda r: r.m2o("seen.author", "tags"), RuleViolation, "seen is no table"),
    (lambda r: r.m2o("articles.author", "tag"), RuleViolation, "no collection 'tag'; did you mean 'tags'"),
    (lambda r: r.m2o("articles.author", "seen"), RuleViolation, "seen is no table"),
    (
        lambda r: r.m2o("articles.author", "pairs"),
        RuleViolation,
        "the primary key of pairs is not one column, but x, y",
    ),
    (lambda r: r.m2o("articles.author", "bare"), RuleViolation, "give bare a primary key"),
    (lambda r: r.m2o("articles.author", "tags", one_field="label"), RuleViolation, "'label' is a column of tags"),
    (lambda r: r.m2o("articles.author", "tags", on_delete="X"), InvalidPayload, "there is no action 'X'"),
    (lambda r: r.m2o("articles.author", "tags", existing="x"), InvalidPayload, "there is no choice 'x'"),
    (lambda r: r.m2o("articles.author", "tags", on_delete="SET DEFAULT"), RuleViolation, "has no default"),
    (lambda r: r.m2o("articles.author", "tags", one_deselect_action="x"), RuleViolation, "not 'nullify' or 'delete'"),
    (lambda r: r.m2o("articles.author", "tags", sort_field="title"), RuleViolation, "articles.title holds no numbers"),
    (lambda r: r.m2o("articles.TITLE", "tags"), InvalidPayload, "articles has another field 'title'"),
    (lambda r: r.m2o("articles.id", "articles"), RelgraphError, "is the primary key"),
    (lambda r: r.m2o("articles.title", "articles"), RuleViolation, "cannot hold keys of articles"),
    (lambda r: r.tree("pairs.parent"), RuleViolation, "not one column, but x, y"),
    (lambda r: r.m2m("articles.tags", "pairs"), RuleViolation, "not one column, but x, y"),
    (lambda r: r.m2m("articles.tags", ""), InvalidPayload, "back: a collection and a field are needed"),
    (lambda r: r.m2m("articles.tags", "tgas"), RuleViolation, "no collection 'tgas'"),
    (lambda r: r.m2m("articles.tags", "tags", junction="seen"), RuleViolation, "seen is no table"),
    (lambda r: r.m2m("articles.tags", "tags", junction="ARTICLES"), InvalidPayload, "another table 'articles'"),
    (lambda r: r.m2m("articles.tags", "tags", junction="sqlite_x"), InvalidPayload, "sqlite_x"),
    (lambda r: r.m2m("articles.tags", "tags", sort_field="articles_id"), InvalidPayload, "another field 'articles_id'"),
    (lambda r: r.m2m("articles.tags", "tags", sort_field="ID"), InvalidPayload, "another field 'id'"),
    (lambda r: r.m2m("articles.tags", "tags.id.x"), RuleViolation, "cannot stand in a path"),
    (lambda r: r.m2a("articles.parts", allowed=()), RuleViolation, "one_allowed_collections is empty"),
    (lambda r: r.m2a("articles.parts", allowed=("tags", "pairs")), RuleViolation, "key of pairs is not one column"),
    (lambda r: r.m2a("articles.parts", allowed=("tags", "tgas")), RuleViolation, "no collection 'tgas'"),
    (lambda r: r.m2a("articles.parts", allowed=("tags",), item_field="collection"), RelgraphError, "collection"),
    (lambda r: r.m2a("pairs.parts", allowed=("tags",)), RuleViolation, "not one column, but x, y"),
    (lambda r: r.translations("articles.tr", languages="pairs"), RuleViolation, "not one column, but x, y"),
    (lambda r: r.translations("articles.tr", fields="title"), InvalidPayload, r"as in \['title'\]"),
    (lambda r: r.translations("articles.tr", fields=["id"]), InvalidPayload, "another field 'id'"),
    (lambda r: r.m2o("strict_one.k", "untyped"), CannotChangeTable, "strict_one"),
)


@pytest.mark.parametrize(("shape", "error", "said"), REFUSED, ids=[str(at) for at in range(len(REFUSED))])
def test_what_cannot_be_made_is_refused(
    registry: RelationRegistry, path: str, shape: Any, error: type[RelgraphError], said: str
) -> None:
    """With the reason and what would work; no byte of the file changes."""
    before = Path(path).read_bytes()
    with pytest.raises(error, match=said):
        shape(registry)
    assert Path(path).read_bytes() == before
    assert len(registry) == 0


MISFITS = (
    ("articles_id TEXT, tags_slug TEXT", "one-key", "links.articles_id (TEXT) cannot hold keys of articles"),
    ("articles_id INTEGER, tags_slug TEXT AS (note), note TEXT", "many-field", "links.tags_slug is a generated column"),
    ("articles_id INTEGER, tags_slug TEXT, sort TEXT", "sort-field", "links.sort holds no numbers"),
    ("articles_id INTEGER PRIMARY KEY, tags_slug TEXT", "many-field-key", "links.articles_id is the primary key"),
    ("articles_id INTEGER REFERENCES pairs (x), tags_slug TEXT", "one-per-field", "another relation already, to pairs"),
)


@pytest.mark.parametrize(("columns", "rule", "said"), MISFITS)
def test_a_junction_that_does_not_fit_is_refused(
    registry: RelationRegistry, path: str, columns: str, rule: str, said: str
) -> None:
    """One that is there is not bent: what stands against its use is said, and it stays as it is."""
    registry.connection.execute(f"CREATE TABLE links ({columns})")
    before = Path(path).read_bytes()
    with pytest.raises((RuleViolation, InconsistentDefinition)) as caught:
        registry.m2m("articles.tags", "tags.articles", junction="links", sort_field="sort")
    error = caught.value
    found = error.violations if isinstance(error, InconsistentDefinition) else (error,)
    assert rule in {each.rule for each in found}
    assert said in str(error)
    assert Path(path).read_bytes() == before


def test_all_that_is_wrong_is_said_together(registry: RelationRegistry) -> None:
    """Of both halves, before anything is made."""
    with pytest.raises(InconsistentDefinition) as caught:
        registry.m2m("pairs.id", "tags.label", one_deselect_action="x")
    assert {(each.rule, each.where) for each in caught.value.violations} == {
        ("one-key", "pairs_tags.pairs_id"),
        ("deselect-action", "pairs_tags.pairs_id"),
        ("one-field", "pairs_tags.tags_slug"),
        ("deselect-action", "pairs_tags.tags_slug"),
    }


# --- odd names -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ['a"b', "a'b", "[a]", "a b", "a.b", "a`b", "select", "Ünïcode ☃", "%s ? :x", "$a"])
def test_odd_names(tmp_path: Path, name: str) -> None:
    """Collections and fields of any name are joined; a name with dots is found, or given as one of a pair."""
    quoted = '"' + name.replace('"', '""') + '"'
    with RelationRegistry(tmp_path / "odd.db") as registry:
        registry.connection.execute(f"CREATE TABLE {quoted} ({quoted} INTEGER PRIMARY KEY, x TEXT)")
        assert registry.m2o(f"{name}.parent", name).name == f"{name}.parent"
        assert registry.m2o((name, "the other"), name, one_field="others").many_field == "the other"
        first, second = registry.m2m((name, "linked"), (name, "back"), junction=f"{name} links")
        assert (first.many_field, second.many_field) == (f"{name}_{name}", f"related_{name}_{name}")
        registry.m2a((name, "parts"), allowed=[name], junction=f"{name} parts", sort_field=name)
        registry.connection.execute(f"INSERT INTO {quoted} ({quoted}, parent) VALUES (1, NULL), (2, 1)")
        assert registry.items(name).get(2, fields=[f"parent.{name}"]) == {"parent": {name: 1}} or "." in name
        assert violations(registry.schema) == ()


def test_a_place_that_can_be_read_twice(registry: RelationRegistry) -> None:
    """Where two collections would do, the pair of names is asked for."""
    registry.connection.execute('CREATE TABLE "articles.b" (id INTEGER PRIMARY KEY)')
    with pytest.raises(InvalidPayload, match="give the pair of names"):
        registry.m2o("articles.b.c", "tags")
    assert registry.m2o(("articles.b", "c"), "tags").many_collection == "articles.b"


# --- a Directus project ----------------------------------------------------------------------------------------------


def noted(project: RelationRegistry, collection: str) -> dict[str, tuple[Any, ...]]:
    """Give what the project knows of a collection's fields: special, interface, hidden, readonly, sort."""
    rows = project.connection.execute(
        "SELECT field, special, interface, hidden, readonly, sort FROM directus_fields "
        "WHERE collection = ? ORDER BY sort",
        (collection,),
    )
    return {field: tuple(rest) for field, *rest in rows}


def test_a_project_knows_what_is_made(project: RelationRegistry) -> None:
    """The junction is a hidden collection, its fields and both aliases are noted, types are those of Directus."""
    project.m2m("authors.interests", "tags.readers", sort_field="sort")
    assert noted(project, "authors_tags") == {
        "id": (None, "input", 1, 1, 1),
        "authors_id": (None, "input", 0, 0, 2),
        "tags_slug": (None, "input", 0, 0, 3),
        "sort": (None, "input", 0, 0, 4),
    }
    hidden = project.connection.execute("SELECT hidden FROM directus_collections WHERE collection = 'authors_tags'")
    assert hidden.fetchall() == [(1,)]
    assert noted(project, "authors")["interests"][:2] == ("m2m", "list-m2m")
    assert noted(project, "tags")["readers"][:2] == ("m2m", "list-m2m")
    assert types(project, "authors_tags") == {
        "id": "INTEGER",
        "authors_id": "INTEGER",
        "tags_slug": "varchar(255)",
        "sort": "INTEGER",
    }
    assert "interests" in project.items("authors").read(limit=1)[0]


def test_a_project_tells_its_aliases_apart(project: RelationRegistry) -> None:
    """Translations and files are kinds of their own there; an m2o field is known as one, or as a file."""
    project.translations("pages.translations", fields=["title"])
    project.m2m("authors.photos", "directus_files")
    project.m2a("authors.sections", allowed=("headings", "paragraphs"))
    project.m2o("authors.boss", "authors", one_field="staff")
    project.m2o("authors.portrait", "directus_files")
    fields = noted(project, "authors")
    assert {name: fields[name][:2] for name in ("photos", "sections", "staff", "boss", "portrait")} == {
        "photos": ("files", "list-files"),
        "sections": ("m2a", "list-m2a"),
        "staff": ("o2m", "list-o2m"),
        "boss": ("m2o", "input"),
        "portrait": ("file", "input"),
    }
    assert noted(project, "pages")["translations"][:2] == ("translations", "list-translations")
    assert project.find("pages_translations", "pages_id").one_field == "translations"
    found = {each.rule for each in violations(project.schema)}
    assert found == {"deselect-nullify"}  # that of the project itself


def test_a_project_makes_a_shape_again_as_directus_made_it(project: RelationRegistry) -> None:
    """Columns of a junction that Directus made are those that the same call here would make."""
    types_there = types(project, "pages_sections")
    project.connection.execute("CREATE TABLE books (id char(36) PRIMARY KEY NOT NULL)")
    project.m2a("books.sections", allowed=("headings", "paragraphs"), sort_field="sort")
    made = types(project, "books_sections")
    assert made == {name.replace("pages", "books"): declared for name, declared in types_there.items()}
