"""The repair: what is planned is what is done, no more and no less, and a dry run does nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from relgraph import RelationRegistry
from relgraph.errors import DatabaseBusy, InvalidPayload, RolledBack
from relgraph.integrity.data_rules import DATA_RULES
from relgraph.integrity.repair import ORDER
from tests.integrity.planted import DAMAGE, Damage, planted
from tests.laws.databases import RELATIONS_TABLE
from tests.whole_database import contents

LEFT = ("tree-cycle", "required-null")  # what is left unless it is asked for

Make = Callable[..., str]


@pytest.fixture
def made(tmp_path: Path) -> Make:
    """Give a function that writes a database of some statements, and gives its path."""

    def make(script: str, name: str = "made.db") -> str:
        connection = sqlite3.connect(tmp_path / name, isolation_level=None)
        connection.executescript(f"PRAGMA synchronous = OFF; BEGIN; {script}; COMMIT")
        connection.close()
        return str(tmp_path / name)

    return make


def rows(path: str, sql: str) -> list[tuple[Any, ...]]:
    """Give the rows of a statement."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_every_rule_has_its_turn() -> None:
    """No rule for rows is forgotten in the order of a repair."""
    assert sorted(ORDER) == sorted(DATA_RULES)


@pytest.mark.parametrize("damage", DAMAGE, ids=str)
def test_a_dry_run_changes_no_byte(damage: Damage, tmp_path: Path) -> None:
    """The file is the same before and after, by a registry that may write and by one that may not."""
    path = Path(planted(str(tmp_path / "damaged.db"), damage))
    before = path.read_bytes()
    plans = []
    for read_only in (False, True):
        with RelationRegistry(path, read_only=read_only) as registry:
            plans.append(registry.repair(registry.audit()))
        assert path.read_bytes() == before
    assert plans[0] == plans[1]
    assert not plans[0].done


@pytest.mark.parametrize("damage", DAMAGE, ids=str)
def test_what_was_planned_is_mended(damage: Damage, tmp_path: Path) -> None:
    """The steps done are the steps planned; then their rules hold, and a second repair has nothing to do."""
    path = planted(str(tmp_path / "damaged.db"), damage)
    with RelationRegistry(path) as registry:
        audit = registry.audit()
        plan = registry.repair(audit)
        done = registry.repair(audit, dry_run=False)
        assert done.done
        assert (done.steps, done.left) == (plan.steps, plan.left)
        again = registry.audit()
        assert {problem.rule for problem in again}.isdisjoint(step.rule for step in plan)
        assert {(each.rule, each.relation) for each in again} == {(each.rule, each.relation) for each in plan.left}
        before = contents(path)
        assert not registry.repair(audit, dry_run=False)
        assert not registry.repair(again, dry_run=False)
    assert contents(path) == before
    spared = damage.rule in LEFT or "'tags'" in damage.script
    assert [step.count for step in plan] == ([] if spared else [len(damage.keys)])
    assert [step.keys for step in plan] == ([] if spared else [damage.keys])


def test_all_damage_at_once(tmp_path: Path) -> None:
    """Everything broken in one database is mended in one plan, and nothing else changes."""
    chosen = {
        damage.relation: damage
        for damage in DAMAGE
        if damage.rule not in LEFT
        and "'tags'" not in damage.script
        and damage.relation not in ("sections.item", "articles_tags.tag")
    }
    path = planted(str(tmp_path / "damaged.db"), *chosen.values())
    with RelationRegistry(path) as registry:
        plan = registry.repair(registry.audit(), dry_run=False)
        assert {step.relation for step in plan} == set(chosen)
        assert not registry.audit()


