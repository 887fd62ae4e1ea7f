"""Planning and fetching: which statements run, how often, and that their forms do not change the answer."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from relgraph import RelationRegistry, RelgraphError
from relgraph.query.parse import parse
from relgraph.query.resolve import resolve
from relgraph.query.resolved import Bindings
from relgraph.read.fetch import CHUNK, no_collection
from relgraph.read.plan import plan

SCRIPT = """
CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE);
CREATE TABLE articles (id INTEGER PRIMARY KEY, title TEXT, author INTEGER REFERENCES authors(id));
CREATE TABLE comments (id INTEGER PRIMARY KEY, article INTEGER REFERENCES articles(id), likes INTEGER);
"""


def library(articles: int, comments: int) -> RelationRegistry:
    """Give a registry with some articles by three authors, and comments dealt out in turn."""
    registry = RelationRegistry(":memory:")
    raw = registry.connection
    raw.executescript(SCRIPT)
    raw.executemany("INSERT INTO authors VALUES (?, ?)", [(1, "Ann"), (2, "Bo"), (3, None)])
    raw.executemany(
        "INSERT INTO articles VALUES (?, ?, ?)", [(n, f"title {n}", n % 4 or None) for n in range(1, articles + 1)]
    )
    raw.executemany(
        "INSERT INTO comments VALUES (?, ?, ?)", [(n, n % articles + 1, n % 7) for n in range(1, comments + 1)]
    )
    return registry


@pytest.fixture
def small() -> Iterator[RelationRegistry]:
    """A registry of 20 articles and 50 comments."""
    with library(20, 50) as registry:
        yield registry


def statements(registry: RelationRegistry, collection: str, query: Any) -> list[str]:
    """Give the SELECT statements that a read runs, by SQLite's own account."""
    seen: list[str] = []
    items = registry.items(collection)
    items.read(query)  # so that the schema is known and the plan made
    registry.connection.set_trace_callback(seen.append)
    items.read(query)
    registry.connection.set_trace_callback(None)
    return [text for text in seen if text.startswith("SELECT")]


NESTED = {"fields": ["id", "author.name", "comments.id", "comments.likes"], "sort": "title"}


@pytest.mark.parametrize(("articles", "comments"), [(4, 0), (20, 50), (900, 5000)])
def test_statements_do_not_grow_with_rows(articles: int, comments: int) -> None:
    """A nested read runs one statement for each level, whatever the number of rows; a small page joins to-one."""
    with library(articles, comments) as registry:
        assert len(statements(registry, "articles", NESTED)) == 3
        assert len(statements(registry, "articles", {**NESTED, "limit": 10})) == 2


def test_joined_and_separate_levels_answer_alike(small: RelationRegistry) -> None:
    """A to-one level gives the same objects whether it is joined (a small page) or read by itself."""
    asked = {"fields": ["author.*", "author.articles.author.name"], "deep": {"author": {"_filter": {"id": {"_lt": 3}}}}}
    assert small.items("articles").read({**asked, "limit": 50}).data == small.items("articles").read(asked).data


def test_groups_of_each_parent(small: RelationRegistry) -> None:
    """A nested aggregate is reckoned for each parent by itself; a parent without children has the sums over nothing."""
    small.connection.execute("DELETE FROM comments WHERE article = 2")
    asked: dict[str, Any] = {"_aggregate": {"count": "*", "max": "likes"}}
    rows = small.items("articles").read(fields=["id", "comments"], deep={"comments": asked}, limit=2).data
    assert rows == [
        {"id": 1, "comments": [{"count": 2, "max": {"likes": 6}}]},
        {"id": 2, "comments": [{"count": 0, "max": {"likes": None}}]},
    ]
    asked |= {"_groupBy": ["likes"], "_sort": "-likes", "_limit": 1}
    rows = small.items("articles").read(fields=["id", "comments"], deep={"comments": asked}, limit=2).data
    assert rows == [{"id": 1, "comments": [{"likes": 6, "count": 1, "max": {"likes": 6}}]}, {"id": 2, "comments": []}]


