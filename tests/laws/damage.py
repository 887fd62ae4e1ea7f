"""Damaged databases, as a Hypothesis strategy, and what is wrong in a database told by plain loops over its rows.

In: nothing. Out: a connection to a database with junctions of every kind, a tree, m2a pairs and composite keys, whose
rows were written with foreign keys off; and for any database the rows at fault by rule and relation.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, Final

from hypothesis import note
from hypothesis import strategies as st

from relgraph.relation import Relation
from relgraph.schema import Collection, Field, Schema
from relgraph.values import as_text, sort_key, with_affinity
from tests.laws.databases import RELATIONS_TABLE, quoted

Row = dict[str, Any]
Rows = dict[str, list[Row]]
Faults = dict[tuple[str, str], list[Any]]  # by rule and relation the keys of the rows at fault, else their rowids

# --- databases -------------------------------------------------------------------------------------------------------

KEYS: Final = ("INTEGER", "TEXT", "TEXT COLLATE NOCASE", "", "REAL")
_NUMBERS: Final = st.sampled_from((1, 2, 3, 7))
_TEXTS: Final = st.sampled_from(("a", "A", "b", "7", "07", "1"))
_SPELLINGS: Final = ("1", "01", "1.0", " 1", "7", "07", "7x", "+7", "7e0", 7.0, 1.5, b"7", "", "zz", 99, "a", "A", "b ")
_KEY_VALUES: Final = {
    "INTEGER": _NUMBERS,
    "REAL": st.sampled_from((1.0, 2.5, 7.0)),
    "TEXT": _TEXTS,
    "TEXT COLLATE NOCASE": _TEXTS,
    "": _NUMBERS | _TEXTS | st.sampled_from((1.5, b"7")),
}


@st.composite
def damaged(draw: st.DrawFn) -> sqlite3.Connection:
    """Draw a database full of faults; it prints as a script when a test fails."""
    key, other = draw(st.sampled_from(KEYS)), draw(st.sampled_from(KEYS))
    near = draw(st.sampled_from((key, key, "", "TEXT")))
    item = draw(st.sampled_from(("TEXT", "TEXT", "TEXT COLLATE NOCASE", "TEXT COLLATE RTRIM", "", "INTEGER")))
    named = draw(st.sampled_from(("TEXT", "TEXT", "TEXT COLLATE NOCASE")))
    required = draw(st.sampled_from(("", "", " NOT NULL")))
    scripts = [
        f"CREATE TABLE a (id {key} PRIMARY KEY)",
        f'CREATE TABLE "b ""b" (id {other} PRIMARY KEY) {draw(st.sampled_from(("", "WITHOUT ROWID")))}',
        f'CREATE TABLE j (id INTEGER PRIMARY KEY, l {near} REFERENCES a, r {other}{required} REFERENCES "b ""b")',
        f"CREATE TABLE s (one {key} REFERENCES a, two {key} REFERENCES a)",
        f"CREATE TABLE m (id INTEGER PRIMARY KEY, p {near} REFERENCES a, c {named}, i {item}, sort INTEGER)",
        f"CREATE TABLE n (id INTEGER PRIMARY KEY, c {named}, i {item}{required}, sort INTEGER)",
        f"CREATE TABLE t (id {key} PRIMARY KEY, parent {near} REFERENCES t (id), sort NUMERIC)",
        "CREATE TABLE p (x TEXT COLLATE NOCASE, y INTEGER, PRIMARY KEY (x, y))",
        "CREATE TABLE q (k TEXT PRIMARY KEY, x TEXT, y, FOREIGN KEY (x, y) REFERENCES p (x, y))",
        RELATIONS_TABLE,
    ]
    connection = sqlite3.connect(":memory:", isolation_level=None)
    script = [(sql, ()) for sql in scripts]
    allowed = draw(st.sampled_from(('a,b "b', "a", 'b "b,a,gone')))
    columns = "(many_collection, many_field, one_collection, one_field, one_collection_field, one_allowed_collections"
    made = f"INSERT INTO relgraph_relations {columns}, junction_field, sort_field) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    script += [
        (made, ("m", "p", "a", "ms", None, None, "i", "sort")),
        (made, ("m", "i", None, None, "c", allowed, "p", None)),
        (made, ("n", "i", None, None, "c", allowed, None, draw(st.sampled_from((None, "sort"))))),
        (made, ("t", "parent", "t", "children", None, None, None, "sort")),
    ]
    script += draw(_contents(key, other, draw(st.integers(0, 2)) == 0))
    for sql, values in script:
        try:
            connection.execute(sql, values)
            note(f"{sql};  {values or ''}")
        except sqlite3.IntegrityError:  # a key twice, or a NULL where there may be none: that row is left out
            continue
    return connection


@st.composite
def _contents(draw: st.DrawFn, key: str, other: str, sound: bool) -> list[tuple[str, tuple[Any, ...]]]:
    """Draw the rows of all tables; `sound` ones point at what is there more often than not."""
    own, others = (draw(st.lists(_KEY_VALUES[each], max_size=4)) for each in (key, other))
    junk = st.none() | st.sampled_from(_SPELLINGS)
    of_a = st.sampled_from(own) if own else st.none()
    of_b = st.sampled_from(others) if others else st.none()
    to_a, to_b = (of_a, of_b) if sound else (of_a | junk, of_b | junk)
    collections = st.sampled_from(("a", 'b "b', "a", 'b "b', "A", "p", "gone", None))
    items = to_a | to_b | to_a.map(lambda value: as_text(value))
    few, sort = st.integers(0, 7), st.none() | st.integers(1, 4)
    rows: list[tuple[str, tuple[Any, ...]]] = []
    for table, values in (
        ("a", st.tuples(st.sampled_from([*own, None]) if own else st.none())),
        ('b "b', st.tuples(st.sampled_from(others)) if others else st.tuples(st.none())),
        ("j", st.tuples(st.none(), to_a, to_b)),
        ("s", st.tuples(to_a, to_a)),
        ("m", st.tuples(st.none(), to_a, collections, items, sort)),
        ("n", st.tuples(st.none(), collections, items, sort)),
        ("t", st.tuples(_KEY_VALUES[key], _KEY_VALUES[key] | junk, sort)),
        ("p", st.tuples(st.sampled_from(("a", "A", "b", None)), st.integers(1, 2))),
        ("q", st.tuples(_TEXTS, st.sampled_from(("a", "A", "b", None)), st.sampled_from((1, 2, "1", 3, None)))),
    ):
        drawn = [draw(values) for _ in range(draw(few))]
        rows += [(f"INSERT INTO {quoted(table)} VALUES ({', '.join('?' * len(row))})", row) for row in drawn]
    return rows


# --- what is wrong, by plain loops -----------------------------------------------------------------------------------


def told(connection: sqlite3.Connection, schema: Schema) -> Faults:
    """Give all faults of the rows of a database."""
    rows = {each.name: list(_rows(connection, each)) for each in schema if not each.view}
    faults: Faults = {}
    for rule, relation, collection, row in _faults(schema, rows):
        faults.setdefault((rule, relation), []).append(_key(schema.collections[collection], row))
    for rule, place, key in _nameless(schema, rows):
        faults.setdefault((rule, place), []).append(key)
    return faults


def _rows(connection: sqlite3.Connection, collection: Collection) -> Iterator[Row]:
    """Yield the rows, each with what tells it apart under the empty name."""
    hidden = "rowid" if collection.has_rowid else "NULL"
    names = list(collection.fields)
    listed = ", ".join(map(quoted, names))
    for own, *values in connection.execute(f"SELECT {hidden}, {listed} FROM {quoted(collection.name)}"):
        row = dict(zip(names, values, strict=True))
        yield row | {"": own if own is not None else tuple(row[name] for name in collection.primary_key)}


def _key(collection: Collection, row: Row) -> Any:
    names = collection.primary_key
    return (tuple(row[name] for name in names) if len(names) > 1 else row[names[0]]) if names else row[""]


def _faults(schema: Schema, rows: Rows) -> Iterator[tuple[str, str, str, Row]]:
    for relation in schema.relations:
        many = schema.collections.get(relation.many_collection)
        if many is None or many.view or relation.many_field not in many.fields:
            continue
        judge = _judge_any if relation.one_collection is None else _judge
        for row in rows[many.name]:
            rule = judge(schema, rows, relation, row)
            if rule:
                yield rule, relation.name, many.name, row
        yield from ((*fault, many.name, row) for *fault, row in _lists(schema, rows, relation))
        yield from (("tree-cycle", relation.name, many.name, row) for row in _circling(schema, rows, relation))
    yield from _composite(schema, rows)
    yield from _links(schema, rows)


def _nameless(schema: Schema, rows: Rows) -> Iterator[tuple[str, str, Any]]:
    """Yield the rows of which a part of the key is NULL, by their rowids."""
    for many in schema:
        for name in many.primary_key if not many.view else ():
            yield from (
                ("required-null", f"{many.name}.{name}", row[""]) for row in rows[many.name] if row[name] is None
            )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float))


def _folded(value: Any, collation: str) -> Any:
    if not isinstance(value, str):
        return value
    folds: dict[str, Callable[[str], str]] = {"NOCASE": _lowered, "RTRIM": lambda text: text.rstrip(" ")}
    return folds.get(collation, str)(value)


def _lowered(text: str) -> str:
    return "".join(sign.lower() if sign.isascii() else sign for sign in text)


def points(value: Any, key: Field, far: Any) -> bool:
    """Tell whether SQLite's foreign keys take a value for a key."""
    if value is None or far is None:
        return False
    return bool(_folded(with_affinity(value, key.affinity), key.collation) == _folded(far, key.collation))


