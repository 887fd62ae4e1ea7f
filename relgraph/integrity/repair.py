"""The repair: what an audit found, mended all or nothing, or tried out and taken back.

In: a `Database`, its `Schema`, an `Audit`, and what is to be done by rule. Out: a `Plan`. The problems are found again,
as rows may have changed since the audit: what has gone is not in the plan, and what has come since is left alone.
Each step runs one statement for each row at fault; where SQLite refuses one of them, where other rows point at one that
would be deleted, or where the rule would stay broken, the whole step is taken back and the problem is left, with the
reason. So no foreign key action ever follows a deletion, and a rule that is mended is mended whole.

Raises `InvalidPayload` for strategies that are none, and fails as the database does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from attrs import define, evolve, field, frozen

from relgraph.errors import InvalidPayload, did_you_mean
from relgraph.integrity.data_rules import DATA_RULES, Place, Progress, find, searches
from relgraph.integrity.holders import holders
from relgraph.integrity.plans import Left, Plan, Step
from relgraph.integrity.problems import KEYS_KEPT, Audit, Key
from relgraph.integrity.searches import Search, Way, table
from relgraph.read.joins import identity
from relgraph.schema import Schema
from relgraph.storage.connection import Database
from relgraph.storage.rehearsal import changes_so_far, rehearsal, row_counts, run_for_each, triggers_of
from relgraph.storage.sql_text import quoted

# keys are spelled right before they are looked for, and rows go before what is left of a list is numbered
ORDER: Final = (
    "key-form",
    "m2a-collection",
    "dangling-m2o",
    "dangling-m2a",
    "orphan-junction",
    "duplicate-link",
    "tree-cycle",
    "sort-order",
    "required-null",
)
_ROUNDS: Final = 5  # what a step breaks is mended in the next round; nothing known takes more than two
_UNMENDED: Final = "the rule would be broken after it as well"
_NAMELESS: Final = "nothing tells its rows apart: it has no primary key, and columns hide its rowid"
_DEFINITION: Final = "a definition is mended by update or delete of the relation"


def repair(
    database: Database,
    schema: Schema,
    audit: Audit,
    *,
    dry_run: bool = True,
    strategies: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Give the plan for what an audit found, tried out and taken back, or with `dry_run=False` carried out.

    >>> database = Database.open(":memory:")
    >>> print(repair(database, Schema({}), Audit()))
    nothing to repair
    >>> database.close()
    """
    if not isinstance(audit, Audit):
        raise InvalidPayload("audit", f"it must be what audit() gave, not {type(audit).__name__}")
    chosen = _checked(strategies or {})
    if dry_run:
        with rehearsal(database) as stage:
            return _Mending(stage, schema, audit, chosen, progress).plan()
    with database.writing():
        return evolve(_Mending(database, schema, audit, chosen, progress).plan(), done=True)


def _checked(strategies: Any) -> dict[str, str]:
    if not isinstance(strategies, Mapping):
        raise InvalidPayload("strategies", f"it must be a mapping from rules to what is done, not {strategies!r}")
    for rule, how in strategies.items():
        where = f"strategies.{rule}"
        if rule not in DATA_RULES:
            raise InvalidPayload(where, f"there is no such rule for rows{did_you_mean(str(rule), DATA_RULES)}")
        known = DATA_RULES[rule].strategies
        if how not in known:
            hint = f"what works for {rule}: {', '.join(known) or 'nothing'}"
            raise InvalidPayload(where, f"{how!r} does not mend this rule", hint)
    return dict(strategies)


@frozen
class _Refused(Exception):
    """Takes a step back."""

    why: str


