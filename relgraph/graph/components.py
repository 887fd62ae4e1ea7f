"""Components: what hangs together, what leads back to itself, and in which order things can be done.

In: names, and the links between them. Out: names in groups and orders. Pure; nothing fails, and nothing recurses, so
that a chain of ten thousand collections is no deeper than one of two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush

from attrs import define, field

from relgraph.graph.answers import Cycle, LoadOrder
from relgraph.graph.links import Link

Far = Mapping[str, Sequence[str]]  # by name the names it leads to


def connected(names: Sequence[str], links: Iterable[Link]) -> tuple[tuple[str, ...], ...]:
    """Give the names in groups: two are in one group when links join them, over others too, in any direction.

    >>> connected(["a", "b", "c"], [Link("a", "c", None, False)])
    (('a', 'c'), ('b',))
    """
    beside: dict[str, list[str]] = defaultdict(list)
    for link in links:
        beside[link.near].append(link.far)
        beside[link.far].append(link.near)
    place = {name: number for number, name in enumerate(names)}
    seen: set[str] = set()
    groups = []
    for name in names:
        if name not in seen:
            group = (name, *spread(name, beside))
            seen.update(group)
            groups.append(tuple(sorted(group, key=place.__getitem__)))
    return tuple(groups)


def spread(start: str, far: Far) -> Iterator[str]:
    """Yield the names that can be reached from one, nearest first, itself left out.

    >>> list(spread("a", {"a": ["b"], "b": ["a", "c"]}))
    ['b', 'c']
    """
    seen = {start}
    level = [start]
    while level:
        reached = dict.fromkeys(name for near in level for name in far.get(near, ()) if name not in seen)
        yield from reached
        seen.update(reached)
        level = list(reached)


# --- strongly connected ----------------------------------------------------------------------------------------------


@define
class _Visit:
    """A name on the way of Tarjan's search: what it leads to, how far that was looked at, and how far back it leads."""

    name: str
    far: Iterator[str]
    low: int


@define
class _Search:
    """Tarjan's search for strongly connected components, with a stack of its own instead of recursion.

    Source: R. Tarjan, Depth-first search and linear graph algorithms, SIAM J. Comput. 1 (1972)
    """

    far: Far
    number: dict[str, int] = field(factory=dict)
    open: dict[str, None] = field(factory=dict)  # visited, and in no component yet; in the order of the visit
    found: list[tuple[str, ...]] = field(factory=list)

    def run(self, start: str) -> None:
        way = [self.enter(start)]
        while way:
            visit = way[-1]
            name = next(visit.far, None)
            if name is None:
                self.leave(way)
            elif name not in self.number:
                way.append(self.enter(name))
            elif name in self.open:
                visit.low = min(visit.low, self.number[name])

    def enter(self, name: str) -> _Visit:
        self.number[name] = len(self.number)
        self.open[name] = None
        return _Visit(name, iter(self.far.get(name, ())), self.number[name])

    def leave(self, way: list[_Visit]) -> None:
        visit = way.pop()
        if way:
            way[-1].low = min(way[-1].low, visit.low)
        if visit.low == self.number[visit.name]:
            members = [self.open.popitem()[0]]
            while members[-1] != visit.name:
                members.append(self.open.popitem()[0])
            self.found.append(tuple(members))


def strong(names: Iterable[str], far: Far) -> list[tuple[str, ...]]:
    """Give the strongly connected components, each before those that lead to it.

    >>> strong("abc", {"a": ["b"], "b": ["a", "c"]})
    [('c',), ('b', 'a')]
    """
    search = _Search(far)
    for name in names:
        if name not in search.number:
            search.run(name)
    return search.found


def cycles(names: Sequence[str], links: Sequence[Link]) -> tuple[Cycle, ...]:
    """Give the groups of names that lead to one another, or the one that leads to itself, with the links inside.

    >>> [cycle.collections for cycle in cycles("abc", [Link("a", "b", None, False), Link("b", "a", None, False)])]
    [('a', 'b')]
    """
    place = {name: number for number, name in enumerate(names)}
    group = {name: number for number, members in enumerate(strong(names, _far(links))) for name in members}
    inside: dict[int, list[Link]] = defaultdict(list)
    for link in links:
        if group[link.near] == group[link.far]:
            inside[group[link.near]].append(link)
    found = [
        Cycle(
            tuple(sorted({name for link in closing for name in (link.near, link.far)}, key=place.__getitem__)),
            tuple(dict.fromkeys(link.source for link in closing)),
        )
        for closing in inside.values()
    ]
    return tuple(sorted(found, key=lambda cycle: place[cycle.collections[0]]))