def _target(schema: Schema, relation: Relation) -> Field | None:
    one = schema.collections.get(relation.one_collection or "")
    if one is None or one.view:
        return None
    if relation.foreign_key is not None and relation.foreign_key.to_field:
        return one.fields.get(relation.foreign_key.to_field)
    return one.key


def _judge(schema: Schema, rows: Rows, relation: Relation, row: Row) -> str:
    value, key = row[relation.many_field], _target(schema, relation)
    if value is None or (key is None and relation.one_collection in schema.collections):
        return ""
    if key is None:
        return "dangling-m2o"
    near = schema.collections[relation.many_collection].fields[relation.many_field]
    keys = [each[key.name] for each in rows[key.collection] if each[key.name] is not None]
    meant = [far for far in keys if points(value, key, far)]
    if near.affinity == "BLOB":
        if key.affinity == "BLOB" and not meant and not isinstance(value, bytes):
            meant = [far for far in keys if _is_number(far) and far == with_affinity(value, "NUMERIC")]
        if meant and any(type(far) is not type(value) for far in meant):
            return "key-form"
    of_numbers = near.affinity == "TEXT" and key.affinity in ("INTEGER", "REAL", "NUMERIC")
    if of_numbers and any(_is_number(far) and as_text(far) != value for far in meant):
        return "key-form"
    return "" if meant else "dangling-m2o"


