"""What a column's declaration means: the affinity and field type of its declared type, the value of its DEFAULT.

In: text as `PRAGMA table_xinfo` gives it. Out: names and values. Pure; nothing fails.
"""

from __future__ import annotations

import re
from typing import Final

from relgraph.values import FieldType, Stored, with_affinity

_AFFINITIES: Final = (
    (("INT",), "INTEGER"),
    (("CHAR", "CLOB", "TEXT"), "TEXT"),
    (("BLOB",), "BLOB"),
    (("REAL", "FLOA", "DOUB"), "REAL"),
)


def affinity_of(declared_type: str, *, strict: bool = False) -> str:
    """Give a column's affinity, by the rules of https://www.sqlite.org/datatype3.html#determination_of_column_affinity

    >>> affinity_of("VARCHAR(20)"), affinity_of("FLOATING POINT"), affinity_of("STRING"), affinity_of("")
    ('TEXT', 'INTEGER', 'NUMERIC', 'BLOB')
    """
    name = declared_type.upper()
    if not name or (strict and name == "ANY"):
        return "BLOB"
    return next((affinity for parts, affinity in _AFFINITIES if any(part in name for part in parts)), "NUMERIC")


# read from above; \b so that UPDATED is no DATE
_TYPES: Final = tuple(
    (re.compile(pattern), field_type)
    for pattern, field_type in (
        (r"^JSON", FieldType.JSON),  # first, as JSON TEXT and UUID TEXT are these, kept as the text they are
        (r"^(UUID|GUID|UNIQUEIDENTIFIER)\b", FieldType.UUID),
        (r"BIG\s?INT|\bINT8\b", FieldType.BIG_INTEGER),
        (r"INT", FieldType.INTEGER),
        (r"CHAR|CLOB", FieldType.STRING),
        (r"TEXT", FieldType.TEXT),
        (r"BLOB", FieldType.BINARY),
        (r"REAL|FLOA|DOUB", FieldType.FLOAT),
        (r"^BOOL", FieldType.BOOLEAN),
        (r"^DATETIME", FieldType.DATE_TIME),
        (r"^TIMESTAMP", FieldType.TIMESTAMP),
        (r"^DATE\b", FieldType.DATE),
        (r"^TIME\b", FieldType.TIME),
        (r"^(DEC|DECIMAL|NUMERIC|NUMBER|MONEY)\b", FieldType.DECIMAL),
        (r"^GEOMETRY\b", FieldType.GEOMETRY),
    )
)


def type_of(declared_type: str) -> FieldType:
    """Give the field type that a declared type stands for; what SQLite does not take for what it reads like is ANY.

    >>> (
    ...     type_of("NVARCHAR(160)").value,
    ...     type_of("numeric(10,2)").value,
    ...     type_of("JSON TEXT").value,
    ...     type_of("STRING").value,
    ... )
    ('string', 'decimal', 'json', 'any')
    """
    name = declared_type.upper()
    return next((field_type for pattern, field_type in _TYPES if pattern.search(name)), FieldType.ANY)


_NUMBER: Final = re.compile(r"[+-]?\s*(0[xX][0-9a-fA-F]+|(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)")
_TEXT: Final = re.compile(r"""'((?:[^']|'')*)'|"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|\[([^\]]*)\]|([A-Za-z_]\w*)""")
_BLOB: Final = re.compile(r"[xX]'((?:[0-9a-fA-F]{2})*)'")
_WORDS: Final = {
    "TRUE": 1,
    "FALSE": 0,
    "NULL": None,
    "CURRENT_TIMESTAMP": None,
    "CURRENT_DATE": None,
    "CURRENT_TIME": None,
}


def default_value(sql: str | None, affinity: str) -> Stored:
    """Give what a column holds by default, where its DEFAULT is a literal; of an expression, None.

    >>> default_value("'25'", "INTEGER"), default_value("'it''s'", "TEXT"), default_value("1 + 2", "INTEGER")
    (25, "it's", None)
    """
    text = "" if sql is None else sql.strip()
    if _NUMBER.fullmatch(text):
        return _kept(_number(text.replace(" ", "")), affinity)
    if blob := _BLOB.fullmatch(text):
        return bytes.fromhex(blob[1])
    if text.upper() in _WORDS:
        return _kept(_WORDS[text.upper()], affinity)
    if found := _TEXT.fullmatch(text):
        quote = text[0]
        return _kept(next(part for part in found.groups() if part is not None).replace(quote * 2, quote), affinity)
    return None


def _number(text: str) -> int | float:
    if "x" in text.lower():
        return int(text, 16)
    whole = not set(text.lower()) & set(".e") and -(2**63) <= int(text) < 2**63
    return int(text) if whole else float(text)


def _kept(value: int | float | str | None, affinity: str) -> Stored:
    """Give a value as a column of that affinity stores it."""
    stored = with_affinity(value, affinity)
    if isinstance(stored, float) and affinity in ("INTEGER", "NUMERIC") and stored.is_integer() and abs(stored) < 2**63:
        return int(stored)
    return float(stored) if isinstance(stored, int) and affinity == "REAL" else stored
