"""100 000 junction rows written to a file, with guards and without them: what it costs that nothing wrong gets in.

Run: python -m benchmarks.guards [--rows 100000] [--rounds 5]
Prints, for an m2m and an m2a junction and rows in the order of their parents or in none, the median of both sides and
their ratio; at most 2.5 is wanted. Foreign keys are on, and both sides have the indexes that `m2m` and `m2a` make: of
both ends of a link, and the one that keeps links from being made twice. The sides take turns, each on a fresh file:
read the ratio, not the milliseconds.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final, TypeAlias

from relgraph import RelationRegistry

Row: TypeAlias = tuple[Any, ...]

ITEMS: Final = 10_000  # of each collection that is pointed at
TARGETS: Final = ("headings", "images")
TABLES: Final = """
CREATE TABLE pages (id INTEGER PRIMARY KEY, title TEXT);
CREATE TABLE headings (id INTEGER PRIMARY KEY, title TEXT);
CREATE TABLE images (id INTEGER PRIMARY KEY, title TEXT);
"""
INSERTS: Final = {
    "m2m": "INSERT INTO pages_images (pages_id, images_id) VALUES (?, ?)",
    "m2a": "INSERT INTO pages_sections (pages_id, item, collection) VALUES (?, ?, ?)",
}


def build(path: Path, *, guarded: bool) -> None:
    """Make the database by relgraph's own calls, all but the links, with guards or without them."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(TABLES)
        for name in ("pages", *TARGETS):
            rows = ((key, f"{name} number {key}") for key in range(1, ITEMS + 1))
            connection.executemany(f"INSERT INTO {name} VALUES (?, ?)", rows)
        connection.commit()
    with RelationRegistry(path) as registry:
        registry.m2m("pages.images", "images.pages", junction="pages_images")
        registry.m2a("pages.sections", allowed=TARGETS, junction="pages_sections")
        if guarded:
            registry.guard()


def links(kind: str, count: int, *, in_order: bool) -> list[Row]:
    """Give so many links, no two the same, the same ones each time."""
    chance = random.Random(count)
    found: dict[Row, None] = {}
    while len(found) < count:
        page, item = chance.randint(1, ITEMS), chance.randint(1, ITEMS)
        found[(page, item) if kind == "m2m" else (page, str(item), chance.choice(TARGETS))] = None
    return sorted(found) if in_order else list(found)


def seconds(source: Path, path: Path, statement: str, rows: Sequence[Row]) -> float:
    """Give how long it takes to write the rows to a copy of a database in one transaction, as processor time."""
    shutil.copy(source, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = OFF")  # the disk is not what is measured
        start = time.process_time()
        connection.execute("BEGIN")
        connection.executemany(statement, rows)
        connection.execute("COMMIT")
        return time.process_time() - start


def measured(folder: Path, rows: int, rounds: int) -> dict[str, tuple[float, float]]:
    """Give the median seconds without guards and with them, by the kind of junction and the order of the rows."""
    sides = {guarded: folder / f"guarded-{guarded}.db" for guarded in (False, True)}
    for guarded, path in sides.items():
        build(path, guarded=guarded)
    found = {}
    for kind, statement in INSERTS.items():
        for in_order in (True, False):
            written = links(kind, rows, in_order=in_order)
            times: dict[bool, list[float]] = {False: [], True: []}
            for _ in range(rounds):
                for guarded, path in sides.items():
                    times[guarded].append(seconds(path, folder / "copy.db", statement, written))
            name = f"{kind}, {'by parent' if in_order else 'in no order'}"
            found[name] = (statistics.median(times[False]), statistics.median(times[True]))
    return found


def main(words: Sequence[str] | None = None, say: Callable[[str], None] = print) -> None:
    """Measure, and print a line for each kind of junction and order of rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        for name, (plain, guarded) in measured(Path(folder), asked.rows, asked.rounds).items():
            milliseconds = f"{plain * 1000:6.0f} ms without guards, {guarded * 1000:6.0f} ms with them"
            say(f"{name:18} {milliseconds}, ratio {guarded / plain:.2f}")


if __name__ == "__main__":
    main()
