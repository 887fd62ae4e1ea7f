"""Guards: whatever program writes, rows that break a relation are refused, or follow."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from relgraph import RelationRegistry
from tests.integrity.guarded_world import PROGRAMS, Program, command_line, make_world, module, problems, rows

REFUSED = {
    # m2a, in a junction and outside of one
    "INSERT INTO sections VALUES (9, 1, '9', 'tags', 1)": "dangling-m2a",
    "INSERT INTO sections VALUES (9, 1, NULL, 'tags', 1)": "dangling-m2a",
    "INSERT INTO sections VALUES (9, 1, '1', NULL, 1)": "m2a-collection",
    "INSERT INTO sections VALUES (9, 1, '1', 'pages', 1)": "m2a-collection",
    "INSERT INTO sections VALUES (9, 1, '1', 'TAGS', 1)": "m2a-collection",
    "INSERT INTO sections VALUES (9, 1, '1', 'nowhere', 1)": "m2a-collection",
    "INSERT INTO sections VALUES (9, 1, '01', 'tags', 1)": "key-form",
    "INSERT INTO sections VALUES (9, 1, '1.0', 'tags', 1)": "key-form",
    "INSERT INTO sections VALUES (9, 1, ' 1', 'tags', 1)": "key-form",
    "INSERT INTO sections VALUES (9, 1, '007', 'heads', 1)": "dangling-m2a",
    "INSERT INTO sections VALUES (9, 1, '01', 'loose', 1)": "dangling-m2a",
    "INSERT INTO sections VALUES (9, 1, NULL, NULL, 1)": "orphan-junction",
    "INSERT INTO sections VALUES (9, NULL, '1', 'tags', 1)": "orphan-junction",
    "INSERT INTO sections (id) VALUES (9)": "orphan-junction",
    "INSERT INTO sections VALUES (8, 1, '2', 'tags', 1), (9, 1, '9', 'tags', 1)": "dangling-m2a",
    "INSERT INTO sections SELECT id + 9, 4, item, 'heads', 1 FROM sections": "dangling-m2a",
    "INSERT OR IGNORE INTO sections VALUES (9, 1, '9', 'tags', 1)": "dangling-m2a",
    "INSERT OR REPLACE INTO sections VALUES (1, 1, '9', 'tags', 1)": "dangling-m2a",
    "REPLACE INTO sections VALUES (1, 1, NULL, NULL, 1)": "orphan-junction",
    "INSERT INTO sections VALUES (1, 1, '1', 'tags', 1) ON CONFLICT (id) DO UPDATE SET item = '9'": "dangling-m2a",
    "UPDATE sections SET item = '9' WHERE id = 1": "dangling-m2a",
    "UPDATE OR IGNORE sections SET item = '9' WHERE id = 1": "dangling-m2a",
    "UPDATE OR REPLACE sections SET item = '01' WHERE id = 1": "key-form",
    "UPDATE sections SET kind = 'heads' WHERE id = 1": "dangling-m2a",
    "UPDATE sections SET kind = NULL": "m2a-collection",
    "UPDATE sections SET item = NULL, kind = NULL": "orphan-junction",
    "UPDATE sections SET pages_id = NULL WHERE id = 1": "orphan-junction",
    "INSERT INTO notes VALUES (9, '9', 'tags', NULL, NULL)": "dangling-m2a",
    "INSERT INTO notes VALUES (9, '1', 'pins', NULL, NULL)": "m2a-collection",
    "UPDATE notes SET kind = NULL WHERE id = 2": "m2a-collection",
    "UPDATE notes SET item = NULL WHERE id = 2": "dangling-m2a",
    # m2m
    "INSERT INTO pages_tags VALUES (9, 1, NULL, 1)": "orphan-junction",
    "INSERT INTO pages_tags VALUES (9, NULL, NULL, 1)": "orphan-junction",
    "UPDATE pages_tags SET tags_id = NULL": "orphan-junction",
    "INSERT INTO pages_tags VALUES (9, 1, 1, 9)": "UNIQUE constraint failed",
    "INSERT INTO sections VALUES (9, 1, '1', 'tags', 9)": "UNIQUE constraint failed",
    "UPDATE pages_tags SET tags_id = 1 WHERE id = 2": "UNIQUE constraint failed",
    # m2o without a foreign key
    "INSERT INTO notes VALUES (9, NULL, NULL, 9, NULL)": "dangling-m2o",
    "UPDATE notes SET tag = 9 WHERE id = 1": "dangling-m2o",
    "DELETE FROM tags WHERE id = 1": "dangling-m2o",
    "DELETE FROM tags": "dangling-m2o",
    "REPLACE INTO tags VALUES (9, 'red', 'x')": "dangling-m2o",
    "UPDATE OR REPLACE tags SET label = 'red' WHERE id = 3": "dangling-m2o",
}
DECLARED = {
    "INSERT INTO pages_tags VALUES (9, 1, 9, 1)": "dangling-m2o",
    "INSERT OR IGNORE INTO pages_tags VALUES (9, 9, 1, 1)": "dangling-m2o",
    "UPDATE pages_tags SET pages_id = 9 WHERE id = 1": "dangling-m2o",
    "INSERT INTO pages VALUES (9, 'z', 8, NULL, NULL)": "dangling-m2o",
    "UPDATE pages SET head = 'x' WHERE id = 1": "dangling-m2o",
    "DELETE FROM heads WHERE code = 'h'": "dangling-m2o",
    "UPDATE heads SET code = 'H' WHERE code = 'h'": "dangling-m2o",
    "UPDATE pages SET id = 11 WHERE id = 1": "dangling-m2o",
}
FOLLOWED = (
    "DELETE FROM tags WHERE id IN (2, 3)",
    "DELETE FROM loose",
    "DELETE FROM heads WHERE code IN ('7', '07')",
    "DELETE FROM pages WHERE id = 1",
    "DELETE FROM pages",
    "DELETE FROM pins WHERE id = 1",
    "DELETE FROM pages_tags",
    "UPDATE tags SET id = id + 100",
    "UPDATE tags SET rowid = 100 WHERE rowid = 1",
    "UPDATE loose SET id = 'uno' WHERE id = 'one'",
    "UPDATE heads SET code = '8' WHERE code = '7'",
    "UPDATE pins SET id = id + 10",
    "REPLACE INTO tags VALUES (9, 'green', 'x')",
    "REPLACE INTO tags VALUES (3, 'green', 'x')",
    "INSERT OR REPLACE INTO pages VALUES (9, 'd', NULL, NULL, NULL)",
    "UPDATE OR REPLACE tags SET label = 'green' WHERE id = 3",
    "UPDATE OR REPLACE tags SET id = 3 WHERE id = 2",
)
CLEAN = (
    "INSERT INTO tags VALUES (5, 'new', NULL)",
    "INSERT INTO tags (label) VALUES ('newer')",
    "INSERT OR IGNORE INTO tags VALUES (9, 'red', NULL)",
    "INSERT INTO tags VALUES (9, 'red', 'x') ON CONFLICT (label) DO UPDATE SET color = 'x'",
    "INSERT INTO tags VALUES (1, 'red', 'x') ON CONFLICT DO NOTHING",
    "INSERT INTO tags VALUES (1, 'pink', 'x') ON CONFLICT (id) DO UPDATE SET label = excluded.label",
    "UPDATE tags SET label = 'pink' WHERE id = 1",
    "UPDATE OR IGNORE tags SET label = 'red' WHERE id = 2",
    "DELETE FROM tags WHERE id = 4",
    "DELETE FROM heads WHERE code = 'free'",
    "INSERT INTO pages VALUES (9, 'z', 9, 3, '07')",
    "INSERT INTO sections VALUES (9, 1, '2', 'tags', 1), (10, 1, '07', 'heads', 2), (11, 1, 'bb', 'loose', 2)",
    "INSERT OR IGNORE INTO sections VALUES (9, 1, '1', 'tags', 1)",
    "INSERT OR IGNORE INTO pages_tags VALUES (9, 1, 1, 7)",
    "REPLACE INTO pages_tags VALUES (9, 1, 1, 7)",
    "INSERT INTO pages_tags VALUES (9, 1, 1, 7) ON CONFLICT (pages_id, tags_id) DO UPDATE SET place = 7",
    "UPDATE sections SET item = 'h', kind = 'heads' WHERE id = 1",
    "UPDATE sections SET place = place + 1",
    "UPDATE sections SET pages_id = 4 WHERE id = 1",
    "INSERT INTO notes VALUES (9, NULL, NULL, 2, NULL)",
    "UPDATE notes SET item = NULL, kind = NULL",
    "UPDATE notes SET item = '3', kind = 'tags', tag = NULL WHERE id = 2",
    "DELETE FROM sections",
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A guarded database."""
    path = tmp_path_factory.mktemp("world") / "world.db"
    make_world(path)
    with RelationRegistry(path) as registry:
        registry.guard()
    return path


