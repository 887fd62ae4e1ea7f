"""Blueprints: small databases as values, which print as Python and open as registries.

In: columns, pointers, tables. Out: the SQL that makes them, and an open registry. Pure but for `open`; fails only where
a blueprint made by hand is no sound SQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from attrs import NOTHING, field, fields, frozen

from relgraph.registry import RelationRegistry
from relgraph.schema import Schema
from relgraph.storage.sql_text import quoted
from relgraph.strategies.scripts import SqlLine, script
from relgraph.values import Stored

Row = tuple[Stored, ...]

RELATIONS_TABLE: Final = """CREATE TABLE relgraph_relations (
  id INTEGER PRIMARY KEY, many_collection TEXT NOT NULL, many_field TEXT NOT NULL, one_collection TEXT, one_field TEXT,
  one_collection_field TEXT, one_allowed_collections TEXT, junction_field TEXT, sort_field TEXT,
  one_deselect_action TEXT NOT NULL DEFAULT 'nullify')"""


class Printed:
    """Prints as the call that makes it, without what is as usual."""

    def __repr__(self) -> str:
        said = []
        for each in fields(type(self)):  # type: ignore[arg-type]  # mixed into values of attrs only
            value = getattr(self, each.name)
            usual = each.default is not NOTHING and value == each.default
            if not usual:
                said.append(repr(value) if each.default is NOTHING else f"{each.name}={value!r}")
        return f"{type(self).__name__}({', '.join(said)})"


@frozen(repr=False)
class Column(Printed):
    """A plain column, as the table declares it.

    >>> Column("title", "TEXT", unique=True)
    Column('title', 'TEXT', unique=True)
    """

    name: str
    declared: str
    unique: bool = False
    nullable: bool = True
    default: str | None = None  # as SQL
    check: str | None = None  # as SQL

    def ddl(self, in_key: bool) -> str:
        """Give the column's line in its table."""
        line = f"{quoted(self.name)} {self.declared}".rstrip()
        line += " NOT NULL" * (in_key or not self.nullable) + " UNIQUE" * self.unique
        line += f" DEFAULT {self.default}" if self.default is not None else ""
        return line + (f" CHECK ({self.check})" if self.check is not None else "")


@frozen(repr=False)
class Pointer(Printed):
    """A column that holds keys of another table, and what is registered of it: an alias and a sort column."""

    column: Column
    target: str
    to_column: str
    spelled: str = ""  # the target as the foreign key spells it, where that is otherwise
    alias: str | None = None
    sort: str | None = None
    junction_field: str | None = None
    on_delete: str | None = None

    @property
    def deselect(self) -> str:
        """What becomes of an item that is taken out of a list: where it must be in one, it goes."""
        return "nullify" if self.column.nullable else "delete"

    def ddl(self) -> str:
        """Give the foreign key's line in its table."""
        action = f" ON DELETE {self.on_delete}" if self.on_delete else ""
        target = f"{quoted(self.spelled or self.target)} ({quoted(self.to_column)})"
        return f"FOREIGN KEY ({quoted(self.column.name)}) REFERENCES {target}{action}"


@frozen(repr=False)
class AnyPointer(Printed):
    """A pair of columns that holds a key of any of several tables, and the name of the one meant."""

    column: Column
    collection_column: Column
    allowed: tuple[str, ...]
    junction_field: str | None = None


