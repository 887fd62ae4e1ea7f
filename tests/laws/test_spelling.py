"""Laws of spelling: a query printed is the same query again, whichever way it is written."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any
from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st

from relgraph.query.parse import parse
from tests.laws.databases import Database, databases
from tests.laws.queries import groupings, queries
from tests.laws.worlds import world_of


def draw_query(database: Database, data: st.DataObject) -> dict[str, Any]:
    """Draw a question of either kind to a collection of the database."""
    with closing(world_of(database)) as world:
        kind = data.draw(st.sampled_from((queries, groupings)))
        return data.draw(kind(world.registry.schema, world.draw_collection(data.draw)), label="query")


@given(database=databases(max_rows=0), data=st.data())
def test_printing_and_parsing_give_the_query_back(database: Database, data: st.DataObject) -> None:
    """As a mapping, as JSON text, as keyword arguments and as a URL query string: one and the same query."""
    query = draw_query(database, data)
    parsed = parse(query)
    assert parse(parsed.to_dict()) == parsed
    assert parse(json.dumps(query)) == parsed
    assert parse(**query) == parsed
    assert parse(parsed.to_url()) == parsed


@given(database=databases(max_rows=0), data=st.data())
def test_the_spelling_of_the_javascript_sdk(database: Database, data: st.DataObject) -> None:
    """Lists joined by commas and objects as JSON text, as the public JavaScript SDK sends them, are the same query."""
    query = draw_query(database, data)
    spelled = {name: _as_sent(value) for name, value in query.items()}
    assert parse(urlencode(spelled)) == parse(query)


def _as_sent(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(value)
    return json.dumps(value) if isinstance(value, (dict, bool)) else str(value)
