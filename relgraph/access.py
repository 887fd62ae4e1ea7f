"""Access: on whose behalf a registry is used, and what they may see.

In: grants by collection, and a user as plain data. Out: a frozen value that `registry.with_access` takes. What no grant
gives is not there: an access without grants sees nothing. Raises `InvalidPayload` for what is no grant or no user.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from relgraph.errors import InvalidPayload

if TYPE_CHECKING:
    from relgraph.registry import RelationRegistry

ALL: Final = "*"
ACTIONS: Final = ("read", "create", "update", "delete")


def _names(given: Any) -> tuple[str, ...]:
    names = (given,) if isinstance(given, str) else given
    if not isinstance(names, Iterable) or isinstance(names, Mapping):
        raise InvalidPayload("fields", f"fields is '*' or a list of names, not {type(given).__name__}")
    listed = tuple(names)
    wrong = next((name for name in listed if not isinstance(name, str)), None)
    if wrong is not None:
        raise InvalidPayload("fields", f"a field is named by a text, not {wrong!r}")
    return tuple(dict.fromkeys(listed))


def _mapping(part: str, given: Any) -> Mapping[str, Any] | None:
    if given is not None and not isinstance(given, Mapping):
        raise InvalidPayload(part, f"{part} is a mapping, not {type(given).__name__}")
    return None if given is None else MappingProxyType(dict(given))


def _printed(mapping: Mapping[str, Any] | None) -> str:
    """Print a mapping as Python that makes it again."""
    return repr(mapping if mapping is None else dict(mapping))


def _filter(given: Any) -> Mapping[str, Any] | None:
    return _mapping("filter", given)


def _presets(given: Any) -> Mapping[str, Any] | None:
    return _mapping("presets", given)


def _validation(given: Any) -> Mapping[str, Any] | None:
    return _mapping("validation", given)


def _action(given: Any) -> str:
    if given not in ACTIONS:
        raise InvalidPayload("action", f"an action is one of {', '.join(ACTIONS)}, not {given!r}")
    return str(given)


@frozen
class Grant:
    """What is allowed with the items of one collection: one action, on some fields, of the items that fulfil a filter.

    `fields` is "*" or names, those of to-many aliases among them. `filter` is a filter of the query language, in which
    `$CURRENT_USER` and its like are known; None is every item. It is judged on all the data, whoever asks.
    `presets` and `validation` are held for writes.

    >>> Grant(fields=["id", "title"], filter={"status": {"_eq": "published"}}).fields
    ('id', 'title')
    """

    fields: tuple[str, ...] = field(default=(ALL,), converter=_names)
    filter: Mapping[str, Any] | None = field(default=None, converter=_filter, repr=_printed, hash=False)
    action: str = field(default="read", converter=_action, kw_only=True)
    presets: Mapping[str, Any] | None = field(default=None, converter=_presets, repr=_printed, hash=False, kw_only=True)
    validation: Mapping[str, Any] | None = field(
        default=None, converter=_validation, repr=_printed, hash=False, kw_only=True
    )

    @property
    def gives_all(self) -> bool:
        """Whether every field of the collection is granted."""
        return ALL in self.fields


def _grants(given: Any) -> Mapping[str, tuple[Grant, ...]]:
    if not isinstance(given, Mapping):
        raise InvalidPayload("grants", f"grants are a mapping of collections, not {type(given).__name__}")
    return MappingProxyType({str(name): _listed(str(name), grants) for name, grants in given.items()})


def _listed(name: str, given: Any) -> tuple[Grant, ...]:
    grants = (given,) if isinstance(given, Grant) else tuple(given) if isinstance(given, (list, tuple)) else (None,)
    if any(not isinstance(grant, Grant) for grant in grants):
        raise InvalidPayload(f"grants.{name}", f"a Grant is needed, or a list of them, not {given!r}")
    return grants


def _user(given: Any) -> Mapping[str, Any] | None:
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise InvalidPayload("user", f"a user is a mapping of their fields, not {type(given).__name__}")
    return MappingProxyType(dict(given))


@frozen
class Access:
    """Who asks, and what they may see: grants by collection, one or several for each.

    A query may name what any grant of a collection gives. An item takes part where a grant matches it that gives one
    of the fields asked for, and of each item those fields are seen that the grants matching it give.

    `user` holds the user's fields, `id` and `role` among them; None is nobody. `role` is a key or a mapping of the
    role's fields; `roles` and `policies` are lists of keys. Queries and filters of grants then know `$CURRENT_USER`,
    `$CURRENT_USER.email`, `$CURRENT_ROLE`, `$CURRENT_ROLES` and `$CURRENT_POLICIES`. For nobody these equal nothing,
    and are not NULL. `asking` is the user as queries may speak of them, where that is less than grants know.

    >>> access = Access({"articles": Grant(("id", "title"))}, user={"id": 7, "email": "ann@example.org"})
    >>> access.user["id"], access.admin, Access.full().admin
    (7, False, True)
    """

    grants: Mapping[str, tuple[Grant, ...]] = field(factory=dict, converter=_grants, repr=_printed, hash=False)
    user: Mapping[str, Any] | None = field(default=None, converter=_user, repr=_printed, hash=False, kw_only=True)
    admin: bool = field(default=False, kw_only=True)  # sees and may change everything
    sees_relations: bool = field(default=True, kw_only=True)  # may list relations at all
    asking: Mapping[str, Any] | None = field(default=None, converter=_user, repr=_printed, hash=False, kw_only=True)

    @classmethod
    def full(cls, *, user: Mapping[str, Any] | None = None) -> Access:
        """Give the access of an administrator, who sees and may change everything."""
        return cls(user=user, admin=True)

    @classmethod
    def from_directus(
        cls,
        registry: RelationRegistry,
        *,
        user: Any = None,
        role: Any = None,
        policy: Any = None,
        ip: str | None = None,
    ) -> Access:
        """Give the access that a Directus project's own tables give to a user, a role or a policy, named by key.

        With none of them it is that of the public. `ip` is the address asked from, for policies that name some; without
        it these do not count. Rules are read once: take a new access after they change. A permission whose rule cannot
        be resolved, or whose collection is not there, gives nothing.
        Errors: `InvalidCredentials` (401) for a user who is unknown or not active, `ItemNotFound` for an unknown role
        or policy, `InvalidPayload` where the database is no Directus project.
        """
        from relgraph.directus_access import Project, access_of
        from relgraph.restricted.grants import sound

        project = Project(registry.database, registry.schema, registry.limits)
        access = access_of(project, user=user, role=role, policy=policy, ip=ip)
        return sound(access, registry.schema, registry.limits)

    @property
    def speaking(self) -> Mapping[str, Any] | None:
        """The user as queries may speak of them."""
        return self.user if self.asking is None else self.asking

    def reading(self, collection: str) -> tuple[Grant, ...]:
        """Give the grants to read a collection."""
        return tuple(grant for grant in self.grants.get(collection, ()) if grant.action == "read")
