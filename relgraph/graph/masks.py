"""Masks: what stands in a subset in the place of values that are nobody's business.

In: by field, like "authors.email", None, a fixed value, or a function of the value as it is stored. Out: for each
collection the SQL that gives a field instead of its column. What a function raises comes through as it is. Raises
`InvalidPayload` for a field whose values hold items together (a key, or what points at one) or are computed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from math import isnan
from types import NoneType
from typing import Any, Final, TypeAlias

from attrs import define, field, frozen

from relgraph.errors import InvalidPayload, RelgraphError, UnknownCollection, UnknownField, shown
from relgraph.schema import Schema
from relgraph.storage.excerpt import Excerpt

_NUMBERS: Final = count(1)  # of functions, whose names are never given twice
_STORED: Final = (NoneType, bool, int, float, str, bytes)
_HALF: Final = re.compile("[\ud800-\udfff]")  # of a surrogate pair

Name: TypeAlias = tuple[str, str]  # of a collection and its field


@define(eq=False)
class _Function:
    """A function that SQLite calls; what it raises is kept, as SQLite does not tell it."""

    name: str
    function: Callable[[Any], Any]
    error: BaseException | None = None

    def __call__(self, value: Any) -> Any:
        try:
            return _stored(self.function(value), self.name)
        except BaseException as error:
            self.error = error
            raise


@frozen
class Masks:
    """What is written in the place of some fields."""

    values: Mapping[Name, Any] = field(factory=dict)
    functions: Mapping[Name, _Function] = field(factory=dict)

    def columns(
        self, made: Excerpt, collection: str, names: Sequence[str], spelled: Sequence[str]
    ) -> tuple[list[str], list[Any]]:
        """Give what is selected of a collection, for columns by name that SQL spells so, and the values to bind."""
        written, bound = [], []
        for name, sql in zip(names, spelled, strict=True):
            place = collection, name
            if place in self.functions:
                called = f"relgraph_mask_{next(_NUMBERS)}"
                made.define(called, self.functions[place])
                written.append(f"{called}({sql})")
            elif place in self.values:
                written.append("?")
                bound.append(self.values[place])
            else:
                written.append(sql)
        return written, bound

    def copy(self, made: Excerpt, *arguments: Any) -> None:
        """Put rows into a table; where a function fails, raise what it did."""
        try:
            made.copy(*arguments)
        except RelgraphError as error:
            raised = next((each.error for each in self.functions.values() if each.error is not None), None)
            if raised is None:
                raise
            raise raised from error


def masks_of(schema: Schema, given: Mapping[str, Any] | None) -> Masks:
    """Give the masks that a caller asks for.

    >>> from relgraph.schema import Collection, Field
    >>> from relgraph.values import FieldType
    >>> schema = Schema({"tags": Collection("tags", {"label": Field("tags", "label", FieldType.STRING)})})
    >>> masks_of(schema, {"tags.label": "..."}).values
    {('tags', 'label'): '...'}
    """
    if given is not None and not isinstance(given, Mapping):
        raise InvalidPayload(
            "mask", f"it must be a mapping, not {type(given).__name__}", "like {'authors.email': None}"
        )
    values: dict[Name, Any] = {}
    functions: dict[Name, _Function] = {}
    joining = _joining(schema)
    for name, mask in (given or {}).items():
        place = _place(schema, name)
        why = joining.get(place) or _why_not(schema, place)
        if why:
            raise InvalidPayload(f"mask.{name}", f"{name} cannot be masked: {why}", "mask what nothing is found by")
        if callable(mask):
            functions[place] = _Function(f"mask.{name}", mask)
        else:
            values[place] = _stored(mask, f"mask.{name}")
    return Masks(values, functions)


def _stored(value: Any, where: str) -> Any:
    if not isinstance(value, _STORED):
        raise InvalidPayload(where, f"a mask gives None, a number, a text or bytes, not {type(value).__name__}")
    if not _fits(value):
        raise InvalidPayload(where, f"SQLite cannot hold {shown(value)} as it is", "give what it can store")
    return value


def _fits(value: Any) -> bool:
    """Whether SQLite stores a value and not another: its integers have 64 bits, its texts are UTF-8, NaN is NULL."""
    if isinstance(value, int):
        return -(1 << 63) <= value < 1 << 63
    if isinstance(value, str):
        return not _HALF.search(value)
    return not (isinstance(value, float) and isnan(value))


def _place(schema: Schema, name: Any) -> Name:
    """Give the collection and the field that a name like "authors.email" means; either may hold dots."""
    if not isinstance(name, str) or "." not in name:
        raise InvalidPayload("mask", f"{name!r} names no field", "write it as collection.field")
    parts = name.split(".")
    splits = [(".".join(parts[:cut]), ".".join(parts[cut:])) for cut in range(1, len(parts))]
    known = [split for split in splits if split[0] in schema.collections]
    if not known:
        raise UnknownCollection(f"mask.{name}", splits[0][0], tuple(schema.collections))
    fields = [split for split in known if split[1] in schema.collections[split[0]].fields]
    if not fields:
        collection, missing = known[0]
        raise UnknownField(f"mask.{name}", collection, missing, tuple(schema.collections[collection].fields))
    return fields[0]


def _why_not(schema: Schema, place: Name) -> str:
    collection = schema.collections[place[0]]
    if collection.view:
        return "it belongs to a view, whose rows are those of its tables"
    return "it is computed from others" if collection.fields[place[1]].generated else ""


def _joining(schema: Schema) -> dict[Name, str]:
    """Give the fields whose values hold items together, each with the reason."""
    found = {(each.name, name): "it is part of the primary key" for each in schema for name in each.primary_key}
    for relation in schema.relations:
        for name in (relation.many_field, relation.one_collection_field):
            if name is not None:
                found.setdefault((relation.many_collection, name), f"the relation {relation.name} needs its values")
    for collection in schema:
        for hop in collection.hops.values():
            if not hop.many:
                found.setdefault((hop.far, hop.far_field), f"the relation {hop.relation.name} points at its values")
    for key in schema.foreign_keys:
        for name in key.fields:
            found.setdefault((key.collection, name), "it is part of a foreign key")
        for name in key.to_fields:
            found.setdefault((key.to_collection, name), f"a foreign key of {key.collection} points at its values")
    return found
