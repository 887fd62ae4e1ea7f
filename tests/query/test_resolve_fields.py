"""What `fields`, `alias` and `deep` resolve to: values and relations by answer key, in the order asked for."""

from __future__ import annotations

from typing import Any

import pytest

from relgraph.errors import Forbidden, InvalidQuery, NotARelation, QueryError, RelgraphError, UnknownField
from relgraph.query.limits import Limits
from relgraph.query.resolved import Call, ShowMany, ShowOne
from tests.query.press import ask, ordered, said, shown

ROWS = [
    ("values come in the order asked for", "articles", ["views", "id"], ["views", "id"]),
    ("a name asked for twice is shown once", "articles", ["id", "id"], ["id"]),
    ("a m2o alone is its key", "articles", ["author"], ["author"]),
    ("a m2o with a path is an object", "articles", ["author.name"], [{"author": ["name"]}]),
    ("the path says more than the key, in either order", "articles", ["author", "author.name"], [{"author": ["name"]}]),
    ("... in either order", "articles", ["author.name", "author"], [{"author": ["name"]}]),
    (
        "paths of one relation are one object",
        "articles",
        ["author.name", "id", "author.id"],
        [{"author": ["name", "id"]}, "id"],
    ),
    ("a to-many alone is its keys", "articles", ["comments"], [{"comments": None}]),
    ("a to-many with a path is objects", "articles", ["comments", "comments.likes"], [{"comments": ["likes"]}]),
    ("a star is every own name", "headings", ["*"], ["id", "text", "level"]),
    (
        "a star shows relations by their keys",
        "authors",
        ["*"],
        [
            "id",
            "name",
            "born",
            "token",
            "age",
            "mentor",
            {"pupils": None},
            {"articles": None},
            {"comments": None},
            {"odd": None},
        ],
    ),
    (
        "a star keeps what was asked before it",
        "comments",
        ["author.name", "*"],
        [{"author": ["name"]}, "id", "text", "likes", "posted", "position", "article"],
    ),
    (
        "two stars go into relations",
        "pages",
        ["*.*"],
        ["id", "title", {"sections": ["id", "page", "item", "collection", "sort"]}],
    ),
    ("an any-to-many alone is its stored key", "sections", ["item"], ["item"]),
    ("a scope asks of that collection only", "sections", ["item:headings.text"], [{"item": {"headings": ["text"]}}]),
    ("a scope without a path asks of none", "sections", ["item:headings"], [{"item": {}}]),
    (
        "without a scope the name is asked of all",
        "sections",
        ["item.*"],
        [{"item": {"headings": ["id", "text", "level"], "galleries": ["code", "title"]}}],
    ),
    (
        "scopes and stars add up",
        "sections",
        ["item:headings.text", "item.*"],
        [{"item": {"headings": ["text", "id", "level"], "galleries": ["code", "title"]}}],
    ),
    ("a function has a key of its own", "authors", ["year(born)"], ["born_year=year(born)"]),
    (
        "a function may stand behind its relation",
        "articles",
        ["author.year(born)"],
        [{"author": ["born_year=year(born)"]}],
    ),
    ("... or around it", "articles", ["year(author.born)"], [{"author": ["born_year=year(born)"]}]),
    ("a relation is counted", "articles", ["count(comments)"], ["comments_count=count(comments)"]),
    (
        "... behind another one too",
        "articles",
        ["count(author.comments)"],
        [{"author": ["comments_count=count(comments)"]}],
    ),
    (
        "the values of a relation are added up",
        "articles",
        ["sum(comments.likes)"],
        ["comments_likes_sum=sum(comments.likes)"],
    ),
    (
        "... behind another one too",
        "articles",
        ["max(author.comments.posted)"],
        [{"author": ["comments_posted_max=max(comments.posted)"]}],
    ),
    ("json paths make up the key", "articles", ["json(meta, a.b[0].c)"], ["meta_a_b_0_c_json=json(meta)"]),
    (
        "json goes behind relations as well",
        "comments",
        ["json(article.meta, [0])"],
        [{"article": ["meta_0_json=json(meta)"]}],
    ),
    (
        "a name that is there wins over what it spells",
        "odd.names",
        ["a.b", "year(x)", "item:text", "-minus", "author.name"],
        ["a.b", "year(x)", "item:text", "-minus", "author.name"],
    ),
    ("a relation's name may hold dots", "odd.names", ["my.author.name"], [{"my.author": ["name"]}]),
    ("a collection's name may hold dots", "marks", ["target:odd.names.a.b"], [{"target": {"odd.names": ["a.b"]}}]),
    ("... also where it stands alone", "marks", ["target:odd.names"], [{"target": {}}]),
    ("the items of a composite key are shown by it", "articles", ["ratings"], [{"ratings": None}]),
    ("no fields at all are bare keys", "articles", [], None),
]


