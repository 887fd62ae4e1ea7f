"""Names and declarations of new collections and fields, as a caller gives them, judged against what is there.

In: a `Database`, names, and mappings such as {"type": "string", "nullable": False}. Out: `Column` values. Raises
`InvalidPayload` for a name that is taken or cannot be, for a part that is none, and for a type or default that is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import evolve, frozen

from relgraph.errors import InvalidPayload, did_you_mean, shown
from relgraph.schema import Collection, Field
from relgraph.storage.column_types import Column, Sql, declared_type, default_sql
from relgraph.storage.columns import KEEP
from relgraph.storage.connection import Database
from relgraph.storage.conversion import holds
from relgraph.storage.declared import affinity_of, type_of
from relgraph.storage.sql_text import same_name
from relgraph.values import FieldType

_PARTS: Final = {"type": "string", "nullable": True, "default": None, "unique": False}
_RESERVED: Final = ("sqlite_", "relgraph_")


@frozen
class Declaring:
    """What may be declared in one database."""

    database: Database
    directus: bool = False

    # --- names -------------------------------------------------------------------------------------------------------

    def new_table_name(self, where: str, given: Any, *, instead_of: str | None = None) -> None:
        """Refuse a name that no new collection can have."""
        _check_name(where, given)
        reserved = (*_RESERVED, "directus_") if self.directus else _RESERVED
        if given.lower().startswith(reserved):
            raise InvalidPayload(where, f"{given!r} is a name of the database's own", "it may not start so")
        if "," in given or given != given.strip() or (self.directus and "/" in given):
            raise InvalidPayload(where, f"{given!r} could not stand in a list of collections")
        if instead_of is not None and same_name(given, instead_of):
            return
        rows = self.database.execute("SELECT type, name FROM main.sqlite_master WHERE type <> 'trigger'").fetchall()
        for kind, name in rows:
            if same_name(name, given):
                raise InvalidPayload(where, f"there is another {kind} {name!r}")

    def new_column_name(self, where: str, given: Any, table: Collection, *, instead_of: str | None = None) -> None:
        """Refuse a name that no new field of a collection can have."""
        _check_name(where, given)
        for name in (*table.fields, *(alias for alias, hop in table.hops.items() if hop.relation.id is not None)):
            if name != instead_of and same_name(name, given):
                raise InvalidPayload(where, f"{table.name} has another field {name!r}")

    # --- declarations ------------------------------------------------------------------------------------------------

    def table(self, fields: Any, primary_key: Any) -> tuple[list[Column], tuple[str, ...]]:
        """Give the columns of a new table and the names of its key, of which a missing one is put first."""
        if not isinstance(fields, Mapping):
            raise InvalidPayload("fields", f"a mapping of names to types is needed, not {shown(fields)}")
        key = _key_names(primary_key)
        columns: list[Column] = []
        for name, given in fields.items():
            _check_name("fields", name)
            if any(same_name(name, column.name) for column in columns):
                raise InvalidPayload("fields", f"the name {name!r} stands for two fields")
            columns.append(self.column(name, given))
        missing = [name for name in key if not any(column.name == name for column in columns)]
        if missing and len(key) > 1:
            raise InvalidPayload("primary_key", f"the fields do not have {missing[0]!r}")
        for name in missing:
            columns.insert(0, self.column(name, "integer"))
        return [evolve(column, nullable=column.nullable and column.name not in key) for column in columns], key

    def column(self, name: str, given: Any) -> Column:
        """Give a column from its type alone, or from a mapping of type, nullable, default and unique."""
        parts = {"type": given} if isinstance(given, str) else given
        if not isinstance(parts, Mapping):
            raise InvalidPayload(name, f"a type or a mapping is needed, not {shown(given)}")
        for part in parts:
            if part not in _PARTS:
                raise InvalidPayload(f"{name}.{part}", f"a field has no such part{did_you_mean(str(part), _PARTS)}")
        wanted = {**_PARTS, **parts}
        for part in ("nullable", "unique"):
            _check_flag(f"{name}.{part}", wanted[part])
        declared, special = declared_type(f"{name}.type", wanted["type"], directus=self.directus)
        default = self._default(name, wanted["default"], self.field_type(wanted["type"]), declared)
        return Column(name, declared, wanted["nullable"], default, wanted["unique"], special)

    def change(self, field: Field, *, type: Any, default: Any, nullable: Any) -> dict[str, Any]:
        """Give what is to change of a column, as `columns.change_column` takes it."""
        change: dict[str, Any] = {}
        declared, field_type = field.declared_type, field.type
        if type is not KEEP:
            declared, _ = declared_type("type", type, directus=self.directus)
            field_type = self.field_type(type)
            change |= {"declared": declared, "field_type": field_type}
            if default is KEEP and not self._fits(field.default, field_type, declared):
                problem = f"the default {shown(field.default)} is no {field_type.value}"
                raise InvalidPayload("type", problem, "name another default, or None, beside the type")
        if nullable is not KEEP:
            _check_flag("nullable", nullable)
            change["nullable"] = nullable
        if default is not KEEP:
            change["default"] = self._default("default", default, field_type, declared)
        return change

    def field_type(self, given: str) -> FieldType:
        """Give the field type that a name stands for, or a type of SQL."""
        return FieldType(given) if given in list(FieldType) else type_of(given)

    def special(self, given: str) -> str | None:
        """Give what a project says of a type by `special`."""
        return declared_type("type", given, directus=self.directus)[1]

    def _default(self, where: str, given: Any, field_type: FieldType, declared: str) -> str | None:
        text = default_sql(where, given)
        value = None if isinstance(given, (Sql, dict, list)) else given
        if not self._fits(value, field_type, declared):
            raise InvalidPayload(where, f"{shown(given)} is no {field_type.value}, so it cannot be the default")
        return text

    def _fits(self, value: Any, field_type: FieldType, declared: str) -> bool:
        """Whether a column of that type holds a default, if there is one, as one of its own."""
        affinity = affinity_of(declared)
        return value is None or holds(self.database, value, field_type, affinity, epoch=self.directus)


def _check_name(where: str, given: Any) -> None:
    wrong = not isinstance(given, str) or not given.strip() or "\0" in given
    if wrong or given.encode("utf-8", "replace").decode() != given:
        raise InvalidPayload(where, f"a name is needed, not {shown(given)}")


def _key_names(given: Any) -> tuple[str, ...]:
    """Give the names of a primary key, told as one name or as several that differ."""
    names = (given,) if isinstance(given, str) else given
    if not isinstance(names, (list, tuple)):
        raise InvalidPayload("primary_key", f"a name or a list of names is needed, not {shown(given)}")
    for index, name in enumerate(names):
        _check_name("primary_key", name)
        if any(same_name(name, other) for other in names[:index]):
            raise InvalidPayload("primary_key", f"the name {name!r} stands there twice")
    return tuple(names)


def _check_flag(where: str, given: Any) -> None:
    if not isinstance(given, bool):
        raise InvalidPayload(where, f"true or false is needed, not {shown(given)}")
