"""Pointers: rows whose keys point at nothing, or spell a key otherwise than it is.

In: a `Schema`. Out: a `Search` for each m2o relation, and for each declared foreign key that no relation covers. Pure.
A key is compared as SQLite's own foreign keys are: by the affinity and collation of the column pointed at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from attrs import frozen

from relgraph.integrity.searches import Fault, Search, Way, collated, is_number, number, table
from relgraph.linking import far_field
from relgraph.relation import Relation
from relgraph.schema import Collection, Field, ForeignKey, Schema
from relgraph.storage.sql_text import quoted

_NUMBERS: Final = ("INTEGER", "REAL", "NUMERIC")


@frozen
class Pointer:
    """Columns that hold the key of an item of one collection: an m2o relation, or a foreign key of any width."""

    name: str  # "articles.author", "lines.order,number"
    collection: str
    fields: tuple[str, ...]
    target: str
    target_fields: tuple[str, ...]


def pointer_searches(schema: Schema, relations: Iterable[Relation] | None) -> Iterator[Search]:
    """Yield the search for the rows of each pointer that dangle or spell their key otherwise.

    Of all pointers where no relations are named; what cannot be judged at all, a rule of definitions speaks of.
    """
    for pointer in every_pointer(schema, relations):
        many = schema.collections.get(pointer.collection)
        if many is None or many.view or not set(pointer.fields) <= set(many.fields):
            continue
        search = _pointer_search(schema, pointer, many)
        if search is not None:
            yield search


def every_pointer(schema: Schema, relations: Iterable[Relation] | None = None) -> tuple[Pointer, ...]:
    """Give every pointer once: those of relations first, then the foreign keys that none of them covers."""
    asked = [each for each in (schema.relations if relations is None else relations) if each.one_collection]
    found = {_of_relation(schema, relation): None for relation in asked}
    if relations is None:
        covered = {(pointer.collection, pointer.fields, pointer.target) for pointer in found}
        keys = [key for key in schema.foreign_keys if (key.collection, key.fields, key.to_collection) not in covered]
        found |= {_of_key(key): None for key in keys}
    return tuple(found)


def _of_relation(schema: Schema, relation: Relation) -> Pointer:
    one = schema.collections.get(relation.one_collection or "")
    far = "" if one is None else far_field(relation, one)
    near = (relation.many_field,)
    return Pointer(relation.name, relation.many_collection, near, relation.one_collection or "", (far,))


def _of_key(key: ForeignKey) -> Pointer:
    return Pointer(
        f"{key.collection}.{','.join(key.fields)}", key.collection, key.fields, key.to_collection, key.to_fields
    )


def _pointer_search(schema: Schema, pointer: Pointer, many: Collection) -> Search | None:
    one = schema.collections.get(pointer.target)
    held = " AND ".join(f"item.{quoted(name)} IS NOT NULL" for name in pointer.fields)
    faults = (_dangling(schema, pointer, many), _misspelled(schema, pointer, many))
    if one is None:
        return Search(pointer.name, many, held, "'dangling-m2o'", faults[:1])
    if (
        one.view
        or len(pointer.fields) != len(pointer.target_fields)
        or not set(pointer.target_fields) <= set(one.fields)
    ):
        return None
    if len(pointer.fields) > 1:
        suspect = f"{held} AND NOT EXISTS (SELECT 1 FROM {table(one.name)} AS one WHERE {all_equal(pointer)})"
        return Search(pointer.name, many, suspect, "'dangling-m2o'", faults[:1])
    near, key = many.fields[pointer.fields[0]], one.fields[pointer.target_fields[0]]
    lost = f"{held} AND {_unmatched(near, key)}"
    spelled = misspelling(near, key)
    if spelled is None:
        return Search(pointer.name, many, lost, "'dangling-m2o'", faults[:1])
    verdict = f"CASE WHEN {spelled} THEN 'key-form' WHEN {_unmatched(near, key)} THEN 'dangling-m2o' END"
    return Search(pointer.name, many, f"{held} AND ({spelled} OR {_unmatched(near, key)})", verdict, faults)


def all_equal(pointer: Pointer) -> str:
    """Give the condition under which `one` has the key; the unary plus leaves affinity to the column pointed at."""
    pairs = zip(pointer.fields, pointer.target_fields, strict=True)
    return " AND ".join(f"one.{quoted(far)} = +item.{quoted(near)}" for near, far in pairs)


def _unmatched(near: Field, key: Field) -> str:
    """Give the condition that no item has the key; of IN the left side rules the collation, hence it is said there."""
    plus = "" if near.affinity == key.affinity else "+"
    sought = collated(f"{plus}item.{quoted(near.name)}", key.collation, near.collation)
    keys = f"(SELECT {quoted(key.name)} FROM {table(key.collection)})"
    # beside a NULL among the keys, one that is not there is unknown
    return f"({sought} IN {keys}) IS NOT TRUE" if key.nullable else f"{sought} NOT IN {keys}"


def misspelling(near: Field, key: Field) -> str | None:
    """Give the condition that a row holds a key in another form than its column would; None where it cannot.

    A column of numbers has one form for a number. A column of texts holds the key's text; one without a type the key
    itself, so that neither '7' nor 7.0 is 7.
    """
    if near.affinity in _NUMBERS or near.affinity == key.affinity == "TEXT":
        return None
    value, far = f"item.{quoted(near.name)}", f"one.{quoted(key.name)}"
    if near.affinity == "TEXT":
        if key.affinity not in _NUMBERS:
            return None
        other = f"CAST({far} AS TEXT) <> {value}"
    else:
        other = f"typeof({far}) <> typeof({value})"
    found = f"EXISTS (SELECT 1 FROM {table(key.collection)} AS one WHERE {_spelled_match(near, key)} AND {other})"
    if key.affinity != "BLOB":
        return f"({found})"
    # of a column without a type '7' and 7 are two keys
    exact = f"{far} = {value} AND typeof({far}) = typeof({value})"
    return f"({found} AND NOT EXISTS (SELECT 1 FROM {table(key.collection)} AS one WHERE {exact}))"


def _spelled_match(near: Field, key: Field) -> str:
    """Give the condition that `one` is what the item's key spells, by a foreign key's comparison or as a number."""
    value, far = f"item.{quoted(near.name)}", f"one.{quoted(key.name)}"
    if key.affinity in _NUMBERS or key.affinity == "TEXT":
        return f"{far} = +{value}"
    return f"{is_number(far)} AND {far} = {number(value)}"


# --- what can be done ------------------------------------------------------------------------------------------------


def junction_halves(schema: Schema) -> dict[tuple[str, str], Relation]:
    """Give the relations that are halves of junctions, each naming the other, by collection and field."""
    named = {(each.many_collection, each.many_field): each for each in schema.relations}
    return {
        place: relation
        for place, relation in named.items()
        if relation.junction_field not in (None, relation.many_field)
        and (other := named.get((place[0], relation.junction_field or ""))) is not None
        and other.junction_field == relation.many_field
    }


def can_be_null(many: Collection, names: Iterable[str]) -> bool:
    """Tell whether these columns can be set to NULL: stored ones that may be NULL and are no part of the key."""
    fields = [many.fields[name] for name in names]
    return all(each.nullable and not each.generated and each.name not in many.primary_key for each in fields)


def _dangling(schema: Schema, pointer: Pointer, many: Collection) -> Fault:
    half = len(pointer.fields) == 1 and (pointer.collection, pointer.fields[0]) in junction_halves(schema)
    sentence = f"{{items}} whose {', '.join(pointer.fields)} is the key of no item of {pointer.target}"
    if pointer.target in schema.collections:
        ways = unlinking(_freed(schema, pointer, many))
        return Fault("dangling-m2o", sentence, ways, *usual_unlinking(ways, half))
    declared = any((key.collection, key.fields) == (many.name, pointer.fields) for key in schema.foreign_keys)
    ways = unlinking(() if declared else _freed(schema, pointer, many))
    usual, why = usual_unlinking(ways, half)
    why = f"SQLite lets no key be changed that is to point at {pointer.target}" if declared and why else why
    return Fault("dangling-m2o", f"{sentence}, a collection that is not there", ways, usual, why)


def _freed(schema: Schema, pointer: Pointer, many: Collection) -> tuple[str, ...]:
    """Give the columns to be set to NULL; of several those that no other foreign key is made of."""
    others = {
        name
        for key in schema.foreign_keys
        if key.collection == pointer.collection and key.fields != pointer.fields
        for name in key.fields
    }
    free = [name for name in pointer.fields if len(pointer.fields) == 1 or name not in others]
    return tuple(name for name in free if can_be_null(many, [name]))


def unlinking(freed: tuple[str, ...]) -> tuple[Way, ...]:
    """Give the ways to end a pointer: its columns become NULL, where they can, or the row goes."""
    delete = Way("delete", "they are deleted")
    if not freed:
        return (delete,)
    words = f"{' and '.join(freed)} become{'s' if len(freed) == 1 else ''} NULL"
    return (Way("nullify", words, ", ".join(f"{quoted(name)} = NULL" for name in freed)), delete)


def usual_unlinking(ways: tuple[Way, ...], half: bool) -> tuple[str, str]:
    """Give the way that loses the least, or nothing and why: half a junction row links nothing, other rows stay."""
    if half:
        return "delete", ""
    if ways[0].how == "nullify":
        return "nullify", ""
    return "", "it cannot be NULL, and rows that hold more than a link are deleted only when asked for"


def _misspelled(schema: Schema, pointer: Pointer, many: Collection) -> Fault:
    one = schema.collections.get(pointer.target)
    sentence = f"{{items}} whose {', '.join(pointer.fields)} spells a key otherwise than {pointer.target} does"
    if one is None or len(pointer.fields) > 1 or not set(pointer.target_fields) <= set(one.fields):
        return Fault("key-form", sentence)
    near, key = many.fields[pointer.fields[0]], one.fields[pointer.target_fields[0]]
    found = f"SELECT one.{quoted(key.name)} FROM {table(one.name)} AS one WHERE {_spelled_match(near, key)} LIMIT 1"
    words = f"{near.name} becomes the key as {one.name} has it"
    return Fault("key-form", sentence, (Way("normalise", words, f"{quoted(near.name)} = ({found})"),), "normalise")
