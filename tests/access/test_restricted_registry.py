"""A restricted view: what of a registry is left in it, and the fence below it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve

from relgraph import Access, Grant, Param, RelationRegistry
from relgraph.errors import (
    AdminNeeded,
    FenceCrossed,
    InvalidPayload,
    InvalidQuery,
    ItemNotFound,
    RelationNotFound,
    UnknownField,
)
from relgraph.query.parse import parse
from relgraph.query.resolve import resolve
from relgraph.query.resolved import Bindings
from relgraph.read.fetch import Reader
from relgraph.restricted_registry import ADMINS_OWN, RestrictedRegistry
from tests.access.newsroom import grants, newsroom, restricted

SAFE = frozenset({  # each is answered within what the access sees, or holds nothing of the database
    *("items", "find", "get", "list", "in_collection", "graph", "audit", "snapshot", "schema"),
    *("access", "limits", "default_limit", "max_depth", "close"),
    *("database", "source", "sight", "readers"),  # what reads are made of
})  # fmt: skip
SHORT = {"views": {"_lt": 25}}


@pytest.fixture
def registry() -> Iterator[RelationRegistry]:
    with newsroom() as opened:
        yield opened


# --- the interface ---------------------------------------------------------------------------------------------------


def test_every_name_of_a_registry_is_judged(registry: RelationRegistry) -> None:
    """Each public name is an administrator's own or known to be safe, so that a new one cannot be forgotten."""
    names = {name for name in {*dir(type(registry)), *vars(registry)} if not name.startswith("_")}
    assert names == ADMINS_OWN | SAFE
    assert not ADMINS_OWN & SAFE


@pytest.mark.parametrize("name", sorted(ADMINS_OWN))
def test_what_is_an_administrators_is_refused(registry: RelationRegistry, name: str) -> None:
    """A change of definitions or structure, and the connection, are refused before anything is done."""
    with pytest.raises(AdminNeeded, match=f"^{name} needs"):
        getattr(restricted(registry), name)


def test_the_graph_leaves_out_what_is_hidden(registry: RelationRegistry) -> None:
    """The graph has the known collections and relations alone, and answers nothing about items."""
    graph = restricted(registry).graph
    for picture in (graph.to_dict(), graph.to_mermaid(), graph.to_dot(), graph.to_svg(), graph.to_html()):
        assert not {"bunkers", "sealed", "buried"} & set(re.findall(r"\w+", str(picture)))
    for ask in (
        lambda: graph.impact("articles", [1]),
        lambda: graph.impact(drop="articles"),
        lambda: graph.traverse("articles", 1, "comments"),
        lambda: graph.ancestors("articles", 1, "author"),
    ):
        with pytest.raises(AdminNeeded):
            ask()


def test_a_snapshot_leaves_out_what_is_hidden(registry: RelationRegistry) -> None:
    """A snapshot names neither hidden collections and fields nor texts that speak of them."""
    whole, seen = registry.snapshot(), restricted(registry).snapshot()
    assert "bunkers" in str(whole)
    assert "sealed" in str(whole)
    assert "bunkers" not in str(seen)
    assert "sealed" not in str(seen)
    assert {entry["collection"] for entry in seen["collections"]} == set(restricted(registry).schema.collections)


def test_an_audit_tells_of_what_is_seen_whole(registry: RelationRegistry) -> None:
    """Problems are told of relations of which the access sees every item and field, on both sides."""
    registry.connection.execute("PRAGMA foreign_keys = OFF")
    registry.connection.execute("UPDATE comments SET article = 99 WHERE id = 1")
    assert [problem.relation for problem in registry.audit()] == ["comments.article", "sections.item"][:1]
    assert not restricted(registry).audit()
    names = [collection.name for collection in registry.schema]
    everything = registry.with_access(Access({name: Grant() for name in names}))
    assert [problem.relation for problem in everything.audit()] == ["comments.article"]
    rows_hidden = registry.with_access(Access({name: Grant(filter={"id": {"_gt": 1}}) for name in names}))
    assert not rows_hidden.audit()


