"""Collections and fields are made, renamed, dropped and changed, and all that names them follows."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from relgraph import RelationRegistry, Sql
from relgraph.errors import (
    CannotChangeTable,
    CascadeNeeded,
    DatabaseReadOnly,
    InvalidPayload,
    RuleViolation,
    UnknownCollection,
    UnknownField,
)
from tests.whole_database import ODD, contents, make_hostile


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[RelationRegistry]:
    """A registry over a database that is easily damaged."""
    make_hostile(str(tmp_path / "hostile.db"))
    with RelationRegistry(tmp_path / "hostile.db") as opened:
        yield opened


def rows(registry: RelationRegistry, sql: str) -> list[Any]:
    """Give what a statement gives."""
    return registry.connection.execute(sql).fetchall()


def types(registry: RelationRegistry, collection: str) -> dict[str, str]:
    """Give the field types of a collection by name."""
    return {name: field.type.value for name, field in registry.schema.collections[collection].fields.items()}


def unharmed(registry: RelationRegistry) -> None:
    """Make sure that no foreign key is broken and the file is sound."""
    whole = contents(registry.database.name)
    assert (whole["violations"], whole["integrity"]) == ([], [("ok",)])


# --- making ----------------------------------------------------------------------------------------------------------


TYPES = (
    *("string", "text", "uuid", "integer", "bigInteger", "float", "decimal", "boolean", "date", "dateTime"),
    *("timestamp", "time", "json", "geometry", "binary"),
)


@pytest.mark.parametrize("where", ["registry", "project"])
def test_every_type_is_read_back(where: str, request: pytest.FixtureRequest) -> None:
    """Whatever the kind of database, a field declared by the name of a type is of that type."""
    opened: RelationRegistry = request.getfixturevalue(where)
    names = {f"f_{name}": name for name in TYPES}
    opened.create_collection("things", names)
    assert types(opened, "things") == {"id": "integer", **names}
    for name in TYPES:
        opened.add_field("things", f"g_{name}", name)
    assert types(opened, "things") == {"id": "integer", **names, **{f"g_{name}": name for name in TYPES}}


def test_number_like_texts_stay_texts(registry: RelationRegistry) -> None:
    """What is declared as JSON or a UUID keeps a text such as 1.0 or 12e3 as it is."""
    registry.create_collection("things", {"j": "json", "u": "uuid"})
    registry.connection.execute("INSERT INTO things (j, u) VALUES ('1.0', '12e3')")
    assert rows(registry, "SELECT j, u FROM things") == [("1.0", "12e3")]


def test_fields_have_parts(registry: RelationRegistry) -> None:
    """A field may be required, unique and have a default; the key may be given, also of several fields or a text."""
    registry.create_collection(
        'it\'s "odd"',
        {
            "a b": {"type": "VARCHAR(20)", "nullable": False, "default": "it's"},
            "n": {"type": "integer", "default": -5, "unique": True},
            "at": {"type": "timestamp", "default": Sql("CURRENT_TIMESTAMP")},
            "up": {"type": "string", "default": Sql("upper('x')")},
        },
        primary_key=("a b", "n"),
    )
    collection = registry.schema.collections['it\'s "odd"']
    assert collection.primary_key == ("a b", "n")
    fields = collection.fields
    assert (fields["a b"].nullable, fields["a b"].default, fields["a b"].declared_type) == (
        False,
        "it's",
        "VARCHAR(20)",
    )
    assert (fields["n"].default, fields["n"].unique) == (-5, True)
    registry.connection.execute('INSERT INTO "it\'s ""odd""" (n) VALUES (1)')
    ((text, at, up),) = rows(registry, 'SELECT "a b", at, up FROM "it\'s ""odd"""')
    assert (text, up, len(at)) == ("it's", "X", 19)


def test_a_project_knows_what_was_made(project: RelationRegistry) -> None:
    """A new collection and its fields have rows in the project's tables, with what tells their type."""
    project.create_collection("events", {"at": "timestamp", "tags": "csv"}, primary_key="code")
    assert rows(project, "SELECT collection FROM directus_collections WHERE collection = 'events'") == [("events",)]
    noted = rows(project, "SELECT field, special, hidden FROM directus_fields WHERE collection = 'events' ORDER BY id")
    assert noted == [("code", None, 1), ("at", "cast-timestamp", 0), ("tags", "cast-csv", 0)]
    assert types(project, "events") == {"code": "integer", "at": "timestamp", "tags": "csv"}


