"""Data rules: each is found where it is broken, with the exact number of rows and their keys, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from relgraph import RelationRegistry
from relgraph.integrity.data_rules import DATA_RULES, find
from tests.integrity.planted import DAMAGE, Damage, planted


def test_a_sound_database_has_no_problems(tmp_path: Path) -> None:
    """Rows that point at what is there, self relations and empty m2a pairs among them, are no problem."""
    with RelationRegistry(planted(str(tmp_path / "sound.db")), read_only=True) as registry:
        assert find(registry.database, registry.schema) == ()


@pytest.mark.parametrize("damage", DAMAGE, ids=str)
def test_each_damage_is_found(damage: Damage, tmp_path: Path) -> None:
    """A broken rule is one problem, with the rows at fault counted and the keys of the first of them."""
    with RelationRegistry(planted(str(tmp_path / "damaged.db"), damage), read_only=True) as registry:
        found = find(registry.database, registry.schema)
    assert [(each.rule, each.relation, each.count, each.keys) for each in found] == [
        (damage.rule, damage.relation, len(damage.keys), damage.keys)
    ]
    assert found[0].severity == DATA_RULES[damage.rule].severity
    assert found[0].collection == damage.relation.split(".")[0]


def test_every_rule_is_planted() -> None:
    """There is a damage for each rule of the table."""
    assert {damage.rule for damage in DAMAGE} == set(DATA_RULES)
