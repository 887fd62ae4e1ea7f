"""What sort, limit, offset, page, cursor, aggregate and groupBy resolve to."""

from __future__ import annotations

from typing import Any

import pytest

from relgraph import Param
from relgraph.errors import (
    Forbidden,
    InvalidQuery,
    LimitExceeded,
    NotARelation,
    OperatorNotAllowed,
    RelgraphError,
    UnknownField,
    UnknownFunction,
)
from relgraph.query.ast import Query
from relgraph.query.limits import Limits
from relgraph.query.resolve import resolve
from relgraph.query.resolved import Bindings, GroupColumn, Page
from tests.query.press import PRESS, ask, dotted, ordered

# --- sort ------------------------------------------------------------------------------------------------------------

SORTS = [
    ("articles", None, ["id"]),
    ("pages", None, ["title", "id"]),
    ("ratings", None, ["article", "author"]),
    ("visits", None, []),
    ("articles", "-views", ["-views", "id"]),
    ("articles", "-id", ["-id"]),
    ("articles", "views,-views,views", ["views", "id"]),
    ("ratings", "author", ["author", "article"]),
    ("articles", "author", ["author", "id"]),
    ("articles", "author.name", ["author.name", "id"]),
    ("articles", "-author.year(born)", ["-author.year(born)", "id"]),
    ("articles", "-comments", ["-comments.id", "id"]),
    ("articles", "comments.author.name", ["comments.author.name", "id"]),
    ("articles", "count(comments)", ["count(comments)", "id"]),
    ("articles", "-sum(comments.likes)", ["-sum(comments.likes)", "id"]),
    ("sections", "item:headings.level", ["item:headings.level", "id"]),
    ("sections", "item", ["item", "id"]),
    ("pages", "sections.item:headings.level", ["sections.item:headings.level", "id"]),
    ("odd.names", "a.b,my.author.name", ["a.b", "my.author.name", "id"]),
    ("marks", "target:odd.names.a.b", ["target:odd.names.a.b", "id"]),
    ("articles", "author.$FOLLOW(articles,author).views", ["author.$FOLLOW(articles,author).views", "id"]),
]


@pytest.mark.parametrize(("name", "sort", "expected"), SORTS)
def test_sort(name: str, sort: str | None, expected: list[str]) -> None:
    """Each row: a sort, and the keys it comes to, which end with the primary key wherever there is one."""
    assert ordered(ask(name, sort=sort)) == expected


def test_a_nested_order_comes_from_the_relation_then_the_collection() -> None:
    """The relation's sort field, else the collection's own, else the key alone."""
    (comments,) = ask(fields=["comments"]).shows
    (articles,) = ask("authors", fields=["articles"]).shows
    assert ordered(comments.query) == ["position", "id"]
    assert ordered(articles.query) == ["id"]


WRONG_SORTS = [
    ("articles", "nope", UnknownField, "sort.nope"),
    ("articles", "ID", UnknownField, "sort.ID"),
    ("articles", "?", UnknownField, "sort.?"),
    ("articles", "-", UnknownField, "sort.-"),
    ("articles", "author.", UnknownField, "sort.author."),
    ("articles", ".id", UnknownField, "sort..id"),
    ("articles", "-author.nope", UnknownField, "sort.-author.nope"),
    ("articles", "title.id", NotARelation, "sort.title.id"),
    ("articles", "year(author.born)", UnknownField, "sort.year(author.born)"),
    ("articles", "foo(title)", UnknownFunction, "sort.foo(title)"),
    ("articles", "json(meta, a)", InvalidQuery, "sort.json(meta, a)"),
    ("articles", "ratings", InvalidQuery, "sort.ratings"),
    ("sections", "item.text", NotARelation, "sort.item.text"),
    ("sections", "item:headings", InvalidQuery, "sort.item:headings"),
    ("sections", "item:nope.text", Forbidden, "sort.item:nope.text"),
]


