"""Schema: sound relations become hops, the others say in words why they cannot be travelled."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relgraph.linking import link
from relgraph.relation import KeyActions, Relation
from relgraph.schema import Collection, Field, Guard, Hop, Schema, folded, key_form
from relgraph.values import FieldType


def collection(name: str, *columns: str, key: tuple[str, ...] = ("id",), **more: Any) -> Collection:
    """Give a collection of columns spelled "name", or "name AFFINITY", or "name AFFINITY COLLATION"."""
    fields = {}
    for column in columns:
        field, affinity, collation = [*column.split(), *("", "INTEGER", "BINARY")[len(column.split()) :]]
        fields[field] = Field(name, field, FieldType.ANY, affinity=affinity, collation=collation)
    return Collection(name, fields, key, **more)


AUTHORS = collection("authors", "id", "name TEXT", "email TEXT", "rank INTEGER")
ARTICLES = collection("articles", "id", "author", "title TEXT", "position", "loose BLOB")


def linked(*relations: Relation, more: tuple[Collection, ...] = ()) -> Schema:
    return link([AUTHORS, ARTICLES, *more], relations)


def why(schema: Schema, place: str) -> str | None:
    """Give why a relation cannot be travelled, and see that it is no hop."""
    name, field = place.split(".")
    assert field not in schema.collections[name].hops
    return schema.collections[name].broken.get(field)


# --- hops ------------------------------------------------------------------------------------------------------------


def test_a_relation_is_a_hop_there_and_one_back() -> None:
    """m2o under its column, o2m under one_field, in the relation's own order."""
    relation = Relation("articles", "author", "authors", "articles", sort_field="position")
    schema = linked(relation)
    assert schema.collections["articles"].hops == {
        "author": Hop("author", relation, "articles", "author", "authors", "id", many=False)
    }
    assert schema.collections["authors"].hops == {
        "articles": Hop("articles", relation, "authors", "id", "articles", "author", many=True, sort_field="position")
    }
    assert schema.collections["authors"].order == ("id", "name", "email", "rank", "articles")
    assert schema.collections["authors"].relation_names == ("articles",)
    assert all(not each.broken for each in schema)


def test_without_one_field_only_the_way_there_is_open() -> None:
    """There is no name for the way back; $FOLLOW goes it."""
    schema = linked(Relation("articles", "author", "authors"))
    assert schema.collections["authors"].hops == {}
    hop = schema.follow("authors", "articles", "author")
    assert hop is not None
    assert (str(hop), hop.far, hop.far_field, hop.many) == (
        "authors.$FOLLOW(articles,author)",
        "articles",
        "author",
        True,
    )


def test_a_foreign_key_to_a_unique_column_leads_by_that_column() -> None:
    """The key it names is what is compared, not the primary key."""
    unique = Collection(
        "users",
        {
            "id": Field("users", "id", FieldType.INTEGER, affinity="INTEGER"),
            "mail": Field("users", "mail", FieldType.TEXT, affinity="TEXT", unique=True),
        },
        ("id",),
    )
    schema = linked(Relation("articles", "title", "users", "texts", foreign_key=KeyActions("mail")), more=(unique,))
    assert schema.collections["articles"].hops["title"].far_field == "mail"
    assert schema.collections["users"].hops["texts"].near_field == "mail"


def test_a_given_order_keeps_what_leads_somewhere() -> None:
    """Aliases without a relation are left out; a relation that the order does not name is a hop all the same."""
    people = collection("people", "id", "name", order=("id", "name", "lost", "pets"))
    pets = collection("pets", "id", "owner", "sitter")
    schema = link(
        [people, pets], [Relation("pets", "sitter", "people", "sat"), Relation("pets", "owner", "people", "pets")]
    )
    assert schema.collections["people"].order == ("id", "name", "pets")
    assert list(schema.collections["people"].hops) == ["pets", "sat"]
    assert schema.collections["people"].names == ("id", "name", "pets", "sat")


