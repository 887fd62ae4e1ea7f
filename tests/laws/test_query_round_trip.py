"""Laws of parsing and printing, over generated queries and over arbitrary input."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from relgraph.errors import QueryError
from relgraph.functions import AGGREGATES
from relgraph.operators import OPERATORS, QUANTIFIERS, Arity
from relgraph.query.ast import Param, Query
from relgraph.query.parse import DEEP_PARAMETERS, PARAMETERS, parse
from relgraph.query.spelling import LARGEST_NUMBER
from relgraph.query.url import parse_url

# --- questions that parse --------------------------------------------------------------------------------------------

letters = st.characters(exclude_categories=("Cs",))
names = st.sampled_from(["id", "author", "author.name", "item:headings.text", "year(born)", "json(meta, a[0].b)", "*"])
odd_names = st.text(letters, min_size=1, max_size=6).filter(lambda name: name.strip() and "(" not in name)
keys = names | st.text(letters, max_size=6).filter(lambda key: not key.startswith("_"))
lists = st.none() | st.lists(names | odd_names.filter(lambda name: all(map(str.strip, name.split(",")))), max_size=4)
counts = st.integers(1, 50) | st.sampled_from([0, "", None, "7", "1e1", "0x5", [3], True])
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-LARGEST_NUMBER, LARGEST_NUMBER)
    | st.floats(-1e9, 1e9)
    | st.text(letters, max_size=8)
)


def operands(arity: Arity) -> st.SearchStrategy[Any]:
    """Build operands of the shape that an arity wants, in several spellings."""
    match arity:
        case Arity.FLAG:
            return st.sampled_from([True, False, None, "", "true", "false"])
        case Arity.ONE:
            return scalars.filter(lambda value: value != "")
        case Arity.TWO:
            return st.lists(scalars, min_size=2, max_size=2) | st.just("1,2")
        case Arity.MANY:
            return st.lists(scalars, min_size=1, max_size=3) | scalars | st.just({"0": 1, "1": "b"})


def comparisons() -> st.SearchStrategy[dict[str, Any]]:
    """Build objects of operators, as they stand at a field."""
    row = st.sampled_from(sorted(OPERATORS)).flatmap(
        lambda name: st.tuples(st.just(name), operands(OPERATORS[name].arity))
    )
    return st.lists(row, min_size=1, max_size=2).map(dict)


def conditions(*, below_field: bool) -> st.SearchStrategy[dict[str, Any]]:
    """Build filter objects; with `below_field`, ones that may stand at a field."""
    bare = scalars.filter(lambda value: value != "")
    leaves = st.dictionaries(keys, bare | comparisons(), max_size=2)

    def deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return (
            st.dictionaries(keys, inner, max_size=2)
            | st.builds(
                lambda word, parts: {word: parts}, st.sampled_from(["_and", "_or"]), st.lists(inner, max_size=3)
            )
            | st.builds(lambda key, word, part: {key: {word: part}}, keys, st.sampled_from(sorted(QUANTIFIERS)), inner)
        )

    tree = st.recursive(leaves, deeper, max_leaves=6)
    return tree | comparisons() if below_field else tree


aliases = st.dictionaries(odd_names.filter(lambda name: "." not in name), st.sampled_from(["id", "json(meta, a.b)"]))
aggregates = st.dictionaries(
    st.sampled_from(sorted(AGGREGATES)), st.just("*") | st.just("") | st.lists(names, min_size=1, max_size=2)
)


def levels() -> st.SearchStrategy[dict[str, Any]]:
    """Build what the whole question and each level of deep have in common."""
    return st.fixed_dictionaries(
        {},
        optional={
            "filter": conditions(below_field=False),
            "search": st.text(letters, max_size=5),
            "sort": lists,
            "limit": counts | st.just(-1),
            "offset": counts,
            "page": counts,
            "alias": aliases,
            "aggregate": aggregates,
            "groupBy": lists,
        },
    )


def deeps() -> st.SearchStrategy[dict[str, Any]]:
    """Build what deep says: underscore parameters, and relations inside relations."""
    level = levels().map(lambda given: {f"_{name}": value for name, value in given.items()})
    relation = st.sampled_from(["comments", "item:headings", "tags.x", ""])
    nested = st.recursive(
        level,
        lambda inner: st.builds(lambda here, below: here | below, level, st.dictionaries(relation, inner)),
        max_leaves=3,
    )
    return st.dictionaries(relation, nested | st.just(5) | st.none(), max_size=2)


questions = st.builds(
    lambda level, rest: level | rest,
    levels(),
    st.fixed_dictionaries(
        {},
        optional={
            "fields": lists,
            "cursor": st.text(letters, max_size=5),
            "meta": st.sampled_from(["*", "total_count", ["filter_count"], [], None]),
            "backlink": st.sampled_from([True, False, "false", "x"]),
            "deep": deeps(),
        },
    ),
)


@given(questions)
def test_printed_data_parses_to_the_same_query(question: dict[str, Any]) -> None:
    """What `to_dict` prints is JSON, and parses to the query it was printed from."""
    query = parse(question)
    printed = query.to_dict()
    assert parse(printed) == query
    assert parse(json.dumps(printed)) == query
    assert parse(printed).to_dict() == printed


@given(questions)
def test_printed_url_parses_to_the_same_query(question: dict[str, Any]) -> None:
    """What `to_url` prints is ASCII, and parses to the query it was printed from, operand types included."""
    query = parse(question)
    url = query.to_url()
    assert url.isascii()
    assert parse(url) == query
    assert parse(f"?{url}") == query


@given(questions)
def test_queries_are_values(question: dict[str, Any]) -> None:
    """Equal questions parse to queries that are equal and hash alike."""
    assert hash(parse(question)) == hash(parse(dict(question)))
    assert parse(question) == parse(**question)


# --- arbitrary input -------------------------------------------------------------------------------------------------

words = st.sampled_from([*PARAMETERS, *DEEP_PARAMETERS, *OPERATORS, *QUANTIFIERS, "_and", "_or", "export", "id", ""])
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=2)
    | st.sampled_from(
        ["*", "-1", "1e400", "{", "[1]", '{"a": 1}', "a,b", "year(", "\ud800", 10**4000, Param("p"), object()]
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(words | st.text(max_size=4) | st.integers(), inner, max_size=3)
    ),
    max_leaves=12,
)
shaped = st.dictionaries(st.sampled_from([*PARAMETERS, "export"]), anything, max_size=4)


def asked(source: Any) -> Query | None:
    """Give what `source` parses to, or None when it is refused; any other error is loud."""
    try:
        return parse(source)
    except QueryError as error:
        refusal = error
    assert (refusal.code, refusal.status) == ("INVALID_QUERY", 400)
    assert len(str(refusal)) < 2000
    return None


@given(anything | shaped)
@example({"filter": {"a": {"_in": [[[10**4000]]]}}})
def test_any_value_is_a_query_or_refused(source: Any) -> None:
    """Whatever Python value comes in, `parse` gives a query or raises a `QueryError`, and what it gives prints."""
    query = asked(source)
    assert query is None or parse(query.to_dict()) == query


pieces = st.sampled_from(
    [
        "filter",
        "fields",
        "deep",
        "limit",
        "_or",
        "a",
        "[",
        "]",
        "[]",
        "[0]",
        "=",
        "&",
        ",",
        "1",
        "%5B",
        "%f0",
        "+",
        "{",
        '"',
    ]
)


@given(st.text(max_size=30) | st.lists(pieces, max_size=14).map("".join))
@example("filter[a][b]=1&filter[a]=2")
@example("a[=1&[]=2&[a]=3&=4&a]=5")
def test_any_text_is_a_query_or_refused(text: str) -> None:
    """Whatever text comes in, as URL, JSON or the value of a parameter, `parse` gives a query or a `QueryError`."""
    query = asked(text)
    assert query is None or parse(query.to_url()) == query
    for name in PARAMETERS:
        asked({name: text})


@given(st.lists(pieces, max_size=14).map("".join))
def test_url_data_is_plain(text: str) -> None:
    """A URL parses to dicts, lists and texts, whatever its brackets."""
    try:
        parsed = parse_url(text)
    except QueryError:
        return
    assert json.loads(json.dumps(parsed)) == parsed