@pytest.mark.parametrize(("name", "sort", "error", "place"), WRONG_SORTS)
def test_a_wrong_sort_is_refused(name: str, sort: str, error: type[RelgraphError], place: str) -> None:
    """Each row: a sort, the error it is refused with, and the place in the input that the error names."""
    with pytest.raises(error) as caught:
        ask(name, sort=[sort])
    assert caught.value.where == place


def test_aliases_are_no_names_to_sort_filter_or_group_by() -> None:
    """An alias names a part of the answer only."""
    for given in ({"sort": "a"}, {"filter": {"a": 1}}, {"group_by": "a"}):
        with pytest.raises(Forbidden):
            ask(alias={"a": "title"}, **given)  # type: ignore[arg-type]  # parameters of a query


# --- page ------------------------------------------------------------------------------------------------------------

PAGES = [
    ({}, Page(None, 0)),
    ({"limit": 5}, Page(5, 0)),
    ({"limit": 0}, Page(0, 0)),
    ({"limit": -1}, Page(None, 0)),
    ({"offset": 3}, Page(None, 3)),
    ({"limit": 5, "page": 2}, Page(5, 5)),
    ({"limit": 5, "page": 2, "offset": 3}, Page(5, 5)),
    ({"limit": 5, "page": 0, "offset": 3}, Page(5, 3)),
    ({"limit": -1, "page": 2, "offset": 3}, Page(None, 3)),
    ({"limit": 2**53 - 1, "page": 2**53 - 1}, Page(2**53 - 1, 2**63 - 1)),
]


@pytest.mark.parametrize(("given", "expected"), PAGES)
def test_page(given: dict[str, Any], expected: Page) -> None:
    """Each row: limit, page and offset, and the slice they ask for; a page replaces the offset."""
    assert ask(**given).page == expected


def test_a_default_limit_is_the_size_of_pages() -> None:
    """Where none is given, the default limit counts, for pages too; without either, a page has no size."""
    assert ask(page=3, limits=Limits(default_limit=100)).page == Page(100, 200)
    with pytest.raises(InvalidQuery) as caught:
        ask(page=3)
    assert caught.value.where == "page"


def test_a_default_limit_leaves_out_no_key_that_is_asked_for() -> None:
    """Items asked for by key are all given, unless the query itself says how many."""
    few = Limits(default_limit=1)
    assert ask(keys=[1, 2, 3], limits=few).page == Page(None, 0)
    assert ask(keys=[1, 2, 3], limit=2, limits=few).page == Page(2, 0)
    assert ask(keys=[1, 2, 3], page=3, limits=few).page == Page(1, 2)


PARAMETERS = [
    ({"limit": Param("n")}, {"n": "3"}, (3, 0)),
    ({"limit": Param("n")}, {"n": -1}, (None, 0)),
    ({"limit": Param("n")}, {"n": None}, (None, 0)),
    ({"offset": Param("n")}, {"n": 4}, (None, 4)),
    ({"offset": Param("n")}, {"n": None}, (None, 0)),
    ({"limit": 5, "page": Param("n"), "offset": 3}, {"n": 2}, (5, 5)),
    ({"limit": 5, "page": Param("n"), "offset": 3}, {"n": 0}, (5, 3)),
    ({"limit": Param("n"), "page": 3}, {"n": 4}, (4, 8)),
    ({"limit": Param("n"), "page": 3, "offset": 7}, {"n": -1}, (None, 7)),
    ({"limit": -1, "page": Param("m"), "offset": Param("n")}, {"n": 2}, (None, 2)),
    ({"limit": 5, "page": 2, "offset": Param("n")}, {"n": 2}, (5, 5)),
]


