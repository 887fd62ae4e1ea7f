"""Guard triggers: what makes the database itself keep relations right, whatever program writes.

In: guarded relations. Out: `Trigger`s on the collections that point and on those pointed at; `guards` makes them.
Pure, and nothing fails.

What they rest on, of SQLite:
- a trigger looks at a row as soon as it is written: an item has to be there before another one points at it;
- where foreign keys are switched on, a declared one is left to SQLite, which may judge it later: the probe tells;
  of a table that points at itself with SET NULL, SQLite (3.40) takes any key that REPLACE or an upsert brings;
- REPLACE, also where a constraint says so, drops rows without a word to triggers: see `guard_replaced`;
- unless a program sets `recursive_triggers`, a trigger that runs does not fire again for what it changes itself;
- OR IGNORE passes over what a trigger's own statements fail at, hence each looks again at the end;
- `UPDATE OF id` does not fire where `rowid`, the same column, is set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attrs import evolve

from relgraph.integrity.guard_texts import (
    NUMBERS,
    Trigger,
    fields_of,
    follow,
    forgotten,
    found,
    held,
    lost,
    points_among,
    points_at,
    refused,
    refused_for,
    refused_to_leave,
    stem_of,
    unlike,
)
from relgraph.integrity.guarded import Follow, Guarded, Target
from relgraph.integrity.searches import literal
from relgraph.schema import Collection, Field, Schema
from relgraph.storage.guard_tables import GOING
from relgraph.storage.sql_text import quoted


def triggers(schema: Schema, relations: Sequence[Guarded]) -> Iterator[Trigger]:
    """Yield the triggers that keep relations right, but for what REPLACE drops."""
    for guarded in relations:
        yield from _checks(schema.collections[guarded.many], guarded)
        for target in guarded.targets:
            yield from _follows(schema.collections[target.collection], guarded, target, relations)


# --- what points -----------------------------------------------------------------------------------------------------


def _checks(many: Collection, guarded: Guarded) -> Iterator[Trigger]:
    """Yield what looks at each row that points: when it comes, and when it changes where it points."""
    wrong, body = (
        _m2o_check(guarded) if guarded.collection_field is None else _m2a_check(guarded, guarded.collection_field)
    )
    names, relation = (many.name, guarded.near.name), guarded.relation.name
    yield Trigger(stem_of(*names, "insert"), relation, many.name, "AFTER INSERT", wrong, body)
    fields = [quoted(field.name) for field in fields_of(guarded)]
    changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name} COLLATE BINARY" for name in fields)
    event = _update_of(many, fields_of(guarded))
    yield Trigger(stem_of(*names, "update"), relation, many.name, event, f"({changed}) AND ({wrong})", body)


def _update_of(collection: Collection, fields: Sequence[Field]) -> str:
    """Give the event that one of some fields changes: any update, where one can change without being named."""
    if any(field.generated or field.name in collection.primary_key for field in fields):
        return "AFTER UPDATE"
    return f"AFTER UPDATE OF {', '.join(quoted(field.name) for field in fields)}"


def _m2o_check(guarded: Guarded) -> tuple[str, tuple[str, ...]]:
    """Give when a row is wrong, and the statements that say how: each leaves less that it can be, as few as will do.

    SQLite makes room for all of them whenever a row is written, which costs more the more there are.
    """
    (target,) = guarded.targets
    value, key, name = f"NEW.{quoted(guarded.near.name)}", quoted(target.key.name), guarded.relation.name
    matched = found(target, f"{key} = {unlike(target)}{value}")
    exact = matched
    body = []
    if guarded.junction:
        body.append(refused(_half(guarded), "orphan-junction", f"{value} IS NULL"))
    if guarded.near.affinity == "BLOB":  # no other column takes a key in another form than it is
        exact = found(target, f"{key} = +{value} AND typeof({key}) = typeof({value})")
        body.append(refused(_misspelled(guarded, target), "key-form", matched))
    body += refused_for(guarded, f"{name} points at no item of {target.collection}", "dangling-m2o", "1")
    return f"NOT {exact}" if guarded.junction else f"{value} IS NOT NULL AND NOT {exact}", tuple(body)


def _m2a_check(guarded: Guarded, collection_field: Field) -> tuple[str, tuple[str, ...]]:
    """Give when a row is wrong, and the statements that say how."""
    value, names = f"NEW.{quoted(guarded.near.name)}", f"NEW.{quoted(collection_field.name)}"
    name, binary = guarded.relation.name, f"{names} COLLATE BINARY"
    whens = " ".join(
        f"WHEN {literal(target.collection)} THEN {found(target, _same_text(target, value))}"
        for target in guarded.targets
    )
    wrong = f"CASE {binary} {whens} END IS NOT TRUE" if whens else "1"
    neither = f"{value} IS NULL AND {names} IS NULL"
    allowed = [target.collection for target in guarded.targets]
    only = f"{name} may point at items of {', '.join(allowed) or 'no collection'} only"
    half = (refused(_half(guarded), "orphan-junction", neither),) if guarded.junction else ()
    body = (
        *half,
        refused(f"{name} holds a key, but {collection_field.name} no collection", "m2a-collection", f"{names} IS NULL"),
        refused(only, "m2a-collection", f"{binary} NOT IN ({', '.join(map(literal, allowed))})"),
        refused(f"{name} is NULL beside a collection", "dangling-m2a", f"{value} IS NULL"),
        *_misspellings(guarded, value, binary),
        refused(f"{name} points at no item of its collection", "dangling-m2a", "1"),
    )
    return wrong if guarded.junction else f"NOT ({neither}) AND {wrong}", body


def _misspellings(guarded: Guarded, value: str, names: str) -> Iterator[str]:
    for target in guarded.targets:
        if target.key.affinity in NUMBERS:
            spelled = found(target, f"{quoted(target.key.name)} = {value}")
            here = f"{names} = {literal(target.collection)} AND {spelled}"
            yield refused(_misspelled(guarded, target), "key-form", here)


def _same_text(target: Target, value: str) -> str:
    """Give the condition under which a row's key is the same text; the first part of it an index can look up."""
    key, text = quoted(target.key.name), f"CAST({value} AS TEXT)"
    if target.key.affinity in NUMBERS:
        looked_up = f"{key} = {value}"
    elif target.key.affinity == "TEXT":
        looked_up = f"{key} IN ({text}, CAST({value} AS BLOB))"
    else:
        looked_up = f"{key} IN ({text}, CAST({value} AS NUMERIC), CAST({value} AS REAL), CAST({value} AS BLOB))"
    return f"{looked_up} AND CAST({key} AS TEXT) = {text}"


