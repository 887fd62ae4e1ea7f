"""The structure of a database as plain data that JSON and YAML can hold.

In: a `Database` and its `Schema`. Out: a dict. Of a Directus project it is the snapshot that Directus itself gives
(collections, fields and relations that it knows, with what it notes about them); of any other database the same, and
beside each collection the text that makes it, so that nothing of its structure is left out. Fails only as the database
does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from relgraph import __version__
from relgraph.integrity import guards
from relgraph.relation import FLAT_NAMES, Relation
from relgraph.schema import Collection, Field, ForeignKey, Schema
from relgraph.storage import directus_rows, table_texts
from relgraph.storage.column_facts import ColumnFacts, column_facts
from relgraph.storage.connection import Database
from relgraph.values import FieldType

Facts: TypeAlias = Mapping[tuple[str, str], ColumnFacts]

VERSION: Final = 1  # of the form, in Directus's snapshots and in relgraph's
VENDOR: Final = "sqlite"
DIRECTUS: Final = "11.17.4"  # the release whose form of snapshot this is
SYSTEM: Final = "directus_"  # what the names of a project's own tables begin with
MOMENTS: Final = ("CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME")
_SIZE: Final = re.compile(r"\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)\s*")
_NO_FACTS: Final = ColumnFacts()


def take(database: Database, schema: Schema) -> dict[str, Any]:
    """Give the structure of a database.

    >>> from relgraph.storage import catalog
    >>> database = Database.open(":memory:")
    >>> _ = database.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, label VARCHAR(20))")
    >>> snapshot = take(database, catalog.load(database))
    >>> [(field["field"], field["type"], field["schema"]["max_length"]) for field in snapshot["fields"]]
    [('id', 'integer', None), ('label', 'string', 20)]
    >>> database.close()
    """
    with database.reading():
        facts = column_facts(database, without=guards.own_names(database))
        if schema.directus:
            return {"version": VERSION, "directus": DIRECTUS, "vendor": VENDOR, **_project(database, schema, facts)}
        return {"version": VERSION, "relgraph": __version__, "vendor": VENDOR, **_plain(database, schema, facts)}


def take_all(database: Database, schema: Schema) -> dict[str, Any]:
    """Give what `take` gives, and of a project also the tables, columns and keys that it notes nothing about.

    These have `meta` None. It is what a snapshot of Directus's form is compared with.
    """
    with database.reading():
        facts = column_facts(database, without=guards.own_names(database))
        if not schema.directus:
            return _plain(database, schema, facts)
        found = _project(database, schema, facts)
        collections = {entry["collection"] for entry in found["collections"]}
        fields = {(entry["collection"], entry["field"]) for entry in found["fields"]}
        found["collections"] += [
            {"collection": name, "meta": None, "schema": {"name": name}}
            for name in schema.collections
            if name not in collections
        ]
        found["fields"] += [
            _plain_field(schema, facts, field)
            for collection in schema
            for field in collection.fields.values()
            if (collection.name, field.name) not in fields
        ]
        found["relations"] = [relation_entry(relation) for relation in _stored(schema)]
        return found


# --- a Directus project ----------------------------------------------------------------------------------------------


def _project(database: Database, schema: Schema, facts: Facts) -> dict[str, Any]:
    collections = {note["collection"]: note for note in directus_rows.noted(database, directus_rows.COLLECTIONS)}
    known = {name: note for name, note in sorted(collections.items()) if not name.startswith(SYSTEM)}
    notes = [note for note in directus_rows.noted(database, directus_rows.FIELDS) if note["collection"] in known]
    places = {(note["collection"], note["field"]) for note in notes}
    return {
        "collections": [
            {"collection": name, "meta": note, "schema": {"name": name} if name in schema.collections else None}
            for name, note in known.items()
        ],
        "fields": [
            _noted_field(schema, facts, note) for note in sorted(notes, key=lambda note: str(note["collection"]))
        ],
        "systemFields": _system_fields(schema, facts),
        "relations": [
            relation_entry(relation)
            for relation in _stored(schema)
            if (relation.many_collection, relation.many_field) in places
        ],
    }


def _stored(schema: Schema) -> list[Relation]:
    """Give the stored relations of a project in the order of its snapshots, those of its own collections left out."""
    stored = [(relation.many_collection, relation.id, relation) for relation in schema.relations if relation.id]
    ordered = sorted(stored, key=lambda each: each[:2])
    return [relation for collection, _, relation in ordered if not collection.startswith(SYSTEM)]


def _noted_field(schema: Schema, facts: Facts, note: Mapping[str, Any]) -> dict[str, Any]:
    place = (note["collection"], note["field"])
    collection = schema.collections.get(place[0])
    field = None if collection is None else collection.fields.get(place[1])
    entry: dict[str, Any] = {"collection": place[0], "field": place[1], "type": "alias", "meta": dict(note)}
    if collection is None or field is None:
        return entry
    return entry | {"type": field.type.value, "schema": field_schema(schema, collection, field, facts)}


def _system_fields(schema: Schema, facts: Facts) -> list[dict[str, Any]]:
    return [
        {"collection": table, "field": column, "schema": {"is_indexed": True}}
        for (table, column), facts_ in sorted(facts.items())
        if facts_.indexed and table.startswith(SYSTEM) and table in schema.collections
    ]


# --- any other database ----------------------------------------------------------------------------------------------


def _plain(database: Database, schema: Schema, facts: Facts) -> dict[str, Any]:
    texts = table_texts.texts_of(database, without=guards.own_names(database))
    names = [name for name in texts if name in schema.collections]
    return {
        "collections": [{"collection": name, "meta": None, "schema": {"name": name, **texts[name]}} for name in names],
        "fields": [
            _plain_field(schema, facts, field) for name in names for field in schema.collections[name].fields.values()
        ],
        "systemFields": [],
        "relations": [relation_entry(relation) for relation in _in_order(schema.relations)],
    }


def _plain_field(schema: Schema, facts: Facts, field: Field) -> dict[str, Any]:
    said = field_schema(schema, schema.collections[field.collection], field, facts)
    return {
        "collection": field.collection,
        "field": field.name,
        "type": field.type.value,
        "meta": None,
        "schema": said,
    }


def _in_order(relations: Iterable[Relation]) -> list[Relation]:
    """Give the stored relations: those that are only discovered are in the text of their table."""
    stored = [relation for relation in relations if relation.id is not None]
    return sorted(stored, key=lambda relation: (relation.many_collection, relation.many_field))


# --- fields and relations --------------------------------------------------------------------------------------------


def field_schema(schema: Schema, collection: Collection, field: Field, facts: Facts) -> dict[str, Any]:
    """Give what is said of a column, in the form of Directus's snapshots."""
    said = facts.get((collection.name, field.name), _NO_FACTS)
    key = _foreign_key(schema, field)
    return {"name": field.name, "table": collection.name, **declared(field.declared_type)} | {
        "default_value": _default(field),
        **_default_expression(field),
        "is_nullable": field.nullable and field.name not in collection.primary_key,
        "is_unique": said.unique,
        "is_indexed": said.indexed,
        "is_primary_key": field.name in collection.primary_key,
        "is_generated": field.generated,
        "generation_expression": said.generation,
        "has_auto_increment": said.autoincrement,
        "foreign_key_table": key and key.to_collection,
        "foreign_key_column": key and next(iter(key.to_fields), None),
    }


