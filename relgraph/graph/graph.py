"""RelationGraph: questions to the graph of a database's collections, and of its items.

In: a `Schema`, for questions about items its `Database` too. Out: names, relations and the values of `answers`. Raises
`UnknownCollection`, `UnknownField` and `NotARelation` for names that are not there, `ItemNotFound` for such keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from os import PathLike
from typing import Any, overload

from relgraph.errors import InvalidPayload, UnknownCollection
from relgraph.graph import components
from relgraph.graph.answers import Cycle, Impact, Junction, LoadOrder, Path, far_collections
from relgraph.graph.dictionary import as_dict, narrowed
from relgraph.graph.dot import to_dot
from relgraph.graph.drop import impact_of_drop
from relgraph.graph.html import to_html
from relgraph.graph.impact import impact_of
from relgraph.graph.links import Link, links_of
from relgraph.graph.mermaid import to_mermaid
from relgraph.graph.networks import to_networkx
from relgraph.graph.paths import Ways
from relgraph.graph.picture import around, check_depth, picture_of
from relgraph.graph.subset import Progress, Subset, subset_of
from relgraph.graph.svg import to_svg
from relgraph.graph.traverse import ancestors, descendants, traverse
from relgraph.relation import Relation
from relgraph.schema import Schema
from relgraph.storage.connection import Database


class RelationGraph:
    """The graph of one schema, as it was when `registry.graph` was asked for.

    Questions of the way (`path`, `paths`, `reachable`) are about what a read can travel. All others count every
    relation and every declared foreign key, composite and broken ones too. Names come in the order of the schema.

    >>> from relgraph import RelationRegistry
    >>> registry = RelationRegistry()
    >>> _ = registry.connection.execute("CREATE TABLE authors (id INTEGER PRIMARY KEY)")
    >>> _ = registry.connection.execute(
    ...     "CREATE TABLE books (id INTEGER PRIMARY KEY, author INTEGER REFERENCES authors)"
    ... )
    >>> registry.graph.load_order().collections, str(registry.graph.path("authors", "books"))
    (('authors', 'books'), 'books')
    """

    def __init__(self, schema: Schema, database: Database | None = None) -> None:
        self.schema = schema
        self._database = database

    def __repr__(self) -> str:
        return f"RelationGraph({len(self.schema.collections)} collections, {len(self.schema.relations)} relations)"

    @property
    def collections(self) -> tuple[str, ...]:
        """The names of all collections, views and Directus's own among them."""
        return tuple(self.schema.collections)

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Every pointer from one collection to another, also where no read can travel it."""
        return links_of(self.schema)

    @cached_property
    def _ways(self) -> Ways:
        return Ways(self.schema)

    # --- around one collection ---------------------------------------------------------------------------------------

    def relations_of(self, collection: str) -> tuple[Relation, ...]:
        """Give the relations that touch a collection, each once: its own, those to it, and any-to-many ones."""
        self._check(collection)
        own = self.in_collection(collection)
        others = [relation for relation in self.schema.relations if collection in far_collections(relation)]
        others.sort(key=lambda relation: relation.kind == "m2a")
        return tuple(dict.fromkeys((*own, *others)))

    def in_collection(self, collection: str) -> tuple[Relation, ...]:
        """Give the relations whose many side is in a collection."""
        self._check(collection)
        return self.schema.relations_of(collection)

    def neighbours(self, collection: str) -> tuple[str, ...]:
        """Give the collections that point at this one or that it points at, itself among them where it does so."""
        self._check(collection)
        beside = {link.far for link in self.links if link.near == collection}
        beside |= {link.near for link in self.links if link.far == collection}
        return tuple(name for name in self.collections if name in beside)

    def degree(self, collection: str) -> int:
        """Give how many ends of relations and foreign keys are at a collection; one to itself has both there."""
        self._check(collection)
        near = {link.source for link in self.links if link.near == collection}
        return len(near) + sum(link.far == collection for link in self.links)

    def required_by(self, collection: str) -> tuple[str, ...]:
        """Give the collections that point at this one, or at one of those, nearest first: what cannot do without it."""
        self._check(collection)
        pointing: dict[str, list[str]] = {}
        for link in self.links:
            pointing.setdefault(link.far, []).append(link.near)
        return tuple(components.spread(collection, pointing))

    def junctions(self) -> tuple[Junction, ...]:
        """Give the collections that join others, each with both its ends and what else it says of a connection."""
        found: dict[tuple[str, frozenset[str]], Junction] = {}
        of_field = {(relation.many_collection, relation.many_field): relation for relation in self.schema.relations}
        for relation in self.schema.relations:
            other = of_field.get((relation.many_collection, relation.junction_field or ""))
            if other is not None and other is not relation and other.junction_field == relation.many_field:
                pair = frozenset((relation.many_field, other.many_field))
                found.setdefault((relation.many_collection, pair), self._junction(relation, other))
        return tuple(found.values())

    def _junction(self, left: Relation, right: Relation) -> Junction:
        collection = self.schema.collections.get(left.many_collection)
        fields = () if collection is None else tuple(collection.fields)
        halves = sorted(
            (left, right), key=lambda half: (half.kind == "m2a", (*fields, half.many_field).index(half.many_field))
        )
        pointers = {name for half in halves for name in (half.many_field, half.one_collection_field)}
        own_key = () if collection is None else collection.primary_key
        extra = tuple(name for name in fields if name not in pointers and name not in own_key)
        return Junction(left.many_collection, (halves[0], halves[1]), extra)

    # --- ways --------------------------------------------------------------------------------------------------------

    def path(self, start: str, end: str) -> Path | None:
        """Give the shortest way that a read of one collection can go to another, or None.

        `str()` of it is what `fields` takes. Of equally short ways those to one item come first. From a collection to
        itself it is the shortest way round. One of more than `max_depth` hops needs a registry that allows it.
        """
        self._check(start, end)
        return self._ways.shortest(start, end)

    def paths(self, start: str, end: str, max_length: int = 4) -> tuple[Path, ...]:
        """Give all ways of at most so many hops, shortest first, of those that meet no collection twice.

        From a collection to itself: those that come back to it once.
        Cost: their number, which grows fast with the length.
        """
        self._check(start, end)
        if isinstance(max_length, bool) or not isinstance(max_length, int) or max_length < 0:
            raise InvalidPayload("max_length", f"it must be a whole number of 0 or more, not {max_length!r}")
        return tuple(self._ways.simple(start, end, max_length))

    def reachable(self, collection: str) -> tuple[str, ...]:
        """Give the other collections that `path` leads to from here, nearest first."""
        self._check(collection)
        return self._ways.reachable(collection)

    # --- the whole ---------------------------------------------------------------------------------------------------

    def components(self) -> tuple[tuple[str, ...], ...]:
        """Give the collections in groups that nothing joins to one another."""
        return components.connected(self.collections, self.links)

    def cycles(self) -> tuple[Cycle, ...]:
        """Give the groups of collections that all point at one another, and those that point at themselves."""
        return components.cycles(self.collections, self.links)

    def load_order(self) -> LoadOrder:
        """Give an order in which the tables can be filled, what is pointed at first; views are left out."""
        names = [collection.name for collection in self.schema if not collection.view]
        kept = set(names)
        return components.load_order(names, [link for link in self.links if {link.near, link.far} <= kept])

    def delete_order(self) -> tuple[str, ...]:
        """Give the order in which the tables can be emptied: that of `load_order`, backwards.

        What that one defers has to be set to NULL first.
        """
        return self.load_order().collections[::-1]

    def to_dict(self, *, focus: str | None = None, depth: int = 1) -> dict[str, Any]:
        """Give the graph as plain values: collections, relations, junctions, components, cycles, and an order.

        With `focus` what is said of the collections up to `depth` links around one.
        """
        check_depth(focus, depth)
        return as_dict(self) if focus is None else narrowed(as_dict(self), self.around(focus, depth))

    def around(self, collection: str, depth: int = 1) -> tuple[str, ...]:
        """Give the collections up to so many links around one, itself among them, in the order of the schema."""
        return around(self, collection, depth)

    # --- pictures ----------------------------------------------------------------------------------------------------

    def to_mermaid(self, *, focus: str | None = None, depth: int = 1, system: bool = False) -> str:
        """Give the graph as a Mermaid diagram; `focus` shows what is up to `depth` links around one collection.

        In all pictures Directus's own collections are shown where others point at them, and with `system` all.
        """
        return to_mermaid(picture_of(self, focus=focus, depth=depth, system=system))

    def to_dot(self, *, focus: str | None = None, depth: int = 1, system: bool = False) -> str:
        """Give the graph for Graphviz, which draws it in many formats."""
        return to_dot(picture_of(self, focus=focus, depth=depth, system=system))

    def to_svg(self, *, focus: str | None = None, depth: int = 1, system: bool = False) -> str:
        """Give the graph as a drawing: boxes with fields, and crow's feet at the many sides; light or dark."""
        return to_svg(picture_of(self, focus=focus, depth=depth, system=system))

    def to_html(self, *, focus: str | None = None, depth: int = 1, system: bool = False) -> str:
        """Give the graph as a page to move about in, which loads nothing: pan, zoom, search, and click a collection."""
        return to_html(picture_of(self, focus=focus, depth=depth, system=system))

    def to_networkx(self, *, focus: str | None = None, depth: int = 1, system: bool = False) -> Any:
        """Give the graph as a `networkx.MultiDiGraph`; needs the extra `graph`, else raises `MissingExtra`."""
        return to_networkx(picture_of(self, focus=focus, depth=depth, system=system))

    # --- items -------------------------------------------------------------------------------------------------------

    @overload
    def impact(self, collection: str, keys: Sequence[Any]) -> Impact: ...

    @overload
    def impact(self, *, drop: str | tuple[str, str]) -> Impact: ...

    def impact(self, collection: Any = None, keys: Any = None, *, drop: Any = None) -> Impact:
        """Give what deleting the items with these keys, all in one statement, would do to the database.

        With `drop` instead: what dropping a collection would do, or a field of it, given as both their names.
        The delete is done and taken back, so that nothing changes; as long as it takes, others cannot write.
        Where something blocks it, the rest of the answer is what would happen if nothing did.
        """
        if drop is not None:
            if collection is not None or keys is not None:
                raise InvalidPayload("drop", "either items are deleted, or something is dropped", "give one of both")
            return impact_of_drop(self.schema, self._opened(), drop)
        if collection is None and keys is None:
            raise InvalidPayload("impact", "what is to be deleted?", "give a collection and keys, or drop=...")
        self._check(collection)
        return impact_of(self.schema, self._opened(), collection, keys)

    def traverse(self, collection: str, key: Any, path: str) -> tuple[tuple[Any, ...], ...]:
        """Give the keys that each hop of a path, like "tags.tags_id", reaches from one item."""
        self._check(collection)
        return traverse(self.schema, self._opened(), collection, key, path)

    def ancestors(self, collection: str, key: Any, relation: str | None = None) -> tuple[Any, ...]:
        """Give the keys of an item's parent and that one's, and so on, by the relation of the collection to itself."""
        self._check(collection)
        return ancestors(self.schema, self._opened(), collection, key, relation)

    def descendants(self, collection: str, key: Any, relation: str | None = None) -> tuple[Any, ...]:
        """Give the keys of an item's children, theirs, and so on, by the relation of the collection to itself."""
        self._check(collection)
        return descendants(self.schema, self._opened(), collection, key, relation)

    def subset(
        self,
        roots: Mapping[str, Any],
        destination: str | PathLike[str],
        with_: Iterable[str] | Mapping[str, Iterable[str]] = (),
        *,
        depth: int = 0,
        mask: Mapping[str, Any] | None = None,
        progress: Progress | None = None,
    ) -> Subset:
        """Write a new database with some items and everything they need, and say what is in it.

        `roots` gives for each collection a list of keys, or a query: a mapping of filter, search, sort, limit, offset,
        page; "sample" in it leaves so many of the items, evenly spread. All they point at comes too, and what that
        points at. `with_` names paths to what hangs on them, like "comments" or "tags.tags_id", for all roots or by
        collection; `depth` says how many times all that points at items is taken along. `mask` gives by field, like
        "authors.email", None, a value, or a function of the stored value, to be written instead; keys cannot be masked.
        `progress(done, total, collection)` is told how many rows are there. The database is read in one snapshot; the
        file is there whole, with all indexes, triggers and views, or not at all.
        Raises `ItemNotFound` for a key that is not there, `InvalidPayload` for a destination that is.
        """
        for name in roots if isinstance(roots, Mapping) else ():
            self._check(name)
        return subset_of(
            self.schema,
            self._opened(),
            roots,
            destination,
            with_=with_,
            depth=depth,
            mask=mask,
            progress=progress,
        )

    def _opened(self) -> Database:
        if self._database is None:
            raise InvalidPayload("graph", "questions about items need a database", "ask registry.graph")
        return self._database

    # --- names -------------------------------------------------------------------------------------------------------

    def _check(self, *collections: str) -> None:
        for name in collections:
            if not isinstance(name, str):
                raise InvalidPayload("collection", f"it must be the name of a collection, not {name!r}")
            if name not in self.schema.collections:
                raise UnknownCollection("collection", name, self.collections, self.schema.unreadable.get(name, ""))
