"""The audit agrees with plain loops over all rows, whatever is broken; a clean one means what SQLite means by it."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from hypothesis import given, note
from hypothesis import strategies as st

from relgraph import RelationRegistry
from relgraph.integrity.data_rules import DATA_RULES
from relgraph.integrity.problems import KEYS_KEPT, Audit
from relgraph.values import sort_key
from tests.laws.damage import Faults, damaged, told
from tests.laws.databases import Database, databases
from tests.laws.small_worlds import small_worlds
from tests.laws.worlds import world_of


def found(audit: Audit) -> dict[tuple[str, str], tuple[int, tuple[object, ...]]]:
    """Give what an audit says of rows: how many, and their first keys."""
    return {(each.rule, each.relation): (each.count, each.keys) for each in audit if each.rule in DATA_RULES}


def owed(faults: Faults) -> dict[tuple[str, str], tuple[int, tuple[object, ...]]]:
    """Give what an audit should say of faults."""
    return {place: (len(keys), _first(keys)) for place, keys in faults.items()}


def _first(keys: list[object]) -> tuple[object, ...]:
    def order(key: object) -> list[object]:
        return [sort_key(part) for part in (key if isinstance(key, tuple) else (key,))]  # type: ignore[arg-type]  # stored values

    return tuple(sorted(keys, key=order))[:KEYS_KEPT]


def agree(connection: sqlite3.Connection) -> None:
    """Compare the audit with the loops, and with SQLite's own check."""
    with RelationRegistry(connection) as registry:
        audit = registry.audit()
        assert found(audit) == owed(told(connection, registry.schema))
        if not audit:
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


@given(connection=damaged())
def test_the_audit_of_damaged_databases(connection: sqlite3.Connection) -> None:
    """Junctions, m2a pairs, a tree, sorted lists and composite keys: the same rows at fault as plain loops find."""
    agree(connection)


@given(database=databases(keyless=True))
def test_the_audit_of_any_database(database: Database) -> None:
    """Tables of every shape and odd names: the same rows at fault as plain loops find."""
    agree(database.make())


@given(database=small_worlds())
def test_the_audit_of_small_worlds(database: Database) -> None:
    """Few tables in which keys are easily mistaken for those of another: the same rows at fault as plain loops find."""
    with closing(world_of(database)) as world:
        note(world.size_with(None))
        agree(database.make())


@given(connection=damaged(), data=st.data())
def test_a_part_of_the_audit(connection: sqlite3.Connection, data: st.DataObject) -> None:
    """Asked for some rules and collections, an audit gives these problems of the whole, and no others."""
    with RelationRegistry(connection) as registry:
        rules = data.draw(st.lists(st.sampled_from(tuple(DATA_RULES)), max_size=3, unique=True))
        collections = data.draw(st.lists(st.sampled_from(("j", "m", "n", "s", "t", "q")), max_size=3, unique=True))
        whole = registry.audit()
        part = registry.audit(collections=collections, rules=rules)
        assert set(part) == {each for each in whole if each.rule in rules and each.collection in collections}
    connection.close()
