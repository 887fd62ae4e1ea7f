"""Drawn registries: sound unless damaged, known damage is found, and what is printed makes the same again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from relgraph import Access, Grant, RelationRegistry, strategies
from relgraph.storage.sql_text import quoted
from relgraph.strategies import Blueprint, Column, DrawnRegistry, InvalidBounds, Planted, Pointer, Table, opened
from tests.conformance.cases import DATASET

FEW = settings(max_examples=settings().max_examples // 2 or 1)
NAMES = {name: getattr(strategies, name) for name in strategies.__all__}


def errors_of(registry: RelationRegistry) -> list[object]:
    """Give what an audit calls an error."""
    return [problem for problem in registry.audit() if problem.severity == "error"]


@FEW
@given(registry=strategies.registries())
def test_a_registry_is_sound_and_prints_as_what_makes_it(registry: DrawnRegistry) -> None:
    """An audit finds no error, no foreign key is broken, and the printed script makes the same again."""
    assert errors_of(registry) == []
    assert registry.connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert repr(eval(repr(registry), dict(NAMES))) == repr(registry)


@FEW
@given(blueprint=strategies.schemas())
def test_a_schema_is_consistent_and_prints_as_what_makes_it(blueprint: Blueprint) -> None:
    """No definition breaks a rule, and the printed Python is the same blueprint."""
    with blueprint.open() as registry:
        assert not [problem for problem in registry.audit() if problem.severity != "info"]
        assert len(registry.schema.collections) >= len(blueprint.tables)
    assert eval(repr(blueprint), dict(NAMES)) == blueprint


@settings(max_examples=2 * settings().max_examples)
@given(registry=strategies.registries(max_items=4, damage=True))
def test_planted_problems_are_all_that_an_audit_finds(registry: DrawnRegistry) -> None:
    """What is planted is found, in these items; and no error is found that was not planted."""
    found = {
        Planted(problem.rule, problem.relation, problem.collection, key): problem.severity
        for problem in registry.audit()
        for key in problem.keys
    }
    assert set(registry.planted) <= found.keys()
    assert {each for each, severity in found.items() if severity == "error"} <= set(registry.planted)


@FEW
@given(data=st.data())
def test_bounds_are_kept(data: st.DataObject) -> None:
    """Collections, kinds of relations, types of fields and items are those asked for."""
    least = data.draw(st.integers(1, 3))
    kinds = data.draw(st.lists(st.sampled_from(("m2o", "m2m", "m2a", "tree", "translations")), unique=True))
    schemas = strategies.schemas(min_collections=least, max_collections=3, kinds=kinds, types=["date"])
    registry = data.draw(strategies.registries(schemas, max_items=2))
    own = [each for each in registry.schema if each.name != "relgraph_relations"]
    assert least <= len(own) <= 3
    assert all(registry.items(each.name).count() <= 2 for each in own)
    if not {"m2a"} & set(kinds):
        assert all(relation.kind == "m2o" for relation in registry)
    if not kinds:
        assert len(registry) == 0


SHOPS = """
CREATE TABLE shops (code TEXT COLLATE NOCASE PRIMARY KEY, size INT NOT NULL CHECK (size > 3)) WITHOUT ROWID;
CREATE TABLE sales (
  id INTEGER PRIMARY KEY, shop TEXT NOT NULL REFERENCES shops, day TEXT NOT NULL CHECK (day LIKE '2024-%'),
  low INT, high INT, twice INT AS (low * 2), state VARCHAR(3) CHECK (length(state) <= 3), UNIQUE (shop, state),
  CHECK (low < high)
);
CREATE TABLE strict (id INTEGER PRIMARY KEY, a INT NOT NULL, b REAL, c TEXT, d BLOB, e ANY) STRICT;
INSERT INTO shops VALUES ('A', 4), ('b', 5);
INSERT INTO sales VALUES (1, 'A', '2024-05-01', 1, 2, 'new');
"""


@FEW
@given(data=st.data())
def test_items_are_new_and_fulfil_what_the_table_asks_for(data: st.DataObject) -> None:
    """Items keep NOT NULL, UNIQUE, CHECK, STRICT, lengths and foreign keys, and are stored as they are."""
    with opened(SHOPS) as registry:
        store_some(registry, ["shops", "sales", "strict"], data)


@FEW
@given(registry=strategies.registries(max_items=3), data=st.data())
def test_items_of_any_registry_can_be_stored(registry: DrawnRegistry, data: st.DataObject) -> None:
    """Whatever the tables are, drawn items are accepted, and an audit stays without errors."""
    names = [each.name for each in registry.schema if each.name != "relgraph_relations"]
    pointing = {
        relation.many_collection for relation in registry if not registry.items(relation.many_collection).count()
    }
    store_some(registry, [name for name in names if name not in pointing], data)


def store_some(registry: RelationRegistry, names: list[str], data: st.DataObject) -> None:
    """Store a drawn item and a drawn payload in each collection; all that they ask for must hold then."""
    for name in names:
        for strategy in (strategies.items(registry, name), strategies.payloads(registry, name)):
            item = data.draw(strategy)
            columns, marks = ", ".join(map(quoted, item)), ", ".join("?" * len(item))
            values = f"({columns}) VALUES ({marks})" if item else "DEFAULT VALUES"
            registry.connection.execute(f"INSERT INTO {quoted(name)} {values}", tuple(item.values()))
    assert errors_of(registry) == []


def test_what_is_learnt_shrinks_to_the_simplest(tmp_path: Path) -> None:
    """Of a file's values the smallest stand first, in whatever order an index gives them."""
    with RelationRegistry(tmp_path / "my.db") as file:
        file.connection.executescript(
            "CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT NOT NULL UNIQUE);"
            "INSERT INTO tags VALUES (1, 'often'), (20, 'abroad'), (30, 'air');"
        )
    learnt = strategies.from_database(tmp_path / "my.db", max_items=2)
    least = find(learnt, lambda registry: registry.items("tags").count() == 1, settings=settings(database=None))
    assert least.items("tags").read().data == [{"id": 1, "label": "air"}]


