"""Restrict: a resolved query made to run over what an access sees.

In: a query whose names were looked up in the access's schema, and its `Sight`. Out: the same query, of the same type,
in which every collection and the far side of every hop is what is seen of it: in fields, filter, sort, functions,
aggregates, groups, deep and counts, at every hop. Nothing here can fail but a cursor over keys that are hidden.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from relgraph.errors import InvalidQuery
from relgraph.query.resolved import (
    AllOf,
    AnyOf,
    Call,
    Condition,
    GroupColumn,
    Grouping,
    Order,
    Quantified,
    ResolvedQuery,
    Show,
    ShowAny,
    ShowMany,
    Shown,
    ShowOne,
    Test,
    Value,
)
from relgraph.restricted.sight import Sight
from relgraph.schema import AnyHop, Collection, Field, Hop, Seen

FOLLOW = "$FOLLOW("


def restrict(query: ResolvedQuery, sight: Sight) -> ResolvedQuery:
    """Give a query that sees no more than `sight` does.

    Errors: `InvalidQuery` for a cursor where the key of some rows is hidden, so that they have no total order.
    """
    restricting = _Restricting(sight)
    restricted = restricting.level(query, sight.seen(query.collection.name, _asked(query)))
    if query.after is not None and _is_gated(restricted.collection):
        problem = "this access does not see the keys of all items, so they have no total order"
        raise InvalidQuery("cursor", problem, "use limit and offset")
    if not query.meta:
        return restricted
    counted = evolve(query.collection, seen=sight.seen(query.collection.name))
    where = restricting.optional(query.where, counted.seen)
    return evolve(restricted, counted=evolve(query, collection=counted, where=where, meta=None, after=None))


def _asked(query: ResolvedQuery) -> Iterator[str]:
    """Yield the fields that one level asks for, those of groups among them."""
    for show in query.shows or ():
        if isinstance(show, Show):
            yield _named(show.value)
    grouping = query.grouping
    if grouping is not None:
        for column in grouping.columns:
            yield column.path[0].near_field if column.path else _named(column.value)
        yield from (measure.field.name for measure in grouping.measures if measure.field is not None)


def _named(value: Value) -> str:
    return value.name if isinstance(value, Field) else value.subject.name


def _is_gated(collection: Collection) -> bool:
    """Say whether the key of some rows that are seen is hidden."""
    seen = collection.seen
    return seen is not None and any(seen.columns[name][1] is not None for name in collection.primary_key)


class _Restricting:
    """One query being restricted; `seen` is always what is seen of the rows that a part speaks of."""

    def __init__(self, sight: Sight) -> None:
        self.sight = sight

    # --- levels ---

    def level(self, query: ResolvedQuery, seen: Seen | None) -> ResolvedQuery:
        return evolve(
            query,
            collection=evolve(query.collection, seen=seen),
            shows=None if query.shows is None else tuple(self.show(show, seen) for show in query.shows),
            where=self.optional(query.where, seen),
            order=self.order(query, seen),
            grouping=None if query.grouping is None else self.grouping(query.grouping, seen),
        )

    def show(self, show: Shown, seen: Seen | None) -> Shown:
        match show:
            case Show():
                return evolve(show, value=self.value(show.value, seen))
            case ShowOne() | ShowMany():
                hop, below = self.below(show.hop, show.query, seen)
                return evolve(show, hop=hop, query=below)
            case ShowAny():
                return self.show_any(show, seen)

    def below(self, hop: Hop, query: ResolvedQuery, seen: Seen | None) -> tuple[Hop, ResolvedQuery]:
        far = self.sight.seen(hop.far, _asked(query))
        return self.hop(hop, seen, far), self.level(query, far)

    def show_any(self, show: ShowAny, seen: Seen | None) -> ShowAny:
        queries = {**(self.unasked(show.any_hop) if show.queries else {}), **show.queries}
        below = {name: self.below(show.any_hop.hops[name], query, seen) for name, query in queries.items()}
        hops = {name: self.hop(hop, seen, self.sight.seen(hop.far)) for name, hop in show.any_hop.hops.items()}
        hops |= {name: hop for name, (hop, _) in below.items()}
        collection_field = _raw(seen, show.any_hop.collection_field)
        any_hop: AnyHop = evolve(show.any_hop, hops=hops, collection_field=collection_field)
        found = {name: query for name, (_, query) in below.items()}
        return evolve(show, any_hop=any_hop, queries=found, quiet=len(queries) > len(show.queries))

    def unasked(self, any_hop: AnyHop) -> dict[str, ResolvedQuery]:
        """Give the levels of collections of which nothing was asked: what is hidden there is None all the same."""
        return {name: ResolvedQuery(self.sight.schema.collections[name], ()) for name in any_hop.hops}

    # --- order and groups ---

    def order(self, query: ResolvedQuery, seen: Seen | None) -> tuple[Order, ...]:
        """Give the order; keys that only make it total are the stored ones, or where there are none every field."""
        orders = tuple(
            evolve(key, value=_stored(seen, key.value)) if key.is_tie else self.sorted_by(key, seen)
            for key in query.order
        )
        collection = query.collection
        if not collection.hidden_key or query.grouping is not None:
            return orders
        named = {key.value for key in query.order if not key.path}
        rest = [field for field in collection.fields.values() if field not in named]
        keys = self.sight.key_fields(collection.name)
        ties = [*(Order((), field) for field in rest), *(Order((), _stored(seen, key), is_tie=True) for key in keys)]
        return (*orders, *ties)

    def sorted_by(self, key: Order, seen: Seen | None) -> Order:
        path, last = self.path(key.path, seen)
        return evolve(key, path=path, value=self.value(key.value, last))

    def grouping(self, grouping: Grouping, seen: Seen | None) -> Grouping:
        columns = {}
        for column in grouping.columns:
            path, last = self.path(column.path, seen)
            columns[column] = evolve(column, path=path, value=self.value(column.value, last))
        order = tuple(
            evolve(key, value=columns[key.value]) if isinstance(key.value, GroupColumn) else key
            for key in grouping.order
        )
        return evolve(grouping, columns=tuple(columns.values()), order=order)

    # --- conditions ---

    def optional(self, condition: Condition | None, seen: Seen | None) -> Condition | None:
        return None if condition is None else self.condition(condition, seen)

    def condition(self, condition: Condition, seen: Seen | None) -> Condition:
        match condition:
            case AllOf() | AnyOf():
                return evolve(condition, parts=tuple(self.condition(part, seen) for part in condition.parts))
            case Test():
                path, last = self.path(condition.path, seen)
                return evolve(condition, path=path, value=self.value(condition.value, last))
            case Quantified():
                path, last = self.path(condition.path, seen)
                far = self.sight.seen(condition.hop.far)
                inner = self.optional(condition.condition, far)
                return evolve(condition, path=path, hop=self.hop(condition.hop, last, far), condition=inner)

    # --- hops and values ---

    def path(self, path: tuple[Hop, ...], seen: Seen | None) -> tuple[tuple[Hop, ...], Seen | None]:
        """Give a path over what is seen, and what is seen of the rows at its end."""
        hops = []
        for hop in path:
            far = self.sight.seen(hop.far)
            hops.append(self.hop(hop, seen, far))
            seen = far
        return tuple(hops), seen

    def hop(self, hop: Hop, near: Seen | None, far: Seen | None) -> Hop:
        """Give a hop between what is seen of both sides.

        The field that holds a link is as it is seen; where the hop goes by an alias, the alias is judged alone, and the
        other side's field compared as stored. Behind `$FOLLOW`, which names the field, that is judged.
        """
        guard = hop.guard and evolve(hop.guard, field=_raw(far if hop.guard.far else near, hop.guard.field))
        if not hop.many:
            return evolve(hop, far_field=_raw(far, hop.far_field), guard=guard, seen=far)
        if hop.name.startswith(FOLLOW):
            return evolve(hop, near_field=_raw(near, hop.near_field), guard=guard, seen=far, near_column=hop.near_field)
        near_field = _raw(near, hop.near_field)
        if near is not None and near.columns[Seen.link(hop.name)][1] is not None:
            near_field = Seen.link(hop.name)
        far_field = _raw(far, hop.far_field)
        return evolve(
            hop, near_field=near_field, far_field=far_field, guard=guard, seen=far, near_column=hop.near_field
        )

    def value(self, value: Value, seen: Seen | None) -> Value:
        if isinstance(value, Call) and isinstance(value.subject, Hop):
            return evolve(value, subject=self.hop(value.subject, seen, self.sight.seen(value.subject.far)))
        return value


def _raw(seen: Seen | None, name: str) -> str:
    return name if seen is None else Seen.raw(name)


def _stored(seen: Seen | None, value: Value) -> Value:
    return evolve(value, name=Seen.raw(value.name)) if seen is not None and isinstance(value, Field) else value