@pytest.mark.parametrize(("name", "fields", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_fields(name: str, fields: list[str], expected: Any) -> None:
    """Each row: what is asked of a collection, and what each of its items will show."""
    assert shown(ask(name, fields=fields)) == expected


# --- aliases ---------------------------------------------------------------------------------------------------------


def test_an_alias_names_a_field_function_or_relation() -> None:
    """The answer key is the alias; the name itself stays available beside it."""
    alias = {"headline": "title", "born": "count(comments)", "writer": "author", "lang": "json(meta, a.b)"}
    asked = ask(fields=["headline", "title", "born", "writer.name", "author", "lang"], alias=alias)
    expected = ["headline=title", "title", "born=count(comments)", {"writer": ["name"]}, "author", "lang=json(meta)"]
    assert shown(asked) == expected


def test_an_alias_may_take_the_place_of_a_name() -> None:
    """Where alias and name are the same text, the alias is meant."""
    assert shown(ask(fields=["title"], alias={"title": "status"})) == ["title=status"]


def test_a_star_shows_aliases_too_save_those_of_nothing() -> None:
    """`*` never fails: an alias whose name is not there is left out."""
    assert shown(ask("headings", alias={"size": "level", "gone": "nope"})) == ["id", "text", "level", "size=level"]
    assert shown(ask("headings", fields=["*.*"], alias={"gone": "nope"})) == ["id", "text", "level"]


def test_an_alias_of_nothing_is_refused_where_it_is_asked_for() -> None:
    """Asked for by its alias, a name that is not there is as unknown as by itself."""
    with pytest.raises(UnknownField) as caught:
        ask(fields=["a"], alias={"a": "nope"})
    assert (caught.value.where, caught.value.field) == ("fields.a", "nope")


def test_deep_speaks_of_aliases() -> None:
    """One relation under two aliases is read twice, each with its own filter."""
    deep = {"hot": {"_filter": {"likes": {"_gt": 5}}}, "cold": {"_filter": {"likes": {"_lte": 5}}}}
    asked = ask(fields=["hot.id", "cold.id"], alias={"hot": "comments", "cold": "comments"}, deep=deep)
    assert [said(part.query.where) for part in asked.shows] == ["likes _gt 5", "likes _lte 5"]


def test_an_alias_of_an_any_to_many_takes_scopes() -> None:
    """`thing:headings` is `item:headings` under another name, in fields and deep."""
    deep = {"thing:headings": {"_filter": {"level": 1}}}
    asked = ask("sections", fields=["thing:headings.text"], alias={"thing": "item"}, deep=deep)
    assert shown(asked) == [{"thing": {"headings": ["text"]}}]
    assert said(asked.shows[0].queries["headings"].where) == "level _eq 1"


# --- backlink --------------------------------------------------------------------------------------------------------


def test_without_backlink_a_star_does_not_go_back() -> None:
    """The relation that led to a level stays a key there; the first level is free to go anywhere."""
    assert shown(ask("pages", fields=["*.*.*"], backlink=False))[2]["sections"][1] == "page"
    assert "page" in shown(ask("pages", fields=["*.*.*"]))[2]["sections"][1]


def test_a_tree_is_one_relation_both_ways() -> None:
    """In a tree, parent and children are the same relation, so below either, neither is gone into."""
    below = shown(ask("authors", fields=["mentor.*.*"], backlink=False))[0]["mentor"]
    assert "mentor" in below
    assert {"pupils": None} in below


# --- deep ------------------------------------------------------------------------------------------------------------


def nested(**given: Any) -> Any:
    """Give the level of an article's comments that deep speaks of."""
    return ask(fields=["comments.id"], deep={"comments": given}).shows[0].query


def test_deep_filters_sorts_and_cuts_the_items_of_a_relation() -> None:
    """Everything asked for in deep is resolved in the collection the relation leads to."""
    level = nested(_filter={"author": {"name": "Ann"}}, _sort=["-likes"], _limit=2, _offset=1, _search="x")
    assert said(level.where) == "(author.name _eq 'Ann' AND text _icontains 'x')"
    assert ordered(level) == ["-likes", "id"]
    assert (level.page.limit, level.page.offset) == (2, 1)


def test_a_nested_page_and_offset_add_up() -> None:
    """Page 2 of 1 each, then one further: the third item."""
    page = nested(_limit=1, _page=2, _offset=1).page
    assert (page.limit, page.offset) == (1, 2)


def test_a_nested_limit_of_all_has_no_pages() -> None:
    """With `_limit: -1` the page says nothing, as at the top."""
    page = nested(_limit=-1, _page=4, _offset=3).page
    assert (page.limit, page.offset) == (None, 3)


def test_the_default_limit_holds_at_every_level() -> None:
    """A to-many relation without a limit of its own has the default one."""
    asked = ask(fields=["comments"], limits=Limits(default_limit=100))
    assert asked.page.limit == asked.shows[0].query.page.limit == 100


def test_deep_cannot_order_or_cut_one_item() -> None:
    """On a m2o only filter and search matter; sort, limit and offset are checked and have no effect."""
    deep = {"author": {"_sort": ["-name"], "_limit": 0, "_offset": 2, "_filter": {"age": {"_gt": 17}}}}
    (part,) = ask(fields=["author.name"], deep=deep).shows
    assert isinstance(part, ShowOne)
    assert (said(part.query.where), part.query.order, part.query.page.limit) == ("age _gt 17", (), None)


def test_deep_goes_below_scopes() -> None:
    """Under a scope deep goes on as under any other relation."""
    deep = {"sections": {"item:headings": {"_filter": {"level": 1}}}}
    (part,) = ask("pages", fields=["sections.item:headings.text"], deep=deep).shows
    assert said(part.query.shows[0].queries["headings"].where) == "level _eq 1"


def test_deep_can_aggregate_the_items_of_each_parent() -> None:
    """A nested aggregate is a level with a grouping."""
    (part,) = ask(fields=["comments"], deep={"comments": {"_aggregate": {"count": "*"}}}).shows
    assert isinstance(part, ShowMany)
    assert [measure.names for measure in part.query.grouping.measures] == [("count",)]
    with pytest.raises(InvalidQuery):
        ask(fields=["author.name"], deep={"author": {"_aggregate": {"count": "*"}}})


def test_deep_of_what_is_no_relation_says_nothing() -> None:
    """The public API does not look at it, nor at a scope that is none."""
    deep = {"title": {"_limit": 1}, "nope": {"_filter": {"x": 1}}, "item:nope": {"_limit": 1}, "text": 5}
    assert ask(fields=["id"], deep=deep) == ask(fields=["id"])


WRONG_DEEP = [
    ({"comments": {"_filter": {"nope": 1}}}, UnknownField, "deep.comments._filter.nope"),
    ({"comments": {"_sort": ["nope"]}}, UnknownField, "deep.comments._sort.nope"),
    ({"comments": {"_filter": {"likes": {"_contains": "x"}}}}, QueryError, "deep.comments._filter.likes._contains"),
    ({"comments": {"author": {"_filter": {"nope": 1}}}}, UnknownField, "deep.comments.author._filter.nope"),
    ({"comments": {"_page": 2}}, InvalidQuery, "deep.comments._page"),
    ({"comments": 5}, InvalidQuery, "deep.comments"),
]


@pytest.mark.parametrize(("deep", "error", "place"), WRONG_DEEP)
@pytest.mark.parametrize("fields", [["id"], ["comments.id"]])
def test_deep_is_checked_also_where_it_is_not_shown(
    deep: Any, error: type[RelgraphError], place: str, fields: Any
) -> None:
    """A mistake about a relation is said even when its items are not asked for."""
    with pytest.raises(error) as caught:
        ask(fields=fields, deep=deep)
    assert caught.value.where == place


def test_deep_is_checked_below_a_scope_that_is_not_shown() -> None:
    """... and so is a mistake below a scope."""
    with pytest.raises(UnknownField) as caught:
        ask("sections", fields=["id"], deep={"item:headings": {"_filter": {"nope": 1}}})
    assert caught.value.where == "deep.item:headings._filter.nope"


# --- refusals --------------------------------------------------------------------------------------------------------

WRONG_FIELDS = [
    ("articles", "nope", Forbidden, "fields.nope"),
    ("articles", "Title", Forbidden, "fields.Title"),
    ("articles", "author.nope", Forbidden, "fields.author.nope"),
    ("articles", "author.", Forbidden, "fields.author."),
    ("articles", "nope.id", Forbidden, "fields.nope.id"),
    ("articles", "title.nope", NotARelation, "fields.title.nope"),
    ("articles", "*.nope", Forbidden, "fields.author.nope"),
    ("articles", "**", Forbidden, "fields.**"),
    ("articles", "comments:nope.id", Forbidden, "fields.comments:nope.id"),
    ("sections", "item:nope.text", Forbidden, "fields.item:nope"),
    ("sections", "item:authors.name", Forbidden, "fields.item:authors"),
    ("sections", "item:headings.nope", Forbidden, "fields.item:headings.nope"),
    ("sections", "item.text", Forbidden, "fields.item:galleries.text"),
    ("marks", "target:ratings.stars", NotARelation, "fields.target:ratings"),
    ("marks", "target:odd.nope", Forbidden, "fields.target:odd"),
    ("galleries", "lost.id", NotARelation, "fields.lost.id"),
    ("pages", "title.id", NotARelation, "fields.title.id"),
    ("authors", "year(born", Forbidden, "fields.year(born"),
    ("authors", "(born)", Forbidden, "fields.(born)"),
    ("authors", "year(nope)", Forbidden, "fields.year(nope)"),
    ("authors", "year(year(born))", Forbidden, "fields.year(year(born))"),
    ("authors", "year()", InvalidQuery, "fields.year()"),
    ("authors", "json()", InvalidQuery, "fields.json()"),
    ("authors", "foo(born)", QueryError, "fields.foo(born)"),
    ("authors", "foo(nope)", Forbidden, "fields.foo(nope)"),
    ("authors", "hour(born)", QueryError, "fields.hour(born)"),
    ("authors", "year(name)", QueryError, "fields.year(name)"),
    ("authors", "count(mentor)", QueryError, "fields.count(mentor)"),
    ("authors", "count(name)", QueryError, "fields.count(name)"),
    ("authors", "year(articles)", QueryError, "fields.year(articles)"),
    ("authors", "sum(age)", InvalidQuery, "fields.sum(age)"),
    ("authors", "sum(articles)", InvalidQuery, "fields.sum(articles)"),
    ("authors", "sum(nope.views)", Forbidden, "fields.nope.sum(views)"),
    ("authors", "sum(articles.nope)", Forbidden, "fields.articles.sum(nope)"),
    ("authors", "sum(articles.title)", QueryError, "fields.sum(articles.title)"),
    ("articles", "json(meta,)", InvalidQuery, "fields.json(meta,)"),
    ("articles", "json(meta, $.a)", InvalidQuery, "fields.json(meta, $.a)"),
    ("articles", "json(meta, a[*])", InvalidQuery, "fields.json(meta, a[*])"),
    ("articles", "json(meta, a.b.c.d.e.f.g.h.i.j.k)", InvalidQuery, "fields.json(meta, a.b.c.d.e.f.g.h.i.j.k)"),
    ("articles", "json(title, a)", QueryError, "fields.json(title, a)"),
    ("articles", "json(nope, a)", Forbidden, "fields.json(nope, a)"),
    ("articles", "visits", InvalidQuery, "fields.visits"),
]


@pytest.mark.parametrize(("name", "path", "error", "place"), WRONG_FIELDS)
def test_a_wrong_field_is_refused(name: str, path: str, error: type[RelgraphError], place: str) -> None:
    """Each row: a path, the error it is refused with, and the place in the input that the error names."""
    with pytest.raises(error) as caught:
        ask(name, fields=[path])
    assert caught.value.where == place


def test_a_star_leaves_out_items_without_a_key() -> None:
    """Items of a collection without a primary key have no bare keys; they are shown when paths are asked of them."""
    assert {"visits": None} not in shown(ask())
    assert shown(ask(fields=["visits.at"])) == [{"visits": ["at"]}]
    with pytest.raises(InvalidQuery):
        ask("visits", fields=[])


def test_a_system_collection_is_no_root_but_a_relation_may_lead_there() -> None:
    """The users of a project are reached through the relations that lead to them."""
    assert shown(ask(fields=["editor.email"])) == [{"editor": ["email"]}]
    with pytest.raises(Forbidden) as caught:
        ask("directus_users")
    assert "directus_users" not in caught.value.known  # type: ignore[attr-defined]  # an UnknownCollection


def test_values_of_a_call_know_their_type() -> None:
    """min and max keep the type of their field; everything else is a number, or json."""
    asked = ask(fields=["max(comments.posted)", "avg(comments.likes)", "count(comments)", "json(meta, a)"])
    types = [part.value.type.value for part in asked.shows if isinstance(part.value, Call)]
    assert types == ["timestamp", "float", "integer", "json"]
