"""Layout: where the boxes of a picture stand, and which way its lines go.

In: boxes with their sizes, and pairs of boxes that lines join. Out: places, in columns from left to right: what is
pointed at stands left of what points at it, where no loop is in the way. Lines that pass a column have a gap of their
own in it, so that they run behind no box. Pure; the same for the same input; nothing fails.

The way is Sugiyama's: loops are cut, boxes get columns of about equal height (Coffman and Graham), columns are sorted
by the middle of what each box is joined to, and boxes are moved towards it. Groups that nothing joins are laid out one
by one and put into shelves; single boxes come last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from typing import Final, TypeAlias

from attrs import define, field, frozen

GAP: Final = 28.0  # between the boxes of a column
AISLE: Final = 110.0  # between columns, where lines cross
LANE: Final = 14.0  # the height that a passing line takes in a column
_SWEEPS: Final = 12
_LANES: Final = 2000  # in a group; longer lines go without one where there are more, as time grows with them
_RATIO: Final = 1.5  # of width to height, that is aimed at

Size: TypeAlias = tuple[float, float]  # width and height
Point: TypeAlias = tuple[float, float]
Pair: TypeAlias = tuple[str, str]  # the box that points, and the one it points at


@frozen
class Place:
    """Where a box stands: its left upper corner, and its size."""

    x: float
    y: float
    width: float
    height: float


@frozen
class Layout:
    """Places of boxes by name, for each pair the points that its lines pass, from the one that points, and the size."""

    places: Mapping[str, Place]
    ways: Mapping[Pair, tuple[Point, ...]]
    width: float
    height: float


def lay_out(sizes: Mapping[str, Size], pairs: Iterable[Pair]) -> Layout:
    """Give each box a place; pairs of a box with itself are allowed.

    >>> found = lay_out({"books": (100, 50), "authors": (100, 50)}, [("books", "authors")])
    >>> found.places["authors"].x < found.places["books"].x
    True
    """
    wanted = dict.fromkeys(pair for pair in pairs if pair[0] != pair[1])
    groups = _groups(sizes, wanted)
    parts = [_part(group, sizes, [pair for pair in wanted if pair[0] in group]) for group in groups if len(group) > 1]
    parts += [_single(name, sizes[name]) for group in groups if len(group) == 1 for name in group]
    return _shelved(parts)


def _groups(sizes: Mapping[str, Size], pairs: Iterable[Pair]) -> list[dict[str, None]]:
    """Give the names in groups that lines join, the largest first."""
    beside: dict[str, list[str]] = {name: [] for name in sizes}
    for near, far in pairs:
        beside[near].append(far)
        beside[far].append(near)
    groups: list[dict[str, None]] = []
    seen: set[str] = set()
    for name in sizes:
        if name not in seen:
            group, waiting = {name: None}, [name]
            while waiting:
                new = [each for each in beside[waiting.pop()] if each not in group]
                group.update(dict.fromkeys(new))
                waiting += dict.fromkeys(new)
            seen.update(group)
            groups.append({each: None for each in sizes if each in group})
    return sorted(groups, key=len, reverse=True)


# --- columns ---------------------------------------------------------------------------------------------------------


def _columns(group: Iterable[str], sizes: Mapping[str, Size], pairs: Sequence[Pair]) -> dict[str, int]:
    """Give each box a column, right of all it points at; a column that is full sends boxes on to the next."""
    names = list(group)
    ordered, ones = _in_order(names, pairs)
    area = sum((sizes[name][0] + AISLE) * (sizes[name][1] + GAP) for name in names)
    most = max(sqrt(area / _RATIO), max(sizes[name][1] for name in names))
    filled: dict[int, float] = defaultdict(float)
    found: dict[str, int] = {}
    for name in ordered:
        column = max((found[one] + 1 for one in ones[name] if one in found), default=0)
        while filled[column] and filled[column] + sizes[name][1] > most:
            column += 1
        found[name] = column
        filled[column] += sizes[name][1] + GAP
    return found


def _in_order(names: Sequence[str], pairs: Sequence[Pair]) -> tuple[list[str], dict[str, list[str]]]:
    """Give an order with what is pointed at first, where no loop is in the way; of a loop the most wanted is first."""
    ones: dict[str, list[str]] = {name: [] for name in names}
    manies: dict[str, list[str]] = {name: [] for name in names}
    for near, far in pairs:
        ones[near].append(far)
        manies[far].append(near)
    open_ones = {name: set(ones[name]) for name in names}
    left, ordered = dict.fromkeys(names), []
    while left:
        name = min(left, key=lambda each: (len(open_ones[each]), -len(manies[each])))
        ordered.append(name)
        del left[name]
        for many in manies[name]:
            open_ones[many].discard(name)
    return ordered, ones


# --- one group -------------------------------------------------------------------------------------------------------


@define
class _Spot:
    """A box in its column, or a gap for a line that passes (`name` is then a pair and a number)."""

    name: object
    width: float
    height: float
    beside: list[_Spot] = field(factory=list, repr=False, eq=False)
    y: float = 0.0

    @property
    def room(self) -> float:
        """The height it takes with what has to be free below it."""
        return self.height + (GAP if isinstance(self.name, str) else 4.0)

    @property
    def middle(self) -> float:
        return self.y + self.height / 2

    @property
    def wanted(self) -> float:
        """Where the middle of it would best be."""
        return sum(each.middle for each in self.beside) / len(self.beside) if self.beside else self.middle


def _part(group: Iterable[str], sizes: Mapping[str, Size], pairs: Sequence[Pair]) -> Layout:
    column_of = _columns(group, sizes, pairs)
    columns: list[list[_Spot]] = [[] for _ in range(max(column_of.values()) + 1)]
    spots = {name: _Spot(name, *sizes[name]) for name in column_of}
    for name, column in column_of.items():
        columns[column].append(spots[name])
    passed, lanes = {}, 0
    for pair in sorted(pairs, key=lambda each: abs(column_of[each[0]] - column_of[each[1]])):
        lanes += max(abs(column_of[pair[0]] - column_of[pair[1]]) - 1, 0)
        if lanes <= _LANES:
            passed[pair] = _passed(pair, column_of, columns, spots)
    for column_spots in columns:
        _stack(column_spots)
    for sweep in range(_SWEEPS):
        for spots_there in columns if sweep % 2 else reversed(columns):
            spots_there.sort(key=lambda spot: spot.wanted)
            _settle(spots_there)
    return _drawn(columns, passed)


def _passed(
    pair: Pair, column_of: Mapping[str, int], columns: list[list[_Spot]], spots: Mapping[str, _Spot]
) -> list[tuple[int, _Spot]]:
    """Make a gap in every column between two boxes; give the gaps, from the box that points."""
    start, end = column_of[pair[0]], column_of[pair[1]]
    step = 1 if end > start else -1
    before, made = spots[pair[0]], []
    for column in range(start + step, end, step) if start != end else ():
        gap = _Spot((pair, column), 0.0, LANE)
        _join(before, gap)
        columns[column].append(gap)
        made.append((column, gap))
        before = gap
    _join(before, spots[pair[1]])
    return made


def _join(one: _Spot, other: _Spot) -> None:
    one.beside.append(other)
    other.beside.append(one)


def _stack(column: Sequence[_Spot]) -> None:
    """Put a column together as close as it can be, around the line of 0."""
    y = -sum(spot.room for spot in column) / 2
    for spot in column:
        spot.y, y = y, y + spot.room


def _settle(column: Sequence[_Spot]) -> None:
    """Move what is in a column to where it is wanted, as near as its neighbours allow; the order stays.

    Neighbours that want to overlap are held together, and go where they want on the average.
    """
    blocks: list[tuple[float, float, list[_Spot]]] = []  # where the first is wanted, how high, what is in it
    for spot in column:
        top, height, held = spot.wanted - spot.height / 2, spot.room, [spot]
        while blocks and blocks[-1][0] + blocks[-1][1] > top:
            above_top, above_height, above = blocks.pop()
            count = len(above) + len(held)
            top = (above_top * len(above) + (top - above_height) * len(held)) / count
            height, held = above_height + height, above + held
        blocks.append((top, height, held))
    for top, _, held in blocks:
        y = top
        for spot in held:
            spot.y, y = y, y + spot.room


def _drawn(columns: Sequence[Sequence[_Spot]], passed: Mapping[Pair, Sequence[tuple[int, _Spot]]]) -> Layout:
    """Give the places of a group, from its left upper corner."""
    top = min(spot.y for column in columns for spot in column)
    bottom = max(spot.y + spot.height for column in columns for spot in column)
    lefts, widths, x = [], [], 0.0
    for column in columns:
        widths.append(max((spot.width for spot in column), default=0.0))
        lefts.append(x)
        x += widths[-1] + AISLE
    places = {
        str(spot.name): Place(left + (width - spot.width) / 2, spot.y - top, spot.width, spot.height)
        for column, left, width in zip(columns, lefts, widths, strict=True)
        for spot in column
        if isinstance(spot.name, str)
    }
    ways: dict[Pair, tuple[Point, ...]] = {}
    for pair, gaps in passed.items():
        points: list[Point] = []
        for column_number, gap in gaps:
            sides = (lefts[column_number], lefts[column_number] + widths[column_number])
            backwards = len(gaps) > 0 and _is_left_going(pair, places)
            points += [(side, gap.middle - top) for side in (reversed(sides) if backwards else sides)]
        ways[pair] = tuple(points)
    return Layout(places, ways, x - AISLE, bottom - top)


def _is_left_going(pair: Pair, places: Mapping[str, Place]) -> bool:
    return places[pair[0]].x > places[pair[1]].x


def _single(name: str, size: Size) -> Layout:
    return Layout({name: Place(0.0, 0.0, *size)}, {}, *size)


# --- all groups ------------------------------------------------------------------------------------------------------


def _shelved(parts: Sequence[Layout]) -> Layout:
    """Put layouts side by side into shelves of about one width."""
    area = sum((part.width + AISLE) * (part.height + GAP) for part in parts)
    most = max([sqrt(area * _RATIO), *(part.width for part in parts)], default=0.0)
    places: dict[str, Place] = {}
    ways: dict[Pair, tuple[Point, ...]] = {}
    x = y = shelf = width = 0.0
    for part in parts:
        if x and x + part.width > most:
            x, y, shelf = 0.0, y + shelf + 2 * GAP, 0.0
        places |= {
            name: Place(place.x + x, place.y + y, place.width, place.height) for name, place in part.places.items()
        }
        ways |= {pair: tuple((left + x, top + y) for left, top in points) for pair, points in part.ways.items()}
        shelf, width = max(shelf, part.height), max(width, x + part.width)
        x += part.width + AISLE / 2
    return Layout(places, ways, width, y + shelf)
