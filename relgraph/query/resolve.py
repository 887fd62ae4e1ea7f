"""Resolve: the names of a query looked up in the schema, its operands cast, its wildcards expanded.

In: a `Query`, the schema, a collection's name. Out: a `ResolvedQuery` that either evaluator can run as it stands.
Fails with the first problem of shape, else of names (`Forbidden`), else of types, functions and limits (`QueryError`);
hints are drawn from the schema given. Nothing depends on rows: relations that turn out empty are resolved as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from attrs import evolve, frozen

from relgraph.errors import InvalidQuery, UnknownCollection, UnknownField
from relgraph.query import ast
from relgraph.query.ast import Param, Query
from relgraph.query.conditions import Joins, all_of, check_joins, resolve_filter, search_condition
from relgraph.query.cursor import signer_of
from relgraph.query.grouping import resolve_grouping
from relgraph.query.keys import keys_condition
from relgraph.query.limits import Limits
from relgraph.query.ordering import resolve_order, resolve_page
from relgraph.query.paths import own
from relgraph.query.resolution import Phase, Resolution
from relgraph.query.resolved import (
    After,
    Bindings,
    Condition,
    Literal,
    Page,
    Parameter,
    ResolvedQuery,
    ShowAny,
    ShowMany,
    Shown,
    ShowOne,
)
from relgraph.query.selection import Branch, Level, select
from relgraph.query.spelling import read_text
from relgraph.schema import AnyHop, Collection, Hop, Schema

_ALL: Final = ("*",)
_NOTHING: Final = Query()


def resolve(
    query: Query,
    schema: Schema,
    collection: str,
    *,
    keys: Sequence[Any] | None = None,
    limits: Limits = Limits(),  # noqa: B008  # a frozen value
    user: Mapping[str, Any] | None = None,
) -> ResolvedQuery:
    """Give the query with every name looked up, ready to be evaluated.

    `keys` asks for the items with these primary keys only (a composite key is a list of values); `user` is who
    `$CURRENT_USER` means: its fields, with `role`, `roles` and `policies`.
    Raises: Forbidden for unknown names, ItemNotFound for a key that is none, QueryError for all else.

    >>> from relgraph.linking import link
    >>> from relgraph.schema import Field
    >>> from relgraph.values import FieldType
    >>> schema = link([Collection("tags", {"id": Field("tags", "id", FieldType.INTEGER)}, ("id",))], [])
    >>> [shown.name for shown in resolve(Query(), schema, "tags").shows]
    ['id']
    """
    resolution = Resolution(schema, limits, user)
    found = schema.collections.get(collection)
    if found is None or found.system:
        known = tuple(one.name for one in schema if not one.system)
        raise UnknownCollection("collection", collection, known)
    if keys is not None and query.limit is None and query.page is None:
        query = evolve(query, limit=-1)  # whoever names the keys has said how many items to give
    top = _Place(found, backlink=query.backlink)
    wanted = _ALL if query.fields is None else query.fields
    resolved = _level(resolution, top, query, wanted or None, keys)
    after = _after(resolution, query, resolved)
    resolution.finish()
    if query.meta is None and after is None:
        return resolved
    return evolve(resolved, meta=query.meta, after=after)


def resolve_condition(
    condition: ast.Condition,
    schema: Schema,
    collection: Collection,
    *,
    limits: Limits = Limits(),  # noqa: B008  # a frozen value
    user: Mapping[str, Any] | None = None,
    where: str = "filter",
) -> Condition | None:
    """Give a filter alone, resolved as it would be in a query of the collection; None where it says nothing.

    Raises: as `resolve` does.
    """
    resolution = Resolution(schema, limits, user)
    joins: Joins = set()
    found = resolve_filter(resolution, collection, condition, where, joins)
    check_joins(resolution, joins, where)
    resolution.finish()
    return found


def _after(resolution: Resolution, query: Query, resolved: ResolvedQuery) -> After | None:
    """Give where a cursor starts; it replaces offset and page and needs an order that no two items share."""
    if query.cursor is None:
        return None
    reason = None
    if query.page is not None or query.offset is not None:
        reason = "a cursor says where to go on, so page and offset cannot be given"
    elif resolved.grouping is not None:
        reason = "groups have no cursor"
    elif not resolved.collection.primary_key:
        reason = f"{resolved.collection.name} has no primary key, so its items have no total order"
    if reason is not None:
        resolution.note(InvalidQuery("cursor", reason, "use limit and offset"))
        return None
    resolution.finish()  # an order with an unknown name has too few keys to read the cursor by
    given, signer = query.cursor, signer_of(resolved.collection.name, query)
    if isinstance(given, Param):
        return After(Parameter(given.name, "cursor", partial(read_text, where="cursor")), signer, len(resolved.order))
    after = After(Literal(given), signer, len(resolved.order))
    if not signer.is_open:
        after.values(Bindings())  # so that what is no cursor of this list is refused at once
    return after


# --- one level -------------------------------------------------------------------------------------------------------


@frozen
class _Place:
    """Where one level of a query stands: the hop that led there, and how its parts are named in messages."""

    collection: Collection
    backlink: bool
    arrived: Hop | None = None
    depth: int = 1
    fields_where: str = "fields"
    deep_where: str = "deep"
    where: str = ""  # before "filter": "deep.comments._"

    def below(self, resolution: Resolution, name: str, hop: Hop) -> _Place:
        """Give the place of the level that a relation leads to."""
        deep_where = f"{self.deep_where}.{name}"
        return _Place(
            resolution.schema.collections[hop.far],
            self.backlink,
            hop,
            self.depth + 1,
            f"{self.fields_where}.{name}",
            deep_where,
            f"{deep_where}._",
        )


def _level(
    resolution: Resolution,
    place: _Place,
    query: Query,
    paths: Iterable[str] | None,
    keys: Sequence[Any] | None = None,
) -> ResolvedQuery:
    """Give one level of a query resolved; `paths` None asks for bare primary keys."""
    resolution.spend(20, place.fields_where)
    collection, where = place.collection, place.where
    joins: Joins = set()
    condition = _where(resolution, place, query, keys, joins)
    page = resolve_page(resolution, query, nested=place.arrived is not None, where=where)
    if query.aggregate is not None or query.group is not None:
        if place.arrived is not None and not place.arrived.many:
            resolution.note(InvalidQuery(f"{where}aggregate", "a relation to one item has nothing to aggregate"))
        grouping = resolve_grouping(resolution, collection, query, where, joins)
        check_joins(resolution, joins, where)
        _check_breadth(resolution, place, len(grouping.columns) + len(grouping.measures), len(grouping.order))
        return ResolvedQuery(collection, (), condition, page=page, grouping=grouping)
    order = resolve_order(resolution, collection, query.sort, place.arrived, f"{where}sort", joins)
    check_joins(resolution, joins, f"{where}sort")
    if place.arrived is not None and not place.arrived.many:
        order, page = (), Page()
    shows = _shows(resolution, place, query, paths)
    _check_breadth(resolution, place, len(shows or ()), len(order))
    return ResolvedQuery(collection, shows, condition, order, page)


def _where(
    resolution: Resolution, place: _Place, query: Query, keys: Sequence[Any] | None, joins: Joins
) -> Condition | None:
    """Give filter, search and keys as one condition, or None where every item is wanted."""
    parts = []
    if query.filter is not None:
        parts.append(resolve_filter(resolution, place.collection, query.filter, f"{place.where}filter", joins))
    if query.search:
        parts.append(search_condition(place.collection, query.search))
    if keys is not None:
        parts.append(keys_condition(resolution, place.collection, keys))
    conditions = [part for part in parts if part is not None]
    return all_of(conditions) if conditions else None


def _check_breadth(resolution: Resolution, place: _Place, shown: int, sorted_by: int) -> None:
    resolution.spend(shown, place.fields_where)
    resolution.count("max_fields", shown, place.fields_where, "number of fields")
    if shown + sorted_by > resolution.limits.max_columns:
        resolution.exceed("max_columns", shown + sorted_by, place.fields_where, "number of columns of one level")


# --- what is shown ---------------------------------------------------------------------------------------------------


def _shows(
    resolution: Resolution, place: _Place, query: Query, paths: Iterable[str] | None
) -> tuple[Shown, ...] | None:
    """Give what each item shows, with the levels below it; also looks at what `deep` says of other relations."""
    deep = dict(query.deep)
    selected = {}
    if paths is not None and not resolution.is_too_deep(place.depth, place.fields_where):
        level = Level(place.collection, dict(query.alias), place.arrived, place.backlink, place.fields_where)
        selected = select(resolution, level, paths)
    elif paths is None and place.collection.hidden_key:
        name, names = place.collection.hidden_key[0], place.collection.names
        resolution.note(UnknownField(place.fields_where, place.collection.name, name, names))
    elif paths is None and not place.collection.primary_key:
        problem = f"{place.collection.name} has no primary key to show"
        resolution.note(InvalidQuery(place.fields_where, problem, "name fields"))
    shows = [
        _shown(resolution, place, name, entry, deep) if isinstance(entry, Branch) else entry
        for name, entry in selected.items()
    ]
    if deep and not resolution.schema.restricted:  # an access looks at nothing that no field uses
        _check_rest(resolution, place, dict(query.alias), deep)
    return None if paths is None else tuple(shows)


def _shown(resolution: Resolution, place: _Place, name: str, branch: Branch, deep: dict[str, Query | None]) -> Shown:
    """Give a relation with the level it leads to, and take from `deep` what is said of it."""
    subject = branch.subject
    if isinstance(subject, AnyHop):
        queries = {
            scope: _below(resolution, place, f"{name}:{scope}", subject.hops[scope], paths, deep)
            for scope, paths in branch.scopes.items()
        }
        return ShowAny(name, subject, queries)
    below = _below(resolution, place, name, subject, branch.paths or None, deep)
    return ShowMany(name, subject, below) if subject.many else ShowOne(name, subject, below)


def _below(
    resolution: Resolution,
    place: _Place,
    name: str,
    hop: Hop,
    paths: Iterable[str] | None,
    deep: dict[str, Query | None],
) -> ResolvedQuery:
    below = place.below(resolution, name, hop)
    query = deep.pop(name, _NOTHING)
    if query is None:
        problem = InvalidQuery(below.deep_where, "what deep says of a relation is an object")
        resolution.note(problem, Phase.SHAPE)
    return _level(resolution, below, query or _NOTHING, paths)


def _check_rest(resolution: Resolution, place: _Place, aliases: dict[str, str], deep: dict[str, Query | None]) -> None:
    """Look at what deep says of relations that are not shown; a name that is no relation says nothing."""
    for name in tuple(deep):
        hop = own(place.collection, aliases.get(name, name))
        field, colon, scope = name.partition(":")
        if colon and hop is None:
            any_hop = place.collection.any_hops.get(aliases.get(field, field))
            hop = any_hop and any_hop.hops.get(scope)
        if isinstance(hop, Hop) and not resolution.is_too_deep(place.depth + 1, f"{place.deep_where}.{name}"):
            _below(resolution, place, name, hop, (), deep)
