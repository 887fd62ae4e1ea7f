"""Guards as definitions and structure change, and as they come and go."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from relgraph import RelationRegistry
from relgraph.errors import CannotGuard, DatabaseReadOnly, InvalidPayload
from relgraph.integrity.guards import ENFORCED, guarded, own_names
from tests.integrity.guarded_world import NOTE, make_world, module, problems
from tests.registry.shop import DATA

run = module()


def things(path: Path) -> list[tuple[str, ...]]:
    """Give all that a database is made of."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY 1, 2").fetchall()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The world without guards."""
    path = tmp_path_factory.mktemp("world") / "world.db"
    make_world(path)
    return path


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copy(made, tmp_path / "world.db"))


@pytest.fixture
def registry(path: Path) -> Iterator[RelationRegistry]:
    with RelationRegistry(path) as opened:
        yield opened


# --- coming and going ------------------------------------------------------------------------------------------------


def test_unguard_takes_away_exactly_what_guard_made(path: Path, registry: RelationRegistry) -> None:
    """Triggers and indexes of others stay, those with names like guards' too; the rest is as it was."""
    registry.connection.executescript(
        "CREATE TRIGGER relgraph_guard_notes_item_insert AFTER INSERT ON notes BEGIN SELECT 1; END;"
        "CREATE UNIQUE INDEX links ON pages_tags (tags_id, pages_id);"
        "CREATE INDEX relgraph_index_pages_parent ON pages (slug, parent);"
    )
    before, schema = things(path), registry.schema
    registry.guard()
    assert {each for each in before if each not in things(path)} == set()
    assert "relgraph_guard_notes_item_insert_2" in own_names(registry.database)
    assert not any(name.startswith("relgraph_link_pages_tags") for name in own_names(registry.database))
    assert registry.schema == schema
    registry.unguard()
    assert things(path) == before
    registry.unguard()
    assert things(path) == before


def test_guard_again_changes_nothing_and_brings_back_what_was_lost(path: Path, registry: RelationRegistry) -> None:
    """A second call does not even touch the schema; a trigger that another program dropped is made again."""
    registry.guard()
    before, version = things(path), registry.database.schema_version()
    registry.guard()
    assert (things(path), registry.database.schema_version()) == (before, version)
    registry.connection.execute("DROP TRIGGER relgraph_guard_sections_item_insert")
    assert run(path, "INSERT INTO sections VALUES (9, 1, 'x', 'tags', 1)") == ""
    with pytest.raises(CannotGuard):
        registry.guard()
    registry.repair(registry.audit(), dry_run=False)
    registry.guard()
    assert things(path) == before


def test_guard_refuses_what_is_wrong_already(path: Path, registry: RelationRegistry) -> None:
    """The error holds the audit of all that guards would enforce, and of nothing else; nothing has changed."""
    registry.connection.executescript(
        "INSERT INTO sections VALUES (9, 1, '01', 'tags', 1), (10, 1, '1', 'nowhere', 1);"
        "INSERT INTO pages_tags SELECT 9, pages_id, tags_id, 9 FROM pages_tags WHERE id = 1;"
        "UPDATE pages SET parent = 3 WHERE id = 1;"
    )
    before = things(path)
    with pytest.raises(CannotGuard, match=r"sections\.item: .*\(key-form\)") as caught:
        registry.guard()
    assert {problem.rule for problem in caught.value.audit} == {"key-form", "m2a-collection", "duplicate-link"}
    assert things(path) == before
    assert not guarded(registry.database)
    registry.repair(registry.audit(rules=ENFORCED), dry_run=False, strategies={"m2a-collection": "delete"})
    registry.guard()
    assert "tree-cycle" in {problem.rule for problem in registry.audit()}
    assert not registry.audit().errors


def test_a_database_that_cannot_be_written_is_not_guarded(path: Path, registry: RelationRegistry) -> None:
    """A read-only registry refuses; a table that is in the way is named; an outer rollback takes guards back."""
    with RelationRegistry(path, read_only=True) as reading, pytest.raises(DatabaseReadOnly):
        reading.guard()
    before = things(path)
    registry.connection.execute("BEGIN")
    registry.guard()
    registry.connection.execute("ROLLBACK")
    assert things(path) == before
    registry.connection.execute("CREATE TABLE relgraph_guards (mine)")
    with pytest.raises(InvalidPayload, match="another by that name"):
        registry.guard()
    assert not guarded(registry.database)


# --- definitions -----------------------------------------------------------------------------------------------------


