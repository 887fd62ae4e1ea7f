"""Statements: what a connection runs while it is listened to, beside what an explanation says would run.

In: a connection or registry. Out: SQL texts as SQLite prints them, values put in.
"""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from relgraph import RelationRegistry
from relgraph.explain.explanation import PARENT_KEYS, Statement


class Trace(list[str]):
    """The statements that a connection runs within a `with` block; no pragmas."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__()
        self.connection = connection

    def __enter__(self) -> Trace:
        self.connection.set_trace_callback(self.hear)
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.set_trace_callback(None)

    def hear(self, text: str) -> None:
        """Note a statement."""
        if not text.startswith("PRAGMA"):
            self.append(text)

    @property
    def selects(self) -> list[str]:
        """What asked for rows."""
        return [text for text in self if text.startswith("SELECT")]


def pattern(connection: sqlite3.Connection, statement: Statement, *, exactly: bool = True) -> re.Pattern[str]:
    """Give what matches a statement that ran, whatever the keys of the parents were; not `exactly`, whatever values."""
    pieces = statement.text.split("?")
    assert len(pieces) == len(statement.values) + 1
    written = [re.escape(pieces[0])]
    for value, piece in zip(statement.values, pieces[1:], strict=True):
        known = exactly and value is not PARENT_KEYS
        written += [_quoted(connection, value) if known else ".+", re.escape(piece)]
    return re.compile("".join(written), re.DOTALL | re.IGNORECASE)  # for blobs: x'ff' here, X'FF' there


def _quoted(connection: sqlite3.Connection, value: Any) -> str:
    return re.escape(connection.execute("SELECT quote(?)", (value,)).fetchone()[0])


def unexplained(registry: RelationRegistry, collection: str, query: Any, *, exactly: bool = True) -> list[str]:
    """Give the statements of a read that its explanation does not say, or not in that order.

    A level without parents is not asked, so an explanation may say more; of no more than 1000 parents.
    """
    explanation = registry.items(collection).explain(query)
    with Trace(registry.connection) as trace:
        registry.items(collection).read(query)
    said = iter([pattern(registry.connection, each, exactly=exactly) for each in explanation.statements])
    return [text for text in trace.selects if not any(each.fullmatch(text) for each in said)]
