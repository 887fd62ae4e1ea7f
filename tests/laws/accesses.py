"""Accesses as Hypothesis strategies, and what an access leaves of the rows of a database, worked out by hand.

In: a `Schema`, rows. Out: grants with filters of every kind; by collection the rows that some grant shows, and which of
their values. What is worked out here is what `relgraph.restricted` must not differ from, so nothing of it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hypothesis import strategies as st

from relgraph import Access, Grant
from relgraph.query.limits import Limits
from relgraph.query.parse import parse
from relgraph.query.resolve import resolve_condition
from relgraph.read.memory import matches
from relgraph.schema import Collection, Hop, Schema
from tests.laws.queries import filters

DrawFn = st.DrawFn
Row = dict[str, Any]
Rows = dict[str, list[Row]]

USERS: Final = ({"id": 1, "team": "a"}, {"id": "a", "team": None}, None)


@st.composite
def accesses(draw: DrawFn, schema: Schema, *, evenly: bool = False) -> Access:
    """Draw an access that knows most collections, some of them by several grants, some items and fields only.

    It knows one at least: an access that sees nothing is no use.
    With `evenly` the names by which hops and items are found are in every grant of their collection or in none.
    """
    user = draw(st.sampled_from(USERS), label="user")
    own = [collection for collection in schema if not collection.system]
    counts = [draw(st.sampled_from((0, 1, 1, 2, 2, 3))) for _ in own]
    if not any(counts):
        counts[0] = 1
    grants = {}
    for collection, count in zip(own, counts, strict=True):
        if count:
            shared = draw(_shared(schema, collection, evenly=evenly))
            grants[collection.name] = [
                draw(_grants(schema, collection, shared, user, evenly=evenly, whole=not number))
                for number in range(count)
            ]
    return Access(grants, user=user)


@st.composite
def _shared(draw: DrawFn, schema: Schema, collection: Collection, *, evenly: bool) -> tuple[str, ...]:
    """Draw names that all grants of a collection have in common, a field among them."""
    fields = [name for name in collection.fields if name not in collection.any_hops]
    one = draw(st.sampled_from(fields))
    fixed = sorted(fixed_names(schema, collection)) if evenly else []
    key = collection.primary_key if draw(st.integers(0, 4)) else ()
    return (one, *key, *(name for name in fixed if name not in collection.primary_key and draw(st.booleans())))


@st.composite
def _grants(
    draw: DrawFn,
    schema: Schema,
    collection: Collection,
    shared: tuple[str, ...],
    user: Any,
    *,
    evenly: bool,
    whole: bool,
) -> Grant:
    fixed = fixed_names(schema, collection) if evenly else frozenset()
    free = [name for name in collection.names if name not in fixed]
    some = draw(st.lists(st.sampled_from(free), max_size=5, unique=True)) if free else []
    if not evenly and not draw(st.integers(0, 3)):
        names: tuple[str, ...] = ("*",)
    elif evenly or whole or not some or draw(st.booleans()):
        names = (*shared, *some)
    else:
        names = tuple(some)
    return Grant(names, draw(_rules(schema, collection, user)))


@st.composite
def _rules(draw: DrawFn, schema: Schema, collection: Collection, user: Any) -> dict[str, Any] | None:
    """Draw which items a grant gives: all, those of the user, or those that fulfil any filter."""
    match draw(st.sampled_from(("all", "own", "some", "some", "some"))):
        case "all":
            return None
        case "own":
            texts = [field.name for field in collection.fields.values() if field.type in ("string", "text")]
            name = draw(st.sampled_from(texts)) if texts else None
            word = draw(st.sampled_from(("$CURRENT_USER", "$CURRENT_USER.team"))) if user else "$CURRENT_USER"
            return {name: {draw(st.sampled_from(("_eq", "_neq"))): word}} if name else None
        case _:
            return draw(filters(schema, collection.name, 1))


def fixed_names(schema: Schema, collection: Collection) -> frozenset[str]:
    """Give the names whose value is looked up though it is hidden: aliases, keys, and what hops compare."""
    found = {*collection.primary_key, *(name for name, hop in collection.hops.items() if hop.many)}
    for any_hop in collection.any_hops.values():
        found.add(any_hop.collection_field)
    for other in schema:
        hops = [*other.hops.values(), *(hop for any_hop in other.any_hops.values() for hop in any_hop.hops.values())]
        found |= {hop.far_field for hop in hops if hop.far == collection.name}
        found |= {hop.near_field for hop in hops if hop.near == collection.name and hop.many}
    return frozenset(found)


# --- what an access leaves -------------------------------------------------------------------------------------------


def left_of(schema: Schema, access: Access, rows: Rows) -> dict[str, list[frozenset[str]]]:
    """Give by collection, row by row, the fields and aliases that are seen of it: none of a row that is hidden."""
    left = {}
    for name, stored in rows.items():
        collection = schema.collections.get(name)
        grants = () if collection is None else access.reading(name)
        rules = [_rule(schema, access, collection, grant) for grant in grants if collection]
        left[name] = [
            frozenset().union(
                *(
                    _names(collection, grant)
                    for grant, rule in zip(grants, rules, strict=True)
                    if collection and matches(rule, row, rows) is True
                )
            )
            for row in stored
        ]
    return left


def _rule(schema: Schema, access: Access, collection: Collection, grant: Grant) -> Any:
    condition = parse(filter=dict(grant.filter)).filter if grant.filter else None
    if condition is None:
        return None
    return resolve_condition(condition, schema, collection, limits=Limits(), user=access.user)


def _names(collection: Collection, grant: Grant) -> frozenset[str]:
    known = frozenset(collection.names)
    return known if grant.gives_all else known.intersection(grant.fields)


def view_of(schema: Schema, access: Access, rows: Rows) -> Rows:
    """Give the rows that an access sees, with NULL for the fields it does not see of a row.

    Fields that no grant gives stay: no query of the access can name them, and hops go by them.
    """
    left = left_of(schema, access, rows)
    view: Rows = {}
    for name, stored in rows.items():
        collection = schema.collections.get(name)
        grants = () if collection is None else access.reading(name)
        known = frozenset().union(*(_names(collection, grant) for grant in grants if collection))
        view[name] = [
            {field: None if field in known and field not in seen else value for field, value in row.items()}
            for row, seen in zip(stored, left[name], strict=True)
            if seen
        ]
    return view


def hops_by(schema: Schema, collection: str, field: str) -> list[Hop]:
    """Give the to-many hops that lead to a collection by a field of it."""
    return [
        hop
        for one in schema
        for hop in one.hops.values()
        if hop.many and (hop.far, hop.far_field) == (collection, field)
    ]


def is_free(schema: Schema, known: Mapping[str, Any], collection: Collection, field: str) -> bool:
    """Tell whether a hidden value of a field has no part in any hop that the access may still go over."""
    if field in collection.primary_key or collection.fields[field].unique or collection.fields[field].generated:
        return False
    if field in {any_hop.collection_field for any_hop in collection.any_hops.values()}:
        return False
    return not any(hop.name in known.get(hop.near, ()) for hop in hops_by(schema, collection.name, field))
