"""Invalid queries: questions with one fault, and the error that it is answered with.

In: a registry or a schema, the name of a collection. Out: a strategy of pairs. Each kind of fault is a row of `FAULTS`;
which of them a collection can be asked with depends on its fields. Raises `InvalidBounds`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from hypothesis import strategies as st

from relgraph import errors
from relgraph.operators import OPERATORS, Arity
from relgraph.query.limits import Limits
from relgraph.schema import Collection, Field, Schema
from relgraph.strategies.bounds import collection_of, schema_of
from relgraph.strategies.choosing import Pool
from relgraph.strategies.queries import Query, queries
from relgraph.strategies.ways import Ways, per_schema, ways_of
from relgraph.values import NUMBERS, FieldType

Fault = tuple[Query, type[errors.RelgraphError]]

_NOWHERE: Final = "no such name"


def invalid_queries(registry: Any, collection: str) -> st.SearchStrategy[Fault]:
    """Give a strategy of pairs: a query that is refused, and the class of the error it is refused with.

    Errors: `InvalidBounds`.

    >>> from relgraph import RelationRegistry
    >>> with RelationRegistry() as registry:
    ...     _ = registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT)")
    ...     query, error = invalid_queries(registry, "tags").example()
    ...     try:
    ...         registry.items("tags").read(query)
    ...     except error as refused:
    ...         type(refused) is error
    True
    """
    schema = schema_of(registry)
    found = collection_of(schema, collection)
    return _invalid_queries(ways_of(schema, found.name))


@st.composite
def _invalid_queries(draw: st.DrawFn, ways: Ways) -> Fault:
    query = draw(queries(ways.schema, ways.collection.name, max_depth=1))
    return _spoilt(_plain(query), draw(_faults(ways.schema, ways.collection.name)))


@per_schema
def _faults(schema: Schema, name: str) -> st.SearchStrategy[Fault]:
    """Give a strategy of what is wrong with a query of a collection, each kind as often as any other."""
    found = schema.collections[name]
    return Pool(*((1, of_kind) for kind in FAULTS if (of_kind := list(kind(found))))).strategy


def _plain(query: Query) -> Query:
    """Give what of a query no fault below has a quarrel with."""
    kept = ("search", "meta") if "alias" in query else ("fields", "search", "meta")
    return {name: value for name, value in query.items() if name in kept}


def _spoilt(query: Query, fault: Fault) -> Fault:
    return query | fault[0], fault[1]


# --- the faults ------------------------------------------------------------------------------------------------------


def _unknown_fields(collection: Collection) -> Iterator[Fault]:
    yield {"fields": [_NOWHERE]}, errors.UnknownField
    yield {"sort": [*collection.primary_key[:1], _NOWHERE]}, errors.UnknownField
    yield {"filter": {_NOWHERE: {"_eq": 1}}}, errors.UnknownField
    for name in _plain_names(collection)[:3]:
        yield {"filter": {name: {_NOWHERE: {"_eq": 1}}}}, errors.UnknownField


def _no_relations(collection: Collection) -> Iterator[Fault]:
    for name in _plain_names(collection)[:3]:
        yield {"fields": [f"{name}.x"]}, errors.NotARelation
        yield {"sort": [f"{name}.x"]}, errors.NotARelation


def _unknown_operators(collection: Collection) -> Iterator[Fault]:
    for name in _plain_names(collection)[:3]:
        yield {"filter": {name: {"_equals": 1}}}, errors.UnknownOperator


def _unknown_functions(collection: Collection) -> Iterator[Fault]:
    for name in _plain_names(collection)[:3]:
        yield {"fields": [f"century({name})"]}, errors.UnknownFunction
    yield {"aggregate": {"total": ["*"]}}, errors.UnknownFunction


def _operators_not_allowed(collection: Collection) -> Iterator[Fault]:
    for field in _plain_fields(collection):
        refused = [row for row in OPERATORS.values() if field.type not in row.accepts and row.arity is Arity.ONE]
        for row in refused[:3]:
            operand: Any = {"type": "Point", "coordinates": [1, 1]} if row.takes_object else "1"
            yield {"filter": {field.name: {row.name: operand}}}, errors.OperatorNotAllowed
        if field.type is FieldType.STRING:
            yield {"fields": [f"year({field.name})"]}, errors.OperatorNotAllowed


def _invalid_operands(collection: Collection) -> Iterator[Fault]:
    yield {"filter": 1}, errors.InvalidOperand
    for field in _plain_fields(collection):
        if field.type in NUMBERS:
            yield {"filter": {field.name: {"_eq": "many"}}}, errors.InvalidOperand
            yield {"filter": {field.name: {"_between": [1]}}}, errors.InvalidOperand
        if field.type is FieldType.DATE:
            yield {"filter": {field.name: {"_gt": "soon"}}}, errors.InvalidOperand
        yield {"filter": {field.name: {"_null": "perhaps"}}}, errors.InvalidOperand


_SHAPES: Final[tuple[Query, ...]] = (
    {"limit": -2},
    {"limit": "many"},
    {"page": "many", "limit": 1},
    {"offset": -1},
    {"aggregate": "count"},
    {"cursor": "x"},
    {"cursor": "", "page": 2, "limit": 1},
)


def _wrong_shapes(_: Collection) -> Iterator[Fault]:
    yield from ((shape, errors.InvalidQuery) for shape in _SHAPES)


def _beyond_limits(collection: Collection) -> Iterator[Fault]:
    limits = Limits()
    for name in _plain_names(collection)[:1]:
        several = [{name: {"_null": True}}] * (limits.max_conditions + 1)
        yield {"filter": {"_or": several}}, errors.LimitExceeded
    for hop in collection.hops.values():
        if hop.far == collection.name:
            yield {"fields": [".".join([hop.name] * limits.max_depth + ["*"])]}, errors.LimitExceeded


def _unknown_collections(collection: Collection) -> Iterator[Fault]:
    for name in collection.any_hops:
        yield {"fields": [f"{name}:{_NOWHERE}.id"]}, errors.UnknownCollection


FAULTS: Final[tuple[Callable[[Collection], Iterator[Fault]], ...]] = (
    _unknown_fields,
    _no_relations,
    _unknown_operators,
    _unknown_functions,
    _operators_not_allowed,
    _invalid_operands,
    _wrong_shapes,
    _beyond_limits,
    _unknown_collections,
)


def _plain_fields(collection: Collection) -> list[Field]:
    """Give the fields that lead nowhere, with names that can stand in a path."""
    leading = {*collection.relation_names, *collection.broken}
    return [field for field in collection.fields.values() if field.name not in leading and _is_simple(field.name)]


def _plain_names(collection: Collection) -> list[str]:
    return [field.name for field in _plain_fields(collection)]


def _is_simple(name: str) -> bool:
    return not any(sign in name for sign in ".:()_$-*, ") and name.isidentifier()
