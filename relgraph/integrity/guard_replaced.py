"""Guards against REPLACE: what follows, or is refused, when a row goes because another takes its place.

In: guarded relations, and the unique keys of the collections they point at. Out: `Trigger`s. Pure, and nothing fails.

A row that is replaced by one with the same key leaves its place to it. One that is in the way by another unique column
goes, and no trigger hears of it. So each row that may be in the way is noted before the new one is written, and looked
for afterwards; where the program meant to skip or to update instead, it is still there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import frozen

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
from relgraph.schema import Collection, Schema, folded
from relgraph.storage.guard_tables import GOING
from relgraph.storage.sql_text import quoted, tokens
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
    pairs = [(key, unique) for unique in _unique_keys(one, indexes) for key in keys if unique.key != key]
    for event in ("INSERT", "UPDATE") if pairs else ():
        notes = tuple(_note(one, key, unique, update=event == "UPDATE") for key, unique in pairs)
        changes = " OR ".join(
            dict.fromkeys(f"NEW.{quoted(name)} IS NOT OLD.{quoted(name)}" for _, each in pairs for name in each.columns)
        )
        when = changes if event == "UPDATE" and changes else "1"
        yield Trigger(stem_of(one.name, "before", event.lower()), "", one.name, f"BEFORE {event}", when, notes)
        noted = " OR ".join(f"EXISTS (SELECT 1 FROM {GOING} WHERE whose = {literal(_whose(one, key))})" for key in keys)
        seen_to = (*_seen_to(one, pointing), *(forgotten(_whose(one, key)) for key in keys))
        yield Trigger(stem_of(one.name, "after", event.lower()), "", one.name, f"AFTER {event}", noted, seen_to)


@frozen
class _Unique:
    """What no two rows agree in: the condition for rows that agree with a new one, and the columns that it reads.

    `key` is the one column compared as it is wherever it is pointed at, if it is no more than that.
    """

    alike: str
    columns: tuple[str, ...]
    key: str | None


def _unique_keys(one: Collection, indexes: Iterable[KeyIndex]) -> tuple[_Unique, ...]:
    """Give what rows, or some rows, are unique by."""
    own = tuple(one.fields[name].collation for name in one.primary_key)
    primary = [KeyIndex("", one.name, one.primary_key, own, True)] if one.primary_key else []
    return tuple(dict.fromkeys(_unique(one, index) for index in (*primary, *indexes) if index.unique))


def _unique(one: Collection, index: KeyIndex) -> _Unique:
    terms = index.terms or index.columns
    parts = zip(index.columns, terms, index.collations, strict=True)
    alike = [f"{_spelled(one, name, term or '')} COLLATE {quoted(collation)}" for name, term, collation in parts]
    columns = tuple(name for name in index.columns if name)
    if index.terms:
        columns = _named(one, " ".join((*index.terms, index.where)))
    alike += [f"({index.where})"] if index.where else []
    first = index.columns[0]
    plain = len(index.columns) == 1 and first is not None and one.fields[first].collation == index.collations[0]
    return _Unique(" AND ".join(alike), columns, first if plain else None)


def _spelled(one: Collection, name: str | None, term: str) -> str:
    """Give the condition that a row agrees with the new one in a column, or in an expression."""
    if name is not None:
        return f"{quoted(one.name)}.{quoted(name)} = NEW.{quoted(name)}"
    given = ", ".join(f"NEW.{quoted(column)} AS {quoted(column)}" for column in _named(one, term))
    return f"{term} = (SELECT {term} FROM (SELECT {given or '1'}))"


def _named(one: Collection, sql: str) -> tuple[str, ...]:
    """Give the columns that SQL names."""
    words = {folded(token.name) for token in tokens(sql)}
    return tuple(name for name in one.fields if folded(name) in words)


def _note(one: Collection, key: str, unique: _Unique, *, update: bool) -> str:
    table, column = quoted(one.name), f"{quoted(one.name)}.{quoted(key)}"
    itself = f" AND {column} IS NOT OLD.{quoted(key)}" if update else ""
    return (
        f"INSERT INTO {GOING} SELECT {literal(_whose(one, key))}, {column} FROM {table} "
        f"WHERE {unique.alike} AND {column} IS NOT NEW.{quoted(key)}{itself}"
    )


def _seen_to(one: Collection, pointing: Iterable[tuple[Guarded, Target]]) -> Iterator[str]:
    for guarded, target in pointing:
        points = points_among(guarded, target, lost(target, _whose(one, target.key.name)))
        yield from follow(guarded, target, target.when_gone, points)
        yield from refused_to_leave(guarded, target, points)


def _whose(one: Collection, key: str) -> str:
    return f"{key} of {one.name}"
