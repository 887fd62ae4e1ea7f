"""The access that a Directus project's own tables give: users, roles, policies, permissions.

In: a project's database, and who asks. Out: an `Access`. Composition, as recorded from Directus: a user has the
policies attached to them and to their role and its parents; the public policies hold where nobody asks and for users
without any role; a policy that names addresses exists only for these; one policy with admin access lifts everything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any, Final

from attrs import frozen

from relgraph.access import Access, Grant
from relgraph.errors import InvalidCredentials, InvalidPayload, ItemNotFound, RelgraphError
from relgraph.operators import OPERATORS
from relgraph.query.conditions import all_of
from relgraph.query.limits import Limits
from relgraph.query.resolved import Bindings, Literal, Test
from relgraph.read.fragments import Statement
from relgraph.read.select import counting
from relgraph.restricted.grants import rows_of
from relgraph.schema import Schema
from relgraph.storage.connection import Database
from relgraph.storage.project_access import missing_table, permissions_of, policies_of, public_policies, row_of

_ALWAYS: Final = ("id", "role", "roles", "policies")  # of a user, what every query may speak of
_META: Final = "directus_relations"  # who may read it may list relations


@frozen
class Project:
    """A project's database and what its filters are resolved against."""

    database: Database
    schema: Schema
    limits: Limits


def access_of(project: Project, *, user: Any, role: Any, policy: Any, ip: str | None) -> Access:
    """Give the access of a user, a role or a policy by key; of none of them, that of the public."""
    if ip is not None:
        _address(ip)
    named = {"user": user, "role": role, "policy": policy}
    given = [name for name, key in named.items() if key is not None]
    if len(given) > 1:
        raise InvalidPayload(given[1], f"{' and '.join(given)} are named, but an access is of one of them")
    database = project.database
    with database.reading():
        _check_project(database)
        if user is not None:
            return _of_user(project, user, ip)
        if policy is not None:
            return _composed(project, [_existing(database, "directus_policies", policy)], None, ip)
        if role is not None:
            roles = _with_parents(database, _existing(database, "directus_roles", role)["id"])
            return _composed(project, policies_of(database, None, roles), _nobody(roles), ip)
        return _composed(project, public_policies(database), None, ip)


def _check_project(database: Database) -> None:
    missing = missing_table(database)
    if missing is not None:
        raise InvalidPayload("registry", f"this is no Directus project with users: it has no table {missing}")


# --- who asks --------------------------------------------------------------------------------------------------------


def _of_user(project: Project, key: Any, ip: str | None) -> Access:
    database = project.database
    found = row_of(database, "directus_users", key)
    if found is None or found["status"] != "active":
        raise InvalidCredentials("user")
    roles = _with_parents(database, found["role"])
    policies = policies_of(database, found["id"], roles)
    if not roles:
        policies = [*policies, *public_policies(database)]
    role = None if found["role"] is None else row_of(database, "directus_roles", found["role"])
    return _composed(project, policies, {**found, "role": role, "roles": roles}, ip)


def _nobody(roles: Sequence[Any]) -> dict[str, Any]:
    """Give a user of whom only the role is known."""
    return {"id": None, "role": roles[0], "roles": list(roles)}


def _with_parents(database: Database, role: Any) -> list[Any]:
    """Give a role and its parents upward, each once, also where they lead round in a circle."""
    roles: list[Any] = []
    while role is not None and role not in roles:
        found = row_of(database, "directus_roles", role)
        if found is None:
            break
        roles.append(role)
        role = found["parent"]
    return roles


# --- what they may ---------------------------------------------------------------------------------------------------


