"""Foreign keys are made, changed and dropped, and nothing else in the database changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.errors import CannotChangeTable, DatabaseReadOnly, RelgraphError, RuleViolation
from relgraph.storage import ddl
from relgraph.storage.connection import Database
from relgraph.storage.sql_text import with_table_name
from tests.whole_database import ODD, contents, make_hostile

WAYS = pytest.mark.parametrize("copying", [False, True], ids=["text", "copy"])


@pytest.fixture
def path(tmp_path: Path) -> str:
    make_hostile(str(tmp_path / "hostile.db"))
    return str(tmp_path / "hostile.db")


@pytest.fixture
def database(path: str) -> Iterator[Database]:
    opened = Database.open(path)
    yield opened
    opened.close()


def keys_of(database: Database, table: str) -> set[tuple[Any, ...]]:
    """Give the foreign keys of one column: column, target, its column, on delete, on update."""
    rows = database.execute("SELECT * FROM pragma_foreign_key_list(?)", (table,)).fetchall()
    ids = [row[0] for row in rows]
    return {(row[3], row[2], row[4], row[6], row[5]) for row in rows if ids.count(row[0]) == 1}


def settings(database: Database) -> list[int]:
    """Give the switches that a change of a definition must leave as they were."""
    names = ("foreign_keys", "writable_schema", "legacy_alter_table", "ignore_check_constraints", "recursive_triggers")
    return [database.execute(f"PRAGMA {name}").fetchone()[0] for name in names]


def definition(whole: dict[str, Any]) -> str:
    """Give the text of the table that most tests change; after a copy its name is in double quotes."""
    text = whole["definitions"]["table", ODD][1]
    assert isinstance(text, str)
    return text


def without_definition(whole: dict[str, Any], table: str) -> dict[str, Any]:
    """Give the contents less the text and the foreign keys of one table."""
    definitions = {place: text for place, text in whole["definitions"].items() if place != ("table", table)}
    return {**whole, "definitions": definitions, "keys": {**whole["keys"], table: None}}


@WAYS
@pytest.mark.parametrize("column", ["the author", "untyped"])
def test_making_and_dropping_a_key_leaves_everything_else(
    database: Database, path: str, copying: bool, column: str
) -> None:
    """Rows, rowids, storage classes, texts, indexes, triggers, views and sequences are the same before and after."""
    database.execute("UPDATE [odd \"articles'] SET untyped = [the author]")
    before = contents(path)
    ddl.set_foreign_key(database, ODD.upper(), column, "authors", "id", on_delete="SET NULL", copying=copying)
    during = contents(path)
    assert without_definition(during, ODD) == without_definition(before, ODD)
    assert (column, "authors", "id", "SET NULL", "NO ACTION") in keys_of(database, ODD)
    ddl.drop_foreign_key(database, ODD, column.upper(), copying=copying)
    after = contents(path)
    assert without_definition(after, ODD) == without_definition(before, ODD)
    assert definition(after) == (with_table_name(definition(before), ODD) if copying else definition(before))
    assert settings(database) == [1, 0, 0, 0, 1]


@WAYS
def test_changing_a_key_keeps_its_name_place_and_deferral(database: Database, path: str, copying: bool) -> None:
    """Only the actions differ afterwards; a key of one's own table and a deferred one stay that."""
    before = contents(path)
    ddl.set_foreign_key(database, ODD, "parent", ODD, "id", on_delete="CASCADE", on_update="CASCADE", copying=copying)
    after = contents(path)
    assert without_definition(after, ODD) == without_definition(before, ODD)
    assert "CONSTRAINT [own tree] REFERENCES" in definition(after)
    assert "ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED" in definition(after)
    assert "SET NULL" not in definition(after)


@WAYS
@pytest.mark.parametrize(
    ("table", "column", "target", "target_column"),
    [
        ("strict_one", "a", "Authors", "id"),
        ("casc", "a", ODD, "id"),
        ("nullify", "a", ODD, "id"),
        ("Authors", "code", "strict_one", "k"),
    ],
)
def test_every_kind_of_table(
    database: Database, path: str, copying: bool, table: str, column: str, target: str, target_column: str
) -> None:
    """STRICT, WITHOUT ROWID, keyless, text keys, tables that others point at in another case: all stay as they were."""
    database.execute("UPDATE Authors SET code = NULL")
    before = contents(path)
    ddl.set_foreign_key(database, table, column, target, target_column, on_delete="RESTRICT", copying=copying)
    assert (column, target, target_column, "RESTRICT", "NO ACTION") in keys_of(database, table)
    assert without_definition(contents(path), table) == without_definition(before, table)


