"""How fast strategies draw: `python -m benchmarks.strategies`. Aims: 100 registries with 50 rows, 500 queries a second.

Draws run as Hypothesis runs them in a test, generation alone, so the figures hold its own cost too.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from relgraph import strategies

ONCE = settings(max_examples=60, deadline=None, database=None, phases=[Phase.generate])


def rate(strategy: st.SearchStrategy[Any], count: Callable[[Any], int] = lambda _: 1) -> tuple[float, float]:
    """Give how many values are drawn in a second, and the mean of what `count` says of one."""
    counts: list[int] = []

    @ONCE
    @given(value=strategy)
    def draw(value: Any) -> None:
        counts.append(count(value))

    start = perf_counter()
    draw()
    return len(counts) / (perf_counter() - start), sum(counts) / len(counts)


def rows(registry: strategies.DrawnRegistry) -> int:
    """Give how many items a registry has."""
    own = [collection.name for collection in registry.schema if collection.name != "relgraph_relations"]
    return sum(registry.items(name).count() for name in own)


def main() -> None:
    """Print the figures."""
    schemas = strategies.schemas(min_collections=4, max_collections=4)
    with strategies.Blueprint(FIXED).open() as registry:
        drawn = {
            "schemas of 4 collections": rate(schemas),
            "registries of 4 collections": rate(strategies.registries(schemas, min_items=13, max_items=15), rows),
            "registries of a fixed schema": rate(
                strategies.registries(strategies.Blueprint(FIXED), min_items=25, max_items=28), rows
            ),
            "filters": rate(strategies.filters(registry, "articles")),
            "queries": rate(strategies.queries(registry, "articles")),
            "invalid queries": rate(strategies.invalid_queries(registry, "articles")),
            "items": rate(strategies.items(registry, "articles")),
        }
    for name, (each_second, mean) in drawn.items():
        print(f"{name:30} {each_second:8.0f} a second" + (f", {mean:.0f} rows each" if mean > 1 else ""))


ID = (strategies.Column("id", "INTEGER"),)
FIXED = (
    strategies.Table("authors", ID, (strategies.Column("name", "TEXT"), strategies.Column("born", "DATE"))),
    strategies.Table(
        "articles",
        ID,
        (strategies.Column("title", "VARCHAR(80)"), strategies.Column("likes", "INTEGER")),
        (strategies.Pointer(strategies.Column("author", "INTEGER"), "authors", "id", alias="articles"),),
    ),
)

if __name__ == "__main__":
    main()