@pytest.fixture
def path(world: Path, tmp_path: Path) -> Path:
    """A copy of it, to be written to."""
    return Path(shutil.copy(world, tmp_path / "world.db"))


def test_the_world_is_clean(world: Path) -> None:
    """Nothing is wrong before anything is tried."""
    assert problems(world) == []


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_what_breaks_a_relation_is_refused(path: Path, program: Program) -> None:
    """The refusal names the rule, or is SQLite's own where foreign keys are on; no row has changed."""
    before = rows(path)
    enforced = "foreign_keys" in program.__name__
    for statement, rule in REFUSED.items():
        assert rule in program(path, statement), statement
    for statement, rule in DECLARED.items():
        assert ("FOREIGN KEY constraint failed" if enforced else rule) in program(path, statement), statement
    assert rows(path) == before


@pytest.mark.parametrize("program", PROGRAMS[::3], ids=lambda program: program.__name__)
@pytest.mark.parametrize("statement", FOLLOWED)
def test_what_points_follows_what_it_points_at(path: Path, program: Program, statement: str) -> None:
    """When items go or change their key the statement is carried out, or refused, and nothing dangles."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM notes WHERE tag IS NOT NULL")
        connection.commit()
    before = rows(path)
    problem = program(path, statement)
    assert problems(path) == []
    assert (rows(path) == before) is bool(problem)


@pytest.mark.parametrize("program", PROGRAMS[::3], ids=lambda program: program.__name__)
@pytest.mark.parametrize("statement", CLEAN)
def test_what_is_clean_is_not_refused(path: Path, program: Program, statement: str) -> None:
    """A statement that breaks nothing is carried out, with every setting of the connection."""
    assert program(path, statement) == ""
    assert problems(path) == []


UNIQUE = (
    "(lower(label))",
    "(lower(label) COLLATE BINARY DESC, color ASC)",
    "(label COLLATE NOCASE)",
    "(color) WHERE label IS NOT NULL",
    "(length(label) + 1) WHERE (label IN ('free', 'FREE')) /* ) */ AND id > 0 -- so",
    "((1)) WHERE color = 'x'",
    '("odd, (name)", ([color] || `label`) COLLATE NOCASE)',
)


@pytest.mark.parametrize("statement", ["REPLACE INTO tags {}", "UPDATE OR REPLACE tags SET {} WHERE id = 3"])
@pytest.mark.parametrize("columns", UNIQUE)
def test_a_row_that_is_replaced_by_any_unique_index(path: Path, columns: str, statement: str) -> None:
    """A row is in the way by an expression, another collation, or among some rows only: its links go with it."""
    values = "(id, label, color) VALUES (9, 'FREE', 'x')" if "INTO" in statement else "label = 'FREE', color = 'x'"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("ALTER TABLE tags ADD COLUMN \"odd, (name)\" DEFAULT 'odd'")
        connection.execute("UPDATE tags SET color = 'x' WHERE id = 4")
        connection.execute(f'CREATE UNIQUE INDEX "any (one)" ON tags {columns}')
        connection.execute("INSERT INTO sections VALUES (9, 1, '4', 'tags', 1)")
    with RelationRegistry(path) as registry:
        registry.guard()
    assert module()(path, statement.format(values)) == ""
    left = rows(path)
    assert 4 not in {key for key, *_ in left["tags"]}
    assert 9 not in {key for key, *_ in left["sections"]}
    assert problems(path) == []


@pytest.mark.parametrize("columns", ["(color) WHERE color <> 'none' AND id > 0", "(lower(color))"])
def test_a_row_in_the_way_is_looked_up(path: Path, columns: str) -> None:
    """It is found by the unique index itself, of expressions and of some rows too, not by reading all rows."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(
            "WITH RECURSIVE n (i) AS (VALUES (100) UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
            "INSERT INTO tags (id, color) SELECT i, i FROM n"
        )
        connection.execute(f"CREATE UNIQUE INDEX some ON tags {columns}")
    with RelationRegistry(path) as registry:
        registry.guard()
    ticks: list[None] = []
    with closing(sqlite3.connect(path)) as connection:
        connection.set_progress_handler(lambda: ticks.append(None), 1000)  # a thousand steps of SQLite's machine
        connection.execute("INSERT INTO tags (label, color) VALUES ('z', 'z')")
    assert len(ticks) < 3


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="the sqlite3 program is not installed")
def test_the_command_line_program_is_guarded_too(path: Path) -> None:
    """The sqlite3 program, as it is when started, is refused what the module is, and allowed what that is."""
    before = rows(path)
    for statement, rule in {**REFUSED, **DECLARED}.items():
        assert rule in command_line(path, statement)
    assert rows(path) == before
    for statement in CLEAN:
        assert command_line(path, f"BEGIN; {statement}; ROLLBACK;") == ""
    assert rows(path) == before
