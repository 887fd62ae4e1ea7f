"""Catalog: relations from wherever a file keeps them, the same schema for the same file, nothing written by loading."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from relgraph.codecs import EPOCH_CODECS, ISO_CODECS
from relgraph.errors import DatabaseReadOnly, InvalidPayload, RelationNotFound
from relgraph.relation import KeyActions, Relation
from relgraph.schema import Schema, names_of
from relgraph.storage import catalog
from relgraph.storage.connection import Database
from relgraph.values import FieldType

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(tmp_path / "some.db")
    yield opened
    opened.close()


@pytest.fixture
def loaded(database: Database) -> Callable[..., Schema]:
    """Give a function that runs statements on a new file and gives its schema."""

    def load(*statements: str, discover: bool = True) -> Schema:
        for statement in statements:
            database.execute(statement)
        return catalog.load(database, discover=discover)

    return load


def relation(schema: Schema, name: str) -> Relation:
    (found,) = (each for each in schema.relations if each.name == name)
    return found


# --- Directus projects -----------------------------------------------------------------------------------------------


def project(name: str) -> tuple[Schema, dict[str, Any]]:
    """Give the schema of a recorded project, and the snapshot that Directus made of it."""
    opened = Database.open(DATA / f"{name}.db", read_only=True)
    schema = catalog.load(opened)
    opened.close()
    return schema, json.loads((DATA / f"{name}_snapshot.json").read_text("utf-8"))


@pytest.fixture(scope="module", params=["dataset", "project"])
def recorded(request: pytest.FixtureRequest) -> tuple[Schema, dict[str, Any]]:
    return project(request.param)


Recorded = tuple[Schema, Mapping[str, Any]]


def test_every_field_has_the_type_that_directus_gives_it(recorded: Recorded) -> None:
    """By declared type and special; an alias is a to-many hop and no field."""
    schema, snapshot = recorded
    for given in snapshot["fields"]:
        collection = schema.collections[given["collection"]]
        if given["type"] == "alias":
            assert collection.hops[given["field"]].many
        else:
            assert collection.fields[given["field"]].type == given["type"], given


def test_every_column_is_as_directus_reports_it(recorded: Recorded) -> None:
    """Nullable, unique, primary key, generated, default."""
    schema, snapshot = recorded
    for given in snapshot["fields"]:
        if given["type"] == "alias":
            continue
        column, field = given["schema"], schema.collections[given["collection"]].fields[given["field"]]
        assert (field.nullable, field.generated) == (column["is_nullable"], column["is_generated"])
        assert (schema.collections[given["collection"]].key == field) == column["is_primary_key"]
        assert field.unique >= column["is_unique"]
        assert field.default == column["default_value"]


def test_every_collection_is_as_directus_reports_it(recorded: Recorded) -> None:
    """Singletons and sort fields; `*` gives the columns, then the aliases in the order of their rows."""
    schema, snapshot = recorded
    assert {each.name for each in schema if not each.system} == {each["collection"] for each in snapshot["collections"]}
    for given in snapshot["collections"]:
        collection = schema.collections[given["collection"]]
        assert (collection.singleton, collection.sort_field) == (
            given["meta"]["singleton"],
            given["meta"]["sort_field"],
        )
        noted = [field["field"] for field in snapshot["fields"] if field["collection"] == collection.name]
        assert sorted(collection.order) == sorted(noted)
        assert collection.order[: len(collection.fields)] == tuple(collection.fields)


def test_every_relation_is_as_directus_reports_it(recorded: Recorded) -> None:
    """The row and its foreign key as one; all of them can be travelled."""
    schema, snapshot = recorded
    found = {
        each.name: each.to_nested() for each in schema.relations if not each.many_collection.startswith("directus_")
    }
    assert set(found) == {f"{each['collection']}.{each['field']}" for each in snapshot["relations"]}
    for given in snapshot["relations"]:
        nested = found[f"{given['collection']}.{given['field']}"]
        meta = {name: value for name, value in nested["meta"].items() if name != "id"}
        assert {**nested, "meta": meta} == {"schema": None, **given}
    assert all(not each.broken for each in schema)


def test_dates_of_a_project_are_epoch_milliseconds(recorded: Recorded) -> None:
    """Every date field has the codec that reads them."""
    schema, _ = recorded
    dates = [field for each in schema for field in each.fields.values() if field.type in EPOCH_CODECS]
    assert dates
    assert all(field.codec == EPOCH_CODECS[field.type] for field in dates)


def test_system_collections_rank_last() -> None:
    """They can be reached through a relation; their relations come after the project's own, the way there only."""
    schema, _ = project("project")
    assert schema.directus
    assert schema.collections["articles"].hops["hero"].far == "directus_files"
    assert schema.collections["directus_files"].system
    assert not schema.collections["articles"].system
    ranks = [each.many_collection.startswith("directus_") for each in schema.relations]
    assert ranks == sorted(ranks)
    assert 0 < sum(ranks) < len(ranks)
    assert relation(schema, "directus_files.folder").one_field is None


