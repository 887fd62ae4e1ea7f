"""Planting: known problems put into a sound database, one in each of a few items.

In: an open registry. Out: a strategy that damages it when drawn from, and gives what an audit must then find: these
problems, in these items, and no others. Foreign keys are off meanwhile, as in another program.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from attrs import frozen
from hypothesis import strategies as st

from relgraph.integrity.links import junctions
from relgraph.relation import Relation
from relgraph.schema import Collection, Hop
from relgraph.storage.sql_text import quoted
from relgraph.storage.unique_keys import key_indexes
from relgraph.strategies.blueprints import Printed, run
from relgraph.strategies.choosing import Choices
from relgraph.strategies.values import numbered
from relgraph.values import INTEGERS, Stored, as_text

if TYPE_CHECKING:
    from relgraph.registry import RelationRegistry

Item = Mapping[str, Stored]
_MISSING = 900  # the number of a key that no item has, or the next one that none has


@frozen(repr=False)
class Planted(Printed):
    """One thing that is wrong: the rule, the relation as an audit names it, the collection and the item's key."""

    rule: str
    relation: str
    collection: str
    key: Any


@frozen
class Change:
    """A problem, and the values that make an item have it."""

    planted: Planted
    values: Item


@st.composite
def plant(draw: st.DrawFn, registry: RelationRegistry) -> tuple[Planted, ...]:
    """Damage one to three collections of a database, one item in each, and give what is wrong now, if anything."""
    choices, left = Choices(draw), list(_changes(registry))
    chosen: list[Change] = []
    for _ in range(choices.of((1, 2, 3))):
        often = Counter(change.planted.rule for change in left)
        if often:
            rule = choices.of(sorted(often, key=lambda rule: (often[rule], rule)))  # the rare ones first
            chosen.append(choices.of([change for change in left if change.planted.rule == rule]))
            harmed = chosen[-1].planted.collection  # another problem there would hide this one, or make a third
            left = [change for change in left if change.planted.collection != harmed]
    run(registry, [_update(registry, change) for change in chosen])
    return tuple(change.planted for change in chosen)


def _update(registry: RelationRegistry, change: Change) -> tuple[str, tuple[Stored, ...]]:
    collection = registry.schema.collections[change.planted.collection]
    whole = change.planted.key if isinstance(change.planted.key, tuple) else (change.planted.key,)
    sets = ", ".join(f"{quoted(name)} = ?" for name in change.values)
    where = " AND ".join(f"{quoted(name)} = ?" for name in collection.primary_key)
    sql = f"UPDATE main.{quoted(collection.name)} SET {sets} WHERE {where}"
    return sql, (*change.values.values(), *whole)


# --- what can be done ------------------------------------------------------------------------------------------------


def _changes(registry: RelationRegistry) -> Iterator[Change]:
    """Yield every damage that can be done to an item."""
    schema = registry.schema
    for collection in schema:
        if collection.system or collection.view or not collection.primary_key:
            continue
        items = _items(registry, collection)
        for relation in schema.relations_of(collection.name):
            for spoil in _WAYS:
                for item in items:
                    yield from _spoilt(registry, collection, relation, item, spoil)
        if not any(collection.name in _targets(relation) for relation in schema.relations):
            yield from _nameless(collection, items)
    yield from _junction_changes(registry)


def _items(registry: RelationRegistry, collection: Collection) -> list[Item]:
    names = list(collection.fields)
    listed = ", ".join(map(quoted, names))
    rows = registry.connection.execute(f"SELECT {listed} FROM main.{quoted(collection.name)}")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _key(collection: Collection, item: Item) -> Any:
    keys = tuple(item[name] for name in collection.primary_key)
    return keys if len(keys) > 1 else keys[0]


def _targets(relation: Relation) -> tuple[str, ...]:
    return relation.one_allowed_collections or (relation.one_collection or "",)


Spoil = Callable[["RelationRegistry", Collection, Relation, Item], Iterator[tuple[str, Item]]]


def _spoilt(
    registry: RelationRegistry, collection: Collection, relation: Relation, item: Item, spoil: Spoil
) -> Iterator[Change]:
    fixed = set(collection.primary_key)
    for rule, values in spoil(registry, collection, relation, item):
        allowed = all(value is not None or collection.fields[name].nullable for name, value in values.items())
        if allowed and not fixed & values.keys():
            yield Change(Planted(rule, relation.name, collection.name, _key(collection, item)), values)


