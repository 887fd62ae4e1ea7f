"""A world to ask questions of: an open registry and the same rows as Python values.

In: a drawn database, or the recorded data set. Out: the two evaluators' answers to one question, errors included.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import field, frozen
from hypothesis import note
from hypothesis import strategies as st

from relgraph import RelationRegistry, RelgraphError, evaluate
from relgraph.read.result import Result
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

    def by_sql(self, collection: str, query: Any) -> Result:
        """Give the answer of the database."""
        return self.registry.items(collection).read(query)

    def in_memory(self, collection: str, query: Any) -> Result:
        """Give the answer of the Python evaluator."""
        return evaluate(query, self.rows, self.registry.schema, collection=collection)

    def close(self) -> None:
        """Close the registry."""
        self.registry.close()


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
