"""Checks: values that pass the CHECK constraints of a table, found by asking SQLite itself.

In: an open registry and a collection. Out: for each constraint the columns it speaks of, and choices of values that
pass it. Candidates are what the constraint itself names, what lies next to that, and values usual for the type. Raises
`InvalidBounds` where none of them passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from relgraph.schema import Collection, Field, folded
from relgraph.storage.sql_text import Token, quoted, tokens
from relgraph.strategies.bounds import InvalidBounds
from relgraph.strategies.values import SPECIAL_TEXTS, numbered
from relgraph.values import Stored, with_affinity

if TYPE_CHECKING:
    from relgraph.registry import RelationRegistry

_TRIED: Final = 3000  # combinations
_KEPT: Final = 60


@frozen
class Check:
    """One CHECK: its expression, and the columns that it names."""

    expression: str
    names: tuple[str, ...]

    def passed(self, registry: RelationRegistry, item: Mapping[str, Stored]) -> bool:
        """Tell whether an item passes; as in a table, what is unknown does."""
        listed = ", ".join(f"? AS {quoted(name)}" for name in self.names)
        sql = f"SELECT coalesce(({self.expression}), 1) <> 0 FROM (SELECT {listed})"
        return bool(registry.connection.execute(sql, [item.get(name) for name in self.names]).fetchone()[0])


def checks_of(registry: RelationRegistry, collection: Collection) -> tuple[Check, ...]:
    """Give the constraints of a table.

    >>> from relgraph import RelationRegistry
    >>> with RelationRegistry() as registry:
    ...     _ = registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, size INT CHECK (size > 3))")
    ...     checks_of(registry, registry.schema.collections["tags"])
    (Check(expression='size > 3', names=('size',)),)
    """
    found = registry.connection.execute(
        "SELECT sql FROM main.sqlite_schema WHERE name = ? AND type = 'table'", (collection.name,)
    ).fetchone()
    names = {folded(name): name for name in collection.fields}
    return tuple(
        Check("".join(each.text for each in inside), _names(inside, names)) for inside in _insides(found[0] or "")
    )


def _insides(sql: str) -> Iterator[list[Token]]:
    """Yield the pieces of each CHECK between its parentheses."""
    pieces = list(tokens(sql)) if "CHECK" in sql.upper() else []
    for at, piece in enumerate(pieces):
        if piece.is_word("CHECK"):
            start = next(here for here in range(at, len(pieces)) if pieces[here].text == "(")
            depth = pieces[start].depth
            end = next(
                here
                for here in range(start + 1, len(pieces))
                if pieces[here].text == ")" and pieces[here].depth == depth
            )
            yield pieces[start + 1 : end]


def _names(inside: Sequence[Token], known: Mapping[str, str]) -> tuple[str, ...]:
    named = [
        known[folded(each.name)] for each in inside if each.kind in ("word", "quoted") and folded(each.name) in known
    ]
    return tuple(dict.fromkeys(named))


def choices(registry: RelationRegistry, check: Check, fields: Sequence[Field]) -> tuple[tuple[Stored, ...], ...]:
    """Give choices of values for the fields, which a constraint names, that pass it. Raises `InvalidBounds`."""
    named = tuple(_literals(check.expression))
    pools = [_candidates(registry, field, named) for field in fields]
    order = [field.name for field in fields]
    tried = islice(product(*pools), _TRIED)
    kept = [each for each in tried if check.passed(registry, dict(zip(order, each, strict=True)))]
    if not kept:
        where, problem = fields[0].collection, f"no value was found that passes CHECK ({check.expression})"
        raise InvalidBounds(where, problem, f"give strategies for it: values={{{order[0]!r}: ...}}")
    return tuple(kept[:_KEPT])


def _literals(expression: str) -> Iterator[Any]:
    """Yield what the expression spells out, and the numbers next to it, for a bound may leave itself out."""
    for token in tokens(expression):
        if token.kind == "string":
            yield token.name
        elif token.kind == "number" and not token.text.lower().startswith("0x"):
            number = float(token.text) if any(sign in token.text for sign in ".eE") else int(token.text)
            yield from (number, number + 1, number - 1, -number, -number - 1, -number + 1)
            if isinstance(number, int) and number <= 100:
                yield from ("a" * number, "a" * (number + 1), "a" * max(number - 1, 0))


def _candidates(registry: RelationRegistry, field: Field, named: Sequence[Any]) -> list[Stored]:
    """Give values to try for a field: the simplest first, each once."""
    usual = [*(numbered(field, number) for number in range(4)), 0, -1, "a", "A", "", "a@b.c", *SPECIAL_TEXTS[:8]]
    sql = f"SELECT DISTINCT {quoted(field.name)} FROM main.{quoted(field.collection)} LIMIT 20"
    learnt = [value for (value,) in registry.connection.execute(sql)]
    found = [with_affinity(value, field.affinity) for value in (*named, *usual, *learnt)]
    own: list[Stored] = [] if not field.nullable else [None]
    typed = [value for value in found if _suits(value, field)]
    return list({(type(value), value): value for value in (*typed, *own)}.values())


def _suits(value: Stored, field: Field) -> bool:
    return {"TEXT": isinstance(value, str), "BLOB": True}.get(
        field.affinity, isinstance(value, (int, float)) or field.codec.name.startswith("text")
    )
