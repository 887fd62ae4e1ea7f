"""Losses of data that users of Directus met on SQLite: the same changes here lose nothing.

The numbers are those of its issues, https://github.com/directus/directus/issues.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from relgraph import RelationRegistry
from relgraph.errors import RelgraphError
from tests.whole_database import contents

NOTES = ("directus_fields", "directus_collections", "directus_relations", "sqlite_sequence")


def rows(registry: RelationRegistry, *besides: str) -> dict[str, Any]:
    """Give the rows of every table but those named, and make sure that no foreign key is broken."""
    whole = contents(registry.database.name)
    assert (whole["violations"], whole["integrity"]) == ([], [("ok",)])
    return {name: found for name, found in whole["rows"].items() if name not in (*besides, *NOTES)}


def columns(registry: RelationRegistry, table: str, *names: str) -> list[Any]:
    """Give the values of some columns, in the order of the rowids."""
    return registry.connection.execute(f"SELECT {', '.join(names)} FROM {table} ORDER BY rowid").fetchall()


def keys(registry: RelationRegistry) -> set[tuple[Any, ...]]:
    """Give every foreign key with its actions."""
    return {(key.collection, key.fields, key.to_collection, key.on_delete) for key in registry.schema.foreign_keys}


# --- adding and dropping fields of a collection that others point at -------------------------------------------------


@pytest.mark.parametrize("collection", ["articles", "authors", "pages", "tags"])
def test_directus_15398_12551_14487_a_new_relation_of_a_collection_keeps_those_to_it(
    project: RelationRegistry, collection: str
) -> None:
    """A file field with its relation is added to a collection, and all that points there stays."""
    before, keyed = rows(project, collection), keys(project)
    own = columns(project, collection, *project.schema.collections[collection].fields)
    project.add_field(collection, "cover", "uuid")
    project.create({"collection": collection, "field": "cover", "related_collection": "directus_files"})
    assert rows(project, collection) == before
    assert [row[:-1] for row in columns(project, collection, *project.schema.collections[collection].fields)] == own
    assert keys(project) == keyed | {(collection, ("cover",), "directus_files", "NO ACTION")}


def test_directus_10307_another_default_keeps_the_files_of_items(project: RelationRegistry) -> None:
    """The default of a field is changed, and the links of its collection to files, tags and others stay."""
    before, keyed = rows(project), keys(project)
    project.change_field("articles", "title", default="untitled")
    project.change_field("articles", "status", default=None)
    assert rows(project) == before
    assert keys(project) == keyed
    assert project.schema.collections["articles"].fields["title"].default == "untitled"


@pytest.mark.parametrize("unique", [False, True])
def test_directus_9987_13936_14298_a_dropped_field_takes_no_relations_along(
    project: RelationRegistry, unique: bool
) -> None:
    """A field is added and dropped again; children, translations and links stay, also by way of a copy."""
    before, keyed = rows(project), keys(project)
    project.add_field("articles", "address", "string", unique=unique)
    project.drop_field("articles", "address")
    assert rows(project) == before
    assert keys(project) == keyed


def test_directus_11425_the_sort_field_of_a_tree_can_be_dropped(project: RelationRegistry) -> None:
    """The collection points at itself and has items; only the order goes, and no definition names it any more."""
    before, own = rows(project, "categories"), columns(project, "categories", "id", "name", "parent")
    project.drop_field("categories", "sort", cascade=True)
    assert rows(project, "categories") == before
    assert columns(project, "categories", "id", "name", "parent") == own
    assert project.find("categories", "parent").sort_field is None
    named = "SELECT sort_field FROM directus_collections WHERE collection = 'categories'"
    assert project.connection.execute(named).fetchall() == [(None,)]


def test_directus_10842_fields_come_and_go_beside_many_to_many_ones(project: RelationRegistry) -> None:
    """Whatever the foreign keys say is to happen on deletion, nothing is deleted, and nothing is refused for them."""
    before = rows(project, "articles", "settings", "parents")
    own = columns(project, "parents", "id", "name")
    for collection in ("articles", "settings", "parents"):
        project.add_field(collection, "image", "uuid")
        project.create({"collection": collection, "field": "image", "related_collection": "directus_files"})
        project.drop_field(collection, "image")
    project.drop_field("articles", "hero")
    assert rows(project, "articles", "settings", "parents") == before
    assert columns(project, "parents", "id", "name") == own


def test_directus_17832_changes_in_one_go_keep_what_they_do_not_name(project: RelationRegistry) -> None:
    """A required relation is dropped and another made nullable in one batch; links of the collection stay."""
    before, own = rows(project, "comments", "c_notnull"), columns(project, "comments", "id", "body", "author", "sort")
    parents = columns(project, "c_notnull", "id", "parent")
    with project.batch():
        project.drop_field("comments", "article")
        project.change_field("c_notnull", "parent", nullable=True)
        project.add_field("comments", "more", "json")
    assert rows(project, "comments", "c_notnull") == before
    assert columns(project, "comments", "id", "body", "author", "sort") == own
    assert columns(project, "c_notnull", "id", "parent") == parents
    assert project.find("c_notnull", "parent").foreign_key is not None


# --- every operation on a collection that others point at ------------------------------------------------------------

HUB = """
CREATE TABLE hub (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, code TEXT UNIQUE, hub INTEGER REFERENCES hub (id));
CREATE TABLE cascading (id INTEGER PRIMARY KEY, hub INTEGER REFERENCES HUB (id) ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE clearing (id INTEGER PRIMARY KEY, hub INTEGER DEFAULT 1 REFERENCES hub ON DELETE SET NULL);
CREATE TABLE defaulting (id INTEGER PRIMARY KEY, hub INTEGER DEFAULT 1 REFERENCES "Hub" ON DELETE SET DEFAULT);
CREATE TABLE restricting (id INTEGER PRIMARY KEY, hub INTEGER NOT NULL REFERENCES hub ON DELETE RESTRICT);
CREATE TABLE deferring (id INTEGER PRIMARY KEY, hub INTEGER REFERENCES hub DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE links (one INTEGER REFERENCES hub ON DELETE CASCADE, other INTEGER REFERENCES hub ON DELETE CASCADE,
  PRIMARY KEY (one, other)) WITHOUT ROWID;
CREATE TABLE heard (what TEXT);
CREATE TRIGGER gone AFTER DELETE ON hub BEGIN INSERT INTO heard VALUES ('gone'); END;
CREATE TRIGGER changed AFTER UPDATE ON hub BEGIN INSERT INTO heard VALUES ('changed'); END;
CREATE TRIGGER unlinked AFTER DELETE ON cascading BEGIN INSERT INTO heard VALUES ('unlinked'); END;
INSERT INTO hub VALUES (1, 'one', 'a', NULL), (2, 'two', 'b', 1), (9007199254740993, 'big', NULL, 2);
INSERT INTO cascading VALUES (1, 1), (2, 9007199254740993), (3, NULL);
INSERT INTO clearing VALUES (1, 1), (2, 9007199254740993), (3, NULL);
INSERT INTO defaulting SELECT * FROM clearing;
INSERT INTO restricting VALUES (1, 1), (2, 9007199254740993);
INSERT INTO deferring SELECT * FROM clearing;
INSERT INTO links VALUES (1, 2), (2, 1), (9007199254740993, 1);
DELETE FROM heard;
"""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RelationRegistry]:
    """A registry over a collection that others point at with every action there is."""
    connection = sqlite3.connect(tmp_path / "hub.db")
    connection.executescript(HUB)
    connection.close()
    with RelationRegistry(tmp_path / "hub.db") as opened:
        yield opened


OPERATIONS: dict[str, Callable[[RelationRegistry], object]] = {
    "add": lambda r: r.add_field("hub", "more", "integer", nullable=False, default=1, unique=False),
    "add unique": lambda r: r.add_field("hub", "more", "string", unique=True),
    "rename field": lambda r: r.rename_field("hub", "name", "label"),
    "rename key": lambda r: r.rename_field("hub", "id", "uid"),
    "drop": lambda r: r.drop_field("hub", "name"),
    "drop unique": lambda r: r.drop_field("hub", "code"),
    "drop own relation": lambda r: r.drop_field("hub", "hub"),
    "type": lambda r: r.change_field("hub", "name", type="VARCHAR(9)"),
    "type by copy": lambda r: r.change_field("hub", "name", type="any"),
    "required": lambda r: r.change_field("hub", "name", nullable=False, default="x"),
    "rename": lambda r: r.rename_collection("hub", "wheel"),
    "rename case": lambda r: r.rename_collection("hub", "HUB"),
    "create beside": lambda r: r.create_collection("spokes", {"hub": "integer"}),
    "drop collection": lambda r: r.drop_collection("hub", cascade=True),
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_directus_18689_24961_no_operation_touches_what_points_at_a_collection(
    hub: RelationRegistry, operation: str
) -> None:
    """Not a row of another collection is deleted, cleared or set to a default, and no trigger fires."""
    before = rows(hub, "hub")
    OPERATIONS[operation](hub)
    assert rows(hub, "hub", "HUB", "wheel", "spokes") == before
    assert hub.connection.execute("PRAGMA foreign_keys").fetchone() == (1,)


@pytest.mark.parametrize("operation", [name for name in OPERATIONS if name != "drop collection"])
def test_directus_18689_24961_the_items_themselves_stay(hub: RelationRegistry, operation: str) -> None:
    """The collection that is changed has the same items under the same keys, and its counter where it was."""
    found = hub.connection.execute("SELECT rowid FROM hub ORDER BY rowid").fetchall()
    OPERATIONS[operation](hub)
    name = {"rename": "wheel", "rename case": "HUB"}.get(operation, "hub")
    assert hub.connection.execute(f"SELECT rowid FROM {name} ORDER BY rowid").fetchall() == found
    counter = hub.connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (name,)).fetchall()
    assert counter == [(9007199254740993,)]


# --- dropping collections --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["NO ACTION", "RESTRICT", "CASCADE", "SET NULL"])
def test_directus_13816_a_collection_that_points_at_itself_can_be_dropped(hub: RelationRegistry, action: str) -> None:
    """Its own relation goes with it, whatever is to happen on deletion, and needs no cascade."""
    hub.connection.executescript(
        f"CREATE TABLE pages (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES pages ON DELETE {action});"
        "INSERT INTO pages VALUES (1, NULL), (2, 1), (3, 3);"
    )
    before = rows(hub, "pages")
    hub.drop_collection("pages")
    assert rows(hub) == before
    assert "pages" not in hub.schema.collections


TWO_HOPS = """
CREATE TABLE top (id INTEGER PRIMARY KEY);
CREATE TABLE mid (id INTEGER PRIMARY KEY, top INTEGER REFERENCES top (id){action});
CREATE TABLE leaf_c (id INTEGER PRIMARY KEY, mid INTEGER REFERENCES mid (id) ON DELETE CASCADE);
CREATE TABLE leaf_n (id INTEGER PRIMARY KEY, mid INTEGER REFERENCES mid (id) ON DELETE SET NULL);
INSERT INTO top VALUES (1), (2);
INSERT INTO mid VALUES (1, 1), (2, NULL), (3, 2);
INSERT INTO leaf_c VALUES (1, 1), (2, 2), (3, 3);
INSERT INTO leaf_n SELECT * FROM leaf_c;
"""


@pytest.mark.parametrize("action", ["", " ON DELETE CASCADE", " ON DELETE SET NULL", " ON DELETE RESTRICT"])
def test_dropping_a_collection_loses_no_items_one_or_two_hops_away(registry: RelationRegistry, action: str) -> None:
    """Where mid points at top and others at mid, dropping top leaves all of them, and every key between them."""
    registry.connection.executescript(TWO_HOPS.format(action=action))
    before = rows(registry, "top")
    registry.drop_collection("top", cascade=True)
    assert rows(registry) == before
    assert columns(registry, "mid", "id", "top") == [(1, 1), (2, None), (3, 2)]
    assert {key for key in keys(registry) if key[2] == "mid"} == {
        ("leaf_c", ("mid",), "mid", "CASCADE"),
        ("leaf_n", ("mid",), "mid", "SET NULL"),
    }
    registry.drop_field("mid", "top")
    assert rows(registry, "mid") == {name: found for name, found in before.items() if name != "mid"}


def test_a_failed_change_leaves_foreign_keys_enforced(hub: RelationRegistry) -> None:
    """After changes that failed in many ways a bad key is refused still, and deleting still cascades."""
    before = contents(hub.database.name)
    failing: tuple[Callable[[], object], ...] = (
        lambda: hub.drop_field("hub", "id"),
        lambda: hub.change_field("hub", "name", type="integer"),
        lambda: hub.change_field("hub", "hub", type="string"),
        lambda: hub.create({"collection": "clearing", "field": "id", "related_collection": "hub"}),
        lambda: hub.create({"collection": "heard", "field": "what", "related_collection": "hub"}),
    )
    for change in failing:
        with pytest.raises(RelgraphError):
            change()
        assert contents(hub.database.name) == before
        assert hub.connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    with pytest.raises(sqlite3.IntegrityError):
        hub.connection.execute("INSERT INTO cascading (hub) VALUES (77)")
    hub.connection.executescript("DELETE FROM restricting; DELETE FROM deferring;")
    hub.connection.execute("UPDATE hub SET hub = NULL")
    hub.connection.execute("DELETE FROM hub WHERE id = 9007199254740993")
    assert columns(hub, "cascading", "id") == [(1,), (3,)]
    assert columns(hub, "clearing", "id", "hub") == [(1, 1), (2, None), (3, None)]
