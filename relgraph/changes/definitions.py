"""Definitions: the relations of one database, always as they are now, and changed all or nothing.

In: relations to store, change or drop. Out: the database with foreign keys, definition rows and (in a Directus project)
alias fields made to fit. Each change is judged by `rules`: first what can be judged before anything is made, then the
whole set; it is refused for the violations it adds, all of them together, and then nothing has changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from attrs import evolve

from relgraph.errors import InvalidPayload, RecordNotUnique, RelationNotFound
from relgraph.integrity import existing as existing_rows
from relgraph.integrity.existing import Change
from relgraph.linking import far_field
from relgraph.relation import KeyActions, Relation, named_in
from relgraph.renaming import Renaming
from relgraph.rules import RULES, added_violations, refuse
from relgraph.schema import ForeignKey, Schema
from relgraph.storage import aliases, catalog, ddl
from relgraph.storage.connection import Database
from relgraph.storage.freshness import FreshSchema
from relgraph.storage.guard_tables import is_guarded


class Definitions:
    """The relations of a database and the schema they make, as stored this moment."""

    def __init__(self, database: Database, *, discover: bool = True) -> None:
        self._database = database
        self._fresh = FreshSchema(database, discover)
        self._before: Schema | None = None  # of the batch that is open, what it is judged against
        self.last_changes: Mapping[str, int] = {}  # rows of which collection the last change of definitions changed

    @property
    def schema(self) -> Schema:
        """The schema as it is now, whoever changed it; the same object as long as nothing did."""
        return self._fresh.get()

    def get(self, id: int) -> Relation:
        """Give the stored relation with that id. Raises `RelationNotFound`."""
        return _stored(self.schema, id)

    # --- changes -----------------------------------------------------------------------------------------------------

    def create(self, mappings: Sequence[tuple[str, Any]], *, existing: str = "refuse") -> tuple[Relation, ...]:
        """Store relations, given as (where it stands, mapping); the foreign keys of m2o relations are made."""
        existing_rows.check_choice(existing)
        named = [_named(where, mapping) for where, mapping in mappings]
        with self.changing():
            before = self.schema
            wanted = [_wanted(before, parts) for parts in named]
            _check_ids(
                before, [(_at(where, "id"), relation.id) for (where, _), relation in zip(mappings, wanted, strict=True)]
            )
            changes = [(_discovered(before, relation), relation) for relation in wanted]
            self._judge(before, _with_new(before, wanted), changes, existing)
            self._clear(before, changes, existing)
            self._make_keys(before, wanted)
            return tuple(self._store(relation) for relation in wanted)

    def update(self, id: int, mapping: Mapping[str, Any], *, existing: str = "refuse") -> Relation:
        """Change what a mapping names of a stored relation; all else stays, the actions of its foreign key too."""
        existing_rows.check_choice(existing)
        named = named_in(mapping)
        with self.changing():
            before = self.schema
            old = _stored(before, id)
            if named.get("id", id) != id:
                raise InvalidPayload("id", f"the id of relation {id} cannot become {named['id']!r}")
            new = _keyed(before, old.changed(named), keyless=old.kind == "m2o" and old.foreign_key is None)
            self._judge(before, _with_changed(before, old, new), [(old, new)], existing)
            if old.foreign_key is not None and (new.foreign_key is None or new.name != old.name):
                ddl.drop_foreign_key(self._database, old.many_collection, old.many_field)
            self._clear(before, [(old, new)], existing)
            self._make_keys(before, [new])
            catalog.update_relation(self._database, new)
            return new

    def delete(self, ids: Iterable[Any]) -> None:
        """Drop stored relations and their foreign keys; columns and items stay."""
        with self.changing():
            before = self.schema
            relations = {relation.id: relation for relation in (_stored(before, id) for id in ids)}
            for relation in relations.values():
                if relation.foreign_key is not None:
                    ddl.drop_foreign_key(self._database, relation.many_collection, relation.many_field)
                catalog.delete_relation(self._database, relation)

    def adopt(self) -> tuple[Relation, ...]:
        """Store the relations that are only discovered, as they are; Directus's own tables keep theirs unstored."""
        with self.changing():
            schema = self.schema
            found = [relation for relation in schema.relations if relation.id is None]
            return tuple(self._store(relation) for relation in found if not _is_own(schema, relation))

    @contextmanager
    def batch(
        self, transaction: AbstractContextManager[None] | None = None, *, stored_only: bool = False
    ) -> Iterator[None]:
        """Hold several changes together: judged at the end, all or nothing, also when an error of any kind passes.

        Inside a batch each change is a savepoint of its own: one that fails and is caught leaves the others. With
        `stored_only` relations that foreign keys imply are not judged: they are facts of the tables.
        """
        with transaction or self._database.writing():
            if self._before is not None:
                held = self._before
                try:
                    yield
                except BaseException:
                    self._before, self.last_changes = held, {}
                    raise
                return
            self._before = self.schema
            try:
                yield
                after = self.schema
                stored = {relation.name for relation in after.relations if relation.id is not None}
                added = added_violations(self._before, after)
                refuse([each for each in added if not stored_only or each.where in stored])
                self._align_aliases(self._before, after)
                self._align_guards()
            except BaseException:
                self.last_changes = {}
                raise
            finally:
                self._before = None
        self._fresh.settle()

    def changing(self) -> AbstractContextManager[None]:
        """Hold one change, in which definitions of tables may change too: a batch, where it is not inside of one."""
        self.last_changes = {}
        return self.batch(ddl.changing(self._database))

    def renamed(self, renaming: Renaming) -> None:
        """Judge the batch that is open by a new name, so that what was wrong under the old one is nothing new."""
        if self._before is not None:
            self._before = renaming.schema(self._before)

    def _judge(self, before: Schema, after: Schema, changes: Sequence[Change], existing: str) -> None:
        """Refuse, before anything is made, what no later change in a batch could mend; then all that is wrong is said.

        Rows are asked about the relations that can be made sense of.
        """
        added = added_violations(before, after)
        alone = {violation.where for violation in added if RULES[violation.rule].alone}
        sound = [(old, new) for old, new in changes if new.name not in alone]
        rows = existing_rows.refusals(self._database, before, sound, existing)
        if alone or rows:
            refuse((*added, *rows))

    def _clear(self, schema: Schema, changes: Sequence[Change], existing: str) -> None:
        """Change the rows that relations to come would find wrong, where that is wanted."""
        if existing == "nullify":
            self.last_changes = existing_rows.clear(self._database, schema, changes)

    def _make_keys(self, before: Schema, relations: Iterable[Relation]) -> None:
        """Make or change the foreign keys that are not declared as wanted; rows have been judged before."""
        for relation in relations:
            key, target = relation.foreign_key, relation.one_collection
            if key is None or target is None or _declaration(relation, key, target) in before.foreign_keys:
                continue
            ddl.set_foreign_key(
                self._database,
                relation.many_collection,
                relation.many_field,
                target,
                key.to_field,
                on_delete=key.on_delete,
                on_update=key.on_update,
                judging=False,
            )

    def _store(self, relation: Relation) -> Relation:
        return evolve(relation, id=catalog.insert_relation(self._database, relation))

    def _align_guards(self) -> None:
        """Let the guards of a guarded database follow its relations."""
        if is_guarded(self._database):
            from relgraph.integrity import guards

            guards.follow(self._database, self.schema)

    # --- alias fields of a Directus project --------------------------------------------------------------------------

    def _align_aliases(self, before: Schema, after: Schema) -> None:
        """Let the alias fields of a Directus project follow the relations that came, moved or went."""
        if not before.directus:
            return
        old, new = _alias_places(before.relations), _alias_places(after.relations)
        moved = {old[id]: new[id] for id in old.keys() & new.keys()}
        gone = set(old.values()) - set(new.values())
        come = set(new.values()) - set(old.values())
        for place in sorted(gone):
            if moved.get(place) in come:
                aliases.move_alias(self._database, *place, *moved[place])
                come.remove(moved[place])
            else:
                aliases.drop_alias(self._database, *place)
        kinds = {place: _alias_kind(after, id) for id, place in new.items()}
        for place in sorted(come):
            aliases.add_alias(self._database, *place, kinds[place])
        for id, place in old.items():
            if place in kinds and kinds[place] != _alias_kind(before, id):
                aliases.set_alias_kind(self._database, *place, kinds[place])


