"""Choosing: decisions that belong together are drawn as one, a byte for each.

In: what there is to choose from, the simplest first. Out: `Pool`s, of which a byte chooses a value, and `Choices`, from
which code takes one decision after the other. To Hypothesis an integer costs as much as sixteen bytes, and most of what
a draw takes is this; each byte shrinks by itself, to what stands first. Nothing here fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, Final, TypeVar

from hypothesis import strategies as st

_Option = TypeVar("_Option")
_PLACES: Final = 256  # what a byte can say


@cache
def _bytes(count: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=count, max_size=count)


class Pool:
    """Values in shares of how often they are chosen, the simplest first; a strategy among them is drawn from.

    >>> pool = Pool((3, ("a", "b")), (1, st.just("c")))
    >>> [len([each for each in pool.places if each == letter]) for letter in "ab"]
    [96, 96]
    """

    def __init__(self, *shares: tuple[int, Sequence[Any] | Pool | st.SearchStrategy[Any]]) -> None:
        self.shares = shares
        self.places: tuple[Any, ...] = tuple(_spread(shares, _PLACES))

    def __repr__(self) -> str:
        return f"Pool({', '.join(map(repr, self.shares))})"

    def at(self, byte: int, draw: st.DrawFn) -> Any:
        """Give the value at the place that a byte says."""
        found = self.places[byte]
        return found.drawn(draw) if isinstance(found, _Further) else found

    @property
    def known(self) -> tuple[Any, ...]:
        """The values that have a place, each once."""
        found = {(type(value), value): value for value in self.places if not isinstance(value, _Further)}
        return tuple(found.values())

    def mapped(self, function: Callable[[Any], Any]) -> Pool:
        """Give the pool of what a function gives for each value."""
        return Pool(*((share, _mapped(options, function)) for share, options in self.shares))

    @property
    def strategy(self) -> st.SearchStrategy[Any]:
        """The pool as a strategy of its own."""
        return together((self,)).map(_only)


class _Further:
    """What a place holds that takes another draw: a strategy, or a pool for which there are too few places."""

    def __init__(self, of: Pool | st.SearchStrategy[Any]) -> None:
        self._strategy = of.strategy if isinstance(of, Pool) else of

    def drawn(self, draw: st.DrawFn) -> Any:
        return draw(self._strategy)


def _spread(shares: Sequence[tuple[int, Any]], places: int) -> Iterator[Any]:
    """Yield as many values as there are places, each share in its turn."""
    total, said, done = sum(share for share, _ in shares), 0, 0
    for share, options in shares:
        said += share
        count = said * places // total - done
        done += count
        yield from _fill(options, count)


def _fill(options: Any, count: int) -> Iterable[Any]:
    if isinstance(options, st.SearchStrategy):
        return [_Further(options)] * count
    if isinstance(options, Pool):
        return _spread(options.shares, count) if count >= _least(options) else [_Further(options)] * count
    if len(options) <= count:
        return [options[at * len(options) // count] for at in range(count)]
    cuts = [at * len(options) // count for at in range(count + 1)]
    return [_Further(Pool((1, options[start:end]))) for start, end in pairwise(cuts)]


@cache
def _least(pool: Pool) -> int:
    """Give how many places a pool needs, so that each of its values has one."""
    total = sum(share for share, _ in pool.shares)
    return max(-(-total // share) * (_needed(options) + 1) for share, options in pool.shares)


def _needed(options: Any) -> int:
    if isinstance(options, st.SearchStrategy):
        return 1
    return _least(options) if isinstance(options, Pool) else len(options)


def _mapped(options: Any, function: Callable[[Any], Any]) -> Any:
    if isinstance(options, st.SearchStrategy):
        return options.map(function)
    return options.mapped(function) if isinstance(options, Pool) else tuple(map(function, options))


def _only(values: tuple[Any, ...]) -> Any:
    return values[0]


def together(pools: Sequence[Pool]) -> st.SearchStrategy[tuple[Any, ...]]:
    """Give a strategy of tuples, a value of each pool, which are drawn as one.

    >>> together((Pool((1, "ab")), Pool((1, (7,))))).example() in (("a", 7), ("b", 7))
    True
    """
    return _together(tuple(pools), _bytes(len(pools)))


@st.composite
def _together(draw: st.DrawFn, pools: tuple[Pool, ...], drawn: st.SearchStrategy[bytes]) -> tuple[Any, ...]:
    found = [pool.places[byte] for pool, byte in zip(pools, draw(drawn), strict=True)]
    return tuple([each.drawn(draw) if isinstance(each, _Further) else each for each in found])


def several_together(pools: Sequence[Pool], least: int, most: int | None) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    """Give a strategy of lists of such tuples, at most so many; each is drawn as one with whether it is there.

    >>> len(several_together((Pool((1, "ab")),), 2, 3).example()) in (2, 3)
    True
    """
    return _several_together(tuple(pools), least, most)


@st.composite
def _several_together(draw: st.DrawFn, pools: tuple[Pool, ...], least: int, most: int | None) -> list[tuple[Any, ...]]:
    drawn, found = _bytes(len(pools) + 1), list[tuple[Any, ...]]()
    while most is None or len(found) < most:
        there, *said = draw(drawn)
        if len(found) >= least and there < _PLACES / (_left(least, most, len(found)) + 1):
            break
        values = [pool.places[byte] for pool, byte in zip(pools, said, strict=True)]
        found.append(tuple([each.drawn(draw) if isinstance(each, _Further) else each for each in values]))
    return found


def _left(least: int, most: int | None, count: int) -> int:
    """Give how many more there will be on average, at most: short lists are as often of any length as of any other."""
    usual = max(least, 5)
    return usual if most is None or most - least > 2 * usual else most - count


@cache
def or_null(pool: Pool) -> Pool:
    """Give the pool with None added, for one in five.

    >>> None in or_null(Pool((1, "ab"))).places
    True
    """
    return Pool((4, pool), (1, (None,)))


class Choices:
    """Decisions, each taken from the next of the bytes that were drawn for them."""

    def __init__(self, draw: st.DrawFn, count: int = 16) -> None:
        self._draw = draw
        self._left = iter(draw(_bytes(count)))

    def _byte(self) -> int:
        byte = next(self._left, None)
        if byte is None:
            self._left = iter(self._draw(_bytes(16)))
            byte = next(self._left)
        return byte

    def of(self, options: Sequence[_Option]) -> _Option:
        """Choose one; it shrinks to the first."""
        if len(options) <= _PLACES // 4:
            return options[self._byte() * len(options) // _PLACES]
        number = self._byte() * _PLACES + self._byte()
        return options[number * len(options) // _PLACES**2]

    def once_in(self, count: int) -> bool:
        """Say yes once in so many times; it shrinks to no."""
        return self._byte() >= _PLACES - _PLACES // count

    def several(self, options: Sequence[_Option], sets: Sequence[tuple[int, ...]]) -> list[_Option]:
        """Choose an option for each place of one of the sets; any place may be left out when this shrinks."""
        wanted = self.of(sets)
        return [found for place in range(max(map(len, sets))) for found in [self.of(options)] if place in wanted]

    def value(self, pool: Pool) -> Any:
        """Choose from a pool."""
        return pool.at(self._byte(), self._draw)