def _half(guarded: Guarded) -> str:
    return f"{guarded.relation.name} is NULL, but a link has two sides"


def _misspelled(guarded: Guarded, target: Target) -> str:
    return f"{guarded.relation.name} spells a key of {target.collection} otherwise than it is there"


# --- what is pointed at ----------------------------------------------------------------------------------------------


def _follows(one: Collection, guarded: Guarded, target: Target, relations: Sequence[Guarded]) -> Iterator[Trigger]:
    """Yield what acts when an item goes, or gets another key, that something points at."""
    relation, declared = guarded.relation.name, guarded.relation.foreign_key
    names, key = (guarded.many, guarded.near.name, one.name), f"OLD.{quoted(target.key.name)}"
    points = points_at(guarded, target, key)
    there = held(guarded, points)
    if guarded.junction and declared is not None and declared.on_delete == "SET NULL":
        body = follow(guarded, target, Follow.DELETE, points)  # before SQLite makes it half a link
        yield Trigger(stem_of(*names, "delete_link"), relation, one.name, "BEFORE DELETE", there, body)
    gone = _all_that_go(guarded, target, relations) or points
    body = (*follow(guarded, target, target.when_gone, gone), *refused_to_leave(guarded, target, points))
    deleted = Trigger(stem_of(*names, "delete"), relation, one.name, "AFTER DELETE", there, body)
    yield from _noted(deleted, guarded, target) if on_ring(guarded, target, relations) else (deleted,)
    binary = " COLLATE BINARY" if guarded.collection_field else ""
    changed = f"{key} IS NOT NEW.{quoted(target.key.name)}{binary} AND {there}"
    body = (*follow(guarded, target, target.when_moved, points), *refused_to_leave(guarded, target, points))
    yield Trigger(stem_of(*names, "key"), relation, one.name, _update_of(one, [target.key]), changed, body)


