"""Dropping: what else changes among the relations when a collection or a field goes.

In: a schema and a name. Out: the relations that go with it, those that lose a part, and sentences that say so. What
lies in the dropped thing itself goes without being asked for; all else is said, as it needs `cascade`. Pure, and
nothing fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from attrs import evolve, frozen

from relgraph.linking import far_field
from relgraph.relation import Relation
from relgraph.schema import Collection, ForeignKey, Schema

Change = tuple[Relation, Relation]


@frozen
class Consequences:
    """What dropping something does to relations; `said` is what needs `cascade`."""

    gone: tuple[Relation, ...]
    changed: tuple[Change, ...]
    unlinked: tuple[Relation, ...]  # any-to-many relations some of whose items name the dropped collection
    said: tuple[str, ...]


def with_collection(schema: Schema, name: str) -> Consequences:
    """Give what dropping a collection does.

    >>> schema = Schema({}, (Relation("articles", "author", "authors", "articles"),))
    >>> with_collection(schema, "authors").said
    ('articles.author would be no relation any more, and keep what it holds',)
    >>> with_collection(schema, "articles").gone == schema.relations, with_collection(schema, "articles").said
    (True, ())
    """
    own = [relation for relation in schema.relations if relation.many_collection == name]
    pointing = [relation for relation in schema.relations if relation.one_collection == name and relation not in own]
    allowing = [
        relation
        for relation in schema.relations
        if name in (relation.one_allowed_collections or ()) and relation not in (*own, *pointing)
    ]
    emptied = [relation for relation in allowing if set(relation.one_allowed_collections or ()) == {name}]
    shrunk = [relation for relation in allowing if relation not in emptied]
    gone = (*own, *pointing, *emptied)
    changed = _changed(schema, gone, lambda relation: _disallowing(relation, name))
    keys = _keys_to(schema, name, {relation.name for relation in gone})
    said = (
        *map(_no_relation, (*pointing, *emptied)),
        *(f"{relation.name} would not lead to {name} any more" for relation in shrunk),
        *_halves_said(changed),
        *(f"the foreign key of {key.collection} ({', '.join(key.fields)}) would go" for key in keys),
    )
    return Consequences(gone, changed, tuple(shrunk), said)


def deletes_items(schema: Schema, relation: Relation) -> bool:
    """Whether the items of an any-to-many relation go with what they point at, as links of a junction do.

    Those that something else points at are cleared instead, as are items that are no links.
    """
    pointed = any(key.to_collection == relation.many_collection for key in schema.foreign_keys)
    pointed = pointed or any(one.one_collection == relation.many_collection for one in schema.relations)
    return relation.junction_field is not None and not pointed


def with_field(schema: Schema, collection: str, field: str) -> Consequences:
    """Give what dropping a field does: a column, or the alias of a relation's one side."""
    here = schema.relations_of(collection)
    own = [relation for relation in here if relation.many_field == field]
    told_apart = [relation for relation in here if relation.one_collection_field == field and relation not in own]
    pointing = [
        relation
        for relation in schema.relations
        if relation not in own and _points_at(schema, relation, collection, field)
    ]
    gone = (*own, *told_apart, *pointing)
    changed = _changed(schema, gone, lambda relation: _without_part(relation, collection, field))
    said = (
        *map(_no_relation, (*told_apart, *pointing)),
        *_halves_said(changed),
        *(f"the items of {old.name} would have no order" for old, new in changed if old.sort_field != new.sort_field),
    )
    return Consequences(gone, changed, (), said)


def why_fixed(collection: Collection) -> str:
    """Say why the structure of a collection cannot change; nothing, where it can.

    >>> why_fixed(Collection("latest", {}, view=True)), why_fixed(Collection("tags", {}))
    ('it is a view or a virtual table', '')
    """
    if collection.system:
        return "it is a table of the project's own"
    return "it is a view or a virtual table" if collection.view else ""


def why_not_stored(schema: Schema, collection: str, alias: str) -> str:
    """Say why an alias cannot be dropped: it only stands for a foreign key; nothing, where it is stored."""
    leading = schema.relations_at(collection, alias)
    if not leading or any(relation.id is not None for relation in leading):
        return ""
    return f"it stands for the foreign key {leading[0].name}, and is not stored; adopt() stores it"


def _changed(schema: Schema, gone: Sequence[Relation], change: Callable[[Relation], Relation]) -> tuple[Change, ...]:
    """Give the relations that stay and are not what they were, junctions that lose their other half among them."""
    lost = {relation.name for relation in gone}
    stay = [relation for relation in schema.relations if relation not in gone]
    halved = {
        relation: evolve(relation, junction_field=None)
        if f"{relation.many_collection}.{relation.junction_field}" in lost
        else relation
        for relation in stay
    }
    return tuple((old, new) for old in stay if (new := change(halved[old])) != old)


def _disallowing(relation: Relation, name: str) -> Relation:
    allowed = relation.one_allowed_collections
    return evolve(relation, one_allowed_collections=allowed and tuple(each for each in allowed if each != name))


def _without_part(relation: Relation, collection: str, field: str) -> Relation:
    if relation.many_collection == collection and relation.sort_field == field:
        relation = evolve(relation, sort_field=None)
    if relation.one_collection == collection and relation.one_field == field:
        relation = evolve(relation, one_field=None)
    return relation


def _points_at(schema: Schema, relation: Relation, collection: str, field: str) -> bool:
    one = schema.collections.get(collection)
    return relation.one_collection == collection and one is not None and far_field(relation, one) == field


def _keys_to(schema: Schema, name: str, gone: set[str]) -> Iterable[ForeignKey]:
    """Give the foreign keys to a collection that are not those of relations that go."""
    return (
        key
        for key in schema.foreign_keys
        if key.to_collection == name and key.collection != name and f"{key.collection}.{key.fields[0]}" not in gone
    )


def _no_relation(relation: Relation) -> str:
    return f"{relation.name} would be no relation any more, and keep what it holds"


def _halves_said(changed: Iterable[Change]) -> tuple[str, ...]:
    halves = (old for old, new in changed if old.junction_field != new.junction_field)
    return tuple(f"{old.name} would lead to {old.many_collection}, no longer through it" for old in halves)
