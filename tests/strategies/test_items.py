"""Items: whatever a table asks for is kept by construction, hardly ever by drawing again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import UnsatisfiedAssumption

from relgraph import RelationRegistry, strategies
from relgraph.storage.sql_text import quoted
from relgraph.strategies import DrawnRegistry, InvalidBounds, opened
from tests.conformance.cases import DATASET

DEMANDING = """
CREATE TABLE parents (
  id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE CHECK (length(code) BETWEEN 2 AND 4),
  kind TEXT CHECK (kind IN ('a', 'b')), UNIQUE (code, kind)
);
CREATE TABLE kids (
  id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES parents, code TEXT REFERENCES parents (code),
  low INT NOT NULL CHECK (low > 3), high INT NOT NULL, CHECK (low < high), CHECK (high < 100), UNIQUE (parent, low)
);
CREATE TABLE pairs (
  near INTEGER NOT NULL REFERENCES parents, far INTEGER NOT NULL REFERENCES parents,
  PRIMARY KEY (near, far), CHECK (near <> far)
) WITHOUT ROWID;
CREATE TABLE one_each (id INTEGER PRIMARY KEY REFERENCES parents, note VARCHAR(2) NOT NULL UNIQUE);
CREATE TABLE trees (id INTEGER PRIMARY KEY, up INTEGER NOT NULL REFERENCES trees);
CREATE TABLE days (
  first DATE NOT NULL CHECK (first >= '2024-01-01'), last DATE CHECK (last > first),
  part REAL CHECK (part BETWEEN 0 AND 1),
  mail VARCHAR(5) NOT NULL UNIQUE CHECK (mail LIKE '%@%'), PRIMARY KEY (first, mail)
);
CREATE TABLE sums (
  id INTEGER PRIMARY KEY, a INT NOT NULL, twice INT AS (a * 2), more INT AS (twice + 1) STORED,
  CHECK (more > 5 /* > 9 */ AND twice < 20)
);
CREATE TABLE crossed (
  id INTEGER PRIMARY KEY, a INT NOT NULL, b INT NOT NULL, c INT NOT NULL, UNIQUE (a, b), UNIQUE (b, c)
);
INSERT INTO parents VALUES (1, 'aa', 'a'), (2, 'bb', 'b'), (3, 'cc', NULL);
"""
TABLES = ("parents", "kids", "pairs", "one_each", "trees", "days", "sums", "crossed")
MANY = settings(max_examples=60, phases=[Phase.generate], database=None, deadline=None, derandomize=True)


def rejected(strategy: st.SearchStrategy[Any]) -> float:
    """Give the share of draws that `filter` or `assume` gave up."""
    tried = given_up = 0

    @st.composite
    def counted(draw: st.DrawFn) -> Any:
        nonlocal tried, given_up
        tried += 1
        try:
            return draw(strategy)
        except UnsatisfiedAssumption:
            given_up += 1
            raise

    @MANY
    @given(counted())
    def draw(_: Any) -> None:
        pass

    draw()
    assert tried >= 50
    return given_up / tried


def store(registry: RelationRegistry, name: str, item: dict[str, Any]) -> None:
    """Insert an item with all that the table asks for enforced."""
    columns, marks = ", ".join(map(quoted, item)), ", ".join("?" * len(item))
    values = f"({columns}) VALUES ({marks})" if item else "DEFAULT VALUES"
    registry.connection.execute(f"INSERT INTO {quoted(name)} {values}", tuple(item.values()))


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("make", [strategies.items, strategies.payloads])
def test_demanding_items_are_hardly_ever_rejected(make: Callable[..., st.SearchStrategy[Any]], name: str) -> None:
    """Not NOT NULL, UNIQUE, CHECK or keys make more than one draw in ten be given up."""
    with opened(DEMANDING) as registry:
        assert rejected(make(registry, name)) <= 0.1


@pytest.mark.parametrize(
    "make",
    [strategies.filters, strategies.queries, strategies.groupings, strategies.invalid_queries, strategies.items],
)
def test_what_is_asked_and_stored_is_hardly_ever_rejected(make: Callable[..., st.SearchStrategy[Any]]) -> None:
    """Questions and items of a project are drawn without being drawn again."""
    with RelationRegistry(DATASET, read_only=True) as registry:
        assert rejected(make(registry, "articles")) <= 0.1
        assert rejected(strategies.accesses(registry)) <= 0.1


@pytest.mark.parametrize(
    "make",
    [
        strategies.schemas,
        strategies.registries,
        lambda: strategies.registries(damage=True),
        lambda: strategies.from_database(DATASET, max_items=2),
    ],
)
def test_databases_are_hardly_ever_rejected(make: Callable[[], st.SearchStrategy[Any]]) -> None:
    """Schemas and registries are drawn without being drawn again."""
    assert rejected(make()) <= 0.1


@settings(max_examples=20)
@given(data=st.data())
def test_demanding_items_are_stored_one_after_the_other(data: st.DataObject) -> None:
    """Each item drawn is accepted by the database that holds those drawn before, and keeps every key."""
    with opened(DEMANDING) as registry:
        for name in TABLES:
            for make in (strategies.items, strategies.payloads, strategies.items):
                store(registry, name, data.draw(make(registry, name), label=name))
        assert registry.connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_registries_fill_demanding_tables(tmp_path: Path) -> None:
    """Learnt from a file with such tables, registries have as many items as are asked for, and an audit is clean."""
    with RelationRegistry(tmp_path / "demanding.db") as file:
        file.connection.executescript(DEMANDING)
    learnt = strategies.from_database(tmp_path / "demanding.db", min_items=3, max_items=6)

    @settings(max_examples=20, derandomize=True, database=None)
    @given(registry=learnt)
    def filled(registry: DrawnRegistry) -> None:
        assert [problem for problem in registry.audit() if problem.severity == "error"] == []
        counts = {name: registry.items(name).count() for name in TABLES}
        assert all(3 <= counts[name] <= 6 for name in TABLES), counts

    filled()


def test_values_of_the_callers_own_are_kept() -> None:
    """A field for which the caller gives a strategy holds what it draws, also where that is there already."""
    with opened(
        "CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT UNIQUE); INSERT INTO tags VALUES (1, 'a')"
    ) as registry:
        own = strategies.items(registry, "tags", values={"label": st.sampled_from(("a", "b"))})

        @settings(MANY, max_examples=20)
        @given(item=own)
        def kept(item: dict[str, Any]) -> None:
            assert item["label"] == "b"

        kept()


UNIQUE_BY_EXPRESSION = """
CREATE TABLE codes (id INTEGER PRIMARY KEY, code TEXT NOT NULL, n INT NOT NULL, next AS (n + 1) STORED UNIQUE);
CREATE UNIQUE INDEX in_any_case ON codes (lower(code));
INSERT INTO codes (id, code, n) VALUES (1, 'A', 0);
"""


@settings(max_examples=20)
@given(data=st.data())
def test_expressions_that_are_unique_are_kept(data: st.DataObject) -> None:
    """What an index on an expression or a generated column holds together is unique in what it is made of."""
    with opened(UNIQUE_BY_EXPRESSION) as registry:
        for make in (strategies.items, strategies.payloads, strategies.items):
            store(registry, "codes", data.draw(make(registry, "codes")))


def test_a_check_on_a_pointer_is_kept() -> None:
    """What a CHECK asks of keys that point at others is kept by pointing elsewhere."""
    with opened(
        "CREATE TABLE a (id INTEGER PRIMARY KEY); INSERT INTO a VALUES (1), (2), (3), (4), (5), (6), (7), (8);"
        "CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER NOT NULL REFERENCES a CHECK (a = 7))"
    ) as registry:
        assert rejected(strategies.items(registry, "b")) == 0


def test_checks_that_contradict_each_other_are_said() -> None:
    """The error names all that are bound together."""
    refused = pytest.raises(InvalidBounds, match=r"CHECK \(a > 3\) and CHECK \(a < 2\)")
    with opened("CREATE TABLE t (a INT NOT NULL CHECK (a > 3), CHECK (a < 2))") as registry, refused:
        strategies.items(registry, "t")


@pytest.mark.parametrize("make", [strategies.items, strategies.payloads])
def test_items_are_of_an_open_registry(make: Callable[[Any, str], Any]) -> None:
    """A schema holds no rows to point at: the error says what is needed."""
    with opened("CREATE TABLE t (a)") as registry, pytest.raises(InvalidBounds, match="an open registry is needed"):
        make(registry.schema, "t")


@pytest.mark.parametrize("make", [strategies.items, strategies.payloads])
def test_a_required_key_into_an_empty_collection_is_said(make: Callable[..., st.SearchStrategy[Any]]) -> None:
    """A link of a project to files, of which there are none, is refused by name, with what would work."""
    with RelationRegistry(DATASET.with_name("project.db"), read_only=True) as registry:
        own, message = make(registry, "articles_files"), "'directus_files', and there is none; put an item there first"

        @given(item=own)
        def drawn(item: dict[str, Any]) -> None:
            raise AssertionError(item)

        with pytest.raises(InvalidBounds, match=rf"articles_files.directus_files_id: .* {message}"):
            drawn()


ONWARD = """
CREATE TABLE "my ""t" (code TEXT PRIMARY KEY);
CREATE TABLE trees (id INTEGER PRIMARY KEY, up NOT NULL REFERENCES trees);
CREATE TABLE b (id INTEGER PRIMARY KEY, "a.b" TEXT NOT NULL REFERENCES "my ""t");
CREATE TABLE notes (id INTEGER PRIMARY KEY, item TEXT NOT NULL, collection TEXT NOT NULL);
"""


def test_what_is_there_then_can_be_pointed_at() -> None:
    """The draw looks at the rows that are there when it is made; a tree starts with an item that is its own parent."""
    with opened(ONWARD) as registry:
        relation = {"collection": "notes", "field": "item", "one_collection_field": "collection"}
        registry.create(relation | {"one_allowed_collections": ["b", "trees"]})
        b, notes = strategies.items(registry, "b"), strategies.items(registry, "notes")
        for own, message in ((b, "b.a.b: .*'my \"t'"), (notes, "notes.collection, item: .*'b' or 'trees', and there")):
            with pytest.raises(InvalidBounds, match=message):
                own.example()
        assert rejected(strategies.items(registry, "trees")) == 0
        registry.connection.execute("""INSERT INTO "my ""t" VALUES ('x')""")
        registry.connection.execute("INSERT INTO trees VALUES (1, 1)")
        assert (rejected(b), rejected(notes)) == (0, 0)


def test_strategies_print_as_short_calls() -> None:
    """Strategies of items and questions say what they are of, and not a whole database."""
    with opened(DEMANDING) as registry:
        assert repr(strategies.items(registry, "kids")) == "_items(of('kids'))"
        assert repr(strategies.payloads(registry, "parents")).startswith("_payloads(source=of('parents'), loose=[")
        for make in (strategies.queries, strategies.filters, strategies.groupings, strategies.invalid_queries):
            printed = repr(make(registry, "kids"))
            assert "kids" in printed
            assert len(printed) < 50
