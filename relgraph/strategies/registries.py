"""Registries: open databases in memory with relations and items, drawn whole, or learnt from a file.

In: bounds, a schema, a path. Out: strategies of registries that print as the script that makes them. A registry that
was drawn is closed when nothing holds it any more. Raises `InvalidBounds`, and what opening a file raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from hypothesis import strategies as st

from relgraph.registry import RelationRegistry
from relgraph.storage.sql_text import quoted
from relgraph.strategies.blueprints import Blueprint, run, without_foreign_keys
from relgraph.strategies.bounds import InvalidBounds, check_range
from relgraph.strategies.choosing import Pool
from relgraph.strategies.drafts import Drafts, Plan
from relgraph.strategies.parts import Item
from relgraph.strategies.plans import plan_of
from relgraph.strategies.planting import Planted, plant
from relgraph.strategies.schemas import schemas
from relgraph.strategies.scripts import dump
from relgraph.strategies.values import values_of
from relgraph.values import Stored

_LEARNT: Final = 50  # values of one field that are remembered


class DrawnRegistry(RelationRegistry):
    """A registry of a database in memory that prints as what makes it again; `planted` is what is known to be wrong."""

    planted: tuple[Planted, ...] = ()

    def __repr__(self) -> str:
        said = "" if not self.planted else f", planted={self.planted!r}"
        return f"opened({_as_text(dump(self))}{said})"

    def __del__(self) -> None:
        database = getattr(self, "database", None)
        if database is not None:
            database.raw.close()


def opened(script: str, *, planted: Iterable[Planted] = ()) -> DrawnRegistry:
    """Give a registry of a new database in memory that a script makes, as drawn registries print.

    >>> registry = opened("CREATE TABLE tags (id INTEGER PRIMARY KEY); INSERT INTO tags VALUES (7);")
    >>> registry.items("tags").read().data
    [{'id': 7}]
    """
    registry = DrawnRegistry()
    registry.connection.execute("PRAGMA foreign_keys = OFF")
    registry.connection.executescript(script)
    registry.connection.execute("PRAGMA foreign_keys = ON")
    registry.planted = tuple(planted)
    return registry


def registries(
    schema: Blueprint | st.SearchStrategy[Blueprint] | None = None,
    *,
    min_items: int = 0,
    max_items: int = 6,
    damage: bool = False,
) -> st.SearchStrategy[DrawnRegistry]:
    """Give a strategy of open registries with tables, relations and items, `max_items` in a collection at most.

    `schema` is a blueprint, or a strategy of such; without it there are `schemas()`. An audit finds no error, unless
    `damage` plants known problems: `registry.planted` says which. `min_items` is how many items are drawn for each
    collection; where there is no room for them all, as in a junction of empty collections, there are fewer.
    Errors: `InvalidBounds`.

    >>> registry = registries(max_items=3).example()
    >>> [problem.rule for problem in registry.audit() if problem.severity == "error"]
    []
    """
    check_range("min_items", min_items, "max_items", max_items)
    if schema is not None and not isinstance(schema, (Blueprint, st.SearchStrategy)):
        raise InvalidBounds("schema", f"a blueprint is needed, not {type(schema).__name__}", "schemas() draws them")
    if isinstance(schema, Blueprint):
        return _copies(_original(schema), min_items, max_items, damage)
    return _registries(schemas() if schema is None else schema, min_items, max_items, damage)


class _Original:
    """A database to be copied, and how the items of its collections are made; no value, for it would print whole."""

    def __init__(self, registry: DrawnRegistry, plans: Mapping[str, Plan], triggers: Sequence[str] = ()) -> None:
        self.registry = registry
        self.plans = plans
        self.triggers = triggers  # made in the end: they neither hear of what is drawn nor stop it

    def __repr__(self) -> str:
        return f"of({', '.join(map(repr, self.plans))})"


def _original(blueprint: Blueprint) -> _Original:
    """Give a blueprint's database, read once for all that are drawn."""
    if not isinstance(blueprint, Blueprint):
        raise InvalidBounds("schema", f"a blueprint is needed, not {type(blueprint).__name__}", "schemas() draws them")
    registry = DrawnRegistry()
    run(registry, blueprint.statements())
    return _Original(registry, {table.name: plan_of(registry, table.name) for table in blueprint.tables})


@st.composite
def _copies(draw: st.DrawFn, original: _Original, least: int, most: int, damage: bool) -> DrawnRegistry:
    registry = DrawnRegistry()
    original.registry.connection.backup(registry.connection)
    _fill(draw, registry, original.plans, least, most)
    if damage:
        registry.planted = draw(plant(registry))
    if original.triggers:
        run(registry, [(trigger, ()) for trigger in original.triggers])
    return registry


