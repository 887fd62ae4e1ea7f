"""The benchmarks measure the same answers: every side is asked every workload on a small database."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks import absolute, concurrency, engine, hand, measure, memory, report
from benchmarks.__main__ import main
from benchmarks.dataset import build
from benchmarks.measure import DifferentAnswer
from benchmarks.page import BEGIN, END, NoPlace, as_page, put
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


@pytest.fixture
def run(path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """The command, on the database of 200 articles, with samples of one call; gives what it prints."""
    monkeypatch.setattr(measure, "SAMPLE_SECONDS", 0.0)

    def command(*options: str) -> str:
        always = ["--articles", str(ARTICLES), "--folder", str(path.parent), "--rounds", "1"]
        monkeypatch.setattr(sys, "argv", ["benchmarks", *always, *options])
        main()
        return capsys.readouterr().out

    return command


def test_one_command_measures_and_prints_json(run: Callable[..., str]) -> None:
    """`python -m benchmarks --json` gives times and ratios of the workloads asked for."""
    measured = json.loads(run("--workloads", "W4 rare", "--json", "--to-json"))
    assert [size["articles"] for size in measured["sizes"]] == [ARTICLES]
    workloads, as_json = measured["sizes"][0]["workloads"], measured["sizes"][0]["to_json"]
    assert [row["name"] for row in workloads] == [row["name"] for row in as_json] == ["W4 rare"]
    assert workloads[0]["sides"].keys() == {report.HAND, "relgraph", "prepared"}
    assert {"to_json", "dicts + json"} <= as_json[0]["sides"].keys()


def test_the_page_has_a_row_for_each_workload(run: Callable[..., str]) -> None:
    """`python -m benchmarks --page` prints Markdown."""
    lines = run("--workloads", "W4", "--page").splitlines()
    assert [line.partition(":")[0] for line in lines if line.startswith("| W")] == ["| W4 common", "| W4 rare"]


def test_the_page_stands_between_two_markers(run: Callable[..., str], tmp_path: Path) -> None:
    """`--page FILE` changes only what stands between the markers, and can be made anew; other files are refused."""
    file = tmp_path / "page.md"
    file.write_text(f"before\n{BEGIN}\n{END}\nafter\n", "utf-8")
    put("older", file)
    run("--workloads", "W4 rare", "--to-json", "--page", str(file))
    text = file.read_text("utf-8")
    assert text.startswith(f"before\n{BEGIN}\nMeasured ")
    assert text.endswith(f"`.\n{END}\nafter\n")
    assert text.count("| W4 rare") == 2  # a row of queries, a row of texts
    file.write_text("no place", "utf-8")
    with pytest.raises(NoPlace, match="benchmarks: begin"):
        put("page", file)
    assert file.read_text("utf-8") == "no place"


def test_growth_is_that_of_both_sides() -> None:
    """Growth is told against the smallest database, by hand and by relgraph."""
    growth = report.Growth(WORKLOADS[0], {10: 1.0, 100: 5.0}, {10: 2.0, 100: 20.0})
    assert growth.grown(100) == (5.0, 10.0)
    assert "quotient 2.00" in report.growth_text(growth)


def test_peaks_are_measured_in_processes_of_their_own(path: Path) -> None:
    """Every side's peak is found, and a stream holds the less the fewer of its items are kept."""
    found = list(memory.peaks(path, "stream", (ARTICLES,)))
    assert [peak.side for peak in found] == list(memory.WORK["stream"])
    assert all(peak.heap is not None and peak.heap > 0 for peak in found)


def test_all_parts_have_their_place_on_the_page(path: Path) -> None:
    """Growth, memory and concurrency each have a table."""
    peaks = (memory.Peak("W3", "hand", 10, 2.0, 4.0), memory.Peak("W3", "relgraph", 10, 3.0, None))
    beside = (concurrency.Beside("2 threads", 10.0, 5.0, 100, 0, 0),)
    growth = (report.Growth(WORKLOADS[0], {10: 1.0, 100: 5.0}, {10: 2.0, 100: 20.0}),)
    page = as_page(report.Report(3, {"SQLite": "3"}, (), growth, peaks, beside, "a machine", "2026-11-22"))
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert "| W1 | 5, 10, 2.00 |" in rows
    assert "| W3, 10 items | relgraph | 3 (1.50) |  |" in rows
    assert "| 2 threads | 10 | 5 | 100 | 0 | 0 |" in rows
    assert "2026-11-22 on a machine: SQLite 3" in page
