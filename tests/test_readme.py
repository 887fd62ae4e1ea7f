"""The README: its commands are marked so that they can be run, and its Python runs."""

from __future__ import annotations

import doctest
import re
import shutil
from pathlib import Path

import pytest

from relgraph.demo import build
from relgraph.functions import AGGREGATES, FUNCTIONS
from relgraph.operators import OPERATORS, QUANTIFIERS
from relgraph.query.parse import PARAMETERS

README_FILE = Path(__file__).parent.parent / "README.md"
README = README_FILE.read_text("utf-8")
PROJECT = Path(__file__).parent / "data" / "project.db"


def marked(mark: str) -> str:
    """Give the shell block that stands right after `<!-- mark -->`."""
    found = re.search(rf"^<!-- {mark} -->\n```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert found, f"README.md has no ```sh block right after <!-- {mark} -->"
    return found.group(1)


def python_blocks() -> list[str]:
    """Give the Python blocks of the README that are no doctests; those run on their own."""
    blocks = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return [block for block in blocks if ">>>" not in block]


def test_test_command_installs_and_tests() -> None:
    """The marked test command makes an environment, installs the test extra and runs pytest."""
    command = marked("test")
    assert ".venv" in command
    assert "[test]" in command
    assert "-m pytest" in command


def test_demo_command_runs_the_demo() -> None:
    """The marked demo command makes an environment, installs relgraph and runs `relgraph demo`."""
    command = marked("demo")
    assert ".venv" in command
    assert "relgraph demo" in command


def test_examples_answer_as_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every example with an answer gives that answer, run from top to bottom in an empty folder."""
    monkeypatch.chdir(tmp_path)
    outcome = doctest.testfile(str(README_FILE), module_relative=False, encoding="utf-8")
    assert outcome.attempted > 0
    assert outcome.failed == 0, capsys.readouterr().out


@pytest.mark.parametrize("block", python_blocks())
def test_python_blocks_run(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every Python block runs as it stands, in a folder of two databases.

    `my.db` has relations of every kind, and `project.db` is a Directus project.
    """
    monkeypatch.chdir(tmp_path)
    build("my.db")
    shutil.copy(PROJECT, "project.db")
    exec(compile(block, "README.md", "exec"), {"__name__": "readme"})


def test_the_language_is_listed_whole() -> None:
    """The table of the query language names every parameter, operator, quantifier, function and aggregate there is."""
    section = README.partition("## The query language")[2].partition("\n## ")[0]
    listed = set(re.findall(r"`(\w+)(?:\([^`]*)?`", section))
    operators = {name for name in listed if name.startswith("_")}
    assert operators == {*OPERATORS, *QUANTIFIERS, "_and", "_or"}
    spelled_alike = {"group_by"}  # groupBy, as Python would write it
    assert {*FUNCTIONS, *AGGREGATES, *PARAMETERS} - listed == spelled_alike
