"""Singletons: the one item of a collection, or what it would be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from relgraph import RelationRegistry
from tests.conformance.cases import open_dataset


@pytest.fixture(scope="module")
def registry() -> Iterator[RelationRegistry]:
    """Give the recorded data set, whose collection settings holds one item, and defaults none."""
    with open_dataset() as opened:
        yield opened


@pytest.mark.parametrize(
    "query",
    [{}, {"limit": 0}, {"limit": 5}, {"limit": -1}, {"page": 1}, {"page": 1, "offset": 3}, {"filter": {"id": 1}}],
)
def test_the_one_item_whatever_the_limit(registry: RelationRegistry, query: dict[str, Any]) -> None:
    """The limit is always 1; on the first page an offset says nothing."""
    assert registry.items("settings").singleton(query, fields=["id"]) == {"id": 1}


@pytest.mark.parametrize(
    "query", [{"offset": 1}, {"page": 2}, {"page": 2, "limit": -1}, {"filter": {"id": 9}}, {"search": "zzz"}]
)
def test_behind_the_one_item_there_are_the_defaults(registry: RelationRegistry, query: dict[str, Any]) -> None:
    """An item that is left out reads as one that is not there: a null key, and the fields with a default."""
    assert registry.items("settings").singleton(query) == {"id": None}
    everything = {"id": None, "theme": "light", "per_page": 25, "beta": False}
    assert registry.items("defaults").singleton(query) == everything


def test_defaults_of_what_is_asked_for(registry: RelationRegistry) -> None:
    """Without an item, relations answer nothing; an alias answers the default of its field."""
    query = {"fields": ["t", "footer", "owner", "owner.name"], "alias": {"t": "theme"}}
    assert registry.items("defaults").singleton(query) == {"t": "light"}
