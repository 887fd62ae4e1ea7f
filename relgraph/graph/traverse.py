"""Traverse: the items that relations lead to from one item.

In: a `Schema`, its `Database`, a key, and a path or a tree's relation. Out: keys, as stored; a key of several columns
is a tuple, an item of a collection without a primary key is told by its rowid. Raises `ItemNotFound` for a key that is
not there, and what a read raises for a path that leads nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from relgraph.errors import InvalidPayload, InvalidQuery, NotARelation, listed
from relgraph.graph.rows import Id, Look, chunks, flat, key_order, look_at, rows_with_keys
from relgraph.query.limits import Limits
from relgraph.query.paths import leads_nowhere, look_up, own, split
from relgraph.query.resolution import Resolution
from relgraph.read.joins import join, table
from relgraph.schema import AnyHop, Collection, Hop, Schema, names_of
from relgraph.storage.connection import Database


def traverse(schema: Schema, database: Database, collection: str, key: Any, path: str) -> tuple[tuple[Any, ...], ...]:
    """Give the keys that each hop of a path reaches from one item, each once, in the order of keys.

    Behind an any-to-many field that names no collection, which can only be the last, they are pairs of collection and
    key. Cost: one statement a hop for every few thousand items.

    >>> from relgraph.storage.catalog import load
    >>> database = Database.open(":memory:")
    >>> _ = database.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, boss INTEGER REFERENCES people)")
    >>> _ = database.execute("INSERT INTO people VALUES (1, NULL), (2, 1), (3, 1)")
    >>> traverse(load(database), database, "people", 2, "boss.people")
    ((1,), (2, 3))
    >>> database.close()
    """
    hops = list(hops_along(schema, schema.collections[collection], path))
    with database.reading():
        look = look_at(schema.collections[collection])
        ids = _of_key(database, look, key)
        reached = []
        for hop in hops:
            if isinstance(hop, AnyHop):
                scopes = ((one.far, _far(schema, database, one, ids)) for one in hop.hops.values())
                reached.append(tuple((far, key) for far, keys in scopes for key in _sorted(keys)))
            else:
                ids = _far(schema, database, hop, ids)
                reached.append(_sorted(ids))
    return tuple(reached)


def _of_key(database: Database, look: Look, key: Any) -> dict[Id, Any]:
    return {id: look.key(id, row) for id, row in rows_with_keys(database, look, [key], "key").items()}


def _sorted(keys: dict[Id, Any]) -> tuple[Any, ...]:
    return tuple(sorted(keys.values(), key=key_order))


def _far(schema: Schema, database: Database, hop: Hop, ids: Iterable[Id]) -> dict[Id, Any]:
    """Give the keys of the items that a hop leads to from some rows, by what tells them apart."""
    near, far = look_at(schema.collections[hop.near]), look_at(schema.collections[hop.far])
    condition = join(hop, "near", "far").text
    found: dict[Id, Any] = {}
    for chunk in chunks(ids, len(near.ids)):
        source = f"{near.chosen(len(chunk), 'near')} JOIN {table(hop.far, 'far')} ON {condition}"
        rows = database.execute(f"SELECT {far.columns('far')} FROM {source}", flat(chunk)).fetchall()
        found.update((id, far.key(id, row)) for id, row in map(far.parted, rows))
    return found


def hops_along(schema: Schema, collection: Collection, path: Any) -> Iterator[Hop | AnyHop]:
    """Yield the hops that a path names, which may end in ".*" as paths to items without a key do.

    The errors are those of a read.
    """
    if not isinstance(path, str) or not path:
        raise InvalidPayload("path", f"a path names relations, like 'author.articles', not {path!r}")
    resolution = Resolution(schema, Limits(), None)
    rest: str | None = path
    while rest is not None and (rest == path or rest != "*" or own(collection, "*")):
        head, rest = (rest, None) if own(collection, rest) else split(resolution, collection, rest)
        found = look_up(resolution, collection, head, "path")
        resolution.finish()
        if isinstance(found, AnyHop) and rest is None:
            yield found
        elif isinstance(found, Hop):
            yield found
            collection = schema.collections[found.far]
        elif found is not None:
            leads_nowhere(resolution, collection, head, found, "path")
            resolution.finish()


# --- trees -----------------------------------------------------------------------------------------------------------


def ancestors(
    schema: Schema, database: Database, collection: str, key: Any, relation: str | None = None
) -> tuple[Any, ...]:
    """Give the keys of an item's parent, of that one's parent, and so on, nearest first.

    >>> from relgraph.storage.catalog import load
    >>> database = Database.open(":memory:")
    >>> _ = database.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, boss INTEGER REFERENCES people)")
    >>> _ = database.execute("INSERT INTO people VALUES (1, 3), (2, 1), (3, 2)")  # each is the boss of the next
    >>> ancestors(load(database), database, "people", 3), descendants(load(database), database, "people", 3)
    ((2, 1), (1, 2))
    >>> database.close()
    """
    hop = _tree(schema.collections[collection], relation)
    return _line(schema, database, hop, key)


def descendants(
    schema: Schema, database: Database, collection: str, key: Any, relation: str | None = None
) -> tuple[Any, ...]:
    """Give the keys of an item's children, then of their children, and so on, nearest first."""
    hop = _tree(schema.collections[collection], relation)
    return _line(schema, database, hop.reversed(hop.name), key)


def _tree(collection: Collection, relation: str | None) -> Hop:
    """Give the hop to the parent: that of the relation named, by either side, or of the only one there is."""
    trees = [hop for hop in collection.hops.values() if not hop.many and hop.far == collection.name]
    named = [hop for hop in trees if relation in (None, hop.name, hop.relation.one_field)]
    if len(named) == 1:
        return named[0]
    if named:
        raise InvalidQuery(
            "relation", f"{collection.name} has several relations to itself", f"name one of {listed(names_of(trees))}"
        )
    reason = "" if relation is None else collection.broken.get(relation, "")
    raise NotARelation("relation", collection.name, relation or collection.name, names_of(trees), reason)


def _line(schema: Schema, database: Database, hop: Hop, key: Any) -> tuple[Any, ...]:
    """Give the keys along a hop to itself, to any depth; an item that is met again ends the line there."""
    look = look_at(schema.collections[hop.near])
    names = ", ".join(f"k{number}" for number in range(len(look.ids)))
    ids = ", ".join(f"far.{name}" for name in look.ids)
    step = f"{_met(look, 'near')} JOIN {table(hop.far, 'far')} ON {join(hop, 'near', 'far').text}"
    line = f"line({names}) AS (VALUES ({', '.join('?' * len(look.ids))}) UNION SELECT {ids} FROM {step})"
    text = f"WITH RECURSIVE {line} SELECT {look.columns('one')} FROM {_met(look, 'one')}"
    with database.reading():
        ((start, _),) = rows_with_keys(database, look, [key], "key").items()
        rows = database.execute(text, start).fetchall()
    return tuple(look.key(id, row) for id, row in map(look.parted, rows) if id != start)


def _met(look: Look, alias: str) -> str:
    same = " AND ".join(f"{alias}.{name} = line.k{number}" for number, name in enumerate(look.ids))
    return f"line CROSS JOIN {table(look.collection.name, alias)} ON {same}"
