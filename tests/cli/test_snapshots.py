"""snapshot, diff and apply as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run

PROJECT = Path(__file__).parents[1] / "data" / "project_snapshot.json"


def test_a_structure_is_carried_to_a_new_file(run: Run, music: Path, tmp_path: Path) -> None:
    """Written to a file, compared with an empty database, applied, and then nothing is to be done."""
    snapshot, copy = tmp_path / "structure.json", tmp_path / "copy.db"
    assert run("snapshot", music, "-o", snapshot).exit_code == 0
    assert json.loads(snapshot.read_text("utf-8")) == json.loads(run("snapshot", music).stdout)
    assert "Make collection artists." in run("apply", copy, snapshot).stdout
    assert run("diff", copy, snapshot).stdout == "Nothing is to be done.\n"


def test_a_dry_run_tells_and_does_nothing(run: Run, music: Path, tmp_path: Path) -> None:
    """The steps are those of apply; the file is byte for byte what it was."""
    snapshot = tmp_path / "empty.json"
    snapshot.write_text('{"version": 1, "relgraph": "0", "collections": []}')
    before = music.read_bytes()
    answer = run("apply", music, snapshot, "--dry-run")
    assert "Drop collection albums, with 4 items." in answer.stdout
    assert music.read_bytes() == before
    steps = json.loads(run("diff", music, snapshot, "--format", "json").stdout)
    assert {step["kind"] for step in steps} == {"drop-collection"}


def test_a_project_is_made_of_the_snapshot_of_directus(run: Run, tmp_path: Path) -> None:
    """Its own file format, as its API sends it."""
    made = tmp_path / "project.db"
    assert run("apply", made, PROJECT).exit_code == 0
    assert json.loads(run("snapshot", made).stdout)["collections"] == json.loads(PROJECT.read_text())["collections"]


def test_what_is_no_snapshot_is_one_line(run: Run, music: Path, tmp_path: Path) -> None:
    """A file that is no JSON, or JSON that is no snapshot, is the fault of the command's words."""
    wrong = tmp_path / "wrong.json"
    for text, said in (("{", "no JSON"), ("[]", "a snapshot is a mapping"), ('{"version": 1}', "collections")):
        wrong.write_text(text)
        answer = run("diff", music, wrong)
        assert (answer.exit_code, answer.stderr.count("\n")) == (2, 1)
        assert said in answer.stderr
    wrong.write_bytes(b"\xff\xfe\x00")
    answer = run("diff", music, wrong)
    assert (answer.exit_code, answer.stderr.count("\n")) == (2, 1)


def test_no_empty_file_is_left(run: Run, tmp_path: Path) -> None:
    """Of a database that was not there nothing stays after a refusal or a dry run."""
    made, wrong = tmp_path / "made.db", tmp_path / "wrong.json"
    wrong.write_text('{"version": 1}')
    assert run("apply", made, wrong).exit_code == 2
    assert not made.exists()
    assert run("apply", made, PROJECT, "--dry-run").exit_code == 0
    assert not made.exists()
