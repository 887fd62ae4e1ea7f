"""The README: its commands are marked so that they can be run, and its Python runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")


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


@pytest.mark.parametrize("block", python_blocks())
def test_python_blocks_run(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every Python block runs as it stands, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {"__name__": "readme"})
