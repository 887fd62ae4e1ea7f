"""Sight: which rows of a collection an access sees, and which values of each.

In: what is granted. Out: a `Seen` for each collection and each choice of fields asked for, which stands in the place of
the table; None where the access sees all of it. Pure.

A row is seen where a grant matches it that gives one of the fields asked for, with none asked for any grant. A value is
seen where a grant matches the row that gives the field; else it is NULL, and a link is empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from attrs import evolve

from relgraph.query.conditions import any_of
from relgraph.query.resolved import AllOf, AnyOf, Condition, Quantified, Test, Value
from relgraph.read.seen import select_of
from relgraph.restricted.grants import Granted
from relgraph.restricted.names import Granting, narrowed
from relgraph.schema import Collection, Field, Hop, Schema, Seen
from relgraph.storage.fence import ROWID


class Sight:
    """What one access sees of one state of the schema: `schema` is the one whose names it knows."""

    def __init__(self, whole: Schema, grants: Granting, *, sees_relations: bool) -> None:
        self.schema = narrowed(whole, grants, sees_relations=sees_relations)
        self._whole = whole
        self._grants = grants
        self._keys = _key_columns(whole)
        self._seen: dict[tuple[str, tuple[Granted, ...]], Seen | None] = {}

    def seen(self, collection: str, asked: Iterable[str] = ()) -> Seen | None:
        """Give what is seen of a collection where some of its fields are asked for."""
        grants, names = self._grants[collection], frozenset(asked)
        taking_part = tuple(grant for grant in grants if grant.names & names) or grants
        place = (collection, taking_part)
        if place not in self._seen:
            self._seen[place] = self._made(self._whole.collections[collection], taking_part)
        return self._seen[place]

    def is_whole(self, collection: str) -> bool:
        """Whether every field, alias and item of a collection is seen."""
        known, whole = self.schema.collections.get(collection), self._whole.collections[collection]
        return known is not None and set(known.names) == set(whole.names) and self.seen(collection) is None

    def key_fields(self, collection: str) -> tuple[Field, ...]:
        """Give the primary key of a collection, whether the access knows it or not."""
        whole = self._whole.collections[collection]
        return tuple(whole.fields[name] for name in whole.primary_key)

    @cached_property
    def columns(self) -> frozenset[tuple[str, str]]:
        """The columns that reading by this access may touch: those granted, keys, and what filters of grants judge."""
        found = {(name, column) for name in self._grants for column in ("", ROWID, *self._keys[name])}
        found |= {(name, field) for name in self._grants for field in self.schema.collections[name].fields}
        for name, grants in self._grants.items():
            for grant in grants:
                found |= set(judged(name, grant.rows))
        return frozenset(found)

    def _made(self, collection: Collection, taking_part: tuple[Granted, ...]) -> Seen | None:
        known = self.schema.collections[collection.name]
        fields = {name: (name, self._shown(collection.name, name, taking_part)) for name in known.fields}
        links = {
            name: (hop.near_field, self._shown(collection.name, name, taking_part))
            for name, hop in known.hops.items()
            if hop.many
        }
        rows = _any_of(taking_part)
        always = all(shown is None for _, shown in (*fields.values(), *links.values()))
        if rows is None and always and len(known.fields) == len(collection.fields):
            return None
        columns = fields | {Seen.link(name): column for name, column in links.items()}
        columns |= {Seen.raw(name): (name, None) for name in sorted(self._keys.get(collection.name, ()))}
        seen = Seen(collection, rows, columns)
        return evolve(seen, select=select_of(seen))

    def _shown(self, collection: str, name: str, taking_part: tuple[Granted, ...]) -> Condition | None:
        """Give the condition under which a value is seen, of a row that is; None where it always is."""
        giving = tuple(grant for grant in self._grants[collection] if name in grant.names)
        return None if set(taking_part) <= set(giving) else _any_of(giving)


def _any_of(grants: Iterable[Granted]) -> Condition | None:
    conditions = [grant.rows for grant in grants]
    known = [condition for condition in conditions if condition is not None]
    return any_of(known) if len(known) == len(conditions) else None


def _key_columns(schema: Schema) -> Mapping[str, set[str]]:
    """Give by collection the columns that hops compare, and primary keys."""
    found = {collection.name: {*collection.primary_key} for collection in schema}
    for collection in schema:
        hops: list[Hop] = [*collection.hops.values()]
        hops += [hop for any_hop in collection.any_hops.values() for hop in any_hop.hops.values()]
        for hop in hops:
            found[hop.near].add(hop.near_field)
            found[hop.far].add(hop.far_field)
            if hop.guard is not None:
                found[hop.far if hop.guard.far else hop.near].add(hop.guard.field)
    return found


def judged(collection: str, condition: Condition | None) -> Iterator[tuple[str, str]]:
    """Yield the columns that a condition on the items of a collection looks at, by table.

    >>> list(judged("tags", None))
    []
    """
    match condition:
        case AllOf() | AnyOf():
            for part in condition.parts:
                yield from judged(collection, part)
        case Test():
            yield from _on_path(condition.path)
            yield from _of_value(condition.path[-1].far if condition.path else collection, condition.value)
        case Quantified():
            yield from _on_path((*condition.path, condition.hop))
            yield from judged(condition.hop.far, condition.condition)


def _on_path(path: Iterable[Hop]) -> Iterator[tuple[str, str]]:
    for hop in path:
        yield from ((hop.far, name) for name in ("", ROWID, hop.far_field))
        yield hop.near, hop.near_field
        if hop.guard is not None:
            yield hop.far if hop.guard.far else hop.near, hop.guard.field


def _of_value(collection: str, value: Value) -> Iterator[tuple[str, str]]:
    if isinstance(value, Field):
        yield collection, value.name
    elif isinstance(value.subject, Hop):
        yield from _on_path((value.subject,))
        if isinstance(value.argument, Field):
            yield value.subject.far, value.argument.name
    else:
        yield collection, value.subject.name
