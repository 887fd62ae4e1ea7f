"""Grouping: aggregate and groupBy as columns, measures and an order of the groups.

In: the names of one level. Out: a `Grouping`, whose order ends with all its columns and so is total. What is wrong is
noted in the `Resolution`.
"""

from __future__ import annotations

from relgraph.errors import InvalidQuery, OperatorNotAllowed, UnknownField, UnknownFunction
from relgraph.functions import AGGREGATES, Aggregate
from relgraph.query.ast import Query
from relgraph.query.conditions import Joins
from relgraph.query.ordering import add_joins
from relgraph.query.paths import ValuePath, call_parts, own, unknown, value_path
from relgraph.query.resolution import Resolution
from relgraph.query.resolved import Call, GroupColumn, Grouping, GroupOrder, Measure
from relgraph.query.selection import call_key
from relgraph.schema import Collection


def resolve_grouping(
    resolution: Resolution, collection: Collection, query: Query, where: str, joins: Joins
) -> Grouping:
    """Give what aggregate, groupBy and sort ask for; without groupBy the sort says nothing."""
    columns: dict[str, GroupColumn] = {}
    for path in query.group or ():
        column = _column(resolution, collection, path, f"{where}groupBy.{path}", joins)
        if column is not None:
            columns.setdefault(path, column)
    measures: dict[str, Measure] = {}
    for name, fields in query.aggregate or ():
        for field in fields:
            measure = _measure(resolution, collection, name, field, fields, f"{where}aggregate.{name}")
            if measure is not None:
                measures[".".join(measure.names)] = measure
    _check_answer(resolution, (*columns.values(), *measures.values()), where)
    sort = query.sort or () if query.group else ()
    order = _order(resolution, collection, sort, columns, measures, f"{where}sort")
    return Grouping(tuple(columns.values()), tuple(measures.values()), order)


# --- columns ---------------------------------------------------------------------------------------------------------


def _column(resolution: Resolution, collection: Collection, path: str, where: str, joins: Joins) -> GroupColumn | None:
    found = value_path(resolution, collection, path, where)
    if found is None:
        return None
    add_joins(joins, found.names, len(found.hops))
    if any(hop.many for hop in found.hops):
        resolution.note(InvalidQuery(where, f"{path} leads to many items, so it is no group", "group those items"))
    return GroupColumn((*found.names[:-1], _answer_key(found)), found.hops, found.value)


def _answer_key(found: ValuePath) -> str:
    parts = call_parts(found.names[-1])
    if isinstance(found.value, Call) and parts is not None:
        return call_key(found.value, parts[1])
    return found.names[-1]


# --- measures --------------------------------------------------------------------------------------------------------


def _measure(
    resolution: Resolution, collection: Collection, name: str, path: str, paths: tuple[str, ...], where: str
) -> Measure | None:
    """Give one aggregate of one field; `*` alone is answered plainly, beside others under its own key."""
    aggregate = AGGREGATES.get(name)
    if aggregate is None:
        resolution.note(UnknownFunction(where, name, tuple(AGGREGATES)))
        return None
    if path == "*" and aggregate.star:
        return Measure((name,) if len(paths) == 1 or name == "countAll" else (name, "*"), aggregate, None)
    if not _is_measurable(resolution, collection, aggregate, path, where):
        return None
    if name == "countAll":
        return Measure((name,), aggregate, None)
    return Measure((name, path), aggregate, collection.fields[path])


def _is_measurable(resolution: Resolution, collection: Collection, aggregate: Aggregate, path: str, where: str) -> bool:
    """Tell whether an aggregate applies to a field of the collection, and note why not."""
    field = collection.fields.get(path)
    if field is not None and field.type in aggregate.accepts:
        return True
    if field is not None:
        allowed = tuple(row.name for row in AGGREGATES.values() if field.type in row.accepts)
        resolution.note(OperatorNotAllowed(where, aggregate.name, str(field), field.type, allowed))
    elif path == "*":
        resolution.note(InvalidQuery(where, f"{aggregate.name} needs a field", "only count counts *"))
    elif own(collection, path):
        resolution.note(
            InvalidQuery(where, f"{path} holds no value", f"use count({path}) as a field, or aggregate below it")
        )
    elif call_parts(path):
        resolution.note(InvalidQuery(where, f"{aggregate.name} of a function is not known", "group by the function"))
    else:
        unknown(resolution, collection, path, where)
    return False


def _check_answer(resolution: Resolution, parts: tuple[GroupColumn | Measure, ...], where: str) -> None:
    """Note when two parts of a group's answer claim the same key, or one stands where the other has its own keys."""
    places = {part.names for part in parts}
    for part in parts:
        if any(part.names[:end] in places for end in range(1, len(part.names))):
            resolution.note(InvalidQuery(f"{where}groupBy", f"{part.names[0]} is both a value and an object"))
    if len(places) < len(parts):
        resolution.note(InvalidQuery(f"{where}groupBy", "two parts of the answer have the same name"))


# --- order -----------------------------------------------------------------------------------------------------------


def _order(
    resolution: Resolution,
    collection: Collection,
    sort: tuple[str, ...],
    columns: dict[str, GroupColumn],
    measures: dict[str, Measure],
    where: str,
) -> tuple[GroupOrder, ...]:
    """Give the order of groups: as asked for, then by each column that is not in it yet."""
    order: dict[str, GroupOrder] = {}
    for text in sort:
        path = text.removeprefix("-")
        spelled = (path, path.removesuffix(".*"), f"{path}.*")  # of * alone or beside other fields
        found = columns.get(path) or next((measures[name] for name in spelled if name in measures), None)
        if found is None:
            known = (*columns, *measures)
            resolution.note(UnknownField(f"{where}.{text}", f"the grouping of {collection.name}", path, known))
        else:
            order.setdefault(path, GroupOrder(found, descending=path != text))
    for path, column in columns.items():
        order.setdefault(path, GroupOrder(column))
    return tuple(order.values())