def _stored(schema: Schema, id: Any) -> Relation:
    relations = {relation.id: relation for relation in schema.relations if relation.id is not None}
    if isinstance(id, bool) or not isinstance(id, int) or id not in relations:
        raise RelationNotFound("id", id, tuple(sorted(relations)))
    return relations[id]


# --- what is wanted --------------------------------------------------------------------------------------------------


def _at(where: str, part: str) -> str:
    return f"{where}.{part}" if where else part


def _named(where: str, mapping: Any) -> dict[str, Any]:
    """Give the parts of a relation to be made, with errors that say which of several it is."""
    try:
        named = named_in(mapping)
        Relation.from_named(named)
    except InvalidPayload as error:
        raise InvalidPayload(_at(where, error.where), error.problem, error.hint) from error
    return named


def _wanted(schema: Schema, parts: Mapping[str, Any]) -> Relation:
    """Give the relation to store; one that is discovered with the same target keeps what is not named."""
    relation = Relation.from_named(parts)
    discovered = _discovered(schema, relation)
    return _keyed(schema, relation if discovered is None else discovered.changed(parts))


def _discovered(schema: Schema, relation: Relation) -> Relation | None:
    """Give the relation that a foreign key already implies, with the same target."""
    return next((found for found in schema.relations if _is_discovered_as(found, relation)), None)


