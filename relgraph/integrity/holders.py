"""Holders: rows that point at others, asked before these are deleted.

In: a condition for rows of one collection. Out: who points at them, in words. Every relation and every declared foreign
key counts. Reads only; fails as the database does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from relgraph.integrity.any_pointers import any_match, exact
from relgraph.integrity.pointers import Pointer, all_equal, every_pointer
from relgraph.integrity.searches import counted, literal, table
from relgraph.read.joins import identity
from relgraph.schema import Collection, Schema
from relgraph.storage.connection import Database
from relgraph.storage.sql_text import quoted


def holders(database: Database, schema: Schema, one: Collection, condition: str, values: tuple[Any, ...]) -> str:
    """Say which rows point at the rows of a collection that meet a condition; nothing, where none does."""
    statements = tuple(_statements(schema, one))
    if not statements:
        return ""
    text = f"SELECT json_group_array({_handle(one, 'item')}) FROM {table(one.name)} AS item WHERE {condition}"
    (doomed,) = database.execute(text, values).fetchone()
    for name, field, sql in statements:
        (count,) = database.execute(sql, (doomed,)).fetchone()
        if count:
            return f"{counted(count, name)} point{'s' if count == 1 else ''} at them by {field}"
    return ""


def _handle(collection: Collection, row: str) -> str:
    """Give what JSON can name a row by: its rowid, else its key as SQL spells it."""
    names = [f"{row}.{name}" for name in identity(collection)]
    if collection.has_rowid and len(names) == 1:
        return names[0]
    return " || ',' || ".join(f"quote({name})" for name in names)


def _statements(schema: Schema, one: Collection) -> Iterator[tuple[str, str, str]]:
    """Yield for each pointer that may lead to the collection whose it is, its field, and what counts the rows."""
    doomed = f"{_handle(one, 'one')} IN (SELECT value FROM json_each(?))"
    for pointer in every_pointer(schema):
        if pointer.target == one.name and _is_sound(schema, pointer, one):
            sql = _counting(pointer.collection, one, f"{all_equal(pointer)} AND {doomed}")
            yield pointer.collection, ",".join(pointer.fields), sql
    for many in schema:
        for any_hop in many.any_hops.values():
            if one.name in any_hop.hops and one.key is not None:
                here = f"{exact(many.fields[any_hop.collection_field])} = {literal(one.name)}"
                met = any_match(f"item.{quoted(any_hop.name)}", one.key)
                yield many.name, any_hop.name, _counting(many.name, one, f"{here} AND {met} AND {doomed}")


def _counting(many: str, one: Collection, condition: str) -> str:
    return f"SELECT count(*) FROM {table(one.name)} AS one CROSS JOIN {table(many)} AS item WHERE {condition}"


def _is_sound(schema: Schema, pointer: Pointer, one: Collection) -> bool:
    many = schema.collections.get(pointer.collection)
    sound = many is not None and not many.view and set(pointer.fields) <= set(many.fields)
    return sound and len(pointer.fields) == len(pointer.target_fields) and set(pointer.target_fields) <= set(one.fields)
