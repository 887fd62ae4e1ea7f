"""Items: reading one collection.

In: a query as mapping, JSON text, URL query string or keyword arguments. Out: `Result`s of plain dicts. Raises what
parse and resolve raise on a question that is wrong, and the database's own errors; there is never a partial result.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import define, evolve, field, frozen

from relgraph.errors import InvalidPayload, InvalidQuery, ItemNotFound, LimitExceeded
from relgraph.query.ast import Param, Query, parameters
from relgraph.query.parse import parse
from relgraph.query.resolve import resolve
from relgraph.query.resolved import Bindings, Literal, ResolvedQuery, Show
from relgraph.query.shape import Shape, shape_of
from relgraph.read.cache import Ready
from relgraph.read.fetch import Reader
from relgraph.read.result import Result
from relgraph.restricted.restrict import restrict
from relgraph.schema import Field, Schema

if TYPE_CHECKING:
    from relgraph.explain.explanation import Explanation
    from relgraph.registry import RelationRegistry


@frozen
class Items:
    """The items of one collection: `registry.items("articles")`.

    Every read takes a query as mapping, JSON text or URL query string, or the same names as keyword arguments, and sees
    one snapshot of the database.
    """

    _registry: RelationRegistry
    collection: str

    def read(self, query: Any = None, /, **parameters: Any) -> Result:
        """Give the items a query asks for.

        Parameters: fields, filter, search, sort, limit, offset, page, deep, alias, aggregate, groupBy, meta, backlink.
        Shape: a sequence of dicts with the fields asked for; `fields=[]` gives bare primary keys.
        Errors: `QueryError` (400) for a question that is wrong, `Forbidden` (403) for a name that is unknown.

        >>> from relgraph import RelationRegistry
        >>> registry = RelationRegistry()
        >>> _ = registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT)")
        >>> _ = registry.connection.execute("INSERT INTO tags (label) VALUES ('red'), ('blue')")
        >>> registry.items("tags").read(fields=["label"], sort="-label").data
        [{'label': 'red'}, {'label': 'blue'}]
        """
        with self._registry.database.reading():
            reader, arguments = self._ready(query, parameters)
            return reader.read(self._registry.source, Bindings(arguments))

    def get(self, key: Any, query: Any = None, /, **parameters: Any) -> dict[str, Any]:
        """Give the item with a key; a composite key is a list of values, in the order of the primary key.

        A filter or search in the query must hold too. Errors: `ItemNotFound` (403) for an unknown or malformed key.
        """
        several = isinstance(key, (list, tuple))
        parts = key if several else (key,)
        with self._registry.database.reading():
            primary_key = self._registry.schema.collections[self.collection].primary_key
            if len(parts) != len(primary_key) or several != (len(primary_key) > 1):
                self._by_keys([key], query, parameters)  # which says what is wrong with it
            given = {f"#key{index}": part for index, part in enumerate(parts)}
            reader, arguments = self._ready(query, parameters, tuple(given))
            items = reader.read(self._registry.source, Bindings({**arguments, **given}))
        if not items:
            raise ItemNotFound("key", self.collection, key)
        item: dict[str, Any] = items[0]
        return item

    def get_many(self, keys: Sequence[Any], query: Any = None, /, **parameters: Any) -> Result:
        """Give the items with any of some keys, in the query's order; unknown keys are left out.

        Errors: `InvalidPayload` (400) when `keys` is no list of keys, `ItemNotFound` (403) for a malformed key.
        """
        if isinstance(keys, (str, bytes, Mapping)) or not isinstance(keys, Sequence):
            raise InvalidPayload("keys", f"keys must be a list, not {type(keys).__name__}")
        for index, key in enumerate(keys):
            if key is None or key == "" or isinstance(key, bool):
                raise InvalidPayload(f"keys[{index}]", f"{key!r} is no key")
        return self._by_keys(list(keys), query, parameters)

    def singleton(self, query: Any = None, /, **parameters: Any) -> dict[str, Any]:
        """Give a singleton collection's one item; without one, the defaults of the fields asked for, and a null key."""
        asked = evolve(parse(query, **parameters), limit=1, meta=None)
        with self._registry.database.reading():
            resolved = self._resolve(asked)
            items = Reader(resolved).read(self._registry.source, Bindings())
        return items[0] if items else defaults(resolved)

    def count(self, filter: Any = None) -> int:
        """Give the number of items, or of those that fulfil a filter.

        >>> from relgraph import RelationRegistry
        >>> registry = RelationRegistry()
        >>> _ = registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT)")
        >>> registry.items("tags").count({"label": {"_contains": "e"}})
        0
        """
        counted: int = self.read({"aggregate": {"count": "*"}, "filter": filter, "limit": -1})[0]["count"]
        return counted

    def stream(self, query: Any = None, /, *, chunk_size: int = 1000, **parameters: Any) -> Generator[Any, None, None]:
        """Give the items a query asks for one by one, in memory that does not grow with their number.

        `chunk_size` items and what is nested in them are held at a time. The read snapshot stays open until the
        iterator is exhausted or closed; until then others do not see what this connection writes.
        """
        if isinstance(chunk_size, bool) or not isinstance(chunk_size, int) or chunk_size < 1:
            raise InvalidQuery("chunk_size", f"chunk_size must be a whole number of 1 or more, not {chunk_size!r}")
        with self._registry.database.reading():
            reader, arguments = self._ready(query, parameters)
        if reader.query.after is not None:
            raise InvalidQuery("cursor", "a stream has no pages to go on from", "leave out the cursor")
        return self._streamed(reader, Bindings(arguments), chunk_size)

    def _streamed(self, reader: Reader, bindings: Bindings, chunk_size: int) -> Generator[Any, None, None]:
        with self._registry.database.lasting_reading():
            yield from reader.stream(self._registry.source, bindings, chunk_size)

    def prepare(self, query: Any = None, /, **parameters: Any) -> Prepared:
        """Give a query compiled once, with `Param("name")` for values that are given at each call.

        >>> from relgraph import Param, RelationRegistry
        >>> registry = RelationRegistry()
        >>> _ = registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT)")
        >>> _ = registry.connection.execute("INSERT INTO tags (label) VALUES ('red'), ('blue')")
        >>> prepared = registry.items("tags").prepare(filter={"id": {"_eq": Param("id")}})
        >>> prepared(id=2).data
        [{'id': 2, 'label': 'blue'}]
        """
        asked = parse(query, **parameters)
        with self._registry.database.reading():
            self._resolve(asked)
        return Prepared(self, asked)

    def explain(self, query: Any = None, /, **parameters: Any) -> Explanation:
        """Give what `read` would do for the same query: the question in words, the SQL, its plans, index advice.

        The query itself does not run; a search of which the better form depends on the data is probed as `read` would.
        A restricted access is given the words alone: what runs for it speaks of what it does not see.

        >>> from relgraph import RelationRegistry
        >>> registry = RelationRegistry()
        >>> _ = registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT)")
        >>> explanation = registry.items("tags").explain(fields=["label"], filter={"id": {"_gt": 3}})
        >>> print(explanation.words)
        Read label of tags.
        Only items for which id is above 3.
        In the order of id.
        >>> print(explanation.statements[0])
        SELECT t0."label" FROM main."tags" AS t0 WHERE t0."id" > ? ORDER BY t0."id"
        values: 3
        """
        from relgraph.explain.explanation import explain, in_words

        shape = self._shape(query, parameters)
        asked = shape.parsed()
        with self._registry.database.reading():
            if self._registry.sight is not None:
                return in_words(self._looked_up(asked), asked, Bindings(shape.arguments))
            reader, arguments = self._ready(query, parameters)
            schema, database = self._registry.schema, self._registry.database
            return explain(reader, asked, schema, database, Bindings(arguments))

    # --- the pipeline: parse, resolve, plan, fetch ---

    def _by_keys(self, keys: list[Any], query: Any, parameters: Mapping[str, Any]) -> Result:
        asked = parse(query, **parameters)
        with self._registry.database.reading():
            return Reader(self._resolve(asked, keys)).read(self._registry.source, Bindings())

    def _resolve(self, query: Query, keys: Sequence[Any] | None = None) -> ResolvedQuery:
        sight, resolved = self._registry.sight, self._looked_up(query, keys)
        return resolved if sight is None else restrict(resolved, sight)

    def _looked_up(self, query: Query, keys: Sequence[Any] | None = None) -> ResolvedQuery:
        registry = self._registry
        user = registry.access.speaking
        return resolve(query, registry.schema, self.collection, keys=keys, limits=registry.limits, user=user)

    def _shape(self, query: Any, parameters: Mapping[str, Any]) -> Shape:
        return shape_of(query, parameters, self._registry.limits.max_operands)

    def _ready(self, query: Any, parameters: Mapping[str, Any], key: tuple[str, ...] = ()) -> Ready:
        """Give the reader of a query, from the cache where its shape was read before, and the query's arguments.

        `key` names the parameters for the parts of the one key that is asked for.
        """
        schema, cache = self._registry.schema, self._registry.readers
        alone = parameters if query is None else None if parameters else query  # the one mapping that has all of it
        names = (self.collection, key, query is None, *alone) if type(alone) is dict else None
        if names is not None and (ready := cache.recognised(schema, names, alone)):
            return ready
        shape = self._shape(query, parameters)
        known = (self.collection, shape.key, key)
        reader = cache.get(schema, known)
        if reader is None:
            reader = self._made(shape, key)
            if shape.key and not _is_for_once(reader.query):
                cache.put(known, reader)
        elif names is not None:
            cache.use(known, names, alone)
        return reader, shape.arguments

    def _made(self, shape: Shape, key: tuple[str, ...]) -> Reader:
        """Make the reader of a shape."""
        parts = [Param(name) for name in key]
        return Reader(self._resolve(shape.parsed(), [parts] if len(parts) > 1 else parts or None))


