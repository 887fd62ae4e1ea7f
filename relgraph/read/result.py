"""Result: the items a read gives.

In: the finished items, their JSON text, or what either is made of when it is first wanted. Out: a read-only sequence of
plain dicts, with what came beside it; or the same as JSON text, for which no dict is made.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from threading import RLock
from typing import Any, Final, Protocol, overload

from relgraph.errors import InvalidQuery
from relgraph.read.json_text import json_text


class Unmade(Protocol):
    """What items are made of."""

    def items(self) -> list[Any]:
        """Give the items; asked for once."""

    def json(self) -> str:
        """Give the items as JSON text; raises TypeError or ValueError for what JSON has no form for."""


class Habit(Protocol):
    """What remembers in which form the answers to a query are wanted."""

    def looked_at(self) -> None:
        """Note that an answer was wanted as items."""

    def written(self, size: int) -> None:
        """Note that an answer was wanted as text, and how long that is."""


_MAKING: Final = RLock()  # a result that two threads look at is made by one of them


class Result(Sequence[Any]):
    """The items of a read, in order: dicts, or bare keys where `fields` was empty.

    `data` is the list itself, `meta` the counts asked for (or None), `cursor` the text that asks for the next page
    (None where there is none, or no cursor was asked for).

    >>> result = Result([{"id": 1}], meta={"total_count": 1})
    >>> len(result), result[0]["id"], result.meta["total_count"], result.to_json()
    (1, 1, 1, b'[{"id":1}]')
    """

    __slots__ = ("_cursor", "_habit", "_made", "meta")

    def __init__(
        self,
        data: list[Any] | str | Unmade,
        meta: dict[str, Any] | None = None,
        cursor: str | Callable[[], str] | None = None,
        habit: Habit | None = None,
    ) -> None:
        self._made = data
        self._habit = habit
        self.meta = meta
        self._cursor = cursor

    @property
    def data(self) -> list[Any]:
        """The list of the items."""
        made = self._made
        return made if isinstance(made, list) else self._make()

    @property
    def cursor(self) -> str | None:
        """The text that asks for the next page; None where there is none. It is written when first asked for."""
        if callable(self._cursor):
            self._cursor = self._cursor()
        return self._cursor

    def _make(self) -> list[Any]:
        with _MAKING:
            made = self._made
            if isinstance(made, list):
                return made
            if isinstance(made, str):
                if self._habit is not None:
                    self._habit.looked_at()
                items: list[Any] = json.loads(made)  # it tells all: floats and names to the last character
            else:
                items = made.items()
            self._made = items
            return items

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

    def __reduce__(self) -> tuple[Any, ...]:
        return Result, (self.data, self.meta, self.cursor)

    def __repr__(self) -> str:
        beside = "".join(
            f", {name}={value!r}" for name, value in (("meta", self.meta), ("cursor", self.cursor)) if value is not None
        )
        return f"Result({self.data!r}{beside})"

    def to_json(self) -> bytes:
        """Give the items as JSON text, UTF-8, floats exact; half a surrogate pair is written as `\\ud800`.

        Raises: `InvalidQuery` when an item holds what JSON has no form for: a blob, an infinity, NaN.
        Cost: no dict is made, unless `data` was looked at before; `read.json_text` has the figures.

        >>> Result([{"x": 0.1, "y": "é"}]).to_json().decode()
        '[{"x":0.1,"y":"é"}]'
        """
        try:
            text = self._text()
        except (TypeError, ValueError) as error:
            place = _place(self.data, "data")
            if place:
                raise InvalidQuery(place, "the value has no form in JSON", "read it as data") from error
            text = json_text(self.data)  # only a row that no item shows has no form
        return text.encode("utf-8", "backslashreplace")

    def _text(self) -> str:
        made = self._made
        if not isinstance(made, str):
            with _MAKING:  # in which another thread may have made the items
                made = self._made
                made = json_text(made) if isinstance(made, (list, str)) else made.json()
        if self._habit is not None:
            self._habit.written(len(made))
        return made


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
