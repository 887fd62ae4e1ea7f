"""A world to ask questions of: an open registry and the same rows as Python values.

In: a drawn database, or the recorded data set. Out: the two evaluators' answers to one question, errors included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen
from hypothesis import note
from hypothesis import strategies as st

from relgraph import RelationRegistry, RelgraphError, evaluate
from relgraph.operators import OPERATORS
from relgraph.read.result import Result
from relgraph.schema import Hop
from tests.conformance.compare import same
from tests.laws.databases import Database, stored_rows


@frozen
class World:
    """A registry, and the rows of its database by collection."""

    registry: RelationRegistry
    rows: dict[str, list[dict[str, Any]]] = field(repr=False)

    @property
    def collections(self) -> list[str]:
        """The collections a query can be asked of."""
        return [collection.name for collection in self.registry.schema if not collection.system]

    @property
    def ordered(self) -> bool:
        """Whether every collection has a primary key, so that there is one right order of every list."""
        return all(collection.primary_key for collection in self.registry.schema)

    def draw_collection(self, draw: Callable[..., str]) -> str:
        """Draw a collection, more often one with items and relations to go through."""
        schema = self.registry.schema.collections
        rich = [name for name in self.collections if self.rows[name] and schema[name].hops]
        return draw(st.sampled_from([*self.collections, *rich * 3]), label="collection")

    def size_with(self, query: Any) -> str:
        """Say how large an example is: what `tests.mutations.run --shrink` reads of a failure."""
        rows = [len(self.rows[name]) for name in self.collections]
        return f"size: {len(rows)} collections, {sum(rows)} rows, {conditions_in(query)} conditions"

    def by_sql(self, collection: str, query: Any) -> Result:
        """Give the answer of the database."""
        return self.registry.items(collection).read(query)

    def in_memory(self, collection: str, query: Any) -> Result:
        """Give the answer of the Python evaluator."""
        return evaluate(query, self.rows, self.registry.schema, collection=collection)

    def close(self) -> None:
        """Close the registry."""
        self.registry.close()


def conditions_in(query: Any) -> int:
    """Give how many conditions a query makes: comparisons, at whatever level, and searches.

    >>> conditions_in({"filter": {"tags": {"_some": {"n": {"_gt": 1, "_lt": 3}}}}, "search": "a"})
    3
    """
    if isinstance(query, Mapping):
        own = sum(name in OPERATORS or name in ("search", "_search") for name in query)
        return own + sum(conditions_in(inner) for inner in query.values())
    return sum(map(conditions_in, query)) if isinstance(query, (list, tuple)) else 0


def check(world: World, collection: str, query: object) -> None:
    """Fail unless both evaluators answer the query, and answer it alike, in the same order where there is one."""
    if not world.ordered:
        query = without_slices(query)
    note(world.size_with(query))
    by_sql, in_memory = (outcome(lambda ask=ask: ask(collection, query)) for ask in (world.by_sql, world.in_memory))
    assert not isinstance(by_sql, Refusal), f"a valid query was refused: {by_sql}"
    assert agree(by_sql, in_memory, unordered=not world.ordered), f"\nby SQL:    {by_sql}\nin memory: {in_memory}"


def related(world: World, hop: Hop, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the rows that a hop leads to from a row, told by looking at all of them."""
    form, guard, key = hop.form or (lambda key: key), hop.guard, row[hop.near_field]

    def belongs(far: dict[str, Any]) -> bool:
        meant = guard is None or (far if guard.far else row)[guard.field] == guard.collection
        return meant and key is not None and far[hop.far_field] is not None and form(far[hop.far_field]) == form(key)

    return list(filter(belongs, world.rows[hop.far]))


def world_of(database: Database) -> World:
    """Give a world on a drawn database, which a failure prints as a script."""
    note(database.script())
    connection = database.make()
    return World(RelationRegistry(connection), stored_rows(connection))


@frozen
class Refusal:
    """An error, as far as a caller can tell two apart."""

    status: int
    code: str
    where: str


def outcome(question: Callable[[], Result]) -> Result | Refusal:
    """Give the result, or the refusal; anything else that is raised is a defect and goes through."""
    try:
        return question()
    except RelgraphError as error:
        return Refusal(error.status, error.code, error.where)


def agree(left: Result | Refusal, right: Result | Refusal, *, unordered: bool = False) -> bool:
    """Tell whether two outcomes are the same: the same items in the same order and the same meta, or the same error."""
    if isinstance(left, Refusal) or isinstance(right, Refusal):
        return left == right
    return same(left.data, right.data, unordered=unordered) and same(left.meta, right.meta)


def without_slices(query: Any) -> Any:
    """Give a query without what cuts lists by their order, at every level."""
    sliced = ("limit", "offset", "page", "_limit", "_offset", "_page")
    if isinstance(query, dict):
        return {name: without_slices(value) for name, value in query.items() if name not in sliced}
    return query
