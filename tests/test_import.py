"""Importing relgraph: quiet, light, and with the public names in place."""

from __future__ import annotations

import subprocess
import sys

import relgraph

NEEDED_LATER = ("sqlite_utils", "hypothesis", "click")
PROMISED = {"RelationRegistry", "Relation", "Param", "RelgraphError", "evaluate", "matches"}


def test_import_is_light_and_quiet() -> None:
    """`import relgraph` prints nothing, warns of nothing, and loads no package that is only needed later."""
    code = f"import sys, relgraph; sys.exit(','.join(name for name in {NEEDED_LATER} if name in sys.modules))"
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr.strip()) == ("", "")


def test_public_names() -> None:
    """The promised names are public, and every public name is there."""
    assert set(relgraph.__all__) >= PROMISED
    assert all(hasattr(relgraph, name) for name in relgraph.__all__)
