"""Items: what the face of a collection says of wrong keys, scopes and users."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from relgraph import Param, RelationRegistry, RelgraphError, evaluate, matches
from relgraph.errors import InvalidQuery, UnknownOperator
from relgraph.query.parse import parse


@pytest.fixture
def registry() -> Iterator[RelationRegistry]:
    """A registry with a single key, a composite key, none, and an any-to-many field."""
    with RelationRegistry(":memory:") as opened:
        opened.connection.executescript(
            """
            CREATE TABLE tags (id INTEGER PRIMARY KEY);
            CREATE TABLE pairs (a INTEGER, b INTEGER, PRIMARY KEY (a, b));
            CREATE TABLE heap (n INTEGER);
            CREATE TABLE notes (id INTEGER PRIMARY KEY, item TEXT, kind TEXT);
            """
        )
        opened.create(
            {
                "many_collection": "notes",
                "many_field": "item",
                "one_collection_field": "kind",
                "one_allowed_collections": ["tags"],
            }
        )
        yield opened


@pytest.mark.parametrize(
    ("collection", "key", "code"),
    [
        ("tags", [1], "INVALID_PAYLOAD"),
        ("tags", [1, 2], "INVALID_PAYLOAD"),
        ("tags", [], "INVALID_PAYLOAD"),
        ("pairs", 1, "FORBIDDEN"),
        ("pairs", [1], "FORBIDDEN"),
        ("pairs", [1, 2, 3], "FORBIDDEN"),
        ("heap", 1, "INVALID_QUERY"),
    ],
)
def test_a_key_of_the_wrong_form_is_named(registry: RelationRegistry, collection: str, key: Any, code: str) -> None:
    """A key with too many or too few parts is refused, and the message shows the key as it was given."""
    with pytest.raises(RelgraphError) as caught:
        registry.items(collection).get(key)
    assert caught.value.code == code
    assert "Param" not in str(caught.value)


def test_a_scope_that_is_not_allowed_is_said_to_be_that(registry: RelationRegistry) -> None:
    """A collection that is there but not allowed in an any-to-many field is not said to be missing."""
    with pytest.raises(RelgraphError, match="pairs is not allowed in item; allowed: tags") as caught:
        registry.items("notes").read(fields="item:pairs.a")
    assert caught.value.status == 403


@pytest.mark.parametrize("key", ["_foo", "_not", "_regex", "_ieq", "_all", "__proto__", "_", "_ID"])
@pytest.mark.parametrize("place", [lambda key: {key: 1}, lambda key: {"_id": {key: 1}}, lambda key: {"way": {key: {}}}])
def test_what_is_no_operator_and_no_field_is_refused(place: Callable[[str], Any], key: str) -> None:
    """A key with an underscore that is no name of the collection is a wrong operator, before any unknown name."""
    with RelationRegistry(":memory:") as registry:
        registry.connection.execute("CREATE TABLE odd (_id INTEGER PRIMARY KEY, way INTEGER REFERENCES odd)")
        with pytest.raises(UnknownOperator) as caught:
            registry.items("odd").read(filter={"_and": [{"nope": 1}, place(key)]})
        assert (caught.value.code, caught.value.where.split(".")[-1]) == ("INVALID_QUERY", key)


def test_fields_with_an_underscore_in_front() -> None:
    """Such fields, and relations, can stand in a filter like any other, in both evaluators and in a URL."""
    with RelationRegistry(":memory:") as registry:
        registry.connection.executescript(
            """
            CREATE TABLE odd (_id INTEGER PRIMARY KEY, _way INTEGER REFERENCES odd, _some_n INTEGER);
            INSERT INTO odd VALUES (1, NULL, 5), (2, 1, 6), (3, 1, 7);
            """
        )
        rows = [{"_id": 1, "_way": None, "_some_n": 5}, {"_id": 2, "_way": 1, "_some_n": 6}]
        rows.append({"_id": 3, "_way": 1, "_some_n": 7})
        for condition, keys in (
            ({"_id": {"_gt": 1}}, [2, 3]),
            ({"_id": 3}, [3]),
            ({"_way": {"_id": {"_eq": 1}, "_some_n": {"_lt": 6}}}, [2, 3]),
            ({"odd": {"_some": {"_some_n": 7}}}, [1]),
        ):
            query = parse(fields=[], filter=condition)
            assert registry.items("odd").read(query.to_url()).data == keys
            assert evaluate(query, {"odd": rows}, registry.schema, collection="odd").data == keys


def test_a_bare_any_to_many_key_is_the_key_it_spells(registry: RelationRegistry) -> None:
    """`matches` takes the text of an any-to-many field for the key of the collection that stands beside it."""
    schema = registry.schema
    for item, truth in (("7", True), ("8", False), ("07", False)):
        note = {"id": 1, "kind": "tags", "item": item}
        assert matches({"item:tags": {"id": {"_eq": 7}}}, note, schema, collection="notes") is truth


def test_wildcards_leave_out_relations_without_keys() -> None:
    """A wildcard that does not lead back leaves out what it could only show by keys that are not there."""
    with RelationRegistry(":memory:") as registry:
        registry.connection.executescript(
            """
            CREATE TABLE heap (tag TEXT UNIQUE, parent TEXT REFERENCES heap(tag));
            INSERT INTO heap VALUES ('a', NULL), ('b', 'a');
            """
        )
        found = registry.items("heap").read(fields=["heap.*.*"], backlink=False, filter={"tag": "a"})
        assert found.data == [{"heap": [{"tag": "b", "parent": "a"}]}]


def test_a_view_of_a_registry_needs_an_access(registry: RelationRegistry) -> None:
    """What is no Access is refused at once, not at the first question."""
    with pytest.raises(RelgraphError, match="Access"):
        registry.with_access(None)  # type: ignore[arg-type]  # the point of the test


def test_a_prepared_query_takes_its_own_parameters_only(registry: RelationRegistry) -> None:
    """A value for a parameter that the query does not have is refused, and those it has are named."""
    registry.connection.execute("INSERT INTO tags VALUES (1), (2), (3)")
    either = {"_or": [{"id": {"_in": [Param("one"), 3]}}, {"_and": [{"id": {"_gt": Param("least")}}]}]}
    prepared = registry.items("tags").prepare(filter=either, fields=[], limit=Param("most"))
    assert prepared(one=1, least=2, most=5).data == [1, 3]
    with pytest.raises(InvalidQuery, match="no parameter of this name; those it has: least, most, one") as caught:
        prepared(one=1, least=2, most=5, last=3)
    assert caught.value.where == "last"


def test_pages_by_number_share_what_was_made_ready() -> None:
    """However many pages are turned, by offset or page, two forms are made of each: the first page and the others."""
    with RelationRegistry() as registry:
        registry.connection.execute("CREATE TABLE numbers (n INTEGER PRIMARY KEY)")
        registry.connection.executemany("INSERT INTO numbers VALUES (?)", [(n,) for n in range(100)])
        items = registry.items("numbers")
        for page in (1, 2, 3, 10, 11, 2):
            owed = [n for n in range(100) if (page - 1) * 10 <= n < page * 10]
            assert items.read({"fields": [], "limit": 10, "page": page}).data == owed
            assert items.read({"fields": [], "limit": 10, "offset": page * 10 - 10}).data == owed
            assert items.read(fields=[], limit=10, offset=page * 10 - 10).data == owed
        assert len(registry.readers.readers) == 6
