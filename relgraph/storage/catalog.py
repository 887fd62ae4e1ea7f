"""The schema of a database file: its tables, and its relations from wherever that file keeps them.

In: a `Database`. Out: a linked `Schema`, and functions that store, change and drop a relation's row. In a Directus
project relations are kept in Directus's own tables, everywhere else in `relgraph_relations`, which the first stored row
makes; loading writes nothing. Fails only as the database does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import evolve, frozen

from relgraph.codecs import codec_of, concealing
from relgraph.errors import InvalidPayload, RelationNotFound
from relgraph.linking import link
from relgraph.relation import FLAT_NAMES, Relation
from relgraph.schema import Collection, Field, Schema
from relgraph.storage.connection import Database
from relgraph.storage.declared import default_value, type_of
from relgraph.storage.discover import infer, relation_of, stitch
from relgraph.storage.guard_tables import hidden_tables
from relgraph.storage.introspect import Column, Introspection, Table, introspect
from relgraph.values import FieldType

OWN_TABLE: Final = "relgraph_relations"
DIRECTUS_TABLE: Final = "directus_relations"

_DIRECTUS: Final = {
    DIRECTUS_TABLE: frozenset(FLAT_NAMES),
    "directus_fields": frozenset({"id", "collection", "field", "special"}),
    "directus_collections": frozenset({"collection", "singleton", "sort_field"}),
}
_CREATE: Final = f"""CREATE TABLE {OWN_TABLE} (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  many_collection TEXT NOT NULL,
  many_field TEXT NOT NULL,
  one_collection TEXT,
  one_field TEXT,
  one_collection_field TEXT,
  one_allowed_collections TEXT,
  junction_field TEXT,
  sort_field TEXT,
  one_deselect_action TEXT NOT NULL DEFAULT 'nullify'
)"""


def load(database: Database, *, discover: bool = True) -> Schema:
    """Give the schema of a database, from one snapshot; without `discover`, only stored relations are relations.

    >>> database = Database.open(":memory:")
    >>> _ = database.execute("CREATE TABLE authors (id INTEGER PRIMARY KEY)")
    >>> _ = database.execute("CREATE TABLE articles (id INTEGER PRIMARY KEY, author INTEGER REFERENCES authors)")
    >>> str(load(database).collections["authors"].hops["articles"])
    'authors.articles'
    >>> database.close()
    """
    with database.reading():
        found = introspect(database)
        shapes = {table.name: {column.name for column in table.columns} for table in found.tables.values()}
        notes = _directus_notes(database, shapes["directus_fields"]) if _is_directus(shapes) else None
        stored = _stored(database, _store_among(shapes))
    own = frozenset({OWN_TABLE} if _store_among(shapes) == OWN_TABLE else ())
    found = _without(found, own | hidden_tables(shapes))
    collections = {name: _collection(table, notes) for name, table in found.tables.items()}
    return link(
        collections.values(),
        _relations(found, stored, collections, directus=notes is not None, discover=discover),
        foreign_keys=found.foreign_keys,
        directus=notes is not None,
        unreadable=found.unreadable,
    )


def _without(found: Introspection, hidden: frozenset[str]) -> Introspection:
    """Give all there is but for relgraph's own tables."""
    tables = {name: table for name, table in found.tables.items() if name not in hidden}
    return evolve(found, tables=tables, foreign_keys=tuple(k for k in found.foreign_keys if k.collection in tables))


def _relations(
    found: Introspection,
    stored: Sequence[Relation],
    collections: Mapping[str, Collection],
    *,
    directus: bool,
    discover: bool,
) -> Iterable[Relation]:
    relations = stitch((relation_of(key) for key in found.foreign_keys if len(key.fields) == 1), stored)
    if directus:
        return sorted(relations, key=lambda relation: relation.many_collection.startswith("directus_"))
    return infer(relations, collections) if discover else (each for each in relations if each.id is not None)


# --- collections -----------------------------------------------------------------------------------------------------


@frozen
class _Notes:
    """What a Directus project notes about collections and fields, beside their tables."""

    specials: Mapping[tuple[str, str], frozenset[str]]
    unsearchable: frozenset[tuple[str, str]]
    noted: Mapping[str, tuple[str, ...]]  # field names of a collection, aliases among them, in the order of their rows
    singletons: frozenset[str]
    sort_fields: Mapping[str, str]


