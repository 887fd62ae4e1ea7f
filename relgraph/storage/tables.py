"""Tables made, renamed and dropped without touching a row of any other.

In: names as `sqlite_master` spells them, inside a transaction of `ddl.changing`. Out: the database with everything
that SQLite keeps about the table following; verified by a `Witness`. Raises `CannotChangeTable` where that cannot be.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count, pairwise
from typing import Final

from relgraph.errors import CannotChangeTable
from relgraph.storage.column_types import Column, table_text
from relgraph.storage.connection import Database
from relgraph.storage.ddl import drop_keys_to
from relgraph.storage.dependents import virtual_tables_on
from relgraph.storage.sql_text import edited, quoted, same_name, tokens, without_keys_to
from relgraph.storage.table_copy import switched
from relgraph.storage.text_edit import edit_text, edit_texts
from relgraph.storage.witness import Witness, verified

_STATISTICS: Final = ("sqlite_stat1", "sqlite_stat4")


def create_table(database: Database, name: str, columns: Sequence[Column], primary_key: Sequence[str]) -> None:
    """Make a table.

    >>> database = Database.open(":memory:")
    >>> create_table(database, "tags", [Column("id", "INTEGER"), Column("label", "TEXT")], ["id"])
    >>> [row[1] for row in database.execute("PRAGMA table_info(tags)")]
    ['id', 'label']
    >>> database.close()
    """

    def meant(before: Witness) -> Witness:
        return before.with_table(name, Witness.of(database).tables[name])

    with verified(database, name, meant):
        database.execute(table_text(name, columns, primary_key))


def rename_table(database: Database, old: str, new: str) -> None:
    """Give a table another name; keys, views, triggers, full-text indexes and statistics follow.

    A name that differs in the case of letters only goes by way of a third, as SQLite takes the two for one.
    """
    with (
        switched(database, "legacy_alter_table", "OFF"),
        verified(database, old, lambda before: before.with_table_renamed(old, new)),
    ):
        way = old
        if same_name(old, new):
            way = next(name for name in (f"{new}_{number}" for number in count(1)) if not _is_taken(database, name))
            database.execute(f"ALTER TABLE main.{quoted(old)} RENAME TO {quoted(way)}")
        database.execute(f"ALTER TABLE main.{quoted(way)} RENAME TO {quoted(new)}")
        _rename_in_virtual_tables(database, old, new)
        _rename_statistics(database, old, new)


def _is_taken(database: Database, name: str) -> bool:
    found = database.execute("SELECT 1 FROM main.sqlite_master WHERE name = ? COLLATE NOCASE", (name,))
    return found.fetchone() is not None


def _rename_in_virtual_tables(database: Database, old: str, new: str) -> None:
    """Let a full-text index look for its content under the new name, which SQLite leaves at the old one."""
    texts = {}
    for name in virtual_tables_on(database, old):
        sql = database.execute("SELECT sql FROM main.sqlite_master WHERE name = ?", (name,)).fetchone()[0]
        words = [token for token in tokens(sql) if token.kind not in ("space", "comment")]
        named = [token for before, token in pairwise(words) if before.text == "=" and same_name(token.name, old)]
        texts[name] = edited(sql, [(token.start, token.end, "'" + new.replace("'", "''") + "'") for token in named])
    edit_texts(database, texts)


def _rename_statistics(database: Database, old: str, new: str) -> None:
    """Let what ANALYZE found follow, also of the indexes of constraints, which are named after the table."""
    for table in _STATISTICS:
        if _is_taken(database, table):
            database.execute(
                f"UPDATE main.{table} SET tbl = ?2, idx = CASE WHEN idx LIKE 'sqlite\\_autoindex\\_%' ESCAPE '\\' "
                "THEN 'sqlite_autoindex_' || ?2 || substr(idx, length('sqlite_autoindex_' || ?1) + 1) ELSE idx END "
                "WHERE tbl = ?1",
                (old, new),
            )


def drop_table(database: Database, table: str) -> None:
    """Drop a table with its rows, indexes and triggers, and the foreign keys of others that point at it.

    No action of any foreign key is carried out: the columns that pointed here keep what they hold.
    """
    leaning = virtual_tables_on(database, table)
    if leaning:
        raise CannotChangeTable(table, f"the virtual table {leaning[0]} takes its content from it; drop that first")
    with verified(database, table, lambda before: before.without_table(table)):
        drop_keys_to(database, table)
        (enforced,) = database.execute("PRAGMA foreign_keys").fetchone()
        sql = database.execute("SELECT sql FROM main.sqlite_master WHERE name = ?", (table,)).fetchone()[0]
        if enforced:  # with keys of its own, SQLite would delete its rows one by one, and could be held back by them
            edit_text(database, table, without_keys_to(sql))
        database.execute(f"DROP TABLE main.{quoted(table)}")
