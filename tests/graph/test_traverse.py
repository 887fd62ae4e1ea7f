"""Going along relations from one item: over hops of every kind, and up and down trees of any depth."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph import RelationRegistry
from relgraph.errors import InvalidPayload, InvalidQuery, ItemNotFound, NotARelation, UnknownCollection, UnknownField

SHELF = """
CREATE TABLE shelves (room TEXT, number INTEGER, up INTEGER REFERENCES plans, PRIMARY KEY (room, number)) WITHOUT ROWID;
CREATE TABLE plans (id INTEGER PRIMARY KEY, code TEXT COLLATE NOCASE UNIQUE);
CREATE TABLE books (id INTEGER PRIMARY KEY, plan TEXT REFERENCES plans(code), sequel INTEGER REFERENCES books(id));
CREATE TABLE marks (book INTEGER REFERENCES books(id), note TEXT);
INSERT INTO plans VALUES (1, 'Alpha'), (2, 'beta'), (3, NULL);
INSERT INTO shelves VALUES ('a', 1, 1), ('a', 2, 1), ('b', 1, 2);
INSERT INTO books VALUES (1, 'ALPHA', NULL), (2, 'Alpha', 1), (3, 'BETA', 2), (4, NULL, NULL);
INSERT INTO marks VALUES (1, 'x'), (1, 'y'), (2, 'z');
"""


@pytest.fixture
def shelf() -> Iterator[RelationRegistry]:
    """Give shelves of two key columns, books that point at a unique code, marks without a key."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(SHELF)
    with RelationRegistry(connection) as registry:
        yield registry


def test_every_hop_tells_its_keys(dataset: RelationRegistry) -> None:
    """Through a junction, an any-to-many field, one of its collections, and back: as a read has them."""
    graph = dataset.graph
    item = dataset.items("articles").get(1, fields=["tags.id", "tags.tags_id"])
    halves, tags = graph.traverse("articles", 1, "tags.tags_id")
    assert halves == tuple(sorted(half["id"] for half in item["tags"]))
    assert tags == tuple(sorted({half["tags_id"] for half in item["tags"]} - {None}))
    (page,) = dataset.items("pages").read(
        fields=["id"], filter={"sections": {"_some": {"item:headings": {"id": {"_nnull": True}}}}}, limit=1
    )
    page = dataset.items("pages").get(page["id"], fields=["id", "sections.id", "sections.item", "sections.collection"])
    sections = sorted(section["id"] for section in page["sections"])
    keys = {one: set(dataset.items(one).read(fields=[])) for one in ("headings", "paragraphs", "galleries")}
    named = [(each["collection"], each["item"]) for each in page["sections"]]
    pointers = {(name, key) for name, key in named if key in map(str, keys.get(name, ()))}  # the others dangle
    assert 0 < len(pointers) < len(named)
    assert graph.traverse("pages", page["id"], "sections.item")[0] == tuple(sections)
    assert {(name, str(key)) for name, key in graph.traverse("pages", page["id"], "sections.item")[1]} == pointers
    headings = graph.traverse("pages", page["id"], "sections.item:headings")[1]
    assert {str(key) for key in headings} == {key for name, key in pointers if name == "headings"}


def test_keys_of_every_kind(shelf: RelationRegistry) -> None:
    """Keys of several columns are tuples, without a key it is the rowid; codes are matched as SQLite matches them."""
    graph = shelf.graph
    assert graph.traverse("plans", 1, "shelves") == ((("a", 1), ("a", 2)),)
    assert graph.traverse("shelves", ["b", "1"], "up.books.marks") == ((2,), (3,), ())
    assert graph.traverse("plans", "1", "books.marks") == ((1, 2), (1, 2, 3))
    assert graph.traverse("books", 4, "plan.books") == ((), ())


def test_many_items_at_once(shelf: RelationRegistry) -> None:
    """More items than one statement can name are reached all the same."""
    connection = shelf.connection
    connection.execute(
        "WITH n(i) AS (VALUES (5) UNION ALL SELECT i + 1 FROM n WHERE i < 30000) "
        "INSERT INTO books SELECT i, 'beta', 1 FROM n"
    )
    back, again = shelf.graph.traverse("plans", 2, "books.sequel")
    assert (len(back), again) == (29_997, (1, 2))


