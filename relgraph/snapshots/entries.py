"""The entries of a snapshot, each checked for what it says of one collection or field.

In: an entry, and where it stands. Out: nothing. Raises `InvalidPayload` with the path to what is wrong, so that only
what could be made is compared with a database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from relgraph.errors import InvalidPayload, did_you_mean, shown

_TEXTS: Final = ("sql", "indexes", "triggers")  # of a collection, where the snapshot holds the texts of all
_MAX_INTEGER: Final = 2**63 - 1


def is_text(value: Any) -> bool:
    """Whether a value is a text that SQLite can be told: no null character, no half of a surrogate pair.

    >>> is_text("tags"), is_text("a\\0b"), is_text("\\ud800"), is_text(7)
    (True, False, False, False)
    """
    return isinstance(value, str) and "\0" not in value and value.encode("utf-8", "replace").decode() == value


def check_collection(entry: Mapping[str, Any], where: str, *, whole: bool, stored: bool) -> None:
    """Check a collection; `whole`: it must have its texts; `stored`: fields of it are columns, so it is a table."""
    schema = entry.get("schema")
    if schema is None and (stored or whole):
        raise InvalidPayload(f"{where}.schema", "a collection with columns has a schema; only a folder has none")
    for part, value in (schema or {}).items():
        place = f"{where}.schema.{part}"
        if part in _TEXTS and not whole:
            raise InvalidPayload(place, "the snapshot is not one of relgraph's, so its texts would not be read")
        if part in _TEXTS[1:] and not _holds_texts(value):
            raise InvalidPayload(place, "it is a mapping of names to texts")
    if whole and not is_text((schema or {}).get("sql")):
        raise InvalidPayload(f"{where}.schema.sql", "a snapshot of relgraph's has the text of each collection")


def _holds_texts(value: Any) -> bool:
    return isinstance(value, Mapping) and all(is_text(name) and is_text(text) for name, text in value.items())


def check_field(entry: Mapping[str, Any], where: str, *, vendor: str) -> None:
    """Check a field: an alias has no schema, any other one that says what a column can be."""
    schema, alias = entry.get("schema"), entry.get("type") == "alias"
    if alias and schema is not None:
        raise InvalidPayload(f"{where}.schema", "an alias is no column, so it has no schema")
    if not alias and schema is None:
        raise InvalidPayload(f"{where}.schema", "a field has a schema, which may be empty; only an alias has none")
    for part, value in (schema or {}).items():
        place = f"{where}.schema.{part}"
        if part not in _FORMS:
            raise InvalidPayload(place, f"a column has no part {part!r}{did_you_mean(str(part), _FORMS)}")
        holds, form = _FORMS[part]
        if not holds(value) and (vendor == "sqlite" or form is not _DEFAULT):
            raise InvalidPayload(place, f"it is {form}, not {shown(value)}")


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_optional_text(value: Any) -> bool:
    return value is None or is_text(value)


def _is_size(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_INTEGER)


def _is_default(value: Any) -> bool:
    if isinstance(value, int):
        return -_MAX_INTEGER - 1 <= value <= _MAX_INTEGER
    if isinstance(value, float):
        return abs(value) < float("inf")
    return _is_optional_text(value)


_DEFAULT: Final = "a text, a number of 64 bits, true, false or null"
_FLAG: Final = (_is_flag, "true or false")
_TEXT: Final = (_is_optional_text, "a text or null")
_SIZE: Final = (_is_size, "a number or null")
_FORMS: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "name": _TEXT,
    "table": _TEXT,
    "data_type": _TEXT,
    "default_value": (_is_default, _DEFAULT),
    "default_expression": _TEXT,
    "max_length": _SIZE,
    "numeric_precision": _SIZE,
    "numeric_scale": _SIZE,
    "is_nullable": _FLAG,
    "is_unique": _FLAG,
    "is_indexed": _FLAG,
    "is_primary_key": _FLAG,
    "is_generated": _FLAG,
    "generation_expression": _TEXT,
    "has_auto_increment": _FLAG,
    "foreign_key_table": _TEXT,
    "foreign_key_column": _TEXT,
}
