"""Snapshots of a registry's database: taken, compared, applied.

In: a snapshot as data. Out: a snapshot, the steps that lead to one, or the database changed so, all or nothing. Raises
`InvalidPayload` for a snapshot that is none, and what the rules and the database refuse; then nothing has changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve, fields_dict

from relgraph.changes.restructure import Restructuring
from relgraph.errors import CannotChangeTable, InvalidPayload, RuleViolation
from relgraph.integrity import existing as existing_rows
from relgraph.snapshots import given
from relgraph.snapshots.carry_out import Site, carry_out
from relgraph.snapshots.difference import check_fields, difference
from relgraph.snapshots.given import Structure
from relgraph.snapshots.steps import Diff, Step
from relgraph.snapshots.take import take, take_all
from relgraph.storage import ddl
from relgraph.storage.key_faults import broken_keys, mismatches
from relgraph.storage.redefinition import number_of_values

if TYPE_CHECKING:
    from relgraph.schema import Schema


_OF_ALIASES: Final = ("note-field", "drop-alias")  # aliases follow relations at the end, and then what is said of them


class _TakenBack(Exception):
    """Ends a dry run with what it has done, so that its transaction is rolled back."""

    def __init__(self, done: Diff) -> None:
        super().__init__()
        self.done = done


class Snapshots(Restructuring):
    """What a registry does with snapshots of its structure."""

    if TYPE_CHECKING:

        @property
        def schema(self) -> Schema: ...

    def snapshot(self) -> dict[str, Any]:
        """Give the collections, fields and relations as data that JSON and YAML can hold.

        Of a Directus project this is what Directus's own `GET /schema/snapshot` gives. Of any other database it is the
        same shape, and each collection also has the SQL texts that make it, its indexes and its triggers.

        >>> from relgraph import RelationRegistry
        >>> with RelationRegistry() as registry:
        ...     _ = registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT)")
        ...     [entry["collection"] for entry in registry.snapshot()["collections"]]
        ['tags']
        """
        return take(self.database, self.schema)

    def diff(self, snapshot: Mapping[str, Any]) -> Diff:
        """Give the steps that would make the database what a snapshot says; nothing is changed.

        A snapshot in Directus's form makes the database a Directus project. Collections and fields that a snapshot
        lacks are dropped; what a project notes nothing about stays.
        Errors: `InvalidPayload` with the path to what is wrong in the snapshot.

        >>> from relgraph import RelationRegistry
        >>> with RelationRegistry() as registry:
        ...     empty = registry.snapshot()
        ...     _ = registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT)")
        ...     print(registry.diff(empty))
        Drop collection tags, with 0 items.
        """
        with self.database.reading():
            return Diff(self._steps(given.read(snapshot)), snapshot)

    def apply(self, diff: Diff | Mapping[str, Any], *, dry_run: bool = False) -> Diff:
        """Make the database what the snapshot of a diff says, all or nothing, and give the steps that were done.

        Applied again there is nothing to do. A `dry_run` does and checks everything, and takes it back. It needs a
        transaction of its own. `diff` may also be what `Diff.to_dict()` gave.
        Errors: `InvalidPayload` where the database has changed since the diff was made, so that other steps would be
        needed; `CannotChangeTable` and the rules' errors where a step would lose or break something.

        >>> from relgraph import RelationRegistry
        >>> with RelationRegistry() as old, RelationRegistry() as new:
        ...     _ = old.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT)")
        ...     done = new.apply(new.diff(old.snapshot()))
        ...     len(done), len(new.diff(old.snapshot()))
        (1, 0)
        """
        agreed = _agreed(diff)
        try:
            with ddl.changing(self.database, copying=True):
                return self._apply(agreed, dry_run=dry_run)
        except _TakenBack as end:
            return end.done

    def _apply(self, agreed: Diff, *, dry_run: bool) -> Diff:
        wanted = given.read(agreed.snapshot)
        steps = self._steps(wanted)
        _check_agreed(steps, agreed)
        if not steps:
            return Diff((), agreed.snapshot)
        broken, mismatched, before = broken_keys(self.database), mismatches(self.database), self.schema
        site = Site(self.database, self, wanted)
        with self._definitions.batch(stored_only=wanted.whole):
            carry_out(site, steps)
            existing_rows.refuse_broken(self.database, before, self.schema)
        carry_out(site, (step for step in self._steps(wanted) if step.kind in _OF_ALIASES))
        for step in self._steps(wanted):
            raise CannotChangeTable(step.collection, f"the snapshot was not reached, for it still says: {step}")
        for table, why in mismatches(self.database).items():
            if table not in mismatched:
                raise CannotChangeTable(table, why)
        for (table, target), count in (broken_keys(self.database) - broken).items():
            keys = "1 key" if count == 1 else f"{count} keys"
            problem = f"{keys} of {table} would point at no item of {target}"
            raise RuleViolation("data-obeys", table, count, problem, "mend or clear them first")
        done = Diff(steps, agreed.snapshot)
        if dry_run:
            raise _TakenBack(done)
        return done

    def _steps(self, wanted: Structure) -> tuple[Step, ...]:
        schema = self.schema
        if wanted.whole and schema.directus:
            problem = "this database is a Directus project, and the snapshot is one of a plain database"
            raise InvalidPayload("relgraph", problem, "take the snapshot from a project, or apply it to another file")
        found = take(self.database, schema) if wanted.whole else take_all(self.database, schema)
        now = given.read({**found, "version": 1, **({"relgraph": ""} if not schema.directus else {})})
        steps = difference(now, wanted, project=schema.directus)
        if wanted.whole and not steps:
            check_fields(now, wanted)
        return tuple(map(self._counted, steps))

    def _counted(self, step: Step) -> Step:
        """Give a step with the number of items or values that it would drop."""
        if step.kind == "drop-collection" and step.collection in self.schema.collections:
            return evolve(step, rows=number_of_values(self.database, step.collection))
        if step.kind == "drop-field":
            return evolve(step, rows=number_of_values(self.database, step.collection, step.field))
        return step


def _agreed(diff: Diff | Mapping[str, Any]) -> Diff:
    if isinstance(diff, Diff):
        return diff
    if isinstance(diff, Mapping) and isinstance(diff.get("snapshot"), Mapping):
        steps = diff.get("steps")
        if isinstance(steps, (list, tuple)) and all(map(_is_step, steps)):
            return Diff(tuple(Step(**{**step, "words": ""}) for step in steps), diff["snapshot"])
    raise InvalidPayload("diff", "it is no diff", "make one with registry.diff(snapshot)")


def _is_step(given: Any) -> bool:
    return isinstance(given, Mapping) and set(given) == set(fields_dict(Step))


def _check_agreed(steps: tuple[Step, ...], agreed: Diff) -> None:
    """Raise `InvalidPayload` when a step would be done that the diff does not name."""
    known = [step.identity for step in agreed.steps]
    for step in steps:
        if step.identity not in known:
            problem = f"the database has changed since the diff was made; now it would also: {step}"
            raise InvalidPayload("diff", problem, "make a new diff")
