"""The audit: what is wrong in a database, in the definitions of its relations and in its rows, as one report.

In: a `Database` and its `Schema`, and which collections and rules to look at. Out: an `Audit`. Reads only. Raises
`UnknownCollection` and `InvalidPayload` for names that are none, and fails as the database does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from relgraph.errors import InvalidPayload, RuleViolation, UnknownCollection, did_you_mean
from relgraph.integrity.data_rules import DATA_RULES, Progress, find
from relgraph.integrity.problems import Audit, Problem
from relgraph.rules import RULES, Rule, violations
from relgraph.schema import ForeignKey, Schema
from relgraph.storage.connection import Database
from relgraph.storage.rehearsal import mismatched_key


def audit(
    database: Database,
    schema: Schema,
    *,
    collections: Iterable[str] | None = None,
    rules: Iterable[str] | None = None,
    progress: Progress | None = None,
) -> Audit:
    """Give all problems, or those of some rules, in the definitions and rows of all collections, or of some.

    An audit without a problem means that SQLite's own foreign_key_check finds none either. `progress` is told before
    each look at a collection how many are done, of how many, and the relation looked at.

    >>> database = Database.open(":memory:")
    >>> print(audit(database, Schema({})))
    no problems
    >>> database.close()
    """
    within = _names("collections", collections)
    asked = _names("rules", rules)
    _check_collections(schema, within)
    _check_rules(asked)
    with database.reading():
        judged = [rule for slug, rule in RULES.items() if asked is None or slug in asked]
        defined = _definitions(database, schema, judged)
        kept = tuple(problem for problem in defined if within is None or problem.collection in within)
        found = find(
            database,
            schema,
            rules=None if asked is None else [slug for slug in asked if slug in DATA_RULES],
            collections=within,
            progress=progress,
        )
    return Audit((*kept, *found), collections=within, rules=asked)


def _names(where: str, given: Any) -> tuple[str, ...] | None:
    """Give names as a tuple, one alone too."""
    if given is None:
        return None
    names = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, Iterable) else (given,)
    for place, name in enumerate(names):
        if not isinstance(name, str):
            raise InvalidPayload(f"{where}[{place}]", f"it must be a name, not {name!r}")
    return names


def _check_collections(schema: Schema, names: tuple[str, ...] | None) -> None:
    known = dict.fromkeys((*schema.collections, *(relation.many_collection for relation in schema.relations)))
    for place, name in enumerate(names or ()):
        if name not in known:
            raise UnknownCollection(f"collections[{place}]", name, tuple(known), schema.unreadable.get(name, ""))


def _check_rules(names: tuple[str, ...] | None) -> None:
    known = (*DATA_RULES, *RULES)
    for place, name in enumerate(names or ()):
        if name not in known:
            hint = f"the rules for rows are {', '.join(DATA_RULES)}"
            raise InvalidPayload(f"rules[{place}]", f"there is no rule {name!r}{did_you_mean(name, known)}", hint)


# --- definitions -----------------------------------------------------------------------------------------------------


def _definitions(database: Database, schema: Schema, rules: Sequence[Rule]) -> Iterator[Problem]:
    """Yield what definitions violate of some rules, and the foreign keys that lead to no key of their target."""
    found = violations(schema, rules)
    for violation in found:
        yield _of_violation(violation)
    if RULES["one-key"] not in rules:
        return
    known = {violation.where for violation in found if violation.rule == "one-key"}
    for key in _mismatched(database, schema):
        name = f"{key.collection}.{','.join(key.fields)}"
        if name not in known:
            target = ", ".join(key.to_fields) or "the primary key"
            sentence = f"its foreign key leads to {target} of {key.to_collection}, which identifies no item there"
            yield Problem("one-key", "error", name, key.collection, 0, (), sentence, f"none: {_ONLY_A_PERSON}")


_ONLY_A_PERSON = "a definition is mended by whoever knows what it should be"


def _of_violation(violation: RuleViolation) -> Problem:
    fix = f"none: {_ONLY_A_PERSON}" + (f" ({violation.hint})" if violation.hint else "")
    severity = RULES[violation.rule].severity
    return Problem(violation.rule, severity, violation.where, violation.collection, 0, (), violation.problem, fix)


def _mismatched(database: Database, schema: Schema) -> Iterator[ForeignKey]:
    """Yield the foreign keys that SQLite cannot follow, at least one of each table that has any."""
    for collection in dict.fromkeys(key.collection for key in schema.foreign_keys):
        said = mismatched_key(database, collection)
        for key in schema.foreign_keys if said else ():
            if key.collection == collection and said.endswith(f'referencing "{key.to_collection}"'):
                yield key