@pytest.mark.parametrize(
    ("rule", "how", "script", "owed"),
    [
        (
            "dangling-m2o",
            "delete",
            "INSERT INTO articles (id, author) VALUES (9, 99)",
            "SELECT count(*) = 4 FROM articles",
        ),
        (
            "dangling-m2a",
            "delete",
            "INSERT INTO bookmarks VALUES (9, 'authors', '99')",
            "SELECT count(*) = 3 FROM bookmarks",
        ),
        (
            "m2a-collection",
            "nullify",
            "INSERT INTO bookmarks VALUES (9, 'tags', '1')",
            "SELECT collection IS NULL AND item IS NULL FROM bookmarks WHERE id = 9",
        ),
        (
            "tree-cycle",
            "nullify",
            "UPDATE articles SET parent = 3 WHERE id = 1",
            "SELECT group_concat(id) = '1' FROM articles WHERE parent IS NULL",
        ),
    ],
)
def test_strategies(rule: str, how: str, script: str, owed: str, tmp_path: Path) -> None:
    """What is asked for by rule is done instead of the usual."""
    path = planted(str(tmp_path / "damaged.db"), Damage(rule, "", script, ()))
    with RelationRegistry(path) as registry:
        plan = registry.repair(registry.audit(), dry_run=False, strategies={rule: how})
        assert [(step.rule, step.how) for step in plan] == [(rule, how)]
        assert not registry.audit()
    assert rows(path, owed) == [(1,)]


@pytest.mark.parametrize(
    ("strategies", "where", "said"),
    [
        ({"dangling": "delete"}, "strategies.dangling", "there is no such rule"),
        ({"key-form": "delete"}, "strategies.key-form", "what works for key-form: normalise"),
        ({"required-null": "delete"}, "strategies.required-null", "nothing"),
        (["delete"], "strategies", "a mapping"),
    ],
)
def test_strategies_that_are_none(strategies: Any, where: str, said: str) -> None:
    """An unknown rule, or what does not mend it, is refused with what would."""
    with RelationRegistry() as registry:
        with pytest.raises(InvalidPayload, match=said) as caught:
            registry.repair(registry.audit(), strategies=strategies)
        assert caught.value.where == where


def test_what_is_no_audit() -> None:
    """Anything but an audit is refused."""
    with RelationRegistry() as registry, pytest.raises(InvalidPayload, match="what audit"):
        registry.repair([])  # type: ignore[arg-type]  # the point of the test


# --- what is left ----------------------------------------------------------------------------------------------------


def test_a_key_that_cannot_be_null_is_left(made: Make) -> None:
    """A row whose dangling key must hold something stays, and the reason is said; deleting it must be asked for."""
    path = made("""
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER NOT NULL REFERENCES a, text TEXT);
        INSERT INTO b VALUES (1, 9, 'precious');
    """)
    with RelationRegistry(path) as registry:
        plan = registry.repair(registry.audit(), dry_run=False)
        assert not plan
        assert [(left.rule, left.count) for left in plan.left] == [("dangling-m2o", 1)]
        assert "cannot be NULL" in plan.left[0].why
        assert "cannot be done by nullify; what can be: delete" in str(
            registry.repair(registry.audit(), strategies={"dangling-m2o": "nullify"})
        )
        assert registry.repair(registry.audit(), strategies={"dangling-m2o": "delete"}).changed == {"b": 1}
    assert rows(path, "SELECT * FROM b") == [(1, 9, "precious")]


def test_a_foreign_key_to_a_table_that_is_gone(made: Make) -> None:
    """SQLite refuses to change such a key, so that it is left, and said to be by the audit already."""
    path = made("""
        CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES gone, text TEXT);
        INSERT INTO b VALUES (1, 9, 'precious');
    """)
    with RelationRegistry(path) as registry:
        (problem,) = registry.audit(rules=["dangling-m2o"])
        assert problem.fix == "none: SQLite lets no key be changed that is to point at gone"
        plan = registry.repair(registry.audit(), dry_run=False)
        assert not plan
        assert [(left.rule, left.count) for left in plan.left] == [("one-collection", 0), ("dangling-m2o", 1)]


@pytest.mark.parametrize("action", ["CASCADE", "SET NULL", "NO ACTION"])
def test_rows_that_others_point_at_are_not_deleted(made: Make, action: str) -> None:
    """A deletion that a foreign key action would follow is left, whatever the action."""
    path = made(f"""
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE j (id INTEGER PRIMARY KEY, l INTEGER REFERENCES a, r INTEGER REFERENCES a);
        CREATE TABLE notes (id INTEGER PRIMARY KEY, "on" INTEGER REFERENCES j ON DELETE {action});
        INSERT INTO a VALUES (1);
        INSERT INTO j VALUES (1, 1, 1), (2, 1, 1), (3, 1, NULL);
        INSERT INTO notes VALUES (1, 2);
    """)
    with RelationRegistry(path) as registry:
        plan = registry.repair(registry.audit(), dry_run=False)
        assert [(step.rule, step.count) for step in plan] == [("orphan-junction", 1)]
        assert [(left.rule, left.why) for left in plan.left] == [
            ("duplicate-link", "1 item of notes points at them by on")
        ]
    assert rows(path, "SELECT id FROM j") == [(1,), (2,)]
    assert rows(path, "SELECT * FROM notes") == [(1, 2)]


