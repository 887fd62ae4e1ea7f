"""100 000 articles with their author and comments: relgraph against the same thing written by hand on sqlite3.

Run: python benchmarks/nested_read.py [--articles 100000] [--rounds 5]
Prints the median of each side and their ratio; both answers are compared first. The sides take turns in one process,
so that a change of the machine's speed meets both: read the ratio, not the milliseconds.
"""

from __future__ import annotations

import argparse
import gc
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from relgraph import RelationRegistry

QUERY = {
    "fields": ["id", "title", "views", "author.id", "author.name", "comments.id", "comments.text", "comments.likes"]
}


def build(path: Path, articles: int) -> None:
    """Make the database: an author for every 100 articles, five comments for each."""
    connection = sqlite3.connect(path)
    connection.executescript(
        """
        CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT, country TEXT);
        CREATE TABLE articles (
            id INTEGER PRIMARY KEY, title TEXT, views INTEGER, author INTEGER REFERENCES authors(id)
        );
        CREATE TABLE comments (
            id INTEGER PRIMARY KEY, article INTEGER REFERENCES articles(id), text TEXT, likes INTEGER
        );
        """
    )
    authors = max(1, articles // 100)
    rows = ((n, f"author {n}", f"c{n % 30}") for n in range(1, authors + 1))
    connection.executemany("INSERT INTO authors VALUES (?, ?, ?)", rows)
    rows = ((n, f"article number {n}", n * 7919 % 10007, n * 31 % authors + 1) for n in range(1, articles + 1))
    connection.executemany("INSERT INTO articles VALUES (?, ?, ?, ?)", rows)
    rows = ((n, n * 7907 % articles + 1, f"comment number {n}", n % 17) for n in range(1, 5 * articles + 1))
    connection.executemany("INSERT INTO comments VALUES (?, ?, ?, ?)", rows)
    connection.executescript(
        """
        CREATE INDEX articles_author ON articles (author);
        CREATE INDEX comments_article ON comments (article);
        """
    )
    connection.commit()
    connection.close()


def by_hand(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Give the articles as an expert would read them: three scans, maps by key, one dict display for each row."""
    connection.execute("BEGIN")
    gc.disable()
    try:
        authors = dict(connection.execute("SELECT id, name FROM authors"))
        articles = connection.execute("SELECT id, title, views, author FROM articles ORDER BY id").fetchall()
        kids: dict[int, list[dict[str, Any]]] = {row[0]: [] for row in articles}
        rows = connection.execute(
            "SELECT article, id, text, likes FROM comments WHERE +article IS NOT NULL ORDER BY id"
        )
        for article, key, text, likes in rows:
            kids[article].append({"id": key, "text": text, "likes": likes})
        return [
            {
                "id": key,
                "title": title,
                "views": views,
                "author": None if author is None else {"id": author, "name": authors[author]},
                "comments": kids[key],
            }
            for key, title, views, author in articles
        ]
    finally:
        gc.enable()
        connection.execute("COMMIT")


def milliseconds(work: Any) -> tuple[float, Any]:
    """Give how long a call took, and what it gave."""
    start = time.perf_counter()
    answer = work()
    return (time.perf_counter() - start) * 1000, answer


def main() -> None:
    """Build, compare, measure, print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--articles", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "articles.db"
        build(path, chosen.articles)
        with RelationRegistry(path, read_only=True) as registry:
            hand = sqlite3.connect(path, isolation_level=None)
            for pragma in ("cache_size=-65536", "mmap_size=1073741824", "temp_store=MEMORY"):
                hand.execute(f"PRAGMA {pragma}")
            items = registry.items("articles")
            assert items.read(QUERY).data == by_hand(hand), "the two answers differ"
            taken: dict[str, list[float]] = {"hand": [], "relgraph": []}
            for _ in range(chosen.rounds):
                taken["hand"].append(milliseconds(lambda: by_hand(hand))[0])
                taken["relgraph"].append(milliseconds(lambda: items.read(QUERY))[0])
            hand.close()
    for name, times in taken.items():
        print(f"{name:>8}: median {statistics.median(times):7.0f} ms   ({min(times):.0f} to {max(times):.0f})")
    ratios = [mine / base for mine, base in zip(taken["relgraph"], taken["hand"], strict=True)]
    print(f"   ratio: median {statistics.median(ratios):7.2f}      ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
