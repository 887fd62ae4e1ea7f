"""The score that the README shows."""

from __future__ import annotations

from pathlib import Path

from tests.conformance.score import scores, table

README = Path(__file__).parents[2] / "README.md"


def test_the_readme_shows_the_score() -> None:
    """The table in the README is the one a run makes now, differences included."""
    shown = README.read_text("utf-8").partition("<!-- score -->\n")[2].partition("<!-- end of score -->")[0]
    assert shown.splitlines() == "\n".join(table(scores())).splitlines()
