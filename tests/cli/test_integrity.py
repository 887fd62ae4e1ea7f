"""The commands that keep a database consistent: what they print, what they write, and how they end."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from relgraph import RelationRegistry
from relgraph.cli import group
from relgraph.integrity.guards import guarded
from tests.cli.conftest import Run, terminal
from tests.integrity.planted import DAMAGE, planted

ORPHANS = next(damage for damage in DAMAGE if damage.rule == "orphan-junction")
CYCLE = next(damage for damage in DAMAGE if damage.rule == "tree-cycle")


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """Give a database without a fault."""
    return Path(planted(str(tmp_path / "sound.db")))


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """Give a database with half junction rows and a cycle."""
    return Path(planted(str(tmp_path / "damaged.db"), ORPHANS, CYCLE))


def test_an_audit_ends_with_1_where_there_are_errors(run: Run, sound: Path, damaged: Path) -> None:
    """0 where nothing is wrong, or nothing but warnings; 1 where there is an error; 2 where the words are wrong."""
    assert run("audit", sound).exit_code == 0
    assert run("audit", damaged).exit_code == 1
    assert run("audit", damaged, "--rule", "tree-cycle").exit_code == 0
    wrong = run("audit", damaged, "--rule", "tree-cyle")
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "did you mean 'tree-cycle'" in wrong.stderr
    assert run("audit", sound.with_name("none.db")).exit_code == 1


def test_an_audit_as_json(run: Run, damaged: Path) -> None:
    """A program gets what `Audit.to_dict` gives, of the rules and collections asked for."""
    with RelationRegistry(damaged, read_only=True) as registry:
        audit = registry.audit()
        part = registry.audit("articles_tags", ["orphan-junction", "tree-cycle"])
    assert json.loads(run("audit", damaged).stdout) == audit.to_dict()
    words = ("--rule", "orphan-junction", "--rule", "tree-cycle", "--collection", "articles_tags")
    assert json.loads(run("audit", damaged, "--format", "json", *words).stdout) == part.to_dict()
    assert len(part) == 1


def test_an_audit_as_a_table(run: Run, sound: Path, damaged: Path) -> None:
    """A person gets a line for each problem, and how many there are."""
    lines = run("audit", damaged, "--format", "table").stdout.splitlines()
    assert lines[0].split()[:4] == ["severity", "rule", "relation", "rows"]
    assert [line.split()[:4] for line in lines[2:4]] == [
        ["error", "orphan-junction", "articles_tags.article", "2"],
        ["warning", "tree-cycle", "articles.parent", "3"],
    ]
    assert lines[-1] == "1 of severity error, 1 of severity warning"
    assert run("audit", sound, "--format", "table").stdout == "no problems\n"


def test_a_repair_writes_only_when_told(run: Run, damaged: Path) -> None:
    """Without --apply the plan is shown and the file stays as it is; with it, the plan is done."""
    before = damaged.read_bytes()
    shown = run("repair", damaged, "--format", "table")
    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[0] == (
        "1. delete 2 items of articles_tags: they are deleted (orphan-junction of articles_tags.article)"
    )
    assert "left: tree-cycle of articles.parent, 3 items of articles: " in shown.stdout
    assert shown.stdout.endswith("nothing was written; --apply does it\n")
    planned = json.loads(run("repair", damaged).stdout)
    assert damaged.read_bytes() == before
    done = json.loads(run("repair", damaged, "--apply").stdout)
    assert done == planned | {"done": True}
    assert run("audit", damaged).exit_code == 0
    assert "--apply" not in run("repair", damaged, "--apply", "--format", "table").stdout


def test_blobs_as_keys(run: Run, tmp_path: Path) -> None:
    """What is found and done is written as JSON whatever the keys are: a repair that was done says so."""
    path = tmp_path / "blobs.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id BLOB PRIMARY KEY, a INTEGER REFERENCES a);"
            "INSERT INTO b VALUES (x'ff00', 5);"
        )
    audit = run("audit", path)
    assert (audit.exit_code, json.loads(audit.stdout)["problems"][0]["keys"]) == (1, ["x'ff00'"])
    done = run("repair", path, "--apply")
    assert (done.exit_code, json.loads(done.stdout)["done"], run("audit", path).exit_code) == (0, True, 0)


def test_strategies_and_rules(run: Run, damaged: Path) -> None:
    """--strategy says what is done by rule, and --rule which rules are looked at."""
    words = ("--strategy", "tree-cycle=nullify", "--rule", "tree-cycle", "--apply")
    (step,) = json.loads(run("repair", damaged, *words).stdout)["steps"]
    assert (step["rule"], step["how"], step["count"]) == ("tree-cycle", "nullify", 1)
    assert run("audit", damaged, "--rule", "orphan-junction").exit_code == 1
    for words, said in (
        (("--strategy", "tree-cycle"), "write it as tree-cycle=nullify"),
        (("--strategy", "tree-cycle=delete"), "what works for tree-cycle: nullify"),
        (("--strategy", "tree=delete"), "there is no such rule"),
    ):
        wrong = run("repair", damaged, *words)
        assert (wrong.exit_code, wrong.stdout) == (2, "")
        assert said in wrong.stderr


@pytest.mark.parametrize("command", ["audit", "repair"])
def test_a_bar_for_a_person(command: str, damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a person looks on, stderr shows how far the work is; the answer goes to stdout alone."""
    with terminal() as screen, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", screen.stream)
        status = group.main([command, str(damaged), "--format", "json"], prog_name="relgraph", standalone_mode=False)
    assert status == {"audit": 1, "repair": None}[command]
    assert "100%" in screen.shown
    assert "looking at" in screen.shown
    assert "steps" not in screen.shown


def test_guard_and_unguard(run: Run, sound: Path, damaged: Path) -> None:
    """A sound database is guarded, and unguarded again; one with errors is not, and no file is made where none is."""
    assert "is guarded by" in run("guard", sound).stdout
    with RelationRegistry(sound) as registry:
        assert guarded(registry.database)
    assert "dropped" in run("unguard", sound).stdout
    with RelationRegistry(sound) as registry:
        assert not guarded(registry.database)
    refused = run("guard", damaged)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "orphan-junction" in refused.stderr
    missing = sound.with_name("none.db")
    assert [run(command, missing).exit_code for command in ("guard", "unguard")] == [1, 1]
    assert not missing.exists()