def test_parents_are_asked_for_in_chunks() -> None:
    """Beyond 1000 parents a level that is asked by keys with gaps takes one statement for each further 1000."""
    with library(CHUNK * 2 + 2, 10) as registry:
        registry.connection.executescript("PRAGMA foreign_keys = OFF; DELETE FROM articles WHERE id = 7")
        run = statements(registry, "articles", {"fields": ["comments.likes"], "deep": {"comments": {"_sort": "likes"}}})
        assert len(run) == 1 + 3


def test_whole_collections_are_scanned_once() -> None:
    """Where every parent is read, a child collection in key order is one scan, and the answer is the same."""
    with library(CHUNK * 2 + 1, 5000) as registry:
        whole = {"fields": ["id", "comments.id"]}
        assert len(statements(registry, "articles", whole)) == 2
        cut = registry.items("articles").read({**whole, "filter": {"id": {"_gt": 0}}})
        assert registry.items("articles").read(whole).data == cut.data


@pytest.mark.parametrize("beside", [{}, {"id": {"_gt": 3}}])
@pytest.mark.parametrize("word", ["_some", "_none", "_every"])
@pytest.mark.parametrize("likes", [0, 3, 99])
def test_in_and_exists_answer_alike(small: RelationRegistry, word: str, likes: int, beside: dict[str, Any]) -> None:
    """A search gives the same items as IN and as EXISTS, behind a quantifier and by an unquantified path."""
    for condition in ({"comments": {word: {"likes": {"_gt": likes}}}}, {"comments": {"likes": {"_gt": likes}}}):
        query = resolve(parse(fields=["id"], filter={**condition, **beside}), small.schema, "articles")
        forms = [plan(query, (form,)) for form in ("in", "exists")]
        answers = [small.database.execute(*form.root.statement.bind(Bindings())).fetchall() for form in forms]
        assert answers[0] == answers[1]
        assert ["EXISTS (" in form.root.statement.text for form in forms] == [False, True]


def test_children_without_a_parent_do_not_empty_the_answer(small: RelationRegistry) -> None:
    """A child whose key is NULL is no one's, in either form of a search for what is not there."""
    small.connection.execute("INSERT INTO comments (article, likes) VALUES (NULL, 99)")
    for word, likes in (("_none", 50), ("_every", 100)):
        condition = {"comments": {word: {"likes": {"_lt": likes} if word == "_every" else {"_gt": likes}}}}
        query = resolve(parse(fields=[], filter=condition), small.schema, "articles")
        for form in ("in", "exists"):
            text, values = plan(query, (form,)).root.statement.bind(Bindings())
            assert len(small.database.execute(text, values).fetchall()) == len(small.items("articles").read())


def test_nothing_is_shared_between_items(small: RelationRegistry) -> None:
    """Changing one item of an answer changes no other, also where many items lead to the same one."""
    fields = ["id", "author.name", "author.articles.id", "author.articles.comments.id"]
    items = small.items("articles").read(fields=fields).data
    before = small.items("articles").read(fields=fields).data
    items[0]["author"]["name"] = "changed"
    items[0]["author"]["articles"].append("changed")
    items[0]["author"]["articles"][0]["comments"].append("changed")
    assert items[1:] == before[1:]


def test_text_is_compared_byte_by_byte_whatever_the_collation(small: RelationRegistry) -> None:
    """A column declared COLLATE NOCASE is filtered, sorted and grouped with regard to case, as any text."""
    authors = small.items("authors")
    assert authors.read(filter={"name": {"_eq": "ann"}}).data == []
    small.connection.execute("INSERT INTO authors VALUES (4, 'ann')")
    assert authors.read(fields=["name"], sort="name").data == [{"name": name} for name in (None, "Ann", "Bo", "ann")]
    assert len(authors.read(groupBy="name")) == 4