def test_a_tree_has_both_ways_in_one_collection() -> None:
    """A relation of a collection to itself."""
    tree = collection("tree", "id", "parent")
    hops = link([tree], [Relation("tree", "parent", "tree", "children")]).collections["tree"].hops
    assert {name: (hop.far, hop.many) for name, hop in hops.items()} == {
        "parent": ("tree", False),
        "children": ("tree", True),
    }


# --- any-to-many -----------------------------------------------------------------------------------------------------

HEADINGS = collection("headings", "id")
PAIRS = collection("pairs", "a", "b", key=("a", "b"))
SECTIONS = collection("sections", "id", "item TEXT", "kind TEXT", "page")
ITEM = Relation("sections", "item", one_collection_field="kind", one_allowed_collections=("headings", "authors"))


def test_an_any_to_many_field_has_a_hop_for_each_allowed_collection() -> None:
    """Guarded by the collection column, keys compared as text, in the order of the definition."""
    any_hop = linked(ITEM, more=(HEADINGS, SECTIONS)).collections["sections"].any_hops["item"]
    assert (any_hop.collection_field, list(any_hop.hops)) == ("kind", ["headings", "authors"])
    hop = any_hop.hops["headings"]
    assert (hop.name, hop.far_field, hop.many, hop.guard) == ("item:headings", "id", False, Guard("kind", "headings"))
    assert hop.form is not None
    assert hop.form(7) == hop.form("7") == "7"


def test_scopes_that_lead_nowhere_say_why() -> None:
    """The others of the same field can be travelled."""
    relation = Relation(
        "sections", "item", one_collection_field="kind", one_allowed_collections=("nowhere", "pairs", "headings")
    )
    sections = linked(relation, more=(HEADINGS, PAIRS, SECTIONS)).collections["sections"]
    assert list(sections.any_hops["item"].hops) == ["headings"]
    assert sections.broken == {
        "item:nowhere": "there is no collection 'nowhere'",
        "item:pairs": "the key of pairs is not one column",
    }


def test_a_scope_that_is_not_allowed_can_be_asked_for() -> None:
    """A filter may look for items that should not be there; a collection without a key column has no scope."""
    schema = linked(ITEM, more=(HEADINGS, SECTIONS, PAIRS))
    any_hop = schema.collections["sections"].any_hops["item"]
    hop = schema.scope(any_hop, "articles")
    assert hop is not None
    assert (hop.name, hop.far, hop.guard) == ("item:articles", "articles", Guard("kind", "articles"))
    assert schema.scope(any_hop, "headings") is any_hop.hops["headings"]
    assert [schema.scope(any_hop, name) for name in ("pairs", "nowhere")] == [None, None]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"one_collection_field": None},
            "it names neither a related collection nor a collection field; it must be m2o or m2a",
        ),
        ({"one_collection_field": "nope"}, "its collection field 'nope' is no field of sections"),
        ({"one_collection_field": "item"}, "its collection field is the field of the relation itself"),
        ({"one_allowed_collections": None}, "it allows no collections"),
        ({"one_field": "sections"}, "an any-to-many relation has no one_field"),
        (
            {"one_collection": "headings"},
            "it names both a related collection and a collection field; it must be m2o or m2a, not both",
        ),
    ],
)
def test_a_broken_any_to_many_relation_says_why(change: dict[str, Any], reason: str) -> None:
    """One reason for each basic rule; the field is no hop of any kind."""
    plain = {"one_collection_field": "kind", "one_allowed_collections": ("headings",)}
    schema = linked(Relation("sections", "item", **{**plain, **change}), more=(HEADINGS, SECTIONS))
    assert schema.collections["sections"].any_hops == {}
    assert why(schema, "sections.item") == reason


