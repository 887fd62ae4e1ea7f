"""Problems: what an audit finds, as values.

In: the parts of a finding. Out: frozen `Problem`s and the `Audit` that holds them, to be read by a program
(`to_dict`) or a person (`str`). Pure, and nothing here fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isinf
from typing import Any, Final, TypeAlias

from attrs import field, frozen

from relgraph.errors import shown

Key: TypeAlias = Any  # a key of one column; a tuple where the primary key is several; the rowid where there is none

KEYS_KEPT: Final = 20
SEVERITIES: Final = ("error", "warning", "info")


@frozen
class Problem:
    """One thing that is wrong: a definition, or the rows of one collection that break one rule.

    `relation` is the field that the rule looks at ("articles.author"); of a junction its first half. `count` is the
    number of rows at fault, 0 where a definition is; `keys` the primary keys of the first 20 of them.

    >>> problem = Problem("dangling-m2o", "error", "notes.on", "notes", 1, (7,), "1 item points at nothing", "nullify")
    >>> print(problem)
    error dangling-m2o notes.on: 1 item points at nothing; keys 7; fix: nullify
    """

    rule: str
    severity: str  # "error", "warning" or "info"
    relation: str
    collection: str
    count: int
    keys: tuple[Key, ...]
    sentence: str
    fix: str  # what `repair` does about it, or why it leaves it

    def __str__(self) -> str:
        keys = f"; keys {shown_keys(self.keys, self.count)}" if self.count else ""
        return f"{self.severity} {self.rule} {self.relation}: {self.sentence}{keys}; fix: {self.fix}"

    def to_dict(self) -> dict[str, Any]:
        """Give the problem as a dict that JSON can hold."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "relation": self.relation,
            "collection": self.collection,
            "count": self.count,
            "keys": [json_key(key) for key in self.keys],
            "sentence": self.sentence,
            "fix": self.fix,
        }


def json_key(key: Key) -> Any:
    """Give a key as JSON can hold it: several parts as a list, a blob and an infinite number as SQL spells them.

    >>> json_key(7), json_key(("a", b"\\xff", float("-inf")))
    (7, ['a', "x'ff'", '-9e999'])
    """
    match key:
        case tuple():
            return [json_key(part) for part in key]
        case bytes():
            return f"x'{key.hex()}'"
        case float() if isinf(key):
            return "9e999" if key > 0 else "-9e999"
    return key


def shown_keys(keys: tuple[Key, ...], count: int, limit: int = 5) -> str:
    """Give the first keys as the middle of a sentence, with dots where there are more.

    >>> shown_keys((1, "b"), 2), shown_keys((1, 2, 3), 30, limit=2)
    ("1, 'b'", '1, 2, ...')
    """
    few = [shown(key) for key in keys[:limit]]
    return ", ".join([*few, "..."] if count > len(few) else few)


@frozen
class Audit:
    """All problems of a database at one moment, those of definitions first; it counts and iterates as they do.

    An audit is true when there is a problem, whatever its severity: `if audit: ...`. `collections` and `rules` are what
    was asked for, None where everything was.

    >>> audit = Audit((Problem("sort-order", "info", "a.b", "a", 2, (1, 2), "2 items have no position", "reorder"),))
    >>> bool(audit), len(audit), bool(audit.errors), audit.counts
    (True, 1, False, {'error': 0, 'warning': 0, 'info': 1})
    """

    problems: tuple[Problem, ...] = ()
    collections: tuple[str, ...] | None = field(default=None, kw_only=True)
    rules: tuple[str, ...] | None = field(default=None, kw_only=True)

    def __len__(self) -> int:
        return len(self.problems)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self.problems)

    def __getitem__(self, place: int) -> Problem:
        return self.problems[place]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems of severity "error"."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def counts(self) -> dict[str, int]:
        """How many problems there are of each severity."""
        return {severity: sum(each.severity == severity for each in self.problems) for severity in SEVERITIES}

    def to_dict(self) -> dict[str, Any]:
        """Give the audit as a dict that JSON can hold."""
        return {"counts": self.counts, "problems": [problem.to_dict() for problem in self.problems]}

    def __str__(self) -> str:
        if not self.problems:
            return "no problems"
        rows = [
            (each.severity, each.rule, each.relation, str(each.count or ""), each.sentence, each.fix)
            for each in self.problems
        ]
        head = ("severity", "rule", "relation", "rows", "what is wrong", "what repair does")
        return "\n".join(columns([head, *rows]))


def columns(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Yield texts as lines of a table, every column as wide as its widest text.

    >>> list(columns([("a", "b"), ("long", "c")]))
    ['a     b', 'long  c']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