def test_the_key_is_enforced_at_once_and_seen_by_others(database: Database, path: str) -> None:
    """This connection, a connection that was open before, and the next one all refuse a dangling key."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA foreign_keys = ON")
    assert other.execute("SELECT count(*) FROM Authors").fetchone() == (3,)
    ddl.set_foreign_key(database, ODD, "the author", "Authors", "id")
    for connection in (database.raw, other):
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            connection.execute("INSERT INTO [odd \"articles'] ([the author]) VALUES (77)")
    ddl.drop_foreign_key(database, ODD, "the author")
    other.execute("INSERT INTO [odd \"articles'] ([the author]) VALUES (77)")
    other.close()


@pytest.mark.parametrize("change", [ddl.set_foreign_key, ddl.drop_foreign_key])
def test_inside_a_transaction_it_is_taken_back_with_the_rest(
    database: Database, path: str, change: Callable[..., None]
) -> None:
    """An outer rollback, also to a savepoint, restores the definition, and what was enforced before is again."""
    place = (ODD, "parent") if change is ddl.drop_foreign_key else (ODD, "the author", "Authors", "id")
    before = contents(path)
    keys = keys_of(database, ODD)
    database.execute("BEGIN")
    database.execute("INSERT INTO log (said) VALUES ('kept')")
    database.execute("SAVEPOINT inner")
    change(database, *place)
    assert keys_of(database, ODD) != keys
    database.execute("ROLLBACK TO inner")
    assert keys_of(database, ODD) == keys
    assert database.execute("SELECT said FROM log").fetchall()[-1] == ("kept",)
    database.execute("ROLLBACK")
    assert contents(path) == before


def test_a_key_over_dangling_rows_is_refused(database: Database, path: str) -> None:
    """The refusal counts the items and shows the first keys; the definition stays."""
    database.execute("UPDATE [odd \"articles'] SET untyped = 'nowhere' WHERE id > 0")
    before = contents(path)
    with pytest.raises(RuleViolation) as caught:
        ddl.set_foreign_key(database, ODD, "untyped", "Authors", "id")
    assert (caught.value.rule, caught.value.where, caught.value.value) == ("data-obeys", f"{ODD}.untyped", 4)
    assert "4 items point at no item of Authors: 1, 2, 5, 7; " in str(caught.value)
    assert contents(path) == before


def test_old_violations_elsewhere_do_not_matter(database: Database, path: str) -> None:
    """Other tables, other keys of the table, and the key itself may be broken already: actions can still be changed."""
    raw = sqlite3.connect(path)
    raw.execute("UPDATE [odd \"articles'] SET parent = 555 WHERE id = 1")
    raw.execute("UPDATE casc SET a = 555")
    raw.commit()
    raw.close()
    ddl.set_foreign_key(database, ODD, "the author", "Authors", "id")
    ddl.set_foreign_key(database, ODD, "parent", ODD, "id", on_delete="CASCADE")
    assert {key[0] for key in keys_of(database, ODD)} == {"the author", "parent"}


def test_a_key_to_what_is_no_key_is_refused(database: Database, path: str) -> None:
    """Without a UNIQUE index SQLite would call every later write a mismatch, so the key is not made."""
    before = contents(path)
    with pytest.raises(CannotChangeTable, match="no key of that table"):
        ddl.set_foreign_key(database, "log", "said", "Authors", "name")
    assert contents(path) == before


@pytest.mark.parametrize("table", ["no such", "titles", ""])
def test_only_tables_have_keys(database: Database, table: str) -> None:
    """A missing table and a view are refused by name."""
    with pytest.raises(CannotChangeTable, match="there is no such table"):
        ddl.set_foreign_key(database, table, "id", "Authors", "id")


def test_setting_what_is_there_and_dropping_what_is_not_change_nothing(database: Database) -> None:
    """The number of the schema stays, so no connection reads it again."""
    ddl.set_foreign_key(database, ODD, "the author", "Authors", "id")
    version = database.schema_version()
    ddl.set_foreign_key(database, ODD, "the author", "Authors", "id")
    ddl.drop_foreign_key(database, ODD, "title")
    ddl.drop_foreign_key(database, ODD, "x")
    assert database.schema_version() == version


def test_a_read_only_database_is_left_alone(path: str) -> None:
    """A database opened read-only says so."""
    database = Database.open(path, read_only=True)
    with pytest.raises(DatabaseReadOnly):
        ddl.drop_foreign_key(database, ODD, "parent")
    database.close()


# --- faults ----------------------------------------------------------------------------------------------------------


class Saboteur:
    """Denies the n-th thing that SQLite asks permission for while it compiles statements, once."""

    def __init__(self, nth: int) -> None:
        self.left = nth

    def __call__(self, *asked: Any) -> int:
        self.left -= 1
        return sqlite3.SQLITE_DENY if self.left == 0 else sqlite3.SQLITE_OK


@WAYS
def test_a_failure_at_any_step_leaves_the_old_state(database: Database, path: str, copying: bool) -> None:
    """Whichever permission is missing, all is as before, or all is done; no switch and no transaction stays open."""
    ddl.set_foreign_key(database, ODD, "the author", "Authors", "id", copying=copying)
    done = contents(path)
    ddl.drop_foreign_key(database, ODD, "the author", copying=copying)
    before = contents(path)
    refused, nth, saboteur = 0, 0, Saboteur(1)
    while saboteur.left <= 0 or nth == 0:
        nth += 1
        saboteur = Saboteur(nth)
        database.raw.set_authorizer(saboteur)
        try:
            ddl.set_foreign_key(database, ODD, "the author", "Authors", "id", copying=copying)
        except (sqlite3.DatabaseError, RelgraphError):
            refused += 1
            database.raw.set_authorizer(None)
            assert (nth, contents(path)) == (nth, before)
        else:
            database.raw.set_authorizer(None)
            assert (nth, contents(path)) == (nth, done)
            ddl.drop_foreign_key(database, ODD, "the author", copying=copying)
        assert (nth, settings(database), database.raw.in_transaction) == (nth, [1, 0, 0, 0, 1], False)
    assert refused > 30


def test_copying_needs_a_transaction_of_its_own(database: Database, path: str) -> None:
    """Inside an open transaction foreign keys cannot be switched off, so the copy is refused and nothing happens."""
    before = contents(path)
    database.execute("BEGIN")
    with pytest.raises(CannotChangeTable, match="a transaction of its own"):
        ddl.drop_foreign_key(database, ODD, "parent", copying=True)
    database.execute("COMMIT")
    assert contents(path) == before


def test_a_temporary_trigger_forbids_the_copy(database: Database, path: str) -> None:
    """Dropping the old table would silently drop it, so it is refused."""
    database.execute("CREATE TEMP TRIGGER passing AFTER INSERT ON main.casc BEGIN SELECT 1; END")
    with pytest.raises(CannotChangeTable, match="temporary trigger"):
        ddl.drop_foreign_key(database, "casc", "a", copying=True)
    ddl.drop_foreign_key(database, "casc", "a")
    assert keys_of(database, "casc") == set()


def test_hidden_rowids_forbid_the_copy(database: Database) -> None:
    """Columns named like the rowid hide it, so it could not be kept."""
    database.execute("CREATE TABLE hides (rowid TEXT, _rowid_ TEXT, Oid INT REFERENCES Authors)")
    with pytest.raises(CannotChangeTable, match="hide the rowid"):
        ddl.drop_foreign_key(database, "hides", "oid", copying=True)
    ddl.drop_foreign_key(database, "hides", "oid")
    assert keys_of(database, "hides") == set()


def test_where_texts_cannot_be_edited_the_table_is_copied(database: Database, path: str) -> None:
    """A connection that keeps sqlite_master closed gets the same result by copying."""

    def closed(action: int, name: str | None, *_: Any) -> int:
        forbidden = action == sqlite3.SQLITE_PRAGMA and name == "writable_schema"
        return sqlite3.SQLITE_IGNORE if forbidden else sqlite3.SQLITE_OK

    before = contents(path)
    database.raw.set_authorizer(closed)
    ddl.set_foreign_key(database, ODD, "the author", "Authors", "id")
    database.raw.set_authorizer(None)
    assert without_definition(contents(path), ODD) == without_definition(before, ODD)
    assert ("the author", "Authors", "id", "NO ACTION", "NO ACTION") in keys_of(database, ODD)
    assert settings(database) == [1, 0, 0, 0, 1]


def test_a_text_that_cannot_be_read_is_refused(database: Database) -> None:
    """Two keys of one column without a comma between them, as nobody writes: what is left is no SQL."""
    columns = "a, FOREIGN KEY (a) REFERENCES log FOREIGN KEY (a) REFERENCES pairs"
    database.execute(f"CREATE TABLE twice ({columns})")
    with pytest.raises(CannotChangeTable, match="does not read"):
        ddl.drop_foreign_key(database, "twice", "a")
    assert {key[1] for key in keys_of(database, "twice")} == {"log", "pairs"}
    assert settings(database) == [1, 0, 0, 0, 1]


def test_a_change_without_effect_is_noticed(database: Database) -> None:
    """What SQLite makes of the table afterwards decides, not that no statement failed."""

    def ignoring(action: int, table: str | None, *_: Any) -> int:
        return (
            sqlite3.SQLITE_IGNORE if (action, table) == (sqlite3.SQLITE_UPDATE, "sqlite_master") else sqlite3.SQLITE_OK
        )

    database.raw.set_authorizer(ignoring)
    with pytest.raises(CannotChangeTable, match="otherwise than intended"):
        ddl.drop_foreign_key(database, ODD, "parent")


def test_values_that_would_not_survive_forbid_the_copy(tmp_path: Path) -> None:
    """A column whose type was changed behind SQLite's back holds text that a copy would turn into a number."""
    database = Database.open(tmp_path / "bent.db")
    database.execute("CREATE TABLE bent (id INTEGER PRIMARY KEY, a REFERENCES bent)")
    database.execute("INSERT INTO bent VALUES (1, '1')")
    database.execute("PRAGMA writable_schema = ON")
    database.execute("UPDATE sqlite_master SET sql = replace(sql, 'a REF', 'a INT REF')")
    database.execute("PRAGMA writable_schema = RESET")
    with pytest.raises(CannotChangeTable, match="not be copied as they are"):
        ddl.drop_foreign_key(database, "bent", "a", copying=True)
    ddl.drop_foreign_key(database, "bent", "a")
    assert database.execute("SELECT typeof(a) FROM bent").fetchall() == [("text",)]
    database.close()


