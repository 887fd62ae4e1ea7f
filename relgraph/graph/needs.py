"""Needs: the rows that others cannot do without, and those that hang on others; followed until nothing is missing.

In: a schema, and the source of an excerpt. Out: keys in key tables. A row needs what it points at: by a relation to
one, by one to any, and by a declared foreign key that is no relation, over several columns too.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import define, field, frozen

from relgraph.graph.answers import name_of
from relgraph.graph.chosen import KeyTable
from relgraph.graph.pointers import can_match
from relgraph.read.joins import column, guarded, join, table
from relgraph.schema import AnyHop, Hop, Schema
from relgraph.storage.connection import Database


@frozen
class Need:
    """A pointer: `given` says in SQL that a row `many` points by it, `met` that it is the row `one` that it means."""

    name: str
    many: str
    one: str
    given: str
    met: str


def needs_of(schema: Schema) -> tuple[Need, ...]:
    """Give all pointers of a schema that can lead to a row.

    >>> from relgraph.linking import link
    >>> from relgraph.relation import Relation
    >>> from relgraph.schema import Collection, Field
    >>> from relgraph.values import FieldType
    >>> people = Collection("people", {n: Field("people", n, FieldType.INTEGER) for n in ("id", "boss")}, ("id",))
    >>> [need.met for need in needs_of(link([people], [Relation("people", "boss", "people")]))]
    ['one."id" = many."boss"']
    """
    hops = tuple(_hops(schema))
    travelled = {(hop.near, hop.near_field, hop.far, hop.far_field) for hop in hops if hop.guard is None}
    keys = (key for key in dict.fromkeys(schema.foreign_keys) if can_match(schema, key))
    return (
        *map(_of_hop, hops),
        *(
            Need(
                f"{key.collection}.{key.fields[0]}" if len(key.fields) == 1 else name_of(key),
                key.collection,
                key.to_collection,
                _all_held(key.fields),
                " AND ".join(
                    f"{column('one', far)} = {column('many', near)}"
                    for far, near in zip(key.to_fields, key.fields, strict=True)
                ),
            )
            for key in keys
            if (key.collection, *key.fields, key.to_collection, *key.to_fields) not in travelled
        ),
    )


def _hops(schema: Schema) -> Iterator[Hop]:
    """Yield the ways of a schema that lead to one row."""
    for collection in schema:
        if not collection.view:
            yield from (hop for hop in collection.hops.values() if not hop.many)
            yield from (hop for any_hop in collection.any_hops.values() for hop in any_hop.hops.values())


def _of_hop(hop: Hop) -> Need:
    given = " AND ".join([_all_held((hop.near_field,)), *(piece.text for piece in guarded(hop, "many", None))])
    return Need(hop.relation.name, hop.near, hop.far, given, join(hop, "many", "one").text)


def _all_held(fields: tuple[str, ...]) -> str:
    return " AND ".join(f"{column('many', name)} IS NOT NULL" for name in fields)


# --- following -------------------------------------------------------------------------------------------------------


@define(eq=False)
class Choice:
    """The rows that were chosen, by collection."""

    source: Database
    schema: Schema
    needs: tuple[Need, ...] = field(init=False)
    tables: dict[str, KeyTable] = field(factory=dict)
    followed: dict[str, int] = field(factory=dict)  # up to which of its keys the needs of a collection are there

    def __attrs_post_init__(self) -> None:
        self.needs = needs_of(self.schema)

    def of(self, collection: str) -> KeyTable:
        """Give the keys of a collection, to which more can be added."""
        if collection not in self.tables:
            self.tables[collection] = self.new(collection)
        return self.tables[collection]

    def new(self, collection: str) -> KeyTable:
        """Give a key table of its own."""
        return KeyTable.make(self.source, self.schema.collections[collection])

    def take(self, found: KeyTable) -> None:
        """Choose the rows with some keys."""
        self.of(found.look.collection.name).add(f"SELECT {', '.join(found.keys)} FROM {found.name} ORDER BY n")

    def complete(self) -> None:
        """Choose all that chosen rows need, and what that needs, and so on.

        Cost: one statement for every pointer of a collection each time that rows of it are new.
        """
        by_many: dict[str, list[Need]] = {}
        for need in self.needs:
            by_many.setdefault(need.many, []).append(need)
        waiting = dict.fromkeys(self.tables)
        while waiting:
            name, _ = waiting.popitem()
            last, self.followed[name] = self.followed.get(name, 0), self.tables[name].size
            if last < self.followed[name]:
                for need in by_many.get(name, ()):
                    if self._follow(need, last, self.followed[name]):
                        waiting[need.one] = None

    def _follow(self, need: Need, after: int, last: int) -> int:
        """Choose what some rows need by one pointer; give how many rows are new."""
        many, one = self.of(need.many), self.of(need.one)
        source = f"{many.rows('many')} CROSS JOIN {table(need.one, 'one')} ON {need.met}"
        return one.add(
            f"SELECT {one.ids('one')} FROM {source} WHERE chosen.n > ? AND chosen.n <= ? AND {need.given}",
            (after, last),
        )

    def walk(self, start: KeyTable, hops: tuple[Hop | AnyHop, ...]) -> None:
        """Choose the rows along a path; those behind an any-to-many field that ends it are needed anyway."""
        for hop in hops:
            if isinstance(hop, Hop):
                start = self._step(start, hop)

    def _step(self, start: KeyTable, hop: Hop) -> KeyTable:
        """Choose the rows behind a hop; give their keys."""
        found = self.new(hop.far)
        source = f"{start.rows('one')} CROSS JOIN {table(hop.far, 'many')} ON {join(hop, 'one', 'many').text}"
        found.add(f"SELECT {found.ids('many')} FROM {source}")
        self.take(found)
        return found

    def spread(self, starts: list[KeyTable], depth: int) -> None:
        """Choose what points at some rows, and what points at that, so many times; from each row once."""
        reached = {start.look.collection.name: start for start in starts}
        done: dict[str, int] = {}
        for _ in range(depth):
            new = {name: keys.size for name, keys in reached.items() if keys.size > done.get(name, 0)}
            if not new:
                break
            for need in self.needs:
                if need.one in new:
                    if need.many not in reached:
                        reached[need.many] = self.new(need.many)
                    self._reach(reached[need.many], need, reached[need.one], (done.get(need.one, 0), new[need.one]))
            done |= new
        for keys in reached.values():
            self.take(keys)

    def _reach(self, many: KeyTable, need: Need, one: KeyTable, part: tuple[int, int]) -> None:
        """Add what points by one pointer at some rows, those behind the first number up to the last."""
        source = f"{one.rows('one')} CROSS JOIN {table(need.many, 'many')} ON {need.given} AND {need.met}"
        many.add(f"SELECT {many.ids('many')} FROM {source} WHERE chosen.n > ? AND chosen.n <= ?", part)

    def dangling(self) -> dict[str, int]:
        """Give how many chosen rows point at nothing, by what they point with."""
        found = {need.name: 0 for need in self.needs if need.many in self.tables}
        for need in self.needs:
            if need.many in self.tables:
                there = f"SELECT 1 FROM {table(need.one, 'one')} WHERE {need.met}"
                rows = f"{self.tables[need.many].rows('many')} WHERE {need.given} AND NOT EXISTS ({there})"
                found[need.name] += self.source.execute(f"SELECT count(*) FROM {rows}").fetchone()[0]
        return {name: number for name, number in found.items() if number}
