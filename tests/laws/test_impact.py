"""The law of impact: what it says is what a delete does."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from hypothesis import given, note, reject
from hypothesis import strategies as st

from relgraph import RelationRegistry
from relgraph.errors import CannotGuard
from relgraph.graph.answers import Affected, Impact
from tests.graph.deletable import Deletable, databases
from tests.laws.databases import quoted

Rows = dict[Any, dict[str, Any]]


def rows_of(connection: sqlite3.Connection, made: Deletable) -> dict[str, Rows]:
    """Give the rows of each table by what they are known by through all changes: the rowid, where there is one."""
    found = {}
    for name, key in made.keys.items():
        try:
            cursor = connection.execute(f"SELECT rowid, * FROM {quoted(name)}")
        except sqlite3.OperationalError:
            cursor = connection.execute(f"SELECT {', '.join(key)}, * FROM {quoted(name)}")
            skip = len(key)
        else:
            skip = 1
        names = [column[0] for column in cursor.description][skip:]
        found[name] = {row[:skip]: dict(zip(names, row[skip:], strict=True)) for row in cursor}
    return found


def key_of(made: Deletable, name: str, row: dict[str, Any]) -> Any:
    """Give the primary key of a row as impact gives it."""
    parts = tuple(row[column] for column in made.keys[name])
    return parts if len(parts) > 1 else parts[0]


def delete(connection: sqlite3.Connection, made: Deletable, name: str, keys: list[Any]) -> bool:
    """Delete the items with some keys in one statement; tell whether the database let it pass."""
    columns = made.keys[name]
    wanted = [key if isinstance(key, tuple) else (key,) for key in keys]
    rows = ", ".join(f"({', '.join('?' * len(columns))})" for _ in wanted)
    try:
        connection.execute(
            f"DELETE FROM {quoted(name)} WHERE ({', '.join(columns)}) IN (VALUES {rows})",
            [part for key in wanted for part in key],
        )
    except sqlite3.Error as error:
        note(f"refused: {error}")
        return False
    return True


def same(found: Any, expected: dict[str, list[Any]]) -> bool:
    """Tell whether an answer names just these keys."""
    told = {name: (each.count, set(each.keys)) for name, each in found.items()}
    return told == {name: (len(keys), set(keys)) for name, keys in expected.items() if keys}


def pointed_at(made: Deletable, rows: dict[str, Rows], name: str, row: dict[str, Any]) -> Iterator[bool]:
    """Yield for each pointer whether a row points at something that is there; None where it does not point."""
    for columns, one, far in made.declared[name]:
        values = tuple(row[column] for column in columns)
        there = [tuple(each[column] for column in far) for each in rows[one].values()]
        yield None if None in values else values in there
    for table, item, kind in made.any_pointers:
        if table == name:
            targets = rows.get(row[kind], {}).values() if row[kind] in made.keys else ()
            nocase = {str(each["id"]).lower() for each in targets if "id" in each}
            yield None if row[item] is None else row[item].lower() in nocase
    for table, column, one in made.loose_pointers:
        if table == name:
            yield None if row[column] is None else row[column] in [each["id"] for each in rows[one].values()]


@given(data=st.data(), guarded=st.booleans())
def test_impact_is_what_a_delete_does(data: st.DataObject, guarded: bool) -> None:
    """Doing the delete changes precisely what was said, and is refused just when something was said to block it."""
    made = data.draw(databases(sound=guarded), label="database")
    note(made.script)
    with closing(made.make()) as connection:
        registry = RelationRegistry(connection)
        if guarded:
            try:
                registry.guard()
            except CannotGuard:
                reject()
        before = rows_of(connection, made)
        filled = [name for name in made.keys if before[name]]
        if not filled:
            return
        name = data.draw(st.sampled_from(filled), label="table")
        keys = [key_of(made, name, row) for row in before[name].values()]
        chosen = data.draw(st.lists(st.sampled_from(keys), min_size=1, unique=True), label="keys")
        impact = registry.graph.impact(name, chosen)
        note(repr(impact))
        assert rows_of(connection, made) == before
        passed = delete(connection, made, name, chosen)
        after = rows_of(connection, made)
        assert passed == (not impact.blocked)
        if passed:
            agrees(made, impact, before, after)
        else:
            assert after == before
            assert set(impact.deleted.get(name, Affected(0)).keys) >= set(chosen[:20])


def agrees(made: Deletable, impact: Impact, before: dict[str, Rows], after: dict[str, Rows]) -> None:
    """Compare what was said with what two states of a database differ in."""
    deleted: dict[str, list[Any]] = {name: [] for name in before}
    nullified: dict[str, list[Any]] = {name: [] for name in before}
    defaulted: dict[str, list[Any]] = {name: [] for name in before}
    dangling: dict[str, list[Any]] = {name: [] for name in before}
    for name, rows in before.items():
        for id, row in rows.items():
            key, now = key_of(made, name, row), after[name].get(id)
            if now is None:
                deleted[name].append(key)
                continue
            changed = [now[column] for column in row if now[column] != row[column]]
            if None in changed:
                nullified[name].append(key)
            if any(value is not None for value in changed):
                defaulted[name].append(key)
            points = list(pointed_at(made, before, name, row))
            pointed = list(pointed_at(made, after, name, now))
            if any(was and is_ is False for was, is_ in zip(points, pointed, strict=True)):
                dangling[name].append(key)
    assert same(impact.deleted, deleted)
    assert same(impact.nullified, nullified)
    assert same(impact.defaulted, defaulted)
    assert same(impact.dangling, dangling)
    for part in (impact.deleted, impact.nullified, impact.defaulted, impact.dangling):
        assert all(not each.via or each.via[-1].startswith(name) for name, each in part.items())
