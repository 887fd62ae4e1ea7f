"""Laws of resolving: whatever is asked, it is a resolved query or a typed error, and the same one every time."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from relgraph import RelgraphError
from relgraph.operators import OPERATORS, QUANTIFIERS
from relgraph.query.ast import Query
from relgraph.query.parse import parse
from relgraph.query.resolve import resolve
from relgraph.query.resolved import ResolvedQuery
from tests.query.press import PRESS, shown

PIECES = st.sampled_from(
    [
        *("id", "title", "views", "author", "mentor", "comments", "articles", "sections", "item", "headings", "likes"),
        *("published", "meta", "target", "odd.names", "a.b", "nope", "item:headings", "item:nope", "*", ".", ",", ":"),
        *("(", ")", "[0]", "-", "?", "$", "$FOLLOW(comments,article)", "year(", "count(", "sum(", "json(", "foo("),
        *("ä", "\0", ""),
    ]
)
PATHS = st.lists(PIECES, min_size=1, max_size=6).map("".join) | st.lists(PIECES, min_size=1, max_size=4).map(".".join)
OPERANDS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(
        ["", "null", "1e3", "2024-01-15", "$NOW", "$NOW(-1 day)", "$CURRENT_USER", "$CURRENT_USER.x", "12:30"]
    )
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)
WORDS = st.sampled_from([*OPERATORS, *QUANTIFIERS, "_and", "_or", "_nope"])
FILTERS = st.recursive(
    OPERANDS,
    lambda inner: st.dictionaries(PATHS | WORDS, inner, max_size=3) | st.lists(inner, max_size=3),
    max_leaves=8,
)
NUMBERS = st.none() | st.integers(-2, 2**64) | st.sampled_from(["3", "x", 1.5])
LEVELS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "filter": FILTERS,
        "sort": st.lists(PATHS, max_size=3),
        "limit": NUMBERS,
        "offset": NUMBERS,
        "page": NUMBERS,
        "search": st.text(max_size=4),
        "alias": st.dictionaries(PATHS, PATHS, max_size=2),
        "aggregate": st.dictionaries(st.sampled_from(["count", "sum", "max", "countAll", "nope"]), PATHS, max_size=2),
        "groupBy": st.lists(PATHS, max_size=2),
    },
)
DEEPS = st.recursive(
    LEVELS.map(lambda level: {f"_{name}": value for name, value in level.items()}),
    lambda inner: st.dictionaries(PATHS, inner, max_size=2),
    max_leaves=3,
)
QUESTIONS = st.tuples(
    LEVELS,
    st.fixed_dictionaries(
        {},
        optional={
            "fields": st.lists(PATHS, max_size=4),
            "deep": st.dictionaries(PATHS, DEEPS, max_size=2),
            "backlink": st.booleans(),
        },
    ),
).map(lambda parts: parts[0] | parts[1])
NAMES = st.sampled_from(sorted(PRESS.collections))


def outcome(question: dict[str, Any], name: str) -> ResolvedQuery | tuple[str, str]:
    """Give what a question comes to: a resolved query, or the class and text of a typed error."""
    try:
        return resolve(parse(question), PRESS, name)
    except RelgraphError as error:
        return type(error).__name__, str(error)


@given(QUESTIONS, NAMES)
def test_every_question_is_resolved_or_refused(question: dict[str, Any], name: str) -> None:
    """No question ends in anything but a result or a typed error, and asking again gives the same."""
    assert outcome(question, name) == outcome(question, name)


@given(st.lists(PATHS, min_size=1, max_size=4), NAMES)
def test_asking_twice_for_the_same_changes_nothing(fields: list[str], name: str) -> None:
    """Duplicates among the fields are harmless."""
    once, twice = outcome({"fields": fields}, name), outcome({"fields": [*fields, *fields]}, name)
    assert once == twice


@given(st.sampled_from(sorted(set(PRESS.collections) - {"directus_users"})))
def test_a_star_is_never_refused(name: str) -> None:
    """Every collection can be read without knowing its names, one level or two."""
    for fields in (None, ("*.*",)):
        assert shown(resolve(Query(fields=fields), PRESS, name))
