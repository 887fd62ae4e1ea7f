"""Concurrency: readers in threads and processes beside one writer on a WAL file, every answer checked.

In: a new file, and how many readers read how often. Out: reads and writes per second, and what went wrong. The writer
keeps, in every transaction, each ledger's total equal to the sum of its entries; a reader asks for the total, for the
entries, and for their sum, which are three statements of one snapshot. Each reader has a registry of its own.
Run: python -m benchmarks.concurrency FILE READS, for one reader on a file that is there; prints what it saw.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any, Final

from attrs import asdict, frozen

from relgraph import RelationRegistry
from relgraph.errors import DatabaseBusy

LEDGERS: Final = 20
ENTRIES: Final = 50  # of each ledger
ROOT: Final = Path(__file__).parents[1]
QUERY: Final = {"fields": ["id", "total", "entries.amount", "sum(entries.amount)"]}


@frozen
class Seen:
    """What one reader saw: its reads, those that were wrong or locked, and the seconds they took together."""

    reads: int
    wrong: int
    locked: int
    seconds: float


@frozen
class Beside:
    """What some readers did beside a writer, all of them together."""

    readers: str
    reads_per_second: float
    writes_per_second: float
    reads: int
    wrong: int
    locked: int


def build(path: Path) -> None:
    """Make the file: ledgers with entries, in WAL mode, every total right."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript("""
            PRAGMA journal_mode = WAL;
            CREATE TABLE ledgers (id INTEGER PRIMARY KEY, total INTEGER NOT NULL);
            CREATE TABLE entries (
                id INTEGER PRIMARY KEY, ledger INTEGER NOT NULL REFERENCES ledgers(id), amount INTEGER NOT NULL
            );
            CREATE INDEX entries_ledger ON entries (ledger);
        """)
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO ledgers VALUES (?, ?)", [(n, ENTRIES) for n in range(1, LEDGERS + 1)])
        entries = [(ledger, 1) for ledger in range(1, LEDGERS + 1) for _ in range(ENTRIES)]
        connection.executemany("INSERT INTO entries (ledger, amount) VALUES (?, ?)", entries)
        connection.execute("COMMIT")


def write(path: Path, done: Callable[[], bool]) -> int:
    """Move amounts about, one transaction after the other, until it is done; give the number of transactions."""
    chance = Random("writer")
    written = 0
    with closing(sqlite3.connect(path, isolation_level=None, timeout=5)) as connection:
        execute = connection.execute
        while not done():
            entry, ledger, amount = chance.randint(1, LEDGERS * ENTRIES), chance.randint(1, LEDGERS), written % 97
            execute("BEGIN IMMEDIATE")
            old, before = execute("SELECT ledger, amount FROM entries WHERE id = ?", (entry,)).fetchone()
            execute("UPDATE ledgers SET total = total - ? WHERE id = ?", (before, old))
            execute("UPDATE entries SET ledger = ?, amount = ? WHERE id = ?", (ledger, amount, entry))
            execute("UPDATE ledgers SET total = total + ? WHERE id = ?", (amount, ledger))
            execute("COMMIT")
            written += 1
    return written


def read(path: Path, reads: int) -> Seen:
    """Read everything so many times through a registry of its own, and check each answer."""
    wrong = locked = 0
    with RelationRegistry(path, read_only=True) as registry:
        items = registry.items("ledgers")
        start = time.perf_counter()
        for _ in range(reads):
            try:
                wrong += not is_right(items.read(QUERY).data)
            except DatabaseBusy:
                locked += 1
        return Seen(reads, wrong, locked, time.perf_counter() - start)


def is_right(ledgers: Sequence[Any]) -> bool:
    """Tell whether an answer shows one moment: all ledgers and entries there, every total the sum of its entries."""
    sums = [
        (ledger["total"], sum(entry["amount"] for entry in ledger["entries"]), ledger["entries_amount_sum"])
        for ledger in ledgers
    ]
    entries = sum(len(ledger["entries"]) for ledger in ledgers)
    right = all(total == listed == (summed or 0) for total, listed, summed in sums)
    return right and len(ledgers) == LEDGERS and entries == LEDGERS * ENTRIES


def beside(path: Path, *, threads: int = 0, processes: int = 0, reads: int = 200, writing: bool = True) -> Beside:
    """Let threads and processes read a file while a writer writes, until all have read so many times."""
    over, written = threading.Event(), list[int]()
    writer = threading.Thread(target=lambda: written.append(write(path, over.is_set)))
    start = time.perf_counter()
    if writing:
        writer.start()
    try:
        command = [sys.executable, "-m", "benchmarks.concurrency", str(path.absolute()), str(reads)]
        with ThreadPoolExecutor(threads + processes) as pool:
            running = [pool.submit(read, path, reads) for _ in range(threads)]
            running += [pool.submit(_of_process, command) for _ in range(processes)]
            seen = [each.result() for each in running]
    finally:
        over.set()
        if writing:
            writer.join()
    names = [f"{count} {name}" for count, name in ((threads, "threads"), (processes, "processes")) if count]
    return Beside(
        " and ".join(names) + ("" if writing else ", no writer"),
        sum(each.reads / each.seconds for each in seen),
        sum(written) / (time.perf_counter() - start),
        sum(each.reads for each in seen),
        sum(each.wrong for each in seen),
        sum(each.locked for each in seen),
    )


def _of_process(command: Sequence[str]) -> Seen:
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return Seen(**json.loads(ran.stdout))


def all_beside(folder: Path, reads: int = 500) -> tuple[Beside, ...]:
    """Give what readers of every kind do: one alone, one beside a writer, several threads, several processes."""
    path = folder / "concurrency.db"
    for stale in folder.glob(f"{path.name}*"):
        stale.unlink()
    build(path)
    return (
        beside(path, threads=1, reads=reads, writing=False),
        beside(path, threads=1, reads=reads),
        beside(path, threads=4, reads=reads),
        beside(path, processes=1, reads=reads),
        beside(path, processes=4, reads=reads),
    )


if __name__ == "__main__":
    print(json.dumps(asdict(read(Path(sys.argv[1]), int(sys.argv[2])))))
