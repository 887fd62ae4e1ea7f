"""What a delete would do, told by single cases: each says who is concerned, by which way, and what stands in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from relgraph import RelationRegistry
from relgraph.errors import InvalidPayload, InvalidQuery, ItemNotFound, UnknownCollection
from relgraph.graph import RelationGraph
from relgraph.graph.answers import Affected, Impact


def registry_of(script: str) -> RelationRegistry:
    """Give a registry on a new database."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(script)
    return RelationRegistry(connection)


def told(affected: Mapping[str, Affected]) -> dict[str, tuple[int, str]]:
    """Give how many of which collection, and by which way."""
    return {name: (each.count, " ".join(each.via)) for name, each in affected.items()}


CHAIN = """
CREATE TABLE countries (code TEXT PRIMARY KEY);
CREATE TABLE authors (id INTEGER PRIMARY KEY, country TEXT REFERENCES countries ON DELETE CASCADE);
CREATE TABLE books (
    id INTEGER PRIMARY KEY, author INTEGER DEFAULT 9 REFERENCES authors ON DELETE SET DEFAULT,
    editor INTEGER REFERENCES authors ON DELETE SET NULL
);
CREATE TABLE awards (author INTEGER REFERENCES authors ON DELETE CASCADE, year INTEGER, PRIMARY KEY (author, year));
CREATE TABLE notes (year INTEGER, author INTEGER, FOREIGN KEY (author, year) REFERENCES awards ON DELETE CASCADE);
INSERT INTO countries VALUES ('pl'), ('jp');
INSERT INTO authors VALUES (1, 'pl'), (2, 'pl'), (3, 'jp'), (9, NULL);
INSERT INTO books VALUES (1, 1, 3), (2, 3, 1), (3, NULL, 2), (4, 3, NULL);
INSERT INTO awards VALUES (1, 1990), (1, 1991), (3, 1990);
INSERT INTO notes VALUES (1990, 1), (1990, 3), (NULL, 1);
"""


def test_a_chain_is_followed_to_its_end() -> None:
    """Every action counts, over keys of several columns too, and the way to each collection is told."""
    with registry_of(CHAIN) as registry:
        impact = registry.graph.impact("countries", ["pl"])
        assert told(impact.deleted) == {
            "countries": (1, ""),
            "authors": (2, "authors.country"),
            "awards": (2, "authors.country awards.author"),
            "notes": (1, "authors.country awards.author notes.(author, year)"),
        }
        assert impact.deleted["awards"].keys == ((1, 1990), (1, 1991))
        assert impact.deleted["notes"].keys == (1,)
        assert told(impact.nullified) == {"books": (2, "authors.country books.editor")}
        assert told(impact.defaulted) == {"books": (1, "authors.country books.author")}
        assert (dict(impact.blocked), dict(impact.dangling)) == ({}, {})
        assert registry.connection.execute("SELECT count(*) FROM authors").fetchone() == (4,)


@pytest.mark.parametrize(
    ("column", "why"),
    [
        ("REFERENCES a", "b.up is ON DELETE NO ACTION"),
        ("REFERENCES a ON DELETE RESTRICT", "b.up is ON DELETE RESTRICT"),
        ("NOT NULL REFERENCES a ON DELETE SET NULL", "b.up would become NULL, which up cannot be"),
        ("DEFAULT 7 REFERENCES a ON DELETE SET DEFAULT", "the default of b.up would point at no item of a"),
        ("DEFAULT 1 REFERENCES a ON DELETE SET DEFAULT", "the default of b.up would point at no item of a"),
        ("REFERENCES a DEFERRABLE INITIALLY DEFERRED", "b.up is ON DELETE NO ACTION, and deferred"),
    ],
)
def test_what_stands_in_the_way(column: str, why: str) -> None:
    """What blocks a delete is named with its rows and its reason, and what would go without it is told."""
    script = f"CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY, up INTEGER {column});"
    with registry_of(
        f"{script} INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES (5, 1), (6, 1), (7, 2)"
    ) as registry:
        impact = registry.graph.impact("a", [1])
        assert dict(impact.blocked) == {"b": Affected(2, (5, 6), ("b.up",), why)}
        assert told(impact.deleted) == {"a": (1, "")}
        assert dict(registry.graph.impact("a", [1]).dangling) == {}