def test_any_to_many_fields_of_the_recorded_project() -> None:
    """Hops for the allowed collections in their order, and the two ways back that the recorded questions go."""
    schema, _ = project("dataset")
    item = schema.collections["pages_sections"].any_hops["item"]
    assert {name: hop.far_field for name, hop in item.hops.items()} == {
        "headings": "id",
        "paragraphs": "id",
        "galleries": "code",
    }
    for asked in (("articles_related", "related_id"), ("comments", "article"), ("bookmarks", "item", "collection")):
        hop = schema.follow("articles", *asked)
        assert hop is not None
        assert (hop.name, hop.far, hop.many) == (f"$FOLLOW({','.join(asked)})", asked[0], True)
    assert schema.follow("articles", "nope", "article") is None


@pytest.fixture
def editable(tmp_path: Path) -> Iterator[Database]:
    """Give a copy of the small project that a test may change."""
    opened = Database.open(shutil.copy(DATA / "project.db", tmp_path / "project.db"))
    yield opened
    opened.close()


def test_a_row_that_disagrees_with_its_key_is_listed_beside_it(editable: Database) -> None:
    """The key is the truth and is travelled, without the row's alias; the row says what is wrong with it."""
    editable.execute("UPDATE directus_relations SET one_collection = 'tags' WHERE id = 1")
    schema = catalog.load(editable)
    both = [each for each in schema.relations if each.name == "articles.author"]
    assert [(each.id, each.one_collection, each.one_field) for each in both] == [
        (None, "authors", None),
        (1, "tags", "articles"),
    ]
    assert schema.collections["articles"].hops["author"].far == "authors"
    assert "articles" not in schema.collections["authors"].order
    assert "articles" not in schema.collections["tags"].hops  # two relations give it this alias now


def test_a_key_whose_row_was_deleted_is_a_relation_without_an_alias(editable: Database) -> None:
    """The alias field that is left behind leads nowhere, so `*` leaves it out."""
    editable.execute("DELETE FROM directus_relations WHERE id = 1")
    schema = catalog.load(editable)
    found = relation(schema, "articles.author")
    assert (found.id, found.one_collection, found.one_field) == (None, "authors", None)
    assert schema.collections["authors"].order == ("id", "name", "email")


def test_an_alias_without_its_field_is_travelled_by_name_only(editable: Database) -> None:
    """A one_field that directus_fields does not know is a hop, but not one of those that `*` gives."""
    editable.execute("DELETE FROM directus_fields WHERE collection = 'authors' AND field = 'articles'")
    authors = catalog.load(editable).collections["authors"]
    assert "articles" in authors.hops
    assert "articles" not in authors.order
    assert "articles" in authors.names


def test_a_row_without_a_key_is_a_relation(editable: Database) -> None:
    """Any-to-many or not, after the keys."""
    editable.execute(
        "INSERT INTO directus_relations (many_collection, many_field, one_collection, one_field) "
        "VALUES ('widgets', 'name', 'tags', 'widgets')"
    )
    schema = catalog.load(editable)
    assert relation(schema, "widgets.name").foreign_key is None
    assert schema.collections["tags"].hops["widgets"].far == "widgets"


