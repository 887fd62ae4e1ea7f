"""Laws of whole databases, drawn: planted damage is mended, structures carry over, deletes are foretold."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relgraph import RelationRegistry, strategies
from relgraph.storage.sql_text import quoted
from relgraph.strategies import DrawnRegistry

FEW = settings(max_examples=settings().max_examples // 2 or 1)


@FEW
@given(registry=strategies.registries(max_items=4, damage=True))
def test_a_repair_mends_what_was_planted(registry: DrawnRegistry) -> None:
    """After a repair an audit finds no error but those it said it leaves, and another has nothing to do."""
    done = registry.repair(registry.audit(), dry_run=False)
    left = {(each.rule, each.relation) for each in done.left}
    assert {(each.rule, each.relation) for each in registry.audit() if each.severity == "error"} <= left
    assert list(registry.repair(registry.audit(), dry_run=True)) == []


@FEW
@given(registry=strategies.registries(max_items=0))
def test_a_snapshot_makes_the_same_structure(registry: DrawnRegistry) -> None:
    """Applied to an empty database it gives that structure, and then nothing is to be done."""
    snapshot = registry.snapshot()
    with RelationRegistry() as copy:
        copy.apply(copy.diff(snapshot))
        assert copy.snapshot() == snapshot
        assert list(copy.diff(snapshot)) == []


@FEW
@given(registry=strategies.registries(min_items=1), data=st.data())
def test_impact_foretells_what_a_delete_does(registry: DrawnRegistry, data: st.DataObject) -> None:
    """As many items are deleted, or the delete is refused, as the graph said before."""
    keyed = [each.name for each in registry.schema if each.key is not None and registry.items(each.name).count()]
    name = data.draw(st.sampled_from([each for each in keyed if each != "relgraph_relations"] or keyed))
    field = registry.schema.collections[name].primary_key[0]
    column = quoted(field)
    keys = [key for (key,) in registry.connection.execute(f"SELECT {column} FROM {quoted(name)} ORDER BY 1")]
    key = data.draw(st.sampled_from(keys))
    impact = registry.graph.impact(name, [key])
    before, delete = counts(registry), f"DELETE FROM {quoted(name)} WHERE {column} = ?"
    if impact.blocked:
        with pytest.raises(sqlite3.IntegrityError):
            registry.connection.execute(delete, (key,))
        return
    registry.connection.execute(delete, (key,))
    gone = {each: before[each] - count for each, count in counts(registry).items() if before[each] != count}
    assert gone == {each: affected.count for each, affected in impact.deleted.items()}


def counts(registry: RelationRegistry) -> dict[str, int]:
    """Give how many items each collection has."""
    return {each.name: registry.items(each.name).count() for each in registry.schema}
