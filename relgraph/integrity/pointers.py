"""Pointers: rows whose keys point at nothing, or spell a key otherwise than it is.

In: a `Schema`. Out: a `Search` for each m2o relation, each declared foreign key that no relation covers, and each m2a
relation. Pure.

A key of an m2o relation is compared as SQLite's own foreign keys are: by the affinity and collation of the column
pointed at. A key of an m2a relation is compared as text, as it is when the relation is travelled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from attrs import frozen

from relgraph.integrity.searches import Fault, Search, Way, collated, literal, number, table
from relgraph.linking import far_field
from relgraph.read.joins import is_rowid
from relgraph.relation import Relation
from relgraph.schema import Collection, Field, ForeignKey, Schema
from relgraph.storage.sql_text import quoted

_NUMBERS: Final = ("INTEGER", "REAL", "NUMERIC")
_IS_NUMBER: Final = "typeof(one.{key}) IN ('integer', 'real')"


@frozen
class Pointer:
    """Columns that hold the key of an item of one collection: an m2o relation, or a foreign key of any width."""

    name: str  # "articles.author", "lines.order,number"
    collection: str
    fields: tuple[str, ...]
    target: str
    target_fields: tuple[str, ...]


# --- m2o -------------------------------------------------------------------------------------------------------------


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
    where = f" WHERE {quoted(key.name)} IS NOT NULL" if key.nullable else ""
    return f"{sought} NOT IN (SELECT {quoted(key.name)} FROM {table(key.collection)}{where})"


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
    return f"{_IS_NUMBER.format(key=quoted(key.name))} AND {far} = {number(value)}"


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
    missing = "" if pointer.target in schema.collections else ", a collection that is not there"
    sentence = f"{{items}} whose {', '.join(pointer.fields)} is the key of no item of {pointer.target}{missing}"
    freed = _freed(schema, pointer, many)
    ways = unlinking(freed)
    half = (pointer.collection, pointer.fields[0]) in junction_halves(schema) and len(pointer.fields) == 1
    return Fault("dangling-m2o", sentence, ways, *usual_unlinking(ways, half))


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


# --- m2a -------------------------------------------------------------------------------------------------------------


def any_pointer_searches(schema: Schema, relations: Iterable[Relation] | None) -> Iterator[Search]:
    """Yield for each m2a relation the search for rows that point at nothing, at what is not allowed, or misspelled."""
    halves = junction_halves(schema)
    for relation in schema.relations if relations is None else relations:
        many, names = schema.collections.get(relation.many_collection), relation.one_collection_field
        if relation.one_collection is not None or names is None or many is None or many.view:
            continue
        if relation.many_field in many.fields and names in many.fields and names != relation.many_field:
            yield _any_search(schema, relation, many, (many.name, relation.many_field) in halves)


def _any_search(schema: Schema, relation: Relation, many: Collection, half: bool) -> Search:
    value, names = f"item.{quoted(relation.many_field)}", f"item.{quoted(relation.one_collection_field or '')}"
    targets = [
        schema.collections[name] for name in relation.one_allowed_collections or () if name in schema.collections
    ]
    suspects, verdicts, keys = [], [], []
    for one in targets:
        here = f"WHEN {names} = {literal(one.name)} THEN"
        suspects.append(f"{here} {_lost(value, one)}")
        verdicts.append(f"{here} {_any_verdict(value, one)}")
        keys.append(f"{here} {_spelled_key(value, one)}")
    suspect = f"CASE WHEN {names} IS NULL THEN {value} IS NOT NULL {' '.join(suspects)} ELSE 1 END"
    verdict = f"CASE {' '.join(verdicts)} ELSE 'm2a-collection' END" if verdicts else "'m2a-collection'"
    spelled = f"CASE {' '.join(keys)} END" if keys else "NULL"
    return Search(relation.name, many, suspect, verdict, _any_faults(schema, relation, many, half, spelled))


def any_match(value: str, key: Field) -> str:
    """Give the condition that `one` has the key that an m2a value holds, as text; as a number an index finds it."""
    far = f"one.{quoted(key.name)}"
    found = f"{collated(f'CAST({far} AS TEXT)', key.collation)} = CAST({value} AS TEXT)"
    return f"{far} = CAST({value} AS TEXT) AND {found}" if key.affinity == "INTEGER" else found


def _lost(value: str, one: Collection) -> str:
    """Give the condition that an item of one collection is not there; false where its key cannot be looked up."""
    return "0" if one.key is None else f"({value} IS NULL OR NOT {_any_match(value, one.key, one)})"


def _any_match(value: str, key: Field, one: Collection) -> str:
    """Give the condition that an item has the key as text, looked up by the key's own index."""
    text, name = f"CAST({value} AS TEXT)", quoted(key.name)
    if is_rowid(one):  # in half the time of an EXISTS (500 000 rows, 2 cores, 2026-11)
        whole = f"CAST({value} AS INTEGER)"
        return f"({whole} IN (SELECT {name} FROM {table(one.name)}) AND CAST({whole} AS TEXT) = {text})"
    sought, keys = collated(text, key.collation), f"FROM {table(one.name)} WHERE {name} IS NOT NULL"
    if key.affinity != "TEXT":
        return f"{sought} IN (SELECT CAST({name} AS TEXT) {keys})"
    plain = f"{sought} IN (SELECT {name} FROM {table(one.name)})"
    # a blob in a column of texts is compared as text too
    odd = f"{sought} IN (SELECT CAST({name} AS TEXT) {keys} AND typeof({name}) = 'blob')"
    return f"coalesce({plain} OR {odd}, 0)"


