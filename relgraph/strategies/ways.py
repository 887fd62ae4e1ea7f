"""Ways: what a path of a query may go through from a collection, and what it may call there.

In: a schema and a collection of it. Out: hops and calls. Pure; nothing here fails.
"""

from __future__ import annotations

from relgraph.functions import FUNCTIONS, RELATION_AGGREGATES
from relgraph.schema import Collection, Hop, Schema
from relgraph.values import NUMBERS, FieldType


def far(schema: Schema, hop: Hop) -> Collection:
    """Give the collection that a hop leads to."""
    return schema.collections[hop.far]


def travelled(schema: Schema, collection: Collection) -> list[Hop]:
    """Give the hops to the collections a query may reach: Directus's own are left to the tests made for them."""
    return [hop for hop in collection.hops.values() if not far(schema, hop).system]


def scopes(collection: Collection) -> list[Hop]:
    """Give the hops of any-to-many fields, one for each allowed collection."""
    return [hop for any_hop in collection.any_hops.values() for hop in any_hop.hops.values()]


def follows(schema: Schema, collection: Collection) -> list[Hop]:
    """Give the hops backwards over relations that point here, whether they have an alias or not."""
    hops = [schema.follow(collection.name, each.many_collection, each.many_field) for each in schema.relations]
    return [hop for hop in hops if hop is not None and not far(schema, hop).system]


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
