"""Cursors: opaque text that belongs to one query and leads to the next page of it."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph import Items, Param, RelationRegistry
from relgraph.errors import InvalidQuery
from relgraph.query.cursor import read_cursor, write_cursor

STORED = st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text() | st.binary()


@given(st.lists(STORED, min_size=1, max_size=4).map(tuple))
def test_a_cursor_holds_any_sort_values(values: tuple[Any, ...]) -> None:
    """What SQLite can store, a cursor can carry: NULL, 64-bit integers, infinities, any text, blobs."""
    found = read_cursor(write_cursor("signed", values), "signed", len(values))
    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


@pytest.fixture
def registry() -> Iterator[RelationRegistry]:
    """A registry of seven numbers, some NULL, some equal."""
    with RelationRegistry(":memory:") as opened:
        opened.connection.execute("CREATE TABLE numbers (id INTEGER PRIMARY KEY, n INTEGER)")
        opened.connection.executemany("INSERT INTO numbers (n) VALUES (?)", [(n,) for n in (3, None, 1, 3, None, 2, 3)])
        opened.connection.execute("CREATE TABLE heap (n INTEGER)")
        yield opened


@pytest.mark.parametrize("sort", ["id", "-id", "n", "-n", "n,-id"])
def test_pages_follow_each_other(registry: RelationRegistry, sort: str) -> None:
    """From cursor to cursor each item comes once, in the order of the whole; the last page has no cursor."""
    numbers, pages, cursor = registry.items("numbers"), [], ""
    while cursor is not None:
        page = numbers.read(fields=[], sort=sort, limit=2, cursor=cursor)
        pages.append(page.data)
        cursor = page.cursor
    assert [len(page) for page in pages] == [2, 2, 2, 1]
    assert [key for page in pages for key in page] == numbers.read(fields=[], sort=sort).data


def test_pages_hold_while_items_come_and_go(registry: RelationRegistry) -> None:
    """What is inserted or deleted elsewhere moves no item to another page."""
    numbers = registry.items("numbers")
    first = numbers.read(fields=[], sort="-id", limit=3, cursor="")
    registry.connection.execute("INSERT INTO numbers VALUES (99, 1)")
    registry.connection.execute("DELETE FROM numbers WHERE id = 6")
    assert numbers.read(fields=[], sort="-id", limit=3, cursor=first.cursor).data == [4, 3, 2]


@pytest.mark.parametrize("sort", ["id", "-id", "n", "-n", "n,-id", "-n,id"])
def test_a_deep_page_is_found_by_an_index(registry: RelationRegistry, sort: str) -> None:
    """However deep a page is, an index on its first sort key leads to it: nothing before it is read."""
    raw = registry.connection
    raw.execute("CREATE INDEX numbers_n ON numbers (n)")
    raw.executemany("INSERT INTO numbers (n) VALUES (?)", [(n % 50 or None,) for n in range(500)])
    numbers = registry.items("numbers")
    page = numbers.read(fields=[], sort=sort, limit=400, cursor="")
    for statement, plan in zip(*_explained(numbers, sort, page.cursor), strict=True):
        assert any("SEARCH t0 USING" in step for step in plan), (statement, plan)
    following = numbers.read(fields=[], sort=sort, limit=200, cursor=page.cursor)
    assert [*page, *following] == numbers.read(fields=[], sort=sort).data


def _explained(items: Items, sort: str, cursor: str | None) -> tuple[Any, Any]:
    explanation = items.explain(fields=[], sort=sort, limit=5, cursor=cursor)
    return explanation.statements, explanation.query_plan


def test_the_page_size_may_change(registry: RelationRegistry) -> None:
    """A cursor belongs to a list, not to the size of its pages."""
    numbers = registry.items("numbers")
    first = numbers.read(fields=[], limit=3, cursor="")
    assert numbers.read(fields=[], limit=100, cursor=first.cursor).data == [4, 5, 6, 7]


def read_signature(cursor: str | None) -> str:
    """Give what a cursor is signed with."""
    assert cursor is not None
    signature: str = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))[0]
    return signature


def spoilt() -> list[str]:
    """Give texts that are no cursor of `sort=id`, the last ones well formed."""
    plain = [b"[]", b"5", b"{}", b'["x"]', b"not json", b"\xff"]
    return ["!", "a", *(urlsafe_b64encode(text).decode() for text in plain), write_cursor("other", (1,))]


@pytest.mark.parametrize("text", spoilt())
def test_a_cursor_of_another_query_is_refused(registry: RelationRegistry, text: str) -> None:
    """Text that is no cursor, or one of another question, is refused instead of skipping items."""
    with pytest.raises(InvalidQuery, match="cursor") as caught:
        registry.items("numbers").read(limit=2, cursor=text)
    assert caught.value.where == "cursor"


@pytest.mark.parametrize("values", ['{"b": 5}', '{"b": "?"}', "{}", "[1]", "true", "18446744073709551616"])
def test_a_damaged_cursor_is_refused(values: str) -> None:
    """A signed cursor that holds what no cursor was written with is refused too."""
    text = urlsafe_b64encode(f'["signed", {values}]'.encode()).decode()
    with pytest.raises(InvalidQuery, match="damaged"):
        read_cursor(text, "signed", 1)


@pytest.mark.parametrize(
    ("collection", "asked"),
    [
        ("numbers", {"offset": 1}),
        ("numbers", {"page": 2}),
        ("numbers", {"aggregate": {"count": "*"}}),
        ("heap", {}),
    ],
)
def test_a_cursor_needs_a_list_of_its_own(registry: RelationRegistry, collection: str, asked: dict[str, Any]) -> None:
    """A cursor goes with no offset, page or aggregate, nor with a collection whose items have no total order."""
    with pytest.raises(InvalidQuery) as caught:
        registry.items(collection).read({"limit": 2, "cursor": "", **asked})
    assert caught.value.where == "cursor"


@pytest.mark.parametrize("sort", ["id", "-n", "n,-id"])
def test_a_cursor_may_be_a_parameter(registry: RelationRegistry, sort: str) -> None:
    """A prepared query goes from page to page, whichever of the sort values at its end are NULL."""
    numbers, pages, cursor = registry.items("numbers"), [], ""
    prepared = numbers.prepare(fields=[], sort=sort, limit=Param("size"), cursor=Param("cursor"))
    while cursor is not None:
        page = prepared(cursor=cursor, size=2)
        pages.append(page.data)
        cursor = page.cursor
    assert [len(page) for page in pages] == [2, 2, 2, 1]
    assert [key for page in pages for key in page] == numbers.read(fields=[], sort=sort).data


def test_pages_of_one_form_are_compiled_once(registry: RelationRegistry) -> None:
    """Page after page is read by the same reader, with a plan for each choice of sort values that are NULL."""
    numbers, cursor = registry.items("numbers"), ""
    while cursor is not None:
        cursor = numbers.read(fields=[], sort="n", limit=1, cursor=cursor).cursor
    (reader,) = registry.readers.readers.values()
    assert set(reader.pages) == {(True, False), (False, False)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"n": 3}, {"n": 2}),
        ({"n": {"_in": [1, 2]}}, {"n": {"_in": [2, 1]}}),
        ({"n": {"_gt": 1}}, {"n": {"_lt": 1}}),
        ({"n": {"_gt": 1}}, {"n": {"_gt": 1.5}}),
        ({"_or": [{"n": 3}, {"id": 1}]}, {"_and": [{"n": 3}, {"id": 1}]}),
    ],
)
def test_a_cursor_belongs_to_the_values_of_its_filter(registry: RelationRegistry, one: Any, other: Any) -> None:
    """Queries that differ in an operand alone share a plan, and still do not share cursors."""
    registry.connection.execute("INSERT INTO numbers (n) VALUES (1), (2), (2)")
    numbers = registry.items("numbers")
    cursor = write_cursor(read_signature(numbers.read(fields=[], filter=one, limit=1, cursor="").cursor), (1,))
    assert numbers.read(fields=[], filter=one, limit=1, cursor=cursor) is not None
    with pytest.raises(InvalidQuery, match="another query"):
        numbers.read(fields=[], filter=other, limit=1, cursor=cursor)


def test_a_cursor_leads_on_in_every_spelling(registry: RelationRegistry) -> None:
    """The cursor of a mapping is that of the same query as JSON text, as keyword arguments, and prepared."""
    numbers = registry.items("numbers")
    asked = {"fields": ["id"], "filter": {"n": {"_gt": 1}}, "limit": 2}
    cursor = numbers.read({**asked, "cursor": ""}).cursor
    following = [{"id": 6}, {"id": 7}]
    assert numbers.read(json.dumps({**asked, "cursor": cursor})).data == following
    assert numbers.read(asked, cursor=cursor).data == following
    assert numbers.read({**asked, "cursor": "replaced"}, cursor=cursor).data == following
    prepared = numbers.prepare({**asked, "filter": {"n": {"_gt": Param("least")}}, "cursor": cursor})
    assert prepared(least=1).data == following
    with pytest.raises(InvalidQuery, match="another query"):
        prepared(least=2)
