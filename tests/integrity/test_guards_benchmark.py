"""The benchmark of guards measures what it says: links written with guards on one side and without on the other."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from benchmarks import guards


def test_a_line_for_each_kind_and_order() -> None:
    """Both kinds of junction, with rows in the order of their parents and in none."""
    said: list[str] = []
    guards.main(["--rows", "50", "--rounds", "1"], said.append)
    assert [line.partition("  ")[0] for line in said] == [
        "m2m, by parent",
        "m2m, in no order",
        "m2a, by parent",
        "m2a, in no order",
    ]
    assert all("ratio" in line for line in said)


def test_one_side_is_guarded(tmp_path: Path) -> None:
    """The links are all different and all right; only the guarded side would refuse another."""
    for guarded in (False, True):
        path = tmp_path / f"{guarded}.db"
        guards.build(path, guarded=guarded)
        rows = guards.links("m2a", 200, in_order=False)
        assert guards.seconds(path, tmp_path / "copy.db", guards.INSERTS["m2a"], rows) >= 0
        with closing(sqlite3.connect(tmp_path / "copy.db")) as connection:
            assert connection.execute("SELECT count(*) FROM pages_sections").fetchone() == (200,)
            triggers = connection.execute("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'").fetchone()[0]
        assert (triggers > 0) is guarded
