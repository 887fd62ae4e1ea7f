"""The commands `subset` and, for its pictures, `graph`."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import Run


def rows(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def test_keys_are_written_with_what_they_need(run: Run, music: Path, tmp_path: Path) -> None:
    """Items come by their keys, and with what paths lead to; what there is, is said."""
    answer = run("subset", music, "-o", tmp_path / "some.db", "lists", "2", "--with", "lists_albums.album")
    assert answer.exit_code == 0
    counts = {"albums": 2, "artists": 1, "lists": 1, "lists_albums": 2}
    assert json.loads(answer.stdout) == {"counts": counts, "dangling": {}, "unfilled": []}
    assert rows(tmp_path / "some.db", "SELECT title FROM albums ORDER BY id") == [("Debut",), ("Post",)]


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        (["--filter", '{"year": {"_gt": 1990}}'], ["Debut", "Post"]),
        (["--sort", "-year", "--limit", "1"], ["Post"]),
        (["--sample", "2"], ["Debut", "音楽図鑑"]),
    ],
)
def test_items_are_asked_for(run: Run, music: Path, tmp_path: Path, words: list[str], titles: list[str]) -> None:
    """A filter, an order with a limit, and a sample pick items."""
    assert run("subset", music, "-o", tmp_path / "some.db", "albums", *words).exit_code == 0
    assert rows(tmp_path / "some.db", "SELECT title FROM albums ORDER BY id") == [(title,) for title in titles]


def test_keys_of_several_columns_are_lists(run: Run, music: Path, tmp_path: Path) -> None:
    """A composite key is written as JSON, as for `impact`; a depth takes along all that points there."""
    assert run("subset", music, "-o", tmp_path / "a.db", "lists_albums", "[1, 3]").exit_code == 0
    assert rows(tmp_path / "a.db", "SELECT * FROM lists_albums") == [(1, 3)]
    assert run("subset", music, "-o", tmp_path / "b.db", "artists", "1", "--depth", "2").exit_code == 0
    assert rows(tmp_path / "b.db", "SELECT count(*) FROM lists_albums") == [(2,)]


def test_fields_are_masked(run: Run, music: Path, tmp_path: Path) -> None:
    """A field is emptied, or given a text."""
    words = ["--mask", "artists.name", "--mask", "albums.title=X=Y"]
    assert run("subset", music, "-o", tmp_path / "some.db", "albums", "1", *words).exit_code == 0
    assert rows(tmp_path / "some.db", "SELECT name, title FROM artists, albums") == [(None, "X=Y")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["albums"], "give keys"),
        (["albums", "1", "--sample", "2"], "give keys"),
        (["albums", "99"], "no item"),
        (["nothing", "1"], "nothing"),
        (["albums", "1", "--mask", "albums.artist"], "cannot be masked"),
        (["albums", "1", "--with", "nothing"], "nothing"),
        (["albums", "--filter", "{bad"], "filter"),
    ],
)
def test_what_is_wrong_is_said(run: Run, music: Path, tmp_path: Path, words: list[str], said: str) -> None:
    """A wrong question ends with status 2, and makes no file."""
    answer = run("subset", music, "-o", tmp_path / "some.db", *words)
    assert (answer.exit_code, said in answer.stderr) == (2, True), answer.stderr
    assert not (tmp_path / "some.db").exists()


def test_nothing_is_written_over(run: Run, music: Path) -> None:
    """A file that is there is refused, the source itself most of all."""
    before = music.read_bytes()
    answer = run("subset", music, "-o", music, "albums", "1")
    assert answer.exit_code != 0
    assert "there is a file" in answer.stderr
    assert music.read_bytes() == before


def test_a_table_is_for_a_person(run: Run, music: Path, tmp_path: Path) -> None:
    """As a table the rows are counted, and what points at nothing is named."""
    with closing(sqlite3.connect(music)) as connection:
        connection.execute("UPDATE albums SET artist = 77 WHERE id = 1")
        connection.commit()
    answer = run("subset", music, "-o", tmp_path / "some.db", "albums", "1", "--format", "table")
    assert answer.exit_code == 0
    assert "albums" in answer.stdout
    assert "point at nothing, as before: albums.artist (1)" in answer.stdout
    assert (
        run("subset", music, "-o", tmp_path / "b.db", "albums", "--sample", "0", "--format", "table").stdout
        == "no rows\n"
    )


# --- pictures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "start"),
    [("mermaid", "erDiagram"), ("dot", "digraph {"), ("svg", "<svg"), ("html", "<!doctype html>")],
)
def test_a_graph_is_drawn(run: Run, music: Path, form: str, start: str) -> None:
    """Every form of picture is printed, whole or around one collection."""
    whole = run("graph", music, "--format", form)
    assert whole.exit_code == 0
    assert whole.stdout.startswith(start)
    assert "lists_albums" in whole.stdout
    part = run("graph", music, "--format", form, "--focus", "artists")
    assert "albums" in part.stdout
    assert "lists" not in part.stdout
    assert "lists_albums" in run("graph", music, "--format", form, "--focus", "artists", "--depth", "2").stdout


@pytest.mark.parametrize(
    ("name", "start"),
    [("g.svg", "<svg"), ("g.html", "<!doctype"), ("g.dot", "digraph"), ("g.mmd", "erDiagram"), ("g.json", "{")],
)
def test_a_file_is_named_for_its_form(run: Run, music: Path, tmp_path: Path, name: str, start: str) -> None:
    """The name of a file picks the form of what is in it."""
    assert run("graph", music, "-o", tmp_path / name).exit_code == 0
    text = (tmp_path / name).read_text("utf-8")
    assert text.startswith(start)
    if name.endswith("svg"):
        ElementTree.fromstring(text)


def test_trees_and_values_have_a_focus_too(run: Run, music: Path) -> None:
    """What is not a picture is limited by a focus all the same."""
    told = json.loads(run("graph", music, "--format", "json", "--focus", "artists").stdout)
    assert [each["name"] for each in told["collections"]] == ["albums", "artists"]
    assert told["components"] == [["albums", "artists"]]
    assert told["load_order"]["collections"] == ["artists", "albums"]
    assert [link["over"] for link in told["links"]] == ["albums.artist"]
    tree = run("graph", music, "--format", "tree", "--focus", "artists").stdout
    assert "albums" in tree
    assert "odd" not in tree
    assert run("graph", music, "--focus", "nobody").exit_code == 2
