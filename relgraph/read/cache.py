"""The cache of readers: queries that were asked before, made ready for other values.

In: a schema, a query and its shape. Out: its `Reader`, and the arguments for it. What was made against another state of
the schema is never given out.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from attrs import define, field

from relgraph.query.recognise import Recogniser, recogniser
from relgraph.read.fetch import Reader
from relgraph.schema import Schema

CACHED_READERS: Final = 512  # query shapes kept ready per registry
WRITTEN_AT: Final = 2  # times that a shape is met again; writing takes as long as 50 shapes
RECOGNISED: Final = 3  # shapes told apart by a function of their own where the same names stand in the query
Ready: TypeAlias = tuple[Reader, Mapping[str, Any]]  # a reader, and the arguments of its parameters


@define
class ReaderCache:
    """Readers by query shape, for one state of the schema; the least recently used goes first.

    `written` are the functions that recognise queries of the shapes used most, by the names that stand in them.
    """

    schema: Schema | None = None
    readers: OrderedDict[Any, Reader] = field(factory=OrderedDict)
    used: dict[Any, int] = field(factory=dict)  # how often a reader was found
    written: dict[Any, list[tuple[Recogniser, Reader]]] = field(factory=dict)

    def recognised(self, schema: Schema, names: Any, query: Any) -> Ready | None:
        """Give the reader of a query and its arguments, if a function was written for its shape."""
        if schema is not self.schema:
            return None
        for recognised, reader in self.written.get(names, ()):
            arguments = recognised(query)
            if arguments is not None:
                return reader, arguments
        return None

    def get(self, schema: Schema, key: Any) -> Reader | None:
        """Give the reader of a shape, if it was made against this very schema."""
        if schema is not self.schema:
            self.schema = schema
            self.readers.clear()
            self.used.clear()
            self.written.clear()
        found = self.readers.get(key)
        if found is not None:
            self.readers.move_to_end(key)
        return found

    def put(self, key: Any, reader: Reader) -> None:
        """Keep a reader."""
        self.readers[key] = reader
        if len(self.readers) > CACHED_READERS:
            gone, _ = self.readers.popitem(last=False)
            self.used.pop(gone, None)

    def use(self, key: Any, names: Any, query: Any) -> None:
        """Note that the reader of a shape was found again; often enough, and a function is written for its queries."""
        self.used[key] = times = self.used.get(key, 0) + 1
        if times != WRITTEN_AT or (recognised := recogniser(query)) is None:
            return
        if len(self.written) == CACHED_READERS:
            self.written.clear()
        others = self.written.get(names, [])[: RECOGNISED - 1]
        self.written[names] = [(recognised, self.readers[key]), *others]
