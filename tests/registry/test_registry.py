"""The registry answers: relations found and listed, items, settings, a schema that is always fresh."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relgraph import Limits, RelationRegistry
from relgraph.errors import (
    CannotOpen,
    DatabaseCorrupt,
    DatabaseReadOnly,
    InvalidPayload,
    InvalidQuery,
    NotARelation,
    RegistryClosed,
    RelationNotFound,
    RelgraphError,
    UnknownCollection,
    UnknownField,
    UnknownParameter,
    WrongThread,
)
from tests.registry.shop import ANY, AUTHOR, HALVES
from tests.whole_database import contents

# --- get, find, in_collection ----------------------------------------------------------------------------------------


def test_iteration_and_length(registry: RelationRegistry) -> None:
    """All relations, discovered ones included, unless discovering is switched off."""
    registry.create(AUTHOR)
    assert len(registry) == 2
    assert {relation.name for relation in registry} == {"articles.author", "articles.reviewer"}
    with RelationRegistry(registry.connection, discover=False) as other:
        assert [relation.name for relation in other] == ["articles.author"]


@pytest.mark.parametrize("id", [7, 0, -1, None, True, "1", 1.0, [1], {}])
def test_an_unknown_id_is_not_found(registry: RelationRegistry, id: Any) -> None:
    """Ids that are none, also of a wrong type, are 404 in every call."""
    registry.create(AUTHOR)
    calls: list[Callable[[], object]] = [
        lambda: registry.get(id),
        lambda: registry.update(id, {"one_field": None}),
        lambda: registry.delete([id]),
    ]
    for call in calls:
        with pytest.raises(RelationNotFound) as caught:
            call()
        assert (caught.value.code, caught.value.status) == ("NOT_FOUND", 404)
        assert "stored ids: 1" in str(caught.value)


def test_find_names_the_many_side(registry: RelationRegistry) -> None:
    """A field without relation, an alias and unknown names are 403, with a hint."""
    registry.create(AUTHOR)
    assert registry.find("articles", "author").id == 1
    with pytest.raises(UnknownCollection, match="did you mean 'articles'"):
        registry.find("artcles", "author")
    with pytest.raises(UnknownField, match="did you mean 'author'"):
        registry.find("articles", "auhtor")
    for collection, field in (("articles", "title"), ("authors", "articles")):
        with pytest.raises(NotARelation) as caught:
            registry.find(collection, field)
        assert (caught.value.code, caught.value.status) == ("FORBIDDEN", 403)


def test_in_collection_gives_one_side_or_both(registry: RelationRegistry) -> None:
    """By default the many side counts; touching counts the one side and allowed collections too."""
    registry.create([AUTHOR, ANY])
    assert {relation.name for relation in registry.in_collection("articles")} == {
        "articles.author",
        "articles.reviewer",
    }
    assert registry.in_collection("authors") == ()
    assert {relation.name for relation in registry.in_collection("authors", touching=True)} == {
        "articles.author",
        "articles.reviewer",
        "sections.item",
    }
    with pytest.raises(UnknownCollection):
        registry.in_collection("nope")


# --- list ------------------------------------------------------------------------------------------------------------


def listed(registry: RelationRegistry, **parameters: Any) -> list[Any]:
    """Give the fields of the relations that a query finds."""
    found = registry.list(fields=["many_collection", "many_field"], **parameters).data
    return [f"{each['many_collection']}.{each['many_field']}" for each in found]


def test_list_gives_flat_objects(registry: RelationRegistry) -> None:
    """Without a query, all relations as flat dicts."""
    registry.create([AUTHOR, ANY])
    assert sorted(registry.list(), key=repr) == sorted((relation.to_dict() for relation in registry), key=repr)
    (any_,) = registry.list(filter={"many_collection": "sections"})
    assert any_["one_allowed_collections"] == "tags,authors"


def test_list_takes_every_query_parameter(registry: RelationRegistry) -> None:
    """fields, filter, search, sort, limit, offset, page and meta mean what they mean for items."""
    registry.create([AUTHOR, *HALVES, ANY])
    names = [
        "articles.author",
        "articles.reviewer",
        "articles_tags.articles_id",
        "articles_tags.tags_id",
        "sections.item",
    ]
    by_name = {"sort": ["many_collection", "many_field"]}
    assert listed(registry, **by_name) == names
    assert listed(registry, sort="-many_collection,-many_field") == names[::-1]
    assert listed(registry, **by_name, limit=2, offset=1) == names[1:3]
    assert listed(registry, **by_name, limit=2, page=2) == names[2:4]
    assert listed(registry, **by_name, filter={"one_collection": {"_null": True}}) == ["sections.item"]
    assert listed(registry, **by_name, filter={"id": {"_nnull": True}, "sort_field": "place"}) == [names[2]]
    assert listed(registry, **by_name, search="ARTICLES_ID") == names[2:4]
    assert registry.list("fields=id&sort=-id&limit=1&meta=*").meta == {"total_count": 5, "filter_count": 5}
    assert registry.list(aggregate={"count": "id"}) == [{"count": {"id": 4}}]


def test_list_in_random_order(registry: RelationRegistry) -> None:
    """A sort of "?" gives each relation once, in an order that changes."""
    registry.create([AUTHOR, *HALVES, ANY])
    orders = [listed(registry, sort="?") for _ in range(60)]
    assert len({tuple(order) for order in orders}) > 1
    assert {tuple(sorted(order)) for order in orders} == {tuple(sorted(orders[0]))}
    assert len(listed(registry, sort=["?", "id"], limit=2)) == 2


def test_list_refuses_what_items_refuse(registry: RelationRegistry) -> None:
    """Unknown fields, operators and keywords, and wrong limits."""
    for query, error in (
        ({"fields": ["nope"]}, UnknownField),
        ({"filter": {"many_fild": "x"}}, UnknownField),
        ({"limit": -2}, InvalidQuery),
    ):
        with pytest.raises(error):
            registry.list(query)
    with pytest.raises(UnknownParameter):
        registry.list(filtre={})


# --- items, settings, life -------------------------------------------------------------------------------------------


def test_items_of_an_unknown_collection(registry: RelationRegistry, project: RelationRegistry) -> None:
    """Unknown names are 403 with a hint; a Directus system collection is no root; a broken view says why."""
    with pytest.raises(UnknownCollection, match="did you mean 'articles'"):
        registry.items("artcles")
    with pytest.raises(UnknownCollection) as caught:
        project.items("directus_users")
    assert (caught.value.code, caught.value.status) == ("FORBIDDEN", 403)
    assert "directus_users" not in caught.value.known
    registry.connection.execute("CREATE VIEW lost AS SELECT * FROM nowhere")
    with pytest.raises(UnknownCollection, match="'lost' cannot be read: no such table"):
        registry.items("lost")


def test_settings(path: str) -> None:
    """Limits are what was asked for, and counts."""
    with RelationRegistry(path, default_limit=1, max_depth=2) as registry:
        assert (registry.default_limit, registry.max_depth) == (1, 2)
        assert registry.items("authors").read(fields=["id"]).data == [{"id": 1}]
        assert repr(registry) == f"RelationRegistry({path!r})"
    for wrong in (
        {"default_limit": -2},
        {"default_limit": "5"},
        {"max_depth": 0},
        {"max_depth": True},
        {"max_depth": None},
        {"limits": Limits(), "max_depth": 3},
        {"limits": Limits(max_depth=3), "default_limit": 5},
    ):
        with pytest.raises(InvalidPayload) as caught:
            RelationRegistry(path, **wrong)
        assert caught.value.where in wrong


def test_after_close_everything_says_so(path: str) -> None:
    """Every way in raises the same error; closing twice does nothing; a given connection stays open."""
    connection = sqlite3.connect(path)
    registry = RelationRegistry(connection)
    items = registry.items("authors")
    registry.close()
    registry.close()
    calls: tuple[Callable[[], object], ...] = (
        lambda: registry.schema,
        lambda: registry.connection,
        lambda: len(registry),
        lambda: list(registry),
        lambda: registry.get(1),
        lambda: registry.list(),
        lambda: registry.create(AUTHOR),
        lambda: registry.delete(1),
        lambda: registry.adopt(),
        lambda: registry.items("authors"),
        lambda: items.read(),
        lambda: registry.batch().__enter__(),
    )
    for call in calls:
        with pytest.raises(RegistryClosed):
            call()
    assert connection.execute("SELECT count(*) FROM authors").fetchone() == (2,)
    connection.close()


def test_another_thread_is_refused(registry: RelationRegistry) -> None:
    """A registry belongs to the thread that opened it."""
    caught: list[BaseException] = []

    def use() -> None:
        try:
            len(registry)
        except RelgraphError as error:
            caught.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert [type(error) for error in caught] == [WrongThread]


def test_a_read_only_registry_changes_nothing(path: str) -> None:
    """Opened read-only it answers, refuses every change, and needs the file to be there."""
    before = Path(path).read_bytes()
    with RelationRegistry(path, read_only=True) as registry:
        assert len(registry) == 1
        for change in (lambda: registry.create(AUTHOR), registry.adopt, lambda: registry.batch().__enter__()):
            with pytest.raises(DatabaseReadOnly):
                change()
    assert Path(path).read_bytes() == before
    with pytest.raises(CannotOpen):
        RelationRegistry(path + ".nope", read_only=True)


def test_a_file_that_cannot_be_understood_is_closed_again(path: str) -> None:
    """The definitions are read on opening; when that fails the error is typed and the file is not held."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = 'junk' WHERE name = 'tags'")
    connection.close()
    with pytest.raises(DatabaseCorrupt) as caught:
        RelationRegistry(path)
    assert caught.value.where == path