def _any_verdict(value: str, one: Collection) -> str:
    if one.key is None:
        return "NULL"
    spelled = f"{value} IS NOT NULL AND {_spelled_key(value, one)} IS NOT NULL"
    return f"CASE WHEN {spelled} THEN 'key-form' ELSE 'dangling-m2a' END"


def _spelled_key(value: str, one: Collection) -> str:
    """Give the key, as text, that a value spells as a number; NULL where there is none."""
    key = one.key
    if key is None or key.affinity == "TEXT":
        return "NULL"
    text = f"CAST({value} AS TEXT)"
    far = f"one.{quoted(key.name)}"
    numeric = _IS_NUMBER.format(key=quoted(key.name))
    return (
        f"(SELECT CAST({far} AS TEXT) FROM {table(one.name)} AS one WHERE {numeric} AND {far} = {number(text)} LIMIT 1)"
    )


def _any_faults(schema: Schema, relation: Relation, many: Collection, half: bool, spelled: str) -> tuple[Fault, ...]:
    name, names = relation.many_field, relation.one_collection_field or ""
    both = (name, names)
    ways = unlinking(both if can_be_null(many, both) else ())
    usual, why = usual_unlinking(ways, half)
    allowed = ", ".join(relation.one_allowed_collections or ()) or "no collection"
    known = ", ".join(literal(one.name) for one in schema if not one.view)
    spared = f"item.{quoted(name)} IS NOT NULL AND item.{quoted(names)} IN ({known})"
    live = "some name a collection that exists: let the relation allow it, or ask for nullify or delete"
    words = f"{name} becomes the key as its collection has it"
    return (
        Fault(
            "dangling-m2a",
            f"{{items}} whose {name} is the key of no item of the collection beside it",
            ways,
            usual,
            why,
        ),
        Fault(
            "m2a-collection",
            f"{{items}} whose {names} is none of those allowed ({allowed})",
            ways,
            usual,
            why or live,
            spared if known else "",
        ),
        Fault(
            "key-form",
            f"{{items}} whose {name} spells a key otherwise than the collection beside it does",
            (Way("normalise", words, f"{quoted(name)} = {spelled}"),),
            "normalise",
        ),
    )
