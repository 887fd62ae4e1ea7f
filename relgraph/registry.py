"""RelationRegistry: the relations of one database, and the way to its items.

In: a database, and definitions or queries. Out: `Relation`s, `Result`s and `Items`. Raises the typed errors of
`relgraph.errors` only, and SQLite's own on what a caller's SQL does through `connection`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from copy import copy
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, overload

from attrs import evolve

from relgraph.access import Access
from relgraph.changes.definitions import Definitions
from relgraph.changes.shapes import Shapes
from relgraph.changes.snapshotting import Snapshots
from relgraph.errors import InvalidPayload, NotARelation, UnknownCollection, UnknownField, shown
from relgraph.items import Items
from relgraph.keeping import Keeping
from relgraph.linking import link
from relgraph.query.limits import Limits
from relgraph.query.parse import parse
from relgraph.query.resolve import resolve
from relgraph.read import memory
from relgraph.read.cache import ReaderCache
from relgraph.read.result import Result
from relgraph.relation import Relation
from relgraph.schema import Collection, Field, Schema
from relgraph.storage.connection import Database
from relgraph.values import FieldType

if TYPE_CHECKING:
    import sqlite3

    from relgraph.graph import RelationGraph
    from relgraph.read.source import Source
    from relgraph.restricted.sight import Sight


class RelationRegistry(Shapes, Snapshots, Keeping):
    """The relations of a database, as it stores them and as its foreign keys imply them.

    `database` is a path, a `sqlite3.Connection` or a `sqlite_utils.Database`; opening writes nothing. Without
    `discover` only stored relations count. `default_limit` is how many items a query without `limit` gives, None for
    all; `max_depth` how deep a path may be; `limits` sets these and all other limits at once. A registry belongs to the
    thread that opened it.

    >>> with RelationRegistry() as registry:
    ...     _ = registry.connection.execute("CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT)")
    ...     _ = registry.connection.execute("CREATE TABLE articles (id INTEGER PRIMARY KEY, author INTEGER)")
    ...     relation = registry.create(
    ...         {"many_collection": "articles", "many_field": "author", "one_collection": "authors"}
    ...     )
    ...     relation.id, relation.kind, relation.foreign_key.to_field
    (1, 'm2o', 'id')
    """

    def __init__(
        self,
        database: Any = ":memory:",
        *,
        discover: bool = True,
        read_only: bool = False,
        default_limit: int | None = None,
        max_depth: int = 10,
        limits: Limits | None = None,
    ) -> None:
        given = Limits(max_depth=max_depth, default_limit=default_limit)
        if limits is not None and given != Limits():
            raise InvalidPayload("limits", "they say max_depth and default_limit too", "give these in Limits(...)")
        self.limits = limits or given
        self.access = Access.full()
        self.readers = ReaderCache()
        self.database = Database.open(database, read_only=read_only)
        self._definitions = Definitions(self.database, discover=discover)
        try:
            self._definitions.schema  # noqa: B018  # what cannot be read is said now, not at the first question
        except BaseException:
            self.database.close()
            raise

    @property
    def schema(self) -> Schema:
        """The collections and relations as they are now, whoever changed them and by whatever connection."""
        return self._definitions.schema

    @property
    def graph(self) -> RelationGraph:
        """The graph of the collections and relations as they are now."""
        from relgraph.graph import RelationGraph

        return RelationGraph(self.schema, self.database)

    @property
    def sight(self) -> Sight | None:
        """What the access sees of the database; None: all of it."""
        return None

    @property
    def source(self) -> Source:
        """What reads run on."""
        return self.database

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection itself, for SQL of the caller's own."""
        self.database.schema_version()  # refuses when closed, or from another thread
        return self.database.raw

    @property
    def default_limit(self) -> int | None:
        """How many items a query without `limit` gives; None for all."""
        return self.limits.default_limit

    @property
    def max_depth(self) -> int:
        """How many fields the deepest path of a query may name."""
        return self.limits.max_depth

    def close(self) -> None:
        """Close the database; a connection of the caller's is let go of, but stays open."""
        self.database.close()

    def __enter__(self) -> RelationRegistry:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"RelationRegistry({self.database.name!r})"

    # --- relations ---------------------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Relation]:
        return iter(self.schema.relations)

    def __len__(self) -> int:
        return len(self.schema.relations)

    def get(self, id: int) -> Relation:
        """Give the stored relation with that id. Raises `RelationNotFound`."""
        return self._definitions.get(id)

    def find(self, collection: str, field: str) -> Relation:
        """Give the relation whose many side is that field, stored or discovered.

        Raises the `Forbidden` errors: `UnknownCollection`, `UnknownField`, or `NotARelation`.
        """
        schema = self.schema
        _check_name("collection", collection)
        _check_name("field", field)
        of_collection = schema.relations_of(collection)
        found = next((relation for relation in of_collection if relation.many_field == field), None)
        if found is not None:
            return found
        many = schema.collections.get(collection)
        if many is None:
            raise UnknownCollection("collection", collection, tuple(schema.collections))
        if field not in many.names:
            raise UnknownField("field", collection, field, many.names)
        raise NotARelation("field", collection, field, tuple(relation.many_field for relation in of_collection))

    def in_collection(self, name: str, *, touching: bool = False) -> tuple[Relation, ...]:
        """Give the relations with their many side in a collection; `touching`: those with either side there.

        Raises `UnknownCollection`.
        """
        schema = self.schema
        _check_name("collection", name)
        found = tuple(relation for relation in schema.relations if _touches(relation, name, either=touching))
        if not found and name not in schema.collections:
            raise UnknownCollection("collection", name, tuple(schema.collections))
        return found

    def list(self, query: Any = None, /, **parameters: Any) -> Result:
        """Give the relations a query asks for, as flat dicts: fields, filter, search, sort, limit, offset, page, meta.

        A sort of "?" gives them in random order.

        >>> with RelationRegistry() as registry:
        ...     _ = registry.connection.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, boss REFERENCES people)")
        ...     registry.list(fields=["many_collection", "one_field"], filter={"many_field": "boss"}).data
        [{'many_collection': 'people', 'one_field': 'people'}]
        """
        asked, rows = parse(query, **parameters), [relation.to_dict() for relation in self]
        listed = _LISTED
        if asked.sort and "?" in asked.sort:
            random.shuffle(rows)
            asked, listed = evolve(asked, sort=None), _IN_ANY_ORDER
        return memory.evaluate(resolve(asked, listed, _RELATIONS, limits=self.limits), {_RELATIONS: rows})

    @overload
    def create(self, partial: Mapping[str, Any], *, existing: str = "refuse") -> Relation: ...

    @overload
    def create(self, partial: Sequence[Mapping[str, Any]], *, existing: str = "refuse") -> tuple[Relation, ...]: ...

    def create(
        self, partial: Mapping[str, Any] | Sequence[Mapping[str, Any]], *, existing: str = "refuse"
    ) -> Relation | tuple[Relation, ...]:
        """Store a relation, or several, all or nothing; an m2o relation gets a foreign key.

        Each is a mapping in the flat or the nested shape (see `Relation.from_mapping`). One on a field whose relation
        is only discovered, with the same target, keeps what it does not name, the actions of the key too.
        Where keys point at nothing already, `existing` says what becomes of the relation: "refuse" refuses it, with
        their number and the first of the items; "report" stores it, and `audit` lists them; "nullify" spells the keys
        as they are meant and clears those that point at nothing, see `last_changes`.
        Raises: `InvalidPayload` on a mapping that is no relation, `RuleViolation` or `InconsistentDefinition` on one
        that is not consistent with the database; then nothing has changed.
        """
        if isinstance(partial, (list, tuple)):
            several = [(f"[{index}]", each) for index, each in enumerate(partial)]
            return self._definitions.create(several, existing=existing)
        (relation,) = self._definitions.create([("", partial)], existing=existing)
        return relation

    def update(self, id: int, changes: Mapping[str, Any], *, existing: str = "refuse") -> Relation:
        """Change what `changes` names of a stored relation; what is not named stays, `on_delete` included.

        `existing` is as in `create`, for items that were right before. Raises: `RelationNotFound`, and what `create`
        raises.
        """
        return self._definitions.update(id, changes, existing=existing)

    @property
    def last_changes(self) -> Mapping[str, int]:
        """How many items of which collection the last `create` or `update` changed.

        >>> with RelationRegistry() as registry:
        ...     _ = registry.connection.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, boss INTEGER)")
        ...     _ = registry.connection.execute("INSERT INTO people VALUES (1, 9), (2, 1)")
        ...     boss = {"collection": "people", "field": "boss", "related_collection": "people"}
        ...     _ = registry.create(boss, existing="nullify")
        ...     registry.last_changes
        {'people': 1}
        """
        return self._definitions.last_changes

    def delete(self, id: int | Sequence[int]) -> None:
        """Drop the stored relation with that id and its foreign key, or several, all or nothing; items stay.

        Raises: `RelationNotFound`; `RuleViolation` when one half of a junction would be left.
        """
        self._definitions.delete(id if isinstance(id, (list, tuple)) else [id])

    def adopt(self) -> tuple[Relation, ...]:
        """Store all relations that are only discovered, so that they have an id and can be changed; give them."""
        return self._definitions.adopt()

    def batch(self) -> AbstractContextManager[None]:
        """Hold several changes together: the rules are judged at the end, and an error takes all of them back."""
        return self._definitions.batch()

    # --- users -------------------------------------------------------------------------------------------------------

    def with_access(self, access: Access) -> RelationRegistry:
        """Give this registry as an access sees it: the same database and interface, and nothing that is not granted.

        What is hidden is refused with the errors of what is not there. Changes of definitions and structure, and the
        connection itself, are an administrator's: `AdminNeeded` (403).
        Errors: `InvalidPayload` for a grant on a collection that is not there, or with a filter that is wrong.

        >>> from relgraph import Grant
        >>> with RelationRegistry() as registry:
        ...     _ = registry.connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, owner TEXT)")
        ...     _ = registry.connection.execute("INSERT INTO notes (owner) VALUES ('ann'), ('bo'), ('bo')")
        ...     own = Grant(("id", "owner"), {"owner": {"_eq": "$CURRENT_USER"}})
        ...     registry.with_access(Access({"notes": own}, user={"id": "bo"})).items("notes").count()
        2
        """
        if not isinstance(access, Access):
            raise InvalidPayload("access", f"an Access is needed, not {type(access).__name__}")
        if not access.admin:
            from relgraph.restricted_registry import RestrictedRegistry

            return RestrictedRegistry(self, access)
        seen = copy(self)
        seen.access = access
        seen.readers = ReaderCache()  # the user's values are part of what is kept ready
        return seen

    # --- items -------------------------------------------------------------------------------------------------------

    def items(self, name: str) -> Items:
        """Give the items of a collection. Raises `UnknownCollection`, also for Directus's own collections."""
        _check_name("collection", name)
        collection = self.schema.collections.get(name)
        if collection is None or collection.system:
            known = tuple(one.name for one in self.schema if not one.system)
            raise UnknownCollection("collection", name, known, self.schema.unreadable.get(name, ""))
        return Items(self, name)


def _check_name(where: str, name: Any) -> None:
    if not isinstance(name, str):
        raise InvalidPayload(where, f"a name is a text, not {shown(name)}")


def _touches(relation: Relation, name: str, *, either: bool) -> bool:
    if relation.many_collection == name:
        return True
    return either and (relation.one_collection == name or name in (relation.one_allowed_collections or ()))


# --- relations as a collection, for `list` ---------------------------------------------------------------------------

_RELATIONS: Final = "relations"


def _listed(primary_key: tuple[str, ...]) -> Schema:
    types = dict.fromkeys(Relation("", "").to_dict(), FieldType.STRING) | {"id": FieldType.INTEGER}
    fields = {name: Field(_RELATIONS, name, field_type) for name, field_type in types.items()}
    return link([Collection(_RELATIONS, fields, primary_key)], [])


_LISTED: Final = _listed(("id",))
_IN_ANY_ORDER: Final = _listed(())  # without a key nothing brings them into an order
