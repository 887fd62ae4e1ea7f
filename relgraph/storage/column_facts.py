"""What a snapshot says of a column beyond the schema: its indexes, whether it counts up, how it is generated.

In: a `Database`. Out: `ColumnFacts` by table and column. Fails only as the database does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from attrs import frozen

from relgraph.schema import folded
from relgraph.storage.connection import Database
from relgraph.storage.sql_text import Token, tokens


@frozen
class ColumnFacts:
    """`unique` and `indexed` by an index of its own, one without a WHERE; `generation` as "(price * 2) STORED"."""

    unique: bool = False
    indexed: bool = False
    autoincrement: bool = False
    generation: str | None = None


_INDEXED: Final = """
SELECT m.name, min(x.name), max(l."unique"), l.name
FROM main.sqlite_schema m
CROSS JOIN pragma_index_list(m.name, 'main') l
CROSS JOIN pragma_index_xinfo(l.name, 'main') x
WHERE m.type = 'table' AND m.rootpage <> 0 AND NOT l.partial AND x.key
GROUP BY m.name, l.name HAVING count(*) = 1 AND min(x.name) IS NOT NULL"""

_GENERATED: Final = """
SELECT m.name, x.name, m.sql
FROM main.sqlite_schema m CROSS JOIN pragma_table_xinfo(m.name, 'main') x
WHERE m.type = 'table' AND m.rootpage <> 0 AND x.hidden IN (2, 3)"""

_COUNTING: Final = """
SELECT m.name, x.name, m.sql
FROM main.sqlite_schema m CROSS JOIN pragma_table_xinfo(m.name, 'main') x
WHERE m.type = 'table' AND m.sql LIKE '%AUTOINCREMENT%' AND x.pk = 1"""


def column_facts(database: Database, without: Collection[str] = ()) -> dict[tuple[str, str], ColumnFacts]:
    """Give the facts of every column of which there is one to tell, the indexes named `without` left out.

    >>> database = Database.open(":memory:")
    >>> _ = database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, n INT, twice AS (n * 2))")
    >>> for place, facts in sorted(column_facts(database).items()):
    ...     print(place, facts.autoincrement, facts.generation)
    ('t', 'id') True None
    ('t', 'twice') False (n * 2)
    >>> database.close()
    """
    indexed = [row for row in database.execute(_INDEXED).fetchall() if row[3] not in without]
    unique = {(table, column) for table, column, unique, _ in indexed if unique}
    plain = {(table, column) for table, column, unique, _ in indexed if not unique}
    counting = {(table, column) for table, column, sql in database.execute(_COUNTING).fetchall() if _counts_up(sql)}
    generated = {
        (table, column): generation_of(sql, column) for table, column, sql in database.execute(_GENERATED).fetchall()
    }
    return {
        place: ColumnFacts(place in unique, place in plain, place in counting, generated.get(place))
        for place in unique | plain | counting | generated.keys()
    }


def indexes_on(database: Database, table: str, column: str, *, unique: bool) -> list[tuple[str, bool]]:
    """Give the indexes on a column alone, without a WHERE: their names, and whether a statement made them."""
    rows = database.execute(
        "SELECT l.name, l.origin FROM pragma_index_list(?1, 'main') l CROSS JOIN pragma_index_xinfo(l.name, 'main') x "
        "WHERE x.key AND NOT l.partial AND l.origin <> 'pk' AND l.\"unique\" = ?3 "
        "GROUP BY l.name, l.origin HAVING count(*) = 1 AND min(x.name) = ?2 ORDER BY l.name",
        (table, column, unique),
    )
    return [(name, origin == "c") for name, origin in rows]


def _counts_up(sql: str) -> bool:
    return any(token.is_word("AUTOINCREMENT") for token in tokens(sql))


def generation_of(sql: str, column: str) -> str | None:
    """Give the expression of a generated column as its table's text has it, in parentheses, STORED behind it.

    >>> generation_of("CREATE TABLE t (a, b INT GENERATED ALWAYS AS (a || ')') STORED)", "b")
    "(a || ')') STORED"
    """
    words = [token for token in tokens(sql) if token.kind not in ("space", "comment")]
    for part in _columns(words):
        if folded(part[0].name) != folded(column):
            continue
        start = next((i for i, token in enumerate(part) if token.depth == 1 and token.is_word("AS")), None)
        if start is None:
            return None
        stop = next(i for i in range(start + 2, len(part)) if part[i].text == ")" and part[i].depth == 1)
        stored = stop + 1 < len(part) and part[stop + 1].is_word("STORED")
        return sql[part[start + 1].start : part[stop].end] + (" STORED" if stored else "")
    return None


def _columns(words: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """Yield the pieces of each definition between the parentheses of a CREATE TABLE."""
    part: list[Token] = []
    for token in words:
        if token.depth == 0 or (token.depth == 1 and token.text == ","):
            if part:
                yield part
            part = []
        else:
            part.append(token)