# --- broken relations ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("relation", "reason"),
    [
        (Relation("articles", "nope", "authors"), "articles has no field 'nope'"),
        (Relation("articles", "author", "nowhere"), "there is no collection 'nowhere'"),
        (Relation("articles", "author", "pairs"), "the key of pairs is not one column"),
        (Relation("articles", "author", "keyless"), "the key of keyless is not one column"),
        (Relation("articles", "title", "authors"), "articles.title holds TEXT, but authors.id holds INTEGER"),
        (
            Relation("articles", "author", "authors", foreign_key=KeyActions("nope")),
            "authors has no field 'nope'",
        ),
        (
            Relation("articles", "author", "authors", foreign_key=KeyActions("rank")),
            "authors.rank is neither the primary key nor UNIQUE",
        ),
        (Relation("articles", "author", "authors", sort_field="nope"), "its sort field 'nope' is no field of articles"),
        (Relation("articles", "author", "authors", "name"), "its one_field 'name' is a column of authors"),
        (Relation("articles", "author", "authors", "NAME"), "its one_field 'NAME' is a column of authors"),
        (
            Relation("articles", "author", "authors", "a.b"),
            "its one_field 'a.b' cannot stand in a path: it contains '.'",
        ),
        (
            Relation("articles", "author", "authors", "f(x"),
            "its one_field 'f(x' cannot stand in a path: it contains '('",
        ),
        (
            Relation("articles", "author", "authors", "_a"),
            "its one_field '_a' cannot stand in a path: it starts with '_'",
        ),
        (Relation("articles", "author", "authors", ""), "its one_field '' cannot stand in a path: it is empty"),
    ],
)
def test_a_broken_relation_says_why(relation: Relation, reason: str) -> None:
    """On the many side under its field, on the one side under its alias; it stays in `relations`."""
    more = (collection("pairs", "a", "b", key=("a", "b")), collection("keyless", "a", key=()))
    schema = linked(relation, more=more)
    assert why(schema, relation.name) == reason
    if relation.one_field is not None:
        assert schema.collections["authors"].broken[relation.one_field] == reason
        assert relation.one_field not in schema.collections["authors"].hops
    assert schema.relations == (relation,)


def test_a_relation_of_a_lost_collection_is_told_on_the_one_side() -> None:
    """The many side is not there to tell it."""
    assert (
        why(linked(Relation("gone", "author", "authors", "works")), "authors.works") == "there is no collection 'gone'"
    )


def test_an_alias_belongs_to_one_relation() -> None:
    """Two relations with the same one_field: neither can be travelled, as no one could say which is meant."""
    schema = linked(
        Relation("articles", "author", "authors", "works"), Relation("articles", "position", "authors", "works")
    )
    assert [why(schema, place) for place in ("articles.author", "articles.position", "authors.works")] == [
        "its one_field 'works' belongs to several relations to authors"
    ] * 3


def test_a_field_has_one_relation() -> None:
    """The first is travelled; the second, a row that disagrees with the foreign key, is told on its one side."""
    schema = linked(
        Relation("articles", "author", "authors", foreign_key=KeyActions("id")),
        Relation("articles", "author", "headings", "articles", id=3),
        more=(HEADINGS,),
    )
    assert schema.collections["articles"].hops["author"].far == "authors"
    assert why(schema, "headings.articles") == "articles.author has another relation already"


def test_a_view_is_neither_side() -> None:
    """Its columns are not stored, and it has no key."""
    recent = collection("recent", "id", "author", key=(), view=True)
    schema = linked(
        Relation("recent", "author", "authors", "recent"), Relation("articles", "author", "recent"), more=(recent,)
    )
    assert why(schema, "recent.author") == "recent is a view, whose columns are not stored"
    assert why(schema, "articles.author") == "the key of recent is not one column"


# --- $FOLLOW ---------------------------------------------------------------------------------------------------------


def test_follow_goes_a_relation_backwards() -> None:
    """Whether or not the way back has a name."""
    schema = linked(Relation("articles", "author", "authors", "articles", sort_field="position"))
    followed = schema.follow("authors", "articles", "author")
    assert followed is not None
    named = schema.collections["authors"].hops["articles"]
    assert (followed.near_field, followed.far, followed.far_field, followed.sort_field) == (
        named.near_field,
        named.far,
        named.far_field,
        named.sort_field,
    )