def _all_that_go(guarded: Guarded, target: Target, relations: Sequence[Guarded]) -> str:
    """Give the condition for all rows of a collection that go with one of its items, to any depth.

    Nothing, where rows do not go with items of their own collection.
    """
    if guarded.many != target.collection or target.when_gone is not Follow.DELETE:
        return ""
    ring = [
        (other, one)
        for other in relations
        for one in other.targets
        if other.many == one.collection == guarded.many and one.when_gone is Follow.DELETE
    ]
    return " OR ".join(
        f"({points_among(other, one, f'FROM ({_gone(ring)}) WHERE field = {literal(one.key.name)}')})"
        for other, one in ring
    )


def _gone(ring: Sequence[tuple[Guarded, Target]]) -> str:
    """Give the SELECT of the keys of an item, and of all that go with it, by the field that they stand in."""
    table = quoted(ring[0][0].many)
    keys = list(dict.fromkeys(one.key.name for _, one in ring))
    starts = " UNION ALL ".join(f"SELECT {literal(key)} AS field, OLD.{quoted(key)} AS key" for key in keys)
    steps = " ".join(
        f"UNION SELECT {literal(key)}, {table}.{quoted(key)} FROM gone JOIN {table} "
        f"ON gone.field = {literal(one.key.name)} AND {points_at(other, one, 'gone.key')}"
        for other, one in ring
        for key in keys
    )
    return f"WITH RECURSIVE gone(field, key) AS (SELECT * FROM ({starts}) {steps}) SELECT field, key FROM gone"


# --- rows that go with others round a ring of collections ------------------------------------------------------------


def on_ring(guarded: Guarded, target: Target, relations: Sequence[Guarded]) -> bool:
    """Whether rows go with items, over other collections, that may be pointed at by the same relation."""
    steps: dict[str, set[str]] = {}
    for other in relations:
        for one in other.targets:
            if one.when_gone is Follow.DELETE and other.many != one.collection:
                steps.setdefault(one.collection, set()).add(other.many)
    return target.when_gone is Follow.DELETE and target.collection in _reached(steps, guarded.many)


def _reached(steps: Mapping[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [*steps.get(start, ())]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += steps.get(name, ())
    return seen


def _noted(deleted: Trigger, guarded: Guarded, target: Target) -> Iterator[Trigger]:
    """Yield a trigger with another that notes each item that goes, as it does not fire for those of a later round.

    Only `recursive_triggers` would let it. Without that, what would be left behind by a later round is refused.
    """
    whose = f"{guarded.relation.name} of {target.collection}"
    note = f"INSERT INTO {GOING} VALUES ({literal(whose)}, OLD.{quoted(target.key.name)})"
    yield Trigger(f"{deleted.stem}_note", deleted.relation, deleted.collection, "BEFORE DELETE", deleted.when, (note,))
    noted = f"EXISTS (SELECT 1 FROM {GOING} WHERE whose = {literal(whose)})"
    left = refused_to_leave(guarded, target, points_among(guarded, target, lost(target, whose)))
    yield evolve(deleted, when=f"{deleted.when} OR {noted}", body=(*deleted.body, *left, forgotten(whose)))
