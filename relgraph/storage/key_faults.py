"""What is wrong with the foreign keys of a whole file: keys that point at nothing, and keys that lead to no key.

In: a `Database`. Out: counts and messages by table. One key that leads to no primary key and no UNIQUE column makes
SQLite give up on the whole file, so that each table is asked by itself. Fails only as the database does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from relgraph.storage.connection import Database
from relgraph.storage.rehearsal import mismatched_key
from relgraph.storage.sql_text import quoted


def broken_keys(database: Database) -> Counter[tuple[str, str]]:
    """Give how many rows of a table point at nothing in another, by the foreign keys that are declared.

    >>> database = Database.open(":memory:")
    >>> _ = database.execute("CREATE TABLE a (id INTEGER PRIMARY KEY, n REFERENCES b (n))")
    >>> _ = database.execute("CREATE TABLE b (id INTEGER PRIMARY KEY, n, up REFERENCES b)")
    >>> _ = database.execute("PRAGMA foreign_keys = OFF")
    >>> _ = database.execute("INSERT INTO b VALUES (1, 2, 3)")
    >>> broken_keys(database), mismatches(database)
    (Counter({('b', 'b'): 1}), {'a': 'foreign key mismatch - "a" referencing "b"'})
    >>> database.close()
    """
    found: Counter[tuple[str, str]] = Counter()
    for table in _tables(database):
        if not mismatched_key(database, table):
            rows = database.execute(f"PRAGMA main.foreign_key_check({quoted(table)})").fetchall()
            found.update((name, parent) for name, _, parent, _ in rows)
    return found


def mismatches(database: Database) -> dict[str, str]:
    """Give the tables with a foreign key that leads to no key, and how SQLite says it."""
    said = ((table, mismatched_key(database, table)) for table in _tables(database))
    return {table: why for table, why in said if why}


def _tables(database: Database) -> Iterator[str]:
    rows = database.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND rootpage <> 0 ORDER BY name")
    return (name for (name,) in rows.fetchall())