@frozen(repr=False)
class Table(Printed):
    """A table with its rows; `columns` are the plain ones. Without a `key` it has no primary key."""

    name: str
    key: tuple[Column, ...]
    columns: tuple[Column, ...] = ()
    pointers: tuple[Pointer, ...] = ()
    any_pointer: AnyPointer | None = None
    has_rowid: bool = True
    generated: bool = False  # it also has a generated column
    indexed: tuple[str, ...] = ()  # columns with an index of their own
    rows: tuple[Row, ...] = field(default=())

    @property
    def stored_columns(self) -> tuple[Column, ...]:
        """Every column in the order of the rows: the key, the plain ones, the pointers, the pair of an any-pointer."""
        pointers = tuple(each.column for each in self.pointers if each.column not in self.key)
        pair = (self.any_pointer.column, self.any_pointer.collection_column) if self.any_pointer else ()
        return (*self.key, *self.columns, *pointers, *pair)

    def statements(self) -> list[str]:
        """Give the statements that make the table and its indexes."""
        lines = [column.ddl(column in self.key) for column in self.stored_columns]
        if self.generated:
            lines.append(f'"twice" INTEGER GENERATED ALWAYS AS (length({quoted(self.stored_columns[0].name)}) * 2)')
        if self.key:
            lines.append(f"PRIMARY KEY ({', '.join(quoted(column.name) for column in self.key)})")
        lines += [pointer.ddl() for pointer in self.pointers]
        made = f"CREATE TABLE {quoted(self.name)} ({', '.join(lines)}){'' if self.has_rowid else ' WITHOUT ROWID'}"
        indexes = [
            f"CREATE INDEX {quoted(f'{self.name} by {column}')} ON {quoted(self.name)} ({quoted(column)})"
            for column in self.indexed
        ]
        return [made, *indexes]

    def insertions(self) -> list[SqlLine]:
        """Give the statement that stores each row, with its values."""
        names = ", ".join(quoted(column.name) for column in self.stored_columns)
        marks = ", ".join("?" * len(self.stored_columns))
        return [(f"INSERT INTO {quoted(self.name)} ({names}) VALUES ({marks})", row) for row in self.rows]

    def registered(self) -> list[tuple[Any, ...]]:
        """Give the rows that `relgraph_relations` holds for this table, without their ids."""
        rows: list[tuple[Any, ...]] = [
            (
                self.name,
                each.column.name,
                each.target,
                each.alias,
                None,
                None,
                each.junction_field,
                each.sort,
                each.deselect,
            )
            for each in self.pointers
            if each.alias or each.junction_field
        ]
        if self.any_pointer:
            each = self.any_pointer
            allowed = ",".join(each.allowed)
            pair = (each.collection_column.name, allowed, each.junction_field, None, "nullify")
            rows.append((self.name, each.column.name, None, None, *pair))
        return rows


@frozen(repr=False)
class Blueprint(Printed):
    """Tables, and what is registered of their relations.

    >>> people = Table(
    ...     "people", (Column("id", "INTEGER"),), pointers=(Pointer(Column("boss", "INTEGER"), "people", "id"),)
    ... )
    >>> with Blueprint((people,)).open() as registry:
    ...     [relation.name for relation in registry]
    ['people.boss']
    """

    tables: tuple[Table, ...]

    def statements(self) -> list[SqlLine]:
        """Give the statements that make the database, each with its values."""
        made: list[SqlLine] = [(sql, ()) for table in self.tables for sql in table.statements()]
        made += [insertion for table in self.tables for insertion in table.insertions()]
        return [*made, *self.registrations()]

    def registrations(self) -> list[SqlLine]:
        """Give the statements that store what is registered."""
        registered = [row for table in self.tables for row in table.registered()]
        marks = f"INSERT INTO relgraph_relations VALUES (NULL{', ?' * 9})"
        return [(RELATIONS_TABLE, ()), *((marks, row) for row in registered)] if registered else []

    def script(self) -> str:
        """Give the database as SQL text that makes it."""
        return script(self.statements())

    def open(self) -> RelationRegistry:
        """Give a registry of a new database in memory with these tables and rows."""
        registry = RelationRegistry()
        run(registry, self.statements())
        return registry

    @property
    def schema(self) -> Schema:
        """The collections and relations as a registry reads them."""
        with self.open() as registry:
            return registry.schema


def run(registry: RelationRegistry, statements: Sequence[SqlLine]) -> None:
    """Run statements in one transaction, without foreign keys being enforced on the way."""
    with without_foreign_keys(registry):
        for sql, values in statements:
            registry.connection.execute(sql, values)


@contextmanager
def without_foreign_keys(registry: RelationRegistry) -> Iterator[None]:
    """Run what follows in one transaction, in which foreign keys are not enforced."""
    execute = registry.connection.execute
    execute("PRAGMA foreign_keys = OFF")
    execute("BEGIN")
    yield
    execute("COMMIT")
    execute("PRAGMA foreign_keys = ON")
