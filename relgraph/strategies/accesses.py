"""Accesses: on whose behalf a registry may be used, drawn for the collections it has.

In: a registry or a schema. Out: a strategy of `Access` values: grants on some collections, of some fields, of the items
that a filter lets through. Raises `InvalidBounds`.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from relgraph.access import Access, Grant
from relgraph.schema import Collection, Schema
from relgraph.strategies.bounds import check_count, schema_of
from relgraph.strategies.filters import drawn_filters

_USERS = st.sampled_from((None, {"id": "a"}, {"id": 1, "role": "b"}, {"id": "ab", "role": {"id": 2, "name": "A"}}))


def accesses(registry: Any, *, max_depth: int = 1, admin: bool = False) -> st.SearchStrategy[Access]:
    """Give a strategy of restricted accesses to a registry; with `admin` an administrator's is now and then among them.

    `max_depth` is how many relations the filters of grants go through.
    Errors: `InvalidBounds`.

    >>> from relgraph import RelationRegistry
    >>> with RelationRegistry() as registry:
    ...     _ = registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT)")
    ...     seen = registry.with_access(accesses(registry).example())
    """
    check_count("max_depth", max_depth)
    schema = schema_of(registry)
    granted = {each.name: _several(schema, each, max_depth) for each in schema if not each.system}
    restricted = st.builds(Access, st.fixed_dictionaries({}, optional=granted), user=_USERS)
    everything = st.builds(Access.full, user=_USERS)
    return st.one_of(restricted, restricted, restricted, everything) if admin else restricted


def _several(schema: Schema, collection: Collection, depth: int) -> st.SearchStrategy[Any]:
    one = _grants(schema, collection, depth)
    return st.one_of(one, one, one, st.lists(one, min_size=1, max_size=3))


def _grants(schema: Schema, collection: Collection, depth: int) -> st.SearchStrategy[Grant]:
    names = st.lists(st.sampled_from(collection.names), max_size=6, unique=True)
    fields = st.one_of(st.just(("*",)), names.map(tuple))
    own = _own_items(collection)
    chosen = st.one_of(st.none(), drawn_filters(schema, collection.name, depth), *([own] if own is not None else []))
    return st.builds(Grant, fields, chosen)


def _own_items(collection: Collection) -> st.SearchStrategy[dict[str, Any]] | None:
    """Give filters that speak of who asks, where a field could hold their key."""
    texts = [field.name for field in collection.fields.values() if field.affinity == "TEXT"]
    texts = [name for name in texts if collection.fields[name].type.value in ("string", "text")]
    if not texts:
        return None
    words = st.sampled_from(("$CURRENT_USER", "$CURRENT_ROLE"))
    return st.builds(lambda name, word: {name: {"_eq": word}}, st.sampled_from(texts), words)
