"""What the strategies reach: every operator on every type, relation kind, quantifier, function, clause and error class.

The table is printed with `-s`; a hole fails. With `--hypothesis-profile=long` it is drawn from 5000 times, else less.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from relgraph import RelationRegistry, strategies
from relgraph.functions import AGGREGATES, FUNCTIONS
from relgraph.operators import OPERATORS, QUANTIFIERS
from relgraph.query.parse import PARAMETERS
from relgraph.relation import Relation
from relgraph.schema import Collection, Schema
from relgraph.strategies.operands import comparisons, fitting
from relgraph.strategies.registries import DrawnRegistry
from relgraph.values import FieldType
from tests.conformance.cases import DATASET

THOROUGH = settings().max_examples >= 1000
DRAWS = 5000 if THOROUGH else 250
MANY = settings(max_examples=DRAWS, derandomize=True, database=None, deadline=None)


def complete(seen: Counter[str], owed: set[str]) -> None:
    """Print how often each was drawn, and fail on one that never was."""
    print("\n".join(f"{count:7} {name}" for name, count in sorted(seen.items())))
    assert sorted(owed - seen.keys()) == []


def words(value: Any) -> Iterator[str]:
    """Yield every key and text of a query."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from words(inner)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from words(each)
    elif isinstance(value, str):
        yield value


def test_operators_on_types() -> None:
    """Every operator that applies to a type is drawn for it."""
    seen: Counter[str] = Counter()

    @MANY
    @given(data=st.data())
    def draw(data: st.DataObject) -> None:
        for field_type in FieldType:
            for _ in range(2 if THOROUGH else 8):
                seen[f"{field_type.value} {next(iter(data.draw(comparisons(field_type))))}"] += 1

    draw()
    complete(seen, {f"{each.value} {row.name}" for each in FieldType for row in fitting(each)})


def test_schemas_and_items() -> None:
    """Every kind of relation, type of field, form of key and table, and kind of damage is drawn."""
    seen: Counter[str] = Counter()

    linked = [strategies.schemas(max_collections=5, kinds=[kind]) for kind in ("m2a", "m2m")]
    damaged = [strategies.registries(each, min_items=2, max_items=3, damage=True) for each in linked]

    @settings(MANY, max_examples=max(DRAWS, 600))  # a rare kind of damage needs a rare kind of relation
    @given(registry=st.one_of(strategies.registries(max_items=4, damage=True), damaged[0], *damaged))
    def draw(registry: DrawnRegistry) -> None:
        schema = registry.schema
        own = [collection for collection in schema if collection.name != "relgraph_relations"]
        seen.update(name for collection in own for name in forms(collection))
        seen.update(kind for relation in schema.relations for kind in kinds(schema, relation))
        seen.update(f"planted {each.rule}" for each in registry.planted)

    draw()
    types = {each.value for each in FieldType if each is not FieldType.CSV}
    shapes = {"m2o", "m2m", "m2a", "tree", "translations", "sorted", "ON DELETE CASCADE", "ON DELETE SET NULL"}
    tables = {"composite key", "text key", "without rowid", "generated", "unique", "default", "required"}
    rules = {"dangling-m2o", "dangling-m2a", "m2a-collection", "key-form", "orphan-junction", "duplicate-link"}
    planted = {f"planted {rule}" for rule in (*rules, "tree-cycle", "sort-order")}
    complete(seen, {*types, *shapes, *tables, *planted})


def forms(collection: Collection) -> Iterator[str]:
    """Yield what a collection is an example of."""
    for field in collection.fields.values():
        yield field.type.value
        yield from (word for word in ("generated", "unique") if getattr(field, word))
        if field.default_sql is not None:
            yield "default"
        if not field.nullable and field.name not in collection.primary_key:
            yield "required"
    if len(collection.primary_key) > 1:
        yield "composite key"
    elif collection.key is not None and collection.key.affinity == "TEXT":
        yield "text key"
    if not collection.has_rowid:
        yield "without rowid"


