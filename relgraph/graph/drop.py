"""Drop: what dropping a collection or a field would do to relations and rows.

In: a `Schema`, its `Database`, and names. Out: an `Impact` of what `drop_collection` and `drop_field` do with
`cascade`: no action of a foreign key is carried out, and what pointed at the dropped keeps what it holds. What the drop
would be refused for, like a view or trigger that uses what goes, is found by doing it and taking it back. Raises
`UnknownCollection`, `UnknownField`, and what `rehearsal` raises where nothing can be written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import evolve

from relgraph import dropping
from relgraph.errors import CannotChangeTable, InvalidPayload, UnknownCollection, UnknownField
from relgraph.graph.answers import SHOWN, Affected, Impact
from relgraph.graph.pointers import Pointer, pointers_of
from relgraph.graph.rows import look_at
from relgraph.integrity.guards import lift
from relgraph.read.joins import column, table
from relgraph.relation import Relation
from relgraph.schema import Schema
from relgraph.storage.columns import drop_column
from relgraph.storage.connection import Database
from relgraph.storage.project_rows import has_field
from relgraph.storage.rehearsal import rehearsal
from relgraph.storage.tables import drop_table


def impact_of_drop(schema: Schema, database: Database, drop: Any) -> Impact:
    """Give what dropping a collection, or a (collection, field), would do.

    >>> from relgraph.storage.catalog import load
    >>> database = Database.open(":memory:")
    >>> _ = database.execute("CREATE TABLE people (id INTEGER PRIMARY KEY)")
    >>> _ = database.execute("CREATE TABLE pets (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES people)")
    >>> _ = database.execute("INSERT INTO people VALUES (1)")
    >>> _ = database.execute("INSERT INTO pets VALUES (7, 1), (8, NULL)")
    >>> impact_of_drop(load(database), database, "people").dangling["pets"].keys
    (7,)
    >>> database.close()
    """
    name, field = _named(schema, drop)
    with database.reading():
        dropped = _Dropped(schema, database, name)
        impact = dropped.collection() if field is None else dropped.field(field)
    why = _refusal(schema, database, name, field)
    return evolve(impact, blocked={name: Affected(0, why=why)}) if why else impact


def _named(schema: Schema, drop: Any) -> tuple[str, str | None]:
    name, field = drop if isinstance(drop, (list, tuple)) and len(drop) == 2 else (drop, None)
    if not isinstance(name, str) or not isinstance(field, (str, type(None))):
        raise InvalidPayload("drop", f"it must be a collection, or a collection and a field, not {drop!r}")
    if name not in schema.collections:
        raise UnknownCollection("drop", name, tuple(schema.collections), schema.unreadable.get(name, ""))
    collection = schema.collections[name]
    if field is not None and field not in (*collection.names, *collection.broken):
        raise UnknownField("drop", name, field, collection.names)
    return name, field


def _refusal(schema: Schema, database: Database, name: str, field: str | None) -> str:
    """Say why a drop would be refused; nothing, where it would not."""
    collection = schema.collections[name]
    if fixed := dropping.why_fixed(collection):
        return fixed
    if field is not None and field not in collection.fields:
        in_project = schema.directus and has_field(database, name, field)
        return "" if in_project else dropping.why_not_stored(schema, name, field)
    try:
        with rehearsal(database) as stage, stage.writing():
            lift(stage)
            drop_table(stage, name) if field is None else drop_column(stage, name, field)
    except CannotChangeTable as error:
        return error.reason
    return ""


class _Dropped:
    """A collection that goes, or a field of it."""

    def __init__(self, schema: Schema, database: Database, name: str) -> None:
        self.schema, self.database, self.name = schema, database, name
        self.pointers = [each for each in pointers_of(schema, guarded=False) if each.one == name]

    def collection(self) -> Impact:
        """Give what goes with the collection: its rows, and the links of junctions to any of several collections."""
        wanted = dropping.with_collection(self.schema, self.name)
        own = {} if self.schema.collections[self.name].view else self.affected(self.name, ["1"], ())
        deleted: dict[str, Affected] = dict(own)
        nullified: dict[str, Affected] = {}
        for relation in wanted.unlinked:
            target = deleted if dropping.deletes_items(self.schema, relation) else nullified
            target.update(self.affected(relation.many_collection, [self.naming(relation)], (relation.name,)))
        left = [each for each in self.pointers if each.many != self.name and each.source not in wanted.unlinked]
        return Impact(deleted, nullified, dangling=self.dangling(left), relations=wanted.gone)

    def field(self, field: str) -> Impact:
        """Give what goes with a field: what it holds, and the relations it is part of."""
        gone = dropping.with_field(self.schema, self.name, field).gone
        stored = field in self.schema.collections[self.name].fields
        lost = self.affected(self.name, [f"{column('many', field)} IS NOT NULL"], ()) if stored else {}
        left = [each for each in self.pointers if field in each.to_fields and field not in each.fields]
        return Impact(nullified=lost, dangling=self.dangling(left), relations=gone)

    def dangling(self, pointers: list[Pointer]) -> dict[str, Affected]:
        """Give the rows that point at a row there is, and would keep what they hold."""
        found: dict[str, Affected] = {}
        for name in dict.fromkeys(each.many for each in pointers):
            here = [each for each in pointers if each.many == name]
            found |= self.affected(name, list(self.pointing(here)), (here[0].name,))
        return found

    def pointing(self, pointers: list[Pointer]) -> Iterator[str]:
        for each in pointers:
            yield f"EXISTS (SELECT 1 FROM {table(each.one, 'one')} WHERE {each.condition})"

    def naming(self, relation: Relation) -> str:
        names = self.name.replace("'", "''")
        return f"{column('many', relation.one_collection_field or '')} = '{names}'"

    def affected(self, name: str, conditions: list[str], via: tuple[str, ...]) -> dict[str, Affected]:
        """Give how many rows fulfil any of some conditions, and the keys of the first."""
        look = look_at(self.schema.collections[name])
        source = f"FROM {table(name, 'many')} WHERE {' OR '.join(conditions)}"
        ((count,),) = self.database.execute(f"SELECT count(*) {source}").fetchall()
        order = ", ".join(column("many", part) for part in look.fields) or f"many.{look.ids[0]}"
        text = f"SELECT {look.columns('many')} {source} ORDER BY {order} LIMIT {SHOWN}"
        keys = tuple(look.key(*look.parted(row)) for row in self.database.execute(text).fetchall())
        return {name: Affected(count, keys, via)} if count else {}
