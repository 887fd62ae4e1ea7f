"""The text of CREATE TABLE statements: a column's type, default, nullability changed, or the column taken out.

In: the text SQLite keeps in `sqlite_master.sql`, and names. Out: the same text with one thing changed and every other
character kept. Raises `CannotChangeTable` where the column has no definition of its own in the text. Whether SQLite
reads the result as intended is for whoever uses it to verify.

Source: column-def and column-constraint in https://www.sqlite.org/lang_createtable.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from attrs import frozen

from relgraph.errors import CannotChangeTable
from relgraph.schema import folded
from relgraph.storage.sql_text import TABLE_CONSTRAINTS, Body, Token, edited, reference, same_name

_STARTS: Final = (
    *("CONSTRAINT", "PRIMARY", "NOT", "NULL", "UNIQUE", "CHECK", "DEFAULT", "COLLATE", "REFERENCES"),
    *("DEFERRABLE", "GENERATED", "AS"),
)


def with_type(sql: str, column: str, declared: str) -> str:
    """Give the text with another declared type of a column.

    >>> with_type("CREATE TABLE t(a VARCHAR (20) NOT NULL, b)", "a", "TEXT")
    'CREATE TABLE t(a TEXT NOT NULL, b)'
    """
    found = _Column.of(sql, column)
    return edited(sql, [(found.name.end, found.type_end, f" {declared}" if declared else "")])


def with_default(sql: str, column: str, default: str | None) -> str:
    """Give the text with another DEFAULT of a column, given as SQL, or without one.

    >>> with_default("CREATE TABLE t(a INT NOT NULL DEFAULT (1 + 2))", "a", "'x'")
    "CREATE TABLE t(a INT NOT NULL DEFAULT 'x')"
    >>> with_default("CREATE TABLE t(a INT NOT NULL DEFAULT 7)", "a", None)
    'CREATE TABLE t(a INT NOT NULL)'
    """
    return _with_clause(sql, column, ("DEFAULT",), None if default is None else f" DEFAULT {default}")


def with_nullability(sql: str, column: str, *, nullable: bool) -> str:
    """Give the text with a column that must hold a value, or need not.

    >>> with_nullability("CREATE TABLE t(a INT NULL DEFAULT NULL)", "a", nullable=False)
    'CREATE TABLE t(a INT NOT NULL DEFAULT NULL)'
    """
    return _with_clause(sql, column, ("NOT", "NULL"), None if nullable else " NOT NULL")


def without_column(sql: str, column: str) -> str:
    """Give the text without a column, and without the table constraints that are on this column alone.

    >>> without_column("CREATE TABLE t(a INT, b TEXT UNIQUE, c, UNIQUE (b))", "b")
    'CREATE TABLE t(a INT, c)'
    """
    found = _Column.of(sql, column)
    body = Body(sql)
    parts = list(body.parts())
    removed = []
    for place, (comma, part) in enumerate(parts):
        if part[0].start != found.name.start and _unique_columns(part) != [folded(column)]:
            continue
        following = parts[place + 1][0] if place + 1 < len(parts) else None
        if comma is not None:
            removed.append((comma.start, part[-1].end, ""))
        elif following is not None:
            removed.append((part[0].start, following.end, ""))
    return edited(sql, removed)


def _unique_columns(part: Sequence[Token]) -> list[str]:
    """Give the columns of what is nothing but a table constraint UNIQUE (...), as SQLite tells names apart."""
    start = 2 if part[0].is_word("CONSTRAINT") else 0
    if start >= len(part) or not part[start].is_word("UNIQUE"):
        return []
    end = _group_end(part, start + 1)
    if _after_conflict(part, end) != len(part):
        return []
    inner = part[start + 2 : end - 1]
    return [folded(token.name) for place, token in enumerate(inner) if place == 0 or inner[place - 1].text == ","]


def _with_clause(sql: str, column: str, kinds: tuple[str, ...], clause: str | None) -> str:
    """Put a clause in the place of the first constraint of these kinds, or behind the type; drop all others."""
    found = _Column.of(sql, column)
    old = [span for kind, span in found.constraints if kind in kinds]
    edits = [(span.start, span.stop, "") for span in old]
    if clause is not None:
        place = old[0] if old else range(found.type_end, found.type_end)
        edits = [(place.start, place.stop, clause), *edits[1:]]
    return edited(sql, edits)


# --- a column's own definition ---------------------------------------------------------------------------------------


@frozen
class _Column:
    """Where the parts of a column's definition stand in the text; each constraint with the blanks before it."""

    name: Token
    type_end: int
    constraints: tuple[tuple[str, range], ...]  # by the word that it starts with

    @classmethod
    def of(cls, sql: str, column: str) -> _Column:
        body = Body(sql)
        own = (part for _, part in body.parts() if not part[0].is_word(*TABLE_CONSTRAINTS))
        part = next((part for part in own if same_name(part[0].name, column)), None)
        if part is None:
            raise CannotChangeTable(column, "the table's text does not define it on its own")
        stop = next(
            (i for i, token in enumerate(part) if i and token.depth == 1 and token.is_word(*_STARTS)), len(part)
        )
        found = tuple((kind, body.span(part, start, end)) for kind, start, end in _constraints(part, stop))
        return cls(part[0], part[stop - 1].end, found)


