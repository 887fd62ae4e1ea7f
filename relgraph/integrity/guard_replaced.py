"""Guards against REPLACE: what follows, or is refused, when a row goes because another takes its place.

In: guarded relations, and the unique keys of the collections they point at. Out: `Trigger`s. Pure, and nothing fails.

A row that is replaced by one with the same key leaves its place to it. One that is in the way by another unique column
goes, and no trigger hears of it. So each row that may be in the way is noted before the new one is written, and looked
for afterwards; where the program meant to skip or to update instead, it is still there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from relgraph.integrity.guard_texts import (
    Trigger,
    follow,
    forgotten,
    lost,
    points_among,
    refused_to_leave,
    stem_of,
)
from relgraph.integrity.guarded import Guarded, Target
from relgraph.integrity.searches import literal
from relgraph.schema import Collection, Schema
from relgraph.storage.guard_tables import GOING
from relgraph.storage.sql_text import quoted
from relgraph.storage.unique_keys import KeyIndex


def replaced_triggers(
    schema: Schema, relations: Sequence[Guarded], indexes: Mapping[str, Iterable[KeyIndex]]
) -> Iterator[Trigger]:
    """Yield the triggers that see to rows that are replaced, for each collection where rows can be in the way."""
    pointed: dict[str, list[tuple[Guarded, Target]]] = {}
    for guarded in relations:
        for target in guarded.targets:
            pointed.setdefault(target.collection, []).append((guarded, target))
    for name, pointing in pointed.items():
        yield from _of_collection(schema.collections[name], pointing, tuple(indexes.get(name, ())))


def _of_collection(
    one: Collection, pointing: Sequence[tuple[Guarded, Target]], indexes: Sequence[KeyIndex]
) -> Iterator[Trigger]:
    keys = tuple(dict.fromkeys(target.key.name for _, target in pointing))
    pairs = [(key, unique) for unique in _unique_keys(one, indexes) for key in keys if tuple(unique) != (key,)]
    for event in ("INSERT", "UPDATE") if pairs else ():
        notes = tuple(_note(one, key, unique, update=event == "UPDATE") for key, unique in pairs)
        changes = " OR ".join(
            dict.fromkeys(f"NEW.{quoted(name)} IS NOT OLD.{quoted(name)}" for _, each in pairs for name in each)
        )
        when = changes if event == "UPDATE" else "1"
        yield Trigger(stem_of(one.name, "before", event.lower()), "", one.name, f"BEFORE {event}", when, notes)
        noted = " OR ".join(f"EXISTS (SELECT 1 FROM {GOING} WHERE whose = {literal(_whose(one, key))})" for key in keys)
        seen_to = (*_seen_to(one, pointing), *(forgotten(_whose(one, key)) for key in keys))
        yield Trigger(stem_of(one.name, "after", event.lower()), "", one.name, f"AFTER {event}", noted, seen_to)


def _unique_keys(one: Collection, indexes: Iterable[KeyIndex]) -> Iterator[Mapping[str, str]]:
    """Yield the columns by which rows, or some rows, are unique, each with its collation."""
    if one.primary_key:
        yield {name: one.fields[name].collation for name in one.primary_key}
    for index in indexes:
        columns = {name: collation for name, collation in zip(index.columns, index.collations, strict=True) if name}
        if index.unique and len(columns) == len(index.columns) and set(columns) != set(one.primary_key):
            yield columns


def _note(one: Collection, key: str, unique: Mapping[str, str], *, update: bool) -> str:
    table, column = quoted(one.name), f"{quoted(one.name)}.{quoted(key)}"
    alike = " AND ".join(
        f"{table}.{quoted(name)} = NEW.{quoted(name)} COLLATE {quoted(collation)}" for name, collation in unique.items()
    )
    itself = f" AND {column} IS NOT OLD.{quoted(key)}" if update else ""
    return (
        f"INSERT INTO {GOING} SELECT {literal(_whose(one, key))}, {column} FROM {table} "
        f"WHERE {alike} AND {column} IS NOT NEW.{quoted(key)}{itself}"
    )


def _seen_to(one: Collection, pointing: Iterable[tuple[Guarded, Target]]) -> Iterator[str]:
    for guarded, target in pointing:
        points = points_among(guarded, target, lost(target, _whose(one, target.key.name)))
        yield from follow(guarded, target, target.when_gone, points)
        yield from refused_to_leave(guarded, target, points)


def _whose(one: Collection, key: str) -> str:
    return f"{key} of {one.name}"