def test_relations_by_id_are_refused_alike(registry: RelationRegistry) -> None:
    """The id of a hidden relation is refused as one that no relation has, and no list of ids names it."""
    view = restricted(registry)
    hidden = next(relation for relation in registry if relation.many_collection == "bunkers" and relation.id)
    with pytest.raises(RelationNotFound) as refused:
        view.get(hidden.id or 0)
    assert hidden.id not in refused.value.known
    assert all(view.get(relation.id) == relation for relation in view if relation.id)


def test_without_sight_of_relations_none_is_listed(registry: RelationRegistry) -> None:
    """An access that may not list relations is refused that, and reads items all the same."""
    view = registry.with_access(Access(grants(registry), sees_relations=False))
    for ask in (lambda: list(view), lambda: len(view), view.list, lambda: view.find("comments", "article")):
        with pytest.raises(Exception, match="directus_relations"):
            ask()
    assert view.items("articles").read(fields=["comments.id"], limit=1).data == [{"comments": [{"id": 1}, {"id": 2}]}]


def test_explain_says_the_words_alone(registry: RelationRegistry) -> None:
    """Of a question the words are told; statements and plans would speak of what is hidden."""
    explanation = restricted(registry, articles=SHORT).items("articles").explain(fields=["title"])
    assert explanation.words == "Read title of articles.\nIn the order of id."
    assert "sealed" not in str(explanation)
    assert "views" not in str(explanation)
    assert explanation.statements == ()


# --- items -----------------------------------------------------------------------------------------------------------


def test_a_hidden_item_is_one_that_is_not_there(registry: RelationRegistry) -> None:
    """By its key a hidden item is refused as an unknown one, and among keys left out."""
    items = restricted(registry, articles=SHORT).items("articles")
    texts = []
    for key in (3, 9):
        with pytest.raises(ItemNotFound) as refused:
            items.get(key, fields=["title"])
        texts.append(str(refused.value).replace(str(key), "<key>"))
    assert texts[0] == texts[1]
    assert items.get_many([3, 1, 9], fields=["id"]).data == [{"id": 1}]
    assert items.count() == 2


def test_values_are_seen_by_the_grants_that_match_the_item(registry: RelationRegistry) -> None:
    """Of several grants those matching an item say what is seen of it, never all of them together."""
    several = [Grant(("id", "title"), SHORT), Grant(("id", "views"), {"views": {"_gt": 15}})]
    items = registry.with_access(Access({"articles": several})).items("articles")
    assert items.read().data == [
        {"id": 1, "title": "Solaris", "views": None},
        {"id": 2, "title": "Fiasco", "views": 20},
        {"id": 3, "title": None, "views": 30},
    ]
    assert items.read(fields=["title"]).data == [{"title": "Solaris"}, {"title": "Fiasco"}]
    assert items.read(fields=["id"], filter={"views": {"_null": True}}).data == [{"id": 1}]
    assert items.read(aggregate={"sum": ["views"], "count": "*"}).data == [{"sum": {"views": 50}, "count": 2}]


def test_rules_see_everything(registry: RelationRegistry) -> None:
    """A rule is judged on all the data: also through what the access does not see."""
    rule = {"comments": {"_none": {"sealed": {"_eq": 2}}}}
    only = registry.with_access(Access({"articles": Grant(("id",), rule)}))
    assert only.items("articles").read().data == [{"id": 2}, {"id": 3}]


def test_a_cursor_is_of_no_use_to_another_access(registry: RelationRegistry) -> None:
    """A cursor of full access leads another access only behind a place in what that one sees."""
    query = {"fields": ["id"], "sort": ["-views"], "limit": 1}
    page = registry.items("articles").read(query, cursor="")
    seen = restricted(registry, articles=SHORT).items("articles").read({**query, "limit": 9}, cursor=page.cursor)
    assert seen.data == [{"id": 2}, {"id": 1}]


def test_no_cursor_where_keys_are_hidden(registry: RelationRegistry) -> None:
    """A cursor would hold the key of an item; where some keys are hidden there is none."""
    hidden = registry.with_access(Access({"articles": Grant(("title",))}))
    partly = registry.with_access(Access({"articles": [Grant(("title",)), Grant(("id",), SHORT)]}))
    for view in (hidden, partly):
        with pytest.raises(Exception, match="no total order"):
            view.items("articles").read(fields=["title"], limit=1, cursor="")