def test_rows_that_go_themselves_are_in_no_way() -> None:
    """A row that NO ACTION would keep does not block when another cascade takes it; the order counts for RESTRICT."""
    script = """
    CREATE TABLE a (id INTEGER PRIMARY KEY);
    CREATE TABLE b (id INTEGER PRIMARY KEY, x INTEGER REFERENCES a{action}, y INTEGER REFERENCES a ON DELETE CASCADE);
    INSERT INTO a VALUES (1); INSERT INTO b VALUES (5, 1, 1);
    """
    with registry_of(script.format(action="")) as registry:
        assert dict(registry.graph.impact("a", [1]).blocked) == {}
    with registry_of(script.format(action=" ON DELETE RESTRICT")) as registry:
        blocked = registry.graph.impact("a", [1]).blocked
        registry.connection.execute("DELETE FROM a")  # here it has gone before RESTRICT looks
        assert dict(blocked) == {}
    hasty = "x INTEGER REFERENCES a ON DELETE CASCADE, y INTEGER REFERENCES a ON DELETE RESTRICT"
    first, last = script.index("x INTEGER"), script.index(");", script.index("x INTEGER"))
    with registry_of(script[:first] + hasty + script[last:]) as registry:
        blocked = registry.graph.impact("a", [1]).blocked
        with pytest.raises(sqlite3.IntegrityError):
            registry.connection.execute("DELETE FROM a")
        assert dict(blocked) == {"b": Affected(1, (5,), ("b.y",), "b.y is ON DELETE RESTRICT")}


@pytest.mark.parametrize(
    ("far", "near", "value"),
    [("", "TEXT", 1), ("", "INTEGER", "1"), ("INTEGER", "TEXT", 1), ("TEXT", "", "1"), ("NUMERIC", "REAL", 1)],
)
def test_keys_of_other_types_are_compared_as_sqlite_does(far: str, near: str, value: object) -> None:
    """What an action reaches over columns of different types is told, though a join would not find it."""
    script = f"""
    CREATE TABLE a (id INTEGER PRIMARY KEY, code {far} UNIQUE);
    CREATE TABLE b (id INTEGER PRIMARY KEY, a {near} REFERENCES a(CODE) ON DELETE CASCADE);
    """
    with registry_of(script) as registry:
        registry.connection.execute("INSERT INTO a VALUES (1, ?)", (value,))
        registry.connection.execute("PRAGMA foreign_keys = OFF")
        registry.connection.execute("INSERT INTO b VALUES (5, ?)", (value,))
        registry.connection.execute("PRAGMA foreign_keys = ON")
        impact = registry.graph.impact("a", [1])
        registry.connection.execute("DELETE FROM a")
        assert registry.connection.execute("SELECT count(*) FROM b").fetchone() == (0,)
        assert told(impact.deleted) == {"a": (1, ""), "b": (1, "b.a")}


BROKEN = {
    "CREATE TABLE b (id INTEGER PRIMARY KEY, up INT REFERENCES a ON DELETE CASCADE, z REFERENCES c)": "is not there",
    "CREATE TABLE b (id INTEGER PRIMARY KEY, up TEXT REFERENCES a(label) ON DELETE CASCADE)": "that are no key of it",
    "CREATE TABLE b (id INTEGER PRIMARY KEY, up TEXT REFERENCES a(lost))": "that are no key of it",
    "CREATE TABLE b (id INTEGER PRIMARY KEY, x, y, FOREIGN KEY (x, y) REFERENCES a)": "that are no key of it",
}


@pytest.mark.parametrize("broken", BROKEN)
def test_broken_definitions_block_all(broken: str) -> None:
    """A foreign key that leads nowhere makes SQLite refuse every delete, with rows or without: so is told, and why."""
    with registry_of(
        f"CREATE TABLE a (id INTEGER PRIMARY KEY, label TEXT); INSERT INTO a VALUES (1, 'x'); {broken}"
    ) as registry:
        impact = registry.graph.impact("a", [1])
        assert list(impact.blocked) == ["b"]
        assert impact.blocked["b"].why.endswith(BROKEN[broken])
        assert impact.blocked["b"].count == 0
        with pytest.raises(sqlite3.OperationalError):
            registry.connection.execute("DELETE FROM a")