def kinds(schema: Schema, relation: Relation) -> Iterator[str]:
    """Yield what a relation is an example of."""
    yield relation.kind
    if relation.one_collection == relation.many_collection:
        yield "tree"
    if relation.sort_field:
        yield "sorted"
    if relation.foreign_key is not None:
        yield f"ON DELETE {relation.foreign_key.on_delete}"
    if relation.junction_field and relation.one_collection:
        yield "translations" if relation.one_collection.startswith("languages") else "m2m"


def test_queries() -> None:
    """Every parameter, operator, quantifier, function and aggregate is drawn, over a project with all types.

    So are the forms of a parameter: both counts, one or `*`, long pages and whole lists, calls beyond two relations.
    """
    seen: Counter[str] = Counter()
    with RelationRegistry(DATASET, read_only=True) as registry:
        names = [each.name for each in registry.schema if not each.system and each.hops]

        @MANY
        @given(data=st.data())
        def draw(data: st.DataObject) -> None:
            name = data.draw(st.sampled_from(names))
            drawn = [data.draw(strategies.queries(registry, name, aggregate=None)) for _ in range(6)]
            query = {key: part for each in drawn for key, part in each.items()}
            seen.update(query.keys() & PARAMETERS.keys())
            found = [*words(drawn)]
            seen.update(word for word in found if word in OPERATORS or word in QUANTIFIERS or word in ("_and", "_or"))
            seen.update(call[1] for word in found if (call := re.match(r"-?(?:[^()]*\.)?(\w+)\(", word)))
            seen.update(f"aggregate {word}" for word in query.get("aggregate", ()))
            seen.update("$FOLLOW" for word in found if word.startswith("$FOLLOW"))
            seen.update(form for each in drawn for form in parameter_forms(each))

        draw()
    operators = {row.name for each in FieldType for row in fitting(each) if "intersects" not in row.name}
    aggregates = {f"aggregate {name}" for name in AGGREGATES}
    forms = {
        "meta *",
        "meta total_count",
        "meta filter_count",
        "meta total_count, filter_count",
        "long",
        "whole",
        "$NOW",
    }
    forms |= {"call beyond two relations in fields", "call beyond two relations in sort"}
    complete(
        seen, {*PARAMETERS, *QUANTIFIERS, *FUNCTIONS, *aggregates, *forms, "_and", "_or", "$FOLLOW"} - {"group_by"}
    )
    if THOROUGH:
        complete(seen, operators)


def parameter_forms(query: dict[str, Any]) -> Iterator[str]:
    """Yield the forms that the parameters of a query have."""
    if "meta" in query:
        yield f"meta {', '.join(query['meta'])}"
    if query.get("limit", 0) > 4:
        yield "long"
    if query.get("limit") == -1:
        yield "whole"
    yield from ("$NOW" for word in words(query) if word.startswith("$NOW("))
    for clause in ("fields", "sort"):
        far = (path for path in query.get(clause, ()) if re.match(r"-?(?:[^().]+\.){2}\w+\(", path))
        yield from (f"call beyond two relations in {clause}" for _ in far)


def test_error_classes() -> None:
    """Every class of error that a query can be refused with is drawn."""
    seen: Counter[str] = Counter()

    @MANY
    @given(registry=strategies.registries(max_items=0), data=st.data())
    def draw(registry: DrawnRegistry, data: st.DataObject) -> None:
        for collection in registry.schema:
            strategy = strategies.invalid_queries(registry, collection.name)
            seen.update(data.draw(strategy)[1].__name__ for _ in range(3))

    draw()
    names = {
        "UnknownField",
        "NotARelation",
        "UnknownOperator",
        "UnknownFunction",
        "OperatorNotAllowed",
        "InvalidOperand",
    }
    complete(seen, names | {"InvalidQuery", "LimitExceeded", "UnknownCollection"})