def test_rows_that_an_m2a_pointer_names_are_not_deleted(made: Make) -> None:
    """A pointer that no foreign key knows of holds a row as well."""
    path = made("""
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE j (id INTEGER PRIMARY KEY, l INTEGER REFERENCES a, r INTEGER REFERENCES a);
        CREATE TABLE marks (id INTEGER PRIMARY KEY, collection TEXT, item TEXT);
        INSERT INTO a VALUES (1);
        INSERT INTO j VALUES (1, 1, 1), (2, 1, 1);
        INSERT INTO marks VALUES (1, 'j', '2');
    """)
    with RelationRegistry(path) as registry:
        registry.create(
            {
                "many_collection": "marks",
                "many_field": "item",
                "one_collection_field": "collection",
                "one_allowed_collections": ["j"],
            }
        )
        plan = registry.repair(registry.audit(), dry_run=False)
        assert not plan
        assert plan.left[0].why == "1 item of marks points at them by item"


def test_composite_keys_that_are_pointed_at(made: Make) -> None:
    """A row is told apart by all columns of its key when it is asked who points at it."""
    path = made("""
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE j (l INTEGER REFERENCES a, r INTEGER REFERENCES a, PRIMARY KEY (l, r)) WITHOUT ROWID;
        CREATE TABLE notes (id INTEGER PRIMARY KEY, l INTEGER, r INTEGER, FOREIGN KEY (l, r) REFERENCES j (l, r));
        INSERT INTO a VALUES (1), (2);
        INSERT INTO j VALUES (1, 9), (9, 2), (1, 2);
        INSERT INTO notes VALUES (1, 9, 2);
    """)
    with RelationRegistry(path) as registry:
        plan = registry.repair(registry.audit(), dry_run=False)
        assert [(step.relation, step.keys) for step in plan] == [("j.r", ((1, 9),))]
        assert [(left.relation, left.why) for left in plan.left] == [("j.l", "1 item of notes points at them by l,r")]
    assert rows(path, "SELECT l, r FROM j") == [(1, 2), (9, 2)]


def test_a_tree_of_texts_without_rowids(made: Make) -> None:
    """Cycles are found and opened by any key; the first item of each becomes a root."""
    path = made("""
        CREATE TABLE t (code TEXT COLLATE NOCASE PRIMARY KEY, up TEXT REFERENCES t) WITHOUT ROWID;
        INSERT INTO t VALUES ('it''s', 'B'), ('b', 'IT''S'), ('c', 'b'), ('d', 'D'), ('e', NULL);
    """)
    with RelationRegistry(path) as registry:
        (problem,) = registry.audit()
        assert (problem.rule, problem.count, problem.keys) == ("tree-cycle", 3, ("b", "d", "it's"))
        plan = registry.repair(registry.audit(), dry_run=False, strategies={"tree-cycle": "nullify"})
        assert [(step.count, step.keys) for step in plan] == [(2, ("b", "d"))]
        assert plan.to_dict()["steps"][0]["words"] == "up of the first item of each cycle becomes NULL"
        assert plan.to_dict()["left"] == []
        assert not registry.audit()


def test_an_order_that_cannot_be_written(made: Make) -> None:
    """Positions that are computed are left, as is the definition that says so."""
    path = made(f"""
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a, place INTEGER AS (id / 2));
        INSERT INTO a VALUES (1);
        INSERT INTO b (id, a) VALUES (2, 1), (3, 1);
        {RELATIONS_TABLE};
        INSERT INTO relgraph_relations (many_collection, many_field, one_collection, sort_field)
          VALUES ('b', 'a', 'a', 'place');
    """)
    with RelationRegistry(path) as registry:
        definition, left = registry.repair(registry.audit(), dry_run=False).left
    assert (definition.rule, definition.count) == ("sort-field", 0)
    assert left.to_dict() == {
        "rule": "sort-order",
        "relation": "b.a",
        "collection": "b",
        "count": 1,
        "why": "the sort field is a part of the key, or generated",
    }