def _composed(
    project: Project, policies: Iterable[Mapping[str, Any]], user: Mapping[str, Any] | None, ip: str | None
) -> Access:
    counting = [policy for policy in policies if _is_reached(policy["ip_access"], ip)]
    keys = list(dict.fromkeys(policy["id"] for policy in counting))
    asking = None if user is None else {**user, "policies": keys}
    if any(policy["admin_access"] for policy in counting):
        return Access.full(user=asking)
    grants: dict[str, list[Grant]] = {}
    for permission in permissions_of(project.database, keys):
        grant = _grant(permission)
        if grant is not None:
            grants.setdefault(permission["collection"], []).append(grant)
    meta = any(grant.action == "read" for grant in grants.get(_META, ()))
    app = any(policy["app_access"] for policy in counting)
    seen = {"directus_users": asking, "directus_roles": None if asking is None else asking.get("role")}
    parts = {table: _readable(project, table, grants.get(table, ()), row, asking) for table, row in seen.items()}
    speaking = asking and {**parts["directus_users"], **{name: asking[name] for name in _ALWAYS if name in asking}}
    if speaking and isinstance(speaking.get("role"), Mapping):
        speaking["role"] = {"id": speaking["role"]["id"], **parts["directus_roles"]}
    return Access(grants, user=asking, sees_relations=meta or app, asking=speaking)


def _readable(
    project: Project, table: str, grants: Sequence[Grant], row: Any, user: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Give what a user may read of the own row in a table."""
    if not isinstance(row, Mapping):
        return {}
    reading = [
        grant for grant in grants if grant.action == "read" and _speaks_of(project, table, grant, row["id"], user)
    ]
    return {
        name: value for name, value in row.items() if any(grant.gives_all or name in grant.fields for grant in reading)
    }


def _speaks_of(project: Project, table: str, grant: Grant, key: Any, user: Mapping[str, Any] | None) -> bool:
    """Whether a grant matches the row with a key; one whose filter cannot be judged does not."""
    collection = project.schema.collections.get(table)
    if not grant.filter or collection is None or collection.key is None:
        return not grant.filter
    try:
        rows = rows_of(project.schema, Access(user=user), collection, grant, project.limits)
    except RelgraphError:
        return False
    own = Test((), collection.key, OPERATORS["_eq"], (Literal(key),))
    found = Statement.of(counting(collection, own if rows is None else all_of([own, rows])))
    return bool(project.database.execute(*found.bind(Bindings())).fetchone()[0])


def _is_reached(addresses: str | None, ip: str | None) -> bool:
    """Whether a policy counts for an address; one that names no addresses always does."""
    ranges = [part.strip() for part in (addresses or "").split(",") if part.strip()]
    if not ranges:
        return True
    if ip is None:
        return False
    asked = _address(ip)
    return any(_holds(part, asked) for part in ranges)


def _address(ip: Any) -> Any:
    """Give an address; one of IPv4 that is written as one of IPv6 is that of IPv4."""
    try:
        address = ip_address(ip if isinstance(ip, str) else "")
    except ValueError as error:
        raise InvalidPayload("ip", f"{ip!r} is no address") from error
    return getattr(address, "ipv4_mapped", None) or address


def _holds(part: str, asked: Any) -> bool:
    """Whether an address, a network (10.0.0.0/8) or a range (10.0.0.1-10.0.0.9) holds an address; else it is none."""
    first, dash, last = (piece.strip() for piece in part.partition("-"))
    try:
        if dash:
            low, high = ip_address(first), ip_address(last)
            return bool(low.version == high.version == asked.version and low <= asked <= high)
        return asked in ip_network(part, strict=False)
    except ValueError:
        return False  # what is no address lets nobody in


def _grant(permission: Mapping[str, Any]) -> Grant | None:
    """Give a permission as a grant; one that cannot be read gives nothing."""
    fields = tuple(name.strip() for name in (permission["fields"] or "").split(",") if name.strip())
    parts = {name: _json(permission[name]) for name in ("permissions", "presets", "validation")}
    if any(part is not None and not isinstance(part, dict) for part in parts.values()):
        return None
    try:
        return Grant(
            fields,
            parts["permissions"],
            action=permission["action"],
            presets=parts["presets"],
            validation=parts["validation"],
        )
    except InvalidPayload:  # an action of a later release, or of an extension
        return None


def _json(text: Any) -> Any:
    """Give JSON text as data; what is none as itself, which is no mapping."""
    if text is None:
        return None
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return text


def _existing(database: Database, table: str, key: Any) -> dict[str, Any]:
    found = row_of(database, table, key)
    if found is None:
        raise ItemNotFound("key", table, key)
    return found
