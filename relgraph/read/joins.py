"""Joins: tables, aliases, the keys of hops and the conditions under which rows belong together.

In: hops and the aliases of their two sides. Out: `Sql` pieces, every name quoted and qualified. Nothing here can fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from attrs import define, field, frozen

from relgraph.read.fragments import MARK, Keys, Sql, joined, quoted, sql
from relgraph.schema import Collection, Hop

Path: TypeAlias = tuple[Hop, ...]
TRUE = Sql("1")
FALSE = Sql("0")


@frozen
class Source:
    """The rows behind a hop that fulfil conditions: the hops that lead to them, and the alias each arrives at."""

    hops: tuple[tuple[Hop, str], ...]
    joins: tuple[Sql, ...]
    where: tuple[Sql, ...]

    @property
    def alias(self) -> str:
        """The alias of the rows that the first hop leads to."""
        return self.hops[0][1]

    @property
    def tables(self) -> Sql:
        """What follows FROM; what joins the tables is in `joins`."""
        return joined(" JOIN ", [rows_of(hop, alias) for hop, alias in self.hops])

    @property
    def is_whole(self) -> bool:
        """Whether all rows of the tables are searched, whoever asks."""
        return all(hop.seen is None for hop, _ in self.hops)

    @property
    def conditions(self) -> tuple[Sql, ...]:
        """What belongs into WHERE, but for the first hop itself."""
        return (*self.joins, *self.where)


@frozen
class Search:
    """A search through a to-many hop that can be written in two forms; `word` says what is asked of it.

    `alias` is that of the row whose children are searched.
    """

    word: str  # "some" or "none"
    alias: str
    source: Source

    @property
    def hop(self) -> Hop:
        """The hop from the row to those that are searched."""
        return self.source.hops[0][0]


@define
class Renderer:
    """What one statement has used up: its aliases, and the searches of which the better form depends on the data.

    `forms[n]` says whether the n-th search is to be written with "in" or with "exists"; where nothing is said, in the
    form that is usual there. `light` are the other conditions, as far as they are cheap to test of one row.
    """

    forms: Sequence[str] = ()
    searches: list[Search] = field(factory=list)
    light: list[Sql] = field(factory=list)
    aliases: int = 0

    def form(self, search: Search, usual: str) -> str:
        """Give the form of the next search, and note it."""
        if not search.source.is_whole:
            return usual  # what an access sees is searched as usual: a choice would tell of what it does not see
        self.searches.append(search)
        place = len(self.searches) - 1
        return self.forms[place] if place < len(self.forms) else usual

    def alias(self) -> str:
        """Give an alias that the statement has not used yet."""
        self.aliases += 1
        return f"t{self.aliases - 1}"


# --- tables, keys and joins ------------------------------------------------------------------------------------------


def column(alias: str, name: str) -> str:
    """Give a column, quoted and qualified.

    >>> column("t0", "name")
    't0."name"'
    """
    return f"{alias}.{quoted(name)}"


def table(collection: str, alias: str) -> str:
    """Give a table with its alias, for FROM; of the main database, since a temporary table of that name would win.

    >>> table("articles", "t0")
    'main."articles" AS t0'
    """
    return f"main.{quoted(collection)} AS {alias}"


def rows_of(thing: Collection | Hop, alias: str) -> Sql:
    """Give the rows of a collection or of the far side of a hop, for FROM: its table, or what is seen of it."""
    if thing.seen is None:
        return Sql(table(thing.far if isinstance(thing, Hop) else thing.name, alias))
    return sql("(", thing.seen.select, f") AS {alias}")


def is_rowid(collection: Collection) -> bool:
    """Say whether the primary key is the rowid by another name: one column, declared INTEGER and never NULL."""
    key = collection.key
    whole = collection.seen is None
    return (
        whole
        and key is not None
        and collection.has_rowid
        and key.declared_type.upper() == "INTEGER"
        and not key.nullable
    )


def identity(collection: Collection) -> tuple[str, ...]:
    """Give the columns that tell the rows of a collection apart: the rowid, else the primary key, else none.

    The rowid first: a text key may be NULL in several rows, and is looked up twice where the rowid is looked up once.
    """
    if collection.seen is not None:
        return tuple(quoted(seen_row(place)) for place, _ in enumerate(identity(collection.seen.collection)))
    names = {name.lower() for name in collection.fields}
    free = [name for name in ("rowid", "_rowid_", "oid") if name not in names]
    if collection.has_rowid and free and not is_rowid(collection):
        return (free[0],)
    return tuple(quoted(name) for name in collection.primary_key)


def seen_row(place: int) -> str:
    """Give the name under which what is seen of a collection has a part of the identity of its rows."""
    return f"relgraph row {place}"


def near_key(hop: Hop, alias: str) -> str:
    """Give what the near side of a hop is compared by: text behind a guard, else the column."""
    key = column(alias, hop.near_field)
    return f"CAST({key} AS TEXT)" if hop.guard else key


def far_key(hop: Hop, alias: str) -> str:
    """Give what the far side of a hop is compared by."""
    key = column(alias, hop.far_field)
    return f"CAST({key} AS TEXT)" if hop.guard else key


def sought_key(hop: Hop, alias: str) -> str:
    """Give the near side of a hop as it stands left of IN, where its own collation would count."""
    key = near_key(hop, alias)
    return key if hop.collation == hop.near_collation == "BINARY" else f"{key} COLLATE {hop.collation}"


def collated(hop: Hop, key: str) -> str:
    """Give a key that is compared by the collation of the hop's one side."""
    return key if hop.collation == "BINARY" else f"{key} COLLATE {hop.collation}"