def _is_discovered_as(found: Relation, relation: Relation) -> bool:
    """Whether a relation is the one that a foreign key already implies."""
    if found.id is not None or (found.name, found.one_collection) != (relation.name, relation.one_collection):
        return False
    to_field = relation.foreign_key.to_field if relation.foreign_key else ""
    return not to_field or (found.foreign_key is not None and found.foreign_key.to_field == to_field)


def _keyed(schema: Schema, relation: Relation, *, keyless: bool = False) -> Relation:
    """Give an m2o relation its foreign key, with the column it points at; one stored without a key may stay so."""
    if relation.one_collection is None or (keyless and relation.foreign_key is None):
        return relation
    key, one = relation.foreign_key or KeyActions(), schema.collections.get(relation.one_collection)
    to_field = "" if one is None else far_field(relation, one)
    return evolve(relation, foreign_key=evolve(key, to_field=to_field))


def _with_new(schema: Schema, wanted: Sequence[Relation]) -> Schema:
    """Give the schema as it would be with new relations, whose ids are not the final ones."""
    kept = [found for found in schema.relations if not any(_is_discovered_as(found, relation) for relation in wanted)]
    free = 1 + max((relation.id for relation in schema.relations if relation.id is not None), default=0)
    new = [evolve(relation, id=free + index) for index, relation in enumerate(wanted)]
    return evolve(schema, relations=(*kept, *new))


def _with_changed(schema: Schema, old: Relation, new: Relation) -> Schema:
    """Give the schema as it would be with a relation changed, its foreign key along with it."""
    others = [relation for relation in schema.relations if relation is not old]
    keys = [
        key for key in schema.foreign_keys if (key.collection, key.fields) != (old.many_collection, (old.many_field,))
    ]
    if new.foreign_key is not None and new.one_collection is not None:
        keys.append(_declaration(new, new.foreign_key, new.one_collection))
    return evolve(schema, relations=(*others, new), foreign_keys=tuple(keys))


def _declaration(relation: Relation, key: KeyActions, target: str) -> ForeignKey:
    return ForeignKey(
        relation.many_collection, (relation.many_field,), target, (key.to_field,), key.on_delete, key.on_update
    )


def _is_own(schema: Schema, relation: Relation) -> bool:
    many = schema.collections.get(relation.many_collection)
    return many is not None and many.system


def _alias_places(relations: Iterable[Relation]) -> dict[int, tuple[str, str]]:
    """Give where the alias of each stored relation stands, by its id."""
    return {
        relation.id: (relation.one_collection, relation.one_field)
        for relation in relations
        if relation.id is not None and relation.one_collection is not None and relation.one_field is not None
    }


def _alias_kind(schema: Schema, id: int) -> str:
    """Give what an alias leads over: "o2m", or through the other half of a junction "m2m" or "m2a"."""
    relation = next(relation for relation in schema.relations if relation.id == id)
    others = [
        other for other in schema.relations_of(relation.many_collection) if other.many_field == relation.junction_field
    ]
    if not others:
        return "o2m"
    return "m2a" if others[0].one_collection is None else "m2m"


# --- judging ---------------------------------------------------------------------------------------------------------


def _check_ids(schema: Schema, given: Iterable[tuple[str, int | None]]) -> None:
    taken = {relation.id for relation in schema.relations}
    for where, id in given:
        if id is not None and id in taken:
            raise RecordNotUnique(where, id)
        taken.add(id)
