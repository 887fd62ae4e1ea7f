"""By hand: each workload as an expert writes it on sqlite3. The measure for everything else, so it has to be the best.

In: a connection. Out: for each form a function from arguments to plain dicts. One transaction for each answer, cached
statements, tuples, one dict display for each item, no garbage collection in between where there are many.
The choice between IN and EXISTS is made by trying both, that between a scan and an index by knowing the data.
"""

from __future__ import annotations

import gc
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

Answer = list[dict[str, Any]]
Run = Callable[..., Answer]
Form = Callable[[sqlite3.Connection], Run]

CHUNK = 1000  # keys in one statement; 500 to 5000 are equal
NEAR = 4  # of several statements, those within this factor of the fastest are tried again
TRIES = 9
SCANNED_SHARE = 0.1  # from this share of the parents on, scanning all children is faster than asking by key


def connect(path: Path) -> sqlite3.Connection:
    """Open the database with the settings that relgraph uses."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, cached_statements=512
    )
    for pragma in ("cache_size = -65536", "mmap_size = 1073741824", "temp_store = MEMORY", "query_only = ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


@contextmanager
def _bulk(connection: sqlite3.Connection) -> Iterator[None]:
    """Hold one snapshot, without garbage collection, which would look at all new dicts again and again."""
    gc.disable()
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("COMMIT")
        gc.enable()


def _taken(rows: sqlite3.Cursor) -> Iterator[tuple[Any, ...]]:
    """Take the rows from SQLite some at a time, which is faster than one by one."""
    return chain.from_iterable(iter(partial(rows.fetchmany, 200), []))


def _point(connection: sqlite3.Connection) -> Run:
    execute = connection.execute
    article = """SELECT a.title, a.views, a.author, w.name FROM articles a LEFT JOIN authors w ON w.id = a.author
        WHERE a.id = ?"""
    tags = "SELECT t.id, t.label FROM articles_tags j JOIN tags t ON t.id = j.tag WHERE j.article = ? ORDER BY j.id"

    def run(key: int) -> Answer:
        values = (key,)
        execute("BEGIN")
        for title, views, author, name in execute(article, values):
            answer = {
                "id": key,
                "title": title,
                "views": views,
                "author": None if author is None else {"id": author, "name": name},
                "tags": [{"tag": {"id": tag, "label": label}} for tag, label in execute(tags, values)],
            }
            execute("COMMIT")
            return [answer]
        execute("COMMIT")
        return []

    return run


def _page(connection: sqlite3.Connection) -> Run:
    execute = connection.execute
    articles = """SELECT a.id, a.title, a.views, a.author, w.name, a.published
        FROM articles a LEFT JOIN authors w ON w.id = a.author
        WHERE a.status = ? ORDER BY a.published DESC, a.id LIMIT 50"""
    tags = """SELECT j.article, t.id, t.label FROM articles_tags j JOIN tags t ON t.id = j.tag
        WHERE j.article IN (SELECT value FROM json_each(?)) ORDER BY j.article, j.id"""
    comments = """SELECT c.article, c.id, c.text, c.likes FROM json_each(?) e CROSS JOIN comments c
        ON c.id IN (SELECT id FROM comments WHERE article = e.value ORDER BY id DESC LIMIT 3)
        ORDER BY c.article, c.id DESC"""

    def run(status: str) -> Answer:
        execute("BEGIN")
        rows = execute(articles, (status,)).fetchall()
        keys = [row[0] for row in rows]
        listed = (str(keys),)
        tags_of: dict[int, Answer] = {key: [] for key in keys}
        comments_of: dict[int, Answer] = {key: [] for key in keys}
        for article, key, label in execute(tags, listed).fetchall():
            tags_of[article].append({"tag": {"id": key, "label": label}})
        for article, key, text, likes in execute(comments, listed).fetchall():
            comments_of[article].append({"id": key, "text": text, "likes": likes})
        execute("COMMIT")
        return [
            {
                "id": key,
                "title": title,
                "views": views,
                "author": None if author is None else {"id": author, "name": name},
                "tags": tags_of[key],
                "published": published,
                "comments": comments_of[key],
            }
            for key, title, views, author, name, published in rows
        ]

    return run


def _nested(connection: sqlite3.Connection) -> Run:
    execute = connection.execute
    total = execute("SELECT count(*) FROM articles").fetchone()[0]

    def children(columns: str, table: str, keys: list[int]) -> Iterator[tuple[Any, ...]]:
        """Give the rows of a table that belong to the articles with these keys, which follow one another."""
        text = f"SELECT article, {columns} FROM {table}"
        if len(keys) >= total * SCANNED_SHARE:
            yield from _taken(execute(f"{text} WHERE +article BETWEEN ? AND ? ORDER BY id", (keys[0], keys[-1])))
            return
        for start in range(0, len(keys), CHUNK):
            chunk = keys[start : start + CHUNK]
            yield from execute(
                f"{text} WHERE article BETWEEN ? AND ? ORDER BY article, id", (chunk[0], chunk[-1])
            ).fetchall()

    def run(limit: int) -> Answer:
        with _bulk(connection):
            articles = execute("SELECT id, title, views, author FROM articles ORDER BY id LIMIT ?", (limit,)).fetchall()
            keys = [row[0] for row in articles]
            names = dict(execute("SELECT id, name FROM authors"))
            labels = dict(execute("SELECT id, label FROM tags"))
            tags_of: dict[int, Answer] = {key: [] for key in keys}
            for article, tag in children("tag", "articles_tags", keys):
                tags_of[article].append({"tag": {"id": tag, "label": labels[tag]}})
            comments_of: dict[int, Answer] = {key: [] for key in keys}
            for article, key, text, likes in children("id, text, likes", "comments", keys):
                comments_of[article].append({"id": key, "text": text, "likes": likes})
            return [
                {
                    "id": key,
                    "title": title,
                    "views": views,
                    "author": None if author is None else {"id": author, "name": names[author]},
                    "tags": tags_of[key],
                    "comments": comments_of[key],
                }
                for key, title, views, author in articles
            ]

    return run


def _fastest(texts: Sequence[str], columns: tuple[str, ...]) -> Form:
    """Give the form that answers with whichever statement was fastest when each was tried on the first arguments.

    IN and EXISTS each lose by 30 to 5000 times on the wrong data, and an expert knows the data.
    """

    def prepared(connection: sqlite3.Connection) -> Run:
        execute = connection.execute
        chosen = ""

        def seconds(text: str, values: tuple[Any, ...]) -> float:
            start = time.thread_time()
            execute(text, values).fetchall()
            return time.thread_time() - start

        def run(**arguments: Any) -> Answer:
            nonlocal chosen
            values = tuple(arguments.values())
            if not chosen:
                once = {text: seconds(text, values) for text in texts}
                near = [text for text in texts if once[text] <= NEAR * min(once.values())]
                chosen = min(near, key=lambda text: min(seconds(text, values) for _ in range(TRIES)))
            first, second = columns
            return [{first: one, second: other} for one, other in execute(chosen, values)]

        return run

    return prepared


_RELATED = [
    f"""SELECT a.id, a.title FROM articles a WHERE {tagged}
        AND a.author IN (SELECT id FROM authors WHERE country = ?) AND {unflagged} ORDER BY a.id"""
    for tagged in (
        "a.id IN (SELECT article FROM articles_tags WHERE tag = (SELECT id FROM tags WHERE label = ?))",
        "EXISTS (SELECT 1 FROM articles_tags WHERE article = a.id AND tag = (SELECT id FROM tags WHERE label = ?))",
    )
    for unflagged in (
        "a.id NOT IN (SELECT article FROM comments WHERE article IS NOT NULL AND flagged = 1)",
        "NOT EXISTS (SELECT 1 FROM comments c WHERE c.article = a.id AND c.flagged = 1)",
    )
]

_DEEP = [
    """SELECT id, name FROM authors WHERE id IN (
        SELECT a.author FROM reactions r JOIN comments c ON c.id = r.comment JOIN articles a ON a.id = c.article
        WHERE r.kind = ?) ORDER BY id""",
    """SELECT w.id, w.name FROM authors w WHERE EXISTS (
        SELECT 1 FROM articles a JOIN comments c ON c.article = a.id JOIN reactions r ON r.comment = c.id
        WHERE a.author = w.id AND r.kind = ?) ORDER BY w.id""",
]


def _groups(connection: sqlite3.Connection) -> Run:
    # by year and author first, so that fewer rows meet their country; a number is sorted faster than text
    text = """SELECT year, w.country, sum(articles), 1.0 * sum(views) / sum(articles)
        FROM (SELECT CAST(published AS INTEGER) AS year, author, count(*) AS articles, sum(views) AS views
            FROM articles GROUP BY 1, 2) LEFT JOIN authors w ON w.id = author
        GROUP BY 1, 2 ORDER BY 1, 2"""
    execute = connection.execute

    def run() -> Answer:
        return [
            {"published_year": year, "author": {"country": country}, "count": count, "avg": {"views": mean}}
            for year, country, count, mean in execute(text)
        ]

    return run


def _pages(connection: sqlite3.Connection) -> Run:
    execute = connection.execute
    among = "WHERE id IN (SELECT value FROM json_each(?))"

    def run(limit: int) -> Answer:
        with _bulk(connection):
            pages = execute("SELECT id, title FROM pages ORDER BY id LIMIT ?", (limit,)).fetchall()
            ends = (pages[0][0], pages[-1][0]) if pages else (0, 0)
            sections = execute(
                "SELECT page, id, collection, item FROM sections WHERE page BETWEEN ? AND ? ORDER BY page, id", ends
            ).fetchall()
            keys: dict[str, list[str]] = {"headings": [], "paragraphs": [], "images": []}
            for _, _, collection, item in sections:
                keys[collection].append(item)
            listed = {collection: (f"[{','.join(items)}]",) for collection, items in keys.items()}
            found: dict[str, dict[str, dict[str, Any]]] = {
                "headings": {
                    str(key): {"id": key, "text": text, "level": level}
                    for key, text, level in execute(f"SELECT id, text, level FROM headings {among}", listed["headings"])
                },
                "paragraphs": {
                    str(key): {"id": key, "text": text}
                    for key, text in execute(f"SELECT id, text FROM paragraphs {among}", listed["paragraphs"])
                },
                "images": {
                    str(key): {"id": key, "file": file, "width": width}
                    for key, file, width in execute(f"SELECT id, file, width FROM images {among}", listed["images"])
                },
            }
            sections_of: dict[int, Answer] = {key: [] for key, _ in pages}
            for page, key, collection, item in sections:
                target = found[collection].get(item)
                sections_of[page].append({"id": key, "collection": collection, "item": target and target.copy()})
            return [{"id": key, "title": title, "sections": sections_of[key]} for key, title in pages]

    return run


def _offset(connection: sqlite3.Connection) -> Run:
    # skipping in the index alone, then fetching 50 rows: half the time of a plain OFFSET
    text = """SELECT id, title, published FROM articles
        WHERE id IN (SELECT id FROM articles ORDER BY published, id LIMIT 50 OFFSET ?) ORDER BY published, id"""
    return _listed(connection, text)


def _cursor(connection: sqlite3.Connection) -> Run:
    text = """SELECT id, title, published FROM articles WHERE (published, id) > (?, ?)
        ORDER BY published, id LIMIT 50"""
    return _listed(connection, text)


def _listed(connection: sqlite3.Connection, text: str) -> Run:
    execute = connection.execute

    def run(**arguments: Any) -> Answer:
        rows = execute(text, tuple(arguments.values()))
        return [{"id": key, "title": title, "published": published} for key, title, published in rows]

    return run


def _flat(connection: sqlite3.Connection) -> Run:
    text = """SELECT id, title, status, published, views, rating, author, category FROM articles
        ORDER BY id LIMIT ?"""

    def run(limit: int) -> Answer:
        with _bulk(connection):
            return [
                {
                    "id": key,
                    "title": title,
                    "status": status,
                    "published": published,
                    "views": views,
                    "rating": rating,
                    "author": author,
                    "category": category,
                }
                for key, title, status, published, views, rating, author, category in connection.execute(text, (limit,))
            ]

    return run


FORMS: dict[str, Form] = {
    "point": _point,
    "page": _page,
    "nested": _nested,
    "related common": _fastest(_RELATED, ("id", "title")),
    "related rare": _fastest(_RELATED, ("id", "title")),
    "deep rare": _fastest(_DEEP, ("id", "name")),
    "deep common": _fastest(_DEEP, ("id", "name")),
    "deep rare page": _fastest([f"{text} LIMIT 10" for text in _DEEP], ("id", "name")),
    "deep common page": _fastest([f"{text} LIMIT 10" for text in _DEEP], ("id", "name")),
    "groups": _groups,
    "pages": _pages,
    "offset": _offset,
    "cursor": _cursor,
    "flat": _flat,
}


# --- the audit --------------------------------------------------------------------------------------------------------

_KEYS = (
    ("articles", "author", "authors"),
    ("articles", "category", "categories"),
    ("articles_tags", "article", "articles"),
    ("articles_tags", "tag", "tags"),
    ("categories", "parent", "categories"),
    ("comments", "article", "articles"),
    ("reactions", "comment", "comments"),
    ("sections", "page", "pages"),
)
_POINTED_AT = ("headings", "paragraphs", "images")


def audit(connection: sqlite3.Connection) -> dict[str, list[int]]:
    """Give for each relation the keys of the items that point at nothing."""
    found = {}
    for table, column, target in _KEYS:
        text = f"SELECT id FROM {table} WHERE {column} IS NOT NULL AND {column} NOT IN (SELECT id FROM {target})"
        found[f"{table}.{column}"] = [key for (key,) in connection.execute(text)]
    for target in _POINTED_AT:
        text = f"""SELECT s.id FROM sections s LEFT JOIN {target} t ON t.id = s.item
            WHERE s.collection = '{target}' AND t.id IS NULL"""
        found[f"sections.item:{target}"] = [key for (key,) in connection.execute(text)]
    return found