@pytest.mark.parametrize(("given", "arguments", "expected"), PARAMETERS)
def test_a_page_may_be_given_later(given: dict[str, Any], arguments: dict[str, Any], expected: Any) -> None:
    """Each row: a page with a parameter, its argument, and the limit and offset that come out."""
    page, bindings = ask(**given).page, Bindings(arguments)
    assert (
        tuple(
            part if part is None or isinstance(part, int) else part.bind(bindings) for part in (page.limit, page.offset)
        )
        == expected
    )


def test_the_argument_of_a_page_is_checked_like_a_number_in_a_query() -> None:
    """A limit of -2 is refused when it is bound."""
    limit = ask(limit=Param("n")).page.limit
    with pytest.raises(InvalidQuery) as caught:
        limit.bind(Bindings({"n": -2}))  # type: ignore[union-attr]  # it is a parameter
    assert caught.value.where == "limit"


def test_an_offset_follows_from_one_parameter() -> None:
    """Page and limit both given later would make the offset depend on two, which no plan can hold."""
    with pytest.raises(InvalidQuery):
        ask(limit=Param("n"), page=Param("m"))


# --- cursor ----------------------------------------------------------------------------------------------------------

NO_CURSOR = [
    ("articles", {"offset": 3}),
    ("articles", {"page": 3, "limit": 2}),
    ("articles", {"aggregate": {"count": "*"}}),
    ("visits", {}),
]


@pytest.mark.parametrize(("name", "given"), NO_CURSOR)
def test_a_cursor_needs_items_in_a_total_order(name: str, given: dict[str, Any]) -> None:
    """It goes on behind an item, so offset, page, groups and items without a key have none."""
    with pytest.raises(InvalidQuery) as caught:
        ask(name, cursor="", **given)
    assert caught.value.where == "cursor"


def test_a_cursor_is_known_from_the_start() -> None:
    """The first page starts before every item; what is no cursor is refused at once, unless it is a parameter."""
    assert ask(cursor="").after.values(Bindings()) is None
    with pytest.raises(InvalidQuery):
        ask(cursor="c")
    given = ask(cursor=Param("c")).after
    with pytest.raises(InvalidQuery):
        given.values(Bindings({"c": "c"}))


# --- groups ----------------------------------------------------------------------------------------------------------


def groups(name: str = "articles", /, **given: Any) -> list[str]:
    """Give the columns, measures and order of a grouping as texts."""
    grouping = ask(name, **given).grouping
    columns = [f"{'.'.join(column.names)}={dotted(column.path, column.value)}" for column in grouping.columns]
    measures = [
        f"{'.'.join(part.names)}={part.aggregate.name}({part.field.name if part.field else '*'})"
        for part in grouping.measures
    ]
    order = ["-" * key.descending + ".".join(key.value.names) for key in grouping.order]
    return [*columns, *measures, "by", *order]


GROUPS = [
    ({"aggregate": {"count": "*"}}, ["count=count(*)", "by"]),
    ({"aggregate": {"count": ["*", "views"]}}, ["count.*=count(*)", "count.views=count(views)", "by"]),
    ({"aggregate": {"countAll": "id"}}, ["countAll=countAll(*)", "by"]),
    (
        {"aggregate": {"sum": "views,score", "max": "title"}},
        ["sum.views=sum(views)", "sum.score=sum(score)", "max.title=max(title)", "by"],
    ),
    ({"aggregate": {"count": "*"}, "sort": "nope"}, ["count=count(*)", "by"]),
    ({"group_by": "status"}, ["status=status", "by", "status"]),
    ({"group_by": "status,status"}, ["status=status", "by", "status"]),
    ({"group_by": "status,author", "sort": "-author"}, ["status=status", "author=author", "by", "-author", "status"]),
    ({"group_by": "year(published)"}, ["published_year=year(published)", "by", "published_year"]),
    ({"group_by": "count(comments)"}, ["comments_count=count(comments)", "by", "comments_count"]),
    (
        {"group_by": "author.name,author.mentor.age"},
        ["author.name=author.name", "author.mentor.age=author.mentor.age", "by", "author.name", "author.mentor.age"],
    ),
    ({"group_by": "author.year(born)"}, ["author.born_year=author.year(born)", "by", "author.born_year"]),
    (
        {"group_by": "status", "aggregate": {"count": "*"}, "sort": "-count"},
        ["status=status", "count=count(*)", "by", "-count", "status"],
    ),
    (
        {"group_by": "status", "aggregate": {"count": "*,id"}, "sort": "count.*"},
        ["status=status", "count.*=count(*)", "count.id=count(id)", "by", "count.*", "status"],
    ),
    (
        {"group_by": "status", "aggregate": {"count": "*,id"}, "sort": "-count"},
        ["status=status", "count.*=count(*)", "count.id=count(id)", "by", "-count.*", "status"],
    ),
    (
        {"group_by": "status", "aggregate": {"sum": "views"}, "sort": "-sum.views"},
        ["status=status", "sum.views=sum(views)", "by", "-sum.views", "status"],
    ),
]


