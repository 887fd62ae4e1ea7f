"""Tables: the rows of every collection as Python dicts, found by key through indexes made when first needed.

In: {collection: [row, ...]} and the schema. Out: normalised rows, and for each hop a function from a row to the rows it
leads to. Nothing here can fail: collections without rows are empty, fields a row does not name are NULL.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from attrs import field, frozen

from relgraph.query.resolved import Bindings
from relgraph.schema import Collection, Field, Guard, Hop, Schema
from relgraph.values import FieldType, Stored, Truth, affinity_against, as_text, instant, with_affinity

Row: TypeAlias = Mapping[str, Any]
FarRows: TypeAlias = Callable[[Row | None], Sequence[Row] | None]  # None: not known, only in `read.nested`

_LOWER: Final = str.maketrans({chr(code): chr(code + 32) for code in range(ord("A"), ord("Z") + 1)})
_COLLATED: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {"NOCASE": lambda text: text.translate(_LOWER), "RTRIM": lambda text: text.rstrip(" ")}
)


class NotGiven(Enum):
    """What stands for a value that is not known, other than NULL, which is known; tables never hold it."""

    NOT_GIVEN = "not given"


NOT_GIVEN: Final = NotGiven.NOT_GIVEN


class PartialRow(dict[str, Any]):
    """A row of which only some fields are known; the others are NOT_GIVEN."""

    def __missing__(self, name: str) -> NotGiven:
        return NOT_GIVEN


def stored(field: Field, value: Any) -> Stored:
    """Give a value in the form its column stores it, whether it was given so or as answers show it.

    Booleans become 0 and 1, lists and objects JSON text (in a csv field joined text), and ISO text in a field that
    stores epoch milliseconds becomes milliseconds. Everything else is taken as stored.

    >>> stored(Field("a", "tags", FieldType.CSV), ["x", "y"]), stored(Field("a", "meta", FieldType.JSON), {"b": [1]})
    ('x,y', '{"b":[1]}')
    """
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (list, tuple, dict)):
        if field.type is FieldType.CSV:
            return ",".join(map(str, value))
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if field.codec.epoch and isinstance(value, str):
        return instant(value)
    return value  # type: ignore[no-any-return]  # what is no stored value is answered as it was given


@frozen
class KeyForm:
    """How one side of a hop's comparison sees a key: cast to text, with the other side's affinity, by a collation."""

    text: bool = False
    affinity: str = "BLOB"
    collation: str = "BINARY"

    def __call__(self, value: Stored) -> Stored:
        """Give what two keys have in common exactly when SQLite finds them equal."""
        key = with_affinity(as_text(value) if self.text else value, self.affinity)
        collate = _COLLATED.get(self.collation)
        return collate(key) if collate is not None and isinstance(key, str) else key


def key_forms(hop: Hop, near: Field, far: Field) -> tuple[KeyForm, KeyForm]:
    """Give how the near and the far key of a hop are compared: behind a guard both as text.

    The key of the one side lends its collation.
    """
    one_is_near = hop.guard.far if hop.guard else hop.many
    collation = near.collation if one_is_near else far.collation
    if hop.guard:
        return KeyForm(text=True, collation=collation), KeyForm(text=True, collation=collation)
    return (
        KeyForm(affinity=affinity_against(near.affinity, far.affinity), collation=collation),
        KeyForm(affinity=affinity_against(far.affinity, near.affinity), collation=collation),
    )


@frozen(eq=False)
class Tables:
    """The rows a question is asked of. Every row is normalised once, every index made once."""

    items: Mapping[str, Iterable[Row]]
    schema: Schema
    bindings: Bindings = field(factory=Bindings)
    assumed: Truth = None  # here every row is known; see `read.nested`
    _rows: dict[str, list[Row]] = field(factory=dict, init=False)
    _indexes: dict[tuple[str, str, KeyForm, Guard | None], dict[Stored, list[Row]]] = field(factory=dict, init=False)

    def opposite(self) -> Tables:
        """Give these tables: nothing is assumed, so nothing is turned round."""
        return self

    def rows(self, collection: str) -> list[Row]:
        """Give the rows of a collection in the given order, every field stored and present."""
        if collection not in self._rows:
            fields = self.schema.collections[collection].fields.items()
            self._rows[collection] = [
                {name: stored(field, row.get(name)) for name, field in fields} for row in self.items.get(collection, ())
            ]
        return self._rows[collection]

    def far_rows(self, hop: Hop) -> FarRows:
        """Give the function from a near row to the rows the hop leads to; from no row, none."""
        near_form, far_form = key_forms(hop, self._field(hop.near, hop.near_field), self._field(hop.far, hop.far_field))
        near_guard = hop.guard if hop.guard and not hop.guard.far else None
        far_guard = hop.guard if hop.guard and hop.guard.far else None
        index: dict[Stored, list[Row]] | None = None

        def find(row: Row | None) -> Sequence[Row]:
            nonlocal index
            if row is None or row[hop.near_field] is None:
                return ()
            if near_guard is not None and row[near_guard.field] != near_guard.collection:
                return ()
            if index is None:
                index = self._index(hop.far, hop.far_field, far_form, far_guard)
            return index.get(near_form(row[hop.near_field]), ())

        return find

    def _field(self, collection: str, name: str) -> Field:
        return self.schema.collections[collection].fields[name]

    def _index(self, collection: str, name: str, form: KeyForm, guard: Guard | None) -> dict[Stored, list[Row]]:
        index = self._indexes.get((collection, name, form, guard))
        if index is None:
            index = self._indexes[collection, name, form, guard] = {}
            for row in self.rows(collection):
                if row[name] is not None and (guard is None or row[guard.field] == guard.collection):
                    index.setdefault(form(row[name]), []).append(row)
        return index


def key_of(collection: Collection, row: Row) -> Any:
    """Give the primary key of a row as answers show it: a value, or a list of them where the key is composite."""
    keys = []
    for name in collection.primary_key:
        answer = collection.fields[name].codec.answer
        keys.append(answer(row[name]) if answer else row[name])
    return keys[0] if len(keys) == 1 else keys
