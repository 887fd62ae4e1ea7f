"""Parsing: every parameter, every spelling, every fault of shape."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

import pytest

from relgraph.errors import InvalidQuery, QueryError, UnknownFunction, UnknownParameter
from relgraph.operators import OPERATORS
from relgraph.query.ast import At, Compare, Condition, Group, Nothing, Param, Quantified, Query, freeze
from relgraph.query.parse import parse
from tests.conformance.cases import Case, load_cases

CASES = {case["id"]: case for case in load_cases() if "query" in case or "qs" in case}


def refused(source: Any) -> QueryError:
    """Give the error with which parse refuses `source`, which prints and is a 400."""
    with pytest.raises(QueryError) as caught:
        parse(source)
    assert (caught.value.code, caught.value.status) == ("INVALID_QUERY", 400)
    assert str(caught.value)
    return caught.value


# --- the recorded cases ----------------------------------------------------------------------------------------------


def test_recorded_questions_parse() -> None:
    """Every recorded question that is owed data, or whose fault is a name, has a good shape."""
    for case in CASES.values():
        if case["expect"]["status"] != 400:
            assert isinstance(parse(_source(case)), Query), case["id"]


NEEDS_SCHEMA = {  # the type of a field, the arguments of a function, the depth allowed, words that may be names
    *("invalid.6745683d", "invalid.b937f08b", "invalid.466248d3", "invalid.0b5e9cab", "invalid.b0d92321"),
    *("invalid.e62c79b0", "invalid.d734cadf", "invalid.ab86b066", "invalid.6250641b", "invalid.5b99cab1"),
    *("invalid.f3300b90", "invalid.6fabbf27", "invalid.a2843936", "invalid.0d22eec7", "invalid.e8e4aff2"),
    *("invalid.f7493193", "invalid.3ce8b8e7", "invalid.f9d7372b", "logic.316b2f71"),
}


@pytest.mark.parametrize("group", ["alias", "deep", "fields", "invalid", "logic", "meta", "paging", "search", "sort"])
def test_recorded_faults_of_shape_are_refused(group: str) -> None:
    """In groups that turn on shape, parse refuses all that is owed a 400 and needs no schema to be seen as wrong."""
    owed = [case for case in CASES.values() if case["group"] == group and case["expect"]["status"] == 400]
    for case in owed:
        if case["id"] not in NEEDS_SCHEMA:
            refused(_source(case))


def _source(case: Case) -> Any:
    return case["qs"] if "qs" in case else case["query"]


# --- sources ---------------------------------------------------------------------------------------------------------


def test_all_sources_say_the_same() -> None:
    """A mapping, JSON text, a URL with or without "?", and keywords are spellings of one query."""
    query = Query(fields=("id", "author.name"), sort=("-views",), limit=3)
    given = {"fields": ["id", "author.name"], "sort": "-views", "limit": 3}
    assert parse(given) == query
    assert parse(" " + json.dumps(given)) == query
    assert parse("fields=id,author.name&sort=-views&limit=3") == query
    assert parse("?fields[]=id&fields[]=author.name&sort[]=-views&limit=3") == query
    assert parse(**given) == query


def test_nothing_asked() -> None:
    """No source, an empty one, and parameters that are not given are the empty query."""
    for source in (
        None,
        {},
        "",
        "?",
        "{}",
        {"fields": "", "sort": None, "page": "", "limit": "", "offset": [], "meta": ""},
    ):
        assert parse(source) == Query()
    assert (
        parse({"filter": "", "search": "", "aggregate": "", "alias": {}, "deep": [], "groupBy": [], "sort": []})
        == Query()
    )


def test_keywords_replace_what_the_source_says() -> None:
    """A keyword wins over the source, also by saying that nothing is given."""
    assert parse({"limit": 3, "groupBy": ["a"]}, limit=5, group_by="b") == Query(limit=5, group=("b",))
    assert parse("limit=3", limit=None) == Query()


def test_unknown_parameters() -> None:
    """What is not known is ignored in a mapping and in a URL, and refused as a keyword, with the nearest name."""
    assert parse({"FIELDS": "id", "nope": 1, 5: 6}) == parse("FIELDS=id&nope=1") == Query()
    with pytest.raises(UnknownParameter, match="did you mean 'filter'"):
        parse(filters={})


@pytest.mark.parametrize("source", [5, True, ["fields=id"], b"fields=id", 2.5, Query()])
def test_sources_of_another_kind(source: object) -> None:
    """A source is a mapping or a text."""
    refused(source)


@pytest.mark.parametrize(
    "text", ["{", '{"a": NaN}', '{"a": 1, "a": 2}', "{'a': 1}", "{} x", '{"a":' * 5000, '{"a":' + "9" * 5000 + "}"]
)
def test_malformed_json(text: str) -> None:
    """Text that starts with "{" must be one JSON object: no NaN, no key twice, not endlessly deep or long."""
    refused(text)
    assert refused({"filter": text}).where == "filter"


def test_export_is_refused() -> None:
    """There is no export to a file; asking for none is no fault."""
    assert refused({"export": "csv"}).where == "export"
    assert parse("export=&limit=1") == Query(limit=1)


# --- lists of names --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("id,title", ("id", "title")),
        (" id , title ", ("id", "title")),
        (["id", "title"], ("id", "title")),
        (("id", ["title", ["slug"]]), ("id", "title", "slug")),
        (["id, title", "slug"], ("id", "title", "slug")),
        ("json(meta, a.b),id", ("json(meta, a.b)", "id")),
        (["json(meta, lang)", "id"], ("json(meta, lang)", "id")),
        (["year(born"], ("year(born",)),
        ("a),b", ("a)", "b")),
        ([], ()),
        ("", None),
        (None, None),
    ],
)
def test_fields(value: Any, expected: tuple[str, ...] | None) -> None:
    """Fields are CSV text, a list, or a list of both; commas inside parentheses do not separate."""
    assert parse({"fields": value}).fields == expected


@pytest.mark.parametrize(
    "value", [5, True, {"0": "id"}, [5], ["id", None], [""], "id,", ",", "year(born", ["id,year(born"], ["\ud800"]]
)
@pytest.mark.parametrize("name", ["fields", "groupBy", "sort"])
def test_lists_that_are_none(name: str, value: Any) -> None:
    """A list of names holds texts, none of them empty, and closes its parentheses where commas are looked for."""
    if name == "sort" and value == ["id,year(born"]:
        assert parse({name: value}).sort == ("id,year(born",)
    else:
        assert refused({name: value}).where == name


def test_sort_lists_are_not_split() -> None:
    """A sort text is CSV, the entries of a sort list are whole names; the sign stays."""
    assert parse(sort="-views, id").sort == ("-views", "id")
    assert parse(sort=["-views,id", " id "]).sort == ("-views,id", "id")
    assert parse(sort="?").sort == ("?",)


def test_group_by() -> None:
    """Both spellings fill one attribute; an empty list is not grouped."""
    assert parse(groupBy="status,year(born)") == parse(group_by=["status", "year(born)"])
    assert parse(groupBy=[]).group is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("*", ("total_count", "filter_count")),
        ("filter_count,total_count", ("filter_count", "total_count")),
        (["total_count"], ("total_count",)),
        ([], ()),
        (None, None),
    ],
)
def test_meta(value: Any, expected: tuple[str, ...] | None) -> None:
    """Meta names counts; "*" alone, as a text, is both of them."""
    assert parse(meta=value).meta == expected


@pytest.mark.parametrize("value", [["*"], "nope", "*,total_count", 5, {"a": 1}])
def test_meta_that_is_none(value: Any) -> None:
    """Any other count is a fault."""
    assert refused({"meta": value}).where == "meta"


# --- numbers and texts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3),
        (-1, -1),
        (0, 0),
        (2.0, 2),
        (True, 1),
        ([3], 3),
        (["3"], 3),
        ("10", 10),
        (" +10 ", 10),
        ("1e1", 10),
        ("0x5", 5),
        ("0b101", 5),
        ("5.", 5),
        ("", None),
        ("  ", None),
        ([], None),
        ([""], None),
        (None, None),
        (Param("n"), Param("n")),
    ],
)
def test_limit(value: Any, expected: Any) -> None:
    """A limit is a whole number as JavaScript would convert it; -1 is all."""
    assert parse(limit=value).limit == expected
    assert type(parse(limit=value).limit) is type(expected)


NO_COUNT_TEXTS = ("abc", "1_0", "٣", "0x", "0xg", "-0x5", "1e400", "Infinity", "NaN", "9" * 5000)
NO_COUNTS = (*NO_COUNT_TEXTS, -2, 1.5, 2**53, 10**5000, float("nan"), float("inf"), [1, 2], [[3]], [True], {}, b"3")


@pytest.mark.parametrize("name", ["limit", "offset", "page"])
def test_counts_that_are_none(name: str) -> None:
    """What is no whole number, below the least or beyond exactness is refused, at the top and in deep."""
    for value in NO_COUNTS:
        assert refused({name: value}).where == name
        assert refused({"deep": {"comments": {f"_{name}": value}}}).where == f"deep.comments._{name}"


def test_offset_and_page() -> None:
    """Neither may be negative; page 0 is no page."""
    assert parse(offset="57", page=0) == Query(offset=57)
    refused({"offset": -1})
    refused({"page": -1})


def test_search() -> None:
    """A search is a text, trimmed unless it is blank altogether."""
    assert parse(search=" sqlite ").search == "sqlite"
    assert parse(search="  ").search == "  "
    assert parse(search="").search is parse(search=None).search is None
    for value in (5, True, ["sqlite"], {}):
        assert refused({"search": value}).where == "search"


def test_cursor() -> None:
    """An empty cursor asks for the first page, no cursor for none."""
    assert (parse(cursor="").cursor, parse(cursor=None).cursor, parse(cursor=Param("c")).cursor) == (
        "",
        None,
        Param("c"),
    )
    assert refused({"cursor": 5}).where == "cursor"


def test_backlink() -> None:
    """Only false, as a value or a text, switches the way back off."""
    assert [parse(backlink=value).backlink for value in (False, "false", True, "no", None, 0)] == [
        False,
        False,
        *[True] * 4,
    ]


# --- alias and aggregate ---------------------------------------------------------------------------------------------


def test_alias() -> None:
    """An alias maps new names to fields or functions, as an object or JSON text."""
    assert parse(alias={"headline": "title", "y": "year(born)"}).alias == (("headline", "title"), ("y", "year(born)"))
    assert parse(alias='{"lang": "json(meta, a.b)"}').alias == (("lang", "json(meta, a.b)"),)


@pytest.mark.parametrize(
    "value",
    [
        {"a.b": "c"},
        {"a": "b.c"},
        {"a": "author.year(born)"},
        {"": "c"},
        {"a": ""},
        {"a": 5},
        {1: "a"},
        "x",
        [],
        ["a"],
        "null",
        5,
    ],
)
def test_alias_that_is_none(value: Any) -> None:
    """Names without dots on both sides, and nothing but texts."""
    assert refused({"alias": value}).where.startswith("alias")


def test_aggregate() -> None:
    """An aggregate maps functions to CSV text or lists; names are not trimmed and may turn out unknown later."""
    assert parse(aggregate={"count": "*", "sum": "views,score"}).aggregate == (
        ("count", ("*",)),
        ("sum", ("views", "score")),
    )
    assert parse(aggregate='{"min": ["id"]}').aggregate == (("min", ("id",)),)
    assert parse(aggregate={"count": "", "max": "a, b"}).aggregate == (("count", ("",)), ("max", ("a", " b")))


@pytest.mark.parametrize(
    "value",
    [[], ["count"], "notjson", 5, {"count": 5}, {"count": []}, {"count": None}, {"sum": {"a": "b"}}, {"sum": [5]}],
)
def test_aggregate_that_is_none(value: Any) -> None:
    """An aggregate is an object, and every function has at least one field."""
    assert refused({"aggregate": value}).where.startswith("aggregate")


def test_unknown_aggregate() -> None:
    """An unknown function is refused with the nearest name."""
    with pytest.raises(UnknownFunction, match="did you mean 'sum'") as caught:
        parse(aggregate={"summ": ["views"]})
    assert caught.value.where == "aggregate.summ"


# --- filter: structure -----------------------------------------------------------------------------------------------

ONE, TWO = At("a", Compare("_eq", 1)), At("b", Compare("_eq", 2))


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ({"a": 1}, ONE),
        ({"a": {"_eq": 1}}, ONE),
        ({"a": None}, At("a", Compare("_eq", None))),
        ({"a": False}, At("a", Compare("_eq", False))),
        ({"a": "null"}, At("a", Compare("_eq", "null"))),
        ({"a": {"_eq": "TRUE"}}, At("a", Compare("_eq", "TRUE"))),
        ({"a": 1, "b": 2}, Group("_and", (ONE, TWO))),
        ({"_and": [{"a": 1}]}, Group("_and", (ONE,))),
        ({"_or": ({"a": 1}, {"b": 2})}, Group("_or", (ONE, TWO))),
        ({"_or": [{"a": 1, "b": 2}, {}]}, Group("_or", (Group("_and", (ONE, TWO)), Nothing()))),
        ({"a": {"_gt": 1, "_lt": 2}}, At("a", Group("_and", (Compare("_gt", 1), Compare("_lt", 2))))),
        ({"a": {"_or": [{"_gt": 1}, {"b": 2}]}}, At("a", Group("_or", (Compare("_gt", 1), TWO)))),
        ({"c": {"_some": {"a": 1}}}, At("c", Quantified("_some", ONE))),
        ({"c": {"_none": {}}}, At("c", Quantified("_none", Nothing()))),
        ({"c": {"_and": [{"_every": {"a": 1}}]}}, At("c", Group("_and", (Quantified("_every", ONE),)))),
        ({"item:headings": {"a": 1}}, At("item:headings", ONE)),
        ({"year(born)": {"_eq": 1}}, At("year(born)", Compare("_eq", 1))),
        ({"$FOLLOW(c,d)": {"a": 1}}, At("$FOLLOW(c,d)", ONE)),
        ({}, Nothing()),
        ([], Nothing()),
        ({"a": {}}, At("a", Nothing())),
        ({"a": []}, At("a", Nothing())),
        ({"_or": []}, Group("_or", ())),
        ({"_and": [[]]}, Group("_and", (Nothing(),))),
        ([5], At("0", Compare("_eq", 5))),
        ({"a": ["x"]}, At("a", At("0", Compare("_eq", "x")))),
        ({"": 1}, At("", Compare("_eq", 1))),
        (None, None),
    ],
)
def test_filter(filter_: Any, expected: Condition | None) -> None:
    """A filter becomes conditions, bare values and several keys written out, what says nothing kept as it is."""
    assert parse({"filter": filter_}).filter == expected
    if filter_ is not None:
        assert parse({"filter": json.dumps(filter_)}).filter == expected
        assert parse({"deep": {"c": {"_filter": filter_}}}).deep == (("c", Query(filter=expected)),)


@pytest.mark.parametrize(
    ("filter_", "where"),
    [
        (5, "filter"),
        (True, "filter"),
        ("5", "filter"),
        ("null", "filter"),
        ("notjson", "filter"),
        ({1: 2}, "filter"),
        ({"_null": True}, "filter._null"),
        ({"_some": {"a": 1}}, "filter._some"),
        ({"_and": [{"_eq": 1}]}, "filter._and[0]._eq"),
        ({"_or": {"a": 1}}, "filter._or"),
        ({"_or": None}, "filter._or"),
        ({"_and": [{"a": 1}, None]}, "filter._and[1]"),
        ({"_and": ["x"]}, "filter._and[0]"),
        ({"c": {"_some": "x"}}, "filter.c._some"),
        ({"c": {"_none": None}}, "filter.c._none"),
        ({"c": {"_some": {"_eq": 5}}}, "filter.c._some._eq"),
        ({"c": {"_some": {"_none": {"a": 1}}}}, "filter.c._some._none"),
        ({"a": b"x"}, "filter.a"),
        ({"a": ""}, "filter.a"),
        ({"\ud800": 1}, "filter"),
        ({"a": "\ud800"}, "filter.a"),
    ],
)
def test_filter_that_is_none(filter_: Any, where: str) -> None:
    """A fault of structure is refused with the path that leads to it."""
    assert refused({"filter": filter_}).where == where


@pytest.mark.parametrize("key", ["_foo", "_not", "_regex", "_ieq", "_all", "_id", "__proto__", "_"])
def test_underscores(key: str) -> None:
    """A key that begins with an underscore and is no operator may be a name, which only the schema knows."""
    assert parse(filter={key: 1}).filter == At(key, Compare("_eq", 1))
    assert parse(filter={"a": {key: {}}}).filter == At("a", At(key, Nothing()))


# --- filter: operands ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operator", [name for name, row in OPERATORS.items() if row.arity.name == "ONE"])
def test_scalar_operators(operator: str) -> None:
    """A scalar operator takes one text, number, boolean, null or parameter, and no empty text, list or object."""
    for operand in ("x", " ", 1, 1.5, True, None, Param("p"), 2**53 - 1, "9007199254740993"):
        assert parse(filter={"a": {operator: operand}}).filter == At("a", Compare(operator, operand))
    objects = () if OPERATORS[operator].takes_object else ({}, {"a": 1})
    for operand in ("", [], ["a"], *objects, 2**53, -(2**53), 1e300, float("nan"), float("inf"), b"x", 10**5000):
        assert refused({"filter": {"a": {operator: operand}}}).where == f"filter.a.{operator}"


@pytest.mark.parametrize("operator", [name for name, row in OPERATORS.items() if row.takes_object])
def test_object_operators(operator: str) -> None:
    """An operator on shapes takes a JSON object too, kept as it is, but nothing in it that is no JSON."""
    shape = {"type": "Point", "coordinates": [1, 2.5]}
    assert parse(filter={"a": {operator: shape}}).filter == At("a", Compare(operator, freeze(shape)))
    for operand in ({"a": float("nan")}, {"a": b"x"}, {"a": {1, 2}}):
        assert refused({"filter": {"a": {operator: operand}}}).where == f"filter.a.{operator}"


@pytest.mark.parametrize("operator", ["_in", "_nin"])
def test_list_operators(operator: str) -> None:
    """A list operator takes a list, CSV text, the values of an object, one value, or a parameter for the whole list."""
    for operand, expected in (
        ([1, "a", None, ""], (1, "a", None, "")),
        ("a, b", ("a", " b")),
        ("", ("",)),
        (["a,b"], ("a,b",)),
        ([1, [2, [3]]], (1, 2, 3)),
        ({"0": "a", "1": ["b"]}, ("a", "b")),
        (5, (5,)),
        (None, (None,)),
        ([Param("p"), 1], (Param("p"), 1)),
        (Param("p"), Param("p")),
    ):
        assert parse(filter={"a": {operator: operand}}).filter == At("a", Compare(operator, expected))
    for operand in ([], {}, [[]], [{"a": 1}], [2**53], b"x"):
        refused({"filter": {"a": {operator: operand}}})


@pytest.mark.parametrize("operator", ["_between", "_nbetween"])
def test_range_operators(operator: str) -> None:
    """A range has two bounds, of which null is one that is unknown."""
    for operand, expected in (
        ([1, 2], (1, 2)),
        ("5,20", ("5", "20")),
        ([None, 3], (None, 3)),
        (Param("p"), Param("p")),
    ):
        assert parse(filter={"a": {operator: operand}}).filter == At("a", Compare(operator, expected))
    for operand in ([], [1], [1, 2, 3], "1", None, 5, "1,2,3"):
        refused({"filter": {"a": {operator: operand}}})


@pytest.mark.parametrize("operator", ["_null", "_nnull", "_empty", "_nempty"])
def test_flags(operator: str) -> None:
    """Of what a flag takes, only false and its text say no."""
    for operand in (True, "true", None, "null", "NULL", "", False, "false"):
        expected = operand not in (False, "false")
        assert parse(filter={"a": {operator: operand}}).filter == At("a", Compare(operator, expected))
    for operand in (1, 0, "x", "maybe", [], [True], {}, 1.0):
        assert refused({"filter": {"a": {operator: operand}}}).where == f"filter.a.{operator}"


def test_types_of_operands_count() -> None:
    """1, 1.0, true and "1" are four operands."""
    queries = [parse(filter={"a": operand}) for operand in (1, 1.0, True, "1")]
    assert len(set(queries)) == 4


def test_subclasses_become_plain() -> None:
    """A text or number of a class of its own is held as a plain one, so that it equals what it spells."""

    class Status(StrEnum):
        DRAFT = "draft"

    assert parse(filter={"a": Status.DRAFT}, fields=[Status.DRAFT]) == parse(filter={"a": "draft"}, fields=["draft"])


def test_endless_nesting() -> None:
    """Structures nested without end are refused, not followed: in filter, operand, list and deep."""
    filter_: dict[str, Any] = {}
    filter_["a"] = filter_
    deep: dict[str, Any] = {}
    deep["a"] = deep
    endless: list[Any] = []
    endless += [endless, endless]
    for given in (
        {"filter": filter_},
        {"filter": {"a": {"_in": endless}}},
        {"fields": endless},
        {"deep": deep},
        {"limit": endless},
    ):
        refused(given)


def test_deepest_filter() -> None:
    """A filter as deep as allowed still compares, hashes and prints."""
    filter_: Any = {"a": 1}
    for _ in range(48):
        filter_ = {"_and": [filter_]}
    query = parse(filter=filter_)
    assert parse(query.to_dict()) == query
    assert hash(parse(query.to_url())) == hash(query)
    refused({"filter": {"_and": [{"_or": [filter_]}]}})


# --- deep ------------------------------------------------------------------------------------------------------------


def test_deep() -> None:
    """Below a relation, keys with an underscore are parameters, the others relations."""
    below = {
        "_filter": '{"likes": 5}',
        "_sort": "-id",
        "_limit": "3",
        "_groupBy": ["a"],
        "author": {"_alias": {"n": "name"}},
    }
    comments = Query(
        filter=At("likes", Compare("_eq", 5)),
        sort=("-id",),
        limit=3,
        group=("a",),
        deep=(("author", Query(alias=(("n", "name"),))),),
    )
    assert parse(deep={"comments": below}).deep == (("comments", comments),)
    assert parse(deep=json.dumps({"comments": below})).deep == (("comments", comments),)
    assert parse("deep[comments][_limit]=1").deep == (("comments", Query(limit=1)),)
    assert parse(deep={"c": {"_group": "a"}}) == parse(deep={"c": {"_groupBy": "a"}})


def test_deep_that_says_nothing() -> None:
    """An empty list, null and an empty object say nothing; neither do unknown parameters and those of no relation."""
    for deep in ([], {}, {"c": []}, {"c": None}, {"c": {}}, {"c": {"_unknown": 1}}, {"_limit": "x"}, {"c": {"d": {}}}):
        assert parse(deep=deep) == Query()


def test_deep_that_is_no_object() -> None:
    """What is no object is kept as None: whether the name is that of a relation is not known yet."""
    assert parse(deep={"comments": {"limit": 1}}).deep == (("comments", Query(deep=(("limit", None),))),)
    assert parse(deep={"comments": "x"}).deep == (("comments", None),)
    for deep in ("x", "5", "null", 5, True, ["comments"], {1: {}}):
        assert refused({"deep": deep}).where == "deep"


def test_faults_in_deep_say_where() -> None:
    """The path leads through deep to the fault."""
    error = refused({"deep": {"comments": {"author": {"_filter": {"name": {"_eq": []}}}}}})
    assert error.where == "deep.comments.author._filter.name._eq"
    assert isinstance(refused({"deep": {"comments": {"_sort": 5}}}), InvalidQuery)
