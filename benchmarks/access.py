"""What an access costs: restricted reads beside full ones and hand-written SQL: `python -m benchmarks.access`.

100 000 articles of 1000 authors, an index on each foreign key. Every line is the best of several runs of the same
question, and the answers are compared before any is timed. SQL rows are made into dicts, as answers are.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any, Final

from relgraph import Access, Grant, RelationRegistry

SCRIPT: Final = """
CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT NOT NULL, country TEXT);
CREATE TABLE articles (
  id INTEGER PRIMARY KEY, title TEXT, status TEXT, views INTEGER, author INTEGER REFERENCES authors
);
CREATE INDEX articles_author ON articles (author);
"""
ARTICLES: Final = 100_000
AUTHORS: Final = 1000
RUNS: Final = 7
RULE: Final = {"status": {"_eq": "published"}}
Rows = list[dict[str, Any]]


def filled() -> RelationRegistry:
    """Give a registry of articles and authors, the same at every run."""
    chance = random.Random(8)
    registry = RelationRegistry()
    run = registry.connection
    run.executescript(SCRIPT)
    run.execute("BEGIN")
    run.executemany("INSERT INTO authors VALUES (?, ?, ?)", [(n, f"author {n}", f"c{n % 40}") for n in range(AUTHORS)])
    words = ("published", "published", "published", "draft")
    rows = [(n, f"title {n}", chance.choice(words), chance.randrange(10_000), n * 7 % AUTHORS) for n in range(ARTICLES)]
    run.executemany("INSERT INTO articles VALUES (?, ?, ?, ?, ?)", rows)
    run.execute("COMMIT")
    return registry


def by_hand(registry: RelationRegistry, where: str) -> Callable[[], Rows]:
    """Give a read by SQL of one's own; the statement is compiled once, as sqlite3 keeps it."""
    run = registry.connection.execute

    def read() -> Rows:
        cursor = run(f"SELECT id, title FROM articles WHERE status = 'published' AND {where}")
        return [{"id": key, "title": title} for key, title in cursor]

    return read


def questions() -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield what is asked: in words, as a query, and as the condition that follows the rule in SQL."""
    yield "one page of 50", {"limit": 50}, "1 ORDER BY id LIMIT 50"
    yield "one author's", {"filter": {"author": {"_eq": 7}}}, "author = 7 ORDER BY id"
    yield "all of 75 000", {}, "1 ORDER BY id"


def best(read: Callable[[], Any], repeats: int) -> float:
    """Give the shortest time of a read, in ms."""
    times = []
    for _ in range(RUNS):
        start = perf_counter()
        for _ in range(repeats):
            read()
        times.append((perf_counter() - start) / repeats * 1000)
    return min(times)


def lines(registry: RelationRegistry) -> Iterator[str]:
    """Yield a line for each question: by hand, with full access and a filter, and under the rule of an access."""
    view = registry.with_access(Access({"articles": Grant(filter=RULE), "authors": Grant()}))
    yield f"{'ms':>16} {'by hand':>9} {'full':>9} {'access':>9}"
    for words, query, where in questions():
        full = {**query, "filter": {"_and": [RULE, query.get("filter") or {}]}, "fields": ["id", "title"]}
        restricted = {**query, "fields": ["id", "title"]}
        hand = by_hand(registry, where)
        reads = (
            hand,
            lambda full=full: registry.items("articles").read(full).data,
            lambda restricted=restricted: view.items("articles").read(restricted).data,
        )
        assert reads[0]() == reads[1]() == reads[2](), words
        repeats = 1 if words.startswith("all") else 200
        yield f"{words:>16}" + "".join(f" {best(read, repeats):9.3f}" for read in reads)


if __name__ == "__main__":
    with filled() as opened:
        print("\n".join(lines(opened)))
