"""What a new column is declared as: its type from a field type's name, its default from a value, its text.

In: names and values as a caller gives them. Out: `Column` values, and the SQL text that declares them. Pure. Raises
`InvalidPayload` for a type that is none, and for a default that SQL cannot spell or the type does not hold.

A Directus project declares types as Directus does on SQLite. Elsewhere each name has a declaration that is read back as
the same field type and under which no value changes: a plain JSON or UUID would make numbers of number-like texts.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from relgraph.errors import InvalidPayload, did_you_mean, shown
from relgraph.storage.sql_text import quoted, tokens
from relgraph.values import FieldType

_PLAIN: Final[Mapping[FieldType, str]] = {
    FieldType.STRING: "VARCHAR(255)",
    FieldType.TEXT: "TEXT",
    FieldType.UUID: "UUID TEXT",
    FieldType.INTEGER: "INTEGER",
    FieldType.BIG_INTEGER: "BIGINT",
    FieldType.FLOAT: "FLOAT",
    FieldType.DECIMAL: "DECIMAL",
    FieldType.BOOLEAN: "BOOLEAN",
    FieldType.DATE: "DATE",
    FieldType.DATE_TIME: "DATETIME",
    FieldType.TIMESTAMP: "TIMESTAMP",
    FieldType.TIME: "TIME",
    FieldType.JSON: "JSON TEXT",
    FieldType.GEOMETRY: "GEOMETRY",
    FieldType.BINARY: "BLOB",
    FieldType.ANY: "",
}
# read from the tables of a project made by Directus 11.17
_DIRECTUS: Final[Mapping[FieldType, str]] = {
    FieldType.STRING: "varchar(255)",
    FieldType.TEXT: "text",
    FieldType.CSV: "text",
    FieldType.UUID: "char(36)",
    FieldType.INTEGER: "integer",
    FieldType.BIG_INTEGER: "bigint",
    FieldType.FLOAT: "float",
    FieldType.DECIMAL: "decimal(10, 5)",
    FieldType.BOOLEAN: "boolean",
    FieldType.DATE: "date",
    FieldType.DATE_TIME: "datetime",
    FieldType.TIMESTAMP: "datetime",
    FieldType.TIME: "time",
    FieldType.JSON: "json",
    FieldType.GEOMETRY: "json",
    FieldType.BINARY: "blob",
}
# what `directus_fields.special` says of the types that a declaration does not tell apart
SPECIALS: Final[Mapping[FieldType, str]] = {
    FieldType.CSV: "cast-csv",
    FieldType.UUID: "uuid",
    FieldType.BOOLEAN: "cast-boolean",
    FieldType.TIMESTAMP: "cast-timestamp",
    FieldType.JSON: "cast-json",
    FieldType.GEOMETRY: "geometry",
}
_SQL_TYPES: Final = frozenset(
    (
        *(
            "INT",
            "INTEGER",
            "TINYINT",
            "SMALLINT",
            "MEDIUMINT",
            "BIGINT",
            "BIG INT",
            "UNSIGNED BIG INT",
            "INT2",
            "INT8",
        ),
        *("CHAR", "CHARACTER", "VARCHAR", "VARYING CHARACTER", "NCHAR", "NATIVE CHARACTER", "NVARCHAR", "CLOB", "TEXT"),
        *("REAL", "DOUBLE", "DOUBLE PRECISION", "FLOAT", "NUMERIC", "DECIMAL", "NUMBER", "MONEY", "BOOL", "BOOLEAN"),
        *("DATE", "DATETIME", "TIMESTAMP", "TIME", "JSON", "JSON TEXT", "UUID", "UUID TEXT", "GUID", "GEOMETRY"),
        *("BLOB", "ANY"),
    )
)
_SIZED: Final = re.compile(r"([A-Za-z][A-Za-z0-9 ]*?)\s*(\(\s*\d+\s*(,\s*\d+\s*)?\))?")


@frozen
class Sql:
    """A default given as SQL: an expression, or CURRENT_TIMESTAMP and its like.

    >>> Sql("CURRENT_TIMESTAMP")
    Sql(text='CURRENT_TIMESTAMP')
    """

    text: str


@frozen
class Column:
    """A column to be made."""

    name: str
    declared: str
    nullable: bool = True
    default: str | None = None  # as SQL
    unique: bool = False
    special: str | None = None  # for a Directus project
    collation: str | None = None  # NOCASE or RTRIM

    def text(self, *, inline_unique: bool = True) -> str:
        """Give the definition as it stands in a CREATE TABLE or ALTER TABLE.

        >>> print(Column("a b", "INTEGER", nullable=False, default="1").text())
        "a b" INTEGER NOT NULL DEFAULT 1
        """
        parts = [quoted(self.name), self.declared, "" if self.nullable else "NOT NULL"]
        parts += [f"DEFAULT {self.default}" if self.default is not None else ""]
        parts += ["UNIQUE" if self.unique and inline_unique else ""]
        parts += [f"COLLATE {self.collation}" if self.collation is not None else ""]
        return " ".join(part for part in parts if part)


def declared_type(where: str, given: Any, *, directus: bool) -> tuple[str, str | None]:
    """Give how a type is declared, and Directus's `special` for it; a type may be spelled in SQL too.

    >>> declared_type("title", "string", directus=False), declared_type("at", "timestamp", directus=True)
    (('VARCHAR(255)', None), ('datetime', 'cast-timestamp'))
    >>> declared_type("title", "varchar(20)", directus=False)
    ('varchar(20)', None)
    """
    names = _DIRECTUS if directus else _PLAIN
    spelled = [name.value for name in names]
    if isinstance(given, str) and given in names:
        field_type = FieldType(given)
        return names[field_type], SPECIALS.get(field_type) if directus else None
    found = _SIZED.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is None or " ".join(found[1].upper().split()) not in _SQL_TYPES:
        hint = did_you_mean(given, spelled).removeprefix("; ") if isinstance(given, str) else ""
        problem = f"there is no type {shown(given)}"
        raise InvalidPayload(where, problem, hint or f"types are {', '.join(spelled)}, and those of SQL")
    return given.strip(), None


def default_sql(where: str, given: Any) -> str | None:
    """Give a value as the SQL of a DEFAULT; of None, none.

    >>> default_sql("title", "it's"), default_sql("flag", True), default_sql("tags", ["a"])
    ("'it''s'", '1', '\\'["a"]\\'')
    """
    match given:
        case None:
            return None
        case Sql(text):
            return _expression(where, text)
        case bool() | int() if -(2**63) <= given < 2**63:
            return str(int(given))
        case float() if math.isfinite(given):
            return repr(given)
        case str() if "\0" not in given:
            return "'" + given.replace("'", "''") + "'"
        case bytes():
            return f"x'{given.hex()}'"
        case dict() | list():
            return default_sql(where, json.dumps(given, ensure_ascii=False))
    raise InvalidPayload(where, f"{shown(given)} cannot be a default", "a text, a number, a boolean or bytes can")


def _expression(where: str, text: str) -> str:
    pieces = [token for token in tokens(text) if token.kind != "space"]
    if len(pieces) == 1 and pieces[0].is_word("CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME"):
        return text.strip()
    depths = [token.depth for token in pieces]
    closed = sum(token.text == "(" for token in pieces) == sum(token.text == ")" for token in pieces)
    foreign = any(token.kind == "comment" or token.text == ";" for token in pieces)
    if not pieces or not closed or min(depths) < 0 or foreign:
        raise InvalidPayload(where, f"{shown(text)} is no SQL expression")
    return f"({text.strip()})"


def table_text(name: str, columns: Sequence[Column], primary_key: Sequence[str]) -> str:
    """Give the statement that makes a table; a key of one integer counts up, and never gives a number twice.

    >>> print(table_text("tags", [Column("id", "INTEGER"), Column("label", "TEXT")], ["id"]))
    CREATE TABLE main."tags" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "label" TEXT)
    """
    own = [column for column in columns if column.name in primary_key]
    counting = len(primary_key) == 1 and "INT" in own[0].declared.upper() and own[0].default is None
    parts = [column.text() for column in columns]
    if counting:
        words = "integer NOT NULL" if own[0].declared.islower() else "INTEGER NOT NULL"
        parts[columns.index(own[0])] = f"{quoted(own[0].name)} {words} PRIMARY KEY AUTOINCREMENT"
    elif primary_key:
        parts.append(f"PRIMARY KEY ({', '.join(map(quoted, primary_key))})")
    return f"CREATE TABLE main.{quoted(name)} ({', '.join(parts)})"
