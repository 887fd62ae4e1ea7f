"""RelationRegistry: one database, its relations, and the items they join. Where all stages meet.

In: a path, a connection or a sqlite-utils database. Out: relations, `Items`, the schema. Raises the errors of the stage
that finds the fault; a registry belongs to the thread that opened it.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any

from relgraph.errors import NotARelation, RelationNotFound, UnknownCollection, UnknownField
from relgraph.items import Items, ReaderCache
from relgraph.query.limits import Limits
from relgraph.relation import Relation
from relgraph.schema import Collection, Schema
from relgraph.storage.connection import Database
from relgraph.storage.freshness import FreshSchema

if TYPE_CHECKING:
    import sqlite3


class RelationRegistry:
    """The relations of a database, and the way to its items.

    `database` is a path, ":memory:", a `sqlite3.Connection` or a `sqlite_utils.Database`. With `discover`, foreign keys
    are relations even where none were stored. `default_limit` is the number of items where a query names no limit
    (None: all), `max_depth` the number of keys a path may have; `limits` sets these and all other limits at once.

    >>> with RelationRegistry(":memory:") as registry:
    ...     _ = registry.connection.executescript('''
    ...         CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT);
    ...         CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT, author INTEGER REFERENCES authors(id));
    ...         INSERT INTO authors VALUES (1, 'Homer');
    ...         INSERT INTO books VALUES (1, 'Iliad', 1), (2, 'Odyssey', 1);
    ...     ''')
    ...     registry.items("authors").read(fields=["name", "books.title"]).data
    [{'name': 'Homer', 'books': [{'title': 'Iliad'}, {'title': 'Odyssey'}]}]
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
        self.limits = limits or Limits(default_limit=default_limit, max_depth=max_depth)
        self.database = Database.open(database, read_only=read_only)
        self.readers = ReaderCache()
        self._fresh = FreshSchema(self.database, discover)
        try:
            _ = self.schema
        except BaseException:
            self.database.close()
            raise

    def __enter__(self) -> RelationRegistry:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"RelationRegistry({self.database.name!r})"

    def close(self) -> None:
        """Let go of the database; a connection that was handed over stays open."""
        self.database.close()

    @property
    def connection(self) -> sqlite3.Connection:
        """The sqlite3 connection itself, for statements of your own."""
        return self.database.raw

    @property
    def schema(self) -> Schema:
        """The collections, fields and relations as they are now, whoever changed them."""
        return self._fresh.get()

    # --- items ---

    def items(self, collection: str) -> Items:
        """Give the way to the items of a collection. Errors: `UnknownCollection` (403)."""
        self._collection(collection)
        return Items(self, collection)

    def _collection(self, name: str, *, system: bool = False) -> Collection:
        collections = self.schema.collections
        found = collections.get(name)
        if found is None or (found.system and not system):
            known = tuple(each.name for each in collections.values() if not each.system)
            raise UnknownCollection("collection", name, known)
        return found

    # --- relations ---

    def __iter__(self) -> Iterator[Relation]:
        return iter(self.schema.relations)

    def __len__(self) -> int:
        return len(self.schema.relations)

    def get(self, id: int) -> Relation:
        """Give the stored relation with an id. Errors: `RelationNotFound` (404)."""
        stored = {relation.id: relation for relation in self.schema.relations if relation.id is not None}
        if isinstance(id, bool) or id not in stored:
            raise RelationNotFound("id", id, tuple(key for key in stored if key is not None))
        return stored[id]

    def find(self, collection: str, field: str) -> Relation:
        """Give the relation whose many side is that field. Errors: `Forbidden` (403) for an unknown or plain field.

        >>> with RelationRegistry(":memory:") as registry:
        ...     _ = registry.connection.execute(
        ...         "CREATE TABLE tree (id INTEGER PRIMARY KEY, up INTEGER REFERENCES tree)"
        ...     )
        ...     registry.find("tree", "up").one_collection
        'tree'
        """
        many = self._collection(collection, system=True)
        for relation in self.schema.relations_of(collection):
            if relation.many_field == field:
                return relation
        if field not in many.fields and field not in many.hops:
            raise UnknownField("field", collection, field, many.names)
        leading = tuple(relation.many_field for relation in self.schema.relations_of(collection))
        raise NotARelation("field", collection, field, leading)

    def in_collection(self, name: str, *, touching: bool = False) -> tuple[Relation, ...]:
        """Give the relations whose many side is that collection; `touching`: those of either side.

        Errors: `UnknownCollection` (403).
        """
        self._collection(name, system=True)
        if not touching:
            return self.schema.relations_of(name)
        return tuple(
            relation
            for relation in self.schema.relations
            if name in (relation.many_collection, relation.one_collection, *(relation.one_allowed_collections or ()))
        )
