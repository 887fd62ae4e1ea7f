"""Guards: triggers and unique indexes by which the database itself keeps relations right, whatever program writes.

In: a `Database` and its `Schema`. Out: a database that is guarded, or is no more; what guards consist of always fits
the relations, as every change of definitions ends with `follow`. Raises `CannotGuard` where rows break already what
guards are to enforce. All or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from typing import Final, TypeAlias

from attrs import frozen

from relgraph.errors import CannotGuard
from relgraph.integrity.data_rules import find
from relgraph.integrity.guard_indexes import GuardIndex, guard_indexes
from relgraph.integrity.guard_replaced import replaced_triggers
from relgraph.integrity.guard_texts import Trigger
from relgraph.integrity.guard_triggers import triggers
from relgraph.integrity.guarded import Guarded, guarded_relations
from relgraph.integrity.problems import Audit
from relgraph.schema import Schema, folded
from relgraph.storage import guard_tables
from relgraph.storage.connection import Database
from relgraph.storage.unique_keys import KeyIndex, key_indexes

ENFORCED: Final = (
    "dangling-m2o",
    "dangling-m2a",
    "m2a-collection",
    "key-form",
    "orphan-junction",
    "duplicate-link",
)

Piece: TypeAlias = Trigger | GuardIndex


@frozen
class _Wanted:
    """A trigger or index as it is to be."""

    piece: Piece
    name: str

    @property
    def kind(self) -> str:
        return "trigger" if isinstance(self.piece, Trigger) else "index"

    @property
    def sql(self) -> str:
        return self.piece.text(self.name)


def guarded(database: Database) -> bool:
    """Tell whether a database is guarded."""
    return guard_tables.is_guarded(database)


def own_names(database: Database) -> frozenset[str]:
    """Give the names of the triggers and indexes that guards consist of; none where the database is not guarded."""
    return frozenset(guard_tables.made(database)) if guarded(database) else frozenset()


def guard(database: Database, schema: Schema) -> None:
    """Guard a database; one that is guarded gets back what it lost. Raises `CannotGuard`.

    >>> from relgraph.storage.catalog import load
    >>> database = Database.open(":memory:")
    >>> _ = database.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY)")
    >>> _ = database.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, tag INTEGER REFERENCES tags)")
    >>> guard(database, load(database))
    >>> guarded(database), len(own_names(database))
    (True, 5)
    >>> unguard(database)
    >>> database.execute("SELECT name FROM sqlite_schema").fetchall()
    [('tags',), ('notes',)]
    >>> database.close()
    """
    with database.writing():
        relations = guarded_relations(schema)
        _judge(database, schema, relations)
        guard_tables.make_tables(database)
        _align(database, schema)


def unguard(database: Database) -> None:
    """Take away what `guard` made, and nothing else; a database that is not guarded stays as it is."""
    if not guarded(database):
        return
    with database.writing():
        for name, (kind, _) in guard_tables.made(database).items():
            guard_tables.drop(database, name, kind)
        guard_tables.drop_tables(database)


def lift(database: Database) -> None:
    """Take the triggers away before tables change, inside the transaction in which `follow` brings them back."""
    if not guarded(database):
        return
    for name, (kind, _) in guard_tables.made(database).items():
        if kind == "trigger":
            guard_tables.drop(database, name, kind)


def follow(database: Database, schema: Schema) -> None:
    """Let the guards fit the relations as they are now; a database that is not guarded stays as it is.

    Raises `CannotGuard` where rows break a relation that is not guarded yet.
    """
    if not guarded(database):
        return
    with database.writing():
        relations = guarded_relations(schema)
        _judge(database, schema, _unguarded(database, schema, relations))
        _align(database, schema)


# --- what is there, and what is to be --------------------------------------------------------------------------------


def _judge(database: Database, schema: Schema, relations: Iterable[Guarded]) -> None:
    """Refuse rows that break what guards are to enforce."""
    asked = [each.relation for each in relations]
    problems = find(database, schema, relations=asked, rules=ENFORCED) if asked else ()
    if problems:
        raise CannotGuard(database.name, Audit(problems, rules=ENFORCED))


def _unguarded(database: Database, schema: Schema, relations: Iterable[Guarded]) -> list[Guarded]:
    """Give the relations that are not guarded as they are to be."""
    there = {sql for _, sql in guard_tables.made(database).values()}
    new = [each.piece for each in _wanted(database, schema) if each.sql not in there]
    names = {piece.relation for piece in new if isinstance(piece, Trigger)}
    links = {piece.collection for piece in new if isinstance(piece, GuardIndex) and piece.unique}
    return [each for each in relations if each.relation.name in names or each.many in links]


def _align(database: Database, schema: Schema) -> None:
    """Make what is missing, and drop what is not to be any more; what fits stays untouched."""
    there = guard_tables.made(database)
    guard_tables.forget_lost(database, there)
    wanted = {each.name: each for each in _wanted(database, schema)}
    for name, (kind, sql) in there.items():
        if name not in wanted or (wanted[name].kind, wanted[name].sql) != (kind, sql):
            guard_tables.drop(database, name, kind)
    kept = guard_tables.made(database)
    for name, each in wanted.items():
        if name not in kept:
            guard_tables.make(database, name, each.kind, each.sql)


def _wanted(database: Database, schema: Schema) -> tuple[_Wanted, ...]:
    """Give all that the guards of a database are to consist of, under names that nothing else has."""
    relations, own = guarded_relations(schema), frozenset(guard_tables.made(database))
    others = {table: _others(indexes, own) for table, indexes in key_indexes(database).items()}
    made = guard_indexes(schema, relations, others)
    known = {
        table: (*others.get(table, ()), *(each.as_key() for each in made if each.collection == table))
        for table in {*others, *(each.collection for each in made)}
    }
    pieces: list[Piece] = [*made, *triggers(schema, relations), *replaced_triggers(schema, relations, known)]
    taken = set(guard_tables.names_of_others(database))
    return tuple(_Wanted(piece, _name(piece.stem, taken)) for piece in pieces)


def _others(indexes: Iterable[KeyIndex], own: frozenset[str]) -> tuple[KeyIndex, ...]:
    return tuple(index for index in indexes if index.name not in own)


def _name(stem: str, taken: set[str]) -> str:
    """Give a name that is not taken, and take it."""
    name = next(name for name in _names(stem) if folded(name) not in taken)
    taken.add(folded(name))
    return name


def _names(stem: str) -> Iterator[str]:
    yield stem
    yield from (f"{stem}_{number}" for number in count(2))
