"""Guard tables: what a guarded database keeps about its guards, in three tables that are no collections.

`relgraph_guards` names the triggers and indexes that guards consist of; that it is there says that the database is
guarded. `relgraph_guards_going` takes the keys of rows that a statement may be about to drop, until they have been seen
to. `relgraph_guards_probe` tells a trigger whether foreign keys are enforced just now: its own key cascades only then.

In: a `Database`. Out: the tables made, dropped and read. Raises `InvalidPayload` where another table has such a name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from relgraph.errors import InvalidPayload
from relgraph.schema import folded
from relgraph.storage.connection import Database
from relgraph.storage.sql_text import quoted

GUARDS: Final = "relgraph_guards"
GOING: Final = "relgraph_guards_going"
PROBE: Final = "relgraph_guards_probe"

_COLUMNS: Final = {
    GUARDS: {"name": "TEXT PRIMARY KEY", "type": "TEXT NOT NULL"},
    GOING: {"whose": "TEXT NOT NULL", "key": ""},
    PROBE: {"id": "INTEGER PRIMARY KEY", "seen": f"INTEGER REFERENCES {PROBE} ON UPDATE CASCADE"},
}


def hidden_tables(columns_by_table: Mapping[str, Collection[str]]) -> frozenset[str]:
    """Give the guard tables among the tables of a database: none, unless it is guarded.

    >>> hidden_tables({"relgraph_guards": ["a table", "of somebody else"]})
    frozenset()
    """
    found = {name: set(columns_by_table.get(name, ())) == set(columns) for name, columns in _COLUMNS.items()}
    return frozenset(name for name, is_own in found.items() if is_own) if found[GUARDS] else frozenset()


def is_guarded(database: Database) -> bool:
    """Tell whether a database is guarded.

    >>> database = Database.open(":memory:")
    >>> before = is_guarded(database)
    >>> make_tables(database)
    >>> before, is_guarded(database)
    (False, True)
    >>> database.close()
    """
    return bool(hidden_tables({GUARDS: _columns_of(database, GUARDS)}))


def make_tables(database: Database) -> None:
    """Make the tables that are not there yet."""
    for name, columns in _COLUMNS.items():
        found = _columns_of(database, name)
        if found and set(found) != set(columns):
            raise InvalidPayload(
                name,
                f"guards would be noted in a table {name}, but the database has another by that name",
                f"its columns would have to be {', '.join(columns)}",
            )
        if not found:
            listed = ", ".join(f"{column} {declared}".rstrip() for column, declared in columns.items())
            database.execute(f"CREATE TABLE main.{name} ({listed})")
    database.execute(f"INSERT OR IGNORE INTO main.{PROBE} VALUES (0, 0)")


def drop_tables(database: Database) -> None:
    """Drop the tables, and with them what says that the database is guarded."""
    for name in hidden_tables({name: _columns_of(database, name) for name in _COLUMNS}):
        database.execute(f"DROP TABLE main.{name}")


def _columns_of(database: Database, table: str) -> list[str]:
    rows = database.execute("SELECT name FROM pragma_table_xinfo(?, 'main') ORDER BY cid", (table,))
    return [name for (name,) in rows.fetchall()]


# --- what guards consist of ------------------------------------------------------------------------------------------


def made(database: Database) -> dict[str, tuple[str, str]]:
    """Give the triggers and indexes that guards consist of and that are there: the type and text of each, by name."""
    rows = database.execute(
        f"SELECT g.name, g.type, m.sql FROM main.{GUARDS} g "
        "JOIN main.sqlite_schema m ON m.type = g.type AND m.name = g.name ORDER BY g.rowid"
    )
    return {name: (kind, sql) for name, kind, sql in rows.fetchall()}


def make(database: Database, name: str, kind: str, sql: str) -> None:
    """Make a trigger or index and note it."""
    database.execute(sql.replace(quoted(name), f"main.{quoted(name)}", 1))  # a temporary table could have the name
    database.execute(f"INSERT OR REPLACE INTO main.{GUARDS} VALUES (?, ?)", (name, kind))


def drop(database: Database, name: str, kind: str) -> None:
    """Drop a trigger or index, and the note of it."""
    database.execute(f"DROP {kind.upper()} IF EXISTS main.{quoted(name)}")
    database.execute(f"DELETE FROM main.{GUARDS} WHERE name = ?", (name,))


def forget_lost(database: Database, kept: Iterable[str]) -> None:
    """Drop the notes of all that is not there any more, as it went with its table."""
    lost = {name for (name,) in database.execute(f"SELECT name FROM main.{GUARDS}").fetchall()} - set(kept)
    for name in lost:
        database.execute(f"DELETE FROM main.{GUARDS} WHERE name = ?", (name,))


def names_of_others(database: Database) -> frozenset[str]:
    """Give, folded, the names that guards cannot have: those of all that is not theirs."""
    rows = database.execute(
        f"SELECT name FROM main.sqlite_schema WHERE name NOT IN (SELECT name FROM main.{GUARDS})"
    ).fetchall()
    return frozenset(folded(name) for (name,) in rows)