def test_a_singletons_defaults_are_those_that_may_be_read(registry: RelationRegistry) -> None:
    """Where the one item is hidden, defaults are told of granted fields alone."""
    registry.connection.execute("CREATE TABLE one (id INTEGER PRIMARY KEY, a TEXT DEFAULT 'x', b TEXT DEFAULT 'y')")
    registry.connection.execute("INSERT INTO one (a) VALUES ('stored')")
    view = registry.with_access(Access({"one": Grant(("id", "a"), {"id": {"_gt": 1}})}))
    assert view.items("one").singleton() == {"id": None, "a": "x"}


# --- the fence -------------------------------------------------------------------------------------------------------


def unrestricted(view: RelationRegistry, registry: RelationRegistry, query: dict[str, Any]) -> Reader:
    """Give a reader of a query that was looked up in the whole schema, and that nothing has restricted."""
    return Reader(resolve(parse(query), registry.schema, "articles"))


@pytest.mark.parametrize(
    "query",
    [
        {"fields": ["sealed"]},
        {"fields": ["id"], "filter": {"sealed": {"_nnull": True}}},
        {"fields": ["id"], "sort": ["comments.sealed"]},
        {"fields": ["author.sealed"]},
        {"fields": ["buried.name"]},
        {"fields": ["id"], "filter": {"buried": {"_some": {}}}},
        {"fields": ["count(buried)"]},
        {"aggregate": {"min": ["sealed"]}},
    ],
)
def test_a_fault_of_restrict_ends_in_an_error(registry: RelationRegistry, query: dict[str, Any]) -> None:
    """SQLite itself refuses a column that the access does not declare, should a question ever reach it."""
    view = restricted(registry)
    reader = unrestricted(view, registry, query)
    with view.database.reading(), pytest.raises(FenceCrossed) as crossed:
        reader.read(view.source, Bindings())
    assert not {"sealed", "bunkers", "buried"} & set(str(crossed.value).split())


def test_statements_are_shared_by_no_two_accesses(registry: RelationRegistry) -> None:
    """The same text, compiled for one access, is compiled anew for another, which may not run it."""
    whole = registry.with_access(Access({collection.name: Grant() for collection in registry.schema}))
    view, query = restricted(registry), {"fields": ["sealed"]}
    for _ in range(2):
        with whole.database.reading():
            assert len(unrestricted(whole, registry, query).read(whole.source, Bindings())) == 3
        with view.database.reading(), pytest.raises(FenceCrossed):
            unrestricted(view, registry, query).read(view.source, Bindings())
        assert len(registry.items("articles").read(query)) == 3


def test_accesses_take_turns_on_one_connection(registry: RelationRegistry) -> None:
    """Generators left open, prepared queries and reads of several accesses do not see each other's rows."""
    short, long = (restricted(registry, articles={"views": rule}) for rule in ({"_lt": 25}, {"_gt": 15}))
    query = {"fields": ["id", "comments.id"], "sort": ["id"]}
    streams = [view.items("articles").stream(query, chunk_size=1) for view in (short, registry, long)]
    prepared = [
        view.items("articles").prepare(fields=["id"], filter={"id": {"_gt": Param("after")}})
        for view in (short, registry, long)
    ]
    assert [next(stream)["id"] for stream in streams] == [1, 1, 2]
    assert [[item["id"] for item in each(after=0)] for each in prepared] == [[1, 2], [1, 2, 3], [2, 3]]
    assert [view.items("articles").count() for view in (short, long, registry, short)] == [2, 2, 3, 2]
    assert [[item["id"] for item in stream] for stream in streams] == [[2], [2, 3], [3]]
    assert [[item["id"] for item in each(after=1)] for each in prepared] == [[2], [2, 3], [2, 3]]


