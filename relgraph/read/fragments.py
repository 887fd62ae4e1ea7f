"""Pieces of SQL with the operands that belong to their question marks.

In: text from our own tables and quoted names. Out: `Sql`, which joins in reading order, so that parameters can never
lose their place, and `Statement`, which is ready to be bound. User values only ever travel as parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

from attrs import frozen

from relgraph.errors import LimitExceeded
from relgraph.query.resolved import Bindings, Operand

CHAINED: Final = 100  # conditions that AND or OR joins in a row; SQLite takes a depth of 1000
MOST_VALUES: Final = 32_766  # SQLite binds no more, https://www.sqlite.org/limits.html#max_variable_number
PADDED: Final = 8192  # values of all lists of a statement; padded they are less than twice as many
MARK: Final = "\0"  # stands in SQL text for a list whose length is known at run time; no identifier can hold it


@frozen
class Spread:
    """A list of operands behind one `MARK`, as in `IN (..)`; one parameter among them may be bound to a whole list."""

    operands: tuple[Operand, ...]


@frozen
class Keys:
    """The keys of the parents a nested level is read for; `rows` writes them as the rows of a VALUES table."""

    rows: bool = False


Parameter: TypeAlias = Operand | Spread | Keys


class Sql(NamedTuple):  # some 200 are made and compared for a plan: a third of the time of a frozen class of attrs
    """A piece of SQL and the parameters of its question marks and marks, in the order they stand."""

    text: str
    parameters: tuple[Parameter, ...] = ()


def sql(*pieces: str | Sql) -> Sql:
    """Join pieces in order.

    >>> sql("a = ", Sql("?"), " OR b").text
    'a = ? OR b'
    """
    return joined("", pieces)


def joined(separator: str, pieces: Iterable[str | Sql]) -> Sql:
    """Join pieces with a separator between them.

    >>> joined(", ", ["a", "b"]).text
    'a, b'
    """
    texts: list[str] = []
    parameters: tuple[Parameter, ...] = ()
    for piece in pieces:
        if isinstance(piece, str):
            texts.append(piece)
        else:
            texts.append(piece.text)
            parameters += piece.parameters
    return Sql(separator.join(texts), parameters)


def balanced(word: str, pieces: Sequence[Sql]) -> Sql:
    """Join conditions with AND or OR as a balanced tree of brackets: SQLite refuses a chain of more than 1000.

    >>> balanced("AND", [Sql("a"), Sql("b")]).text
    '(a AND b)'
    """
    if len(pieces) == 1:
        return pieces[0]
    if len(pieces) <= CHAINED:
        return sql("(", joined(f" {word} ", pieces), ")")
    half = len(pieces) // 2
    return sql("(", balanced(word, pieces[:half]), f" {word} ", balanced(word, pieces[half:]), ")")


def quoted(name: str) -> str:
    """Give a name as an SQL identifier.

    >>> print(quoted('odd "name'))
    "odd ""name"
    """
    return '"' + name.replace('"', '""') + '"'


_SLOT: Final = re.compile(r"\{(\w+)\}")


def fill(template: str, **pieces: Sql) -> Sql:
    """Put pieces into the {slots} of a template from our tables; a slot may occur several times.

    >>> fill("{v} = {x}", v=Sql("t0.a"), x=Sql("?")).text
    't0.a = ?'
    """
    parts = _SLOT.split(template)
    return sql(*(pieces[part] if index % 2 else part for index, part in enumerate(parts)))


@frozen
class Statement:
    """A complete SQL statement with its parameters; `pieces` are what stands between the lists of run-time length."""

    text: str
    parameters: tuple[Parameter, ...]
    pieces: tuple[str, ...]

    @classmethod
    def of(cls, piece: Sql) -> Statement:
        """Make a statement of a piece."""
        return cls(piece.text, piece.parameters, tuple(piece.text.split(MARK)))

    def bind(self, bindings: Bindings, keys: Sequence[Any] = ()) -> tuple[str, list[Any]]:
        """Give the text and values to execute.

        Lists are padded to a power of two, so that few texts are prepared; not where they hold many values together.
        """
        if len(self.pieces) == 1:
            return self.text, [parameter.bind(bindings) for parameter in self.parameters]  # type: ignore[union-attr]  # without lists, operands only
        first = self.parameters[0]
        if isinstance(first, Keys) and len(self.parameters) == 1:  # a plain level: 1 µs instead of 3 in a read of 30
            listed = padded(list(keys), rows=first.rows)
            return slots(len(listed), first.rows).join(self.pieces), listed
        return self._bind_lists(bindings, keys)

    def _bind_lists(self, bindings: Bindings, keys: Sequence[Any]) -> tuple[str, list[Any]]:
        lists = [
            (list(keys), part.rows) if isinstance(part, Keys) else (_spread(part, bindings), False)
            for part in self.parameters
            if isinstance(part, (Keys, Spread))
        ]
        few = sum([len(listed) for listed, _ in lists]) <= PADDED
        values: list[Any] = []
        left, following = iter(lists), iter(self.pieces)
        text = next(following)
        for parameter in self.parameters:
            if isinstance(parameter, (Keys, Spread)):
                listed, rows = next(left)
                listed = padded(listed, rows=rows) if few else listed
                text += slots(len(listed), rows) + next(following)
                values += listed
            else:
                values.append(parameter.bind(bindings))
        if len(values) > MOST_VALUES:  # operands given to a prepared query beside those it holds
            raise LimitExceeded("", "number of values", len(values), MOST_VALUES, "what SQLite binds")
        return text, values


@lru_cache(maxsize=128)
def slots(number: int, rows: bool) -> str:
    """Give that many question marks, for IN, or as the rows of VALUES.

    >>> slots(2, rows=False), slots(2, rows=True)
    ('?,?', '(?),(?)')
    """
    return ",".join(["(?)" if rows else "?"] * number)


def _spread(parameter: Spread, bindings: Bindings) -> list[Any]:
    values: list[Any] = []
    for operand in parameter.operands:
        bound = operand.bind(bindings)
        values += bound if isinstance(bound, (tuple, list)) else [bound]
    return values


def padded(values: list[Any], *, rows: bool = False) -> list[Any]:
    """Lengthen a list to the next power of two without changing its meaning.

    In a set the last value may repeat; among `rows` it may not, but a NULL joins with nothing.

    >>> padded([1, 2, 3]), padded([1, 2, 3], rows=True), padded([])
    ([1, 2, 3, 3], [1, 2, 3, None], [None])
    """
    size = 1 << max(len(values) - 1, 0).bit_length()
    return values + [None if rows or not values else values[-1]] * (size - len(values))