def test_unsearchable_fields_and_older_projects(editable: Database) -> None:
    """The column `searchable` is younger than the format; without it everything is searched."""
    editable.execute("UPDATE directus_fields SET searchable = 0 WHERE collection = 'tags' AND field = 'label'")
    fields = catalog.load(editable).collections["tags"].fields
    assert {name: field.searchable for name, field in fields.items()} == {"slug": True, "label": False}
    editable.execute("ALTER TABLE directus_fields DROP COLUMN searchable")
    assert all(field.searchable for field in catalog.load(editable).collections["tags"].fields.values())


@pytest.mark.parametrize(
    ("special", "field_type"),
    [
        ("geometry.Point", "geometry"),
        ("cast-datetime", "dateTime"),
        ("date-created,cast-timestamp", "timestamp"),
        ("cast-boolean", "boolean"),
        ("cast-csv", "csv"),
        ("file", "uuid"),
        ("m2o", "string"),
        ("", "string"),
    ],
)
def test_a_special_says_more_than_the_declared_type(editable: Database, special: str, field_type: str) -> None:
    """Read as csv; what says nothing of a type leaves the declared one."""
    editable.execute("UPDATE directus_fields SET special = ? WHERE collection = 'tags' AND field = 'label'", (special,))
    assert catalog.load(editable).collections["tags"].fields["label"].type == field_type


@pytest.mark.parametrize("lost", ["directus_fields", "directus_collections", "directus_relations"])
def test_without_one_of_its_tables_it_is_no_project(editable: Database, lost: str) -> None:
    """Then nothing is a system collection, and relations are discovered."""
    editable.execute("PRAGMA foreign_keys = OFF")
    editable.execute(f"DROP TABLE {lost}")
    schema = catalog.load(editable)
    assert not schema.directus
    assert not any(each.system for each in schema)
    assert schema.collections["articles"].hops["author"].relation.id is None
    assert schema.collections["articles"].fields["date_created"].codec == ISO_CODECS[FieldType.DATE_TIME]


def test_a_prefix_alone_means_nothing(loaded: Callable[..., Schema]) -> None:
    """Tables that are called directus_... but have other columns are tables."""
    schema = loaded(
        "CREATE TABLE directus_relations (id INTEGER PRIMARY KEY)",
        "CREATE TABLE directus_fields (id INTEGER PRIMARY KEY)",
        "CREATE TABLE directus_collections (id INTEGER PRIMARY KEY)",
    )
    assert not schema.directus
    assert not any(each.system for each in schema)
    assert len(list(schema)) == 3


# --- discovered relations --------------------------------------------------------------------------------------------

AUTHORS = "CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT)"


def aliases(schema: Schema) -> dict[str, str | None]:
    return {each.name: each.one_field for each in schema.relations}


def test_chinook_can_be_travelled_everywhere() -> None:
    """A real database without a word about relations but its keys: every key both ways, the junction as a pair."""
    database = Database.open(":memory:")
    for statement in CHINOOK:
        database.execute(statement)
    schema = catalog.load(database)
    database.close()
    assert aliases(schema) == {
        "Album.ArtistId": "Album",
        "Employee.ReportsTo": "Employee",
        "PlaylistTrack.PlaylistId": "PlaylistTrack",
        "PlaylistTrack.TrackId": "PlaylistTrack",
        "Track.AlbumId": "Track",
    }
    pair = {each.many_field: each.junction_field for each in schema.relations_of("PlaylistTrack")}
    assert pair == {"PlaylistId": "TrackId", "TrackId": "PlaylistId"}
    assert str(schema.collections["Playlist"].hops["PlaylistTrack"]) == "Playlist.PlaylistTrack"
    assert schema.collections["PlaylistTrack"].primary_key == ("PlaylistId", "TrackId")
    assert all(not each.broken for each in schema)


