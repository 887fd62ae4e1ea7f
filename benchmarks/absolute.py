"""What is no query: compiling one never seen before, importing relgraph, and the audit, by hand and by relgraph.

In: an open database. Out: milliseconds.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import permutations
from pathlib import Path
from typing import Any, Final

from benchmarks import hand
from benchmarks.engine import compiled
from benchmarks.measure import Times, race
from benchmarks.workloads import WORKLOADS
from relgraph import RelationRegistry

COLD_TARGET_MS = 0.4
IMPORT_TARGET_MS = 60
AUDIT_TARGET = 1.1  # of the time by hand
DANGLING: Final = ("dangling-m2o", "dangling-m2a")  # what is looked for by hand

PAGE: Final = next(workload for workload in WORKLOADS if workload.form == "page")

_IMPORT = "import time; start = time.thread_time(); {}; print((time.thread_time() - start) * 1000)"


def cold_plan(registry: RelationRegistry, rounds: int) -> float:
    """Give the median time to parse, resolve, plan and compile queries like that of W2, none seen before."""
    queries = _new_queries()
    return median(lambda turn: compiled(registry, PAGE, next(queries)), rounds * 20)


def first_read(registry: RelationRegistry, rounds: int) -> float:
    """Give the median time of the first read of such a query, answer included."""
    items, queries = registry.items(PAGE.collection), _new_queries()
    return median(lambda turn: items.read(next(queries)), rounds * 20)


def _new_queries() -> Iterator[dict[str, Any]]:
    """Give the query of W2 with its fields in one order after the other, so that no two have the same form."""
    query = PAGE.ask("published")
    return ({**query, "fields": list(fields)} for fields in permutations(query["fields"]))


def audits(path: Path, registry: RelationRegistry, rounds: int) -> Mapping[str, Times]:
    """Give the times to find every key that points at nothing: by hand, and by `audit` asked for the same rules."""
    connection = hand.connect(path)

    def by_hand() -> dict[str, int]:
        counts: Counter[str] = Counter()
        for place, keys in hand.audit(connection).items():
            counts[place.partition(":")[0]] += len(keys)
        return {relation: count for relation, count in counts.items() if count}

    def by_audit() -> dict[str, int]:
        return {problem.relation: problem.count for problem in registry.audit(rules=DANGLING)}

    taken = race({"hand": by_hand, "relgraph": by_audit}, [{}], rounds)
    connection.close()
    return taken


def importing(statement: str, rounds: int) -> float:
    """Give the median time of an import in a new interpreter, from compiled files, as an installed package has them."""
    command = [sys.executable, "-c", _IMPORT.format(statement)]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    runs = [
        subprocess.run(command, capture_output=True, text=True, check=True, env=environment) for _ in range(rounds + 1)
    ]
    return statistics.median(float(run.stdout) for run in runs[1:])  # the first may have had to compile


def median(work: Callable[[int], object], rounds: int) -> float:
    """Give the median milliseconds of some work, which is told the number of its turn."""
    taken = []
    for turn in range(rounds):
        start = time.thread_time()
        work(turn)
        taken.append(time.thread_time() - start)
    return statistics.median(taken) * 1000
