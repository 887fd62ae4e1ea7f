"""The graph as plain values: what a program takes that does not know relgraph.

In: a `RelationGraph`. Out: dicts, lists and texts, which are JSON as they are. Pure; nothing fails.
"""

from __future__ import annotations

from collections.abc import Collection as Names
from typing import TYPE_CHECKING, Any

from relgraph.graph.answers import name_of
from relgraph.schema import Collection

if TYPE_CHECKING:
    from relgraph.graph.graph import RelationGraph


def as_dict(graph: RelationGraph) -> dict[str, Any]:
    """Give collections with their fields, relations, junctions, components, cycles and the order of loading.

    >>> from relgraph import RelationRegistry
    >>> registry = RelationRegistry()
    >>> _ = registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY)")
    >>> as_dict(registry.graph)["collections"]
    [{'name': 'tags', 'primary_key': ['id'], 'fields': ['id'], 'view': False, 'system': False}]
    """
    order = graph.load_order()
    return {
        "collections": [_collection(collection) for collection in graph.schema],
        "relations": [{**each.to_dict(), "kind": each.kind} for each in graph.schema.relations],
        "links": [{"from": link.near, "to": link.far, "over": name_of(link.source)} for link in graph.links],
        "junctions": [
            {
                "collection": junction.collection,
                "kind": junction.kind,
                "ends": [list(end) for end in junction.ends],
                "over": [half.name for half in junction.relations],
                "extra_fields": list(junction.extra_fields),
            }
            for junction in graph.junctions()
        ],
        "components": [list(names) for names in graph.components()],
        "cycles": [
            {"collections": list(cycle.collections), "over": [name_of(source) for source in cycle.relations]}
            for cycle in graph.cycles()
        ],
        "load_order": {
            "collections": list(order.collections),
            "deferred": [name_of(source) for source in order.deferred],
            "forced": [name_of(source) for source in order.forced],
        },
    }


def narrowed(told: dict[str, Any], names: Names[str]) -> dict[str, Any]:
    """Give what `as_dict` says of some collections alone.

    >>> from relgraph import RelationRegistry
    >>> narrowed(as_dict(RelationRegistry().graph), ["tags"])["components"]
    []
    """
    order = told["load_order"]

    def within(places: list[str]) -> list[str]:
        return [place for place in places if any(place.startswith(f"{name}.") for name in names)]

    return {
        "collections": [each for each in told["collections"] if each["name"] in names],
        "relations": [each for each in told["relations"] if each["many_collection"] in names],
        "links": [each for each in told["links"] if each["from"] in names and each["to"] in names],
        "junctions": [each for each in told["junctions"] if each["collection"] in names],
        "components": [kept for group in told["components"] if (kept := [name for name in group if name in names])],
        "cycles": [each for each in told["cycles"] if set(each["collections"]) <= set(names)],
        "load_order": {
            "collections": [name for name in order["collections"] if name in names],
            "deferred": within(order["deferred"]),
            "forced": within(order["forced"]),
        },
    }


def _collection(collection: Collection) -> dict[str, Any]:
    return {
        "name": collection.name,
        "primary_key": list(collection.primary_key),
        "fields": list(collection.fields),
        "view": collection.view,
        "system": collection.system,
    }
