"""A table as SQLite understands its text, to be compared with what was intended.

In: a table's name. Out: its columns, foreign keys and indexes as SQLite's pragmas give them. Raises `CannotChangeTable`
where there is no table of that name.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from attrs import evolve, frozen

from relgraph.errors import CannotChangeTable
from relgraph.storage.connection import Database
from relgraph.storage.sql_text import same_name

Row: TypeAlias = tuple[Any, ...]


@frozen
class Definition:
    """A table as SQLite understands its text: columns, foreign keys (in no order) and indexes."""

    name: str  # as sqlite_master spells it
    sql: str
    columns: tuple[Row, ...]  # each: place, name, type, not null, default, place in the key, hidden
    keys: tuple[tuple[Row, ...], ...]  # each: rows of target, column, target column, on update, on delete, match
    indexes: tuple[Row, ...]  # each: name, unique, origin, partial, place, column number, column, desc, collation, key

    @classmethod
    def of(cls, database: Database, table: str) -> Definition:
        """Read the definition of a table. Raises `CannotChangeTable` when there is none of that name."""
        found = database.execute(
            "SELECT name, sql FROM main.sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE", (table,)
        ).fetchone()
        if found is None:
            raise CannotChangeTable(table, "there is no such table")
        name, sql = found
        return cls(name, sql, tuple(columns_of(database, name)), _keys(database, name), _indexes(database, name))

    def keys_of(self, column: str) -> list[Row]:
        """Give the foreign keys that the column holds alone."""
        return [rows[0] for rows in self.keys if len(rows) == 1 and same_name(rows[0][1], column)]

    def points(self, column: str, target: str, target_column: str) -> bool:
        """Whether the column is a foreign key to that column already, whatever its actions."""
        pointed = [key[0:3:2] for key in self.keys_of(column)]
        return any(same_name(one, target) and (not to or same_name(to, target_column)) for one, to in pointed)

    def with_key(self, column: str, key: tuple[str, str, str, str] | None) -> Definition:
        """Give the definition with this one key of `column` (target, its column, on update, on delete), or without."""
        alone = self.keys_of(column)
        keys = [rows for rows in self.keys if len(rows) > 1 or rows[0] not in alone]
        if key is not None:
            spelled = next((row[1] for row in self.columns if same_name(row[1], column)), column)
            keys.append(((key[0], spelled, *key[1:], alone[0][-1] if alone else "NONE"),))
        return evolve(self, keys=tuple(sorted(keys)))

    def without_keys_to(self, target: str) -> Definition:
        """Give the definition without the foreign keys that point at a table."""
        return evolve(self, keys=tuple(rows for rows in self.keys if not same_name(rows[0][0], target)))

    def column(self, name: str) -> Row:
        """Give what SQLite says of a column. Raises `CannotChangeTable` when there is none of that name."""
        found = next((row for row in self.columns if same_name(row[1], name)), None)
        if found is None:
            raise CannotChangeTable(f"{self.name}.{name}", "there is no such column")
        return found

    def with_column(self, name: str, *, declared: str, not_null: bool, default: str | None) -> Definition:
        """Give the definition with another type, another nullability and another default of one column."""
        place, spelled, *_, key_place, hidden = self.column(name)
        changed = (place, spelled, declared, int(not_null), default, key_place, hidden)
        return evolve(self, columns=tuple(changed if row[0] == place else row for row in self.columns))


def columns_of(database: Database, table: str) -> list[Row]:
    """Give what SQLite says of the columns of a table, in their order."""
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
        "CROSS JOIN pragma_index_xinfo(list.name, 'main') AS info WHERE info.key ORDER BY list.name, info.seqno",
        (table,),
    ).fetchall()
    return tuple(rows)
