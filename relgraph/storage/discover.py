"""Relations that a database implies by its foreign keys, without having stored them.

In: the foreign keys of one column, the stored relations. Out: a `Relation` without an id for every key that no stored
one covers, with a `one_field` inferred so that both sides can be travelled, and the other half of a junction. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from attrs import evolve

from relgraph.linking import why_no_alias
from relgraph.relation import KeyActions, Relation
from relgraph.schema import Collection, ForeignKey, folded


def relation_of(key: ForeignKey) -> Relation:
    """Give the relation that a foreign key of one column is, as yet without an alias.

    >>> relation_of(ForeignKey("notes", ("on",), "articles", ("id",))).one_collection
    'articles'
    """
    actions = KeyActions(key.to_fields[0] if key.to_fields else "", key.on_delete, key.on_update)
    return Relation(key.collection, key.fields[0], key.to_collection, foreign_key=actions)


def stitch(keyed: Iterable[Relation], stored: Sequence[Relation]) -> tuple[Relation, ...]:
    """Give foreign keys and stored relations as one list: keys first, then the stored ones that have no key.

    A stored relation takes over the key of its field, unless it names another target; then both are listed.

    >>> key = relation_of(ForeignKey("notes", ("on",), "articles", ("id",)))
    >>> [
    ...     relation.id
    ...     for relation in stitch([key], [Relation("notes", "on", "articles", id=4), Relation("a", "b", id=7)])
    ... ]
    [4, 7]
    """
    rows: dict[str, list[Relation]] = {}
    for relation in stored:
        rows.setdefault(relation.name, []).append(relation)
    matches = [(key, _take_row(key, rows.get(key.name, []))) for key in keyed]
    left = {relation.id for relations in rows.values() for relation in relations}
    listed = (
        evolve(row, one_collection=key.one_collection, foreign_key=key.foreign_key) if row else key
        for key, row in matches
    )
    return (*listed, *(relation for relation in stored if relation.id in left))


def _take_row(key: Relation, rows: list[Relation]) -> Relation | None:
    """Take the first stored relation that speaks of a key out of those of its field."""
    for place, row in enumerate(rows):
        if row.one_collection in (None, key.one_collection):
            return rows.pop(place)
    return None


def infer(relations: Sequence[Relation], collections: Mapping[str, Collection]) -> tuple[Relation, ...]:
    """Give the relations with an alias and a junction half put into each that is not stored.

    The alias is the many collection's name; where that is a column of the one side or taken, or where several keys of
    one collection point there, it is `<many_collection>_by_<many_field>`; where that will not do either, there is none.
    """
    partners = junction_partners(relations, collections)
    ways = {(relation.many_collection, relation.one_collection, relation.many_field) for relation in relations}
    keys = Counter((many, one) for many, one, _ in ways)
    names = _Names(collections, relations)
    return tuple(
        relation
        if relation.id is not None
        else evolve(
            relation,
            one_field=names.pick(relation, alone=keys[relation.many_collection, relation.one_collection] == 1),
            junction_field=partners.get((relation.many_collection, relation.many_field)),
        )
        for relation in relations
    )


class _Names:
    """The names in use on each one side: its columns, and the aliases given so far."""

    def __init__(self, collections: Mapping[str, Collection], relations: Iterable[Relation]) -> None:
        self.taken = {name: set(map(folded, collection.fields)) for name, collection in collections.items()}
        for relation in relations:
            if relation.one_collection in self.taken and relation.one_field is not None:
                self.taken[relation.one_collection].add(folded(relation.one_field))

    def pick(self, relation: Relation, *, alone: bool) -> str | None:
        taken = self.taken.get(relation.one_collection or "")
        if taken is None:
            return None
        by_field = f"{relation.many_collection}_by_{relation.many_field}"
        for name in (relation.many_collection, by_field) if alone else (by_field,):
            if why_no_alias(name) is None and folded(name) not in taken:
                taken.add(folded(name))
                return name
        return None


def junction_partners(
    relations: Iterable[Relation], collections: Mapping[str, Collection]
) -> dict[tuple[str, str], str]:
    """Give the other field of each half of a junction, by collection and field.

    A junction has two foreign keys that make up its primary key, or all its columns but an own key. A stored half that
    does not name the other back makes none.
    """
    keyed: dict[str, list[Relation]] = {}
    for relation in relations:
        if relation.foreign_key is not None and relation.many_collection in collections:
            keyed.setdefault(relation.many_collection, []).append(relation)
    return {
        (name, half.many_field): other.many_field
        for name, keys in keyed.items()
        for half, other in _pair(collections[name], keys)
        if other.id is None or other.junction_field == half.many_field
    }


def _pair(collection: Collection, keys: list[Relation]) -> tuple[tuple[Relation, Relation], ...]:
    """Give the two keys that make a collection a junction, each with the other, or nothing."""
    primary = set(collection.primary_key)
    own = [key for key in keys if key.many_field in primary]
    halves = own if len(primary) == len(own) == 2 else keys
    fields = {half.many_field for half in halves}
    if len(fields) != 2 or len(halves) != 2:
        return ()
    first, second = halves
    alone = len(primary) < 2 and set(collection.fields) - fields == primary
    return ((first, second), (second, first)) if alone or fields == primary else ()