@pytest.mark.parametrize(("given", "expected"), GROUPS)
def test_groups(given: dict[str, Any], expected: list[str]) -> None:
    """Each row: aggregate, groupBy and sort, and the columns, measures and total order they come to."""
    assert groups(**given) == expected


WRONG_GROUPS = [
    ({"aggregate": {"count": "nope"}}, Forbidden, "aggregate.count"),
    ({"aggregate": {"count": "author.name"}}, Forbidden, "aggregate.count"),
    ({"aggregate": {"count": ""}}, Forbidden, "aggregate.count"),
    ({"aggregate": {"countAll": "nope"}}, Forbidden, "aggregate.countAll"),
    ({"aggregate": {"sum": "*"}}, InvalidQuery, "aggregate.sum"),
    ({"aggregate": {"sum": "title"}}, OperatorNotAllowed, "aggregate.sum"),
    ({"aggregate": {"sum": "published"}}, OperatorNotAllowed, "aggregate.sum"),
    ({"aggregate": {"count": "comments"}}, InvalidQuery, "aggregate.count"),
    ({"aggregate": {"sum": "year(published)"}}, InvalidQuery, "aggregate.sum"),
    ({"group_by": "nope"}, Forbidden, "groupBy.nope"),
    ({"group_by": "year(nope)"}, Forbidden, "groupBy.year(nope)"),
    ({"group_by": "json(meta, a)"}, InvalidQuery, "groupBy.json(meta, a)"),
    ({"group_by": "comments"}, InvalidQuery, "groupBy.comments"),
    ({"group_by": "comments.likes"}, InvalidQuery, "groupBy.comments.likes"),
    ({"group_by": "author,author.name"}, InvalidQuery, "groupBy"),
    ({"group_by": "status", "sort": "views"}, Forbidden, "sort.views"),
    ({"group_by": "status", "aggregate": {"count": "*"}, "sort": "-avg.views"}, Forbidden, "sort.-avg.views"),
]


@pytest.mark.parametrize(("given", "error", "place"), WRONG_GROUPS)
def test_a_wrong_grouping_is_refused(given: dict[str, Any], error: type[RelgraphError], place: str) -> None:
    """Each row: a grouping, the error it is refused with, and the place in the input that the error names."""
    with pytest.raises(error) as caught:
        ask(**given)
    assert caught.value.where == place


def test_two_parts_of_a_group_cannot_have_one_name() -> None:
    """A column named as a measure is would take its place in the answer."""
    with pytest.raises(InvalidQuery):
        ask("odd.names", group_by="count", aggregate={"count": "*"})


def test_an_aggregate_made_by_hand_is_checked_as_well() -> None:
    """What the parser would have refused is refused here too."""
    with pytest.raises(UnknownFunction):
        resolve(Query(aggregate=(("median", ("views",)),)), PRESS, "articles")


