"""Several changes are held together, judged at the end, and taken back together."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from relgraph import RelationRegistry
from relgraph.errors import (
    InconsistentDefinition,
    RuleViolation,
)
from tests.registry.shop import ANY, AUTHOR, HALVES
from tests.whole_database import contents


def test_a_batch_is_judged_at_its_end(registry: RelationRegistry) -> None:
    """The halves of a junction can be made one after the other, and swap their aliases, and go."""
    with registry.batch():
        first = registry.create(HALVES[0])
        second = registry.create(HALVES[1])
        assert registry.get(first.id or 0) == first
    assert {first, second} == {relation for relation in registry if relation.id is not None}
    registry.create(AUTHOR)
    editor = registry.create({**AUTHOR, "many_field": "editor", "one_field": "edited"})
    with registry.batch():
        registry.update(editor.id or 0, {"one_field": "articles"})
        registry.update(3, {"one_field": "edited"})
        registry.delete(first.id or 0)
        registry.delete(second.id or 0)
    assert {relation.name: relation.one_field for relation in registry if relation.id is not None} == {
        "articles.author": "edited",
        "articles.editor": "articles",
    }


def test_a_batch_that_ends_inconsistent_is_taken_back(registry: RelationRegistry, path: str) -> None:
    """All violations are reported together, and the keys made meanwhile are gone."""
    before = contents(path)

    def two_halves() -> None:
        with registry.batch():
            registry.create(HALVES[0])
            registry.create({**AUTHOR, "junction_field": "editor"})

    with pytest.raises(InconsistentDefinition) as caught:
        two_halves()
    assert {each.rule for each in caught.value.violations} == {"junction-field"}
    assert contents(path) == before
    assert [relation.name for relation in registry] == ["articles.reviewer"]


@pytest.mark.parametrize("nested", [False, True])
def test_an_error_takes_a_batch_back(registry: RelationRegistry, path: str, nested: bool) -> None:
    """An error of any kind that passes through, also from within an inner batch, undoes everything."""
    before = contents(path)

    def interrupted() -> None:
        with registry.batch():
            registry.create(AUTHOR)
            with registry.batch() if nested else nullcontext():
                registry.create(ANY)
                raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    assert contents(path) == before
    assert not registry.connection.in_transaction
    assert registry.create(AUTHOR).id == 1


def test_a_change_that_fails_inside_a_batch_can_be_caught(registry: RelationRegistry) -> None:
    """What fails is undone by itself; the batch goes on with the rest."""
    with registry.batch():
        registry.create(AUTHOR)
        with pytest.raises(RuleViolation):
            registry.create({**AUTHOR, "many_field": "title", "one_field": None})
        with pytest.raises(RuleViolation, match="data-obeys"):
            registry.create({"many_collection": "articles", "many_field": "place", "one_collection": "sections"})
        registry.create(ANY)
    assert [relation.name for relation in registry if relation.id] == ["articles.author", "sections.item"]


def test_a_batch_holds_raw_statements_too(registry: RelationRegistry, path: str) -> None:
    """SQL of the caller's inside a batch is part of it, and what it defines can be used at once."""
    with registry.batch():
        registry.connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, author INTEGER)")
        registry.create({"many_collection": "notes", "many_field": "author", "one_collection": "authors"})
    assert registry.find("notes", "author").id == 1
    before = contents(path)

    def interrupted() -> None:
        with registry.batch():
            registry.connection.execute("DROP TABLE notes")
            assert "notes" not in registry.schema.collections
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    assert contents(path) == before
    assert registry.find("notes", "author").id == 1
