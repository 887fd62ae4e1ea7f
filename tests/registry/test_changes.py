"""Relations are created, updated, deleted and adopted, all or nothing."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from relgraph import Relation, RelationRegistry
from relgraph.errors import (
    InconsistentDefinition,
    InvalidPayload,
    RecordNotUnique,
    RelationNotFound,
    RelgraphError,
    RuleViolation,
)
from relgraph.relation import KeyActions
from tests.registry.shop import ANY, AUTHOR, HALVES, OWN, keys_of
from tests.whole_database import contents, make_hostile

# --- create ----------------------------------------------------------------------------------------------------------


def test_create_stores_the_relation_and_makes_its_key(registry: RelationRegistry) -> None:
    """The relation gets an id and a foreign key to the primary key, and both ways can be read at once."""
    made = registry.create(AUTHOR)
    assert made == Relation("articles", "author", "authors", "articles", id=1, foreign_key=KeyActions("id"))
    assert made == registry.get(1) == registry.find("articles", "author")
    assert ("author", "authors", "NO ACTION", "NO ACTION") in keys_of(registry, "articles")
    read = registry.items("authors").read(fields=["name", "articles.title"], filter={"articles": {"title": "Two"}})
    assert read.data == [{"name": "Ben", "articles": [{"title": "Two"}]}]
    with pytest.raises(sqlite3.IntegrityError):
        registry.connection.execute("UPDATE articles SET author = 9")


@pytest.mark.parametrize("null", [{}, {"schema": None}, {"schema": None, "meta": None}, {"meta": {}}])
def test_create_makes_a_key_even_when_none_is_spoken_of(registry: RelationRegistry, null: dict[str, Any]) -> None:
    """A schema of null or none at all is a key without actions."""
    made = registry.create({"collection": "articles", "field": "author", "related_collection": "authors", **null})
    assert made.foreign_key == KeyActions("id", "NO ACTION", "NO ACTION")


def test_create_can_point_at_a_unique_column(registry: RelationRegistry) -> None:
    """The column that the key names is pointed at, where it is UNIQUE; actions are taken in any case."""
    made = registry.create(
        {
            "collection": "articles",
            "field": "author_code",
            "related_collection": "authors",
            "schema": {"foreign_key_column": "code", "on_delete": "set null", "on_update": "Cascade"},
        }
    )
    assert made.foreign_key == KeyActions("code", "SET NULL", "CASCADE")
    assert registry.items("articles").get(1, fields=["author_code.name"]) == {"author_code": {"name": "Ann"}}


def test_create_several_is_judged_on_the_whole(registry: RelationRegistry) -> None:
    """Both halves of a junction name each other, which neither could alone; an m2a relation gets no key."""
    halves = registry.create([*HALVES, ANY])
    assert [relation.id for relation in halves] == [1, 2, 3]
    assert [relation.kind for relation in halves] == ["m2o", "m2o", "m2a"]
    assert keys_of(registry, "articles_tags") == {
        ("articles_id", "articles", "CASCADE", "NO ACTION"),
        ("tags_id", "tags", "NO ACTION", "NO ACTION"),
    }
    assert keys_of(registry, "sections") == set()
    assert registry.create([]) == ()
    assert list(halves) == [registry.get(id) for id in (1, 2, 3)]


def test_create_several_is_all_or_nothing(registry: RelationRegistry, path: str) -> None:
    """One bad relation among good ones refuses all, with every violation, and nothing is left behind."""
    before = contents(path)
    bad = {"many_collection": "articles", "many_field": "editr", "one_collection": "author", "sort_field": "title"}
    with pytest.raises(InconsistentDefinition) as caught:
        registry.create([AUTHOR, bad, HALVES[0]])
    assert {(each.rule, each.where) for each in caught.value.violations} == {
        ("many-field", "articles.editr"),
        ("one-collection", "articles.editr"),
        ("sort-field", "articles.editr"),
        ("junction-field", "articles_tags.articles_id"),
    }
    assert (caught.value.code, caught.value.status) == ("INVALID_PAYLOAD", 400)
    assert contents(path) == before


def test_create_says_which_of_several_has_no_shape(registry: RelationRegistry) -> None:
    """Errors of shape say where in the list."""
    with pytest.raises(InvalidPayload) as caught:
        registry.create([AUTHOR, {"meta": {"one_feild": "x"}}])
    assert caught.value.where == "[1].meta.one_feild"
    with pytest.raises(InvalidPayload) as caught:
        registry.create([{"many_collection": "articles"}])
    assert caught.value.where == "[0].many_field"
    with pytest.raises(InvalidPayload):
        registry.create("articles.author")  # type: ignore[arg-type, call-overload]  # what a caller may do by mistake


def test_create_over_dangling_rows_is_refused(registry: RelationRegistry, path: str) -> None:
    """A key that rows would break from the start is refused with the count and the first keys, for all at once."""
    registry.connection.execute("UPDATE articles SET author = 70 + id, editor = 99 WHERE id = 2")
    before = contents(path)
    with pytest.raises(InconsistentDefinition) as caught:
        registry.create([AUTHOR, {**AUTHOR, "many_field": "editor", "one_field": "edited"}])
    assert [(each.rule, each.where, each.value) for each in caught.value.violations] == [
        ("data-obeys", "articles.author", 1),
        ("data-obeys", "articles.editor", 1),
    ]
    assert re.search(r"1 item of articles .* no item of authors: 2", str(caught.value))
    assert contents(path) == before


def test_create_takes_over_a_discovered_relation(registry: RelationRegistry, path: str) -> None:
    """With the same target it stores what was discovered; what is not named stays, the key's actions and text too."""
    found = registry.find("articles", "reviewer")
    assert (found.id, found.one_field) == (None, "articles")
    text = contents(path)["definitions"]["table", "articles"]
    made = registry.create({"many_collection": "articles", "many_field": "reviewer", "one_collection": "authors"})
    assert made == Relation(
        "articles", "reviewer", "authors", "articles", id=1, foreign_key=KeyActions("id", "CASCADE")
    )
    assert contents(path)["definitions"]["table", "articles"] == text
    assert len(registry) == 1


