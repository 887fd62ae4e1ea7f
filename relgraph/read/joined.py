"""Joined rows: the rows that the paths of one condition lead to, taken together.

In: a row, and paths of hops. Out: every choice of one row for each to-many path, a NULL row (None) where a path leads
nowhere. Conditions that share no to-many path are told apart first, so the number of choices does not multiply where it
need not: the answer is that of enumerating them all (`tests/read/test_memory.py` compares the two).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol, TypeAlias, assert_never

from relgraph.query.resolved import AllOf, AnyOf, Bindings, Condition, Quantified, Test
from relgraph.read.tables import FarRows, PartialRow, Row
from relgraph.schema import Hop
from relgraph.values import Truth

Path: TypeAlias = tuple[Hop, ...]
Names: TypeAlias = tuple[str, ...]  # a path by the names of its hops
Joined: TypeAlias = Mapping[Names, Row | None]  # the row chosen at each to-many path; () is the root

ROOT: Final[frozenset[Names]] = frozenset({()})


class Source(Protocol):
    """Where rows come from: `Tables`, or one nested item (`read.nested`).

    `assumed` is the truth of a test on what is not known; `opposite` assumes the reverse.
    """

    @property
    def bindings(self) -> Bindings: ...

    @property
    def assumed(self) -> Truth: ...

    def opposite(self) -> Source: ...

    def far_rows(self, hop: Hop) -> FarRows: ...


def names_of(path: Path) -> Names:
    """Give a path as the names of its hops."""
    return tuple(hop.name for hop in path)


def to_many(paths: Iterable[Path]) -> dict[Names, Path]:
    """Give every start of the paths that ends in a to-many hop, short ones before their continuations."""
    starts = (path[: length + 1] for path in paths for length, hop in enumerate(path) if hop.many)
    return {names_of(start): start for start in sorted(starts, key=len)}


def paths_of(condition: Condition) -> Iterator[Path]:
    """Give the paths that the tests and quantifiers of a condition start from."""
    match condition:
        case Test() | Quantified():
            yield condition.path
        case AllOf() | AnyOf():
            for part in condition.parts:
                yield from paths_of(part)
        case _:
            assert_never(condition)


def clusters(parts: Sequence[Condition], fixed: frozenset[Names]) -> list[tuple[list[Condition], dict[Names, Path]]]:
    """Divide the parts of an AND into those that share to-many paths, with the paths that at least two of them share.

    `fixed` are paths whose row is chosen already; they bind nothing together.
    """
    found: list[tuple[list[Condition], dict[Names, Path], dict[Names, Path]]] = []  # parts, all paths, shared paths
    for part in parts:
        free = {names: path for names, path in to_many(paths_of(part)).items() if names not in fixed}
        members, paths, shared = [part], dict(free), dict[Names, Path]()
        for cluster in [cluster for cluster in found if not free.keys().isdisjoint(cluster[1])]:
            found.remove(cluster)
            shared |= cluster[2] | {names: free[names] for names in free.keys() & cluster[1].keys()}
            members, paths = cluster[0] + members, cluster[1] | paths
        found.append((members, paths, shared))
    return [(members, shared) for members, _, shared in found]


def step(hop: Hop, source: Source) -> Callable[[Row | None], Sequence[Row | None]]:
    """Give the function from a row to the rows a hop joins to it: at least one, None where there is none."""
    far = source.far_rows(hop)

    def rows(row: Row | None) -> Sequence[Row | None]:
        found = far(row)
        if found is None:
            return (PartialRow(),)
        return (found if hop.many else found[:1]) or (None,)

    return rows


def rows_at(path: Path, fixed: frozenset[Names], source: Source) -> Callable[[Joined], Sequence[Row | None]]:
    """Give the function from joined rows to the rows at the end of a path, from its longest start in `fixed` on."""
    known = max(length for length in range(len(path) + 1) if names_of(path[:length]) in fixed)
    start = names_of(path[:known])
    steps = [step(hop, source) for hop in path[known:]]

    def rows(joined: Joined) -> Sequence[Row | None]:
        found: Sequence[Row | None] = (joined[start],)
        for far in steps:
            found = [row for near in found for row in far(near)]
        return found

    return rows


def joined_rows(
    paths: Mapping[Names, Path], fixed: frozenset[Names], source: Source
) -> Callable[[Joined], list[Joined]]:
    """Give the function that extends joined rows by every choice of one row for each of the to-many paths."""
    walks = []
    for names, path in sorted(paths.items(), key=lambda pair: len(pair[0])):
        walks.append((names, rows_at(path, fixed, source)))
        fixed = fixed.union({names})

    def rows(joined: Joined) -> list[Joined]:
        choices = [joined]
        for names, walk in walks:
            choices = [{**choice, names: row} for choice in choices for row in walk(choice)]
        return choices

    return rows
