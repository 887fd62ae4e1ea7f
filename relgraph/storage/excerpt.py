"""Excerpts: a new database file with the structure of another, to be filled with some of its rows.

In: a `Database`, and where the new file goes. Out: the source, opened once more and held in one read snapshot, with the
new database attached, whose tables are empty. What has a text of its own follows behind the rows: indexes, virtual
tables, views, triggers. The file takes its place when all is there, else there is none. Raises `InvalidPayload` for a
place that is taken, `CannotOpen` for one that cannot be written to, `CannotExcerpt` for rows that do not go in.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from attrs import define, frozen

from relgraph.errors import CannotExcerpt, CannotOpen, InvalidPayload
from relgraph.storage.connection import MEMORY, Database
from relgraph.storage.copying import copied
from relgraph.storage.dependents import virtual_tables_on
from relgraph.storage.sql_text import quoted

NEW: Final = "relgraph_excerpt"  # the name under which the new database is attached

# keys go to a file where they are many; an own cache and no mapping of files, so that memory stays as it is
_BOUNDED: Final = {"foreign_keys": "OFF", "temp_store": "FILE", "cache_size": -16384, "mmap_size": 0}
_HASTY: Final = {"journal_mode": "OFF", "synchronous": "OFF"}  # of a file that is thrown away when it is cut short
_HEADER: Final = ("encoding", "page_size", "auto_vacuum", "user_version", "application_id")
_LEFTOVERS: Final = ("-wal", "-journal")  # of another database that was here, which SQLite would write into a new one
_LAST: Final = ("index", "table", "view", "trigger")  # the order of what follows the rows; the tables are virtual ones


@frozen
class _Text:
    """A line of sqlite_schema that has a text; shadow tables, and SQLite's own, are made with what they belong to."""

    kind: str
    name: str
    sql: str

    @property
    def is_table(self) -> bool:
        return self.kind == "table" and not self.is_virtual

    @property
    def is_virtual(self) -> bool:
        return self.sql.upper().startswith("CREATE VIRTUAL")


@define(eq=False)
class Excerpt:
    """A source and the new database that takes rows of it."""

    source: Database
    tables: tuple[str, ...]  # those that hold rows of their own
    virtual_tables: tuple[str, ...]  # those whose rows are made anew, or stay away
    filled: tuple[str, ...] = ()  # the virtual tables that were made anew, known in the end

    def columns(self, table: str) -> tuple[str, ...]:
        """Give the columns of a table that are written: all but those that are computed."""
        text = "SELECT name FROM pragma_table_xinfo(?, 'main') WHERE hidden = 0 ORDER BY cid"
        return tuple(name for (name,) in self.source.execute(text, (table,)).fetchall())

    def copy(self, table: str, columns: Sequence[str], rows: str, values: Sequence[Any] = ()) -> None:
        """Put the rows of a select into a table; columns are quoted already, as one may be the rowid."""
        try:
            self.source.execute(f"INSERT INTO {NEW}.{quoted(table)} ({', '.join(columns)}) {rows}", values)
        except sqlite3.IntegrityError as error:
            raise CannotExcerpt(table, str(error)) from error

    def copy_whole(self, table: str) -> None:
        """Put all rows of a table into the new one."""
        names = [quoted(name) for name in self.columns(table)]
        self.copy(table, names, f"SELECT {', '.join(names)} FROM main.{quoted(table)}")

    def define(self, name: str, function: Callable[[Any], Any]) -> None:
        """Let SQL call a function of one value, which gives the same for the same value."""
        self.source.raw.create_function(name, 1, function, deterministic=True)


@contextmanager
def excerpt(database: Database, destination: Path) -> Iterator[Excerpt]:
    """Give an excerpt to be filled; the file is at its destination when the block has ended, and not before.

    >>> database = Database.open(":memory:")
    >>> _ = database.execute("CREATE TABLE tags (label TEXT)")
    >>> _ = database.execute("INSERT INTO tags VALUES ('red')")
    >>> with TemporaryDirectory() as folder, excerpt(database, Path(folder, "some.db")) as made:
    ...     made.copy_whole("tags")
    ...     made.source.execute("SELECT label FROM relgraph_excerpt.tags").fetchall()
    [('red',)]
    >>> database.close()
    """
    check_free(destination)
    try:
        folder = TemporaryDirectory(prefix=".relgraph-", dir=destination.absolute().parent)
    except OSError as error:
        raise CannotOpen(str(destination), f"{error.strerror}: {error.filename}") from error
    with folder as name:
        part = Path(name, "part")
        with _source_of(database) as source, source.reading():
            texts = _texts(source)
            _make_file(part, {name: source.execute(f"PRAGMA main.{name}").fetchone()[0] for name in _HEADER})
            _make_tables(part, texts)
            source.execute(f"ATTACH DATABASE ? AS {NEW}", (str(part),))
            source.execute(f"PRAGMA {NEW}.journal_mode = OFF")
            made = Excerpt(source, _names(texts, virtual=False), _names(texts, virtual=True))
            yield made
            _copy_sequences(source)
        made.filled = _finish(part, texts)
        check_free(destination)
        part.replace(destination)


