"""How fast strategies draw: `python -m benchmarks.strategies`. Aims: 100 registries with 50 rows, 500 queries a second.

Draws run as Hypothesis runs them in a test, generation alone, so the figures hold its own cost too. What it does once
in a process (reading the sources of the tests, tables of letters) is left out: some are drawn before. Each figure is
the best of three rounds.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from relgraph import strategies

DRAWN = 200
ONCE = settings(deadline=None, database=None, phases=[Phase.generate])


def rate(strategy: st.SearchStrategy[Any], count: Callable[[Any], int] = lambda _: 1) -> tuple[float, float]:
    """Give how many values are drawn in a second, and the mean of what `count` says of one."""
    _round(strategy, 30, count)
    rounds = [_round(strategy, DRAWN, count) for _ in range(3)]
    return max(each_second for each_second, _ in rounds), sum(mean for _, mean in rounds) / len(rounds)


def _round(strategy: st.SearchStrategy[Any], examples: int, count: Callable[[Any], int]) -> tuple[float, float]:
    counts: list[int] = []

    @settings(ONCE, max_examples=examples)
    @given(value=strategy)
    def draw(value: Any) -> None:
        counts.append(count(value))

    start = perf_counter()
    draw()
    return len(counts) / (perf_counter() - start), sum(counts) / len(counts)


def rows(registry: strategies.DrawnRegistry) -> int:
    """Give how many items a registry has."""
    connection = registry.connection
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'relgraph_relations'")
    return sum(connection.execute(f'SELECT count(*) FROM "{_doubled(name)}"').fetchone()[0] for (name,) in tables)


def _doubled(name: str) -> str:
    return name.replace('"', '""')


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
