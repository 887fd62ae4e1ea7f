"""Relations are read from every accepted shape, printed as either, and refused with the place that is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from relgraph.errors import InvalidPayload
from relgraph.relation import ACTIONS, KeyActions, Relation, named_in

NAMES = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=8)
# a csv text cannot hold names with commas or blanks around them; the rules refuse to store such
LISTED = NAMES.filter(lambda name: "," not in name and name == name.strip())


@st.composite
def relations(draw: st.DrawFn) -> Relation:
    """Any relation of either kind, right or wrong, as storage or a caller may hold it."""
    many_to_one = draw(st.booleans())
    key = st.builds(KeyActions, st.one_of(st.just(""), NAMES), st.sampled_from(ACTIONS), st.sampled_from(ACTIONS))
    return Relation(
        draw(NAMES),
        draw(NAMES),
        one_collection=draw(NAMES) if many_to_one else None,
        one_field=draw(st.none() | NAMES),
        one_collection_field=draw(st.none() | NAMES),
        one_allowed_collections=draw(st.none() | st.lists(LISTED, max_size=3).map(tuple)),
        junction_field=draw(st.none() | NAMES),
        sort_field=draw(st.none() | NAMES),
        one_deselect_action=draw(NAMES),
        id=draw(st.none() | st.integers(1, 2**63 - 1)),
        foreign_key=draw(st.none() | key) if many_to_one else None,
    )


@given(relations())
def test_the_nested_shape_is_the_whole_relation(relation: Relation) -> None:
    """Reading what `to_nested` prints gives the relation again, its foreign key too."""
    assert Relation.from_mapping(relation.to_nested()) == relation


@given(relations())
def test_the_flat_shape_is_the_relation_without_its_key(relation: Relation) -> None:
    """Reading what `to_dict` prints gives the relation again but for the foreign key, which it does not speak of."""
    assert Relation.from_mapping(relation.to_dict()) == evolve(relation, foreign_key=None)


@given(relations())
def test_a_relation_named_again_is_no_change(relation: Relation) -> None:
    """What either shape names, put into the relation it came from, changes nothing."""
    assert relation.changed(named_in(relation.to_nested())) == relation
    assert relation.changed(named_in(relation.to_dict())) == relation
    assert relation.changed({}) == relation


SPELLINGS: tuple[dict[str, Any], ...] = (
    {"many_collection": "articles", "many_field": "author", "one_collection": "authors", "one_field": "articles"},
    {"collection_many": "articles", "field_many": "author", "collection_one": "authors", "field_one": "articles"},
    {"collection": "articles", "field": "author", "related_collection": "authors", "meta": {"one_field": "articles"}},
    {
        "collection": "articles",
        "field": "author",
        "related_collection": "authors",
        "one_field": "articles",
        "meta": None,
    },
    {
        "collection": "articles",
        "field": "author",
        "schema": {"foreign_key_table": "authors", "constraint_name": "any"},
        "meta": {"one_field": "articles", "many_collection": "articles", "one_allowed_collections": None},
    },
)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_all_spellings_mean_one_relation(spelling: dict[str, Any]) -> None:
    """Flat names, legacy names and the nested shape give the same value."""
    assert Relation.from_mapping(spelling) == Relation("articles", "author", "authors", "articles")


def test_allowed_collections_are_a_list_or_a_text() -> None:
    """A list, a csv text with blanks, and the empty forms of both."""
    given = ["a, b", "a,b", ["a", "b"], ("a", "b"), "", []]
    read = [named_in({"one_allowed_collections": names})["one_allowed_collections"] for names in given]
    assert read == [("a", "b")] * 4 + [()] * 2


def test_actions_are_taken_in_any_case() -> None:
    """The form kept is SQL's, in capitals."""
    relation = Relation.from_mapping({**SPELLINGS[0], "on_delete": "set  null", "on_update": "Cascade"})
    assert relation.foreign_key == KeyActions("", "SET NULL", "CASCADE")


