"""Keyset paging: the conditions that a row stands behind given sort values.

In: the sort keys as SQL, each with its direction, and the values of the last item as operands, None where it has NULL.
Out: one condition, or two whose rows follow each other in the order. Each bounds the first key, so that an index on it
leads to the page however deep it is. A NULL comes first ascending and last descending.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from relgraph.query.resolved import Operand
from relgraph.read.fragments import Sql, balanced, joined, sql
from relgraph.read.joins import FALSE


@frozen
class Key:
    """A sort key as SQL."""

    piece: Sql
    descending: bool
    nullable: bool = True


def behind(keys: Sequence[Key], values: Sequence[Operand | None]) -> list[Sql]:
    """Give the conditions under which a row stands behind the values.

    >>> from relgraph.query.resolved import Literal
    >>> values = (Literal(5), Literal(7))
    >>> [condition.text for condition in behind([Key(Sql("n"), True), Key(Sql("id"), False)], values)]
    ['(n <= ? AND (n < ? OR (n IS ? AND id > ?)))', 'n IS NULL']
    """
    key, value = keys[0], values[0]
    if not any(each.descending for each in keys) and None not in values:
        return [_row_value([each.piece for each in keys], values)]
    if value is None:
        same = sql(key.piece, " IS NULL")
        first = balanced("AND", [same, _inner(keys[1:], values[1:])])
        return [first] if key.descending else [first, sql(key.piece, " IS NOT NULL")]
    bound = sql(key.piece, " <= " if key.descending else " >= ", _slot(value))
    first = balanced("AND", [bound, _later(keys, values)])
    return [first, sql(key.piece, " IS NULL")] if key.descending and key.nullable else [first]


def _row_value(keys: Sequence[Sql], values: Sequence[Operand | None]) -> Sql:
    slots = [_slot(value) for value in values]
    if len(keys) == 1:
        return sql(keys[0], " > ", slots[0])
    return sql("(", joined(", ", keys), ") > (", joined(", ", slots), ")")


def _later(keys: Sequence[Key], values: Sequence[Operand | None]) -> Sql:
    """Give the lexicographic condition, without the rows that a NULL of the first key puts behind all others."""
    if not keys:
        return FALSE
    key, value = keys[0].piece, values[0]
    if value is None:
        past = FALSE if keys[0].descending else sql(key, " IS NOT NULL")
    else:
        past = sql(key, " < " if keys[0].descending else " > ", _slot(value))
    if len(keys) == 1:
        return past
    return balanced("OR", [past, balanced("AND", [sql(key, " IS ", _slot(value)), _inner(keys[1:], values[1:])])])


def _inner(keys: Sequence[Key], values: Sequence[Operand | None]) -> Sql:
    later = _later(keys, values)
    null_follows = keys and keys[0].descending and keys[0].nullable and values[0] is not None
    return balanced("OR", [later, sql(keys[0].piece, " IS NULL")]) if null_follows else later


def _slot(value: Operand | None) -> Sql:
    return Sql("NULL") if value is None else Sql("?", (value,))
