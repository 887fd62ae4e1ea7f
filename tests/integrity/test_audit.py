"""The audit: a report that counts, prints and travels; on real databases, on broken definitions, and on deep trees."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from relgraph import RelationRegistry
from relgraph.errors import InvalidPayload, UnknownCollection
from relgraph.integrity.cycles import cycles
from relgraph.integrity.data_rules import DATA_RULES
from relgraph.integrity.problems import KEYS_KEPT
from relgraph.rules import RULES
from tests.chinook.test_chinook import FILE as CHINOOK
from tests.conformance.cases import DATASET
from tests.integrity.planted import DAMAGE, planted
from tests.laws.damage import told

Make = Callable[..., RelationRegistry]


@pytest.fixture
def made() -> Iterator[Make]:
    """Give a function that opens a registry on a database of some statements, written with foreign keys off."""
    opened = []

    def make(script: str) -> RelationRegistry:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.executescript(script)
        opened.append(connection)
        return RelationRegistry(connection)

    yield make
    for connection in opened:
        connection.close()


def found(registry: RelationRegistry, *rules: str) -> list[tuple[Any, ...]]:
    """Give what an audit finds, in short."""
    return [(each.rule, each.relation, each.count, each.keys) for each in registry.audit(rules=rules or None)]


# --- the report ------------------------------------------------------------------------------------------------------


def test_a_clean_audit_is_false(made: Make) -> None:
    """Without a problem an audit is empty, false, and says so."""
    audit = made("CREATE TABLE a (id INTEGER PRIMARY KEY)").audit()
    assert (len(audit), bool(audit), list(audit), str(audit)) == (0, False, [], "no problems")
    assert audit.to_dict() == {"counts": {"error": 0, "warning": 0, "info": 0}, "problems": []}


def test_an_audit_is_its_problems(tmp_path: Path) -> None:
    """It counts and iterates as its problems do, is true where there are any, and prints one a line."""
    with RelationRegistry(planted(str(tmp_path / "damaged.db"), DAMAGE[0], DAMAGE[-1])) as registry:
        audit = registry.audit()
    assert [each.rule for each in audit] == ["dangling-m2o", "required-null"]
    assert (len(audit), bool(audit), audit[0], audit.problems[1]) == (2, True, audit.problems[0], audit[1])
    lines = str(audit).splitlines()
    assert lines[0].split() == ["severity", "rule", "relation", "rows", "what", "is", "wrong", "what", "repair", "does"]
    assert "articles.author" in lines[1]
    assert "2 items of articles whose author is the key of no item of authors" in lines[1]
    assert json.loads(json.dumps(audit.to_dict()))["problems"][0] == {
        "rule": "dangling-m2o",
        "severity": "error",
        "relation": "articles.author",
        "collection": "articles",
        "count": 2,
        "keys": [2, 3],
        "sentence": "2 items of articles whose author is the key of no item of authors",
        "fix": "nullify: author becomes NULL",
    }


def test_the_first_keys_are_given(made: Make) -> None:
    """Of many rows at fault all are counted, and the lowest 20 keys given."""
    registry = made("""
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE b (code TEXT PRIMARY KEY, a INTEGER REFERENCES a);
        WITH RECURSIVE n (i) AS (VALUES (3000) UNION ALL SELECT i - 1 FROM n WHERE i > 1)
        INSERT INTO b SELECT printf('%04d', i), i FROM n;
    """)
    (problem,) = registry.audit()
    assert (problem.count, problem.keys) == (3000, tuple(f"{n:04}" for n in range(1, KEYS_KEPT + 1)))


def test_names_that_are_none(made: Make) -> None:
    """An unknown rule or collection is an error with a hint, not an empty audit."""
    registry = made("CREATE TABLE books (id INTEGER PRIMARY KEY)")
    with pytest.raises(InvalidPayload, match="did you mean 'key-form'") as caught:
        registry.audit(rules=["tree-cycle", "key-from"])
    assert caught.value.where == "rules[1]"
    with pytest.raises(UnknownCollection, match="did you mean 'books'") as unknown:
        registry.audit(["boks"])
    assert unknown.value.where == "collections[0]"
    with pytest.raises(InvalidPayload, match="it must be a name"):
        registry.audit(collections=[7])  # type: ignore[list-item]  # the point of the test
    assert not registry.audit("books", "key-form")


def test_progress_is_told(tmp_path: Path) -> None:
    """Before each search it is told how many are done, of how many; in the end all are."""
    calls: list[tuple[int, int, str]] = []
    with RelationRegistry(planted(str(tmp_path / "damaged.db"), DAMAGE[0])) as registry:
        registry.audit(progress=lambda *call: calls.append(call))
    total = calls[0][1]
    assert [call[0] for call in calls] == list(range(total + 1))
    assert "articles.author" in [call[2] for call in calls]


def test_an_audit_writes_nothing(tmp_path: Path) -> None:
    """No byte of the file changes, and a read-only registry can do it."""
    path = Path(planted(str(tmp_path / "damaged.db"), DAMAGE[0]))
    before = path.read_bytes()
    with RelationRegistry(path, read_only=True) as registry:
        assert registry.audit()
    with RelationRegistry(path) as registry:
        assert registry.audit()
    assert path.read_bytes() == before


def test_every_rule_has_one_name() -> None:
    """No rule for rows is named as one for definitions is, so that either can be asked for."""
    assert DATA_RULES.keys().isdisjoint(RULES)


# --- real databases --------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not CHINOOK.is_file(), reason="no Chinook, see tests/chinook")
def test_chinook_is_clean() -> None:
    """Nothing is wrong in Chinook."""
    with RelationRegistry(CHINOOK, read_only=True) as registry:
        assert not registry.audit()


def test_the_recorded_data_set() -> None:
    """The data set has m2a orphans, half links and collections that are not allowed: those, and no others."""
    with RelationRegistry(DATASET, read_only=True) as registry:
        audit = registry.audit()
        faults = told(registry.connection, registry.schema)
    assert {(each.rule, each.relation): (each.count, each.keys) for each in audit} == {
        place: (len(keys), tuple(sorted(keys))) for place, keys in faults.items()
    }
    assert {(each.rule, each.collection): each.keys for each in audit if each.severity == "error"} == {
        ("dangling-m2a", "pages_sections"): (11, 12, 13, 18),
        ("dangling-m2a", "bookmarks"): (5, 6, 14),
        ("m2a-collection", "pages_sections"): (19, 24),
        ("orphan-junction", "pages_sections"): (20, 22),
        ("orphan-junction", "articles_related"): (45,),
        ("orphan-junction", "articles_tags"): (143, 144),
        ("orphan-junction", "articles_translations"): (55,),
    }


def test_a_required_field_of_a_project(tmp_path: Path) -> None:
    """A field that the project calls required, and is NULL in a row, is a problem of that row."""
    path = shutil.copy(DATASET, tmp_path / "project.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        (empty,) = connection.execute("SELECT count(*) FROM authors WHERE email IS NULL").fetchone()
        connection.execute("UPDATE directus_fields SET required = 1 WHERE collection = 'authors' AND field = 'email'")
    assert empty
    with RelationRegistry(path) as registry:
        (problem,) = registry.audit(rules=["required-null"])
        assert (problem.relation, problem.count) == ("authors.email", empty)
        assert problem.fix == "none: which value is meant, only a person knows"


# --- definitions -----------------------------------------------------------------------------------------------------


def test_definitions_are_in_the_report(made: Make) -> None:
    """A relation that breaks a rule of definitions is a problem without rows; its rows are looked at all the same."""
    registry = made("""
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE b (id INTEGER PRIMARY KEY, a TEXT REFERENCES a, c INTEGER REFERENCES gone, text TEXT);
        INSERT INTO a VALUES (7);
        INSERT INTO b VALUES (1, '7', NULL, 'x'), (2, '07', NULL, 'y'), (3, '8', 5, 'z');
    """)
    assert found(registry) == [
        ("one-collection", "b.c", 0, ()),
        ("one-key", "b.a", 0, ()),
        ("dangling-m2o", "b.c", 1, (3,)),
        ("dangling-m2o", "b.a", 1, (3,)),
        ("key-form", "b.a", 1, (2,)),
    ]
    assert [left.count for left in registry.repair(registry.audit(rules=["one-key"])).left] == [0]
    for rule in (*RULES, *DATA_RULES):
        assert list(registry.audit(rules=rule)) == [problem for problem in registry.audit() if problem.rule == rule]


def test_a_foreign_key_that_leads_to_no_key(made: Make) -> None:
    """What SQLite calls a mismatch is a problem, of one column or several, also where no relation is made of it."""
    registry = made("""
        CREATE TABLE a (id INTEGER PRIMARY KEY, x INTEGER, y INTEGER, z TEXT UNIQUE COLLATE NOCASE);
        CREATE TABLE b (id INTEGER PRIMARY KEY, x INTEGER, y INTEGER, FOREIGN KEY (x, y) REFERENCES a (x, y));
        CREATE TABLE c (id INTEGER PRIMARY KEY, x INTEGER REFERENCES a (x));
        CREATE TABLE d (id INTEGER PRIMARY KEY, x INTEGER, y INTEGER, FOREIGN KEY (x, y) REFERENCES a);
    """)
    assert found(registry) == [
        ("one-key", "c.x", 0, ()),
        ("one-key", "b.x,y", 0, ()),
        ("one-key", "d.x,y", 0, ()),
    ]


def test_allowed_collections_that_lost_their_table(made: Make) -> None:
    """Rows that name a collection which was dropped name none that is allowed, as do those in another case."""
    registry = made("""
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE gone (id INTEGER PRIMARY KEY);
        CREATE TABLE m (id INTEGER PRIMARY KEY, collection TEXT, item TEXT);
        INSERT INTO a VALUES (1);
        INSERT INTO m VALUES (1, 'a', '1'), (2, 'gone', '1'), (3, 'A', '1');
    """)
    registry.create(
        {
            "many_collection": "m",
            "many_field": "item",
            "one_collection_field": "collection",
            "one_allowed_collections": ["a", "gone"],
        },
        existing="report",
    )
    registry.connection.execute("DROP TABLE gone")
    assert found(registry) == [
        ("one-allowed-collections", "m.item", 0, ()),
        ("m2a-collection", "m.item", 2, (2, 3)),
    ]


# --- shapes of tables ------------------------------------------------------------------------------------------------


def test_odd_tables(made: Make) -> None:
    """Odd names, WITHOUT ROWID, STRICT, generated columns and no key at all: rows are found and named."""
    registry = made("""
        CREATE TABLE "o'd ""d" ("k.1" TEXT PRIMARY KEY) WITHOUT ROWID;
        CREATE TABLE strict (a INT, b TEXT, "to" TEXT REFERENCES "o'd ""d", PRIMARY KEY (a, b)) STRICT, WITHOUT ROWID;
        CREATE TABLE bare ("to" TEXT REFERENCES "O'D ""D");
        CREATE TABLE made (id INTEGER PRIMARY KEY, "from" TEXT, "to" AS (lower("from")) REFERENCES "o'd ""d");
        INSERT INTO "o'd ""d" VALUES ('x');
        INSERT INTO strict VALUES (1, 'p', 'x'), (2, 'q', 'y'), (3, 'r', NULL);
        INSERT INTO bare (rowid, "to") VALUES (5, 'x'), (9, 'X');
        INSERT INTO made ("from") VALUES ('X'), ('Y');
    """)
    assert sorted(found(registry, *DATA_RULES)) == [
        ("dangling-m2o", "bare.to", 1, (9,)),
        ("dangling-m2o", "made.to", 1, (2,)),
        ("dangling-m2o", "strict.to", 1, ((2, "q"),)),
    ]
    plan = registry.repair(registry.audit(), dry_run=False)
    assert {step.relation: step.keys for step in plan} == {"strict.to": ((2, "q"),), "bare.to": (9,)}
    assert [left.relation for left in plan.left if left.count] == ["made.to"]


def test_keys_pointed_at_that_may_be_null(made: Make) -> None:
    """A UNIQUE column may hold NULL, which hides no dangling key."""
    registry = made("""
        CREATE TABLE a (id INTEGER PRIMARY KEY, code TEXT UNIQUE);
        CREATE TABLE b (id INTEGER PRIMARY KEY, code TEXT REFERENCES a (code));
        INSERT INTO a VALUES (1, NULL), (2, 'x');
        INSERT INTO b VALUES (1, 'x'), (2, 'y'), (3, NULL);
    """)
    assert found(registry) == [("dangling-m2o", "b.code", 1, (2,))]


def test_integers_of_64_bits(made: Make) -> None:
    """Keys that are one number as floats are told apart."""
    registry = made(f"""
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a, loose REFERENCES a, text TEXT);
        CREATE TABLE m (id INTEGER PRIMARY KEY, collection TEXT, item TEXT);
        INSERT INTO a VALUES ({2**53}), ({2**63 - 1});
        INSERT INTO b VALUES (1, {2**53}, {2**63 - 1}, 'x'), (2, {2**53 + 1}, NULL, 'y'),
          (3, NULL, '{2**63 - 1}', 'z');
        INSERT INTO m VALUES (1, 'a', '{2**63 - 1}'), (2, 'a', '{2**53 + 1}'), (3, 'a', '0{2**63 - 1}'),
          (4, 'a', '{2**63}');
    """)
    registry.create(
        {
            "many_collection": "m",
            "many_field": "item",
            "one_collection_field": "collection",
            "one_allowed_collections": ["a"],
        },
        existing="report",
    )
    assert sorted(found(registry)) == [
        ("dangling-m2a", "m.item", 2, (2, 4)),
        ("dangling-m2o", "b.a", 1, (2,)),
        ("key-form", "b.loose", 1, (3,)),
        ("key-form", "m.item", 1, (3,)),
    ]


def test_keys_that_json_has_no_form_for(made: Make) -> None:
    """A report and a plan are JSON whatever the keys are: blobs and infinite numbers stand there as SQL spells them."""
    registry = made("""
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE b (id BLOB, part INTEGER, a INTEGER REFERENCES a, PRIMARY KEY (id, part));
        INSERT INTO b VALUES (x'ff00', 1, 5), (9e999, 2, 5), (-9e999, 3, 5), ('x', 4, 5);
    """)
    spelled = [["-9e999", 3], ["9e999", 2], ["x", 4], ["x'ff00'", 1]]
    (problem,) = json.loads(json.dumps(registry.audit().to_dict(), allow_nan=False))["problems"]
    assert problem["keys"] == spelled
    (step,) = json.loads(json.dumps(registry.repair(registry.audit()).to_dict(), allow_nan=False))["steps"]
    assert step["keys"] == spelled


def any_item(made: Make, script: str, **named: object) -> RelationRegistry:
    """Give a database with notes whose item leads to a tag or a head."""
    registry = made(
        "CREATE TABLE tags (id TEXT PRIMARY KEY); CREATE TABLE heads (id TEXT PRIMARY KEY COLLATE NOCASE);"
        f"INSERT INTO tags VALUES ('a'); INSERT INTO heads VALUES ('a'); {script}"
    )
    relation = {"many_collection": "notes", "many_field": "item", "one_collection_field": "kind"}
    registry.create(relation | {"one_allowed_collections": ["tags", "heads"], **named}, existing="report")
    return registry


def test_columns_that_take_letters_for_the_same(made: Make) -> None:
    """Whether an m2a key is there, and a collection allowed, says the key and the name, not the columns that hold them.

    A junction as well links two items twice where their own keys say so.
    """
    registry = any_item(
        made,
        """
        CREATE TABLE notes (
            id INTEGER PRIMARY KEY, tag TEXT REFERENCES tags, kind TEXT COLLATE NOCASE, item TEXT COLLATE NOCASE);
        INSERT INTO notes VALUES (1, 'a', 'tags', 'a'), (2, 'a', 'tags', 'A'), (3, 'a', 'heads', 'a'),
            (4, 'a', 'heads', 'A'), (5, 'a', 'TAGS', 'a'), (6, 'a', 'tags', 'A');
        """,
    )
    half = {"many_collection": "notes", "many_field": "tag", "one_collection": "tags", "junction_field": "item"}
    with registry.batch():
        registry.update(registry.find("notes", "item").id, {"junction_field": "tag"})
        registry.create(half)
    assert found(registry) == [
        ("dangling-m2a", "notes.item", 2, (2, 6)),
        ("m2a-collection", "notes.item", 1, (5,)),
        ("duplicate-link", "notes.tag", 2, (4, 6)),
    ]


def test_a_list_below_an_item_of_any_collection(made: Make) -> None:
    """Items of two collections that have one key are two lists; each is numbered for itself."""
    registry = any_item(
        made,
        """
        CREATE TABLE notes (id INTEGER PRIMARY KEY, kind TEXT, item TEXT, place INTEGER);
        INSERT INTO notes VALUES (1, 'tags', 'a', 1), (2, 'heads', 'a', 1), (3, 'tags', 'a', 1), (4, 'heads', 'a', 2),
            (5, NULL, NULL, NULL);
        """,
        sort_field="place",
    )
    assert found(registry) == [("sort-order", "notes.item", 1, (3,))]
    registry.repair(registry.audit(), dry_run=False)
    rows = registry.connection.execute("SELECT id, place FROM notes").fetchall()
    assert rows == [(1, 1), (2, 1), (3, 2), (4, 2), (5, None)]


def test_a_table_of_the_same_name_elsewhere(made: Make) -> None:
    """A temporary table of the same name is not looked at."""
    registry = made("""
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a);
        INSERT INTO a VALUES (1);
        INSERT INTO b VALUES (1, 1), (2, 2);
        CREATE TEMP TABLE a (id INTEGER PRIMARY KEY);
        CREATE TEMP TABLE b (id INTEGER PRIMARY KEY, a INTEGER);
        INSERT INTO temp.a VALUES (2);
        INSERT INTO temp.b VALUES (3, 3);
    """)
    assert found(registry) == [("dangling-m2o", "b.a", 1, (2,))]
    assert registry.repair(registry.audit(), dry_run=False).changed == {"b": 1}
    assert registry.connection.execute("SELECT * FROM temp.b").fetchall() == [(3, 3)]


# --- trees -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parents", "owed"),
    [
        ({}, []),
        ({1: 1}, [[1]]),
        ({1: 2, 2: 3}, []),
        ({1: 2, 2: 1, 3: 1, 4: 3}, [[1, 2]]),
        ({4: 3, 3: 1, 1: 2, 2: 1, 9: 9}, [[1, 2], [9]]),
        ({"a": "b", "b": "a"}, [["a", "b"]]),
    ],
)
def test_cycles(parents: dict[Any, Any], owed: list[list[Any]]) -> None:
    """Rows on a cycle are found, those below one are not."""
    assert [sorted(cycle) for cycle in cycles(parents)] == owed


def test_a_deep_tree(made: Make) -> None:
    """A chain of 50 000 items is followed to its end; one pointer from the top to the bottom makes it one cycle."""
    registry = made("""
        CREATE TABLE t (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES t);
        WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
        INSERT INTO t SELECT i, nullif(i - 1, 0) FROM n;
        INSERT INTO t VALUES (90000, 50000);
    """)
    assert not registry.audit()
    registry.connection.execute("UPDATE t SET parent = 50000 WHERE id = 1")
    (problem,) = registry.audit()
    assert (problem.rule, problem.severity, problem.count) == ("tree-cycle", "warning", 50_000)
    assert problem.keys == tuple(range(1, KEYS_KEPT + 1))
    plan = registry.repair(registry.audit(), dry_run=False, strategies={"tree-cycle": "nullify"})
    assert [(step.count, step.keys) for step in plan] == [(1, (1,))]
    assert not registry.audit()