def test_guards_follow_definitions(path: Path, registry: RelationRegistry) -> None:
    """A collection more or less that is allowed, a relation that goes or comes: the guards are right at once."""
    registry.guard()
    note = registry.find("notes", "item")
    wrong = "INSERT INTO notes VALUES (9, '1', 'loose', NULL, NULL)"
    assert "m2a-collection" in run(path, wrong)
    registry.update(note.id, {"one_allowed_collections": ["heads", "tags", "loose"]})
    assert run(path, wrong) == ""
    assert run(path, "DELETE FROM loose WHERE id = 1") == ""
    assert problems(path) == []
    registry.delete(note.id)
    assert run(path, "UPDATE notes SET item = 'x' WHERE id = 1") == ""
    with pytest.raises(CannotGuard, match="m2a-collection"):
        registry.create(NOTE, existing="report")
    registry.create(NOTE, existing="nullify")
    assert "dangling-m2a" in run(path, "UPDATE notes SET kind = 'tags' WHERE id = 1")


def test_guards_come_with_the_first_relation(tmp_path: Path) -> None:
    """A database without a relation can be guarded; what is defined later is guarded from then on."""
    path = tmp_path / "new.db"
    with RelationRegistry(path) as registry:
        registry.connection.executescript(
            "CREATE TABLE tags (id INTEGER PRIMARY KEY);"
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, item TEXT, kind TEXT);"
        )
        registry.guard()
        registry.create(NOTE | {"one_allowed_collections": ["tags"]})
    assert "dangling-m2a" in run(path, "INSERT INTO notes VALUES (1, '1', 'tags')")


def test_guards_stay_right_as_the_structure_changes(path: Path, registry: RelationRegistry) -> None:
    """Collections and fields get other names, come and go: what was refused is refused, what followed follows."""
    registry.guard()
    count = len(own_names(registry.database))
    registry.rename_collection("tags", "labels")
    registry.rename_field("sections", "item", "thing")
    registry.rename_field("labels", "id", "key")
    registry.add_field("sections", "note", "string")
    registry.drop_field("pages", "main_tag", cascade=True)
    assert "m2a-collection" in run(path, "INSERT INTO sections VALUES (9, 1, '1', 'tags', 1, NULL)")
    assert "dangling-m2a" in run(path, "INSERT INTO sections VALUES (9, 1, '9', 'labels', 1, NULL)")
    assert run(path, "INSERT INTO sections VALUES (9, 1, '2', 'labels', 1, NULL)") == ""
    assert run(path, "DELETE FROM labels WHERE key = 2") == ""
    assert problems(path) == []
    assert 0 < len(own_names(registry.database)) < count
    registry.drop_collection("labels", cascade=True)
    assert "m2a-collection" in run(path, "INSERT INTO sections VALUES (10, 1, '1', 'labels', 1, NULL)")
    assert problems(path) == []
    registry.unguard()
    assert [name for kind, name, _, _ in things(path) if kind == "trigger"] == []


def test_a_table_dropped_by_another_program(path: Path, registry: RelationRegistry) -> None:
    """No trigger hears of it: writes to what pointed there fail, the audit tells, and guard makes it right again."""
    registry.guard()
    assert run(path, "DROP TABLE loose") == ""
    assert run(path, "INSERT INTO sections VALUES (9, 1, '1', 'tags', 1)") != ""
    assert ("m2a-collection", "sections.item", (4, 5)) in problems(path)
    with pytest.raises(CannotGuard):
        registry.guard()
    registry.unguard()
    registry.repair(registry.audit(rules=["m2a-collection"]), dry_run=False, strategies={"m2a-collection": "delete"})
    registry.update(registry.find("sections", "item").id, {"one_allowed_collections": ["tags", "heads"]})
    registry.guard()
    assert run(path, "INSERT INTO sections VALUES (9, 1, '2', 'tags', 1)") == ""


# --- names, depth, plans ---------------------------------------------------------------------------------------------


def test_names_of_any_kind(tmp_path: Path) -> None:
    """Names with quotes, blanks, dots and letters of any script, and such that would give two triggers one name."""
    path = tmp_path / "odd.db"
    tables = """
        CREATE TABLE "it's ""a"" táble" ("the key" TEXT PRIMARY KEY COLLATE NOCASE) WITHOUT ROWID;
        CREATE TABLE a (b_c INTEGER REFERENCES one, id INTEGER PRIMARY KEY);
        CREATE TABLE a_b (c INTEGER REFERENCES one, id INTEGER PRIMARY KEY);
        CREATE TABLE one (id INTEGER PRIMARY KEY, "select" TEXT);
        CREATE TABLE "group" (id INTEGER PRIMARY KEY, "order by" TEXT, "which; one's?" TEXT);
        INSERT INTO "it's ""a"" táble" VALUES ('Ä "x"'), ('abc');
        INSERT INTO one VALUES (1, 'x');
        INSERT INTO "group" VALUES (1, 'Ä "x"', 'it''s "a" táble');
    """
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(tables)
    with RelationRegistry(path) as registry:
        registry.create(
            {
                "many_collection": "group",
                "many_field": "order by",
                "one_collection_field": "which; one's?",
                "one_allowed_collections": ['it\'s "a" táble', "one"],
            }
        )
        registry.guard()
    assert "dangling-m2a" in run(path, """INSERT INTO "group" VALUES (2, 'z', 'it''s "a" táble')""")
    assert run(path, """INSERT INTO "group" VALUES (2, 'ABC', 'it''s "a" táble')""") == ""
    assert run(path, """DELETE FROM "it's ""a"" táble" """) == ""
    assert "a.b_c points at no item" in run(path, "INSERT INTO a VALUES (7, 1)")
    assert "a_b.c points at no item" in run(path, "INSERT INTO a_b VALUES (7, 1)")
    assert problems(path) == []


