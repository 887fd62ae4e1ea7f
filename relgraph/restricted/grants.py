"""The grants of an access held against a schema: names that are there, filters resolved.

In: an `Access` and the whole schema. Out: by collection the `Granted` parts that count. A grant of which no name is
there gives nothing, and one whose filter cannot be resolved gives nothing either: a rule that cannot be judged shows no
row. `check` raises instead, for accesses that somebody has just written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import evolve, frozen

from relgraph.access import Access, Grant
from relgraph.errors import InvalidPayload, RelgraphError, UnknownCollection
from relgraph.query.limits import Limits
from relgraph.query.parse import parse
from relgraph.query.resolve import resolve_condition
from relgraph.query.resolved import Condition
from relgraph.schema import Collection, Schema


@frozen(eq=False)
class Granted:
    """One grant to read that counts: the names it gives, and the rows it gives them of (None: every row)."""

    names: frozenset[str]
    rows: Condition | None


def granted(schema: Schema, access: Access, limits: Limits) -> dict[str, tuple[Granted, ...]]:
    """Give by collection the grants that count; a collection without any is not there for this access."""
    found: dict[str, tuple[Granted, ...]] = {}
    for name in access.grants:
        collection = schema.collections.get(name)
        parts = () if collection is None else tuple(_parts(schema, access, collection, limits))
        if parts:
            found[name] = parts
    return found


def check(schema: Schema, access: Access, limits: Limits) -> None:
    """Raise `InvalidPayload` for a grant on what is not there, or with a filter that cannot be resolved.

    Names in `fields` that are not there are let pass, as a grant may be older than the schema.
    """
    for name in access.grants:
        collection = schema.collections.get(name)
        if collection is None:
            unknown = UnknownCollection("", name, tuple(schema.collections))
            raise InvalidPayload(f"grants.{name}", str(unknown))
        for grant in access.grants[name]:
            try:
                rows_of(schema, access, collection, grant, limits)
            except RelgraphError as error:
                raise InvalidPayload(f"grants.{name}.filter", str(error)) from error


def sound(access: Access, schema: Schema, limits: Limits) -> Access:
    """Give an access without the grants that `check` would refuse."""
    grants = {
        name: tuple(grant for grant in listed if holds(schema, access, name, grant, limits))
        for name, listed in access.grants.items()
    }
    return evolve(access, grants={name: listed for name, listed in grants.items() if listed})


def holds(schema: Schema, access: Access, collection: str, grant: Grant, limits: Limits) -> bool:
    """Say whether the filter of a grant can be resolved against the schema."""
    try:
        rows_of(schema, access, schema.collections[collection], grant, limits)
    except (RelgraphError, KeyError):
        return False
    return True


def _parts(schema: Schema, access: Access, collection: Collection, limits: Limits) -> Iterator[Granted]:
    for grant in access.reading(collection.name):
        names = names_of(collection, grant)
        if not names or not holds(schema, access, collection.name, grant, limits):
            continue
        yield Granted(names, rows_of(schema, access, collection, grant, limits))


def names_of(collection: Collection, grant: Grant) -> frozenset[str]:
    """Give the fields and to-many aliases of a collection that a grant gives."""
    known = {*collection.fields, *collection.hops}
    return frozenset(known if grant.gives_all else known.intersection(grant.fields))


def rows_of(schema: Schema, access: Access, collection: Collection, grant: Grant, limits: Limits) -> Condition | None:
    """Give the condition that the filter of a grant puts on the rows; raises what `resolve` does."""
    given: Mapping[str, Any] | None = grant.filter
    if not given:
        return None
    condition = parse(filter=dict(given)).filter
    if condition is None:
        return None
    return resolve_condition(condition, schema, collection, limits=limits, user=access.user)
