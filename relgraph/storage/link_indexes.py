"""Indexes of a junction: the one that lets a pair be linked once, and those by which links are found.

In: a table and its columns, inside an open transaction. Out: the database with the index, unless one serves already.
Fails only as the database does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from relgraph.storage.connection import Database
from relgraph.storage.indexes import IndexColumn, index_name, names_taken
from relgraph.storage.sql_text import quoted

_LINKS_SHOWN: Final = 5


def ensure_index(database: Database, table: str, columns: Sequence[str], *, unique: bool = False) -> None:
    """Make an index that starts with these columns, a `unique` one of exactly these, unless there is one.

    >>> database = Database.open(":memory:")
    >>> _ = database.execute("CREATE TABLE links (a, b, UNIQUE (b, a))")
    >>> ensure_index(database, "links", ("a", "b"), unique=True)
    >>> ensure_index(database, "links", ("a",))
    >>> [row[1] for row in database.execute("PRAGMA index_list(links)")]
    ['links_a', 'sqlite_autoindex_links_1']
    >>> database.close()
    """
    if any(_serves(found, tuple(columns), unique=unique) for found in _indexes(database, table)):
        return
    name = index_name(table, [IndexColumn(column) for column in columns], names_taken(database))
    kind, listed = "UNIQUE INDEX" if unique else "INDEX", ", ".join(map(quoted, columns))
    database.execute(f"CREATE {kind} main.{quoted(name)} ON {quoted(table)} ({listed})")


def _serves(found: tuple[bool, tuple[str | None, ...]], columns: tuple[str, ...], *, unique: bool) -> bool:
    is_unique, names = found
    return is_unique and set(names) == set(columns) if unique else names[: len(columns)] == columns


def _indexes(database: Database, table: str) -> list[tuple[bool, tuple[str | None, ...]]]:
    """Give the indexes over all rows of a table: whether unique, and their columns; None is an expression."""
    rows = database.execute(
        "SELECT list.name, list.[unique], info.name FROM pragma_index_list(?, 'main') AS list "
        "CROSS JOIN pragma_index_info(list.name, 'main') AS info WHERE NOT list.partial ORDER BY list.name, info.seqno",
        (table,),
    ).fetchall()
    names = dict.fromkeys((name, bool(unique)) for name, unique, _ in rows)
    return [(unique, tuple(column for index, _, column in rows if index == name)) for name, unique in names]


def repeated_links(database: Database, table: str, columns: Sequence[str]) -> tuple[int, tuple[Any, ...]]:
    """Give how many rows say once more what another says in all these columns, and the first of what they say."""
    names = ", ".join(map(quoted, columns))
    given = " AND ".join(f"{quoted(column)} IS NOT NULL" for column in columns)
    source = f"FROM main.{quoted(table)} WHERE {given} GROUP BY {names} HAVING count(*) > 1"
    (count,) = database.execute(f"SELECT coalesce(sum(n), 0) FROM (SELECT count(*) - 1 AS n {source})").fetchone()
    rows = database.execute(f"SELECT {names} {source} ORDER BY {names} LIMIT {_LINKS_SHOWN}").fetchall()
    return count, tuple(rows)
