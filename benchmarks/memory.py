"""Memory: what a long read takes at its peak, each in a process of its own, beside the same read by hand.

In: a database file, a piece of work, a side. Out: the bytes of Python's heap at the peak, as tracemalloc counts them,
and those by which the process grew, where the system tells (Linux). SQLite's own cache is bounded and in the latter
only; memory mapping is off, since it would count pages of the file. Run: python -m benchmarks.memory FILE WORK SIDE
LIMIT heap|process; prints the bytes.
"""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from benchmarks import engine, hand
from benchmarks.workloads import FLAT, WORKLOADS

ROOT: Final = Path(__file__).parents[1]
TRACED: Final = 100_000  # items at most, as tracing makes a read 20 times slower
STATUS: Final = Path("/proc/self/status")
TARGET: Final = 1.1  # of what the hand-written side takes
NESTED: Final = next(workload for workload in WORKLOADS if workload.form == "nested")


@frozen
class Peak:
    """The most memory that a side held during a piece of work, in MiB; None where it was not measured."""

    work: str
    side: str
    items: int
    heap: float | None
    process: float | None


def _nested_by_hand(path: Path, limit: int) -> object:
    connection = hand.connect(path)
    connection.execute("PRAGMA mmap_size = 0")
    return hand.FORMS[NESTED.form](connection)(limit=limit)


def _nested_by_relgraph(path: Path, limit: int) -> object:
    return _registry_items(path).read(NESTED.ask(limit)).data


def _json_by_relgraph(path: Path, limit: int) -> object:
    return _registry_items(path).read(NESTED.ask(limit)).to_json()


def _stream_by_hand(path: Path, limit: int) -> object:
    connection = hand.connect(path)
    connection.execute("PRAGMA mmap_size = 0")
    rows = connection.execute(f"SELECT {', '.join(FLAT)} FROM articles ORDER BY id LIMIT ?", (limit,))
    return _consumed(dict(zip(FLAT, row, strict=True)) for row in rows)


def _stream_by_relgraph(path: Path, limit: int) -> object:
    return _consumed(_registry_items(path).stream({"fields": FLAT, "limit": limit}))


def _registry_items(path: Path) -> Any:
    registry = engine.connect(path)
    registry.connection.execute("PRAGMA mmap_size = 0")
    return registry.items("articles")


def _consumed(items: Iterator[Any]) -> int:
    return sum(1 for _ in items)


WORK: Final[dict[str, dict[str, Callable[[Path, int], object]]]] = {
    "W3": {"hand": _nested_by_hand, "relgraph": _nested_by_relgraph, "to_json": _json_by_relgraph},
    "stream": {"hand": _stream_by_hand, "relgraph": _stream_by_relgraph},
}


def peaks(path: Path, work: str, limits: tuple[int, ...]) -> Iterator[Peak]:
    """Yield the peak of every side of a piece of work, for each number of items."""
    for limit in limits:
        for side in WORK[work]:
            command = [sys.executable, "-m", "benchmarks.memory", str(path.absolute()), work, side, str(limit)]
            heap = _mib([*command, "heap"]) if limit <= TRACED else None
            yield Peak(work, side, limit, heap, _mib([*command, "process"]))


def _mib(command: list[str]) -> float | None:
    found = int(subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout)
    return found / 2**20 if found else None


def _heap(run: Callable[[], object]) -> int:
    tracemalloc.start()
    answer = run()
    peak = tracemalloc.get_traced_memory()[1]
    del answer
    return peak


def _process(run: Callable[[], object]) -> int:
    if not STATUS.exists():
        return 0
    before = _status("VmRSS")
    answer = run()
    grown = _status("VmHWM") - before
    del answer
    return grown


def _status(name: str) -> int:
    """Give a line of the process's status, in bytes."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


def main(file: str, work: str, side: str, limit: str, what: str) -> None:
    """Measure one side in this process, and print the bytes; a first small read leaves out what is loaded once."""
    run = WORK[work][side]
    run(Path(file), 10)
    print((_heap if what == "heap" else _process)(lambda: run(Path(file), int(limit))))


if __name__ == "__main__":
    main(*sys.argv[1:])
