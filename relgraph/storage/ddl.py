"""Foreign keys made, changed and dropped without touching a row, a trigger, an index or a view.

In: a table, a column and what it is to point at. Out: the same table under a new definition, verified, or an error and
the old one. SQLite has no ALTER for it, but documents that a change which leaves the stored content as it is may be
made by editing the text in `sqlite_master` (https://www.sqlite.org/lang_altertable.html, section 7): no row is copied,
so rowids, declared types, generated columns and 64-bit integers cannot change, and foreign keys stay enforced. Where
the connection forbids that (defensive mode) the table is copied instead, see `table_copy`.

Raises `CannotChangeTable` where neither is possible, and `RuleViolation` when rows exist that a new key would forbid.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, Final

from attrs import evolve, frozen

from relgraph.errors import CannotChangeTable, DatabaseCorrupt, RuleViolation, listed
from relgraph.storage.connection import Database
from relgraph.storage.definition import Definition, columns_of
from relgraph.storage.sql_text import quoted, same_name, with_foreign_key, without_foreign_key, without_keys_to
from relgraph.storage.table_copy import Checking, copy_table, switched, tables_pointing_at
from relgraph.storage.text_edit import edit_text, text_is_editable

_KEYS_SHOWN: Final = 5


@contextmanager
def changing(database: Database, *, copying: bool = False) -> Iterator[None]:
    """Hold a write transaction in which definitions of tables may change; inside an open one, a savepoint.

    Where tables must be copied, or `copying` asks for it, foreign keys are not enforced meanwhile, so that dropping the
    old table deletes nothing else; as SQLite cannot switch them inside a transaction, an open one is refused then.
    """
    (enforced,) = database.execute("PRAGMA foreign_keys").fetchone()
    if not enforced or (not copying and text_is_editable(database)):
        with database.writing():
            yield
        return
    if database.raw.in_transaction:
        raise CannotChangeTable(
            database.name, "this connection lets tables be copied only, which needs a transaction of its own"
        )
    with switched(database, "foreign_keys", "OFF"), database.writing():
        yield


def set_foreign_key(
    database: Database,
    table: str,
    column: str,
    target: str,
    target_column: str,
    *,
    on_delete: str = "NO ACTION",
    on_update: str = "NO ACTION",
    judging: bool = True,
    copying: bool = False,
) -> None:
    """Make `column` a foreign key to `target_column` of `target`, or change the key that it holds already.

    All or nothing, inside an open transaction too; enforced from the next statement on. No index is made.
    Raises `RuleViolation` ("data-obeys") with the count and some keys when rows point at nothing, unless not `judging`:
    SQLite itself lets rows stay as they are.
    """
    with changing(database, copying=copying):
        before = Definition.of(database, table)
        wanted = before.with_key(column, (target, target_column, on_update, on_delete))
        if wanted == before:
            return
        sql = with_foreign_key(before.sql, column, target, target_column, on_delete, on_update)
        redefine(database, before, wanted, sql, copying)
        if not judging or before.points(column, target, target_column):
            return
        dangling = dangling_rows(database, table, column, target, target_column)
        if dangling.count:
            raise dangling.violation(f"{table}.{column}", target)


def drop_foreign_key(database: Database, table: str, column: str, *, copying: bool = False) -> None:
    """Drop the foreign key that `column` holds alone; without one nothing happens. All or nothing.

    A composite key that the column is part of stays.
    """
    with changing(database, copying=copying):
        before = Definition.of(database, table)
        wanted = before.with_key(column, None)
        if wanted != before:
            redefine(database, before, wanted, without_foreign_key(before.sql, column), copying)


def drop_keys_to(database: Database, table: str) -> None:
    """Drop all foreign keys of other tables that point at a table, composite ones too; columns and rows stay.

    Needs an open transaction of `changing`.
    """
    for name in tables_pointing_at(database, table):
        before = Definition.of(database, name)
        if not same_name(name, table):
            redefine(database, before, before.without_keys_to(table), without_keys_to(before.sql, table))


# --- rows that break a key -------------------------------------------------------------------------------------------


@frozen
class Dangling:
    """The rows of a table whose key points at nothing: how many, and the primary keys (else rowids) of the first."""

    count: int
    keys: tuple[Any, ...] = ()

    def violation(self, where: str, target: str) -> RuleViolation:
        """Give the error that refuses a foreign key over these rows."""
        more = ["..."] if self.count > len(self.keys) else []
        points = "1 item points" if self.count == 1 else f"{self.count} items point"
        problem = f"{points} at no item of {target}: {listed([*map(repr, self.keys), *more])}"
        return RuleViolation("data-obeys", where, self.count, problem, "mend or clear their keys first", "many_field")


def dangling_rows(database: Database, table: str, column: str, target: str, target_column: str) -> Dangling:
    """Give the rows of `table` whose `column` matches no `target_column`, as a foreign key would match them.

    The unary plus leaves affinity and collation to the column pointed at, as SQLite's foreign keys do.
    """
    near, far = f"child.{quoted(column)}", f"parent.{quoted(target_column)}"
    source = (
        f"FROM main.{quoted(table)} AS child WHERE {near} IS NOT NULL "
        f"AND NOT EXISTS (SELECT 1 FROM main.{quoted(target)} AS parent WHERE {far} = +{near})"
    )
    count = database.execute(f"SELECT count(*) {source}").fetchone()[0]
    if not count:
        return Dangling(0)
    key = sorted((row[5], row[1]) for row in columns_of(database, table) if row[5])
    names = ", ".join(f"child.{quoted(name)}" for _, name in key) or "child.rowid"
    rows = database.execute(f"SELECT {names} {source} ORDER BY {names} LIMIT {_KEYS_SHOWN}").fetchall()
    return Dangling(count, tuple(row[0] if len(row) == 1 else row for row in rows))


# --- the change ------------------------------------------------------------------------------------------------------


def redefine(
    database: Database,
    before: Definition,
    wanted: Definition,
    sql: str,
    copying: bool = False,
    *,
    changed: Collection[str] = (),
    checking: Checking | None = None,
) -> None:
    """Put a table under a new text, and make sure that SQLite reads it as wanted; see `copy_table` for the rest."""
    matched = _keys_match(database, before.name)
    try:
        if copying or not text_is_editable(database):
            copy_table(database, before.name, sql, changed=changed, checking=checking)
        else:
            edit_text(database, before.name, sql)
        after = Definition.of(database, before.name)
    except DatabaseCorrupt as error:  # what SQLite calls a text in sqlite_master that it cannot read
        raise CannotChangeTable(before.name, f"SQLite does not read its new definition ({error.reason})") from error
    if evolve(after, sql=wanted.sql) != wanted:
        raise CannotChangeTable(before.name, "SQLite reads its new definition otherwise than intended")
    if matched and not _keys_match(database, before.name):
        raise CannotChangeTable(before.name, "SQLite takes what the key points at for no key of that table")


def _keys_match(database: Database, table: str) -> bool:
    """Whether every foreign key of a table leads to a primary key or a UNIQUE column; nothing is run for it."""
    try:
        database.compile(f"PRAGMA main.foreign_key_check({quoted(table)})")
    except sqlite3.OperationalError as error:
        return "foreign key mismatch" not in str(error)
    return True
