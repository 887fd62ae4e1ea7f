"""Steps: what turns one structure into another, in words and as data.

In: what is to be done to a collection, a field or a relation. Out: frozen values that print as a sentence. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload

from attrs import field, frozen


@frozen
class Step:
    """One step: `kind` such as "add-field", what it is about, and how it is there `before` and `after`.

    `rows` is how many items, or values of fields, the step drops; None where it drops none by its nature.
    """

    kind: str
    collection: str
    field: str | None = None
    words: str = ""
    before: Any = None
    after: Any = None
    rows: int | None = None

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes two steps the same, whatever is lost by them."""
        return self.kind, self.collection, self.field, self.after

    def __str__(self) -> str:
        if self.rows is None:
            return f"{self.words}."
        unit = "item" if self.kind == "drop-collection" else "value"
        return f"{self.words}, with {self.rows} {unit}{'' if self.rows == 1 else 's'}."

    def to_dict(self) -> dict[str, Any]:
        """Give the step as data."""
        return {
            "kind": self.kind,
            "collection": self.collection,
            "field": self.field,
            "words": str(self),
            "rows": self.rows,
            "before": self.before,
            "after": self.after,
        }


@frozen
class Diff(Sequence[Step]):
    """The steps that make a database of the structure that `snapshot` says, in the order in which they are done.

    A sequence of `Step`s, empty and false where nothing is to be done; as text one line for each.

    >>> print(Diff((Step("drop-collection", "tags", words="Drop tags", rows=2),), {}))
    Drop tags, with 2 items.
    """

    steps: tuple[Step, ...]
    snapshot: Mapping[str, Any] = field(hash=False, repr=False)

    @overload
    def __getitem__(self, index: int) -> Step: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Step, ...]: ...

    def __getitem__(self, index: int | slice) -> Step | tuple[Step, ...]:
        return self.steps[index]

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __str__(self) -> str:
        return "\n".join(map(str, self.steps)) or "Nothing is to be done."

    def to_dict(self) -> dict[str, Any]:
        """Give the steps and the snapshot they lead to as data; `apply` takes it, too."""
        return {"steps": [step.to_dict() for step in self.steps], "snapshot": dict(self.snapshot)}
