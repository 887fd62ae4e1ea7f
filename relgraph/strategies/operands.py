"""Operands: what fields of each type are compared with, operator by operator.

In: a field type. Out: strategies of operators with their operands. Which operators apply is read from their table, so a
new one is drawn as soon as it has a row. Nothing here fails.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Any, Final, assert_never

from hypothesis import strategies as st

from relgraph.operators import OPERATORS, Arity, Operator
from relgraph.strategies.values import DAYS, SHAPES, clocks, common_texts, moments, small_integers, special_texts
from relgraph.values import DATES, TEXTS, FieldType

# an empty operand is refused
_TEXTS: Final = common_texts | common_texts | special_texts | st.text(min_size=1, max_size=4)
_ODD: Final = st.sampled_from((2**31, 2**53 - 1, -(2**53) + 1, "7", "1e1", " 2 "))
_WHOLE: Final = small_integers | small_integers | small_integers | _ODD
_BIG: Final = small_integers | st.sampled_from((str(2**63 - 1), str(-(2**63)), str(2**53 + 1), 2**53 - 1))
_NUMBERS: Final = small_integers | st.sampled_from((0.1, 0.3, -1.5, 1e-9, -1e-300, 2.0**53 - 1, "0.5", "1e300"))
_DATES: Final = (
    st.sampled_from(DAYS) | moments | st.sampled_from((0, -1, 1705314030000, "2024", "$NOW", "$NOW(-1 year)"))
)
_OPERANDS: Final[dict[FieldType, st.SearchStrategy[Any]]] = {
    **dict.fromkeys((*TEXTS, FieldType.UUID), _TEXTS),
    **dict.fromkeys(DATES, _DATES),
    FieldType.INTEGER: _WHOLE,
    FieldType.BIG_INTEGER: _BIG,
    FieldType.FLOAT: _NUMBERS,
    FieldType.DECIMAL: _NUMBERS,
    FieldType.BOOLEAN: st.sampled_from((True, False, 1, 0, "true", "false")),
    FieldType.TIME: clocks,
    FieldType.GEOMETRY: st.sampled_from(SHAPES),
}


def operands(field_type: FieldType) -> st.SearchStrategy[Any]:
    """Give a strategy of single operands that a field of that type can be compared with."""
    return _OPERANDS.get(field_type, _NUMBERS | _TEXTS)


def fitting(field_type: FieldType) -> tuple[Operator, ...]:
    """Give the operators that apply to a type; what needs a package that is not installed is left out.

    >>> [operator.name for operator in fitting(FieldType.BINARY)]
    ['_null', '_nnull']
    """
    rows = (row for row in OPERATORS.values() if field_type in row.accepts)
    return tuple(row for row in rows if not row.needs or _is_installed(row.needs))


@cache
def _is_installed(package: str) -> bool:
    return find_spec(package) is not None


def comparisons(field_type: FieldType, name: str | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """Give a strategy of operators that apply to a type, or of the named one, each with its operand.

    >>> sorted(comparisons(FieldType.BINARY).example())[0] in ("_null", "_nnull")
    True
    """
    return _comparisons(field_type, fitting(field_type) if name is None else (OPERATORS[name],))


@cache
def _comparisons(field_type: FieldType, rows: tuple[Operator, ...]) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of([st.fixed_dictionaries({row.name: _of_operator(row, field_type)}) for row in rows])


def _of_operator(operator: Operator, field_type: FieldType) -> st.SearchStrategy[Any]:
    one = operands(field_type)
    if operator.as_shown and field_type in DATES:
        one = st.sampled_from(("2024", "T10", "Z", "01-15"))
    or_null = st.one_of(one, one, one, st.none())
    match operator.arity:
        case Arity.FLAG:
            return st.booleans()
        case Arity.ONE:
            return or_null
        case Arity.TWO:
            return st.lists(or_null, min_size=2, max_size=2)
        case Arity.MANY:
            return st.lists(or_null, min_size=1, max_size=3)
    assert_never(operator.arity)
