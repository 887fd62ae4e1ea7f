"""Checks: values that pass the CHECK constraints of a table, found by asking SQLite itself.

In: an open registry and a collection. Out: for each constraint the columns it speaks of, and choices of values that
pass it. Candidates are what the constraint itself names, what lies next to that, and values usual for the type. Raises
`InvalidBounds` where none of them passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from relgraph.schema import Collection, Field, folded
from relgraph.storage.sql_text import Token, quoted, tokens
from relgraph.strategies.bounds import InvalidBounds
from relgraph.strategies.parts import Item
from relgraph.strategies.values import known_values, numbered
from relgraph.values import DATES, NUMBERS, FieldType, Stored, instant, with_affinity

if TYPE_CHECKING:
    from relgraph.registry import RelationRegistry

_TRIED: Final = 3000  # combinations
_KEPT: Final = 60
_FEW: Final = 3  # for each value of a field before the last
_STANDING_FOR: Final = ("a", "b", "c", "d", "ab", "1", "2", "")  # what a pattern leaves open
_USUAL: Final = {"TEXT": ("a", "A", "", "a@b.c"), "BLOB": ("a", "A", "", 0, -1)}


@frozen
class Check:
    """One CHECK: its expression, the stored columns that it goes back to, and the generated ones that it names."""

    expression: str
    names: tuple[str, ...]
    generated: tuple[tuple[str, str], ...] = ()  # with the expression of each

    def passed(self, registry: RelationRegistry, item: Mapping[str, Stored]) -> bool:
        """Tell whether an item passes; as in a table, what is unknown does."""
        values = [item.get(name) for name in self.names]
        return bool(registry.connection.execute(self._sql(), values).fetchone()[0])

    def _sql(self) -> str:
        said = f"SELECT {', '.join(f'? AS {quoted(name)}' for name in self.names) or 1}"
        for name, expression in self.generated:
            said = f"SELECT *, ({expression}) AS {quoted(name)} FROM ({said})"
        return f"SELECT coalesce(({self.expression}), 1) <> 0 FROM ({said})"


def checks_of(registry: RelationRegistry, collection: Collection) -> tuple[Check, ...]:
    """Give the constraints of a table.

    >>> from relgraph import RelationRegistry
    >>> with RelationRegistry() as registry:
    ...     _ = registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, size INT CHECK (size > 3))")
    ...     checks_of(registry, registry.schema.collections["tags"])
    (Check(expression='size > 3', names=('size',), generated=()),)
    """
    sql = _table_sql(registry, collection)
    if "CHECK" not in sql.upper():
        return ()
    pieces = _pieces(sql)
    insides = [_inside(pieces, at) for at, piece in enumerate(pieces) if piece.is_word("CHECK")]
    return tuple(_check(inside, collection, dict(_generated(pieces, collection))) for inside in insides)


def stored_names(registry: RelationRegistry, collection: Collection, expressions: Iterable[str]) -> tuple[str, ...]:
    """Give the stored columns that expressions go back to, through generated ones.

    >>> from relgraph import RelationRegistry
    >>> with RelationRegistry() as registry:
    ...     _ = registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, n INT, m AS (n * 2))")
    ...     stored_names(registry, registry.schema.collections["tags"], ["m", "abs(id)"])
    ('id', 'n')
    """
    generated = dict(_generated(_pieces(_table_sql(registry, collection)), collection))
    return _check(_pieces(", ".join(expressions)), collection, generated).names


def _table_sql(registry: RelationRegistry, collection: Collection) -> str:
    sql = "SELECT sql FROM main.sqlite_schema WHERE name = ? AND type = 'table'"
    return str(registry.connection.execute(sql, (collection.name,)).fetchone()[0] or "")


def _pieces(sql: str) -> list[Token]:
    return [piece for piece in tokens(sql) if piece.kind != "comment"]


def _inside(pieces: Sequence[Token], at: int) -> list[Token]:
    """Give the pieces between the next parentheses."""
    start = next(here for here in range(at, len(pieces)) if pieces[here].text == "(")
    ends = (here for here in range(start + 1, len(pieces)) if pieces[here].text == ")")
    return list(pieces[start + 1 : next(end for end in ends if pieces[end].depth == pieces[start].depth)])


def _generated(pieces: Sequence[Token], collection: Collection) -> Iterator[tuple[str, list[Token]]]:
    """Yield for each generated column the pieces of its expression."""
    names = {folded(field.name): field.name for field in collection.fields.values() if field.generated}
    for at, piece in enumerate(pieces):
        starts = piece.depth == 1 and _before(pieces, at) in ("(", ",")
        if starts and folded(piece.name) in names:
            yield names[folded(piece.name)], _inside(pieces, _as(pieces, at))


def _before(pieces: Sequence[Token], at: int) -> str:
    return next((piece.text for piece in reversed(pieces[:at]) if piece.kind != "space"), "")


def _as(pieces: Sequence[Token], at: int) -> int:
    return next(here for here in range(at, len(pieces)) if pieces[here].depth == 1 and pieces[here].is_word("AS"))


def _check(inside: Sequence[Token], collection: Collection, generated: Mapping[str, list[Token]]) -> Check:
    """Give the constraint, with what generated columns stand for, those of which others are made first."""
    named, made = list(_names(inside, collection)), dict[str, str]()
    while later := [name for name in named if name in generated]:
        inner = generated[later[0]]
        made = {later[0]: _text(inner)} | {name: text for name, text in made.items() if name != later[0]}
        named = [name for name in dict.fromkeys((*named, *_names(inner, collection))) if name != later[0]]
    return Check(_text(inside), tuple(named), tuple(made.items()))


def _text(pieces: Sequence[Token]) -> str:
    return "".join(piece.text for piece in pieces)


def _names(inside: Sequence[Token], collection: Collection) -> tuple[str, ...]:
    known = {folded(name): name for name in collection.fields}
    named = [known.get(folded(each.name)) for each in inside if each.kind in ("word", "quoted")]
    return tuple(dict.fromkeys(name for name in named if name is not None))


def choices(
    registry: RelationRegistry, checks: Sequence[Check], fields: Sequence[Field]
) -> tuple[tuple[Stored, ...], ...]:
    """Give choices of values for the fields, which constraints name, that pass them all. Raises `InvalidBounds`."""
    named = tuple(literal for check in checks for literal in _literals(check.expression))
    pools = {field.name: _candidates(registry, field, named) for field in fields}
    kept = list(islice(_passing(registry, checks, pools, {}, iter(range(_TRIED))), _KEPT))
    if not kept:
        said = " and ".join(f"CHECK ({check.expression})" for check in checks)
        hint = f"give strategies for it: values={{{fields[0].name!r}: ...}}"
        raise InvalidBounds(fields[0].collection, f"no value was found that passes {said}", hint)
    return tuple(kept)


def _passing(
    registry: RelationRegistry,
    checks: Sequence[Check],
    pools: Mapping[str, Sequence[Stored]],
    chosen: Item,
    left: Iterator[int],
) -> Iterator[tuple[Stored, ...]]:
    """Yield what passes, field after field, a few for each value; no more than are left are tried."""
    if len(chosen) == len(pools):
        yield tuple(chosen.values())
        return
    name = list(pools)[len(chosen)]
    asked = [check for check in checks if name in check.names and {*chosen, name}.issuperset(check.names)]
    for value, _ in zip(pools[name], left, strict=False):
        item = chosen | {name: value}
        if all(check.passed(registry, item) for check in asked):
            yield from islice(_passing(registry, checks, pools, item, left), _FEW)


def _literals(expression: str) -> Iterator[Any]:
    """Yield what the expression spells out, texts like its patterns, and the numbers next to its numbers.

    A bound may leave itself out, and a number may be that of letters.
    """
    for token in tokens(expression):
        if token.kind == "string":
            yield token.name
            yield from _like(token.name)
        elif token.kind == "number" and not token.text.lower().startswith("0x"):
            number = float(token.text) if any(sign in token.text for sign in ".eE") else int(token.text)
            yield from (number, number + 1, number - 1, -number, -number - 1, -number + 1)
            if isinstance(number, int) and number <= 100:
                yield from ("a" * number, "a" * (number + 1), "a" * max(number - 1, 0))


def _like(pattern: str) -> Iterator[str]:
    """Yield texts like a pattern of LIKE or GLOB."""
    for several, one in (("%", "_"), ("*", "?")):
        if several in pattern or one in pattern:
            yield from (pattern.replace(several, text).replace(one, text[:1] or "a") for text in _STANDING_FOR)


def _candidates(registry: RelationRegistry, field: Field, named: Sequence[Any]) -> list[Stored]:
    """Give values to try for a field: the simplest first, each once."""
    usual = [*(numbered(field, number) for number in range(4)), *_USUAL.get(field.affinity, ()), *known_values(field)]
    sql = f"SELECT DISTINCT {quoted(field.name)} FROM main.{quoted(field.collection)} LIMIT 20"
    learnt = [value for (value,) in registry.connection.execute(sql)]
    found = [with_affinity(value, field.affinity) for value in (*named, *usual, *learnt)]
    own: list[Stored] = [] if not field.nullable else [None]
    typed = [value for value in found if _suits(value, field)]
    return list({(type(value), value): value for value in (*typed, *own)}.values())


def _suits(value: Stored, field: Field) -> bool:
    """Tell whether a value is one that a field of that type should hold."""
    if field.codec.epoch or field.type in NUMBERS or field.type is FieldType.BOOLEAN:
        return isinstance(value, (int, float))
    if field.type in DATES:
        return isinstance(value, str) and instant(value) != value
    return field.affinity == "BLOB" or isinstance(value, str)
