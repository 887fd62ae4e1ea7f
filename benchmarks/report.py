"""Reports: what was measured, as values, as lines for the terminal, and as JSON.

In: times. Out: a `Report`, and text. `page` has the Markdown.
"""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from attrs import asdict, field, frozen

from benchmarks.concurrency import Beside
from benchmarks.measure import Times
from benchmarks.memory import Peak
from benchmarks.workloads import Workload

HAND = "hand"


@frozen
class Row:
    """One workload: the times of every side that answers it, the base first, and the ratios some are to keep."""

    workload: Workload
    times: Mapping[str, Times]
    targets: Mapping[str, float] = field(factory=dict)

    @property
    def base(self) -> str:
        """The side that the others are compared with."""
        return next(iter(self.times))


@frozen
class Absolute:
    """A time without a hand-written side to compare with."""

    name: str
    milliseconds: float
    target: float | None = None


@frozen
class Size:
    """What was measured on the database of so many articles."""

    articles: int
    rows: tuple[Row, ...] = ()
    texts: tuple[Row, ...] = ()
    absolutes: tuple[Absolute, ...] = ()


@frozen
class Growth:
    """The milliseconds of one workload by hand and by relgraph, by the number of articles."""

    workload: Workload
    by_hand: Mapping[int, float]
    by_relgraph: Mapping[int, float]

    def grown(self, articles: int) -> tuple[float, float]:
        """Give how many times longer both sides take than on the smallest database: by hand, by relgraph."""
        first = min(self.by_hand)
        return self.by_hand[articles] / self.by_hand[first], self.by_relgraph[articles] / self.by_relgraph[first]


@frozen
class Report:
    """All that one run measured."""

    rounds: int
    versions: Mapping[str, str]
    sizes: tuple[Size, ...] = ()
    growth: tuple[Growth, ...] = ()
    peaks: tuple[Peak, ...] = ()
    beside: tuple[Beside, ...] = ()
    machine: str = field(factory=lambda: f"{os.cpu_count()} cores, {_processor()}, {platform.system()}")
    day: str = field(factory=lambda: date.today().isoformat())


def versions() -> dict[str, str]:
    """Give the versions of what every run uses."""
    return {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}


def _processor() -> str:
    """Give the name of the processor, where the system tells it."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


# --- the terminal -----------------------------------------------------------------------------------------------------


def as_text(row: Row) -> str:
    """Give one workload as lines: medians, and the spread of the ratios over the rounds."""
    lines = [f"{row.workload.name}: {row.workload.title}"]
    for side, times in row.times.items():
        line = f"    {side:<16}{times.milliseconds:>11.3f} ms"
        if side != row.base:
            line += f"{times.ratio:>9.2f}   ({times.ratios[0]:.2f} to {times.ratios[-1]:.2f})"
            line += _verdict(times.ratio, row.targets.get(side))
        lines.append(line)
    return "\n".join(lines)


def absolute_text(absolute: Absolute) -> str:
    """Give one absolute time as a line."""
    line = f"{absolute.name:<54}{absolute.milliseconds:>10.3f} ms"
    return line + _verdict(absolute.milliseconds, absolute.target)


def growth_text(growth: Growth) -> str:
    """Give the growth of one workload as a line: by hand, by relgraph, and the quotient of both."""
    parts = []
    for articles in sorted(growth.by_hand)[1:]:
        hand, relgraph = growth.grown(articles)
        parts.append(f"{articles:>9,}: hand x{hand:<8.3g} relgraph x{relgraph:<8.3g} quotient {relgraph / hand:.2f}")
    return f"{growth.workload.name:<16}" + "   ".join(parts)


def peak_text(peak: Peak, base: Peak, target: float) -> str:
    """Give one peak of memory as a line, beside that of the hand-written side."""
    line = f"{peak.work:<8}{peak.items:>10,} items  {peak.side:<10}"
    for name, mine, other in (("heap", peak.heap, base.heap), ("process", peak.process, base.process)):
        if mine is not None and other is not None:
            line += f"  {name} {mine:8.1f} MiB"
            line += "" if peak is base else f" {mine / other:.2f}{_verdict(mine / other, target)}"
    return line


def beside_text(beside: Beside) -> str:
    """Give what readers did beside a writer as a line."""
    return (
        f"{beside.readers:<24}{beside.reads_per_second:>8.0f} reads/s {beside.writes_per_second:>8.0f} writes/s   "
        f"{beside.reads} answers, {beside.wrong} wrong, {beside.locked} locked"
    )


def _verdict(value: float, target: float | None) -> str:
    if target is None:
        return ""
    return f"   {'within' if value <= target else 'ABOVE'} {target:g}"


# --- JSON -------------------------------------------------------------------------------------------------------------


def as_json(report: Report) -> str:
    """Give everything measured, times in milliseconds, memory in MiB."""
    return json.dumps(
        {
            "date": report.day,
            "machine": report.machine,
            "versions": dict(report.versions),
            "rounds": report.rounds,
            "sizes": [
                {
                    "articles": size.articles,
                    "workloads": [_row_json(row) for row in size.rows],
                    "to_json": [_row_json(row) for row in size.texts],
                    "absolute": {absolute.name: absolute.milliseconds for absolute in size.absolutes},
                }
                for size in report.sizes
            ],
            "growth": [
                {"name": each.workload.name, "hand": dict(each.by_hand), "relgraph": dict(each.by_relgraph)}
                for each in report.growth
            ],
            "memory": [asdict(peak) for peak in report.peaks],
            "concurrency": [asdict(beside) for beside in report.beside],
        },
        indent=2,
    )


def _row_json(row: Row) -> dict[str, Any]:
    sides = {side: _side_json(times, row.targets.get(side)) for side, times in row.times.items()}
    return {"name": row.workload.name, "title": row.workload.title, "sides": sides}


def _side_json(times: Times, target: float | None) -> dict[str, Any]:
    return {
        "milliseconds": times.milliseconds,
        "ratio": times.ratio,
        "ratio_min": times.ratios[0],
        "ratio_max": times.ratios[-1],
        "target": target,
    }