def test_an_any_to_many_scope_can_be_grouped_by() -> None:
    """A scope leads to one item, so its fields are columns like those of a m2o."""
    (column,) = ask("sections", group_by="item:headings.level").grouping.columns
    assert isinstance(column, GroupColumn)
    assert column.names == ("item:headings", "level")


# --- limits ----------------------------------------------------------------------------------------------------------

DEEP_PATH = ".".join(["mentor"] * 9)

LIMITS = [
    ({}, {"fields": [f"mentor.{DEEP_PATH}.name"]}, "max_depth", 11),
    ({}, {"sort": [f"mentor.{DEEP_PATH}.name"]}, "max_depth", 11),
    ({}, {"fields": [f"{DEEP_PATH}.*.*"]}, "max_depth", 11),
    ({"max_depth": 2}, {"filter": {"mentor": {"mentor": {"name": "x"}}}}, "max_depth", 3),
    ({"max_depth": 2}, {"deep": {"mentor": {"mentor": {"_limit": 1}}}}, "max_depth", 3),
    ({"max_fields": 3}, {"fields": ["id", "name", "mentor.id", "mentor.name"]}, "max_fields", 5),
    ({"max_columns": 3}, {"fields": ["name", "born"], "sort": "age"}, "max_columns", 4),
    ({"max_columns": 3}, {"group_by": "name,age"}, "max_columns", 4),
    ({"max_conditions": 2}, {"filter": {"name": "x", "age": {"_gt": 1, "_lt": 3}}}, "max_conditions", 3),
    ({"max_operands": 2}, {"filter": {"id": {"_in": [1, 2, 3]}}}, "max_operands", 3),
    ({"max_operands": 2}, {"keys": [1, 2, 3]}, "max_operands", 3),
    ({"max_joins": 1}, {"filter": {"mentor": {"mentor": {"age": 3}}}}, "max_joins", 2),
    ({"max_joins": 1}, {"filter": {"mentor": {"age": 3}}, "sort": "articles.title"}, "max_joins", 2),
    ({"max_joins": 0}, {"filter": {"articles": {"_some": {"comments": {"likes": 3}}}}}, "max_joins", 1),
    ({"max_nesting": 2}, {"filter": {"articles": {"_some": {"title": "x"}}}}, "max_nesting", 3),
    ({"max_nesting": 1}, {"filter": {"_or": [{"name": "x"}, {"name": "y", "age": 3}]}}, "max_nesting", 2),
    ({"max_cost": 70}, {"fields": ["id", "mentor.id", "articles.id", "comments.id"]}, "max_cost", 82),
]


@pytest.mark.parametrize(("limits", "given", "setting", "count"), LIMITS)
def test_a_limit_is_told_with_what_exceeded_it(
    limits: dict[str, int], given: dict[str, Any], setting: str, count: int
) -> None:
    """Each row: a limit, a query of authors beyond it, and the setting and number that the error names."""
    with pytest.raises(LimitExceeded) as caught:
        ask("authors", limits=Limits(**limits), **given)
    found = caught.value
    assert (found.setting, found.count, found.limit) == (setting, count, getattr(Limits(**limits), setting))


def test_what_is_at_its_limit_is_allowed() -> None:
    """Ten keys in a path are as deep as it goes."""
    assert ask("authors", fields=[f"{DEEP_PATH}.name"], sort=f"{DEEP_PATH}.name").order[0].value.name == "name"


def test_stars_stop_growing_at_a_limit() -> None:
    """Ten stars ask for more values than anyone can read; the work ends when the limit is reached."""
    with pytest.raises(LimitExceeded) as caught:
        ask("authors", fields=[".".join("*" * 10)])
    assert caught.value.count < 2 * Limits().max_fields


def test_limits_are_told_after_unknown_names() -> None:
    """A name that is not there is told before a limit that ends the resolution early."""
    with pytest.raises(Forbidden):
        ask(filter={"nope": 1, "id": {"_in": [1, 2, 3]}}, limits=Limits(max_operands=2))
