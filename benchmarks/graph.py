"""How long questions to the graph take, for schemas of growing size: `python -m benchmarks.graph`.

Each schema has five relations for each collection, drawn at random from a fixed seed, with cycles, self references and
any-to-many relations among them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from time import perf_counter

from relgraph.graph import RelationGraph
from relgraph.linking import link
from relgraph.relation import Relation
from relgraph.schema import Collection, Field, Schema
from relgraph.values import FieldType

SIZES = (125, 250, 500, 1000)  # collections
POINTERS = 5  # of each collection


def schema_of(size: int) -> Schema:
    """Give a schema of so many collections."""
    chance = random.Random(size)
    names = [f"c{number:04}" for number in range(size)]
    return link(
        [_collection(name) for name in names], [each for name in names for each in _relations(chance, names, name)]
    )


def _collection(name: str) -> Collection:
    fields = [
        Field(name, "id", FieldType.INTEGER, nullable=False),
        Field(name, "kind", FieldType.STRING, affinity="TEXT"),
    ]
    fields += [Field(name, f"to{number}", FieldType.ANY) for number in range(POINTERS)]
    return Collection(name, {field.name: field for field in fields}, ("id",))


def _relations(chance: random.Random, names: list[str], name: str) -> Iterator[Relation]:
    for number in range(POINTERS):
        if chance.random() < 0.02:
            allowed = tuple(chance.sample(names, 3))
            yield Relation(name, f"to{number}", one_collection_field="kind", one_allowed_collections=allowed)
        else:
            yield Relation(name, f"to{number}", chance.choice(names), f"{name}_{number}")


def questions(graph: RelationGraph) -> dict[str, Callable[[], object]]:
    """Give what is asked of each schema."""
    first, last = graph.collections[0], graph.collections[-1]
    return {
        "links": lambda: graph.links,
        "neighbours": lambda: graph.neighbours(first),
        "required_by": lambda: graph.required_by(first),
        "path": lambda: graph.path(first, last),
        "reachable": lambda: graph.reachable(first),
        "paths of 4": lambda: graph.paths(first, last, 4),
        "junctions": lambda: graph.junctions(),
        "components": lambda: graph.components(),
        "cycles": lambda: graph.cycles(),
        "load_order": lambda: graph.load_order(),
        "to_dict": lambda: graph.to_dict(),
    }


def main() -> None:
    """Print a table: a row for each question, a column for each size, in milliseconds; the first call of each."""
    columns = []
    for size in SIZES:
        graph = RelationGraph(schema_of(size))
        columns.append({name: _milliseconds(ask) for name, ask in questions(graph).items()})
    print(f"{'ms':<12}" + "".join(f"{size:>7} / {size * POINTERS}" for size in SIZES))
    for name in columns[0]:
        print(f"{name:<12}" + "".join(f"{column[name]:>14.1f}" for column in columns))


def _milliseconds(ask: Callable[[], object]) -> float:
    begun = perf_counter()
    ask()
    return (perf_counter() - begun) * 1000


if __name__ == "__main__":
    main()