def test_keys_match_by_the_collation_of_the_one_side() -> None:
    """A text key declared NOCASE is found by a key in another case, as SQLite's own foreign keys find it."""
    with RelationRegistry(":memory:") as registry:
        registry.connection.executescript(
            """
            CREATE TABLE lands (code TEXT PRIMARY KEY COLLATE NOCASE, name TEXT);
            CREATE TABLE towns (id INTEGER PRIMARY KEY, land TEXT REFERENCES lands(code));
            INSERT INTO lands VALUES ('IT', 'Italy');
            INSERT INTO towns VALUES (1, 'it'), (2, 'IT');
            """
        )
        assert registry.items("towns").read(fields="land.name").data == [{"land": {"name": "Italy"}}] * 2
        assert registry.items("lands").read(fields="towns.id").data == [{"towns": [{"id": 1}, {"id": 2}]}]
        limited = registry.items("lands").read(fields="towns", deep={"towns": {"_limit": 1, "_sort": "-id"}})
        assert limited.data == [{"towns": [2]}]
        assert registry.items("towns").count({"land": {"name": "Italy"}}) == 2


def test_a_temporary_table_does_not_stand_in_for_a_collection(small: RelationRegistry) -> None:
    """A read is of the file's own tables, whatever temporary tables the connection has."""
    small.connection.execute("CREATE TEMP TABLE authors AS SELECT 9 AS id, 'wrong' AS name")
    assert len(small.items("authors").read()) == 3


def test_a_later_page_is_a_slice_of_the_whole(small: RelationRegistry) -> None:
    """Skipping items, of one key or a composite one, with a search to probe or without, gives what is left."""
    small.connection.executescript(
        """
        CREATE TABLE pairs (a INTEGER, b TEXT, c INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID;
        INSERT INTO pairs SELECT id % 4, 'b' || id, id FROM comments;
        """
    )
    asked: tuple[tuple[str, dict[str, Any]], ...] = (
        ("comments", {"fields": ["id", "article.title"], "sort": "-likes,id"}),
        ("comments", {"fields": ["id"], "filter": {"article": {"comments": {"_some": {"likes": {"_gt": 2}}}}}}),
        ("articles", {"fields": ["id"], "filter": {"comments": {"likes": {"_gt": 2}}}, "sort": "author.name"}),
        ("pairs", {"fields": ["c"], "sort": "-b"}),
    )
    for collection, query in asked:
        whole = small.items(collection).read(query).data
        assert small.items(collection).read({**query, "limit": 5, "offset": 3}).data == whole[3:8]
        assert small.items(collection).read({**query, "offset": 7}).data == whole[7:]


@pytest.mark.parametrize("switched", [True, False])
def test_the_collector_is_as_it_was(small: RelationRegistry, switched: bool) -> None:
    """A long read holds the garbage collector back, and leaves it as it was, after an error too."""
    (gc.enable if switched else gc.disable)()
    try:
        small.items("articles").read()
        assert gc.isenabled() == switched
        with pytest.raises(ZeroDivisionError), no_collection():
            _ = 1 / gc.isenabled()
        assert gc.isenabled() == switched
    finally:
        gc.enable()


def test_a_stream_holds_one_snapshot(tmp_path: Any) -> None:
    """What another connection commits while a stream runs is not seen by it, and is seen by the next read."""
    path = tmp_path / "stream.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA journal_mode=WAL")
    other.executescript(SCRIPT)
    other.executemany("INSERT INTO authors VALUES (?, ?)", [(n, f"n{n}") for n in range(1, 11)])
    with RelationRegistry(path) as registry:
        stream = registry.items("authors").stream(fields=["id", "articles.id"], chunk_size=3)
        first = next(stream)
        other.execute("INSERT INTO authors VALUES (99, 'late')")
        other.execute("INSERT INTO articles VALUES (1, 'late', 10)")
        assert [first, *stream] == [{"id": n, "articles": []} for n in range(1, 11)]
        assert len(registry.items("authors").read()) == 11
    other.close()


def test_a_stream_that_is_dropped_lets_go(small: RelationRegistry) -> None:
    """Closing a stream in the middle ends its transaction."""
    stream = small.items("articles").stream(chunk_size=2)
    next(stream)
    stream.close()
    assert not small.connection.in_transaction


def test_a_stream_takes_no_cursor(small: RelationRegistry) -> None:
    """A stream is the whole list, so a cursor is refused."""
    with pytest.raises(RelgraphError) as caught:
        small.items("articles").stream(cursor="", limit=2)
    assert (caught.value.code, caught.value.where) == ("INVALID_QUERY", "cursor")