def test_create_over_a_discovered_relation_can_name_more(registry: RelationRegistry) -> None:
    """What is named changes, an alias and actions."""
    made = registry.create({**AUTHOR, "many_field": "reviewer", "one_field": "reviewed", "on_delete": "SET NULL"})
    assert (made.one_field, made.foreign_key) == ("reviewed", KeyActions("id", "SET NULL"))
    assert keys_of(registry, "articles") == {("reviewer", "authors", "SET NULL", "NO ACTION")}


@pytest.mark.parametrize(
    "other",
    [
        {"one_collection": "tags"},
        {"schema": {"foreign_key_column": "code"}},
        {"one_collection": None, "one_collection_field": "title", "one_allowed_collections": ["tags"]},
    ],
)
def test_create_over_a_discovered_relation_cannot_lead_elsewhere(
    registry: RelationRegistry, other: dict[str, Any]
) -> None:
    """Another target, or another kind, is a second relation on the field."""
    with pytest.raises(RelgraphError, match=r"articles\.reviewer has another relation already, to authors"):
        registry.create({**AUTHOR, "many_field": "reviewer", "one_field": None, **other})
    assert registry.find("articles", "reviewer").id is None


def test_create_on_a_field_that_has_a_stored_relation_is_refused(registry: RelationRegistry) -> None:
    """The same relation twice is one too many."""
    registry.create(AUTHOR)
    with pytest.raises(RelgraphError, match="one-per-field"):
        registry.create({**AUTHOR, "one_field": None})


def test_an_inferred_alias_gives_way(registry: RelationRegistry) -> None:
    """A discovered relation has its alias only as long as no stored one wants it."""
    assert registry.find("articles", "reviewer").one_field == "articles"
    registry.create(AUTHOR)
    assert registry.find("articles", "reviewer").one_field == "articles_by_reviewer"


def test_ids_can_be_given_but_not_twice(registry: RelationRegistry) -> None:
    """A relation may bring its id, as when copied; one that is taken is refused."""
    assert registry.create({**AUTHOR, "id": 7}).id == 7
    with pytest.raises(RecordNotUnique) as caught:
        registry.create([{**ANY, "id": 7}])
    assert (caught.value.code, caught.value.where) == ("RECORD_NOT_UNIQUE", "[0].id")
    with pytest.raises(RecordNotUnique):
        registry.create([{**ANY, "id": 8}, {**HALVES[0], "meta": {"id": 8}}])
    registry.delete(7)
    assert registry.create(AUTHOR).id == 8


# --- update ----------------------------------------------------------------------------------------------------------


def test_update_keeps_what_is_not_named(registry: RelationRegistry) -> None:
    """Changing one thing leaves the rest, on_delete and the other action too."""
    made = registry.create({**AUTHOR, "on_delete": "SET NULL", "on_update": "CASCADE"})
    assert made.id is not None
    changed = registry.update(made.id, {"one_field": "written", "meta": {"sort_field": "place"}})
    assert (changed.one_field, changed.sort_field) == ("written", "place")
    assert changed.foreign_key == KeyActions("id", "SET NULL", "CASCADE")
    changed = registry.update(made.id, {"schema": {"on_delete": "CASCADE"}})
    assert changed == registry.get(made.id)
    assert keys_of(registry, "articles") >= {("author", "authors", "CASCADE", "CASCADE")}
    assert registry.update(made.id, {}) == changed
    assert registry.update(made.id, changed.to_nested()) == changed


def test_update_can_move_a_relation(registry: RelationRegistry) -> None:
    """With another many field the key goes there, with its actions; the old column has none any more."""
    made = registry.create({**AUTHOR, "on_delete": "SET NULL"})
    moved = registry.update(made.id or 0, {"many_field": "editor"})
    assert moved.name == "articles.editor"
    assert {key for key in keys_of(registry, "articles") if key[0] != "reviewer"} == {
        ("editor", "authors", "SET NULL", "NO ACTION")
    }


