"""Keeping: the part of a registry that keeps the rows of its database consistent.

In: a database and its schema. Out: audits and repairs. Raises the typed errors of `relgraph.errors` only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relgraph.integrity.data_rules import Progress
    from relgraph.integrity.plans import Plan
    from relgraph.integrity.problems import Audit
    from relgraph.schema import Schema
    from relgraph.storage.connection import Database


class Keeping:
    """The methods of `RelationRegistry` by which the data stays right."""

    database: Database

    if TYPE_CHECKING:

        @property
        def schema(self) -> Schema: ...

    def audit(
        self,
        collections: Iterable[str] | None = None,
        rules: Iterable[str] | None = None,
        *,
        progress: Progress | None = None,
    ) -> Audit:
        """Give what is wrong in the definitions of relations and in the rows, of all collections and rules or of some.

        The audit is true where there is a problem, counts and iterates over its problems, and prints as a table.
        Nothing is written. Raises `UnknownCollection`, and `InvalidPayload` for a rule that there is not.

        >>> from relgraph import RelationRegistry
        >>> with RelationRegistry() as registry:
        ...     _ = registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY)")
        ...     _ = registry.connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, tag REFERENCES tags)")
        ...     _ = registry.connection.execute("INSERT INTO tags VALUES (7)")
        ...     _ = registry.connection.execute("INSERT INTO notes VALUES (1, 7), (2, '07')")
        ...     [(problem.rule, problem.relation, problem.keys) for problem in registry.audit()]
        [('key-form', 'notes.tag', (2,))]
        """
        from relgraph.integrity.audit import audit

        with self.database.reading():
            return audit(self.database, self.schema, collections=collections, rules=rules, progress=progress)

    def repair(
        self,
        audit: Audit,
        dry_run: bool = True,
        strategies: Mapping[str, str] | None = None,
        *,
        progress: Progress | None = None,
    ) -> Plan:
        """Give the plan that mends what an audit found; with `dry_run=False` do it, all or nothing, and give it done.

        `strategies` says by rule what is done: "nullify", "delete", "keep-first", "normalise" or "reorder"; without it
        what loses the least is, and what only a person can decide is left. A dry run tries the plan out and takes it
        back, so that it names exactly the rows that change; the file stays as it is.

        >>> from relgraph import RelationRegistry
        >>> with RelationRegistry() as registry:
        ...     _ = registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY)")
        ...     _ = registry.connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, tag REFERENCES tags)")
        ...     _ = registry.connection.execute("INSERT INTO tags VALUES (7)")
        ...     _ = registry.connection.execute("INSERT INTO notes VALUES (1, 7), (2, '07')")
        ...     plan = registry.repair(registry.audit())
        ...     done = registry.repair(registry.audit(), dry_run=False)
        ...     print(plan[0])
        ...     done.changed, bool(registry.audit())
        normalise 1 item of notes: tag becomes the key as tags has it (key-form of notes.tag)
        ({'notes': 1}, False)
        """
        from relgraph.integrity.repair import repair

        return repair(
            self.database, self.schema, audit, dry_run=dry_run, strategies=strategies or {}, progress=progress
        )

    def guard(self) -> None:
        """Make the database itself refuse rows that break its relations, or follow, whatever program writes.

        Triggers refuse a key that points at nothing or at a collection that is not allowed, and half a link; unique
        indexes refuse a link made twice. When an item goes, what its foreign keys declare happens, m2a keys to it are
        cleared or their rows deleted, and links to it go. When its key changes, keys without a declared action follow.
        The guards fit themselves to every change of relations made here. Called again, it brings back what was lost.
        Left to SQLite alone are foreign keys that make no relation: of several columns, or to what identifies no item.
        Raises `CannotGuard`, with the audit, where rows break already what is to be enforced; then nothing has changed.

        >>> from relgraph import RelationRegistry
        >>> with RelationRegistry() as registry:
        ...     connection = registry.connection
        ...     _ = connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY)")
        ...     _ = connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, tag INTEGER REFERENCES tags)")
        ...     registry.guard()
        ...     _ = connection.execute("PRAGMA foreign_keys = OFF")
        ...     connection.execute("INSERT INTO notes VALUES (1, 7)")
        Traceback (most recent call last):
        sqlite3.IntegrityError: relgraph guard: notes.tag points at no item of tags (rule dangling-m2o)
        """
        from relgraph.integrity.guards import guard

        with self.database.writing():
            guard(self.database, self.schema)

    def unguard(self) -> None:
        """Take away all that `guard` has made, and nothing else.

        >>> from relgraph import RelationRegistry
        >>> with RelationRegistry() as registry:
        ...     registry.guard()
        ...     registry.unguard()
        ...     registry.connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        (0,)
        """
        from relgraph.integrity.guards import unguard

        unguard(self.database)
