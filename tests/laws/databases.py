"""Small databases, as Hypothesis strategies: schemas of every shape relgraph reads, filled with awkward rows.

In: nothing. Out: a `Database` that prints as an SQL script and opens as a connection. Everything drawn is valid SQLite:
keys are unique and pointers have the type of what they point at, though they may dangle. Values are awkward on purpose:
NULLs, empty texts, wildcard characters, letters of many scripts, 64-bit integers, moments before 1970, and now and then
something that does not belong into its column at all, as real files have it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

from attrs import field, frozen
from hypothesis import strategies as st

Stored = int | float | str | bytes | None
Row = tuple[Stored, ...]
DrawFn = st.DrawFn

RELATIONS_TABLE: Final = """CREATE TABLE relgraph_relations (
  id INTEGER PRIMARY KEY, many_collection TEXT NOT NULL, many_field TEXT NOT NULL, one_collection TEXT, one_field TEXT,
  one_collection_field TEXT, one_allowed_collections TEXT, junction_field TEXT, sort_field TEXT,
  one_deselect_action TEXT NOT NULL DEFAULT 'nullify')"""


def quoted(name: str) -> str:
    """Give a name as SQL writes it.

    >>> print(quoted('a "b"'))
    "a \""b\"""
    """
    return '"' + name.replace('"', '""') + '"'


# --- what a drawn database is ----------------------------------------------------------------------------------------


@frozen
class Pointer:
    """A column that holds keys of another table, and what is registered of it: an alias and a sort column."""

    column: str
    target: str
    to_column: str
    declared: str
    alias: str | None = None
    sort: str | None = None


@frozen
class AnyPointer:
    """A pair of columns that holds a key of any of several tables, and the name of the one meant."""

    column: str
    collection_column: str
    allowed: tuple[str, ...]


@frozen
class Table:
    """A table with its rows; `columns` are names and declared types, without the pointers."""

    name: str
    key: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, str], ...] = ()
    pointers: tuple[Pointer, ...] = ()
    any_pointer: AnyPointer | None = None
    has_rowid: bool = True
    rows: tuple[Row, ...] = field(default=(), repr=False)

    @property
    def all_columns(self) -> tuple[tuple[str, str], ...]:
        """Every column in the order of the rows: the key, the plain ones, the pointers, the pair of an any-pointer."""
        in_key = {name for name, _ in self.key}
        pointers = tuple((each.column, each.declared) for each in self.pointers if each.column not in in_key)
        pair = (self.any_pointer.column, self.any_pointer.collection_column) if self.any_pointer else ()
        return (*self.key, *self.columns, *pointers, *((column, "TEXT") for column in pair))

    def ddl(self) -> str:
        """Give the statement that makes the table."""
        lines = [f"{quoted(name)} {declared}".rstrip() for name, declared in self.all_columns]
        if self.key == (("id", "INTEGER"),):
            lines[0] = '"id" INTEGER PRIMARY KEY'
        else:
            lines[: len(self.key)] = [f"{line} NOT NULL" for line in lines[: len(self.key)]]
            lines.append(f"PRIMARY KEY ({', '.join(quoted(name) for name, _ in self.key)})")
        lines += [
            f"FOREIGN KEY ({quoted(each.column)}) REFERENCES {quoted(each.target)} ({quoted(each.to_column)})"
            for each in self.pointers
        ]
        return f"CREATE TABLE {quoted(self.name)} ({', '.join(lines)}){'' if self.has_rowid else ' WITHOUT ROWID'}"

    def registered(self) -> list[tuple[Any, ...]]:
        """Give the rows that `relgraph_relations` holds for this table, without their ids."""
        rows: list[tuple[Any, ...]] = [
            (self.name, each.column, each.target, each.alias, None, None, None, each.sort)
            for each in self.pointers
            if each.alias
        ]
        if self.any_pointer:
            each = self.any_pointer
            rows.append(
                (self.name, each.column, None, None, each.collection_column, ",".join(each.allowed), None, None)
            )
        return rows