def declared(text: str) -> dict[str, Any]:
    """Give the parts of a declared type: its name, and a size that is a length or a precision with a scale.

    >>> (
    ...     declared("VARCHAR(255)")["max_length"],
    ...     declared("numeric(10, 2)")["numeric_scale"],
    ...     declared("int")["data_type"],
    ... )
    (255, 2, 'int')
    """
    found = _SIZE.search(text)
    name = (text if found is None else text[: found.start()] + text[found.end() :]).strip().lower()
    first, second = (None, None) if found is None else (int(found[1]), found[2] and int(found[2]))
    counts = "char" not in name and "text" not in name and "clob" not in name
    return {
        "data_type": name,
        "max_length": None if counts else first,
        "numeric_precision": first if counts else None,
        "numeric_scale": second if counts else None,
    }


def _default(field: Field) -> Any:
    """Give the default in the type of the field; the three keywords for the moment of writing stand for themselves."""
    value = field.default
    if value is None and field.default_sql is not None and field.default_sql.upper() in MOMENTS:
        return field.default_sql.upper()
    if field.type is FieldType.BOOLEAN and value in (0, 1):
        return bool(value)
    return None if isinstance(value, bytes) else value


def _default_expression(field: Field) -> dict[str, str]:
    """Give a default that is no plain value as its text, under a name that Directus's own snapshots do not have."""
    sql = field.default_sql
    plain = sql is None or sql.upper() in (*MOMENTS, "NULL")
    return {} if plain or _default(field) is not None else {"default_expression": str(sql)}


def _foreign_key(schema: Schema, field: Field) -> ForeignKey | None:
    keys = (key for key in schema.foreign_keys if key.collection == field.collection)
    return next((key for key in keys if key.fields == (field.name,)), None)


def relation_entry(relation: Relation) -> dict[str, Any]:
    """Give a stored relation in the form of Directus's snapshots."""
    flat = relation.to_dict()
    allowed = relation.one_allowed_collections
    meta = {name: flat[name] for name in sorted(FLAT_NAMES) if name != "id"}
    entry: dict[str, Any] = {
        "collection": relation.many_collection,
        "field": relation.many_field,
        "related_collection": relation.one_collection,
        "meta": meta | {"one_allowed_collections": None if allowed is None else list(allowed)},
    }
    if relation.kind == "m2a":
        return entry
    key = relation.foreign_key
    return entry | {
        "schema": key
        and {
            "table": relation.many_collection,
            "column": relation.many_field,
            "foreign_key_table": relation.one_collection,
            "foreign_key_column": key.to_field,
            "constraint_name": None,
            "on_update": key.on_update,
            "on_delete": key.on_delete,
        }
    }
