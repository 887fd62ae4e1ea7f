"""Subsets: what it takes to write 10 000 items of a large database, with all they need, into a new one.

In: a database file of `benchmarks.dataset`, and how many of its articles. Out: seconds, and by how much the process
grew, where the system tells. Run: python -m benchmarks.subset FILE [COUNT]; to see that memory does not follow the size
of the source, run it on a small file and on a large one.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from relgraph import RelationRegistry


def measure(path: Path, count: int) -> dict[str, float]:
    """Give the seconds and MiB that a sample of articles takes, and how many rows came along."""
    with RelationRegistry(path, read_only=True) as registry, TemporaryDirectory() as folder:
        registry.connection.execute("PRAGMA mmap_size = 0")  # pages of the file would be counted as memory
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = perf_counter()
        answer = registry.graph.subset({"articles": {"sample": count}}, Path(folder, "some.db"))
        seconds = perf_counter() - start
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before  # KiB
    return {"seconds": round(seconds, 2), "MiB": round(grown / 1024, 1), "rows": sum(answer.counts.values())}


if __name__ == "__main__":
    print(measure(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10_000))
