"""RegistryMachine: sound databases stay sound under any steps, and a fault of the application is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import Phase, settings
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
    many = settings(FEW, max_examples=200, stateful_step_count=30)
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
