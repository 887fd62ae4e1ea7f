"""What users of a real Directus project were answered: the same question of the same user, the same answer.

Where the recording says that the reference leaks, contradicts itself or drops something, the `strict` answer is owed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from relgraph import Access, RelationRegistry, RelgraphError
from tests.conformance.cases import Answer, Case, as_owed, ask, load_access_cases, load_differences

DATABASE: Final = Path(__file__).parents[1] / "data" / "access.db"
ADDRESS: Final = "127.0.0.1"  # where the recorded questions came from
DIFFERENCES: Final = load_differences()
CASES: Final = load_access_cases()


@pytest.fixture(scope="module")
def registry() -> Iterator[RelationRegistry]:
    with RelationRegistry(DATABASE, read_only=True, default_limit=100) as opened:
        yield opened


def _keys() -> dict[str, str]:
    """Give the key of each user by the name that the cases know them by."""
    connection = sqlite3.connect(f"file:{DATABASE}?mode=ro", uri=True)
    rows = connection.execute("SELECT substr(token, 5), id FROM directus_users WHERE token IS NOT NULL").fetchall()
    connection.close()
    return dict(rows)


KEYS: Final = _keys()


def answer_of(registry: RelationRegistry, case: Case) -> Answer:
    """Give the answer to a case, asked as its user."""
    user = case["user"]
    named: dict[str, Any] = {} if user == "public" else {"user": KEYS.get(user, user)}
    try:
        seen = registry.with_access(Access.from_directus(registry, **named, ip=ADDRESS))
    except RelgraphError as error:
        return Answer(error.status, error.code)
    return ask(seen, case)


def _without_ids(expect: dict[str, Any]) -> dict[str, Any]:
    """Give an expected answer without the ids of relations, which the recording does not speak of."""
    data = expect.get("data")
    listed = data if isinstance(data, list) else [data]
    for entry in listed:
        if isinstance(entry, dict) and isinstance(entry.get("meta"), dict) and "many_field" in entry["meta"]:
            entry["meta"].pop("id", None)
    return expect


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_as_recorded_or_decided(registry: RelationRegistry, case: Case) -> None:
    """A recorded question of a user has the recorded answer, or where that is unsound the strict one."""
    owed = {**case, "expect": _without_ids(case.get("strict", case["expect"]))}
    answer = answer_of(registry, case)
    if case["id"] in DIFFERENCES:
        assert not as_owed(owed, answer), "answered as owed: take it off differences.toml"
    else:
        assert as_owed(owed, answer), f"\nasked as {case['user']}: {case.get('query', case.get('path'))}\n{answer}"