BAD_COLLECTIONS: dict[str, tuple[tuple[Any, ...], str]] = {
    "no name": (("",), "a name is needed"),
    "no text": ((5,), "a name is needed"),
    "a nul": (("a\0b",), "a name is needed"),
    "half a surrogate": (("\ud800",), "a name is needed"),
    "taken": (("AUTHORS",), "another table 'authors'"),
    "of sqlite": (("sqlite_x",), "a name of the database's own"),
    "ours": (("relgraph_x",), "a name of the database's own"),
    "a comma": (("a,b",), "list of collections"),
    "a blank": ((" a",), "list of collections"),
    "a type that is none": (("t", {"a": "strng"}), "did you mean 'string'"),
    "a type of no project": (("t", {"a": "csv"}), "there is no type 'csv'"),
    "no type": (("t", {"a": 7}), "a type or a mapping is needed"),
    "injected": (("t", {"a": "TEXT, b"}), "there is no type"),
    "a part that is none": (("t", {"a": {"typ": "string"}}), "did you mean 'type'"),
    "no flag": (("t", {"a": {"nullable": 1}}), "true or false"),
    "a default of another type": (("t", {"a": {"type": "integer", "default": "x"}}), "is no integer"),
    "a default that is none": (("t", {"a": {"default": object()}}), "cannot be a default"),
    "an infinite default": (("t", {"a": {"type": "float", "default": float("inf")}}), "cannot be a default"),
    "half an expression": (("t", {"a": {"default": Sql("1) -- ")}}), "no SQL expression"),
    "two fields of one name": (("t", {"a": "string", "A": "string"}), "stands for two fields"),
    "no fields": (("t", ["a"]), "a mapping of names to types"),
}


@pytest.mark.parametrize("case", BAD_COLLECTIONS)
def test_what_cannot_be_made_is_refused(registry: RelationRegistry, path: str, case: str) -> None:
    """A name, type or default that is none is refused in words, and nothing is made."""
    given, said = BAD_COLLECTIONS[case]
    before = contents(path)
    with pytest.raises(InvalidPayload, match=said):
        registry.create_collection(*given)
    assert contents(path) == before


@pytest.mark.parametrize("key", [5, None, ["a", 5], ["a", "A"], ["a", "b"], "a\0b"])
def test_a_primary_key_that_cannot_be_is_refused(registry: RelationRegistry, path: str, key: Any) -> None:
    """It is a name, or several of fields that are said, each once."""
    before = contents(path)
    with pytest.raises(InvalidPayload) as caught:
        registry.create_collection("t", {"a": "string"}, primary_key=key)
    assert caught.value.where == "primary_key"
    assert contents(path) == before


# --- renaming --------------------------------------------------------------------------------------------------------


def test_renaming_a_collection_takes_all_along(project: RelationRegistry) -> None:
    """Relations, aliases, notes, keys and the items of an any-to-many relation follow, and questions are answered."""
    before = project.items("pages").read(fields=["id", "sections.item:headings.text"], sort="id").data
    author = project.get(1)
    project.rename_collection("headings", "titles")
    project.rename_collection("articles", "posts")
    assert project.last_changes == {}
    after = project.items("pages").read(fields=["id", "sections.item:titles.text"], sort="id").data
    assert after == before
    assert project.get(15).one_allowed_collections == ("titles", "paragraphs")
    assert project.get(1) == evolve(author, many_collection="posts")
    assert rows(project, "SELECT count(*) FROM directus_fields WHERE collection IN ('articles', 'headings')") == [(0,)]
    assert rows(project, "SELECT count(*) FROM directus_collections WHERE collection IN ('posts', 'titles')") == [(2,)]
    assert project.items("authors").read(fields=["articles.title"], limit=1).data[0]["articles"]
    unharmed(project)


def test_items_that_name_a_collection_are_counted(project: RelationRegistry) -> None:
    """`last_changes` says of which collection how many items were rewritten; no trigger hears of it."""
    project.connection.execute("CREATE TABLE heard (id)")
    project.connection.execute(
        "CREATE TRIGGER hear AFTER UPDATE ON pages_sections BEGIN INSERT INTO heard VALUES (1); END"
    )
    trigger = rows(project, "SELECT sql FROM sqlite_master WHERE name = 'hear'")
    project.rename_collection("headings", "titles")
    assert project.last_changes == {"pages_sections": 2}
    assert rows(project, "SELECT * FROM heard") == []
    assert rows(project, "SELECT sql FROM sqlite_master WHERE name = 'hear'") == trigger


@pytest.mark.parametrize("new", ["plain", "ODD \"articles'", "with 'quotes' and \"more\"", "été", "select"])
def test_renaming_there_and_back_is_nothing(hostile: RelationRegistry, new: str) -> None:
    """Rows, columns, indexes, keys and counters are the same again; texts may quote the name otherwise."""
    before = contents(hostile.database.name)
    hostile.rename_collection(ODD, new)
    assert new in hostile.schema.collections
    assert hostile.find("casc", "a").one_collection == new
    unharmed(hostile)
    hostile.rename_collection(new, ODD)
    after = contents(hostile.database.name)
    for part in ("rows", "columns", "indexes", "pragmas", "violations", "integrity"):
        assert after[part] == before[part]
    assert after["definitions"].keys() == before["definitions"].keys()


