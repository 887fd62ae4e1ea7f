"""Links: junction rows with an empty side, links made twice, lists without an order, required fields without a value.

In: a `Schema`. Out: a `Search` for each junction, each relation with a sort field, each collection with fields that
must hold something. Pure, but that a Directus project is asked which fields are required.
"""

from __future__ import annotations

from collections.abc import Collection as Names
from collections.abc import Iterable, Iterator, Mapping

from relgraph.integrity.any_pointers import exact
from relgraph.integrity.pointers import junction_halves
from relgraph.integrity.searches import Fault, Search, Way, collated, either, literal, number, repeated, table
from relgraph.linking import far_field
from relgraph.read.joins import identity
from relgraph.relation import Relation
from relgraph.schema import Collection, Field, Schema
from relgraph.storage.sql_text import quoted

# --- junctions -------------------------------------------------------------------------------------------------------


def junctions(schema: Schema) -> tuple[tuple[Relation, Relation], ...]:
    """Give the two halves of each junction: an m2o half before an m2a one, else in the order of their columns."""
    halves = junction_halves(schema)
    pairs = {}
    for (name, _), relation in halves.items():
        many = schema.collections.get(name)
        pair = (relation, halves[name, relation.junction_field or ""])
        if many is not None and not many.view and all(_side(half) <= many.fields.keys() for half in pair):
            places = list(many.fields)
            first, second = sorted(pair, key=lambda half: (half.one_collection is None, places.index(half.many_field)))
            pairs[first.name, second.name] = (first, second)
    return tuple(pairs.values())


def _side(half: Relation) -> frozenset[str]:
    """Give the columns of one side of a junction row."""
    names = (half.many_field, *([] if half.one_collection else [half.one_collection_field or half.many_field]))
    return frozenset(names)


def orphan_searches(schema: Schema, relations: Iterable[Relation] | None) -> Iterator[Search]:
    """Yield for each junction the search for rows of which a side is empty: of an m2a side item and collection."""
    for halves in _wanted(schema, relations):
        many = schema.collections[halves[0].many_collection]
        empty = [
            f"({' AND '.join(f'item.{quoted(name)} IS NULL' for name in sorted(_side(half)))})"
            for half in halves
            if all(many.fields[name].nullable for name in _side(half))
        ]
        if empty:
            fields = " or ".join(half.many_field for half in halves)
            ways = (Way("delete", "they are deleted"),)
            fault = Fault("orphan-junction", f"{{items}} without {fields}", ways, "delete")
            yield Search(halves[0].name, many, either(empty), "'orphan-junction'", (fault,))


def duplicate_searches(schema: Schema, relations: Iterable[Relation] | None) -> Iterator[Search]:
    """Yield for each junction the search for rows that link what an earlier row, by its key, links already."""
    for halves in _wanted(schema, relations):
        many = schema.collections[halves[0].many_collection]
        names = frozenset[str]().union(*map(_side, halves))
        if many.primary_key and set(many.primary_key) <= names and _is_exact(schema, many):
            continue
        given = " AND ".join(f"item.{quoted(name)} IS NOT NULL" for name in sorted(names) if many.fields[name].nullable)
        parts = [part for half in halves for part in _parts(schema, half, many)]
        for suspect, probe in _pairs(repeated(many, parts, given or "1")):
            sentence = f"{{items}} whose {' and '.join(half.many_field for half in halves)} an earlier one has"
            ways = (Way("keep-first", "they are deleted, the first of each link stays"),)
            fault = Fault("duplicate-link", sentence, ways, "keep-first")
            yield Search(halves[0].name, many, suspect, "'duplicate-link'", (fault,), probe)


def _pairs(texts: Iterator[str]) -> Iterator[tuple[str, str]]:
    return zip(texts, texts, strict=True)


def _wanted(schema: Schema, relations: Iterable[Relation] | None) -> Iterator[tuple[Relation, Relation]]:
    names = None if relations is None else {relation.name for relation in relations}
    for halves in junctions(schema):
        if names is None or names & {half.name for half in halves}:
            yield halves


def _is_exact(schema: Schema, many: Collection) -> bool:
    """Tell whether rows whose key differs never spell the same link: all its columns have one form for a value."""
    relations = schema.relations_of(many.name)
    plain = all(many.fields[name].collation == "BINARY" and not many.fields[name].nullable for name in many.primary_key)
    keys = [_key_of(schema, relation) for relation in relations if relation.one_collection]
    numbers = all(many.fields[name].affinity == "INTEGER" for name in many.primary_key)
    return plain and (
        numbers or all(key is None or (key.affinity == "TEXT" and key.collation == "BINARY") for key in keys)
    )


def _key_of(schema: Schema, relation: Relation) -> Field | None:
    one = schema.collections.get(relation.one_collection or "")
    return None if one is None else one.fields.get(far_field(relation, one))


