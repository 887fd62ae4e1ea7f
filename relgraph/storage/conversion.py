"""Whether stored values fit another type: what would not survive, before or while a column changes its type.

In: a column and the field type it is to have. Out: how many rows hold a value that does not fit, and the keys of the
first. Nothing here writes. Fails only as the database does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from relgraph.errors import listed
from relgraph.storage.connection import Database
from relgraph.storage.definition import columns_of
from relgraph.storage.sql_text import quoted
from relgraph.values import FieldType, with_affinity

_KEYS_SHOWN: Final = 5
_TEXT: Final = "typeof({v}) = 'text'"
_NUMBER: Final = "typeof({v}) IN ('integer', 'real')"
_INTEGER: Final = "typeof({v}) = 'integer'"
_JSON: Final = "typeof({v}) <> 'blob' AND json_valid({v})"
_MOMENT: Final = "typeof({v}) = 'integer' OR typeof({v}) = 'text' AND typeof(relgraph_instant({v})) = 'integer'"
_FITS: Final[Mapping[FieldType, str]] = {
    FieldType.STRING: _TEXT,
    FieldType.TEXT: _TEXT,
    FieldType.CSV: _TEXT,
    FieldType.UUID: _TEXT,
    FieldType.TIME: _TEXT,
    FieldType.INTEGER: _INTEGER,
    FieldType.BIG_INTEGER: _INTEGER,
    FieldType.FLOAT: _NUMBER,
    FieldType.DECIMAL: _NUMBER,
    FieldType.BOOLEAN: _INTEGER + " AND {v} IN (0, 1)",
    FieldType.DATE: _MOMENT,
    FieldType.DATE_TIME: _MOMENT,
    FieldType.TIMESTAMP: _MOMENT,
    FieldType.JSON: _JSON,
    FieldType.GEOMETRY: _JSON,
    FieldType.BINARY: "typeof({v}) = 'blob'",
    FieldType.ANY: "1",
}
# what a value that was converted gives when it is read as what it was
_BACK: Final = (
    "CASE typeof({old}) WHEN 'text' THEN CAST({new} AS TEXT) "
    "WHEN 'integer' THEN iif(typeof({new}) = 'real' AND {new} <> {old}, {new}, CAST({new} AS INTEGER)) "  # casts clamp
    "WHEN 'real' THEN CAST({new} AS REAL) ELSE {new} END"
)


@frozen
class Misfits:
    """The rows whose value stands against a change: how many, and the primary keys (else rowids) of the first."""

    count: int
    keys: tuple[Any, ...] = ()

    def said(self, what: str) -> str:
        """Give them as a reason.

        >>> Misfits(7, (1, 2)).said("hold NULL")
        '7 items hold NULL: 1, 2, ...'
        """
        more = ["..."] if self.count > len(self.keys) else []
        items = f"{self.count} items {what}" if self.count != 1 else f"1 item {what.replace('hold', 'holds', 1)}"
        return f"{items}: {listed([*map(repr, self.keys), *more])}"


def misfits(
    database: Database, table: str, column: str, field_type: FieldType, *, epoch: bool, copy: str | None = None
) -> Misfits:
    """Give the rows whose value does not fit a type; of a `copy` under the new type, also those that changed in it.

    `epoch` says that moments are stored as milliseconds, so that texts of them do not fit.
    """
    value = f"t.{quoted(column)}" if copy is None else f"c.{quoted(column)}"
    wrong = f"{value} IS NOT NULL AND NOT ({_test(field_type, epoch).format(v=value)})"
    if copy is not None:
        old = f"t.{quoted(column)}"
        back = _BACK.format(old=old, new=value)
        wrong = f"({wrong}) OR ({old} COLLATE BINARY) IS NOT ({back}) COLLATE BINARY"
    return rows_where(database, table, wrong, copy)


def holds(database: Database, value: Any, field_type: FieldType, affinity: str, *, epoch: bool) -> bool:
    """Whether a column of that type holds a value as one of its own.

    >>> database = Database.open(":memory:")
    >>> [holds(database, value, FieldType.INTEGER, "INTEGER", epoch=False) for value in ("7", "seven", 1.5)]
    [True, False, False]
    >>> database.close()
    """
    kept = with_affinity(value, affinity)
    return bool(database.execute(f"SELECT {_test(field_type, epoch).format(v='?1')}", (kept,)).fetchone()[0])


def _test(field_type: FieldType, epoch: bool) -> str:
    return _INTEGER if epoch and _FITS[field_type] is _MOMENT else _FITS[field_type]


def rows_where(database: Database, table: str, condition: str, copy: str | None = None) -> Misfits:
    """Give the rows of a table (as t; its copy as c) that meet a condition."""
    key = identity(database, table)
    source = f"FROM main.{quoted(table)} AS t"
    if copy is not None:
        same = " AND ".join(f"t.{name} IS c.{name}" for name in key)
        source += f" JOIN main.{quoted(copy)} AS c ON {same}"
    count = database.execute(f"SELECT count(*) {source} WHERE {condition}").fetchone()[0]
    if not count:
        return Misfits(0)
    names = ", ".join(f"t.{name}" for name in key)
    rows = database.execute(f"SELECT {names} {source} WHERE {condition} ORDER BY {names} LIMIT {_KEYS_SHOWN}")
    return Misfits(count, tuple(row[0] if len(row) == 1 else row for row in rows.fetchall()))


def identity(database: Database, table: str) -> Sequence[str]:
    """Give what tells the rows of a table apart, as SQL names: the primary key, else the rowid."""
    key = sorted((row[5], row[1]) for row in columns_of(database, table) if row[5])
    return [quoted(name) for _, name in key] or ["rowid"]
