"""RegistryMachine: sound databases stay sound under any steps, and a fault of the application is found."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from relgraph import RelationRegistry
from relgraph.demo import build
from relgraph.schema import Collection
from relgraph.stateful import LiveKey, RegistryMachine, live_keys
from relgraph.strategies import AnyPointer, Blueprint, Column, InvalidBounds, Pointer, Table
from relgraph.strategies.parts import Item

FEW = settings(
    max_examples=8, stateful_step_count=12, phases=[Phase.generate], deadline=None, derandomize=True, database=None
)
ID = (Column("id", "INTEGER"),)
LIBRARY = Blueprint((
    Table("authors", ID, (Column("name", "VARCHAR(40)", nullable=False),)),
    Table("books", ID, (Column("title", "TEXT"),), (
        Pointer(Column("author", "INTEGER"), "authors", "id", alias="books", on_delete="CASCADE"),
        Pointer(Column("sequel", "INTEGER"), "books", "id"),
    )),
    Table("notes", ID, (Column("text", "TEXT"),),
          any_pointer=AnyPointer(Column("item", "TEXT"), Column("collection", "TEXT"), ("authors", "books"))),
))  # fmt: skip


TO_AUTHORS = AnyPointer(Column("item", "TEXT"), Column("collection", "TEXT"), ("authors",))


class Library(RegistryMachine):
    """Foreign keys with and without cascades, a tree, and notes on anything."""

    database = LIBRARY


class Unguarded(RegistryMachine):
    """Without guards nothing clears the keys of notes when what they are on is deleted."""

    database = Blueprint((LIBRARY.tables[0], evolve(LIBRARY.tables[2], any_pointer=TO_AUTHORS)))
    guarded = False


class Careless(Library):
    """An application that deletes authors with foreign keys off."""

    @precondition(lambda machine: machine.keys("authors"))
    @rule(live=live_keys("authors"))
    def forget(self, live: LiveKey) -> None:
        """Delete without regard to books."""
        self.registry.unguard()
        self.registry.connection.execute("PRAGMA foreign_keys = OFF")
        self.registry.connection.execute("DELETE FROM authors WHERE id = ?", live.key)
        self.registry.connection.execute("PRAGMA foreign_keys = ON")


def test_any_steps_keep_a_sound_database_sound() -> None:
    """Inserts, updates, links, deletes and definitions in any order: no invariant is broken."""
    run_state_machine_as_test(Library, settings=FEW)


@pytest.mark.parametrize("machine", [Unguarded, Careless])
def test_what_breaks_consistency_is_found(machine: type[RegistryMachine]) -> None:
    """A database without guards, and an application that goes around foreign keys, end in a broken invariant."""
    many = settings(FEW, max_examples=200, stateful_step_count=25)
    with pytest.raises(AssertionError, match="dangling"):
        run_state_machine_as_test(machine, settings=many)


def test_over_a_file(tmp_path: Path) -> None:
    """A machine starts from a user's own file, and leaves it as it is."""
    build(str(tmp_path / "my.db"))
    before = (tmp_path / "my.db").read_bytes()

    class Demo(RegistryMachine):
        database = tmp_path / "my.db"

    run_state_machine_as_test(Demo, settings=settings(FEW, max_examples=2, stateful_step_count=6))
    assert (tmp_path / "my.db").read_bytes() == before


ODD = """
CREATE TABLE "my ""t" (k1 INTEGER, "k 2" TEXT COLLATE NOCASE, v REAL, PRIMARY KEY (k1, "k 2")) WITHOUT ROWID;
CREATE TABLE pairs (
  id INTEGER PRIMARY KEY, a INTEGER, b TEXT, FOREIGN KEY (a, b) REFERENCES "my ""t" (k1, "k 2"),
  CHECK ((a IS NULL) = (b IS NULL))
);
CREATE TABLE strict (id INTEGER PRIMARY KEY, t TEXT NOT NULL UNIQUE, x ANY) STRICT;
CREATE TABLE made (a INTEGER NOT NULL, b TEXT DEFAULT 'x', c AS (a || b), d INTEGER AS (a + 1) STORED UNIQUE);
CREATE TABLE codes (
  code VARCHAR(3) PRIMARY KEY NOT NULL, beside VARCHAR(3) REFERENCES codes, up TEXT CHECK (up = upper(up))
);
CREATE VIEW seen AS SELECT id, t FROM strict;
"""