def test_renaming_a_field_takes_all_along(project: RelationRegistry) -> None:
    """Every part of a relation that names a field follows, and so do the project's notes."""
    project.rename_field("pages_sections", "item", "thing")
    project.rename_field("pages_sections", "collection", "kind")
    project.rename_field("pages_sections", "sort", "place")
    project.rename_field("pages", "id", "uid")
    project.rename_field("pages", "sections", "parts")
    first, second = project.get(14), project.get(15)
    assert (first.junction_field, first.sort_field, first.one_field) == ("thing", "place", "parts")
    assert first.foreign_key is not None
    assert first.foreign_key.to_field == "uid"
    assert (second.many_field, second.one_collection_field) == ("thing", "kind")
    found = project.items("pages").read(fields=["parts.thing:headings.text"], sort="uid", limit=1).data
    assert found[0]["parts"][0] == {"thing": {"text": "H one"}}
    fields = {
        name for (name,) in rows(project, "SELECT field FROM directus_fields WHERE collection = 'pages_sections'")
    }
    assert {"thing", "kind", "place"} <= fields
    assert rows(project, "SELECT special FROM directus_fields WHERE (collection, field) = ('pages', 'parts')") == [
        ("m2a",)
    ]
    unharmed(project)


def test_templates_and_permissions_of_a_project_follow(project: RelationRegistry) -> None:
    """Wherever the project spells a path through the renamed field or collection, it spells the new name."""
    project.connection.executescript("""
        UPDATE directus_collections SET display_template = '{{title}} by {{ author.name }}'
            WHERE collection = 'articles';
        UPDATE directus_fields SET options = '{"template":"{{name}} {{articles.title}}"}'
            WHERE (collection, field) = ('articles', 'author');
        UPDATE directus_fields SET options = '{"template":"{{item:headings.text}} {{text}}"}'
            WHERE (collection, field) = ('pages', 'sections');
        INSERT INTO directus_policies (id, name) VALUES ('p', 'p');
        INSERT INTO directus_permissions (collection, action, permissions, fields, policy) VALUES
            ('articles', 'read', '{"_and":[{"author":{"name":{"_eq":"title"}}},{"title":{"_nnull":true}}]}',
                'id,title', 'p');
    """)
    project.rename_field("articles", "title", "headline")
    project.rename_field("authors", "name", "label")
    project.rename_field("headings", "text", "words")
    project.rename_collection("headings", "titles")
    template = "SELECT display_template FROM directus_collections WHERE collection = 'articles'"
    assert rows(project, template) == [("{{headline}} by {{ author.label }}",)]
    options = "SELECT options FROM directus_fields WHERE (collection, field) IN (VALUES ('articles', 'author'), {})"
    assert rows(project, options.format("('pages', 'sections')")) == [
        ('{"template":"{{label}} {{articles.headline}}"}',),
        ('{"template":"{{item:titles.words}} {{text}}"}',),
    ]
    assert rows(project, "SELECT permissions, fields FROM directus_permissions WHERE policy = 'p'") == [
        ('{"_and":[{"author":{"label":{"_eq":"title"}}},{"headline":{"_nnull":true}}]}', "id,headline"),
    ]


def test_a_field_is_renamed_in_checks_views_and_triggers(hostile: RelationRegistry) -> None:
    """What SQLite keeps about a column speaks of its new name, also where only the case differs."""
    before = contents(hostile.database.name)
    for old, new in (("price", "PRICE"), ("PRICE", 'the "price"'), ('the "price"', "price")):
        hostile.rename_field(ODD, old, new)
        unharmed(hostile)
    with pytest.raises(sqlite3.IntegrityError, match="no"):
        hostile.connection.execute("UPDATE [odd \"articles'] SET price = -1")
    with pytest.raises(CannotChangeTable, match=r"trigger through .*new\.title"):
        hostile.rename_field(ODD, "title", "headline")  # a trigger speaks of the view's column, named after this one
    after = contents(hostile.database.name)
    assert (after["columns"], after["indexes"]) == (before["columns"], before["indexes"])
    assert after["rows"] == before["rows"]


