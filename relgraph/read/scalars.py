"""Scalars: values of one row as SQL: fields, functions, what lies at the end of to-one paths; and ORDER BY of them.

In: a resolved value and the alias of its row. Out: an `Sql` piece that gives one value. Nothing here can fail.
"""

from __future__ import annotations

from collections.abc import Sequence

from relgraph.functions import AGGREGATES
from relgraph.query.resolved import Call, GroupColumn, Order, Value
from relgraph.read.fragments import Sql, fill, sql
from relgraph.read.joins import Path, Renderer, column, join, rows_of
from relgraph.schema import Field, Hop, Seen
from relgraph.values import DATES, FieldType


def stored(value: Field, alias: str) -> Sql:
    """Give a field as sorting and grouping see it: as stored, compared byte by byte whatever the column's collation."""
    plain = column(alias, value.name)
    return Sql(plain if value.collation == "BINARY" else f"{plain} COLLATE BINARY")


def compared(value: Field, alias: str, *, as_shown: bool = False) -> Sql:
    """Give a field as filters and functions see it: moments as epoch milliseconds, or the text shown."""
    template = value.codec.shown_sql if as_shown and value.type in DATES else value.codec.comparable_sql
    return fill(template, v=stored(value, alias)) if template != "{v}" else stored(value, alias)


def call(renderer: Renderer, value: Call, alias: str) -> Sql:
    """Give a function's value for the row of `alias`; over a to-many hop it is a subquery of its own."""
    subject = value.subject
    if isinstance(subject, Field):
        function = value.function
        template = function.time_sql if subject.type is FieldType.TIME else function.sql
        if date_text(value):
            template = function.text_sql
        return fill(template, v=compared(subject, alias), t=stored(subject, alias))
    far = renderer.alias()
    if value.function.name == "count":
        inner = Sql("count(*)")
    else:
        assert isinstance(value.argument, Field)
        inner = fill(AGGREGATES[value.function.name].sql, v=stored(value.argument, far))
    return sql("(SELECT ", inner, " FROM ", rows_of(subject, far), " WHERE ", join(subject, alias, far), ")")


def date_text(value: Value) -> Field | None:
    """Give the field of dates stored as text that a value is a part of."""
    if not isinstance(value, Call) or not isinstance(value.subject, Field) or not value.function.text_sql:
        return None
    return value.subject if value.subject.type in DATES and not value.subject.codec.epoch else None


def at(renderer: Renderer, value: Value, alias: str, *, as_shown: bool = False) -> Sql:
    """Give a value of the row of `alias` for comparing."""
    if isinstance(value, Call):
        return as_number(value.function.name, call(renderer, value, alias))
    return compared(value, alias, as_shown=as_shown)


def ordered(renderer: Renderer, value: Value, alias: str) -> Sql:
    """Give a value of the row of `alias` for sorting and grouping."""
    return call(renderer, value, alias) if isinstance(value, Call) else stored(value, alias)


def shown(renderer: Renderer, value: Value, alias: str) -> Sql:
    """Give the column behind a shown value; a json path is followed in Python, on the whole text."""
    if isinstance(value, Field):
        return Sql(column(alias, value.name))
    if isinstance(value.argument, tuple):
        assert isinstance(value.subject, Field)
        return Sql(column(alias, value.subject.name))
    found = call(renderer, value, alias)
    if isinstance(value.subject, Hop) and Seen.is_link(value.subject.near_field):
        return sql(f"CASE WHEN {column(alias, value.subject.near_field)} IS NOT NULL THEN ", found, " END")
    return found


def as_number(name: str, total: Sql) -> Sql:
    """Give an aggregate for comparing and sorting: a sum beyond 64 bits, which is text, as the nearest float."""
    return sql("(", total, " + 0)") if name.startswith("sum") else total


def counts_nothing(value: Value) -> bool:
    """Say whether a value is 0, not NULL, where there is no row: the count of a relation."""
    return isinstance(value, Call) and isinstance(value.subject, Hop) and value.function.name.startswith("count")


def along(path: Path, alias: str, inner: Sql, last: str, renderer: Renderer) -> Sql:
    """Give `inner`, a value of the row `last` at the end of a to-one path; NULL where there is none."""
    first = renderer.alias() if len(path) > 1 else last
    tables: list[str | Sql] = [rows_of(path[0], first)]
    near = first
    for index, hop in enumerate(path[1:], start=2):
        far = last if index == len(path) else renderer.alias()
        tables += [" JOIN ", rows_of(hop, far), " ON ", join(hop, near, far)]
        near = far
    return sql("(SELECT ", inner, " FROM ", *tables, " WHERE ", join(path[0], alias, first), ")")


def reached(renderer: Renderer, path: Path, value: Value, alias: str, *, as_shown: bool = False) -> Sql:
    """Give a value at the end of a to-one path, for comparing; NULL, or a count of 0, where the path leads nowhere."""
    if not path:
        return at(renderer, value, alias, as_shown=as_shown)
    last = renderer.alias()
    found = along(path, alias, at(renderer, value, last, as_shown=as_shown), last, renderer)
    return sql("coalesce(", found, ", 0)") if counts_nothing(value) else found


# --- order -----------------------------------------------------------------------------------------------------------


def order(renderer: Renderer, keys: Sequence[Order], alias: str) -> list[Sql]:
    """Give the terms of ORDER BY for keys of the row or behind to-one paths; SQLite puts NULLs as we want them."""
    return [directed(reached_stored(renderer, key, alias), key) for key in keys]


def directed(piece: Sql, key: Order) -> Sql:
    """Give a term of ORDER BY with its direction."""
    return sql(piece, " DESC") if key.descending else piece


def reached_stored(renderer: Renderer, key: Order | GroupColumn, alias: str) -> Sql:
    """Give a value at the end of a to-one path, for sorting and grouping."""
    last = renderer.alias() if key.path else alias
    found = ordered(renderer, key.value, last)
    if key.path:
        found = along(key.path, alias, found, last, renderer)
        found = sql("coalesce(", found, ", 0)") if counts_nothing(key.value) else found
    if isinstance(key, Order) and isinstance(key.value, Call):
        return as_number(key.value.function.name, found)
    return found