def test_follow_goes_an_any_to_many_field_backwards() -> None:
    """The collection column is then on the far side."""
    schema = linked(ITEM, more=(HEADINGS, SECTIONS))
    hop = schema.follow("headings", "sections", "item", "kind")
    assert hop is not None
    assert (hop.name, hop.far, hop.many) == ("$FOLLOW(sections,item,kind)", "sections", True)
    assert hop.guard == Guard("kind", "headings", far=True)
    assert hop.form is not None


@pytest.mark.parametrize(
    "asked",
    [
        ("authors", "nowhere", "author"),
        ("authors", "articles", "nope"),
        ("authors", "articles", "title"),
        ("headings", "articles", "author"),
        ("authors", "authors", "articles"),
        ("headings", "sections", "item"),
        ("headings", "sections", "item", "nope"),
        ("articles", "sections", "item", "kind"),
        ("authors", "articles", "author", "kind"),
    ],
)
def test_follow_needs_a_relation(asked: tuple[str, ...]) -> None:
    """Unknown names, another target, a way that is to-many itself, a wrong collection field: no hop."""
    schema = linked(Relation("articles", "author", "authors", "articles"), ITEM, more=(HEADINGS, SECTIONS))
    assert schema.follow(*asked) is None


# --- keys ------------------------------------------------------------------------------------------------------------

KEYS = st.one_of(
    st.none(), st.integers(-5, 5), st.sampled_from(["a", "A", "a ", "ä", "Ä", "5", "05", " 5", "5.0", "", "-1"])
)


@pytest.mark.parametrize("near", ["TEXT", "INTEGER", "NUMERIC", "REAL", "BLOB"])
@pytest.mark.parametrize("far", ["TEXT", "INTEGER", "NUMERIC", "REAL", "BLOB"])
@pytest.mark.parametrize("collation", ["BINARY", "NOCASE", "RTRIM"])
@settings(max_examples=20)
@given(left=KEYS, right=KEYS)
def test_keys_are_the_same_when_sqlite_says_so(near: str, far: str, collation: str, left: Any, right: Any) -> None:
    """`form` in Python and the comparison of two columns in SQL agree, for every pair of affinities that is linked."""
    many = collection("many", f"key {near}")
    one = collection("one", f"id {far} {collation}")
    hop = link([many, one], [Relation("many", "key", "one")]).collections["many"].hops.get("key")
    if hop is None:
        assert "TEXT" in {near, far}
        assert {near, far} & {"INTEGER", "NUMERIC", "REAL"}
        return
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE TABLE many (key {near})")
    connection.execute(f"CREATE TABLE one (id {far} COLLATE {collation})")
    connection.execute("INSERT INTO many VALUES (?)", (left,))
    connection.execute("INSERT INTO one VALUES (?)", (right,))
    sql = "SELECT many.key, one.id, one.id = many.key FROM many, one"
    held, key, same = connection.execute(sql).fetchone()
    connection.close()
    form = hop.form or (lambda value: value)
    assert (None if held is None or key is None else form(held) == form(key)) == (None if same is None else bool(same))


@pytest.mark.parametrize("collation", ["BINARY", "NOCASE", "RTRIM", "german"])
def test_no_form_where_values_are_compared_as_stored(collation: str) -> None:
    """Only where something has to be done is there a function to do it; other collations SQLite alone knows."""
    assert (key_form("stored", collation) is None) == (collation in ("BINARY", "german"))


@given(st.text(max_size=5), st.text(max_size=5))
def test_names_are_told_apart_as_sqlite_does(left: str, right: str) -> None:
    """Only the case of ASCII letters does not count."""
    same = folded(left) == folded(right)
    connection = sqlite3.connect(":memory:")
    (found,) = connection.execute("SELECT ? = ? COLLATE NOCASE", (left, right)).fetchone()
    connection.close()
    assert same == bool(found)
