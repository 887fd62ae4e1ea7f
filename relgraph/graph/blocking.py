"""Blocking: what stands in the way of a delete, and why.

In: what the delete reaches. Out: `Block`s. SQLite says that it refuses, but not because of which rows: that is told by
what each pointer at the rows in question calls for.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import field, frozen

from relgraph.graph.answers import Source, name_of
from relgraph.graph.pointers import Pointer, can_match
from relgraph.graph.reach import Chain, Ids, Reach
from relgraph.integrity.guarded import Follow
from relgraph.relation import Relation
from relgraph.schema import ForeignKey, Schema
from relgraph.storage.connection import Database
from relgraph.storage.rehearsal import mismatched_key
from relgraph.storage.sql_text import tokens


@frozen
class Block:
    """Rows of a collection that keep others from being deleted; none, where a definition is at fault."""

    collection: str
    ids: Ids = field(hash=False)
    why: str = ""
    via: Chain = ()


def blocks_of(schema: Schema, reach: Reach) -> tuple[Block, ...]:
    """Give the rows that would stay and point at nothing, or hold what they may not.

    A row that goes itself stands in no way, unless nothing else does: RESTRICT looks before it has gone.
    """
    found = [
        Block(pointer.many, kept, why, reach.chain(pointer.many, follow))
        for (pointer, follow), ids in reach.met.items()
        for why in _reasons(schema, reach, pointer, follow)
        if (kept := {id: None for id in ids if id not in reach.deleted.get(pointer.many, ())})
    ]
    return tuple(found) or tuple(_hasty(reach))


def _reasons(schema: Schema, reach: Reach, pointer: Pointer, follow: Follow | None) -> Iterator[str]:
    many = schema.collections[pointer.many]
    fixed = [name for name in pointer.fields if not many.fields[name].nullable]
    if follow is Follow.REFUSE:
        yield _refusal(pointer)
    elif follow is Follow.NULLIFY and fixed:
        yield f"{pointer.name} would become NULL, which {', '.join(fixed)} cannot be"
    elif follow is Follow.DEFAULT and not _default_is_there(schema, reach, pointer):
        yield f"the default of {pointer.name} would point at no item of {pointer.one}"


def _refusal(pointer: Pointer) -> str:
    if not pointer.declared:
        return f"{pointer.name} is guarded, and may not point at nothing"
    return f"{pointer.name} is ON DELETE {_action(pointer.source)}"


def _action(source: Source) -> str:
    key = source.foreign_key if isinstance(source, Relation) else source
    return "NO ACTION" if key is None else key.on_delete


def _hasty(reach: Reach) -> Iterator[Block]:
    for (pointer, follow), ids in reach.met.items():
        if follow is Follow.REFUSE and _action(pointer.source) == "RESTRICT":
            yield Block(pointer.many, ids, _refusal(pointer), reach.chain(pointer.many, follow))


def _default_is_there(schema: Schema, reach: Reach, pointer: Pointer) -> bool:
    """Whether the item that a pointer's defaults name is there, and stays; NULL among them names none."""
    fields = [schema.collections[pointer.many].fields[name] for name in pointer.fields]
    if any(each.default_sql is None or each.default_sql.upper() == "NULL" for each in fields):
        return True
    values = [f"({each.default_sql})" if each.default is None else "?" for each in fields]
    found = reach.matching(pointer, values, [each.default for each in fields if each.default is not None])
    return any(id not in reach.deleted.get(pointer.one, ()) for id in found)


def deferred_blocks(reach: Reach) -> tuple[Block, ...]:
    """Give the rows that point at nothing after a delete that SQLite let pass, to be refused when it is committed.

    Also those that did so before: SQLite looks at some keys again when their row changes.
    """
    later = _deferring(reach.database)
    pointers = [each for pointers in reach.pointing.values() for each in pointers if each.declared]
    return tuple(
        Block(pointer.many, dict.fromkeys(left), _deferral(reach, pointer), reach.chain_over(pointer))
        for pointer in pointers
        if pointer.many in later and (left := reach.pointless(pointer, reach.rows.get(pointer.many, ())))
    )


def _deferral(reach: Reach, pointer: Pointer) -> str:
    if (pointer, Follow.REFUSE) in reach.met:
        return f"{_refusal(pointer)}, and deferred"
    return f"{pointer.name} points at nothing, and is deferred"


def _deferring(database: Database) -> frozenset[str]:
    """Give the tables with foreign keys that are judged when a transaction ends."""
    (all_,) = database.execute("PRAGMA defer_foreign_keys").fetchone()
    texts = database.execute("SELECT name, sql FROM main.sqlite_schema WHERE type = 'table'").fetchall()
    return frozenset(name for name, sql in texts if all_ or any(token.is_word("DEFERRED") for token in tokens(sql)))


# --- definitions -----------------------------------------------------------------------------------------------------


def broken_blocks(schema: Schema, database: Database, root: str) -> tuple[Block, ...]:
    """Give the foreign keys because of which SQLite refuses every delete from a table, with rows or without."""
    return tuple(
        Block(key.collection, {}, why, via)
        for name, via in _tables_behind(schema, root).items()
        for key in schema.foreign_keys
        if key.collection == name and (why := _why_broken(schema, database, key))
    )


def _tables_behind(schema: Schema, root: str) -> dict[str, Chain]:
    """Give the tables that SQLite looks at when it deletes from one, each with the chain of keys that leads there."""
    found: dict[str, Chain] = {root: ()}
    waiting = [root]
    for name in waiting:
        for key in schema.foreign_keys:
            if key.to_collection == name and key.collection not in found:
                found[key.collection] = (*found[name], _name(schema, key))
                waiting.append(key.collection)
    return found


def _name(schema: Schema, key: ForeignKey) -> str:
    place = (key.collection, key.fields, key.to_collection)
    relations = (
        each for each in schema.relations if (each.many_collection, (each.many_field,), each.one_collection) == place
    )
    return name_of(next(relations, key))


def _why_broken(schema: Schema, database: Database, key: ForeignKey) -> str:
    name = _name(schema, key)
    if key.to_collection not in schema.collections:
        return f"the foreign key {name} points at {key.to_collection}, which is not there"
    if not can_match(schema, key) or _is_mismatched(database, key):
        return f"the foreign key {name} points at columns of {key.to_collection} that are no key of it"
    return ""


def _is_mismatched(database: Database, key: ForeignKey) -> bool:
    return mismatched_key(database, key.collection).endswith(f'referencing "{key.to_collection}"')
