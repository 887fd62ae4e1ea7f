"""Restructuring: collections and fields made, renamed, dropped and changed on a live database, and all that names them.

In: names, types and values. Out: the database under its new structure; relations, their rows, foreign keys, guards and
the rows of a Directus project follow, and nothing else changes. Each call is all or nothing, and so is a batch of them.

Raises: `UnknownCollection`, `UnknownField`; `InvalidPayload` for a name, type or default that is none; `CascadeNeeded`
with all that dropping would change besides; `CannotChangeTable` with the reason, where it cannot be done without loss.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from relgraph import dropping
from relgraph.errors import (
    CannotChangeTable,
    CascadeNeeded,
    UnknownCollection,
    UnknownField,
)
from relgraph.renaming import Renaming
from relgraph.storage import catalog, columns, ddl, project_rows, tables
from relgraph.storage.columns import KEEP
from relgraph.storage.conversion import rows_where
from relgraph.storage.declaring import Declaring
from relgraph.storage.guard_tables import is_guarded
from relgraph.storage.project_paths import rename_in_paths
from relgraph.storage.quiet import delete_rows, set_values
from relgraph.storage.sql_text import quoted

if TYPE_CHECKING:
    from relgraph.changes.definitions import Definitions
    from relgraph.relation import Relation
    from relgraph.schema import Collection, Schema
    from relgraph.storage.connection import Database


class Restructuring:
    """The schema operations of a registry."""

    database: Database
    _definitions: Definitions

    # --- collections -------------------------------------------------------------------------------------------------

    def create_collection(
        self, name: str, fields: Mapping[str, Any] | None = None, *, primary_key: str | Sequence[str] = "id"
    ) -> None:
        """Make a collection; each field is a type ("string", "integer", ...) or a mapping as `add_field` takes it.

        A primary key that is not among the fields is an integer that counts up, and stands first.

        >>> from relgraph import RelationRegistry
        >>> with RelationRegistry() as registry:
        ...     registry.create_collection("tags", {"label": {"type": "string", "nullable": False}, "weight": "float"})
        ...     [
        ...         (field.name, field.type.value, field.nullable)
        ...         for field in registry.schema.collections["tags"].fields.values()
        ...     ]
        [('id', 'integer', False), ('label', 'string', False), ('weight', 'float', True)]
        """
        with self._restructuring() as schema:
            made = Declaring(self.database, directus=schema.directus)
            made.new_table_name("name", name)
            declared, key = made.table(fields or {}, primary_key)
            tables.create_table(self.database, name, declared, key)
            if schema.directus:
                project_rows.add_collection(self.database, name)
                for column in declared:
                    project_rows.add_field(self.database, name, column, key=column.name in key)

    def rename_collection(self, old: str, new: str) -> None:
        """Give a collection another name, everywhere: relations, keys, views, triggers, items that name it.

        Items of any-to-many relations that point at it are rewritten, without triggers hearing of it;
        `last_changes` counts them.

        >>> from relgraph import RelationRegistry
        >>> with RelationRegistry() as registry:
        ...     registry.create_collection("authors")
        ...     registry.create_collection("articles", {"author": "integer"})
        ...     _ = registry.create({"collection": "articles", "field": "author", "related_collection": "authors"})
        ...     registry.rename_collection("authors", "people")
        ...     registry.find("articles", "author").one_collection
        'people'
        """
        with self._restructuring() as schema:
            collection = _table(schema, old)
            Declaring(self.database, directus=schema.directus).new_table_name("new", new, instead_of=old)
            if new == collection.name:
                return
            tables.rename_table(self.database, old, new)
            renaming = Renaming.of(old, new)
            for table, column in _collection_columns(schema):
                table = new if table == old else table
                self._count_changed(table, set_values(self.database, table, column, old, {column: new}))
            if schema.directus:
                rename_in_paths(self.database, schema, renaming)
                project_rows.rename_collection(self.database, old, new)
            self._rename_relations(schema, renaming)

    def drop_collection(self, name: str, *, cascade: bool = False) -> None:
        """Drop a collection with its items and its own relations, and nothing else.

        No action of a foreign key is carried out. Where other collections point here, `cascade` is needed; then their
        relations and foreign keys go, and their columns stay with what they hold. Of an any-to-many relation that
        allows others too, only the items that point here change, counted by `last_changes` and unheard by triggers:
        links of a junction are deleted, and where something points at them, or they are no links, their key and
        collection become NULL. A view or trigger that uses the collection refuses it in any case.

        >>> from relgraph import RelationRegistry
        >>> with RelationRegistry() as registry:
        ...     _ = registry.connection.executescript('''
        ...         CREATE TABLE authors (id INTEGER PRIMARY KEY);
        ...         CREATE TABLE articles (id INTEGER PRIMARY KEY, author REFERENCES authors ON DELETE CASCADE);
        ...         INSERT INTO authors VALUES (1); INSERT INTO articles VALUES (7, 1);
        ...     ''')
        ...     registry.drop_collection("authors", cascade=True)
        ...     registry.items("articles").read().data
        [{'id': 7, 'author': 1}]
        """
        with self._restructuring() as schema:
            _table(schema, name)
            wanted = dropping.with_collection(schema, name)
            said = (*wanted.said, *self._said_of_items(schema, wanted.unlinked, name))
            if said and not cascade:
                raise CascadeNeeded(name, said)
            for relation in wanted.unlinked:
                self._unlink(schema, relation, name)
            self._drop_relations(wanted)
            tables.drop_table(self.database, name)
            if schema.directus:
                project_rows.drop_collection(self.database, name)

    # --- fields ------------------------------------------------------------------------------------------------------

    def add_field(
        self,
        collection: str,
        field: str,
        type: str = "string",
        *,
        nullable: bool = True,
        default: Any = None,
        unique: bool = False,
    ) -> None:
        """Add a field behind the others; the items there hold its default.

        `type` is a field type ("string", "dateTime", ...) or a type of SQL ("VARCHAR(20)"); `default` a value, or
        `Sql(...)` for an expression.

        >>> from relgraph import RelationRegistry
        >>> with RelationRegistry() as registry:
        ...     registry.create_collection("tags")
        ...     registry.add_field("tags", "weight", "integer", nullable=False, default=1)
        ...     registry.schema.collections["tags"].fields["weight"].default
        1
        """
        given = {"type": type, "nullable": nullable, "default": default, "unique": unique}
        with self._restructuring() as schema:
            table = _table(schema, collection)
            made = Declaring(self.database, directus=schema.directus)
            made.new_column_name("field", field, table)
            column = made.column(field, given)
            columns.add_column(self.database, collection, column)
            if schema.directus:
                project_rows.add_field(self.database, collection, column)

    def rename_field(self, collection: str, field: str, new: str) -> None:
        """Give a field another name, everywhere; also the alias by which a relation's one side is travelled.

        A view that shows a column under its own name shows it under the new one.

        >>> from relgraph import RelationRegistry
        >>> with RelationRegistry() as registry:
        ...     registry.create_collection("people", {"boss": "integer"})
        ...     relation = registry.create({"collection": "people", "field": "boss", "related_collection": "people"})
        ...     registry.rename_field("people", "boss", "manager")
        ...     registry.get(relation.id).many_field
        'manager'
        """
        with self._restructuring() as schema:
            table = _table(schema, collection)
            stored = field in table.fields
            if not stored:
                self._check_stored_alias(schema, table, field)
            Declaring(self.database, directus=schema.directus).new_column_name("new", new, table, instead_of=field)
            if new == field:
                return
            if stored:
                columns.rename_column(self.database, collection, field, new)
            renaming = Renaming(collection, field, new)
            if schema.directus:
                rename_in_paths(self.database, schema, renaming)
                project_rows.rename_field(self.database, collection, field, new)
            self._rename_relations(schema, renaming)

    def drop_field(self, collection: str, field: str, *, cascade: bool = False) -> None:
        """Drop a field with what it holds, its own relation and the indexes on it alone; of an alias only the name.

        Where more than that would change (relations that point at it or are sorted or told apart by it, the other half
        of a junction, indexes on other fields too), `cascade` is needed. A view, trigger, check or generated field that
        uses it refuses it in any case.

        >>> from relgraph import RelationRegistry
        >>> with RelationRegistry() as registry:
        ...     registry.create_collection("tags", {"label": "string"})
        ...     registry.drop_field("tags", "label")
        ...     list(registry.schema.collections["tags"].fields)
        ['id']
        """
        with self._restructuring() as schema:
            table = _table(schema, collection)
            wanted = dropping.with_field(schema, collection, field)
            stored = field in table.fields
            if not stored:
                self._check_stored_alias(schema, table, field)
            said = (*wanted.said, *(self._said_of_indexes(table, field) if stored else ()))
            if said and not cascade:
                raise CascadeNeeded(f"{collection}.{field}", said)
            self._drop_relations(wanted)
            if stored:
                columns.drop_column(self.database, collection, field)
            if schema.directus:
                project_rows.drop_field(self.database, collection, field)

    def change_field(
        self, collection: str, field: str, *, type: Any = KEEP, default: Any = KEEP, nullable: Any = KEEP
    ) -> None:
        """Change the type, the default (None: to have none) or the nullability of a field; what is not named stays.

        A value that the new type does not hold as it is refuses the change, with the number and first keys of such.

        >>> from relgraph import RelationRegistry
        >>> with RelationRegistry() as registry:
        ...     registry.create_collection("tags", {"weight": "string"})
        ...     _ = registry.connection.execute("INSERT INTO tags (weight) VALUES ('7'), ('heavy')")
        ...     registry.change_field("tags", "weight", type="integer")
        Traceback (most recent call last):
        relgraph.errors.CannotChangeTable: ... tags.weight: 1 item holds what is no integer: 2; nothing was changed
        """
        with self._restructuring() as schema:
            table = _table(schema, collection)
            if field not in table.fields:
                raise UnknownField("field", collection, field, tuple(table.fields))
            made = Declaring(self.database, directus=schema.directus)
            change = made.change(table.fields[field], type=type, default=default, nullable=nullable)
            columns.change_column(self.database, collection, field, epoch=schema.directus, **change)
            if schema.directus and type is not KEEP:
                project_rows.set_special(self.database, collection, field, made.special(type))

    # --- what all share ----------------------------------------------------------------------------------------------

    @contextmanager
    def _restructuring(self) -> Iterator[Schema]:
        """Hold one operation, judged as a change of definitions, which puts the guards back that are lifted here."""
        with self._definitions.changing():
            if is_guarded(self.database):
                from relgraph.integrity import guards  # needed by guarded databases only

                guards.lift(self.database)
            yield self._definitions.schema

    def _count_changed(self, collection: str, rows: int) -> None:
        if rows:
            before = self._definitions.last_changes
            self._definitions.last_changes = {**before, collection: before.get(collection, 0) + rows}

    def _rename_relations(self, schema: Schema, renaming: Renaming) -> None:
        """Store every relation under the new name, and judge what follows in a batch by it."""
        for relation in schema.relations:
            renamed = renaming.relation(relation)
            if relation.id is not None and renamed != relation:
                catalog.update_relation(self.database, renamed)
        self._definitions.renamed(renaming)

    def _drop_relations(self, wanted: dropping.Consequences) -> None:
        """Drop the relations that go, with their foreign keys, and store those that lose a part."""
        for relation in wanted.gone:
            if relation.foreign_key is not None:
                ddl.drop_foreign_key(self.database, relation.many_collection, relation.many_field)
            if relation.id is not None:
                catalog.delete_relation(self.database, relation)
        for _, relation in wanted.changed:
            if relation.id is not None:
                catalog.update_relation(self.database, relation)

    def _said_of_items(self, schema: Schema, unlinked: Iterable[Relation], name: str) -> Iterator[str]:
        """Say how many items of any-to-many relations point at a collection, and what becomes of them."""
        for relation in unlinked:
            text = "'" + name.replace("'", "''") + "'"
            condition = f"t.{quoted(relation.one_collection_field or '')} = {text}"
            count = rows_where(self.database, relation.many_collection, condition).count
            fate = "deleted" if dropping.deletes_items(schema, relation) else "cleared"
            if count:
                yield f"{count} of the items of {relation.many_collection} would be {fate}"

    def _unlink(self, schema: Schema, relation: Relation, name: str) -> None:
        """Delete or clear the items of an any-to-many relation that point at a collection."""
        many, collection_field = relation.many_collection, relation.one_collection_field or ""
        if dropping.deletes_items(schema, relation):
            self._count_changed(many, delete_rows(self.database, many, collection_field, name))
        else:
            nothing = {collection_field: None, relation.many_field: None}
            self._count_changed(many, set_values(self.database, many, collection_field, name, nothing))

    def _said_of_indexes(self, table: Collection, field: str) -> tuple[str, ...]:
        uses = columns.uses_of(self.database, table.name, field)
        return tuple(f"the index {name}, on more than it, would go" for name in uses.indexes_shared)

    def _check_stored_alias(self, schema: Schema, table: Collection, name: str) -> None:
        """Refuse what is no alias that is stored."""
        leading = schema.relations_at(table.name, name)
        if any(relation.id is not None for relation in leading):
            return
        if schema.directus and project_rows.has_field(self.database, table.name, name):
            return
        if leading:
            raise CannotChangeTable(f"{table.name}.{name}", dropping.why_not_stored(schema, table.name, name))
        raise UnknownField("field", table.name, name, table.names)


def _table(schema: Schema, name: Any) -> Collection:
    """Give a collection whose structure may change. Raises `UnknownCollection`, `CannotChangeTable`."""
    collection = schema.collections.get(name) if isinstance(name, str) else None
    if collection is None:
        known = tuple(one.name for one in schema if not one.system)
        raise UnknownCollection("collection", name, known, schema.unreadable.get(name, ""))
    if fixed := dropping.why_fixed(collection):
        raise CannotChangeTable(name, fixed)
    return collection


def _collection_columns(schema: Schema) -> set[tuple[str, str]]:
    """Give the columns that name collections, of any-to-many relations that can be travelled."""
    return {
        (relation.many_collection, relation.one_collection_field)
        for relation in schema.relations
        if relation.one_collection_field is not None
        and (many := schema.collections.get(relation.many_collection)) is not None
        and not many.view
        and relation.one_collection_field in many.fields
    }
