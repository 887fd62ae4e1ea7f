"""Access: on whose behalf a registry is used.

In: a user, as plain data. Out: a frozen value that `registry.with_access` takes. It says who `$CURRENT_USER` and its
like mean in a query; it restricts nothing. Raises `InvalidPayload` for a user that is no mapping.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from attrs import field, frozen

from relgraph.errors import InvalidPayload


def _user(given: Any) -> Mapping[str, Any] | None:
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise InvalidPayload("user", f"a user is a mapping of their fields, not {type(given).__name__}")
    return MappingProxyType(dict(given))


@frozen(kw_only=True)
class Access:
    """Who asks: `user` holds the user's fields, `id` and `role` among them; None is nobody.

    `role` is a key or a mapping of the role's fields; `roles` and `policies` are lists of keys. A query then knows
    `$CURRENT_USER`, `$CURRENT_USER.email`, `$CURRENT_ROLE`, `$CURRENT_ROLES` and `$CURRENT_POLICIES`. For nobody these
    equal nothing, and are not NULL.

    >>> Access(user={"id": 7, "email": "ann@example.org"}).user["id"]
    7
    """

    user: Mapping[str, Any] | None = field(default=None, converter=_user, hash=False)