def test_a_full_text_index_follows_its_content(registry: RelationRegistry) -> None:
    """The table that an FTS5 index takes its text from can be renamed; the fields in the index cannot."""
    registry.connection.executescript("""
        CREATE VIRTUAL TABLE found USING fts5(name, content='authors', content_rowid='id');
        CREATE TRIGGER indexed AFTER INSERT ON authors
        BEGIN INSERT INTO found (rowid, name) VALUES (new.id, new.name); END;
        INSERT INTO found (found) VALUES ('rebuild');
    """)
    before = rows(registry, "SELECT * FROM found")
    registry.rename_collection("authors", "the authors")
    registry.connection.execute("INSERT INTO \"the authors\" (name) VALUES ('zebra')")
    assert rows(registry, "SELECT * FROM found") == [*before, ("zebra",)]
    assert rows(registry, "SELECT name FROM found WHERE found MATCH 'zebra'") == [("zebra",)]
    with pytest.raises(CannotChangeTable, match="the virtual table found"):
        registry.rename_field("the authors", "name", "label")
    with pytest.raises(CannotChangeTable, match="the virtual table found"):
        registry.drop_collection("the authors", cascade=True)


def test_statistics_follow_a_renaming(hostile: RelationRegistry) -> None:
    """What ANALYZE found is kept under the new name."""
    hostile.connection.execute("ANALYZE")
    before = rows(hostile, "SELECT tbl, idx, stat FROM sqlite_stat1")
    hostile.rename_collection(ODD, "plain")
    after = rows(hostile, "SELECT tbl, idx, stat FROM sqlite_stat1")
    autoindex = f"sqlite_autoindex_{ODD}_1"
    names = {ODD: "plain", autoindex: "sqlite_autoindex_plain_1"}
    assert sorted(after, key=repr) == sorted(((names.get(t, t), names.get(i, i), s) for t, i, s in before), key=repr)


def test_a_broken_view_forbids_what_sqlite_would_have_to_rewrite(registry: RelationRegistry, path: str) -> None:
    """The refusal names the view that SQLite cannot read, and nothing has changed."""
    registry.connection.execute("CREATE VIEW ghosts AS SELECT * FROM nowhere")
    before = contents(path)
    with pytest.raises(CannotChangeTable, match="ghosts"):
        registry.rename_collection("authors", "people")
    assert contents(path) == before


def test_older_faults_do_not_stand_against_a_renaming(project: RelationRegistry) -> None:
    """What is wrong with a definition already is wrong under the new name too, and no reason to refuse it."""
    project.connection.execute("UPDATE directus_relations SET sort_field = 'title' WHERE id = 6")
    project.connection.execute("UPDATE directus_relations SET one_deselect_action = 'forget' WHERE id = 7")
    project.rename_collection("comments", "remarks")
    project.rename_field("remarks", "author", "writer")
    assert (project.get(7).many_field, project.get(7).one_deselect_action) == ("writer", "forget")


# --- dropping --------------------------------------------------------------------------------------------------------


def test_dropping_says_what_else_would_change(project: RelationRegistry) -> None:
    """Without cascade nothing is dropped that others point at, and every consequence is named."""
    before = contents(project.database.name)
    with pytest.raises(CascadeNeeded) as caught:
        project.drop_collection("headings")
    assert caught.value.consequences == (
        "pages_sections.item would not lead to headings any more",
        "2 of the items of pages_sections would be deleted",
    )
    with pytest.raises(CascadeNeeded, match=r"comments\.author would be no relation any more"):
        project.drop_collection("authors")
    with pytest.raises(CascadeNeeded, match="no longer through it"):
        project.drop_field("articles_tags", "tags_slug")
    with pytest.raises(CascadeNeeded, match=r"the items of articles\.author would have no order"):
        project.drop_field("articles", "author_sort")
    with pytest.raises(CascadeNeeded, match=r"pages_sections\.item would be no relation any more"):
        project.drop_field("pages_sections", "collection")
    assert contents(project.database.name) == before


def test_dropping_with_cascade_keeps_what_others_hold(project: RelationRegistry) -> None:
    """Relations and keys go, columns and their values stay; links of an any-to-many relation go."""
    held = rows(project, "SELECT id, author, editor FROM articles")
    project.drop_collection("authors", cascade=True)
    assert rows(project, "SELECT id, author, editor FROM articles") == held
    assert {relation.many_field for relation in project.in_collection("articles")} == {"category", "hero"}
    project.drop_collection("headings", cascade=True)
    assert project.last_changes == {"pages_sections": 2}
    assert rows(project, "SELECT id, collection FROM pages_sections") == [(2, "paragraphs")]
    assert project.get(15).one_allowed_collections == ("paragraphs",)
    for table in ("collections", "fields"):
        assert rows(project, f"SELECT * FROM directus_{table} WHERE collection IN ('authors', 'headings')") == []
    unharmed(project)


