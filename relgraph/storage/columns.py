"""Columns of tables added, renamed, dropped and changed, all else as it was.

In: names as SQLite spells them, inside a transaction of `ddl.changing`. Out: the table with the column as wanted; rows,
rowids, indexes, triggers, views, declared types, collations, generated columns and sequences are the same, verified.
SQLite's own ALTER is used where it can do it, else the text of the table is edited, else the table is copied.

Raises `CannotChangeTable` with the reason, and with the number and the first keys of rows that stand against it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, Final

from attrs import evolve, frozen

from relgraph.errors import CannotChangeTable, listed
from relgraph.storage.column_text import with_default, with_nullability, with_type, without_column
from relgraph.storage.column_types import Column
from relgraph.storage.connection import Database
from relgraph.storage.conversion import Misfits, misfits, rows_where
from relgraph.storage.ddl import drop_foreign_key, redefine
from relgraph.storage.declared import affinity_of, type_of
from relgraph.storage.definition import Definition
from relgraph.storage.dependents import virtual_tables_naming
from relgraph.storage.indexes import IndexColumn, index_name, names_taken
from relgraph.storage.key_faults import broken_keys
from relgraph.storage.sql_text import quoted, same_name, tokens
from relgraph.storage.table_copy import copy_table, switched
from relgraph.storage.witness import Witness, verified
from relgraph.values import FieldType

KEEP: Final = object()  # a default that is not to change; None is to have none


def add_column(database: Database, table: str, column: Column) -> None:
    """Add a column behind the others; the items there hold its default. `unique` makes a unique index."""
    if not column.nullable and column.default is None:
        rows = rows_where(database, table, "1")
        if rows.count:
            raise CannotChangeTable(f"{table}.{column.name}", rows.said("hold NULL in it") + "; give a default")
    place = len([row for row in Definition.of(database, table).columns if row[6] != 1])
    seen = (
        place,
        column.name,
        _type_read_back(column.declared),
        int(not column.nullable),
        _read_back(column.default),
        0,
        0,
    )
    with verified(database, table, lambda before: before.with_column(table, seen)):
        database.execute(f"ALTER TABLE main.{quoted(table)} ADD COLUMN {column.text(inline_unique=False)}")
    if column.unique:
        name = index_name(table, [IndexColumn(column.name)], names_taken(database))
        statement = f"CREATE UNIQUE INDEX main.{quoted(name)} ON {quoted(table)} ({quoted(column.name)})"
        if column.default is not None and rows_where(database, table, "1").count > 1:
            raise CannotChangeTable(f"{table}.{column.name}", "all items would hold the same default, yet it is unique")
        database.execute(statement)


def _read_back(default: str | None) -> str | None:
    """Give a default as SQLite's pragmas give it: an expression without its parentheses."""
    return default[1:-1].strip() if default is not None and default.startswith("(") else default


def _type_read_back(declared: str) -> str:
    """Give a declared type as SQLite's pragmas give it: since 3.37 they spell its own types in one way."""
    return declared.upper() if declared.upper() in ("ANY", "BLOB", "INT", "INTEGER", "REAL", "TEXT") else declared


def rename_column(database: Database, table: str, old: str, new: str) -> None:
    """Give a column another name; keys, indexes, views, triggers, checks and generated columns follow.

    A view that shows the column under its own name shows it under the new one.
    """
    _refuse_virtual(database, table, old)
    with (
        switched(database, "legacy_alter_table", "OFF"),
        verified(database, table, lambda before: before.with_column_renamed(table, old, new)),
    ):
        database.execute(f"ALTER TABLE main.{quoted(table)} RENAME COLUMN {quoted(old)} TO {quoted(new)}")


def _refuse_virtual(database: Database, table: str, column: str) -> None:
    leaning = virtual_tables_naming(database, table, column)
    if leaning:
        where, reason = (
            f"{table}.{column}",
            f"the virtual table {leaning[0]} takes its content from it; drop that first",
        )
        raise CannotChangeTable(where, reason)


# --- dropping --------------------------------------------------------------------------------------------------------


@frozen
class Uses:
    """What else in the file is about a column, by names."""

    indexes_alone: tuple[str, ...]
    indexes_shared: tuple[str, ...]  # over other columns too, or with an expression that names it
    keys_to: tuple[tuple[str, str], ...]  # columns elsewhere whose foreign key points at it