def test_over_odd_tables(tmp_path: Path) -> None:
    """Composite keys, no keys, STRICT and generated columns, views and CHECKs: any steps keep them sound too."""
    with RelationRegistry(tmp_path / "odd.db") as file:
        file.connection.executescript(ODD)

    class Odd(RegistryMachine):
        database = tmp_path / "odd.db"

    run_state_machine_as_test(Odd, settings=settings(FEW, max_examples=20))


def test_a_machine_without_a_database_says_so() -> None:
    """What is missing is named, and how to give it."""
    with pytest.raises(InvalidBounds, match="set it to a path or a Blueprint"):
        run_state_machine_as_test(RegistryMachine, settings=FEW)


def test_a_view_does_not_keep_answers_from_being_compared(tmp_path: Path) -> None:
    """What has no key, and no relation leads to it, comes in no order; the items of all others are compared."""
    with RelationRegistry(tmp_path / "my.db") as file:
        file.connection.executescript(
            "CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT); INSERT INTO tags VALUES (1, 'a'), (2, 'b');"
            "CREATE VIEW labels AS SELECT label FROM tags; CREATE TABLE log (line TEXT);"
        )

    class Forgetful(RegistryMachine):
        database = tmp_path / "my.db"

        def _rows(self, collection: Collection) -> list[Item]:
            return super()._rows(collection)[1:]

    with pytest.raises(AssertionError, match="tags: "):
        run_state_machine_as_test(Forgetful, settings=FEW)


LINKED = """
CREATE TABLE tags (id INTEGER PRIMARY KEY); INSERT INTO tags VALUES (1), (2);
CREATE TABLE articles (code TEXT PRIMARY KEY NOT NULL, up REFERENCES articles);
INSERT INTO articles (code) VALUES ('a');
CREATE TABLE notes (id INTEGER PRIMARY KEY, item TEXT, collection TEXT); INSERT INTO notes (id) VALUES (7);
CREATE TABLE bound (id INTEGER PRIMARY KEY REFERENCES tags, tag UNIQUE REFERENCES tags, up REFERENCES bound CHECK (up));
"""
PAIR = {"many_collection": "notes", "many_field": "item", "one_collection_field": "collection"}


class Linked(RegistryMachine):
    """A junction, one to anything, a tree, and notes on anything, with items that nothing links yet."""

    def original(self) -> RelationRegistry:
        registry = RelationRegistry()
        registry.connection.executescript(LINKED)
        registry.m2m("articles.tags", "tags.articles", sort_field="sort")
        registry.m2a("tags.parts", allowed=("articles", "tags"))
        registry.create(PAIR | {"one_allowed_collections": ["articles", "tags"]})
        return registry

    def stored(self, collection: str) -> list[tuple[Any, ...]]:
        """Give the items of a collection."""
        return self.registry.connection.execute(f"SELECT * FROM {collection}").fetchall()


class Only(st.DataObject):
    """Draws of which those of a label are said."""

    def __init__(self, data: st.DataObject, **said: str) -> None:
        super().__init__(data.conjecture_data)
        self.said = said

    def draw(self, strategy: st.SearchStrategy[Any], label: Any = None) -> Any:
        return self.said[label] if label in self.said else super().draw(strategy, label)


def test_links_are_those_that_can_change_alone() -> None:
    """Keys, what is UNIQUE and what a CHECK names are left out; the halves of a junction are one link."""
    machine = Linked()
    junctions = {"articles_tags.articles_code, tags_id", "tags_parts.tags_id, collection, item"}
    assert set(machine.links()) == {"articles.up", "notes.collection, item"} | junctions
    machine.teardown()


