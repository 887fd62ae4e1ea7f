"""The faults of the mutation check fit the present source; the check itself is run by hand, see `run`."""

from __future__ import annotations

import ast

import pytest

from tests.mutations.faults import MUTANTS, Mutant
from tests.mutations.run import ROOT, mutated


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
