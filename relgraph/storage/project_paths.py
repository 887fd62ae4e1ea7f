"""Paths that a Directus project keeps as text: display templates, and what permissions say of fields.

In: the schema as it was, and what was renamed. Out: the rows that spell the old name in a path spell the new one. What
is no text of that form stays as it is. Fails only as the database does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from relgraph.renaming import Renaming
from relgraph.schema import Schema
from relgraph.storage.connection import Database

_SHOWN: Final = re.compile(r"(\{\{\s*)([^{}]+?)(\s*\}\})")
_GROUPS: Final = ("_and", "_or")


def rename_in_paths(database: Database, schema: Schema, renaming: Renaming) -> None:
    """Let templates and permissions follow a renaming; their rows name their collections as before it."""
    for table, column, row, collection, text in _texts(database, schema):
        renamed = _REWRITE.get(column, _template)(schema, renaming, collection, text)
        if renamed != text:
            database.execute(f"UPDATE main.{table} SET {column} = ? WHERE rowid = ?", (renamed, row))


def _texts(database: Database, schema: Schema) -> Iterator[tuple[str, str, int, str, str]]:
    """Yield table, column, rowid, the collection that paths begin in, and the text."""
    for table, column in (
        ("directus_collections", "display_template"),
        ("directus_permissions", "fields"),
        ("directus_permissions", "permissions"),
        ("directus_permissions", "validation"),
        ("directus_permissions", "presets"),
    ):
        if _has(database, table, column):
            rows = database.execute(f"SELECT rowid, collection, {column} FROM main.{table} WHERE {column} IS NOT NULL")
            yield from ((table, column, row, collection, text) for row, collection, text in rows.fetchall())
    for column in ("options", "display_options"):
        if _has(database, "directus_fields", column):
            rows = database.execute(
                f"SELECT rowid, collection, field, {column} FROM main.directus_fields WHERE {column} IS NOT NULL"
            )
            for row, collection, field, text in rows.fetchall():
                yield "directus_fields", column, row, _far(schema, collection, field) or collection, text


def _has(database: Database, table: str, column: str) -> bool:
    found = database.execute("SELECT 1 FROM pragma_table_xinfo(?, 'main') WHERE name = ?", (table, column))
    return found.fetchone() is not None


def _far(schema: Schema, collection: str, segment: str) -> str | None:
    """Give the collection that a segment of a path leads to."""
    here = schema.collections.get(collection)
    if here is None:
        return None
    name, _, scope = segment.partition(":")
    if name in here.any_hops:
        return scope or None
    return here.hops[name].far if name in here.hops else None


def _path(schema: Schema, renaming: Renaming, collection: str, path: str) -> str:
    """Give a path from a collection on under the new name."""
    here: str | None = collection
    renamed = []
    for segment in path.split("."):
        name, colon, scope = segment.partition(":")
        new = renaming.field(here, name) if here is not None else name
        renamed.append(new + colon + renaming.collection_name(scope))
        here = _far(schema, here, segment) if here is not None else None
    return ".".join(renamed)


def _template(schema: Schema, renaming: Renaming, collection: str, text: str) -> str:
    return _SHOWN.sub(lambda found: found[1] + _path(schema, renaming, collection, found[2]) + found[3], text)


def _fields(schema: Schema, renaming: Renaming, collection: str, text: str) -> str:
    return ",".join(_path(schema, renaming, collection, name) for name in text.split(","))


def _conditions(schema: Schema, renaming: Renaming, collection: str, text: str) -> str:
    """Rewrite the keys of a filter, or of preset values, where there are such that change."""
    try:
        given = json.loads(text)
    except ValueError:
        return text
    renamed = _keys(schema, renaming, collection, given)
    return text if renamed == given else json.dumps(renamed, ensure_ascii=False, separators=(",", ":"))


def _keys(schema: Schema, renaming: Renaming, collection: str | None, given: Any) -> Any:
    if isinstance(given, list):
        return [_keys(schema, renaming, collection, each) for each in given]
    if not isinstance(given, dict) or collection is None:
        return given
    renamed = {}
    for key, value in given.items():
        inner = collection if key in _GROUPS or key.startswith("_") else _far(schema, collection, key)
        renamed[_path(schema, renaming, collection, key)] = _keys(schema, renaming, inner, value)
    return renamed


_REWRITE: Final[dict[str, Callable[[Schema, Renaming, str, str], str]]] = {
    "fields": _fields,
    "permissions": _conditions,
    "validation": _conditions,
    "presets": _conditions,
}