def test_from_a_file(tmp_path: Path) -> None:
    """Learnt from a Directus project, registries have its collections and relations, sound items, and its values."""
    shutil.copy(DATASET, tmp_path / "project.db")
    learnt = strategies.from_database(tmp_path / "project.db", max_items=3)

    @settings(max_examples=5, derandomize=True, database=None, deadline=None)
    @given(registry=learnt)
    def sound(registry: DrawnRegistry) -> None:
        with RelationRegistry(tmp_path / "project.db", read_only=True) as original:
            assert list(registry.schema.collections) == list(original.schema.collections)
            assert len(registry) == len(original)
            before = {(problem.rule, problem.relation) for problem in original.audit() if not problem.count}
        assert {(each.rule, each.relation) for each in registry.audit() if each.severity == "error"} <= before

    sound()


GUARDED = """
CREATE TABLE shops (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE sales (id INTEGER PRIMARY KEY, shop INTEGER REFERENCES shops);
CREATE TABLE log (what TEXT);
CREATE TRIGGER logged AFTER INSERT ON shops BEGIN INSERT INTO log VALUES (NEW.name); END;
CREATE TRIGGER closed BEFORE INSERT ON sales BEGIN SELECT RAISE(ABORT, 'closed'); END;
INSERT INTO shops VALUES (1, 'a');
"""


@pytest.mark.parametrize("damage", [False, True])
def test_triggers_neither_hear_of_what_is_drawn_nor_stop_it(tmp_path: Path, damage: bool) -> None:
    """Triggers of the file and guards are there in the end, and have not run; damage is planted in spite of them."""
    with RelationRegistry(tmp_path / "guarded.db") as file:
        file.connection.executescript(GUARDED)
        file.guard()
    learnt = strategies.from_database(tmp_path / "guarded.db", min_items=2, max_items=2, damage=damage)
    told = "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'"
    with RelationRegistry(tmp_path / "guarded.db", read_only=True) as file:
        triggers = file.connection.execute(told).fetchone()

    @settings(max_examples=5, derandomize=True, database=None, deadline=None)
    @given(registry=learnt)
    def kept(registry: DrawnRegistry) -> None:
        assert [registry.items(name).count() for name in ("shops", "sales", "log")] == [2, 2, 2]
        assert registry.connection.execute(told).fetchone() == triggers
        assert bool(errors_of(registry)) == bool(registry.planted)

    kept()


@settings(max_examples=20)
@given(data=st.data())
def test_accesses_and_queries_print_as_what_makes_them(data: st.DataObject) -> None:
    """Accesses, queries and items print as Python that is the same."""
    with opened(SHOPS) as registry:
        access = data.draw(strategies.accesses(registry, admin=True))
        assert eval(repr(access), {"Access": Access, "Grant": Grant}) == access
        for drawn in (strategies.queries(registry, "sales", aggregate=None), strategies.items(registry, "sales")):
            value = data.draw(drawn)
            assert eval(repr(value)) == value


