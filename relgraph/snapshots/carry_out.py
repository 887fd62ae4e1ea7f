"""Steps done to a database.

In: the steps of a difference, and the registry whose database they are for. Out: the database of the wanted structure.
Runs inside a transaction in which foreign keys are not enforced, so that no step deletes or clears a row that it does
not name; whoever opens it compares the result with what was wanted, and takes everything back where they differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import evolve, frozen

from relgraph.errors import CannotChangeTable, InvalidPayload
from relgraph.relation import Relation
from relgraph.snapshots.column_texts import column_text, default_given, table_text, type_text
from relgraph.snapshots.given import Structure
from relgraph.snapshots.steps import Step
from relgraph.storage import catalog, ddl, directus_rows
from relgraph.storage.column_facts import indexes_on
from relgraph.storage.connection import Database
from relgraph.storage.declaring import Declaring
from relgraph.storage.indexes import index_name, names_taken
from relgraph.storage.redefinition import redefine_table, refused
from relgraph.storage.sql_text import quoted, tokens

if TYPE_CHECKING:
    from relgraph.changes.restructure import Restructuring


# of a column, what only a new table can have otherwise
_FIXED: Final = frozenset({"is_primary_key", "has_auto_increment", "is_generated", "generation_expression"})
_TYPE: Final = frozenset({"type", "data_type", "max_length", "numeric_precision", "numeric_scale"})


@frozen
class Site:
    """Where steps are done: the database, the registry that changes its structure, and what is wanted."""

    database: Database
    registry: Restructuring
    wanted: Structure


Doing: TypeAlias = Callable[[Site, Step], None]


def carry_out(site: Site, steps: Iterable[Step]) -> None:
    """Do the steps, one after the other."""
    for step in steps:
        with refused(step.collection):
            _DOINGS[step.kind](site, step)


# --- texts -----------------------------------------------------------------------------------------------------------


def _drop(site: Site, step: Step) -> None:
    what = step.kind.removeprefix("drop-")
    name = step.before[0] if what in ("index", "trigger") else step.collection
    site.database.execute(f"DROP {'TABLE' if what == 'collection' else what.upper()} main.{quoted(name)}")


def _create(site: Site, step: Step) -> None:
    """Make a table, view, index or trigger from its text; that it is no other statement is looked at first."""
    named = step.after if isinstance(step.after, (list, tuple)) else (step.collection, step.after)
    words = [token.text.upper() for token in tokens(str(named[1])) if token.kind not in ("space", "comment")]
    kind = step.kind.removeprefix("create-").replace("collection", "table").upper()
    if words[:1] != ["CREATE"] or kind not in words[1:3] or ("AS" in words[3:5] and kind == "TABLE"):
        raise InvalidPayload(step.collection, f"its text makes no {kind.lower()}: {named[1]}")
    site.database.execute(str(named[1]))


def _create_collection(site: Site, step: Step) -> None:
    if isinstance(step.after, str):
        _create(site, step)
    else:
        Declaring(site.database, directus=True).new_table_name(f"collections.{step.collection}", step.collection)
        site.database.execute(table_text(step.collection, step.after, site.wanted.vendor))
        for entry in step.after:
            _index_as_said(site, step.collection, entry["field"], entry["schema"])


def _redefine(site: Site, step: Step) -> None:
    redefine_table(site.database, step.collection, step.after)


# --- the tables of a project -----------------------------------------------------------------------------------------


def _make_project(site: Site, _step: Step) -> None:
    """Make the tables that Directus keeps its structure in; relations stored until now move there."""
    database = site.database
    stored = [relation for relation in catalog.load(database).relations if relation.id is not None]
    directus_rows.make_project(database)
    if stored:
        for relation in stored:
            catalog.insert_relation(database, relation)
        database.execute(f"DROP TABLE main.{catalog.OWN_TABLE}")


def _make_system_collection(site: Site, step: Step) -> None:
    like = step.after["like"]
    schema = {"data_type": "integer", "has_auto_increment": True} if like is None else dict(like)
    key = {"field": step.after["key"], "schema": schema | {"is_primary_key": True, "default_value": None}}
    indexed = [{"field": name, "schema": {"data_type": ""}} for name in step.after["indexed"]]
    site.database.execute(table_text(step.collection, [key, *indexed]))
    for name in step.after["indexed"]:
        _make_index(site, step.collection, name, unique=False)


def _index_field(site: Site, step: Step) -> None:
    if step.field is not None:
        _make_index(site, step.collection, step.field, unique=False)


def _index_as_said(site: Site, collection: str, field: str, schema: Mapping[str, Any]) -> None:
    """Make the indexes a snapshot says a column has; a primary key has its own."""
    if schema.get("is_primary_key"):
        return
    for part, unique in (("is_unique", True), ("is_indexed", False)):
        if schema.get(part):
            _make_index(site, collection, field, unique=unique)


def _make_index(site: Site, collection: str, field: str, *, unique: bool) -> None:
    """Make an index under the name that Directus would give it."""
    name = index_name(f"{collection}_{field}_{'unique' if unique else 'index'}", (), names_taken(site.database))
    site.database.execute(
        f"CREATE {'UNIQUE ' if unique else ''}INDEX main.{quoted(name)} ON {quoted(collection)} ({quoted(field)})"
    )


# --- relations -------------------------------------------------------------------------------------------------------


def _create_relation(site: Site, step: Step) -> None:
    relation = Relation.from_mapping(step.after)
    catalog.insert_relation(site.database, relation)
    _set_key(site, relation)


def _change_relation(site: Site, step: Step) -> None:
    found = _stored(site, step)
    relation = evolve(Relation.from_mapping(step.after["entry"]), id=found.id)
    if found.foreign_key is not None and relation.foreign_key is None and not site.wanted.whole:
        ddl.drop_foreign_key(site.database, step.collection, relation.many_field)
    _set_key(site, relation)
    catalog.update_relation(site.database, relation)


def _drop_relation(site: Site, step: Step) -> None:
    """Drop a relation's row, and in a project its foreign key; elsewhere that is in the text of the table."""
    relation = _stored(site, step)
    if relation.foreign_key is not None and not site.wanted.whole and not _stays(site, relation):
        ddl.drop_foreign_key(site.database, relation.many_collection, relation.many_field)
    catalog.delete_relation(site.database, relation)