@frozen
class Database:
    """Tables, and what is registered of their relations."""

    tables: tuple[Table, ...]

    def statements(self) -> list[tuple[str, Sequence[Any]]]:
        """Give the statements that make the database, each with its values."""
        made: list[tuple[str, Sequence[Any]]] = [(table.ddl(), ()) for table in self.tables]
        for table in self.tables:
            marks = ", ".join("?" * len(table.all_columns))
            made += [(f"INSERT INTO {quoted(table.name)} VALUES ({marks})", row) for row in table.rows]
        registered = [row for table in self.tables for row in table.registered()]
        if registered:
            made.append((RELATIONS_TABLE, ()))
            made += [(f"INSERT INTO relgraph_relations VALUES (NULL{', ?' * 8}, 'nullify')", row) for row in registered]
        return made

    def script(self) -> str:
        """Give the database as text to read: one statement a line, values beside it."""
        return "\n".join(f"{sql};  {tuple(values) or ''}" for sql, values in self.statements())

    def make(self, file: str = ":memory:") -> sqlite3.Connection:
        """Give a connection to a new database with these tables and rows."""
        connection = sqlite3.connect(file, isolation_level=None)
        for sql, values in self.statements():
            connection.execute(sql, values)
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

SPECIAL_TEXTS: Final = (
    "a", "A", "b", "ab", "Ab", "%", "_", "a_b", "a%", "\\", "'", '"', "null", "true", "1", "10", "01", "1.0", " a",
    "a ", "é", "É", "e\u0301", "ß", "SS", "İ", "ı", "Ω", "日本", "🙂", "a\x00b", "\x00", "a,b", "2024-01-15", "[1]",
)  # fmt: skip

texts = st.sampled_from(SPECIAL_TEXTS) | st.text(max_size=4)
small_integers = st.integers(-3, 12)
big_integers = st.sampled_from((2**31, 2**53 - 1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), -(2**53) - 1))
floats = st.sampled_from((0.0, 0.1, 0.2, -1.5, 1.0, 2.5, 10.0, 1e300, -1e-300, 2.0**53))
moments = st.sampled_from((
    "2024-01-15", "2024-01-15 10:20:30", "2024-01-15T10:20:30", "2024-01-15T10:20:30.500Z", "2024-01-15 12:20:30+02:00",
    "1969-12-31 23:59:59.999", "1970-01-01", "2023-12-31", "2024-02-29 00:00:00", "0001-01-01", "9999-12-31 23:59:59",
))  # fmt: skip
clocks = st.sampled_from(("00:00:00", "10:20:30", "10:20", "23:59:59", "09:05:07"))
documents = st.sampled_from(
    ("null", "true", "1", '"a"', "[]", "[1, [2], null]", "{}", '{"a": {"b": [1, "x"]}}', "{bad")
)
blobs = st.sampled_from((b"", b"a", b"ab", b"\x00\xff"))

MISFITS: Final = (0, 1, 1.5, "", "x", "soon", "2024-13-99", b"b")