@pytest.mark.parametrize(
    ("make", "where"),
    [
        (lambda: strategies.schemas(names=["\ud800"], max_collections=1), "names"),
        (lambda: strategies.registries(st.just(7)).example(), "schema"),  # type: ignore[arg-type]  # what a caller may get wrong
        (lambda: strategies.schemas(min_collections=3, max_collections=2), "max_collections"),
        (lambda: strategies.schemas(min_collections=0), "min_collections"),
        (lambda: strategies.schemas(max_collections=2, names=["a", "A"]), "names"),
        (lambda: strategies.schemas(kinds=["m2m"], max_collections=1), "max_collections"),
        (lambda: strategies.schemas(kinds=["tree", "m2o"], max_collections=1), "max_collections"),
        (lambda: strategies.schemas(kinds=["translations", "m2a"], max_collections=2), "max_collections"),
        (lambda: strategies.schemas(kinds=["m2x"]), "kinds"),
        (lambda: strategies.schemas(kinds="m2o"), "kinds"),
        (lambda: strategies.schemas(types=["number"]), "types"),
        (lambda: strategies.schemas(types=[]), "types"),
        (lambda: strategies.registries(max_items=-1), "max_items"),
        (lambda: strategies.registries(min_items=7, max_items=6), "max_items"),
        (lambda: strategies.registries("people"), "schema"),  # type: ignore[arg-type]  # what a caller may get wrong
        (lambda: strategies.filters(PEOPLE.schema, "persons"), "collection"),
        (lambda: strategies.filters(PEOPLE.schema, "people", max_depth=-1), "max_depth"),
        (lambda: strategies.queries(7, "people"), "registry"),
        (lambda: strategies.items(PEOPLE.open(), "people", values={"nmae": st.just(1)}), "values"),
        (lambda: strategies.items(PEOPLE.open(), "people", values={"id": 1}), "values.id"),  # type: ignore[dict-item]  # see above
    ],
)
def test_impossible_bounds_are_refused_when_asked_for(make, where: str) -> None:  # type: ignore[no-untyped-def]  # a lambda
    """What cannot be is refused when the strategy is made, with the argument that is at fault."""
    with pytest.raises(InvalidBounds) as refused:
        make()
    assert refused.value.where == where


def test_a_kind_without_room_is_said() -> None:
    """The error says how many collections each kind takes; all kinds are those that there is room for."""
    said = "it is 1, and m2m takes 2 collections and translations takes 3 collections; set max_collections to 3 or more"
    with pytest.raises(InvalidBounds, match=said):
        strategies.schemas(kinds=["m2m", "tree", "translations"], max_collections=1)
    assert len(strategies.schemas(max_collections=1).example().tables) == 1


@pytest.mark.parametrize(("kind", "count"), [("m2m", 2), ("m2a", 2), ("translations", 3), ("m2o", 2), ("tree", 1)])
def test_a_kind_is_drawn_where_there_is_just_room(kind: str, count: int) -> None:
    """With as many collections as it takes, a kind of relation is drawn, and no collection is too many or missing."""
    relations = []

    @settings(FEW, max_examples=20)
    @given(blueprint=strategies.schemas(min_collections=count, max_collections=count, kinds=[kind]))
    def drawn(blueprint: Blueprint) -> None:
        assert len(blueprint.tables) == count
        with blueprint.open() as registry:
            relations.extend(registry)

    drawn()
    assert relations


NAMED_ALIKE = strategies.schemas(
    names=["languages", "Languages 2", "a", "b"], kinds=["translations"], min_collections=4, max_collections=4
)


@settings(FEW, max_examples=10)
@given(blueprint=NAMED_ALIKE)
def test_a_collection_may_be_called_as_that_of_languages(blueprint: Blueprint) -> None:
    """Translations lead to the collection made for them, not to one that is named alike."""
    with blueprint.open() as registry:
        targets = {each.one_collection for each in registry if each.many_field == "languages_code"}
        assert all(registry.schema.collections[name or ""].primary_key == ("code",) for name in targets)
        assert len(targets) == 1 or len(registry) == 0
        assert [problem for problem in registry.audit() if problem.severity == "error"] == []


PEOPLE = Blueprint(
    (Table("people", (Column("id", "INTEGER"),), pointers=(Pointer(Column("boss", "INTEGER"), "people", "id"),)),)
)


def test_a_check_that_no_known_value_passes_is_said() -> None:
    """The error names the CHECK and says how to help; a strategy of the caller's own does."""
    with opened(
        "CREATE TABLE codes (id INTEGER PRIMARY KEY, code TEXT NOT NULL CHECK (code GLOB '[A-Z][0-9]#[xyz]'))"
    ) as registry:
        with pytest.raises(InvalidBounds, match=r"values=.*'code'"):
            strategies.items(registry, "codes")
        given_codes = strategies.items(registry, "codes", values={"code": st.just("A1#x")})

        @settings(max_examples=3, derandomize=True, database=None)
        @given(item=given_codes)
        def held(item: dict[str, object]) -> None:
            assert item["code"] == "A1#x"

        held()