ANY = """
CREATE TABLE pages (id INTEGER PRIMARY KEY);
CREATE TABLE texts (id INTEGER PRIMARY KEY);
CREATE TABLE images (id TEXT PRIMARY KEY);
CREATE TABLE parts (id INTEGER PRIMARY KEY, page INTEGER, item TEXT, kind TEXT);
CREATE TABLE marks (id INTEGER PRIMARY KEY, part INTEGER REFERENCES parts ON DELETE CASCADE);
CREATE TABLE saved (id INTEGER PRIMARY KEY, item TEXT, kind TEXT);
INSERT INTO pages VALUES (1); INSERT INTO texts VALUES (1), (2); INSERT INTO images VALUES ('1');
INSERT INTO parts VALUES (1, 1, '1', 'texts'), (2, 1, '1', 'images'), (3, 1, '2', 'texts');
INSERT INTO marks VALUES (1, 1), (2, 3);
INSERT INTO saved VALUES (1, '1', 'texts'), (2, '1', 'images'), (3, NULL, NULL);
"""
PARTS = (
    {"collection": "parts", "field": "page", "related_collection": "pages", "meta": {"junction_field": "item"}},
    {
        "many_collection": "parts",
        "many_field": "item",
        "one_collection_field": "kind",
        "one_allowed_collections": ["texts", "images"],
        "junction_field": "page",
    },
    {
        "many_collection": "saved",
        "many_field": "item",
        "one_collection_field": "kind",
        "one_allowed_collections": ["texts", "images"],
    },
)


def test_any_to_many_pointers_dangle_or_follow() -> None:
    """Without guards what points at any of several is left dangling; guards follow it, and so does what comes after."""
    with registry_of(ANY) as registry:
        registry.create(PARTS)
        impact = registry.graph.impact("texts", [1])
        assert told(impact.deleted) == {"texts": (1, "")}
        assert told(impact.dangling) == {"parts": (1, "parts.item"), "saved": (1, "saved.item")}
        registry.guard()
        impact = registry.graph.impact("texts", [1])
        assert told(impact.deleted) == {
            "texts": (1, ""),
            "parts": (1, "parts.item"),
            "marks": (1, "parts.item marks.part"),
        }
        assert told(impact.nullified) == {"saved": (1, "saved.item")}
        assert dict(impact.dangling) == {}
        assert impact.triggers == ()


@pytest.mark.parametrize("kind", ["", " WITHOUT ROWID"])
def test_a_key_that_points_itself(kind: str) -> None:
    """Where the primary key is what points, its row gets another key, told by the one it had."""
    script = f"""
    CREATE TABLE users (id INTEGER PRIMARY KEY);
    CREATE TABLE profiles (id INTEGER PRIMARY KEY DEFAULT 9 REFERENCES users ON DELETE SET DEFAULT){kind};
    INSERT INTO users VALUES (1), (2), (9); INSERT INTO profiles VALUES (1), (2);
    """
    with registry_of(script) as registry:
        impact = registry.graph.impact("users", [1])
        assert (told(impact.deleted), impact.defaulted["profiles"].keys) == ({"users": (1, "")}, (1,))
        both = registry.graph.impact("users", [1, 2]).blocked["users"]
        assert (both.count, both.why) == (2, "UNIQUE constraint failed: profiles.id")  # they cannot both become 9


def test_what_dangled_before_may_be_looked_at_again() -> None:
    """SQLite judges a deferred key of a row to its own table again when the row changes: that blocks the commit."""
    script = """
    PRAGMA foreign_keys = OFF;
    CREATE TABLE b (id INTEGER PRIMARY KEY);
    CREATE TABLE a (
        k INTEGER, l INTEGER, x INTEGER, y INTEGER, b INTEGER REFERENCES b ON DELETE SET NULL, PRIMARY KEY (k, l),
        FOREIGN KEY (x, y) REFERENCES a DEFERRABLE INITIALLY DEFERRED
    );
    INSERT INTO b VALUES (1), (2); INSERT INTO a VALUES (0, 0, 9, 9, 1), (1, 1, 1, 1, 2);
    PRAGMA foreign_keys = ON;
    """
    with registry_of(script) as registry:
        assert told(registry.graph.impact("b", [2]).nullified) == {"a": (1, "a.b")}
        impact = registry.graph.impact("b", [1])
        with pytest.raises(sqlite3.IntegrityError):
            registry.connection.execute("DELETE FROM b WHERE id = 1")
        assert impact.blocked["a"].keys == ((0, 0),)
        assert impact.blocked["a"].why == "a.(x, y) points at nothing, and is deferred"


