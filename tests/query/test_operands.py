"""Operands are cast once to what the column is compared with; what cannot be a value of the type is refused."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph import Param
from relgraph.errors import InvalidOperand, InvalidQuery
from relgraph.operators import OPERATORS
from relgraph.query.ast import JsonObject
from relgraph.query.operands import NOBODY, Cast, text_of
from relgraph.query.resolved import Bindings, Literal, Moment
from relgraph.values import FieldType
from tests.query.press import ask, where

EQ = OPERATORS["_eq"]


def test_of(**filter_: Any) -> Any:
    """Give the one test a filter of articles comes to."""
    return where(**filter_)


def operands(field: str, operator: str, value: Any, **given: Any) -> list[Any]:
    """Give what the operands of one comparison are cast to."""
    found = ask(filter={field: {operator: value}}, **given).where
    return [operand.value if isinstance(operand, Literal) else operand for operand in found.operands]  # type: ignore[union-attr]  # the filter asked is a single test


CAST = [
    # numbers, as JavaScript's Number() reads them
    ("views", 10, 10),
    ("views", "10", 10),
    ("views", " 10 ", 10),
    ("views", "1e1", 10),
    ("views", "0xa", 10),
    ("views", 9.5, 9.5),
    ("views", "-0", 0),
    ("views", True, 1),
    ("views", "true", 1),
    ("views", "Infinity", math.inf),
    ("views", 2**53 - 1, 2**53 - 1),
    ("serial", "9007199254740993", 9007199254740993),
    ("serial", "9223372036854775807", 2**63 - 1),
    ("serial", "-9223372036854775808", -(2**63)),
    ("score", "12.50", 12.5),
    ("score", "9223372036854775808", 2.0**63),
    ("score", "1" + "0" * 400, math.inf),
    ("score", "-1" + "0" * 400, -math.inf),
    # texts, numbers as JavaScript prints them
    ("title", "10 ", "10 "),
    ("title", 10, "10"),
    ("title", 1.0, "1"),
    ("title", 0.1, "0.1"),
    ("title", True, "1"),  # as a database holds it
    ("title", "null", "null"),
    ("title", "true", "true"),
    ("keywords", "a,b", "a,b"),
    ("ref", "null", "null"),
    ("ref", 7, "7"),
    # truth
    ("featured", True, 1),
    ("featured", "false", 0),
    ("featured", 2, 2),
    ("featured", "TRUE", "TRUE"),
    # dates
    ("published", "1970-01-02", 86_400_000),
    ("published", "1970-01-02T00:00:00+01:00", 82_800_000),
    ("published", 5, 5),
    ("published", 5.9, 5),
    ("updated", "1970-01-01T00:00:00.5Z", 500),
    ("at", "12:30", "12:30"),
    ("at", "23:59:59", "23:59:59"),
    # a column without a type compares the value as it is
    ("loose", 5, 5),
    ("loose", "5", "5"),
    ("loose", "true", "true"),
    ("loose", False, 0),
]


@pytest.mark.parametrize(("field", "value", "expected"), CAST)
def test_cast(field: str, value: Any, expected: Any) -> None:
    """Each row: a field, a value as a query gives it, and what the column is compared with."""
    (found,) = operands(field, "_eq", value)
    assert (found, type(found)) == (expected, type(expected))


def test_a_text_operator_looks_at_text() -> None:
    """Whatever the type, `_contains` and the like get the characters of the operand."""
    assert operands("updated", "_contains", 2024) == ["2024"]
    assert operands("loose", "_contains", 10) == ["10"]
    assert operands("title", "_icontains", 1.5) == ["1.5"]
    assert operands("title", "_contains", True) == ["true"]
    assert operands("updated", "_contains", "null") == ["null"]


UNFIT = [
    ("views", "_eq", "abc"),
    ("views", "_eq", "10abc"),
    ("views", "_eq", " "),
    ("views", "_eq", "NaN"),
    ("views", "_in", ["0", "x"]),
    ("views", "_in", "10,,42"),
    ("views", "_in", [""]),
    ("views", "_between", ["a", "b"]),
    ("views", "_eq", "9223372036854775808"),
    ("serial", "_eq", "-9223372036854775809"),
    ("serial", "_eq", "ten"),
    ("score", "_eq", "x"),
    ("published", "_eq", True),
    ("published", "_gt", "garbage"),
    ("published", "_eq", "2024-13-01"),
    ("published", "_in", [""]),
    ("at", "_eq", "9:00:00"),
    ("at", "_eq", "25:00:00"),
    ("at", "_eq", "12:30:15.000"),
    ("at", "_eq", "2024-01-01T12:30:15"),
    ("at", "_eq", 5),
]


@pytest.mark.parametrize(("field", "operator", "value"), UNFIT)
def test_what_cannot_be_a_value_of_the_type_is_refused(field: str, operator: str, value: Any) -> None:
    """Each row: a field, an operator and an operand that says nothing there; the error names the place."""
    with pytest.raises(InvalidOperand) as caught:
        operands(field, operator, value)
    assert (caught.value.where, caught.value.operator) == (f"filter.{field}.{operator}", operator)


LISTS = [
    ("views", "_in", "1,2", [1, 2]),
    ("views", "_in", [1, [2, ["3"]]], [1, 2, 3]),
    ("views", "_in", {"a": 1, "b": 2}, [1, 2]),
    ("views", "_in", 7, [7]),
    ("views", "_in", None, [None]),
    ("views", "_nin", ["null", 1], [None, 1]),
    ("title", "_in", ["a,b"], ["a,b"]),
    ("title", "_in", "a, b", ["a", " b"]),
    ("title", "_in", ["", "null", None], ["", "null", None]),
    ("views", "_between", "0,10", [0, 10]),
    ("views", "_nbetween", [0, None], [0, None]),
    ("published", "_between", ["1970-01-01", "1970-01-02"], [0, 86_400_000]),
]


@pytest.mark.parametrize(("field", "operator", "value", "expected"), LISTS)
def test_lists(field: str, operator: str, value: Any, expected: list[Any]) -> None:
    """Each row: a list operand in one of its spellings, and its values."""
    assert operands(field, operator, value) == expected


def test_only_scalars_are_cast() -> None:
    """An object made by hand is no operand of any type."""
    for kind in (FieldType.TEXT, FieldType.INTEGER, FieldType.BOOLEAN, FieldType.DATE, FieldType.ANY):
        with pytest.raises(InvalidOperand):
            Cast(kind, EQ, "filter")(JsonObject(()))


PRINTED = [
    (1e20, "100000000000000000000"),
    (1e21, "1e+21"),
    (1.5e300, "1.5e+300"),
    (123456.789, "123456.789"),
    (-0.5, "-0.5"),
    (0.00001, "0.00001"),
    (0.0000125, "0.0000125"),
    (1e-7, "1e-7"),
    (1.25e-7, "1.25e-7"),
]


@pytest.mark.parametrize(("number", "text"), PRINTED)
def test_numbers_print_as_in_javascript(number: float, text: str) -> None:
    """Source: https://tc39.es/ecma262/#sec-numeric-types-number-tostring"""
    assert text_of(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_of_a_number_reads_back_as_it(number: float) -> None:
    """No digit is lost on the way to a text operand."""
    assert float(text_of(number)) == number


@given(st.integers(-(2**63), 2**63 - 1))
def test_whole_numbers_stay_whole(number: int) -> None:
    """Every 64-bit number is exact, given as text."""
    assert Cast(FieldType.BIG_INTEGER, EQ, "filter")(str(number)) == number


# --- parameters ------------------------------------------------------------------------------------------------------


def bound(field: str, operator: str, value: Any, **arguments: Any) -> list[Any]:
    """Give what the operands of one comparison bind to."""
    return [operand.bind(Bindings(arguments)) for operand in ask(filter={field: {operator: value}}).where.operands]  # type: ignore[union-attr]  # the filter asked is a single test


def test_an_argument_is_cast_like_an_operand() -> None:
    """The same value in a query and as an argument is compared the same way."""
    assert bound("views", "_eq", Param("n"), n="0xa") == [10]
    assert bound("title", "_contains", Param("n"), n=10) == ["10"]
    assert bound("published", "_gt", Param("n"), n="1970-01-02") == [86_400_000]
    assert bound("views", "_between", [Param("a"), Param("b")], a=1, b="2") == [1, 2]
    assert bound("views", "_in", [Param("a"), 5], a=1) == [1, 5]


def test_a_list_argument_has_any_number_of_values() -> None:
    """One parameter may stand for a whole list; an empty one is refused as in a query."""
    assert bound("views", "_in", Param("ids"), ids=[1, "2"]) == [(1, 2)]
    assert bound("views", "_in", Param("ids"), ids=7) == [(7,)]
    with pytest.raises(InvalidOperand):
        bound("views", "_in", Param("ids"), ids=[])


def test_a_null_argument_is_unknown() -> None:
    """The plan is made before the argument is known, so null does not become IS NULL: it finds nothing."""
    assert bound("views", "_eq", Param("n"), n=None) == [None]
    assert bound("views", "_eq", Param("n"), n="null") == [None]


WRONG_ARGUMENTS = ["x", "", 2**53, float("nan"), [1], b"1", object(), "\ud800"]


@pytest.mark.parametrize("argument", WRONG_ARGUMENTS, ids=repr)
def test_an_argument_that_does_not_fit_is_refused(argument: Any) -> None:
    """What a query refuses is refused when it is bound, with the place in the query."""
    with pytest.raises(InvalidQuery if argument == "\ud800" else InvalidOperand) as caught:
        bound("views", "_eq", Param("n"), n=argument)
    assert caught.value.where == "filter.views._eq"


def test_an_argument_is_a_value_only() -> None:
    """Text from outside never becomes `$NOW` or the user."""
    assert bound("title", "_eq", Param("n"), n="$CURRENT_USER") == ["$CURRENT_USER"]


def test_what_decides_the_plan_cannot_be_given_later() -> None:
    """A flag chooses the operator, and a range is two operands; neither can be one parameter."""
    for operator in ("_null", "_between"):
        with pytest.raises(InvalidOperand):
            bound("views", operator, Param("n"), n=True)


# --- $NOW ------------------------------------------------------------------------------------------------------------

NOON = datetime(2024, 3, 31, 12, 30, 15, 500_000, tzinfo=UTC)

NOWS = [
    ("updated", "$NOW", 1_711_888_215_500),
    ("published", "$NOW(-1 day)", 1_711_888_215_500 - 86_400_000),
    ("at", "$NOW(+1 hour)", "13:30:15"),
    ("title", "$NOW", "2024-03-31T12:30:15.500Z"),
    ("loose", "$NOW", "2024-03-31T12:30:15.500Z"),
]


@pytest.mark.parametrize(("field", "text", "expected"), NOWS)
def test_now_has_the_form_of_its_field(field: str, text: str, expected: Any) -> None:
    """The moment is reckoned when the query runs."""
    (operand,) = ask(filter={field: {"_eq": text}}).where.operands  # type: ignore[union-attr]  # the filter asked is a single test
    assert isinstance(operand, Moment)
    assert operand.bind(Bindings(now=NOON)) == expected


def test_now_is_no_number_and_no_truth() -> None:
    """A moment cannot be compared with a year or a flag."""
    for field in ("views", "featured", "year(published)"):
        with pytest.raises(InvalidOperand):
            operands(field, "_eq", "$NOW")


def test_two_moments_of_one_text_are_equal() -> None:
    """So that a query with `$NOW` finds its plan again."""
    assert operands("updated", "_eq", "$NOW(-1 year)") == operands("updated", "_eq", "$NOW(-1 year)")


# --- $CURRENT_USER ---------------------------------------------------------------------------------------------------

ANN = {"id": "u-1", "email": "ann@example.org", "role": {"id": "r-1", "name": "Editor"}, "roles": ["r-1", "r-2"]}

USERS = [
    ("$CURRENT_USER", ANN, ["u-1"]),
    ("$CURRENT_USER.email", ANN, ["ann@example.org"]),
    ("$CURRENT_USER.role.name", ANN, ["Editor"]),
    ("$CURRENT_USER.email.x", ANN, [None]),
    ("$CURRENT_ROLE", ANN, ["r-1"]),
    ("$CURRENT_ROLE.name", ANN, ["Editor"]),
    ("$CURRENT_ROLES", ANN, ["r-1", "r-2"]),
    ("$CURRENT_ROLES", {"id": "u-2", "role": "r-3"}, ["r-3"]),
    ("$CURRENT_ROLES", {"id": "u-2"}, [NOBODY]),
    ("$CURRENT_POLICIES", ANN, [NOBODY]),
    ("$CURRENT_USER.email", {"id": "u-2"}, [None]),
    ("$CURRENT_USER", None, [NOBODY]),
    ("$CURRENT_USER.email", None, [NOBODY]),
    ("$CURRENT_ROLES", None, [NOBODY]),
    ("$CURRENT_USERS", ANN, ["$CURRENT_USERS"]),
]


@pytest.mark.parametrize(("text", "user", "expected"), USERS)
def test_the_current_user(text: str, user: Any, expected: list[Any]) -> None:
    """Each row: what is asked of whom; without a user it is a value that equals nothing and is not NULL."""
    assert operands("title", "_in", [text], user=user) == expected


def test_a_field_that_users_do_not_have_is_refused() -> None:
    """Hidden and unknown fields of the user are the same mistake."""
    for text in ("$CURRENT_USER.nope", "$CURRENT_ROLE.nope"):
        with pytest.raises(InvalidOperand):
            operands("title", "_eq", text, user=ANN)
        with pytest.raises(InvalidOperand):
            operands("title", "_eq", text)


def test_several_roles_are_no_single_operand() -> None:
    """`_eq` takes one value; a list of roles belongs into `_in`."""
    with pytest.raises(InvalidOperand):
        operands("title", "_eq", "$CURRENT_ROLES", user=ANN)
    assert operands("title", "_eq", "$CURRENT_ROLES", user={"role": "r-1"}) == ["r-1"]


def test_the_user_s_key_must_fit_the_field() -> None:
    """A uuid is no number."""
    with pytest.raises(InvalidOperand):
        operands("views", "_eq", "$CURRENT_USER", user=ANN)
