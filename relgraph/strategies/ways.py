"""Ways: what a path of a query may go through from a collection, and what it may call there.

In: a schema and a collection of it. Out: hops and calls. Pure; nothing here fails.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from weakref import ref

from relgraph.functions import FUNCTIONS, RELATION_AGGREGATES
from relgraph.schema import Collection, Hop, Schema
from relgraph.values import NUMBERS, FieldType

_Found = TypeVar("_Found")
_MOST = 8  # schemas whose ways are remembered
_known: dict[int, tuple[Any, dict[Any, Any]]] = {}  # by identity: comparing schemas would take longer than this saves


def _remembered(
    find: Callable[[Schema, Collection], list[_Found]],
) -> Callable[[Schema, Collection], list[_Found]]:
    """Give a function that looks once for each collection of a schema: queries ask it again at every part."""

    @wraps(find)
    def found(schema: Schema, collection: Collection) -> list[_Found]:
        kept = _known.get(id(schema))
        if kept is None or kept[0]() is not schema:
            if len(_known) >= _MOST:
                _known.clear()
            kept = _known[id(schema)] = (ref(schema), {})
        place = (find.__name__, collection.name)
        if place not in kept[1]:
            kept[1][place] = find(schema, collection)
        return kept[1][place]  # type: ignore[no-any-return]  # by its name it is what this function gave

    return found


def far(schema: Schema, hop: Hop) -> Collection:
    """Give the collection that a hop leads to."""
    return schema.collections[hop.far]


@_remembered
def travelled(schema: Schema, collection: Collection) -> list[Hop]:
    """Give the hops to the collections a query may reach: Directus's own are left to the tests made for them."""
    return [hop for hop in collection.hops.values() if not far(schema, hop).system]


def scopes(collection: Collection) -> list[Hop]:
    """Give the hops of any-to-many fields, one for each allowed collection."""
    return [hop for any_hop in collection.any_hops.values() for hop in any_hop.hops.values()]


@_remembered
def follows(schema: Schema, collection: Collection) -> list[Hop]:
    """Give the hops backwards over relations that may lead here, whether they have an alias or not."""
    hops = [
        schema.follow(collection.name, each.many_collection, each.many_field, each.one_collection_field)
        for each in schema.relations
    ]
    return [hop for hop in hops if hop is not None and not far(schema, hop).system]


@_remembered
def calls_of(schema: Schema, collection: Collection) -> list[tuple[str, FieldType]]:
    """Give every function call the collection can answer, with the type its result is compared as."""
    calls = [
        (f"{function.name}({field.name})", FieldType.INTEGER)
        for function in FUNCTIONS.values()
        for field in collection.fields.values()
        if field.type in function.accepts and function.name != "json"
    ]
    for hop in travelled(schema, collection):
        if not hop.many:
            continue
        calls.append((f"count({hop.name})", FieldType.INTEGER))
        calls += [
            (f"{name}({hop.name}.{field.name})", FieldType.INTEGER if name == "countDistinct" else FieldType.FLOAT)
            for name in RELATION_AGGREGATES
            for field in far(schema, hop).fields.values()
            if field.type in NUMBERS
        ]
    return calls


def ways(schema: Schema, collection: Collection) -> list[Hop]:
    """Give every hop that a path may take, those of any-to-many fields included."""
    return [*travelled(schema, collection), *scopes(collection)]
