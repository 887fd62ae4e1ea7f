"""Rows that were there before a relation: they refuse it, are reported later, or are cleared with it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relgraph import RelationRegistry
from relgraph.errors import InconsistentDefinition, InvalidPayload, RuleViolation
from relgraph.integrity.data_rules import find
from tests.faults import is_denied
from tests.registry.shop import keys_of
from tests.whole_database import contents

ROWS = """
CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE articles (id INTEGER PRIMARY KEY, author INTEGER, editor INTEGER NOT NULL, untyped, kind TEXT, item TEXT);
CREATE TABLE tags (slug TEXT PRIMARY KEY);
CREATE TABLE firm (kind TEXT NOT NULL, item TEXT);
INSERT INTO authors (id) VALUES (1), (7);
INSERT INTO tags VALUES ('red');
INSERT INTO articles VALUES
  (1, 1, 1, 1, 'authors', '1'), (2, 8, 7, '7', 'authors', '07'), (3, 9, 9, 'x', 'authors', '8'),
  (4, NULL, 1, NULL, 'ghosts', '1'), (5, 7, 1, 7, NULL, '1'),
  (6, 7, 1, NULL, 'tags', NULL), (7, 1, 1, 7.0, 'tags', 'red');
INSERT INTO firm VALUES ('authors', '8');
"""
M2O = {"many_collection": "articles", "many_field": "author", "one_collection": "authors"}
M2A = {
    "many_collection": "articles",
    "many_field": "item",
    "one_collection_field": "kind",
    "one_allowed_collections": ["authors", "tags"],
}


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A file with rows that point at nothing."""
    connection = sqlite3.connect(tmp_path / "rows.db")
    connection.executescript(ROWS)
    connection.close()
    return str(tmp_path / "rows.db")


@pytest.fixture
def registry(path: str) -> Iterator[RelationRegistry]:
    with RelationRegistry(path) as opened:
        yield opened


def column(registry: RelationRegistry, name: str) -> list[Any]:
    """Give what the articles hold in a column, in the order of their keys."""
    return [value for (value,) in registry.connection.execute(f"SELECT {name} FROM articles ORDER BY id")]


def found(registry: RelationRegistry) -> dict[tuple[str, str], int]:
    """Give what an audit of the rows finds, by rule and relation."""
    return {(each.rule, each.relation): each.count for each in find(registry.database, registry.schema)}


def test_rows_refuse_a_relation(registry: RelationRegistry, path: str) -> None:
    """With their number and the first keys, and what would work; no byte of the file changes."""
    before = Path(path).read_bytes()
    with pytest.raises(RuleViolation) as caught:
        registry.create(M2O)
    error = caught.value
    assert (error.rule, error.relation, error.field, error.value) == ("data-obeys", "articles.author", "many_field", 2)
    assert re.search(r"2 items of articles .* no item of authors: 2, 3", str(error))
    assert "existing='nullify'" in error.hint
    assert Path(path).read_bytes() == before


def test_rows_refuse_an_m2a_relation(registry: RelationRegistry, path: str) -> None:
    """It has no foreign key, but its rows are judged too: what is not there, not allowed, or spelled otherwise."""
    before = Path(path).read_bytes()
    with pytest.raises(InconsistentDefinition) as caught:
        registry.create(M2A)
    violations = caught.value.violations
    assert {each.rule for each in violations} == {"data-obeys"}
    assert {(each.value, each.problem.rpartition(": ")[2]) for each in violations} == {
        (2, "3, 6"),
        (2, "4, 5"),
        (1, "2"),
    }
    assert Path(path).read_bytes() == before


def test_reported_rows_stay(registry: RelationRegistry, path: str) -> None:
    """The relation is stored with its foreign key, enforced from now on; an audit finds the rows."""
    before = contents(path)["rows"]["articles"]
    made = registry.create([M2O, M2A], existing="report")
    assert [relation.id for relation in made] == [1, 2]
    assert keys_of(registry, "articles") == {("author", "authors", "NO ACTION", "NO ACTION")}
    assert contents(path)["rows"]["articles"] == before
    assert registry.last_changes == {}
    assert found(registry) == {
        ("dangling-m2o", "articles.author"): 2,
        ("dangling-m2a", "articles.item"): 2,
        ("m2a-collection", "articles.item"): 2,
        ("key-form", "articles.item"): 1,
    }
    with pytest.raises(sqlite3.IntegrityError):
        registry.connection.execute("INSERT INTO articles (author, editor) VALUES (99, 1)")


def test_nullified_rows_are_cleared(registry: RelationRegistry, path: str) -> None:
    """Keys of nothing become NULL, of m2a the collection with them; what only is spelled otherwise is spelled right."""
    registry.create([M2O, M2A], existing="nullify")
    assert registry.last_changes == {"articles": 5}  # two of them in both fields
    assert column(registry, "author") == [1, None, None, None, 7, 7, 1]
    assert column(registry, "item") == ["1", "7", None, None, None, None, "red"]
    assert column(registry, "kind") == ["authors", "authors", None, None, None, None, "tags"]
    assert found(registry) == {}
    assert contents(path)["violations"] == []


def test_keys_without_a_type_are_spelled_as_the_key_is(registry: RelationRegistry) -> None:
    """A column without a type may hold '7' and 7.0 for 7; what means no key is cleared."""
    registry.create({**M2O, "many_field": "untyped"}, existing="nullify")
    assert [repr(value) for value in column(registry, "untyped")] == ["1", "7", "None", "None", "7", "None", "7"]
    assert registry.last_changes == {"articles": 3}


