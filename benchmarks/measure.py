"""Measuring: sides that take turns in one process, so that a change of the machine's speed meets all of them.

In: for each side a function, and the arguments to call it with in turn. Out: the seconds of one call in each round, as
processor time of this thread: nothing here waits for a disk, and what else the machine does is not to count.
Raises `DifferentAnswer` where a side does not answer as `hand` does; nothing is timed before that is known.
"""

from __future__ import annotations

import gc
import hashlib
import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from typing import Any

from attrs import define, field, frozen

from benchmarks.workloads import Argument

SAMPLE_SECONDS = 0.01  # so long is a sample of calls: short, since a shared machine changes its speed
CALLS = 2000  # at most
COMPARED = 3  # arguments whose answers are compared


class DifferentAnswer(Exception):
    """A side does not answer as the hand-written one does."""


@frozen
class Times:
    """The seconds that one call of a side took, in each round, beside those of `hand` in the same round."""

    seconds: tuple[float, ...]
    base: tuple[float, ...]

    @property
    def milliseconds(self) -> float:
        """The median."""
        return statistics.median(self.seconds) * 1000

    @property
    def ratios(self) -> tuple[float, ...]:
        """The ratio to `hand` in each round, the smallest first."""
        return tuple(sorted(mine / base for mine, base in zip(self.seconds, self.base, strict=True)))

    @property
    def ratio(self) -> float:
        """The median of the ratios."""
        return statistics.median(self.ratios)


@define
class _Side:
    """One side of a race: what it runs, with which arguments, how often in one sample."""

    run: Callable[..., Any]
    arguments: Any
    calls: int = 1
    seconds: list[float] = field(factory=list)

    def sample(self) -> float:
        """Give the seconds of one call, over a sample of them."""
        chosen = [next(self.arguments) for _ in range(self.calls)]
        run = self.run
        gc.collect()
        start = time.thread_time()
        for argument in chosen:
            run(**argument)
        return (time.thread_time() - start) / self.calls

    def warm(self) -> None:
        """Make first calls, and choose how many make a sample."""
        self.sample()
        self.calls = max(1, min(CALLS, int(SAMPLE_SECONDS / max(self.sample(), 1e-7))))


def race(sides: Mapping[str, Callable[..., Any]], arguments: Sequence[Argument], rounds: int) -> dict[str, Times]:
    """Give the times of all sides; the first is the base. Every round starts with another side."""
    compare(sides, arguments[:COMPARED])
    return timed(sides, arguments, rounds)


def timed(sides: Mapping[str, Callable[..., Any]], arguments: Sequence[Argument], rounds: int) -> dict[str, Times]:
    """Give the times of sides whose answers were compared before; the first is the base."""
    running = {name: _Side(run, cycle(arguments)) for name, run in sides.items()}
    for side in running.values():
        side.warm()
    for turn in range(rounds):
        order = list(running.values())
        for side in order[turn % len(order) :] + order[: turn % len(order)]:
            side.seconds.append(side.sample())
    base = tuple(next(iter(running.values())).seconds)
    return {name: Times(tuple(side.seconds), base) for name, side in running.items()}


def compare(sides: Mapping[str, Callable[..., Any]], arguments: Sequence[Argument]) -> None:
    """Raise `DifferentAnswer` unless all sides answer as the first one does."""
    for argument in arguments:
        answers = {name: digest(run(**argument)) for name, run in sides.items()}
        base = next(iter(answers.values()))
        different = [name for name, answer in answers.items() if answer != base]
        if different:
            raise DifferentAnswer(f"{', '.join(different)} answered {dict(argument)} differently")


def digest(answer: Any) -> str:
    """Give a short name for an answer: equal data, equal name; dates count as their text, keys in any order."""
    return hashlib.sha256(json.dumps(answer, sort_keys=True, default=str).encode()).hexdigest()[:16]