def test_opening_writes_nothing(path: str) -> None:
    """Reading and listing leave the file as it is, byte for byte."""
    before = Path(path).read_bytes()
    with RelationRegistry(path) as registry:
        registry.items("articles").read(fields=["*.*"])
        registry.list(search="a")
    assert Path(path).read_bytes() == before
    assert os.listdir(Path(path).parent) == ["shop.db"]


# --- the schema is always fresh --------------------------------------------------------------------------------------


def test_the_schema_is_the_same_object_until_something_changes(registry: RelationRegistry) -> None:
    """Rows that define nothing leave it alone, whoever writes them."""
    schema = registry.schema
    registry.connection.execute("INSERT INTO tags (label) VALUES ('blue')")
    assert registry.schema is schema
    registry.create(AUTHOR)
    after = registry.schema
    assert after is not schema
    registry.items("articles").read()
    assert registry.schema is after


def test_changes_from_elsewhere_are_seen(registry: RelationRegistry, path: str) -> None:
    """Another connection, and raw statements on the own one, change tables and relations: the next call knows."""
    made = registry.create(AUTHOR)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("ALTER TABLE articles ADD COLUMN extra TEXT")
    assert "extra" in registry.schema.collections["articles"].fields
    other.execute("UPDATE relgraph_relations SET one_field = 'theirs'")
    assert registry.get(made.id or 0).one_field == "theirs"
    other.close()
    registry.connection.execute("UPDATE relgraph_relations SET one_field = 'raw'")
    assert registry.get(made.id or 0).one_field == "raw"
    registry.connection.execute("CREATE TABLE more (id INTEGER PRIMARY KEY)")
    assert registry.items("more").read().data == []


