"""Small worlds, as a Hypothesis strategy: databases so small that everything in them meets.

In: nothing. Out: a `Database` of up to three tables with relations of every kind, few values and many NULLs: keys of
different tables are the same, pointers lead nowhere or spell a key in other letters, and a condition is true of about
half of the rows. Tables and rows are drawn apart from each other and put together afterwards, so that any of them can
be left out when an example shrinks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import evolve, frozen
from hypothesis import strategies as st

from relgraph.strategies import AnyPointer, Column, Pointer, Table
from relgraph.strategies.blueprints import Row
from relgraph.strategies.choosing import Pool, several_together, together
from relgraph.values import Stored
from tests.laws.databases import Database

NAMES: Final = ("a", "b", "c")
KEYS: Final = (Column("id", "INTEGER"), Column("code", "TEXT COLLATE NOCASE"), Column("code", "VARCHAR(40)"))
NOWHERE: Final = "gone"

NUMBERS: Final = (1, 2, None, 0)
TEXTS: Final = ("a", "b", None, "A", "a%")
EXTRAS: Final[dict[str, tuple[Stored, ...]]] = {
    "REAL": (1.0, 0.5, None, 2.0),
    "JSON": ("[1]", "[]", None, "{}", "1", "[1, 2]"),
    "DATETIME": ("2024-01-15", "2024-01-16 10:00:00", None, "2023-12-31"),
    "TEXT COLLATE NOCASE": ("a", "A", None, "b", ""),
    "STRING": ("1", "a", None, "10"),  # which SQLite does not take for text: it keeps numbers
}

_COLUMNS: Final = (Column("n", "INTEGER"), Column("t", "VARCHAR(40)"))

Pools = Mapping[str, Sequence[Stored]]  # what can be pointed at


@frozen
class _RowDraft:
    """A row before there are keys: what some columns hold, and places, counted round, among what others may hold."""

    named: bool  # whether it has a value in the unique column
    number: Stored
    text: Stored
    extra: int
    up: int
    other: int
    scope: int
    item: int


@frozen
class _PointerDraft:
    """A pointer before there are tables: its target is a place among them."""

    there: bool
    target: int
    to_unique: bool
    aliased: bool
    sorted: bool
    indexed: bool


@frozen
class _TableDraft:
    """A table before there are others."""

    key: Column
    extra: str
    up: _PointerDraft
    other: _PointerDraft
    allowed: tuple[int, ...]
    rows: list[_RowDraft]


_PLACE: Final = Pool((1, range(8)))
_OR: Final = Pool((1, (False, True)))
_ROW: Final = (_OR, Pool((1, NUMBERS)), Pool((1, TEXTS)), *[_PLACE] * 5)
_POINTER: Final = (_PLACE, Pool((1, (False, False, True))), _OR, _OR, _OR)
_TABLE: Final = (
    Pool((1, (*KEYS[:1], *KEYS))),
    Pool((1, tuple(EXTRAS))),
    *(Pool((1, (False, True, True))), *_POINTER),
    *(_OR, *_POINTER),
    Pool((1, ((), (), (0,), (1, 0), (0, 2)))),
)
_TABLES: Final = st.tuples(together(_TABLE), several_together(_ROW, 0, 6))


@st.composite
def small_worlds(draw: st.DrawFn) -> Database:
    """Draw a small world."""
    return _put_together([_draft(*each) for each in draw(st.lists(_TABLES, min_size=1, max_size=3))])


def _draft(shape: tuple[Any, ...], rows: list[tuple[Any, ...]]) -> _TableDraft:
    key, extra, *pointers, allowed = shape
    up, other = _PointerDraft(*pointers[:6]), _PointerDraft(*pointers[6:])
    return _TableDraft(key, extra, up, other, allowed, [_RowDraft(*row) for row in rows])


def _put_together(drafts: Sequence[_TableDraft]) -> Database:
    bare = [Table(name, (draft.key,)) for name, draft in zip(NAMES, drafts, strict=False)]
    pools = {table.name: _keys(draft) for table, draft in zip(bare, drafts, strict=True)}
    uniques = {f"{table.name}.u": _uniques(draft) for table, draft in zip(bare, drafts, strict=True)}
    shaped = [_shaped(table, draft, bare) for table, draft in zip(bare, drafts, strict=True)]
    rows = [_rows(table, draft, pools, uniques) for table, draft in zip(shaped, drafts, strict=True)]
    return Database(tuple(evolve(table, rows=tuple(each)) for table, each in zip(shaped, rows, strict=True)))


def _keys(draft: _TableDraft) -> list[Stored]:
    """Give the keys of a table's rows: the same ones in every table of that kind."""
    numbers = range(1, len(draft.rows) + 1)
    return list(numbers) if draft.key.declared == "INTEGER" else [chr(96 + number) for number in numbers]


