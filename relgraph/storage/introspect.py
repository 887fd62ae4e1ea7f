"""What SQLite says about the tables, columns, keys and foreign keys of a database file.

In: a `Database`. Out: one `Table` per table and view, every name as it is really spelled. Hidden are SQLite's own
tables and the shadow tables of virtual ones. A view or virtual table that SQLite cannot prepare is left out with the
reason. Fails only as the database does.
Few statements, whatever the number of tables: the pragmas are joined over the list of tables, names always bound.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from attrs import field, frozen

from relgraph.errors import UnknownCollation
from relgraph.schema import ForeignKey, folded
from relgraph.storage.connection import Database
from relgraph.storage.declared import affinity_of
from relgraph.storage.sql_text import quoted, same_name

UNKNOWN: Final = "unknown"  # the collation of a view's column where a definition speaks of COLLATE, or one not read


@frozen
class Column:
    """A column as its table declares it."""

    name: str
    declared_type: str
    affinity: str
    nullable: bool
    default_sql: str | None
    generated: bool
    unique: bool = False
    collation: str = "BINARY"


@frozen
class Table:
    """A table, a view or a virtual table: `kind` "table", "view" or "virtual"."""

    name: str
    kind: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]  # in the order of its declaration
    has_rowid: bool = True


@frozen
class Introspection:
    """All there is in a file: tables by name in the order of their names, foreign keys, and what could not be read."""

    tables: Mapping[str, Table]
    foreign_keys: tuple[ForeignKey, ...]
    unreadable: Mapping[str, str] = field(factory=dict)


def introspect(database: Database) -> Introspection:
    """Give the tables and foreign keys of a database.

    >>> database = Database.open(":memory:")
    >>> _ = database.execute("CREATE TABLE [my tags] (id INTEGER PRIMARY KEY, label TEXT COLLATE NOCASE UNIQUE)")
    >>> [column.collation for column in introspect(database).tables["my tags"].columns]
    ['BINARY', 'NOCASE']
    >>> database.close()
    """
    with database.reading():
        listed = _listed(database)
        columns, unreadable = _columns(database, listed)
        indexes = _indexes(database)
        tables = {
            row.name: _table(row, columns[row.name], indexes[row.name], _collations(database, row, columns[row.name]))
            for row in listed
            if row.name in columns
        }
        return Introspection(tables, _foreign_keys(database, tables), unreadable)


# --- the pragmas -----------------------------------------------------------------------------------------------------


@frozen
class _Listed:
    name: str
    kind: str
    without_rowid: bool
    strict: bool
    collates: bool  # its definition, for a view any definition, speaks of COLLATE


@frozen
class _Index:
    origin: str  # "pk", "u" from UNIQUE, or "c" from CREATE INDEX
    unique: bool
    partial: bool
    columns: tuple[str | None, ...]  # None is an expression or the rowid
    collations: tuple[str, ...]


_TABLES: Final = """
SELECT t.name, t.type, t.wr, t.strict, m.sql
FROM pragma_table_list t JOIN main.sqlite_schema m ON m.type IN ('table', 'view') AND m.name = t.name
WHERE t.schema = 'main' AND t.type <> 'shadow' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
ORDER BY t.name"""

_COLUMNS: Final = """
SELECT m.name, x.name, x.type, x."notnull", x.dflt_value, x.pk, x.hidden
FROM main.sqlite_schema m CROSS JOIN pragma_table_xinfo(m.name, 'main') x
WHERE m.type = 'table' AND m.rootpage <> 0
ORDER BY m.rowid, x.cid"""

_COLUMNS_OF: Final = """
SELECT ?1, name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?1, 'main') ORDER BY cid"""

_INDEXES: Final = """
SELECT m.name, l.name, l.origin, l."unique", l.partial, x.name, x.coll
FROM main.sqlite_schema m
CROSS JOIN pragma_index_list(m.name, 'main') l
CROSS JOIN pragma_index_xinfo(l.name, 'main') x
WHERE m.type = 'table' AND m.rootpage <> 0 AND x.key
ORDER BY m.rowid, l.seq, x.seqno"""

_FOREIGN_KEYS: Final = """
SELECT m.name, k.id, k."table", k."from", k."to", k.on_delete, k.on_update
FROM main.sqlite_schema m CROSS JOIN pragma_foreign_key_list(m.name, 'main') k
WHERE m.type = 'table' AND m.rootpage <> 0
ORDER BY m.name, k.id, k.seq"""


def _listed(database: Database) -> tuple[_Listed, ...]:
    rows = database.execute(_TABLES).fetchall()
    collating = {name for name, *_, sql in rows if "COLLATE" in sql.upper()}
    return tuple(
        _Listed(name, kind, bool(without_rowid), bool(strict), bool(collating) if kind == "view" else name in collating)
        for name, kind, without_rowid, strict, _ in rows
    )


def _columns(database: Database, listed: Iterable[_Listed]) -> tuple[dict[str, list[tuple[Any, ...]]], dict[str, str]]:
    """Give the rows of table_xinfo by table, and why there are none for a view or virtual table."""
    rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for name, *column in database.execute(_COLUMNS):
        rows[name].append(tuple(column))
    unreadable = {}
    for table in listed:
        if table.kind == "table":
            continue
        try:
            rows[table.name] = [row[1:] for row in database.execute(_COLUMNS_OF, (table.name,))]
        except sqlite3.OperationalError as error:  # a view of a lost table, a virtual table of an unknown module
            unreadable[table.name] = str(error)
    return dict(rows), unreadable


def _indexes(database: Database) -> Mapping[str, list[_Index]]:
    parts: dict[tuple[Any, ...], list[tuple[str | None, str]]] = {}
    for table, name, origin, unique, partial, column, collation in database.execute(_INDEXES):
        parts.setdefault((table, name, origin, unique, partial), []).append((column, collation))
    indexes: dict[str, list[_Index]] = defaultdict(list)
    for (table, _, origin, unique, partial), columns in parts.items():
        names, collations = zip(*columns, strict=True)
        indexes[table].append(_Index(origin, bool(unique), bool(partial), names, collations))
    return indexes


def _collations(database: Database, table: _Listed, columns: list[tuple[Any, ...]]) -> dict[str, str]:
    """Give the collation of each column, where the definition speaks of any.

    A view is not asked: SQLite may compute parts of it before it finds that no row is wanted.
    """
    names = [name for name, *_, hidden in columns if hidden != 1]
    if not table.collates or not names:
        return {}
    if table.kind == "view":
        return dict.fromkeys(names, UNKNOWN)
    try:
        return _probe(database, table.name, names)
    except (UnknownCollation, sqlite3.OperationalError) as error:  # of one column, or too many of them
        if len(names) == 1:
            return {names[0]: error.collation if isinstance(error, UnknownCollation) else UNKNOWN}
        return {key: value for column in columns for key, value in _collations(database, table, [column]).items()}


def _probe(database: Database, table: str, names: list[str]) -> dict[str, str]:
    """Ask SQLite to compare texts as it would compare each column; an application's own collations pass for BINARY.

    The column of a UNION ALL takes its collation from the first part, here the table's, of which no row is read.
    """
    given = ", ".join(f"t.{quoted(name)} AS c{place}" for place, name in enumerate(names))
    probes = ", ".join(f"c{place} = 'a', c{place} = 'A '" for place in range(len(names)))
    texts = ", ".join("'A'" for _ in names)
    first = f"SELECT {given} FROM main.{quoted(table)} t WHERE 0"
    found = database.execute(f"SELECT {probes} FROM ({first} UNION ALL SELECT {texts})").fetchone()
    return {
        name: "NOCASE" if nocase else "RTRIM" if rtrim else "BINARY"
        for name, nocase, rtrim in zip(names, found[::2], found[1::2], strict=True)
    }


# --- tables ----------------------------------------------------------------------------------------------------------


def _table(listed: _Listed, rows: list[tuple[Any, ...]], indexes: list[_Index], collations: dict[str, str]) -> Table:
    key = tuple(name for _, name in sorted((place, name) for name, _, _, _, place, _ in rows if place))
    # https://www.sqlite.org/lang_createtable.html#rowid: only this key needs no index of its own
    rowid_key = len(key) == 1 and not listed.without_rowid and all(index.origin != "pk" for index in indexes)
    collations = {name: given for name, given in collations.items() if given != "BINARY"}
    collations = _own_collations(indexes) | collations
    # a foreign key takes an index for its own only where both compare alike, https://www.sqlite.org/foreignkeys.html
    unique = {
        index.columns[0]
        for index in indexes
        if _is_unique(index) and same_name(index.collations[0], collations.get(index.columns[0] or "", "BINARY"))
    }
    columns = tuple(
        Column(
            name,
            declared,
            affinity_of(declared, strict=listed.strict),
            nullable=not not_null and not (rowid_key and place),
            default_sql=default,
            generated=hidden > 1,
            unique=name in unique or key == (name,),
            collation=collations.get(name, "BINARY"),
        )
        for name, declared, not_null, default, place, hidden in rows
        if hidden != 1
    )
    return Table(listed.name, listed.kind, columns, key, listed.kind == "table" and not listed.without_rowid)


def _own_collations(indexes: list[_Index]) -> dict[str, str]:
    """Give the columns whose key or UNIQUE constraint names a collation that is none of SQLite's."""
    return {
        name: collation
        for index in indexes
        for name, collation in zip(index.columns, index.collations, strict=True)
        if index.origin != "c" and name is not None and collation not in ("BINARY", "NOCASE", "RTRIM")
    }


