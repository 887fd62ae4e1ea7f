"""Database: opening changes nothing, one snapshot per reading, all or nothing per writing, every failure typed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils

from relgraph.errors import (
    CannotOpen,
    DatabaseBusy,
    DatabaseCorrupt,
    DatabaseFull,
    DatabaseReadOnly,
    InvalidPayload,
    NotADatabase,
    RegistryClosed,
    UnknownCollation,
    UnreadableText,
    WrongThread,
)
from relgraph.storage.connection import Database
from relgraph.storage.functions import whole_sum


def made(path: Path, *statements: str) -> Path:
    """Give the path of a new file in which the statements were run."""
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements or ("CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT)",):
        connection.execute(statement)
    connection.close()
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return made(tmp_path / "small.db")


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    with_database = Database.open(path, busy_timeout_ms=1)
    yield with_database
    with_database.close()


@contextmanager
def failing(error: type[BaseException], part: AbstractContextManager[None]) -> Iterator[None]:
    """Run a block inside `part`, at the end of which `error` is raised, and see it come out."""
    with pytest.raises(error), part:  # noqa: PT012  # the block stands where the caller writes it
        yield
        raise error


def labels(database: Database) -> list[Any]:
    return [label for (label,) in database.execute("SELECT label FROM tags ORDER BY id")]


def add(database: Database, label: str) -> None:
    database.execute("INSERT INTO tags (label) VALUES (?)", (label,))


# --- opening ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("read_only", [True, False])
def test_opening_and_reading_leave_the_file_as_it_was(path: Path, read_only: bool) -> None:
    """Not a byte of the file changes, nor its time, and no other file appears or stays beside it."""
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    database = Database.open(path, read_only=read_only)
    with database.reading():
        assert labels(database) == []
        assert os.listdir(path.parent) == [path.name]
    database.close()
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize(
    "name", ["a b.db", "what?.db", "#1.db", "50%25.db", "ü🦉.db", "a;b&c=d.db", "'\".db", "file:x.db"]
)
def test_any_file_name_opens(tmp_path: Path, name: str) -> None:
    """A name is a name: nothing in it is taken for a part of a URI."""
    database = Database.open(tmp_path / name)
    with database.writing():
        database.execute("CREATE TABLE t (x)")
    database.close()
    assert os.listdir(tmp_path) == [name]
    again = Database.open(str(tmp_path / name), read_only=True)
    assert again.execute("SELECT name FROM sqlite_schema").fetchall() == [("t",)]
    again.close()


def test_a_relative_path_is_taken_from_the_current_folder(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is found where the name points at that moment, and named in messages as it was given."""
    monkeypatch.chdir(path.parent)
    database = Database.open("small.db", read_only=True)
    assert (labels(database), database.name) == ([], "small.db")
    database.close()


