"""The law of guards: no statement of any program leaves a row that breaks a relation, and none that is clean fails."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from attrs import field, frozen
from hypothesis import example, given
from hypothesis import strategies as st

from relgraph import RelationRegistry
from relgraph.integrity.guards import ENFORCED
from tests.integrity.guarded_world import make_world

KEYS = (1, 2, 3, 4, 9)
TEXTS = ("1", "2", "3", "07", "7", "h", "one", "bb", "free", "01")
LABELS = ("red", "green", "blue", "free", "new")
KINDS = ("tags", "heads", "loose", "pins", "pages", "TAGS")


def one_of(values: tuple[object, ...], *, null: bool = True) -> st.SearchStrategy[object]:
    return st.sampled_from((*values, None) if null else values)


COLUMNS = {
    "tags": {"id": one_of(KEYS), "label": one_of(LABELS), "color": one_of(("x",))},
    "heads": {"code": one_of(TEXTS, null=False), "size": one_of(KEYS)},
    "loose": {"id": one_of((*KEYS, "one", "1", b"bb"), null=False), "name": one_of(LABELS)},
    "pages": {
        "id": one_of(KEYS),
        "slug": one_of(("a", "b", "c", "z")),
        "parent": one_of(KEYS),
        "main_tag": one_of(KEYS),
        "head": one_of(TEXTS),
    },
    "pages_tags": {"id": one_of(KEYS), "pages_id": one_of(KEYS), "tags_id": one_of(KEYS), "place": one_of(KEYS)},
    "sections": {"id": one_of(KEYS), "pages_id": one_of(KEYS), "item": one_of(TEXTS), "kind": one_of(KINDS)},
    "notes": {"id": one_of(KEYS), "item": one_of(TEXTS), "kind": one_of(KINDS), "tag": one_of(KEYS)},
    "pins": {"id": one_of(KEYS), "item": one_of(TEXTS), "kind": one_of(KINDS)},
}
ORS = ("", "", "OR IGNORE", "OR REPLACE", "OR FAIL", "OR ABORT", "OR ROLLBACK")


def literal(value: object) -> str:
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    return "NULL" if value is None else f"'{value}'" if isinstance(value, str) else str(value)


@st.composite
def statements(draw: st.DrawFn, most_rows: int = 2) -> str:
    """Draw a statement that changes the world; an INSERT has at most so many rows."""
    table = draw(st.sampled_from(sorted(COLUMNS)))
    columns = COLUMNS[table]
    kind = draw(st.sampled_from(("INSERT", "INSERT", "UPDATE", "UPSERT", "DELETE")))
    by = draw(st.sampled_from(sorted(columns)))
    value = draw(columns[by])
    where = draw(st.sampled_from((f"WHERE {by} IS {literal(value)}", f"WHERE {by} >= {literal(value)}", "")))
    if kind == "DELETE":
        return f"DELETE FROM {table} {where}"
    action = draw(st.sampled_from(ORS))
    if kind == "UPDATE":
        names = draw(st.lists(st.sampled_from(sorted(columns)), min_size=1, max_size=2, unique=True))
        assigned = ", ".join(f"{name} = {literal(draw(columns[name]))}" for name in names)
        return f"UPDATE {action} {table} SET {assigned} {where}"
    rows = [
        ", ".join(literal(draw(value)) for value in columns.values())
        for _ in range(draw(st.integers(1, 1 if kind == "UPSERT" else most_rows)))
    ]
    values = ", ".join(f"({row})" for row in rows)
    if kind == "INSERT":
        return f"INSERT {action} INTO {table} ({', '.join(columns)}) VALUES {values}"
    name = draw(st.sampled_from(sorted(columns)))
    then = draw(st.sampled_from(("NOTHING", f"UPDATE SET {name} = excluded.{name}")))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {values} ON CONFLICT DO {then}"


@frozen
class Worlds:
    """The world without guards and with them, as the bytes of a file."""

    plain: bytes = field(repr=False)
    guarded: bytes = field(repr=False)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Worlds:
    """The world without guards and with them."""
    path = Path(tmp_path_factory.mktemp("law")) / "world.db"
    make_world(path)
    plain = path.read_bytes()
    with RelationRegistry(path) as registry:
        registry.guard()
    return Worlds(plain, path.read_bytes())


def opened(world: bytes, *, enforced: bool, recursive: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.deserialize(world)
    connection.execute(f"PRAGMA foreign_keys = {enforced}")
    connection.execute(f"PRAGMA recursive_triggers = {recursive}")
    return connection


def wrong(connection: sqlite3.Connection) -> list[tuple[str, str, int]]:
    with RelationRegistry(connection) as registry:
        return [(each.rule, each.relation, each.count) for each in registry.audit(rules=ENFORCED)]


@given(wanted=st.lists(statements(), min_size=1, max_size=8), enforced=st.booleans(), recursive=st.booleans())
@example(wanted=["UPDATE OR IGNORE tags SET id = 9 WHERE id = 1"], enforced=False, recursive=False)
@example(wanted=["UPDATE OR REPLACE pages SET id = 1 WHERE slug IS 'b'"], enforced=False, recursive=False)
def test_nothing_wrong_is_left(worlds: Worlds, wanted: list[str], enforced: bool, recursive: bool) -> None:
    """Whatever is run, with whatever settings, an audit finds nothing that guards enforce."""
    with closing(opened(worlds.guarded, enforced=enforced, recursive=recursive)) as connection:
        for statement in wanted:
            try:
                connection.execute(statement)
            except sqlite3.IntegrityError:
                continue
        assert wrong(connection) == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@given(wanted=statements(most_rows=1), enforced=st.booleans(), recursive=st.booleans())
def test_nothing_clean_is_refused(worlds: Worlds, wanted: str, enforced: bool, recursive: bool) -> None:
    """What leaves a database without guards clean is done with them too, but for rows that a later one makes right.

    With recursive triggers REPLACE is to SQLite what it says: items go, and others come.
    """
    recursive = recursive and "REPLACE" not in wanted
    with closing(opened(worlds.plain, enforced=enforced, recursive=recursive)) as connection:
        try:
            connection.execute(wanted)
        except sqlite3.IntegrityError:
            return
        if wrong(connection):
            return
    with closing(opened(worlds.guarded, enforced=enforced, recursive=recursive)) as connection:
        connection.execute(wanted)
