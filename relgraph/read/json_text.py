"""JSON text: functions that turn the rows of a level into the text of items, written out as Python for each plan.

In: a `Level`. Out: a function `build(rows, found)` as `read.assemble` gives one, which makes texts where that one makes
dicts. Equal as data to `json.dumps` of the items; floats by their shortest exact digits. Raises `TypeError` for a blob
and `ValueError` for an infinity, as `json` does; `Result.to_json` says where it stands.

Text needs no copies, so the object of a to-one relation is written once, however many parents it has. What SQLite has
written comes as a `TextCell`, see `json_sql`; what is short Python writes alone. To the time of making dicts and giving
them to orjson, reading included, that of text is, where a query is always wanted as text (10k and 100k articles, Python
3.11, 2026-11): 0.5 to 0.8 in W3, the less the busier the memory; 0.9 to 0.97 in W9, whose flat rows hold nothing that
is written once; 0.95 to 1.02 in W2, W7 and W8; 1.01 to 1.04 in W1 and the other reads of less than 0.1 ms.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any, ClassVar, Final

from attrs import define, field

from relgraph.read.assemble import GROUPED, GROUPED_ROWS, Builder, Row, Writer, written
from relgraph.read.plan import AnyCell, JoinedCell, Level, LevelCell, ManyCell, TextCell

TEXTS_KEPT: Final = 4096  # of floats, and of what is converted: finding a text costs 40 ns, making it 300 and more
LONGEST_KEPT: Final = 40  # characters: moments, not documents


def text_builder(level: Level, example: Row = ()) -> Builder:
    """Give the function that makes of a level's rows the texts its parents look up; faster where they are like one.

    The root: the text of a list. To-one: a text by key. Owned to-many: a list of texts by key; other to-many: a list of
    rows by key, since their parents are written once themselves.
    """
    writer = TextWriter(usual={f"r0_{position}": type(value) for position, value in enumerate(example)})
    if level.index == 0:
        return written(level, "return listed([{item} for {row} in rows])", writer)
    if level.many:
        return written(level, GROUPED if level.owned else GROUPED_ROWS, writer)
    if _written_by_sqlite(level) and level.width == 2 and level.form is None:
        return lambda rows, found: complete(dict(rows))  # rows of a key and a text
    return written(level, "return complete({{key}: {item} for {row} in rows})", writer)


def _written_by_sqlite(level: Level) -> TextCell | None:
    """Give the cell of a level whose items SQLite has written, if that is all that they are."""
    only = level.cells[0] if level.cells and len(level.cells) == 1 else None
    return only if isinstance(only, TextCell) else None


_KINDS: Final = {
    type(None): "'null' if {v} is None else ",
    int: "{v} if type({v}) is int else ",
    str: "quoted({v}) if type({v}) is str else ",
    float: "floats[{v}] if type({v}) is float else ",
}


@define
class TextWriter(Writer):
    """Writes the expression that gives the text of one item: `%` of a fixed text and a tuple, which Python compiles."""

    null: ClassVar[str] = "'null'"
    usual: Mapping[str, type] = field(factory=dict)  # the type that a value has in most rows

    def __attrs_post_init__(self) -> None:
        self.names |= {
            "quoted": encode_basestring,
            "floats": _Texts(json_text),
            "other": json_text,
            "listed": listed,
            "complete": complete,
        }

    def item(self, level: Level, row: str) -> str:
        """Write the text of an item; what SQLite has written is taken as it is: None is noticed where texts meet."""
        only = _written_by_sqlite(level)
        return self.place(row, only.position) if only else super().item(level, row)

    def display(self, cells: Sequence[LevelCell], row: str) -> str:
        """Write an object of cells; one that holds nothing but a joined object, as of a junction, in one piece."""
        if len(cells) == 1 and isinstance(cells[0], JoinedCell):
            joined, name = cells[0], json_text(cells[0].name)
            pattern, texts = self.object(joined.cells, row)
            item = _filled(f"{{{_escaped(name)}:{pattern}}}", texts)
            return f"{f'{{{name}:null}}'!r} if {self.place(row, joined.position)} is None else {item}"
        pattern, texts = self.object(cells, row)
        return texts[0] if pattern == "%s" else _filled(pattern, texts)

    def object(self, cells: Sequence[LevelCell], row: str) -> tuple[str, list[str]]:
        """Give the pattern of an object and what fills it; of two with the same name the later one counts."""
        last = list({cell.position if isinstance(cell, TextCell) else cell.name: cell for cell in cells}.values())
        if any(isinstance(cell, AnyCell) and cell.quiet for cell in last):
            parts = "".join(f"{self.entry(cell, row)}, " for cell in last)
            return "{%s}", [f"','.join([part for part in ({parts}) if part])"]
        if len(last) == 1 and isinstance(last[0], TextCell):
            return "%s", [
                f"{self.place(row, last[0].position)}[:]"
            ]  # raises TypeError for None, as every part of it does
        filled = [self.filled(cell, row) for cell in last]
        return f"{{{','.join([pattern for pattern, _ in filled])}}}", [text for _, text in filled]

    def filled(self, cell: LevelCell, row: str) -> tuple[str, str]:
        """Give the pattern of a name and its value, and what fills it; what SQLite has written has names."""
        if isinstance(cell, TextCell):
            return "%s", self.inner(cell, row)
        name = _escaped(json_text(cell.name))
        if isinstance(cell, ManyCell) and not cell.hides:
            return f"{name}:[%s]", f"','.join({super().many(cell, row)})"
        return f"{name}:%s", self.cell(cell, row)

    def inner(self, cell: TextCell, row: str) -> str:
        """Write what stands inside an object that SQLite has written."""
        return f"{self.place(row, cell.position)}[1:-1]"

    def entry(self, cell: LevelCell, row: str) -> str:
        """Write the text of a name and its value; nothing where a quiet cell finds an empty object."""
        if isinstance(cell, TextCell):
            return self.inner(cell, row)
        name = f"{json_text(cell.name)}:"
        if not (isinstance(cell, AnyCell) and cell.quiet):
            return f"{name!r} + str({self.cell(cell, row)})"
        found = f"v{next(self.fresh)}"
        return f"'' if ({found} := {self.cell(cell, row)}) == '{{}}' else {name!r} + str({found})"

    def bare(self, level: Level, row: str) -> str:
        """Write a bare key: a value, or a list for a composite key."""
        values = [self.plain(self.place(row, position)) for position in level.bare]
        return _filled("%s" if len(values) == 1 else f"[{','.join(['%s'] * len(values))}]", values)

    def plain(self, place: str) -> str:
        """Write a stored value by its type, whatever its column declares; a whole number is filled in as it is.

        Asking for the usual type first saves 10 % of a wide row.
        """
        usual = self.usual.get(place)
        kinds = sorted(_KINDS, key=lambda kind: kind is not usual)
        return "".join(_KINDS[kind].replace("{v}", place) for kind in kinds) + f"other({place})"

    def converted(self, convert: Callable[[Any], Any], place: str) -> str:
        """Write the answered form of a stored value that is not NULL; that of a text is kept."""
        name = f"c{next(self.fresh)}"
        self.names[f"{name}_of"] = _Texts(lambda value: json_text(convert(value)))
        self.names[name] = lambda value: json_text(convert(value))
        return f"{name}_of[{place}] if type({place}) is str else {name}({place})"

    def one(self, level: Level, key: str) -> str:
        """Write the text found by a key, or null."""
        self.levels.add(level.index)
        return f"m{level.index}.get({self.key(level, key)}, 'null')"

    def many(self, cell: ManyCell, row: str) -> str:
        """Write the list of the texts found by a key."""
        return f"'[%s]' % (','.join({super().many(cell, row)}),)"


class _Texts(dict[Any, str]):
    """The JSON texts of values, made when first asked for; long values and both zeros are made each time."""

    def __init__(self, made: Callable[[Any], str]) -> None:
        super().__init__()
        self.made = made

    def __missing__(self, value: Any) -> str:
        text = self.made(value)
        if value and len(text) <= LONGEST_KEPT:  # 0.0 and -0.0 are equal keys with texts of their own
            if len(self) >= TEXTS_KEPT:
                self.clear()
            self[value] = text
        return text


def listed(texts: list[str]) -> str:
    """Give the text of a list of some texts, which is used up; raises TypeError where one is None.

    >>> listed(["1", "2"])
    '[1,2]'
    """
    if not texts:
        return "[]"
    texts[0] = "[" + texts[0]
    texts[-1] += "]"  # here and not around the whole, which would copy it once more
    return ",".join(texts)


def complete(texts: dict[Any, Any]) -> dict[Any, str]:
    """Give texts by their keys; raises TypeError where SQLite has written none: asking for all at once costs a third.

    >>> complete({1: "{}"})
    {1: '{}'}
    """
    if None in texts.values():
        raise TypeError("SQLite has written no text for a row")
    return texts


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def json_text(value: Any) -> str:
    """Give any value as JSON text without blanks; raises TypeError or ValueError for what JSON has no form for.

    >>> print(json_text({"a": [1, 0.1, None, True, "é"]}))
    {"a":[1,0.1,null,true,"é"]}
    """
    if type(value) is float and math.isfinite(value):
        return repr(value)
    return _ENCODER.encode(value)


def _escaped(text: str) -> str:
    """Give a text as it stands in a pattern."""
    return text.replace("%", "%%")


def _filled(pattern: str, values: Sequence[str]) -> str:
    """Write a pattern with a text for each of its %s."""
    return f"{pattern!r} % ({', '.join(values)},)" if values else repr(pattern)
