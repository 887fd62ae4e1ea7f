"""The access of users, roles and policies, read from a Directus project's own tables."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from relgraph import Access, RelationRegistry
from relgraph.errors import InvalidCredentials, InvalidPayload, ItemNotFound

PROJECT: Final = Path(__file__).parents[1] / "data" / "access.db"
Run = Callable[..., Any]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[RelationRegistry]:
    """A copy of the project, with a role, a user of it, and a policy without permissions for the role."""
    shutil.copy(PROJECT, tmp_path / "project.db")
    with RelationRegistry(tmp_path / "project.db") as opened:
        run = opened.connection.execute
        run("INSERT INTO directus_roles (id, name) VALUES ('r', 'role')")
        run("INSERT INTO directus_users (id, status, role, email) VALUES ('u', 'active', 'r', 'u@example.org')")
        run("INSERT INTO directus_policies (id, name) VALUES ('p', 'policy')")
        run("INSERT INTO directus_access (id, role, policy) VALUES ('a', 'r', 'p')")
        yield opened


def permit(project: RelationRegistry, collection: str, rule: str | None, fields: str | None = "*") -> None:
    """Let the policy permit reading."""
    project.connection.execute(
        "INSERT INTO directus_permissions (policy, action, collection, permissions, fields) "
        "VALUES ('p', 'read', ?, ?, ?)",
        (collection, rule, fields),
    )


def known(project: RelationRegistry, **named: Any) -> set[str]:
    """Give the collections that somebody can read."""
    return set(Access.from_directus(project, **named).grants)


def test_a_user_has_what_the_role_has(project: RelationRegistry) -> None:
    """A permission of a policy of the role is one of the user; the role and the policy alone give it as well."""
    permit(project, "tags", '{"label": {"_nnull": true}}')
    assert [known(project, **named) for named in ({"user": "u"}, {"role": "r"}, {"policy": "p"})] == [{"tags"}] * 3


def test_roles_that_are_their_own_parents_end(project: RelationRegistry) -> None:
    """Parents that lead round in a circle are each taken once."""
    permit(project, "tags", None)
    project.connection.execute("INSERT INTO directus_roles (id, name, parent) VALUES ('s', 'below', 'r')")
    project.connection.execute("UPDATE directus_roles SET parent = 's' WHERE id = 'r'")
    assert known(project, role="s") == {"tags"}
    assert Access.from_directus(project, role="s").user == {
        "id": None,
        "role": "s",
        "roles": ["s", "r"],
        "policies": ["p"],
    }


@pytest.mark.parametrize("rule", ['{"nowhere": {"_eq": 1}}', "{broken", "[1]", '"text"', '{"label": {"_in": []}}', "7"])
def test_a_rule_that_cannot_be_judged_permits_nothing(project: RelationRegistry, rule: str) -> None:
    """A permission with a broken rule, or one on what is not there, gives nothing, and does not spoil the rest."""
    permit(project, "tags", rule)
    permit(project, "authors", None)
    permit(project, "nowhere", None)
    assert known(project, user="u") == {"authors"}


@pytest.mark.parametrize("fields", [None, "", "nowhere", " , "])
def test_a_permission_without_fields_permits_nothing(project: RelationRegistry, fields: str | None) -> None:
    """Without a field that is there the collection is not there."""
    permit(project, "tags", None, fields)
    view = project.with_access(Access.from_directus(project, user="u"))
    assert "tags" not in view.schema.collections


@pytest.mark.parametrize("status", ["suspended", "draft", "invited", "archived", "", "ACTIVE"])
def test_only_active_users_are_let_in(project: RelationRegistry, status: str) -> None:
    """Any other status is refused as an unknown user is."""
    project.connection.execute("UPDATE directus_users SET status = ? WHERE id = 'u'", (status,))
    for key in ("u", "nobody", "", 7, True, ["u"]):
        with pytest.raises(InvalidCredentials) as refused:
            Access.from_directus(project, user=key)
        assert refused.value.status == 401


def test_who_is_named_must_be_one_and_be_there(project: RelationRegistry) -> None:
    """Unknown roles and policies are refused, and so are two names at once."""
    for named in ({"role": "x"}, {"policy": "x"}):
        with pytest.raises(ItemNotFound):
            Access.from_directus(project, **named)  # type: ignore[arg-type]  # a mapping of keywords
    with pytest.raises(InvalidPayload, match="one of them"):
        Access.from_directus(project, user="u", role="r")


@pytest.mark.parametrize(
    ("ranges", "ip", "counts"),
    [
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.0.0.1-10.0.0.9", "10.0.0.9", True),
        ("10.0.0.1-10.0.0.9", "10.0.0.10", False),
        ("192.168.0.1, 10.0.0.0/8", "10.1.1.1", True),
        ("10.0.0.0/8", "::ffff:10.0.0.1", True),
        ("::1", "::1", True),
        ("fe80::/10", "10.0.0.1", False),
        ("10.0.0.1-fe80::1", "10.0.0.1", False),
        ("anything", "10.0.0.1", False),
        ("10.0.0.1", None, False),
        (None, None, True),
        ("", "10.0.0.1", True),
    ],
)
def test_a_policy_may_be_for_some_addresses(
    project: RelationRegistry, ranges: str | None, ip: str | None, counts: bool
) -> None:
    """A policy that names addresses, networks or ranges exists only for these, its admin access included."""
    permit(project, "tags", None)
    project.connection.execute("UPDATE directus_policies SET ip_access = ? WHERE id = 'p'", (ranges,))
    assert known(project, user="u", ip=ip) == ({"tags"} if counts else set())
    project.connection.execute("UPDATE directus_policies SET admin_access = 1 WHERE id = 'p'")
    assert Access.from_directus(project, user="u", ip=ip).admin is counts


def test_an_address_must_be_one(project: RelationRegistry) -> None:
    """What is no address is refused, whether a policy names addresses or not."""
    for ip in ("here", "10.0.0.0/8", "", 7):
        with pytest.raises(InvalidPayload, match="no address"):
            Access.from_directus(project, user="u", ip=ip)  # type: ignore[arg-type]  # what is no text is refused too


@pytest.mark.parametrize(
    ("rule", "readable"),
    [
        ('{"id": {"_eq": "$CURRENT_USER"}}', True),
        ('{"email": {"_contains": "example"}}', True),
        ('{"_and": [{"role": {"_eq": "$CURRENT_ROLE"}}, {"status": {"_eq": "active"}}]}', True),
        ('{"role": {"name": {"_eq": "role"}}}', True),
        ('{"id": {"_neq": "$CURRENT_USER"}}', False),
        ('{"email": {"_null": true}}', False),
        (None, True),
    ],
)
def test_a_question_may_speak_of_the_user_as_far_as_the_row_is_readable(
    project: RelationRegistry, rule: str | None, readable: bool
) -> None:
    """`$CURRENT_USER.email` is the user's where a permission gives the field of the user's own row; else nothing is."""
    project.connection.execute("INSERT INTO tags (id, label) VALUES ('t', 'u@example.org')")
    permit(project, "tags", None)
    permit(project, "directus_users", rule, "id,email")
    items = project.with_access(Access.from_directus(project, user="u")).items("tags")
    found = items.read(filter={"label": {"_eq": "$CURRENT_USER.email"}}, fields=["id"])
    assert found.data == ([{"id": "t"}] if readable else [])
    with pytest.raises(Exception, match="directus_users"):
        items.read(filter={"label": {"_eq": "$CURRENT_USER.password"}})


def test_a_plain_file_has_no_users() -> None:
    """A database that is no Directus project gives no access."""
    with RelationRegistry() as plain, pytest.raises(InvalidPayload, match="no Directus project"):
        Access.from_directus(plain)