@st.composite
def _registries(
    draw: st.DrawFn, schema: st.SearchStrategy[Blueprint], least: int, most: int, damage: bool
) -> DrawnRegistry:
    original = _original(draw(schema))
    _fill(draw, original.registry, original.plans, least, most)
    if damage:
        original.registry.planted = draw(plant(original.registry))
    return original.registry


def _fill(draw: st.DrawFn, registry: DrawnRegistry, plans: Mapping[str, Plan], least: int, most: int) -> None:
    """Draw the items of all collections, and store them."""
    drawn = {name: draw(plan.several(least, most)) for name, plan in plans.items()}
    made = Drafts(registry, plans).make(drawn)
    with without_foreign_keys(registry):
        for name, items in made.items():
            if items:
                registry.connection.executemany(
                    _insertion(name, items[0]), [_in_order(items[0], each) for each in items]
                )


def _insertion(name: str, item: Item) -> str:
    names = ", ".join(map(quoted, item))
    return f"INSERT INTO main.{quoted(name)} ({names}) VALUES ({', '.join('?' * len(item))})"


def _in_order(names: Item, item: Item) -> tuple[Stored, ...]:
    return tuple([item[name] for name in names])


# --- from a file -----------------------------------------------------------------------------------------------------


def from_database(
    path: Any, *, min_items: int = 0, max_items: int = 6, values: bool = True, damage: bool = False
) -> st.SearchStrategy[DrawnRegistry]:
    """Give a strategy of registries learnt from a database file: its schema, and with `values` what its fields hold.

    Tables, indexes, views, triggers and relations are those of the file; so are the rows of relgraph's and Directus's
    own tables. The items of its collections are drawn anew: values are often those of the file, keys lead to what is
    there. The file is read once, when the strategy is made, and not changed.
    Errors: `InvalidBounds`; `CannotOpen` and its like; what `items` says of a CHECK.

    >>> from relgraph.demo import build
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     build(os.path.join(folder, "my.db"))
    ...     learnt = from_database(os.path.join(folder, "my.db"))
    >>> learnt.example().items("missions").count() <= 6
    True
    """
    check_range("min_items", min_items, "max_items", max_items)
    return _copies(_learn(path, values), min_items, max_items, damage)


def _learn(path: Any, values: bool) -> _Original:
    template = DrawnRegistry()
    with RelationRegistry(path, read_only=True) as file:
        file.connection.backup(template.connection)
    own = [each for each in template.schema if not each.system and not each.view]
    pools = {(each.name, name): pool for each in own for name, pool in _pools(template, each.name)} if values else {}
    plans = {each.name: plan_of(template, each.name, learnt=pools) for each in own}
    return _Original(template, plans, _emptied(template, list(plans)))


def _pools(registry: RelationRegistry, name: str) -> Iterable[tuple[str, Pool]]:
    """Yield for each field of a collection what it holds, the simplest first, and what else it may."""
    for field in registry.schema.collections[name].fields.values():
        if field.generated:
            continue
        column = quoted(field.name)
        sql = f"SELECT DISTINCT {column} FROM main.{quoted(name)} WHERE {column} IS NOT NULL LIMIT {_LEARNT}"
        found = [value for (value,) in registry.connection.execute(sql)]
        if found:
            yield field.name, Pool((2, sorted(found, key=_simplicity)), (1, values_of(field)))


def _simplicity(value: Stored) -> tuple[str, float, Stored]:
    """Give what values are sorted by, to shrink to small ones: SQLite tells them in the order of any index."""
    if isinstance(value, (str, bytes)):
        return type(value).__name__, len(value), value
    return "number", abs(value or 0), -(value or 0)


def _emptied(registry: RelationRegistry, names: Iterable[str]) -> tuple[str, ...]:
    """Drop the triggers, and delete all items; give the statements that make the triggers again."""
    triggers = registry.connection.execute("SELECT name, sql FROM main.sqlite_schema WHERE type = 'trigger'").fetchall()
    lines = [f"DROP TRIGGER main.{quoted(name)}" for name, _ in triggers]
    lines += [f"DELETE FROM main.{quoted(name)}" for name in names]
    run(registry, [(line, ()) for line in lines])
    return tuple(sql for _, sql in triggers)


def _as_text(script: str) -> str:
    """Give a script as Python spells it over several lines."""
    if "\\" in script or not script.replace("\n", "").isprintable() or '"""' in script:
        return repr(script)
    end = script[:-1] + '\\"' if script.endswith('"') else script
    return f'"""\n{end}\n"""'
