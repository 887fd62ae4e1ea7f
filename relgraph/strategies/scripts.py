"""Scripts: SQL text that makes a database again, to be read and to be pasted.

In: statements with their values, or an open registry. Out: text. Nothing here writes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from relgraph.storage.sql_text import quoted, tokens

if TYPE_CHECKING:
    from relgraph.registry import RelationRegistry

SqlLine = tuple[str, Sequence[Any]]


def literal(value: Any) -> str:
    """Give a value as SQL spells it.

    >>> print(literal(None), literal("it's"), literal(b"a"), literal(float("inf")), literal("a" + chr(0)))
    NULL 'it''s' x'61' 9e999 CAST(x'6100' AS TEXT)
    """
    match value:
        case None:
            return "NULL"
        case bool() | int():
            # -2**63 is no literal of its own: it would be the negation of a number that is too large
            return str(int(value)) if value != -(2**63) else "(-9223372036854775807 - 1)"
        case float():
            return repr(value) if math.isfinite(value) else "9e999" if value > 0 else "-9e999"
        case bytes():
            return f"x'{value.hex()}'"
    text = str(value)
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return f"CAST(x'{text.encode('utf-8', 'surrogatepass').hex()}' AS TEXT)"


def bound(sql: str, values: Sequence[Any]) -> str:
    """Give a statement with its values in the places of their marks.

    >>> bound("INSERT INTO tags VALUES (?, ?)", (1, "a"))
    "INSERT INTO tags VALUES (1, 'a')"
    """
    if not values:
        return sql
    left = iter(values)
    return "".join(literal(next(left)) if token.text == "?" else token.text for token in tokens(sql))


def script(statements: Sequence[SqlLine]) -> str:
    """Give statements as text, one a line.

    >>> script([("DELETE FROM tags", ())])
    'DELETE FROM tags;'
    """
    return "\n".join(f"{bound(sql, values)};" for sql, values in statements)


def dump(registry: RelationRegistry) -> str:
    """Give the script of all that a registry's database holds: tables, rows, then indexes, views and triggers.

    >>> from relgraph import RelationRegistry
    >>> with RelationRegistry() as registry:
    ...     _ = registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY)")
    ...     _ = registry.connection.execute("INSERT INTO tags VALUES (7)")
    ...     print(dump(registry))
    CREATE TABLE tags (id INTEGER PRIMARY KEY);
    INSERT INTO "tags" ("id") VALUES (7);
    """
    made = registry.connection.execute(
        "SELECT type, name, sql FROM main.sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
    ).fetchall()
    tables = [(name, sql) for kind, name, sql in made if kind == "table"]
    lines: list[SqlLine] = [(sql, ()) for _, sql in tables]
    lines += [line for name, _ in tables for line in _insertions(registry, name)]
    lines += [(sql, ()) for kind, _, sql in made if kind != "table"]
    return script(lines)


def _insertions(registry: RelationRegistry, table: str) -> Iterator[SqlLine]:
    stored = registry.connection.execute("SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", (table,))
    names = ", ".join(quoted(name) for (name,) in stored)
    for row in registry.connection.execute(f"SELECT {names} FROM main.{quoted(table)}"):
        yield f"INSERT INTO {quoted(table)} ({names}) VALUES ({', '.join('?' * len(row))})", row
