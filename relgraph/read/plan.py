"""Planning: a tree of flat selects, one per relation hop, for one `ResolvedQuery`.

In: a `ResolvedQuery`, and what earlier probes decided. Out: a frozen `ReadPlan` of finished statements, good for any
values of the parameters. Nothing here can fail: what cannot be asked was refused by resolve.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from attrs import define, field, frozen

from relgraph.query.resolved import (
    ResolvedQuery,
    Show,
    ShowAny,
    ShowMany,
    Shown,
    ShowOne,
    Value,
)
from relgraph.read.answers import value_answer
from relgraph.read.fragments import Sql, Statement, sql
from relgraph.read.joins import Renderer, column, far_key, near_key, wanted_key
from relgraph.read.select import GroupPlan, Nested, counting, grouped, select, sort_columns
from relgraph.read.sql import call
from relgraph.schema import Field, Hop

# --- what an item is made of: positions in the row of its level -------------------------------------------------------


@frozen
class Cell:
    """A value of the row itself; `convert` turns the stored value into the answered one."""

    name: str
    position: int
    convert: Callable[[Any], Any] | None = field(default=None, eq=False)


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


@frozen
class AnyCell:
    """The object of one of several levels, chosen by the collection named at `chooser`; else the stored key as text."""

    name: str
    chooser: int
    position: int
    levels: Mapping[str, Level] = field(hash=False)
    allowed: tuple[str, ...]


LevelCell: TypeAlias = Cell | OneCell | ManyCell | AnyCell


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
    scan: Statement | None = None
    form: Callable[[Any], Any] | None = field(default=None, eq=False)
    sorted_by: tuple[int, ...] = ()  # where a row of the root has its sort values, if a cursor is asked for
    children: tuple[tuple[LevelCell, Level], ...] = field(init=False)  # levels below, and the cells that look them up

    def __attrs_post_init__(self) -> None:
        found: list[tuple[LevelCell, Level]] = []
        for cell in self.cells or ():
            if isinstance(cell, (OneCell, ManyCell)):
                found.append((cell, cell.level))
            elif isinstance(cell, AnyCell):
                found += [(cell, level) for level in cell.levels.values()]
        object.__setattr__(self, "children", tuple(found))


@frozen
class ReadPlan:
    """All statements of one query. `root` is None for a grouped query, `group` is None for any other.

    `probes` count the rows behind top searches; `complete` says that the root reads every item of its collection.
    """

    root: Level | None
    group: GroupPlan | None
    counts: Mapping[str, Statement] = field(hash=False)
    probes: tuple[Statement, ...]
    levels: int
    complete: bool


PROBED_ROWS: Final = 1000  # a search that finds fewer is done by IN, else by EXISTS: at most twice the better form


def plan(query: ResolvedQuery, decisions: Mapping[int, str] | None = None) -> ReadPlan:
    """Give the plan of a resolved query."""
    planner = _Planner()
    renderer = Renderer(decisions or {})
    root = group = None
    if query.grouping is None:
        root = planner.level(renderer, query, None, owned=True)
    else:
        group = grouped(renderer, query, query.grouping)
    probes = tuple(
        Statement.of(sql("SELECT count(*) FROM (", probe, f" LIMIT {PROBED_ROWS})")) for probe in renderer.probes
    )
    complete = query.where is None and query.page.limit is None and query.page.offset == 0
    return ReadPlan(root, group, _counts(query), probes, planner.levels, complete)


def _counts(query: ResolvedQuery) -> dict[str, Statement]:
    return {
        name: Statement.of(counting(query.collection, query.where if name == "filter_count" else None))
        for name in query.meta or ()
    }


@define
class _Columns:
    """The columns a level selects, each once."""

    pieces: list[Sql] = field(factory=list)

    def position(self, piece: Sql) -> int:
        if piece not in self.pieces:
            self.pieces.append(piece)
        return self.pieces.index(piece)


@define
class _Planner:
    levels: int = 0

    def level(self, renderer: Renderer, query: ResolvedQuery, hop: Hop | None, *, owned: bool) -> Level:
        index = self.levels
        self.levels += 1
        alias = renderer.alias()
        columns = _Columns()
        if hop is not None:
            columns.position(Sql(far_key(hop, alias)))
        cells = bare = None
        if query.shows is None:
            bare = tuple(columns.position(Sql(column(alias, name))) for name in query.collection.primary_key)
        else:
            cells = tuple(self.cell(renderer, show, alias, columns, owned=owned) for show in query.shows)
        sorted_by: tuple[int, ...] = ()
        if hop is None and query.after is not None:
            sorted_by = tuple(columns.position(piece) for piece in sort_columns(renderer, query, alias))
        nested = None if hop is None else Nested(hop, far_key(hop, alias), wanted_key(hop, alias))
        statement, scan = select(renderer, query, alias, columns.pieces, nested)
        many = hop is not None and hop.many
        return Level(
            index, query.collection.name, statement, cells, bare or (), owned, many, scan, shared_form(hop), sorted_by
        )

    def cell(self, renderer: Renderer, show: Shown, alias: str, columns: _Columns, *, owned: bool) -> LevelCell:
        match show:
            case Show():
                return Cell(show.name, columns.position(shown(renderer, show.value, alias)), value_answer(show.value))
            case ShowOne():
                position = columns.position(Sql(near_key(show.hop, alias)))
                return OneCell(show.name, position, self.level(Renderer(), show.query, show.hop, owned=False))
            case ShowMany():
                position = columns.position(Sql(near_key(show.hop, alias)))
                return ManyCell(show.name, position, self.level(Renderer(), show.query, show.hop, owned=owned))
            case ShowAny():
                return self.any_cell(show, alias, columns)

    def any_cell(self, show: ShowAny, alias: str, columns: _Columns) -> AnyCell:
        any_hop = show.any_hop
        levels = {
            name: self.level(Renderer(), query, any_hop.hops[name], owned=False) for name, query in show.queries.items()
        }
        return AnyCell(
            show.name,
            columns.position(Sql(column(alias, any_hop.collection_field))),
            columns.position(Sql(f"CAST({column(alias, any_hop.name)} AS TEXT)")),
            levels,
            any_hop.relation.one_allowed_collections or (),
        )


def shared_form(hop: Hop | None) -> Callable[[Any], Any] | None:
    """Give what makes equal keys the same value, where selecting them has not done so already (as text, by a guard)."""
    return None if hop is None or (hop.guard and hop.collation == "BINARY") else hop.form


# --- values that are shown -------------------------------------------------------------------------------------------


def shown(renderer: Renderer, value: Value, alias: str) -> Sql:
    """Give the column behind a shown value; a json path is followed in Python, on the whole text."""
    if isinstance(value, Field):
        return Sql(column(alias, value.name))
    if isinstance(value.argument, tuple):
        assert isinstance(value.subject, Field)
        return Sql(column(alias, value.subject.name))
    return call(renderer, value, alias)
