"""The rows by which a Directus project knows collections and fields, made, renamed and dropped with them.

In: names, in an open transaction. Out: `directus_collections` and `directus_fields` fit again, and so does every other
of the project's tables that names a collection: permissions, presets, shares, versions and what was done by whom.
What a file's version of these tables does not have is left out. Fails only as the database does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from relgraph.storage.column_types import SPECIALS, Column
from relgraph.storage.connection import Database
from relgraph.storage.sql_text import quoted
from relgraph.storage.table_copy import switched

# what goes with a collection; what was done in it (activity, revisions, comments) is kept
_GOING: Final = ("directus_permissions", "directus_presets", "directus_shares", "directus_versions", "directus_fields")
_FIELD_NAMES: Final = ("sort_field", "archive_field")  # in directus_collections


def add_collection(database: Database, collection: str, *, hidden: bool = False) -> None:
    """Let the project know a collection; one that it knows already, as a folder, becomes a collection with items."""
    database.execute(
        "INSERT INTO main.directus_collections (collection) SELECT ?1 "
        "WHERE NOT EXISTS (SELECT 1 FROM main.directus_collections WHERE collection = ?1)",
        (collection,),
    )
    if hidden:
        database.execute("UPDATE main.directus_collections SET hidden = 1 WHERE collection = ?", (collection,))


def add_field(database: Database, collection: str, column: Column, *, key: bool = False) -> None:
    """Let the project know a field, as its last; a key is hidden and not to be written."""
    found = database.execute("SELECT count(*) FROM main.directus_fields WHERE collection = ?", (collection,)).fetchone()
    values = {
        "collection": collection,
        "field": column.name,
        "special": column.special,
        "interface": "input",
        "readonly": int(key),
        "hidden": int(key),
        "required": int(not column.nullable and column.default is None and not key),
        "sort": found[0] + 1,
    }
    known = _columns(database, "directus_fields")
    values = {name: value for name, value in values.items() if name in known}
    names, marks = ", ".join(map(quoted, values)), ", ".join(f":{name}" for name in values)
    database.execute(f"INSERT INTO main.directus_fields ({names}) VALUES ({marks})", values)


def set_special(database: Database, collection: str, field: str, special: str | None) -> None:
    """Say by `special` what type a field has; what else is said there stays."""
    row = database.execute(
        "SELECT special FROM main.directus_fields WHERE collection = ? AND field = ?", (collection, field)
    ).fetchone()
    if row is None:
        return
    others = [part for part in (row[0] or "").split(",") if part and part not in SPECIALS.values()]
    text = ",".join([*others, *([special] if special else [])]) or None
    database.execute(
        "UPDATE main.directus_fields SET special = ? WHERE collection = ? AND field = ?", (text, collection, field)
    )


def rename_collection(database: Database, old: str, new: str) -> None:
    """Let every table of the project name a collection by its new name."""
    with switched(database, "defer_foreign_keys", "ON"):  # they point at directus_collections, and are changed after it
        for table in _naming_collections(database):
            database.execute(f"UPDATE main.{quoted(table)} SET collection = ? WHERE collection = ?", (new, old))
        database.execute('UPDATE main.directus_collections SET "group" = ? WHERE "group" = ?', (new, old))


def rename_field(database: Database, collection: str, old: str, new: str) -> None:
    """Let the project know a field, or an alias, by its new name."""
    database.execute(
        "UPDATE main.directus_fields SET field = ? WHERE collection = ? AND field = ?", (new, collection, old)
    )
    database.execute(
        'UPDATE main.directus_fields SET "group" = ? WHERE collection = ? AND "group" = ?', (new, collection, old)
    )
    _set_field_name(database, collection, old, new)


def drop_field(database: Database, collection: str, field: str) -> None:
    """Let the project forget a field; the collection is no longer sorted or archived by it, nor is it permitted.

    A rule that asks for it stays, and permits nothing: without the condition it would permit more.
    """
    database.execute("DELETE FROM main.directus_fields WHERE collection = ? AND field = ?", (collection, field))
    database.execute(
        'UPDATE main.directus_fields SET "group" = NULL WHERE collection = ? AND "group" = ?', (collection, field)
    )
    _set_field_name(database, collection, field, None)
    _drop_permitted(database, collection, field)


def _drop_permitted(database: Database, collection: str, field: str) -> None:
    """Take a field off the lists of permitted ones, so that a later one of that name is not permitted by them."""
    if "fields" not in _columns(database, "directus_permissions"):
        return
    rows = database.execute("SELECT rowid, fields FROM main.directus_permissions WHERE collection = ?", (collection,))
    for row, fields in rows.fetchall():
        names = (fields or "").split(",")
        kept = [name for name in names if name.strip() != field]
        if len(kept) < len(names):
            database.execute("UPDATE main.directus_permissions SET fields = ? WHERE rowid = ?", (",".join(kept), row))


def drop_collection(database: Database, collection: str) -> None:
    """Let the project forget a collection, what is allowed in it, and what is shared of it."""
    for table in _naming_collections(database):
        if table in _GOING:
            database.execute(f"DELETE FROM main.{quoted(table)} WHERE collection = ?", (collection,))
    database.execute('UPDATE main.directus_collections SET "group" = NULL WHERE "group" = ?', (collection,))
    database.execute("DELETE FROM main.directus_collections WHERE collection = ?", (collection,))


def has_field(database: Database, collection: str, field: str) -> bool:
    """Whether the project knows a field, which may be one without a column: a group, a divider, a left-over alias."""
    place = (collection, field)
    return bool(
        database.execute("SELECT 1 FROM main.directus_fields WHERE (collection, field) = (?, ?)", place).fetchone()
    )


def _set_field_name(database: Database, collection: str, old: str, new: str | None) -> None:
    known = _columns(database, "directus_collections")
    for name in known & set(_FIELD_NAMES):
        database.execute(
            f"UPDATE main.directus_collections SET {name} = ? WHERE collection = ? AND {name} = ?",
            (new, collection, old),
        )


def _naming_collections(database: Database) -> Iterator[str]:
    """Yield the project's own tables that have a column `collection`."""
    rows = database.execute(
        "SELECT m.name FROM main.sqlite_master AS m CROSS JOIN pragma_table_xinfo(m.name, 'main') AS x "
        "WHERE m.type = 'table' AND m.name LIKE 'directus\\_%' ESCAPE '\\' AND x.name = 'collection' ORDER BY m.name"
    )
    yield from [name for (name,) in rows.fetchall()]


def _columns(database: Database, table: str) -> set[str]:
    return {name for (name,) in database.execute("SELECT name FROM pragma_table_xinfo(?, 'main')", (table,)).fetchall()}
