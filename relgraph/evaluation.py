"""Evaluation without a database: the query language over plain dicts.

In: a query or filter in any spelling, items, and the schema they belong to. Out: what a database holding these items
would answer. Raises the same errors as a read: the question is parsed and resolved first, whatever the items are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from relgraph.query.ast import Query
from relgraph.query.limits import Limits
from relgraph.query.parse import parse
from relgraph.query.resolve import resolve
from relgraph.read import memory, nested
from relgraph.read.result import Result
from relgraph.read.tables import as_stored
from relgraph.schema import Schema
from relgraph.values import Truth


def evaluate(
    query: object,
    items: Mapping[str, Iterable[Mapping[str, Any]]],
    schema: Schema,
    *,
    collection: str,
    limits: Limits | None = None,
) -> Result:
    """Give what a query answers over the rows of every collection: {"articles": [{"id": 1, ...}], "authors": [...]}.

    Rows are flat, foreign keys as keys. Values may have their stored form or the answered one: booleans may be True and
    False, csv fields lists, json fields parsed, and where dates are stored as epoch milliseconds, ISO text is taken for
    the moment it names. A field that a row lacks is NULL, a collection that is missing is empty, others are ignored.
    Without an order of its own (no primary key) a collection stays in the given order.

    Cost: grows with the rows; each relation is looked up in an index made once.

    >>> from relgraph import RelationRegistry
    >>> with RelationRegistry(":memory:") as registry:
    ...     _ = registry.connection.execute("CREATE TABLE cities (id INTEGER PRIMARY KEY, name TEXT)")
    ...     schema = registry.schema
    >>> rows = {"cities": [{"id": 1, "name": "Rome"}, {"id": 2, "name": "Oslo"}]}
    >>> evaluate({"fields": ["name"], "filter": {"id": {"_gt": 1}}}, rows, schema, collection="cities").data
    [{'name': 'Oslo'}]
    """
    asked = query if isinstance(query, Query) else parse(query)
    resolved = resolve(asked, schema, collection, limits=limits or Limits())
    given = {
        name: map(partial(as_stored, schema.collections[name]), rows)
        for name, rows in items.items()
        if name in schema.collections
    }
    return memory.evaluate(resolved, given)


def matches(filter: object, item: Mapping[str, Any], schema: Schema, *, collection: str) -> Truth:
    """Give whether one item fulfils a filter: True, False, or None where that is unknown.

    Related items stand inside the item, as answers nest them: {"author": {"name": "Ann"}, "comments": [{"likes": 3}]};
    the item of an any-to-many field beside the collection it belongs to. What the item does not say is unknown (a field
    it lacks, a relation of which only the key is there), and so is a comparison with NULL; the result is None where it
    depends on that. A to-many path without a quantifier is fulfilled when one of its items does so.

    >>> from relgraph import RelationRegistry
    >>> with RelationRegistry(":memory:") as registry:
    ...     _ = registry.connection.execute("CREATE TABLE cities (id INTEGER PRIMARY KEY, name TEXT)")
    ...     schema = registry.schema
    >>> [matches({"id": {"_gt": 1}}, item, schema, collection="cities") for item in ({"id": 2}, {"id": 1}, {})]
    [True, False, None]
    """
    resolved = resolve(parse(filter=filter), schema, collection)
    return nested.matches(resolved.where, item, resolved.collection, nested.Nested(schema))