def _dangling(
    registry: RelationRegistry, collection: Collection, relation: Relation, _: Item
) -> Iterator[tuple[str, Item]]:
    hop = collection.hops.get(relation.many_field)
    composite = [key for key in registry.schema.keys_of(collection.name) if len(key.fields) > 1]
    if hop is not None and not hop.many and not any(relation.many_field in key.fields for key in composite):
        yield "dangling-m2o", {relation.many_field: _missing(registry, hop)}


def _missing(registry: RelationRegistry, hop: Hop) -> Stored:
    far = registry.schema.collections[hop.far].fields[hop.far_field]
    number = _MISSING
    sql = f"SELECT EXISTS (SELECT 1 FROM main.{quoted(hop.far)} WHERE {quoted(hop.far_field)} = ?)"
    while registry.connection.execute(sql, (numbered(far, number),)).fetchone()[0]:
        number += 1
    return numbered(far, number)


def _anywhere(
    registry: RelationRegistry, collection: Collection, relation: Relation, item: Item
) -> Iterator[tuple[str, Item]]:
    any_hop = collection.any_hops.get(relation.many_field)
    if any_hop is None:
        return
    names, value = any_hop.collection_field, item[relation.many_field]
    for hop in any_hop.hops.values():
        missing = as_text(_missing(registry, hop))
        yield "dangling-m2a", {names: hop.far, relation.many_field: missing}
        far = registry.schema.collections[hop.far].fields[hop.far_field]
        if item[names] == hop.far and far.type in INTEGERS and (as_text(value) or "").isdigit():
            yield "key-form", {relation.many_field: f"0{as_text(value)}"}
    yield "m2a-collection", {names: "nowhere", relation.many_field: "1"}


def _circle(_: RelationRegistry, collection: Collection, relation: Relation, item: Item) -> Iterator[tuple[str, Item]]:
    hop = collection.hops.get(relation.many_field)
    if relation.one_collection == collection.name and hop is not None and item[hop.far_field] is not None:
        yield "tree-cycle", {relation.many_field: item[hop.far_field]}


def _unsorted(
    registry: RelationRegistry, collection: Collection, relation: Relation, item: Item
) -> Iterator[tuple[str, Item]]:
    sorts = [each for each in registry.schema.relations_of(collection.name) if each.sort_field == relation.sort_field]
    if relation.sort_field in collection.fields and item[relation.many_field] is not None and len(sorts) == 1:
        yield "sort-order", {relation.sort_field or "": None}


_WAYS: tuple[Spoil, ...] = (_dangling, _anywhere, _circle, _unsorted)


def _nameless(collection: Collection, items: list[Item]) -> Iterator[Change]:
    """Yield the ways to lose a part of a key that nothing points at: the rest of it still finds the item."""
    for name in collection.primary_key:
        if collection.fields[name].nullable:
            for item in items:
                planted = Planted("required-null", f"{collection.name}.{name}", collection.name, _key(collection, item))
                yield Change(planted, {name: None})


# --- junctions -------------------------------------------------------------------------------------------------------


def _junction_changes(registry: RelationRegistry) -> Iterator[Change]:
    for halves in junctions(registry.schema):
        many = registry.schema.collections[halves[0].many_collection]
        if many.system or not many.primary_key:
            continue
        yield from _junction_damage(registry, many, halves)


def _junction_damage(
    registry: RelationRegistry, many: Collection, halves: tuple[Relation, Relation]
) -> Iterator[Change]:
    sides = [(each.many_field, *filter(None, [each.one_collection_field])) for each in halves]
    both = {name for side in sides for name in side}
    items = sorted(_items(registry, many), key=lambda item: str(_key(many, item)))
    if both & set(many.primary_key):
        return
    for item in items:
        place = halves[0].name, many.name, _key(many, item)
        for side in sides:
            if all(many.fields[name].nullable for name in side):
                yield Change(Planted("orphan-junction", *place), dict.fromkeys(side))
    unique = [set(index.columns) for index in key_indexes(registry.database).get(many.name, ()) if index.unique]
    first = _first(registry, many)
    for item in items if first is not None and not any(columns <= both for columns in unique) else ():
        if first is not None and _key(many, item) != _key(many, first):
            place = halves[0].name, many.name, _key(many, item)
            yield Change(Planted("duplicate-link", *place), {name: first[name] for name in both})


def _first(registry: RelationRegistry, many: Collection) -> Item | None:
    """Give the item with the least key, which is the one that keeps its link."""
    names = ", ".join(map(quoted, many.primary_key))
    order = f"SELECT {', '.join(map(quoted, many.fields))} FROM main.{quoted(many.name)} ORDER BY {names} LIMIT 1"
    row = registry.connection.execute(order).fetchone()
    return None if row is None else dict(zip(many.fields, row, strict=True))
