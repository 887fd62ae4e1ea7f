"""The texts that make tables and views, with all that belongs to them: indexes and triggers.

In: a `Database`. Out: by table or view its own text, and those of its indexes and triggers by name. SQLite's own
tables, relgraph's and the shadow tables of virtual ones are left out. Fails only as the database does.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from relgraph.storage.connection import Database
from relgraph.storage.sql_text import quoted, same_name, tokens

_TEXTS: Final = """
SELECT m.type, m.name, m.tbl_name, m.sql
FROM main.sqlite_schema m LEFT JOIN pragma_table_list t ON t.schema = 'main' AND t.name = m.tbl_name
WHERE m.sql IS NOT NULL AND t.type IS NOT 'shadow' AND m.tbl_name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
  AND m.tbl_name NOT LIKE 'relgraph\\_%' ESCAPE '\\'
ORDER BY m.tbl_name, m.name"""


def texts_of(database: Database, without: Collection[str] = ()) -> dict[str, dict[str, Any]]:
    """Give by table or view its "sql", and its "indexes" and "triggers" by name; those of `without` are left out.

    >>> database = Database.open(":memory:")
    >>> _ = database.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT)")
    >>> _ = database.execute("CREATE INDEX by_label ON tags (label)")
    >>> texts_of(database)["tags"]["indexes"]
    {'by_label': 'CREATE INDEX by_label ON tags (label)'}
    >>> database.close()
    """
    found: dict[str, dict[str, Any]] = {}
    rows = [row for row in database.execute(_TEXTS).fetchall() if row[1] not in without]
    for kind, name, _, sql in rows:
        if kind in ("table", "view"):
            found[name] = {"sql": spelled(sql, name), "indexes": {}, "triggers": {}}
    for kind, name, owner, sql in rows:
        if kind in ("index", "trigger") and owner in found:
            found[owner]["indexes" if kind == "index" else "triggers"][name] = sql
    return found


def spelled(sql: str, name: str) -> str:
    """Give the text of a table as SQLite keeps it, its name as every renaming spells it; any other as it is.

    >>> spelled("create table [tags] (id);", "tags")
    'CREATE TABLE "tags" (id)'
    >>> spelled("CREATE VIEW tags AS SELECT 1", "tags")
    'CREATE VIEW tags AS SELECT 1'
    """
    words = [token for token in tokens(sql) if token.kind not in ("space", "comment")]
    if not (len(words) > 3 and words[0].is_word("CREATE") and words[1].is_word("TABLE")):
        return sql
    if not same_name(words[2].name, name) or words[3].text == ".":
        return sql
    last = words[-2] if words[-1].text == ";" else words[-1]
    return f"CREATE TABLE {quoted(name)}{sql[words[2].end : last.end]}"
