"""Indexes: those a database has, as plain values, and the text that would make another.

In: a `Database`. Out: `Index` values, sizes of tables up to a bound, SQLite's own plan of a statement. Nothing here
writes. Fails only as the database does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain, count
from typing import Any, Final

from attrs import frozen

from relgraph.schema import Collection
from relgraph.storage.connection import Database
from relgraph.storage.sql_text import quoted, same_name


@frozen
class IndexColumn:
    """A column of an index: under which collation its values are ordered, and in which direction."""

    name: str
    collation: str = "BINARY"
    descending: bool = False


@frozen
class Index:
    """An index over every row of a table. The primary key counts as one; where it is the rowid, its name is empty."""

    collection: str
    columns: tuple[IndexColumn, ...]  # up to the first expression, if there is one
    name: str = ""
    primary: bool = False


_INDEXES: Final = """
SELECT m.name, l.name, l.origin, x.name, x.coll, x.desc
FROM main.sqlite_schema m
CROSS JOIN pragma_index_list(m.name, 'main') l
CROSS JOIN pragma_index_xinfo(l.name, 'main') x
WHERE m.type = 'table' AND m.rootpage <> 0 AND NOT l.partial AND x.key
ORDER BY m.rowid, l.seq, x.seqno"""

_TABLES: Final = """
SELECT m.name, (SELECT x.name FROM pragma_table_xinfo(m.name, 'main') x WHERE x.pk = 1)
FROM main.sqlite_schema m WHERE m.type = 'table' AND m.rootpage <> 0"""


def indexes(database: Database) -> dict[str, tuple[Index, ...]]:
    """Give the indexes of every table that can have one; partial ones are left out.

    >>> database = Database.open(":memory:")
    >>> _ = database.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT)")
    >>> _ = database.execute("CREATE INDEX by_label ON tags (label COLLATE NOCASE, id DESC)")
    >>> [(index.name, [column.name for column in index.columns]) for index in indexes(database)["tags"]]
    [('', ['id']), ('by_label', ['label', 'id'])]
    >>> database.close()
    """
    columns: dict[tuple[str, str, str], list[tuple[Any, ...]]] = defaultdict(list)
    for table, name, origin, *column in database.execute(_INDEXES).fetchall():
        columns[table, name, origin].append(tuple(column))
    found: dict[str, list[Index]] = {}
    keys = dict(database.execute(_TABLES).fetchall())
    for table in keys:
        found[table] = [
            Index(table, _leading(parts), name, primary=origin == "pk")
            for (of, name, origin), parts in columns.items()
            if of == table
        ]
        if keys[table] is not None and not any(index.primary for index in found[table]):
            found[table].insert(0, Index(table, (IndexColumn(keys[table]),), primary=True))
    return {table: tuple(listed) for table, listed in found.items()}


def _leading(parts: Iterable[tuple[Any, ...]]) -> tuple[IndexColumn, ...]:
    columns = []
    for name, collation, descending in parts:
        if name is None:  # an expression: what follows it cannot be searched without it
            break
        columns.append(IndexColumn(name, collation.upper(), bool(descending)))
    return tuple(columns)


def index_name(collection: str, columns: Sequence[IndexColumn], taken: Iterable[str]) -> str:
    """Give a name for an index that is not `taken`, by whatever case of its letters.

    >>> index_name("books", [IndexColumn("year")], ()), index_name("books", [IndexColumn("year")], ["BOOKS_YEAR"])
    ('books_year', 'books_year_2')
    """
    known = tuple(taken)
    plain = "_".join((collection, *(column.name for column in columns)))
    names = chain([plain], (f"{plain}_{number}" for number in count(2)))
    return next(name for name in names if not any(same_name(name, other) for other in known))


def index_text(name: str, collection: Collection, columns: Sequence[IndexColumn]) -> str:
    """Give the statement that makes an index.

    >>> from relgraph.schema import Field
    >>> from relgraph.values import FieldType
    >>> books = Collection("books", {"title": Field("books", "title", FieldType.STRING, collation="NOCASE")})
    >>> print(index_text("titles", books, [IndexColumn("title", "BINARY", descending=True)]))
    CREATE INDEX "titles" ON "books" ("title" COLLATE BINARY DESC)
    """
    listed = ", ".join(_column_text(collection, column) for column in columns)
    return f"CREATE INDEX {quoted(name)} ON {quoted(collection.name)} ({listed})"


def _column_text(collection: Collection, column: IndexColumn) -> str:
    collated = "" if column.collation == collection.fields[column.name].collation else f" COLLATE {column.collation}"
    return f"{quoted(column.name)}{collated}{' DESC' if column.descending else ''}"


def analyze_text(collection: str) -> str:
    """Give the statement that has SQLite count what is in a table's indexes.

    >>> print(analyze_text("books"))
    ANALYZE "books"
    """
    return f"ANALYZE {quoted(collection)}"


# --- what an optimizer looks at --------------------------------------------------------------------------------------


def names_taken(database: Database) -> frozenset[str]:
    """Give the names that a new index cannot have: those of tables, views and indexes."""
    rows = database.execute("SELECT name FROM main.sqlite_schema WHERE type <> 'trigger'").fetchall()
    return frozenset(name for (name,) in rows)


def analyzed(database: Database) -> frozenset[str]:
    """Give the tables whose indexes SQLite has counted."""
    if not database.execute("SELECT 1 FROM main.sqlite_schema WHERE name = 'sqlite_stat1'").fetchall():
        return frozenset()
    return frozenset(name for (name,) in database.execute("SELECT DISTINCT tbl FROM main.sqlite_stat1").fetchall())


def has_rows(database: Database, collection: str, number: int) -> bool:
    """Say whether a table has at least so many rows; no more than these are looked at."""
    text = f"SELECT count(*) FROM (SELECT 1 FROM {quoted(collection)} LIMIT ?)"
    counted: int = database.execute(text, (number,)).fetchall()[0][0]
    return counted == number


def query_plan(database: Database, text: str, values: Sequence[Any]) -> tuple[str, ...]:
    """Give SQLite's plan of a statement, one line a step, indented by two spaces below the step it is part of.

    >>> database = Database.open(":memory:")
    >>> query_plan(database, "SELECT ?", (1,))
    ('SCAN CONSTANT ROW',)
    >>> database.close()
    """
    rows = database.execute(f"EXPLAIN QUERY PLAN {text}", values).fetchall()
    depth: dict[int, int] = {0: -1}
    lines = []
    for number, parent, _, step in rows:
        depth[number] = depth[parent] + 1
        lines.append("  " * depth[number] + step)
    return tuple(lines)