def test_what_sqlite_refuses_is_left(made: Make) -> None:
    """A step that a constraint or trigger refuses for one row is taken back for all, and the rest goes on."""
    path = made("""
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a, c INTEGER REFERENCES a, text TEXT);
        INSERT INTO b VALUES (1, 9, 9, 'x'), (2, 9, 9, 'y');
        CREATE TRIGGER no BEFORE UPDATE OF a ON b WHEN old.id = 2 BEGIN SELECT RAISE(ABORT, 'not this one'); END;
    """)
    with RelationRegistry(path) as registry:
        plan = registry.repair(registry.audit(), dry_run=False)
        assert [step.relation for step in plan] == ["b.c"]
        assert [(left.relation, left.why) for left in plan.left] == [("b.a", "not this one")]
    assert rows(path, "SELECT * FROM b") == [(1, 9, None, "x"), (2, 9, None, "y")]


def test_a_trigger_that_undoes_a_step(made: Make) -> None:
    """A step after which the rule is still broken is taken back, and said to be of no use."""
    path = made("""
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a);
        INSERT INTO b VALUES (1, 9), (2, 9);
        CREATE TRIGGER keeps BEFORE UPDATE ON b WHEN old.id = 2 BEGIN SELECT RAISE(IGNORE); END;
    """)
    with RelationRegistry(path) as registry:
        plan = registry.repair(registry.audit(), dry_run=False)
    assert [left.why for left in plan.left] == ["the rule would be broken after it as well"]
    assert rows(path, "SELECT a FROM b") == [(9,), (9,)]


def test_what_triggers_change_besides_is_said(made: Make) -> None:
    """A plan counts the rows that triggers change with its own, and names the triggers."""
    path = made("""
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a);
        CREATE TABLE log (said TEXT);
        INSERT INTO b VALUES (1, 9), (2, 9);
        CREATE TRIGGER told AFTER UPDATE ON b BEGIN INSERT INTO log VALUES (old.id); END;
    """)
    with RelationRegistry(path) as registry:
        plan = registry.repair(registry.audit())
        assert [(step.count, step.besides, step.triggers) for step in plan] == [(2, 2, ("told",))]
        assert "2 more rows change by told" in str(plan)
        assert registry.repair(registry.audit(), dry_run=False).steps == plan.steps
    assert rows(path, "SELECT * FROM log") == [("1",), ("2",)]


def test_what_triggers_delete_is_said(made: Make) -> None:
    """Rows that a trigger deletes are named with their table, before anything is done."""
    path = made("""
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a);
        CREATE TABLE precious (id INTEGER PRIMARY KEY);
        INSERT INTO b VALUES (1, 9);
        INSERT INTO precious VALUES (1), (2);
        CREATE TRIGGER sweep AFTER UPDATE ON b BEGIN DELETE FROM precious; END;
    """)
    with RelationRegistry(path) as registry:
        (step,) = registry.repair(registry.audit())
    assert (step.besides, step.lost, step.triggers) == (2, (("precious", 2),), ("sweep",))
    assert str(step).endswith("2 more rows change by sweep, 2 items of precious deleted")
    assert rows(path, "SELECT count(*) FROM precious") == [(2,)]


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_trigger_that_rolls_everything_back(made: Make, dry_run: bool) -> None:
    """Such a trigger ends the repair with an error of its own, and nothing is changed."""
    path = made("""
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a);
        INSERT INTO b VALUES (1, 9), (2, 8);
        CREATE TRIGGER stop BEFORE UPDATE ON b WHEN old.id = 2 BEGIN SELECT RAISE(ROLLBACK, 'all of it'); END;
    """)
    before = contents(path)
    with RelationRegistry(path) as registry:
        with pytest.raises(RolledBack, match="all of it"):
            registry.repair(registry.audit(), dry_run=dry_run)
        assert registry.audit()
    assert contents(path) == before


