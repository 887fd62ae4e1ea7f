"""The benchmarks measure the same answers: every side is asked every workload on a small database."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import absolute, engine, hand, measure, report
from benchmarks.__main__ import main
from benchmarks.dataset import build
from benchmarks.measure import DifferentAnswer
from benchmarks.peers import PEERS, Peer
from benchmarks.workloads import WORKLOADS, Workload
from relgraph import RelationRegistry

ARTICLES = 200


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of 200 articles."""
    file = tmp_path_factory.mktemp("benchmarks") / f"articles-{ARTICLES}.db"
    build(file, ARTICLES)
    return file


@pytest.fixture(scope="module")
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    """The hand-written side's connection."""
    connection = hand.connect(path)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def registry(path: Path) -> Iterator[RelationRegistry]:
    """relgraph's side."""
    with engine.connect(path) as registry:
        yield registry


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
def test_relgraph_answers_as_written_by_hand(
    workload: Workload, connection: sqlite3.Connection, registry: RelationRegistry
) -> None:
    """From a dict, by key and prepared, relgraph gives the hand-written answer."""
    ways = {name: way(registry, workload) for name, way in engine.WAYS.items()}
    sides = {name: way for name, way in ways.items() if way is not None}
    measure.compare({"hand": hand.FORMS[workload.form](connection), **sides}, workload.arguments(connection))


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_peers_answer_as_written_by_hand(peer: Peer, path: Path, connection: sqlite3.Connection) -> None:
    """Every installed library gives the hand-written answer to every workload it has words for."""
    if peer.version is None:
        pytest.skip(f"{peer.distribution} is not installed")
    forms = peer.forms(path)
    known = [workload for workload in WORKLOADS if workload.form in forms]
    assert {workload.form for workload in known} == forms.keys()
    for workload in known:
        sides = {"hand": hand.FORMS[workload.form](connection), peer.name: forms[workload.form]}
        measure.compare(sides, workload.arguments(connection)[: measure.COMPARED])


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
def test_workloads_find_something(workload: Workload, connection: sqlite3.Connection) -> None:
    """No workload is measured on an empty answer, but for the rarest values in so small a database."""
    answer = hand.FORMS[workload.form](connection)(**workload.arguments(connection)[0])
    assert answer or workload.name == "W4 rare"


def test_the_audit_finds_what_was_planted(connection: sqlite3.Connection) -> None:
    """So small a database holds no key that points at nothing; two that are put there are found."""
    assert not any(hand.audit(connection).values())
    copy = sqlite3.connect(":memory:")
    connection.backup(copy)
    copy.execute("UPDATE sections SET item = '-3' WHERE id = 2")
    copy.execute("UPDATE comments SET article = 0 WHERE id = 7")
    found = {relation: keys for relation, keys in hand.audit(copy).items() if keys}
    copy.close()
    assert found == {"comments.article": [7], "sections.item:paragraphs": [2]}


def test_the_same_number_gives_the_same_database(path: Path, tmp_path: Path) -> None:
    """Building twice gives equal rows, whatever else used chance in between."""
    build(tmp_path / "again.db", ARTICLES)
    dumps = []
    for file in (path, tmp_path / "again.db"):
        opened = sqlite3.connect(file)
        dumps.append(list(opened.iterdump()))
        opened.close()
    assert dumps[0] == dumps[1]


def test_a_side_that_answers_otherwise_is_not_timed() -> None:
    """Answers are compared before anything is measured."""
    with pytest.raises(DifferentAnswer, match="other"):
        measure.race({"hand": lambda: [1], "other": lambda: [2]}, [{}], rounds=1)


def test_compiling_leaves_nothing_to_write(registry: RelationRegistry) -> None:
    """What is measured as compiling includes the row builder of every level."""
    for workload in WORKLOADS:
        reader = engine.compiled(registry, workload, workload.ask(**workload.arguments(registry.connection)[0]))
        assert len(reader.builders.items) == reader.plan.levels
    assert absolute.cold_plan(registry, rounds=1) > 0


def test_one_command_measures_and_prints_json(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`python -m benchmarks --json` gives times and ratios of the workloads asked for."""
    monkeypatch.setattr(measure, "SAMPLE_SECONDS", 0.0)
    command = ["benchmarks", "--articles", str(ARTICLES), "--folder", str(path.parent), "--workloads", "W4 rare"]
    monkeypatch.setattr(sys, "argv", [*command, "--rounds", "1", "--json"])
    main()
    measured = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in measured["workloads"]] == ["W4 rare"]
    assert measured["workloads"][0]["sides"].keys() == {report.HAND, "relgraph", "prepared"}


def test_the_page_has_a_row_for_each_workload(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`python -m benchmarks --page` prints Markdown."""
    monkeypatch.setattr(measure, "SAMPLE_SECONDS", 0.0)
    command = ["benchmarks", "--articles", str(ARTICLES), "--folder", str(path.parent), "--workloads", "W4"]
    monkeypatch.setattr(sys, "argv", [*command, "--rounds", "1", "--page"])
    main()
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines if line.startswith("| W")] == ["| W4 common", "| W4 rare"]