def test_actions_of_null_are_not_named() -> None:
    """What an API prints for a key without actions does not take away those that are there."""
    assert named_in({"schema": {"on_delete": None, "on_update": None}, "on_delete": None}) == {}


def test_another_one_side_is_pointed_at_by_its_primary_key() -> None:
    """The column of the old one side means nothing on the new one; the actions stay."""
    relation = Relation("articles", "author", "authors", foreign_key=KeyActions("code", "CASCADE"))
    assert relation.changed({"one_collection": "people"}).foreign_key == KeyActions("", "CASCADE")
    assert relation.changed({"one_collection": "people", "to_field": "name"}).foreign_key == KeyActions(
        "name", "CASCADE"
    )
    assert relation.changed({"one_collection": None}).foreign_key is None


REFUSED: tuple[tuple[Any, str, str], ...] = (
    ([], "relation", "must be a mapping, not []"),
    (None, "relation", "must be a mapping, not None"),
    ({"many_collection": "a"}, "many_field", "a relation needs it; the nested shape calls it 'field'"),
    ({"field": "a"}, "many_collection", "the nested shape calls it 'collection'"),
    ({"collection": "a", "field": "b", "metta": {}}, "metta", "no such part; did you mean 'meta'?"),
    ({"meta": {"one_feild": "x"}}, "meta.one_feild", "did you mean 'one_field'"),
    ({"schema": {"onDelete": "CASCADE"}}, "schema.onDelete", "did you mean 'on_delete'"),
    ({7: 1}, "7", "no such part"),
    ({"meta": "one_field"}, "meta", "must be an object or null, not 'one_field'"),
    ({"schema": ["table"]}, "schema", "must be an object or null"),
    ({"collection": ""}, "collection", "must be a name, not ''"),
    ({"collection": None}, "collection", "must be a name, not None"),
    ({"collection": 3}, "collection", "must be a name, not 3"),
    ({"one_field": "a\0"}, "one_field", "must be a name"),
    ({"one_field": "\ud800"}, "one_field", "must be a name"),
    ({"meta": {"one_field": 42}}, "meta.one_field", "must be a name, not 42"),
    ({"related_collection": ""}, "related_collection", "must be a name"),
    ({"one_deselect_action": None}, "one_deselect_action", "must be a name, not None"),
    ({"one_allowed_collections": {"a": 1}}, "one_allowed_collections", "must be a list of collections"),
    ({"one_allowed_collections": ["a", 1]}, "one_allowed_collections[1]", "must be a name, not 1"),
    ({"one_allowed_collections": "a,,b"}, "one_allowed_collections", "must be a name, not ''"),
    ({"id": True}, "id", "must be a positive integer or null, not True"),
    ({"id": 0}, "id", "must be a positive integer"),
    ({"id": "1"}, "id", "must be a positive integer"),
    ({"id": 2**63}, "id", "must be a positive integer"),
    ({"schema": {"on_delete": "DESTROY"}}, "schema.on_delete", "one of NO ACTION, RESTRICT, SET NULL"),
    ({"on_update": 1}, "on_update", "there is no action 1"),
    (
        {"collection": "a", "meta": {"many_collection": "b"}},
        "meta.many_collection",
        "says 'b', but collection says 'a'",
    ),
    ({"many_field": "a", "field_many": "b"}, "field_many", "says 'b', but many_field says 'a'"),
    ({"on_delete": "CASCADE", "schema": {"on_delete": "RESTRICT"}}, "schema.on_delete", "but on_delete says 'CASCADE'"),
)


@pytest.mark.parametrize(("mapping", "where", "said"), REFUSED)
def test_what_is_no_relation_is_refused(mapping: Any, where: str, said: str) -> None:
    """The error names the place in the mapping, what is wrong there, and what would do."""
    with pytest.raises(InvalidPayload) as caught:
        Relation.from_mapping(mapping)
    assert (caught.value.code, caught.value.status, caught.value.where) == ("INVALID_PAYLOAD", 400, where)
    assert said in str(caught.value)
