"""The laws of subsets: what is chosen and all it needs, nothing else, and every row as it was."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, note
from hypothesis import strategies as st

from relgraph import RelationRegistry
from tests.graph.deletable import Deletable
from tests.graph.deletable import databases as pointing_databases
from tests.laws.databases import databases, quoted
from tests.whole_database import contents

Rows = dict[Any, dict[str, Any]]


def rows_of(connection: sqlite3.Connection, made: Deletable) -> dict[str, Rows]:
    """Give the rows of each table by their primary key."""
    found = {}
    for name, key in made.keys.items():
        cursor = connection.execute(f"SELECT * FROM {quoted(name)}")
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor]
        found[name] = {tuple(row[column] for column in key): row for row in rows}
    return found


def needed(made: Deletable, rows: dict[str, Rows], name: str, row: dict[str, Any]) -> set[tuple[str, Any]]:
    """Give the table and key of each row that a row points at."""
    found = set()
    for columns, one, far in made.declared[name]:
        values = tuple(row[column] for column in columns)
        found |= {(one, key) for key, each in rows[one].items() if tuple(each[column] for column in far) == values}
    for table, item, kind in made.any_pointers:
        if table == name and row[kind] in made.keys:
            found |= {(row[kind], key) for key in rows[row[kind]] if len(key) == 1 and str(key[0]) == row[item]}
    for table, column, one in made.loose_pointers:
        if table == name:
            found |= {(one, key) for key in rows[one] if key == (row[column],)}
    return found


def with_needs(made: Deletable, rows: dict[str, Rows], roots: set[tuple[str, Any]]) -> set[tuple[str, Any]]:
    """Give roots and all they need, and what that needs, and so on."""
    found, waiting = set(), list(roots)
    while waiting:
        name, key = waiting.pop()
        if (name, key) not in found:
            found.add((name, key))
            waiting += needed(made, rows, name, rows[name][key])
    return found


@given(data=st.data(), sound=st.booleans())
def test_a_subset_is_what_was_asked_for_and_all_it_needs(data: st.DataObject, sound: bool) -> None:
    """The rows of a subset are the roots and what they need, transitively, and no others; each is as it was."""
    made = data.draw(pointing_databases(sound=sound), label="database")
    note(made.script)
    with closing(made.make()) as connection, TemporaryDirectory() as folder:
        registry, rows = RelationRegistry(connection), rows_of(connection, made)
        roots = {
            name: data.draw(st.lists(st.sampled_from(sorted(keys)), unique=True, max_size=3), label=name)
            for name, keys in rows.items()
            if keys
        }
        if not roots:
            return
        file = Path(folder, "some.db")
        asked = {name: [key if len(key) > 1 else key[0] for key in keys] for name, keys in roots.items()}
        answer = registry.graph.subset(asked, file)
        expected = with_needs(made, rows, {(name, key) for name, keys in roots.items() for key in keys})
        with RelationRegistry(file) as subset:
            found = rows_of(subset.connection, made)
            assert {(name, key) for name, keys in found.items() for key in keys} == expected
            assert all(rows[name][key] == row for name, keys in found.items() for key, row in keys.items())
            assert dict(answer.counts) == {name: len(keys) for name, keys in found.items() if keys}
            if sound:
                assert subset.connection.execute("PRAGMA foreign_key_check").fetchall() == []
                assert not answer.dangling
            if not registry.audit().errors:
                assert not subset.audit().errors


@given(made=databases(keyless=True))
def test_the_subset_of_all_is_the_whole(made: Any) -> None:
    """A subset that starts from all items has every row, definition and number of its source."""
    note(made.script())
    with TemporaryDirectory() as folder:
        source, copy = Path(folder, "source.db"), Path(folder, "copy.db")
        made.make(str(source)).close()
        with RelationRegistry(source, read_only=True) as registry:
            graph = registry.graph
            graph.subset({each.name: {} for each in graph.schema if not each.view}, copy)
        assert contents(str(copy)) == contents(str(source))


@given(data=st.data())
def test_a_question_for_roots_is_answered_as_before(data: st.DataObject) -> None:
    """What roots say of themselves, and of all that they point at, is what they said in the source."""
    made = data.draw(databases(), label="database")
    note(made.script())
    with TemporaryDirectory() as folder:
        file = Path(folder, "some.db")
        with RelationRegistry(made.make()) as registry:
            name = data.draw(st.sampled_from([table.name for table in made.tables]), label="collection")
            size = data.draw(st.integers(0, 4), label="sample")
            collection = registry.schema.collections[name]
            ones = [(hop.name, hop.far) for hop in collection.hops.values() if not hop.many]
            ones += [(hop.name, hop.far) for each in collection.any_hops.values() for hop in each.hops.values()]
            far = [f"{one}.{field}" for one, of in ones for field in registry.schema.collections[of].fields]
            question = {"fields": [*collection.fields, *far]}
            registry.graph.subset({name: {"sample": size}}, file)
            before = registry.items(name).read(question).data
        with RelationRegistry(file) as subset:
            after = subset.items(name).read(question).data
    keys = [[row[part] for part in collection.primary_key] for row in after]
    assert after == [row for row in before if [row[part] for part in collection.primary_key] in keys]
    assert len(after) >= min(size, len(before))
