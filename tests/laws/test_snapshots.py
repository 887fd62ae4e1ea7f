"""A snapshot is the whole structure: applied to any database it gives that structure, and then there is nothing to do.

Law 1: the snapshot of an empty file to which a snapshot was applied is that snapshot.
A snapshot of a file whose stored relations are inconsistent is refused.
Law 2: from any structure a diff leads to any other, and rows of tables that both have alike are untouched.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given

from relgraph import RelationRegistry
from relgraph.errors import CannotChangeTable, InconsistentDefinition, RelgraphError, RuleViolation
from relgraph.rules import RULES, violations
from tests.laws.databases import Database, databases, quoted

REASONS = ("do not fulfil", "point at no item", "would not be copied as they are")  # rows that another definition loses


@given(databases())
def test_a_snapshot_makes_the_same_structure(database: Database) -> None:
    """Through JSON, into an empty file and back."""
    with RelationRegistry(database.make()) as old, RelationRegistry() as new:
        snapshot = old.snapshot()
        steps = new.diff(json.loads(json.dumps(snapshot)))
        if _is_broken(old):
            with pytest.raises((RuleViolation, InconsistentDefinition)):
                new.apply(steps)
            assert not new.schema.collections
        else:
            new.apply(steps)
            assert new.snapshot() == snapshot
        assert not old.diff(snapshot)


@given(databases(), databases())
def test_a_diff_leads_from_any_structure_to_any_other(left: Database, right: Database) -> None:
    """Reached exactly, or refused for what the rows of a changed table do not fulfil; applied again it does nothing."""
    with RelationRegistry(left.make()) as here, RelationRegistry(right.make()) as there:
        wanted = there.snapshot()
        assume(not _is_broken(there))
        alike = {
            entry["collection"]: here.connection.execute(f"SELECT * FROM {quoted(entry['collection'])}").fetchall()
            for entry in here.snapshot()["collections"]
            if entry in wanted["collections"]
        }
        before, steps = here.snapshot(), here.diff(wanted)
        refusal: RelgraphError | None = None
        try:
            here.apply(steps)
        except (CannotChangeTable, RuleViolation, InconsistentDefinition) as error:
            refusal = error
        if refusal is not None:
            assert _is_about_rows(refusal) or any(reason in str(refusal) for reason in REASONS)
            assert here.snapshot() == before
            return
        assert here.snapshot() == wanted
        assert not here.apply(steps)
        for name, rows in alike.items():
            assert (
                here.connection.execute(f'SELECT * FROM "{name}"'.replace(name, name.replace('"', '""'))).fetchall()
                == rows
            )


def _is_about_rows(error: RelgraphError) -> bool:
    """Whether it is rows that stand against relations."""
    broken = error.violations if isinstance(error, InconsistentDefinition) else (error,)
    return all(isinstance(each, RuleViolation) and each.rule == "data-obeys" for each in broken)


def _is_broken(registry: RelationRegistry) -> bool:
    """Whether a stored relation of a registry breaks a rule."""
    stored = {relation.name for relation in registry if relation.id is not None}
    errors = [rule for rule in RULES.values() if rule.severity == "error"]
    return any(violation.where in stored for violation in violations(registry.schema, errors))
