"""A snapshot applied gives the structure it says, all or nothing, and applied again does nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relgraph import Relation, RelationRegistry
from relgraph.errors import CannotChangeTable, InvalidPayload, RelgraphError, RuleViolation
from tests.whole_database import contents, make_hostile

DATA = Path(__file__).parents[1] / "data"
SHOP = """
    CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT NOT NULL);
    CREATE TABLE pets (id INTEGER PRIMARY KEY, name TEXT, tag INTEGER REFERENCES tags (id) ON DELETE CASCADE);
    CREATE INDEX by_name ON pets (name);
    CREATE VIEW named AS SELECT name FROM pets WHERE name IS NOT NULL;
    INSERT INTO tags VALUES (1, 'red'), (2, 'blue');
    INSERT INTO pets VALUES (1, 'Ada', 1), (2, 'Bo', 2), (3, NULL, NULL);
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[RelationRegistry]:
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.executescript(SHOP)
    connection.close()
    with RelationRegistry(path) as registry:
        yield registry


TEXTLESS: dict[str, Any] = {"collection": "a", "schema": {}}


def one_field(schema: Any) -> dict[str, Any]:
    """Give a snapshot of one field."""
    field = {"collection": "a", "field": "id", "type": "integer", "schema": schema}
    return {"version": 1, "collections": [TEXTLESS], "fields": [field]}


def snapshot_of(script: str) -> dict[str, Any]:
    """Give the snapshot of a database that a script makes."""
    with RelationRegistry() as registry:
        registry.connection.executescript(script)
        return registry.snapshot()


# --- whole databases -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["project", "dataset"])
def test_a_snapshot_of_directus_makes_its_project(name: str) -> None:
    """Applied to an empty file it gives the project's structure; the snapshot of that is the snapshot."""
    recorded = json.loads((DATA / f"{name}_snapshot.json").read_text())
    owed = recorded.get("data", recorded)
    with RelationRegistry() as registry:
        steps = registry.diff(recorded)
        assert registry.apply(steps).steps == steps.steps
        assert registry.schema.directus
        found = registry.snapshot()
        assert {part: found[part] for part in owed if part not in ("directus", "vendor")} == {
            part: owed[part] for part in owed if part not in ("directus", "vendor")
        }
        assert not registry.audit().errors
        assert not registry.diff(recorded)
        assert not registry.apply(steps)


def test_what_the_file_lacks_of_directus_is_said_and_made_small() -> None:
    """A relation to directus_files gets a table with the key alone, and the diff names it."""
    with RelationRegistry() as registry:
        steps = registry.diff(json.loads((DATA / "project_snapshot.json").read_text()))
        assert "Make a minimal directus_files, which the file lacks, with id." in str(steps)
        registry.apply(steps)
        assert list(registry.schema.collections["directus_files"].fields) == ["id"]


def test_a_project_is_made_as_directus_makes_it() -> None:
    """The tables have the columns, keys and foreign keys of those that Directus made from the same snapshot."""
    with RelationRegistry(DATA / "project.db", read_only=True) as real, RelationRegistry() as made:
        made.apply(made.diff(real.snapshot()))
        for collection in real.schema:
            if collection.system:
                continue
            for pragma in ("table_info", "foreign_key_list"):
                rows = [
                    sorted(
                        (
                            str(row[1:]).lower().replace("\"'1'\"", "'1'")
                            if pragma == "table_info"
                            else str(row[2:]).lower()
                        )
                        for row in each.connection.execute(f"PRAGMA {pragma}([{collection.name}])")
                    )
                    for each in (real, made)
                ]
                assert rows[0] == rows[1], (collection.name, pragma)


def test_every_kind_of_structure_survives(tmp_path: Path) -> None:
    """Odd names, checks, collations, generated columns, STRICT, WITHOUT ROWID, triggers, views: snapshot and back."""
    make_hostile(str(tmp_path / "hostile.db"))
    with RelationRegistry(tmp_path / "hostile.db") as old, RelationRegistry() as new:
        snapshot = old.snapshot()
        new.apply(new.diff(snapshot))
        assert new.snapshot() == snapshot
        assert not old.diff(new.snapshot())


def test_stored_relations_travel_with_a_plain_snapshot() -> None:
    """Those of any kind, under new ids."""
    with RelationRegistry() as old, RelationRegistry() as new:
        old.connection.executescript("CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY)")
        old.connection.execute("CREATE TABLE links (id INTEGER PRIMARY KEY, item TEXT, kind TEXT, a INTEGER)")
        old.create(
            {
                "collection": "links",
                "field": "item",
                "meta": {"one_collection_field": "kind", "one_allowed_collections": ["a", "b"]},
            }
        )
        old.create({"collection": "links", "field": "a", "related_collection": "a", "meta": {"one_field": "links"}})
        new.apply(new.diff(old.snapshot()))
        assert {relation.name: _told(relation) for relation in new} == {
            relation.name: _told(relation) for relation in old
        }


