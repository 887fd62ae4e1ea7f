"""Planning: a tree of flat selects, one per relation hop, for one `ResolvedQuery`.

In: a `ResolvedQuery`, and which forms were chosen for its searches. Out: a frozen `ReadPlan` of finished statements,
good for any values of the parameters. Nothing here can fail: what cannot be asked was refused by resolve.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any, Final, TypeAlias

from attrs import define, field, frozen

from relgraph.codecs import PLAIN
from relgraph.query.resolved import (
    Grouping,
    Order,
    ResolvedQuery,
    Show,
    ShowAny,
    ShowMany,
    Shown,
    ShowOne,
    Test,
)
from relgraph.read.answers import Answer, group_answer, measure_answer, value_answer, value_kept
from relgraph.read.fragments import Sql, Statement, balanced, sql
from relgraph.read.groups import grouped
from relgraph.read.joins import Renderer, Search, column, far_key, join, near_key, rows_of, wanted_key
from relgraph.read.json_sql import Together, parts
from relgraph.read.proofs import Known, Look, look
from relgraph.read.ranges import Ranged
from relgraph.read.scalars import shown
from relgraph.read.select import Nested, counting, select, sort_columns
from relgraph.read.sql import condition, conjuncts
from relgraph.schema import Hop, Seen

# --- what an item is made of: positions in the row of its level -------------------------------------------------------


@frozen
class Cell:
    """A value of the row itself; `convert` turns the stored value into the answered one.

    `kept` says as a Python expression of {v} for which values that is not needed; NULL is among them.
    """

    name: str
    position: int
    convert: Callable[[Any], Any] | None = field(default=None, eq=False)
    kept: str = PLAIN.kept


@frozen
class OneCell:
    """The object of a to-one level, found by the key at `position`."""

    name: str
    position: int
    level: Level


@frozen
class ManyCell:
    """The list of a to-many level, found by the key at `position`."""

    name: str
    position: int
    level: Level
    hides: bool = False  # where the key is NULL, the link is hidden, and None stands for the list


@frozen
class AnyCell:
    """The object of one of several levels, chosen by the collection named at `chooser`; else the stored key as text."""

    name: str
    chooser: int
    position: int
    levels: Mapping[str, Level] = field(hash=False)
    allowed: tuple[str, ...]
    quiet: bool = False  # where the object is empty, nothing is said


@frozen
class JoinedCell:
    """The object of a to-one relation that is joined to its level; None where the key at `position` is NULL."""

    name: str
    position: int
    cells: tuple[LevelCell, ...]


@frozen
class ObjectCell:
    """An object of values of the row itself: `{"author": {"name": ..}}` of a group."""

    name: str
    cells: tuple[LevelCell, ...]


@frozen
class TextCell:
    """Values of the row itself, of which SQLite has made the JSON text of an object; NULL where it could not."""

    position: int
    shows: tuple[Show, ...]

    def place(self, key: Order) -> tuple[int, str] | None:
        """Give where a sort value of the row stands, as column and name, if it is one of these."""
        names = [show.name for show in self.shows if show.value == key.value and not key.path]
        return (self.position, names[0]) if names else None


LookUp: TypeAlias = OneCell | ManyCell | AnyCell
LevelCell: TypeAlias = Cell | OneCell | ManyCell | AnyCell | JoinedCell | ObjectCell | TextCell


@frozen
class Level:
    """One select of a nested read and how its rows become items.

    Column 0 of a nested level is the key its parents know it by; `form`, where there is one, makes equal keys the same
    value on both sides. `cells` None: bare keys, taken from `bare`. `owned`
    says that each row is used for one parent only, so that its item may be built while rows are grouped. `scan` reads
    the whole collection in key order, for when every parent is read anyway.
    """

    index: int
    collection: str
    statement: Statement
    cells: tuple[LevelCell, ...] | None
    bare: tuple[int, ...]
    owned: bool
    many: bool
    width: int  # columns of a row
    scan: Statement | None = None
    ranged: Ranged | None = None  # for parents whose keys follow one another
    form: Callable[[Any], Any] | None = field(default=None, eq=False)
    sorted_by: tuple[int | tuple[int, str], ...] = ()  # columns with the root's sort values, or names in their text
    tail: Statement | None = None  # what follows the root's rows, on a page of a cursor that they do not fill
    absent: tuple[Any, ...] | None = None  # the row of a parent without any: the sums over nothing
    exact: Statement | None = None  # for groups of which a sum is a blob: it could not be told exactly
    sums: tuple[int, ...] = ()  # where these stand in a row
    children: tuple[tuple[LookUp, Level], ...] = field(init=False)  # levels below, and the cells that look them up

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "children", tuple(_children(self.cells or ())))


def _children(cells: Iterable[LevelCell]) -> Iterator[tuple[LookUp, Level]]:
    for cell in cells:
        match cell:
            case OneCell() | ManyCell():
                yield cell, cell.level
            case AnyCell():
                yield from ((cell, level) for level in cell.levels.values())
            case JoinedCell():
                yield from _children(cell.cells)


@frozen
class ReadPlan:
    """All statements of one query.

    `searches` are those of which the better form depends on the data, `light` the conditions beside them that are cheap
    to test; `complete` says that the root reads every item of its collection, and `bulk` that it may read thousands.
    `look` tells what may be left out of the statements, as it holds for all items. `in_text` gives the same plan with
    what SQLite can write of the items as JSON text.
    """

    root: Level
    counts: Mapping[str, Statement] = field(hash=False)
    searches: tuple[Search, ...]
    light: tuple[Sql, ...]
    levels: int
    complete: bool
    bulk: bool
    look: Look | None
    in_text: Callable[[], ReadPlan] = field(eq=False)


def plan(
    query: ResolvedQuery, forms: Sequence[str] = (), known: Known = frozenset(), *, in_text: bool = False
) -> ReadPlan:
    """Give the plan of a resolved query; `forms` are those of its searches, "in" or "exists", as far as chosen.

    `known` is what was seen to hold for all items of the root. `in_text` has SQLite write what it can of the items as
    JSON text.
    """
    planner = _Planner(joining=is_small(query), in_text=in_text, known=known)
    renderer = Renderer(forms)
    root = planner.level(renderer, query, None, owned=True)
    complete = query.where is None and query.page.limit is None and query.page.offset == 0
    bulk = not is_small(query) and (not isinstance(query.page.limit, int) or query.page.limit > BULK)
    searches, light = tuple(renderer.searches), tuple(renderer.light)
    texts = cache(partial(plan, query, forms, known, in_text=True))
    return ReadPlan(root, _counts(query), searches, light, planner.levels, complete, bulk, look(query), texts)


def _counts(query: ResolvedQuery) -> dict[str, Statement]:
    counted = query.counted or query
    return {
        name: Statement.of(counting(counted.collection, counted.where if name == "filter_count" else None))
        for name in query.meta or ()
    }


BULK: Final = 1000  # items from which the garbage collector is worth holding back
SMALL_PAGE: Final = 100  # items up to which joining a to-one relation is cheaper than a statement of its own
MOST_JOINED: Final = (20, 500)  # tables and columns of one select; SQLite takes 64 and 2000


def is_small(query: ResolvedQuery) -> bool:
    """Say whether a read gives few items: a small page, or items asked for by key.

    Joining saves a statement of 3 µs; over many items the target's texts are decoded once per item, 7 to 10 % slower
    than a map by key (100k rows, SQLite 3.40, 2026-11).
    """
    limit, key = query.page.limit, query.collection.key
    if isinstance(limit, int) and limit <= SMALL_PAGE:
        return True
    parts = [] if query.where is None else conjuncts(query.where)
    tests = [part for part in parts if isinstance(part, Test) and not part.path and part.value == key]
    return any(test.operator.name == "_eq" or 1 < len(test.operands) <= SMALL_PAGE for test in tests)


@define
class _Row:
    """What a level selects, each column once, and the to-one tables joined for it."""

    alias: str
    columns: list[Sql] = field(factory=list)
    joins: list[Sql] = field(factory=list)

    def position(self, piece: Sql | str) -> int:
        piece = Sql(piece) if isinstance(piece, str) else piece
        if piece not in self.columns:
            self.columns.append(piece)
        return self.columns.index(piece)


@define
class _Planner:
    joining: bool
    in_text: bool
    known: Known
    levels: int = 0

    def level(self, renderer: Renderer, query: ResolvedQuery, hop: Hop | None, *, owned: bool) -> Level:
        index = self.levels
        self.levels += 1
        if query.grouping is not None:
            return self.grouped_level(renderer, query, query.grouping, index, hop)
        row = _Row(renderer.alias())
        nested = None if hop is None else Nested(hop, far_key(hop, row.alias), wanted_key(hop, row.alias))
        if nested is not None:
            row.position(nested.key)
        cells = bare = None
        if query.shows is None:
            bare = tuple(row.position(column(row.alias, name)) for name in query.collection.primary_key)
        else:
            cells = self.cells(renderer, query, row.alias, row, owned=owned)
        sorted_by: tuple[int | tuple[int, str], ...] = ()
        if hop is None and query.after is not None:
            sorted_by = tuple(self.sorted_by(renderer, query, row, cells or ()))
        selects = select(renderer, query, row.alias, row.columns, row.joins, nested)
        many = hop is not None and hop.many
        return Level(
            index,
            query.collection.name,
            selects.usual,
            cells,
            bare or (),
            owned,
            many,
            len(row.columns) or 1,
            selects.scan,
            selects.ranged,
            shared_form(hop),
            sorted_by,
            tail=selects.tail,
        )

    def grouped_level(
        self, renderer: Renderer, query: ResolvedQuery, grouping: Grouping, index: int, hop: Hop | None
    ) -> Level:
        alias = renderer.alias()
        nested = None if hop is None else Nested(hop, far_key(hop, alias), wanted_key(hop, alias))
        groups = grouped(renderer, query, grouping, alias, nested, self.known if hop is None else frozenset())
        first = 0 if nested is None else 1
        parts = [(part.names, group_answer(part)) for part in grouping.columns]
        parts += [(part.names, measure_answer(part)) for part in grouping.measures]
        cells = group_cells([(names, first + place, answer) for place, (names, answer) in enumerate(parts)])
        absent = None
        if not grouping.columns and query.page.offset == 0 and query.page.limit != 0:
            counts = (measure.aggregate.call(()) for measure in grouping.measures)
            absent = (None,) * first + tuple(counts)
        many = hop is not None
        form = shared_form(hop)
        width = max(1, first + len(parts))
        return Level(
            index,
            query.collection.name,
            groups.usual,
            cells,
            (),
            False,
            many,
            width,
            form=form,
            absent=absent,
            exact=groups.exact,
            sums=groups.sums,
        )

    def sorted_by(
        self, renderer: Renderer, query: ResolvedQuery, row: _Row, cells: Sequence[LevelCell]
    ) -> Iterator[int | tuple[int, str]]:
        """Yield where the sort values stand; a column for what is in a text already would be 5 % of a cursor's page."""
        texts = [cell for cell in cells if isinstance(cell, TextCell)]
        for key, piece in zip(query.order, sort_columns(renderer, query, row.alias), strict=True):
            within = [place for cell in texts if (place := cell.place(key))]
            yield within[0] if within else row.position(piece)

    def cells(
        self, renderer: Renderer, query: ResolvedQuery, alias: str, row: _Row, *, owned: bool
    ) -> tuple[LevelCell, ...]:
        cells: list[LevelCell] = []
        for part in parts(query, alias) if self.in_text else query.shows or ():
            if isinstance(part, Together):
                cells.append(TextCell(row.position(part.text), part.shows))
            else:
                cells.append(self.cell(renderer, part, alias, row, owned=owned))
        return tuple(cells)

    def cell(self, renderer: Renderer, show: Shown, alias: str, row: _Row, *, owned: bool) -> LevelCell:
        match show:
            case Show():
                position = row.position(shown(renderer, show.value, alias))
                return Cell(show.name, position, value_answer(show.value), value_kept(show.value))
            case ShowOne():
                if self.is_joined(show, row):
                    return self.joined_cell(renderer, show, alias, row)
                position = row.position(near_key(show.hop, alias))
                return OneCell(show.name, position, self.level(Renderer(), show.query, show.hop, owned=False))
            case ShowMany():
                position = row.position(near_key(show.hop, alias))
                level = self.level(Renderer(), show.query, show.hop, owned=owned)
                return ManyCell(show.name, position, level, hides=Seen.is_link(show.hop.near_field))
            case ShowAny():
                return self.any_cell(show, alias, row)

    def is_joined(self, show: ShowOne, row: _Row) -> bool:
        tables, columns = len(row.joins) + 1, len(row.columns) + len(show.query.shows or ())
        return self.joining and show.query.shows is not None and tables <= MOST_JOINED[0] and columns <= MOST_JOINED[1]

    def joined_cell(self, renderer: Renderer, show: ShowOne, alias: str, row: _Row) -> JoinedCell:
        far = renderer.alias()
        terms = [join(show.hop, alias, far)]
        if show.query.where is not None:
            terms.append(condition(renderer, show.query.where, far))
        row.joins.append(sql(" LEFT JOIN ", rows_of(show.hop, far), " ON ", balanced("AND", terms)))
        position = row.position(column(far, show.hop.far_field))
        return JoinedCell(show.name, position, self.cells(renderer, show.query, far, row, owned=False))

    def any_cell(self, show: ShowAny, alias: str, row: _Row) -> AnyCell:
        any_hop = show.any_hop
        levels = {
            name: self.level(Renderer(), query, any_hop.hops[name], owned=False) for name, query in show.queries.items()
        }
        return AnyCell(
            show.name,
            row.position(column(alias, any_hop.collection_field)),
            row.position(f"CAST({column(alias, any_hop.name)} AS TEXT)"),
            levels,
            any_hop.relation.one_allowed_collections or (),
            show.quiet,
        )


def group_cells(parts: Sequence[tuple[tuple[str, ...], int, Answer | None]]) -> tuple[LevelCell, ...]:
    """Give the cells of a group's answer: values at paths of names, those of a shared first name in one object."""
    cells: list[LevelCell] = []
    for name in dict.fromkeys(names[0] for names, _, _ in parts):
        within = [part for part in parts if part[0][0] == name]
        if len(within[0][0]) == 1:
            cells.append(Cell(name, *within[0][1:]))
        else:
            inner = group_cells([(names[1:], position, answer) for names, position, answer in within])
            cells.append(ObjectCell(name, inner))
    return tuple(cells)


def shared_form(hop: Hop | None) -> Callable[[Any], Any] | None:
    """Give what makes equal keys the same value, where selecting them has not done so already (as text, by a guard)."""
    return None if hop is None or (hop.guard and hop.collation == "BINARY") else hop.form
