"""Items: what the face of a collection says of wrong keys, scopes and users."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from relgraph import RelationRegistry, RelgraphError


@pytest.fixture
def registry() -> Iterator[RelationRegistry]:
    """A registry with a single key, a composite key, none, and an any-to-many field."""
    with RelationRegistry(":memory:") as opened:
        opened.connection.executescript(
            """
            CREATE TABLE tags (id INTEGER PRIMARY KEY);
            CREATE TABLE pairs (a INTEGER, b INTEGER, PRIMARY KEY (a, b));
            CREATE TABLE heap (n INTEGER);
            CREATE TABLE notes (id INTEGER PRIMARY KEY, item TEXT, kind TEXT);
            """
        )
        opened.create(
            {
                "many_collection": "notes",
                "many_field": "item",
                "one_collection_field": "kind",
                "one_allowed_collections": ["tags"],
            }
        )
        yield opened


@pytest.mark.parametrize(
    ("collection", "key", "code"),
    [
        ("tags", [1], "INVALID_PAYLOAD"),
        ("tags", [1, 2], "INVALID_PAYLOAD"),
        ("tags", [], "INVALID_PAYLOAD"),
        ("pairs", 1, "FORBIDDEN"),
        ("pairs", [1], "FORBIDDEN"),
        ("pairs", [1, 2, 3], "FORBIDDEN"),
        ("heap", 1, "INVALID_QUERY"),
    ],
)
def test_a_key_of_the_wrong_form_is_named(registry: RelationRegistry, collection: str, key: Any, code: str) -> None:
    """A key with too many or too few parts is refused, and the message shows the key as it was given."""
    with pytest.raises(RelgraphError) as caught:
        registry.items(collection).get(key)
    assert caught.value.code == code
    assert "Param" not in str(caught.value)


def test_a_scope_that_is_not_allowed_is_said_to_be_that(registry: RelationRegistry) -> None:
    """A collection that is there but not allowed in an any-to-many field is not said to be missing."""
    with pytest.raises(RelgraphError, match="pairs is not allowed in item; allowed: tags") as caught:
        registry.items("notes").read(fields="item:pairs.a")
    assert caught.value.status == 403


def test_a_view_of_a_registry_needs_an_access(registry: RelationRegistry) -> None:
    """What is no Access is refused at once, not at the first question."""
    with pytest.raises(RelgraphError, match="Access"):
        registry.with_access(None)  # type: ignore[arg-type]  # the point of the test