@pytest.mark.parametrize(
    ("question", "error", "says"),
    [
        (lambda graph: graph.traverse("bocks", 1, "plan"), UnknownCollection, "did you mean 'books'"),
        (lambda graph: graph.traverse("books", 9, "plan"), ItemNotFound, "books has no item with key 9"),
        (lambda graph: graph.traverse("books", "x", "plan"), ItemNotFound, "a key is"),
        (lambda graph: graph.traverse("shelves", "a", "up"), ItemNotFound, "its key is a list of room, number"),
        (lambda graph: graph.traverse("books", None, "plan"), InvalidPayload, "None is no primary key"),
        (lambda graph: graph.traverse("marks", 1, "book"), InvalidQuery, "marks has no primary key"),
        (lambda graph: graph.traverse("books", 1, "plna"), UnknownField, "did you mean 'plan'"),
        (lambda graph: graph.traverse("plans", 1, "code"), NotARelation, "plans.code is no relation"),
        (lambda graph: graph.traverse("books", 1, ""), InvalidPayload, "a path names relations"),
        (lambda graph: graph.ancestors("plans", 1), NotARelation, "relations of plans: none"),
        (lambda graph: graph.ancestors("books", 1, "plan"), NotARelation, "relations of books: sequel"),
        (lambda graph: graph.descendants("books", 9), ItemNotFound, "books has no item with key 9"),
    ],
)  # fmt: skip
def test_what_is_refused(
    shelf: RelationRegistry, question: Callable[[Any], Any], error: type[Exception], says: str
) -> None:
    """What is not there is refused in the words a read has for it."""
    with pytest.raises(error, match=says.replace("(", r"\(")):
        question(shelf.graph)


# --- trees -----------------------------------------------------------------------------------------------------------


def tree(parents: list[int | None], declared: str = "INTEGER PRIMARY KEY") -> RelationRegistry:
    """Give a registry of items that each have a parent, or none."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute(
        f"CREATE TABLE tree (id {declared}, parent INTEGER REFERENCES tree(id), other INTEGER REFERENCES tree(id))"
    )
    connection.execute("CREATE INDEX by_parent ON tree (parent)")
    rows = [(number, parent) for number, parent in enumerate(parents)]
    connection.executemany("INSERT INTO tree (id, parent) VALUES (?, ?)", rows)
    return RelationRegistry(connection)


@given(parents=st.lists(st.none() | st.integers(0, 9), min_size=1, max_size=10))
def test_lines_of_any_shape(parents: list[int | None]) -> None:
    """Up and down, each item once, nearest first, and not itself, also where an item is its own ancestor."""
    parents = [parent if parent is not None and parent < len(parents) else None for parent in parents]
    up: list[list[int]] = []
    for number, above in enumerate(parents):
        line, parent = [], above
        while parent is not None and parent not in (*line, number):
            line.append(parent)
            parent = parents[parent]
        up.append(line)
    with tree(parents) as registry:
        for number in range(len(parents)):
            assert list(registry.graph.ancestors("tree", number, "parent")) == up[number]
            below = registry.graph.descendants("tree", number, "tree_by_parent")
            assert set(below) == {other for other in range(len(parents)) if number in up[other]}
            depths = [up[other].index(number) for other in below]
            assert depths == sorted(depths)


def test_a_deep_tree() -> None:
    """A line of twenty thousand is gone up and down; of several relations one has to be named."""
    with tree([None, *range(19_999)]) as registry:
        assert registry.graph.ancestors("tree", 19_999, "parent") == tuple(range(19_998, -1, -1))
        assert registry.graph.descendants("tree", 0, "parent") == tuple(range(1, 20_000))
        with pytest.raises(InvalidQuery, match="name one of parent, other"):
            registry.graph.ancestors("tree", 1)


def test_a_key_without_a_type() -> None:
    """A key column without a type holds numbers and texts: a number is asked for as a number, a text as a text."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript("""
        CREATE TABLE any (id PRIMARY KEY, up REFERENCES any);
        INSERT INTO any VALUES (2, NULL), ('2', 2), (7, '2');
    """)
    with RelationRegistry(connection) as registry:
        items, graph = registry.items("any"), registry.graph
        assert [items.get(key)["id"] for key in (2, "2", 7)] == [2, "2", 7]
        assert graph.ancestors("any", 7, "up") == ("2", 2)
        assert graph.impact("any", [7]).deleted["any"].keys == (7,)
        with pytest.raises(ItemNotFound):
            items.get("7")
