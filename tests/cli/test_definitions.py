"""Relations are made, changed, deleted and checked from the command line."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from relgraph import RelationRegistry
from tests.cli.conftest import Run


@pytest.fixture
def bare(music: Path) -> Path:
    """The database of music, with columns that no relation is on yet."""
    with closing(sqlite3.connect(music)) as connection:
        connection.executescript(
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, album INTEGER, kind TEXT, item TEXT, place INTEGER,"
            ' "the list" INTEGER); INSERT INTO notes VALUES (1, 2, NULL, NULL, 1, 1), (2, 99, NULL, NULL, 2, NULL)'
        )
    return music


def stored(path: Path) -> list[str]:
    """Give the names of the relations that have an id."""
    with RelationRegistry(path, read_only=True) as registry:
        return [relation.name for relation in registry if relation.id is not None]


def test_a_relation_is_created(bare: Path, run: Run) -> None:
    """Field and collection are words, all else options; what was stored is printed."""
    result = run(
        "relations", "create", bare, "notes.the list", "lists", "--one-field", "notes", "--on-delete", "set null"
    )
    assert (result.exit_code, result.stderr) == (0, "")
    (made,) = json.loads(result.stdout)
    assert (made["id"], made["many_field"], made["one_collection"], made["one_field"]) == (
        1,
        "the list",
        "lists",
        "notes",
    )
    with RelationRegistry(bare, read_only=True) as registry:
        key = registry.get(1).foreign_key
        assert key is not None
        assert key.on_delete == "SET NULL"
    shown = run("relations", "create", bare, "notes.place", "lists", "--format", "table").stdout
    assert shown.splitlines()[-1].split() == ["notes.place", "lists", "m2o", "2"]


def test_a_relation_to_any_collection_is_created(bare: Path, run: Run) -> None:
    """Without a collection the field that names it and those that are allowed are told."""
    words = ("--one-collection-field", "kind", "--one-allowed-collections", "albums,artists")
    (made,) = json.loads(run("relations", "create", bare, "notes.item", *words).stdout)
    assert (made["one_collection"], made["one_allowed_collections"]) == (None, "albums,artists")


def test_relations_are_created_from_json(bare: Path, run: Run) -> None:
    """One, or several that only together are consistent, in any shape that the library takes."""
    first = {
        "collection": "notes",
        "field": "place",
        "related_collection": "lists",
        "meta": {"junction_field": "the list"},
    }
    second = {
        "many_collection": "notes",
        "many_field": "the list",
        "one_collection": "lists",
        "junction_field": "place",
    }
    refused = run("relations", "create", bare, json.dumps(first))
    assert refused.exit_code == 2
    assert "make, change or delete both halves of a junction" in refused.stderr
    made = json.loads(run("relations", "create", bare, json.dumps([first, second])).stdout)
    assert [each["id"] for each in made] == [1, 2]
    assert sorted(stored(bare)) == ["notes.place", "notes.the list"]


def test_existing_items_are_said(bare: Path, run: Run) -> None:
    """Keys that point at nothing refuse the relation, unless they are to be cleared; how many were is said."""
    refused = run("relations", "create", bare, "notes.album", "albums")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "1 item of notes" in refused.stderr
    done = run("relations", "create", bare, "notes.album", "albums", "--existing", "nullify")
    assert (done.exit_code, done.stderr) == (0, "items of notes changed: 1\n")


def test_a_relation_is_updated(bare: Path, run: Run) -> None:
    """What is named changes, by options or JSON, and all else stays."""
    run("relations", "create", bare, "notes.place", "lists", "--one-field", "notes", "--on-delete", "CASCADE")
    (changed,) = json.loads(run("relations", "update", bare, 1, "--one-field", "remarks").stdout)
    assert changed["one_field"] == "remarks"
    (changed,) = json.loads(run("relations", "update", bare, 1, '{"one_field": null}').stdout)
    assert changed["one_field"] is None
    with RelationRegistry(bare, read_only=True) as registry:
        key = registry.get(1).foreign_key
        assert key is not None
        assert key.on_delete == "CASCADE"


def test_relations_are_deleted(bare: Path, run: Run) -> None:
    """One or several, all or nothing."""
    for field in ("place", "the list"):
        run("relations", "create", bare, f"notes.{field}", "lists")
    refused = run("relations", "delete", bare, 1, 9)
    assert (refused.exit_code, stored(bare)) == (2, ["notes.the list", "notes.place"])
    assert "there is no relation with id 9; stored ids: 1, 2" in refused.stderr
    assert run("relations", "delete", bare, 1, 2).exit_code == 0
    assert stored(bare) == []


def test_listing_needs_no_word_of_its_own(music: Path, run: Run) -> None:
    """A database in place of a command is listed, options before it too."""
    listed = run("relations", "list", music).stdout
    assert run("relations", music).stdout == run("relations", "--format", "json", music).stdout == listed
    assert "Missing argument 'DATABASE'" in run("relations").stderr
    assert "relgraph relations create" in run("relations", "--help").stdout


MISTAKES = (
    (("create", "{db}", "notes", "lists"), 2, "a collection and a field are needed, not 'notes'"),
    (("create", "{db}", "notes.item"), 2, "the relation leads nowhere; name a one_collection"),
    (("create", "{db}", "notes.nope", "lists"), 2, "notes has no field 'nope'"),
    (("create", "{db}", '{"collection": '), 2, "field: it is no JSON"),
    (("create", "{db}", "{}", "lists"), 2, "ONE_COLLECTION says beside the JSON what this can say too"),
    (("create", "{db}", "{}", "--one-field", "x"), 2, "--one-field says beside the JSON"),
    (
        ("create", "{db}", "notes.place", "lists", "--on-delete", "X"),
        2,
        "there is no action 'X'; it must be one of NO ACTION",
    ),
    (("create", "{dir}/missing.db", "notes.place", "lists"), 1, "there is no such file"),
    (("update", "{db}", "1"), 2, "nothing is said to change"),
    (("update", "{db}", "1", "{}"), 2, "nothing is said to change"),
    (("update", "{db}", "1", "[1]"), 2, "it must be a mapping, not [1]"),
    (("update", "{db}", "1", '{"x": 1}', "--one-field", "x"), 2, "--one-field says beside CHANGES"),
    (("update", "{db}", "7", "--one-field", "x"), 2, "there is no relation with id 7"),
    (("update", "{db}", "x", "--one-field", "x"), 2, "'x' is not a valid integer"),
    (("delete", "{db}"), 2, "Missing argument"),
)


@pytest.mark.parametrize(("words", "status", "said"), MISTAKES)
def test_mistakes_are_one_line(bare: Path, run: Run, words: tuple[str, ...], status: int, said: str) -> None:
    """With what would work; the file stays as it is, and none is made."""
    before = bare.read_bytes()
    result = run("relations", *(word.replace("{db}", str(bare)).replace("{dir}", str(bare.parent)) for word in words))
    assert (result.exit_code, result.stdout) == (status, "")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert bare.read_bytes() == before
    assert [each.name for each in bare.parent.iterdir()] == ["music.db"]


# --- check -----------------------------------------------------------------------------------------------------------


def test_check_of_a_sound_database(music: Path, run: Run) -> None:
    """Nothing to say, status 0, and the file is only read."""
    music.chmod(0o444)
    assert (run("check", music, "--format", "table").stdout, run("check", music).exit_code) == ("no problems\n", 0)
    assert json.loads(run("check", music).stdout) == {"counts": {"error": 0, "warning": 0}, "problems": []}


def test_check_ends_with_one_where_there_are_errors(bare: Path, run: Run) -> None:
    """Each violation with its rule, place, value and what would work; a table for a person."""
    run("relations", "create", bare, "notes.place", "lists", "--one-field", "notes")
    with closing(sqlite3.connect(bare)) as connection:
        connection.execute(
            "UPDATE relgraph_relations SET one_field = 'name', junction_field = 'x', sort_field = 'album'"
        )
        connection.commit()
    result = run("check", bare)
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert found["counts"] == {"error": 2, "warning": 0}
    assert [(each["rule"], each["relation"], each["field"], each["value"]) for each in found["problems"]] == [
        ("one-field", "notes.place", "one_field", "name"),
        ("junction-field", "notes.place", "junction_field", "x"),
    ]
    assert all(each["fix"] and each["sentence"] for each in found["problems"])
    shown = run("check", bare, "--format", "table")
    assert (shown.exit_code, shown.stdout.splitlines()[-1]) == (1, "2 of severity error")


def test_warnings_do_not_fail_a_check(bare: Path, run: Run) -> None:
    """They are listed, and the status is 0."""
    with closing(sqlite3.connect(bare)) as connection:
        connection.execute("CREATE TABLE kept (id INTEGER PRIMARY KEY, list INTEGER NOT NULL REFERENCES lists)")
        connection.commit()
    run("relations", "create", bare, "kept.list", "lists", "--one-field", "kept")
    result = run("check", bare)
    assert (result.exit_code, json.loads(result.stdout)["counts"]) == (0, {"error": 0, "warning": 1})
    assert run("check", bare, "--format", "table").stdout.splitlines()[-1] == "1 of severity warning"