def _told(relation: Relation) -> dict[str, Any]:
    """Give a relation without its id."""
    return {name: value for name, value in relation.to_dict().items() if name != "id"} | {"key": relation.foreign_key}


# --- one step after the other ----------------------------------------------------------------------------------------


def test_rows_stay_where_their_table_changes(shop: RelationRegistry) -> None:
    """A field more, one less, a changed default: what both definitions have keeps its values."""
    made = SHOP.split("INSERT")[0]
    wanted = snapshot_of(
        made.replace("label TEXT NOT NULL", "label TEXT NOT NULL DEFAULT 'new', weight REAL DEFAULT 1.5").replace(
            "pets (id INTEGER PRIMARY KEY, name TEXT,", "pets (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '?',"
        )
    )
    shop.connection.execute("UPDATE pets SET name = 'Cy' WHERE name IS NULL")
    shop.apply(shop.diff(wanted))
    assert shop.snapshot() == wanted
    assert shop.items("tags").read().data == [
        {"id": 1, "label": "red", "weight": 1.5, "pets": [1]},
        {"id": 2, "label": "blue", "weight": 1.5, "pets": [2]},
    ]
    assert [pet["tag"] for pet in shop.items("pets").read()] == [1, 2, None]


def test_a_dropped_collection_takes_nothing_else_along(shop: RelationRegistry) -> None:
    """ON DELETE CASCADE does not act: a snapshot without the target of a key drops the target alone."""
    wanted = snapshot_of(
        "CREATE TABLE pets (id INTEGER PRIMARY KEY, name TEXT, tag INTEGER);CREATE INDEX by_name ON pets (name);"
        "CREATE VIEW named AS SELECT name FROM pets WHERE name IS NOT NULL;"
    )
    steps = shop.diff(wanted)
    assert "Drop collection tags, with 2 items." in str(steps)
    shop.apply(steps)
    assert shop.items("pets").read(fields=["id", "tag"]).data == [
        {"id": 1, "tag": 1},
        {"id": 2, "tag": 2},
        {"id": 3, "tag": None},
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("CREATE INDEX by_name ON pets (name)", "CREATE INDEX by_name ON pets (name DESC)"),
            "Drop index by_name of pets",
        ),
        (("WHERE name IS NOT NULL", "WHERE name > 'B'"), "Make view named"),
        (
            ("CREATE VIEW named AS", "CREATE TRIGGER t AFTER INSERT ON tags BEGIN SELECT 1; END; CREATE VIEW named AS"),
            "Make trigger t of tags",
        ),
        (("name TEXT,", "name TEXT COLLATE NOCASE CHECK (name <> ''),"), "Change collection pets"),
        (("ON DELETE CASCADE", "ON DELETE SET NULL"), "Change collection pets"),
        (("tags (id INTEGER PRIMARY KEY,", "tags (id INTEGER PRIMARY KEY AUTOINCREMENT,"), "Change collection tags"),
    ],
)
def test_each_kind_of_change_is_made(shop: RelationRegistry, change: tuple[str, str], said: str) -> None:
    """Said in words, made, and then there is nothing left to do; every row is still there."""
    wanted = snapshot_of(SHOP.replace(*change))
    rows = {name: shop.items(name).count() for name in ("tags", "pets")}
    steps = shop.diff(wanted)
    assert said in str(steps)
    shop.apply(steps)
    assert shop.snapshot() == wanted
    assert {name: shop.items(name).count() for name in ("tags", "pets")} == rows
    assert not shop.apply(steps)


# --- a project that changes ------------------------------------------------------------------------------------------


def entry_of(snapshot: dict[str, Any], part: str, *place: str) -> dict[str, Any]:
    """Give the entry of a collection, field or relation."""
    names = ("collection", "field")[: len(place)]
    return next(entry for entry in snapshot[part] if tuple(entry[name] for name in names) == place)


@pytest.fixture
def project() -> Iterator[RelationRegistry]:
    with RelationRegistry() as registry:
        registry.apply(registry.diff(json.loads((DATA / "project_snapshot.json").read_text())))
        registry.connection.execute("INSERT INTO authors (name) VALUES ('Ann'), ('Bo')")
        registry.connection.execute("INSERT INTO articles (title, author) VALUES ('One', 1), ('Two', NULL)")
        yield registry


