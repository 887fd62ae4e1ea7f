"""Items: new ones for a collection of an open registry, valid under its relations and constraints.

In: a registry, the name of a collection. Out: strategies of items as their database keeps them. Foreign keys are drawn
from the rows that are there when a value is drawn. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hypothesis import assume
from hypothesis import strategies as st

from relgraph.strategies.bounds import InvalidBounds
from relgraph.strategies.drafts import Drafts, Plan
from relgraph.strategies.parts import Item
from relgraph.strategies.plans import Values, plan_of

if TYPE_CHECKING:
    from relgraph.registry import RelationRegistry


def items(registry: RelationRegistry, collection: str, *, values: Values | None = None) -> st.SearchStrategy[Item]:
    """Give a strategy of whole items, as `INSERT` takes them: a value for every column but the generated ones.

    Types, NOT NULL, UNIQUE, CHECK and declared lengths are kept; keys are new, and foreign keys are those of items that
    are there. `values` says what some fields hold. Where there is no room for another item (all links are made, or
    there is nothing that a required key could point at) the draw is given up, as `assume` does.
    Errors: `InvalidBounds` for a view or an unknown field, and for a CHECK that no known value passes.

    >>> from relgraph import RelationRegistry
    >>> with RelationRegistry() as registry:
    ...     _ = registry.connection.execute(
    ...         "CREATE TABLE tags (id INTEGER PRIMARY KEY, size INT NOT NULL CHECK (size > 3))"
    ...     )
    ...     item = items(registry, "tags").example()
    >>> item["size"] > 3
    True
    """
    plan = plan_of(registry, collection, values=_strategies(values))
    return _items(registry, plan)


def payloads(
    registry: RelationRegistry, collection: str, *, values: Values | None = None, omit: bool = True
) -> st.SearchStrategy[Item]:
    """Give a strategy of items as a caller hands them over to be made: what the database can fill in may be left out.

    That is a key that counts up, what has a default and what may be NULL. Without `omit` only such a key is left out.
    Otherwise it is as `items`.

    >>> from relgraph import RelationRegistry
    >>> with RelationRegistry() as registry:
    ...     _ = registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT NOT NULL, size INT)")
    ...     "label" in payloads(registry, "tags").example()
    True
    """
    plan = plan_of(registry, collection, values=_strategies(values))
    kept = {name for part in plan.parts for name in part.names if len(part.names) > 1} | set(values or {})
    fields = registry.schema.collections[collection].fields
    counting = [name for name in plan.key if plan.key == (name,) and fields[name].declared_type.upper() == "INTEGER"]
    counting = [name for name in counting if name not in (values or {})]
    loose = [name for name in fields if name not in {*plan.required, *plan.key, *kept} or _has_default(fields[name])]
    loose = [name for name in loose if name not in (values or {})] if omit else []
    left_out = st.sets(st.sampled_from(loose)) if loose else st.just(set())
    return st.builds(_without, _items(registry, plan), left_out, st.just(tuple(counting)))


@st.composite
def _items(draw: st.DrawFn, registry: RelationRegistry, plan: Plan) -> Item:
    made = Drafts(registry, {plan.collection: plan}).make({plan.collection: [draw(plan.drawn)]})[plan.collection]
    assume(made)
    order = registry.schema.collections[plan.collection].fields
    return {name: made[0][name] for name in order if name in made[0]}


def _has_default(field: Any) -> bool:
    return field.default_sql is not None


def _without(item: Item, left_out: set[str], counting: tuple[str, ...]) -> Item:
    return {name: value for name, value in item.items() if name not in left_out and name not in counting}


def _strategies(values: Any) -> Values:
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise InvalidBounds("values", f"a mapping of strategies by field is needed, not {type(values).__name__}")
    for name, strategy in values.items():
        if not isinstance(strategy, st.SearchStrategy):
            raise InvalidBounds(f"values.{name}", "a strategy is needed", "write st.just(...) around a value")
    return dict(values)
