"""The structure of a database as an access knows it.

In: a snapshot of all of it, and the schema of the access. Out: a snapshot of the same form with the collections, fields
and relations of that schema alone. What might name anything else is left out: texts, and what is noted for editors.
Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from relgraph.schema import Schema

_TEXTS: Final = ("sql", "indexes", "triggers", "generation_expression", "default_expression")
_KEYS: Final = ("foreign_key_table", "foreign_key_column")


def narrowed_snapshot(snapshot: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """Give the part of a snapshot that a schema knows.

    >>> narrowed_snapshot({"collections": [{"collection": "secrets"}], "fields": [], "relations": []}, Schema({}))
    {'collections': [], 'fields': [], 'relations': [], 'systemFields': []}
    """
    names = {collection.name: collection.names for collection in schema}
    relations = {(relation.many_collection, relation.many_field) for relation in schema.relations}
    return {
        **snapshot,
        "collections": [_plain(entry) for entry in snapshot["collections"] if entry["collection"] in names],
        "fields": [
            _plain(entry, keyed=(entry["collection"], entry["field"]) in relations)
            for entry in snapshot["fields"]
            if entry["field"] in names.get(entry["collection"], ())
        ],
        "relations": [entry for entry in snapshot["relations"] if (entry["collection"], entry["field"]) in relations],
        "systemFields": [],
    }


def _plain(entry: Mapping[str, Any], *, keyed: bool = False) -> dict[str, Any]:
    """Give an entry without texts and notes; a column shows its key where the relation is known."""
    kept = {**entry, "meta": None}
    if entry.get("schema") is not None:
        hidden = _TEXTS if keyed else (*_TEXTS, *_KEYS)
        kept["schema"] = {
            name: None if name in _KEYS else value
            for name, value in entry["schema"].items()
            if name in _KEYS or name not in hidden
        }
        if keyed:
            kept["schema"] |= {name: entry["schema"].get(name) for name in _KEYS}
    return kept
