"""Guard indexes: what lets no link be made twice, and what guards find rows by.

In: guarded relations, and the indexes that a database has anyway. Out: `GuardIndex`es that it lacks. Pure, and nothing
fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from attrs import frozen

from relgraph.integrity.guarded import Guarded
from relgraph.integrity.links import junctions
from relgraph.schema import Schema
from relgraph.storage.sql_text import quoted
from relgraph.storage.unique_keys import KeyIndex

Columns: TypeAlias = tuple[tuple[str, str], ...]  # each with its collation


@frozen
class GuardIndex:
    """An index that guards make; its name starts with the stem."""

    stem: str  # "relgraph_link_articles_tags_articles_id_tags_id"
    collection: str
    columns: Columns
    unique: bool

    def text(self, name: str) -> str:
        """Give the statement that makes the index.

        >>> print(GuardIndex("i", "tags", (("id", "BINARY"),), True).text("i"))
        CREATE UNIQUE INDEX "i" ON "tags" ("id" COLLATE "BINARY")
        """
        listed = ", ".join(f"{quoted(column)} COLLATE {quoted(collation)}" for column, collation in self.columns)
        kind = "UNIQUE INDEX" if self.unique else "INDEX"
        return f"CREATE {kind} {quoted(name)} ON {quoted(self.collection)} ({listed})"

    def as_key(self) -> KeyIndex:
        """Give the index as one that is there."""
        names, collations = zip(*self.columns, strict=True)
        return KeyIndex(self.stem, self.collection, names, collations, self.unique)


def guard_indexes(
    schema: Schema, relations: Sequence[Guarded], indexes: Mapping[str, Sequence[KeyIndex]]
) -> tuple[GuardIndex, ...]:
    """Give the indexes that guards need and a database lacks: one for each junction, and one for each relation."""
    made: list[GuardIndex] = []
    for first, second in _junctions(schema, relations):
        if not any(_makes_unique(index, first, second) for index in indexes.get(first.many, ())):
            made.append(_link(first, second, indexes.get(first.many, ())))
    for guarded in relations:
        known = [*indexes.get(guarded.many, ()), *(each.as_key() for each in made if each.collection == guarded.many)]
        if not any(_finds(index, guarded) for index in known):
            sought = _sought(guarded)
            names = "_".join(name for name, _ in sought)
            made.append(GuardIndex(f"relgraph_index_{guarded.many}_{names}", guarded.many, sought, False))
    return tuple(made)


def _junctions(schema: Schema, relations: Iterable[Guarded]) -> Iterator[tuple[Guarded, Guarded]]:
    """Yield the halves of each junction, in the order of `junctions`: links are mostly written parent by parent."""
    halves = {each.relation.name: each for each in relations if each.junction}
    for first, second in junctions(schema):
        if first.name in halves and second.name in halves:
            yield halves[first.name], halves[second.name]


def _sought(guarded: Guarded) -> Columns:
    """Give the columns that guards look rows up by, the collection first."""
    collations = {target.key.collation for target in guarded.targets}
    own = guarded.near.collation
    near = (guarded.near.name, collations.pop() if len(collations) == 1 else own)
    names = guarded.collection_field
    return (near,) if names is None else ((names.name, names.collation), near)


def _makes_unique(index: KeyIndex, first: Guarded, second: Guarded) -> bool:
    columns = dict((*_sought(first), *_sought(second)))
    own = zip(index.columns, index.collations, strict=True)
    return (
        index.unique and not index.partial and all(name and columns.get(name) == collation for name, collation in own)
    )


def _link(first: Guarded, second: Guarded, indexes: Iterable[KeyIndex]) -> GuardIndex:
    """Give the unique index of a junction, led by the half that nothing else finds."""
    if any(_finds(index, first) for index in indexes) and not any(_finds(index, second) for index in indexes):
        first, second = second, first
    columns = (*_sought(first), *_sought(second))
    names = "_".join(name for name, _ in columns)
    return GuardIndex(f"relgraph_link_{first.many}_{names}", first.many, columns, True)


def _finds(index: KeyIndex, guarded: Guarded) -> bool:
    """Whether an index leads to the rows that point at an item."""
    sought = _sought(guarded)
    leading = tuple(zip(index.columns, index.collations, strict=True))[: len(sought)]
    return not index.partial and (set(leading) == set(sought) or leading[0] == sought[-1])
