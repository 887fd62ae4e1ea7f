"""Existing rows: what becomes of rows that a relation would find wrong when it is defined.

In: a `Database`, its `Schema`, the relations that are new in it, and what is wanted: "refuse" them for such rows,
"report" them later, or "nullify" the rows. Out: violations as values, and how many rows of which collection were
changed. Inside an open transaction. Raises `RuleViolation` where a table does not let its rows be changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, TypeAlias

from attrs import evolve

from relgraph.errors import InvalidPayload, RuleViolation, listed, shown
from relgraph.integrity.data_rules import DATA_RULES, Place, find, searches
from relgraph.integrity.problems import Problem, shown_keys
from relgraph.integrity.searches import Search, Way, table
from relgraph.relation import Relation
from relgraph.rules import refuse
from relgraph.schema import Schema
from relgraph.storage.connection import Database
from relgraph.storage.rows import update_rows

Change: TypeAlias = tuple[Relation | None, Relation]  # what a relation was, None where it is new, and what it becomes

CHOICES: Final = ("refuse", "report", "nullify")
_POINTING: Final = ("dangling-m2o", "dangling-m2a", "m2a-collection", "key-form")
_CANNOT: Final = "existing='nullify' cannot clear them, as a column is NOT NULL or part of the key; mend them first"
_HINT: Final = (
    "mend them first, or say existing='nullify', which clears the keys, or existing='report', which leaves them"
)


def check_choice(existing: str) -> None:
    """Refuse what is no choice. Raises `InvalidPayload`.

    >>> check_choice("report")
    """
    if existing not in CHOICES:
        raise InvalidPayload("existing", f"there is no choice {shown(existing)}", f"it is one of {listed(CHOICES)}")


def refusals(database: Database, schema: Schema, changes: Sequence[Change], existing: str) -> list[RuleViolation]:
    """Give what rows have against relations, each beside what it was before: nothing where they are to be reported.

    What a relation was found wrong with before it changes is not held against it. Where rows are to be nullified, only
    those that cannot be are refused. `schema` needs not have the new relations.
    """
    judged = _judged(changes)
    if existing == "report" or not judged:
        return []
    problems = find(database, schema, relations=judged, rules=_POINTING)
    if existing == "nullify":
        ways = {(search.relation, rule) for search in _searches(database, schema, judged) for rule, _ in _ways(search)}
        return [_violation(each, _CANNOT) for each in problems if (each.relation, each.rule) not in ways]
    known = {each.name: _known(database, schema, old, each) for old, each in changes if old is not None}
    return [_violation(each) for each in problems if each.count > known.get(each.relation, {}).get(each.rule, 0)]


def refuse_broken(database: Database, before: Schema, after: Schema) -> None:
    """Refuse relations that came or changed from one schema to another while rows were against them."""
    was = {relation.name: relation for relation in before.relations if relation.id is not None}
    stored = [relation for relation in after.relations if relation.id is not None]
    changes = [(was.get(relation.name), relation) for relation in stored if was.get(relation.name) != relation]
    found = refusals(database, after, changes, "refuse")
    refuse([evolve(violation, hint="mend or clear their keys first") for violation in found])


def clear(database: Database, schema: Schema, changes: Sequence[Change]) -> Mapping[str, int]:
    """Give how many rows of which collection were changed: keys spelled as they are meant, or cleared."""
    found: dict[str, list[Search]] = {}
    for search in _searches(database, schema, _judged(changes)):
        found.setdefault(search.collection.name, []).append(search)
    counts = {name: _count(database, searches) for name, searches in found.items()}
    for search in chain.from_iterable(found.values()):
        for rule, way in _ways(search):
            condition, values = f"({search.suspect}) AND ({search.verdict}) = ?", (*search.values, rule)
            update_rows(database, search.collection.name, way.change or "", condition, values, search.relation)
    return {name: count for name, count in counts.items() if count}


def _count(database: Database, found: Sequence[Search]) -> int:
    """Give how many rows of a collection are at fault by any of some searches."""
    faulty = " OR ".join(f"({search.suspect}) AND ({search.verdict}) IS NOT NULL" for search in found)
    values = tuple(chain.from_iterable(search.values for search in found))
    text = f"SELECT count(*) FROM {table(found[0].collection.name)} AS item WHERE {faulty}"
    return int(database.execute(text, values).fetchone()[0])


def _judged(changes: Sequence[Change]) -> list[Relation]:
    """Give the relations that are new, or point by another field or to something else than before."""
    return [new for old, new in changes if old is None or _pointing(old) != _pointing(new)]


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


def _searches(database: Database, schema: Schema, relations: Sequence[Relation]) -> list[Search]:
    rules = [DATA_RULES[slug] for slug in _POINTING]
    return list(searches(Place(database, schema, tuple(relations)), rules, None))


def _ways(search: Search) -> Iterator[tuple[str, Way]]:
    """Yield the rules of a search whose rows can be changed, spelling before clearing, and how."""
    for fault in sorted(search.faults, key=lambda fault: fault.rule != "key-form"):
        for way in fault.ways:
            if way.how in ("nullify", "normalise") and way.change is not None:
                yield fault.rule, way
