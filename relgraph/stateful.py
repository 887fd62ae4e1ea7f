"""RegistryMachine: a Hypothesis state machine over a relational database, to be subclassed.

In: a database, as a file, a blueprint, or a registry that `original` makes. Out: steps at random (items inserted,
updated, linked, unlinked, deleted, pointers, trees and junctions defined and dropped, questions asked), after each of
which an audit is clean, no foreign key is broken, and SQL answers as the Python evaluator does. A subclass adds rules
of its own application, with `live_keys` for what is there. A failure prints the steps that lead to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import count
from typing import Any, ClassVar

from attrs import frozen
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from relgraph import strategies
from relgraph.errors import CannotChangeTable
from relgraph.evaluation import evaluate
from relgraph.registry import RelationRegistry
from relgraph.relation import Relation
from relgraph.schema import Collection, folded
from relgraph.storage.sql_text import quoted
from relgraph.strategies.drafts import Drafts, Plan
from relgraph.strategies.linking import Link, links_of
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

    def draw_item(self, data: st.DataObject, collection: str, values: Item | None = None) -> Item | None:
        """Draw an item that can be stored, with some `values`, or None where there is no room for one."""
        given = {name: st.just(value) for name, value in (values or {}).items()}
        plan = plan_of(self.registry, collection, values=given) if given else self._plan(collection)
        made = Drafts(self.registry, {collection: plan}).make({collection: [data.draw(plan.drawn)]})[collection]
        return made[0] if made else None

    # --- rules: items ------------------------------------------------------------------------------------------------

    @precondition(lambda machine: machine.collections)
    @rule(data=st.data())
    def insert(self, data: st.DataObject) -> None:
        """Insert an item."""
        name = data.draw(st.sampled_from([each.name for each in self.collections]), label="collection")
        self._insert(name, self.draw_item(data, name))

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
            self._set(live, values)

    @precondition(lambda machine: machine.keys())
    @rule(live=live_keys())
    def delete(self, live: LiveKey) -> None:
        """Delete an item, unless a foreign key forbids it; what is to go with it goes."""
        self._delete(live)

    @precondition(lambda machine: machine.links())
    @rule(data=st.data())
    def link(self, data: st.DataObject) -> None:
        """Link two items: one comes to point at the other, of whatever collection; a junction gets an item for both."""
        link = self._drawn_link(data, list(self.links()))
        choices = link.choices(self.registry)
        near = [] if link.of_junction else self.keys(link.collection)
        if all(choices) and (near or link.of_junction):
            chosen = [data.draw(st.sampled_from(each), label="key") for each in choices]
            values = {name: value for each in chosen for name, value in each.items()}
            if link.of_junction:
                self._insert(link.collection, self.draw_item(data, link.collection, values))
            else:
                self._set(data.draw(st.sampled_from(near)), values)

    @precondition(lambda machine: machine._loose_links())
    @rule(data=st.data())
    def unlink(self, data: st.DataObject) -> None:
        """Take a link away: an item comes to point at nothing, or the item of a junction goes."""
        link = self._drawn_link(data, self._loose_links())
        live = data.draw(st.sampled_from(self.keys(link.collection)))
        if link.of_junction:
            self._delete(live)
        else:
            self._set(live, dict.fromkeys(link.fields))

    def links(self) -> dict[str, Link]:
        """Give the links that items can have by name: pointers that keys do not bind, any-to-many pairs, junctions."""
        found = links_of(self.registry, [self._plan(each.name) for each in self.collections])
        keyed = self.registry.schema.collections
        return {name: link for name, link in found.items() if link.of_junction or keyed[link.collection].primary_key}

    def _loose_links(self) -> list[str]:
        """Give the names of links that items have which may be without."""
        links = self.links().items()
        loose = [(name, link) for name, link in links if link.of_junction or not link.required]
        return [name for name, link in loose if self.keys(link.collection)]

    def _drawn_link(self, data: st.DataObject, names: list[str]) -> Link:
        return self.links()[data.draw(st.sampled_from(names), label="link")]

    # --- rules: definitions and questions ----------------------------------------------------------------------------

    @precondition(lambda machine: len(machine._defined) < _MOST and machine.targets())
    @rule(data=st.data())
    def define(self, data: st.DataObject) -> None:
        """Define a relation: a pointer on a new field, a tree, or a junction between two collections.

        A table that does not take one is left out: a STRICT one does not know all types of keys.
        """
        kind = data.draw(st.sampled_from(("m2o", "m2m", "tree")), label="kind")
        near = self.targets() if kind != "m2o" else [each.name for each in self.collections]
        one = data.draw(st.sampled_from(near), label="collection")
        other = one if kind == "tree" else data.draw(st.sampled_from(self.targets()), label="other collection")
        with suppress(CannotChangeTable):
            self._defined.append(self._define(kind, (one, self._free_name(one)), other).id or 0)

    def _define(self, kind: str, place: tuple[str, str], other: str) -> Relation:
        if kind == "m2m":
            return self.registry.m2m(place, other, junction=self._free_table())[0]
        return self.registry.tree(place) if kind == "tree" else self.registry.m2o(place, other)

    def _free_name(self, collection: str) -> str:
        """Give a name that no field or relation of a collection has."""
        return _numbered("link", self.registry.schema.collections[collection].names)

    def _free_table(self) -> str:
        """Give a name that no table, view or index has."""
        names = self.registry.connection.execute("SELECT name FROM main.sqlite_schema")
        return _numbered("links", (name for (name,) in names))

    @precondition(lambda machine: machine._defined)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        """Drop a relation that was defined before, with its field or its junction, and what was defined on that."""
        relation: Relation = self.registry.get(data.draw(st.sampled_from(self._defined), label="relation"))
        if relation.junction_field is None:
            self.registry.drop_field(relation.many_collection, relation.many_field, cascade=True)
        else:
            self.registry.drop_collection(relation.many_collection, cascade=True)
        left = {each.id for each in self.registry}
        self._defined = [number for number in self._defined if number in left]

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

    def _insert(self, name: str, item: Item | None) -> None:
        if item is not None:
            names, marks = ", ".join(map(quoted, item)), ", ".join("?" * len(item))
            self.write(f"INSERT INTO main.{quoted(name)} ({names}) VALUES ({marks})", tuple(item.values()))

    def _set(self, live: LiveKey, values: Item) -> None:
        sets = ", ".join(f"{quoted(name)} = ?" for name in values)
        self._write_at(live, f"UPDATE main.{quoted(live.collection)} SET {sets}", tuple(values.values()))

    def _delete(self, live: LiveKey) -> None:
        key = live.key if len(live.key) > 1 else live.key[0]
        if not self.registry.graph.impact(live.collection, [key]).blocked:
            self._write_at(live, f"DELETE FROM main.{quoted(live.collection)}", ())

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


def _numbered(name: str, taken: Iterable[str]) -> str:
    """Give the name, with the first number that makes it another than those taken."""
    known = {folded(each) for each in taken}
    return next(each for number in count() if folded(each := f"{name}{number or ''}") not in known)
