"""Ordering: in which order items come, and which slice of them is wanted.

In: sort paths, limit, offset and page of one level. Out: `Order` keys that end with the primary key, and a `Page`.
What is wrong is noted in the `Resolution`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attrs import frozen

from relgraph.errors import InvalidQuery
from relgraph.query.ast import Param, Query
from relgraph.query.conditions import Joins
from relgraph.query.paths import value_path
from relgraph.query.resolution import Resolution
from relgraph.query.resolved import Order, Page, Parameter
from relgraph.query.spelling import read_count
from relgraph.schema import Collection, Hop

LARGEST: Final = 2**63 - 1  # what SQLite takes as a limit or offset


def resolve_order(
    resolution: Resolution,
    collection: Collection,
    sort: tuple[str, ...] | None,
    arrived: Hop | None,
    where: str,
    joins: Joins,
) -> tuple[Order, ...]:
    """Give the order of items: what is asked for or else the collection's own, and the primary key at the end."""
    keys: dict[str, Order] = {}
    for text in sort or ():
        path = text.removeprefix("-")
        found = value_path(resolution, collection, path, f"{where}.{text}")
        if found is None or path in keys:
            continue
        keys[path] = Order(found.hops, found.value, descending=path != text)
        add_joins(joins, found.names, len(found.hops))
    own_order = None if sort else default_sort(collection, arrived)
    if own_order is not None:
        keys[own_order] = Order((), collection.fields[own_order])
    for name in collection.primary_key:
        keys.setdefault(name, Order((), collection.fields[name], is_tie=True))
    return tuple(keys.values())


def default_sort(collection: Collection, arrived: Hop | None) -> str | None:
    """Give the field that orders the items of a relation or collection where no sort is asked for."""
    for name in (arrived.sort_field if arrived is not None else None, collection.sort_field):
        if name is not None and name in collection.fields:
            return name
    return None


def add_joins(joins: Joins, names: tuple[str, ...], length: int) -> None:
    """Add the relation paths that lead to a value: every start of the first `length` names."""
    joins.update(names[:end] for end in range(1, length + 1))


# --- page ------------------------------------------------------------------------------------------------------------


def resolve_page(resolution: Resolution, query: Query, *, nested: bool, where: str) -> Page:
    """Give the slice that limit, offset and page ask for.

    A page counts from 1 and needs a limit; limit -1 is all, and then the page says nothing. At the top a page replaces
    the offset; below it they add up: the page's items start `offset` later.
    """
    limit = resolution.limits.default_limit if query.limit is None else query.limit
    if limit is None:
        if query.page is not None:
            problem = InvalidQuery(f"{where}page", "a page needs a limit", "give a limit, or use offset")
            resolution.note(problem)
        limit = -1
    return Page(_limit(limit, f"{where}limit"), _offset(resolution, query, limit, nested=nested, where=where))


def _limit(limit: int | Param, where: str) -> int | Parameter | None:
    if isinstance(limit, Param):
        return Parameter(limit.name, where, Count(where, -1, lambda given: None if given == -1 else given))
    return None if limit == -1 else limit


def _offset(resolution: Resolution, query: Query, limit: int | Param, *, nested: bool, where: str) -> int | Parameter:
    """Give how many items to skip, or the one parameter from which that follows."""
    page, offset = query.page or 0, query.offset or 0
    if not page and isinstance(offset, int):
        return offset
    if limit == -1 or not page:
        page, limit = 0, -1
    elif isinstance(limit, int) and isinstance(page, int) and not nested:
        offset = 0
    start = Start(limit, page, offset, nested)
    if len(start.params) > 1:
        problem = "limit, page and offset cannot depend on several parameters"
        resolution.note(InvalidQuery(f"{where}offset", problem, "give all but one as numbers"))
    elif start.params:
        (name,) = start.params
        param: Param = getattr(start, name)
        return Parameter(param.name, f"{where}{name}", Count(f"{where}{name}", -1 if name == "limit" else 0, start))
    return 0 if start.params else start.items


@frozen
class Start:
    """How many items lie before the slice: `page` counts from 1, 0 is none; `nested` adds the offset to it."""

    limit: int | Param
    page: int | Param
    offset: int | Param
    nested: bool

    @property
    def params(self) -> tuple[str, ...]:
        """The names of those that are given later."""
        return tuple(name for name in ("limit", "page", "offset") if isinstance(getattr(self, name), Param))

    def __call__(self, given: int) -> int:
        """Give the number of items, once the parameter is known."""
        limit, page, offset = (
            given if isinstance(value, Param) else value for value in (self.limit, self.page, self.offset)
        )
        return Start(limit, page, offset, self.nested).items

    @property
    def items(self) -> int:
        """The number of items to skip, where all three are numbers."""
        limit, page, offset = (value for value in (self.limit, self.page, self.offset) if isinstance(value, int))
        if limit == -1 or page == 0:
            return offset
        return min((page - 1) * limit + (offset if self.nested else 0), LARGEST)


@frozen
class Count:
    """Reads the argument of a limit, offset or page parameter, and turns it into what the page needs."""

    where: str
    least: int
    then: Callable[[int], int | None]

    def __call__(self, value: Any) -> int | None:
        """Give the number of items. Raises `InvalidQuery` for what is no whole number of at least `least`."""
        number = read_count(value, self.where, self.least)
        if isinstance(number, int):
            return self.then(number)
        return self.then(self.least)  # nothing was given: all items, from the first