def _is_unique(index: _Index) -> bool:
    return index.unique and not index.partial and len(index.columns) == 1 and index.columns[0] is not None


def _foreign_keys(database: Database, tables: Mapping[str, Table]) -> tuple[ForeignKey, ...]:
    """Give the foreign keys, table by table as SQLite lists them, names spelled as the tables spell them."""
    spelled = {folded(name): name for name in tables}
    parts: dict[tuple[Any, ...], list[tuple[str, str | None]]] = {}
    for table, number, target, near, far, on_delete, on_update in database.execute(_FOREIGN_KEYS):
        if table in tables:
            target = spelled.get(folded(target), target)
            parts.setdefault((table, number, target, on_delete, on_update), []).append((near, far))
    return tuple(
        ForeignKey(
            table,
            tuple(near for near, _ in columns),
            target,
            _far_columns(tables.get(target), tuple(far for _, far in columns)),
            on_delete,
            on_update,
        )
        for (table, _, target, on_delete, on_update), columns in parts.items()
    )


def _far_columns(target: Table | None, named: tuple[str | None, ...]) -> tuple[str, ...]:
    if None in named:  # REFERENCES target, without columns
        return () if target is None else target.primary_key
    spelled = {} if target is None else {folded(column.name): column.name for column in target.columns}
    return tuple(spelled.get(folded(name), name) for name in named if name is not None)
