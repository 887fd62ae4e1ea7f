"""Groupings: valid questions for aggregates, grouped or not.

In: a registry or a schema, the name of a collection. Out: strategies of queries. Raises `InvalidBounds`.
"""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from relgraph.schema import Schema
from relgraph.strategies.bounds import collection_of, schema_of
from relgraph.strategies.choosing import Choices
from relgraph.strategies.filters import drawn_filters
from relgraph.strategies.ways import Ways, per_schema, ways_of

Query = dict[str, Any]

SETS: Final = ((), (0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2))  # which of three are wanted
PAIRS: Final = ((0,), (1,), (0, 1))
_LIMITS: Final = (*(None,) * 6, 1, 2, 3, 4, 5, 10, 100, -1, -1, 0)


def groupings(registry: Any, collection: str) -> st.SearchStrategy[Query]:
    """Give a strategy of questions for aggregates of a collection, grouped or not.

    Errors: `InvalidBounds`.

    >>> from relgraph import RelationRegistry
    >>> with RelationRegistry() as registry:
    ...     _ = registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT)")
    ...     "aggregate" in groupings(registry, "tags").example()
    True
    """
    schema = schema_of(registry)
    return drawn_groupings(schema, collection_of(schema, collection).name)


@per_schema
def drawn_groupings(schema: Schema, name: str) -> st.SearchStrategy[Query]:
    """Give a strategy of questions for aggregates of a collection, which may be one of Directus's own."""
    return _groupings(ways_of(schema, name))


@st.composite
def _groupings(draw: st.DrawFn, ways: Ways) -> Query:
    choices = Choices(draw)
    query: Query = {"aggregate": _aggregates(choices, ways)}
    if choices.of((False, True)):
        query["groupBy"] = _apart(choices.several(ways.grouped, SETS), query["aggregate"]) or [ways.fields[0].name]
        if choices.of((False, True)):
            sortable = [*query["groupBy"], *_measured(query["aggregate"])]
            keys = dict.fromkeys(choices.several(sortable, PAIRS))
            query["sort"] = [choices.of(("", "-")) + key for key in keys]
    if choices.of((False, True)):
        query["filter"] = draw(drawn_filters(ways.schema, ways.collection.name, 2))
    return query | page(choices)


def page(choices: Choices) -> Query:
    """Choose a slice of a list, or all of it."""
    found: Query = {}
    limit, number = choices.of(_LIMITS), choices.of((None, 1, 2, 3))
    if limit is not None:
        found["limit"] = limit
        if limit > 0 and number is not None:
            found["page"] = number
    if choices.once_in(5):
        found["offset"] = choices.of(range(4))
    return found


def _aggregates(choices: Choices, ways: Ways) -> dict[str, list[str]]:
    """Choose up to three aggregates, each of all items or of a field or two."""
    asked: dict[str, list[str]] = {}
    for name, star, fields in choices.several(ways.measured, SETS[1:]):
        of_items = star and choices.of((True, False))
        asked[name] = ["*"] if of_items or not fields else list(dict.fromkeys(choices.several(fields, PAIRS)))
    return asked or {"count": ["*"]}


def _apart(paths: list[str], aggregate: dict[str, list[str]]) -> list[str]:
    """Give the paths whose places in the answer are free: one object cannot hold a value and an object there."""
    taken: set[tuple[str, bool]] = set()
    kept = []
    for path in paths:
        first, across = path.split(".")[0], "." in path
        if (first, not across) not in taken and first not in aggregate:
            kept.append(path)
            taken.add((first, across))
    return kept


def _measured(aggregate: dict[str, list[str]]) -> list[str]:
    return [name if field == "*" else f"{name}.{field}" for name, fields in aggregate.items() for field in fields]
