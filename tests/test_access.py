"""Access: what `$CURRENT_USER` and its like mean, and for whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from relgraph import Access, RelationRegistry
from relgraph.errors import InvalidPayload, RelgraphError

ANN = {"id": "ann", "email": "a@example.org", "role": {"id": "editor", "name": "Editors"}, "policies": ["p1", "p2"]}
OWNERS = ("ann", "bo", None, "a@example.org", "editor", "Editors", "p2")


@pytest.fixture
def registry() -> Iterator[RelationRegistry]:
    """A registry of notes with an owner, one of them nobody's."""
    with RelationRegistry(":memory:") as opened:
        opened.connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, owner TEXT)")
        opened.connection.executemany("INSERT INTO notes (owner) VALUES (?)", [(owner,) for owner in OWNERS])
        yield opened


def keys(registry: RelationRegistry, condition: dict[str, Any]) -> list[int]:
    """Give the keys of the notes whose owner fulfils a condition."""
    return registry.items("notes").read({"fields": [], "filter": {"owner": condition}}).data


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"_eq": "$CURRENT_USER"}, [1]),
        ({"_neq": "$CURRENT_USER"}, [2, 4, 5, 6, 7]),
        ({"_eq": "$CURRENT_USER.email"}, [4]),
        ({"_eq": "$CURRENT_ROLE"}, [5]),
        ({"_eq": "$CURRENT_ROLE.name"}, [6]),
        ({"_in": ["$CURRENT_ROLES", "$CURRENT_POLICIES"]}, [5, 7]),
    ],
)
def test_a_query_knows_its_user(registry: RelationRegistry, condition: dict[str, Any], found: list[int]) -> None:
    """The user's own values stand where a query names them."""
    assert keys(registry.with_access(Access.full(user=ANN)), condition) == found


def test_users_do_not_share_what_is_kept_ready(registry: RelationRegistry) -> None:
    """The same question of two users, and of nobody, is answered for each by itself, in whatever order they ask."""
    mine = {"_eq": "$CURRENT_USER"}
    ann, bo = (registry.with_access(Access.full(user={"id": name})) for name in ("ann", "bo"))
    assert [keys(each, mine) for each in (ann, bo, registry, ann, bo)] == [[1], [2], [], [1], [2]]


def test_nobody_equals_nothing_and_is_not_null(registry: RelationRegistry) -> None:
    """Without a user the variables are a value that no item holds."""
    assert keys(registry, {"_eq": "$CURRENT_USER"}) == []
    assert keys(registry, {"_neq": "$CURRENT_USER"}) == [1, 2, 4, 5, 6, 7]


def test_an_unknown_field_of_the_user_is_refused(registry: RelationRegistry) -> None:
    """A field that neither the user nor a table of users has is a fault of the question."""
    with pytest.raises(RelgraphError) as caught:
        keys(registry.with_access(Access.full(user=ANN)), {"_eq": "$CURRENT_USER.nope"})
    assert (caught.value.code, caught.value.where) == ("INVALID_QUERY", "filter.owner._eq")


def test_a_user_is_a_mapping() -> None:
    """Who asks is given as the fields of a user, and cannot be changed afterwards."""
    with pytest.raises(InvalidPayload, match="mapping"):
        Access(user="ann")  # type: ignore[arg-type]  # the point of the test
    given = {"id": "ann"}
    access = Access(user=given)
    given["id"] = "bo"
    assert access.user == {"id": "ann"}
