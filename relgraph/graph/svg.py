"""SVG: a picture drawn, without any program beside this one.

In: a `Picture`. Out: an SVG text that stands alone, light or dark as its viewer is. The many side of a line has a
crow's foot; a bar at the other end says that there must be one, a ring that there may be none. Nothing fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from relgraph.graph.layout import Layout, Place, Point, lay_out
from relgraph.graph.markup import safe, shortened
from relgraph.graph.picture import Box, Line, Picture, Row

MARGIN: Final = 40.0
_HEAD: Final = 30.0  # the height of a box's name
_ROW: Final = 20.0
_LETTER: Final = 7.0  # the width of one, about, at 12 pixels
_NAMES: Final = 28  # letters of a name that are shown
_TYPES: Final = 14
_ROWS: Final = 24  # fields of a box that are shown, keys and pointers always
_BAR: Final = 6.0  # half the height of what stands across a line
_FOOT: Final = 12.0  # the length of a crow's foot

STYLE: Final = """
:root{--paper:#ffffff;--box:#ffffff;--ink:#1d2733;--soft:#66727f;--edge:#b9c3ce;--line:#7b8794;--table:#dbe7f5;
--view:#e9ecef;--junction:#f7e6c1;--any:#e8daf5;--mark:#c2410c}
@media (prefers-color-scheme:dark){:root{--paper:#11161c;--box:#1a212a;--ink:#e4e9ee;--soft:#95a1ad;--edge:#3a4653;
--line:#7d8b99;--table:#24415f;--view:#333b44;--junction:#5a4515;--any:#4a2f66;--mark:#fb923c}}
svg.graph{background:var(--paper);font:12px system-ui,"Segoe UI",Helvetica,Arial,sans-serif}
svg.graph text{fill:var(--ink)}svg.graph .name{font-weight:600;font-size:13px}
svg.graph .type{fill:var(--soft);font-size:11px}svg.graph .mark{fill:var(--mark);font-size:9px;font-weight:700}
svg.graph .frame{fill:var(--box);stroke:var(--edge)}
svg.graph .table .head{fill:var(--table)}svg.graph .view .head{fill:var(--view)}
svg.graph .junction .head{fill:var(--junction)}svg.graph .any .head{fill:var(--any)}
svg.graph .view .frame,svg.graph .junction .frame,svg.graph .any .frame{stroke-dasharray:5 3}
svg.graph .focus .frame{stroke:var(--mark);stroke-width:2.5}
svg.graph .line path{fill:none;stroke:var(--line);stroke-width:1.3}
svg.graph .line circle{fill:var(--paper);stroke:var(--line);stroke-width:1.3}
svg.graph .m2a path.way{stroke-dasharray:6 4}svg.graph .key path.way{stroke-dasharray:2 3}
"""


def to_svg(picture: Picture) -> str:
    """Give the drawing.

    >>> to_svg(Picture((), ())).startswith("<svg")
    True
    """
    return "\n".join(_text(picture))


def _text(picture: Picture) -> Iterator[str]:
    boxes = {box.name: _Shown(box) for box in picture.boxes}
    layout = lay_out(
        {name: (shown.width, shown.height) for name, shown in boxes.items()},
        [(line.near, line.far) for line in picture.lines],
    )
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" class="graph" role="img" {size}>'
    yield "<title>The graph of a database</title>"
    yield f"<style>{STYLE}</style>"
    yield f'<g class="all" transform="translate({MARGIN:.0f} {MARGIN:.0f})">'
    for line in picture.lines:
        yield from _line(line, layout, boxes)
    for name, shown in boxes.items():
        yield from shown.text(layout.places[name], focus=name == picture.focus)
    yield "</g>"
    yield "</svg>"


class _Shown:
    """A box as it is drawn: the rows that have room, and its size."""

    def __init__(self, box: Box) -> None:
        self.box = box
        chosen = [place for place, row in enumerate(box.rows) if row.mark]
        chosen += [place for place, row in enumerate(box.rows) if not row.mark][: max(_ROWS - len(chosen), 0)]
        self.rows = tuple(box.rows[place] for place in sorted(chosen))
        self.left_out = len(box.rows) - len(self.rows)
        names = max((len(row.name) for row in self.rows), default=0)
        types = max((len(row.type) for row in self.rows), default=0)
        inner = 44 + (min(names, _NAMES) + min(types, _TYPES)) * _LETTER
        self.width = max(110.0, inner, 24 + min(len(box.name), _NAMES) * (_LETTER + 1.5))
        self.height = _HEAD + _ROW * (len(self.rows) + bool(self.left_out)) + 4

    def height_of(self, fields: Sequence[str]) -> float:
        """Give where a line ends that belongs to some fields: at the first that is shown, else at the name."""
        for place, row in enumerate(self.rows):
            if row.name in fields:
                return _HEAD + _ROW * (place + 0.5)
        return _HEAD / 2

    def text(self, place: Place, *, focus: bool) -> Iterator[str]:
        box, name = self.box, safe(self.box.name)
        chosen = f"box {box.kind}{' focus' if focus else ''}"
        yield f'<g class="{chosen}" data-name="{name}" transform="translate({place.x:.1f} {place.y:.1f})">'
        yield f"<title>{name}</title>"
        yield f'<rect class="frame" width="{self.width:.1f}" height="{self.height:.1f}" rx="6"/>'
        yield f'<path class="head" d="M0 {_HEAD:.0f}V6q0 -6 6 -6H{self.width - 6:.1f}q6 0 6 6V{_HEAD:.0f}z"/>'
        yield f'<text class="name" x="12" y="20">{safe(shortened(box.name, _NAMES))}</text>'
        for number, row in enumerate(self.rows):
            yield from self._row(row, _HEAD + _ROW * number + 14)
        if self.left_out:
            y = _HEAD + _ROW * len(self.rows) + 14
            yield f'<text class="type" x="34" y="{y:.0f}">and {self.left_out} more</text>'
        yield "</g>"

    def _row(self, row: Row, y: float) -> Iterator[str]:
        mark = "PF" if row.mark == "PK, FK" else row.mark
        yield f'<g class="row"><title>{safe(row.name)}</title>'
        if mark:
            yield f'<text class="mark" x="8" y="{y:.0f}">{mark}</text>'
        yield f'<text x="30" y="{y:.0f}">{safe(shortened(row.name, _NAMES))}</text>'
        kind = safe(shortened(row.type, _TYPES))
        yield f'<text class="type" x="{self.width - 10:.1f}" y="{y:.0f}" text-anchor="end">{kind}</text></g>'


# --- lines -----------------------------------------------------------------------------------------------------------


def _line(line: Line, layout: Layout, boxes: dict[str, _Shown]) -> Iterator[str]:
    near, far = layout.places[line.near], layout.places[line.far]
    near_y = near.y + boxes[line.near].height_of(line.fields)
    far_y = far.y + boxes[line.far].height_of(line.far_fields)
    points = layout.ways.get((line.near, line.far), ())
    near_side, far_side = _sides(near, far)
    start, end = (_at(near, near_side), near_y), (_at(far, far_side), far_y)
    kind, names = line.kind, f'data-near="{safe(line.near)}" data-far="{safe(line.far)}"'
    yield f'<g class="line {kind}" {names}>'
    way = f"{safe(line.near)}.{safe(line.label)} → {safe(line.far)}"
    yield f"<title>{way}</title>"
    yield f'<path class="way" d="{_curve(start, end, near_side, far_side, points)}"/>'
    yield _many_end(start, near_side, unique=line.unique)
    yield _one_end(end, far_side, required=line.required)
    yield "</g>"


def _sides(near: Place, far: Place) -> tuple[int, int]:
    """Give at which side of its boxes a line ends: -1 left, 1 right; both right where they stand in one column."""
    if near.x + near.width <= far.x:
        return 1, -1
    if far.x + far.width <= near.x:
        return -1, 1
    return 1, 1


def _at(place: Place, side: int) -> float:
    return place.x + (place.width if side > 0 else 0)


def _curve(start: Point, end: Point, near_side: int, far_side: int, points: Sequence[Point]) -> str:
    """Give a line that leaves and arrives level, and passes points level too."""
    stops = [(start[0] + near_side * _FOOT, start[1]), *points, (end[0] + far_side * _FOOT, end[1])]
    d = [f"M{start[0]:.1f} {start[1]:.1f}", f"L{stops[0][0]:.1f} {stops[0][1]:.1f}"]
    for place, (one, other) in enumerate(pairwise(stops)):
        if near_side == far_side:
            bend = max(40.0, abs(other[1] - one[1]) / 6)
            d.append(_bezier((one[0] + bend, one[1]), (other[0] + bend, other[1]), other))
        elif place % 2 and points:
            d.append(f"L{other[0]:.1f} {other[1]:.1f}")
        else:
            reach = near_side * max(30.0, abs(other[0] - one[0]) / 2)
            d.append(_bezier((one[0] + reach, one[1]), (other[0] - reach, other[1]), other))
    return " ".join([*d, f"L{end[0]:.1f} {end[1]:.1f}"])


def _bezier(first: Point, second: Point, end: Point) -> str:
    return "C" + " ".join(f"{x:.1f} {y:.1f}" for x, y in (first, second, end))


def _many_end(point: Point, side: int, *, unique: bool) -> str:
    """Give a crow's foot, or where no two items point at the same one, a bar."""
    x, y = point
    if unique:
        return f'<path d="M{x + side * 7:.1f} {y - _BAR:.1f}V{y + _BAR:.1f}"/>'
    tip = x + side * _FOOT
    return f'<path class="foot" d="M{x:.1f} {y - _BAR:.1f}L{tip:.1f} {y:.1f}L{x:.1f} {y + _BAR:.1f}"/>'


def _one_end(point: Point, side: int, *, required: bool) -> str:
    x, y = point
    bar = f'<path d="M{x + side * 5:.1f} {y - _BAR:.1f}V{y + _BAR:.1f}"/>'
    if required:
        return f'{bar}<path d="M{x + side * 9:.1f} {y - _BAR:.1f}V{y + _BAR:.1f}"/>'
    return f'{bar}<circle cx="{x + side * 12:.1f}" cy="{y:.1f}" r="3.5"/>'
