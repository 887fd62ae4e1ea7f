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
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

from attrs import evolve, frozen

from relgraph.errors import CannotChangeTable, DatabaseCorrupt, RuleViolation, listed
from relgraph.storage.connection import Database
from relgraph.storage.sql_text import quoted, same_name, with_foreign_key, without_foreign_key
from relgraph.storage.table_copy import copy_table, switched

Row: TypeAlias = tuple[Any, ...]

_KEYS_SHOWN: Final = 5


@contextmanager
def changing(database: Database, *, copying: bool = False) -> Iterator[None]:
    """Hold a write transaction in which definitions of tables may change; inside an open one, a savepoint.

    Where tables must be copied, or `copying` asks for it, foreign keys are not enforced meanwhile, so that dropping the
    old table deletes nothing else; as SQLite cannot switch them inside a transaction, an open one is refused then.
    """
    (enforced,) = database.execute("PRAGMA foreign_keys").fetchone()
    if not enforced or (not copying and _text_is_editable(database)):
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
    copying: bool = False,
) -> None:
    """Make `column` a foreign key to `target_column` of `target`, or change the key that it holds already.

    All or nothing, inside an open transaction too; enforced from the next statement on. No index is made.
    Raises `RuleViolation` ("data-obeys") with the count and some keys when rows point at nothing.
    """
    with changing(database, copying=copying):
        before = _Definition.of(database, table)
        wanted = before.with_key(column, (target, target_column, on_update, on_delete))
        if wanted == before:
            return
        sql = with_foreign_key(before.sql, column, target, target_column, on_delete, on_update)
        _redefine(database, before, wanted, sql, copying)
        dangling = dangling_rows(database, table, column, target, target_column)
        if dangling.count and not before.points(column, target, target_column):
            raise dangling.violation(f"{table}.{column}", target)


def drop_foreign_key(database: Database, table: str, column: str, *, copying: bool = False) -> None:
    """Drop the foreign key that `column` holds alone; without one nothing happens. All or nothing.

    A composite key that the column is part of stays.
    """
    with changing(database, copying=copying):
        before = _Definition.of(database, table)
        wanted = before.with_key(column, None)
        if wanted != before:
            _redefine(database, before, wanted, without_foreign_key(before.sql, column), copying)


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
    key = sorted((row[5], row[1]) for row in _columns(database, table) if row[5])
    names = ", ".join(f"child.{quoted(name)}" for _, name in key) or "child.rowid"
    rows = database.execute(f"SELECT {names} {source} ORDER BY {names} LIMIT {_KEYS_SHOWN}").fetchall()
    return Dangling(count, tuple(row[0] if len(row) == 1 else row for row in rows))


# --- what SQLite makes of a definition -------------------------------------------------------------------------------


@frozen
class _Definition:
    """A table as SQLite understands its text: columns, foreign keys (in no order) and indexes."""

    name: str  # as sqlite_master spells it
    sql: str
    columns: tuple[Row, ...]
    keys: tuple[tuple[Row, ...], ...]  # each: rows of target, column, target column, on update, on delete, match
    indexes: tuple[Row, ...]

    @classmethod
    def of(cls, database: Database, table: str) -> _Definition:
        """Read the definition of a table. Raises `CannotChangeTable` when there is none of that name."""
        found = database.execute(
            "SELECT name, sql FROM main.sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE", (table,)
        ).fetchone()
        if found is None:
            raise CannotChangeTable(table, "there is no such table")
        name, sql = found
        return cls(name, sql, tuple(_columns(database, name)), _keys(database, name), _indexes(database, name))

    def keys_of(self, column: str) -> list[Row]:
        """Give the foreign keys that the column holds alone."""
        return [rows[0] for rows in self.keys if len(rows) == 1 and same_name(rows[0][1], column)]

    def points(self, column: str, target: str, target_column: str) -> bool:
        """Whether the column is a foreign key to that column already, whatever its actions."""
        pointed = [key[0:3:2] for key in self.keys_of(column)]
        return any(same_name(one, target) and (not to or same_name(to, target_column)) for one, to in pointed)

    def with_key(self, column: str, key: tuple[str, str, str, str] | None) -> _Definition:
        """Give the definition with this one key of `column` (target, its column, on update, on delete), or without."""
        alone = self.keys_of(column)
        keys = [rows for rows in self.keys if len(rows) > 1 or rows[0] not in alone]
        if key is not None:
            spelled = next((row[1] for row in self.columns if same_name(row[1], column)), column)
            keys.append(((key[0], spelled, *key[1:], alone[0][-1] if alone else "NONE"),))
        return evolve(self, keys=tuple(sorted(keys)))