def test_an_empty_file_is_an_empty_database(tmp_path: Path) -> None:
    """A file of no bytes opens, also read-only, and has no tables."""
    (tmp_path / "empty.db").touch()
    database = Database.open(tmp_path / "empty.db", read_only=True)
    assert database.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
    database.close()


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("missing.db", "there is no such file"),
        (".", "it is a folder"),
        ("", "a path is needed"),
        ("a\0b", "NUL"),
    ],
)
def test_what_cannot_be_opened_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, reason: str
) -> None:
    """A missing file (read-only), a folder, no name at all: CannotOpen, with the name and the reason."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CannotOpen, match=reason) as caught:
        Database.open(given, read_only=True)
    assert caught.value.code == "INTERNAL"
    assert caught.value.where.strip("'") in (given, repr(given).strip("'"))
    assert os.listdir(tmp_path) == []


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """A new file needs a folder that is there."""
    with pytest.raises(CannotOpen, match=r"the folder .*nowhere does not exist"):
        Database.open(tmp_path / "nowhere" / "new.db")


@pytest.mark.parametrize("given", [None, 7, b"x.db", ["x.db"]])
def test_what_names_no_database_is_a_payload_error(given: object) -> None:
    """A source is a path, a connection or a sqlite-utils database."""
    with pytest.raises(InvalidPayload) as caught:
        Database.open(given)
    assert (caught.value.code, caught.value.where) == ("INVALID_PAYLOAD", "database")


@pytest.mark.parametrize(
    "content", [b"hello, world", b"\x00" * 4096 + b"x", os.urandom(8192), b"SQLite format 3\0" * 99]
)
@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_that_is_no_database_stays_as_it_is(tmp_path: Path, content: bytes, read_only: bool) -> None:
    """Garbage, and what an encrypted file looks like, is NotADatabase."""
    path = tmp_path / "file.db"
    path.write_bytes(content)
    with pytest.raises(NotADatabase) as caught:
        Database.open(path, read_only=read_only)
    assert caught.value.where == str(path)
    assert path.read_bytes() == content


def test_a_truncated_file_is_corrupt(tmp_path: Path) -> None:
    """A file shorter than its header says is DatabaseCorrupt, on opening."""
    path = made(tmp_path / "cut.db", "CREATE TABLE t (x)", "INSERT INTO t VALUES (zeroblob(100000))")
    path.write_bytes(path.read_bytes()[:50_000])
    with pytest.raises(DatabaseCorrupt) as caught:
        Database.open(path)
    assert caught.value.where == str(path)


def test_a_damaged_page_is_corrupt_when_it_is_read(tmp_path: Path) -> None:
    """Damage inside is found by the read that meets it, also in the middle of fetching."""
    path = made(tmp_path / "bad.db", "CREATE TABLE t (x)", "CREATE TABLE u (x)", "INSERT INTO t VALUES (1)")
    content = bytearray(path.read_bytes())
    content[4096:4104] = b"\xff" * 8
    path.write_bytes(content)
    database = Database.open(path, read_only=True)
    with pytest.raises(DatabaseCorrupt), database.reading():
        database.execute("SELECT * FROM t").fetchall()
    assert not database.raw.in_transaction
    database.close()


def test_what_cannot_have_files_beside_it_says_so(tmp_path: Path) -> None:
    """A WAL database needs files beside it, which a read-only disk has no place for: CannotOpen says what to do."""
    path = made(tmp_path / "wal.db", "PRAGMA journal_mode=WAL", "CREATE TABLE t (x)")
    (tmp_path / "wal.db-wal").mkdir()
    with pytest.raises(CannotOpen, match=r"in WAL mode.* copy it") as caught:
        Database.open(path, read_only=True)
    assert caught.value.where == str(path)


def test_an_old_sqlite_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python may come with a SQLite that lacks what introspection rests on."""
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))
    with pytest.raises(CannotOpen, match=r"too old; relgraph needs 3\.37") as caught:
        Database.open(":memory:")
    assert caught.value.where == ":memory:"


def test_memory_is_a_database_of_its_own() -> None:
    """Each ":memory:" is another database; asked for read-only it refuses writes."""
    first, second = Database.open(":memory:"), Database.open(":memory:", read_only=True)
    with first.writing():
        first.execute("CREATE TABLE t (x)")
    assert second.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
    with pytest.raises(DatabaseReadOnly):
        second.execute("CREATE TABLE t (x)")
    first.close()
    second.close()