def test_a_project_follows_its_snapshot(project: RelationRegistry) -> None:
    """Notes, types, defaults, indexes, actions of keys, fields and collections that come and go."""
    wanted = project.snapshot()
    entry_of(wanted, "collections", "articles")["meta"]["note"] = "what we write"
    status = entry_of(wanted, "fields", "articles", "status")
    status["schema"] |= {"default_value": "new", "is_nullable": False, "is_indexed": True, "max_length": 20}
    status["meta"]["options"] = {"choices": ["new", "old"]}
    entry_of(wanted, "relations", "articles", "author")["schema"]["on_delete"] = "CASCADE"
    added = json.loads(json.dumps(status)) | {"field": "mood"}
    added["schema"] |= {"name": "mood", "is_nullable": True}
    added["meta"]["field"] = "mood"
    wanted["fields"].append(added)
    wanted["collections"] = [entry for entry in wanted["collections"] if entry["collection"] != "widgets"]
    wanted["fields"] = [entry for entry in wanted["fields"] if entry["collection"] != "widgets"]
    project.apply(project.diff(wanted))
    found = project.snapshot()
    assert not project.diff(wanted)
    assert entry_of(found, "fields", "articles", "status")["schema"]["default_value"] == "new"
    assert entry_of(found, "fields", "articles", "mood")["meta"]["options"] == {"choices": ["new", "old"]}
    assert "widgets" not in project.schema.collections
    assert project.find("articles", "author").foreign_key.on_delete == "CASCADE"  # type: ignore[union-attr]  # an m2o
    assert project.items("articles").read(fields=["title", "author.name"]).data == [
        {"title": "One", "author": {"name": "Ann"}},
        {"title": "Two", "author": None},
    ]


def test_what_a_project_does_not_note_stays(project: RelationRegistry) -> None:
    """Tables, columns and keys of somebody else's are in no snapshot of the project, and no apply drops them."""
    project.connection.execute("CREATE TABLE own (id INTEGER PRIMARY KEY, article INTEGER REFERENCES articles (id))")
    project.connection.execute("ALTER TABLE articles ADD COLUMN own_column TEXT DEFAULT 'kept'")
    before = project.snapshot()
    assert not project.diff(before)
    project.apply(project.diff(json.loads((DATA / "project_snapshot.json").read_text())))
    assert "own" in project.schema.collections
    assert project.items("articles").read(fields=["own_column"]).data == [{"own_column": "kept"}] * 2


# --- refused, and nothing has changed --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (("label TEXT NOT NULL", "label TEXT NOT NULL CHECK (label <> 'red')"), RelgraphError, "CHECK"),
        (("name TEXT,", "name TEXT NOT NULL,"), RelgraphError, "NOT NULL"),
        (("tag INTEGER REFERENCES tags (id)", "tag INTEGER REFERENCES pets (id)"), RuleViolation, "no item"),
    ],
)
def test_what_the_rows_forbid_is_refused_whole(
    shop: RelationRegistry, change: tuple[str, str], error: type[RelgraphError], said: str
) -> None:
    """A definition that the rows break: the error says which, and the file is as it was."""
    shop.connection.execute("UPDATE pets SET tag = 2 WHERE id = 3")
    shop.connection.execute("DELETE FROM pets WHERE id = 2")
    shop.connection.commit()
    before = contents(shop.database.name)
    with pytest.raises(error, match=said):
        shop.apply(shop.diff(snapshot_of("PRAGMA foreign_keys = OFF;" + SHOP.replace(*change).split("INSERT")[0])))
    assert contents(shop.database.name) == before
    assert shop.connection.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_a_dry_run_changes_no_byte(shop: RelationRegistry, tmp_path: Path) -> None:
    """It gives the steps it would do, refuses what would be refused, and the file is as it was."""
    before = (tmp_path / "shop.db").read_bytes()
    steps = shop.diff(snapshot_of("CREATE TABLE other (id INTEGER PRIMARY KEY)"))
    assert shop.apply(steps, dry_run=True).steps == steps.steps
    assert (tmp_path / "shop.db").read_bytes() == before
    assert list(shop.schema.collections) == ["named", "pets", "tags"]


def test_a_diff_that_has_grown_old_is_refused(shop: RelationRegistry) -> None:
    """Where something else would have to be done than was agreed to, nothing is."""
    steps = shop.diff(snapshot_of(SHOP.split("INSERT")[0]))
    shop.connection.execute("CREATE TABLE important (id INTEGER PRIMARY KEY)")
    with pytest.raises(InvalidPayload, match="important"):
        shop.apply(steps)
    assert "important" in shop.schema.collections


