"""The demo: its facts hold together, its questions have answers, and the commands it prints work when pasted."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from relgraph import RelationRegistry
from relgraph.cli import group
from relgraph.cli.tables import width_of
from relgraph.demo import APPLICATION, QUESTIONS, Question, build, show

ELEMENTS = [
    "helium",
    "selenium",
    "tellurium",
    "cerium",
    "mercury",
    "uranium",
    "neptunium",
    "plutonium",
    "einsteinium",
    "fermium",
    "mendelevium",
    "nobelium",
    "meitnerium",
    "copernicium",
]
ANSWERS = [
    ["Uranus", "Ceres", "Neptune", "Pluto"],
    ["Uranus", "Neptune", "Pluto", "Triton", "Charon"],
    ["Earth", "Mars", "Jupiter", "Saturn", "Uranus", "Neptune"],
    ELEMENTS,
]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Give a demo in a folder with a blank in its name, and the lines it showed."""
    path = tmp_path_factory.mktemp("a folder") / "relgraph-demo.db"
    return path, "\n".join(show(path, 80)).splitlines()


def printed_commands(lines: list[str]) -> list[str]:
    """Give the commands among the lines of the demo, each with the lines it goes on for."""
    text = "\n".join(lines)
    return [f"relgraph {part.partition(chr(10) * 2)[0]}" for part in text.split("\nrelgraph ")[1:]]


@pytest.mark.parametrize("number", range(len(QUESTIONS)))
def test_printed_commands_work_when_pasted(shown: tuple[Path, list[str]], tmp_path: Path, number: int) -> None:
    """Each printed command, given to a shell, answers what the demo showed."""
    path, lines = shown
    commands = printed_commands(lines)
    assert len(commands) == len(QUESTIONS)
    shell = f'relgraph() {{ "{sys.executable}" -m relgraph "$@"; }}\n{commands[number]}'
    run = subprocess.run(["sh", "-c", shell], cwd=tmp_path, capture_output=True, check=True)
    answer = json.loads(run.stdout)
    with RelationRegistry(path, read_only=True) as registry:
        question = QUESTIONS[number]
        assert answer == registry.items(question.collection).read(dict(question.options)).data
    assert [item["name"] for item in answer] == ANSWERS[number]


def test_the_demo_fits_a_terminal(shown: tuple[Path, list[str]]) -> None:
    """No line of the demo goes past 80 columns, apart from the path of its file."""
    path, lines = shown
    assert [line for line in lines if width_of(line) > 80 and str(path) not in line] == []


def test_the_demo_shows_relations_of_every_kind(shown: tuple[Path, list[str]]) -> None:
    """Relations are shown as table and tree: to one, to many, through a junction, onto itself, to any of two."""
    _, lines = shown
    for line in (
        "├─ orbits → bodies",
        "├─ satellites ⇉ bodies",
        "└─ visits ⇉ visits",
        "   └─ mission → missions",
        "   ├─ namesake:bodies → bodies",
        "   └─ namesake:people → people",
    ):
        assert line in lines
    assert any(line.startswith("elements.namesake ") and "bodies or people" in line for line in lines)


def test_facts_hold_together(shown: tuple[Path, list[str]]) -> None:
    """Every key leads somewhere, nothing is visited before its launch, and nobody discovers before being born."""
    path, _ = shown
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        early = """SELECT m.name FROM visits v JOIN missions m ON m.id = v.mission WHERE v.year < m.launched
            UNION ALL SELECT b.name FROM bodies b JOIN people p ON p.id = b.discoverer WHERE b.discovered < p.born + 15
            UNION ALL SELECT name FROM bodies WHERE (discovered IS NULL) <> (discoverer IS NULL)
            UNION ALL SELECT b.name FROM bodies b JOIN bodies o ON o.id = b.orbits WHERE b.radius_km >= o.radius_km"""
        assert connection.execute(early).fetchall() == []
    with RelationRegistry(path, read_only=True) as registry:
        elements = registry.items("elements").read(fields="namesake:bodies.name,namesake:people.name")
        assert [item for item in elements if not item["namesake"]] == []
        assert len(registry) == 7
        assert {name for each in registry.schema for name in each.broken} == set()


def test_a_demo_is_made_anew(tmp_path: Path) -> None:
    """Running the demo again gives the same file, whatever was done to the old one."""
    path = tmp_path / "demo.db"
    build(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE elements")
        connection.commit()
    build(path)
    with RelationRegistry(path, read_only=True) as registry:
        assert registry.items("elements").count() == len(ELEMENTS)
        assert registry.connection.execute("PRAGMA application_id").fetchone() == (APPLICATION,)
    assert os.listdir(tmp_path) == ["demo.db"]


def no_database(path: Path) -> None:
    path.write_text("notes that are no database, and that nobody would want to lose")


def another_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bodies (id INTEGER PRIMARY KEY)")


@pytest.mark.parametrize("make", [Path.touch, no_database, another_database])
def test_other_files_are_left_alone(tmp_path: Path, make: object) -> None:
    """A file that is no demo is refused in one line, and stays as it is to the byte."""
    path = tmp_path / "mine.db"
    assert callable(make)
    make(path)
    before = path.read_bytes()
    run = CliRunner().invoke(group, ["demo", str(path)])
    assert (run.stdout, run.exit_code) == ("", 1)
    assert run.stderr == f"relgraph: {path}: not a demo of relgraph, so it is left as it is; name another file\n"
    assert (path.read_bytes(), os.listdir(tmp_path)) == (before, ["mine.db"])


def test_the_command_shows_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a path `relgraph demo` makes ./relgraph-demo.db, and ends by saying where it is."""
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke(group, ["demo"])
    assert (run.stderr, run.exit_code) == ("", 0)
    assert f"\nThe file is {tmp_path / 'relgraph-demo.db'}\n" in run.stdout
    assert os.listdir(tmp_path) == ["relgraph-demo.db"]


def test_a_command_is_quoted_for_the_shell() -> None:
    """Blanks, quotes and braces in a path or an option reach the command as they are."""
    command = Question("?", "bodies", {"filter": '{"name": "it\'s"}'}).command(Path("a 'b'.db"))
    shell = f"relgraph() {{ printf '%s|' \"$@\"; }}\n{command}"
    run = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=True)
    assert run.stdout == 'read|a \'b\'.db|bodies|--filter|{"name": "it\'s"}|'