@pytest.mark.parametrize(
    "relation",
    [{**M2O, "many_field": "editor"}, {**M2A, "many_collection": "firm", "one_allowed_collections": ["authors"]}],
)
def test_what_cannot_be_null_is_not_nullified(registry: RelationRegistry, path: str, relation: Any) -> None:
    """The relation is refused, saying so, together with what could be cleared; nothing is changed."""
    before = Path(path).read_bytes()
    with pytest.raises(RuleViolation, match="cannot clear them, as a column is NOT NULL") as caught:
        registry.create([M2O, relation], existing="nullify")
    assert caught.value.value == 1
    assert Path(path).read_bytes() == before


def test_a_table_that_does_not_allow_it_is_not_nullified(registry: RelationRegistry, path: str) -> None:
    """What a CHECK refuses is said as SQLite says it, and nothing is changed."""
    registry.connection.execute("CREATE TRIGGER firm BEFORE UPDATE ON articles BEGIN SELECT RAISE(ABORT, 'no!'); END")
    before = Path(path).read_bytes()
    with pytest.raises(RuleViolation, match="SQLite refuses: no!"):
        registry.create(M2O, existing="nullify")
    assert Path(path).read_bytes() == before


def test_an_update_is_judged_by_what_it_adds(registry: RelationRegistry) -> None:
    """A change of something else is not refused for rows that were wrong before; leading elsewhere is."""
    made = registry.create(M2O, existing="report").id or 0
    assert registry.update(made, {"on_delete": "CASCADE", "one_field": "articles"}).id == made
    with pytest.raises(RuleViolation, match=r"2 items of articles .* no item of articles: 2, 3"):
        registry.update(made, {"one_collection": "articles", "one_field": None})
    with pytest.raises(RuleViolation, match=r"1 item of articles .* no item of authors: 3"):
        registry.update(made, {"many_field": "editor"})
    assert registry.update(made, {"many_field": "editor"}, existing="report").many_field == "editor"


def test_allowing_fewer_collections_is_judged(registry: RelationRegistry) -> None:
    """Rows that were right and are so no more refuse it; allowing more, or rows that were wrong before, do not."""
    made = registry.create(M2A, existing="report").id or 0
    with pytest.raises(RuleViolation, match=r"4 items of articles .* allowed") as caught:
        registry.update(made, {"one_allowed_collections": ["authors"]})
    assert caught.value.value == 4
    registry.connection.execute("DELETE FROM articles WHERE kind = 'tags'")
    assert registry.update(made, {"one_allowed_collections": ["authors"]}).one_allowed_collections == ("authors",)
    assert registry.update(made, {"one_allowed_collections": ["tags", "authors"]}).id == made
    registry.update(made, {"one_allowed_collections": ["tags"]}, existing="nullify")
    assert registry.last_changes == {"articles": 5}
    assert set(column(registry, "kind")) == {None}


def test_what_is_discovered_may_have_been_wrong_before(path: str) -> None:
    """Storing a relation that a foreign key implies adds nothing wrong, whatever its rows hold."""
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, author REFERENCES authors); INSERT INTO notes VALUES (1, 99)"
    )
    connection.close()
    with RelationRegistry(path) as registry:
        assert registry.create({**M2O, "many_collection": "notes", "one_field": "noted"}).id == 1
        assert found(registry) == {("dangling-m2o", "notes.author"): 1}


def test_a_batch_takes_cleared_rows_back(registry: RelationRegistry, path: str) -> None:
    """Clearing is part of the same transaction."""
    before = Path(path).read_bytes()

    def interrupted() -> None:
        with registry.batch():
            registry.create(M2O, existing="nullify")
            assert column(registry, "author").count(None) == 3
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    assert Path(path).read_bytes() == before


@pytest.mark.parametrize("choice", ["", "ignore", None, 1])
def test_there_are_three_choices(registry: RelationRegistry, choice: Any) -> None:
    """Any other is refused before anything is asked."""
    with pytest.raises(InvalidPayload, match="it is one of refuse, report, nullify") as caught:
        registry.create(M2O, existing=choice)
    assert caught.value.where == "existing"
    with pytest.raises(InvalidPayload):
        registry.update(99, {}, existing=choice)


def test_rows_and_definitions_are_said_together(registry: RelationRegistry, path: str) -> None:
    """One request is refused once, for all that is wrong with its definitions and with the rows that are there."""
    before = Path(path).read_bytes()
    with pytest.raises(InconsistentDefinition) as caught:
        registry.create([{**M2A, "one_allowed_collections": ["ghosts"]}, M2O, {**M2O, "many_field": "editor"}])
    assert [(each.rule, each.where) for each in caught.value.violations] == [
        ("one-allowed-collections", "articles.item"),
        ("data-obeys", "articles.author"),
        ("data-obeys", "articles.editor"),
    ]
    assert Path(path).read_bytes() == before


def test_a_refused_change_has_changed_nothing(registry: RelationRegistry) -> None:
    """`last_changes` is of the last call, also where it was refused or had nothing to change."""
    registry.create(M2O, existing="nullify")
    assert registry.last_changes == {"articles": 2}
    with pytest.raises(RuleViolation):
        registry.create(M2O)
    assert registry.last_changes == {}
    registry.update(1, {"one_field": "articles"})
    assert registry.last_changes == {}


def test_clearing_that_fails_leaves_everything_as_it_was(registry: RelationRegistry, path: str) -> None:
    """Whichever step SQLite refuses while rows are cleared and keys are made, rows and definitions are as before."""
    raw = registry.connection
    before, nth = contents(path), 11
    while is_denied(raw, nth, lambda: registry.create([M2O, M2A], existing="nullify")):
        assert (nth, contents(path)) == (nth, before)
        assert (nth, len(registry), raw.in_transaction, registry.last_changes) == (nth, 0, False, {})
        nth += 11
    assert nth > 11 * 11
    assert registry.last_changes == {"articles": 5}