@pytest.mark.parametrize("size", [0, -1, 1.5, True, "x"])
def test_a_chunk_size_that_is_none_is_refused(small: RelationRegistry, size: Any) -> None:
    """A chunk holds a whole number of items, 1 or more."""
    with pytest.raises(RelgraphError) as caught:
        small.items("articles").stream(chunk_size=size)
    assert (caught.value.code, caught.value.where) == ("INVALID_QUERY", "chunk_size")


def test_sums_beyond_64_bits_are_numbers() -> None:
    """A sum that SQLite cannot hold as an integer is sorted and compared as the number it is, in groups as well."""
    with RelationRegistry() as registry:
        registry.connection.executescript("""
            CREATE TABLE shelves (id INTEGER PRIMARY KEY);
            CREATE TABLE books (id INTEGER PRIMARY KEY, shelf INTEGER REFERENCES shelves(id), n INTEGER);
            INSERT INTO shelves VALUES (1), (2), (3), (4);
            INSERT INTO books (shelf, n) VALUES (1, -9223372036854775808), (1, -9223372036854775808), (2, 5),
                (3, 9223372036854775807), (3, 9223372036854775807);
        """)
        shelves, books = registry.items("shelves"), registry.items("books")
        assert shelves.read(fields=[], sort="sum(books.n)").data == [4, 1, 2, 3]
        assert shelves.read(fields=[], sort="-sum(books.n)").data == [3, 2, 1, 4]
        assert shelves.read(fields=[], filter={"sum(books.n)": {"_lt": 0}}).data == [1]
        assert shelves.read(fields="sum(books.n)", filter={"id": 3}).data == [{"books_n_sum": 18446744073709551614}]
        groups = {"groupBy": "shelf", "aggregate": {"sum": "n"}, "sort": "-sum.n"}
        assert [group["shelf"] for group in books.read(groups)] == [3, 2, 1]
        assert books.read({**groups, "limit": 1})[0]["sum"] == {"n": 18446744073709551614}


def test_rows_without_a_key_value_are_items_too() -> None:
    """A text key may be NULL in SQLite, several times: such rows stay in pages, and in an order through relations."""
    with RelationRegistry(":memory:") as registry:
        registry.connection.executescript(
            """
            CREATE TABLE lands (code TEXT PRIMARY KEY, name TEXT);
            CREATE TABLE towns (id INTEGER PRIMARY KEY, land TEXT REFERENCES lands(code), size INTEGER);
            INSERT INTO lands VALUES (NULL, 'a'), ('x', 'b'), (NULL, 'c');
            INSERT INTO towns VALUES (1, 'x', 5), (2, NULL, 9);
            """
        )
        lands = registry.items("lands")
        assert lands.read(fields="name", sort="-towns.size,name").data == [{"name": name} for name in "bac"]
        assert lands.read(fields="name", sort="name", limit=2, offset=1).data == [{"name": "b"}, {"name": "c"}]


def test_an_any_to_many_key_is_the_text_of_the_key() -> None:
    """An any-to-many item is found by its key as text, not by another spelling of the number, in every clause."""
    with RelationRegistry(":memory:") as registry:
        registry.connection.executescript(
            """
            CREATE TABLE notes (id INTEGER PRIMARY KEY, kind TEXT, item TEXT);
            CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT);
            INSERT INTO books VALUES (7, 'seven');
            INSERT INTO notes (kind, item) VALUES ('books', '7'), ('books', '07'), ('books', '7.0'), ('films', '7');
            """
        )
        registry.create(
            {
                "many_collection": "notes",
                "many_field": "item",
                "one_collection_field": "kind",
                "one_allowed_collections": ["books"],
            },
            existing="report",
        )
        notes = registry.items("notes")
        assert notes.read(fields=[], filter={"item:books": {"title": "seven"}}).data == [1]
        assert notes.read(fields=[], filter={"item:books": {"title": {"_null": True}}}).data == [2, 3, 4]
        assert notes.read(fields=[], sort="-item:books.title").data == [1, 2, 3, 4]
        assert [note["item"] for note in notes.read(fields="item:books.title")] == [
            {"title": "seven"},
            None,
            None,
            None,
        ]
        follow = {"$FOLLOW(notes,item,kind)": {"_some": {"id": {"_gt": 1}}}}
        assert registry.items("books").count(follow) == 0
