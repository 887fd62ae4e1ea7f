"""JSON by SQLite: values of a row that SQLite writes as text itself, as one column in the place of many.

In: a query and the alias of its rows. Out: what it shows in that order, where values that stand `Together` are one: an
object of them, or NULL for a row that holds something else than its columns are declared for. Nothing here can fail.

SQLite may not write everything: of a REAL it gives 15 digits; a blob is an error, or from 3.45 on JSON itself; what a
view or a generated column has made with a JSON function goes in as JSON, not as text. So it writes an object where it
may write all values of it. To reading 50k comments of three values and their key, 28 ms, that adds 3 ms and the doubts
another 3, where writing them in Python takes 17; of W3 it saves a tenth. W9, eight values of which one is a REAL, takes
12 % less than by Python; were the REAL written apart, cutting the text up would take what was won (SQLite 3.40, Python
3.11, 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from attrs import frozen

from relgraph.codecs import ISO_CODECS, PLAIN
from relgraph.query.resolved import ResolvedQuery, Show, Shown
from relgraph.read.fragments import Sql, balanced, fill, sql
from relgraph.read.joins import column, is_rowid
from relgraph.read.scalars import stored
from relgraph.schema import Collection, Field
from relgraph.storage.functions import WRITES_JSON
from relgraph.values import FieldType

LONGEST: Final = 60  # values of one object; SQLite gives a function 127 arguments

BLOB: Final = "{v} >= x''"  # blobs come after everything else
NO_DAY: Final = "+{v} < '' OR +{v} >= x''"  # the plus keeps SQLite from trying to read it as a number: 3 % of W9
LONG: Final = "length(CAST({v} AS BLOB)) > 10"  # more than a day; of a text length() counts the characters before a NUL
NOT_WHOLE: Final = "{v} <> CAST({v} AS INTEGER)"  # a text, a blob, or a REAL: all but one, as SQLite stores whole ones
NOT_SHORT: Final = "{v} <> round({v} * 1e6) / 1e6"  # 6 decimals at most: dividing gives the float nearest to these
NOT_SMALL: Final = "{v} NOT BETWEEN -1e9 AND 1e9"  # 9 digits before them, and no text, blob or infinity
LEAST: Final = "{v} <= -9223372036854775808"  # as integers; that one is stored as REAL where it was given so


@frozen
class Together:
    """Values of which SQLite writes an object, or NULL for a row in which one is in doubt."""

    shows: tuple[Show, ...]
    text: Sql


def parts(query: ResolvedQuery, alias: str) -> Iterator[Shown | Together]:
    """Yield what a query shows, with values that stand together as one; names that occur twice are left alone."""
    shows = query.shows or ()
    values = [show for show in shows if isinstance(show, Show)]
    twice = len({show.name for show in shows}) < len(shows)
    if twice or any(doubts(query.collection, show) is None for show in values):
        yield from shows
        return
    for is_value, group in groupby(shows, lambda show: isinstance(show, Show)):
        together = list(group)
        if not is_value or (len(together) == 1 < len(shows)):  # cutting one value out of its object is no faster
            yield from together
            continue
        for start in range(0, len(together), LONGEST):
            yield written(query.collection, together[start : start + LONGEST], alias)


def doubts(collection: Collection, show: Show) -> tuple[str, ...] | None:
    """Give the conditions on {v} under which a value is not SQLite's to write; None where it never is."""
    field = show.value
    if not (WRITES_JSON and isinstance(field, Field) and show.name.isprintable()):
        return None
    if collection.view or field.generated:
        return None
    if field == collection.key and is_rowid(collection):
        return ()
    if field.codec is ISO_CODECS[FieldType.DATE]:
        return (NO_DAY, LONG)
    if field.codec is not PLAIN:
        return None
    if field.affinity == "REAL" or (field.affinity == "NUMERIC" and field.type is FieldType.DECIMAL):
        return (NOT_SHORT, NOT_SMALL)
    return {"TEXT": (BLOB,), "INTEGER": (NOT_WHOLE, LEAST)}.get(field.affinity)


def written(collection: Collection, together: Sequence[Shown], alias: str) -> Together:
    """Give some values, all of them fields, as one."""
    shows = tuple([show for show in together if isinstance(show, Show)])
    pairs: list[str] = []
    doubtful: list[Sql] = []
    for show in shows:
        assert isinstance(show.value, Field)
        name = show.name.replace("'", "''")
        pairs.append(f"'{name}', {column(alias, show.value.name)}")
        value = stored(show.value, alias)
        doubtful += [fill(doubt, v=value) for doubt in doubts(collection, show) or ()]
    text = Sql(f"json_object({', '.join(pairs)})")
    if doubtful:
        text = sql("CASE WHEN ", balanced("OR", doubtful), " THEN NULL ELSE ", text, " END")
    return Together(shows, text)
