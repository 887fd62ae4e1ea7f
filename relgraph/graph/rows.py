"""Rows: how the rows of a table are told apart, looked at, and found by their keys.

In: collections, and a `Database`. Out: SQL text, rows by what tells them apart, and their primary keys. Raises
`ItemNotFound` for keys that are not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeAlias

from attrs import frozen

from relgraph.errors import InvalidPayload, InvalidQuery, ItemNotFound
from relgraph.query.keys import stored_key
from relgraph.read.joins import column, identity, table
from relgraph.schema import Collection
from relgraph.storage.connection import Database
from relgraph.storage.sql_text import quoted
from relgraph.values import sort_key

Id: TypeAlias = tuple[Any, ...]  # what tells a row apart: its rowid, or its primary key
Row: TypeAlias = tuple[Any, ...]  # the values of the fields that are looked at

BOUND: Final = 8000  # values of one statement; SQLite binds 32766


@frozen
class Look:
    """What is looked at of a table: what tells its rows apart, as SQL spells it, and fields, the key among them."""

    collection: Collection
    ids: tuple[str, ...]
    fields: tuple[str, ...]

    def columns(self, alias: str) -> str:
        """Give the columns of a row under an alias, what tells it apart first."""
        return ", ".join(f"{alias}.{name}" for name in (*self.ids, *map(quoted, self.fields)))

    def chosen(self, count: int, alias: str) -> str:
        """Give the table of some rows, told by parameters, and the rows themselves under an alias."""
        names = [f"k{number}" for number in range(len(self.ids))]
        rows = ", ".join([f"({', '.join('?' * len(names))})"] * count)
        same = " AND ".join(f"{alias}.{name} = chosen.{key}" for name, key in zip(self.ids, names, strict=True))
        source = f"(WITH given({', '.join(names)}) AS (VALUES {rows}) SELECT * FROM given) AS chosen"
        return f"{source} CROSS JOIN {table(self.collection.name, alias)} ON {same}"

    def parted(self, row: Row) -> tuple[Id, Row]:
        """Give what tells a row apart, and the fields looked at."""
        return row[: len(self.ids)], row[len(self.ids) :]

    def key(self, id: Id, row: Row) -> Any:
        """Give the primary key of a row, of several columns a tuple; without one, what tells the row apart."""
        parts = tuple(row[self.fields.index(name)] for name in self.collection.primary_key) or id
        return parts[0] if len(parts) == 1 else parts


def look_at(collection: Collection, fields: Iterable[str] = ()) -> Look:
    """Give the look at a table by its primary key and some more fields.

    >>> look_at(Collection("tags", {}, ("id",), has_rowid=False)).columns("t")
    't."id", t."id"'
    """
    # where columns take all names of the rowid and there is no key, rows are told apart by all they hold
    ids = identity(collection) or tuple(map(quoted, collection.fields))
    return Look(collection, ids, tuple(dict.fromkeys((*collection.primary_key, *fields))))


def chunks(rows: Iterable[Row], width: int) -> Iterator[list[Row]]:
    """Yield rows in runs whose values one statement can bind, `width` to a row.

    >>> [len(chunk) for chunk in chunks([(1,)] * 10_000, 1)]
    [8000, 2000]
    """
    left = iter(rows)
    while chunk := list(islice(left, BOUND // width)):
        yield chunk


def flat(rows: Iterable[Row]) -> list[Any]:
    """Give the values of rows one after the other, as they are bound.

    >>> flat([(1, 2), (3, 4)])
    [1, 2, 3, 4]
    """
    return [value for row in rows for value in row]


def key_order(key: Any) -> tuple[Any, ...]:
    """Give what keys are sorted by: as SQLite sorts their values.

    >>> sorted(["b", 2, ("a", 1)], key=key_order)
    [2, ('a', 1), 'b']
    """
    return tuple(map(sort_key, key if isinstance(key, tuple) else (key,)))


def rows_with_keys(database: Database, look: Look, keys: Sequence[Any], where: str = "keys") -> dict[Id, Row]:
    """Give the rows that have some keys.

    Raises `ItemNotFound` where one is not there, `InvalidQuery` where items have no key, `InvalidPayload` for no list.
    """
    collection = look.collection
    if isinstance(keys, (str, bytes, Mapping)) or not isinstance(keys, Sequence):
        raise InvalidPayload(where, f"{where} must be a list, not {type(keys).__name__}")
    if not collection.primary_key:
        raise InvalidQuery(where, f"{collection.name} has no primary key")
    same = " AND ".join(
        f"{column('one', name)} = given.k{number}" for number, name in enumerate(collection.primary_key, 1)
    )
    width = len(collection.primary_key) + 1
    names, marks = ", ".join(f"k{number}" for number in range(width)), f"({', '.join('?' * width)})"
    source = f"FROM given CROSS JOIN {table(collection.name, 'one')} ON {same}"
    found: dict[Id, Row] = {}
    for chunk in chunks(((number, *stored_key(collection, key)) for number, key in enumerate(keys)), width):
        given = f"WITH given({names}) AS (VALUES {', '.join([marks] * len(chunk))})"
        answers = database.execute(f"{given} SELECT given.k0, {look.columns('one')} {source}", flat(chunk)).fetchall()
        for number in sorted({number for number, *_ in chunk} - {row[0] for row in answers}):
            raise ItemNotFound(where, collection.name, keys[number])
        found.update(look.parted(row[1:]) for row in answers)
    return found
