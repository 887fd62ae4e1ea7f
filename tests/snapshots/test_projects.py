"""Snapshots of untidy Directus projects: guarded, partly noted, with what deletions in Directus leave behind."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from relgraph import RelationRegistry
from relgraph.errors import InvalidPayload, RuleViolation

DATA = Path(__file__).parents[1] / "data"
RECORDED: dict[str, Any] = json.loads((DATA / "project_snapshot.json").read_text())
RECORDED = RECORDED.get("data", RECORDED)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[RelationRegistry]:
    path = tmp_path / "project.db"
    shutil.copy(DATA / "project.db", path)
    with RelationRegistry(path) as registry:
        yield registry


def entry_of(snapshot: dict[str, Any], part: str, collection: str, field: str) -> dict[str, Any]:
    """Give the entry of a field or relation."""
    return next(each for each in snapshot[part] if (each["collection"], each["field"]) == (collection, field))


def without(part: str, collection: str, field: str) -> dict[str, Any]:
    """Give the recorded snapshot less one entry."""
    snapshot = copy.deepcopy(RECORDED)
    snapshot[part].remove(entry_of(snapshot, part, collection, field))
    return snapshot


def structure(snapshot: dict[str, Any]) -> dict[str, Any]:
    """Give what a snapshot says of the structure; what is noted anew comes later in it."""
    parts = ("collections", "fields", "systemFields", "relations")
    return {part: sorted(snapshot[part], key=lambda entry: (entry["collection"], entry.get("field"))) for part in parts}


def test_the_snapshot_of_a_guarded_project_is_that_of_the_project(project: RelationRegistry) -> None:
    """The indexes of guards are no part of the structure, and guards stay when it changes."""
    project.guard()
    assert structure(project.snapshot()) == structure(RECORDED)
    wanted = copy.deepcopy(RECORDED)
    entry_of(wanted, "fields", "articles", "title")["schema"]["default_value"] = "new"
    assert [step.kind for step in project.apply(project.diff(wanted))] == ["change-field"]
    assert not project.audit().errors
    assert not project.diff(wanted)


def test_relations_of_what_a_project_does_not_note_are_not_in_its_snapshot(project: RelationRegistry) -> None:
    """They stay when a snapshot is applied, and it can be applied to another file."""
    project.connection.execute("CREATE TABLE drafts (id INTEGER PRIMARY KEY, author INTEGER)")
    project.create({"many_collection": "drafts", "many_field": "author", "one_collection": "authors"})
    assert structure(project.snapshot()) == structure(RECORDED)
    assert not project.diff(RECORDED)
    with RelationRegistry() as made:
        made.apply(made.diff(project.snapshot()))
        assert structure(made.snapshot()) == structure(RECORDED)


@pytest.mark.parametrize("place", [("articles", "editor"), ("categories", "parent")])
def test_what_a_relation_deleted_in_directus_leaves_behind_is_kept(place: tuple[str, str]) -> None:
    """On SQLite its foreign key and alias stay; the snapshot says so, and is reached in a project and in a new file."""
    snapshot = without("relations", *place)
    with RelationRegistry() as made:
        made.apply(made.diff(RECORDED))
        made.apply(made.diff(snapshot))
        assert structure(made.snapshot()) == structure(snapshot)
        assert any((key.collection, key.fields) == (place[0], (place[1],)) for key in made.schema.foreign_keys)
    with RelationRegistry() as made:
        made.apply(made.diff(snapshot))
        assert structure(made.snapshot()) == structure(snapshot)


def test_an_alias_that_a_snapshot_lacks_is_not_made(project: RelationRegistry) -> None:
    """Directus stores relations without the field of their alias, and so does its snapshot."""
    snapshot = without("fields", "parents", "nn_children")
    with RelationRegistry() as made:
        made.apply(made.diff(snapshot))
        assert structure(made.snapshot()) == structure(snapshot)
    project.apply(project.diff(snapshot))
    assert structure(project.snapshot()) == structure(snapshot)


def test_a_column_that_becomes_an_alias_is_dropped(project: RelationRegistry) -> None:
    """The diff says what it held, and the alias is noted as the snapshot says."""
    wanted = copy.deepcopy(RECORDED)
    entry = entry_of(wanted, "fields", "widgets", "name")
    entry["type"], entry["meta"]["special"] = "alias", ["alias", "no-data"]
    del entry["schema"]
    steps = project.diff(wanted)
    assert str(steps) == "Drop field widgets.name, with 1 value.\nNote field widgets.name."
    project.apply(steps)
    assert structure(project.snapshot()) == structure(wanted)


def test_a_key_to_a_system_collection_needs_no_relation() -> None:
    """What a deleted relation to directus_files leaves behind gets its minimal table, and so do allowed ones."""
    snapshot = without("relations", "articles", "hero")
    entry_of(snapshot, "relations", "pages_sections", "item")["meta"]["one_allowed_collections"].append(
        "directus_users"
    )
    with RelationRegistry() as made:
        steps = made.diff(snapshot)
        assert "Make a minimal directus_users, which the file lacks, with id." in str(steps)
        made.apply(steps)
        assert structure(made.snapshot()) == structure(snapshot)


def test_an_allowed_collection_that_items_point_at_cannot_be_taken_away(project: RelationRegistry) -> None:
    """Its items would point at what is not allowed any more; nothing changes."""
    wanted = copy.deepcopy(RECORDED)
    entry_of(wanted, "relations", "pages_sections", "item")["meta"]["one_allowed_collections"] = ["headings"]
    with pytest.raises(RuleViolation) as caught:
        project.apply(project.diff(wanted))
    assert (caught.value.rule, caught.value.where) == ("data-obeys", "pages_sections.item")
    assert structure(project.snapshot()) == structure(RECORDED)


def _contradict(snapshot: dict[str, Any]) -> None:
    entry_of(snapshot, "relations", "comments", "author")["related_collection"] = "tags"


def _name_no_action(snapshot: dict[str, Any]) -> None:
    entry_of(snapshot, "relations", "comments", "author")["schema"]["on_delete"] = "EXPLODE"


def _lose_schema(snapshot: dict[str, Any]) -> None:
    entry_of(snapshot, "fields", "widgets", "name")["schema"] = None


def _index_nothing(snapshot: dict[str, Any]) -> None:
    snapshot["systemFields"].append({"collection": "directus_users", "field": "shoe", "schema": {"is_indexed": True}})


def _name_no_part(snapshot: dict[str, Any]) -> None:
    entry_of(snapshot, "fields", "widgets", "name")["schema"]["is_nulable"] = True


def _say_no_flag(snapshot: dict[str, Any]) -> None:
    entry_of(snapshot, "fields", "widgets", "name")["schema"]["is_nullable"] = "no"


@pytest.mark.parametrize(
    ("spoil", "where"),
    [
        (_contradict, "relations[18].meta.one_collection"),
        (_name_no_action, "relations[18].schema.on_delete"),
        (_lose_schema, "fields[78].schema"),
        (_index_nothing, "systemFields.directus_users.shoe"),
        (_name_no_part, "fields[78].schema.is_nulable"),
        (_say_no_flag, "fields[78].schema.is_nullable"),
    ],
)
def test_what_would_be_passed_over_is_refused(
    project: RelationRegistry, spoil: Callable[[dict[str, Any]], None], where: str
) -> None:
    """Already the diff says where the snapshot contradicts itself or says what cannot be."""
    wanted = copy.deepcopy(RECORDED)
    spoil(wanted)
    with pytest.raises(InvalidPayload) as caught:
        project.diff(wanted)
    assert caught.value.where == where


@pytest.mark.parametrize("name", ["sqlite_x", "relgraph_relations", "a,b", "PLAIN"])
def test_a_collection_that_cannot_be_made_says_why(project: RelationRegistry, name: str) -> None:
    """Its name is one that no collection can have, or that of another in other letters."""
    project.connection.execute("CREATE TABLE plain (id INTEGER PRIMARY KEY)")
    wanted = copy.deepcopy(RECORDED)
    schema = {"data_type": "integer", "is_primary_key": True}
    wanted["collections"].append({"collection": name, "schema": {}})
    wanted["fields"].append({"collection": name, "field": "id", "type": "integer", "schema": schema})
    with pytest.raises(InvalidPayload) as caught:
        project.apply(project.diff(wanted))
    assert caught.value.where == f"collections.{name}"
    assert structure(project.snapshot()) == structure(RECORDED)


def test_defaults_of_every_kind_are_carried(project: RelationRegistry) -> None:
    """Texts, numbers, blobs, moments and expressions: into a new collection, a new field and a changed one."""
    texts = ("(lower('A;b'))", "((1))", "x'00ff'", "'it''s'", "-5", "1e3", "CURRENT_TIMESTAMP", "TRUE", "(1 + 2)")
    columns = ", ".join(f"d{index} text DEFAULT {text}" for index, text in enumerate(texts))
    project.create_collection("defaults")
    with RelationRegistry() as made:
        made.apply(made.diff(project.snapshot()))
        project.connection.execute("DROP TABLE defaults")
        project.connection.execute(f"CREATE TABLE defaults (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, {columns})")
        for index in range(len(texts)):
            note = ("defaults", f"d{index}")
            project.connection.execute("INSERT INTO directus_fields (collection, field) VALUES (?, ?)", note)
        project.connection.commit()
        wanted = project.snapshot()
        made.apply(made.diff(wanted))
        assert structure(made.snapshot()) == structure(wanted)
        changed = copy.deepcopy(wanted)
        schema = entry_of(changed, "fields", "defaults", "d0")["schema"]
        schema["default_expression"] = "upper('x')"
        made.apply(made.diff(changed))
        assert structure(made.snapshot()) == structure(changed)
    with RelationRegistry() as made:
        made.apply(made.diff(wanted))
        assert structure(made.snapshot()) == structure(wanted)
