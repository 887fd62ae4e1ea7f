"""The command: build a database, let all sides take turns, print how they compare with what is written by hand.

Run: python -m benchmarks [--articles 10000] [--workloads W1,W3] [--rounds 9] [--peers] [--json | --page]
Peers are the usual libraries, as far as they are installed: pip install -e '.[benchmark]'.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import absolute, engine, hand, report
from benchmarks.dataset import build
from benchmarks.measure import race
from benchmarks.peers import PEERS, Forms
from benchmarks.report import HAND, Absolute, Report, Row
from benchmarks.workloads import AUDIT, WORKLOADS, Workload
from relgraph import RelationRegistry, __version__

SIZES = (10_000, 100_000, 1_000_000)


def main() -> None:
    """Measure as the command line says, and print."""
    chosen = _options()
    with tempfile.TemporaryDirectory() as temporary:
        path = (chosen.folder or Path(temporary)) / f"articles-{chosen.articles}.db"
        if not path.exists():
            build(path, chosen.articles)
        measured = _measure(path, chosen)
    if chosen.json:
        print(report.as_json(measured))
    elif chosen.page:
        print(report.as_page(measured))


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").splitlines()[0])
    options.add_argument("--articles", type=int, default=SIZES[0], help="10000, 100000 or 1000000 are usual")
    options.add_argument("--workloads", default="", help="names such as W1,W3; W4 is all that begin so; default: all")
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--peers", action="store_true", help="measure the installed libraries too")
    options.add_argument("--folder", type=Path, help="keep the database here, and use the one that is there")
    shape = options.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print everything as JSON")
    shape.add_argument("--page", action="store_true", help="print the page of results in Markdown")
    return options.parse_args()


def _measure(path: Path, chosen: argparse.Namespace) -> Report:
    say: Callable[[str], None] = _nothing if chosen.json or chosen.page else print
    versions = {"relgraph": __version__, **report.versions()}
    peers: dict[str, Forms] = {}
    for peer in PEERS if chosen.peers else ():
        if peer.version is None:
            print(f"{peer.name} is not installed, so it is left out", file=sys.stderr)
        else:
            versions[peer.distribution] = peer.version
            peers[peer.name] = peer.forms(path)
    rows: list[Row] = []
    connection = hand.connect(path)
    with engine.connect(path) as registry:
        for workload in _chosen(chosen.workloads):
            sides = {HAND: hand.FORMS[workload.form](connection), **_engine(registry, workload)}
            sides |= {name: forms[workload.form] for name, forms in peers.items() if workload.form in forms}
            row = Row(workload, race(sides, workload.arguments(connection), chosen.rounds))
            say(report.as_text(row))
            rows.append(row)
        absolutes = []
        for measured in _absolutes(path, registry, chosen.workloads, chosen.rounds):
            say(report.absolute_text(measured))
            absolutes.append(measured)
    connection.close()
    return Report(chosen.articles, chosen.rounds, versions, tuple(rows), tuple(absolutes))


def _nothing(text: str) -> None:
    """Print nothing: the result is printed as a whole."""


def _chosen(names: str) -> list[Workload]:
    wanted = tuple(name.strip() for name in names.split(",") if name.strip())
    if not wanted:
        return list(WORKLOADS)
    return [workload for workload in WORKLOADS if {workload.name, workload.name.partition(" ")[0]} & set(wanted)]


def _engine(registry: RelationRegistry, workload: Workload) -> dict[str, Callable[..., Any]]:
    ways = {name: way(registry, workload) for name, way in engine.WAYS.items()}
    return {name: way for name, way in ways.items() if way is not None}


def _absolutes(path: Path, registry: RelationRegistry, names: str, rounds: int) -> Iterator[Absolute]:
    """Give what is no query; nothing where single workloads were asked for, but for the audit."""
    if not names or AUDIT in names.split(","):
        times = absolute.audits(path, registry, rounds)
        most = times[HAND].milliseconds * absolute.AUDIT_TARGET
        yield Absolute(f"{AUDIT}: keys that point at nothing, by hand", times[HAND].milliseconds)
        yield Absolute(f"{AUDIT}: the same by audit()", times["relgraph"].milliseconds, most)
        yield Absolute(f"{AUDIT}: audit() of all rules", absolute.median(lambda turn: registry.audit(), rounds))
    if not names:
        yield Absolute(
            "a new query like W2: parse, resolve, plan, compile",
            absolute.cold_plan(registry, rounds),
            absolute.COLD_TARGET_MS,
        )
        yield Absolute("a new query like W2: the whole first read", absolute.first_read(registry, rounds))
        yield Absolute("import relgraph", absolute.importing("import relgraph", rounds), absolute.IMPORT_TARGET_MS)
        yield Absolute(
            "from relgraph import RelationRegistry",
            absolute.importing("from relgraph import RelationRegistry", rounds),
            absolute.IMPORT_TARGET_MS,
        )


if __name__ == "__main__":
    main()