@pytest.mark.parametrize("recursive", [0, 1])
def test_a_deep_tree_goes_whole(tmp_path: Path, recursive: int) -> None:
    """Rows that go with items of their own collection go to any depth, though a trigger does not fire for its own."""
    path = tmp_path / "tree.db"
    chain = [(key, *((key - 1, None) if key % 2 else (None, key - 1))) for key in range(11, 400)]
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TABLE tree (id INTEGER PRIMARY KEY, up INTEGER REFERENCES tree ON DELETE CASCADE,"
            " also INTEGER REFERENCES tree ON DELETE CASCADE, name TEXT)"
        )
        rows = [(1, None, None), (2, 1, None), (3, None, 2), (4, 3, 1), (5, None, None), (10, 4, None), *chain]
        connection.executemany("INSERT INTO tree VALUES (?, ?, ?, NULL)", rows)
        connection.commit()
    with RelationRegistry(path) as registry:
        registry.guard()
    assert module(recursive_triggers=recursive)(path, "DELETE FROM tree WHERE id = 1") == ""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT id FROM tree").fetchall() == [(5,)]


def test_a_ring_of_collections_goes_whole_or_not_at_all(tmp_path: Path) -> None:
    """Rows that go with others round and round need recursive triggers or foreign keys; without them nothing goes."""
    path = tmp_path / "ring.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE hens (id INTEGER PRIMARY KEY, egg INTEGER REFERENCES eggs ON DELETE CASCADE);"
            "CREATE TABLE eggs (id INTEGER PRIMARY KEY, hen INTEGER REFERENCES hens ON DELETE CASCADE);"
            "INSERT INTO hens VALUES (1, NULL), (2, 1), (3, 2), (9, NULL);"
            "INSERT INTO eggs VALUES (1, 1), (2, 2), (3, 3), (9, 9);"
        )
    with RelationRegistry(path) as registry:
        registry.guard()
    assert run(path, "DELETE FROM hens WHERE id = 9") == ""
    assert "still points at this item" in run(path, "DELETE FROM hens WHERE id = 1")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM hens UNION ALL SELECT count(*) FROM eggs").fetchall() == [
            (3,),
            (3,),
        ]
    assert module(recursive_triggers=1)(path, "DELETE FROM hens WHERE id = 2") == ""
    assert module(foreign_keys=1)(path, "DELETE FROM hens WHERE id = 1") == ""
    with closing(sqlite3.connect(path)) as connection:
        counted = "SELECT count(*) FROM hens UNION ALL SELECT count(*) FROM eggs UNION ALL SELECT count(*) FROM {}"
        assert connection.execute(counted.format("relgraph_guards_going")).fetchall() == [(0,)] * 3


def test_rows_are_found_by_an_index(registry: RelationRegistry) -> None:
    """No trigger looks through a table for the rows that point at an item: the condition of each is an index search."""
    registry.guard()
    looked_at = 0
    for name in own_names(registry.database):
        found = registry.connection.execute(
            "SELECT tbl_name, sql FROM sqlite_schema WHERE type = 'trigger' AND name = ?", (name,)
        ).fetchone()
        if found is None or "DELETE ON" not in found[1]:
            continue
        when = found[1].partition("WHEN ")[2].partition("\nBEGIN")[0]
        table = found[0]
        plan = registry.connection.execute(f'EXPLAIN QUERY PLAN SELECT {when} FROM "{table}" AS OLD').fetchall()
        steps = [step for *_, step in plan if not step.startswith(("SCALAR", "CORRELATED", "SCAN OLD", "LIST"))]
        assert steps
        assert all(step.startswith("SEARCH") for step in steps), (name, steps)
        looked_at += 1
    assert looked_at == 15


@pytest.mark.parametrize("name", ["project.db", "dataset.db"])
def test_a_directus_project(tmp_path: Path, name: str) -> None:
    """A project is guarded once it is clean; its own collections are left alone, and the schema stays the same."""
    path = Path(shutil.copy(DATA / name, tmp_path / name))
    with RelationRegistry(path) as registry:
        strategies = {"dangling-m2o": "delete", "dangling-m2a": "delete", "m2a-collection": "delete"}
        for _ in range(3):
            registry.repair(registry.audit(rules=ENFORCED), dry_run=False, strategies=strategies)
        before = registry.schema
        registry.guard()
        assert registry.schema == before
        names = own_names(registry.database)
        assert names
        assert not registry.audit(rules=ENFORCED)
