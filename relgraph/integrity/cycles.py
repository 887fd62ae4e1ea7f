"""Cycles: items of a tree that are their own ancestors.

In: a hop from a collection to itself. Out: the rows on a cycle, not those below one. Each row is looked at a few times
at most, whatever the depth of the tree; nothing recurs. Pure but for one scan of two columns.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from relgraph.integrity.pointers import can_be_null
from relgraph.integrity.searches import Fault, Search, Way, table
from relgraph.read.joins import identity, is_rowid
from relgraph.relation import Relation
from relgraph.schema import Hop, Schema
from relgraph.storage.connection import Database
from relgraph.storage.sql_text import quoted


def cycles(parents: Mapping[Any, Any]) -> Iterator[list[Any]]:
    """Yield the cycles among nodes with at most one parent each, every node once; a parent may be no node.

    >>> list(cycles({1: 2, 2: 3, 3: 2, 4: 4, 5: 9}))
    [[2, 3], [4]]
    """
    walked: dict[Any, int] = {}  # the walk that came by
    for walk, start in enumerate(parents):
        node = start
        while node in parents and node not in walked:
            walked[node] = walk
            node = parents[node]
        if walked.get(node) == walk:
            yield list(_around(parents, node))


def _around(parents: Mapping[Any, Any], start: Any) -> Iterator[Any]:
    yield start
    node = parents[start]
    while node != start:
        yield node
        node = parents[node]


def cycle_searches(database: Database, schema: Schema, relations: Iterable[Relation] | None) -> Iterator[Search]:
    """Yield for each tree that has cycles the search for the rows on them."""
    for relation in schema.relations if relations is None else relations:
        many = schema.collections.get(relation.many_collection)
        hop = None if many is None else many.hops.get(relation.many_field)
        if hop is None or hop.many or hop.far != hop.near or hop.relation != relation:
            continue
        found = list(cycles(_parents(database, hop)))
        if found:
            yield _search(database, schema, hop, found)


def _parents(database: Database, hop: Hop) -> dict[Any, Any]:
    """Give for each key that has a parent that parent's, both in the form in which equal keys are the same."""
    key, near = quoted(hop.far_field), quoted(hop.near_field)
    rows = database.execute(
        f"SELECT {key}, {near} FROM {table(hop.near)} WHERE {near} IS NOT NULL AND {key} IS NOT NULL"
    )
    if hop.form is None:
        return dict(rows)
    form = hop.form
    return {form(own): form(parent) for own, parent in rows}


def _search(database: Database, schema: Schema, hop: Hop, found: list[list[Any]]) -> Search:
    many, handle = schema.collections[hop.near], _handle(schema, hop)
    of_key = _handles(database, hop, handle, {key for cycle in found for key in cycle})
    around = [[of_key[key] for key in cycle] for cycle in found]
    listed = f"{handle} IN (SELECT value FROM json_each(?))"
    on_cycles = (json.dumps([own for cycle in around for own in cycle]),)
    ways: tuple[Way, ...] = ()
    own = ", ".join(f"item.{name}" for name in identity(many))
    if own and can_be_null(many, [hop.near_field]):
        first = (json.dumps([min(cycle) for cycle in around]),)
        words = f"{hop.near_field} of the first item of each cycle becomes NULL"
        rows = f"SELECT {own} FROM {table(many.name)} AS item WHERE {listed}"
        ways = (Way("nullify", words, f"{quoted(hop.near_field)} = NULL", rows, first),)
    circles = f"{len(found)} cycle{'' if len(found) == 1 else 's'}"
    why = "which item of a cycle is the topmost, only a person knows; ask for nullify to free the first"
    fault = Fault("tree-cycle", f"{{items}} on {circles} of {hop.near_field}", ways, "", why)
    return Search(str(hop), many, listed, "'tree-cycle'", (fault,), values=on_cycles)


def _handle(schema: Schema, hop: Hop) -> str:
    """Give what JSON can name a row by: its rowid, else the key as SQL spells it."""
    many = schema.collections[hop.near]
    if is_rowid(many) or (many.has_rowid and len(identity(many)) == 1):
        return f"item.{identity(many)[0]}"
    return f"quote(item.{quoted(hop.far_field)})"


def _handles(database: Database, hop: Hop, handle: str, keys: set[Any]) -> dict[Any, Any]:
    """Give the handles of the rows that have these keys."""
    if handle == f"item.{quoted(hop.far_field)}":
        return {key: key for key in keys}
    rows = database.execute(f"SELECT item.{quoted(hop.far_field)}, {handle} FROM {table(hop.near)} AS item")
    formed = ((key if hop.form is None else hop.form(key), own) for key, own in rows)
    return {key: own for key, own in formed if key in keys}
