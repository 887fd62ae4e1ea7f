"""Every kind of inconsistent definition that Directus 11.17.4 was seen to accept is refused, in a Directus project.

Each case is named after the recorded request. Beside it stands the nearest definition that is sound.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relgraph import RelationRegistry
from relgraph.errors import InconsistentDefinition, RuleViolation
from relgraph.rules import RULES

# the recordings' table of candidates for keys, and a one side with a key of numbers
TABLES = """
CREATE TABLE one (id integer PRIMARY KEY, name varchar(255), code varchar(255) UNIQUE);
CREATE TABLE many (
  id integer PRIMARY KEY, one integer, other integer, text varchar(255), uuid char(36), flag boolean, note json,
  required integer NOT NULL, preset integer DEFAULT 1, kind varchar(255), item varchar(255), sort integer
);
"""
M2O = {"collection": "many", "field": "one", "related_collection": "one"}
M2A = {
    "collection": "many",
    "field": "item",
    "related_collection": None,
    "meta": {"one_collection_field": "kind", "one_allowed_collections": ["headings", "paragraphs"]},
}
Case = tuple[str, dict[str, Any], str, str, Any]


def m2o(field: str = "one", on_delete: str | None = None, **meta: Any) -> dict[str, Any]:
    """Give the sound m2o relation with other parts."""
    return {**M2O, "field": field, "schema": {"on_delete": on_delete}, "meta": meta}


def m2a(field: str = "item", **meta: Any) -> dict[str, Any]:
    """Give the sound m2a relation with other parts; None takes a part away."""
    return {**M2A, "field": field, "meta": {**M2A["meta"], **meta}}  # type: ignore[dict-item]  # a mapping, as above


CASES: tuple[Case, ...] = (
    ("one_field_is_real_column", m2o(one_field="name"), "one-field", "one_field", "name"),
    ("one_field_is_pk", m2o(one_field="id"), "one-field", "one_field", "id"),
    ("one_field_on_m2a", m2a(one_field="many"), "one-field", "one_field", "many"),
    ("bad_deselect_action", m2o(one_deselect_action="explode"), "deselect-action", "one_deselect_action", "explode"),
    ("sort_field_missing", m2o(sort_field="sorted"), "sort-field", "sort_field", "sorted"),
    ("sort_field_is_string_column", m2o(sort_field="text"), "sort-field", "sort_field", "text"),
    ("junction_field_missing", m2o(junction_field="nowhere"), "junction-field", "junction_field", "nowhere"),
    ("junction_field_not_relation", m2o(junction_field="text"), "junction-field", "junction_field", "text"),
    ("junction_field_self", m2o(junction_field="one"), "junction-field", "junction_field", "one"),
    ("m2a_no_collection_field", m2a(one_collection_field=None), "one-collection-field", "one_collection_field", None),
    (
        "m2a_collection_field_missing",
        m2a(one_collection_field="x"),
        "one-collection-field",
        "one_collection_field",
        "x",
    ),
    (
        "m2a_collection_field_is_item",
        m2a(one_collection_field="item"),
        "one-collection-field",
        "one_collection_field",
        "item",
    ),
    ("m2a_no_allowed", m2a(one_allowed_collections=None), "one-allowed-collections", "one_allowed_collections", None),
    ("m2a_empty_allowed", m2a(one_allowed_collections=[]), "one-allowed-collections", "one_allowed_collections", ()),
    (
        "m2a_unknown_allowed",
        m2a(one_allowed_collections=["headings", "ghosts"]),
        "one-allowed-collections",
        "one_allowed_collections",
        "ghosts",
    ),
    (
        "m2a_allowed_twice",
        m2a(one_allowed_collections=["headings", "headings"]),
        "one-allowed-collections",
        "one_allowed_collections",
        "headings",
    ),
    ("m2a_with_related", {**m2a(), "related_collection": "tags"}, "kind", "one_collection", "tags"),
    ("related_null_no_meta", {**M2O, "related_collection": None}, "kind", "one_collection", None),
    ("m2a_item_is_number", m2a("other"), "any-keys", "many_field", "other"),
    ("type_varchar", m2o("text"), "one-key", "many_field", "TEXT"),
    ("type_uuid", m2o("uuid"), "one-key", "many_field", "TEXT"),
    ("type_boolean", m2o("flag"), "one-key", "many_field", "boolean"),
    ("type_json", m2o("note"), "one-key", "many_field", "json"),
    ("setnull_on_required", m2o("required", "SET NULL"), "actions", "on_delete", "SET NULL"),
    ("setdefault_no_default", m2o("one", "SET DEFAULT"), "actions", "on_delete", "SET DEFAULT"),
    ("on_pk", m2o("id"), "many-field-key", "many_field", "id"),
    ("on_alias_field", {**M2O, "collection": "articles", "field": "tags"}, "many-field", "many_field", "tags"),
    ("related_is_folder", {**M2O, "related_collection": "folder"}, "one-collection", "one_collection", "folder"),
)
SOUND: tuple[dict[str, Any], ...] = (
    m2o(one_field="many"),
    m2a(),
    m2o(one_deselect_action="delete", sort_field="sort"),
    m2o("required", "CASCADE"),
    m2o("preset", "SET DEFAULT"),
    m2o("other", "SET NULL"),
    {**m2o("text"), "schema": {"foreign_key_column": "code"}},
)


@pytest.fixture
def path(project: RelationRegistry) -> Path:
    """The file of a project, with the tables and a folder beside."""
    project.connection.executescript(TABLES)
    project.connection.execute("INSERT INTO directus_collections (collection) VALUES ('folder')")
    return Path(project.database.name)


@pytest.mark.parametrize(("name", "partial", "slug", "part", "value"), CASES, ids=[case[0] for case in CASES])
def test_what_directus_accepts_is_refused(
    project: RelationRegistry, path: Path, name: str, partial: dict[str, Any], slug: str, part: str, value: Any
) -> None:
    """One rule refuses it, says which part of which relation and what would work; no byte of the file changes."""
    before, relations = path.read_bytes(), list(project)
    with pytest.raises(RuleViolation) as caught:
        project.create(partial)
    error = caught.value
    relation = f"{partial['collection']}.{partial['field']}"
    assert (name, error.rule, error.relation, error.field, error.value) == (name, slug, relation, part, value)
    assert error.hint
    assert error.hint in str(error)
    assert (error.code, error.status) == ("INVALID_PAYLOAD", 400)
    assert path.read_bytes() == before
    assert list(project) == relations


@pytest.mark.parametrize("partial", SOUND)
def test_the_nearest_sound_definition_is_accepted(project: RelationRegistry, path: Path, partial: Any) -> None:
    """It is stored, read back equal, and breaks no rule."""
    assert path.exists()
    made = project.create(partial)
    assert made in list(project)
    assert made.id is not None


@pytest.mark.parametrize("slug", [slug for slug in RULES if RULES[slug].severity == "error"])
def test_every_rule_that_refuses_is_tried(slug: str) -> None:
    """The cases here, and those named below, cover the table of rules."""
    elsewhere = {"many-collection", "one-per-field", "one-field-free", "key-agrees", "data-obeys"}
    assert slug in {case[2] for case in CASES} | elsewhere


def refused(project: RelationRegistry, path: Path, *partials: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """Give what a create of several is refused for: rule, relation and value; and see that no byte changed."""
    before = path.read_bytes()
    with pytest.raises((RuleViolation, InconsistentDefinition)) as caught:
        project.create(list(partials))
    assert path.read_bytes() == before
    error = caught.value
    violations = error.violations if isinstance(error, InconsistentDefinition) else (error,)
    return [(each.rule, each.relation, each.value) for each in violations]


def test_one_field_without_alias_row(project: RelationRegistry, path: Path) -> None:
    """The alias field that POST /relations leaves out is made with the relation, so that Directus can read it."""
    assert path.exists()
    project.create(m2o(one_field="many"))
    rows = project.connection.execute("SELECT special FROM directus_fields WHERE (collection, field) = ('one', 'many')")
    assert rows.fetchall() == [("o2m",)]


def test_one_field_equals_other_relation_alias(project: RelationRegistry, path: Path) -> None:
    """Two relations cannot share an alias, made together or one after the other."""
    first, second = m2o(one_field="many"), m2o("other", one_field="MANY")
    assert set(refused(project, path, first, second)) == {
        ("one-field-free", "many.one", "many"),
        ("one-field-free", "many.other", "MANY"),
    }
    project.create(first)
    assert refused(project, path, second) == [("one-field-free", "many.other", "MANY")]


def test_half_an_m2m(project: RelationRegistry, path: Path) -> None:
    """One side of a junction, or two that do not name each other, are refused; a pair is accepted."""
    first = m2o(junction_field="other")
    assert refused(project, path, first) == [("junction-field", "many.one", "other")]
    assert refused(project, path, first, m2o("other")) == [("junction-field", "many.one", "other")]
    assert set(refused(project, path, first, m2o("other", junction_field="preset"), m2o("preset"))) == {
        ("junction-field", "many.one", "other"),
        ("junction-field", "many.other", "preset"),
    }
    assert len(project.create([first, m2o("other", junction_field="one")])) == 2


def test_duplicate_same_field(project: RelationRegistry, path: Path) -> None:
    """A second relation on a field is refused, to the same target or another."""
    project.create(m2o())
    assert refused(project, path, m2o()) == [("one-per-field", "many.one", "one")]
    other = {**m2o(), "related_collection": "articles"}
    assert ("one-per-field", "many.one", "one") in refused(project, path, other)


def test_over_dangling_data(project: RelationRegistry, path: Path) -> None:
    """A relation over rows that point at nothing is refused with their number and keys."""
    project.connection.execute("INSERT INTO many (id, one, required) VALUES (4, 77, 1)")
    assert refused(project, path, m2o()) == [("data-obeys", "many.one", 1)]


def test_meta_and_key_cannot_be_made_to_disagree(project: RelationRegistry, path: Path) -> None:
    """Changing the target or the field takes the foreign key along: there are never two rows for one field."""
    made = project.create(m2o(on_delete="SET NULL"))
    assert path.exists()
    moved = project.update(made.id or 0, {"meta": {"one_collection": "articles", "many_field": "other"}})
    keys = project.connection.execute("SELECT [from], [table], on_delete FROM pragma_foreign_key_list('many')")
    assert keys.fetchall() == [("other", "articles", "SET NULL")]
    assert [relation for relation in project if relation.many_collection == "many"] == [moved]


def test_half_a_pair_deleted(project: RelationRegistry, path: Path) -> None:
    """Deleting one half of a junction is refused; both go together."""
    halves = [relation.id or 0 for relation in project.in_collection("articles_tags")]
    before = path.read_bytes()
    for half in halves:
        with pytest.raises(RuleViolation, match="both halves") as caught:
            project.delete(half)
        assert (caught.value.rule, caught.value.field) == ("junction-field", "junction_field")
    assert path.read_bytes() == before
    project.delete(halves)
    assert project.in_collection("articles_tags") == ()


def test_left_over_alias_and_key_after_a_delete(project: RelationRegistry, path: Path) -> None:
    """A deleted relation leaves neither its alias field nor its foreign key behind, and can be made again."""
    assert path.exists()
    made = project.create(m2o(one_field="many"))
    project.delete(made.id or 0)
    assert project.connection.execute("SELECT * FROM pragma_foreign_key_list('many')").fetchall() == []
    fields = project.connection.execute("SELECT count(*) FROM directus_fields WHERE collection = 'one'")
    assert fields.fetchone() == (0,)
    assert project.create(m2o(one_field="many")).one_field == "many"


def test_all_violations_are_reported_together(project: RelationRegistry, path: Path) -> None:
    """Of several relations every fault is said at once, those between them too."""
    found = refused(
        project,
        path,
        m2o("text", one_field="id", sort_field="kind", one_deselect_action="x"),
        m2a(one_allowed_collections=["ghosts"]),
        m2o("other", junction_field="one"),
    )
    assert found == [
        ("one-key", "many.text", "TEXT"),
        ("one-field", "many.text", "id"),
        ("sort-field", "many.text", "kind"),
        ("deselect-action", "many.text", "x"),
        ("one-allowed-collections", "many.item", "ghosts"),
        ("junction-field", "many.other", "one"),
    ]