@define(eq=False)
class Prepared:
    """A query compiled once: call it with a value for each of its parameters."""

    _items: Items
    query: Query
    _names: frozenset[str] = field(init=False, repr=False)
    _schema: Schema | None = field(default=None, init=False, repr=False)
    _reader: Reader | None = field(default=None, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._names = frozenset(parameters(self.query))

    def __call__(self, **arguments: Any) -> Result:
        """Give the items for some arguments. Errors: `InvalidQuery` when one is missing or unknown."""
        registry = self._items._registry
        if not self._names.issuperset(arguments):
            unknown = next(name for name in arguments if name not in self._names)
            known = ", ".join(sorted(self._names)) or "none"
            raise InvalidQuery(unknown, "the query has no parameter of this name", f"those it has: {known}")
        _check_operands(arguments, registry.limits.max_operands)
        with registry.database.reading():
            schema, reader = registry.schema, self._reader
            if reader is None or schema is not self._schema:
                self._reader = reader = Reader(self._items._resolve(self.query))
                self._schema = schema
            return reader.read(registry.source, Bindings(arguments))


def _is_for_once(query: ResolvedQuery) -> bool:
    """Tell whether a query holds a cursor as it was written in a text, where the next page has another."""
    return query.after is not None and isinstance(query.after.cursor, Literal)


def _check_operands(arguments: Mapping[str, Any], most: int) -> None:
    """Raise `LimitExceeded` when lists for parameters hold more operands than a query may have."""
    count = 0
    for value in arguments.values():
        if isinstance(value, (list, tuple)):
            count += len(value)
    if count > most:
        raise LimitExceeded("", "number of operands", count, most, "max_operands")


def defaults(query: ResolvedQuery) -> dict[str, Any]:
    """Give what a singleton without an item answers: its key as None, and the fields that have a default."""
    found: dict[str, Any] = {}
    for show in query.shows or ():
        if isinstance(show, Show) and isinstance(show.value, Field):
            if show.value.name in query.collection.primary_key:
                found[show.name] = None
            elif show.value.default is not None:
                answer = show.value.codec.answer
                found[show.name] = show.value.default if answer is None else answer(show.value.default)
    return found
