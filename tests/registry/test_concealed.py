"""What a project conceals is never shown: not by its name, by another, in a group, or as the least of many."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relgraph import RelationRegistry, evaluate
from relgraph.codecs import MASK

PROJECT = Path(__file__).parents[1] / "data" / "project.db"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[RelationRegistry]:
    shutil.copy(PROJECT, tmp_path / "project.db")
    with RelationRegistry(tmp_path / "project.db") as opened:
        connection = opened.connection
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM authors")
        connection.execute("INSERT INTO authors (id, name, email) VALUES (1, 'Ann', 'secret@x'), (2, 'Bo', NULL)")
        connection.execute("UPDATE articles SET author = 1")
        connection.execute(
            "UPDATE directus_fields SET special = 'hash,conceal' WHERE collection = 'authors' AND field = 'email'"
        )
        yield opened


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"fields": ["email"]}, [{"email": MASK}, {"email": None}]),
        ({"fields": ["id", "mail"], "alias": {"mail": "email"}}, [{"id": 1, "mail": MASK}, {"id": 2, "mail": None}]),
        ({"aggregate": {"min": ["email"], "max": ["email"]}}, [{"min": {"email": MASK}, "max": {"email": MASK}}]),
        ({"groupBy": ["email"], "aggregate": {"count": "*"}, "sort": ["-email"]}, None),
        ({"search": "secret", "fields": ["id"]}, []),
    ],
)
def test_a_concealed_value_is_a_mask(registry: RelationRegistry, query: dict[str, Any], shown: Any) -> None:
    """By both evaluators and as JSON; that there is a value is not concealed."""
    answer = registry.items("authors").read(query)
    if shown is not None:
        assert answer.data == shown
    again = [registry.items("authors").read(query) for _ in range(3)]
    assert all("secret" not in each.to_json().decode() + json.dumps(each.data) for each in again)
    rows = {"authors": [{"id": 1, "name": "Ann", "email": "secret@x"}, {"id": 2, "name": "Bo", "email": None}]}
    assert evaluate(query, rows, registry.schema, collection="authors").data == answer.data


def test_it_is_concealed_at_every_hop(registry: RelationRegistry) -> None:
    """Of related items and their least, too."""
    found = registry.items("articles").read(fields=["author.*", "author.email"], limit=1)[0]
    assert found["author"]["email"] == MASK


def test_passwords_and_tokens_of_users_are_concealed(registry: RelationRegistry) -> None:
    """Fields of Directus's own tables have no rows that say so."""
    users = registry.schema.collections["directus_users"].fields
    for name in ("password", "token", "tfa_secret"):
        answer = users[name].codec.answer
        assert answer is not None
        assert answer("$argon2id$...") == MASK
