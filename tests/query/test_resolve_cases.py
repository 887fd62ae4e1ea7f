"""Every recorded question resolves, or is refused with the recorded status, before any row is read."""

from __future__ import annotations

import pytest

from relgraph.errors import RelgraphError
from relgraph.query.limits import Limits
from relgraph.query.parse import parse
from relgraph.query.resolve import resolve
from relgraph.schema import Schema
from tests.conformance.cases import RECORDED_LIMIT, SINGLETONS, Case, load_cases, open_dataset

CASES = [case for case in load_cases() if "path" not in case]  # a path asks for a relation's definition

# the one kind of refusal that rows decide: a sound key that no item has, or whose item the query leaves out
DECIDED_BY_ROWS = {
    "bykey.1e5db7d6": "no article 999",
    "bykey.2380954f": "no article -1",
    "bykey.d4e154cf": "another id is asked for as well",
    "bykey.039deb9b": "its status is another",
    "bykey.02373a7b": "offset 1 of one item",
    "bykey.4f429398": "page 2 of one item",
    "bykey.ae702bd4": "that uuid is spelled in capitals",
    "bykey.5150e9ed": "no country DE, only de",
    "bykey.4573002b": "no country nope",
    "bykey.0b19f119": "no second settings",
}


@pytest.fixture(scope="module")
def schema() -> Schema:
    with open_dataset() as registry:
        return registry.schema


def status_of(case: Case, schema: Schema) -> tuple[int, str | None]:
    """Give what resolving a case says: 200, or the status and code of its error."""
    keys = [case["key"]] if "key" in case else None if case["collection"] in SINGLETONS else case.get("keys")
    try:
        query = parse(case["qs"] if "qs" in case else case["query"])
        resolve(query, schema, case["collection"], keys=keys, limits=Limits(default_limit=RECORDED_LIMIT))
    except RelgraphError as error:
        return error.status, error.code
    return 200, None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_recorded_question_is_refused_exactly_when_it_was(schema: Schema, case: Case) -> None:
    """What is wrong in shape, names, types or limits is said without looking at a row."""
    owed = (200, None) if case["id"] in DECIDED_BY_ROWS else (case["expect"]["status"], case["expect"].get("code"))
    assert status_of(case, schema) == owed


def test_only_keys_are_decided_by_rows() -> None:
    """Of all refusals, ten depend on what is stored; each of them is recorded as refused."""
    refused = {case["id"] for case in CASES if case["expect"]["status"] != 200}
    assert refused.issuperset(DECIDED_BY_ROWS)
    assert len(DECIDED_BY_ROWS) == 10
