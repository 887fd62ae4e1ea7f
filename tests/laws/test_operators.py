"""Every operator on every field type with every kind of operand: both evaluators, one answer or one refusal."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from relgraph import RelationRegistry
from relgraph.operators import OPERATORS, Arity
from relgraph.values import FieldType
from tests.laws.databases import MISFITS, quoted, stored_rows
from tests.laws.worlds import Refusal, World, agree, outcome

LONG = "x" * 10_000
# the declared type that makes a column of each field type in a plain SQLite file, and what belongs into it
COLUMNS: dict[FieldType, tuple[str, tuple[Any, ...]]] = {
    FieldType.STRING: (
        "VARCHAR(40)",
        ("a", "A", "ab", "a%b", "a_b", "é", "É", "ß", "SS", "a\x00b", "\x00", LONG, "null"),
    ),
    FieldType.TEXT: ("TEXT", ("a", "A", "ab", "a%b", "a_b", "é", "É", "ß", "SS", "a\x00b", "\x00", LONG, "10")),
    FieldType.INTEGER: ("INTEGER", (0, 1, -1, 10, 2**53, 2**53 + 1, 2**63 - 1, -(2**63))),
    FieldType.BIG_INTEGER: ("BIGINT", (0, 1, -1, 10, 2**53, 2**53 + 1, 2**63 - 1, -(2**63))),
    FieldType.FLOAT: ("REAL", (0.0, 0.1, -1.5, 10.0, 1e300, 2.0**53)),
    FieldType.DECIMAL: ("DECIMAL(10,2)", (0, 0.1, -1.5, 10, 12.5)),
    FieldType.BOOLEAN: ("BOOLEAN", (0, 1)),
    FieldType.DATE: ("DATE", ("2024-01-15", "1969-12-31", "2024-01-15 10:00:00")),
    FieldType.DATE_TIME: ("DATETIME", ("2024-01-15 10:20:30", "1969-12-31T23:59:59.5", "2024-01-15")),
    FieldType.TIMESTAMP: ("TIMESTAMP", ("2024-01-15T10:20:30Z", "2024-01-15T12:20:30.5+02:00", "1969-12-31 23:59:59")),
    FieldType.TIME: ("TIME", ("10:20:30", "10:20", "00:00:00")),
    # which SQLite does not take for text: what looks like a number becomes one
    FieldType.UUID: ("UUID", ("0f8fad5b-d9cb-469f-a165-70867728950e", "0F8FAD5B-D9CB-469F-A165-70867728950E", "10")),
    FieldType.JSON: ("JSON", ("[1]", '{"a": 1}', "null", "{bad")),
    FieldType.BINARY: ("BLOB", (b"", b"a", b"\x00\xff")),
    FieldType.ANY: ("", ("a", "A", "10", 10, 1.5, b"a", "é")),
}
OPERANDS: tuple[Any, ...] = (
    "a", "A", "%", "_", "é", "É", "ss", "\x00", "b", LONG, "", None, True, False, 0, 1, 10, -1.5, 2**53 - 1, 2**53,
    str(2**63 - 1), "10", "1e1", " 10 ", "null", "2024-01-15", "2024-01-15T10:20:30Z", "10:20:30", "10:20", [], {},
    [1, 10], ["a", None], ["2024-01-01", "2024-12-31"], "2024-01-01,2024-12-31", "0,10", ["a", ["b"]],
    {"a": 1}, "$NOW",
)  # fmt: skip


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Give one table with a column of every type; the rows go over its values, NULL, empty text and misfits."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    columns = ", ".join(f"{quoted(kind)} {declared}" for kind, (declared, _) in COLUMNS.items())
    connection.execute(f"CREATE TABLE every (id INTEGER PRIMARY KEY, {columns})")
    odd = (None, "", *MISFITS)
    for number in range(max(len(values) for _, values in COLUMNS.values()) + len(odd)):
        row = [(*values, *odd)[number % (len(values) + len(odd))] for _, values in COLUMNS.values()]
        connection.execute(f"INSERT INTO every VALUES (?{', ?' * len(row)})", (number, *row))
    with RelationRegistry(connection) as registry:
        yield World(registry, stored_rows(connection))


def test_columns_have_the_types_they_are_meant_to_have(world: World) -> None:
    """The declared types make the field types of this table; the others have no declared type of their own."""
    fields = world.registry.schema.collections["every"].fields
    assert {name: field.type for name, field in fields.items() if name != "id"} == {kind: kind for kind in COLUMNS}


@pytest.mark.parametrize("field_type", COLUMNS)
@pytest.mark.parametrize("name", OPERATORS)
def test_operator_on_type(world: World, name: str, field_type: FieldType) -> None:
    """An operator that applies answers each operand alike in SQL and in Python, or refuses it; another is refused."""
    for operand in OPERANDS:
        query = {"fields": ["id"], "filter": {field_type: {name: operand}}}
        by_sql = outcome(lambda query=query: world.by_sql("every", query))
        in_memory = outcome(lambda query=query: world.in_memory("every", query))
        assert agree(by_sql, in_memory), f"{query}\nby SQL:    {by_sql}\nin memory: {in_memory}"
        if field_type not in OPERATORS[name].accepts:
            assert isinstance(by_sql, Refusal), query
            assert by_sql.status == 400


@pytest.mark.parametrize("name", [name for name, row in OPERATORS.items() if row.arity is Arity.FLAG])
def test_flags_take_true_false_and_nothing_else(world: World, name: str) -> None:
    """An operator without an operand is turned round by false; what is neither true, false nor empty is refused."""
    opposite = OPERATORS[name].opposite
    answers = {
        operand: outcome(lambda operand=operand: world.by_sql("every", {"filter": {"string": {name: operand}}}))
        for operand in (True, None, "", False, 7, "x")
    }
    turned = outcome(lambda: world.by_sql("every", {"filter": {"string": {opposite: True}}}))
    assert agree(answers[True], answers[None])
    assert agree(answers[True], answers[""])
    assert agree(answers[False], turned)
    assert isinstance(answers[7], Refusal)
    assert isinstance(answers["x"], Refusal)
