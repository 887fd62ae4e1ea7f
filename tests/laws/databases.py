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

from attrs import evolve, field, frozen
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
class Column:
    """A plain column, as the table declares it."""

    name: str
    declared: str
    unique: bool = False

    def ddl(self, in_key: bool) -> str:
        """Give the column's line in its table."""
        line = f"{quoted(self.name)} {self.declared}".rstrip()
        return line + " NOT NULL" * in_key + " UNIQUE" * self.unique


@frozen
class Pointer:
    """A column that holds keys of another table, and what is registered of it: an alias and a sort column."""

    column: Column
    target: str
    to_column: str
    spelled: str  # the target as the foreign key spells it
    alias: str | None = None
    sort: str | None = None


@frozen
class AnyPointer:
    """A pair of columns that holds a key of any of several tables, and the name of the one meant."""

    column: Column
    collection_column: Column
    allowed: tuple[str, ...]


@frozen
class Table:
    """A table with its rows; `columns` are the plain ones. Without a `key` it has no primary key."""

    name: str
    key: tuple[Column, ...]
    columns: tuple[Column, ...] = ()
    pointers: tuple[Pointer, ...] = ()
    any_pointer: AnyPointer | None = None
    has_rowid: bool = True
    generated: bool = False  # it also has a generated column
    indexed: tuple[str, ...] = ()  # columns with an index of their own
    rows: tuple[Row, ...] = field(default=(), repr=False)

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
        lines += [
            f"FOREIGN KEY ({quoted(each.column.name)}) REFERENCES {quoted(each.spelled)} ({quoted(each.to_column)})"
            for each in self.pointers
        ]
        made = f"CREATE TABLE {quoted(self.name)} ({', '.join(lines)}){'' if self.has_rowid else ' WITHOUT ROWID'}"
        indexes = [
            f"CREATE INDEX {quoted(f'{self.name} by {column}')} ON {quoted(self.name)} ({quoted(column)})"
            for column in self.indexed
        ]
        return [made, *indexes]

    def insertions(self) -> list[tuple[str, Row]]:
        """Give the statement that stores each row, with its values."""
        names = ", ".join(quoted(column.name) for column in self.stored_columns)
        marks = ", ".join("?" * len(self.stored_columns))
        return [(f"INSERT INTO {quoted(self.name)} ({names}) VALUES ({marks})", row) for row in self.rows]

    def registered(self) -> list[tuple[Any, ...]]:
        """Give the rows that `relgraph_relations` holds for this table, without their ids."""
        rows: list[tuple[Any, ...]] = [
            (self.name, each.column.name, each.target, each.alias, None, None, None, each.sort)
            for each in self.pointers
            if each.alias
        ]
        if self.any_pointer:
            each = self.any_pointer
            allowed = ",".join(each.allowed)
            rows.append((self.name, each.column.name, None, None, each.collection_column.name, allowed, None, None))
        return rows


@frozen
class Database:
    """Tables, perhaps a view of one of them, and what is registered of their relations."""

    tables: tuple[Table, ...]
    viewed: str | None = None

    def statements(self) -> list[tuple[str, Sequence[Any]]]:
        """Give the statements that make the database, each with its values."""
        made: list[tuple[str, Sequence[Any]]] = [(sql, ()) for table in self.tables for sql in table.statements()]
        made += [insertion for table in self.tables for insertion in table.insertions()]
        if self.viewed:
            made.append((f'CREATE VIEW "a view" AS SELECT * FROM {quoted(self.viewed)}', ()))
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

SPECIAL_TEXTS: Final = (
    "a", "A", "b", "ab", "Ab", "%", "_", "a_b", "a%", "\\", "'", '"', "null", "true", "1", "10", "01", "1.0", " a",
    "a ", "é", "É", "e\u0301", "ß", "SS", "İ", "ı", "Ω", "日本", "🙂", "a\x00b", "\x00", "a,b", "2024-01-15", "[1]",
)  # fmt: skip

# values come from a small pool more often than not, so that keys meet, filters find something, and groups have members
common_texts = st.sampled_from(("a", "A", "b", "ab", "é"))
texts = common_texts | common_texts | st.sampled_from(SPECIAL_TEXTS) | st.text(max_size=4)
small_integers = st.integers(0, 4) | st.integers(0, 4) | st.integers(-3, 12)
big_integers = st.sampled_from((2**31, 2**53 - 1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), -(2**53) - 1))
integers = small_integers | small_integers | small_integers | big_integers
floats = st.sampled_from((0.0, 0.1, 0.2, -1.5, 1.0, 2.5, 10.0, 1e300, -1e-300, 2.0**53, float("inf")))
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
    "INTEGER": integers,
    "BIGINT": integers,
    "REAL": floats | small_integers,
    "DECIMAL(10,2)": floats | small_integers,
    "VARCHAR(40)": texts,
    "TEXT": texts | st.just(""),
    "TEXT COLLATE NOCASE": texts,
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
    return draw(st.lists(st.tuples(*kinds), min_size=few, max_size=max_rows, unique_by=_folded_row))


def _folded_row(row: Row) -> Row:
    """Give a key as an index without regard to case tells it from others, or more coarsely."""
    return tuple(value.lower() if isinstance(value, str) else value for value in row)


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
