"""The text of a column, and of a whole table, from what a snapshot says of fields.

In: entries of fields. Out: SQL. Raises `InvalidPayload` for what SQLite could not hold as the snapshot says it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from relgraph.errors import InvalidPayload
from relgraph.snapshots.given import Entry
from relgraph.snapshots.take import MOMENTS
from relgraph.storage.column_types import Sql, default_sql
from relgraph.storage.sql_text import quoted, tokens

# what Directus declares on SQLite for a field type: for snapshots of other databases, whose types SQLite does not know
_DECLARED: Final = {
    "bigInteger": "bigint",
    "binary": "blob",
    "boolean": "boolean",
    "csv": "text",
    "date": "date",
    "dateTime": "datetime",
    "decimal": "float",
    "float": "float",
    "geometry": "text",
    "hash": "varchar(255)",
    "integer": "integer",
    "json": "json",
    "string": "varchar(255)",
    "text": "text",
    "time": "time",
    "timestamp": "datetime",
    "uuid": "char(36)",
}
_TYPE_SIGNS: Final = "(),.-+"


def table_text(collection: str, fields: Sequence[Entry], vendor: str = "sqlite") -> str:
    """Give the CREATE TABLE statement of a collection.

    >>> entry = {"field": "id", "type": "integer", "schema": {"data_type": "integer", "is_primary_key": True}}
    >>> print(table_text("tags", [entry]))
    CREATE TABLE main."tags" ("id" integer NOT NULL PRIMARY KEY)
    """
    keys = [entry["field"] for entry in fields if entry["schema"].get("is_primary_key")]
    parts = [column_text(entry, alone=keys == [entry["field"]], vendor=vendor) for entry in fields]
    if len(keys) > 1:
        parts.append(f"PRIMARY KEY ({', '.join(map(quoted, keys))})")
    return f"CREATE TABLE main.{quoted(collection)} ({', '.join(parts)})"


def column_text(entry: Entry, *, alone: bool = False, vendor: str = "sqlite") -> str:
    """Give the definition of a column; `alone`: it is the whole primary key."""
    schema = entry["schema"]
    key = bool(schema.get("is_primary_key"))
    parts = [quoted(entry["field"]), type_text(entry, vendor)]
    if key or not schema.get("is_nullable", True):
        parts.append("NOT NULL")
    if alone:
        parts.append("PRIMARY KEY AUTOINCREMENT" if schema.get("has_auto_increment") else "PRIMARY KEY")
    default = default_text(entry)
    if default is not None:
        parts.append(f"DEFAULT {default}")
    if schema.get("generation_expression"):
        parts.append(f"GENERATED ALWAYS AS {_expression(entry, 'generation_expression')}")
    return " ".join(part for part in parts if part)


def type_text(entry: Entry, vendor: str = "sqlite") -> str:
    """Give the declared type with its size."""
    schema = entry["schema"]
    name = schema.get("data_type") if vendor == "sqlite" else None
    if name is None:
        return _DECLARED.get(str(entry.get("type")), "")
    sizes = [schema.get("max_length")] if schema.get("max_length") is not None else []
    sizes = sizes or [schema[part] for part in ("numeric_precision", "numeric_scale") if schema.get(part) is not None]
    text = f"{name}({', '.join(str(size) for size in sizes)})" if sizes else str(name)
    if any(
        token.kind not in ("word", "space", "number", "quoted") and token.text not in _TYPE_SIGNS
        for token in tokens(text)
    ):
        raise InvalidPayload(_where(entry, "data_type"), f"{text!r} is no type that SQLite can be told")
    return text


def default_text(entry: Entry) -> str | None:
    """Give the DEFAULT of a column as SQL; None where it has none."""
    schema = entry["schema"]
    if schema.get("default_expression"):
        return _default_expression(entry)
    value = schema.get("default_value")
    return None if value is None else literal(value, _where(entry, "default_value"))


def literal(value: Any, where: str) -> str:
    """Give a default as SQL spells it.

    >>> literal("it's", ""), literal(True, ""), literal(2.5, ""), literal("CURRENT_DATE", "")
    ("'it''s'", "'1'", '2.5', 'CURRENT_DATE')
    """
    if isinstance(value, bool):
        return f"'{int(value)}'"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return value if value in MOMENTS else "'" + value.replace("'", "''") + "'"
    raise InvalidPayload(where, f"a default is a text, a number or true or false, not {type(value).__name__}")


def default_given(entry: Entry) -> Sql | None:
    """Give the DEFAULT of a column as `add_field` takes it, which puts its parentheses around it."""
    text = default_text(entry)
    return None if text is None else Sql(text[1:-1] if text.startswith("(") else text)


def _default_expression(entry: Entry) -> str:
    """Give a default that is no plain value: a literal such as x'00ff', or an expression in parentheses."""
    text = str(entry["schema"]["default_expression"])
    pieces = [token for token in tokens(text) if token.kind != "space"]
    if len(pieces) <= 2 and not any(token.text in "();" or token.kind == "comment" for token in pieces):
        return text.strip()
    return str(default_sql(_where(entry, "default_expression"), Sql(text)))


def _expression(entry: Entry, part: str) -> str:
    """Give an expression in parentheses as the snapshot has it, with the word STORED behind it at most."""
    text = str(entry["schema"][part]).strip()
    pieces = [token for token in tokens(text) if token.kind not in ("space", "comment")]
    closing = next((i for i, token in enumerate(pieces) if token.text == ")" and token.depth == 0), None)
    rest = [] if closing is None else [token.text.upper() for token in pieces[closing + 1 :]]
    if closing is None or pieces[0].text != "(":
        raise InvalidPayload(_where(entry, part), f"{text!r} is no expression in parentheses")
    if rest not in ([], ["STORED"], ["VIRTUAL"]):
        raise InvalidPayload(_where(entry, part), f"{text!r} goes on behind its expression")
    return text


def _where(entry: Entry, part: str) -> str:
    return f"fields.{entry.get('collection', '')}.{entry['field']}.schema.{part}"
