"""Result: the items a read gives.

In: the finished data. Out: a read-only sequence of plain dicts, with what came beside it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any, overload

from relgraph.errors import InvalidQuery


class Result(Sequence[Any]):
    """The items of a read, in order: dicts, or bare keys where `fields` was empty.

    `data` is the list itself, `meta` the counts asked for (or None), `cursor` the text that asks for the next page
    (None where there is none, or no cursor was asked for).

    >>> result = Result([{"id": 1}], meta={"total_count": 1})
    >>> len(result), result[0]["id"], result.meta["total_count"], result.to_json()
    (1, 1, 1, b'[{"id":1}]')
    """

    __slots__ = ("cursor", "data", "meta")

    def __init__(self, data: list[Any], meta: dict[str, Any] | None = None, cursor: str | None = None) -> None:
        self.data = data
        self.meta = meta
        self.cursor = cursor

    @overload
    def __getitem__(self, index: int) -> Any: ...

    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...

    def __getitem__(self, index: int | slice) -> Any:
        return self.data[index]

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.data)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Result):
            return (self.data, self.meta, self.cursor) == (other.data, other.meta, other.cursor)
        return self.data == other if isinstance(other, list) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it holds a list

    def __repr__(self) -> str:
        beside = "".join(
            f", {name}={value!r}" for name, value in (("meta", self.meta), ("cursor", self.cursor)) if value is not None
        )
        return f"Result({self.data!r}{beside})"

    def to_json(self) -> bytes:
        """Give the items as JSON text, UTF-8, floats exact.

        Raises: `InvalidQuery` when an item holds what JSON has no form for: a blob, an infinity, NaN.

        >>> Result([{"x": 0.1, "y": "é"}]).to_json().decode()
        '[{"x":0.1,"y":"é"}]'
        """
        try:
            text = json.dumps(self.data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise InvalidQuery(_place(self.data, "data"), "the value has no form in JSON", "read it as data") from error
        return text.encode("utf-8", "surrogatepass")


def _place(value: Any, where: str) -> str:
    """Give the path to the first value that JSON cannot hold."""
    if isinstance(value, dict):
        places = (_place(inner, f"{where}.{name}") for name, inner in value.items())
    elif isinstance(value, list):
        places = (_place(inner, f"{where}[{index}]") for index, inner in enumerate(value))
    else:
        held = isinstance(value, (str, int)) or value is None or (isinstance(value, float) and math.isfinite(value))
        return "" if held else where
    return next((place for place in places if place), "")
