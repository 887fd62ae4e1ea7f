"""The recorded answers of a real Directus: the same question, the same answer.

`differences.toml` lists, with a reason, the cases that are answered otherwise. It is exact: a listed case that is
answered as owed fails here too. The score per group is printed at the end of the test run.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from relgraph import RelationRegistry
from tests.conformance.cases import (
    Case,
    as_owed,
    ask,
    ask_by_url,
    has_url,
    load_access_cases,
    load_cases,
    load_differences,
    open_dataset,
)

CASES = load_cases()
DIFFERENCES = load_differences()


@pytest.fixture(scope="module")
def registry() -> Iterator[RelationRegistry]:
    with open_dataset() as opened:
        yield opened


def _check(case: Case, answer: object, owed: bool) -> None:
    if case["id"] in DIFFERENCES:
        assert not owed, "answered as owed: take it off differences.toml"
    else:
        assert owed, f"\nasked:    {_asked(case)}\nowed:     {case['expect']}\nanswered: {answer}"


def _asked(case: Case) -> dict[str, object]:
    return {name: value for name, value in case.items() if name not in ("id", "group", "expect")}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_as_recorded(registry: RelationRegistry, case: Case) -> None:
    """A recorded question has the recorded answer (or the decided one, where the reference is wrong)."""
    answer = ask(registry, case)
    _check(case, answer, as_owed(case, answer))


@pytest.mark.parametrize("case", [case for case in CASES if has_url(case)], ids=lambda case: case["id"])
def test_by_url(registry: RelationRegistry, case: Case) -> None:
    """The same question printed as a URL query string has the same answer."""
    answer = ask_by_url(registry, case)
    _check(case, answer, as_owed(case, answer))


def test_differences_name_recorded_cases() -> None:
    """Every listed difference is a recorded case and says why."""
    assert set(DIFFERENCES) <= {case["id"] for case in (*CASES, *load_access_cases())}
    assert all(reason.strip() for reason in DIFFERENCES.values())
