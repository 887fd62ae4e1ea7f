"""Unique keys and search orders: by which columns no two rows of a table agree, and by which rows are found.

In: a `Database`. Out: `KeyIndex` values of every table, those that SQLite made for a constraint included. Fails only as
the database does.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from attrs import frozen

from relgraph.storage.connection import Database
from relgraph.storage.sql_text import Token, tokens


@frozen
class KeyIndex:
    """An index as its columns: None for one that is an expression, which `terms` spells as SQL at its place.

    `partial`: it leaves rows out, all but those that meet `where`.
    """

    name: str
    table: str
    columns: tuple[str | None, ...]
    collations: tuple[str, ...]
    unique: bool = False
    partial: bool = False
    terms: tuple[str, ...] = ()  # only where one is an expression
    where: str = ""


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
    texts = dict(database.execute("SELECT name, sql FROM main.sqlite_schema WHERE type = 'index'").fetchall())
    found: dict[str, list[KeyIndex]] = defaultdict(list)
    for (table, name, unique, partial), columns in parts.items():
        names, collations = zip(*columns, strict=True)
        terms, where = _spelled(texts[name]) if partial or None in names else ((), "")
        found[table].append(KeyIndex(name, table, names, collations, unique, partial, terms, where))
    return {table: tuple(listed) for table, listed in found.items()}


def _spelled(sql: str) -> tuple[tuple[str, ...], str]:
    """Give the SQL of each column of a CREATE INDEX statement, without its order, and that of its WHERE.

    >>> _spelled("CREATE INDEX i ON t (lower(a) COLLATE NOCASE DESC, b) WHERE a > 0")
    (('lower(a) COLLATE NOCASE', 'b'), 'a > 0')
    >>> _spelled("CREATE UNIQUE INDEX i ON t (b) WHERE (a IN (1, 2))")
    (('b',), '(a IN (1, 2))')
    """
    pieces = [piece for piece in tokens(sql) if piece.kind != "comment"]
    start, end, *_ = (place for place, piece in enumerate(pieces) if piece.depth == 0 and piece.text in ("(", ")"))
    columns: list[list[Token]] = [[]]
    for piece in pieces[start + 1 : end]:
        if piece.depth == 1 and piece.text == ",":
            columns.append([])
        elif not (piece.depth == 1 and piece.is_word("ASC", "DESC")):
            columns[-1].append(piece)
    where = next((place for place, piece in enumerate(pieces) if place > end and piece.is_word("WHERE")), len(pieces))
    return tuple(map(_joined, columns)), _joined(pieces[where + 1 :])


def _joined(pieces: list[Token]) -> str:
    return "".join(piece.text for piece in pieces).strip()
