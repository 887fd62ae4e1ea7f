"""Hypothesis strategies for relational data: schemas, registries, items, queries, accesses.

In: bounds, a registry, a file. Out: strategies, named and used as Hypothesis's own are: plural nouns, keyword-only
bounds, values that shrink to small ones and print as Python that makes them again. Bounds that nothing can keep to
raise `InvalidBounds` when the strategy is made. Hypothesis comes with the extra `relgraph[testing]`.
"""

from __future__ import annotations

from relgraph.strategies.accesses import accesses
from relgraph.strategies.blueprints import AnyPointer, Blueprint, Column, Pointer, Table
from relgraph.strategies.bounds import InvalidBounds
from relgraph.strategies.filters import filters
from relgraph.strategies.groupings import groupings
from relgraph.strategies.invalid import invalid_queries
from relgraph.strategies.items import items, payloads
from relgraph.strategies.planting import Planted
from relgraph.strategies.queries import queries
from relgraph.strategies.registries import DrawnRegistry, from_database, opened, registries
from relgraph.strategies.schemas import schemas

__all__ = [
    "AnyPointer",
    "Blueprint",
    "Column",
    "DrawnRegistry",
    "InvalidBounds",
    "Planted",
    "Pointer",
    "Table",
    "accesses",
    "filters",
    "from_database",
    "groupings",
    "invalid_queries",
    "items",
    "opened",
    "payloads",
    "queries",
    "registries",
    "schemas",
]
