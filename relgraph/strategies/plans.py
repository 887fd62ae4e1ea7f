"""Plans: how items of a collection are made, read from the database they are for.

In: an open registry, the name of a collection, strategies of the caller's own. Out: a `Plan`. Raises `InvalidBounds`
for a collection that cannot be written to, and where a CHECK is passed by no value that is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import evolve
from hypothesis import strategies as st

from relgraph.registry import RelationRegistry
from relgraph.schema import AnyHop, Collection, Field, Schema
from relgraph.storage.sql_text import quoted
from relgraph.storage.unique_keys import key_indexes
from relgraph.strategies.bounds import InvalidBounds, check_names, collection_of
from relgraph.strategies.checks import Check, checks_of, choices, stored_names
from relgraph.strategies.choosing import Pool, or_null
from relgraph.strategies.drafts import Plan
from relgraph.strategies.parts import Fitting, Part, Plain, Pointing, PointingAnywhere
from relgraph.strategies.values import FIRST_KEYS, named, values_of
from relgraph.values import INTEGERS

Values = Mapping[str, st.SearchStrategy[Any]]
Learnt = Mapping[tuple[str, str], Pool]  # by collection and field


def plan_of(
    registry: RelationRegistry, name: str, *, values: Values | None = None, learnt: Learnt | None = None
) -> Plan:
    """Give how items of a collection are made; `values` are strategies for some of its fields."""
    if not isinstance(registry, RelationRegistry):
        raise InvalidBounds("registry", f"an open registry is needed, not {type(registry).__name__}")
    collection = collection_of(registry.schema, name)
    if collection.view:
        raise InvalidBounds("collection", f"{name!r} is a view, which holds no items of its own")
    return _Planning(registry, collection, dict(values or {}), learnt or {}).plan()


class _Planning:
    """One plan in the making."""

    def __init__(self, registry: RelationRegistry, collection: Collection, values: Values, learnt: Learnt) -> None:
        self.registry = registry
        self.schema: Schema = registry.schema
        self.collection = collection
        self.values = values
        self.learnt = learnt
        self.stored = {each.name: each for each in collection.fields.values() if not each.generated}
        check_names("values", values, tuple(self.stored))
        self.halves = {each.many_field for each in self._junctions()}
        self.required = frozenset((*self._required(), *values))

    def plan(self) -> Plan:
        """Give the plan: what points, then what a CHECK binds together, then the rest."""
        pointing = [part for part in self._pointing() if not set(part.names) & self.values.keys()]
        pointed = {name for part in pointing for name in part.names}
        positions = tuple(name for name in self._positions() if name not in pointed | self.values.keys())
        checks = checks_of(self.registry, self.collection)
        fitting = list(self._fitting(checks, pointed | {*positions, *self.values}))
        fixed = {name for part in fitting for name in part.names}
        left = [field for name, field in self.stored.items() if name not in pointed | fixed | {*positions}]
        asked = tuple(check for check in checks if not fixed.issuperset(check.names))
        made_of = tuple(dict.fromkeys(self._made_of()))
        return Plan(
            self.collection.name,
            (*fitting, *map(self._plain, left), *pointing),
            tuple(dict.fromkeys((*self._unique(), *made_of))),
            self.collection.primary_key,
            asked,
            positions,
            self.required,
            made_of,
        )

    # --- what must hold ----------------------------------------------------------------------------------------------

    def _required(self) -> Iterator[str]:
        yield from (field.name for field in self.stored.values() if not field.nullable)
        yield from self.collection.primary_key
        yield from self.halves
        yield from (each.collection_field for each in self.collection.any_hops.values() if each.name in self.halves)
        if self.schema.directus and "required" in self.schema.collections["directus_fields"].fields:
            sql = "SELECT field FROM main.directus_fields WHERE collection = ? AND required"
            yield from (name for (name,) in self.registry.connection.execute(sql, (self.collection.name,)))

    def _unique(self) -> Iterator[tuple[str, ...]]:
        """Yield what no two items have in common: keys, unique indexes, the pair of a link."""
        if self.collection.primary_key:
            yield self.collection.primary_key
        for index in key_indexes(self.registry.database).get(self.collection.name, ()):
            names = tuple(name for name in index.columns if name in self.stored)
            if index.unique and len(names) == len(index.columns):
                yield names
        for half in self._junctions():
            other = self.collection.any_hops.get(half.junction_field or "")
            beside = (other.collection_field,) if other is not None else ()
            if half.one_collection is not None:
                yield (half.many_field, *beside, half.junction_field or "")

    def _made_of(self) -> Iterator[tuple[str, ...]]:
        """Yield what unique expressions and generated columns are made of: they mostly differ where this does."""
        for index in key_indexes(self.registry.database).get(self.collection.name, ()):
            if index.unique and not self.stored.keys() >= set(index.columns):
                said = index.terms or [quoted(name) for name in index.columns if name is not None]
                yield stored_names(self.registry, self.collection, said)

    def _junctions(self) -> list[Any]:
        own = self.schema.relations_of(self.collection.name)
        return [each for each in own if each.junction_field in self.stored]

    def _positions(self) -> Iterator[str]:
        own = self.schema.relations_of(self.collection.name)
        yield from dict.fromkeys(each.sort_field for each in own if each.sort_field in self.stored if each.sort_field)

    # --- parts -------------------------------------------------------------------------------------------------------

    def _pointing(self) -> Iterator[Part]:
        keys = [
            key for key in self.schema.keys_of(self.collection.name) if key.to_collection in self.schema.collections
        ]
        declared = {name for key in keys for name in key.fields}
        for key in sorted(keys, key=lambda key: -len(key.fields)):
            yield self._pointer(key.fields, key.to_collection, key.to_fields)
        for hop in self.collection.hops.values():
            if not hop.many and hop.near_field not in declared and hop.near_field in self.stored:
                yield self._pointer((hop.near_field,), hop.far, (hop.far_field,))
        yield from map(self._anywhere, self.collection.any_hops.values())

    def _pointer(self, names: tuple[str, ...], target: str, to_names: tuple[str, ...]) -> Pointing:
        required = any(name in self.required for name in names)
        return Pointing(names, target, to_names, required, own=target == self.collection.name)

    def _anywhere(self, any_hop: AnyHop) -> PointingAnywhere:
        keys = {name: hop.far_field for name, hop in any_hop.hops.items()}
        required = bool({any_hop.name, any_hop.collection_field} & self.required)
        return PointingAnywhere(any_hop.name, any_hop.collection_field, keys, required)

    def _fitting(self, checks: Iterable[Check], taken: set[str]) -> Iterator[Fitting]:
        """Yield the parts that checks of free fields make: the fields that one names, or several bound together."""
        bound: list[list[Check]] = []
        for check in checks:
            if check.names and not set(check.names) & taken:
                touched = [some for some in bound if any({*check.names} & {*each.names} for each in some)]
                bound = [some for some in bound if some not in touched]
                bound.append([*(each for some in touched for each in some), check])
        for some in bound:
            names = tuple(dict.fromkeys(name for check in some for name in check.names))
            yield Fitting(names, choices(self.registry, some, [self._field(name) for name in names]))

    def _field(self, name: str) -> Field:
        return evolve(self.collection.fields[name], nullable=name not in self.required)

    def _plain(self, field: Field) -> Plain:
        required = field.name in self.required
        if field.name in self.values:
            return Plain(field, Pool((1, self.values[field.name])), required, given=True)
        own = self.learnt.get((field.collection, field.name)) or self._usual(field)
        return Plain(field, own if required else or_null(own), required)

    def _usual(self, field: Field) -> Pool:
        if (field.name,) == self.collection.primary_key and field.type in INTEGERS:
            return FIRST_KEYS
        return named(values_of(field)) if field.name in self.collection.primary_key else values_of(field)