def _collection(table: Table, notes: _Notes | None) -> Collection:
    fields = {column.name: _field(table.name, column, notes) for column in table.columns}
    plain = Collection(table.name, fields, table.primary_key, view=table.kind != "table", has_rowid=table.has_rowid)
    if notes is None:
        return plain
    sort_field, noted = notes.sort_fields.get(table.name), notes.noted.get(table.name, ())
    return evolve(
        plain,
        sort_field=sort_field if sort_field in fields else None,
        singleton=table.name in notes.singletons,
        system=table.name.startswith("directus_"),
        order=tuple(dict.fromkeys((*fields, *noted))),
        stray_aliases=tuple(  # all aliases, of which linking keeps those that lead nowhere
            name
            for name in noted
            if name not in fields and notes.specials.get((table.name, name), frozenset()) & _ALIASES
        ),
    )


def _field(collection: str, column: Column, notes: _Notes | None) -> Field:
    place = (collection, column.name)
    specials = frozenset() if notes is None else notes.specials.get(place, frozenset())
    field_type = _special_type(specials) or type_of(column.declared_type)
    codec = codec_of(field_type, epoch=notes is not None)
    concealed = notes is not None and ("conceal" in specials or place in _CONCEALED)
    return Field(
        *place,
        field_type,
        concealing(codec) if concealed else codec,
        affinity=column.affinity,
        declared_type=column.declared_type,
        nullable=column.nullable,
        default=default_value(column.default_sql, column.affinity),
        default_sql=column.default_sql,
        generated=column.generated,
        unique=column.unique,
        collation=column.collation,
        searchable=not concealed and (notes is None or place not in notes.unsearchable),
    )


# --- a Directus project ----------------------------------------------------------------------------------------------

# of its own tables, what Directus never shows; their fields have no rows that would say so
_CONCEALED: Final = frozenset(
    {("directus_users", name) for name in ("password", "token", "tfa_secret")} | {("directus_shares", "password")}
)
_SPECIAL_TYPES: Final = {
    "cast-json": FieldType.JSON,
    "cast-csv": FieldType.CSV,
    "cast-boolean": FieldType.BOOLEAN,
    "cast-timestamp": FieldType.TIMESTAMP,
    "cast-datetime": FieldType.DATE_TIME,
    "uuid": FieldType.UUID,
    "file": FieldType.UUID,
}


_ALIASES: Final = frozenset({"o2m", "m2m", "m2a", "files", "translations"})


def _special_type(specials: frozenset[str]) -> FieldType | None:
    if any(special.partition(".")[0] == "geometry" for special in specials):
        return FieldType.GEOMETRY
    return next((field_type for special, field_type in _SPECIAL_TYPES.items() if special in specials), None)


def _is_directus(shapes: Mapping[str, set[str]]) -> bool:
    return all(columns <= shapes.get(name, set()) for name, columns in _DIRECTUS.items())


def _directus_notes(database: Database, field_columns: set[str]) -> _Notes:
    searchable = "searchable" if "searchable" in field_columns else "1"  # a column since Directus 11.10
    fields = database.execute(
        f"SELECT collection, field, special, {searchable} FROM main.directus_fields ORDER BY id"
    ).fetchall()
    collections = database.execute("SELECT collection, singleton, sort_field FROM main.directus_collections").fetchall()
    noted: dict[str, tuple[str, ...]] = {}
    for collection, name, *_ in fields:
        noted[collection] = (*noted.get(collection, ()), name)
    return _Notes(
        {(collection, name): frozenset(_csv(special)) for collection, name, special, _ in fields},
        frozenset((collection, name) for collection, name, _, searched in fields if not searched),
        noted,
        frozenset(collection for collection, singleton, _ in collections if singleton),
        {collection: sort_field for collection, _, sort_field in collections if sort_field},
    )


def _csv(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip()) if text else ()


# --- the rows of relations -------------------------------------------------------------------------------------------