def test_items_that_are_no_links_are_cleared(project: RelationRegistry) -> None:
    """An item that is more than a link, or that something points at, stays without its key and collection."""
    project.create_collection("marks", {"section": "integer"})
    project.create({"collection": "marks", "field": "section", "related_collection": "pages_sections"})
    project.connection.execute("INSERT INTO marks (section) VALUES (1)")
    project.drop_collection("headings", cascade=True)
    assert rows(project, "SELECT id, pages_id IS NULL, collection, item FROM pages_sections WHERE id <> 2") == [
        (1, 0, None, None),
        (3, 0, None, None),
    ]
    assert rows(project, "SELECT section FROM marks") == [(1,)]


def test_the_last_allowed_collection_takes_the_relation_along(project: RelationRegistry) -> None:
    """An any-to-many relation that would allow nothing goes; what its items hold stays."""
    held = rows(project, "SELECT * FROM pages_sections WHERE collection = 'paragraphs'")
    project.drop_collection("headings", cascade=True)
    project.drop_collection("paragraphs", cascade=True)
    assert rows(project, "SELECT * FROM pages_sections WHERE collection = 'paragraphs'") == held
    assert [relation.junction_field for relation in project.in_collection("pages_sections")] == [None]


def test_dropping_a_junction_takes_its_aliases_along(project: RelationRegistry) -> None:
    """A junction points at others, so nothing stands against it; the aliases over it go."""
    project.drop_collection("articles_tags")
    assert rows(project, "SELECT * FROM directus_fields WHERE special = 'm2m'") == []
    assert "tags" not in project.schema.collections["articles"].hops


def test_an_alias_can_be_dropped_and_renamed(project: RelationRegistry) -> None:
    """An alias is a name only: without it the relation stays, from the many side."""
    project.drop_field("authors", "articles")
    assert project.get(1).one_field is None
    assert rows(project, "SELECT * FROM directus_fields WHERE (collection, field) = ('authors', 'articles')") == []
    project.rename_field("articles", "comments", "remarks")
    assert project.get(6).one_field == "remarks"
    assert "remarks" in project.schema.collections["articles"].hops


def test_an_inferred_alias_is_not_there_to_be_dropped(hostile: RelationRegistry) -> None:
    """A relation that is only discovered has its alias from the key; the refusal says how it could be stored."""
    with pytest.raises(CannotChangeTable, match="adopt"):
        hostile.drop_field(ODD, "casc")


def test_indexes_go_with_the_field(registry: RelationRegistry) -> None:
    """Those on the field alone go with it; those on others too need to be asked for."""
    registry.create_collection("t", {"a": {"type": "string", "unique": True}, "b": "string", "c": "string"})
    registry.connection.execute("CREATE INDEX by_b ON t (b)")
    registry.connection.execute("CREATE INDEX by_c ON t (lower(c)) WHERE c > ''")
    registry.connection.execute("INSERT INTO t (id, a, b, c) VALUES (5, 'a', 'b', 'c'), (900, NULL, NULL, NULL)")
    registry.drop_field("t", "a")
    registry.drop_field("t", "b")
    with pytest.raises(CascadeNeeded, match="the index by_c"):
        registry.drop_field("t", "c")
    registry.drop_field("t", "c", cascade=True)
    assert rows(registry, "SELECT * FROM t") == [(5,), (900,)]
    assert rows(registry, "SELECT seq FROM sqlite_sequence WHERE name = 't'") == [(900,)]


