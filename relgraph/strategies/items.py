"""Items: new ones for a collection of an open registry, valid under its relations and constraints.

In: a registry, the name of a collection. Out: strategies of items as their database keeps them. Foreign keys are drawn
from the rows that are there when a value is drawn. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from hypothesis import assume
from hypothesis import strategies as st

from relgraph.strategies.bounds import InvalidBounds
from relgraph.strategies.checks import Check, checks_of
from relgraph.strategies.drafts import Drafts, Plan
from relgraph.strategies.parts import Item, Part, Pointing, PointingAnywhere
from relgraph.strategies.plans import Values, plan_of
from relgraph.values import INTEGERS

if TYPE_CHECKING:
    from relgraph.registry import RelationRegistry


def items(registry: RelationRegistry, collection: str, *, values: Values | None = None) -> st.SearchStrategy[Item]:
    """Give a strategy of whole items, as `INSERT` takes them: a value for every column but the generated ones.

    Types, NOT NULL, UNIQUE, CHECK and declared lengths are kept; keys are new, and foreign keys are those of items that
    are there. `values` says what some fields hold. Where there is no room for another item, since all links are made,
    or a CHECK or UNIQUE forbids what `values` drew, the draw is given up, as `assume` does.
    Errors: `InvalidBounds` for a view or an unknown field, and for a CHECK that no known value passes; when drawn from,
    where a required key leads to a collection without items.

    >>> from relgraph import RelationRegistry
    >>> with RelationRegistry() as registry:
    ...     _ = registry.connection.execute(
    ...         "CREATE TABLE tags (id INTEGER PRIMARY KEY, size INT NOT NULL CHECK (size > 3))"
    ...     )
    ...     item = items(registry, "tags").example()
    >>> item["size"] > 3
    True
    """
    return _items(_Source(registry, plan_of(registry, collection, values=_strategies(values))))


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
    checks = checks_of(registry, registry.schema.collections[collection])
    loose = [field.name for field in registry.schema.collections[collection].fields.values()] if omit else []
    loose = [name for name in loose if name not in (values or {}) and _can_be_missing(registry, plan, checks, name)]
    return _payloads(_Source(registry, plan), loose, _counting(registry, plan, checks, values or {}))


class _Source:
    """A registry, and how items of one of its collections are made; no value, for it would print whole."""

    def __init__(self, registry: RelationRegistry, plan: Plan) -> None:
        self.registry = registry
        self.plan = plan

    def __repr__(self) -> str:
        return f"of({self.plan.collection!r})"


def _can_be_missing(registry: RelationRegistry, plan: Plan, checks: Sequence[Check], name: str) -> bool:
    """Tell whether the database can fill a field in, without breaking a constraint that speaks of others too."""
    field = registry.schema.collections[plan.collection].fields[name]
    part = next((part for part in plan.parts if name in part.names), None)
    asked = [check for check in checks if name in check.names]
    if any(len(check.names) > 1 for check in asked) or (part is not None and len(part.names) > 1):
        return False
    if field.default_sql is not None:
        return not any(name in names for names in plan.unique)
    return name not in {*plan.required, *plan.key} and all(check.passed(registry, {}) for check in asked)


def _counting(registry: RelationRegistry, plan: Plan, checks: Sequence[Check], values: Values) -> tuple[str, ...]:
    """Give the key, where it counts up by itself and nothing else says what it is to be."""
    fields = registry.schema.collections[plan.collection].fields
    pointing = (part.names for part, points in zip(plan.parts, plan.pointing, strict=True) if points)
    said = {*values, *chain(*pointing, *(check.names for check in checks))}
    counts = len(plan.key) == 1 and fields[plan.key[0]].declared_type.upper() == "INTEGER"
    return plan.key if counts and plan.key[0] not in said and fields[plan.key[0]].type in INTEGERS else ()


@st.composite
def _items(draw: st.DrawFn, source: _Source) -> Item:
    registry, plan = source.registry, source.plan
    drafts = Drafts(registry, {plan.collection: plan})
    made = drafts.make({plan.collection: [draw(plan.drawn)]})[plan.collection]
    if not made:
        _check_targets(plan, drafts)
    assume(made)
    order = registry.schema.collections[plan.collection].fields
    return {name: made[0][name] for name in order if name in made[0]}


@st.composite
def _payloads(draw: st.DrawFn, source: _Source, loose: list[str], counting: tuple[str, ...]) -> Item:
    """Draw an item, and which of its loose fields are left out beside a key that counts up."""
    item = draw(_items(source))
    left_out = draw(st.sets(st.sampled_from(loose))) if loose else set[str]()
    return _without(item, left_out, counting, source.plan)


def _check_targets(plan: Plan, drafts: Drafts) -> None:
    """Raise where a required key leads to collections that hold nothing."""
    for part in plan.parts:
        targets = _required_targets(part)
        if targets and not any(drafts.of(name, fields, None) for name, fields in targets.items()):
            problem = f"it must point at an item of {' or '.join(map(repr, targets))}, and there is none"
            raise InvalidBounds(f"{plan.collection}.{', '.join(part.names)}", problem, "put an item there first")


def _required_targets(part: Part) -> dict[str, tuple[str, ...]]:
    """Give the collections that a part must point into, with the fields it points at; of a tree none is needed."""
    if isinstance(part, PointingAnywhere) and part.required:
        return {name: (key,) for name, key in part.keys.items()}
    if isinstance(part, Pointing) and part.required and not part.own:
        return {part.collection: part.to_names}
    return {}


def _without(item: Item, left_out: set[str], counting: tuple[str, ...], plan: Plan) -> Item:
    """Leave out what is to be; the key stays where the item points at itself."""
    own = {name for part in plan.parts if isinstance(part, Pointing) and part.own for name in part.names}
    stays = any(item[name] in (item[key] for key in counting) for name in own)
    gone = {*left_out, *(() if stays else counting)}
    return {name: value for name, value in item.items() if name not in gone}


def _strategies(values: Any) -> Values:
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise InvalidBounds("values", f"a mapping of strategies by field is needed, not {type(values).__name__}")
    for name, strategy in values.items():
        if not isinstance(strategy, st.SearchStrategy):
            raise InvalidBounds(f"values.{name}", "a strategy is needed", "write st.just(...) around a value")
    return dict(values)