def _far(links: Iterable[Link]) -> dict[str, list[str]]:
    far: dict[str, list[str]] = defaultdict(list)
    for link in links:
        far[link.near].append(link.far)
    return far


# --- orders ----------------------------------------------------------------------------------------------------------


def load_order(names: Sequence[str], links: Sequence[Link]) -> LoadOrder:
    """Give an order in which what a name points at comes first, and the links that no order can satisfy.

    Within a cycle as few links as is seen at each step are left for later, and of those that cannot be NULL only such
    as close a cycle by themselves.

    >>> load_order("ab", [Link("a", "b", "a.x", True), Link("b", "a", "b.y", False)])
    LoadOrder(collections=('b', 'a'), deferred=('b.y',), forced=())
    """
    placed: dict[str, None] = {}
    place, far = {name: number for number, name in enumerate(names)}, _far(links)
    pointing: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        pointing[link.near].append(link)
    for members in strong(names, far):
        if len(members) == 1:
            placed[members[0]] = None
        else:
            cycle = _Cycle(sorted(members, key=place.__getitem__), pointing)
            placed.update(dict.fromkeys(cycle.placed()))
    position = {name: number for number, name in enumerate(placed)}
    later = [link for link in links if position[link.far] >= position[link.near]]
    forced = dict.fromkeys(link.source for link in later if link.required)
    deferred = dict.fromkeys(link.source for link in later if link.source not in forced)
    return LoadOrder(tuple(placed), tuple(deferred), tuple(forced))


class _Cycle:
    """The members of one cycle being placed: what each still waits for, and for how much of that it has to."""

    def __init__(self, members: Sequence[str], pointing: Mapping[str, Sequence[Link]]) -> None:
        inside = set(members)
        self.number = {name: number for number, name in enumerate(members)}
        self.open = {
            name: [link for link in pointing[name] if link.far in inside and link.far != name] for name in members
        }
        self.pointed: dict[str, list[Link]] = defaultdict(list)
        for link in (link for links in self.open.values() for link in links):
            self.pointed[link.far].append(link)
        self.waiting = {name: len(links) for name, links in self.open.items()}
        self.needed = {name: sum(link.required for link in links) for name, links in self.open.items()}  # of those left
        self.ready = [(self.waiting[name], number) for name, number in self.number.items() if not self.needed[name]]
        heapify(self.ready)
        self.members = members
        self.cycle: Sequence[str] = ()  # of required links, where one was met; nothing outside of it is needed in it

    def placed(self) -> Iterator[str]:
        """Yield the members: at each step one that needs no other, of these the one with least to defer."""
        while self.needed:
            name = self._next_ready() or self._first_needed()
            del self.needed[name]
            yield name
            for link in self.pointed[name]:
                if link.near in self.needed:
                    self._met(link)

    def _met(self, link: Link) -> None:
        self.waiting[link.near] -= 1
        self.needed[link.near] -= link.required
        if not self.needed[link.near]:
            heappush(self.ready, (self.waiting[link.near], self.number[link.near]))

    def _next_ready(self) -> str | None:
        while self.ready:
            waiting, number = heappop(self.ready)
            name = self.members[number]
            if name in self.needed and self.waiting[name] == waiting:  # else there is a newer entry, or it is placed
                return name
        return None

    def _first_needed(self) -> str:
        """Give a name of a cycle of required links that needs no other such cycle: one of them has to go first."""
        left = [name for name in self.cycle if name in self.needed] or list(self.needed)
        far = {
            name: [link.far for link in self.open[name] if link.required and link.far in self.needed] for name in left
        }
        self.cycle = next(iter(strong(left, far)))
        return min(self.cycle, key=lambda name: (self.needed[name], self.waiting[name], self.number[name]))