CHINOOK = (
    "CREATE TABLE [Artist] ([ArtistId] INTEGER NOT NULL, [Name] NVARCHAR(120), PRIMARY KEY ([ArtistId]))",
    """CREATE TABLE [Album] ([AlbumId] INTEGER NOT NULL, [ArtistId] INTEGER NOT NULL, PRIMARY KEY ([AlbumId]),
         FOREIGN KEY ([ArtistId]) REFERENCES [Artist] ([ArtistId]) ON DELETE NO ACTION)""",
    """CREATE TABLE [Employee] ([EmployeeId] INTEGER NOT NULL, [ReportsTo] INTEGER, PRIMARY KEY ([EmployeeId]),
         FOREIGN KEY ([ReportsTo]) REFERENCES [Employee] ([EmployeeId]))""",
    "CREATE TABLE [Playlist] ([PlaylistId] INTEGER NOT NULL, PRIMARY KEY ([PlaylistId]))",
    """CREATE TABLE [Track] ([TrackId] INTEGER NOT NULL, [AlbumId] INTEGER, PRIMARY KEY ([TrackId]),
         FOREIGN KEY ([AlbumId]) REFERENCES [Album] ([AlbumId]))""",
    """CREATE TABLE [PlaylistTrack] ([PlaylistId] INTEGER NOT NULL, [TrackId] INTEGER NOT NULL,
         PRIMARY KEY ([PlaylistId], [TrackId]),
         FOREIGN KEY ([PlaylistId]) REFERENCES [Playlist] ([PlaylistId]),
         FOREIGN KEY ([TrackId]) REFERENCES [Track] ([TrackId]))""",
)


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        pytest.param(
            ["CREATE TABLE articles (id INTEGER PRIMARY KEY, author INTEGER REFERENCES authors)"],
            {"articles.author": "articles"},
            id="the many collection's name",
        ),
        pytest.param(
            ["CREATE TABLE Name (id INTEGER PRIMARY KEY, author INTEGER REFERENCES authors)"],
            {"Name.author": "Name_by_author"},
            id="a column of the one side, in another case",
        ),
        pytest.param(
            ["CREATE TABLE articles (a INTEGER REFERENCES authors, b INTEGER REFERENCES authors)"],
            {"articles.a": "articles_by_a", "articles.b": "articles_by_b"},
            id="several keys to the same collection",
        ),
        pytest.param(
            [
                "ALTER TABLE authors ADD COLUMN [articles_by_a]",
                "CREATE TABLE articles (a INTEGER REFERENCES authors, b INTEGER REFERENCES authors)",
            ],
            {"articles.a": None, "articles.b": "articles_by_b"},
            id="the longer name is a column too",
        ),
        pytest.param(
            [
                'CREATE TABLE "a.b" (x INTEGER REFERENCES authors)',
                'CREATE TABLE "a:b" (x INTEGER REFERENCES authors)',
                'CREATE TABLE "a(b" (x INTEGER REFERENCES authors)',
                'CREATE TABLE "_a" (x INTEGER REFERENCES authors)',
                'CREATE TABLE "$a" (x INTEGER REFERENCES authors)',
                'CREATE TABLE "a b" (x INTEGER REFERENCES authors)',
            ],
            {"$a.x": None, "_a.x": None, "a b.x": "a b", "a(b.x": None, "a.b.x": None, "a:b.x": None},
            id="names that cannot stand in a path",
        ),
        pytest.param(
            [
                "CREATE TABLE a (b INTEGER REFERENCES authors, c INTEGER REFERENCES authors)",
                "CREATE TABLE a_by_b (x INTEGER REFERENCES authors)",
            ],
            {"a.c": "a_by_c", "a.b": "a_by_b", "a_by_b.x": "a_by_b_by_x"},
            id="a name that another relation has taken",
        ),
        pytest.param(
            ["CREATE TABLE articles (author INTEGER REFERENCES nowhere)"],
            {"articles.author": None},
            id="no such collection",
        ),
    ],
)
def test_aliases_are_inferred(
    loaded: Callable[..., Schema], statements: list[str], expected: dict[str, str | None]
) -> None:
    """So that both sides can be travelled, wherever there is a legal and free name."""
    assert aliases(loaded(AUTHORS, *statements)) == expected