VALUES: Final[dict[str, st.SearchStrategy[Stored]]] = {
    "INTEGER": small_integers | big_integers,
    "BIGINT": big_integers | small_integers,
    "REAL": floats | small_integers,
    "DECIMAL(10,2)": floats | small_integers,
    "VARCHAR(40)": texts,
    "TEXT": texts | st.just(""),
    "BOOLEAN": st.sampled_from((0, 1)),
    "DATE": moments,
    "DATETIME": moments,
    "TIMESTAMP": moments,
    "TIME": clocks,
    "JSON": documents,
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
COLUMN_NAMES: Final = ("n", "t", "x", "group", "two words", "Größe", "it's", "ORDER", "count")
INTEGER_KEY: Final = (("id", "INTEGER"),)
TEXT_KEY: Final = (("code", "VARCHAR(40)"),)
COMPOSITE_KEY: Final = (("k1", "INTEGER"), ("k2", "VARCHAR(40)"))


@st.composite
def databases(draw: DrawFn, max_tables: int = 4, max_rows: int = 6) -> Database:
    """Draw a database of two tables or more, with pointers of every kind between them."""
    names = draw(st.lists(st.sampled_from(TABLE_NAMES), min_size=2, max_size=max_tables, unique=True))
    keys = [draw(st.sampled_from((INTEGER_KEY, INTEGER_KEY, TEXT_KEY, COMPOSITE_KEY))) for _ in names]
    targets = {name: key[0] for name, key in zip(names, keys, strict=True) if len(key) == 1}
    tables = [draw(_tables(name, key, targets)) for name, key in zip(names, keys, strict=True)]
    key_values = {table.name: draw(_key_values(table, max_rows)) for table in tables}
    return Database(tuple(draw(_filled(table, key_values)) for table in tables))


@st.composite
def _tables(draw: DrawFn, name: str, key: tuple[tuple[str, str], ...], targets: dict[str, tuple[str, str]]) -> Table:
    columns = draw(st.lists(st.sampled_from(COLUMN_NAMES), max_size=4, unique_by=str.lower))
    typed = tuple((column, draw(st.sampled_from(tuple(VALUES)))) for column in columns)
    pointers = [draw(_pointers(column, name, targets, typed)) for column in draw(_pointer_columns(targets))]
    has_rowid = draw(st.booleans()) if key != INTEGER_KEY else True
    if len(key) == 2 and pointers and draw(st.booleans()):  # a junction whose key is made of its pointers
        key = tuple((each.column, each.declared) for each in pointers) + (() if len(pointers) == 2 else key[1:])
    any_pointer = None
    if targets and draw(st.integers(0, 2)) == 2:
        allowed = draw(st.lists(st.sampled_from(tuple(targets)), min_size=1, max_size=3, unique=True))
        any_pointer = AnyPointer("item", "collection", tuple(allowed))
    return Table(name, key, typed, tuple(pointers), any_pointer, has_rowid)


def _pointer_columns(targets: dict[str, tuple[str, str]]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(("parent", "owner")), max_size=2 if targets else 0, unique=True)


@st.composite
def _pointers(
    draw: DrawFn, column: str, name: str, targets: dict[str, tuple[str, str]], columns: tuple[tuple[str, str], ...]
) -> Pointer:
    target = draw(st.sampled_from(tuple(targets)))
    to_column, declared = targets[target]
    alias = draw(st.none() | st.just(f"{column}s of {name}".replace('"', "")))
    numeric = [each for each, kind in columns if kind in ("INTEGER", "REAL", "BIGINT")]
    sort = draw(st.sampled_from((None, *numeric))) if alias else None
    return Pointer(column, target, to_column, declared, alias, sort)


@st.composite
def _key_values(draw: DrawFn, table: Table, max_rows: int) -> list[Row]:
    kinds = [small_integers | big_integers if declared == "INTEGER" else texts for _, declared in table.key]
    return draw(st.lists(st.tuples(*kinds), max_size=max_rows, unique=True))


@st.composite
def _filled(draw: DrawFn, table: Table, key_values: dict[str, list[Row]]) -> Table:
    plain = [stored_values(declared) for _, declared in table.columns]
    in_key = {name for name, _ in table.key}
    pointed = [_pointed(each, key_values) for each in table.pointers if each.column not in in_key]
    pair = _pairs(table.any_pointer, key_values) if table.any_pointer else st.just(())
    rows = [(*key, *draw(st.tuples(*plain)), *draw(st.tuples(*pointed)), *draw(pair)) for key in key_values[table.name]]
    by_column = {name: number for number, (name, _) in enumerate(table.key)}
    for each in table.pointers:
        if each.column in by_column:  # the key points as well: let most of the rows point at something
            rows = _pointed_keys(rows, by_column[each.column], key_values[each.target], len(table.key))
    return Table(table.name, table.key, table.columns, table.pointers, table.any_pointer, table.has_rowid, tuple(rows))


def _pointed_keys(rows: list[Row], position: int, keys: list[Row], width: int) -> list[Row]:
    """Give the rows with the key column at `position` replaced by keys of the target, as long as keys stay unique."""
    taken = {row[:width] for row in rows}
    moved: list[Row] = []
    for number, row in enumerate(rows):
        new = (*row[:position], keys[number % len(keys)][0], *row[position + 1 :]) if keys else row
        free = new[:width] not in taken
        taken.add(new[:width])
        moved.append(new if free else row)
    return moved


def _pointed(pointer: Pointer, key_values: dict[str, list[Row]]) -> st.SearchStrategy[Stored]:
    dangling: Stored = 99 if pointer.declared == "INTEGER" else "nobody"
    keys = [key[0] for key in key_values[pointer.target]]
    return st.sampled_from((*keys, *keys, *keys, None, dangling))


@st.composite
def _pairs(draw: DrawFn, pointer: AnyPointer, key_values: dict[str, list[Row]]) -> tuple[Stored, Stored]:
    collection = draw(st.sampled_from((*pointer.allowed, *pointer.allowed, None, "b", "nowhere")))
    keys = [str(key[0]) for key in key_values.get(collection or "", []) if len(key) == 1]
    item = draw(st.sampled_from((*keys, *keys, *keys, None, "99", "01", "1.0")))
    return item, collection