REFUSED: dict[str, tuple[Callable[[RelationRegistry], object], type[Exception], str]] = {
    "key": (lambda r: r.drop_field(ODD, "id"), CannotChangeTable, "primary key"),
    "together": (lambda r: r.drop_field(ODD, "title", cascade=True), CannotChangeTable, "UNIQUE together with price"),
    "composite": (lambda r: r.drop_field(ODD, "x", cascade=True), CannotChangeTable, "foreign key of several columns"),
    "generated from": (lambda r: r.drop_field(ODD, "price"), CannotChangeTable, "UNIQUE together"),
    "in a view": (lambda r: r.drop_field(ODD, "the author"), CannotChangeTable, "view titles"),
    "in triggers": (lambda r: r.drop_collection("log", cascade=True), CannotChangeTable, "trigger told"),
    "used by a view": (lambda r: r.drop_collection("Authors", cascade=True), CannotChangeTable, "view titles"),
    "a view": (lambda r: r.drop_collection("titles"), CannotChangeTable, "a view or a virtual table"),
    "a view's field": (lambda r: r.rename_field("titles", "id", "no"), CannotChangeTable, "a view"),
    "unknown": (lambda r: r.drop_collection("nothing"), UnknownCollection, "nothing"),
    "unknown field": (lambda r: r.drop_field("log", "nothing"), UnknownField, "nothing"),
    "field of another name": (lambda r: r.rename_field("log", "said", "ID"), InvalidPayload, "another field 'id'"),
    "default of generated": (lambda r: r.change_field(ODD, "size", default=1), CannotChangeTable, "generated"),
    "type of a key": (lambda r: r.change_field(ODD, "id", type="string"), CannotChangeTable, "primary key"),
    "null": (lambda r: r.change_field("casc", "a", nullable=False), CannotChangeTable, "1 item holds NULL: 4"),
    "no number": (lambda r: r.change_field(ODD, "price", type="integer"), CannotChangeTable, "2 items hold what is no"),
    "required": (lambda r: r.add_field("casc", "n", nullable=False), CannotChangeTable, "4 items hold NULL in it"),
    "unique default": (lambda r: r.add_field("casc", "n", default="x", unique=True), CannotChangeTable, "same default"),
    "moving default": (
        lambda r: r.add_field("casc", "n", default=Sql("CURRENT_TIMESTAMP")),
        CannotChangeTable,
        "non-constant default",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_lose_something_is_refused(hostile: RelationRegistry, case: str) -> None:
    """The refusal gives the reason, and the database is as it was."""
    change, error, said = REFUSED[case]
    before = contents(hostile.database.name)
    with pytest.raises(error, match=said):
        change(hostile)
    assert contents(hostile.database.name) == before
    assert not hostile.connection.in_transaction


# --- changing --------------------------------------------------------------------------------------------------------


def test_a_type_of_the_same_affinity_is_only_another_word(hostile: RelationRegistry) -> None:
    """No row is copied, and nothing but the declared type differs."""
    before = contents(hostile.database.name)
    hostile.change_field("Authors", "name", type="VARCHAR(80)")
    after = contents(hostile.database.name)
    assert after["definitions"]["table", "Authors"][1] == before["definitions"]["table", "Authors"][1].replace(
        "name TEXT", "name VARCHAR(80)"
    )
    assert after["rows"] == before["rows"]


def test_values_are_converted_where_nothing_is_lost(registry: RelationRegistry) -> None:
    """Texts that spell a number become one, and back; rowids, counters, triggers and keys stay."""
    registry.connection.executescript("""
        CREATE TABLE one (id INTEGER PRIMARY KEY AUTOINCREMENT, n TEXT, twice AS (id * 2));
        CREATE TABLE many (id INTEGER PRIMARY KEY, one INTEGER REFERENCES one ON DELETE CASCADE, self REFERENCES many);
        CREATE INDEX by_n ON one (n);
        CREATE TRIGGER gone AFTER DELETE ON one BEGIN DELETE FROM many WHERE id = old.id; END;
        INSERT INTO one (id, n) VALUES (3, '9007199254740993'), (70, NULL), (500, '-7');
        DELETE FROM one WHERE id = 500;
        INSERT INTO many VALUES (1, 3, 1), (2, 70, 1);
    """)
    registry.change_field("one", "n", type="bigInteger")
    assert rows(registry, "SELECT * FROM one") == [(3, 9007199254740993, 6), (70, None, 140)]
    assert rows(registry, "SELECT * FROM many") == [(1, 3, 1), (2, 70, 1)]
    assert rows(registry, "SELECT seq FROM sqlite_sequence WHERE name = 'one'") == [(500,)]
    assert rows(registry, "SELECT name FROM sqlite_master WHERE tbl_name = 'one' AND type <> 'table'") == [
        ("by_n",),
        ("gone",),
    ]
    registry.change_field("one", "n", type="string")
    assert rows(registry, "SELECT n FROM one") == [("9007199254740993",), (None,)]
    assert registry.find("many", "one").foreign_key is not None
    unharmed(registry)


def test_an_empty_collection_changes_as_well(registry: RelationRegistry) -> None:
    """A copy of no rows begins no counter that was not there."""
    registry.create_collection("t", {"n": "integer"})
    registry.change_field("t", "n", type="string")
    assert rows(registry, "SELECT * FROM sqlite_sequence WHERE name = 't'") == []


def test_tables_of_every_kind_change(hostile: RelationRegistry) -> None:
    """STRICT and WITHOUT ROWID tables, and such without a key, take the same changes."""
    before = contents(hostile.database.name)["rows"]
    for table, field in (("strict_one", "a"), ("nullify", "a"), ("pairs", "z")):
        hostile.add_field(table, "z", "INTEGER")
        hostile.change_field(table, "z", type="TEXT")
        hostile.change_field(table, "z", default="x")
        hostile.rename_field(table, "z", "zz")
        hostile.drop_field(table, "zz")
        assert (table, contents(hostile.database.name)["rows"][table]) == (table, before[table])
        if field in hostile.schema.collections[table].fields:
            hostile.drop_field(table, field)
    assert rows(hostile, "SELECT k, v FROM strict_one ORDER BY k") == [("k", 9007199254740993), ("l", "9")]
    hostile.rename_collection("strict_one", "stricter")
    unharmed(hostile)
    with pytest.raises(CannotChangeTable, match="unknown datatype"):
        hostile.add_field("stricter", "more", "dateTime")


def test_another_connection_sees_the_new_structure(registry: RelationRegistry, path: str) -> None:
    """A registry that was open before answers under the new names; one that is read-only changes nothing."""
    with RelationRegistry(path, read_only=True) as other:
        assert "authors" in other.schema.collections
        registry.rename_collection("authors", "people")
        registry.change_field("people", "name", default="nobody", type="TEXT")
        assert other.schema.collections["people"].fields["name"].default == "nobody"
        with pytest.raises(DatabaseReadOnly):
            other.drop_collection("people")


@pytest.mark.parametrize(
    ("declared", "value", "new"),
    [
        ("TEXT", "012", "integer"),
        ("TEXT", " 12", "integer"),
        ("TEXT", "1.0", "decimal"),
        ("TEXT", "soon", "dateTime"),
        ("TEXT", "{bad", "json"),
        ("TEXT", "2", "boolean"),
        ("INTEGER", 2**53 + 1, "float"),
        ("INTEGER", 2**63 - 1, "float"),
        ("INTEGER", 1 - 2**63, "float"),
        ("REAL", 1.5, "integer"),
        ("REAL", 0.1 + 0.2, "string"),
        ("BLOB", b"x", "string"),
        ("TEXT", "x", "binary"),
    ],
)
def test_values_that_would_not_come_back_refuse_a_type(
    registry: RelationRegistry, declared: str, value: Any, new: str
) -> None:
    """Where a value would be another, or none of the type, the change is refused with the count and the keys."""
    registry.connection.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, v {declared})")
    registry.connection.execute("INSERT INTO t VALUES (41, ?), (42, NULL)", (value,))
    with pytest.raises(CannotChangeTable, match=r"1 item holds what is no .*: 41;"):
        registry.change_field("t", "v", type=new)
    assert rows(registry, "SELECT v FROM t WHERE id = 41") == [(value,)]


def test_a_default_that_would_be_none_of_the_type_refuses_it(registry: RelationRegistry, path: str) -> None:
    """What is written without a value would be no value of the type; another default beside it will do."""
    registry.connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT DEFAULT 'x', w TEXT DEFAULT '7')")
    before = contents(path)
    with pytest.raises(InvalidPayload) as caught:
        registry.change_field("t", "v", type="integer")
    assert (caught.value.where, contents(path)) == ("type", before)
    registry.change_field("t", "v", type="integer", default=None)
    registry.change_field("t", "w", type="integer")
    registry.connection.execute("INSERT INTO t DEFAULT VALUES")
    assert rows(registry, "SELECT v, w FROM t") == [(None, 7)]