def check_free(destination: Path) -> None:
    """Raise `InvalidPayload` where there is a file at a destination, or can be none."""
    if destination.name == MEMORY:
        raise InvalidPayload("destination", "a subset is written to a file", "give the path of a new one")
    for path in (destination, *(Path(f"{destination}{end}") for end in _LEFTOVERS)):
        if _is_taken(path):
            raise InvalidPayload("destination", f"there is a file at {path} already", "give the path of a new one")
    if not destination.absolute().parent.is_dir():
        raise CannotOpen(str(destination), f"the folder {destination.absolute().parent} does not exist")


def _is_taken(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise CannotOpen(str(path), str(error.strerror)) from error
    return True


def _opened(path: Path, **pragmas: str) -> Database:
    return _set(Database.open(str(path)), pragmas)


def _set(opened: Database, pragmas: Mapping[str, str]) -> Database:
    for pragma, value in {**_BOUNDED, **pragmas}.items():
        opened.execute(f"PRAGMA {pragma} = {value}")
    return opened


@contextmanager
def _source_of(database: Database) -> Iterator[Database]:
    """Give a database once more, by a connection of its own; what is in memory is copied."""
    if database.in_transaction:
        raise CannotExcerpt(
            database.name, "changes that are not committed are seen by no other connection; commit first"
        )
    (file,) = database.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()
    with closing(_opened(Path(file))) if file else copied(database) as source:
        yield source if file else _set(source, {})


# --- structure -------------------------------------------------------------------------------------------------------


def _texts(source: Database) -> tuple[_Text, ...]:
    rows = source.execute(
        "SELECT type, name, sql FROM main.sqlite_schema WHERE sql IS NOT NULL "
        "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND (type <> 'table' OR name NOT IN "
        "(SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow')) ORDER BY rowid"
    )
    return tuple(_Text(*row) for row in rows.fetchall())


def _names(texts: Sequence[_Text], *, virtual: bool) -> tuple[str, ...]:
    return tuple(text.name for text in texts if text.kind == "table" and text.is_virtual is virtual)


def _make_file(part: Path, header: dict[str, Any]) -> None:
    """Make a database with the encoding, the pages and the numbers of another."""
    with closing(sqlite3.connect(part, isolation_level=None)) as connection:
        for name, value in (_HASTY | header).items():
            connection.execute(f"PRAGMA {name} = '{value}'")
        connection.execute("CREATE TABLE first (page)")  # which settles them, where VACUUM would turn texts to UTF-8
        connection.execute("DROP TABLE first")


def _make_tables(part: Path, texts: Sequence[_Text]) -> None:
    """Make the tables, empty."""
    with closing(_opened(part, **_HASTY)) as made, made.writing():
        for text in texts:
            if text.is_table:
                _run(made, text)


def _run(made: Database, text: _Text) -> None:
    try:
        made.execute(text.sql)
    except (sqlite3.OperationalError, sqlite3.IntegrityError) as error:
        raise CannotExcerpt(text.name, str(error)) from error


def _copy_sequences(source: Database) -> None:
    """Let keys that are counted up go on where they do in the source."""
    if source.execute(f"SELECT 1 FROM {NEW}.sqlite_schema WHERE name = 'sqlite_sequence'").fetchone():
        source.execute(f"DELETE FROM {NEW}.sqlite_sequence")
        source.execute(f"INSERT INTO {NEW}.sqlite_sequence SELECT name, seq FROM main.sqlite_sequence")


def _finish(part: Path, texts: Sequence[_Text]) -> tuple[str, ...]:
    """Make what follows the rows; give the virtual tables that were filled."""
    rest = [text for kind in _LAST for text in texts if text.kind == kind and not text.is_table]
    with closing(_opened(part, **_HASTY)) as made, made.writing():
        for text in rest:
            _run(made, text)
        filled = _filled(made, texts)
        for name in filled:
            made.execute(f"INSERT INTO main.{quoted(name)} ({quoted(name)}) VALUES ('rebuild')")
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    return filled


def _filled(made: Database, texts: Sequence[_Text]) -> tuple[str, ...]:
    """Give the full-text indexes on tables and views that are there: these can be made anew."""
    contents = [text.name for text in texts if text.kind in ("table", "view")]
    found = {name for content in contents for name in virtual_tables_on(made, content) if name != content}
    return tuple(
        text.name for text in texts if text.name in found and "USING FTS" in " ".join(text.sql.upper().split())
    )