def _stays(site: Site, relation: Relation) -> bool:
    """Whether the key of a relation that goes is still wanted, as of one that was deleted in Directus."""
    entry = site.wanted.fields.get((relation.many_collection, relation.many_field), {})
    return relation.one_collection == (entry.get("schema") or {}).get("foreign_key_table")


def _set_key(site: Site, relation: Relation) -> None:
    """Declare the foreign key of a relation in a project; elsewhere it is in the text of the table."""
    key = relation.foreign_key
    if key is not None and relation.one_collection is not None and not site.wanted.whole:
        place = (relation.many_collection, relation.many_field, relation.one_collection, key.to_field)
        ddl.set_foreign_key(site.database, *place, on_delete=key.on_delete, on_update=key.on_update)


def _stored(site: Site, step: Step) -> Relation:
    place = (step.collection, step.field)
    stored = [relation for relation in catalog.load(site.database).relations if relation.id is not None]
    return next(relation for relation in stored if (relation.many_collection, relation.many_field) == place)


# --- fields ----------------------------------------------------------------------------------------------------------


def _drop_project_collection(site: Site, step: Step) -> None:
    if isinstance(step.before, str):
        _drop(site, step)
    elif step.before.get("schema") is None:
        directus_rows.drop_notes(site.database, step.collection)
    else:
        site.registry.drop_collection(step.collection, cascade=True)


