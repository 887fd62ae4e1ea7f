"""Reports: what was measured, as a table for the terminal, as JSON, and as a page of Markdown for the README.

In: a `Report`. Out: text.
"""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from attrs import field, frozen

from benchmarks.measure import Times
from benchmarks.workloads import Workload

HAND = "hand"


@frozen
class Row:
    """One workload: the times of every side that answers it."""

    workload: Workload
    times: Mapping[str, Times]

    def target(self, side: str) -> float | None:
        """Give the ratio that a side is to keep; peers have none."""
        return {
            "relgraph": self.workload.target,
            "get": self.workload.target,
            "prepared": self.workload.prepared_target,
        }.get(side)


@frozen
class Absolute:
    """A time without a hand-written side to compare with."""

    name: str
    milliseconds: float
    target: float | None = None


@frozen
class Report:
    """All that one run measured."""

    articles: int
    rounds: int
    versions: Mapping[str, str]
    rows: tuple[Row, ...]
    absolutes: tuple[Absolute, ...]
    machine: str = field(factory=lambda: f"{os.cpu_count()} cores, {_processor()}, {platform.system()}")
    day: str = field(factory=lambda: date.today().isoformat())

    @property
    def sides(self) -> list[str]:
        """The sides that answered anything, in the order they were asked; not `hand`."""
        return list(dict.fromkeys(side for row in self.rows for side in row.times if side != HAND))


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
        if side != HAND:
            line += f"{times.ratio:>9.2f}   ({times.ratios[0]:.2f} to {times.ratios[-1]:.2f})"
            line += _verdict(times.ratio, row.target(side))
        lines.append(line)
    return "\n".join(lines)


def absolute_text(absolute: Absolute) -> str:
    """Give one absolute time as a line."""
    line = f"{absolute.name:<54}{absolute.milliseconds:>10.3f} ms"
    return line + _verdict(absolute.milliseconds, absolute.target)


def _verdict(value: float, target: float | None) -> str:
    if target is None:
        return ""
    return f"   {'within' if value <= target else 'ABOVE'} {target:g}"


# --- JSON -------------------------------------------------------------------------------------------------------------


def as_json(report: Report) -> str:
    """Give everything measured, times in milliseconds."""
    return json.dumps(
        {
            "date": report.day,
            "machine": report.machine,
            "versions": dict(report.versions),
            "articles": report.articles,
            "rounds": report.rounds,
            "workloads": [
                {
                    "name": row.workload.name,
                    "title": row.workload.title,
                    "sides": {side: _side_json(times, row.target(side)) for side, times in row.times.items()},
                }
                for row in report.rows
            ],
            "absolute": {absolute.name: absolute.milliseconds for absolute in report.absolutes},
        },
        indent=2,
    )


def _side_json(times: Times, target: float | None) -> dict[str, Any]:
    return {
        "milliseconds": times.milliseconds,
        "ratio": times.ratio,
        "ratio_min": times.ratios[0],
        "ratio_max": times.ratios[-1],
        "target": target,
    }


# --- Markdown ---------------------------------------------------------------------------------------------------------


def as_page(report: Report) -> str:
    """Give the page of results: one table, the ratios of all sides to `hand`."""
    sides = report.sides
    head = [
        "workload",
        "by hand, ms",
        *(f"relgraph, {side}" if side in ("get", "prepared") else side for side in sides),
    ]
    lines = [
        f"Measured {report.day} with {report.articles:,} articles on {report.machine}:",
        ", ".join(f"{name} {version}" for name, version in report.versions.items()) + ".",
        f"Medians of {report.rounds} rounds; the sides take turns in one process and give the same answers.",
        "Columns after the first time are ratios to it, with their smallest and largest for relgraph.",
        "",
        f"| {' | '.join(head)} |",
        f"|---|{'---:|' * (len(head) - 1)}",
        *(_page_row(row, sides) for row in report.rows),
        "",
        *(f"- {absolute.name}: {absolute.milliseconds:.3g} ms" for absolute in report.absolutes),
        "",
        f"Made by `{' '.join(['python -m benchmarks', *sys.argv[1:]])}`.",
    ]
    return "\n".join(lines)


def _page_row(row: Row, sides: list[str]) -> str:
    cells = [f"{row.workload.name}: {row.workload.title}", f"{row.times[HAND].milliseconds:.3g}"]
    for side in sides:
        times = row.times.get(side)
        spread = f" ({times.ratios[0]:.2f} to {times.ratios[-1]:.2f})" if times and row.target(side) else ""
        cells.append("" if times is None else f"{_short(times.ratio)}{spread}")
    return f"| {' | '.join(cells)} |"


def _short(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"
