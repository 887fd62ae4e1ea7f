"""Plans: what a repair does, or has done, as values.

In: the steps taken. Out: a frozen `Plan`, to be read by a program (`to_dict`) or a person (`str`). Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import frozen

from relgraph.integrity.problems import Key, json_key
from relgraph.integrity.searches import counted


@frozen
class Step:
    """One statement, run for each of `count` rows of one collection.

    `besides` counts the rows that triggers and foreign key actions change with them, `lost` those that are deleted so,
    by table; `triggers` are those the collection has.
    """

    rule: str
    relation: str
    collection: str
    how: str  # "nullify", "delete", "keep-first", "normalise" or "reorder"
    words: str
    sql: str
    count: int
    keys: tuple[Key, ...]  # the first 20
    besides: int = 0
    lost: tuple[tuple[str, int], ...] = ()
    triggers: tuple[str, ...] = ()

    @property
    def deletes(self) -> bool:
        """Whether the rows go."""
        return self.how in ("delete", "keep-first")

    def __str__(self) -> str:
        rows = counted(self.count, self.collection)
        more = f"; {self.besides} more rows change by {', '.join(self.triggers) or 'actions'}" if self.besides else ""
        more += "".join(f", {counted(count, name)} deleted" for name, count in self.lost)
        return f"{self.how} {rows}: {self.words} ({self.rule} of {self.relation}){more}"

    def to_dict(self) -> dict[str, Any]:
        """Give the step as a dict that JSON can hold."""
        return {
            "rule": self.rule,
            "relation": self.relation,
            "collection": self.collection,
            "how": self.how,
            "words": self.words,
            "sql": self.sql,
            "count": self.count,
            "keys": [json_key(key) for key in self.keys],
            "besides": self.besides,
            "lost": dict(self.lost),
            "triggers": list(self.triggers),
        }


@frozen
class Left:
    """A problem that is not mended, and why."""

    rule: str
    relation: str
    collection: str
    count: int
    why: str

    def __str__(self) -> str:
        at_fault = counted(self.count, self.collection) if self.count else "a definition"
        return f"left: {self.rule} of {self.relation}, {at_fault}: {self.why}"

    def to_dict(self) -> dict[str, Any]:
        """Give what is left as a dict that JSON can hold."""
        return {
            "rule": self.rule,
            "relation": self.relation,
            "collection": self.collection,
            "count": self.count,
            "why": self.why,
        }


@frozen
class Plan:
    """The steps of a repair in their order, and what it leaves; `done` says whether they have been taken.

    A plan counts and iterates over its steps, and is true when there is one.

    >>> bool(Plan((), ())), Plan((), (), done=True).changed
    (False, {})
    """

    steps: tuple[Step, ...]
    left: tuple[Left, ...]
    done: bool = False

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __getitem__(self, place: int) -> Step:
        return self.steps[place]

    @property
    def changed(self) -> dict[str, int]:
        """How many rows of which collection change, deleted ones too."""
        found: dict[str, int] = {}
        for step in self.steps:
            found[step.collection] = found.get(step.collection, 0) + step.count
        return found

    def to_dict(self) -> dict[str, Any]:
        """Give the plan as a dict that JSON can hold."""
        return {
            "done": self.done,
            "steps": [step.to_dict() for step in self.steps],
            "left": [left.to_dict() for left in self.left],
        }

    def __str__(self) -> str:
        lines = [f"{number}. {step}\n   {step.sql}" for number, step in enumerate(self.steps, 1)]
        return "\n".join([*lines, *map(str, self.left)]) or "nothing to repair"