def _parts(schema: Schema, half: Relation, many: Collection) -> list[str]:
    """Give what two rows have in common that point at the same item by one half."""
    if half.one_collection:
        return [_same_target(many.fields[half.many_field], _key_of(schema, half))]
    value, names = exact(many.fields[half.many_field]), exact(many.fields[half.one_collection_field or half.many_field])
    text = value if many.fields[half.many_field].affinity == "TEXT" else f"CAST({value} AS TEXT)"
    folds = {
        one.name: fold.format(text)
        for one in map(schema.collections.get, half.one_allowed_collections or ())
        if one is not None and one.key is not None and (fold := _FOLDS.get(one.key.collation))
    }
    whens = " ".join(f"WHEN {names} = {literal(name)} THEN {folded}" for name, folded in folds.items())
    return [names, f"CASE {whens} ELSE {text} END" if whens else text]


_FOLDS: Mapping[str, str] = {"NOCASE": "lower({})", "RTRIM": "rtrim({}, ' ')"}


def _same_target(near: Field, key: Field | None) -> str:
    """Give a key such that two rows that point at the same item have the same, whatever spelling their column holds."""
    value = f"item.{quoted(near.name)}"
    if key is None:
        return value
    if near.affinity in ("TEXT", "BLOB") and key.affinity in ("INTEGER", "REAL", "NUMERIC"):
        return f"coalesce({number(value)}, {value})"
    return collated(value, key.collation, near.collation)


# --- order -----------------------------------------------------------------------------------------------------------


def order_searches(schema: Schema, relations: Iterable[Relation] | None) -> Iterator[Search]:
    """Yield for each relation with a sort field the search for rows without a position, or one that is taken."""
    for relation in schema.relations if relations is None else relations:
        many = schema.collections.get(relation.many_collection)
        names = _side(relation) | {relation.sort_field}
        if many is None or many.view or not names <= many.fields.keys():
            continue
        sort, parent = f"item.{quoted(relation.sort_field or '')}", _parts(schema, relation, many)
        held = " AND ".join(f"item.{quoted(name)} IS NOT NULL" for name in sorted(_side(relation)))
        for taken, probe in _pairs(repeated(many, [*parent, sort], f"{held} AND {sort} IS NOT NULL")):
            missing = f"{held} AND {sort} IS NULL"
            listed = Fault(
                "sort-order",
                f"{{items}} whose {relation.sort_field} below {relation.many_field} is missing or taken",
                _reordering(many, relation, parent, f"({missing}) OR {taken}"),
                "reorder",
                "the sort field is a part of the key, or generated",
            )
            either_probe = f"SELECT 1 FROM {table(many.name)} AS item WHERE {missing} UNION ALL {probe} LIMIT 1"
            suspect = f"({missing}) OR {taken}"
            yield Search(relation.name, many, suspect, "'sort-order'", (listed,), either_probe)


def _reordering(many: Collection, relation: Relation, parent: list[str], fault: str) -> tuple[Way, ...]:
    """Give the way to number the rows of each list that has a fault, in the order in which they are read now."""
    sort = relation.sort_field or ""
    if many.fields[sort].generated or sort in many.primary_key:
        return ()
    own = [f"item.{name}" for name in identity(many)]
    names = [f"c{place}" for place in range(len(own))]
    picked = ", ".join(f"{column} AS {name}" for column, name in zip(own, names, strict=True))
    ordered = [f"item.{quoted(name)}" for name in (sort, *many.primary_key)]
    order = ", ".join(ordered if many.primary_key else [*ordered, *own])
    listed = ", ".join(parent)
    lists = f"SELECT {listed} FROM {table(many.name)} AS item WHERE {fault}"
    ranked = (
        f"SELECT {picked}, {ordered[0]} AS old, row_number() OVER (PARTITION BY {listed} ORDER BY {order}) AS new "
        f"FROM {table(many.name)} AS item WHERE ({listed}) IN ({lists})"
    )
    rows = f"SELECT new, {', '.join(names)} FROM ({ranked}) WHERE new IS NOT old ORDER BY {', '.join(names)}"
    words = f"{sort} becomes 1, 2, 3 and so on in each list at fault, in the order it has now"
    return (Way("reorder", words, f"{quoted(sort)} = ?", rows),)


# --- required fields -------------------------------------------------------------------------------------------------


def required_searches(schema: Schema, required: Names[tuple[str, str]]) -> Iterator[Search]:
    """Yield for each field that must hold something, but may be NULL, the search for rows where it is.

    Those are the fields that `required` names, by collection and field, and parts of primary keys. SQLite itself sees
    to columns that are NOT NULL.
    """
    for many in schema:
        names = [name for name in many.fields if name in many.primary_key or (many.name, name) in required]
        for name in names if not many.view else ():
            if not many.fields[name].nullable:
                continue
            part = name in many.primary_key
            why = "which value is meant, only a person knows"
            fault = Fault("required-null", f"{{items}} without {name}, which {_why(part)}", (), "", why)
            condition = f"item.{quoted(name)} IS NULL"
            yield Search(f"{many.name}.{name}", many, condition, "'required-null'", (fault,), by_rowid=part)


def _why(part: bool) -> str:
    return "is part of the key" if part else "is required"