def test_a_key_that_leads_to_no_key_elsewhere_is_no_hindrance(registry: RelationRegistry) -> None:
    """SQLite checks no foreign key of a file that has one such; the others are looked at all the same."""
    registry.connection.executescript("""
        CREATE TABLE far (id INTEGER PRIMARY KEY, n INT); CREATE TABLE near (n INT REFERENCES far (n));
        CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, '7');
    """)
    registry.change_field("t", "v", type="integer")
    assert rows(registry, "SELECT v FROM t") == [(7,)]
    snapshot = registry.snapshot()
    registry.add_field("t", "more")
    registry.apply(registry.diff(snapshot))
    assert registry.snapshot() == snapshot


def test_a_key_of_another_type_is_refused(registry: RelationRegistry, path: str) -> None:
    """A relation whose keys could not be compared any more stands against a type."""
    registry.connection.executescript("""
        CREATE TABLE one (id INTEGER PRIMARY KEY);
        CREATE TABLE many (id INTEGER PRIMARY KEY, one INTEGER REFERENCES one);
        INSERT INTO one VALUES (1); INSERT INTO many VALUES (1, 1);
    """)
    before = contents(path)
    with pytest.raises((RuleViolation, CannotChangeTable)):
        registry.change_field("many", "one", type="string")
    assert contents(path) == before


def test_defaults_and_nullability_change_without_a_copy(hostile: RelationRegistry) -> None:
    """The text of the table says otherwise afterwards; rows are not touched."""
    before = contents(hostile.database.name)
    hostile.change_field(ODD, "title", default="new")
    hostile.change_field(ODD, "title", default=None)
    hostile.change_field("log", "said", default="x", nullable=False)
    hostile.change_field("log", "said", default=None, nullable=True)
    hostile.change_field(ODD, "note", default=Sql("upper('a')"))
    fields = hostile.schema.collections[ODD].fields
    assert (fields["title"].default_sql, fields["note"].default_sql) == (None, "upper('a')")
    after = contents(hostile.database.name)
    assert (after["rows"], after["indexes"]) == (before["rows"], before["indexes"])
    assert after["definitions"]["table", "log"] == before["definitions"]["table", "log"]