def test_a_database_that_another_writes_to(made: Make) -> None:
    """While another connection holds the lock, a repair is refused with a typed error, and an audit is not."""
    path = made("""
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a);
        INSERT INTO b VALUES (1, 9);
    """)
    other, own = (sqlite3.connect(path, isolation_level=None, timeout=0) for _ in range(2))
    with closing(other), closing(own), RelationRegistry(own) as registry:
        other.execute("BEGIN IMMEDIATE")
        audit = registry.audit()
        with pytest.raises(DatabaseBusy):
            registry.repair(audit, dry_run=False)
        other.execute("ROLLBACK")
        assert registry.repair(audit, dry_run=False).changed == {"b": 1}


def test_a_row_that_only_a_rowid_names(made: Make) -> None:
    """Rows of a table without a key are told apart by their rowid."""
    path = made("""
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE j (l INTEGER REFERENCES a, r INTEGER REFERENCES a);
        INSERT INTO a VALUES (1), (2);
        INSERT INTO j (rowid, l, r) VALUES (10, 1, 2), (20, 1, 2), (30, 2, 1), (40, NULL, 1);
    """)
    with RelationRegistry(path) as registry:
        assert [(each.rule, each.keys) for each in registry.audit()] == [
            ("orphan-junction", (40,)),
            ("duplicate-link", (20,)),
        ]
        registry.repair(registry.audit(), dry_run=False)
    assert rows(path, "SELECT rowid FROM j") == [(10,), (30,)]


def test_rows_that_nothing_tells_apart_are_left(made: Make) -> None:
    """Columns may hide every name of the rowid; then a row cannot be named, which is said."""
    path = made("""
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE b (rowid TEXT, _rowid_ TEXT, oid TEXT, a INTEGER REFERENCES a);
        INSERT INTO b (a) VALUES (9);
    """)
    with RelationRegistry(path) as registry:
        assert [(each.rule, each.count, each.keys) for each in registry.audit()] == [("dangling-m2o", 1, ())]
        assert "nothing tells its rows apart" in str(registry.repair(registry.audit(), dry_run=False))


# --- what follows from what ------------------------------------------------------------------------------------------


def test_links_that_normalising_makes_equal(made: Make) -> None:
    """Two spellings of one link are one link once they are spelled right; the plan counts both steps."""
    path = made("""
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE j (id INTEGER PRIMARY KEY, l REFERENCES a, r REFERENCES a);
        INSERT INTO a VALUES (7);
        INSERT INTO j VALUES (1, 7, 7), (2, 7, '07'), (3, '7', 7.0);
    """)
    with RelationRegistry(path) as registry:
        plan = registry.repair(registry.audit())
        assert [(step.rule, step.count) for step in plan] == [
            ("key-form", 2),
            ("key-form", 1),
            ("duplicate-link", 2),
        ]
        assert registry.repair(registry.audit(), dry_run=False).steps == plan.steps
        assert not registry.audit()
    assert rows(path, "SELECT id, l, typeof(l), r, typeof(r) FROM j") == [(1, 7, "integer", 7, "integer")]


def test_half_links_that_nullify_makes(made: Make) -> None:
    """Nullified halves of junction rows leave half links, which go in the same plan."""
    path = made("""
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE j (id INTEGER PRIMARY KEY, l INTEGER REFERENCES a, r INTEGER REFERENCES a);
        INSERT INTO a VALUES (1);
        INSERT INTO j VALUES (1, 1, 9), (2, 1, 1);
    """)
    with RelationRegistry(path) as registry:
        plan = registry.repair(registry.audit(), dry_run=False, strategies={"dangling-m2o": "nullify"})
        assert [(step.rule, step.how) for step in plan] == [("dangling-m2o", "nullify"), ("orphan-junction", "delete")]
        assert not registry.audit()


def test_an_audit_of_some_rules_plans_these_only(made: Make) -> None:
    """What an audit did not look at is not touched, though a step may break it."""
    path = made("""
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE j (id INTEGER PRIMARY KEY, l REFERENCES a, r REFERENCES a);
        INSERT INTO a VALUES (7);
        INSERT INTO j VALUES (1, 7, 7), (2, 7, '07'), (3, NULL, 7);
    """)
    with RelationRegistry(path) as registry:
        registry.repair(registry.audit(rules=["key-form"]), dry_run=False)
        assert [(each.rule, each.count) for each in registry.audit()] == [("orphan-junction", 1), ("duplicate-link", 1)]