def test_what_is_rolled_back_is_forgotten(registry: RelationRegistry) -> None:
    """Version numbers come again after a rollback, with other definitions behind them."""
    raw = registry.connection
    raw.execute("BEGIN")
    raw.execute("CREATE TABLE first (id INTEGER PRIMARY KEY)")
    assert "first" in registry.schema.collections
    raw.execute("ROLLBACK")
    raw.execute("CREATE TABLE second (id INTEGER PRIMARY KEY)")
    assert "second" in registry.schema.collections
    registry.create(AUTHOR)
    raw.execute("BEGIN")
    raw.execute("SAVEPOINT inner")
    raw.execute("UPDATE relgraph_relations SET one_field = 'gone'")
    assert registry.get(1).one_field == "gone"
    raw.execute("ROLLBACK TO inner")
    assert registry.get(1).one_field == "articles"
    raw.execute("COMMIT")


def test_a_change_inside_the_callers_transaction_is_part_of_it(registry: RelationRegistry, path: str) -> None:
    """The registry takes a savepoint there; the caller's rollback takes relation and key back."""
    before = contents(path)
    registry.connection.execute("BEGIN")
    registry.create(AUTHOR)
    assert registry.find("articles", "author").id == 1
    registry.connection.execute("ROLLBACK")
    assert contents(path) == before
    assert [relation.name for relation in registry] == ["articles.reviewer"]


@pytest.mark.parametrize("name", [None, 7, ["a"], {"a": 1}, b"a"])
def test_what_is_no_name_is_refused_as_such(name: Any) -> None:
    """A collection or field is named by a text; all else is a fault of the call, whatever can be hashed."""
    with RelationRegistry() as registry:
        for question in (
            lambda: registry.items(name),
            lambda: registry.in_collection(name),
            lambda: registry.find(name, "a"),
            lambda: registry.find("a", name),
        ):
            with pytest.raises(InvalidPayload, match="a name is a text"):
                question()
