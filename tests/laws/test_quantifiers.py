"""Laws of quantifiers, told by counting: a relation, the related items a filter is true of, and nothing else."""

from __future__ import annotations

from contextlib import closing
from typing import Any, Final

from hypothesis import given, note
from hypothesis import strategies as st

from relgraph.schema import Collection, Hop, Schema
from relgraph.strategies.ways import Ways, ways_of
from tests.laws.databases import Database
from tests.laws.queries import filters
from tests.laws.small_worlds import small_worlds
from tests.laws.worlds import World, related, world_of

WORDS: Final = {
    "_some": lambda fulfilled: any(fulfilled),
    "_none": lambda fulfilled: not any(fulfilled),
    "_every": lambda fulfilled: all(fulfilled),
}


@given(database=small_worlds(), data=st.data())
def test_quantifiers(database: Database, data: st.DataObject) -> None:
    """Of the items a relation leads to some, none or every one are among those that the inner filter finds by itself.

    Where a to-one path leads to nothing, there are no such items: none and every are true of them.
    """
    with closing(world_of(database)) as world:
        schema = world.registry.schema
        collection = schema.collections[world.draw_collection(data.draw)]
        for _ in range(4):
            path = data.draw(paths(schema, collection), label="path")
            if not path:
                continue
            asked = data.draw(filters(schema, path[-1].far, 1), label="inner filter")
            for word in WORDS:
                check(world, collection, path, word, asked)


@st.composite
def paths(draw: st.DrawFn, schema: Schema, collection: Collection) -> list[Hop]:
    """Draw a path of a to-many relation, behind to-one relations or not; none where the collection has none."""
    ways = ways_of(schema, collection.name)
    single = [hop for hop in ways.open if not hop.many]
    if single and draw(st.booleans()):
        hop = draw(st.sampled_from(single))
        many = _to_many(ways_of(schema, hop.far))
        return [hop, draw(st.sampled_from(many))] if many else []
    many = _to_many(ways)
    return [draw(st.sampled_from(many))] if many else []


def _to_many(ways: Ways) -> list[Hop]:
    return [*(hop for hop in ways.travelled if hop.many), *ways.follows]


def check(world: World, collection: Collection, path: list[Hop], word: str, asked: dict[str, Any]) -> None:
    """Compare what a quantified filter finds with what counting finds."""
    quantified: dict[str, Any] = {word: asked}
    for hop in reversed(path):
        quantified = {hop.name: quantified}
    note(world.size_with(quantified))
    fulfilling = keys_of(world, path[-1].far, asked)
    far = world.registry.schema.collections[path[-1].far]
    owed = set()
    for row in world.rows[collection.name]:
        if WORDS[word](key_in(far, each) in fulfilling for each in behind(world, path, row)):
            owed.add(key_in(collection, row))
    assert keys_of(world, collection.name, quantified) == owed, quantified


def behind(world: World, path: list[Hop], row: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the rows at the end of a path, told by looking at all of them."""
    reached = [row]
    for hop in path:
        reached = [far for near in reached for far in related(world, hop, near)]
    return reached


def key_in(collection: Collection, row: dict[str, Any]) -> tuple[Any, ...]:
    """Give the key of a row."""
    return tuple(row[name] for name in collection.primary_key)


def keys_of(world: World, collection: str, asked: dict[str, Any]) -> set[tuple[Any, ...]]:
    """Give the keys of the items that a filter finds."""
    names = list(world.registry.schema.collections[collection].primary_key)
    return {tuple(item.values()) for item in world.by_sql(collection, {"fields": names, "filter": asked}).data}
