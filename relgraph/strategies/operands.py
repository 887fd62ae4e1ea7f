"""Operands: what fields of each type are compared with, operator by operator.

In: a field type. Out: operators with their operands, decided or as strategies. Which operators apply is read from their
table, so a new one is drawn as soon as it has a row. Nothing here fails.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Any, Final, assert_never

from hypothesis import strategies as st

from relgraph.operators import OPERATORS, Arity, Operator
from relgraph.strategies.choosing import Choices, Pool
from relgraph.strategies.values import CLOCKS, COMMON_TEXTS, DAYS, MOMENTS, SHAPES, SMALL_INTEGERS, SPECIAL_TEXTS
from relgraph.values import DATES, TEXTS, FieldType

# an empty operand is refused
_TEXTS: Final = Pool((2, COMMON_TEXTS), (1, SPECIAL_TEXTS), (1, st.text(min_size=1, max_size=4)))
_WHOLE: Final = Pool((3, SMALL_INTEGERS), (1, (2**31, 2**53 - 1, -(2**53) + 1, "7", "1e1", " 2 ")))
_BIG: Final = Pool((3, SMALL_INTEGERS), (1, (str(2**63 - 1), str(-(2**63)), str(2**53 + 1), 2**53 - 1)))
_NUMBERS: Final = Pool((3, SMALL_INTEGERS), (2, (0.1, 0.3, -1.5, 1e-9, -1e-300, 2.0**53 - 1, "0.5", "1e300")))
_NOWS: Final = ("$NOW", "$NOW(-1 year)", "$NOW(+1 day)", "$NOW(-60 years)", "$NOW(2 weeks)", "$NOW(-90 min)")
_DATES: Final = Pool((2, DAYS), (2, MOMENTS), (1, (0, -1, 1705314030000, "2024")), (1, _NOWS))
_PARTS_OF_DATES: Final = Pool((1, ("2024", "T10", "Z", "01-15")))
_OPERANDS: Final[dict[FieldType, Pool]] = {
    **dict.fromkeys((*TEXTS, FieldType.UUID), _TEXTS),
    **dict.fromkeys(DATES, _DATES),
    FieldType.INTEGER: _WHOLE,
    FieldType.BIG_INTEGER: _BIG,
    FieldType.FLOAT: _NUMBERS,
    FieldType.DECIMAL: _NUMBERS,
    FieldType.BOOLEAN: Pool((1, (True, False, 1, 0, "true", "false"))),
    FieldType.TIME: Pool((1, CLOCKS)),
    FieldType.GEOMETRY: Pool((1, SHAPES)),
}
_ANY: Final = Pool((1, _NUMBERS), (1, _TEXTS))
_LISTS: Final = ((0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2))  # which of three are in a list


@cache
def fitting(field_type: FieldType) -> tuple[Operator, ...]:
    """Give the operators that apply to a type; what needs a package that is not installed is left out.

    >>> [operator.name for operator in fitting(FieldType.BINARY)]
    ['_null', '_nnull']
    """
    rows = (row for row in OPERATORS.values() if field_type in row.accepts)
    return tuple(row for row in rows if not row.needs or find_spec(row.needs) is not None)


def comparisons(field_type: FieldType, name: str | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """Give a strategy of operators that apply to a type, or of the named one, each with its operand.

    >>> sorted(comparisons(FieldType.BINARY).example())[0] in ("_null", "_nnull")
    True
    """
    return _comparisons(field_type, fitting(field_type) if name is None else (OPERATORS[name],))


@cache
def _comparisons(field_type: FieldType, rows: tuple[Operator, ...]) -> st.SearchStrategy[dict[str, Any]]:
    return _drawn(field_type, rows)


@st.composite
def _drawn(draw: st.DrawFn, field_type: FieldType, rows: tuple[Operator, ...]) -> dict[str, Any]:
    return _compared(Choices(draw), field_type, rows)


def comparison(choices: Choices, field_type: FieldType, name: str | None = None) -> dict[str, Any]:
    """Choose an operator that applies to a type, if not the named one, and its operand."""
    return _compared(choices, field_type, fitting(field_type) if name is None else (OPERATORS[name],))


def _compared(choices: Choices, field_type: FieldType, rows: tuple[Operator, ...]) -> dict[str, Any]:
    operator = choices.of(rows)
    return {operator.name: _operand(choices, operator.arity, _pool(operator, field_type))}


@cache
def _pool(operator: Operator, field_type: FieldType) -> Pool:
    """Give what the operator takes as one operand, NULL among it."""
    shown = operator.as_shown and field_type in DATES
    return Pool((3, _PARTS_OF_DATES if shown else _OPERANDS.get(field_type, _ANY)), (1, (None,)))


def _operand(choices: Choices, arity: Arity, pool: Pool) -> Any:
    match arity:
        case Arity.FLAG:
            return choices.of((False, True))
        case Arity.ONE:
            return choices.value(pool)
        case Arity.TWO:
            return [choices.value(pool), choices.value(pool)]
        case Arity.MANY:
            wanted = choices.of(_LISTS)
            return [each for place, each in enumerate([choices.value(pool) for _ in range(3)]) if place in wanted]
    assert_never(arity)