def relations_table(database: Database) -> str | None:
    """Give the table that keeps the relations, or None where none has been stored yet.

    >>> database = Database.open(":memory:")
    >>> (
    ...     relations_table(database),
    ...     insert_relation(database, Relation("notes", "on", "articles")),
    ...     relations_table(database),
    ... )
    (None, 1, 'relgraph_relations')
    >>> database.close()
    """
    shapes: dict[str, set[str]] = {}
    for name in (OWN_TABLE, *_DIRECTUS):
        rows = database.execute("SELECT name FROM pragma_table_xinfo(?, 'main')", (name,))
        shapes[name] = {column for (column,) in rows}
    return _store_among(shapes)


def definition_rows(database: Database) -> tuple[tuple[Any, ...], ...]:
    """Give all rows that define relations and fields, to be compared with what they were.

    >>> database = Database.open(":memory:")
    >>> definition_rows(database)
    ()
    >>> database.close()
    """
    store = relations_table(database)
    if store is None:
        return ()
    tables = _DIRECTUS if store == DIRECTUS_TABLE else (store,)
    return tuple(row for table in tables for row in database.execute(f"SELECT * FROM main.{table} ORDER BY 1"))


def insert_relation(database: Database, relation: Relation) -> int:
    """Store a relation and give its id: the one it has, or a new one."""
    with database.writing():
        table = relations_table(database) or _create_table(database)
        names, marks = ", ".join(FLAT_NAMES), ", ".join(f":{name}" for name in FLAT_NAMES)
        row = relation.to_dict()
        cursor = database.execute(f"INSERT INTO main.{table} ({names}) VALUES ({marks})", row)
        return int(cursor.lastrowid or 0)


def update_relation(database: Database, relation: Relation) -> None:
    """Write every column of a stored relation; raises `RelationNotFound` when its id is not stored."""
    assignments = ", ".join(f"{name} = :{name}" for name in FLAT_NAMES[1:])
    _change_row(database, "UPDATE main.{table} SET " + assignments + " WHERE id = :id", relation)


def delete_relation(database: Database, relation: Relation) -> None:
    """Drop a stored relation's row; raises `RelationNotFound` when its id is not stored."""
    _change_row(database, "DELETE FROM main.{table} WHERE id = :id", relation)


def _change_row(database: Database, sql: str, relation: Relation) -> None:
    with database.writing():
        table = relations_table(database)
        if table is None:
            raise RelationNotFound("id", relation.id, ())
        if not database.execute(sql.format(table=table), relation.to_dict()).rowcount:
            ids = database.execute(f"SELECT id FROM main.{table} ORDER BY id").fetchall()
            raise RelationNotFound("id", relation.id, tuple(number for (number,) in ids))


def _store_among(shapes: Mapping[str, set[str]]) -> str | None:
    if _is_directus(shapes):
        return DIRECTUS_TABLE
    return OWN_TABLE if shapes.get(OWN_TABLE, set()) >= set(FLAT_NAMES) else None


def _create_table(database: Database) -> str:
    taken = database.execute("SELECT 1 FROM main.sqlite_schema WHERE name = ? COLLATE NOCASE", (OWN_TABLE,)).fetchone()
    if taken:
        raise InvalidPayload(
            OWN_TABLE,
            f"relations would be stored in a table {OWN_TABLE}, but the database has another by that name",
            f"its columns would have to be {', '.join(FLAT_NAMES)}",
        )
    database.execute(_CREATE)
    return OWN_TABLE


def _stored(database: Database, table: str | None) -> tuple[Relation, ...]:
    if table is None:
        return ()
    rows = database.execute(f"SELECT {', '.join(FLAT_NAMES)} FROM main.{table} ORDER BY id")
    return tuple(_relation(dict(zip(FLAT_NAMES, row, strict=True))) for row in rows)


def _relation(row: Mapping[str, Any]) -> Relation:
    """Give the relation of a row as it is, right or wrong; empty texts count as not given."""
    given: dict[str, Any] = {
        name: value if name in ("many_collection", "many_field") else value or None for name, value in row.items()
    }
    given["one_allowed_collections"] = _csv(given["one_allowed_collections"]) or None
    given["one_deselect_action"] = given["one_deselect_action"] or "nullify"
    return Relation(**given)