def _add_field(site: Site, step: Step) -> None:
    """Add a column; one that is generated by its text, as it holds nothing of its own."""
    entry, schema = step.after, step.after["schema"]
    name = str(step.field)
    if schema.get("is_primary_key"):
        raise CannotChangeTable(step.collection, f"{name} would become part of its primary key")
    if schema.get("generation_expression"):
        text = column_text(entry, vendor=site.wanted.vendor)
        site.database.execute(f"ALTER TABLE main.{quoted(step.collection)} ADD COLUMN {text}")
    else:
        site.registry.add_field(
            step.collection,
            name,
            type_text(entry, site.wanted.vendor),
            nullable=bool(schema.get("is_nullable", True)),
            default=default_given(entry),
        )
    _index_as_said(site, step.collection, name, schema)


def _change_field(site: Site, step: Step) -> None:
    """Change what differs of a column: its type, default and nullability, its indexes, its foreign key."""
    entry, names = step.after["entry"], set(step.after["changes"])
    place = (step.collection, str(step.field))
    fixed = sorted(names & _FIXED)
    if fixed:
        raise CannotChangeTable(f"{place[0]}.{place[1]}", f"{fixed[0]} cannot change without a new table")
    changes: dict[str, Any] = {}
    if names & _TYPE:
        changes["type"] = type_text(entry, site.wanted.vendor)
    if names & {"default_value", "default_expression"}:
        changes["default"] = default_given(entry)
    if "is_nullable" in names:
        changes["nullable"] = bool(entry["schema"]["is_nullable"])
    if changes:
        site.registry.change_field(*place, **changes)
    for part, unique in (("is_unique", True), ("is_indexed", False)):
        if part in names:
            _drop_indexes(site, *place, unique=unique)
            if entry["schema"][part]:
                _make_index(site, *place, unique=unique)


def _set_plain_key(site: Site, step: Step) -> None:
    """Declare the foreign key of a column that has no relation, or drop it."""
    place, target = (step.collection, str(step.field)), step.after["foreign_key_table"]
    if target is None:
        ddl.drop_foreign_key(site.database, *place)
    else:
        ddl.set_foreign_key(site.database, *place, target, step.after["foreign_key_column"] or "id")


def _drop_indexes(site: Site, collection: str, field: str, *, unique: bool) -> None:
    """Drop the indexes that were made on a column alone; one that is part of the table's text cannot go so."""
    for name, made in indexes_on(site.database, collection, field, unique=unique):
        if not made:
            raise CannotChangeTable(f"{collection}.{field}", "it is UNIQUE by the text of its table")
        site.database.execute(f"DROP INDEX main.{quoted(name)}")


def _drop_field(site: Site, step: Step) -> None:
    site.registry.drop_field(step.collection, str(step.field), cascade=True)


def _drop_alias(site: Site, step: Step) -> None:
    directus_rows.drop_notes(site.database, step.collection, step.field)


# --- what Directus notes ---------------------------------------------------------------------------------------------


def _note_collection(site: Site, step: Step) -> None:
    directus_rows.write_note(site.database, directus_rows.COLLECTIONS, step.after, (step.collection,))


def _note_field(site: Site, step: Step) -> None:
    directus_rows.write_note(site.database, directus_rows.FIELDS, step.after, (step.collection, str(step.field)))


_DOINGS: Final[Mapping[str, Doing]] = {
    "drop-relation": _drop_relation,
    "drop-trigger": _drop,
    "drop-index": _drop,
    "drop-view": _drop,
    "drop-collection": _drop_project_collection,
    "drop-field": _drop_field,
    "drop-alias": _drop_alias,
    "make-project": _make_project,
    "make-system-collection": _make_system_collection,
    "index-field": _index_field,
    "create-collection": _create_collection,
    "redefine-collection": _redefine,
    "add-field": _add_field,
    "change-field": _change_field,
    "create-index": _create,
    "create-view": _create,
    "create-trigger": _create,
    "set-key": _set_plain_key,
    "create-relation": _create_relation,
    "change-relation": _change_relation,
    "note-collection": _note_collection,
    "note-field": _note_field,
}
