"""relgraph's side: the same questions as queries, from a dict, by key, and prepared.

In: a database file. Out: for each workload a function from arguments to the answer, and what a query costs before it
runs for the first time.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.workloads import ARTICLE, Workload
from relgraph import Param, RelationRegistry
from relgraph.query.parse import parse
from relgraph.query.resolve import resolve
from relgraph.read.fetch import Reader

Run = Callable[..., Any]


def connect(path: Path) -> RelationRegistry:
    """Open the database."""
    return RelationRegistry(path, read_only=True)


def from_dict(registry: RelationRegistry, workload: Workload) -> Run | None:
    """Give `items.read` of a query that is made anew for each question."""
    items, ask = registry.items(workload.collection), workload.ask
    return lambda **arguments: items.read(ask(**arguments)).data


def by_key(registry: RelationRegistry, workload: Workload) -> Run | None:
    """Give `items.get`, for the one workload that reads by key."""
    if workload.form != "point":
        return None
    items = registry.items(workload.collection)
    return lambda key: [items.get(key, {"fields": ARTICLE})]


def prepared(registry: RelationRegistry, workload: Workload) -> Run | None:
    """Give the query compiled once; None where it cannot be."""
    if workload.prepared_target is None:
        return None
    names = workload.ask.__code__.co_varnames[: workload.ask.__code__.co_argcount]
    query = registry.items(workload.collection).prepare(workload.ask(**{name: Param(name) for name in names}))
    return lambda **arguments: query(**arguments).data


WAYS: dict[str, Callable[[RelationRegistry, Workload], Run | None]] = {
    "relgraph": from_dict,
    "get": by_key,
    "prepared": prepared,
}


def compiled(registry: RelationRegistry, workload: Workload, query: dict[str, Any]) -> Reader:
    """Parse, resolve and plan a query and write its row builders: all that is done before a new query runs."""
    resolved = resolve(parse(query), registry.schema, workload.collection, limits=registry.limits)
    reader = Reader(resolved)
    assert reader.builders.items
    return reader