def test_an_access_follows_the_schema(registry: RelationRegistry) -> None:
    """A field that comes is known to a grant of everything, and not to one that names its fields."""
    everything, named = (registry.with_access(Access({"tags": grant})) for grant in (Grant(), Grant(("id", "label"))))
    assert set(everything.items("tags").read(limit=1)[0]) == {"id", "label", "sealed"}
    registry.connection.execute("ALTER TABLE tags ADD COLUMN fresh TEXT DEFAULT 'new'")
    assert everything.items("tags").read(fields=["fresh"], limit=1).data == [{"fresh": "new"}]
    with pytest.raises(UnknownField):
        named.items("tags").read(fields=["fresh"])


def test_views_and_virtual_tables_can_be_granted(registry: RelationRegistry) -> None:
    """What a granted view or full-text table reads by itself is read on its behalf; its tables stay hidden."""
    run = registry.connection.execute
    run("CREATE VIEW titles AS SELECT id, title FROM articles")
    run("CREATE VIEW shown AS SELECT title FROM titles")
    run("CREATE VIRTUAL TABLE found USING fts5(body)")
    run("INSERT INTO found VALUES ('far away')")
    view = registry.with_access(Access({"shown": Grant(), "found": Grant()}))
    assert view.items("shown").read(filter={"title": {"_eq": "Solaris"}}).data == [{"title": "Solaris"}]
    assert view.items("shown").count() == 3
    assert view.items("found").read(fields=["body"]).data == [{"body": "far away"}]
    reader = Reader(resolve(parse({"fields": ["title"]}), registry.schema, "articles"))
    with view.database.reading(), pytest.raises(FenceCrossed):
        reader.read(view.source, Bindings())


def test_an_access_is_checked_against_the_schema(registry: RelationRegistry) -> None:
    """A grant on what is not there, or with a rule that cannot be judged, is refused when it is used."""
    for wrong in ({"nowhere": Grant()}, {"tags": Grant(filter={"nowhere": {"_eq": 1}})}):
        with pytest.raises(InvalidPayload, match="nowhere"):
            registry.with_access(Access(wrong))


def test_a_restricted_view_is_no_way_back(registry: RelationRegistry) -> None:
    """From a restricted view no other access can be had."""
    view = restricted(registry)
    assert isinstance(view, RestrictedRegistry)
    with pytest.raises(AdminNeeded):
        view.with_access(Access.full())
    with pytest.raises(AttributeError):
        evolve(view.access, admin=True).admin = False  # type: ignore[misc]  # that it is frozen is what is shown


def test_a_question_too_deep_with_its_rules_is_refused(registry: RelationRegistry) -> None:
    """Where a question and the rules of the access are together more than SQLite takes, that is said."""
    rule: dict[str, Any] = {"likes": {"_gt": 0}}
    for _ in range(4):
        rule = {"article": {"comments": {"_every": rule}}}
    view = registry.with_access(Access({name: Grant(filter=rule) for name in ("comments",)} | {"articles": Grant()}))
    with pytest.raises(InvalidQuery, match="too deep for SQLite"):
        view.items("articles").read(filter={"comments": {"_every": rule}})


@pytest.mark.parametrize("deep", [{}, {"_limit": 1}, {"_sort": "-id"}, {"_aggregate": {"count": "*"}}], ids=str)
@pytest.mark.parametrize("rows", [{}, {"id": {"_gt": 0}}], ids=["all", "some"])
def test_keys_that_are_spelled_as_text_find_their_children(deep: dict[str, Any], rows: dict[str, Any]) -> None:
    """Whether a key is hidden or not: its column says how it is compared, whatever an access sees it as."""
    with RelationRegistry() as registry:
        registry.connection.executescript(
            "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO people VALUES (1, 'Ann'), (2, 'Ben');"
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, of REFERENCES people);"
            "INSERT INTO notes VALUES (1, '1'), (2, '1'), (3, 2)"
        )
        asked = {"fields": ["name", "notes.id"], "filter": {"name": {"_in": ["Ann", "Ben"]}}, "deep": {"notes": deep}}
        seen = {"people": Grant(fields=("name", "notes"), filter=rows), "notes": Grant(fields=("id",), filter=rows)}
        restricted = registry.with_access(Access(seen))
        assert restricted.items("people").read(asked).data == registry.items("people").read(asked).data
