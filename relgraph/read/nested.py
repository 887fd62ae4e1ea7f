"""Nested: one item with what is related to it inside, as a place that rows come from.

In: an item such as {"author": {"name": "Ann"}, "comments": [{"likes": 3}]}. Out: for each hop the rows given in it.
What the item does not say is not known, which is not NULL: a test on it has the truth that is `assumed`. A filter asked
twice, with the better and the worse assumption, is unknown exactly where the two answers differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import evolve, field, frozen

from relgraph.query.resolved import Bindings, Condition
from relgraph.read.joined import ROOT
from relgraph.read.memory_conditions import condition
from relgraph.read.tables import NOT_GIVEN, FarRows, PartialRow, Row, stored
from relgraph.schema import Collection, Field, Hop, Schema
from relgraph.values import Truth, as_text, with_affinity


def matches(node: Condition | None, item: Mapping[str, Any], collection: Collection, source: Nested) -> Truth:
    """Give whether an item fulfils a condition as far as what it says decides it; else None."""
    row = source.row(item, collection)
    at_best = condition(node, ROOT, evolve(source, assumed=True))({(): row})
    at_worst = condition(node, ROOT, evolve(source, assumed=False))({(): row})
    return at_best if at_best is at_worst else None


class NestedRow(PartialRow):
    """The stored values that an item gives, beside the item itself."""

    item: Mapping[str, Any]


@frozen
class Nested:
    """Where rows come from when one item holds them all."""

    schema: Schema
    bindings: Bindings = field(factory=Bindings)
    assumed: bool = False

    def opposite(self) -> Nested:
        """Give the source below a negation, where the better truth is the other one."""
        return evolve(self, assumed=not self.assumed)

    def row(self, item: Any, collection: Collection) -> NestedRow:
        """Give the row of a nested object, or of a bare key."""
        if not isinstance(item, Mapping):
            item = {collection.key.name: _as_key(item, collection.key)} if collection.key else {}
        row = NestedRow()
        row.item = item
        for name, found in collection.fields.items():
            if name in item:
                row[name] = self._key(item, name, collection) if isinstance(item[name], Mapping) else item[name]
                if row[name] is not NOT_GIVEN:
                    row[name] = stored(found, row[name])
        return row

    def far_rows(self, hop: Hop) -> FarRows:
        """Give the function from a row to the rows given at a hop; None where the item does not say."""
        far = self.schema.collections[hop.far]
        name = hop.name if hop.many else hop.near_field

        def find(row: Row | None) -> Sequence[Row] | None:
            if row is None:
                return ()
            if hop.guard and not hop.guard.far and row[hop.guard.field] != hop.guard.collection:
                return None if row[hop.guard.field] is NOT_GIVEN else ()
            given = row.item.get(name, NOT_GIVEN) if isinstance(row, NestedRow) else NOT_GIVEN
            if given is NOT_GIVEN:
                return None
            if given is None:
                return ()
            return [self.row(each, far) for each in (given if hop.many else [given])]

        return find

    def _key(self, item: Mapping[str, Any], name: str, collection: Collection) -> Any:
        """Give the key inside the object that stands at a to-one field; a plain field's object is its value."""
        if name in collection.any_hops:
            any_hop = collection.any_hops[name]
            scope = any_hop.hops.get(str(item.get(any_hop.collection_field)))
            key = item[name].get(scope.far_field, NOT_GIVEN) if scope else NOT_GIVEN
            return key if key is NOT_GIVEN else as_text(key)
        hop = collection.hops.get(name)
        return item[name].get(hop.far_field, NOT_GIVEN) if hop else item[name]


def _as_key(given: Any, key: Field) -> Any:
    """Give a bare key as its collection stores it: an any-to-many field holds the text of a number."""
    value = with_affinity(given, key.affinity)
    return value if as_text(value) == as_text(given) else given
