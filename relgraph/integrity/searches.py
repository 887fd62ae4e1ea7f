"""Searches: which rows are at fault, as SQL, and what could mend them.

In: names and conditions. Out: a `Search`, one statement over one collection that gives every row at fault with the rule
it breaks, and for each rule the `Way`s to mend it. Running one fails only as the database does.

In every condition the row is called `item`, a row it points at `one`. Names are quoted and qualified; what is put into
the text as a literal is the name of a table.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Any, Final

from attrs import define, field, frozen

from relgraph.integrity.problems import KEYS_KEPT, Key
from relgraph.read.joins import identity, is_rowid
from relgraph.schema import Collection
from relgraph.storage.connection import Database
from relgraph.storage.sql_text import quoted
from relgraph.values import sort_key

STRATEGIES: Final = ("nullify", "delete", "keep-first", "normalise", "reorder")
_CHUNK: Final = 10_000  # rows


@frozen
class Way:
    """One way to mend a row at fault: what it does in words, and what an UPDATE sets, or None where the row goes.

    `rows` replaces the rows at fault by others: a SELECT of the values that `change` binds and the row's identity.
    """

    how: str  # one of STRATEGIES
    words: str
    change: str | None = None
    rows: str = ""
    values: tuple[Any, ...] = ()  # what `rows` binds


@frozen
class Fault:
    """A rule that rows of a search may break, what is wrong with them, and how that can be mended.

    `usual` names the way that is taken where no other is asked for; nothing, where that would be no safe guess, for the
    reason `why`. Where rows meet `spared` it is not taken either.
    """

    rule: str
    sentence: str  # with {items}, which is "1 item of articles" or "3 items of articles"
    ways: tuple[Way, ...] = ()
    usual: str = ""
    why: str = ""
    spared: str = ""


@frozen
class Search:
    """One look at the rows of a collection.

    `verdict` gives for a row at fault the rule it breaks; `suspect` holds for no other rows. `probe`, where there is
    one, is a cheaper statement that gives no row where there is none at fault.
    """

    relation: str  # "articles.author"
    collection: Collection
    suspect: str
    verdict: str
    faults: tuple[Fault, ...]
    probe: str = ""
    values: tuple[Any, ...] = ()  # what `suspect` binds
    by_rowid: bool = False  # the keys shown are rowids, as the primary key may be NULL

    @property
    def source(self) -> str:
        """The rows at fault, as the end of a SELECT."""
        return f"FROM {table(self.collection.name)} AS item WHERE ({self.suspect})"

    def keys_by_rule(self, database: Database) -> dict[str, tuple[int, tuple[Key, ...]]]:
        """Give for each rule broken how many rows break it, and the first of their keys."""
        if not self._finds_any(database):
            return {}
        found = {fault.rule: _Tally() for fault in self.faults}
        rows = database.execute(f"SELECT {', '.join([self.verdict, *self._key_columns()])} {self.source}", self.values)
        while chunk := rows.fetchmany(_CHUNK):
            for rule, tally in found.items():
                tally.add([row[1:] for row in chunk if row[0] == rule])
        return {rule: (tally.count, tally.keys()) for rule, tally in found.items() if tally.count}

    def _finds_any(self, database: Database) -> bool:
        """Tell by an index alone, where one covers the search, whether it is worth reading keys from the table."""
        if self.probe:
            return database.execute(self.probe).fetchone() is not None
        if is_rowid(self.collection):
            return True
        return database.execute(f"SELECT 1 {self.source} LIMIT 1", self.values).fetchone() is not None

    def _key_columns(self) -> tuple[str, ...]:
        names = () if self.by_rowid else tuple(map(quoted, self.collection.primary_key))
        return tuple(f"item.{name}" for name in names or identity(self.collection))

    def fault(self, rule: str) -> Fault:
        """Give what the search says of a rule."""
        return next(fault for fault in self.faults if fault.rule == rule)

    def usual_way(self, database: Database, rule: str) -> Way | str:
        """Give the way that is taken to mend a rule where no other is asked for, or why there is none."""
        fault = self.fault(rule)
        way = next((way for way in fault.ways if way.how == fault.usual), None)
        if way is None:
            return fault.why
        if fault.spared:
            text = f"SELECT 1 {self.source} AND {self.verdict} = ? AND {fault.spared} LIMIT 1"
            if database.execute(text, (*self.values, rule)).fetchone() is not None:
                return fault.why
        return way


@define
class _Tally:
    """Rows counted, and the first keys among them, in memory that does not grow with their number."""

    count: int = 0
    first: list[tuple[Any, ...]] = field(factory=list)

    def add(self, keys: list[tuple[Any, ...]]) -> None:
        """Count rows, and keep their keys if they are among the first."""
        self.count += len(keys)
        try:
            self.first = heapq.nsmallest(
                KEYS_KEPT, self.first + keys
            )  # numbers and texts compare as SQLite orders them
        except TypeError:  # of several storage classes
            self.first = heapq.nsmallest(KEYS_KEPT, self.first + keys, key=lambda key: [sort_key(part) for part in key])

    def keys(self) -> tuple[Key, ...]:
        """Give the first keys, one value where a key is one column."""
        return tuple(key[0] if len(key) == 1 else key for key in self.first if key)


# --- pieces of SQL ---------------------------------------------------------------------------------------------------


def table(name: str) -> str:
    """Give a table of the main database, as a temporary one of that name would win.

    >>> table("articles")
    'main."articles"'
    """
    return f"main.{quoted(name)}"


def literal(name: str) -> str:
    """Give the name of a table as SQL spells a text.

    >>> print(literal("it's"))
    'it''s'
    """
    return "'" + name.replace("'", "''") + "'"


def number(value: str) -> str:
    """Give the number that a value spells, NULL where it spells none: of '07' it is 7, of '7x' nothing.

    The column is compared as SQLite compares it with a number, by which only a whole number text becomes one.
    """
    cast = f"CAST({value} AS NUMERIC)"
    return f"CASE WHEN typeof({value}) <> 'blob' AND {cast} = {value} THEN {cast} END"


def is_number(value: str) -> str:
    """Give the condition that a value is stored as a number."""
    return f"typeof({value}) IN ('integer', 'real')"


def collated(value: str, collation: str, own: str = "BINARY") -> str:
    """Give a value to be compared under a collation; `own` is the one it has."""
    return value if collation == own else f"{value} COLLATE {quoted(collation)}"


def either(conditions: list[str]) -> str:
    """Join conditions of which one is enough."""
    return f"({' OR '.join(conditions)})"


def counted(count: int, collection: str) -> str:
    """Give a number of rows as the start of a sentence.

    >>> counted(1, "tags"), counted(3, "tags")
    ('1 item of tags', '3 items of tags')
    """
    return f"{count} item{'' if count == 1 else 's'} of {collection}"


def repeated(search: Collection, parts: list[str], where: str) -> Iterator[str]:
    """Yield the condition for rows that agree with an earlier one in all parts, and the statement that probes for any.

    The first is the one of the lowest key. A table whose rows nothing tells apart gives no condition.
    """
    own = [f"item.{name}" for name in identity(search)]
    if not own:
        return
    order = ", ".join(f"item.{quoted(name)}" for name in search.primary_key) or own[0]
    names = [f"c{place}" for place in range(len(own))]
    picked = ", ".join(f"{column} AS {name}" for column, name in zip(own, names, strict=True))
    rows = f"FROM {table(search.name)} AS item WHERE {where}"
    ranked = f"SELECT {picked}, row_number() OVER (PARTITION BY {', '.join(parts)} ORDER BY {order}) AS place {rows}"
    row = own[0] if len(own) == 1 else f"({', '.join(own)})"
    yield f"{row} IN (SELECT {', '.join(names)} FROM ({ranked}) WHERE place > 1)"
    # counted twice in half the time of GROUP BY ... HAVING over 3 million rows in an index (2 cores, 2026-11)
    distinct = f"SELECT DISTINCT {', '.join(parts)} {rows}"
    yield f"SELECT 1 WHERE (SELECT count(*) {rows}) > (SELECT count(*) FROM ({distinct}))"