def test_triggers_of_others_are_named() -> None:
    """The database's own triggers run too: what they do to the rows concerned is told, and that they are there."""
    script = """
    CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE log (id INTEGER);
    CREATE TABLE b (id INTEGER PRIMARY KEY, up INTEGER REFERENCES a ON DELETE SET NULL);
    CREATE TRIGGER "delete a" AFTER DELETE ON a BEGIN INSERT INTO log VALUES (OLD.id); END;
    CREATE TRIGGER gone AFTER UPDATE ON b WHEN NEW.up IS NULL BEGIN DELETE FROM b WHERE id = NEW.id; END;
    CREATE TRIGGER new AFTER INSERT ON a BEGIN DELETE FROM b; END;
    INSERT INTO a VALUES (1); INSERT INTO b VALUES (1, 1);
    """
    with registry_of(script) as registry:
        impact = registry.graph.impact("a", [1])
        assert told(impact.deleted) == {"a": (1, ""), "b": (1, "b.up")}
        assert impact.triggers == ("delete a", "gone")


def test_a_hundred_thousand_rows() -> None:
    """Counts are exact and keys a sample, however many there are; a transaction that is open stays as it is."""
    script = """
    CREATE TABLE a (id INTEGER PRIMARY KEY, up INTEGER REFERENCES a ON DELETE CASCADE);
    CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a ON DELETE SET NULL);
    CREATE INDEX by_up ON a (up); CREATE INDEX by_a ON b (a);
    WITH n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
    INSERT INTO a SELECT i, nullif(i / 8, 0) FROM n;
    INSERT INTO b SELECT id, id FROM a;
    """
    with registry_of(script) as registry:
        registry.connection.execute("BEGIN")
        registry.connection.execute("INSERT INTO b VALUES (60000, 1)")
        impact = registry.graph.impact("a", list(range(1, 8)))
        assert (impact.deleted["a"].count, impact.nullified["b"].count) == (50_000, 50_001)
        assert impact.nullified["b"].keys == tuple(range(1, 21))
        assert registry.connection.execute("SELECT count(a) FROM b").fetchone() == (50_001,)
        registry.connection.execute("ROLLBACK")


def test_deferred_keys_in_a_transaction(tmp_path: Path) -> None:
    """What blocks only the commit is found out in the midst of a transaction of the caller's too."""
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as connection:
        connection.executescript("""
            CREATE TABLE a (id INTEGER PRIMARY KEY);
            CREATE TABLE b (id INTEGER PRIMARY KEY, up REFERENCES a DEFERRABLE INITIALLY DEFERRED);
            INSERT INTO a VALUES (1);
        """)
        registry = RelationRegistry(connection)
        connection.execute("BEGIN")
        connection.execute("INSERT INTO b VALUES (5, 1)")
        impact = registry.graph.impact("a", [1])
        assert dict(impact.blocked) == {"b": Affected(1, (5,), ("b.up",), "b.up is ON DELETE NO ACTION, and deferred")}
        assert connection.in_transaction
        connection.execute("ROLLBACK")


def test_a_file_that_is_only_read(dataset: RelationRegistry) -> None:
    """A database opened read-only is asked like any other, and not a byte of it changes."""
    before = Path(dataset.database.name).read_bytes()
    impact = dataset.graph.impact("articles", [1, 2])
    assert told(impact.nullified) == {
        "articles_related": (3, "articles_related.related_id"),
        "comments": (5, "comments.article"),
    }
    assert told(impact.dangling) == {"bookmarks": (2, "bookmarks.item")}
    assert Path(dataset.database.name).read_bytes() == before


def test_what_is_refused() -> None:
    """Keys that are not there, collections without keys, and a graph without a database are refused."""
    script = "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE k (x); CREATE VIEW v AS SELECT * FROM a;"
    with registry_of(f"{script} INSERT INTO a VALUES (1)") as registry:
        graph = registry.graph
        assert graph.impact("a", []) == Impact()
        with pytest.raises(ItemNotFound, match="a has no item with key 2"):
            graph.impact("a", [1, 2])
        with pytest.raises(ItemNotFound, match="a key is"):
            graph.impact("a", ["x"])
        with pytest.raises(InvalidPayload, match="keys must be a list"):
            graph.impact("a", "1")
        with pytest.raises(InvalidQuery, match="k has no primary key"):
            graph.impact("k", [1])
        with pytest.raises(InvalidQuery, match="v is a view"):
            graph.impact("v", [1])
        with pytest.raises(UnknownCollection):
            graph.impact("b", [1])
        with pytest.raises(InvalidPayload, match="what is to be deleted"):
            graph.impact()  # type: ignore[call-overload]  # what a program may get wrong
        with pytest.raises(InvalidPayload, match=r"ask registry\.graph"):
            RelationGraph(registry.schema).impact("a", [1])
