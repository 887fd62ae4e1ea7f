"""The faults of the mutation check fit the present source; the check itself is run by hand, see `run`."""

from __future__ import annotations

import ast

import pytest

from relgraph import RelationRegistry
from tests.laws.worlds import World
from tests.mutations.faults import MUTANTS, SHRUNK, SMALL, Mutant
from tests.mutations.run import GOAL, ROOT, Outcome, mutated, size_in


def test_there_are_fifty() -> None:
    """Fifty faults, each another one."""
    assert len(MUTANTS) == len({(each.file, each.old, each.new) for each in MUTANTS}) == 50


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.words)
def test_a_fault_can_be_put_in(mutant: Mutant) -> None:
    """The text that a fault replaces is there, what comes out is Python, and the laws that look for it are there."""
    source = (ROOT / "relgraph" / mutant.file).read_text("utf-8")
    changed = mutated(source, mutant)
    assert changed != source
    ast.parse(changed)
    assert all((ROOT / "tests" / "laws" / law).exists() for law in mutant.laws)


def test_ten_are_shrunk() -> None:
    """Those whose examples are shrunk are ten, and drawn examples find them first."""
    assert len({MUTANTS[number] for number in SHRUNK}) == 10
    assert {MUTANTS[number].laws[0] for number in SHRUNK} == {SMALL}


def test_a_size_is_read_as_a_law_says_it() -> None:
    """The last size that a report says is that of the example that failed."""
    with RelationRegistry() as registry:
        registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY)")
        world = World(registry, {"tags": [{"id": 1}, {"id": 2}]})
        said = [
            world.size_with({}),
            world.size_with({"filter": {"_or": [{"id": {"_eq": 1, "_gt": 0}}]}, "search": "a"}),
        ]
    assert size_in("\n".join(said)) == (1, 2, 3)
    assert size_in("passed") == ()


@pytest.mark.parametrize(("size", "fits"), [(GOAL, True), ((1, 6, 1), False), ((), False)])
def test_what_is_too_large_is_said(size: tuple[int, ...], fits: bool) -> None:
    """An example that is larger than it should be is marked, and one that there is not is said."""
    line = Outcome("a fault", "test_law", 1.0, size).size_line
    assert ("TOO LARGE" not in line and "no example" not in line) is fits