def test_a_plain_snapshot_is_not_for_a_project() -> None:
    """It would not say what Directus is to note."""
    with RelationRegistry() as registry:
        registry.apply(registry.diff(json.loads((DATA / "project_snapshot.json").read_text())))
        with pytest.raises(InvalidPayload, match="Directus project"):
            registry.diff(snapshot_of(SHOP))


def test_a_diff_is_data_that_can_be_applied_later(shop: RelationRegistry) -> None:
    """Through JSON and back it is the same diff."""
    wanted = snapshot_of(SHOP.replace("name TEXT", "name TEXT DEFAULT 'x'"))
    steps = shop.diff(wanted)
    shop.apply(json.loads(json.dumps(steps.to_dict())))
    assert shop.snapshot() == wanted


@pytest.mark.parametrize(
    "text",
    [
        "DROP TABLE pets",
        "CREATE TABLE x AS SELECT * FROM pets",
        "CREATE TABLE x (id); DROP TABLE pets",
        "CREATE TABLE y (id)",
        "CREATE TEMP TABLE x (id)",
        "CREATE VIRTUAL TABLE x USING nothing",
        "CREATE TABLE x (id",
        "",
    ],
)
def test_a_text_that_makes_no_table_is_refused(shop: RelationRegistry, text: str) -> None:
    """A snapshot from somewhere else runs no other statement."""
    snapshot = shop.snapshot()
    entry = {"collection": "x", "meta": None, "schema": {"name": "x", "sql": text, "indexes": {}, "triggers": {}}}
    snapshot["collections"].append(entry)
    before = contents(shop.database.name)
    with pytest.raises((InvalidPayload, CannotChangeTable)):
        shop.apply(shop.diff(snapshot))
    assert contents(shop.database.name) == before


@pytest.mark.parametrize(
    ("snapshot", "where"),
    [
        (7, ""),
        ({"collections": []}, "version"),
        ({"version": 2, "collections": []}, "version"),
        ({"version": 1}, "collections"),
        ({"version": 1, "collections": {}}, "collections"),
        ({"version": 1, "collections": [], "colections": []}, "colections"),
        ({"version": 1, "collections": ["tags"]}, "collections[0]"),
        ({"version": 1, "collections": [{"collection": 1}]}, "collections[0].collection"),
        ({"version": 1, "collections": [{"collection": "a"}, {"collection": "a"}]}, "collections[1]"),
        ({"version": 1, "collections": [{"collection": "a", "meta": []}]}, "collections[0].meta"),
        ({"version": 1, "collections": [], "fields": [{"collection": "a", "field": "b"}]}, "fields[0].collection"),
        ({"version": True, "collections": []}, "version"),
        ({"version": 1, "collections": [], "vendor": 7}, "vendor"),
        ({"version": 1, "collections": [{"collection": "a"}, {"collection": "A"}]}, "collections[1]"),
        ({"version": 1, "collections": [{"collection": "\ud800"}]}, "collections[0].collection"),
        ({"version": 1, "relgraph": "", "collections": [{"collection": "a"}]}, "collections[0].schema"),
        ({"version": 1, "relgraph": "", "collections": [TEXTLESS]}, "collections[0].schema.sql"),
        ({"version": 1, "collections": [{**TEXTLESS, "schema": {"sql": ""}}]}, "collections[0].schema.sql"),
        (one_field({"default_value": float("nan")}), "fields[0].schema.default_value"),
        (one_field({"default_value": 2**63}), "fields[0].schema.default_value"),
        (one_field({"default_value": "a\0b"}), "fields[0].schema.default_value"),
        (one_field({"data_type": 7}), "fields[0].schema.data_type"),
        (one_field(None), "fields[0].schema"),
        (
            {
                "version": 1,
                "collections": [{"collection": "a"}],
                "relations": [{"collection": "a", "field": "b", "meta": {}}],
            },
            "relations[0].field",
        ),
    ],
)
def test_what_is_no_snapshot_is_refused_with_the_place(shop: RelationRegistry, snapshot: Any, where: str) -> None:
    """The path leads to what is wrong."""
    with pytest.raises(InvalidPayload) as caught:
        shop.diff(snapshot)
    assert caught.value.where == where


@pytest.mark.parametrize(
    "diff",
    [
        None,
        {"version": 1, "collections": []},
        {"steps": 5, "snapshot": {}},
        {"steps": [5], "snapshot": {}},
        {"steps": [{"kind": "drop"}], "snapshot": {}},
    ],
)
def test_what_is_no_diff_is_refused(shop: RelationRegistry, diff: Any) -> None:
    """A snapshot is none, nor are steps that are not those of one."""
    with pytest.raises(InvalidPayload) as caught:
        shop.apply(diff)
    assert caught.value.where == "diff"


