"""Existing rows: what becomes of rows that a relation would find wrong when it is defined.

In: a `Database`, its `Schema`, the relations that are new in it, and what is wanted: "refuse" them for such rows,
"report" them later, or "nullify" the rows. Out: how many rows of which collection were changed. Inside an open
transaction. Raises `RuleViolation` or `InconsistentDefinition`, all that is refused together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from attrs import evolve

from relgraph.errors import InvalidPayload, RuleViolation, listed, shown
from relgraph.integrity.data_rules import DATA_RULES, Place, find, searches
from relgraph.integrity.problems import Problem, shown_keys
from relgraph.integrity.searches import Search, Way
from relgraph.relation import Relation
from relgraph.rules import refuse
from relgraph.schema import Schema
from relgraph.storage.connection import Database
from relgraph.storage.rows import update_rows

CHOICES: Final = ("refuse", "report", "nullify")
_POINTING: Final = ("dangling-m2o", "dangling-m2a", "m2a-collection", "key-form")
_HINT: Final = (
    "mend them first, or say existing='nullify', which clears the keys, or existing='report', which leaves them"
)


def check_choice(existing: str) -> None:
    """Refuse what is no choice. Raises `InvalidPayload`.

    >>> check_choice("report")
    """
    if existing not in CHOICES:
        raise InvalidPayload("existing", f"there is no choice {shown(existing)}", f"it is one of {listed(CHOICES)}")


def settle(
    database: Database, schema: Schema, changes: Sequence[tuple[Relation | None, Relation]], existing: str
) -> Mapping[str, int]:
    """Give how many rows of which collection were changed so that they obey relations, each beside what it was before.

    What a relation was found wrong with before it changes is not held against it. `schema` needs not have the new ones.
    """
    if existing == "report":
        return {}
    judged = [new for old, new in changes if old is None or _pointing(old) != _pointing(new)]
    if existing == "nullify":
        return _cleared(database, schema, judged)
    known = {each.name: _known(database, schema, old, each) for old, each in changes if old is not None}
    problems = find(database, schema, relations=judged, rules=_POINTING)
    refuse([_violation(each) for each in problems if each.count > known.get(each.relation, {}).get(each.rule, 0)])
    return {}


def _pointing(relation: Relation) -> tuple[object, ...]:
    """Give what rows are judged by: where the key stands, and what it may point at."""
    key, allowed = relation.foreign_key, relation.one_allowed_collections or ()
    to_field = "" if key is None else key.to_field
    return relation.name, relation.one_collection, to_field, relation.one_collection_field, frozenset(allowed)


def _known(database: Database, schema: Schema, old: Relation, new: Relation) -> dict[str, int]:
    """Give how many rows broke each rule before already, where the same fields lead to other allowed collections.

    A row of a collection that is allowed no more was fine; all others that are wrong now were so before.
    """
    fields = (old.name, old.one_collection, old.one_collection_field)
    if old.one_collection is not None or fields != (new.name, new.one_collection, new.one_collection_field):
        return {}
    either = tuple(dict.fromkeys((*(old.one_allowed_collections or ()), *(new.one_allowed_collections or ()))))
    both = evolve(new, one_allowed_collections=either)
    return {each.rule: each.count for each in find(database, schema, relations=[both], rules=_POINTING)}


def _violation(problem: Problem, hint: str = _HINT) -> RuleViolation:
    keys = shown_keys(problem.keys, problem.count)
    return RuleViolation(
        "data-obeys", problem.relation, problem.count, f"{problem.sentence}: {keys}", hint, "many_field"
    )


# --- clearing --------------------------------------------------------------------------------------------------------


def _cleared(database: Database, schema: Schema, relations: Sequence[Relation]) -> Mapping[str, int]:
    """Spell keys as they are meant, and clear those that point at nothing; refuse where a column cannot be cleared."""
    rules = [DATA_RULES[slug] for slug in _POINTING]
    found = list(searches(Place(database, schema, tuple(relations)), rules, None))
    kept = find(database, schema, relations=relations, rules=_POINTING)
    ways = {(search.relation, fault.rule): _way(search, fault.rule) for search in found for fault in search.faults}
    refuse([_violation(each, _CANNOT) for each in kept if ways[each.relation, each.rule] is None])
    changed: Counter[str] = Counter()
    for search in found:
        for rule, way in _wanted(search, ways):
            condition = f"({search.suspect}) AND ({search.verdict}) = ?"
            values = (*search.values, rule)
            changed[search.collection.name] += update_rows(
                database, search.collection.name, way.change or "", condition, values, search.relation
            )
    return {name: count for name, count in changed.items() if count}


_CANNOT: Final = "existing='nullify' cannot clear them, as a column is NOT NULL or part of the key; mend them first"


def _way(search: Search, rule: str) -> Way | None:
    ways = search.fault(rule).ways
    return next((way for way in ways if way.how in ("nullify", "normalise") and way.change is not None), None)


def _wanted(search: Search, ways: Mapping[tuple[str, str], Way | None]) -> Iterator[tuple[str, Way]]:
    """Yield the rules of a search with their way, spelling before clearing."""
    for rule in sorted((fault.rule for fault in search.faults), key=lambda rule: rule != "key-form"):
        way = ways[search.relation, rule]
        if way is not None:
            yield rule, way
