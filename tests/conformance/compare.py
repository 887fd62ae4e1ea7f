"""When two answers are the same, as the recording says it.

In: what is owed and what was answered, both plain data. Out: yes or no. Nothing here can fail.
"""

from __future__ import annotations

from typing import Any


def same(owed: Any, answered: Any, *, unordered: bool = False) -> bool:
    """Tell whether two answers are the same: 1 is 1.0 but not true, and the order of keys never counts.

    The order of lists counts, unless `unordered`: then lists are compared as multisets at every level.

    >>> same({"a": 1, "b": [1, 2]}, {"b": [1.0, 2], "a": 1})
    True
    >>> same([1], [True]), same([1, 2], [2, 1]), same([1, 2], [2, 1], unordered=True)
    (False, False, True)
    """
    return bool(_canonical(owed, unordered) == _canonical(answered, unordered))


def _canonical(value: Any, unordered: bool) -> Any:
    """Give a value that is equal for equal answers, and that can be sorted among its like."""
    match value:
        case None:
            return ("null",)
        case bool():
            return ("truth", value)
        case int() | float():
            return ("number", value)
        case str():
            return ("text", value)
        case dict():
            return ("object", sorted((name, _canonical(inner, unordered)) for name, inner in value.items()))
        case bytes():  # no JSON, but what a BLOB column of a plain file answers
            return ("bytes", value)
        case list():
            items = [_canonical(item, unordered) for item in value]
            return ("list", sorted(items) if unordered else items)
        case _:
            return ("no data", type(value).__name__, id(value))