def test_rows_that_changed_since_the_audit(tmp_path: Path) -> None:
    """A plan is made of the rows as they are: what is mended has gone, what broke since is left alone."""
    path = planted(str(tmp_path / "damaged.db"), DAMAGE[0])
    with RelationRegistry(path) as registry:
        audit = registry.audit()
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("UPDATE articles SET author = 1, position = id WHERE id = 2")
        other.execute("UPDATE articles SET country = 'xx' WHERE id = 1")
        other.close()
        plan = registry.repair(audit, dry_run=False)
        assert [(step.relation, step.count, step.keys) for step in plan] == [("articles.author", 1, (3,))]
        assert [(each.relation, each.count) for each in registry.audit()] == [("articles.country", 1)]


def test_lists_are_numbered_in_the_order_they_have(made: Make) -> None:
    """Reordering keeps the order in which a list is read, ties by key, and touches no list without a fault."""
    path = made("""
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a, sort INTEGER);
        INSERT INTO a VALUES (1), (2), (3);
        INSERT INTO b VALUES (1, 1, 5), (2, 1, 3), (3, 1, 3), (4, 1, NULL), (5, 2, 7), (6, 2, 4), (7, NULL, NULL),
          (8, 3, 1), (9, 3, 2), (10, 3, 2);
    """)
    with RelationRegistry(path) as registry:
        registry.create(
            {"many_collection": "b", "many_field": "a", "one_collection": "a", "one_field": "bs", "sort_field": "sort"}
        )
        before = registry.items("a").read(fields=["bs.id"]).data
        assert [(each.count, each.keys) for each in registry.audit()] == [(3, (3, 4, 10))]
        plan = registry.repair(registry.audit(), dry_run=False)
        assert [(step.count, step.keys) for step in plan] == [(4, (1, 2, 4, 10))]
        assert registry.items("a").read(fields=["bs.id"]).data == before
        assert not registry.audit()
    assert rows(path, "SELECT sort FROM b WHERE a = 2 OR a IS NULL") == [(7,), (4,), (None,)]


def test_lists_of_odd_names(made: Make) -> None:
    """Quotes and dots in names, and a key of several columns, are no hindrance."""
    path = made("""
        CREATE TABLE "a ""1" (id INTEGER PRIMARY KEY);
        CREATE TABLE "b.""2" (
          "k ""1" TEXT, "k.2" TEXT, "up ""x" INTEGER REFERENCES "a ""1", "so.rt" INTEGER, PRIMARY KEY ("k ""1", "k.2")
        );
        INSERT INTO "a ""1" VALUES (1);
        INSERT INTO "b.""2" VALUES ('x', 'y', 1, 1), ('x', 'z', 1, 1), ('y', 'y', 1, NULL);
    """)
    with RelationRegistry(path) as registry:
        registry.create(
            {"many_collection": 'b."2', "many_field": 'up "x', "one_collection": 'a "1', "sort_field": "so.rt"}
        )
        assert [(each.rule, each.keys) for each in registry.audit()] == [("sort-order", (("x", "z"), ("y", "y")))]
        plan = registry.repair(registry.audit(), dry_run=False)
        assert [step.keys for step in plan] == [(("x", "y"), ("x", "z"), ("y", "y"))]
        assert not registry.audit()


def test_inside_a_transaction_of_the_caller(tmp_path: Path) -> None:
    """A repair is part of an open transaction, and goes when that is rolled back; a dry run leaves it open."""
    path = planted(str(tmp_path / "damaged.db"), DAMAGE[0])
    before = contents(path)
    with RelationRegistry(path) as registry:
        registry.connection.execute("BEGIN")
        assert registry.repair(registry.audit())
        assert registry.connection.in_transaction
        assert registry.repair(registry.audit(), dry_run=False)
        assert not registry.audit()
        registry.connection.execute("ROLLBACK")
    assert contents(path) == before
