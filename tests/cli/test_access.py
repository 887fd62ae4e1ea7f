"""Reading a Directus project's file as someone: `--as-user`, `--as-role`, `--as-public`."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from tests.cli.conftest import Run

PROJECT: Final = Path(__file__).parents[1] / "data" / "access.db"


def key_of(table: str, where: str) -> str:
    """Give the key of a row of the project."""
    with closing(sqlite3.connect(f"file:{PROJECT}?mode=ro", uri=True)) as connection:
        found: str = connection.execute(f"SELECT id FROM {table} WHERE {where}").fetchone()[0]
    return found


def answered(run: Run, *words: object) -> Any:
    """Give what a command answers as JSON."""
    result = run(*words, "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def user(name: str) -> str:
    """Give the key of a user."""
    return key_of("directus_users", f"token = 'tok-{name}'")


def test_reading_as_a_user_shows_what_they_may_see(run: Run) -> None:
    """A user with a rule reads fewer items, and one without a grant is refused the collection in one line."""
    whole = answered(run, "read", PROJECT, "articles", "--fields", "id")
    seen = answered(run, "read", PROJECT, "articles", "--fields", "id", "--as-user", user("rowsy"))
    assert 0 < len(seen) < len(whole)
    refused = run("read", PROJECT, "articles", "--as-user", user("nobody"))
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert "there is no collection 'articles'" in refused.stderr


def test_reading_as_a_role_and_as_anybody(run: Run) -> None:
    """A role reads what its policies give, and anybody what the public policies do."""
    role = key_of("directus_roles", "id IN (SELECT role FROM directus_access)")
    assert run("read", PROJECT, "nowhere", "--as-role", role).exit_code == 2
    assert answered(run, "read", PROJECT, "languages", "--limit", "1", "--as-public")
    assert run("read", PROJECT, "comments", "--as-public", "--format", "json").exit_code == 2


@pytest.mark.parametrize("command", [("get", PROJECT, "articles", 1), ("explain", PROJECT, "articles")])
def test_get_and_explain_as_a_user(run: Run, command: tuple[object, ...]) -> None:
    """One item, and the words of a question, are told within what the user may see."""
    named = run(*command, "--fields", "title", "--as-user", user("fieldy"))
    assert named.exit_code == 0, named.output
    assert run(*command, "--fields", "body", "--as-user", user("fieldy")).exit_code == 2
    assert "SELECT" not in named.stdout


def test_relations_as_a_user(run: Run) -> None:
    """Relations are listed as far as a user knows both sides."""
    whole = answered(run, "relations", PROJECT)
    seen = answered(run, "relations", PROJECT, "--as-user", user("fieldy"))
    assert 0 < len(seen) < len(whole)
    assert run("relations", PROJECT, "--as-user", user("reader")).exit_code == 2


@pytest.mark.parametrize("words", [("--as-user", "nobody-at-all"), ("--as-user", "1", "--as-public")])
def test_who_is_not_there_reads_nothing(run: Run, words: tuple[str, ...]) -> None:
    """An unknown user, or two who ask at once, is one line and status 2."""
    refused = run("read", PROJECT, "articles", *words)
    assert (refused.exit_code, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)


def test_a_file_that_is_no_project_has_no_users(run: Run, music: Path) -> None:
    """A plain file has nobody to be read as."""
    refused = run("read", music, "albums", "--as-public")
    assert refused.exit_code == 2
    assert "no Directus project" in refused.stderr