def parting_key(hop: Hop, key: str) -> str:
    """Give a far key as what parts the rows of one parent from those of another: one for all spellings of a key.

    Children of 'a' may spell it 'A' under NOCASE, and those of 1 may hold '1' in a column without a type.
    """
    spelled = hop.guard is None and hop.form is not None and hop.collation == "BINARY"
    return f"CAST({key} AS NUMERIC)" if spelled else collated(hop, key)


def wanted_key(hop: Hop, alias: str) -> str:
    """Give what of the far side is compared with a list of parents' keys, so that an index can be used.

    Text keys find an integer column by its affinity; what they find too much ('07' finds 7) is not matched later.
    """
    key = column(alias, hop.far_field)
    return collated(hop, key) if hop.many else key


def among(hop: Hop, wanted: str) -> Sql:
    """Give the condition that a wanted key is one of a list of parents' keys."""
    return Sql(f"{wanted} IN ({_as_stored(hop, f'IN ({MARK})') or MARK})", (Keys(),))


def same_key(hop: Hop, wanted: str, parent: str) -> Sql:
    """Give the condition that a wanted key is that of one parent, which stands in a list of rows."""
    kept = _as_stored(hop, f"= {parent}")
    return Sql(f"{wanted} = ({kept} LIMIT 1)" if kept else f"{wanted} = {parent}")


def _as_stored(hop: Hop, condition: str) -> str:
    """Give the select of parents' keys from their column, where only beside that number text is a number; or nothing.

    A key in a list has no type of its own: 1 would not find '1' in a column without a type, as a join does.
    """
    if hop.guard is not None or hop.form is None or hop.form("1") != 1:
        return ""
    key = column("p", hop.near_column or hop.near_field)
    return f"SELECT {key} FROM {table(hop.near, 'p')} WHERE {key} {condition}"


def guarded(hop: Hop, near: str | None, far: str | None) -> list[Sql]:
    """Give the condition that an any-to-many hop puts on the collection column of the sides that are named."""
    guard = hop.guard
    side = None if guard is None else far if guard.far else near
    if guard is None or side is None:
        return []
    name = guard.collection.replace("'", "''")
    exactly = "" if guard.collation == "BINARY" else " COLLATE BINARY"
    return [Sql(f"{column(side, guard.field)} = '{name}'{exactly}")]


def join(hop: Hop, near: str, far: str) -> Sql:
    """Give the condition under which a far row belongs to a near row.

    The one side stands left, since SQLite compares by the collation of the left column.
    """
    near_side, far_side = near_key(hop, near), far_key(hop, far)
    sides = [Sql(f"{near_side} = {far_side}" if hop.many else f"{far_side} = {near_side}")]
    if hop.guard and not hop.guard.far:  # lets the index of the key be used; the comparison as text decides
        sides.append(Sql(f"{column(far, hop.far_field)} = {column(near, hop.near_field)}"))
    return joined(" AND ", [*guarded(hop, near, far), *sides])
