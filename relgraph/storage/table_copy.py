"""A table under a new definition by copying it, where its text cannot be edited.

In: a table, and a CREATE TABLE text that differs from its own in foreign keys, in the type of a column, or by a column
that is gone. Out: a table of the same name with the same rows, rowids, indexes and triggers. Needs an open transaction.
While foreign keys are enforced, dropping the old table would delete or clear what points at it; so the keys that do are
taken out of their tables' texts until the copy is in place. Statistics of ANALYZE on the table are dropped.

Raises `CannotChangeTable` when something could not be carried over; the caller's transaction then takes all back.

Source: the procedure of https://www.sqlite.org/lang_altertable.html, section 7.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from relgraph.errors import CannotChangeTable
from relgraph.storage.connection import Database
from relgraph.storage.sql_text import quoted, same_name, with_table_name, without_keys_to
from relgraph.storage.text_edit import edit_texts

Checking = Callable[[str], None]

_COPY: Final = "relgraph copy of "  # the name of the new table while rows are copied
_ROWID_NAMES: Final = ("rowid", "_rowid_", "oid")


def copy_table(
    database: Database,
    table: str,
    sql: str,
    *,
    changed: Collection[str] = (),
    shared_columns: bool = False,
    checking: Checking | None = None,
) -> None:
    """Put the rows of `table` under the text `sql`, and back in place all that belongs to the table.

    Columns that are `changed` (of another type) may hold other values; with `shared_columns` either definition may have
    columns of its own. `checking` is called with the name of the copy while both tables are there. `table` is spelled
    as in `sqlite_master`.
    """
    copy = _COPY + table
    belongings = _belongings(database, table)
    sequence = _sequence(database, table)
    with (
        _no_keys_to(database, table, sql) as detached,
        # the renaming must leave alone what others say about the table, and rows pass as they are
        switched(database, "legacy_alter_table", "ON"),
        switched(database, "ignore_check_constraints", "ON"),
    ):
        database.execute(with_table_name(detached, copy))
        _copy_rows(database, table, copy, changed, shared_columns)
        if checking is not None:
            checking(copy)
        database.execute(f"DROP TABLE main.{quoted(table)}")
        database.execute(f"ALTER TABLE main.{quoted(copy)} RENAME TO {quoted(table)}")
    for text in belongings:
        database.execute(text)
    _set_sequence(database, table, sequence)


@contextmanager
def _no_keys_to(database: Database, table: str, sql: str) -> Iterator[str]:
    """Hold the other tables without their foreign keys to a table, and give the text without any key; then put back.

    Where keys are not enforced nothing need be done.
    """
    (enforced,) = database.execute("PRAGMA foreign_keys").fetchone()
    if not enforced:
        yield sql
        return
    texts = tables_pointing_at(database, table)
    edit_texts(database, {name: without_keys_to(text, table) for name, text in texts.items()})
    yield without_keys_to(sql)
    edit_texts(database, {**texts, table: sql})


def tables_pointing_at(database: Database, table: str) -> dict[str, str]:
    """Give the tables with a foreign key to a table (itself among them), each with its text."""
    rows = database.execute(
        "SELECT DISTINCT m.name, m.sql FROM main.sqlite_master AS m "
        "CROSS JOIN pragma_foreign_key_list(m.name, 'main') AS k "
        "WHERE m.type = 'table' AND m.rootpage <> 0 AND k.[table] = ? COLLATE NOCASE",
        (table,),
    )
    return dict(rows.fetchall())


def _copy_rows(database: Database, table: str, copy: str, changed: Collection[str], shared_columns: bool) -> None:
    """Copy all rows with their rowids, and make sure that each value arrived as it was."""
    left_out = set()
    if shared_columns:
        left_out = set(_columns(database, table, stored=False)) ^ set(_columns(database, copy, stored=False))
    columns = [name for name in _columns(database, table, stored=True) if name not in left_out]
    if not columns:
        if _count(database, table):
            raise CannotChangeTable(table, "its rows would not be copied as they are, as no column stays")
        return
    names = ", ".join(columns)
    database.execute(f"INSERT INTO main.{quoted(copy)} ({names}) SELECT {names} FROM main.{quoted(table)}")
    counts = [_count(database, name) for name in (table, copy)]
    kept = [name for name in _columns(database, table, stored=False) if name not in left_out]
    same = [name for name in kept if name not in map(quoted, changed)]
    typed = ", ".join(f"{name} COLLATE BINARY, typeof({name})" for name in same)
    differing = database.execute(
        f"SELECT {typed} FROM main.{quoted(table)} EXCEPT SELECT {typed} FROM main.{quoted(copy)} LIMIT 1"
    )
    if counts[0] != counts[1] or differing.fetchone():
        raise CannotChangeTable(table, "its rows would not be copied as they are")


def _count(database: Database, table: str) -> int:
    return int(database.execute(f"SELECT count(*) FROM main.{quoted(table)}").fetchone()[0])


def _columns(database: Database, table: str, *, stored: bool) -> Sequence[str]:
    """Give the columns as SQL names, and the rowid where there is one; `stored`, without the generated ones."""
    rows = database.execute("SELECT name, hidden FROM pragma_table_xinfo(?, 'main')", (table,)).fetchall()
    columns = [quoted(name) for name, hidden in rows if not hidden or not stored]
    (without_rowid,) = database.execute(
        "SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ? COLLATE NOCASE", (table,)
    ).fetchone()
    if without_rowid:
        return columns
    free = [word for word in _ROWID_NAMES if not any(same_name(word, name) for name, _ in rows)]
    if not free:
        raise CannotChangeTable(table, "its columns hide the rowid, which would change")
    return [free[0], *columns]


def _belongings(database: Database, table: str) -> list[str]:
    """Give the texts of the indexes and triggers that go with a table when it is dropped."""
    belongs = "sql IS NOT NULL AND type IN ('index', 'trigger') AND tbl_name = ? COLLATE NOCASE"
    if database.execute(f"SELECT 1 FROM temp.sqlite_master WHERE {belongs}", (table,)).fetchone():
        raise CannotChangeTable(table, "a temporary trigger on it would be lost")
    rows = database.execute(f"SELECT sql FROM main.sqlite_master WHERE {belongs} ORDER BY rowid", (table,))
    return [sql for (sql,) in rows.fetchall()]


def _sequence(database: Database, table: str) -> int | None:
    """Give the highest key that AUTOINCREMENT has given out, which may be above those in the table."""
    if not _counts(database):
        return None
    row = database.execute("SELECT seq FROM main.sqlite_sequence WHERE name = ?", (table,)).fetchone()
    return None if row is None else row[0]


def _set_sequence(database: Database, table: str, sequence: int | None) -> None:
    """Let AUTOINCREMENT go on where it was; of a table without rows there may be no number yet."""
    if sequence is not None:
        database.execute("UPDATE main.sqlite_sequence SET seq = ? WHERE name = ?", (sequence, table))
    elif _counts(database):
        database.execute("DELETE FROM main.sqlite_sequence WHERE name = ?", (table,))


def _counts(database: Database) -> bool:
    found = database.execute("SELECT 1 FROM main.sqlite_master WHERE name = 'sqlite_sequence'")
    return found.fetchone() is not None


@contextmanager
def switched(database: Database, pragma: str, value: str) -> Iterator[None]:
    """Hold a setting of the connection at another value, and put it back whatever happens."""
    before = database.execute(f"PRAGMA {pragma}").fetchone()[0]
    database.execute(f"PRAGMA {pragma} = {value}")
    try:
        yield
    finally:
        try:
            database.execute(f"PRAGMA {pragma} = {before}")
        except sqlite3.Error:  # an interruption must not leave it behind
            database.execute(f"PRAGMA {pragma} = {before}")
