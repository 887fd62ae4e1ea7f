"""Law: whatever is done to the structure of a database, all else stays, and the schema is what a model says.

A machine defines, changes, renames and drops collections, fields and relations at random, in a database that has
triggers, views, generated columns, names of every kind and 64-bit integers around. After each step every row of every
table, every field and every relation is what a model of dicts says, foreign keys hold, and an audit finds no error. A
step that fails, by itself or as a fault is injected into it, leaves everything as it was.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

from attrs import define, evolve, field
from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from relgraph import Relation, RelationRegistry
from relgraph.errors import CannotChangeTable, InconsistentDefinition, InvalidPayload, RelgraphError, RuleViolation
from relgraph.schema import folded
from tests.faults import SOUND, FaultyConnection, open_faulty, switches
from tests.whole_database import contents

AROUND = """
CREATE TABLE [Mixed Case] (
  ID INTEGER PRIMARY KEY AUTOINCREMENT, [Some "Title] TEXT COLLATE NOCASE DEFAULT 'REFERENCES x)', price NUMERIC,
  big INTEGER UNIQUE, size INTEGER GENERATED ALWAYS AS (length([Some "Title])) STORED, half AS (price / 2),
  parent INTEGER REFERENCES [mixed CASE] ON DELETE CASCADE, CHECK (big <> 13)
);
CREATE TABLE heard (what TEXT);
CREATE TABLE pair (x INT, y TEXT, z, PRIMARY KEY (x, y)) WITHOUT ROWID;
CREATE INDEX by_title ON [Mixed Case] ([Some "Title] DESC, price) WHERE price > 1;
CREATE VIEW prices AS SELECT ID, price * 2 AS double FROM [Mixed Case] WHERE price IS NOT NULL;
CREATE TRIGGER told AFTER DELETE ON [Mixed Case] BEGIN INSERT INTO heard VALUES ('gone ' || old.ID); END;
CREATE TRIGGER told_too AFTER UPDATE ON [Mixed Case] BEGIN INSERT INTO heard VALUES ('changed ' || old.ID); END;
CREATE TRIGGER paired AFTER DELETE ON pair BEGIN INSERT INTO heard SELECT 'pair' FROM [Mixed Case] LIMIT 1; END;
INSERT INTO [Mixed Case] (ID, [Some "Title], price, big, parent) VALUES
  (1, 'Eins', 9007199254740993, 9223372036854775807, NULL), (2, 'zwei', '2020', -9223372036854775808, 1),
  (9007199254740993, 'a' || char(0) || 'b', 1.5, NULL, 9007199254740993), (7, NULL, 'text', 5, 2);
INSERT INTO pair VALUES (1, 'a', x'00ff'), (9007199254740993, 'B', 1.0);
"""
COLLECTIONS = ("articles", "Authors", "odd \"name'", "été", "a b", "select", "x.y", "[t]", "TAGS", "%s?", "b--c")
FIELDS = ("title", "Body", "n 1", "order", 'a"b', "größe", "count", "x.y", "[f]", "VALUE")
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "string": st.sampled_from(("", "a", "it's", "12", "-5", "012", "9007199254740993", "é\n")),
    "text": st.sampled_from(("", "A", "7", "1.0")),
    "integer": st.sampled_from((0, 1, -5, 2**53 + 1, 2**63 - 1, -(2**63))),
    "float": st.sampled_from((0.5, -1.0, 1e300)),
    "boolean": st.sampled_from((0, 1)),
    "json": st.sampled_from(("{}", "[1.0]", "1.0", "null")),
}
CONVERSIONS: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("string", "text"): lambda value: value,
    ("text", "string"): lambda value: value,
    ("integer", "string"): str,
    ("string", "integer"): int,
    ("integer", "float"): float,
    ("boolean", "integer"): lambda value: value,
    ("integer", "boolean"): lambda value: bool(value),
}


def same(left: Any, right: Any) -> bool:
    """Whether two values are the same for SQLite, and spelled the same."""
    return left == right and str(left) == str(right)


@define
class Modelled:
    """A collection as the model has it: fields by name with their types, items by key."""

    fields: dict[str, str] = field(factory=dict)
    defaults: dict[str, Any] = field(factory=dict)
    required: set[str] = field(factory=set)
    items: dict[int, dict[str, Any]] = field(factory=dict)


class Restructuring(RuleBasedStateMachine):
    """The database under test beside its model."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = str(Path(self.folder.name) / "law.db")
        connection = sqlite3.connect(self.path)
        connection.executescript(AROUND)
        connection.close()
        self.around = self.surroundings()
        self.connection: FaultyConnection = open_faulty(self.path)
        self.registry = RelationRegistry(self.connection)
        self.model: dict[str, Modelled] = {}
        self.relations: dict[int, Relation] = {}
        self.fault = 0

    def teardown(self) -> None:
        self.registry.close()
        self.connection.close()
        self.folder.cleanup()

    def surroundings(self) -> dict[str, Any]:
        """Give all that no step may change."""
        whole = contents(self.path)
        tables = ("Mixed Case", "heard", "pair")
        return {
            "rows": {name: whole["rows"][name] for name in tables},
            "columns": {name: whole["columns"][name] for name in tables},
            "definitions": {
                key: found for key, found in whole["definitions"].items() if found[0] in (*tables, "prices")
            },
        }

    # --- steps -------------------------------------------------------------------------------------------------------

    def attempt(self, step: Callable[[], object], *, may_refuse: bool = False) -> bool:
        """Take a step, first with a fault in it where one is wanted; say whether it was done.

        Whatever fails leaves all as it was. Only a step that `may_refuse` may be refused without a fault.
        """
        before, relations = contents(self.path), self.registry.schema.relations
        if self.fault:
            self.connection.arm(self.fault)
            try:
                step()
            except (sqlite3.Error, RelgraphError):
                self.connection.left = 0
                assert (contents(self.path), self.registry.schema.relations) == (before, relations)
                event("a step failed by a fault" if self.connection.failed else "a step was refused beside a fault")
            else:
                return True
            finally:
                self.connection.left, self.fault = 0, 0
                assert (self.connection.in_transaction, switches(self.connection)) == (False, SOUND)
        try:
            step()
        except (CannotChangeTable, RuleViolation, InconsistentDefinition, InvalidPayload):
            if not may_refuse:
                raise
            assert (contents(self.path), self.registry.schema.relations) == (before, relations)
            event("a step was refused")
            return False
        return True

    @rule(nth=st.integers(1, 25))
    def break_the_next(self, nth: int) -> None:
        """Let a writing statement of the next step fail."""
        self.fault = nth

    @initialize(names=st.lists(st.sampled_from(COLLECTIONS), min_size=2, max_size=3, unique=True))
    def start(self, names: list[str]) -> None:
        """Begin with a few collections."""
        for name in names:
            self.create_collection(name, {"title": "string", "count": "integer"})

    @rule(
        name=st.sampled_from(COLLECTIONS),
        fields=st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(sorted(VALUES)), max_size=3),
    )
    def create_collection(self, name: str, fields: dict[str, str]) -> None:
        """Make a collection; a name that is taken, in whatever case, is refused."""
        taken = folded(name) in map(folded, self.model)
        if self.attempt(lambda: self.registry.create_collection(name, fields), may_refuse=taken):
            assert not taken
            self.model[name] = Modelled(dict(fields), dict.fromkeys(fields))

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def insert(self, data: st.DataObject) -> None:
        """Add an item; keys of relations point at items that are there."""
        name, modelled = self.draw_collection(data)
        pointing = {one.many_field: one for one in self.relations.values() if one.many_collection == name}
        item: dict[str, Any] = {}
        for each, kind in modelled.fields.items():
            relation = pointing.get(each)
            if relation is not None and relation.one_collection is not None:
                values: st.SearchStrategy[Any] = st.sampled_from([None, *self.model[relation.one_collection].items])
            elif relation is not None or any(one.one_collection_field == each for one in pointing.values()):
                continue
            else:
                values = VALUES[kind] if each in modelled.required else st.none() | VALUES[kind]
            item[each] = data.draw(values, label=each)
        item |= self.draw_pointers(data, [one for one in pointing.values() if one.one_collection is None])
        key = data.draw(st.sampled_from((1, 2, 3, 2**53 + 1)), label="key")
        if key in modelled.items:
            return
        modelled.items[key] = {each: item.get(each) for each in modelled.fields}
        names = ", ".join(quoted(each) for each in ("id", *modelled.fields))
        marks = ", ".join("?" * (1 + len(modelled.fields)))
        values_given = (key, *modelled.items[key].values())
        self.connection.execute(f"INSERT INTO {quoted(name)} ({names}) VALUES ({marks})", values_given)

    def draw_pointers(self, data: st.DataObject, relations: list[Relation]) -> dict[str, Any]:
        """Give what an item holds for its any-to-many relations."""
        item: dict[str, Any] = {}
        for relation in relations:
            places = [(one, key) for one in relation.one_allowed_collections or () for key in self.model[one].items]
            place = data.draw(st.sampled_from([None, *places]))
            if place is not None:
                item |= {relation.one_collection_field or "": place[0], relation.many_field: str(place[1])}
        return item

    def draw_collection(self, data: st.DataObject) -> tuple[str, Modelled]:
        name = data.draw(st.sampled_from(sorted(self.model)), label="collection")
        return name, self.model[name]

    def draw_field(self, data: st.DataObject, modelled: Modelled) -> str | None:
        return data.draw(st.sampled_from(sorted(modelled.fields)), label="field") if modelled.fields else None

    @precondition(lambda self: self.model)
    @rule(data=st.data(), new=st.sampled_from(COLLECTIONS), upper=st.booleans())
    def rename_collection(self, data: st.DataObject, new: str, upper: bool) -> None:
        """Give a collection another name, perhaps one that differs by case alone."""
        old, _ = self.draw_collection(data)
        new = old.swapcase() if upper else new
        taken = any(folded(new) == folded(name) for name in self.model if name != old)
        if not self.attempt(lambda: self.registry.rename_collection(old, new), may_refuse=taken):
            return
        assert not taken

        def renamed(name: str | None) -> Any:
            return new if name == old else name

        self.model = {renamed(name): modelled for name, modelled in self.model.items()}
        for id, one in self.relations.items():
            allowed = one.one_allowed_collections
            self.relations[id] = evolve(
                one,
                many_collection=renamed(one.many_collection),
                one_collection=renamed(one.one_collection),
                one_allowed_collections=allowed and tuple(map(renamed, allowed)),
            )
            if one.one_collection_field is not None:
                for item in self.model[renamed(one.many_collection)].items.values():
                    item[one.one_collection_field] = renamed(item[one.one_collection_field])

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def drop_collection(self, data: st.DataObject) -> None:
        """Drop a collection; what points there keeps what it holds, but for items that could be of any collection."""
        name, _ = self.draw_collection(data)
        if not self.attempt(lambda: self.registry.drop_collection(name, cascade=True)):
            return
        del self.model[name]
        for id, one in list(self.relations.items()):
            left = tuple(each for each in one.one_allowed_collections or () if each != name)
            if name in (one.many_collection, one.one_collection) or (one.one_collection is None and not left):
                del self.relations[id]
            elif left:
                self.relations[id] = evolve(one, one_allowed_collections=left)
                for item in self.model[one.many_collection].items.values():
                    if item[one.one_collection_field or ""] == name:
                        item |= {one.one_collection_field or "": None, one.many_field: None}

    @precondition(lambda self: self.model)
    @rule(
        data=st.data(),
        name=st.sampled_from(FIELDS),
        kind=st.sampled_from(sorted(VALUES)),
        required=st.booleans(),
        unique=st.booleans(),
    )
    def add_field(self, data: st.DataObject, name: str, kind: str, required: bool, unique: bool) -> None:
        """Add a field; the items there hold its default, which a unique one does not have."""
        collection, modelled = self.draw_collection(data)
        default = data.draw(VALUES[kind] if required else st.none() | VALUES[kind], label="default")
        unique = unique and default is None
        stated = json_free(kind, default)
        taken = any(folded(name) == folded(each) for each in (*modelled.fields, *self.aliases(collection)))
        if self.attempt(
            lambda: self.registry.add_field(
                collection, name, kind, nullable=not required, default=stated, unique=unique
            ),
            may_refuse=taken,
        ):
            assert not taken
            modelled.fields[name], modelled.defaults[name] = kind, default
            modelled.required |= {name} if required else set()
            for item in modelled.items.values():
                item[name] = default

    def aliases(self, collection: str) -> list[str]:
        return [one.one_field for one in self.relations.values() if one.one_collection == collection and one.one_field]

    @precondition(lambda self: self.model)
    @rule(data=st.data(), new=st.sampled_from(FIELDS), swap=st.booleans())
    def rename_field(self, data: st.DataObject, new: str, swap: bool) -> None:
        """Give a field another name, wherever it is named."""
        collection, modelled = self.draw_collection(data)
        old = self.draw_field(data, modelled)
        if old is None:
            return
        new = old.swapcase() if swap else new
        others = (*(each for each in modelled.fields if each != old), *self.aliases(collection))
        taken = any(folded(new) == folded(each) for each in others)
        if not self.attempt(lambda: self.registry.rename_field(collection, old, new), may_refuse=taken):
            return
        assert not taken

        def renamed(name: str | None) -> Any:
            return new if name == old else name

        for part in ("fields", "defaults"):
            setattr(modelled, part, {renamed(each): value for each, value in getattr(modelled, part).items()})
        modelled.required = set(map(renamed, modelled.required))
        modelled.items = {
            key: {renamed(each): value for each, value in item.items()} for key, item in modelled.items.items()
        }
        for id, one in self.relations.items():
            if one.many_collection == collection:
                self.relations[id] = evolve(
                    one,
                    many_field=renamed(one.many_field),
                    sort_field=renamed(one.sort_field),
                    one_collection_field=renamed(one.one_collection_field),
                )

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def drop_field(self, data: st.DataObject) -> None:
        """Drop a field with its own relation; relations told apart by it go, those sorted by it have no order."""
        collection, modelled = self.draw_collection(data)
        name = self.draw_field(data, modelled)
        if name is None or not self.attempt(lambda: self.registry.drop_field(collection, name, cascade=True)):
            return
        del modelled.fields[name], modelled.defaults[name]
        modelled.required -= {name}
        for item in modelled.items.values():
            del item[name]
        for id, one in list(self.relations.items()):
            if one.many_collection == collection and name in (one.many_field, one.one_collection_field):
                del self.relations[id]
            elif one.many_collection == collection and one.sort_field == name:
                self.relations[id] = evolve(one, sort_field=None)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), kinds=st.sampled_from(sorted(CONVERSIONS)))
    def change_type(self, data: st.DataObject, kinds: tuple[str, str]) -> None:
        """Give a field another type; a value that would not come back the same refuses it."""
        collection, modelled = self.draw_collection(data)
        name = self.draw_field(data, modelled)
        used = {
            each
            for one in self.relations.values()
            if one.many_collection == collection
            for each in (one.many_field, one.one_collection_field, one.sort_field)
        }
        if name is None or modelled.fields[name] != kinds[0] or name in used or modelled.defaults[name] is not None:
            return
        values = [item[name] for item in modelled.items.values() if item[name] is not None]
        fits = all(converts(kinds, value) for value in values)
        if self.attempt(lambda: self.registry.change_field(collection, name, type=kinds[1]), may_refuse=not fits):
            assert fits
            modelled.fields[name] = kinds[1]
            for item in modelled.items.values():
                item[name] = None if item[name] is None else CONVERSIONS[kinds](item[name])

    @precondition(lambda self: self.model)
    @rule(data=st.data(), required=st.booleans())
    def change_default(self, data: st.DataObject, required: bool) -> None:
        """Give a field another default, and demand a value or not; a NULL that is there refuses the demand."""
        collection, modelled = self.draw_collection(data)
        name = self.draw_field(data, modelled)
        pointing = {one.many_field for one in self.relations.values() if one.many_collection == collection}
        apart = {one.one_collection_field for one in self.relations.values() if one.many_collection == collection}
        if name is None or name in pointing | apart:
            return
        kind = modelled.fields[name]
        default = data.draw(st.none() | VALUES[kind], label="default")
        stated = json_free(kind, default)
        empty = required and any(item[name] is None for item in modelled.items.values())
        if self.attempt(
            lambda: self.registry.change_field(collection, name, default=stated, nullable=not required),
            may_refuse=empty,
        ):
            assert not empty
            modelled.defaults[name] = default
            modelled.required = modelled.required | {name} if required else modelled.required - {name}

    @precondition(lambda self: self.model)
    @rule(data=st.data(), alias=st.none() | st.sampled_from(("children", "Body", "links")))
    def relate(self, data: st.DataObject, alias: str | None) -> None:
        """Store a relation of a new column, sorted by a number where there is one."""
        many, modelled = self.draw_collection(data)
        one, _ = self.draw_collection(data)
        there = [folded(each) for each in (*modelled.fields, *self.aliases(many))]
        column = next((each for each in ("parent", "other") if each not in there), None)
        taken = [folded(each) for each in (*self.model[one].fields, *self.aliases(one), "id")]
        if column is None or (alias is not None and (folded(alias) in taken or (many == one and alias == column))):
            return
        numbers = sorted(each for each, kind in modelled.fields.items() if kind in ("integer", "float"))
        used = {each.many_field for each in self.relations.values() if each.many_collection == many}
        sort_field = data.draw(st.sampled_from([None, *(each for each in numbers if each not in used)]))
        wanted = Relation(many, column, one, alias, sort_field=sort_field)
        if self.attempt(lambda: self.relate_both(wanted, ["integer"])):
            self.note(wanted, {column: "integer"})

    @precondition(lambda self: len(self.model) > 1)
    @rule(data=st.data())
    def relate_to_any(self, data: st.DataObject) -> None:
        """Store an any-to-many relation of two new columns."""
        many, modelled = self.draw_collection(data)
        others = sorted(self.model)
        allowed = data.draw(st.lists(st.sampled_from(others), min_size=1, max_size=3, unique=True))
        names = ("item", "collection")
        if set(names) & {folded(each) for each in (*modelled.fields, *self.aliases(many))}:
            return
        wanted = Relation(many, "item", one_collection_field="collection", one_allowed_collections=tuple(allowed))
        if self.attempt(lambda: self.relate_both(wanted, ["string", "string"])):
            self.note(wanted, dict.fromkeys(names, "string"))

    def relate_both(self, wanted: Relation, kinds: list[str]) -> None:
        """Make the columns of a relation, and the relation, in one batch."""
        names = [name for name in (wanted.many_field, wanted.one_collection_field) if name is not None]
        with self.registry.batch():
            for name, kind in zip(names, kinds, strict=True):
                self.registry.add_field(wanted.many_collection, name, kind)
            self.registry.create({name: value for name, value in wanted.to_dict().items() if value is not None})

    def note(self, wanted: Relation, columns: dict[str, str]) -> None:
        modelled = self.model[wanted.many_collection]
        modelled.fields |= columns
        modelled.defaults |= dict.fromkeys(columns)
        for item in modelled.items.values():
            item |= dict.fromkeys(columns)
        id = self.registry.find(wanted.many_collection, wanted.many_field).id
        assert id is not None
        self.relations[id] = evolve(wanted, id=id)

    @precondition(lambda self: self.relations)
    @rule(data=st.data())
    def unrelate(self, data: st.DataObject) -> None:
        """Drop a relation; its columns stay."""
        id = data.draw(st.sampled_from(sorted(self.relations)), label="relation")
        if self.attempt(lambda: self.registry.delete(id)):
            del self.relations[id]

    # --- laws --------------------------------------------------------------------------------------------------------

    @invariant()
    def what_is_around_stays(self) -> None:
        """Rows, columns, views, triggers and indexes of the other tables are as they were; no trigger has fired."""
        assert self.surroundings() == self.around

    @invariant()
    def items_are_those_of_the_model(self) -> None:
        """Every value of every item is the same, of the same storage class."""
        for name, modelled in self.model.items():
            names = ", ".join(map(quoted, ("id", *modelled.fields)))
            found = self.connection.execute(f"SELECT {names} FROM {quoted(name)} ORDER BY id").fetchall()
            wanted = [(key, *modelled.items[key].values()) for key in sorted(modelled.items)]
            assert [list(map(repr, row)) for row in found] == [list(map(repr, row)) for row in map(stored, wanted)]

    @invariant()
    def the_schema_is_that_of_the_model(self) -> None:
        """Collections, fields, types, demands, defaults and relations are read back as they were made."""
        schema = self.registry.schema
        assert set(schema.collections) == {*self.model, "Mixed Case", "heard", "pair", "prices"}
        for name, modelled in self.model.items():
            fields = schema.collections[name].fields
            assert {each: found.type.value for each, found in fields.items()} == {"id": "integer", **modelled.fields}
            assert {each for each, found in fields.items() if not found.nullable} == {"id", *modelled.required}
            assert all(same(fields[each].default, stored((value,))[0]) for each, value in modelled.defaults.items())
        found_relations = {one.id: evolve(one, foreign_key=None) for one in schema.relations if one.id is not None}
        assert found_relations == self.relations
        keys = {(key.collection, *key.fields, key.to_collection) for key in schema.foreign_keys}
        wanted = {(one.many_collection, one.many_field, one.one_collection) for one in self.relations.values()}
        assert keys == {each for each in wanted if each[2]} | {("Mixed Case", "parent", "Mixed Case")}

    @invariant()
    def the_file_is_sound(self) -> None:
        """No foreign key is broken, and an audit finds no error."""
        assert self.connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert self.connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        errors = [problem for problem in self.registry.audit().problems if problem.severity == "error"]
        assert errors == []


def converts(kinds: tuple[str, str], value: Any) -> bool:
    """Whether a value is the same again after it was converted there and back."""
    try:
        new = CONVERSIONS[kinds](value)
    except ValueError:
        return False
    if kinds == ("integer", "boolean"):
        return value in (0, 1)
    if kinds == ("integer", "float"):
        return int(new) == value and int(new) < 2**63
    return str(new) == str(value)


def stored(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Give values as SQLite holds them."""
    return tuple(int(value) if isinstance(value, bool) else value for value in row)


def json_free(kind: str, default: Any) -> Any:
    """Give a default as it is declared."""
    return bool(default) if kind == "boolean" and default is not None else deepcopy(default)


def quoted(name: str) -> str:
    """Give a name as SQL spells it."""
    return '"' + name.replace('"', '""') + '"'


TestRestructuring = Restructuring.TestCase
TestRestructuring.settings = settings(
    max_examples=max(12, settings.default.max_examples // 5), stateful_step_count=15, deadline=None
)
