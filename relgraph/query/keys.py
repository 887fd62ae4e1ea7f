"""Keys: primary keys as a caller gives them, made into the condition that asks for their items.

In: keys from code, a command line or a URL. Out: a condition on the primary key. A key that cannot be one of the
collection's fails with `ItemNotFound`, as one that is not there does; what is no key at all with `InvalidPayload`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from relgraph.errors import InvalidOperand, InvalidPayload, InvalidQuery, ItemNotFound, UnknownField
from relgraph.operators import OPERATORS
from relgraph.query.ast import Param
from relgraph.query.conditions import all_of, any_of
from relgraph.query.operands import Cast
from relgraph.query.resolution import Resolution
from relgraph.query.resolved import Condition, Literal, Operand, Parameter, Test
from relgraph.schema import Collection, Field
from relgraph.values import INTEGERS, FieldType, Stored

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_EQUAL, _AMONG = OPERATORS["_eq"], OPERATORS["_in"]


def keys_condition(resolution: Resolution, collection: Collection, keys: Sequence[Any]) -> Condition | None:
    """Give the condition that an item's primary key is one of these; of no keys, the one that is never true."""
    if isinstance(keys, (str, bytes)) or not isinstance(keys, Sequence):
        raise InvalidPayload("keys", "keys is a list of primary keys")
    fields = tuple(collection.fields[name] for name in collection.primary_key)
    if collection.hidden_key:
        resolution.note(UnknownField("keys", collection.name, collection.hidden_key[0], collection.names))
        return None
    if not fields:
        hint = "filter by its fields instead"
        resolution.note(InvalidQuery("keys", f"{collection.name} has no primary key", hint))
        return None
    resolution.count("max_operands", len(keys) * len(fields), "keys", "number of operands")
    if not keys:
        return any_of([])
    if len(fields) == 1:
        return Test(
            (), fields[0], _EQUAL if len(keys) == 1 else _AMONG, tuple([_operand(fields[0], key) for key in keys])
        )
    resolution.count("max_conditions", len(keys) * len(fields), "keys", "number of conditions")
    return any_of([_is_key(collection, fields, key) for key in keys])


def stored_key(collection: Collection, key: Any) -> tuple[Stored, ...]:
    """Give a primary key in the form it is stored in, a value for each of its columns.

    Raises `ItemNotFound` for what can be no key of the collection, `InvalidPayload` for what is no key at all.

    >>> tags = Collection("tags", {"id": Field("tags", "id", FieldType.INTEGER)}, ("id",))
    >>> stored_key(tags, "7")
    (7,)
    """
    fields = tuple(collection.fields[name] for name in collection.primary_key)
    parts = (key,) if len(fields) == 1 else key
    if not isinstance(parts, (list, tuple)) or len(parts) != len(fields):
        raise ItemNotFound("keys", collection.name, key, f"its key is a list of {', '.join(collection.primary_key)}")
    return tuple(_cast(field, part) for field, part in zip(fields, parts, strict=True))


def _is_key(collection: Collection, fields: tuple[Field, ...], key: Any) -> Condition:
    if not isinstance(key, (list, tuple)) or len(key) != len(fields):
        raise ItemNotFound("keys", collection.name, key, f"its key is a list of {', '.join(collection.primary_key)}")
    tests = [Test((), field, _EQUAL, (_operand(field, part),)) for field, part in zip(fields, key, strict=True)]
    return all_of(list(tests))


def _operand(field: Field, key: Any) -> Operand:
    return Parameter(key.name, "keys", partial(_cast, field)) if isinstance(key, Param) else Literal(_cast(field, key))


def _cast(field: Field, key: Any) -> Stored:
    """Give a key in the form it is stored in."""
    if type(key) is int and (field.type in INTEGERS or field.type is FieldType.ANY) and -(2**63) <= key < 2**63:
        return key  # the usual one, without the long way
    if key is None or isinstance(key, bool) or key == "" or isinstance(key, (dict, list, tuple)):
        raise InvalidPayload("keys", f"{key!r} is no primary key")
    if isinstance(key, bytes) and field.type in (FieldType.BINARY, FieldType.ANY):
        return key
    cast = _cast_of(field)
    if isinstance(key, str) and cast.meaning(key) is not key:
        raise ItemNotFound("keys", field.collection, key, "a word is no key")
    try:
        value = cast.argument(str(key) if isinstance(key, int) else key)
    except InvalidOperand as error:
        raise ItemNotFound("keys", field.collection, key, f"a key is {error.wanted}") from error
    if field.type in INTEGERS and isinstance(value, float):
        if not value.is_integer():
            raise ItemNotFound("keys", field.collection, key, "a key is a whole number")
        value = int(value)
    if field.type is FieldType.UUID and not _UUID.fullmatch(str(value)):
        raise ItemNotFound("keys", field.collection, key, "a key is a UUID")
    return value


def _cast_of(field: Field) -> Cast:
    return Cast(field.type, _EQUAL, "keys")
