"""Bounds: what is asked of a strategy is judged when it is made, not when it is first drawn from.

In: keyword arguments. Out: nothing, or the sound value. Raises `InvalidBounds`, which is also Hypothesis's own
`InvalidArgument`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from attrs import define
from hypothesis.errors import InvalidArgument

from relgraph.errors import InvalidPayload, did_you_mean, listed, shown
from relgraph.schema import Collection, Schema


@define(eq=False)
class InvalidBounds(InvalidPayload, InvalidArgument):
    """A strategy was asked for values that there cannot be.

    >>> raise InvalidBounds("max_items", "it is below min_items")
    Traceback (most recent call last):
    relgraph.strategies.bounds.InvalidBounds: max_items: it is below min_items
    """


def check_range(least_name: str, least: Any, most_name: str, most: Any, *, at_least: int = 0) -> None:
    """Raise unless both are whole numbers in order, the lower one `at_least` so much; None above is no bound."""
    for name, count in ((least_name, least), (most_name, most)):
        if count is None and name == most_name:
            continue
        if isinstance(count, bool) or not isinstance(count, int) or count < at_least:
            raise InvalidBounds(name, f"it must be a whole number of {at_least} or more, not {shown(count)}")
    if most is not None and least > most:
        raise InvalidBounds(most_name, f"it is {most}, less than {least_name} = {least}")


def check_count(name: str, count: Any) -> None:
    """Raise unless it is a whole number of 0 or more."""
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise InvalidBounds(name, f"it must be a whole number of 0 or more, not {shown(count)}")


def check_names(where: str, given: Any, known: Sequence[str]) -> tuple[str, ...]:
    """Give names that are all among the known ones, as a tuple, each once."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InvalidBounds(where, f"a list of names is needed, not {shown(given)}", f"known are {listed(known, 30)}")
    names = tuple(dict.fromkeys(given))
    for name in names:
        if not isinstance(name, str) or name not in known:
            hint = did_you_mean(str(name), known).removeprefix("; ") or f"known are {listed(known, 30)}"
            raise InvalidBounds(where, f"there is no {shown(name)}", hint)
    return names


def schema_of(registry: Any) -> Schema:
    """Give the schema of a registry; a schema is taken as it is."""
    schema = registry if isinstance(registry, Schema) else getattr(registry, "schema", None)
    if not isinstance(schema, Schema):
        raise InvalidBounds("registry", f"a registry or a schema is needed, not {type(registry).__name__}")
    return schema


def collection_of(schema: Schema, name: Any) -> Collection:
    """Give the collection of that name, which a query can be asked of."""
    found = schema.collections.get(name) if isinstance(name, str) else None
    if found is None or found.system:
        known = [each.name for each in schema if not each.system]
        hint = did_you_mean(str(name), known).removeprefix("; ") or f"there are {listed(known)}"
        raise InvalidBounds("collection", f"there is no collection {shown(name)}", hint)
    return found