def uses_of(database: Database, table: str, column: str) -> Uses:
    """Give what would go with a column. Raises `CannotChangeTable` where something on several columns holds it.

    That is: the primary key, a UNIQUE constraint or a foreign key together with other columns.
    """
    where, found = f"{table}.{column}", Definition.of(database, table)
    if found.column(column)[5]:
        raise CannotChangeTable(where, "it is the primary key, or part of it")
    if any(len(key) > 1 and any(same_name(row[1], column) for row in key) for key in found.keys):
        raise CannotChangeTable(where, "a foreign key of several columns holds it")
    alone: list[str] = []
    shared: list[str] = []
    for name, parts in _indexes(found).items():
        columns = [row[6] for row in parts if row[9]]
        mentioned = any(each is not None and same_name(each, column) for each in columns) or (
            parts[0][2] == "c" and _mentions(database, name, column)
        )
        if mentioned and parts[0][2] != "c" and len(columns) > 1:
            raise CannotChangeTable(where, f"it is UNIQUE together with {listed(_others(columns, column))}")
        if mentioned and parts[0][2] == "c":
            (alone if len(columns) == 1 and columns[0] is not None and not parts[0][3] else shared).append(name)
    return Uses(tuple(alone), tuple(shared), tuple(_keys_to(database, table, column)))


def _indexes(found: Definition) -> dict[str, list[Any]]:
    indexes: dict[str, list[Any]] = {}
    for row in found.indexes:
        indexes.setdefault(row[0], []).append(row)
    return indexes


def _mentions(database: Database, index: str, column: str) -> bool:
    """Whether the text of an index names a column, behind the table's name."""
    sql = database.execute("SELECT sql FROM main.sqlite_master WHERE type = 'index' AND name = ?", (index,)).fetchone()[
        0
    ]
    words = [token for token in tokens(sql) if token.kind in ("word", "quoted") or token.text == "("]
    start = next(place for place, token in enumerate(words) if token.text == "(")
    return any(same_name(token.name, column) for token in words[start:])


def _others(columns: Iterable[str | None], column: str) -> list[str]:
    return [each for each in columns if each is not None and not same_name(each, column)]


_KEYS_TO: Final = """
SELECT m.name, k.[from], (SELECT count(*) FROM pragma_foreign_key_list(m.name, 'main') AS o WHERE o.id = k.id)
FROM main.sqlite_master AS m CROSS JOIN pragma_foreign_key_list(m.name, 'main') AS k
WHERE m.type = 'table' AND m.rootpage <> 0 AND k.[table] = ?1 COLLATE NOCASE AND k.[to] = ?2 COLLATE NOCASE"""


def _keys_to(database: Database, table: str, column: str) -> Iterable[tuple[str, str]]:
    for name, near, columns in database.execute(_KEYS_TO, (table, column)).fetchall():
        if columns > 1:
            raise CannotChangeTable(f"{table}.{column}", f"a foreign key of several columns of {name} points at it")
        yield name, near


def drop_column(database: Database, table: str, column: str) -> None:
    """Drop a column with what it holds, its foreign key, all indexes that name it, and the keys that point at it."""
    uses = uses_of(database, table, column)
    _refuse_virtual(database, table, column)
    for name, near in uses.keys_to:
        drop_foreign_key(database, name, near)
    drop_foreign_key(database, table, column)
    for name in (*uses.indexes_alone, *uses.indexes_shared):
        database.execute(f"DROP INDEX main.{quoted(name)}")
    found = Definition.of(database, table)
    constrained = any(row[2] != "c" and row[6] is not None and same_name(row[6], column) for row in found.indexes)
    with (
        switched(database, "legacy_alter_table", "OFF"),
        verified(database, table, lambda before: before.without_column(table, column)),
    ):
        if constrained:  # SQLite drops no column that is UNIQUE
            copy_table(database, table, without_column(found.sql, column), shared_columns=True)
        else:
            database.execute(f"ALTER TABLE main.{quoted(table)} DROP COLUMN {quoted(column)}")


# --- changing --------------------------------------------------------------------------------------------------------


