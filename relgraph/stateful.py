"""RegistryMachine: a Hypothesis state machine over a relational database, to be subclassed.

In: a database, as a file, a blueprint, or a registry that `original` makes. Out: steps at random (items inserted,
updated, linked, unlinked, deleted, relations defined and dropped, questions asked), after each of which an audit is
clean, no foreign key is broken, and SQL answers as the Python evaluator does. A subclass adds rules of its own
application, with `live_keys` for what is there. A failure prints the steps that lead to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar

from attrs import frozen
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from relgraph import strategies
from relgraph.errors import CannotChangeTable
from relgraph.evaluation import evaluate
from relgraph.registry import RelationRegistry
from relgraph.relation import Relation
from relgraph.schema import Collection, Hop
from relgraph.storage.sql_text import quoted
from relgraph.strategies.drafts import Drafts, Plan
from relgraph.strategies.parts import Item
from relgraph.strategies.plans import plan_of

_MOST = 3  # relations that a machine defines
_DRAWN = 100  # items of one collection that rules draw from


@frozen
class LiveKey:
    """An item that is there when a rule runs: its collection, and its key as a tuple."""

    collection: str
    key: tuple[Any, ...]


def live_keys(collection: str | None = None) -> st.SearchStrategy[LiveKey]:
    """Give a strategy of the items that are there when a rule of a machine draws from it, of one collection or of all.

    It is a bundle that follows cascades: what any step deleted, however, is not drawn again. Give the rule a
    `precondition(lambda machine: machine.keys(...))` where there may be none.
    """
    return st.runner().flatmap(lambda machine: st.sampled_from(machine.keys(collection)))


class RegistryMachine(RuleBasedStateMachine):
    """A state machine over a copy in memory of `database`: a path, or a `strategies.Blueprint`.

    The original is read once for a class; each run starts from a copy of it. With `guarded` the copies have guards,
    without which nothing keeps the keys of any-to-many relations right when items are deleted.

    >>> from relgraph.strategies import Blueprint, Column, Pointer, Table
    >>> class People(RegistryMachine):
    ...     id = (Column("id", "INTEGER"),)
    ...     database = Blueprint((Table("people", id, pointers=(Pointer(Column("boss", "INTEGER"), "people", "id"),)),))
    >>> from hypothesis import settings
    >>> from hypothesis.stateful import run_state_machine_as_test
    >>> run_state_machine_as_test(People, settings=settings(max_examples=2, stateful_step_count=5, database=None))
    """

    database: ClassVar[Any] = None
    guarded: ClassVar[bool] = True
    _original: ClassVar[RelationRegistry | None] = None

    def __init__(self) -> None:
        super().__init__()
        own = type(self)
        if own.__dict__.get("_original") is None:
            own._original = self.original()
            if self.guarded:
                own._original.guard()
        assert own._original is not None
        self.registry = RelationRegistry()
        own._original.connection.backup(self.registry.connection)
        self._plans: dict[str, Plan] = {}
        self._planned: Any = None
        self._defined: list[int] = []

    def original(self) -> RelationRegistry:
        """Give the registry that all runs start from copies of; to be overridden where `database` is not enough."""
        if self.database is None:
            raise strategies.InvalidBounds("database", "it is None", "set it to a path or a Blueprint")
        if isinstance(self.database, strategies.Blueprint):
            return self.database.open()
        registry = RelationRegistry()
        with RelationRegistry(self.database, read_only=True) as file:
            file.connection.backup(registry.connection)
        return registry

    def teardown(self) -> None:
        """Close the copy."""
        self.registry.close()

    # --- what there is -----------------------------------------------------------------------------------------------

    @property
    def collections(self) -> list[Collection]:
        """The collections that rules write to."""
        found = [each for each in self.registry.schema if not each.system and not each.view]
        return [each for each in found if not each.name.startswith("relgraph_")]

    def keys(self, collection: str | None = None) -> list[LiveKey]:
        """Give the items that are there, of one collection or of all that have keys; of large ones the first."""
        wanted = [each for each in self.collections if collection in (None, each.name) and each.primary_key]
        found = []
        for each in wanted:
            names = ", ".join(map(quoted, each.primary_key))
            sql = f"SELECT {names} FROM main.{quoted(each.name)} ORDER BY {names} LIMIT {_DRAWN}"
            rows = self.registry.connection.execute(sql)
            found += [LiveKey(each.name, tuple(row)) for row in rows]
        return found

    def _plan(self, name: str) -> Plan:
        schema = self.registry.schema
        if self._planned is not schema:
            self._plans, self._planned = {}, schema
        if name not in self._plans:
            self._plans[name] = plan_of(self.registry, name)
        return self._plans[name]

    def draw_item(self, data: st.DataObject, collection: str) -> Item | None:
        """Draw an item that can be stored, or None where there is no room for one."""
        plan = self._plan(collection)
        made = Drafts(self.registry, {collection: plan}).make({collection: [data.draw(plan.drawn)]})[collection]
        return made[0] if made else None

    # --- rules: items ------------------------------------------------------------------------------------------------

    @precondition(lambda machine: machine.collections)
    @rule(data=st.data())
    def insert(self, data: st.DataObject) -> None:
        """Insert an item."""
        name = data.draw(st.sampled_from([each.name for each in self.collections]), label="collection")
        item = self.draw_item(data, name)
        if item is not None:
            names, marks = ", ".join(map(quoted, item)), ", ".join("?" * len(item))
            self.write(f"INSERT INTO main.{quoted(name)} ({names}) VALUES ({marks})", tuple(item.values()))

    @precondition(lambda machine: machine.keys())
    @rule(live=live_keys(), data=st.data())
    def update(self, live: LiveKey, data: st.DataObject) -> None:
        """Give an item other values, but for its key and what foreign keys point at."""
        item = self.draw_item(data, live.collection)
        schema = self.registry.schema
        pointed = {
            name for key in schema.foreign_keys if key.to_collection == live.collection for name in key.to_fields
        }
        fixed = {*schema.collections[live.collection].primary_key, *pointed}
        values = {name: value for name, value in (item or {}).items() if name not in fixed}
        if values:
            sets = ", ".join(f"{quoted(name)} = ?" for name in values)
            self._write_at(live, f"UPDATE main.{quoted(live.collection)} SET {sets}", tuple(values.values()))

    @precondition(lambda machine: machine.keys())
    @rule(live=live_keys())
    def delete(self, live: LiveKey) -> None:
        """Delete an item, unless a foreign key forbids it; what is to go with it goes."""
        key = live.key if len(live.key) > 1 else live.key[0]
        if not self.registry.graph.impact(live.collection, [key]).blocked:
            self._write_at(live, f"DELETE FROM main.{quoted(live.collection)}", ())

    @precondition(lambda machine: machine.pointers())
    @rule(data=st.data())
    def link(self, data: st.DataObject) -> None:
        """Let an item point at another."""
        hop = data.draw(st.sampled_from(self.pointers()), label="pointer")
        far = quoted(hop.far_field)
        sql = f"SELECT {far} FROM main.{quoted(hop.far)} WHERE {far} IS NOT NULL LIMIT {_DRAWN}"
        keys, near = [key for (key,) in self.registry.connection.execute(sql)], self.keys(hop.near)
        if keys and near:
            self._point(data.draw(st.sampled_from(near)), hop, data.draw(st.sampled_from(keys), label="key"))

    @precondition(lambda machine: machine.pointers())
    @rule(data=st.data())
    def unlink(self, data: st.DataObject) -> None:
        """Let an item point at nothing."""
        hop = data.draw(st.sampled_from(self.pointers()), label="pointer")
        near = self.keys(hop.near)
        if near and self.registry.schema.collections[hop.near].fields[hop.near_field].nullable:
            self._point(data.draw(st.sampled_from(near)), hop, None)

    def pointers(self) -> list[Hop]:
        """Give the ways from one item to one other, outside of junctions and keys."""
        return [
            hop
            for collection in self.collections
            if collection.primary_key
            for hop in collection.hops.values()
            if not hop.many and self._is_free(collection, hop)
        ]

    def _is_free(self, collection: Collection, hop: Hop) -> bool:
        several = [key for key in self.registry.schema.keys_of(collection.name) if len(key.fields) > 1]
        bound = {*collection.primary_key, *(name for key in several for name in key.fields)}
        bound |= {name for names in self._plan(collection.name).unique for name in names}
        return hop.near_field not in bound and hop.relation.junction_field is None

    # --- rules: definitions and questions ----------------------------------------------------------------------------

    @precondition(lambda machine: len(machine._defined) < _MOST and machine.targets())
    @rule(data=st.data())
    def define(self, data: st.DataObject) -> None:
        """Define a relation on a new field, if the table takes one: a STRICT one does not know all types of keys."""
        many = data.draw(st.sampled_from([each.name for each in self.collections]), label="many collection")
        one = data.draw(st.sampled_from(self.targets()), label="one collection")
        taken = self.registry.schema.collections[many].fields
        name = next(name for number in range(100) if (name := f"link{number or ''}") not in taken)
        with suppress(CannotChangeTable):
            self._defined.append(self.registry.m2o((many, name), one).id or 0)

    @precondition(lambda machine: machine._defined)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        """Drop a relation that was defined before, with its field."""
        relation: Relation = self.registry.get(data.draw(st.sampled_from(self._defined), label="relation"))
        self._defined.remove(relation.id or 0)
        self.registry.drop_field(relation.many_collection, relation.many_field, cascade=True)

    def targets(self) -> list[str]:
        """Give the collections that a relation can lead to."""
        return [each.name for each in self.collections if each.key is not None]

    @precondition(lambda machine: machine.collections)
    @rule(data=st.data())
    def ask(self, data: st.DataObject) -> None:
        """Ask a valid question: the database answers as the Python evaluator does."""
        name = data.draw(st.sampled_from([each.name for each in self.collections]), label="collection")
        self._compare(name, data.draw(strategies.queries(self.registry, name, max_depth=1), label="query"))

    # --- invariants --------------------------------------------------------------------------------------------------

    @invariant()
    def audit_is_clean(self) -> None:
        """An audit finds no error."""
        found = [str(problem) for problem in self.registry.audit() if problem.severity == "error"]
        assert not found, "\n".join(found)

    @invariant()
    def foreign_keys_hold(self) -> None:
        """SQLite finds no broken foreign key."""
        assert self.registry.connection.execute("PRAGMA foreign_key_check").fetchall() == []

    @invariant()
    def answers_agree(self) -> None:
        """All items of each collection are the same by SQL as by the Python evaluator."""
        for collection in self.collections:
            self._compare(collection.name, {"fields": ["*"]})

    # --- writing and comparing ---------------------------------------------------------------------------------------

    def write(self, sql: str, values: Sequence[Any]) -> None:
        """Run a statement that changes items; to be overridden where an application is to do it."""
        self.registry.connection.execute(sql, values)

    def _write_at(self, live: LiveKey, sql: str, values: Sequence[Any]) -> None:
        names = self.registry.schema.collections[live.collection].primary_key
        where = " AND ".join(f"{quoted(name)} = ?" for name in names)
        self.write(f"{sql} WHERE {where}", (*values, *live.key))

    def _point(self, live: LiveKey, hop: Hop, key: Any) -> None:
        sets = f"UPDATE main.{quoted(live.collection)} SET {quoted(hop.near_field)} = ?"
        self._write_at(live, sets, (key,))

    def _compare(self, name: str, query: Any) -> None:
        rows = {each.name: self._rows(each) for each in self.registry.schema}
        by_sql, in_memory = (
            self.registry.items(name).read(query),
            evaluate(query, rows, self.registry.schema, collection=name),
        )
        if self._is_ordered(name):
            assert by_sql.to_json() == in_memory.to_json(), f"{name}: {query}\n{by_sql.data}\n{in_memory.data}"

    def _is_ordered(self, name: str) -> bool:
        """Tell whether keys say in which order items come, those that relations lead to as well."""
        schema, linked = self.registry.schema, {name}
        for each in schema.relations:
            linked |= {each.many_collection, each.one_collection or "", *(each.one_allowed_collections or ())}
        return all(each.primary_key for each in schema if each.name in linked and not each.system)

    def _rows(self, collection: Collection) -> list[Item]:
        names = list(collection.fields)
        listed = ", ".join(map(quoted, names))
        found = self.registry.connection.execute(f"SELECT {listed} FROM main.{quoted(collection.name)}")
        return [dict(zip(names, row, strict=True)) for row in found]
