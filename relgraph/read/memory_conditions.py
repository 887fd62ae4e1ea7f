"""Values and conditions over plain rows: the Python counterpart of `read/sql`.

In: resolved conditions and values, and where rows come from. Out: functions. A value is a function of a row, a
condition one of joined rows; both are made once per query and called per row. Nothing here can fail but a missing
parameter. A change to one of the two evaluators without the other is not finished.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, assert_never

from relgraph.functions import AGGREGATES
from relgraph.query.resolved import AllOf, AnyOf, Bindings, Call, Condition, GroupColumn, Order, Quantified, Test, Value
from relgraph.read.joined import ROOT, Joined, Names, Path, Source, clusters, joined_rows, rows_at
from relgraph.read.tables import NOT_GIVEN, Row, once_per_rows
from relgraph.schema import Field, Hop
from relgraph.values import DATES, FieldType, Stored, Truth, all_of, any_of, sort_key, with_affinity

Fulfils: TypeAlias = Callable[[Joined], Truth]
Reach: TypeAlias = Callable[[Row | None], Any]

# --- values ----------------------------------------------------------------------------------------------------------


def stored(value: Field) -> Reach:
    """Give a field as sorting and grouping see it; of no row, NULL."""
    name = value.name
    return lambda row: None if row is None else row[name]


def compared(value: Field, *, as_shown: bool = False) -> Reach:
    """Give a field as filters and functions see it: moments as epoch milliseconds, or the text shown."""
    seen = value.codec.answer if as_shown and value.type in DATES else value.codec.comparable
    plain = stored(value)
    return plain if seen is None else lambda row: seen(plain(row))


def call(value: Call, source: Source) -> Reach:
    """Give a function's value; over a to-many hop it is that of the related rows, of no row those of none."""
    if isinstance(value.subject, Hop):
        return related(value, value.subject, source)
    function = value.function.time_call if value.subject.type is FieldType.TIME else value.function.call
    argument = compared(value.subject)
    if function is None:
        return argument  # json: the answer follows the path, see `read.answers`

    def called(row: Row | None) -> Any:
        given = argument(row)
        return NOT_GIVEN if given is NOT_GIVEN else function(given)

    return called


def related(value: Call, hop: Hop, source: Source) -> Reach:
    """Give an aggregate over the rows a to-many hop leads to: their number, or one of their fields."""
    aggregate, far = AGGREGATES[value.function.name], source.far_rows(hop)
    field = value.argument if isinstance(value.argument, Field) else None

    def of_rows(rows: Sequence[Row]) -> Any:
        values = rows if field is None else [each[field.name] for each in rows]
        return NOT_GIVEN if NOT_GIVEN in values else aggregate.call(values)  # type: ignore[arg-type]  # counts rows too

    known = once_per_rows(of_rows)

    def called(row: Row | None) -> Any:
        rows = far(row)
        return NOT_GIVEN if rows is None else known(rows)

    return called


def at(value: Value, source: Source, *, as_shown: bool = False) -> Reach:
    """Give a value of a row for comparing."""
    return call(value, source) if isinstance(value, Call) else compared(value, as_shown=as_shown)


def ordered(value: Value, source: Source) -> Reach:
    """Give a value of a row for sorting and grouping."""
    return call(value, source) if isinstance(value, Call) else stored(value)


def key_at(key: Order | GroupColumn, fixed: frozenset[Names], source: Source) -> Callable[[Joined], tuple[int, Any]]:
    """Give a sort key or group column of joined rows, in a form that Python orders as SQLite does."""
    rows, value = rows_at(key.path, fixed, source), ordered(key.value, source)
    return lambda joined: sort_key(value(rows(joined)[0]))


# --- conditions ------------------------------------------------------------------------------------------------------


def condition(node: Condition | None, fixed: frozenset[Names], source: Source) -> Fulfils:
    """Give whether some choice of joined rows fulfils a condition; at the `fixed` paths the row is chosen already."""
    match node:
        case None:
            return lambda joined: True
        case Test():
            return test(node, fixed, source)
        case Quantified():
            return quantified(node, fixed, source)
        case AllOf():
            found = [together(parts, shared, fixed, source) for parts, shared in clusters(node.parts, fixed)]
            return found[0] if len(found) == 1 else lambda joined: all_of(fulfils(joined) for fulfils in found)
        case AnyOf():
            found = [condition(part, fixed, source) for part in node.parts]
            return lambda joined: any_of(fulfils(joined) for fulfils in found)
        case _:
            assert_never(node)


def together(
    parts: Sequence[Condition], shared: Mapping[Names, Path], fixed: frozenset[Names], source: Source
) -> Fulfils:
    """Give whether some choice of rows at the shared paths fulfils all parts."""
    found = [condition(part, fixed.union(shared), source) for part in parts]
    if not shared:
        return found[0]
    choices = joined_rows(shared, fixed, source)
    return lambda joined: any_of(all_of(fulfils(choice) for fulfils in found) for choice in choices(joined))


def test(node: Test, fixed: frozenset[Names], source: Source) -> Fulfils:
    """Give whether an operator holds for a row at the end of a path."""
    rows, value = rows_at(node.path, fixed, source), at(node.value, source, as_shown=node.operator.as_shown)
    holds, operands, assumed = node.operator.test, bound(node, source.bindings), source.assumed

    def of_row(row: Row | None) -> Truth:
        given = value(row)
        return assumed if given is NOT_GIVEN else holds(given, *operands)

    return lambda joined: any_of(map(of_row, rows(joined)))


def bound(node: Test, bindings: Bindings) -> list[Stored]:
    """Give the operands of a test as SQLite compares them: lists spread out, the affinity of the column applied."""
    operands: list[Stored] = []
    for operand in node.operands:
        given = operand.bind(bindings)
        operands += given if isinstance(given, (tuple, list)) else [given]
    value = node.value
    if isinstance(value, Call) or value.codec.comparable is not None or node.operator.by_text:
        return operands
    return [with_affinity(operand, value.affinity) for operand in operands]


def quantified(node: Quantified, fixed: frozenset[Names], source: Source) -> Fulfils:
    """Give whether some, none or every row of a hop fulfils a condition; where that is unknown, the row does not."""
    rows, far = rows_at(node.path, fixed, source), source.far_rows(node.hop)
    inner = condition(node.condition, ROOT, source.opposite() if node.word == "none" else source)

    def of_row(row: Row | None) -> Truth:
        children = far(row)
        if children is None:
            return source.assumed
        fulfilled = (inner({(): child}) is True for child in children)
        if node.word == "every":
            return all(fulfilled)
        return any(fulfilled) is (node.word == "some")

    return lambda joined: any_of(map(of_row, rows(joined)))
