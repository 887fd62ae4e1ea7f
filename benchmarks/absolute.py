"""What has no hand-written side: compiling a query never seen before, importing relgraph, and the audit by hand.

In: an open database. Out: milliseconds.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import hand
from benchmarks.engine import compiled
from benchmarks.workloads import WORKLOADS
from relgraph import RelationRegistry

COLD_TARGET_MS = 0.4
IMPORT_TARGET_MS = 60

_IMPORT = "import time; start = time.process_time(); {}; print((time.process_time() - start) * 1000)"


def cold_plan(registry: RelationRegistry, rounds: int) -> float:
    """Give the median time to parse, resolve, plan and compile the query of W2, with a limit never asked for before."""
    workload = next(workload for workload in WORKLOADS if workload.form == "page")
    query = workload.ask("published")
    return median(lambda turn: compiled(registry, workload, {**query, "limit": turn + 51}), rounds * 20)


def first_read(registry: RelationRegistry, rounds: int) -> float:
    """Give the median time of the first read of such a query."""
    workload = next(workload for workload in WORKLOADS if workload.form == "page")
    items, query = registry.items(workload.collection), workload.ask("published")
    return median(lambda turn: items.read({**query, "limit": turn + 51}), rounds * 20)


def audit_by_hand(path: Path, rounds: int) -> float:
    """Give the median time to find every key that points at nothing."""
    connection = hand.connect(path)
    taken = median(lambda turn: hand.audit(connection), rounds)
    connection.close()
    return taken


def importing(statement: str, rounds: int) -> float:
    """Give the median time of an import in a new interpreter."""
    command = [sys.executable, "-c", _IMPORT.format(statement)]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(rounds)]
    return statistics.median(float(run.stdout) for run in runs)


def median(work: Callable[[int], object], rounds: int) -> float:
    """Give the median milliseconds of some work, which is told the number of its turn."""
    taken = []
    for turn in range(rounds):
        start = time.process_time()
        work(turn)
        taken.append(time.process_time() - start)
    return statistics.median(taken) * 1000