def test_pragmas_of_own_connections(database: Database) -> None:
    """What consistency and speed rest on is set."""
    names = ("foreign_keys", "recursive_triggers", "cache_size", "temp_store", "busy_timeout")
    values = [database.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
    assert values == [1, 1, -65536, 2, 1]
    assert database.execute("PRAGMA mmap_size").fetchone()[0] > 0


def test_everything_in_a_rich_file_works(tmp_path: Path) -> None:
    """Generated columns, views, triggers, checks, full text search and rtrees of an ordinary file do their work."""
    path = made(
        tmp_path / "rich.db",
        "CREATE TABLE docs (id INTEGER PRIMARY KEY, body TEXT CHECK (body > ''), up TEXT AS (upper(body)) STORED)",
        "CREATE INDEX by_lower ON docs (lower(body))",
        "CREATE VIEW recent AS SELECT id, date('2024-01-01', '+' || id || ' days') AS day FROM docs",
        "CREATE VIRTUAL TABLE found USING fts5(body, content='docs', content_rowid='id')",
        "CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1)",
        """CREATE TRIGGER keep AFTER INSERT ON docs BEGIN
             INSERT INTO found (rowid, body) VALUES (new.id, new.body);
             INSERT INTO boxes VALUES (new.id, json_extract('[1,2]', '$[0]'), 2);
           END""",
    )
    database = Database.open(path)
    with database.writing():
        database.execute("INSERT INTO docs (body) VALUES ('two words')")
    assert database.execute("SELECT up FROM docs").fetchall() == [("TWO WORDS",)]
    assert database.execute("SELECT * FROM recent").fetchall() == [(1, "2024-01-02")]
    assert database.execute("SELECT rowid FROM found WHERE found MATCH 'words'").fetchall() == [(1,)]
    assert database.execute("SELECT x0 FROM boxes").fetchall() == [(1.0,)]
    database.close()


# --- connections of the caller's -------------------------------------------------------------------------------------


def test_a_given_connection_is_used_as_it_is(path: Path) -> None:
    """Rows come as tuples whatever its row_factory; foreign keys are on; closing lets go of it, no more."""
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    database = Database.open(connection)
    assert (database.raw, database.name) == (connection, str(path))
    with database.writing():
        add(database, "red")
    assert type(database.execute("SELECT * FROM tags").fetchone()) is tuple
    assert type(connection.execute("SELECT * FROM tags").fetchone()) is sqlite3.Row
    assert [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("foreign_keys", "recursive_triggers")] == [
        1,
        1,
    ]
    database.close()
    with pytest.raises(RegistryClosed):
        database.execute("SELECT 1")
    assert connection.execute("SELECT count(*) FROM tags").fetchone()[0] == 1
    connection.close()


def test_a_sqlite_utils_database_is_its_connection(path: Path) -> None:
    """The connection inside is used."""
    tables = sqlite_utils.Database(path, execute_plugins=False)
    database = Database.open(tables)
    assert database.raw is tables.conn
    database.close()
    tables.conn.close()


def test_a_connection_inside_a_transaction_is_refused(path: Path) -> None:
    """SQLite ignores PRAGMA foreign_keys there, so nothing would guard the keys; where they are on, it opens."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN")
    with pytest.raises(CannotOpen, match="inside a transaction"):
        Database.open(connection)
    connection.execute("COMMIT")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("BEGIN")
    database = Database.open(connection)
    with database.writing():
        add(database, "red")
    assert connection.in_transaction
    connection.execute("ROLLBACK")
    assert labels(database) == []
    database.close()
    connection.close()


def test_a_connection_that_gives_bytes_is_refused(path: Path) -> None:
    """Texts must come as str."""
    connection = sqlite3.connect(path)
    connection.text_factory = bytes
    with pytest.raises(CannotOpen, match="text_factory"):
        Database.open(connection)
    connection.close()


def test_a_given_connection_can_be_held_read_only(path: Path) -> None:
    """writing() is refused; the connection itself stays as it was."""
    connection = sqlite3.connect(path)
    database = Database.open(connection, read_only=True)
    with pytest.raises(DatabaseReadOnly) as caught, database.writing():
        raise AssertionError("never runs")
    assert caught.value.code == "FORBIDDEN"
    assert connection.execute("PRAGMA query_only").fetchone() == (0,)
    database.close()
    connection.close()


# --- transactions ----------------------------------------------------------------------------------------------------


def test_reading_is_one_snapshot(path: Path) -> None:
    """What another connection commits meanwhile is seen by the next reading, not by this one."""
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    database = Database.open(path)
    with database.reading():
        assert labels(database) == []
        writer.execute("INSERT INTO tags (label) VALUES ('red')")
        with database.reading():
            assert labels(database) == []
    assert labels(database) == ["red"]
    database.close()
    writer.close()


def test_reading_leaves_no_transaction_open(database: Database) -> None:
    """Neither after an error of SQLite's nor after one of the caller's, at any depth."""
    for sql in ("SELECT * FROM nowhere", "SELECT relgraph_fold(1, 2)"):
        with pytest.raises(sqlite3.OperationalError), database.reading(), database.reading():
            database.execute(sql)
        assert not database.raw.in_transaction
    with failing(KeyError, database.reading()):
        labels(database)
    assert not database.raw.in_transaction


def test_writing_is_all_or_nothing(database: Database) -> None:
    """What ran before an error is undone, and the error comes through."""
    with database.writing():
        add(database, "red")
    with failing(ZeroDivisionError, database.writing()):
        add(database, "blue")
    assert (labels(database), database.raw.in_transaction) == (["red"], False)


def test_an_inner_writing_undoes_only_itself(database: Database) -> None:
    """Inside an open transaction writing is a savepoint, at any depth."""
    with database.writing():
        add(database, "red")
        with failing(KeyError, database.writing()):
            add(database, "blue")
            with database.writing():
                add(database, "green")
        with database.writing():
            add(database, "white")
    assert labels(database) == ["red", "white"]


def test_writing_inside_a_reading_lasts(database: Database) -> None:
    """What an inner writing has finished is kept, even when the reading around it fails later."""
    with failing(KeyError, database.reading()):
        labels(database)
        with database.writing():
            add(database, "red")
    assert labels(database) == ["red"]


def test_a_deferred_constraint_that_fails_at_the_end_undoes_all(tmp_path: Path) -> None:
    """SQLite's own error comes through, and no transaction stays open."""
    path = made(
        tmp_path / "late.db",
        "CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES a DEFERRABLE INITIALLY DEFERRED)",
    )
    database = Database.open(path)
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"), database.writing():
        database.execute("INSERT INTO a VALUES (1, 7)")
    assert not database.raw.in_transaction
    assert database.execute("SELECT count(*) FROM a").fetchone() == (0,)
    database.close()


# --- failures --------------------------------------------------------------------------------------------------------


def test_another_writer_makes_it_busy(path: Path, database: Database) -> None:
    """writing() waits for the busy timeout, then DatabaseBusy; reading an exclusively locked file likewise."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseBusy) as caught, database.writing():
        raise AssertionError("never runs")
    assert (caught.value.code, caught.value.status, caught.value.where) == ("SERVICE_UNAVAILABLE", 503, str(path))
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
    other.execute("COMMIT")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DatabaseBusy), database.reading():
        labels(database)
    with pytest.raises(DatabaseBusy):
        Database.open(path, busy_timeout_ms=1)
    other.close()
    assert labels(database) == []


def test_a_reading_that_cannot_keep_what_was_written_inside_says_so(path: Path, database: Database) -> None:
    """Another reader that stays in the way of the commit: DatabaseBusy, the old state, and no open transaction."""
    other = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(DatabaseBusy), database.reading():  # noqa: PT012  # the commit is what fails
        labels(database)
        with database.writing():
            add(database, "red")
        other.execute("BEGIN")
        other.execute("SELECT * FROM tags").fetchall()
    assert not database.in_transaction
    other.close()
    assert labels(database) == []


def test_a_full_database_keeps_its_old_state(database: Database) -> None:
    """DatabaseFull, and everything the transaction did is gone."""
    with database.writing():
        add(database, "red")
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DatabaseFull) as caught, database.writing():
        database.execute("INSERT INTO tags (label) VALUES ('blue'), (?)", ("x" * 100_000,))
    assert (caught.value.code, caught.value.status) == ("INSUFFICIENT_STORAGE", 507)
    assert (labels(database), database.raw.in_transaction) == (["red"], False)


def test_a_read_only_database_refuses_writes(path: Path) -> None:
    """writing() before anything runs, a bare statement by SQLite itself; nested ones too."""
    database = Database.open(path, read_only=True)
    for write in (lambda: database.writing().__enter__(), lambda: add(database, "red")):
        with pytest.raises(DatabaseReadOnly) as caught:
            write()
        assert (caught.value.code, caught.value.where) == ("FORBIDDEN", str(path))
    assert labels(database) == []
    database.close()


@pytest.mark.parametrize(
    "wanted",
    ["label", "relgraph_fold(label)", "relgraph_instant(label)", "relgraph_sum(label)", "relgraph_avg(label)"],
)
def test_a_text_that_is_no_utf8_is_a_typed_error(database: Database, wanted: str) -> None:
    """Whoever meets it: the caller's row, one of relgraph's functions, or an aggregate; what leaves it out works."""
    database.execute("INSERT INTO tags VALUES (1, 'red'), (2, CAST(x'ff41' AS TEXT))")
    with pytest.raises(UnreadableText) as caught, database.reading():
        database.execute(f"SELECT {wanted} FROM tags").fetchall()
    assert (caught.value.code, caught.value.where) == ("INTERNAL", database.name)
    assert len(database.execute("SELECT id FROM tags").fetchall()) == 2


def test_a_collation_of_an_application_is_a_typed_error(tmp_path: Path) -> None:
    """What compares texts as another program does says so, and names the collation; once it is given it works."""
    path = tmp_path / "notes.db"
    with sqlite3.connect(path) as connection:
        connection.create_collation("phone", lambda one, other: (one > other) - (one < other))
        connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT COLLATE phone UNIQUE)")
    connection.close()
    database = Database.open(path, read_only=True)
    with pytest.raises(UnknownCollation, match="create_collation") as caught:
        database.execute("SELECT id FROM notes WHERE text = 'a'")
    assert (caught.value.code, caught.value.where, caught.value.collation) == ("INTERNAL", str(path), "phone")
    database.raw.create_collation("phone", lambda one, other: (one > other) - (one < other))
    assert database.execute("SELECT id FROM notes WHERE text = 'a'").fetchall() == []
    database.close()


def test_a_closed_database_says_so(path: Path) -> None:
    """close() can be repeated; every use after it is RegistryClosed."""
    database = Database.open(path)
    database.close()
    database.close()
    uses: tuple[Callable[[], Any], ...] = (
        lambda: database.execute("SELECT 1"),
        lambda: database.reading().__enter__(),
        lambda: database.writing().__enter__(),
        database.schema_version,
        database.data_version,
    )
    for use in uses:
        with pytest.raises(RegistryClosed) as caught:
            use()
        assert caught.value.where == str(path)


def test_a_connection_closed_by_its_owner_says_so(path: Path) -> None:
    """The caller may close what is the caller's; a use after that is RegistryClosed, a close is nothing."""
    connection = sqlite3.connect(path)
    database = Database.open(connection)
    connection.close()
    for use in (lambda: database.execute("SELECT 1"), lambda: database.reading().__enter__()):
        with pytest.raises(RegistryClosed):
            use()
    database.close()


@pytest.mark.parametrize("given", [False, True])
def test_closing_in_the_middle_of_a_reading_is_quiet(path: Path, given: bool) -> None:
    """A reading that is still open when the database closes ends without an error and without a transaction."""
    connection = sqlite3.connect(path) if given else path
    database = Database.open(connection)
    with database.reading():
        rows = database.execute("SELECT 1")
        database.close()
    del rows
    if isinstance(connection, sqlite3.Connection):
        assert not connection.in_transaction
        connection.close()


@pytest.mark.parametrize("given", [False, True])
def test_closing_in_the_middle_of_a_reading_keeps_what_was_written(path: Path, given: bool) -> None:
    """What was written while a reading is open is there after a close, as it would be after the reading."""
    connection = sqlite3.connect(path) if given else path
    database = Database.open(connection)
    reading = database.reading()
    reading.__enter__()
    with database.writing():
        database.execute("INSERT INTO tags (label) VALUES ('red')")
    database.close()
    other = Database.open(path)
    assert labels(other) == ["red"]
    other.close()
    if isinstance(connection, sqlite3.Connection):
        assert not connection.in_transaction
        connection.close()


def test_another_thread_is_told(database: Database) -> None:
    """SQLite's connections belong to the thread that opened them: WrongThread, and the database still works."""
    caught: list[BaseException] = []

    def use() -> None:
        for attempt in (lambda: database.execute("SELECT 1"), lambda: database.writing().__enter__(), database.close):
            try:
                attempt()
            except WrongThread as error:
                caught.append(error)  # a test in another thread cannot fail, so what it met is judged outside

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert [str(error) for error in caught] == [
        f"{database.name}: a registry belongs to the thread that opened it; open one per thread"
    ] * 3
    assert labels(database) == []


def test_what_is_wrong_with_a_statement_stays_loud(database: Database) -> None:
    """An error that is neither the file's nor the connection's comes as SQLite raised it."""
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        database.execute("SELECT * FROM nowhere")
    with pytest.raises(sqlite3.ProgrammingError, match="binding"):
        database.execute("SELECT ?")


# --- freshness -------------------------------------------------------------------------------------------------------


def test_changes_by_others_are_seen(path: Path, database: Database) -> None:
    """schema_version moves with the tables, data_version with any commit of another connection."""
    versions = database.schema_version(), database.data_version()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("INSERT INTO tags (label) VALUES ('red')")
    assert database.schema_version() == versions[0]
    assert database.data_version() != versions[1]
    other.execute("ALTER TABLE tags ADD COLUMN color TEXT")
    assert database.schema_version() != versions[0]
    other.close()


def test_changes_by_another_process_are_seen(path: Path, database: Database) -> None:
    """As those of another connection here."""
    versions = database.schema_version(), database.data_version()
    change = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('CREATE TABLE more (x)')"
    subprocess.run([sys.executable, "-c", change, str(path)], check=True)
    assert database.schema_version() != versions[0]
    assert database.data_version() != versions[1]


# --- functions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "total", "mean"),
    [
        ("(1), (2), (NULL)", 3, 1.5),
        ("(9223372036854775807), (9223372036854775807)", 2**64 - 2, float(2**63 - 1)),
        ("(0.1), (0.2), (0.3)", 0.6, 0.6 / 3),
        ("(NULL)", None, None),
        ("('4 apples'), (1)", 5, 2.5),
    ],
)
def test_sums_are_exact(database: Database, values: str, total: object, mean: object) -> None:
    """At any size: beyond 64 bits the digits come as text, which whole_sum reads."""
    sql = f"SELECT relgraph_sum(column1), relgraph_avg(column1) FROM (VALUES {values})"
    found = database.execute(sql).fetchone()
    assert (whole_sum(found[0]), found[1]) == (total, mean)


def test_an_aggregate_can_count_each_value_once(database: Database) -> None:
    """DISTINCT is SQLite's own work; nothing at all sums to NULL."""
    sql = "SELECT relgraph_sum(DISTINCT column1) FROM (VALUES (2), (2), (3))"
    assert database.execute(sql).fetchone() == (5,)
    assert database.execute("SELECT relgraph_sum(id), relgraph_avg(id) FROM tags").fetchone() == (None, None)


def test_what_is_compiled_is_judged_afresh() -> None:
    """A statement that has become wrong is refused, though the same one was compiled when it was right."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        database = Database.open(connection)
        database.execute("CREATE TABLE a (x, y)")
        database.compile("SELECT x FROM a")
        database.execute("ALTER TABLE a DROP COLUMN x")
        with pytest.raises(sqlite3.OperationalError, match="no such column: x"):
            database.compile("SELECT x FROM a")
