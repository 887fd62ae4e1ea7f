"""Impact: what deleting items would do to the rest of the database.

In: a `Schema`, its `Database`, and keys. Out: an `Impact`. The delete is done and taken back (see `storage.rehearsal`),
so that what it does is what SQLite, the guards and the database's own triggers make of it, and nothing of it stays.
Which rows to look at, how it gets to them and what stands in its way is found by following pointers (see `reach`).
Raises `ItemNotFound` for keys that are not there, and what `rehearsal` raises where nothing can be written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from heapq import nsmallest
from typing import Any, Final, TypeAlias

from attrs import field, frozen

from relgraph.errors import InvalidQuery
from relgraph.graph.answers import SHOWN, Affected, Impact
from relgraph.graph.blocking import Block, blocks_of, broken_blocks, deferred_blocks
from relgraph.graph.pointers import Pointer, pointers_of
from relgraph.graph.reach import Chain, Ids, Reach, looks
from relgraph.graph.rows import Row, key_order, rows_with_keys
from relgraph.integrity.guarded import Follow
from relgraph.schema import Schema, folded
from relgraph.storage.committing import commit_refusal
from relgraph.storage.connection import Database
from relgraph.storage.guard_tables import is_guarded, made
from relgraph.storage.rehearsal import rehearsal, run_for_each
from relgraph.storage.sql_text import quoted, tokens

_CHOSEN: Final = "temp.relgraph_chosen"


def impact_of(schema: Schema, database: Database, collection: str, keys: Sequence[Any]) -> Impact:
    """Give what deleting the items with these keys, in one statement, would do.

    >>> from relgraph.storage.catalog import load
    >>> database = Database.open(":memory:")
    >>> _ = database.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, boss REFERENCES people ON DELETE SET NULL)")
    >>> _ = database.execute("INSERT INTO people VALUES (1, NULL), (2, 1), (3, 1)")
    >>> impact_of(load(database), database, "people", [1]).nullified["people"].keys
    (2, 3)
    >>> database.close()
    """
    found = schema.collections[collection]
    if found.view:
        raise InvalidQuery("collection", f"{collection} is a view, which holds no items of its own")
    with rehearsal(database) as stage, stage.writing():
        pointers = pointers_of(schema, guarded=is_guarded(stage))
        pointing: dict[str, list[Pointer]] = defaultdict(list)
        for pointer in pointers:
            pointing[pointer.one].append(pointer)
        reach = Reach(stage, looks(schema, pointers), pointing)
        reach.run(collection, rows_with_keys(stage, reach.looks[collection], keys))
        verdict = _judged(schema, reach, collection)
    if verdict.if_refused is not None and commit_refusal(database, _statements(reach, collection)):
        return verdict.if_refused
    return verdict.done


# --- what is deleted -------------------------------------------------------------------------------------------------


def _statements(reach: Reach, collection: str) -> tuple[tuple[str, Sequence[Row]], ...]:
    """Give the statements that delete the rows that were asked for, each with the values it runs for."""
    look = reach.looks[collection]
    names = ", ".join(f"k{number}" for number in range(len(look.ids)))
    wanted = f"({', '.join(look.ids)}) IN (SELECT {names} FROM {_CHOSEN})"
    return (
        (f"CREATE TEMP TABLE {_CHOSEN.removeprefix('temp.')} ({names})", [()]),
        (f"INSERT INTO {_CHOSEN} VALUES ({', '.join('?' * len(look.ids))})", tuple(reach.roots)),
        (f"DELETE FROM main.{quoted(collection)} WHERE {wanted}", [()]),
    )


# --- what comes of it ------------------------------------------------------------------------------------------------

_Found: TypeAlias = dict[str, Ids]  # by collection the rows that something happens to


@frozen
class _Effects:
    """The rows that something happens to, whether or not it may."""

    deleted: _Found = field(factory=dict)
    nullified: _Found = field(factory=dict)
    defaulted: _Found = field(factory=dict)
    dangling: _Found = field(factory=dict)


@frozen
class _Verdict:
    """What a delete does, and what is to be said instead if it is refused when it is committed."""

    done: Impact
    if_refused: Impact | None = None


def _judged(schema: Schema, reach: Reach, root: str) -> _Verdict:
    """Try the delete; give what it did, or what it would have done and what stands in its way."""
    expected, blocks = _expected(reach), blocks_of(schema, reach)  # of the rows as they are before
    refusals = (run_for_each(reach.database, sql, rows) for sql, rows in _statements(reach, root))
    refusal = next(filter(None, refusals), "")
    if refusal:
        blocks = blocks or broken_blocks(schema, reach.database, root)
        return _Verdict(_told(schema, reach, expected, blocks or (Block(root, reach.deleted[root], refusal),)))
    deferred = deferred_blocks(reach)
    if_refused = _told(schema, reach, expected, deferred) if deferred else None
    return _Verdict(_told(schema, reach, _done(reach), ()), if_refused)


def _done(reach: Reach) -> _Effects:
    """Give what a delete has done, by comparing every row that was met with what it is now."""
    effects = _Effects()
    for name, rows in reach.rows.items():
        now = reach.now(name)
        for id, row in rows.items():
            new = [after for before, after in zip(row, now.get(id, row), strict=True) if before != after]
            moved = id not in now and reach.is_moved(name, id)
            if id not in now and not moved:
                effects.deleted.setdefault(name, {})[id] = None
            if None in new:
                effects.nullified.setdefault(name, {})[id] = None
            if moved or any(value is not None for value in new):
                effects.defaulted.setdefault(name, {})[id] = None
    for (pointer, _), ids in reach.met.items():
        effects.dangling.setdefault(pointer.many, {}).update(dict.fromkeys(reach.pointless(pointer, ids)))
    return effects


def _expected(reach: Reach) -> _Effects:
    """Give what a delete would do if nothing stood in its way."""
    effects = _Effects(deleted=reach.deleted)
    for (name, to), rows in reach.changed.items():
        found = effects.nullified if to is Follow.NULLIFY else effects.defaulted
        found[name] = dict.fromkeys(id for id in rows if id not in reach.deleted.get(name, ()))
    for (pointer, follow), ids in reach.met.items():
        if follow is None:
            left = (id for id in ids if not reach.is_changed(pointer, id))
            effects.dangling.setdefault(pointer.many, {}).update(dict.fromkeys(left))
    return effects


# --- as an answer ----------------------------------------------------------------------------------------------------


def _told(schema: Schema, reach: Reach, effects: _Effects, blocks: Iterable[Block]) -> Impact:
    def affected(found: _Found, follow: Follow | None) -> dict[str, Affected]:
        return {
            name: _affected(reach, name, ids, reach.chain(name, follow)) for name in schema.collections
            if (ids := found.get(name))
        }  # fmt: skip

    return Impact(
        affected(effects.deleted, Follow.DELETE),
        affected(effects.nullified, Follow.NULLIFY),
        affected(effects.defaulted, Follow.DEFAULT),
        _blocked(reach, blocks),
        affected(effects.dangling, None),
        triggers=_triggers(reach, effects),
    )


def _affected(reach: Reach, name: str, ids: Ids, via: Chain, why: str = "") -> Affected:
    look, rows = reach.looks[name], reach.rows.get(name, {})
    keys = [look.key(id, rows[id]) for id in ids]
    return Affected(len(ids), tuple(nsmallest(SHOWN, keys, key=key_order)), via, why)


def _blocked(reach: Reach, blocks: Iterable[Block]) -> dict[str, Affected]:
    """Give what stands in the way by collection, the rows of each once, all reasons together."""
    by_name: dict[str, list[Block]] = defaultdict(list)
    for block in blocks:
        by_name[block.collection].append(block)
    blocked = {}
    for name, found in by_name.items():
        ids = {id: None for block in found for id in block.ids}
        why = "; ".join(dict.fromkeys(block.why for block in found))
        blocked[name] = _affected(reach, name, ids, min((block.via for block in found), key=len), why)
    return blocked


def _triggers(reach: Reach, effects: _Effects) -> tuple[str, ...]:
    """Give the names of the triggers, guards left out, that a delete or update of the rows concerned runs."""
    database, own = reach.database, made(reach.database) if is_guarded(reach.database) else {}
    rows = database.execute("SELECT name, tbl_name, sql FROM main.sqlite_schema WHERE type = 'trigger' ORDER BY name")
    happening = [("DELETE", name) for name in (*reach.deleted, *effects.deleted)]
    happening += [("UPDATE", name) for name, _ in reach.changed]
    happening += [("UPDATE", name) for name in (*effects.nullified, *effects.defaulted)]
    wanted = {(event, folded(name)) for event, name in happening}
    return tuple(name for name, on, sql in rows.fetchall() if name not in own and (_event(sql), folded(on)) in wanted)


def _event(sql: str) -> str:
    """Give what a trigger waits for: "DELETE", "INSERT" or "UPDATE"."""
    return next(token.text.upper() for token in tokens(sql) if token.is_word("DELETE", "INSERT", "UPDATE"))
