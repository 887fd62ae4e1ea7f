"""A registry as a restricted access sees it: the same interface, and no more behind it than the access shows.

In: a registry and an `Access`. Out: a `RestrictedRegistry`. What is hidden is refused with the errors of what is not
there; what only an administrator may do, with `AdminNeeded`.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, Final, NoReturn

from attrs import evolve

from relgraph.errors import AdminNeeded, RelationNotFound, UnknownCollection
from relgraph.graph import RelationGraph
from relgraph.integrity.audit import audit as whole_audit
from relgraph.read.cache import ReaderCache
from relgraph.registry import RelationRegistry
from relgraph.restricted.grants import check, granted
from relgraph.restricted.sight import Sight
from relgraph.restricted.structure import narrowed_snapshot
from relgraph.storage.fence import Fenced

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from relgraph.access import Access
    from relgraph.integrity.problems import Audit
    from relgraph.read.source import Source
    from relgraph.relation import Relation
    from relgraph.schema import Schema

_MARKS: Final = count(1)  # one for each access and state of the schema, in the text of its statements
# whatever changes definitions, structure or items at large, shows rows past the grants, or leads past this view
ADMINS_OWN: Final = frozenset({
    *("connection", "create", "update", "delete", "adopt", "batch", "last_changes"),
    *("m2o", "m2m", "m2a", "tree", "translations"),
    *("create_collection", "rename_collection", "drop_collection"),
    *("add_field", "rename_field", "drop_field", "change_field"),
    *("repair", "guard", "unguard", "diff", "apply", "with_access"),
})  # fmt: skip


class NarrowedGraph(RelationGraph):
    """The graph of the collections and relations that an access knows; what items hang together is not for it."""

    def _opened(self) -> NoReturn:
        raise AdminNeeded("graph")


class RestrictedRegistry(RelationRegistry):
    """The view of a registry that `RelationRegistry.with_access` gives; it shares the connection of the registry."""

    def __init__(self, whole: RelationRegistry, access: Access) -> None:
        check(whole.schema, access, whole.limits)
        self.limits = whole.limits
        self.access = access
        self.readers = ReaderCache()  # what an access asks is ready for this access alone
        self.database = whole.database
        self._definitions = whole._definitions
        self._fenced: tuple[Sight, Fenced] | None = None
        self._sight: tuple[Schema, Sight] | None = None

    def __getattribute__(self, name: str) -> Any:
        """Give an attribute; what only an administrator may use is refused."""
        if name in ADMINS_OWN:
            raise AdminNeeded(name)
        return super().__getattribute__(name)

    @property
    def sight(self) -> Sight:
        """What the access sees of the schema as it is now."""
        whole = self._definitions.schema
        if self._sight is None or self._sight[0] is not whole:
            grants = granted(whole, self.access, self.limits)
            self._sight = whole, Sight(whole, grants, sees_relations=self.access.sees_relations)
        return self._sight[1]

    @property
    def source(self) -> Source:
        """What the access reads through: SQLite refuses it every column but those of its sight."""
        sight = self.sight
        if self._fenced is None or self._fenced[0] is not sight:
            self._fenced = sight, Fenced.around(self.database, sight.columns, f"access {next(_MARKS)}")
        return self._fenced[1]

    @property
    def graph(self) -> RelationGraph:
        """The graph of the collections and relations that the access knows; questions about items: `AdminNeeded`."""
        return NarrowedGraph(self.schema)

    @property
    def schema(self) -> Schema:
        """The collections, fields and relations that the access may name."""
        return self.sight.schema

    def __iter__(self) -> Iterator[Relation]:
        self._check_relations()
        return super().__iter__()

    def __len__(self) -> int:
        self._check_relations()
        return super().__len__()

    def in_collection(self, name: str, *, touching: bool = False) -> tuple[Relation, ...]:
        """Give the relations of a collection that the access knows; of one hidden, or not there, there are none."""
        self._check_relations()
        return super().in_collection(name, touching=touching) if name in self.schema.collections else ()

    def find(self, collection: str, field: str) -> Relation:
        """Give the relation of a field; one that is hidden is refused as one that is not there."""
        self._check_relations()
        return super().find(collection, field)

    def get(self, id: int) -> Relation:
        """Give the stored relation with that id. Raises `RelationNotFound`, also for one that is hidden."""
        self._check_relations()
        known = {relation.id: relation for relation in self.schema.relations if relation.id is not None}
        if id not in known:
            raise RelationNotFound("id", id, tuple(sorted(known)))
        return known[id]

    def audit(
        self, collections: Iterable[str] | None = None, rules: Iterable[str] | None = None, **_options: Any
    ) -> Audit:
        """Give the problems of the relations whose collections this access sees whole; of others it says nothing."""
        within = None if collections is None else [collections] if isinstance(collections, str) else list(collections)
        for place, name in enumerate(within or ()):
            if name not in self.schema.collections:
                raise UnknownCollection(f"collections[{place}]", name, tuple(self.schema.collections))
        found = whole_audit(self.database, self._definitions.schema, collections=within, rules=rules)
        shown = {relation.name for relation in self.schema.relations if self._sees_whole(relation)}
        return evolve(found, problems=tuple(problem for problem in found if problem.relation in shown))

    def _sees_whole(self, relation: Relation) -> bool:
        """Whether every item, field and alias on both sides of a relation is seen."""
        ones = (relation.one_collection,) if relation.one_collection else relation.one_allowed_collections or ()
        return all(self.sight.is_whole(name) for name in (relation.many_collection, *ones))

    def snapshot(self) -> dict[str, Any]:
        """Give the collections, fields and relations that this access knows, without what is noted about them."""
        return narrowed_snapshot(super().snapshot(), self.schema)

    def _check_relations(self) -> None:
        if not self.access.sees_relations:
            raise UnknownCollection("relations", "directus_relations", ())
