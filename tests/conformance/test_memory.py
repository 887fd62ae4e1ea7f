"""The recorded answers again, from the Python evaluator: same questions, same rows as plain dicts, no SQL."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from attrs import evolve

from relgraph.errors import ItemNotFound, RelgraphError
from relgraph.items import defaults
from relgraph.query.limits import Limits
from relgraph.query.parse import parse
from relgraph.query.resolve import resolve
from relgraph.read import memory
from relgraph.schema import Schema
from tests.conformance.cases import (
    DATASET,
    RECORDED_LIMIT,
    SINGLETONS,
    Answer,
    Case,
    as_owed,
    load_cases,
    load_differences,
    open_dataset,
)

# a relation's definition is no query, and the shape of a list of keys is checked before there is one
CASES = [case for case in load_cases() if "path" not in case and case["expect"].get("code") != "INVALID_PAYLOAD"]
DIFFERENCES = load_differences()
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def schema() -> Schema:
    with open_dataset() as registry:
        return registry.schema


@pytest.fixture(scope="module")
def rows() -> Rows:
    """Give every row of the data set as the file holds it."""
    with closing(sqlite3.connect(f"file:{DATASET}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')] for name in names}


def ask(schema: Schema, rows: Rows, case: Case) -> Answer:
    """Give the answer to a case, evaluated over the rows."""
    try:
        return Answer(200, None, *_evaluated(schema, rows, case))
    except RelgraphError as error:
        return Answer(error.status, error.code)


def _evaluated(schema: Schema, rows: Rows, case: Case) -> tuple[Any, Any]:
    query = parse(case["qs"] if "qs" in case else case["query"])
    single = case["collection"] in SINGLETONS
    if single:
        query = evolve(query, limit=1)
    keys = [case["key"]] if "key" in case else None if single else case.get("keys")
    resolved = resolve(query, schema, case["collection"], keys=keys, limits=Limits(default_limit=RECORDED_LIMIT))
    found = memory.evaluate(resolved, rows)
    items, meta = found.data, found.meta
    if "key" in case:
        if not items:
            raise ItemNotFound("key", case["collection"], case["key"])
        return items[0], None
    if single:
        return items[0] if items else defaults(resolved), meta
    return items, meta


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_as_recorded(schema: Schema, rows: Rows, case: Case) -> None:
    """A recorded question has the recorded answer without a database, save for the differences that SQL has too."""
    answer = ask(schema, rows, case)
    assert as_owed(case, answer) is (case["id"] not in DIFFERENCES), f"{case}\nanswered: {answer}"
