"""Pages: a report as Markdown, and its place between two markers of a file.

In: a `Report`. Out: text. Raises `NoPlace` for a file without the markers.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks.concurrency import Beside
from benchmarks.memory import Peak
from benchmarks.report import HAND, Growth, Report, Row, Size

BEGIN: Final = "<!-- benchmarks: begin -->"
END: Final = "<!-- benchmarks: end -->"


class NoPlace(Exception):
    """A file has no place for the page of results."""


def put(page: str, file: Path) -> None:
    """Put a page between the markers of a file, in place of what is there."""
    before, begin, rest = file.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise NoPlace(f"{file} has no lines {BEGIN} and {END} for the results to stand between")
    file.write_text(f"{before}{begin}\n{page}\n{end}{after}", "utf-8")


def as_page(report: Report) -> str:
    """Give the page of results: when and where, then one table for each thing that was measured."""
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    head = [
        f"Measured {report.day} on {report.machine}: {versions}.",
        f"Medians of {report.rounds} rounds; the sides take turns in one process and give the same answers.",
    ]
    tables = [table for size in report.sizes for table in _of_size(size)]
    tables += [_growth(report.growth)] if report.growth else []
    tables += [_memory(report.peaks)] if report.peaks else []
    tables += [_concurrency(report.beside)] if report.beside else []
    made = f"Made by `{' '.join(['python -m benchmarks', *sys.argv[1:]])}`."
    return "\n\n".join(["\n".join(head), *tables, made])


def _of_size(size: Size) -> Iterator[str]:
    if size.rows:
        title = (
            f"Queries, {size.articles:,} articles: after the first time, ratios to it, with their smallest and largest"
        )
        yield f"**{title} for relgraph**\n\n{_races(size.rows, 'by hand, ms')}"
    if size.texts:
        title = f"To JSON, {size.articles:,} articles: from the query to the bytes, ratios to the first"
        yield f"**{title}**\n\n{_races(size.texts, f'{size.texts[0].base}, ms')}"
    if size.absolutes:
        yield "\n".join(f"- {absolute.name}: {absolute.milliseconds:.3g} ms" for absolute in size.absolutes)


def _races(rows: Sequence[Row], first: str) -> str:
    sides = list(dict.fromkeys(side for row in rows for side in row.times if side != row.base))
    names = [f"relgraph, {side}" if side in ("get", "prepared") else side for side in sides]
    return _table(["workload", first, *names], (_race(row, sides) for row in rows))


def _race(row: Row, sides: Sequence[str]) -> Iterator[str]:
    yield f"{row.workload.name}: {row.workload.title}"
    yield f"{row.times[row.base].milliseconds:.3g}"
    for side in sides:
        times = row.times.get(side)
        spread = f" ({times.ratios[0]:.2f} to {times.ratios[-1]:.2f})" if times and side in row.targets else ""
        yield "" if times is None else f"{_short(times.ratio)}{spread}"


def _growth(growth: Sequence[Growth]) -> str:
    sizes = sorted({articles for each in growth for articles in each.by_hand})
    names = [f"{articles:,}: by hand, relgraph, quotient" for articles in sizes[1:]]
    rows = []
    for each in growth:
        grown = [each.grown(articles) for articles in sizes[1:]]
        rows.append([each.workload.name, *(f"{hand:.3g}, {mine:.3g}, {mine / hand:.2f}" for hand, mine in grown)])
    title = f"Growth: how many times longer than with {sizes[0]:,} articles"
    return f"**{title}**\n\n{_table(['workload', *names], rows)}"


def _memory(peaks: Sequence[Peak]) -> str:
    bases = {(peak.work, peak.items): peak for peak in peaks if peak.side == HAND}
    rows = []
    for peak in peaks:
        base = bases[peak.work, peak.items]
        cells = [_share(peak.heap, base.heap), _share(peak.process, base.process)]
        rows.append([f"{peak.work}, {peak.items:,} items", peak.side, *cells])
    return f"**Memory at the peak**\n\n{_table(['read', 'side', 'heap, MiB', 'process, MiB'], rows)}"


def _share(mine: float | None, base: float | None) -> str:
    if mine is None or base is None:
        return ""
    return f"{mine:.3g} ({mine / base:.2f})"


def _concurrency(beside: Sequence[Beside]) -> str:
    rows = [
        [each.readers, f"{each.reads_per_second:.0f}", f"{each.writes_per_second:.0f}", *map(str, _checked(each))]
        for each in beside
    ]
    names = ["readers", "reads/s", "writes/s", "answers", "wrong", "locked"]
    return f"**Concurrency: readers beside one writer, WAL**\n\n{_table(names, rows)}"


def _checked(beside: Beside) -> tuple[int, int, int]:
    return beside.reads, beside.wrong, beside.locked


def _table(names: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [f"| {' | '.join(names)} |", f"|---|{'---:|' * (len(names) - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _short(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"