def _judge_any(schema: Schema, rows: Rows, relation: Relation, row: Row) -> str:
    value, name = row[relation.many_field], row[relation.one_collection_field or ""]
    if name is None:
        return "" if value is None else "m2a-collection"
    one = schema.collections.get(name) if isinstance(name, str) else None
    if one is None or name not in (relation.one_allowed_collections or ()):
        return "m2a-collection"
    if one.key is None:
        return ""
    keys = [each[one.key.name] for each in rows[one.name]]
    text = as_text(value)
    if text is not None and any(
        key is not None and _folded(text, one.key.collation) == _folded(as_text(key), one.key.collation) for key in keys
    ):
        return ""
    spelled = None if text is None else with_affinity(text, "NUMERIC")
    numbers = [key for key in keys if _is_number(key)] if one.key.affinity != "TEXT" else []
    return "key-form" if _is_number(spelled) and spelled in numbers else "dangling-m2a"


def _composite(schema: Schema, rows: Rows) -> Iterator[tuple[str, str, str, Row]]:
    for each in schema.foreign_keys:
        if len(each.fields) == 1 or each.to_collection not in schema.collections:
            continue
        keys = [schema.collections[each.to_collection].fields[name] for name in each.to_fields]
        for row in rows[each.collection]:
            values = [row[name] for name in each.fields]
            if None not in values and not any(
                all(points(value, key, one[key.name]) for value, key in zip(values, keys, strict=True))
                for one in rows[each.to_collection]
            ):
                yield "dangling-m2o", f"{each.collection}.{','.join(each.fields)}", each.collection, row