def _uniques(draft: _TableDraft) -> list[Stored]:
    """Give the values of the unique column, of which some rows have none."""
    return [chr(97 + place) if row.named else None for place, row in enumerate(draft.rows)]


def _shaped(table: Table, draft: _TableDraft, others: Sequence[Table]) -> Table:
    drawn = (("up", draft.up), ("other", draft.other))
    allowed = tuple(dict.fromkeys(others[place % len(others)].name for place in draft.allowed))
    return evolve(
        table,
        columns=(Column("u", "VARCHAR(40)", unique=True), *_COLUMNS, Column("x", draft.extra)),
        pointers=tuple(_pointer(name, each, table, others) for name, each in drawn if each.there),
        any_pointer=AnyPointer(Column("item", "TEXT"), Column("collection", "TEXT"), allowed) if allowed else None,
        indexed=tuple(name for name, each in drawn if each.there and each.indexed),
    )


def _pointer(name: str, draft: _PointerDraft, table: Table, others: Sequence[Table]) -> Pointer:
    one = others[draft.target % len(others)]
    key = Column("u", "VARCHAR(40)") if draft.to_unique else one.key[0]
    column = Column(name, key.declared.removesuffix(" COLLATE NOCASE"))
    alias = f"{name}s of {table.name}" if draft.aliased else None
    return Pointer(column, one.name, key.name, alias=alias, sort="n" if alias and draft.sorted else None)


def _rows(table: Table, draft: _TableDraft, keys: Pools, uniques: Pools) -> Iterator[Row]:
    for key, unique, row in zip(keys[table.name], uniques[f"{table.name}.u"], draft.rows, strict=True):
        values = [unique, row.number, row.text, _at(EXTRAS[draft.extra], row.extra)]
        for pointer in table.pointers:
            pool = uniques[f"{pointer.target}.u"] if pointer.to_column == "u" else keys[pointer.target]
            values.append(_at(_pool(pool), row.up if pointer.column.name == "up" else row.other))
        yield (key, *values, *(_pair(table.any_pointer, row, keys) if table.any_pointer else ()))


def _pair(pointer: AnyPointer, row: _RowDraft, keys: Pools) -> Row:
    """Give a key as text and the collection meant, which need not have it, and need not be allowed."""
    scope = _at((*pointer.allowed, *keys, None, NOWHERE), row.scope)
    item = _at([*(str(key) for key in keys.get(str(scope), ())), "1", None, "a", "9"], row.item)
    return item, scope


def _pool(keys: Sequence[Stored]) -> list[Stored]:
    """Give what a pointer holds: keys, the first of them in other letters too, nothing, or a key that is not there."""
    there = [key for key in keys if key is not None][:3]
    cased = [key.swapcase() for key in there[:1] if isinstance(key, str)]
    return [*there, *cased, None, 9 if not cased else NOWHERE]


def _at(values: Sequence[Any], place: int) -> Any:
    return values[place % len(values)]