def test_rows_stay_where_a_snapshot_has_no_fields(shop: RelationRegistry) -> None:
    """The text is enough to tell what a table has in common with the one that is there."""
    wanted = snapshot_of(SHOP.replace("name TEXT", "name TEXT DEFAULT 'x'"))
    before = shop.items("pets").read().data
    shop.apply(shop.diff({**wanted, "fields": []}))
    assert (shop.snapshot(), shop.items("pets").read().data) == (wanted, before)
    other = json.loads(
        json.dumps(wanted).replace("label TEXT NOT NULL", "other TEXT").replace("id INTEGER", "nr INTEGER")
    )
    with pytest.raises((CannotChangeTable, InvalidPayload)):
        shop.apply(shop.diff({**other, "fields": []}))
    assert (shop.snapshot(), shop.items("pets").read().data) == (wanted, before)


def test_a_table_of_which_no_column_stays_is_not_emptied(shop: RelationRegistry) -> None:
    """Without a rowid there is nothing to copy: rows refuse it, a table without any becomes the other."""
    text = "CREATE TABLE keyed ({} TEXT PRIMARY KEY, n AS (1)) WITHOUT ROWID"
    shop.connection.execute(text.format("a"))
    wanted = json.loads(json.dumps(shop.snapshot()).replace('\\"keyed\\" (a', '\\"keyed\\" (b'))
    wanted = {**wanted, "fields": []}
    shop.connection.execute("INSERT INTO keyed VALUES ('x')")
    shop.connection.commit()
    with pytest.raises(CannotChangeTable, match="no column stays"):
        shop.apply(shop.diff(wanted))
    assert shop.connection.execute("SELECT a FROM keyed").fetchall() == [("x",)]
    shop.connection.execute("DELETE FROM keyed")
    shop.connection.commit()
    shop.apply(shop.diff(wanted))
    assert list(shop.schema.collections["keyed"].fields) == ["b", "n"]


@pytest.mark.parametrize("text", ["create table more (id)", 'CREATE  TABLE "MORE"(id) ; ', "CREATE TABLE more(id)--"])
def test_a_text_written_by_hand_is_read_as_sqlite_keeps_it(shop: RelationRegistry, text: str) -> None:
    """Capitals, blanks and quotes before the columns are no difference to what is there afterwards."""
    snapshot = shop.snapshot()
    schema = {"sql": text, "indexes": {}, "triggers": {}}
    snapshot["collections"].append({"collection": "more", "schema": schema})
    assert str(shop.apply(shop.diff(snapshot))) == "Make collection more."
    assert not shop.diff(snapshot)


@pytest.mark.parametrize("change", ["add", "drop", "alter"])
def test_fields_that_the_text_of_their_collection_does_not_make_are_refused(
    shop: RelationRegistry, change: str
) -> None:
    """The text is what is applied, so that a field changed without it would be passed over."""
    snapshot = json.loads(json.dumps(shop.snapshot()))
    named = next(each for each in snapshot["fields"] if (each["collection"], each["field"]) == ("pets", "name"))
    if change == "add":
        snapshot["fields"].append({**named, "field": "nick"})
    elif change == "drop":
        snapshot["fields"].remove(named)
    else:
        named["schema"]["is_nullable"] = False
    with pytest.raises(InvalidPayload) as caught:
        shop.diff(snapshot)
    assert caught.value.where == f"fields.pets.{'nick' if change == 'add' else 'name'}"
    assert not shop.diff({part: entries for part, entries in shop.snapshot().items() if part != "fields"})


def test_a_bare_key_that_finds_nothing_is_refused_in_a_project() -> None:
    """A project's snapshot is judged by all its keys, those without a relation too: a text never finds a number."""
    key = {"data_type": "integer", "is_primary_key": True}
    pointer = {"data_type": "text", "foreign_key_table": "a", "foreign_key_column": "id"}
    snapshot = {
        "version": 1,
        "collections": [{"collection": name, "meta": {}, "schema": {"name": name}} for name in ("a", "b")],
        "fields": [
            *({"collection": name, "field": "id", "type": "integer", "meta": {}, "schema": key} for name in ("a", "b")),
            {"collection": "b", "field": "a", "type": "text", "meta": {}, "schema": pointer},
        ],
    }
    with RelationRegistry() as registry:
        with pytest.raises(RuleViolation, match="one-key"):
            registry.apply(registry.diff(snapshot))
        assert not registry.schema.collections
