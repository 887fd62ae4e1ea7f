"""Roots: the items that a subset starts from, by key or by a question.

In: what a caller gives for a collection: a list of keys, or a query with filter, search, sort, limit, offset, page, and
"sample" beside them. Out: keys in a key table, in the order of the question. Raises `ItemNotFound` for a key that is
not there, `InvalidQuery` for a view or a question that asks for more than which items, and what a read raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from relgraph.errors import InvalidPayload, InvalidQuery
from relgraph.graph.chosen import KeyTable
from relgraph.graph.rows import rows_with_keys
from relgraph.query.ast import Query
from relgraph.query.parse import parse
from relgraph.query.resolve import resolve
from relgraph.query.resolved import Bindings
from relgraph.read.fragments import Sql
from relgraph.read.joins import Renderer
from relgraph.read.select import select
from relgraph.schema import Schema

_ASKED: Final = ("filter", "search", "sort", "limit", "offset", "page")


def check_roots(schema: Schema, roots: Any) -> None:
    """Raise what is wrong with roots before anything is done."""
    if not isinstance(roots, Mapping) or not roots:
        raise InvalidPayload("roots", "roots are keys or a query for each collection", "like {'articles': [1, 2]}")
    for name in roots:
        if schema.collections[name].view:
            raise InvalidQuery("roots", f"{name} is a view, which holds no items of its own")


def add_roots(schema: Schema, found: KeyTable, given: Any) -> None:
    """Put the keys of the items that are asked for into a key table, which is empty."""
    name = found.look.collection.name
    if not isinstance(given, (Mapping, str, Query)):
        found.add_all(rows_with_keys(found.source, found.look, given, f"roots.{name}"))
        return
    size = None
    if isinstance(given, Mapping):
        size = _size(given.get("sample"), f"roots.{name}.sample")
        given = {part: value for part, value in given.items() if part != "sample"}
        if not all(isinstance(part, str) and part.partition("[")[0] in _ASKED for part in given):
            raise _no_roots(name)  # a read ignores what it does not know; here that would take all there is
    elif isinstance(given, str) and parse(given) == Query():
        raise _no_roots(name)
    text, values = _select(schema, found, parse(given))
    found.add(text, values)
    if size is not None:
        _thin_out(found, size)


def _no_roots(name: str) -> InvalidQuery:
    return InvalidQuery(f"roots.{name}", "roots are whole items", f"ask by {', '.join(_ASKED)} or sample alone")


def _size(given: Any, where: str) -> int | None:
    if given is not None and (isinstance(given, bool) or not isinstance(given, int) or given < 0):
        raise InvalidPayload(where, f"a sample is a whole number of 0 or more, not {given!r}")
    return given


def _select(schema: Schema, found: KeyTable, asked: Query) -> tuple[str, list[Any]]:
    """Give the select of what tells the rows apart that a query asks for."""
    name = found.look.collection.name
    plain = Query(**{part: getattr(asked, part) for part in _ASKED})
    if asked != plain:
        raise _no_roots(name)
    resolved = resolve(plain, schema, name)
    renderer = Renderer()
    alias = renderer.alias()
    columns = [Sql(f"{alias}.{part}") for part in found.look.ids]
    return select(renderer, resolved, alias, columns, [], None).usual.bind(Bindings())


def _thin_out(found: KeyTable, size: int) -> None:
    """Leave so many of the keys, as far from one another as can be: the same for the same rows."""
    text = f"DELETE FROM {found.name} WHERE n * :size / :total = (n - 1) * :size / :total"
    found.source.execute(text, {"size": min(size, found.size), "total": found.size})
