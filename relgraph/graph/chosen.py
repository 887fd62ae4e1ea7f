"""Chosen rows: the keys of what goes into a subset, in temporary tables that grow on the disk and not in memory.

In: the source of an excerpt, its schema, keys or selects of them. Out: a table of keys for each collection that has
any, in which no row is twice. Raises `CannotExcerpt` for a table whose rows nothing tells apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any, Final

from attrs import frozen

from relgraph.errors import CannotExcerpt
from relgraph.graph.rows import Id, Look, chunks, flat, look_at
from relgraph.read.joins import identity, table
from relgraph.schema import Collection
from relgraph.storage.connection import Database

_NUMBERS: Final = count(1)  # of key tables, whose names are never given twice


@frozen(eq=False)
class KeyTable:
    """Keys of one collection in the order in which they were found, `n` from 1."""

    source: Database
    look: Look
    name: str

    @classmethod
    def make(cls, source: Database, collection: Collection) -> KeyTable:
        """Make a table, empty."""
        look = look_at(collection)
        told_apart = bool(identity(collection)) and (
            not collection.has_rowid
            or look.ids[0] in ("rowid", "_rowid_", "oid")
            or not any(collection.fields[name].nullable for name in collection.primary_key)
        )
        if not told_apart:
            raise CannotExcerpt(collection.name, "nothing tells its rows apart, as its columns take all names of rowid")
        made = cls(source, look, f"temp.relgraph_keys_{next(_NUMBERS)}")
        keys = ", ".join(made.keys)
        source.execute(
            f"CREATE TEMP TABLE {made.name.removeprefix('temp.')} (n INTEGER PRIMARY KEY, {keys}, UNIQUE ({keys}))"
        )
        return made

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns of the table that hold what tells rows apart."""
        return tuple(f"k{number}" for number in range(len(self.look.ids)))

    @property
    def size(self) -> int:
        """How many keys there are."""
        (found,) = self.source.execute(f"SELECT coalesce(max(n), 0) FROM {self.name}").fetchone()
        return int(found)

    def add(self, rows: str, values: Sequence[Any] = ()) -> int:
        """Take the keys that a select gives, but for those that are there; give how many were new."""
        return self.source.execute(
            f"INSERT OR IGNORE INTO {self.name} ({', '.join(self.keys)}) {rows}", values
        ).rowcount

    def add_all(self, ids: Iterable[Id]) -> None:
        """Take some keys."""
        for chunk in chunks(ids, len(self.keys)):
            marks = f"({', '.join('?' * len(self.keys))})"
            self.add(f"VALUES {', '.join([marks] * len(chunk))}", flat(chunk))

    def ids(self, alias: str) -> str:
        """Give what tells a row under an alias apart."""
        return ", ".join(f"{alias}.{name}" for name in self.look.ids)

    def rows(self, alias: str) -> str:
        """Give the rows with these keys under an alias, for FROM; the keys themselves are `chosen` there."""
        pairs = zip(self.look.ids, self.keys, strict=True)
        same = " AND ".join(f"{alias}.{name} = chosen.{key}" for name, key in pairs)
        return f"{self.name} AS chosen CROSS JOIN {table(self.look.collection.name, alias)} ON {same}"
