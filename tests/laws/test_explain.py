"""Laws of explaining: what is printed is what runs, and what is advised can be done."""

from __future__ import annotations

import json
from contextlib import closing

from hypothesis import given, note
from hypothesis import strategies as st

from relgraph.explain.advice import advice
from relgraph.query.parse import parse
from relgraph.query.resolve import resolve
from tests.laws.databases import Database, databases
from tests.laws.queries import groupings, queries
from tests.laws.worlds import Refusal, outcome, world_of
from tests.statements import unexplained


@given(database=databases(keyless=True), data=st.data())
def test_what_is_explained_is_what_runs(database: Database, data: st.DataObject) -> None:
    """What can be read can be explained, and a read runs the statements of its explanation; what not, cannot."""
    with closing(world_of(database)) as world:
        collection = world.draw_collection(data.draw)
        for kind in (queries, groupings):
            query = data.draw(kind(world.registry.schema, collection), label="query")
            answer = outcome(lambda query=query: world.by_sql(collection, query))
            explanation = outcome(lambda query=query: world.registry.items(collection).explain(query))
            if isinstance(answer, Refusal):
                assert explanation == answer
                continue
            assert unexplained(world.registry, collection, query, exactly=False) == []
            plain = explanation.to_dict()
            assert json.loads(json.dumps(plain)) == plain


@given(database=databases(keyless=True), data=st.data())
def test_what_is_advised_can_be_done(database: Database, data: st.DataObject) -> None:
    """Every advised statement runs, and is not advised again."""
    with closing(world_of(database)) as world:
        collection = world.draw_collection(data.draw)
        schema, connection = world.registry.schema, world.registry.connection
        query = resolve(parse(data.draw(queries(schema, collection), label="query")), schema, collection)
        for _ in range(2):  # indexes, then their counting
            for piece in advice(query, schema, world.registry.database, large=1):
                note(piece.text)
                connection.execute(piece.text)
        assert advice(query, schema, world.registry.database, large=1) == ()