@pytest.mark.parametrize(
    ("definition", "is_junction"),
    [
        ("a INTEGER REFERENCES authors, b INTEGER REFERENCES tags, PRIMARY KEY (a, b)", True),
        ("a INTEGER REFERENCES authors, b INTEGER REFERENCES tags, note, PRIMARY KEY (b, a)", True),
        ("id INTEGER PRIMARY KEY, a INTEGER REFERENCES authors, b INTEGER REFERENCES tags", True),
        ("a INTEGER REFERENCES authors, b INTEGER REFERENCES authors", True),
        ("id INTEGER PRIMARY KEY, a INTEGER REFERENCES authors, b INTEGER REFERENCES tags, note", False),
        ("a INTEGER PRIMARY KEY REFERENCES authors, b INTEGER REFERENCES tags", False),
        ("a INTEGER REFERENCES authors, b INTEGER, PRIMARY KEY (a, b)", False),
        (
            "a INTEGER REFERENCES authors, b INTEGER REFERENCES tags, c INTEGER REFERENCES tags, PRIMARY KEY (a, b)",
            True,
        ),
        ("a INTEGER REFERENCES authors, b INTEGER REFERENCES tags, c INTEGER REFERENCES tags", False),
    ],
)
def test_junctions_are_inferred(loaded: Callable[..., Schema], definition: str, is_junction: bool) -> None:
    """Two keys that make up the primary key, or all columns but an own key, are each other's junction field."""
    schema = loaded(AUTHORS, "CREATE TABLE tags (id INTEGER PRIMARY KEY)", f"CREATE TABLE pairs ({definition})")
    found = {each.many_field: each.junction_field for each in schema.relations if each.many_field in "ab"}
    assert found == ({"a": "b", "b": "a"} if is_junction else dict.fromkeys(found))


def test_composite_keys_are_told_but_are_no_relations(loaded: Callable[..., Schema]) -> None:
    """They are in foreign_keys alone."""
    schema = loaded(
        "CREATE TABLE pair (a INT, b INT, PRIMARY KEY (a, b))",
        "CREATE TABLE t (x INT, y INT, FOREIGN KEY (x, y) REFERENCES pair)",
    )
    assert (schema.relations, [key.fields for key in schema.foreign_keys]) == ((), [("x", "y")])


def test_a_broken_key_is_told(loaded: Callable[..., Schema]) -> None:
    """To a lost table, to a column that is not unique, from a text to a number: relations, but no hops."""
    schema = loaded(
        AUTHORS,
        """CREATE TABLE t (a INTEGER REFERENCES nowhere, b TEXT REFERENCES authors (name), c TEXT REFERENCES authors,
             d INTEGER REFERENCES authors (nope))""",
    )
    assert dict(schema.collections["t"].broken) == {
        "a": "there is no collection 'nowhere'",
        "b": "authors.name is neither the primary key nor UNIQUE",
        "c": "t.c holds TEXT, but authors.id holds INTEGER",
        "d": "authors has no field 'nope'",
    }
    assert len(schema.relations) == 4


def test_outside_a_project_types_are_the_declared_ones(loaded: Callable[..., Schema]) -> None:
    """Dates are read per value, nothing is a singleton, everything is searched; defaults are values."""
    schema = loaded(
        """CREATE TABLE t (id INTEGER PRIMARY KEY, born DATE, at DATETIME, meta JSON, ok BOOLEAN DEFAULT '1',
             n INTEGER DEFAULT '25', s VARCHAR(9) DEFAULT 'x', now TEXT DEFAULT CURRENT_TIMESTAMP)"""
    )
    (collection,) = schema
    assert {name: field.type.value for name, field in collection.fields.items()} == {
        "id": "integer",
        "born": "date",
        "at": "dateTime",
        "meta": "json",
        "ok": "boolean",
        "n": "integer",
        "s": "string",
        "now": "text",
    }
    assert [field.default for field in collection.fields.values()][4:] == [1, 25, "x", None]
    assert collection.fields["born"].codec == ISO_CODECS[FieldType.DATE]
    assert (collection.singleton, collection.system, collection.sort_field, collection.view) == (
        False,
        False,
        None,
        False,
    )