def test_update_can_lead_elsewhere(registry: RelationRegistry) -> None:
    """Another one collection is pointed at by its primary key; to any collection there is no key."""
    registry.connection.execute("UPDATE articles SET place = NULL, title = NULL")
    made = registry.create({**AUTHOR, "many_field": "place", "on_delete": "CASCADE"})
    assert registry.update(made.id or 0, {"related_collection": "tags"}).foreign_key == KeyActions("id", "CASCADE")
    assert ("place", "tags", "CASCADE", "NO ACTION") in keys_of(registry, "articles")
    to_any = {
        "one_collection": None,
        "one_field": None,
        "one_collection_field": "title",
        "one_allowed_collections": "tags",
    }
    assert registry.update(made.id or 0, to_any).kind == "m2a"
    assert {key[0] for key in keys_of(registry, "articles")} == {"reviewer"}
    back = {"one_collection": "authors", "one_collection_field": None, "one_allowed_collections": None}
    assert registry.update(made.id or 0, back).foreign_key == KeyActions("id")


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"one_field": "name"}, RuleViolation, "is a column of authors"),
        ({"many_field": "reviewer"}, RuleViolation, "articles.reviewer has another relation already"),
        ({"many_field": "title"}, RuleViolation, "cannot hold keys of authors"),
        (
            {"related_collection": "tags"},
            RuleViolation,
            r"1 item of articles .* no item of tags: 2",
        ),
        ({"one_field": "taken"}, RuleViolation, "belongs to articles.editor already"),
        ({"id": 9}, InvalidPayload, "cannot become 9"),
        ({"on_delete": "X"}, InvalidPayload, "there is no action 'X'"),
        ({"nope": 1}, InvalidPayload, "no such part"),
    ],
)
def test_a_refused_update_changes_nothing(
    registry: RelationRegistry, path: str, changes: dict[str, Any], error: type[RelgraphError], said: str
) -> None:
    """The rules are judged on the set after the change; then all is as before."""
    made = registry.create(AUTHOR)
    registry.create({**AUTHOR, "many_field": "editor", "one_field": "taken"})
    before, relations = contents(path), list(registry)
    with pytest.raises(error, match=said):
        registry.update(made.id or 0, changes)
    assert contents(path) == before
    assert list(registry) == relations


# --- delete, adopt ---------------------------------------------------------------------------------------------------


def test_delete_drops_relation_and_key(registry: RelationRegistry, path: str) -> None:
    """Afterwards the file is as before the relation was made, but for the empty table of relations."""
    before = contents(path)
    registry.delete([relation.id or 0 for relation in registry.create([AUTHOR, *HALVES, ANY])])
    assert contents(path, besides=("relgraph_relations", "sqlite_sequence")) == before
    assert registry.connection.execute("SELECT count(*) FROM relgraph_relations").fetchone() == (0,)
    assert [relation.name for relation in registry] == ["articles.reviewer"]


def test_delete_is_all_or_nothing(registry: RelationRegistry) -> None:
    """An unknown id among known ones, or half a junction, refuses the whole."""
    ids = [relation.id or 0 for relation in registry.create([AUTHOR, *HALVES])]
    relations = list(registry)
    for unknown in ([*ids, 99], 99, True, "1", None, [[1]], 1.0):
        with pytest.raises(RelationNotFound):
            registry.delete(unknown)  # type: ignore[arg-type]  # what a caller may do by mistake
    with pytest.raises(RuleViolation, match="make, change or delete both halves of a junction in one call"):
        registry.delete(ids[1])
    assert list(registry) == relations
    registry.delete([*ids, ids[0]])
    assert [relation.name for relation in registry] == ["articles.reviewer"]


def test_a_deleted_relation_can_be_made_again(registry: RelationRegistry) -> None:
    """Nothing of it is left that would be in the way; ids are not given out again."""
    first = registry.create(AUTHOR)
    registry.delete(first.id or 0)
    again = registry.create({**AUTHOR, "on_delete": "RESTRICT"})
    assert (again.id, again.foreign_key) == (2, KeyActions("id", "RESTRICT"))


def test_adopt_stores_what_was_discovered(tmp_path: Path) -> None:
    """Every discovered relation gets an id, and nothing else of it or of the file changes."""
    path = str(tmp_path / "hostile.db")
    make_hostile(path)
    before = contents(path, besides=OWN)
    with RelationRegistry(path) as registry:
        found = list(registry)
        adopted = registry.adopt()
        assert [relation.name for relation in adopted] == [relation.name for relation in found]
        assert list(registry) == list(adopted)
        assert [relation.id for relation in registry] == list(range(1, len(found) + 1))
        assert registry.adopt() == ()
    assert contents(path, besides=OWN) == before
