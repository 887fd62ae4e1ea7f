"""The command: build databases, let all sides take turns, print how they compare with what is written by hand.

Run: python -m benchmarks [--articles 10000,100000] [--workloads W1,W3] [--rounds 9] [--json | --page [FILE]]
     [--peers] [--to-json] [--growth] [--memory] [--concurrency] [--all]
Peers are the usual libraries, as far as they are installed: pip install -e '.[benchmark]'.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from benchmarks import absolute, concurrency, engine, hand, memory, report, texts
from benchmarks.dataset import build
from benchmarks.measure import race
from benchmarks.page import as_page, put
from benchmarks.peers import PEERS, Forms
from benchmarks.report import HAND, Absolute, Growth, Report, Row, Size
from benchmarks.workloads import AUDIT, WORKLOADS, Workload
from relgraph import RelationRegistry, __version__

SIZES: Final = (10_000, 100_000, 1_000_000)
PAGE_SIZES: Final = SIZES[:2]
STREAMED: Final = (100_000, 1_000_000)  # items of a stream, whose memory must not grow with them
Measured = TypeVar("Measured")


def main() -> None:
    """Measure as the command line says, and print."""
    chosen = _options()
    with tempfile.TemporaryDirectory() as temporary:
        measured = _measure(chosen.folder or Path(temporary), chosen)
    if chosen.json:
        print(report.as_json(measured))
    elif isinstance(chosen.page, Path):
        put(as_page(measured), chosen.page)
    elif chosen.page:
        print(as_page(measured))


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").splitlines()[0])
    options.add_argument("--articles", type=_sizes, default=(), help="10000, 100000 or 1000000, or several of them")
    options.add_argument("--workloads", default="", help="names such as W1,W3; W4 is all that begin so; default: all")
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--peers", action="store_true", help="measure the installed libraries too")
    options.add_argument("--to-json", action="store_true", help="measure Result.to_json() beside dicts and orjson")
    options.add_argument("--growth", action="store_true", help="measure how times grow up to 1000000 articles")
    options.add_argument("--memory", action="store_true", help="measure the peaks of long reads")
    options.add_argument("--concurrency", action="store_true", help="measure and check readers beside a writer")
    options.add_argument("--all", action="store_true", help="all of these, with 10000 and 100000 articles")
    options.add_argument("--folder", type=Path, help="keep the databases here, and use those that are there")
    shape = options.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print everything as JSON")
    shape.add_argument(
        "--page", nargs="?", type=Path, const=True, help="Markdown, printed or put between FILE's markers"
    )
    chosen = options.parse_args()
    for part in ("peers", "to_json", "growth", "memory", "concurrency"):
        setattr(chosen, part, getattr(chosen, part) or chosen.all)
    chosen.articles = chosen.articles or (PAGE_SIZES if chosen.all else SIZES[:1])
    return chosen


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split(","))


def _measure(folder: Path, chosen: argparse.Namespace) -> Report:
    say: Callable[[str], None] = _nothing if chosen.json or chosen.page else print
    installed = _installed() if chosen.peers else {}
    versions = {"relgraph": __version__, **report.versions(), **installed}
    return Report(
        chosen.rounds,
        versions,
        tuple(_size(folder, articles, chosen, say) for articles in chosen.articles),
        _each(_growth(folder, chosen), report.growth_text, say) if chosen.growth else (),
        _peaks(folder, say) if chosen.memory else (),
        _each(concurrency.all_beside(folder), report.beside_text, say) if chosen.concurrency else (),
    )


def _nothing(text: str) -> None:
    """Print nothing: the result is printed as a whole."""


def _each(
    found: Iterable[Measured], text: Callable[[Measured], str], say: Callable[[str], None]
) -> tuple[Measured, ...]:
    """Give all that is found, each said as soon as it is."""
    kept = []
    for measured in found:
        say(text(measured))
        kept.append(measured)
    return tuple(kept)


def _installed() -> Mapping[str, str]:
    """Give the versions of the installed peers, and say which are left out."""
    for peer in PEERS:
        if peer.version is None:
            print(f"{peer.name} is not installed, so it is left out", file=sys.stderr)
    return {peer.distribution: peer.version for peer in PEERS if peer.version is not None}


def _database(folder: Path, articles: int) -> Path:
    path = folder / f"articles-{articles}.db"
    if not path.exists():
        build(path, articles)
    return path


# --- queries ----------------------------------------------------------------------------------------------------------


def _size(folder: Path, articles: int, chosen: argparse.Namespace, say: Callable[[str], None]) -> Size:
    """Give what is measured on the database of so many articles."""
    path, rounds = _database(folder, articles), chosen.rounds
    peers = {peer.name: peer.forms(path) for peer in PEERS if peer.version is not None} if chosen.peers else {}
    workloads = _chosen(chosen.workloads)
    say(f"{articles:,} articles")
    with engine.connect(path) as registry:
        rows = _each((_row(path, registry, workload, peers, rounds) for workload in workloads), report.as_text, say)
        written = (_texts(path, registry, workload, rounds) for workload in workloads) if chosen.to_json else ()
        as_json = _each(written, report.as_text, say)
        others = _each(_absolutes(path, registry, chosen.workloads, rounds), report.absolute_text, say)
    return Size(articles, rows, as_json, others)


def _chosen(names: str) -> list[Workload]:
    wanted = tuple(name.strip() for name in names.split(",") if name.strip())
    if not wanted:
        return list(WORKLOADS)
    return [workload for workload in WORKLOADS if {workload.name, workload.name.partition(" ")[0]} & set(wanted)]


def _row(path: Path, registry: RelationRegistry, workload: Workload, peers: Mapping[str, Forms], rounds: int) -> Row:
    """Give the times of all sides that answer a workload."""
    connection = hand.connect(path)
    sides = {HAND: hand.FORMS[workload.form](connection), **_engine(registry, workload)}
    sides |= {name: forms[workload.form] for name, forms in peers.items() if workload.form in forms}
    targets = {"relgraph": workload.target, "get": workload.target}
    if workload.prepared_target is not None:
        targets["prepared"] = workload.prepared_target
    times = race(sides, workload.arguments(connection), rounds)
    connection.close()
    return Row(workload, times, targets)


def _engine(registry: RelationRegistry, workload: Workload) -> dict[str, Callable[..., Any]]:
    ways = {name: way(registry, workload) for name, way in engine.WAYS.items()}
    return {name: way for name, way in ways.items() if way is not None}


def _texts(path: Path, registry: RelationRegistry, workload: Workload, rounds: int) -> Row:
    """Give the times from a query to its JSON text."""
    times = texts.race_texts(path, workload, workload.arguments(registry.connection), rounds)
    return Row(workload, times, {"to_json": texts.target(workload)})


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


# --- growth and memory ------------------------------------------------------------------------------------------------


def _growth(folder: Path, chosen: argparse.Namespace) -> Iterator[Growth]:
    """Yield how the times of each workload grow with the database."""
    sizes = chosen.articles if len(chosen.articles) > 1 and not chosen.all else SIZES
    for workload in _chosen(chosen.workloads):
        by_hand, by_relgraph = {}, {}
        for articles in sizes:
            path = _database(folder, articles)
            with engine.connect(path) as registry:
                times = _row(path, registry, workload, {}, min(chosen.rounds, 5)).times
            by_hand[articles] = times[HAND].milliseconds
            by_relgraph[articles] = times["relgraph"].milliseconds
        yield Growth(workload, by_hand, by_relgraph)


def _peaks(folder: Path, say: Callable[[str], None]) -> tuple[memory.Peak, ...]:
    """Give the peaks of a nested read of everything, and of streams."""
    kept: list[memory.Peak] = []
    nested = memory.peaks(_database(folder, PAGE_SIZES[1]), "W3", (PAGE_SIZES[1],))
    streams = memory.peaks(_database(folder, SIZES[-1]), "stream", STREAMED)
    for found in (nested, streams):
        for peak in found:
            kept.append(peak)
            base = next(other for other in reversed(kept) if other.side == HAND)
            say(report.peak_text(peak, base, memory.TARGET))
    return tuple(kept)


if __name__ == "__main__":
    main()