def test_views_are_collections_without_a_key(loaded: Callable[..., Schema]) -> None:
    """And one that cannot be read is named with the reason."""
    schema = loaded(
        AUTHORS, "CREATE VIEW named AS SELECT name FROM authors", "CREATE VIEW lost AS SELECT * FROM nowhere"
    )
    assert names_of(each for each in schema if each.view) == ("named",)
    assert (schema.collections["named"].key, schema.collections["named"].has_rowid) == (None, False)
    assert schema.unreadable == {"lost": "no such table: main.nowhere"}


# --- stored relations ------------------------------------------------------------------------------------------------

ARTICLES = """CREATE TABLE articles (id INTEGER PRIMARY KEY, author INTEGER REFERENCES authors ON DELETE CASCADE,
                editor INTEGER REFERENCES authors, item TEXT, kind TEXT)"""


def test_loading_writes_nothing(database: Database, loaded: Callable[..., Schema]) -> None:
    """The table of relations is made by the first that is stored."""
    loaded(AUTHORS, ARTICLES)
    before = database.raw.total_changes, database.schema_version()
    loaded()
    assert catalog.relations_table(database) is None
    assert (database.raw.total_changes, database.schema_version()) == before


def test_a_stored_relation_wins_over_inference(database: Database, loaded: Callable[..., Schema]) -> None:
    """Its row and its key are one relation; the table itself is no collection."""
    loaded(AUTHORS, ARTICLES)
    row = Relation("articles", "author", "authors", "works", sort_field="id", one_deselect_action="delete")
    number = catalog.insert_relation(database, row)
    schema = catalog.load(database)
    assert catalog.relations_table(database) == "relgraph_relations"
    assert relation(schema, "articles.author") == evolve(row, id=number, foreign_key=KeyActions("id", "CASCADE"))
    assert aliases(schema) == {"articles.author": "works", "articles.editor": "articles_by_editor"}
    assert names_of(schema) == ("articles", "authors")


def test_only_stored_relations_without_discovery(database: Database, loaded: Callable[..., Schema]) -> None:
    """The keys are still told."""
    loaded(AUTHORS, ARTICLES)
    catalog.insert_relation(database, Relation("articles", "author", "authors", "articles"))
    schema = loaded(discover=False)
    assert aliases(schema) == {"articles.author": "articles"}
    assert len(schema.foreign_keys) == 2


def test_a_stored_half_that_names_no_partner_makes_no_junction(
    database: Database, loaded: Callable[..., Schema]
) -> None:
    """A pair names each other, or is none."""
    loaded(AUTHORS, "CREATE TABLE pairs (a INTEGER REFERENCES authors, b INTEGER REFERENCES authors)")
    number = catalog.insert_relation(database, Relation("pairs", "a", "authors", "left"))
    assert {each.junction_field for each in catalog.load(database).relations} == {None}
    half = Relation("pairs", "a", "authors", "left", junction_field="b", id=number)
    catalog.update_relation(database, half)
    assert {each.many_field: each.junction_field for each in catalog.load(database).relations} == {"a": "b", "b": "a"}


@pytest.mark.parametrize("directus", [False, True])
def test_a_row_comes_back_as_it_was_stored(tmp_path: Path, directus: bool) -> None:
    """Every part of a definition, in either kind of file; changed by update, gone by delete."""
    path = tmp_path / "file.db"
    if directus:
        shutil.copy(DATA / "project.db", path)
    database = Database.open(path)
    given = Relation(
        "articles",
        "item",
        one_collection_field="kind",
        one_allowed_collections=("authors", "tags"),
        junction_field="author",
        sort_field="id",
        one_deselect_action="delete",
    )
    number = catalog.insert_relation(database, given)
    stored = evolve(given, id=number)
    assert stored in catalog.load(database).relations
    changed = evolve(
        stored, one_allowed_collections=None, one_collection="authors", one_field="items", junction_field=None
    )
    catalog.update_relation(database, changed)
    assert changed in catalog.load(database).relations
    catalog.delete_relation(database, changed)
    assert number not in {each.id for each in catalog.load(database).relations}
    database.close()


