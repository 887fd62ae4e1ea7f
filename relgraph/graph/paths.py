"""Paths: the ways from one collection to another that a read can go.

In: a `Schema`. Out: `Path`s, shortest first, each with the text that `fields` of a read takes. A way is made of hops:
along a relation to its one side, back over its alias, and to each collection of an any-to-many field. Pure; nothing
fails: where there is no way, there is none.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Final

from relgraph.errors import QueryError
from relgraph.graph.answers import Path
from relgraph.query.limits import Limits
from relgraph.query.parse import parse
from relgraph.query.paths import own, split
from relgraph.query.resolution import Resolution
from relgraph.schema import Hop, Schema

_ODD: Final = frozenset(".:(),*$ \t\n\r")  # signs of which one in a name may make a path mean something else


class Ways:
    """The hops of a schema, by the collection they start from: to one item before to many."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._resolution = Resolution(schema, Limits(), None)

    @cached_property
    def onward(self) -> dict[str, tuple[Hop, ...]]:
        """By collection the hops that lead on from it."""
        return {
            collection.name: tuple(
                sorted(
                    (
                        *collection.hops.values(),
                        *(hop for any_hop in collection.any_hops.values() for hop in any_hop.hops.values()),
                    ),
                    key=lambda hop: (hop.many, hop.guard is not None),
                )
            )
            for collection in self.schema
        }

    @cached_property
    def _back(self) -> dict[str, set[str]]:
        """By collection those from which a hop leads to it."""
        back: dict[str, set[str]] = defaultdict(set)
        for hops in self.onward.values():
            for hop in hops:
                back[hop.far].add(hop.near)
        return back

    @cached_property
    def _odd(self) -> bool:
        """Whether there are names that a path may not be able to spell."""
        names = [hop.name.partition(":")[0] for hops in self.onward.values() for hop in hops]
        names += [name for collection in self.schema for name in (collection.name, *collection.fields)]
        return any(not _ODD.isdisjoint(name) for name in names)

    # --- the shortest ------------------------------------------------------------------------------------------------

    def shortest(self, start: str, end: str) -> Path | None:
        """Give the shortest way, or None; from a collection to itself the shortest way round."""
        arrived: dict[str, Hop] = {}
        for name in self._nearest(start, arrived):
            if name == end:
                return self._path(start, _traced(start, arrived[name], arrived))
        return None

    def reachable(self, start: str) -> tuple[str, ...]:
        """Give the collections that a path leads to, nearest first, the one set out from left out."""
        return tuple(name for name in self._nearest(start, {}) if name != start)

    def _nearest(self, start: str, arrived: dict[str, Hop]) -> Iterator[str]:
        """Yield the collections that can be reached, nearest first, and note the hop by which each was."""
        waiting = deque([start])
        while waiting:
            for hop in self.onward[waiting.popleft()]:
                if hop.far not in arrived and self._is_way(start, hop, arrived):
                    arrived[hop.far] = hop
                    yield hop.far
                    if hop.far != start:
                        waiting.append(hop.far)

    def _is_way(self, start: str, hop: Hop, arrived: Mapping[str, Hop]) -> bool:
        return not self._odd or self._path(start, _traced(start, hop, arrived)) is not None

    # --- all of them -------------------------------------------------------------------------------------------------

    def simple(self, start: str, end: str, max_length: int) -> list[Path]:
        """Give the ways of at most so many hops that meet no collection twice, shortest first."""
        left = self._hops_left(end, max_length)
        waiting = deque([Path((start,), (), "")])
        found = []
        while waiting:
            path = waiting.popleft()
            for hop in self.onward[path.collections[-1]]:
                again = hop.far in path.collections and hop.far != end
                if again or left.get(hop.far, max_length) + len(path) + 1 > max_length:
                    continue
                longer = self._path(start, (*path.hops, hop))
                if longer is not None and hop.far == end:
                    found.append(longer)
                elif longer is not None:
                    waiting.append(longer)
        return found

    def _hops_left(self, end: str, max_length: int) -> dict[str, int]:
        """Give how many hops lead from each collection to the end at least, where these are fewer than `max_length`."""
        left = {end: 0}
        waiting = deque([end])
        while waiting:
            name = waiting.popleft()
            if left[name] < max_length - 1:
                new = [near for near in self._back.get(name, ()) if near not in left]
                left.update(dict.fromkeys(new, left[name] + 1))
                waiting.extend(new)
        return left

    # --- what a path is called ---------------------------------------------------------------------------------------

    def _path(self, start: str, hops: tuple[Hop, ...]) -> Path | None:
        """Give the path over some hops, or None where its text would be read as something else."""
        text = self._text(hops)
        if self._odd and not self._is_read_as(hops, text):
            return None
        return Path((start, *(hop.far for hop in hops)), hops, text)

    def _text(self, hops: tuple[Hop, ...]) -> str:
        """Spell a path; items that have no key to be shown by are shown whole."""
        last = hops[-1]
        whole = last.many and not self.schema.collections[last.far].primary_key
        return ".".join([hop.name for hop in hops] + ["*"] * whole)

    def _is_read_as(self, hops: tuple[Hop, ...], text: str) -> bool:
        try:
            if parse(fields=[text]).fields != (text,):
                return False
        except QueryError:
            return False
        rest: str | None = text
        for hop in hops:
            collection = self.schema.collections[hop.near]
            if rest is None:
                return False
            if rest == "*" or rest.startswith("*."):  # a wildcard, whatever is called so
                return False
            head, rest = (rest, None) if own(collection, rest) else split(self._resolution, collection, rest)
            if head != hop.name:
                return False
        return rest in (None, "*")


def _traced(start: str, last: Hop, arrived: Mapping[str, Hop]) -> tuple[Hop, ...]:
    """Give the hops from the start to the end of the last one."""
    hops = [last]
    while hops[-1].near != start:
        hops.append(arrived[hops[-1].near])
    return tuple(reversed(hops))