@pytest.mark.parametrize("first", [None, "old"])
@pytest.mark.parametrize("second", [None, "new", ""])
def test_another_default_is_none_of_items_that_are_there(
    registry: RelationRegistry, first: str | None, second: str | None
) -> None:
    """Items that are older than a field hold what its default was when it was added, whatever it becomes."""
    registry.create_collection("t", {"n": "integer"})
    registry.connection.execute("INSERT INTO t (n) VALUES (1), (2)")
    registry.add_field("t", "late", "string", default=first)
    registry.change_field("t", "late", default=second)
    assert rows(registry, "SELECT id, n, late FROM t") == [(1, 1, first), (2, 2, first)]
    registry.connection.execute("INSERT INTO t (n) VALUES (3)")
    assert rows(registry, "SELECT late FROM t WHERE n = 3") == [(second,)]


def test_a_project_notes_another_type(project: RelationRegistry) -> None:
    """What tells the type of a field in a project changes with it, and what else is said there stays."""
    project.change_field("articles", "status", type="csv")
    assert types(project, "articles")["status"] == "csv"
    project.change_field("articles", "status", type="string")
    assert types(project, "articles")["status"] == "string"
    assert rows(project, "SELECT special FROM directus_fields WHERE (collection, field) = ('articles', 'status')") == [
        (None,)
    ]


# --- transactions ----------------------------------------------------------------------------------------------------


def test_a_batch_of_operations_is_all_or_nothing(project: RelationRegistry) -> None:
    """Also copies of tables and renamings are part of a batch, and an error takes all of it back."""
    before = contents(project.database.name)

    def change_much() -> None:
        with project.batch():
            project.rename_collection("articles", "posts")
            project.add_field("posts", "code", "string", unique=True)
            project.change_field("posts", "author_sort", type="float")
            project.drop_collection("parents", cascade=True)
            project.change_field("posts", "title", type="integer")

    with pytest.raises(CannotChangeTable):
        change_much()
    assert contents(project.database.name) == before
    assert "articles" in project.schema.collections


def test_an_operation_that_fails_inside_a_batch_can_be_caught(project: RelationRegistry) -> None:
    """The others of the batch hold, and what was wrong before a renaming is still no new fault."""
    project.connection.execute("UPDATE directus_relations SET one_deselect_action = 'forget' WHERE id = 7")
    with project.batch():
        project.rename_collection("comments", "remarks")
        with pytest.raises(CannotChangeTable):
            project.change_field("remarks", "body", type="integer")
        with pytest.raises(InvalidPayload):
            project.rename_collection("remarks", "articles")
    assert project.get(7).many_collection == "remarks"


def test_an_open_cursor_is_said(registry: RelationRegistry, path: str) -> None:
    """A table that is being read cannot be dropped; SQLite's refusal comes as a typed error, and nothing changed."""
    before = contents(path)
    cursor = registry.connection.execute("SELECT * FROM authors")
    cursor.fetchone()
    with pytest.raises(Exception, match="lock"):
        registry.drop_collection("authors", cascade=True)
    cursor.close()
    assert contents(path) == before


def test_a_temporary_table_of_the_same_name_is_not_meant(registry: RelationRegistry) -> None:
    """Operations are about the file's own tables."""
    registry.connection.execute("CREATE TEMP TABLE authors (other)")
    registry.rename_collection("authors", "people")
    registry.add_field("people", "more")
    registry.drop_field("people", "more")
    assert rows(registry, "SELECT name FROM temp.sqlite_master") == [("authors",)]
    assert [row[1] for row in rows(registry, "PRAGMA temp.table_info(authors)")] == ["other"]


def test_guards_follow(project: RelationRegistry) -> None:
    """In a guarded database the triggers that guard relations speak of the new names, and of no dropped thing."""
    project.guard()
    project.rename_collection("headings", "titles")
    project.rename_field("pages_sections", "item", "thing")
    project.drop_collection("paragraphs", cascade=True)
    project.change_field("articles", "author_sort", type="float")
    triggers = [sql for (sql,) in rows(project, "SELECT sql FROM sqlite_master WHERE type = 'trigger'")]
    assert any('"titles"' in sql for sql in triggers)
    assert not any('"headings"' in sql or '"paragraphs"' in sql for sql in triggers)
    with pytest.raises(sqlite3.IntegrityError):
        project.connection.execute(
            "INSERT INTO pages_sections (pages_id, collection, thing) VALUES (NULL, 'titles', '77')"
        )
    project.connection.execute("DELETE FROM titles WHERE id = 1")
    assert rows(project, "SELECT thing FROM pages_sections") == [("2",)]
    assert [problem for problem in project.audit().problems if problem.severity == "error"] == []
