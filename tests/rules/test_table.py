"""The rules of definitions, each with what it finds and what it lets pass."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from relgraph.linking import link
from relgraph.relation import FLAT_NAMES, KeyActions, Relation
from relgraph.rules import RULES, added_violations, violations
from relgraph.schema import Collection, Field, ForeignKey, Schema
from relgraph.values import FieldType


def collection(name: str, *fields: str, key: tuple[str, ...] = ("id",), **rest: Any) -> Collection:
    """Make a collection of fields spelled "name AFFINITY [unique|required|generated|default|null|<type>]..."."""
    made = {}
    for spelled in ("id INTEGER", *fields):
        field, affinity, *marks = spelled.split()
        made[field] = Field(
            name,
            field,
            next((each for each in FieldType if each.value in marks), FieldType.ANY),
            affinity=affinity,
            nullable="required" not in marks,
            unique="unique" in marks,
            generated="generated" in marks,
            default_sql="1" if "default" in marks else "NULL" if "null" in marks else None,
        )
    return Collection(name, made, key, **rest)


COLLECTIONS = (
    collection("authors", "name TEXT", "code TEXT unique", "rank INTEGER"),
    collection("tags", "id TEXT"),
    collection(
        "articles",
        "author INTEGER",
        "owner INTEGER required",
        "code TEXT",
        "bare BLOB",
        "made INTEGER generated",
        "kept INTEGER default",
        "place INTEGER",
        "title TEXT",
        "held INTEGER required null",
        "flag NUMERIC boolean",
        "note NUMERIC json",
        "day NUMERIC date",
        "sorted REAL generated",
    ),
    collection("articles_tags", "articles_id INTEGER", "tags_id TEXT", "sort INTEGER"),
    collection("pairs", "other INTEGER", key=("id", "other")),
    collection("sections", "item TEXT", "number INTEGER", "kind TEXT", "made TEXT generated", "count INTEGER"),
    collection("days", "id NUMERIC date"),
    collection("titles", "x INTEGER", view=True),
    collection("directus_fields", "field INTEGER", "x INTEGER"),
)
KEYS = (
    ForeignKey("authors", ("id",), "articles", ("id",)),
    ForeignKey("articles", ("kept",), "authors", ("id",)),
    ForeignKey("directus_fields", ("field",), "authors", ("id",)),
)
ANY = Relation(
    "sections",
    "item",
    one_collection_field="kind",
    one_allowed_collections=("authors", "tags"),
    junction_field=None,
    id=9,
)
ONE = Relation("articles", "author", "authors", id=9)
HALF = Relation("articles_tags", "articles_id", "articles", "tags", junction_field="tags_id", id=9)
OTHER_HALF = Relation("articles_tags", "tags_id", "tags", "articles", junction_field="articles_id", id=8)


ASKED = [rule for rule in RULES.values() if rule.slug != "key-declared"]  # most relations here have no key


def schema_of(*relations: Relation) -> Schema:
    """Give the collections with these relations."""
    return link(COLLECTIONS, relations, foreign_keys=KEYS, unreadable={"lost": "no such module: lost"})


def with_key(relation: Relation, *actions: str, to_field: str = "id") -> Relation:
    """Give a relation with a foreign key of these actions."""
    return evolve(relation, foreign_key=KeyActions(to_field, *actions))


SOUND: tuple[tuple[Relation, ...], ...] = (
    (ONE,),
    (ANY,),
    (HALF, OTHER_HALF),
    (evolve(ONE, one_field="written", sort_field="place", one_deselect_action="delete"),),
    (evolve(ONE, many_field="bare"),),
    (with_key(evolve(ONE, many_field="code"), to_field="code"),),
    (with_key(ONE, "SET NULL", "CASCADE"),),
    (with_key(evolve(ONE, many_field="kept"), "SET DEFAULT"),),
    (evolve(ONE, many_collection="authors", many_field="id", one_collection="articles", id=None),),
    (evolve(ONE, many_collection="pairs", many_field="other"),),
    (evolve(ANY, many_field="number", one_allowed_collections=("authors", "articles")),),
    (evolve(ONE, many_field="day", one_collection="days"),),
)


@pytest.mark.parametrize("relations", SOUND)
def test_sound_relations_break_no_rule(relations: tuple[Relation, ...]) -> None:
    """Relations of every kind, discovered ones beside stored ones, pass all rules, and every one is travelled."""
    schema = schema_of(*relations)
    assert violations(schema, [rule for rule in ASKED if rule.slug != "key-agrees"]) == ()
    assert not any(each.broken for each in schema)


BROKEN: tuple[tuple[str, Relation, Any, str], ...] = (
    (
        "many-collection",
        evolve(ONE, many_collection="artcles"),
        "artcles",
        "no collection 'artcles'; did you mean 'articles'",
    ),
    ("many-collection", evolve(ONE, many_collection="titles", many_field="x"), "titles", "is no table"),
    (
        "many-collection",
        evolve(ONE, many_collection="directus_fields", many_field="x"),
        "directus_fields",
        "definitions",
    ),
    ("many-collection", evolve(ONE, many_collection="relgraph_relations"), "relgraph_relations", "definitions"),
    ("many-field", evolve(ONE, many_field="auhtor"), "auhtor", "no field 'auhtor'; did you mean 'author'"),
    ("many-collection", evolve(ONE, many_collection="lost"), "lost", "lost cannot be read: no such module"),
    ("many-field", evolve(ONE, many_field="made"), "made", "articles.made is a generated column"),
    ("many-field-key", evolve(ONE, many_field="id"), "id", "articles.id is the primary key"),
    ("kind", evolve(ONE, one_collection_field="title"), "authors", "stands beside one_collection_field"),
    ("kind", evolve(ONE, one_allowed_collections=()), "authors", "stands beside one_allowed_collections"),
    ("kind", evolve(ONE, one_collection=None), None, "leads nowhere"),
    (
        "one-collection",
        evolve(ONE, one_collection="author"),
        "author",
        "no collection 'author'; did you mean 'authors'",
    ),
    ("one-collection", evolve(ONE, one_collection="titles"), "titles", "titles is no table"),
    ("one-key", evolve(ONE, one_collection="pairs"), ("id", "other"), "not one column, but id, other"),
    ("one-key", with_key(ONE, to_field="cod"), "cod", "authors has no field 'cod'; did you mean 'code'"),
    ("one-key", with_key(ONE, to_field="rank"), "rank", "authors.rank is neither the primary key nor UNIQUE"),
    ("one-key", evolve(ONE, many_field="title"), "TEXT", "articles.title (TEXT) cannot hold keys of authors"),
    ("one-key", evolve(ONE, one_collection="tags"), "INTEGER", "tags.id is TEXT"),
    ("one-key", evolve(ONE, many_field="flag"), "boolean", "articles.flag (boolean) cannot hold keys of authors"),
    ("one-key", evolve(ONE, many_field="note"), "json", "articles.note (json) cannot hold keys of authors"),
    ("one-key", evolve(ONE, many_field="day"), "date", "declare articles.day as INTEGER, as authors.id is"),
    ("one-key", evolve(ONE, one_collection="days"), "any", "articles.author (any) cannot hold keys of days"),
    ("one-field", evolve(ONE, one_field="NAME"), "NAME", "is a column of authors"),
    ("one-field", evolve(ONE, one_field="$x"), "$x", "cannot stand in a path: it starts with '$'"),
    ("one-field", evolve(ONE, one_field="*"), "*", "cannot stand in a path: it stands for all fields"),
    ("one-field", evolve(ONE, one_field="a.b"), "a.b", "cannot stand in a path: it contains '.'"),
    ("one-field", evolve(ANY, one_field="sections"), "sections", "has no collection to stand in"),
    ("one-collection-field", evolve(ANY, one_collection_field=None), None, "needs a one_collection_field"),
    ("one-collection-field", evolve(ANY, one_collection_field="item"), "item", "the field that holds the key"),
    ("one-collection-field", evolve(ANY, one_collection_field="kin"), "kin", "no field 'kin' to name the collection"),
    ("one-collection-field", evolve(ANY, one_collection_field="count"), "count", "no stored column of texts"),
    ("one-collection-field", evolve(ANY, one_collection_field="made"), "made", "no stored column of texts"),
    ("one-allowed-collections", evolve(ANY, one_allowed_collections=None), None, "is empty"),
    ("one-allowed-collections", evolve(ANY, one_allowed_collections=()), (), "is empty"),
    ("one-allowed-collections", evolve(ANY, one_allowed_collections=("tags", "tags")), "tags", "names 'tags' 2 times"),
    ("one-allowed-collections", evolve(ANY, one_allowed_collections=("tag",)), "tag", "did you mean 'tags'"),
    (
        "one-allowed-collections",
        evolve(ANY, one_allowed_collections=("pairs",)),
        "pairs",
        "key of pairs is not one column",
    ),
    ("one-allowed-collections", evolve(ANY, one_allowed_collections=("titles",)), "titles", "titles is no table"),
    ("one-allowed-collections", evolve(ANY, one_allowed_collections=("a,b",)), "a,b", "which cannot hold 'a,b'"),
    ("any-keys", evolve(ANY, many_field="number"), "number", "must be a text column"),
    ("any-keys", evolve(ANY, many_field="number", one_allowed_collections=("tags",)), "INTEGER", "tags.id is TEXT"),
    ("junction-field", evolve(HALF, junction_field="articles_id"), "articles_id", "the field of the relation itself"),
    ("junction-field", HALF, "tags_id", "is the field of no relation of articles_tags"),
    ("sort-field", evolve(ONE, sort_field="plac"), "plac", "no field 'plac' to sort by; did you mean 'place'"),
    ("sort-field", evolve(ONE, sort_field="title"), "title", "articles.title holds no numbers"),
    ("sort-field", evolve(ONE, sort_field="flag"), "flag", "articles.flag holds no numbers"),
    ("sort-field", evolve(ONE, sort_field="day"), "day", "articles.day holds no numbers"),
    ("sort-field", evolve(ONE, sort_field="sorted"), "sorted", "articles.sorted is a generated column"),
    ("sort-field", evolve(ONE, sort_field="id"), "id", "is a key"),
    ("sort-field", evolve(ONE, sort_field="author"), "author", "is a key"),
    ("sort-field", evolve(ONE, sort_field="kept"), "kept", "is a key"),
    ("deselect-action", evolve(ONE, one_deselect_action="forget"), "forget", "not 'nullify' or 'delete'"),
    ("deselect-nullify", evolve(ONE, many_field="owner", one_field="owned"), "nullify", "articles.owner is NOT NULL"),
    ("actions", with_key(evolve(ONE, many_field="owner"), "SET NULL"), "SET NULL", "on_delete is SET NULL, but"),
    ("actions", with_key(ONE, "CASCADE", "SET DEFAULT"), "SET DEFAULT", "on_update is SET DEFAULT, but"),
    ("actions", with_key(evolve(ONE, many_field="held"), "SET DEFAULT"), "SET DEFAULT", "articles.held is NOT NULL"),
    (
        "key-agrees",
        evolve(ONE, many_field="kept", one_collection="articles"),
        "authors",
        "but the relation at articles",
    ),
)


@pytest.mark.parametrize(("slug", "relation", "value", "said"), BROKEN)
def test_each_rule_finds_what_breaks_it(slug: str, relation: Relation, value: Any, said: str) -> None:
    """One thing is wrong, one rule says so: which relation, which part of it, the value, and what would work."""
    (found,) = violations(schema_of(relation), ASKED)
    assert (found.rule, found.where, found.relation, found.value) == (slug, relation.name, relation.name, value)
    assert said in str(found)
    assert found.hint
    assert found.field in {*FLAT_NAMES, "to_field", "on_delete", "on_update"}
    assert (found.code, found.status) == ("INVALID_PAYLOAD", 400)


def test_a_key_that_nothing_declares_is_warned_of() -> None:
    """A stored m2o relation without a foreign key is no error, but nothing keeps its keys right."""
    (found,) = violations(schema_of(ONE))
    assert (found.rule, RULES[found.rule].severity, found.where) == ("key-declared", "warning", "articles.author")
    assert violations(schema_of(evolve(ONE, many_field="kept"))) == ()
    assert violations(schema_of(evolve(ONE, id=None))) == ()


def test_a_field_that_names_a_collection_holds_no_key() -> None:
    """A field that holds keys of another relation, or is the primary key, cannot name collections as well."""
    other = Relation("sections", "kind", "tags", id=2)
    found = violations(schema_of(ANY, other), ASKED)
    assert [(each.rule, each.where, each.value) for each in found] == [
        ("one-collection-field", "sections.item", "kind")
    ]
    assert "there are: item, kind" in found[0].hint


def test_an_alias_is_no_field() -> None:
    """A name that leads over another relation stores nothing, so no relation can be put on it."""
    first = evolve(ONE, one_field="written")
    found = violations(schema_of(first, Relation("authors", "written", "articles")), ASKED)
    assert [(each.rule, each.problem) for each in found] == [
        ("many-field", "authors.written is an alias, which stores nothing")
    ]


def test_a_field_has_one_relation() -> None:
    """Two relations on one field are both at fault."""
    found = violations(schema_of(ONE, evolve(ANY, many_collection="articles", many_field="author", id=10)))
    assert {(each.rule, each.where) for each in found} >= {("one-per-field", "articles.author")}
    assert len([each for each in found if each.rule == "one-per-field"]) == 2


def test_an_alias_belongs_to_one_relation() -> None:
    """Two stored relations cannot share an alias, whatever its case; both are named."""
    found = violations(
        schema_of(evolve(ONE, one_field="items"), Relation("sections", "number", "authors", "ITEMS", id=3)), ASKED
    )
    assert [(each.rule, each.where) for each in found] == [
        ("one-field-free", "articles.author"),
        ("one-field-free", "sections.number"),
    ]


@pytest.mark.parametrize("back", [None, "sort"])
def test_junction_halves_name_each_other(back: str | None) -> None:
    """A half that names the other is at fault while that one does not name it back."""
    found = violations(schema_of(HALF, evolve(OTHER_HALF, junction_field=back)), [RULES["junction-field"]])
    assert ("articles_tags.articles_id", "tags_id") in [(each.where, each.value) for each in found]
    assert "does not lead back" in str(found[0])


def test_only_new_violations_count() -> None:
    """What was wrong before is not held against a change; what the change adds is, warnings aside."""
    before = schema_of(evolve(ONE, one_deselect_action="forget"))
    worse = schema_of(evolve(ONE, one_deselect_action="forget", sort_field="title"))
    warned = schema_of(evolve(ONE, one_deselect_action="forget"), evolve(ONE, many_field="owner", one_field="x", id=2))
    assert added_violations(before, before) == ()
    assert added_violations(before, warned) == ()
    assert [each.rule for each in added_violations(before, worse)] == ["sort-field"]


def test_every_rule_says_what_holds() -> None:
    """The table is complete: unique slugs, a severity, a sentence."""
    assert [rule.slug for rule in RULES.values()] == list(RULES)
    assert {rule.severity for rule in RULES.values()} == {"error", "warning"}
    assert all(rule.sentence.endswith(".") for rule in RULES.values())


NAMES = st.sampled_from(("authors", "articles", "tags", "sections", "pairs", "titles", "nowhere"))
FIELDS = st.sampled_from(
    ("id", "author", "owner", "title", "made", "bare", "item", "number", "kind", "name", "none", "_x")
)


@given(
    st.lists(
        st.builds(
            Relation,
            NAMES,
            FIELDS,
            st.none() | NAMES,
            st.none() | FIELDS,
            one_collection_field=st.none() | FIELDS,
            one_allowed_collections=st.none() | st.lists(NAMES, max_size=2).map(tuple),
            sort_field=st.none() | FIELDS,
            id=st.integers(1, 9),
        ),
        max_size=4,
    )
)
def test_what_cannot_be_travelled_breaks_a_rule(relations: list[Relation]) -> None:
    """A relation that is left out of traversal is reported by some rule: nothing is skipped in silence."""
    schema = schema_of(*(evolve(relation, id=index + 1) for index, relation in enumerate(relations)))
    left_out = {
        (collection.name, name)
        for collection in schema
        for name in collection.broken
        for relation in schema.relations
        if (collection.name, name) == (relation.many_collection, relation.many_field)
    }
    reported = {tuple(each.where.split(".")) for each in violations(schema)}
    assert left_out <= reported