def _constraints(part: Sequence[Token], start: int) -> Iterator[tuple[str, int, int]]:
    """Yield each constraint of a column: the word it is told by, where it starts (its CONSTRAINT name too) and ends."""
    index = start
    while index < len(part):
        named = 2 if part[index].is_word("CONSTRAINT") else 0
        at = index + named
        if at >= len(part):
            return
        kind = part[at].text.upper()
        if kind == "NOT" and at + 1 < len(part) and part[at + 1].is_word("DEFERRABLE"):
            kind = "DEFERRABLE"
        stop = _end(part, at, kind)
        yield kind, index, stop
        index = max(stop, index + 1)


def _end(part: Sequence[Token], at: int, kind: str) -> int:
    """Give where the constraint ends that starts with the word `kind` at `at`."""
    match kind:
        case "PRIMARY":
            stop = _after(part, at + 2, "ASC", "DESC")
            return _after(part, _after_conflict(part, stop), "AUTOINCREMENT")
        case "NOT":
            return _after_conflict(part, at + 2)
        case "NULL" | "UNIQUE":
            return _after_conflict(part, at + 1)
        case "DEFAULT":
            return _group_end(part, at + 1) if part[at + 1].text == "(" else at + 2 + (part[at + 1].text in "+-")
        case "COLLATE":
            return at + 2
        case "REFERENCES":
            return reference(part, at)[2]
        case "DEFERRABLE":
            stop = at + 1 + part[at].is_word("NOT")
            return stop + 2 if stop < len(part) and part[stop].is_word("INITIALLY") else stop
        case "CHECK":
            return _after_conflict(part, _group_end(part, at + 1))
        case "GENERATED" | "AS":
            group = next(i for i in range(at, len(part)) if part[i].text == "(")
            return _after(part, _group_end(part, group), "STORED", "VIRTUAL")
    return at + 1


def _after(part: Sequence[Token], at: int, *words: str) -> int:
    return at + 1 if at < len(part) and part[at].is_word(*words) else at


def _after_conflict(part: Sequence[Token], at: int) -> int:
    """Give what follows ON CONFLICT action, where that stands at `at`."""
    clause = at + 2 < len(part) and part[at].is_word("ON") and part[at + 1].is_word("CONFLICT")
    return at + 3 if clause else at


def _group_end(part: Sequence[Token], at: int) -> int:
    """Give what follows the parentheses that open at `at`."""
    return next(i for i in range(at, len(part)) if part[i].text == ")" and part[i].depth == part[at].depth) + 1