def _same(schema: Schema, relation: Relation, row: Row) -> Any:
    """Give what two rows share that point at the same item."""
    many, value = schema.collections[relation.many_collection], row[relation.many_field]
    near = many.fields[relation.many_field]
    if relation.one_collection is None:
        name = row[relation.one_collection_field or ""]
        one = schema.collections.get(name) if name in (relation.one_allowed_collections or ()) else None
        text = value if near.affinity == "TEXT" else as_text(value)
        return name, _folded(text, one.key.collation) if one is not None and one.key is not None else text
    key = _target(schema, relation)
    if key is None:
        return value
    if near.affinity in ("TEXT", "BLOB") and key.affinity in ("INTEGER", "REAL", "NUMERIC"):
        return with_affinity(value, "NUMERIC")
    return _folded(value, key.collation)


def _lists(schema: Schema, rows: Rows, relation: Relation) -> Iterator[tuple[str, str, Row]]:
    many = schema.collections[relation.many_collection]
    if relation.sort_field not in many.fields:
        return
    taken = set()
    for row in _ordered(many, rows[many.name]):
        if None in (row[relation.many_field], row[relation.one_collection_field or relation.many_field]):
            continue
        place = (_same(schema, relation, row), row[relation.sort_field])
        if place[1] is None or place in taken:
            yield "sort-order", relation.name, row
        taken.add(place)


def _ordered(many: Collection, rows: list[Row]) -> list[Row]:
    """Give rows in the order of their keys, else of their rowids."""

    def order(row: Row) -> Any:
        parts = [sort_key(_folded(row[name], many.fields[name].collation)) for name in many.primary_key]
        return parts or [sort_key(row[""])]

    return sorted(rows, key=order)


def _circling(schema: Schema, rows: Rows, relation: Relation) -> Iterator[Row]:
    many = schema.collections[relation.many_collection]
    hop = many.hops.get(relation.many_field)
    if relation.one_collection != many.name or hop is None:
        return
    form = hop.form or (lambda value: value)
    parent_of = {
        form(row[hop.far_field]): form(row[hop.near_field])
        for row in rows[many.name]
        if row[hop.far_field] is not None and row[hop.near_field] is not None
    }
    for row in rows[many.name]:
        start = node = form(row[hop.far_field])
        for _ in parent_of:
            node = parent_of.get(node)
            if node == start and node is not None:
                yield row
                break


def _links(schema: Schema, rows: Rows) -> Iterator[tuple[str, str, str, Row]]:
    halves = {(each.many_collection, each.many_field): each for each in schema.relations}
    seen = set()
    for (name, field), half in halves.items():
        other = halves.get((name, half.junction_field or ""))
        if other is None or other.junction_field != field or (name, other.many_field) in seen:
            continue
        seen.add((name, field))
        many = schema.collections[name]
        first = min(
            (half, other), key=lambda each: (each.one_collection is None, list(many.fields).index(each.many_field))
        )
        met = set()
        for row in _ordered(many, rows[name]):
            if any(_is_empty(each, row) for each in (half, other)):
                yield "orphan-junction", first.name, name, row
            if all(_is_given(each, row) for each in (half, other)):
                pair = (_same(schema, half, row), _same(schema, other, row))
                if pair in met:
                    yield "duplicate-link", first.name, name, row
                met.add(pair)


def _is_empty(half: Relation, row: Row) -> bool:
    beside = None if half.one_collection else row[half.one_collection_field or ""]
    return row[half.many_field] is None and beside is None


def _is_given(half: Relation, row: Row) -> bool:
    beside = half.one_collection or row[half.one_collection_field or ""]
    return row[half.many_field] is not None and beside is not None
