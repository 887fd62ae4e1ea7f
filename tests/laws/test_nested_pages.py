"""The law of nested pages: what each item shows of a relation's page is that part of the whole list it would show."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from hypothesis import given, note
from hypothesis import strategies as st

from relgraph.schema import Hop
from relgraph.strategies.choosing import Choices
from relgraph.strategies.ways import Ways, ways_of
from tests.conformance.compare import same
from tests.laws.databases import Database
from tests.laws.queries import tangled
from tests.laws.small_worlds import small_worlds
from tests.laws.worlds import world_of


@given(database=small_worlds(), data=st.data())
def test_a_nested_page_is_a_part_of_the_list(database: Database, data: st.DataObject) -> None:
    """Limit and offset cut the list of each parent by itself, whatever its filter and order."""
    with closing(world_of(database)) as world:
        schema = world.registry.schema
        name = world.draw_collection(data.draw)
        many = [hop for hop in ways_of(schema, name).travelled if hop.many]
        for _ in range(4 * bool(many)):
            hop, limit, offset, asked = data.draw(pages(ways_of(schema, name), many), label="page")
            shown = {"fields": ["*", f"{hop.name}.*"]}
            note(world.size_with(asked))
            whole = world.by_sql(name, shown | {"deep": {hop.name: asked}}).data
            paged = world.by_sql(name, shown | {"deep": {hop.name: asked | {"_limit": limit, "_offset": offset}}}).data
            assert same(paged, [item | {hop.name: item[hop.name][offset : offset + limit]} for item in whole])


@st.composite
def pages(draw: st.DrawFn, ways: Ways, many: list[Hop]) -> tuple[Hop, int, int, dict[str, Any]]:
    """Draw a relation, a page of it, and by what the list is filtered and sorted."""
    choices = Choices(draw)
    hop, limit, offset = choices.of(many), choices.of((1, 2, 0)), choices.of((0, 0, 1, 2))
    far = ways_of(ways.schema, hop.far)
    keys = [*(field.name for field in far.fields), *(f"{each.name}.n" for each in far.open)]
    asked: dict[str, Any] = {}
    if choices.of((False, True, True)):
        asked["_sort"] = [choices.of(("", "-")) + choices.of(keys)]
    if choices.once_in(3):
        asked["_filter"] = draw(tangled(ways.schema, hop.far))
    return hop, limit, offset, asked
