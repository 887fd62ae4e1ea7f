"""The graph as plain values: what a program takes that does not know relgraph.

In: a `RelationGraph`. Out: dicts, lists and texts, which are JSON as they are. Pure; nothing fails.
"""

from __future__ import annotations

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


def _collection(collection: Collection) -> dict[str, Any]:
    return {
        "name": collection.name,
        "primary_key": list(collection.primary_key),
        "fields": list(collection.fields),
        "view": collection.view,
        "system": collection.system,
    }
