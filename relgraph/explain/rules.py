"""Rules: what a reader may not expect of a condition or an order that goes through relations.

In: conditions and sort keys of one level. Out: sentences, only where the rule can change the answer. Fails never.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from relgraph.explain.phrases import Path, listed, path_words, value_words
from relgraph.query.resolved import AllOf, AnyOf, Condition, Quantified, ResolvedQuery, Test
from relgraph.read.scalars import counts_nothing
from relgraph.read.sql import paths


def condition_rules(condition: Condition, outer: Path = ()) -> Iterator[str]:
    """Yield what decides about a condition that goes through relations; `outer` leads to the row it speaks of."""
    for path in _shared(condition):
        name = path_words((*outer, *path))
        yield f"The conditions on {name} speak of the same item of {name}; with _some each has its own."
    missing = [path for path in _starts(condition) if _may_hold_of_none(condition, path)]
    many = [path_words((*outer, *path)) for path in missing if path[-1].many]
    if many:
        yield f"An item without {listed(many, 'or')} counts as having one in which every field is NULL."
    one = [path_words((*outer, *path)) for path in missing if not path[-1].many]
    if one:
        yield f"Where there is no {listed(one, 'or')}, its fields count as NULL."
    for part in _nodes(condition):
        if isinstance(part, Quantified) and part.condition is not None:
            yield from condition_rules(part.condition, (*outer, *part.path, part.hop))


def order_rules(query: ResolvedQuery) -> Iterator[str]:
    """Yield where an item stands that is sorted by something it has many of."""
    for key in query.order:
        if any(hop.many for hop in key.path):
            near = path_words(key.path)
            shares = query.where is not None and any(path[:1] == key.path[:1] for path in paths(query.where))
            among = ", among those that the conditions accept" if shares else ""
            yield f"By {value_words(key.path, key.value)} an item stands where the first of its {near} stands{among}."


def _starts(condition: Condition) -> list[Path]:
    """Give every start of the paths of a condition, short ones first."""
    found = {path[:length]: None for path in paths(condition) for length in range(1, len(path) + 1)}
    return sorted(found, key=len)


def _shared(condition: Condition) -> list[Path]:
    """Give the to-many paths that more than one part of some AND goes through."""
    found: dict[Path, None] = {}
    for node in _nodes(condition):
        if isinstance(node, AllOf):
            through = Counter(path for part in node.parts for path in _starts(part))
            found |= dict.fromkeys(path for path, parts in through.items() if parts > 1 and path[-1].many)
    return list(found)


def _nodes(condition: Condition) -> Iterable[Condition]:
    yield condition
    if isinstance(condition, (AllOf, AnyOf)):
        for part in condition.parts:
            yield from _nodes(part)


def _may_hold_of_none(condition: Condition, path: Path) -> bool:
    """Say whether a test behind a path may be true where the path leads to no row, and so decide."""
    if isinstance(condition, (AllOf, AnyOf)):
        if isinstance(condition, AllOf) and any(_rejects(part, path) for part in condition.parts):
            return False
        return any(_may_hold_of_none(part, path) for part in condition.parts)
    return condition.path[: len(path)] == path and not _rejects(condition, path)


def _rejects(condition: Condition, path: Path) -> bool:
    """Say whether a condition is never true where a path leads to no row."""
    if isinstance(condition, AllOf):
        return any(_rejects(part, path) for part in condition.parts)
    if isinstance(condition, AnyOf):
        return all(_rejects(part, path) for part in condition.parts)
    if condition.path[: len(path)] != path:
        return False
    if isinstance(condition, Test):
        return condition.operator.rejects_null and not counts_nothing(condition.value)
    return condition.word == "some"
