"""Schemas: small consistent databases without items, with relations of every kind.

In: bounds. Out: a strategy of `Blueprint`s. Raises `InvalidBounds` for bounds that nothing keeps to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from attrs import evolve, field, frozen
from hypothesis import strategies as st

from relgraph.schema import folded
from relgraph.storage.column_types import declared_type
from relgraph.strategies.blueprints import AnyPointer, Blueprint, Column, Pointer, Table
from relgraph.strategies.bounds import InvalidBounds, check_names, check_range
from relgraph.strategies.choosing import Choices
from relgraph.values import FieldType

KINDS: Final = ("m2o", "m2m", "m2a", "tree", "translations")
TYPES: Final = tuple(each.value for each in FieldType if each is not FieldType.CSV)  # which only a project tells apart
NAMES: Final = ("a", "b", "c", "d", "e", "Order", "my table", "naïve", 'quo"te', "select", "x.y", "it's")

_FIELDS: Final = ("n", "t", "x", "group", "two words", "Größe", "it's", "ORDER", "count", "a.b", "x:y")
_INTEGER_KEY: Final = (Column("id", "INTEGER"),)
_KEYS: Final = (
    _INTEGER_KEY,
    _INTEGER_KEY,
    _INTEGER_KEY,
    (Column("code", "VARCHAR(40)"),),
    (Column("code", "TEXT COLLATE NOCASE"),),
    (Column("id", "UUID TEXT"),),
    (Column("k1", "INTEGER"), Column("k2", "VARCHAR(40)")),
)
_NAME: Final = re.compile("[^\\0\ud800-\udfff]+")
_COSTS: Final = {"m2m": 1, "m2a": 1, "translations": 2}  # collections that a kind brings along
_NEEDED: Final = {"tree": 1, "m2o": 2, "m2m": 2, "m2a": 2, "translations": 3}  # collections in all
_ACTIONS: Final = (None, "CASCADE", "SET NULL", "RESTRICT")
_NOT_IN_ALIASES: Final = str.maketrans("", "", '.:()_$"')
_CONSTRAINED: Final = (
    Column("size", "INTEGER", check='"size" BETWEEN 1 AND 9'),
    Column("status", "VARCHAR(40)", nullable=False, default="'a'", check="status IN ('a', 'b', 'draft')"),
    Column("label", "VARCHAR(3)", check="length(label) <= 3"),
    Column("amount", "INTEGER", nullable=False, default="0"),
)


def schemas(
    *,
    min_collections: int = 1,
    max_collections: int = 4,
    kinds: Sequence[str] = KINDS,
    types: Sequence[str] = TYPES,
    names: Sequence[str] = NAMES,
) -> st.SearchStrategy[Blueprint]:
    """Give a strategy of consistent definitions: tables with keys of many sorts, and relations between them.

    Junctions and the collection of languages count as collections. `kinds` are the kinds of relations that may occur
    (all of them: those for which `max_collections` are enough), `types` those of fields. `names` is the pool for
    collections, of which the first are what values shrink to; relgraph itself names junctions and languages.
    Errors: `InvalidBounds`.

    >>> schemas(min_collections=3, max_collections=2)
    Traceback (most recent call last):
    relgraph.strategies.bounds.InvalidBounds: max_collections: it is 2, less than min_collections = 3
    >>> with schemas(kinds=["m2o"]).example().open() as registry:
    ...     bool(registry.audit())
    False
    """
    check_range("min_collections", min_collections, "max_collections", max_collections, at_least=1)
    allowed = check_names("kinds", kinds, KINDS)
    _check_room(allowed, max_collections)
    declared = tuple(declared_type("types", name, directus=False)[0] for name in check_names("types", types, TYPES))
    if not declared:
        raise InvalidBounds("types", "it names no type", f"types are {', '.join(TYPES)}")
    pool = _apart(names)
    if len(pool) < max_collections:
        problem = f"{len(pool)} names are too few for max_collections = {max_collections}"
        raise InvalidBounds("names", problem, "SQLite takes names that differ in the case of ASCII letters for one")
    return _schemas(min_collections, max_collections, allowed, declared, pool)


def _check_room(kinds: tuple[str, ...], most: int) -> None:
    """Raise where kinds that are named need more collections than there may be."""
    wanting = [] if set(kinds) == set(KINDS) else [kind for kind in kinds if _NEEDED[kind] > most]
    if wanting:
        said = " and ".join(f"{kind} takes {_NEEDED[kind]} collections" for kind in wanting)
        hint = f"set max_collections to {max(_NEEDED[kind] for kind in wanting)} or more"
        raise InvalidBounds("max_collections", f"it is {most}, and {said}", hint)


def _apart(names: Any) -> tuple[str, ...]:
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise InvalidBounds("names", f"a list of names is needed, not {names!r}")
    found: dict[str, str] = {}
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name) or folded(name).startswith(("sqlite_", "relgraph")):
            raise InvalidBounds("names", f"{name!r} cannot name a collection")
        found.setdefault(folded(name), name)
    return tuple(found.values())


# --- what is drawn: each table and link apart, so that any can be left out when an example shrinks -------------------


@frozen
class _PointerDraft:
    """A pointer before there are tables: its target counted among those that can be."""

    target: int
    to_unique: bool
    nullable: bool
    aliased: bool
    sorted: bool
    action: str | None


@frozen
class _TableDraft:
    """A table before the others are known."""

    name: int
    key: tuple[Column, ...]
    columns: list[Column]
    extra: Column | None
    has_rowid: bool
    generated: bool
    indexed: bool
    owner: _PointerDraft | None
    second: _PointerDraft | None
    parent: _PointerDraft | None


@frozen
class _LinkDraft:
    """A junction before there are tables: the collections it links counted among those that can be."""

    kind: str
    one: int
    others: list[int]
    sorted: bool
    bare: bool  # an m2m junction without a key of its own, an m2a pair without a junction
    has_rowid: bool


_EXTRAS: Final = (*(None,) * 10, Column("tag", "VARCHAR(40)", unique=True), *_CONSTRAINED)


def _schemas(
    least: int, most: int, kinds: tuple[str, ...], declared: tuple[str, ...], pool: tuple[str, ...]
) -> st.SearchStrategy[Blueprint]:
    brought = {kind: cost for kind, cost in _COSTS.items() if kind in kinds}
    table = _table_drafts(kinds, declared)
    links = st.lists(_link_drafts(tuple(brought)), max_size=4) if brought else st.just([])
    drawn = [st.tuples(st.lists(table, min_size=least, max_size=most), links)]
    for kind, cost in brought.items():
        if 1 <= most - cost < least:  # no room for it beside so many tables: it is one of them
            tables = st.lists(table, min_size=max(least - cost, 1), max_size=most - cost)
            drawn.append(st.tuples(tables, st.lists(_link_drafts((kind,)), min_size=1, max_size=4)))
    return st.one_of(drawn).map(lambda drafts: _built(*drafts, most, pool))


@st.composite
def _table_drafts(draw: st.DrawFn, kinds: tuple[str, ...], declared: tuple[str, ...]) -> _TableDraft:
    choices = Choices(draw, 40)
    return _TableDraft(
        choices.of(range(12)),
        choices.of(_KEYS),
        _columns(choices, declared),
        choices.of(_EXTRAS),
        not choices.once_in(5),
        choices.once_in(5),
        choices.once_in(5),
        _pointer_draft(choices, "m2o" in kinds),
        _pointer_draft(choices, "m2o" in kinds),
        _pointer_draft(choices, "tree" in kinds),
    )


def _columns(choices: Choices, declared: tuple[str, ...]) -> list[Column]:
    """Choose up to four columns, any of which can be left out."""
    found: dict[str, Column] = {}
    for _ in range(4):
        wanted, column = choices.of((False, True)), Column(choices.of(_FIELDS), choices.of(declared))
        if wanted:
            found.setdefault(folded(column.name), column)
    return list(found.values())


def _pointer_draft(choices: Choices, of_kind: bool) -> _PointerDraft | None:
    wanted, target, to_unique = choices.of((False, True, True)), choices.of(range(12)), choices.once_in(5)
    nullable, aliased, sort = not choices.once_in(5), choices.of((False, True)), choices.once_in(5)
    draft = _PointerDraft(target, to_unique, nullable, aliased, sort, choices.of(_ACTIONS))
    return draft if of_kind and wanted else None


@st.composite
def _link_drafts(draw: st.DrawFn, brought: tuple[str, ...]) -> _LinkDraft:
    choices = Choices(draw)
    kind, one = choices.of(brought), choices.of(range(12))
    others = choices.several(range(12), ((0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2)))
    return _LinkDraft(kind, one, others, choices.once_in(5), choices.once_in(5), choices.of((False, True)))


# --- putting it together ---------------------------------------------------------------------------------------------


@frozen
class _Making:
    """The tables made so far; a way back has a name of its own in the collection it leads from."""

    tables: dict[str, Table] = field(factory=dict)
    languages: list[Table] = field(factory=list)  # the collection that translations lead to, once there is one
    aliases: set[tuple[str, str]] = field(factory=set)

    def alias(self, one: str, wanted: str) -> str:
        """Give a name for a way back that nothing else has in that collection."""
        taken = {folded(column.name) for column in self.tables[one].stored_columns} | _LATER
        base = wanted.translate(_NOT_IN_ALIASES).strip() or "linked"
        free = (f"{base}{number or ''}" for number in range(1000))
        found = next(name for name in free if folded(name) not in taken and (one, folded(name)) not in self.aliases)
        self.aliases.add((one, folded(found)))
        return found

    def table_name(self, wanted: str) -> str:
        """Give a name for a table that no other has."""
        taken = {folded(name) for name in self.tables}
        return next(name for n in range(1000) if folded(name := f"{wanted}{n or ''}") not in taken)

    @property
    def keyed(self) -> list[Table]:
        """The tables that can be pointed at, which are no junctions."""
        return [table for table in self.tables.values() if len(table.key) == 1 and not _is_link(table)]

    def target(self, number: int) -> Table:
        """Give one of these tables."""
        return self.keyed[number % len(self.keyed)]


_LATER: Final = {"twice", "position", "owner", "second", "parent"}  # columns that a table may get yet


def _is_link(table: Table) -> bool:
    return table.any_pointer is not None or any(each.junction_field for each in table.pointers)


def _built(tables: list[_TableDraft], links: list[_LinkDraft], most: int, pool: tuple[str, ...]) -> Blueprint:
    making = _Making()
    for draft in tables:
        names = [*pool[draft.name % len(pool) :], *pool]
        name = next(each for each in names if each not in making.tables)
        making.tables[name] = _plain_table(name, draft)
    if not making.keyed:  # something has to be pointed at
        first = next(iter(making.tables.values()))
        making.tables[first.name] = evolve(first, key=_INTEGER_KEY, has_rowid=True)
    for name, draft in zip(list(making.tables), tables, strict=True):
        _add_pointers(making, name, draft)
    for link in links:
        new = 2 if link.kind == "translations" and not making.languages else 1
        if len(making.tables) + new <= most:
            _LINKS[link.kind](making, link)
    return Blueprint(tuple(making.tables.values()))


def _plain_table(name: str, draft: _TableDraft) -> Table:
    columns = (*draft.columns, *([] if draft.extra is None else [draft.extra]))
    indexed = (columns[0].name,) if columns and draft.indexed else ()
    has_rowid = draft.has_rowid or draft.key == _INTEGER_KEY
    return Table(name, draft.key, columns, has_rowid=has_rowid, generated=draft.generated, indexed=indexed)


def _add_pointers(making: _Making, name: str, draft: _TableDraft) -> None:
    """Let a table point at others, and at itself."""
    others = [table for table in making.keyed if table.name != name]
    for field_name, pointer in (("owner", draft.owner), ("second", draft.second)):
        if pointer is not None and others:
            _add_pointer(making, name, field_name, others[pointer.target % len(others)].name, pointer)
    if draft.parent is not None and len(making.tables[name].key) == 1:
        _add_pointer(making, name, "parent", name, draft.parent)


def _add_pointer(making: _Making, name: str, field_name: str, target: str, draft: _PointerDraft) -> None:
    table, one, own = making.tables[name], making.tables[target], name == target
    unique = [column for column in one.columns if column.unique]
    pointed = unique[0] if unique and draft.to_unique and not own else one.key[0]
    nullable = own or draft.nullable
    action = draft.action if nullable or draft.action == "CASCADE" else None
    alias = making.alias(target, "children" if own else f"{field_name}s of {name}") if draft.aliased else None
    sort = "position" if alias is not None and draft.sorted else None
    columns = table.columns
    if sort is not None and all(each.name != sort for each in columns):
        columns = (*columns, Column(sort, "INTEGER"))
    column = Column(field_name, pointed.declared, nullable=nullable)
    pointer = Pointer(column, target, pointed.name, alias=alias, sort=sort, on_delete=action)
    making.tables[name] = evolve(table, columns=columns, pointers=(*table.pointers, pointer))


# --- junctions -------------------------------------------------------------------------------------------------------


def _half(making: _Making, name: str, one: Table, other: str, wanted: str, sort: str | None = None) -> Pointer:
    """Give one half of a junction; links go with what they link."""
    column = Column(name, one.key[0].declared)
    alias = making.alias(one.name, wanted)
    return Pointer(column, one.name, one.key[0].name, "", alias, sort, other, "CASCADE")


def _add_m2m(making: _Making, draft: _LinkDraft) -> None:
    """Link two tables, or one with itself, through a junction with a key of its own, or one of both pointers."""
    one, other = making.target(draft.one), making.target(draft.others[0])
    name, sort = making.table_name(f"{one.name}_{other.name}"), "sort" if draft.sorted else None
    halves = (
        _half(making, "left", one, "right", f"{other.name}s", sort),
        _half(making, "right", other, "left", f"{one.name}s"),
    )
    key = tuple(half.column for half in halves) if draft.bare else _INTEGER_KEY
    columns = () if sort is None else (Column(sort, "INTEGER"),)
    making.tables[name] = Table(name, key, columns, halves, has_rowid=draft.has_rowid or not draft.bare)


def _add_m2a(making: _Making, draft: _LinkDraft) -> None:
    """Link a table with items of any of several: through a junction, or by a pair of columns in a table."""
    one = making.target(draft.one)
    allowed = tuple(dict.fromkeys(making.target(number).name for number in draft.others))
    name, sort = making.table_name(f"{one.name}_items"), "sort" if draft.sorted else None
    pair = AnyPointer(Column("item", "TEXT"), Column("collection", "TEXT"), allowed)
    if draft.bare:
        making.tables[name] = Table(name, _INTEGER_KEY, any_pointer=pair)
        return
    columns = () if sort is None else (Column(sort, "INTEGER"),)
    half = _half(making, "left", one, "item", "items", sort)
    making.tables[name] = Table(name, _INTEGER_KEY, columns, (half,), evolve(pair, junction_field="left"))


def _add_translations(making: _Making, draft: _LinkDraft) -> None:
    """Give a table texts in several languages."""
    one = making.target(draft.one)
    if not making.languages:
        name = making.table_name("languages")
        making.tables[name] = Table(name, (Column("code", "VARCHAR(40)"),), (Column("name", "VARCHAR(40)"),))
        making.languages.append(making.tables[name])
    name = making.table_name(f"{one.name}_translations")
    half = _half(making, "left", one, "languages_code", "translations")
    far = Pointer(Column("languages_code", "VARCHAR(40)"), making.languages[0].name, "code", junction_field="left")
    making.tables[name] = Table(name, _INTEGER_KEY, (Column("text", "TEXT"),), (half, far))


_LINKS: Final = {"m2m": _add_m2m, "m2a": _add_m2a, "translations": _add_translations}