@define
class _Mending:
    """A repair in progress: the steps taken so far, and what is left."""

    database: Database
    schema: Schema
    audit: Audit
    strategies: Mapping[str, str]
    progress: Progress | None
    steps: list[Step] = field(factory=list)
    left: dict[tuple[str, str], Left] = field(factory=dict)

    def plan(self) -> Plan:
        """Take every step there is, in rounds, until one has nothing to do."""
        rules = [rule for rule in ORDER if self.audit.rules is None or rule in self.audit.rules]
        found = {(problem.rule, problem.relation) for problem in self.audit if problem.rule in DATA_RULES}
        aside = self._come_since(rules, found) if found else frozenset()
        for _ in range(_ROUNDS if found else 0):
            taken = len(self.steps)
            self.left.clear()  # what was refused may be possible, or gone, after the steps of this round
            for rule in rules:
                for search in self._searches(rule):
                    if (rule, search.relation) not in aside:
                        self._mend(search, rule)
            if len(self.steps) == taken:
                break
        return Plan(tuple(self.steps), (*self._definitions(), *self.left.values()))

    def _come_since(self, rules: list[str], known: set[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """Give what is broken now and was not when the audit looked; what a step breaks itself is not among it."""
        now = find(self.database, self.schema, rules=rules, collections=self.audit.collections, progress=self.progress)
        return frozenset((problem.rule, problem.relation) for problem in now) - known

    def _searches(self, rule: str) -> Iterator[Search]:
        within = None if self.audit.collections is None else frozenset(self.audit.collections)
        yield from searches(Place(self.database, self.schema), [DATA_RULES[rule]], within)

    def _definitions(self) -> Iterator[Left]:
        for problem in self.audit:
            if problem.rule not in DATA_RULES:
                yield Left(problem.rule, problem.relation, problem.collection, 0, _DEFINITION)

    # --- one step ----------------------------------------------------------------------------------------------------

    def _mend(self, search: Search, rule: str) -> None:
        """Mend what rows break of a rule in one relation, or note why it is left."""
        count, keys = search.keys_by_rule(self.database).get(rule, (0, ()))
        if not count:
            return
        try:
            with self.database.writing():
                self.steps.append(self._taken(search, rule, self._way(search, rule), keys))
        except _Refused as refused:
            name = search.collection.name
            self.left[rule, search.relation] = Left(rule, search.relation, name, count, refused.why)

    def _way(self, search: Search, rule: str) -> Way:
        how = self.strategies.get(rule)
        if how is None:
            way = search.usual_way(self.database, rule)
            if isinstance(way, str):
                raise _Refused(way)
            return way
        ways = search.fault(rule).ways
        found = next((way for way in ways if way.how == how), None)
        if found is None:
            raise _Refused(
                f"it cannot be done by {how}; what can be: {', '.join(way.how for way in ways) or 'nothing'}"
            )
        return found

    def _taken(self, search: Search, rule: str, way: Way, keys: tuple[Key, ...]) -> Step:
        """Take a step and give it; raises `_Refused` where it cannot be, and then its transaction takes it back."""
        many, sql = search.collection, statement(search, way)
        rows = self._rows(search, rule, way)
        if way.rows:
            keys = self._keys(search, rows)
        triggers = triggers_of(self.database, many.name)
        before, there = changes_so_far(self.database), row_counts(self.database) if triggers else {}
        why = self._held(search, rule, way) or run_for_each(self.database, sql, rows)
        if why or self._is_broken(search, rule):
            raise _Refused(why or _UNMENDED)
        besides = changes_so_far(self.database) - before - len(rows)
        gone = {many.name: len(rows)} if way.change is None else {}
        return Step(
            *(rule, search.relation, many.name, way.how, way.words, sql, len(rows), keys),
            besides=besides,
            lost=_lost(there, row_counts(self.database) if triggers else {}, gone),
            triggers=triggers,
        )

    def _rows(self, search: Search, rule: str, way: Way) -> list[tuple[Any, ...]]:
        """Give for each row that changes what the statement binds; read whole, so that no change is seen halfway."""
        own = ", ".join(f"item.{name}" for name in identity(search.collection))
        if not own:
            raise _Refused(_NAMELESS)
        if way.rows:
            return self.database.execute(way.rows, way.values).fetchall()
        text = f"SELECT {own} {search.source} AND {search.verdict} = ?"
        return self.database.execute(text, (*search.values, rule)).fetchall()

    def _keys(self, search: Search, rows: list[tuple[Any, ...]]) -> tuple[Key, ...]:
        """Give the keys of the first rows, which are named by what ends their values."""
        many = search.collection
        own = identity(many)
        names = ", ".join(f"item.{quoted(name)}" for name in many.primary_key) or f"item.{own[0]}"
        text = f"SELECT {names} FROM {table(many.name)} AS item WHERE {_is_row(own)}"
        found = [self.database.execute(text, row[-len(own) :]).fetchone() for row in rows[:KEYS_KEPT]]
        return tuple(key[0] if len(key) == 1 else key for key in found)

    def _held(self, search: Search, rule: str, way: Way) -> str:
        """Say who points at rows that would be deleted; nothing, where none does."""
        if way.change is not None:
            return ""
        condition = f"({search.suspect}) AND {search.verdict} = ?"
        return holders(self.database, self.schema, search.collection, condition, (*search.values, rule))

    def _is_broken(self, search: Search, rule: str) -> bool:
        found = (again for again in self._searches(rule) if again.relation == search.relation)
        return any(rule in again.keys_by_rule(self.database) for again in found)


def _lost(before: Mapping[str, int], after: Mapping[str, int], own: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Give how many rows tables have lost that are not the step's own."""
    fewer = {name: count - after[name] - own.get(name, 0) for name, count in before.items()}
    return tuple((name, count) for name, count in fewer.items() if count > 0)


def statement(search: Search, way: Way) -> str:
    """Give the statement that mends one row, found by what `identity` tells it apart by."""
    name, row = table(search.collection.name), _is_row(identity(search.collection))
    if way.change is None:
        return f"DELETE FROM {name} AS item WHERE {row}"
    return f"UPDATE {name} AS item SET {way.change} WHERE {row}"


def _is_row(own: tuple[str, ...]) -> str:
    return " AND ".join(f"item.{name} = ?" for name in own)
