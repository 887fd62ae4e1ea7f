"""The commands that ask the graph: in words for a person, in JSON for a program."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from tests.cli.conftest import Run


def test_graph_as_a_tree(run: Run, music: Path) -> None:
    """The tree shows what leads on, and below it what the whole looks like."""
    answer = run("graph", music, "--format", "tree")
    assert answer.exit_code == 0
    assert "├─ list → lists" in answer.output or "└─ list → lists" in answer.output
    assert "junction: lists_albums joins lists and albums" in answer.output
    assert "together: albums, artists, lists, lists_albums" in answer.output
    assert "alone: odd \"table, of 'all'" in answer.output


def test_graph_as_json(run: Run, music: Path, tmp_path: Path) -> None:
    """In a pipe the graph is JSON, and so is a file of it."""
    told = json.loads(run("graph", music).output)
    assert [one["name"] for one in told["collections"]][:2] == ["albums", "artists"]
    assert {"from": "albums", "to": "artists", "over": "albums.artist"} in told["links"]
    assert told["load_order"]["collections"].index("artists") < told["load_order"]["collections"].index("albums")
    assert run("graph", music, "-o", tmp_path / "g.json").output == ""
    assert json.loads((tmp_path / "g.json").read_text("utf-8")) == told


def test_path(run: Run, music: Path) -> None:
    """Ways are spelled as a read takes them; where there is none, that is said."""
    (way,) = json.loads(run("path", music, "artists", "lists").output)
    assert way == {"path": "albums.lists_albums.list", "collections": ["artists", "albums", "lists_albums", "lists"]}
    shown = run("path", music, "artists", "lists", "--format", "table").output
    last = shown.splitlines()[-1]
    assert last.startswith("albums.lists_albums.list")
    assert last.endswith(" 3  artists → albums → lists_albums → lists")
    table = "odd \"table, of 'all'"
    assert run("path", music, "artists", table, "--format", "table").output == f"no way leads from artists to {table}\n"
    assert json.loads(run("path", music, "artists", table).output) == []
    wrong = run("path", music, "artist", "lists")
    assert (wrong.exit_code, wrong.stderr) == (
        2,
        "relgraph: collection: there is no collection 'artist'; did you mean 'artists'?\n",
    )


def test_order(run: Run, music: Path) -> None:
    """What is pointed at comes first, and what must wait is named."""
    told = json.loads(run("order", music).output)
    assert told["collections"].index("lists") < told["collections"].index("lists_albums")
    assert (told["deferred"], told["forced"]) == ([], [])
    lines = run("order", music, "--format", "table").output.splitlines()
    assert lines == told["collections"]


def test_impact(run: Run, music: Path) -> None:
    """What a delete would do, and whether it could: the exit status says so too."""
    answer = run("impact", music, "artists", "1", "--format", "table")
    assert answer.exit_code == 1
    assert "albums.artist is ON DELETE NO ACTION" in answer.output
    assert "Nothing would change" in answer.output
    answer = run("impact", music, "artists", "3")
    assert answer.exit_code == 0
    assert json.loads(answer.output)["deleted"] == {"artists": {"count": 1, "keys": [3], "via": [], "why": ""}}
    assert run("impact", music, "lists_albums", "[1, 3]").exit_code == 0
    dropped = json.loads(run("impact", music, "--drop", "artists").output)
    assert (dropped["dangling"]["albums"]["count"], dropped["relations"]) == (3, ["albums.artist"])
    assert json.loads(run("impact", music, "--drop", "albums", "year").output)["nullified"]["albums"]["count"] == 3


def test_what_is_refused(run: Run, music: Path) -> None:
    """Words that are wrong end the command with one line."""
    for words, says in (
        (("artists",), "Missing argument 'KEY...'; or give --drop"),
        (("artists", "9"), "artists has no item with key '9'"),
        (("lists_albums", "1"), "its key is a list of list, album"),
        (("lists_albums", "x"), "a key of 2 columns is a JSON list, not x"),
        (("--drop", "albums", "year", "title"), "--drop takes a collection, and one field at most"),
        (("nowhere", "1"), "there is no collection 'nowhere'"),
    ):
        answer = run("impact", music, *words)
        assert (answer.exit_code, answer.stderr.count("\n")) == (2, 1)
        assert says in answer.stderr


def test_a_long_way(run: Run, tmp_path: Path) -> None:
    """The shortest way is given however long it is; of the many as long as it, none that was not asked for."""
    connection = sqlite3.connect(tmp_path / "chain.db")
    for number in range(40):
        pointers = "".join(f", {name} INTEGER REFERENCES c{number + 1:02}" for name in "abc")
        connection.execute(f"CREATE TABLE c{number:02} (id INTEGER PRIMARY KEY{pointers})")
    connection.execute("CREATE TABLE c40 (id INTEGER PRIMARY KEY)")
    connection.close()
    (way,) = json.loads(run("path", tmp_path / "chain.db", "c00", "c40").output)
    assert way["path"] == ".".join("a" * 40)
    assert len(json.loads(run("path", tmp_path / "chain.db", "c00", "c02").output)) == 9