def change_column(
    database: Database,
    table: str,
    column: str,
    *,
    declared: str | None = None,
    field_type: FieldType | None = None,
    nullable: bool | None = None,
    default: Any = KEEP,
    epoch: bool = False,
) -> None:
    """Give a column another declared type (`field_type` is what it then holds), nullability or default, as SQL.

    A value that the type does not hold as it is refuses the change, as does a NULL where none may be.
    """
    before = Definition.of(database, table)
    _, spelled, old_type, old_not_null, old_default, key, hidden = before.column(column)
    where = f"{table}.{spelled}"
    if hidden:
        raise CannotChangeTable(where, "it is a generated column")
    if key and (nullable is not None or _may_be_rowid(old_type, declared)):
        raise CannotChangeTable(where, "it is the primary key, or part of it")
    sql, new_type = before.sql, old_type if declared is None else _type_read_back(declared)
    if declared is not None and new_type != old_type:
        sql = with_type(sql, spelled, declared)
    if default is not KEEP:
        sql = with_default(sql, spelled, default)
    if nullable is not None and nullable == bool(old_not_null):
        sql = with_nullability(sql, spelled, nullable=nullable)
    wanted = before.with_column(
        spelled,
        declared=new_type,
        not_null=bool(old_not_null) if nullable is None else not nullable,
        default=old_default if default is KEEP else _read_back(default),
    )
    if nullable is False:
        _refuse_rows(where, rows_where(database, table, f"t.{quoted(spelled)} IS NULL"), "hold NULL")
    if wanted == before:
        return
    _retype(database, before, wanted, sql, spelled, field_type or type_of(new_type), epoch)


def _may_be_rowid(*declared: str | None) -> bool:
    """Whether one of these types makes a primary key the rowid, so that another one would move the rows."""
    return any(each is not None and each.upper() == "INTEGER" for each in declared)


def _retype(
    database: Database,
    before: Definition,
    wanted: Definition,
    sql: str,
    column: str,
    field_type: FieldType,
    epoch: bool,
) -> None:
    """Put the table under its new text: by an edit where every value stays what it is, else by a copy."""
    table, where = before.name, f"{before.name}.{column}"
    old_type, new_type = before.column(column)[2], wanted.column(column)[2]
    (strict,) = database.execute(
        "SELECT strict FROM pragma_table_list WHERE schema = 'main' AND name = ?", (table,)
    ).fetchone()
    fits = partial(misfits, database, table, column, field_type, epoch=epoch)
    why = f"hold what is no {field_type.value}"
    with verified(database, table, lambda seen: _redefined(seen, wanted)):
        if affinity_of(old_type, strict=strict) == affinity_of(new_type, strict=strict) and not strict:
            if old_type != new_type and field_type is not type_of(old_type):
                _refuse_rows(where, fits(), why)
            redefine(database, before, wanted, sql, copying=_reads_default(database, before, wanted, column))
            return
        if before.column(column)[5]:
            raise CannotChangeTable(where, "it is the primary key, or part of it, and its keys would change")
        broken = _violations(database)

        def checking(copy: str) -> None:
            _refuse_rows(where, fits(copy=copy), why)

        redefine(database, before, wanted, sql, copying=True, changed=(column,), checking=checking)
    if _violations(database) > broken:
        raise CannotChangeTable(where, "keys that are the same now would not be any more")


def _reads_default(database: Database, before: Definition, wanted: Definition, column: str) -> bool:
    """Whether another default could change items: those older than the column store nothing, and read its default.

    Which these are SQLite does not tell; they hold what the default says, or NULL where there is none.
    """
    default = before.column(column)[4]
    if default == wanted.column(column)[4]:
        return False
    return bool(rows_where(database, before.name, f"t.{quoted(column)} IS ({default or 'NULL'})").count)


def _redefined(seen: Witness, wanted: Definition) -> Witness:
    state = seen.tables[wanted.name]
    return seen.with_table(wanted.name, evolve(state, columns=wanted.columns))


def _violations(database: Database) -> int:
    return broken_keys(database).total()


def _refuse_rows(where: str, rows: Misfits, what: str) -> None:
    if rows.count:
        raise CannotChangeTable(where, rows.said(what))
