"""Tables: items as text for a person.

In: items as a read gives them, nested, and the width there is (None: any). Out: lines of text. A related item becomes
columns with dotted names, a list of related items stands below each other. Where the columns do not fit, the longest
texts are cut; where even that does not help, each item is written below the other, a line for each field. Pure; control
characters are shown, never sent, so that what a database holds cannot steer a terminal.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import zip_longest
from typing import Any, Final, TypeAlias

from attrs import frozen

GAP: Final = "  "
_LEAST: Final = 8  # what a text is cut down to at most, before items are written below each other
_NARROWEST: Final = 24  # terminals are taken to be at least this wide

Path: TypeAlias = tuple[str, ...]
Line: TypeAlias = dict[Path, "Cell"]


@frozen
class Cell:
    """What one place of a table shows."""

    text: str
    number: bool = False


# --- text in a terminal ----------------------------------------------------------------------------------------------

_ESCAPED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


@cache
def _width_of(sign: str) -> int:
    if unicodedata.category(sign) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def width_of(text: str) -> int:
    """Give the number of columns a text takes in a terminal.

    >>> width_of("é"), width_of("e\\u0301"), width_of("日本")
    (1, 1, 4)
    """
    return len(text) if text.isascii() else sum(map(_width_of, text))


def _is_shown(sign: str) -> bool:
    """Tell whether a character may go to a terminal: no control character, half surrogate or change of direction."""
    return unicodedata.category(sign) not in ("Cc", "Cs", "Zl", "Zp") and not (
        unicodedata.category(sign) == "Cf" and unicodedata.bidirectional(sign) not in ("BN", "")
    )


def shown(text: str) -> str:
    r"""Give a text on one line, with what would steer the terminal spelled out.

    >>> print(shown("two\nlines and \x1b[31m"))
    two\nlines and \x1b[31m
    """
    if text.isprintable():
        return text
    return "".join(sign if _is_shown(sign) else _ESCAPED.get(sign) or ascii(sign)[1:-1] for sign in text)


def cut(text: str, width: int) -> str:
    """Give a text that takes at most `width` columns, ending in an ellipsis where something is left out.

    >>> cut("Ganymede", 5), cut("日本語", 5)
    ('Gany…', '日本…')
    """
    if width_of(text) <= width:
        return text
    kept, room = "", width - 1
    for sign in text:
        room -= _width_of(sign)
        if room < 0:
            break
        kept += sign
    return f"{kept}…"


def wrap(text: str, width: int) -> Iterator[str]:
    """Yield the lines of a text, broken at blanks where there are some, none wider than `width` (2 or more).

    >>> list(wrap("an element of the sky", 10))
    ['an element', 'of the sky']
    """
    while width_of(text) > width:
        head = cut(text, width + 1)[:-1]
        blank = head.rfind(" ") if text[len(head)] != " " else len(head)
        head = head[:blank] if blank > 0 else head
        yield head
        text = text[len(head) :].lstrip(" ")
    yield text


def _cell(value: Any) -> Cell:
    match value:
        case None:
            return Cell("")
        case bool():
            return Cell("true" if value else "false")
        case int() | float():
            return Cell(str(value), number=True)
        case bytes():
            return Cell(f"<{len(value)} bytes>")
        case list():
            return Cell(", ".join(_cell(inner).text for inner in value))
        case _:
            return Cell(shown(str(value)))


# --- items as lines of columns ---------------------------------------------------------------------------------------


def _lines(value: Any, path: Path = ()) -> list[Line]:
    """Give the lines an item takes: what it holds stands side by side, lists of items below each other."""
    if isinstance(value, Mapping):
        beside = [_lines(inner, (*path, name)) for name, inner in value.items()]
        return [
            {at: cell for line in lines for at, cell in line.items()} for lines in zip_longest(*beside, fillvalue={})
        ]
    if isinstance(value, list) and any(isinstance(inner, Mapping) for inner in value):
        return [line for inner in value for line in _lines(inner, path)]
    return [{path: _cell(value)}]


def _paths(lines: Iterable[Line]) -> list[Path]:
    """Give the columns, what belongs to one related item side by side, in the order of appearance.

    A related item that is missing leaves no column of its own beside those of the items that are there.
    """
    tree: dict[str, Any] = {}
    for path in dict.fromkeys(path for line in lines for path in line):
        branch = tree
        for name in path:
            branch = branch.setdefault(name, {})
    return list(_leaves(tree, (), {path for line in lines for path, cell in line.items() if cell.text}))


def _leaves(tree: Mapping[str, Any], path: Path, filled: set[Path]) -> Iterator[Path]:
    for name, branch in tree.items():
        here = (*path, name)
        if here in filled or not branch:
            yield here
        yield from _leaves(branch, here, filled)


@frozen
class Column:
    """One column: its heading, its cells from top to bottom, and the width of the widest cell."""

    heading: str
    cells: tuple[Cell, ...]
    filled: int
    number: bool

    @property
    def width(self) -> int:
        """The width at which nothing is cut."""
        return max(self.filled, width_of(self.heading))

    @property
    def least(self) -> int:
        """The width below which it says too little: numbers are never cut, texts and headings to a few letters."""
        return min(self.width, max(self.filled if self.number else 0, _LEAST))

    def place(self, text: str, width: int) -> str:
        """Give a text at its place: cut, and filled up to the width, numbers to the right."""
        text = cut(text, width)
        blank = " " * (width - width_of(text))
        return blank + text if self.number else text + blank

    def head(self, width: int) -> str:
        """Give the heading at its place; of a path that is cut the end stays."""
        return self.place(
            self.heading if width_of(self.heading) <= width else cut(self.heading[::-1], width)[::-1], width
        )


def _column(path: Path, lines: Sequence[Line]) -> Column:
    cells = tuple(line.get(path, Cell("")) for line in lines)
    filled = max(width_of(cell.text) for cell in cells)
    return Column(shown(".".join(path)), cells, filled, number=all(cell.number or not cell.text for cell in cells))


def _fit(columns: Sequence[Column], width: int | None) -> list[int] | None:
    """Give the widths at which the columns fit: headings are cut first, then texts; None where they cannot."""
    if width is None:
        return [column.width for column in columns]
    room = width - len(GAP) * (len(columns) - 1)
    widths = [min(column.width, width) for column in columns]
    for floors in ([max(column.filled, column.least) for column in columns], [column.least for column in columns]):
        _shrink(widths, floors, room)
    return widths if sum(widths) <= room else None


def _shrink(widths: list[int], floors: Sequence[int], room: int) -> None:
    """Make the widest of the widths smaller, none below its floor, until they fit or nothing is left to take."""
    while sum(widths) > room:
        wide = [at for at, floor in enumerate(floors) if widths[at] > floor]
        if not wide:
            return
        widths[max(wide, key=widths.__getitem__)] -= 1


def table(items: Sequence[Any], width: int | None = None) -> Iterator[str]:
    """Yield the lines of items as a table, or each below the other where the width does not allow for one.

    >>> planets = [{"name": "Mars", "moons": [{"name": "Phobos", "km": 11}, {"name": "Deimos", "km": 6}]}]
    >>> print("\\n".join(table(planets)))
    name  moons.name  moons.km
    ────  ──────────  ────────
    Mars  Phobos            11
          Deimos             6
    """
    lines = [line for item in items for line in _lines(item if isinstance(item, Mapping) else {"key": item})]
    columns = [_column(path, lines) for path in _paths(lines)]
    widths = _fit(columns, None if width is None else max(width, _NARROWEST))
    if widths is None:
        yield from _below_each_other(items, width)
        return
    sized = list(zip(columns, widths, strict=True))
    yield _joined(column.head(size) for column, size in sized)
    yield _joined("─" * size for size in widths)
    for number in range(len(lines)):
        yield _joined(column.place(column.cells[number].text, size) for column, size in sized)


def _joined(parts: Iterable[str]) -> str:
    return GAP.join(parts).rstrip()


# --- items as records ------------------------------------------------------------------------------------------------


def _below_each_other(items: Sequence[Any], width: int | None) -> Iterator[str]:
    for number, item in enumerate(items, 1):
        if number > 1:
            yield ""
        yield f"── {number} of {len(items)} ──"
        yield from record(item if isinstance(item, Mapping) else {"key": item}, width)


def record(item: Mapping[str, Any], width: int | None = None) -> Iterator[str]:
    """Yield the lines of one item, a field on each; a list of related items is a table of its own below its name.

    >>> print("\\n".join(record({"name": "Mars", "star": {"name": "Sun"}, "moons": [{"id": 1}, {"id": 2}]})))
    name       Mars
    star.name  Sun
    moons
      id
      ──
       1
       2
    """
    members = [(shown(".".join(path)), value) for path, value in _members(item, ())]
    margin = max((width_of(name) for name, value in members if not _is_list_of_items(value)), default=0)
    room = None if width is None else max(width, _NARROWEST)
    for name, value in members:
        if _is_list_of_items(value):
            yield name
            yield from (f"{GAP}{line}" for line in table(value, room and room - len(GAP)))
        else:
            yield from _field(name, _cell(value).text, margin, room)


def _field(name: str, text: str, margin: int, room: int | None) -> Iterator[str]:
    left = [name + " " * (margin - width_of(name)), " " * margin]
    for number, line in enumerate([text] if room is None else wrap(text, max(room - margin - len(GAP), _LEAST))):
        yield _joined((left[min(number, 1)], line))


def _members(item: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Any]]:
    for name, value in item.items():
        if isinstance(value, Mapping):
            yield from _members(value, (*path, name))
        else:
            yield (*path, name), value


def _is_list_of_items(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(inner, Mapping) for inner in value)