@settings(max_examples=20)
@given(data=st.data())
def test_a_junction_links_two_items_once_and_unlinks_them(data: st.DataObject) -> None:
    """Each link is a new item of the junction, whole, and no pair is linked twice; to unlink takes one away."""
    machine, only = Linked(), Only(data, link="articles_tags.articles_code, tags_id")
    machine.link(only)
    assert [(code, tag) for _, code, tag, *_ in machine.stored("articles_tags")] in ([("a", 1)], [("a", 2)])
    for _ in range(4):
        machine.link(only)
    links = [(code, tag) for _, code, tag, *_ in machine.stored("articles_tags")]
    assert len(links) == len(set(links)) <= 2
    machine.unlink(only)
    assert len(machine.stored("articles_tags")) == len(links) - 1
    machine.audit_is_clean()
    machine.teardown()


@settings(max_examples=20)
@given(data=st.data())
def test_a_junction_links_items_of_any_collection(data: st.DataObject) -> None:
    """The collection and the key, as text, stand beside the item that the link leads from."""
    machine, only = Linked(), Only(data, link="tags_parts.tags_id, collection, item")
    machine.link(only)
    [row] = [dict(each) for each in machine.registry.items("tags_parts").read()]
    assert row["tags_id"] in (1, 2)
    assert (row["collection"], row["item"]) in (("articles", "a"), ("tags", "1"), ("tags", "2"))
    machine.unlink(only)
    assert machine.stored("tags_parts") == []
    machine.teardown()


@settings(max_examples=20)
@given(data=st.data())
def test_a_pair_is_linked_and_unlinked_as_a_whole(data: st.DataObject) -> None:
    """Collection and key come together, the key as text, and both become NULL."""
    machine, only = Linked(), Only(data, link="notes.collection, item")
    machine.link(only)
    assert machine.stored("notes") in (
        [(7, "a", "articles")], [(7, "1", "tags")], [(7, "2", "tags")],
    )  # fmt: skip
    machine.audit_is_clean()
    machine.unlink(only)
    assert machine.stored("notes") == [(7, None, None)]
    machine.teardown()


@pytest.mark.parametrize("kind", ["m2o", "m2m", "tree"])
def test_a_relation_of_each_kind_is_defined_and_dropped(kind: str) -> None:
    """A new relation can be linked at once; dropped, it leaves the collections, fields and relations of before."""

    @settings(max_examples=8)
    @given(data=st.data())
    def defined(data: st.DataObject) -> None:
        machine = Linked()
        before = {each.name: each.names for each in machine.registry.schema}
        machine.define(Only(data, kind=kind))
        [new] = {*machine.links()} - {*Linked().links()}
        link = machine.links()[new]
        assert link.of_junction == (kind == "m2m")
        if kind == "tree":
            assert machine.registry.find(link.collection, link.fields[0]).one_collection == link.collection
        machine.link(Only(data, link=new))
        machine.audit_is_clean()
        machine.drop(data)
        assert {each.name: each.names for each in machine.registry.schema} == before
        machine.teardown()

    defined()


def test_what_was_defined_on_a_junction_goes_with_it() -> None:
    """A pointer at a junction that is dropped is no relation that is there to be dropped."""
    machine = Linked()

    @settings(max_examples=1)
    @given(data=st.data())
    def dropped(data: st.DataObject) -> None:
        machine.define(Only(data, kind="m2m", collection="tags", **{"other collection": "tags"}))
        machine.define(Only(data, kind="m2o", collection="tags", **{"other collection": "links"}))
        machine.drop(Only(data, relation=machine._defined[0]))
        assert machine._defined == []

    dropped()
    machine.audit_is_clean()
    machine.teardown()


def test_any_steps_keep_junctions_and_trees_sound() -> None:
    """Links of all kinds come and go beside definitions, and no invariant is broken."""
    run_state_machine_as_test(Linked, settings=FEW)


def test_any_steps_keep_a_project_sound(tmp_path: Path) -> None:
    """A Directus project: junctions, translations, any-to-many blocks, and files of which there are none."""
    shutil.copy(Path(__file__).parent / "data" / "project.db", tmp_path / "my.db")

    class Project(RegistryMachine):
        database = tmp_path / "my.db"

    run_state_machine_as_test(Project, settings=settings(FEW, max_examples=2, stateful_step_count=10))
