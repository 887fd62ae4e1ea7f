"""sqlite-utils: rows as dicts, by `rows_where` and `query`; it knows no relations."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from benchmarks.peers import PRAGMAS, Forms

Answer = list[dict[str, Any]]


def forms(path: Path) -> Forms:
    """Open the file, and give the forms that sqlite-utils answers."""
    connection = sqlite3.connect(path)
    for name, value in PRAGMAS.items():
        connection.execute(f"PRAGMA {name} = {value}")
    database = Database(connection)
    articles: Any = database["articles"]
    listed = {"select": "id, title, published", "order_by": "published, id", "limit": 50}
    return {
        "offset": lambda offset: list(articles.rows_where(**listed, offset=offset)),
        "cursor": lambda published, key: list(
            articles.rows_where("(published, id) > (?, ?)", [published, key], **listed)
        ),
        "flat": lambda limit: list(articles.rows_where(order_by="id", limit=limit)),
        "groups": lambda: _groups(database),
    }


def _groups(database: Database) -> Answer:
    rows = database.query(
        """SELECT CAST(strftime('%Y', a.published) AS INTEGER) AS year, w.country,
            count(*) AS number, avg(a.views) AS mean
        FROM articles a LEFT JOIN authors w ON w.id = a.author GROUP BY 1, 2 ORDER BY 1, 2"""
    )
    return [
        {
            "published_year": row["year"],
            "author": {"country": row["country"]},
            "count": row["number"],
            "avg": {"views": row["mean"]},
        }
        for row in rows
    ]
