"""How computed values are answered: functions, aggregates and group columns.

In: what computes the value. Out: the function that turns the computed value into the answered one, or None where
nothing changes. Both evaluators use these, so that they print alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from relgraph.codecs import PLAIN
from relgraph.functions import AGGREGATES, Aggregate
from relgraph.query.resolved import GroupColumn, Measure, Value
from relgraph.read.json_path import at_path
from relgraph.schema import Field

Answer: TypeAlias = Callable[[Any], Any]


def value_answer(value: Value) -> Answer | None:
    """Give the answer form of a field or a function's result."""
    if isinstance(value, Field):
        return value.codec.answer
    if value.function.name == "json":
        assert isinstance(value.argument, tuple)
        assert isinstance(value.subject, Field)
        concealed = value.subject.codec.answer if value.subject.codec.is_concealing else None
        return concealed or at_path(value.argument)
    if isinstance(value.argument, Field):
        return aggregate_answer(AGGREGATES[value.function.name], value.argument)
    return None


def value_kept(value: Value) -> str:
    """Give which stored values of a field or function are answered as they are, as a Python expression of {v}."""
    return value.codec.kept if isinstance(value, Field) else PLAIN.kept


def aggregate_answer(aggregate: Aggregate, field: Field | None) -> Answer | None:
    """Give the answer form of an aggregate: that of its field for min and max; sums beyond 64 bits come as text."""
    if aggregate.keeps_form and field is not None:
        return field.codec.answer
    return _exact if aggregate.name.startswith("sum") else None


def _exact(value: Any) -> Any:
    return int(value) if isinstance(value, str) else value


def group_answer(column: GroupColumn) -> Answer | None:
    """Give the answer form of a group column."""
    return value_answer(column.value)


def measure_answer(measure: Measure) -> Answer | None:
    """Give the answer form of a measure."""
    return aggregate_answer(measure.aggregate, measure.field)
