"""Unique keys and search orders: by which columns no two rows of a table agree, and by which rows are found.

In: a `Database`. Out: `KeyIndex` values of every table, those that SQLite made for a constraint included. Fails only as
the database does.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from attrs import frozen

from relgraph.storage.connection import Database


@frozen
class KeyIndex:
    """An index as its columns: None for one that is an expression. `partial`: it leaves rows out."""

    name: str
    table: str
    columns: tuple[str | None, ...]
    collations: tuple[str, ...]
    unique: bool = False
    partial: bool = False


_INDEXES: Final = """
SELECT m.name, l.name, l."unique", l.partial, x.name, x.coll
FROM main.sqlite_schema m
CROSS JOIN pragma_index_list(m.name, 'main') l
CROSS JOIN pragma_index_xinfo(l.name, 'main') x
WHERE m.type = 'table' AND m.rootpage <> 0 AND x.key
ORDER BY m.rowid, l.seq, x.seqno"""


def key_indexes(database: Database) -> dict[str, tuple[KeyIndex, ...]]:
    """Give the indexes of each table, the whole key of a WITHOUT ROWID table among them.

    >>> database = Database.open(":memory:")
    >>> _ = database.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT UNIQUE)")
    >>> [(index.columns, index.unique) for index in key_indexes(database)["tags"]]
    [(('label',), True)]
    >>> database.close()
    """
    parts: dict[tuple[Any, ...], list[tuple[str | None, str]]] = defaultdict(list)
    for table, name, unique, partial, column, collation in database.execute(_INDEXES).fetchall():
        parts[table, name, bool(unique), bool(partial)].append((column, collation.upper()))
    found: dict[str, list[KeyIndex]] = defaultdict(list)
    for (table, name, unique, partial), columns in parts.items():
        names, collations = zip(*columns, strict=True)
        found[table].append(KeyIndex(name, table, names, collations, unique, partial))
    return {table: tuple(listed) for table, listed in found.items()}
