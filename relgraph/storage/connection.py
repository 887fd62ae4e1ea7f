"""Database: the sole owner of a sqlite3 connection, its pragmas, its transactions and its errors.

In: a path, a connection, or a sqlite-utils database. Out: statements run in one read snapshot or one write
transaction. Fails with the typed errors of `relgraph.errors`; what SQLite says about a statement itself (a constraint,
a missing table) comes through as SQLite's own error. Opening writes nothing.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from types import TracebackType
from typing import Any, Final, NoReturn, TypeAlias

from relgraph.errors import (
    CannotOpen,
    DatabaseBusy,
    DatabaseCorrupt,
    DatabaseFull,
    DatabaseReadOnly,
    NotADatabase,
    RegistryClosed,
    RelgraphError,
    UnknownCollation,
    UnreadableText,
    WrongThread,
)
from relgraph.storage import functions
from relgraph.storage.findings import Findings
from relgraph.storage.sources import connection_in, path_in, uri_of, why_not

Values: TypeAlias = Sequence[Any] | Mapping[str, Any]
Fault: TypeAlias = sqlite3.Error | UnicodeDecodeError  # the latter where an aggregate is given a text that is no UTF-8

MEMORY: Final = ":memory:"
_OLDEST: Final = (3, 37, 0)  # the first with PRAGMA table_list and STRICT tables

# measured in random probes and wide sorts: 0.74 to 0.78, and 0.67, of the time with SQLite's defaults
_SPEED: Final[dict[str, int | str]] = {"cache_size": -65536, "mmap_size": 1 << 30, "temp_store": "MEMORY"}  # KiB, bytes
_BESIDE: Final = (
    "in WAL mode, or after a write that was cut off, SQLite makes files beside a database: "
    "copy it to a folder where it can"
)
_NO_COLLATION: Final = "no such collation sequence: "
_STATEMENTS_KEPT: Final = 512  # compiled statements; a miss costs 2.5 times a point read
_COMPILED: Final = count(1)


class Database:
    """An open database: `execute` inside `reading()` or `writing()`.

    >>> database = Database.open(":memory:")
    >>> with database.writing():
    ...     _ = database.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT)")
    ...     _ = database.execute("INSERT INTO tags (label) VALUES (?)", ("red",))
    >>> with database.reading():
    ...     database.execute("SELECT * FROM tags").fetchall()
    [(1, 'red')]
    >>> database.close()
    """

    def __init__(self, raw: sqlite3.Connection, name: str, *, read_only: bool, owned: bool, timeout_ms: int) -> None:
        self.raw = raw
        self.name = name
        self.read_only = read_only
        self.snapshot_only = False  # in a transaction that `reading` began
        self._lasting_since: tuple[int, ...] | None = None  # the versions at the start of a reading that lasts
        self.fence: Any = None  # what restricted accesses read through, see `fence`
        self._owned = owned
        self._only_others_write = owned and read_only and name != MEMORY
        self._timeout_ms = timeout_ms
        self._thread = threading.get_ident()
        self._closed = False
        self._findings = Findings()
        self._run: Callable[[str, Values], sqlite3.Cursor] = raw.execute if owned else self._run_plainly

    @classmethod
    def open(cls, source: Any, *, read_only: bool = False, busy_timeout_ms: int = 5000) -> Database:
        """Give the database at a path (":memory:" too), or the one a connection or sqlite-utils database holds.

        A connection of the caller's is used as it is: only `foreign_keys` and `recursive_triggers` are switched on, and
        `close()` leaves it open. Raises the `DatabaseError`s; `InvalidPayload` when `source` is none of these.
        """
        if sqlite3.sqlite_version_info < _OLDEST:
            raise CannotOpen(str(source), f"SQLite {sqlite3.sqlite_version} is too old; relgraph needs 3.37 or later")
        connection = connection_in(source)
        if connection is not None:
            return cls._adopt(connection, read_only)
        return cls._open_path(path_in(source), read_only, busy_timeout_ms)

    @classmethod
    def _adopt(cls, connection: sqlite3.Connection, read_only: bool) -> Database:
        name = "the given connection"
        database = cls(connection, name, read_only=read_only, owned=False, timeout_ms=0)
        if connection.text_factory is not str:
            raise CannotOpen(name, "its text_factory is not str, so texts would come as something else")
        database._prepare({})
        database._timeout_ms = database._pragma("busy_timeout")
        file = database.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0]
        database.name = file or MEMORY
        return database

    @classmethod
    def _open_path(cls, path: str, read_only: bool, timeout_ms: int) -> Database:
        uri = f"file:{MEMORY}" if path == MEMORY else uri_of(path, read_only)
        try:
            connection = sqlite3.connect(
                uri, uri=True, timeout=timeout_ms / 1000, isolation_level=None, cached_statements=_STATEMENTS_KEPT
            )
        except sqlite3.OperationalError as error:
            raise CannotOpen(path, why_not(path, error)) from error
        database = cls(connection, path, read_only=read_only, owned=True, timeout_ms=timeout_ms)
        try:
            # trusted_schema stays on: off, SQLite refuses the triggers that keep an FTS5 table (3.40), and all it would
            # fence in here are relgraph's own functions, which do no harm in a view or trigger
            database._prepare({**_SPEED, "query_only": "ON" if read_only else "OFF"})
        except (CannotOpen, DatabaseReadOnly) as error:
            connection.close()
            raise CannotOpen(path, f"{error.reason}; {_BESIDE}") from error
        except BaseException:
            connection.close()
            raise
        return database

    def _prepare(self, pragmas: Mapping[str, int | str]) -> None:
        """Set the pragmas, make sure of those that consistency rests on, and read the file's header."""
        for name, value in pragmas.items():
            self.execute(f"PRAGMA {name} = {value}")
        for name in ("foreign_keys", "recursive_triggers"):
            if not self._pragma(name):
                self.execute(f"PRAGMA {name} = ON")
            if not self._pragma(name):
                raise CannotOpen(self.name, self._why_off(name))
        self.schema_version()
        functions.register(self.raw)

    def _why_off(self, pragma: str) -> str:
        if self.in_transaction:
            return f"{pragma} is off, and SQLite cannot switch it on inside a transaction; commit or roll back first"
        return f"{pragma} cannot be switched on in this build of SQLite"

    @property
    def is_owned(self) -> bool:
        """Whether the connection was opened here, and is not a caller's."""
        return self._owned

    # --- statements --------------------------------------------------------------------------------------------------

    def execute(self, sql: str, values: Values = ()) -> sqlite3.Cursor:
        """Run one statement; rows come as plain tuples, whatever the connection's row_factory."""
        try:
            return self._run(sql, values)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            self.fail(error)

    def compile(self, sql: str) -> None:
        """Compile a statement without running it, so that what SQLite has against it is raised.

        Each time by another text: an EXPLAIN that was compiled before is not judged by what the schema is now.
        """
        self.execute(f"EXPLAIN {sql} -- {next(_COMPILED)}")

    def _run_plainly(self, sql: str, values: Values) -> sqlite3.Cursor:
        cursor = self.raw.cursor()
        cursor.row_factory = None
        return cursor.execute(sql, values)

    def _pragma(self, name: str) -> int:
        row = self.execute(f"PRAGMA {name}").fetchone()
        return int(row[0]) if row else 0

    def schema_version(self) -> int:
        """Give the number that SQLite changes with every change of the schema, by whatever connection."""
        return self._pragma("schema_version")

    def data_version(self) -> int:
        """Give the number that changes when another connection has committed; own commits do not change it."""
        return self._pragma("data_version")

    def versions(self, *, rows: bool) -> tuple[int, ...]:
        """Give what changes whenever the tables do, or with `rows` their rows; at times it changes without need.

        Every read asks, and each pragma takes 1.7 µs of its 25 (2026-11), so no more of them run than have to: where
        this connection cannot write, what others have committed is all there can be.
        """
        try:
            if self._only_others_write:
                return self._run("PRAGMA data_version", ()).fetchone()  # type: ignore[no-any-return]  # one integer
            schema = self._run("PRAGMA schema_version", ()).fetchone()
            if not rows:
                return schema  # type: ignore[no-any-return]  # one integer
            return *schema, *self._run("PRAGMA data_version", ()).fetchone(), self.raw.total_changes
        except sqlite3.Error as error:
            self.fail(error)

    def remembered(self, sql: str, values: Values = ()) -> tuple[Any, ...] | None:
        """Give the first row of a statement as it was found since the last write, see `Findings`; within a reading."""
        return self._findings.get(self, sql, values)

    # --- transactions ------------------------------------------------------------------------------------------------

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open; on a closed connection there is none."""
        try:
            return self.raw.in_transaction
        except sqlite3.ProgrammingError:
            return False

    def reading(self) -> _Reading:
        """Hold one read snapshot; inside an open transaction that one is the snapshot.

        Errors of SQLite that surface while rows are fetched inside become typed errors too.
        """
        return _Reading(self)

    @contextmanager
    def lasting_reading(self) -> Iterator[None]:
        """Hold one read snapshot while the caller goes on, who may write meanwhile; `sees_committed` tells."""
        with self.reading():
            is_first = self._lasting_since is None
            if is_first:
                self._lasting_since = self.versions(rows=True)
            try:
                yield
            finally:
                if is_first:
                    self._lasting_since = None

    @property
    def sees_committed(self) -> bool:
        """Whether a reading holds the transaction, in which nothing was written: all that it sees is committed."""
        since = self._lasting_since
        return self.snapshot_only and (since is None or since == self.versions(rows=True))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write all or nothing: a transaction of its own, or inside an open one a savepoint.

        The write lock is taken at once, waiting up to the busy timeout: SQLite refuses to turn a begun read into a
        write when another connection wrote in between.
        """
        if self.read_only:
            raise DatabaseReadOnly(self.name, "it was opened read-only")
        nested = self.in_transaction
        self.execute("SAVEPOINT relgraph" if nested else "BEGIN IMMEDIATE")
        try:
            yield
            self.execute("RELEASE relgraph" if nested else "COMMIT")
        except BaseException as error:
            self._undo(nested)
            if isinstance(error, sqlite3.Error):
                self.fail(error)
            raise

    def _undo(self, nested: bool) -> None:
        if self._closed or not self.in_transaction:  # a full disk and its like roll back by themselves
            return
        if nested:
            self.execute("ROLLBACK TO relgraph")
            self.execute("RELEASE relgraph")
        else:
            self.execute("ROLLBACK")

    def close(self) -> None:
        """Close an own connection, and let go of a given one; any later use raises `RegistryClosed`.

        What was written while a reading is still open is kept.
        """
        if self._closed:
            return
        if self.snapshot_only and self.in_transaction:
            self.execute("COMMIT")  # closing would roll back, though every inner writing() has promised its part
            self.snapshot_only = False
        if self._owned:
            try:
                self.raw.close()
            except sqlite3.Error as error:
                self.fail(error)
        self._closed = True
        self._run = self._refuse

    def _refuse(self, sql: str, values: Values) -> NoReturn:
        raise RegistryClosed(self.name)

    # --- errors ------------------------------------------------------------------------------------------------------

    def fail(self, error: Fault) -> NoReturn:
        """Raise the typed error that an error of SQLite amounts to, or the error itself where there is none."""
        typed = self._typed(error)
        if typed is None:
            raise error
        raise typed from error

    def _typed(self, error: Fault) -> RelgraphError | None:
        name = getattr(error, "sqlite_errorname", "")
        if not name:
            return self._misuse(error)
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return DatabaseBusy(self.name, self._timeout_ms)
        if name in ("SQLITE_FULL", "SQLITE_IOERR_WRITE"):
            return DatabaseFull(self.name, str(error))
        if name.startswith("SQLITE_READONLY"):
            return DatabaseReadOnly(self.name, str(error))
        if name.startswith("SQLITE_CORRUPT"):
            return DatabaseCorrupt(self.name, str(error))
        if name.startswith("SQLITE_CANTOPEN"):
            return CannotOpen(self.name, str(error))
        if str(error).startswith(_NO_COLLATION):
            return UnknownCollation(self.name, str(error).removeprefix(_NO_COLLATION))
        if str(error).startswith("user-defined"):  # relgraph's own functions never fail: they were given no text
            return UnreadableText(self.name, str(error))
        return NotADatabase(self.name) if name == "SQLITE_NOTADB" else None

    def _misuse(self, error: Fault) -> RelgraphError | None:
        """Tell apart what the sqlite3 module refuses by itself: it gives these errors no name."""
        if isinstance(error, UnicodeDecodeError) or str(error).startswith("Could not decode to UTF-8"):
            return UnreadableText(self.name, str(error))
        if not isinstance(error, sqlite3.ProgrammingError):
            return None
        if threading.get_ident() != self._thread and "thread" in str(error):
            return WrongThread(self.name)
        return RegistryClosed(self.name) if "closed database" in str(error) else None


class _Reading:
    """The read snapshot of `Database.reading`; a class, as it costs a third of a generator in a read of 10 µs."""

    __slots__ = ("_begun", "_database")

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> None:
        database = self._database
        try:
            self._begun = not database.raw.in_transaction
            if self._begun:
                database._run("BEGIN", ())
                database.snapshot_only = True
        except sqlite3.Error as error:
            database.fail(error)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        database = self._database
        if self._begun:
            database.snapshot_only = False
        if self._begun and database.in_transaction:
            # COMMIT after an error too: there is nothing to undo but what an inner writing() has already promised
            try:
                database.raw.execute("COMMIT")
            except sqlite3.Error as failed:
                if database.in_transaction:
                    database.raw.execute("ROLLBACK")
                database.fail(failed)
        if isinstance(error, Fault):
            database.fail(error)
