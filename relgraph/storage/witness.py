"""What a database looks like, to be compared after a change with what it was meant to look like.

In: a `Database`, in the transaction of the change. Out: a `Witness`: every table with its columns, foreign keys,
indexes and number of rows, every view and every trigger. Its methods give what it should be afterwards; `verified`
holds a change to that. Costs a count of every table, and a few pragmas each.

Raises `CannotChangeTable` where SQLite refuses a change, where it comes out otherwise than meant, and where a view or
trigger would not work any more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from attrs import evolve, frozen

from relgraph.errors import CannotChangeTable, DatabaseCorrupt, RelgraphError, listed
from relgraph.storage.connection import Database
from relgraph.storage.definition import Definition, Row
from relgraph.storage.dependents import failing
from relgraph.storage.sql_text import quoted, same_name

Renamed = Callable[[str], str]


@contextmanager
def verified(database: Database, table: str, meant: Callable[[Witness], Witness]) -> Iterator[None]:
    """Hold a change of a table, and make sure that it comes out as meant: nothing else is another, or fails now."""
    before, broken = Witness.of(database), failing(database)
    try:
        yield
        after = Witness.of(database)
    except (sqlite3.OperationalError, sqlite3.IntegrityError) as error:
        raise CannotChangeTable(table, str(error)) from error
    except DatabaseCorrupt as error:  # what SQLite calls a text in sqlite_master that it cannot read
        raise CannotChangeTable(table, f"SQLite does not read its new definition ({error.reason})") from error
    differing = meant(before).difference(after)
    if differing is not None:
        raise CannotChangeTable(table, f"the {differing} would come out otherwise than intended")
    lost = [f"{name} ({why})" for name, why in failing(database).items() if name not in broken]
    if lost:
        raise CannotChangeTable(table, f"what uses it would fail: {listed(lost)}; drop or change that first")


@frozen
class TableState:
    """A table: its definition less its text, how many rows it has, and the last key that AUTOINCREMENT gave out."""

    columns: tuple[Row, ...]
    keys: tuple[tuple[Row, ...], ...]
    indexes: tuple[tuple[Row, ...], ...]  # each: its rows, without a name where SQLite named it after the table
    rows: int | None = None  # None where the rows cannot be read here
    sequence: Any = None


@frozen
class Witness:
    """A database as it looks: tables by name; views and triggers by name, with what they are on or made of."""

    tables: Mapping[str, TableState]
    others: Mapping[str, Any]

    @classmethod
    def of(cls, database: Database) -> Witness:
        """Give the database as it is.

        >>> database = Database.open(":memory:")
        >>> _ = database.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT)")
        >>> before = Witness.of(database)
        >>> _ = database.execute("ALTER TABLE tags RENAME TO labels")
        >>> Witness.of(database) == before.with_table_renamed("tags", "labels")
        True
        >>> database.close()
        """
        listed = database.execute("SELECT type, name, tbl_name FROM main.sqlite_master").fetchall()
        sequences = {}
        if ("table", "sqlite_sequence", "sqlite_sequence") in listed:
            sequences = dict(database.execute("SELECT name, seq FROM main.sqlite_sequence").fetchall())
        tables = {
            name: _state(database, name, sequences.get(name))
            for kind, name, _ in listed
            if kind == "table" and not name.startswith("sqlite_")
        }
        others = {f"{kind} {name}": table for kind, name, table in listed if kind in ("view", "trigger")}
        return cls(tables, others)

    # --- what it should be afterwards --------------------------------------------------------------------------------

    def with_table(self, name: str, state: TableState) -> Witness:
        """Give it with another table, or another state of one."""
        return evolve(self, tables={**self.tables, name: state})

    def without_table(self, name: str) -> Witness:
        """Give it without a table, its triggers, and the foreign keys to it."""
        tables = {
            other: evolve(state, keys=tuple(key for key in state.keys if not same_name(key[0][0], name)))
            for other, state in self.tables.items()
            if other != name
        }
        others = {key: table for key, table in self.others.items() if key.startswith("view") or table != name}
        return Witness(tables, others)

    def with_table_renamed(self, old: str, new: str) -> Witness:
        """Give it with another name for a table."""

        def renamed(name: str) -> str:
            return new if same_name(name, old) else name

        tables = {renamed(name): _with_targets(state, renamed) for name, state in self.tables.items()}
        others = {key: table if key.startswith("view") else renamed(table) for key, table in self.others.items()}
        return Witness(tables, others)

    def with_column_renamed(self, table: str, old: str, new: str) -> Witness:
        """Give it with another name for a column of a table."""

        def renamed(name: Any) -> Any:
            return new if isinstance(name, str) and same_name(name, old) else name

        tables = {name: _with_far_columns(state, table, renamed) for name, state in self.tables.items()}
        own = tables[table]
        tables[table] = TableState(
            tuple((place, renamed(name), *rest) for place, name, *rest in own.columns),
            _sorted(tuple((to, renamed(near), *rest) for to, near, *rest in key) for key in own.keys),
            _by_text(tuple((*row[:6], renamed(row[6]), *row[7:]) for row in rows) for rows in own.indexes),
            own.rows,
            own.sequence,
        )
        return evolve(self, tables=tables)

    def with_column(self, table: str, column: Row) -> Witness:
        """Give it with another column behind those of a table."""
        state = self.tables[table]
        return self.with_table(table, evolve(state, columns=(*state.columns, column)))

    def without_column(self, table: str, column: str) -> Witness:
        """Give it without a column of a table, and without the indexes on that column alone."""
        state = self.tables[table]
        gone = next(row[0] for row in state.columns if same_name(row[1], column))
        columns = [row for row in state.columns if row[0] != gone]
        moved = tuple((place - (place > gone), *rest) for place, *rest in columns)
        kept = [rows for rows in state.indexes if not any(row[5] == gone for row in rows)]
        indexes = (tuple((*row[:5], row[5] - (row[5] > gone), *row[6:]) for row in rows) for rows in kept)
        return self.with_table(table, evolve(state, columns=moved, indexes=_by_text(indexes)))

    def difference(self, other: Witness) -> str | None:
        """Name the first thing that is not the same in another, or None."""
        for kind, mine, theirs in (("table ", self.tables, other.tables), ("", self.others, other.others)):
            for name in sorted(mine.keys() | theirs.keys()):
                if mine.get(name) != theirs.get(name):
                    return kind + name
        return None


def _state(database: Database, table: str, sequence: Any) -> TableState:
    found = Definition.of(database, table)
    try:
        rows = database.execute(f"SELECT count(*) FROM main.{quoted(table)}").fetchone()[0]
    except (sqlite3.OperationalError, RelgraphError):  # a virtual table of a module that is not there
        rows = None
    named = {row[0] for row in found.indexes}
    indexes = (tuple(_nameless(row) for row in found.indexes if row[0] == name) for name in named)
    return TableState(found.columns, found.keys, _by_text(indexes), rows, sequence)


def _with_targets(state: TableState, renamed: Renamed) -> TableState:
    keys = _sorted(tuple((renamed(row[0]), *row[1:]) for row in key) for key in state.keys)
    return evolve(state, keys=keys)


def _with_far_columns(state: TableState, table: str, renamed: Callable[[Any], Any]) -> TableState:
    keys = _sorted(
        tuple(
            (to, near, renamed(far), *rest) if same_name(to, table) else (to, near, far, *rest)
            for to, near, far, *rest in key
        )
        for key in state.keys
    )
    return evolve(state, keys=keys)


def _nameless(row: Row) -> Row:
    """Give a row of an index that a constraint made without its name, which is the table's with a number."""
    return row if row[2] == "c" else ("", *row[1:])


def _by_text(indexes: Iterable[tuple[Row, ...]]) -> tuple[tuple[Row, ...], ...]:
    return tuple(sorted(indexes, key=repr))


def _sorted(keys: Any) -> tuple[tuple[Row, ...], ...]:
    return tuple(sorted(keys))
