"""The central law over drawn registries: SQL and Python answer alike, pages of a cursor make up the whole list."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph import Access, Grant, evaluate, strategies
from relgraph.errors import UnknownCollection
from relgraph.strategies import Blueprint, Column, DrawnRegistry, Pointer, Table
from tests.conformance.compare import same


def drawn_name(registry: DrawnRegistry, data: st.DataObject) -> str:
    """Draw a collection, one with items if there are any."""
    names = [each.name for each in registry.schema if each.name != "relgraph_relations"]
    filled = [name for name in names if registry.items(name).count()]
    return data.draw(st.sampled_from(filled or names), label="collection")


def rows_of(registry: DrawnRegistry) -> dict[str, list[dict[str, Any]]]:
    """Give the stored rows of every collection."""
    found = {}
    for collection in registry.schema:
        cursor = registry.connection.execute('SELECT * FROM "' + collection.name.replace('"', '""') + '"')
        found[collection.name] = [
            dict(zip([part[0] for part in cursor.description], row, strict=True)) for row in cursor
        ]
    return found


@given(registry=strategies.registries(), data=st.data())
def test_sql_equals_memory(registry: DrawnRegistry, data: st.DataObject) -> None:
    """A valid query, with or without aggregates, has the same answer by SQL and in memory."""
    name = drawn_name(registry, data)
    rows = rows_of(registry)
    for _ in range(2):
        query = data.draw(strategies.queries(registry, name, aggregate=None), label="query")
        by_sql, in_memory = registry.items(name).read(query), evaluate(query, rows, registry.schema, collection=name)
        assert same(by_sql.data, in_memory.data), f"\nby SQL:    {by_sql.data}\nin memory: {in_memory.data}"
        assert by_sql.meta == in_memory.meta


@given(registry=strategies.registries(strategies.schemas(max_collections=2), min_items=2), data=st.data())
def test_pages_of_a_cursor_make_up_the_list(registry: DrawnRegistry, data: st.DataObject) -> None:
    """Page after page by cursor gives every item once, in the order of the whole list."""
    name = drawn_name(registry, data)
    fields = [each for each in registry.schema.collections[name].fields if "." not in each and ":" not in each]
    signs = st.lists(st.tuples(st.sampled_from(("", "-")), st.sampled_from(fields)), max_size=2)
    asked = {"fields": ["*"], "sort": [sign + field for sign, field in data.draw(signs)]}
    whole = registry.items(name).read(asked).data
    paged, cursor = [], ""
    while cursor is not None and len(paged) <= len(whole):
        page = registry.items(name).read(asked | {"limit": 2, "cursor": cursor})
        paged, cursor = [*paged, *page.data], page.cursor
    assert same(paged, whole)


@given(registry=strategies.registries(max_items=2), data=st.data())
def test_invalid_queries_are_refused_as_they_should(registry: DrawnRegistry, data: st.DataObject) -> None:
    """Each is refused with the error it is drawn with, by SQL and in memory."""
    name = drawn_name(registry, data)
    query, error = data.draw(strategies.invalid_queries(registry, name))
    for ask in (registry.items(name).read, lambda asked: evaluate(asked, {}, registry.schema, collection=name)):
        with pytest.raises(error) as refused:
            ask(query)
        assert refused.type is error


@given(registry=strategies.registries(max_items=3), data=st.data())
def test_an_access_never_shows_more(registry: DrawnRegistry, data: st.DataObject) -> None:
    """Whatever is granted, no more items are seen than there are, and no field that is not granted."""
    name = drawn_name(registry, data)
    access = data.draw(strategies.accesses(registry))
    if not any(grant.fields for grant in access.reading(name)):
        with pytest.raises(UnknownCollection):
            registry.with_access(access).items(name)
        return
    seen = registry.with_access(access).items(name).read(fields=["*"])
    granted = {field for grant in access.reading(name) for field in grant.fields}
    assert len(seen) <= registry.items(name).count()
    assert "*" in granted or all(set(item) <= granted for item in seen)


ONE_BY_LABEL = Blueprint(
    (
        Table("tags", (Column("id", "INTEGER"),), (Column("label", "VARCHAR(40)", unique=True),)),
        Table(
            "uses",
            (Column("id", "INTEGER"),),
            pointers=(Pointer(Column("tag", "VARCHAR(40)"), "tags", "label", alias="uses"),),
        ),
    )
)


@given(data=st.data())
def test_a_filter_needs_no_field_that_a_relation_goes_by(data: st.DataObject) -> None:
    """An access may go through a relation without knowing the unique field it leads by: its filters can be drawn."""
    with ONE_BY_LABEL.open() as registry:
        view = registry.with_access(Access({"tags": Grant(("id", "uses")), "uses": Grant()}))
        asked = data.draw(strategies.filters(view, "tags"))
        assert view.items("tags").read(filter=asked).data == []
