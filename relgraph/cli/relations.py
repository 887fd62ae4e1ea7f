"""Relations: the relations of a schema as rows of a table, and as a tree of the ways that lead on.

In: a `Schema`, and the collection that is looked at, or none. Out: plain dicts, lines of text. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

from relgraph.cli.tables import shown, table
from relgraph.errors import listed
from relgraph.relation import Relation
from relgraph.schema import Collection, Hop, Schema

Branch: TypeAlias = tuple[str, "Sequence[Branch]"]

COLUMNS: Final = tuple(Relation("", "").to_dict())  # what each relation prints as


def overview(
    schema: Schema, found: Sequence[Relation], collection: str | None, width: int | None = None
) -> Iterator[str]:
    """Yield the lines that show relations to a person: a table of them, and a tree of the ways they open."""
    if not found:
        yield f"no relations; collections: {listed(map(shown, schema.collections))}"
        return
    own = [each for each in found if collection is not None or not _is_system(schema, each.many_collection)]
    yield from table(rows(own, schema), width)
    if len(own) < len(found):
        yield f"... and {len(found) - len(own)} relations of Directus's own collections; --format json lists them"
    yield ""
    yield from tree(
        schema, [each for each in schema if each.name == collection or (not collection and _is_shown(each))]
    )


def _is_system(schema: Schema, collection: str) -> bool:
    return collection in schema.collections and schema.collections[collection].system


def _is_shown(collection: Collection) -> bool:
    return not collection.system and bool(collection.hops or collection.any_hops or collection.broken)


def rows(relations: Sequence[Relation], schema: Schema) -> list[dict[str, Any]]:
    """Give a row for each relation, in words for a person; a column that would be empty throughout is left out.

    >>> rows([Relation("pets", "owner", "people", "pets", id=1)], Schema({}))
    [{'field': 'pets.owner', 'leads to': 'people', 'way back': 'pets', 'kind': 'm2o', 'id': 1}]
    """
    full = [_row(relation, schema) for relation in relations]
    used = {name for row in full for name, value in row.items() if value is not None}
    return [{name: value for name, value in row.items() if name in used} for row in full]


def _row(relation: Relation, schema: Schema) -> dict[str, Any]:
    many = schema.collections.get(relation.many_collection)
    on_delete = relation.foreign_key and relation.foreign_key.on_delete
    return {
        "field": relation.name,
        "leads to": relation.one_collection or " or ".join(relation.one_allowed_collections or ()),
        "way back": relation.one_field,
        "kind": relation.kind,
        "junction with": relation.junction_field,
        "on delete": None if on_delete == "NO ACTION" else on_delete,
        "id": relation.id,
        "cannot be used": many and many.broken.get(relation.many_field),
    }


def tree(schema: Schema, collections: Sequence[Collection]) -> Iterator[str]:
    """Yield the lines of a tree: below each collection the names that lead on from it, and where to.

    A way through a junction is followed to its far side, an any-to-many field to each collection it allows. What
    stands on the way is what a path of `fields` or `filter` spells.
    """
    for number, collection in enumerate(collections):
        if number:
            yield ""
        yield shown(collection.name)
        yield from _drawn(_ways(schema, collection), "")


def _drawn(branches: Sequence[Branch], margin: str) -> Iterator[str]:
    for number, (text, below) in enumerate(branches, 1):
        last = number == len(branches)
        yield f"{margin}{'└─ ' if last else '├─ '}{shown(text)}"
        yield from _drawn(below, margin + ("   " if last else "│  "))


def _ways(schema: Schema, collection: Collection) -> list[Branch]:
    ways = [_way(schema, hop) for hop in collection.hops.values()]
    for any_hop in collection.any_hops.values():
        below = [(_to(hop.name, hop), ()) for hop in any_hop.hops.values()]
        ways.append((f"{any_hop.name} → the collection named in {any_hop.collection_field}", below))
    return [*ways, *((f"{name} ✗ {why}", ()) for name, why in collection.broken.items())]


def _way(schema: Schema, hop: Hop) -> Branch:
    """Give a way on, and below it the other half of a junction that it leads into."""
    partner = hop.relation.junction_field if hop.many else None
    junction = schema.collections[hop.far]
    onward = junction.hops.get(partner) if partner else None
    if onward is not None:
        return _to(hop.name, hop), [(_to(onward.name, onward), ())]
    scopes = junction.any_hops.get(partner) if partner else None
    return _to(hop.name, hop), [(_to(far.name, far), ()) for far in scopes.hops.values()] if scopes else ()


def _to(name: str, hop: Hop) -> str:
    return f"{name} {'⇉' if hop.many else '→'} {hop.far}"
