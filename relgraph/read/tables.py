"""Tables: the rows of every collection as Python dicts, found by key through indexes made when first needed.

In: {collection: [row, ...]}. Out: the rows, and for each hop a function from a row to the rows it leads to. Nothing
here can fail: a collection without rows is empty.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, Final, TypeAlias, TypeVar

from attrs import field, frozen

from relgraph.query.resolved import Bindings
from relgraph.schema import Collection, Field, Guard, Hop, Seen
from relgraph.values import FieldType, Stored, Truth, instant

Row: TypeAlias = Mapping[str, Any]
FarRows: TypeAlias = Callable[[Row | None], Sequence[Row] | None]  # None: not known, only in `read.nested`
Thing = TypeVar("Thing")
Form: TypeAlias = Callable[[Stored], Stored]
Index: TypeAlias = dict[Stored, list[Row]]  # the rows that hold a key, the key in its form


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


def as_stored(collection: Collection, row: Row) -> Row:
    """Give a row with every field of its collection in stored form; what it does not name is NULL."""
    return {name: stored(field, row.get(name)) for name, field in collection.fields.items()}


@frozen(eq=False)
class Tables:
    """The rows a question is asked of, as stored. Every index is made once."""

    items: Mapping[str, Iterable[Row]]
    bindings: Bindings = field(factory=Bindings)
    assumed: Truth = None  # here every row is known; see `read.nested`
    _rows: dict[str, list[Row]] = field(factory=dict, init=False)
    _seen: dict[Seen, list[Row]] = field(factory=dict, init=False)
    _indexes: dict[tuple[str, str, Form | None, Guard | None, Seen | None], Index] = field(factory=dict, init=False)

    def opposite(self) -> Tables:
        """Give these tables: nothing is assumed, so nothing is turned round."""
        return self

    def rows(self, collection: str) -> list[Row]:
        """Give the rows of a collection in the given order; they are taken up once, so they may be an iterator."""
        if collection not in self._rows:
            self._rows[collection] = list(self.items.get(collection, ()))
        return self._rows[collection]

    def rows_of(self, thing: Collection | Hop) -> list[Row]:
        """Give the rows of a collection or of the far side of a hop."""
        return self.rows(thing.far if isinstance(thing, Hop) else thing.name)

    def far_rows(self, hop: Hop) -> FarRows:
        """Give the function from a near row to the rows the hop leads to; from no row, none."""
        guard = hop.guard if hop.guard and not hop.guard.far else None
        index: Index | None = None

        def find(row: Row | None) -> Sequence[Row]:
            nonlocal index
            if row is None or row[hop.near_field] is None or (guard and row[guard.field] != guard.collection):
                return ()
            if index is None:
                index = self._index(hop)
            key = row[hop.near_field]
            return index.get(hop.form(key) if hop.form else key, ())

        return find

    def _index(self, hop: Hop) -> Index:
        name, form, guard = hop.far_field, hop.form, hop.guard if hop.guard and hop.guard.far else None
        place = (hop.far, name, form, guard, hop.seen)
        index = self._indexes.get(place)
        if index is None:
            index = self._indexes[place] = {}
            for row in self.rows_of(hop):
                key = row[name]
                if key is not None and (guard is None or row[guard.field] == guard.collection):
                    index.setdefault(form(key) if form else key, []).append(row)
        return index


def once_per_rows(of_rows: Callable[[Sequence[Row]], Thing]) -> Callable[[Sequence[Row]], Thing]:
    """Give the function that works out something of a list of rows once, however many rows lead to that very list."""
    known: dict[int, tuple[Sequence[Row], Thing]] = {}  # by identity; the list is kept, so that no other can take it

    def found(rows: Sequence[Row]) -> Thing:
        if id(rows) not in known:
            known[id(rows)] = rows, of_rows(rows)
        return known[id(rows)][1]

    return found


def key_of(collection: Collection, row: Row) -> Any:
    """Give the primary key of a row as answers show it: a value, or a list of them where the key is composite."""
    keys = []
    for name in collection.primary_key:
        answer = collection.fields[name].codec.answer
        keys.append(answer(row[name]) if answer else row[name])
    return keys[0] if len(keys) == 1 else keys