def _columns(database: Database, table: str) -> list[Row]:
    return database.execute("SELECT * FROM pragma_table_xinfo(?, 'main')", (table,)).fetchall()


def _keys(database: Database, table: str) -> tuple[tuple[Row, ...], ...]:
    rows = database.execute(
        "SELECT id, [table], [from], coalesce([to], ''), on_update, on_delete, [match] "
        "FROM pragma_foreign_key_list(?, 'main') ORDER BY id, seq",
        (table,),
    ).fetchall()
    return tuple(sorted(tuple(row[1:] for row in rows if row[0] == number) for number in {row[0] for row in rows}))


def _indexes(database: Database, table: str) -> tuple[Row, ...]:
    rows = database.execute(
        "SELECT list.name, list.[unique], list.origin, list.partial, info.* FROM pragma_index_list(?, 'main') AS list "
        "CROSS JOIN pragma_index_xinfo(list.name, 'main') AS info ORDER BY list.name, info.seqno",
        (table,),
    ).fetchall()
    return tuple(rows)


# --- the change ------------------------------------------------------------------------------------------------------


def _redefine(database: Database, before: _Definition, wanted: _Definition, sql: str, copying: bool) -> None:
    """Put a table under a new text, and make sure that SQLite reads it as wanted."""
    matched = _keys_match(database, before.name)
    try:
        if copying or not _text_is_editable(database):
            copy_table(database, before.name, sql)
        else:
            _edit_text(database, before.name, sql)
        after = _Definition.of(database, before.name)
    except DatabaseCorrupt as error:  # what SQLite calls a text in sqlite_master that it cannot read
        raise CannotChangeTable(before.name, f"SQLite does not read its new definition ({error.reason})") from error
    if evolve(after, sql=wanted.sql) != wanted:
        raise CannotChangeTable(before.name, "SQLite reads its new definition otherwise than intended")
    if matched and not _keys_match(database, before.name):
        raise CannotChangeTable(before.name, "SQLite takes what the key points at for no key of that table")


def _edit_text(database: Database, table: str, sql: str) -> None:
    """Replace the text of a table; the new number of the schema makes every connection read it again."""
    with _writable_schema(database):
        database.execute("UPDATE main.sqlite_master SET sql = ? WHERE type = 'table' AND name = ?", (sql, table))
        database.execute(f"PRAGMA main.schema_version = {database.schema_version() + 1}")


@contextmanager
def _writable_schema(database: Database, *, closing: str = "RESET") -> Iterator[None]:
    """Open `sqlite_master` to changes, and close it again whatever happens; RESET also drops the cached schema."""
    database.execute("PRAGMA writable_schema = ON")
    try:
        yield
    finally:
        try:
            database.execute(f"PRAGMA writable_schema = {closing}")
        finally:  # once more, should that have been interrupted
            database.execute("PRAGMA writable_schema = OFF")


def _text_is_editable(database: Database) -> bool:
    """Whether this connection may write to `sqlite_master`; tried by compiling such a statement only."""
    try:
        with _writable_schema(database, closing="OFF"):
            database.execute("EXPLAIN UPDATE main.sqlite_master SET sql = sql")
    except sqlite3.OperationalError as error:
        return "may not be modified" not in str(error)
    return True


def _keys_match(database: Database, table: str) -> bool:
    """Whether every foreign key of a table leads to a primary key or a UNIQUE column; nothing is run for it."""
    try:
        database.execute(f"EXPLAIN PRAGMA main.foreign_key_check({quoted(table)})")
    except sqlite3.OperationalError as error:
        return "foreign key mismatch" not in str(error)
    return True