# --- dangling rows ---------------------------------------------------------------------------------------------------

TYPES = ("", "INTEGER", "TEXT", "REAL", "NUMERIC", "BLOB", "TEXT COLLATE NOCASE")
STORED = st.sampled_from((None, 1, 1.0, 1.5, "1", "1.0", " 1", "a", "A", "é", b"1", b"a", 2**53 + 1, float(2**53)))


@given(
    near=st.sampled_from(TYPES),
    far=st.sampled_from((*TYPES, "INTEGER PRIMARY KEY")),
    keys=st.lists(STORED, max_size=4),
    pointers=st.lists(STORED, min_size=1, max_size=6),
)
def test_dangling_rows_are_those_that_sqlite_finds(near: str, far: str, keys: list[Any], pointers: list[Any]) -> None:
    """The count agrees with PRAGMA foreign_key_check, whatever the types and collations on both sides."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    database = Database.open(connection)
    connection.execute(f"CREATE TABLE one (k {far}{'' if 'KEY' in far else ' UNIQUE'})")
    connection.execute(f"CREATE TABLE many (id INTEGER PRIMARY KEY, p {near})")
    for key in keys if far != "INTEGER PRIMARY KEY" else [1, 2**53 + 1]:
        connection.execute("INSERT OR IGNORE INTO one VALUES (?)", (key,))
    connection.executemany("INSERT INTO many (p) VALUES (?)", [(pointer,) for pointer in pointers])
    found = ddl.dangling_rows(database, "many", "p", "one", "k")
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("DROP TABLE many")
    connection.execute(f"CREATE TABLE many (id INTEGER PRIMARY KEY, p {near} REFERENCES one (k))")
    connection.executemany("INSERT INTO many (p) VALUES (?)", [(pointer,) for pointer in pointers])
    broken = [row[1] for row in connection.execute("PRAGMA foreign_key_check(many)")]
    connection.close()
    assert (found.count, list(found.keys)) == (len(broken), broken[:5])