def test_rows_are_part_of_the_caller_s_transaction(database: Database) -> None:
    """What is undone takes the new table with it."""
    with pytest.raises(KeyError), database.writing():
        raise KeyError(catalog.insert_relation(database, Relation("a", "b", "c")))
    assert catalog.relations_table(database) is None


@pytest.mark.parametrize("change", [catalog.update_relation, catalog.delete_relation])
def test_a_row_that_is_not_there_cannot_be_changed(
    database: Database, change: Callable[[Database, Relation], None]
) -> None:
    """RelationNotFound names the ids that are; before the first relation there are none."""
    with pytest.raises(RelationNotFound) as caught:
        change(database, Relation("a", "b", "c", id=1))
    assert caught.value.known == ()
    catalog.insert_relation(database, Relation("a", "b", "c"))
    with pytest.raises(RelationNotFound) as caught:
        change(database, Relation("a", "b", "c", id=7))
    assert (caught.value.code, caught.value.where, caught.value.known) == ("NOT_FOUND", "id", (1,))


def test_a_table_of_that_name_with_other_columns_is_an_ordinary_one(
    database: Database, loaded: Callable[..., Schema]
) -> None:
    """It is read as a collection, and nothing is stored in it."""
    schema = loaded("CREATE TABLE RelGraph_Relations (id INTEGER PRIMARY KEY, note TEXT)")
    assert names_of(schema) == ("RelGraph_Relations",)
    with pytest.raises(InvalidPayload, match="the database has another by that name") as caught:
        catalog.insert_relation(database, Relation("a", "b", "c"))
    assert caught.value.where == "relgraph_relations"


def test_a_read_only_database_stores_nothing(tmp_path: Path) -> None:
    """The error comes before anything is tried."""
    path = tmp_path / "file.db"
    sqlite3.connect(path).close()
    database = Database.open(path, read_only=True)
    with pytest.raises(DatabaseReadOnly):
        catalog.insert_relation(database, Relation("a", "b", "c"))
    database.close()


def test_odd_rows_stop_nothing(database: Database, loaded: Callable[..., Schema]) -> None:
    """Empty texts count as not given, numbers as texts; what makes no sense is told, not travelled."""
    loaded(AUTHORS, ARTICLES)
    catalog.insert_relation(database, Relation("articles", "item", one_collection_field="kind"))
    database.execute(
        "UPDATE relgraph_relations SET one_field = '', one_collection = '', one_allowed_collections = ' a ,b,'"
    )
    database.execute("INSERT INTO relgraph_relations (many_collection, many_field) VALUES ('', 7)")
    schema = catalog.load(database)
    item = relation(schema, "articles.item")
    assert (item.one_collection, item.one_field, item.one_allowed_collections) == (None, None, ("a", "b"))
    assert relation(schema, ".7").kind == "m2a"
    assert schema.collections["articles"].broken["item:a"] == "there is no collection 'a'"


# --- the same for the same -------------------------------------------------------------------------------------------


def test_a_schema_is_the_same_each_time(database: Database, loaded: Callable[..., Schema]) -> None:
    """Loading is deterministic, down to every order."""
    first = loaded(AUTHORS, ARTICLES)
    second = catalog.load(database)
    assert first == second
    assert [list(each.hops) for each in first] == [list(each.hops) for each in second]
    assert aliases(first) == {"articles.editor": "articles_by_editor", "articles.author": "articles_by_author"}


def test_the_number_of_statements_does_not_grow_with_the_tables(tmp_path: Path) -> None:
    """A file of many tables loads with as many statements as one of few."""
    counts = []
    for tables in (2, 60):
        database = Database.open(tmp_path / f"{tables}.db")
        with database.writing():
            for number in range(tables):
                database.execute(
                    f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, up INTEGER REFERENCES t{number // 2})"
                )
        statements: list[str] = []
        database.raw.set_trace_callback(statements.append)
        catalog.load(database)
        database.raw.set_trace_callback(None)
        counts.append(len([each for each in statements if not each.startswith("--")]))
        database.close()
    assert counts[0] == counts[1] < 12
