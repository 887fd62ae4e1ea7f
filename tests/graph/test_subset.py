"""Subsets, told by single cases: what comes along, what stays as it was, and what is refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from relgraph import Access, Grant, RelationRegistry
from relgraph.errors import (
    AdminNeeded,
    CannotExcerpt,
    CannotOpen,
    DatabaseBusy,
    InvalidPayload,
    InvalidQuery,
    ItemNotFound,
    NotARelation,
    UnknownCollection,
    UnknownField,
)
from tests.graph.conftest import DATASET
from tests.whole_database import ODD, contents, make_hostile

LIBRARY = """
CREATE TABLE countries (code TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE authors (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, email TEXT UNIQUE, country REFERENCES countries);
CREATE TABLE books (id INTEGER PRIMARY KEY, title, author INTEGER REFERENCES authors, sequel INTEGER REFERENCES books);
CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT NOT NULL);
CREATE TABLE books_tags (book INTEGER REFERENCES books, tag INTEGER REFERENCES tags, PRIMARY KEY (book, tag));
CREATE TABLE notes (body TEXT, book INTEGER, tag INTEGER, FOREIGN KEY (book, tag) REFERENCES books_tags (book, tag));
CREATE TABLE log (said TEXT);
CREATE INDEX by_title ON books (title);
CREATE VIEW titles AS SELECT title FROM books;
CREATE TRIGGER told AFTER INSERT ON books BEGIN INSERT INTO log VALUES (new.title); END;
CREATE VIRTUAL TABLE found USING fts5(title, content='books', content_rowid='id');
CREATE VIRTUAL TABLE own USING fts5(body);
INSERT INTO countries VALUES ('pl'), ('us');
INSERT INTO authors VALUES (1, 'Lem', 'lem@a.org', 'pl'), (2, 'Dick', 'dick@a.org', 'us'), (9, 'X', NULL, NULL);
DELETE FROM authors WHERE id = 9;
INSERT INTO books VALUES (1, 'Solaris', 1, 2), (2, 'Fiasco', 1, NULL), (3, 'Ubik', 2, 3), (4, 'Lost', 77, NULL);
INSERT INTO tags VALUES (1, 'space'), (2, 'mind'), (3, 'time');
INSERT INTO books_tags VALUES (1, 1), (1, 2), (3, 2);
INSERT INTO notes (rowid, body, book, tag) VALUES (7, 'yes', 1, 2), (8, 'no', 3, 2);
DELETE FROM log;
INSERT INTO own VALUES ('kept for itself');
INSERT INTO found(found) VALUES ('rebuild');
PRAGMA user_version = 5;
PRAGMA application_id = 6;
"""


@pytest.fixture
def library(tmp_path: Path) -> Iterator[RelationRegistry]:
    """Give a library that is not to be written to."""
    with closing(sqlite3.connect(tmp_path / "library.db")) as connection:
        connection.executescript(LIBRARY)
    with RelationRegistry(tmp_path / "library.db", read_only=True) as registry:
        yield registry


def counts(registry: RelationRegistry, roots: Any, file: Path, *arguments: Any, **options: Any) -> dict[str, int]:
    """Give how many rows a subset has, by table."""
    return dict(registry.graph.subset(roots, file, *arguments, **options).counts)


def values(file: Path, sql: str) -> list[Any]:
    """Give the rows of a statement, those of one column as values."""
    with closing(sqlite3.connect(file)) as connection:
        return [row[0] if len(row) == 1 else row for row in connection.execute(sql)]


# --- what comes along ------------------------------------------------------------------------------------------------


def test_what_items_need_comes_along(library: RelationRegistry, tmp_path: Path) -> None:
    """Everything that an item points at comes, transitively, over keys of several columns that no relation covers."""
    expected = {"authors": 1, "books": 2, "books_tags": 1, "countries": 1, "notes": 1, "tags": 1}
    assert counts(library, {"notes": {"filter": {"body": "yes"}}}, tmp_path / "a.db") == expected
    assert values(tmp_path / "a.db", "SELECT rowid, * FROM notes") == [(7, "yes", 1, 2)]


def test_nothing_comes_of_nothing(library: RelationRegistry, tmp_path: Path) -> None:
    """No keys and no matches give a database without rows, with all its tables."""
    assert counts(library, {"books": [], "tags": {"filter": {"id": 99}}}, tmp_path / "a.db") == {}
    assert values(tmp_path / "a.db", "SELECT count(*) FROM books") == [0]


def test_loops_are_gone_round_once(library: RelationRegistry, tmp_path: Path) -> None:
    """An item that points at itself is no reason to go on."""
    assert counts(library, {"books": [3]}, tmp_path / "a.db") == {"authors": 1, "books": 1, "countries": 1}


def test_children_come_along_paths(library: RelationRegistry, tmp_path: Path) -> None:
    """What hangs on items comes where a path names it, with all that it needs; the rest stays."""
    found = counts(library, {"books": [1]}, tmp_path / "a.db", ["books_tags.tag"])
    assert found == {"authors": 1, "books": 2, "books_tags": 2, "countries": 1, "tags": 2}
    found = counts(library, {"books": [1], "tags": [3]}, tmp_path / "b.db", {"books": ["books_tags"]})
    assert found == {"authors": 1, "books": 2, "books_tags": 2, "countries": 1, "tags": 3}
    assert counts(library, {"tags": [3], "authors": [2]}, tmp_path / "c.db", ["books"])["books"] == 1


def test_children_come_to_a_depth(library: RelationRegistry, tmp_path: Path) -> None:
    """With a depth of 1 all that points at an item comes, with 2 all that points at that."""
    assert counts(library, {"tags": [2]}, tmp_path / "a.db", depth=1)["books_tags"] == 2
    assert "notes" not in counts(library, {"tags": [2]}, tmp_path / "b.db", depth=1)
    assert counts(library, {"tags": [2]}, tmp_path / "c.db", depth=2)["notes"] == 2


def test_a_great_depth_ends_where_nothing_is_new(tmp_path: Path) -> None:
    """Rows that point at each other in several ways are gone on from once, however deep it is asked for."""
    with RelationRegistry() as registry:
        database = registry.connection
        database.execute("CREATE TABLE a (id INTEGER PRIMARY KEY, x REFERENCES a, y REFERENCES a)")
        database.execute(
            "INSERT INTO a VALUES (1, 2, 3), (2, 3, 1), (3, 1, 2), (4, NULL, 1), (5, 4, NULL), (6, 5, NULL)"
        )
        assert counts(registry, {"a": [1]}, tmp_path / "a.db", depth=1 << 62) == {"a": 6}
        assert counts(registry, {"a": [4]}, tmp_path / "b.db", depth=1) == {"a": 5}


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"filter": {"author": {"name": "Lem"}}}, [1, 2]),
        ({"filter": {"books_tags": {"_some": {"tag": {"label": "mind"}}}}}, [1, 2, 3]),
        ({"sort": "-title", "limit": 1}, [3]),
        ({"sort": "author.name,-id", "limit": 2, "offset": 1}, [2, 3]),
        ({"sort": "-books_tags.tag.id", "limit": 1}, [1, 2]),
        ({"search": "fias"}, [2]),
        ({"sample": 2}, [2, 4]),
        ({"sample": 2, "filter": {"id": {"_lt": 4}}}, [2, 3]),
        ({"sample": 99}, [1, 2, 3, 4]),
        ({"sample": 1 << 70}, [1, 2, 3, 4]),
        ({"sample": 0}, []),
        ('{"filter": {"id": 2}}', [2]),
    ],
)
def test_roots_are_asked_for(library: RelationRegistry, tmp_path: Path, query: Any, ids: list[int]) -> None:
    """A query picks roots as a read would, and a sample spreads evenly over what it finds; sequels come along."""
    library.graph.subset({"books": query}, tmp_path / "a.db")
    assert values(tmp_path / "a.db", "SELECT id FROM books ORDER BY id") == ids


def test_rows_without_a_key_can_be_asked_for(library: RelationRegistry, tmp_path: Path) -> None:
    """Items of a table without a primary key are found by a query, and by no key."""
    assert counts(library, {"notes": {"sample": 1}}, tmp_path / "a.db")["notes"] == 1
    with pytest.raises(InvalidQuery, match="no primary key"):
        library.graph.subset({"notes": [7]}, tmp_path / "b.db")


# --- what stays as it was --------------------------------------------------------------------------------------------


def test_the_structure_is_all_there(library: RelationRegistry, tmp_path: Path) -> None:
    """Indexes, views, triggers and counters come along; triggers do not run, full-text indexes are made anew."""
    answer = library.graph.subset({"books": [2]}, tmp_path / "a.db")
    before, after = contents(str(tmp_path / "library.db")), contents(str(tmp_path / "a.db"))
    same = ("definitions", "columns", "indexes", "keys", "pragmas", "integrity")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert after["rows"]["sqlite_sequence"] == [("authors", 9)]
    assert after["rows"]["log"] == []
    assert values(tmp_path / "a.db", "SELECT rowid FROM found('fiasco OR solaris')") == [2]
    assert values(tmp_path / "a.db", "SELECT count(*) FROM own") == [0]
    assert answer.unfilled == ("own",)


def test_a_hostile_database_comes_through(tmp_path: Path) -> None:
    """Odd names, computed columns, STRICT tables, keys of all kinds and untyped values are as they were."""
    make_hostile(str(tmp_path / "hostile.db"))
    with RelationRegistry(tmp_path / "hostile.db", read_only=True) as registry:
        roots = {each.name: {} for each in registry.graph.schema if not each.view}
        registry.graph.subset(roots, tmp_path / "all.db")
        registry.graph.subset({ODD: [5, -3]}, tmp_path / "some.db")
    assert contents(str(tmp_path / "all.db")) == contents(str(tmp_path / "hostile.db"))
    with closing(sqlite3.connect(tmp_path / "some.db")) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute('SELECT id FROM "odd ""articles\'" ORDER BY id').fetchall() == [(-3,), (5,)]


def test_encoding_and_pages_are_kept(tmp_path: Path) -> None:
    """A database of UTF-16 texts and small pages makes a subset of the same kind."""
    with closing(sqlite3.connect(tmp_path / "wide.db")) as connection:
        connection.executescript("PRAGMA encoding = 'UTF-16be'; PRAGMA page_size = 1024; PRAGMA auto_vacuum = FULL;")
        connection.executescript("CREATE TABLE a (id TEXT PRIMARY KEY); INSERT INTO a VALUES ('é'), ('🙂');")
    with RelationRegistry(tmp_path / "wide.db") as registry:
        registry.graph.subset({"a": ["🙂"]}, tmp_path / "a.db")
    assert values(tmp_path / "a.db", "SELECT id FROM a") == ["🙂"]
    assert values(tmp_path / "a.db", "PRAGMA encoding") == ["UTF-16be"]
    assert values(tmp_path / "a.db", "PRAGMA page_size") + values(tmp_path / "a.db", "PRAGMA auto_vacuum") == [1024, 1]


def test_a_key_at_nothing_is_kept_and_told(library: RelationRegistry, tmp_path: Path) -> None:
    """What pointed at nothing before does so still, and is counted."""
    answer = library.graph.subset({"books": [4]}, tmp_path / "a.db")
    assert dict(answer.dangling) == {"books.author": 1}
    assert values(tmp_path / "a.db", "SELECT author FROM books") == [77]


def test_a_project_stays_a_project(dataset: RelationRegistry, tmp_path: Path) -> None:
    """A subset of a Directus project has its relations, fields and access rules, and of its users those it needs."""
    answer = dataset.graph.subset({"pages_sections": [1]}, tmp_path / "a.db", ["item:paragraphs", "pages_id"])
    assert answer.counts["pages_sections"] == answer.counts["pages"] == 1
    with RelationRegistry(tmp_path / "a.db") as subset:
        assert subset.schema == dataset.schema
        assert not subset.audit().errors
        fields = ["id", "item:paragraphs.body", "item:headings.text", "pages_id.title"]
        assert subset.items("pages_sections").read(fields=fields) == [
            dataset.items("pages_sections").get(1, fields=fields)
        ]
    assert values(tmp_path / "a.db", "SELECT count(*) FROM directus_users") == [0]


def test_every_collection_of_a_project_can_be_the_root(dataset: RelationRegistry, tmp_path: Path) -> None:
    """Whichever collection is asked for whole, no error is in the subset that is not in the source."""
    known = {(each.rule, each.relation): each.count for each in dataset.audit().errors}
    for collection in [each.name for each in dataset.schema if not each.system]:
        file = tmp_path / f"{collection}.db"
        assert (
            dataset.graph.subset({collection: {}}, file).counts.get(collection, 0) == dataset.items(collection).count()
        )
        with RelationRegistry(file, read_only=True) as subset:
            found = subset.audit().errors
            assert all(each.count <= known.get((each.rule, each.relation), 0) for each in found)
            assert subset.connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_guards_go_on_guarding(tmp_path: Path) -> None:
    """A subset of a guarded database is guarded."""
    with RelationRegistry() as registry:
        registry.connection.executescript(
            "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER);"
        )
        registry.create({"many_collection": "b", "many_field": "a", "one_collection": "a"})
        registry.guard()
        registry.connection.executescript("INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES (1, 2);")
        registry.graph.subset({"b": [1]}, tmp_path / "a.db")
    with RelationRegistry(tmp_path / "a.db") as subset:
        assert subset.items("a").count() == 1
        with pytest.raises(sqlite3.IntegrityError):
            subset.connection.execute("UPDATE b SET a = 1")


def test_a_database_in_memory_has_subsets(tmp_path: Path) -> None:
    """What is in no file is read all the same; what is not committed is not, and that is said."""
    with RelationRegistry() as registry:
        registry.connection.executescript("CREATE TABLE a (id INTEGER PRIMARY KEY); INSERT INTO a VALUES (7);")
        assert counts(registry, {"a": [7]}, tmp_path / "a.db") == {"a": 1}
        registry.connection.execute("BEGIN")
        with pytest.raises(CannotExcerpt, match="commit first"):
            registry.graph.subset({"a": [7]}, tmp_path / "b.db")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.db"]


def test_a_locked_database_in_memory_is_told(tmp_path: Path) -> None:
    """A database in memory that another connection writes to is not waited for without end."""
    shared = "file:written-to?mode=memory&cache=shared"
    with (
        closing(sqlite3.connect(shared, uri=True, isolation_level=None)) as other,
        closing(sqlite3.connect(shared, uri=True, isolation_level=None, timeout=0.02)) as connection,
    ):
        other.execute("CREATE TABLE a (id INTEGER PRIMARY KEY)")
        registry = RelationRegistry(connection)
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO a VALUES (1)")
        with pytest.raises(DatabaseBusy):
            registry.graph.subset({"a": []}, tmp_path / "a.db")
        other.execute("COMMIT")
        assert counts(registry, {"a": [1]}, tmp_path / "a.db") == {"a": 1}


def test_a_write_ahead_log_counts(tmp_path: Path) -> None:
    """What another connection has committed to a log beside the file is there, and the log stays."""
    with closing(sqlite3.connect(tmp_path / "wal.db", isolation_level=None)) as other:
        other.executescript(
            "PRAGMA journal_mode = WAL; CREATE TABLE a (id INTEGER PRIMARY KEY); INSERT INTO a VALUES (3)"
        )
        with RelationRegistry(tmp_path / "wal.db", read_only=True) as registry:
            assert counts(registry, {"a": {}}, tmp_path / "a.db") == {"a": 1}
        assert Path(tmp_path / "wal.db-wal").stat().st_size > 0


def test_the_same_is_written_twice(library: RelationRegistry, tmp_path: Path) -> None:
    """The same question to the same database gives the same rows in the same places."""
    for name in ("a.db", "b.db"):
        library.graph.subset({"books": {"sample": 2}, "notes": {}}, tmp_path / name, depth=1)
    assert contents(str(tmp_path / "a.db")) == contents(str(tmp_path / "b.db"))


def test_a_long_chain_is_followed_to_its_end(tmp_path: Path) -> None:
    """A row that needs another, and that one another, ten thousand times, is no deeper than memory allows."""
    with RelationRegistry() as registry:
        registry.connection.execute("CREATE TABLE a (id INTEGER PRIMARY KEY, next INTEGER REFERENCES a)")
        chain = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
        registry.connection.execute(f"INSERT INTO a {chain} SELECT i, nullif(i + 1, 10001) FROM n ORDER BY i DESC")
        assert counts(registry, {"a": [1]}, tmp_path / "a.db") == {"a": 10000}


def test_many_collections_are_no_burden(tmp_path: Path) -> None:
    """A way over three hundred collections is followed to its end, one statement for each pointer."""
    with RelationRegistry() as registry:
        for number in range(300):
            points = f"a REFERENCES t{max(number - 1, 0)}, b REFERENCES t{number // 2}"
            registry.connection.execute(f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, {points})")
            registry.connection.execute(f"INSERT INTO t{number} VALUES (1, 1, 1), (2, 1, 1)")
        assert sum(counts(registry, {"t299": [1]}, tmp_path / "a.db").values()) == 300


def test_rows_that_nothing_tells_apart_are_refused(tmp_path: Path) -> None:
    """Where columns take all names of the rowid, rows cannot be chosen, and that is said."""
    with RelationRegistry() as registry:
        registry.connection.execute("CREATE TABLE a (rowid, _rowid_, oid)")
        with pytest.raises(CannotExcerpt, match="nothing tells its rows apart"):
            registry.graph.subset({"a": {}}, tmp_path / "a.db")


# --- masks -----------------------------------------------------------------------------------------------------------


def test_fields_are_masked(library: RelationRegistry, tmp_path: Path) -> None:
    """A mask writes None, a fixed value, or what a function makes of the value, also into full-text indexes."""
    masks = {"authors.email": None, "authors.name": "somebody", "books.title": lambda title: title[::-1]}
    library.graph.subset({"books": [2]}, tmp_path / "a.db", mask=masks)
    assert values(tmp_path / "a.db", "SELECT name, email FROM authors") == [("somebody", None)]
    assert values(tmp_path / "a.db", "SELECT title FROM books") == ["ocsaiF"]
    assert values(tmp_path / "a.db", "SELECT count(*) FROM found('fiasco')") == [0]


@pytest.mark.parametrize("name", ["books.id", "books.author", "authors.id", "notes.tag", "countries.code"])
def test_keys_cannot_be_masked(library: RelationRegistry, tmp_path: Path, name: str) -> None:
    """What holds items together is refused, with the reason."""
    with pytest.raises(InvalidPayload, match=r"cannot be masked: (it is part of|the relation|a foreign key)"):
        library.graph.subset({"books": [2]}, tmp_path / "a.db", mask={name: 1})


@pytest.mark.parametrize(
    ("mask", "error", "where"),
    [
        ({"authors.nmae": 1}, UnknownField, "mask.authors.nmae"),
        ({"nobody.name": 1}, UnknownCollection, "mask.nobody.name"),
        ({"name": 1}, InvalidPayload, "mask"),
        ({"titles.title": 1}, InvalidPayload, "mask.titles.title"),
        ({"authors.name": [1]}, InvalidPayload, "mask.authors.name"),
        ({"authors.name": lambda _: {}}, InvalidPayload, "mask.authors.name"),
        ({"authors.name": 1 << 63}, InvalidPayload, "mask.authors.name"),
        ({"authors.name": float("nan")}, InvalidPayload, "mask.authors.name"),
        ({"authors.name": "\ud800"}, InvalidPayload, "mask.authors.name"),
        ({"authors.name": lambda _: 1 << 63}, InvalidPayload, "mask.authors.name"),
        ({"authors.name": lambda _: "\ud800"}, InvalidPayload, "mask.authors.name"),
        (["authors.name"], InvalidPayload, "mask"),
        ({"tags.label": None, "authors.email": "same"}, CannotExcerpt, "authors"),
    ],
)  # fmt: skip
def test_a_wrong_mask_is_refused(
    library: RelationRegistry, tmp_path: Path, mask: Any, error: type[Exception], where: str
) -> None:
    """A mask that names no field, gives no value, or makes two rows the same leaves no file behind."""
    with pytest.raises(error) as raised:
        library.graph.subset({"authors": {}}, tmp_path / "a.db", mask=mask)
    assert raised.value.where == where  # type: ignore[attr-defined]  # every error of relgraph has it
    assert sorted(each.name for each in tmp_path.iterdir()) == ["library.db"]


def test_what_a_mask_raises_comes_through(library: RelationRegistry, tmp_path: Path) -> None:
    """An error of the caller's own function is the caller's to see, and there is no file."""
    with pytest.raises(ZeroDivisionError):
        library.graph.subset({"authors": {}}, tmp_path / "a.db", mask={"authors.name": lambda _: 1 / 0})
    assert sorted(each.name for each in tmp_path.iterdir()) == ["library.db"]


# --- progress, and what is refused -----------------------------------------------------------------------------------


def test_progress_is_told(library: RelationRegistry, tmp_path: Path) -> None:
    """Of each collection it is said how many rows are there, of how many; who stops it leaves nothing behind."""
    told: list[tuple[int, int, str]] = []
    library.graph.subset({"books": [3]}, tmp_path / "a.db", progress=lambda *each: told.append(each))
    assert told == [(1, 3, "authors"), (2, 3, "books"), (3, 3, "countries")]

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.graph.subset({"books": [3]}, tmp_path / "b.db", progress=stop)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.db", "library.db"]


@pytest.mark.parametrize(
    ("roots", "options", "error", "where"),
    [
        ({"books": [1, 99]}, {}, ItemNotFound, "roots.books"),
        ({"books": ["x"]}, {}, ItemNotFound, "keys"),
        ({"books": 1}, {}, InvalidPayload, "roots.books"),
        ({"nothing": [1]}, {}, UnknownCollection, "collection"),
        ({"titles": {}}, {}, InvalidQuery, "roots"),
        ({"found": {}}, {}, InvalidQuery, "roots"),
        ({}, {}, InvalidPayload, "roots"),
        (["books"], {}, InvalidPayload, "roots"),
        ({"books": {"fields": ["id"]}}, {}, InvalidQuery, "roots.books"),
        ({"books": {"filter": {"nmae": 1}}}, {}, UnknownField, "filter.nmae"),
        ({"books": {"sample": -1}}, {}, InvalidPayload, "roots.books.sample"),
        ({"books": {"sample": True}}, {}, InvalidPayload, "roots.books.sample"),
        ({"books": {"filtr": {"id": 1}}}, {}, InvalidQuery, "roots.books"),
        ({"books": "1"}, {}, InvalidQuery, "roots.books"),
        ({"books": [1]}, {"with_": ["nothing"]}, UnknownField, "path"),
        ({"books": [1]}, {"with_": ["title.x"]}, NotARelation, "path"),
        ({"books": [1]}, {"with_": "books_tags"}, InvalidPayload, "with_"),
        ({"books": [1]}, {"with_": {"tags": []}}, InvalidPayload, "with_"),
        ({"books": [1]}, {"depth": -1}, InvalidPayload, "depth"),
    ],
)  # fmt: skip
def test_a_wrong_question_is_refused(
    library: RelationRegistry, tmp_path: Path, roots: Any, options: Any, error: type[Exception], where: str
) -> None:
    """What is wrong with a question is said, and there is no file."""
    with pytest.raises(error) as raised:
        library.graph.subset(roots, tmp_path / "a.db", **options)
    assert raised.value.where == where  # type: ignore[attr-defined]  # every error of relgraph has it
    assert sorted(each.name for each in tmp_path.iterdir()) == ["library.db"]


def test_a_file_that_is_there_is_left_alone(library: RelationRegistry, tmp_path: Path) -> None:
    """A destination must be a new file in a folder that is there."""
    (tmp_path / "mine.txt").write_text("mine")
    for taken in (tmp_path / "mine.txt", tmp_path / "library.db", tmp_path, ":memory:", "", 7, "a\0b"):
        with pytest.raises(InvalidPayload):
            library.graph.subset({"books": [1]}, taken)  # type: ignore[arg-type]  # 7 is no path
    with pytest.raises(CannotOpen, match="does not exist"):
        library.graph.subset({"books": [1]}, tmp_path / "no" / "a.db")
    with pytest.raises(CannotOpen, match="too long"):
        library.graph.subset({"books": [1]}, tmp_path / ("long" * 200))
    assert (tmp_path / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("end", ["-wal", "-journal"])
def test_what_another_database_left_is_not_taken_in(library: RelationRegistry, tmp_path: Path, end: str) -> None:
    """A log beside the destination is of a database that is gone, and SQLite would write it into the new one."""
    (tmp_path / f"a.db{end}").write_bytes(b"pages")
    with pytest.raises(InvalidPayload, match=f"a.db{end} already"):
        library.graph.subset({"books": [1]}, tmp_path / "a.db")
    assert not (tmp_path / "a.db").exists()


def test_a_restricted_access_makes_no_subset(tmp_path: Path) -> None:
    """A subset shows rows past all grants, so it is not for those who have them."""
    with RelationRegistry(DATASET, read_only=True) as registry:
        restricted = registry.with_access(Access({"articles": Grant(("id",))}))
        with pytest.raises(AdminNeeded):
            restricted.graph.subset({"articles": [1]}, tmp_path / "a.db")
