"""Rows of a Directus project's own tables as data: what it notes about collections and fields.

In: a `Database` that is, or is to be, a Directus project. Out: one dict for each row, with the types that Directus's
API gives them (booleans, JSON, `special` as a list); and the rows written from such dicts. Columns that a file's
version of the tables does not have are not read, and are refused when they would have to be written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from relgraph.errors import InvalidPayload
from relgraph.storage.connection import Database
from relgraph.storage.sql_text import quoted

COLLECTIONS: Final = "directus_collections"
FIELDS: Final = "directus_fields"
RELATIONS: Final = "directus_relations"

_COLUMNS: Final[Mapping[str, str]] = {
    COLLECTIONS: """
        collection varchar(64) NOT NULL PRIMARY KEY, icon varchar(64), note text, display_template varchar(255),
        hidden boolean NOT NULL DEFAULT '0', singleton boolean NOT NULL DEFAULT '0', translations json,
        archive_field varchar(64), archive_app_filter boolean NOT NULL DEFAULT '1', archive_value varchar(255),
        unarchive_value varchar(255), sort_field varchar(64), accountability varchar(255) DEFAULT 'all',
        color varchar(255), item_duplication_fields json, sort integer,
        "group" varchar(64) REFERENCES directus_collections (collection),
        collapse varchar(255) NOT NULL DEFAULT 'open', preview_url varchar(255),
        versioning boolean NOT NULL DEFAULT '0'""",
    FIELDS: """
        id integer NOT NULL PRIMARY KEY AUTOINCREMENT, collection varchar(64) NOT NULL, field varchar(64) NOT NULL,
        special varchar(64), interface varchar(64), options json, display varchar(64), display_options json,
        readonly boolean NOT NULL DEFAULT '0', hidden boolean NOT NULL DEFAULT '0', sort integer,
        width varchar(30) DEFAULT 'full', translations json, note text, conditions json, required boolean DEFAULT '0',
        "group" varchar(64), validation json, validation_message text, searchable boolean NOT NULL DEFAULT '1'""",
    RELATIONS: """
        id integer NOT NULL PRIMARY KEY AUTOINCREMENT, many_collection varchar(64) NOT NULL,
        many_field varchar(64) NOT NULL, one_collection varchar(64), one_field varchar(64),
        one_collection_field varchar(64), one_allowed_collections text, junction_field varchar(64),
        sort_field varchar(64), one_deselect_action varchar(255) NOT NULL DEFAULT 'nullify'""",
}
_LISTS: Final = ("special",)  # texts with commas that the API gives as lists


def make_project(database: Database) -> None:
    """Make the three tables that hold a project's structure, those that are not there yet.

    >>> database = Database.open(":memory:")
    >>> make_project(database)
    >>> noted(database, COLLECTIONS)
    []
    >>> database.close()
    """
    for table, columns in _COLUMNS.items():
        database.execute(f"CREATE TABLE IF NOT EXISTS main.{table} ({columns})")


def noted(database: Database, table: str) -> list[dict[str, Any]]:
    """Give the rows of one of the tables in the order of their keys, their ids left out."""
    types = _types(database, table)
    names = ", ".join(map(quoted, types))
    rows = database.execute(f"SELECT {names} FROM main.{table} ORDER BY 1").fetchall()
    read = [{name: _read(name, types[name], value) for name, value in zip(types, row, strict=True)} for row in rows]
    return [{name: row[name] for name in sorted(row) if name != "id"} for row in read]


def write_note(database: Database, table: str, note: Mapping[str, Any], place: tuple[str, ...]) -> None:
    """Write what is noted about a collection or field at `place`; what is not named stays, or has its default.

    Raises `InvalidPayload` for a name that the table has no column for.
    """
    types = _types(database, table)
    unknown = sorted(set(note) - set(types))
    if unknown:
        raise InvalidPayload(f"meta.{unknown[0]}", f"{table} has no column {unknown[0]!r}")
    keys = dict(zip(("collection", "field"), place, strict=False))
    values = {name: _stored(name, types[name], value) for name, value in note.items()} | keys
    where = " AND ".join(f"{name} = :{name}" for name in keys)
    if not database.execute(f"SELECT 1 FROM main.{table} WHERE {where}", keys).fetchone():
        names, marks = ", ".join(map(quoted, values)), ", ".join(f":{name}" for name in values)
        database.execute(f"INSERT INTO main.{table} ({names}) VALUES ({marks})", values)
    else:
        changes = ", ".join(f"{quoted(name)} = :{name}" for name in values)
        database.execute(f"UPDATE main.{table} SET {changes} WHERE {where}", values)


def drop_notes(database: Database, collection: str, field: str | None = None) -> None:
    """Drop what is noted about a field, or about a collection and all its fields."""
    if field is None:
        database.execute(f'UPDATE main.{COLLECTIONS} SET "group" = NULL WHERE "group" = ?', (collection,))
        database.execute(f"DELETE FROM main.{FIELDS} WHERE collection = ?", (collection,))
        database.execute(f"DELETE FROM main.{COLLECTIONS} WHERE collection = ?", (collection,))
    else:
        database.execute(f"DELETE FROM main.{FIELDS} WHERE collection = ? AND field = ?", (collection, field))


def _types(database: Database, table: str) -> dict[str, str]:
    rows = database.execute("SELECT name, lower(type) FROM pragma_table_xinfo(?, 'main') ORDER BY cid", (table,))
    return dict(rows.fetchall())


def _read(name: str, declared: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _LISTS:
        return [part for part in value.split(",") if part]
    if declared == "boolean":
        return value in (1, "1", "true")
    if declared == "json" and isinstance(value, str):
        return json.loads(value)
    return value


def _stored(name: str, declared: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _LISTS:
        return ",".join(value)
    if declared == "boolean":
        return int(value)
    if declared == "json" or isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value
