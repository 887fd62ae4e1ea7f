"""Views, triggers and virtual tables that lean on others: which cannot be run, and which name a table.

In: a `Database`. Out: by name, the reason that SQLite gives; nothing is run, only compiled. Fails only as the database
does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from relgraph.errors import RelgraphError
from relgraph.storage.connection import Database
from relgraph.storage.sql_text import quoted, same_name, tokens

_EVENTS: Final = {
    "INSERT": "INSERT INTO main.{table} DEFAULT VALUES",
    "DELETE": "DELETE FROM main.{table}",
    "UPDATE": "UPDATE main.{table} SET {settings}",
}


def failing(database: Database) -> dict[str, str]:
    """Give the views and triggers that SQLite cannot compile, each with the reason; "view titles", "trigger told".

    >>> database = Database.open(":memory:")
    >>> _ = database.execute("CREATE VIEW ghosts AS SELECT * FROM lost")
    >>> failing(database)
    {'view ghosts': 'no such table: main.lost'}
    >>> database.close()
    """
    found = {}
    for schema in ("main", "temp"):
        rows = database.execute(
            f"SELECT type, name, tbl_name, sql FROM {schema}.sqlite_master WHERE type IN ('view', 'trigger')"
        )
        for kind, name, table, sql in rows.fetchall():
            reason = _reason(database, schema, kind, name, table, sql)
            if reason is not None:
                found[f"{kind} {name}"] = reason
    return found


def _reason(database: Database, schema: str, kind: str, name: str, table: str, sql: str) -> str | None:
    try:
        if kind == "view":
            database.compile(f"SELECT * FROM {schema}.{quoted(name)}")
        elif (event := _event(sql)) is not None:
            database.compile(_EVENTS[event].format(table=quoted(table), settings=_all(database, table)))
    except (sqlite3.OperationalError, RelgraphError) as error:
        return str(error)
    return None


def _event(sql: str) -> str | None:
    """Give what a trigger waits for."""
    words = (token.text.upper() for token in tokens(sql) if token.kind == "word")
    return next((word for word in words if word in _EVENTS), None)


def _all(database: Database, table: str) -> str:
    """Give what sets every column that can be set to itself, so that every trigger is compiled."""
    rows = database.execute("SELECT name FROM pragma_table_xinfo(?, 'main') WHERE hidden = 0", (table,)).fetchall()
    return ", ".join(f"{quoted(name)} = {quoted(name)}" for (name,) in rows)


def virtual_tables_on(database: Database, table: str) -> tuple[str, ...]:
    """Give the virtual tables that name a table among what they were made of, as full-text indexes do.

    >>> database = Database.open(":memory:")
    >>> _ = database.execute("CREATE VIRTUAL TABLE search USING fts5(body, content='notes')")
    >>> virtual_tables_on(database, "Notes"), virtual_tables_on(database, "body")
    (('search',), ())
    >>> database.close()
    """
    rows = database.execute("SELECT name, sql FROM main.sqlite_master WHERE sql LIKE 'CREATE VIRTUAL%'").fetchall()
    return tuple(name for name, sql in rows if any(same_name(named, table) for named in _given(sql)))


def _given(sql: str) -> Iterator[str]:
    """Yield what is given to the module behind an equals sign."""
    words = [token for token in tokens(sql) if token.kind not in ("space", "comment")]
    for before, token in pairwise(words):
        if before.text == "=":
            yield token.name


def virtual_tables_naming(database: Database, table: str, column: str) -> tuple[str, ...]:
    """Give the virtual tables that name both a table and one of its columns."""
    names = virtual_tables_on(database, table)
    marks = ", ".join("?" * len(names))
    rows = database.execute(f"SELECT name, sql FROM main.sqlite_master WHERE name IN ({marks})", names).fetchall()
    return tuple(name for name, sql in rows if any(same_name(token.name, column) for token in tokens(sql)))
