"""A repair does what it plans: no byte before, the planned rules whole after, no row besides those it names."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from relgraph import RelationRegistry
from relgraph.integrity.data_rules import DATA_RULES
from relgraph.integrity.plans import Plan
from tests.laws.damage import damaged
from tests.laws.databases import quoted

STRATEGIES = st.fixed_dictionaries(
    {}, optional={rule.slug: st.sampled_from(rule.strategies) for rule in DATA_RULES.values() if rule.strategies}
)
HALF = settings().max_examples // 2  # these laws audit and repair several times per example
Rows = dict[str, dict[Any, tuple[Any, ...]]]


def rows(connection: sqlite3.Connection) -> Rows:
    """Give every row with the classes of its values, by what tells it apart."""
    found: Rows = {}
    for name, bare in connection.execute("SELECT name, wr FROM pragma_table_list WHERE type = 'table'").fetchall():
        columns = [quoted(column) for (column,) in connection.execute("SELECT name FROM pragma_table_info(?)", (name,))]
        own = columns[0] if bare else "rowid"
        values = ", ".join(f"{column}, typeof({column})" for column in columns)
        found[name] = {row[0]: row[1:] for row in connection.execute(f"SELECT {own}, {values} FROM {quoted(name)}")}
    return found


def changed(before: Rows, after: Rows) -> dict[str, int]:
    """Give how many rows of each table are not what they were."""
    counts = {
        name: sum(after[name].get(own) != row for own, row in kept.items()) + len(after[name].keys() - kept.keys())
        for name, kept in before.items()
    }
    return {name: count for name, count in counts.items() if count}


def deleted(plan: Plan) -> dict[str, int]:
    """Give how many rows of each collection a plan deletes."""
    counts: dict[str, int] = {}
    for step in plan:
        if step.deletes:
            counts[step.collection] = counts.get(step.collection, 0) + step.count
    return counts


@settings(max_examples=HALF)
@given(connection=damaged(), strategies=STRATEGIES)
def test_a_repair_does_what_it_plans(connection: sqlite3.Connection, strategies: dict[str, str]) -> None:
    """The steps done are those planned; what they mend is whole, the rest is left, and then nothing is to be done."""
    before = rows(connection)
    with RelationRegistry(connection) as registry:
        audit = registry.audit()
        plan = registry.repair(audit, strategies=strategies)
        assert rows(connection) == before
        assert registry.audit() == audit
        done = registry.repair(audit, dry_run=False, strategies=strategies)
        assert (done.steps, done.left) == (plan.steps, plan.left)
        after = rows(connection)
        left = registry.audit()
        mended = {(step.rule, step.relation) for step in plan}
        assert mended.isdisjoint((each.rule, each.relation) for each in left)
        assert {(each.rule, each.relation, each.count) for each in left} == {
            (each.rule, each.relation, each.count) for each in plan.left
        }
        assert not registry.repair(left, dry_run=False, strategies=strategies)
        assert not registry.repair(audit, dry_run=False, strategies=strategies)
    assert rows(connection) == after
    assert {name: len(kept) - len(after[name]) for name, kept in before.items() if len(kept) > len(after[name])} == (
        deleted(plan)
    )
    moved = changed(before, after)
    assert all(count <= plan.changed.get(name, 0) for name, count in moved.items())
    connection.close()


@settings(max_examples=HALF)
@given(connection=damaged(), journal=st.sampled_from(("DELETE", "WAL")), read_only=st.booleans())
def test_a_dry_run_changes_no_byte(connection: sqlite3.Connection, journal: str, read_only: bool) -> None:
    """The file has the same bytes, and nothing is left beside it, whatever the journal."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "damaged.db")
        with closing(sqlite3.connect(path, isolation_level=None)) as file:
            connection.backup(file)
            file.execute(f"PRAGMA journal_mode = {journal}")
        connection.close()
        bytes_before, files_before = path.read_bytes(), os.listdir(folder)
        with RelationRegistry(path, read_only=read_only) as registry:
            registry.repair(registry.audit())
            assert path.read_bytes() == bytes_before
        assert path.read_bytes() == bytes_before
        if not read_only:  # SQLite leaves the empty files of a WAL that it may not clear away
            assert os.listdir(folder) == files_before
