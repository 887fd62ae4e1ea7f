"""The SQL functions that relgraph's statements call, made of the same Python functions the in-memory evaluator uses.

In: a sqlite3 connection. Out: the functions whose names begin with relgraph_ on it. They are not for
views, triggers or indexes: what they answer is stored nowhere.

SQLite's integers end at 64 bits. Where the exact sum of integers lies beyond, relgraph_sum answers its decimal digits
as text; no sum is ever text otherwise, so the reader turns text back into an integer (`whole_sum`).
"""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from relgraph.codecs import EPOCH_CODECS, ISO_CODECS
from relgraph.functions import exact_average, exact_sum
from relgraph.geometry import boxes_meet, shapes_meet
from relgraph.values import FieldType, Stored, fold, instant

WRITES_JSON: Final = sqlite3.sqlite_version_info >= (3, 38)  # from here on no build of SQLite is without json_object


class _Sum(list[Any]):
    """The values of one group; appending is the whole step, so that a row costs one C call."""

    step = list.append

    def finalize(self) -> Stored:
        """Give the exact sum, as text where it does not fit 64 bits."""
        total = exact_sum(self)
        fits = not isinstance(total, int) or -(2**63) <= total < 2**63
        return total if fits else str(total)


class _Average(list[Any]):
    step = list.append

    def finalize(self) -> Stored:
        """Give the mean as a float."""
        return exact_average(self)


def register(connection: sqlite3.Connection) -> None:
    """Put relgraph's functions on a connection.

    >>> connection = sqlite3.connect(":memory:")
    >>> register(connection)
    >>> connection.execute("SELECT relgraph_fold('ÄB'), relgraph_instant('1970-01-02'), relgraph_sum(0.1)").fetchone()
    ('äb', 86400000, 0.1)
    >>> connection.close()
    """
    connection.create_function("relgraph_fold", 1, fold, deterministic=True)
    connection.create_function("relgraph_instant", 1, instant, deterministic=True)
    connection.create_function("relgraph_boxes_meet", 2, boxes_meet, deterministic=True)
    connection.create_function("relgraph_shapes_meet", 2, shapes_meet, deterministic=True)
    for name, codecs in (("relgraph_epoch_timestamp", EPOCH_CODECS), ("relgraph_text_timestamp", ISO_CODECS)):
        connection.create_function(name, 1, codecs[FieldType.TIMESTAMP].answer, deterministic=True)
    connection.create_aggregate("relgraph_sum", 1, _Sum)  # type: ignore[arg-type]  # its step is list.append
    connection.create_aggregate("relgraph_avg", 1, _Average)  # type: ignore[arg-type]  # its step is list.append too


def whole_sum(answer: Stored) -> Stored:
    """Give what relgraph_sum means: text is an integer beyond 64 bits.

    >>> whole_sum("18446744073709551616"), whole_sum(1.5), whole_sum(None)
    (18446744073709551616, 1.5, None)
    """
    return int(answer) if isinstance(answer, str) else answer
