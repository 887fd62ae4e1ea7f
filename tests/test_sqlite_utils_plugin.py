"""The plugin: relgraph's commands below sqlite-utils, and nothing lost where relgraph cannot be imported."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from relgraph.sqlite_utils_plugin import register_commands

RUN = "import sys; from sqlite_utils.cli import cli; sys.argv[0] = 'sqlite-utils'; cli()"
BROKEN = f"import sys; sys.modules['relgraph.registry'] = None; {RUN}"
WATCHED = """
import atexit, sys
ours = lambda: sorted(name for name in sys.modules if name.startswith("relgraph"))
atexit.register(lambda: print(*ours(), file=sys.stderr))
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Give a database of one artist and one album."""
    path = tmp_path / "music.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("""
            CREATE TABLE artists (id INTEGER PRIMARY KEY, name TEXT);
            CREATE TABLE albums (id INTEGER PRIMARY KEY, title TEXT, artist INTEGER REFERENCES artists(id));
            INSERT INTO artists VALUES (1, 'Björk');
            INSERT INTO albums VALUES (1, 'Debut', 1);
        """)
    return path


def python(code: str, *words: object) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own, with words as its command line."""
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def test_relgraph_is_a_command_of_sqlite_utils(database: Path) -> None:
    """`sqlite-utils relgraph read` answers as `relgraph read` does."""
    run = python(RUN, "relgraph", "read", database, "albums", "--fields", "title,artist.name")
    assert (json.loads(run.stdout), run.stderr, run.returncode) == (
        [{"title": "Debut", "artist": {"name": "Björk"}}], "", 0,
    )  # fmt: skip
    assert "  relgraph " in python(RUN, "--help").stdout


def test_the_hook_adds_a_group(database: Path) -> None:
    """What the hook registers lists relgraph's commands and runs them."""
    cli = click.Group()
    register_commands(cli)
    assert "  relations " in CliRunner().invoke(cli, ["relgraph", "--help"]).stdout
    assert json.loads(CliRunner().invoke(cli, ["relgraph", "get", str(database), "artists", "1"]).stdout)["albums"] == [
        1
    ]


def test_an_import_that_fails_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command line that cannot be imported is an error of its own, not of sqlite-utils."""
    monkeypatch.setitem(sys.modules, "relgraph.cli", None)
    cli = click.Group()
    register_commands(cli)
    run = CliRunner().invoke(cli, ["relgraph", "--version"])
    assert run.exit_code == 1
    assert run.stderr.startswith("Error: relgraph cannot be loaded: ")


def test_failures_are_one_line_there_too(database: Path) -> None:
    """A failure below sqlite-utils has the same line and the same status."""
    unknown = python(RUN, "relgraph", "read", database, "albms")
    assert (unknown.stdout, unknown.returncode) == ("", 2)
    assert unknown.stderr == "relgraph: collection: there is no collection 'albms'; did you mean 'albums'?\n"
    missing = python(RUN, "relgraph", "read", "missing.db", "albums")
    assert (missing.stderr, missing.returncode) == ("relgraph: cannot open missing.db: there is no such file\n", 1)
    nonsense = python(RUN, "relgraph", "raed")
    assert nonsense.stderr.endswith("(see sqlite-utils relgraph --help)\n")


def test_other_commands_load_next_to_nothing_of_relgraph(database: Path) -> None:
    """A command of sqlite-utils itself imports the plugin and no other module of relgraph."""
    run = python(WATCHED + RUN, "tables", database)
    assert run.returncode == 0
    assert run.stderr.split() == ["relgraph", "relgraph.sqlite_utils_plugin"]


def test_a_relgraph_that_cannot_be_imported_breaks_nothing(database: Path) -> None:
    """Where relgraph cannot be imported sqlite-utils works as before, and `relgraph` says why in one line."""
    assert json.loads(python(BROKEN, "tables", database).stdout) == [{"table": "artists"}, {"table": "albums"}]
    run = python(BROKEN, "relgraph", "read", database, "albums")
    assert (run.stdout, run.returncode) == ("", 1)
    assert run.stderr.startswith("Error: relgraph cannot be loaded: ")
    assert run.stderr.count("\n") == 1
