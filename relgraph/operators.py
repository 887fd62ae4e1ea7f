"""OPERATORS: every operator of the filter language, one row each.

In: nothing. Out: for each operator its arity, the field types it applies to, its SQL form, its Python form and its
words. The parser, the resolver, both evaluators, explain and the documentation read these rows and nothing else:
adding an operator is adding a row.

In the SQL form {v} is the compared column, {x} or {x0}, {x1} the operands, {xs} a list of them. In the Python form the
value and the operands come in the same order; None is unknown, as NULL is in SQL. Negations are made by `negation`,
case-insensitive forms by `folded`, so that they cannot drift from the row they belong to.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final

from attrs import field, frozen

from relgraph.geometry import boxes_meet, shapes_meet
from relgraph.values import DATES, NUMBERS, TEXTS, FieldType, Stored, Truth, any_of, as_text, compare, fold, negate


class Arity(Enum):
    """How many operands an operator takes; FLAG takes true or false, and false turns it into its opposite."""

    FLAG = 0
    ONE = 1
    TWO = 2
    MANY = 3


@frozen
class Operator:
    """One operator of the filter language."""

    name: str
    arity: Arity
    accepts: frozenset[FieldType]
    sql: str
    test: Callable[..., Truth] = field(eq=False, repr=False)
    words: str  # "{v} contains {x}", for explain
    opposite: str = ""  # for FLAG operators: what false turns it into
    rejects_null: bool = True  # never true of NULL, so a left join below it may become IN or EXISTS
    as_shown: bool = False  # compares the text an answer shows, not the stored moment (dates only)
    by_text: bool = False  # looks at characters, so the column's affinity does not reach the operands
    takes_object: bool = False  # its operand is a JSON object, or text of one
    needs: str = ""  # the package it cannot do without, as in the extra of pyproject


def negation(operator: Operator, name: str, words: str) -> Operator:
    """Give the operator that is true where `operator` is false; where that is unknown, so is this.

    >>> negation(OPERATORS["_eq"], "_neq", "{v} is not {x}").sql
    'NOT ({v} = {x})'
    """
    test = operator.test
    return Operator(
        name,
        operator.arity,
        operator.accepts,
        f"NOT ({operator.sql})",
        lambda *values: negate(test(*values)),
        words,
        opposite=operator.name if operator.arity is Arity.FLAG else "",
        rejects_null=operator.rejects_null if operator.arity is not Arity.FLAG else not operator.rejects_null,
        as_shown=operator.as_shown,
        by_text=operator.by_text,
        takes_object=operator.takes_object,
        needs=operator.needs,
    )


def folded(operator: Operator) -> Operator:
    """Give the operator that compares without regard to case, by Unicode case folding.

    >>> folded(OPERATORS["_contains"]).test("STRASSE", "ß")
    True
    """
    test = operator.test
    sql = operator.sql.replace("{v}", "relgraph_fold({v})").replace("{x}", "relgraph_fold({x})")
    return Operator(
        f"_i{operator.name[1:]}",
        operator.arity,
        operator.accepts,
        sql,
        lambda value, operand: test(fold(value), fold(operand)),
        f"{operator.words}, in any case",
        by_text=True,
    )


def _compared(accept: Callable[[int], bool]) -> Callable[[Stored, Stored], Truth]:
    def test(value: Stored, operand: Stored) -> Truth:
        order = compare(value, operand)
        return None if order is None else accept(order)

    return test


def _matched(accept: Callable[[str, str], bool]) -> Callable[[Stored, Stored], Truth]:
    def test(value: Stored, operand: Stored) -> Truth:
        text, part = as_text(value), as_text(operand)
        return None if text is None or part is None else accept(text, part)

    return test


def _empty(value: Stored) -> Truth:
    return value is None or value == ""


def _equal(value: Stored, operand: Stored) -> Truth:
    order = compare(value, operand)
    return None if order is None else order == 0


def _among(value: Stored, *operands: Stored) -> Truth:
    return any_of(_equal(value, operand) for operand in operands)


def _between(value: Stored, low: Stored, high: Stored) -> Truth:
    at_least, at_most = compare(value, low), compare(value, high)
    if at_least == -1 or at_most == 1:
        return False
    return None if at_least is None or at_most is None else True


_ALL: Final = frozenset(FieldType)
_BLANK: Final = TEXTS | {FieldType.TIMESTAMP, FieldType.ANY}
_MATCHED: Final = TEXTS | {FieldType.ANY}
_ORDERED: Final = NUMBERS | DATES | {FieldType.TIME, FieldType.ANY}
_EQUAL: Final = TEXTS | _ORDERED | {FieldType.BOOLEAN, FieldType.UUID}
_LISTED: Final = _EQUAL - {FieldType.BOOLEAN}

_null = Operator(
    "_null", Arity.FLAG, _ALL, "{v} IS NULL", lambda value: value is None, "{v} is null", "_nnull", rejects_null=False
)
_blank = Operator(
    "_empty",
    Arity.FLAG,
    _BLANK,
    "({v} IS NULL OR {v} = '')",
    _empty,
    "{v} is null or empty",
    "_nempty",
    rejects_null=False,
)
_eq = Operator("_eq", Arity.ONE, _EQUAL, "{v} = {x}", _equal, "{v} is {x}")
_in = Operator("_in", Arity.MANY, _LISTED, "{v} IN ({xs})", _among, "{v} is one of {xs}")
_within = Operator("_between", Arity.TWO, _ORDERED, "{v} BETWEEN {x0} AND {x1}", _between, "{v} is from {x0} to {x1}")
# instr compares characters, not patterns; a suffix is compared as bytes, since substr(.., -n) stops at a NUL character,
# and only where the value is as long, since substr of an empty blob is NULL
_contains = Operator(
    "_contains",
    Arity.ONE,
    _MATCHED | {FieldType.TIMESTAMP},
    "instr({v}, {x}) > 0",
    _matched(lambda text, part: part in text),
    "{v} contains {x}",
    as_shown=True,
    by_text=True,
)
_starts = Operator(
    "_starts_with",
    Arity.ONE,
    _MATCHED,
    "instr({v}, {x}) = 1",
    _matched(str.startswith),
    "{v} starts with {x}",
    by_text=True,
)
_ends = Operator(
    "_ends_with",
    Arity.ONE,
    _MATCHED,
    "(length(CAST({v} AS BLOB)) >= length(CAST({x} AS BLOB))"
    " AND substr(CAST({v} AS BLOB), -length(CAST({x} AS BLOB))) = CAST({x} AS BLOB))",
    _matched(str.endswith),
    "{v} ends with {x}",
    by_text=True,
)
_icontains, _istarts, _iends = (
    folded(Operator(row.name, row.arity, _MATCHED, row.sql, row.test, row.words)) for row in (_contains, _starts, _ends)
)
_boxes, _shapes = (
    Operator(name, Arity.ONE, frozenset({FieldType.GEOMETRY}), sql, test, words, takes_object=True, needs=needs)
    for name, sql, test, words, needs in (
        ("_intersects_bbox", "relgraph_boxes_meet({v}, {x})", boxes_meet, "the box around {v} meets that of {x}", ""),
        ("_intersects", "relgraph_shapes_meet({v}, {x})", shapes_meet, "{v} meets {x}", "shapely"),
    )
)

_ROWS: Final = (
    _eq,
    negation(_eq, "_neq", "{v} is not {x}"),
    Operator("_lt", Arity.ONE, _ORDERED, "{v} < {x}", _compared(lambda order: order < 0), "{v} is below {x}"),
    Operator("_lte", Arity.ONE, _ORDERED, "{v} <= {x}", _compared(lambda order: order <= 0), "{v} is at most {x}"),
    Operator("_gt", Arity.ONE, _ORDERED, "{v} > {x}", _compared(lambda order: order > 0), "{v} is above {x}"),
    Operator("_gte", Arity.ONE, _ORDERED, "{v} >= {x}", _compared(lambda order: order >= 0), "{v} is at least {x}"),
    _in,
    negation(_in, "_nin", "{v} is none of {xs}"),
    _within,
    negation(_within, "_nbetween", "{v} is not from {x0} to {x1}"),
    _null,
    negation(_null, "_nnull", "{v} is not null"),
    _blank,
    negation(_blank, "_nempty", "{v} is neither null nor empty"),
    _contains,
    negation(_contains, "_ncontains", "{v} does not contain {x}"),
    _icontains,
    negation(_icontains, "_nicontains", "{v} does not contain {x}, in any case"),
    _starts,
    negation(_starts, "_nstarts_with", "{v} does not start with {x}"),
    _istarts,
    negation(_istarts, "_nistarts_with", "{v} does not start with {x}, in any case"),
    _ends,
    negation(_ends, "_nends_with", "{v} does not end with {x}"),
    _iends,
    negation(_iends, "_niends_with", "{v} does not end with {x}, in any case"),
    _boxes,
    negation(_boxes, "_nintersects_bbox", "the box around {v} does not meet that of {x}"),
    _shapes,
    negation(_shapes, "_nintersects", "{v} does not meet {x}"),
)

OPERATORS: Final[dict[str, Operator]] = {row.name: row for row in _ROWS}

QUANTIFIERS: Final = {"_some": "some", "_none": "none", "_every": "every"}
