"""Small databases as real files have them, as Hypothesis strategies: shapes and rows that no definition would allow.

In: nothing. Out: a `Database` that prints as an SQL script and opens as a connection. Everything drawn is valid SQLite:
keys are unique and pointers have the type of what they point at, though they may dangle. Values are awkward on purpose,
and now and then something does not belong into its column at all. What `relgraph.strategies` draws is sound; this is
what is not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

from attrs import evolve, frozen
from hypothesis import strategies as st

from relgraph.storage.sql_text import quoted
from relgraph.strategies import AnyPointer, Blueprint, Column, Pointer, Table
from relgraph.strategies.blueprints import RELATIONS_TABLE, Row
from relgraph.strategies.values import blobs, booleans, clocks, floats, integers, moments, small_integers, texts
from relgraph.values import Stored, with_affinity

DrawFn = st.DrawFn

__all__ = ["MISFITS", "RELATIONS_TABLE", "Column", "Database", "Table", "databases", "quoted", "stored_rows"]

# --- what a drawn database is ----------------------------------------------------------------------------------------


@frozen(repr=False)
class Database(Blueprint):
    """Tables with their rows, perhaps a view of one of them, and what is registered of their relations."""

    viewed: str | None = None

    def statements(self) -> list[tuple[str, Sequence[Any]]]:
        """Give the statements that make the database, each with its values."""
        made: list[tuple[str, Sequence[Any]]] = [(sql, ()) for table in self.tables for sql in table.statements()]
        made += [insertion for table in self.tables for insertion in table.insertions()]
        if self.viewed:
            made.append((f'CREATE VIEW "a view" AS SELECT * FROM {quoted(self.viewed)}', ()))
        return [*made, *self.registrations()]

    def make(self, file: str = ":memory:") -> sqlite3.Connection:
        """Give a connection to a new database with these tables and rows."""
        connection = sqlite3.connect(file, isolation_level=None)
        connection.execute("BEGIN")
        for sql, values in self.statements():
            connection.execute(sql, values)
        connection.execute("COMMIT")
        return connection


def stored_rows(connection: sqlite3.Connection) -> dict[str, list[dict[str, Any]]]:
    """Give the rows of every table as they are stored, which is what the Python evaluator takes."""
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")]
    cursors = {name: connection.execute(f"SELECT * FROM {quoted(name)}") for name in names}
    return {
        name: [dict(zip([column[0] for column in cursor.description], row, strict=True)) for row in cursor]
        for name, cursor in cursors.items()
    }


# --- values ----------------------------------------------------------------------------------------------------------

_documents: Final = st.sampled_from(
    ("null", "true", "1", '"a"', "[]", "[1, [2], null]", "{}", '{"a": {"b": [1, "x"]}}', "{bad")
)

MISFITS: Final = (0, 1, 1.5, "", "x", "soon", "2024-13-99", b"b")

VALUES: Final[dict[str, st.SearchStrategy[Stored]]] = {
    "INTEGER": integers,
    "BIGINT": integers,
    "REAL": floats | small_integers,
    "DECIMAL(10,2)": floats | small_integers,
    "VARCHAR(40)": texts,
    "TEXT": texts | st.just(""),
    "TEXT COLLATE NOCASE": texts,
    "BOOLEAN": booleans,
    "DATE": moments,
    "DATETIME": moments,
    "TIMESTAMP": moments,
    "TIME": clocks,
    "JSON": _documents,
    "CHAR(36)": st.sampled_from(("0f8fad5b-d9cb-469f-a165-70867728950e", "0F8FAD5B-D9CB-469F-A165-70867728950E")),
    "BLOB": blobs,
    "": texts | small_integers | floats | blobs,
}


@st.composite
def stored_values(draw: DrawFn, declared: str) -> Stored:
    """Draw what a column of that declared type may hold: mostly what belongs there, at times NULL, seldom a misfit."""
    chance = draw(st.integers(0, 15))
    if chance < 3:
        return None
    return draw(st.sampled_from(MISFITS) if chance == 15 else VALUES[declared])


# --- databases -------------------------------------------------------------------------------------------------------

TABLE_NAMES: Final = ("a", "b", "c", "Order", "my table", "naïve", 'quo"te', "select")
COLUMN_NAMES: Final = ("n", "t", "x", "group", "two words", "Größe", "it's", "ORDER", "count", "a.b", "x:y")
INTEGER_KEY: Final = (Column("id", "INTEGER"),)
TEXT_KEY: Final = (Column("code", "VARCHAR(40)"),)
NOCASE_KEY: Final = (Column("code", "TEXT COLLATE NOCASE"),)
COMPOSITE_KEY: Final = (Column("k1", "INTEGER"), Column("k2", "VARCHAR(40)"))
KEYS: Final = (INTEGER_KEY, INTEGER_KEY, TEXT_KEY, COMPOSITE_KEY, NOCASE_KEY)
NUMERIC: Final = ("INTEGER", "REAL", "BIGINT")

Target = tuple[str, Column]  # a table, and a column of it that a pointer may name
Pools = dict[tuple[str, str], list[Stored]]  # the values of such columns


@st.composite
def databases(draw: DrawFn, max_tables: int = 4, max_rows: int = 6, *, keyless: bool = False) -> Database:
    """Draw a database of two tables or more, with pointers of every kind between them.

    With `keyless` some have tables without a primary key, or a view: their items come in no particular order.
    """
    keyless = keyless and draw(st.integers(0, 3)) == 3
    names = draw(st.lists(st.sampled_from(TABLE_NAMES), min_size=2, max_size=max_tables, unique=True))
    plain = [draw(_plain_tables(name, keyless)) for name in names]
    targets = [(table.name, column) for table in plain for column in _targeted(table)]
    tables = [draw(_tables_with_pointers(table, targets)) for table in plain]
    keys = {table.name: draw(_key_rows(table, max_rows)) for table in tables}
    uniques = {table.name: draw(_unique_values(table, len(keys[table.name]))) for table in tables}
    pools: Pools = {
        (table.name, column.name): [row[0] for row in keys[table.name]] if column in table.key else uniques[table.name]
        for table in tables
        for column in _targeted(table)
    }
    filled = [draw(_filled(table, keys[table.name], uniques[table.name], pools)) for table in tables]
    return Database(tuple(filled), draw(st.sampled_from((None, *names))) if keyless else None)


def _targeted(table: Table) -> tuple[Column, ...]:
    """Give the columns of a table that a pointer may name."""
    return (*(table.key if len(table.key) == 1 else ()), *(column for column in table.columns if column.unique))


@st.composite
def _plain_tables(draw: DrawFn, name: str, keyless: bool) -> Table:
    key = draw(st.sampled_from((*KEYS, ()) if keyless else KEYS))
    names = draw(st.lists(st.sampled_from(COLUMN_NAMES), max_size=4, unique_by=str.lower))
    columns = [Column(each, draw(st.sampled_from(tuple(VALUES)))) for each in names]
    if draw(st.integers(0, 4)) == 4:
        columns.append(Column("tag", "VARCHAR(40)", unique=True))
    if not key and not columns:
        columns.append(Column("n", "INTEGER"))
    has_rowid = draw(st.booleans()) if key and key != INTEGER_KEY else True
    return Table(name, key, tuple(columns), has_rowid=has_rowid, generated=draw(st.integers(0, 7)) == 7)


@st.composite
def _tables_with_pointers(draw: DrawFn, table: Table, targets: list[Target]) -> Table:
    if not targets:
        return table
    names = draw(st.lists(st.sampled_from(("parent", "owner")), max_size=2, unique=True))
    pointers = tuple(draw(_pointers(name, table, targets)) for name in names)
    key = table.key
    if len(key) == 2 and pointers and draw(st.booleans()):  # a junction whose key is made of its pointers
        key = (*(each.column for each in pointers), *key)[:2]
    any_pointer = None
    keyed = list(dict.fromkeys(name for name, column in targets if not column.unique))
    if keyed and draw(st.integers(0, 2)) == 2:
        allowed = draw(st.lists(st.sampled_from(keyed), min_size=1, max_size=3, unique=True))
        any_pointer = AnyPointer(Column("item", "TEXT"), Column("collection", "TEXT"), tuple(allowed))
    pointing = evolve(table, key=key, pointers=pointers, any_pointer=any_pointer)
    indexable = [column.name for column in pointing.stored_columns]
    return evolve(pointing, indexed=tuple(draw(st.lists(st.sampled_from(indexable), max_size=2, unique=True))))


@st.composite
def _pointers(draw: DrawFn, name: str, table: Table, targets: list[Target]) -> Pointer:
    target, to_column = draw(st.sampled_from(targets))
    declared = to_column.declared.removesuffix(" COLLATE NOCASE")
    if draw(st.integers(0, 9)) == 9:  # of another kind than what it points at: a relation only where keys compare
        declared = draw(st.sampled_from(("", "TEXT", "INTEGER", "NUMERIC")))
    spelled = draw(st.sampled_from((target, target, target.swapcase() if target.isascii() else target)))
    alias = draw(st.none() | st.just(f"{name}s of {table.name}".replace('"', "")))
    numeric = [column.name for column in table.columns if column.declared in NUMERIC]
    sort = draw(st.sampled_from((None, *numeric))) if alias else None
    return Pointer(Column(name, declared), target, to_column.name, spelled, alias, sort)


@st.composite
def _key_rows(draw: DrawFn, table: Table, max_rows: int) -> list[Row]:
    if not table.key:
        return [()] * draw(st.integers(0, max_rows))
    kinds = [integers if column.declared in ("INTEGER", "") else texts for column in table.key]
    few = min(draw(st.sampled_from((0, 2, 4, 5))), max_rows)
    drawn = draw(st.lists(st.tuples(*kinds), min_size=few, max_size=max_rows))
    return list({_folded_row(row): row for row in reversed(drawn)}.values())[::-1]


def _folded_row(row: Row) -> Row:
    """Give a key as an index without regard to case, of a column of numbers, tells it from others, or coarser."""
    return tuple(with_affinity(value.lower(), "NUMERIC") if isinstance(value, str) else value for value in row)


@st.composite
def _unique_values(draw: DrawFn, table: Table, count: int) -> list[Stored]:
    if not any(column.unique for column in table.columns):
        return []
    drawn: list[Stored] = [*draw(st.lists(texts, max_size=count, unique=True))]
    return [*drawn, *[None] * (count - len(drawn))]


@st.composite
def _filled(draw: DrawFn, table: Table, keys: list[Row], uniques: list[Stored], pools: Pools) -> Table:
    rows = [draw(_rows(table, key, uniques[number : number + 1], pools)) for number, key in enumerate(keys)]
    for pointer in table.pointers:
        if pointer.column in table.key:  # the key points as well: let most of the rows point at something
            pool = pools[pointer.target, pointer.to_column]
            rows = _pointed_keys(rows, table.key.index(pointer.column), pool, len(table.key))
    return evolve(table, rows=tuple(rows))


@st.composite
def _rows(draw: DrawFn, table: Table, key: Row, unique: list[Stored], pools: Pools) -> Row:
    values = [unique[0] if each.unique else draw(stored_values(each.declared)) for each in table.columns]
    values += [draw(_pointed(each, pools)) for each in table.pointers if each.column not in table.key]
    pair = draw(_pairs(table.any_pointer, pools)) if table.any_pointer else ()
    return (*key, *values, *pair)


def _pointed_keys(rows: list[Row], position: int, pool: list[Stored], width: int) -> list[Row]:
    """Give the rows with the key column at `position` replaced by keys of the target, as long as keys stay unique."""
    taken = {_folded_row(row[:width]) for row in rows}
    moved: list[Row] = []
    for number, row in enumerate(rows):
        value = pool[number % len(pool)] if pool else None
        new = (*row[:position], value, *row[position + 1 :])
        free = value is not None and _folded_row(new[:width]) not in taken
        taken.add(_folded_row(new[:width]))
        moved.append(new if free else row)
    return moved


def _pointed(pointer: Pointer, pools: Pools) -> st.SearchStrategy[Stored]:
    keys = pools[pointer.target, pointer.to_column]
    cased = [key.swapcase() for key in keys if isinstance(key, str)]
    return st.sampled_from((*keys * 5, *cased, None, 99, "nobody"))


@st.composite
def _pairs(draw: DrawFn, pointer: AnyPointer, pools: Pools) -> tuple[Stored, Stored]:
    collection = draw(st.sampled_from((*pointer.allowed, *pointer.allowed, None, "b", "nowhere")))
    keys = [str(key) for (table, _), pool in pools.items() for key in pool if table == collection]
    item = draw(st.sampled_from((*keys, *keys, *keys, None, "99", "01", "1.0")))
    return item, collection
