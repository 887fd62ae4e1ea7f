"""Reach: the rows that a delete may change, found by following pointers against their direction.

In: a `Database`, the pointers of its schema, and rows to start from. Out: by collection the rows that would be deleted,
set to NULL, or to their default, those that stand in the way, and those that would be left pointing at nothing. Each
pointer is followed for many rows at once, so that the number of statements grows with the depth, not with the rows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from attrs import define, field, frozen

from relgraph.graph.pointers import Pointer
from relgraph.graph.rows import Id, Look, Row, chunks, flat, look_at
from relgraph.integrity.guarded import Follow
from relgraph.read.joins import column, table
from relgraph.schema import Schema
from relgraph.storage.connection import Database

Ids: TypeAlias = dict[Id, None]
Chain: TypeAlias = tuple[str, ...]


def looks(schema: Schema, pointers: Iterable[Pointer]) -> dict[str, Look]:
    """Give what is looked at of every table."""
    fields: dict[str, dict[str, None]] = {one.name: dict.fromkeys(one.primary_key) for one in schema if not one.view}
    for pointer in pointers:
        fields[pointer.many].update(dict.fromkeys(pointer.fields))
        fields[pointer.one].update(dict.fromkeys(pointer.to_fields))
    return {name: look_at(schema.collections[name], listed) for name, listed in fields.items()}


@frozen
class Step:
    """Rows of which something is known to happen, whose pointers are still to be looked for."""

    collection: str
    ids: tuple[Id, ...]
    changed: frozenset[str] | None  # the fields that change; None: the rows go
    follow: Follow
    via: Chain


@define
class Reach:
    """What a delete reaches; `rows` holds every row that was met, as it is before."""

    database: Database
    looks: Mapping[str, Look]
    pointing: Mapping[str, Sequence[Pointer]]  # by the collection pointed at
    rows: dict[str, dict[Id, Row]] = field(factory=dict)
    deleted: dict[str, Ids] = field(factory=dict)
    changed: dict[tuple[str, Follow], dict[Id, frozenset[str]]] = field(factory=dict)
    met: dict[tuple[Pointer, Follow | None], Ids] = field(factory=dict)  # rows that point, and what follows for them
    via: dict[tuple[str, Follow | None], Chain] = field(factory=dict)  # by collection and what happens, the shortest
    roots: Ids = field(factory=dict)  # the rows to start from
    waiting: deque[Step] = field(factory=deque)

    def run(self, collection: str, rows: Mapping[Id, Row]) -> None:
        """Follow what comes of deleting some rows."""
        self.rows[collection] = dict(rows)
        self.roots = dict.fromkeys(rows)
        self.via[collection, Follow.DELETE] = ()
        self._delete(collection, tuple(rows), ())
        while self.waiting:
            step = self.waiting.popleft()
            for pointer in self.pointing.get(step.collection, ()):
                if step.changed is None or step.changed.intersection(pointer.to_fields):
                    self._follow(pointer, step)

    def _follow(self, pointer: Pointer, step: Step) -> None:
        found = self._pointing_rows(pointer, step.ids)
        if not found:
            return
        self.rows.setdefault(pointer.many, {}).update(
            (id, row) for id, row in found.items() if id not in self.rows.get(pointer.many, ())
        )
        ids, via = dict.fromkeys(found), (*step.via, pointer.name)
        follow = pointer.when_gone if step.changed is None else pointer.when_changed
        follow = step.follow if follow is Follow.MOVE else follow
        self.via.setdefault((pointer.many, follow), via)
        self.met.setdefault((pointer, follow), {}).update(ids)
        if follow is Follow.DELETE:
            self._delete(pointer.many, tuple(ids), via)
        elif follow not in (None, Follow.REFUSE):
            self._change(pointer, ids, follow, via)

    def _delete(self, collection: str, ids: Iterable[Id], via: Chain) -> None:
        known = self.deleted.setdefault(collection, {})
        new = tuple(id for id in ids if id not in known)
        known.update(dict.fromkeys(new))
        if new:
            self.waiting.append(Step(collection, new, None, Follow.DELETE, via))

    def _change(self, pointer: Pointer, ids: Ids, follow: Follow, via: Chain) -> None:
        fields = frozenset(pointer.fields)
        known = self.changed.setdefault((pointer.many, follow), {})
        new = tuple(id for id in ids if not fields <= known.get(id, frozenset()))
        known.update({id: known.get(id, frozenset()) | fields for id in new})
        if new:
            self.waiting.append(Step(pointer.many, new, fields, follow, via))

    def chain(self, collection: str, follow: Follow | None) -> Chain:
        """Give the shortest chain of relations by which something happens to rows of a collection."""
        found = self.via.get((collection, follow))
        others = (via for (name, _), via in self.via.items() if name == collection)
        return min(others, key=len, default=()) if found is None else found

    def is_moved(self, collection: str, id: Id) -> bool:
        """Whether a row stays, but gets another primary key, by which it is not found any more."""
        changed = [rows.get(id, frozenset()) for (name, _), rows in self.changed.items() if name == collection]
        key = self.looks[collection].collection.primary_key
        return id not in self.deleted.get(collection, ()) and not frozenset().union(*changed).isdisjoint(key)

    def chain_over(self, pointer: Pointer) -> Chain:
        """Give the shortest chain to the rows of a pointer's collection, one that ends in it where there is one."""
        chains = [via for (name, _), via in self.via.items() if name == pointer.many]
        return min(chains, key=lambda via: (via[-1:] != (pointer.name,), len(via)), default=())

    def is_changed(self, pointer: Pointer, id: Id) -> bool:
        """Whether a row goes, or what it points by changes."""
        changed = (rows.get(id, ()) for (name, _), rows in self.changed.items() if name == pointer.many)
        return id in self.deleted.get(pointer.many, ()) or any(
            not fields.isdisjoint(pointer.fields) for fields in changed if fields
        )

    # --- rows --------------------------------------------------------------------------------------------------------

    def _pointing_rows(self, pointer: Pointer, ids: Iterable[Id]) -> dict[Id, Row]:
        """Give the rows that point at some others by one pointer."""
        joined = f"JOIN {table(pointer.many, 'many')} ON {pointer.concerns}"
        return self._rows(pointer.one, "one", ids, joined, self.looks[pointer.many], "many")

    def now(self, collection: str) -> dict[Id, Row]:
        """Give those of the rows that were met which are still there, as they are now."""
        return self._rows(collection, "one", self.rows[collection], "", self.looks[collection], "one")

    def pointless(self, pointer: Pointer, ids: Iterable[Id]) -> dict[Id, Row]:
        """Give those of some rows that now point at nothing."""
        held = " AND ".join(f"{column('many', name)} IS NOT NULL" for name in pointer.fields)
        found = f"SELECT 1 FROM {table(pointer.one, 'one')} WHERE {pointer.condition}"
        where = f"WHERE {held} AND NOT EXISTS ({found})"
        return self._rows(pointer.many, "many", ids, where, self.looks[pointer.many], "many")

    def matching(self, pointer: Pointer, values: Sequence[str], bound: Sequence[Any]) -> dict[Id, Row]:
        """Give the rows that a pointer would lead to if its fields had these values."""
        look = self.looks[pointer.one]
        same = " AND ".join(
            f"{column('one', name)} = {value}" for name, value in zip(pointer.to_fields, values, strict=True)
        )
        text = f"SELECT {look.columns('one')} FROM {table(pointer.one, 'one')} WHERE {same}"
        return dict(map(look.parted, self.database.execute(text, bound).fetchall()))

    def _rows(self, name: str, alias: str, ids: Iterable[Id], rest: str, look: Look, shown: str) -> dict[Id, Row]:
        """Give the rows under the alias `shown` of a statement that starts from some rows of a collection."""
        chosen = self.looks[name]
        found: dict[Id, Row] = {}
        for chunk in chunks(ids, len(chosen.ids)):
            text = f"SELECT {look.columns(shown)} FROM {chosen.chosen(len(chunk), alias)} {rest}"
            found.update(map(look.parted, self.database.execute(text, flat(chunk)).fetchall()))
        return found
