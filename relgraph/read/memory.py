"""The Python evaluator: what a `ResolvedQuery` answers over plain dicts, {collection: [row, ...]}.

In: a resolved query, the rows of every collection and what is bound when it runs. Out: the answer, as SQL gives it, and
the meta counts. Nothing here can fail but a missing parameter.

A level of the query becomes a function from rows to answers, made once and called for each parent. Every hop is one
look into an index, so the cost grows with the rows and not with their square.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar, assert_never

from attrs import evolve

from relgraph.query.cursor import write_cursor
from relgraph.query.resolved import (
    Bindings,
    Call,
    Condition,
    GroupColumn,
    Grouping,
    GroupOrder,
    Measure,
    Order,
    Page,
    Parameter,
    ResolvedQuery,
    Show,
    ShowAny,
    ShowMany,
    Shown,
    ShowOne,
    Value,
)
from relgraph.read.answers import group_answer, measure_answer, value_answer
from relgraph.read.joined import ROOT, Joined, Source, joined_rows, rows_at, to_many
from relgraph.read.memory_conditions import condition, key_at, ordered
from relgraph.read.result import Result
from relgraph.read.tables import Row, Tables, key_of, once_per_rows
from relgraph.schema import Collection, Hop, Seen
from relgraph.values import Truth, as_text, sort_key

Answer: TypeAlias = Callable[[Row], Any]
Measured: TypeAlias = Callable[[Sequence[Row]], Any]
Place: TypeAlias = tuple[tuple[int, Any], ...]  # sort keys
Placed: TypeAlias = tuple[Place, Row]
Thing = TypeVar("Thing")


def evaluate(query: ResolvedQuery, items: Mapping[str, Iterable[Row]], bindings: Bindings | None = None) -> Result:
    """Give the items, counts and cursor a query asks for, over the rows of every collection, complete and as stored."""
    tables = SeenTables(items, bindings or Bindings())
    rows = tables.rows_of(query.collection)
    counted = query.counted or query
    meta = counts(evolve(counted, meta=query.meta), tables, tables.rows_of(counted.collection))
    if query.grouping is not None:
        return Result(level(query, tables)(rows), meta)
    found, cursor = turned(query, order(query, tables)(rows), tables.bindings)
    answer = item(query, tables)
    return Result([answer(row) for _, row in found], meta, cursor)


class SeenTables(Tables):
    """Tables of which a query may see a part only."""

    def rows_of(self, thing: Collection | Hop) -> list[Row]:
        """Give the rows of a collection or of the far side of a hop, as far as they are seen."""
        seen = thing.seen
        if seen is None:
            return super().rows_of(thing)
        if seen not in self._seen:
            self._seen[seen] = list(seen_rows(seen, self))
        return self._seen[seen]


def seen_rows(seen: Seen, source: Tables) -> Iterator[Row]:
    """Yield what is seen of a collection: its rows by the condition, its values each by its own."""
    fulfils = condition(seen.rows, ROOT, source)
    shown = {name: (stored, condition(rule, ROOT, source)) for name, (stored, rule) in seen.columns.items()}
    for row in source.rows(seen.collection.name):
        if fulfils({(): row}) is True:
            yield {name: row[stored] if rule({(): row}) is True else None for name, (stored, rule) in shown.items()}


def matches(
    node: Condition | None, row: Row, items: Mapping[str, Iterable[Row]], bindings: Bindings | None = None
) -> Truth:
    """Give whether one stored row fulfils a condition, with the rows it is related to in `items`."""
    return condition(node, ROOT, Tables(items, bindings or Bindings()))({(): row})


def counts(query: ResolvedQuery, source: Source, rows: Sequence[Row]) -> dict[str, int] | None:
    """Give the asked meta counts: all items, and those that fulfil filter and search, whatever the page."""
    if query.meta is None:
        return None
    found = {}
    if "total_count" in query.meta:
        found["total_count"] = len(rows)
    if "filter_count" in query.meta:
        fulfils = condition(query.where, ROOT, source)
        found["filter_count"] = sum(fulfils({(): row}) is True for row in rows)
    return found


# --- which rows, in which order --------------------------------------------------------------------------------------


def order(query: ResolvedQuery, source: Source) -> Callable[[Sequence[Row]], list[Placed]]:
    """Give the function that picks the rows that fulfil `query.where`, and puts them with their place in `query.order`.

    A row stands where the first of its joined rows stands that fulfil the filter, by the whole tuple of keys.
    """
    paths = to_many(key.path for key in query.order)
    fixed = ROOT.union(paths)
    choices, fulfils = joined_rows(paths, ROOT, source), condition(query.where, fixed, source)
    keys = [key_at(key, fixed, source) for key in query.order]

    def pick(rows: Sequence[Row]) -> list[Placed]:
        placed = []
        for row in rows:
            places = [tuple(key(choice) for key in keys) for choice in choices({(): row}) if fulfils(choice) is True]
            if places:
                placed.append((first(places, query.order), row))
        return sort(placed, query.order, place=lambda pair: pair[0])

    return pick


def first(places: list[Place], keys: Sequence[Order]) -> Place:
    """Give the place that comes first."""
    return places[0] if len(places) == 1 else sort(places, keys, place=lambda place: place)[0]


def sort(
    things: Iterable[Thing], keys: Sequence[Order | GroupOrder], place: Callable[[Thing], Sequence[Any]]
) -> list[Thing]:
    """Give things in the order of their places, each key in its own direction; ties stay as they were."""
    result = list(things)
    for index, key in reversed(list(enumerate(keys))):
        result.sort(key=lambda thing, index=index: place(thing)[index], reverse=key.descending)  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    return result


def turned(query: ResolvedQuery, placed: list[Placed], bindings: Bindings) -> tuple[list[Placed], str | None]:
    """Give the page a query asks for, and the cursor of the next one where a cursor was asked for and one follows."""
    after = query.after
    values = None if after is None else after.values(bindings)
    if values is not None:
        start = tuple(map(sort_key, values))
        placed = [pair for pair in placed if is_behind(pair[0], start, query.order)]
    found = page(query.page, placed, bindings)
    if after is None or not found or len(found) == len(placed):
        return found, None
    last = tuple(value if rank else None for rank, value in found[-1][0])
    return found, write_cursor(after.signature(bindings), last)


def is_behind(place: Place, other: Place, keys: Sequence[Order]) -> bool:
    """Say whether a place comes after another."""
    for mine, theirs, key in zip(place, other, keys, strict=True):
        if mine != theirs:
            return (mine < theirs) is key.descending
    return False


def page(wanted: Page, things: list[Thing], bindings: Bindings) -> list[Thing]:
    """Give the slice of an ordered list that a page asks for.

    >>> page(Page(limit=2, offset=1), [1, 2, 3, 4], Bindings())
    [2, 3]
    """
    limit = wanted.limit.bind(bindings) if isinstance(wanted.limit, Parameter) else wanted.limit
    offset = wanted.offset.bind(bindings) if isinstance(wanted.offset, Parameter) else wanted.offset
    return things[offset:] if limit is None or limit < 0 else things[offset : offset + limit]


# --- what an item holds ----------------------------------------------------------------------------------------------


def level(query: ResolvedQuery, source: Source) -> Callable[[Sequence[Row]], list[Any]]:
    """Give the function from the rows of one level, of all items or of one parent, to what is answered of them."""
    if query.grouping is not None:
        return grouped(query, query.grouping, source)
    pick, answer = once_per_rows(order(query, source)), item(query, source)
    return lambda rows: [answer(row) for _, row in page(query.page, pick(rows), source.bindings)]


def item(query: ResolvedQuery, source: Source) -> Answer:
    """Give the function from a row to the item answered for it: an object, or its bare key."""
    if query.shows is None:
        return lambda row: key_of(query.collection, row)
    shown = [(part.name, show(part, source)) for part in query.shows]
    quiet = {part.name for part in query.shows if isinstance(part, ShowAny) and part.quiet}
    if not quiet:
        return lambda row: {name: answer(row) for name, answer in shown}
    return lambda row: {name: value for name, answer in shown if (value := answer(row)) != {} or name not in quiet}


def show(part: Shown, source: Source) -> Answer:
    """Give the function from a row to what stands under one name of its item."""
    match part:
        case Show():
            return show_value(part.value, source)
        case ShowOne():
            return show_one(part.hop, part.query, source)
        case ShowMany():
            return show_many(part.hop, part.query, source)
        case ShowAny():
            return show_any(part, source)
        case _:
            assert_never(part)


def show_value(shown: Value, source: Source) -> Answer:
    """Give a value as it is answered; of a link that is hidden, nothing is counted or added up."""
    value, answer = ordered(shown, source), value_answer(shown)
    if isinstance(shown, Call) and isinstance(shown.subject, Hop) and Seen.is_link(shown.subject.near_field):
        link = shown.subject.near_field
        return lambda row: None if row[link] is None else answer(value(row)) if answer else value(row)
    return value if answer is None else lambda row: answer(value(row))


def show_one(hop: Hop, query: ResolvedQuery, source: Source) -> Answer:
    """Give the item a to-one hop leads to, or None where there is none or the filter is not true of it."""
    far, fulfils, answer = source.far_rows(hop), condition(query.where, ROOT, source), item(query, source)

    def one(row: Row) -> Any:
        found = far(row)
        return answer(found[0]) if found and fulfils({(): found[0]}) is True else None

    return one


def show_many(hop: Hop, query: ResolvedQuery, source: Source) -> Answer:
    """Give the items a to-many hop leads to, filtered, ordered and cut for each parent."""
    far, answer = source.far_rows(hop), level(query, source)
    if Seen.is_link(hop.near_field):
        return lambda row: None if row[hop.near_field] is None else answer(far(row) or ())
    return lambda row: answer(far(row) or ())


def show_any(part: ShowAny, source: Source) -> Answer:
    """Give the item an any-to-many field points at, its key as text where its collection was not named, or None."""
    hops, collection_field = part.any_hop.hops, part.any_hop.collection_field
    named = {name: show_one(hops[name], query, source) for name, query in part.queries.items()}

    def any_item(row: Row) -> Any:
        collection = row[collection_field]
        if collection in named:
            return named[collection](row)
        return as_text(row[hops[collection].near_field]) if collection in hops else None

    return any_item


# --- grouping --------------------------------------------------------------------------------------------------------


def grouped(query: ResolvedQuery, grouping: Grouping, source: Source) -> Callable[[Sequence[Row]], list[Any]]:
    """Give the function from rows to one object for each group of those that fulfil the filter.

    Groups that the order does not tell apart stand in the order of their columns.
    """
    fulfils = condition(query.where, ROOT, source)
    keys = [key_at(column, ROOT, source) for column in grouping.columns]
    orders = (*grouping.order, *(GroupOrder(column) for column in grouping.columns))
    places = [column(key.value, source) if isinstance(key.value, GroupColumn) else measure(key.value) for key in orders]
    shown = [(part.names, column(part, source), group_answer(part)) for part in grouping.columns]
    shown += [(part.names, measure(part), measure_answer(part)) for part in grouping.measures]

    def group(rows: Sequence[Row]) -> list[Any]:
        groups: dict[tuple[Any, ...], list[Row]] = {} if keys else {(): []}
        for row in rows:
            joined: Joined = {(): row}
            if fulfils(joined) is True:
                groups.setdefault(tuple(key(joined) for key in keys), []).append(row)
        placed = [([sort_key(place(rows)) for place in places], rows) for rows in groups.values()]
        cut = page(query.page, sort(placed, orders, place=lambda pair: pair[0]), source.bindings)
        return [
            nested((names, answer(value(rows)) if answer else value(rows)) for names, value, answer in shown)
            for _, rows in cut
        ]

    return group


def column(part: GroupColumn, source: Source) -> Measured:
    """Give the function from the rows of a group to the value of a column, which they have in common."""
    rows_of, value = rows_at(part.path, ROOT, source), ordered(part.value, source)
    return lambda rows: value(rows_of({(): rows[0]})[0])


def measure(part: Measure) -> Measured:
    """Give the function from the rows of a group to an aggregate of them, or of one of their fields."""
    call, field = part.aggregate.call, part.field
    if field is None:
        return lambda rows: call(rows)  # type: ignore[arg-type]  # counts rows
    return lambda rows: call(row[field.name] for row in rows)


def nested(pairs: Iterable[tuple[tuple[str, ...], Any]]) -> dict[str, Any]:
    """Give values at their places in nested objects.

    >>> nested([(("author", "name"), "Ann"), (("count",), 3)])
    {'author': {'name': 'Ann'}, 'count': 3}
    """
    result: dict[str, Any] = {}
    for names, value in pairs:
        inner = result
        for name in names[:-1]:
            inner = inner.setdefault(name, {})
        inner[names[-1]] = value
    return result
