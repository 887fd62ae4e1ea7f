"""Laws of access: what is seen is what the grants leave, and nothing else has any effect on what is answered."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from attrs import frozen
from hypothesis import given, note
from hypothesis import strategies as st

from relgraph import Access, Grant, RelationRegistry, RelgraphError
from relgraph.errors import InvalidQuery
from relgraph.query.parse import parse
from relgraph.query.resolve import resolve
from relgraph.query.resolved import ResolvedQuery, ShowAny, ShowMany, ShowOne
from relgraph.read import memory
from relgraph.read.result import Result
from relgraph.restricted.restrict import restrict
from relgraph.schema import Collection, Schema
from tests.conformance.compare import same
from tests.laws.accesses import Row, Rows, accesses, is_free, left_of, view_of
from tests.laws.databases import Database, databases, quoted, stored_rows
from tests.laws.queries import groupings, queries, spoilt
from tests.laws.small_worlds import small_worlds
from tests.laws.worlds import World, agree, outcome, without_slices, world_of

DrawFn = Callable[..., Any]
Asked = tuple[str, Any]  # a collection, and the question to it


@frozen
class Seen:
    """A registry with its rows, and the view of it that a drawn access has."""

    registry: RelationRegistry
    view: RelationRegistry
    rows: Rows

    @property
    def ordered(self) -> bool:
        """Whether the access sees the key of every collection it knows, so that there is one right order."""
        return all(collection.primary_key for collection in self.view.schema)

    def size_with(self, query: Any) -> str:
        """Say how large an example is, the conditions of the grants counted too."""
        filters = [grant.filter for grants in self.view.access.grants.values() for grant in grants]
        return World(self.registry, self.rows).size_with([query, filters])

    def draw_question(self, draw: DrawFn) -> Asked:
        """Draw a valid question that the access may ask."""
        schema = self.view.schema
        collection = draw(st.sampled_from([one.name for one in schema if not one.system]), label="collection")
        query = draw(queries(schema, collection) | groupings(schema, collection), label="query")
        return collection, query if self.ordered else without_slices(query)

    def resolved(self, asked: Asked) -> ResolvedQuery:
        """Give a question whose names are looked up in what the access knows, and that is not restricted."""
        collection, query = asked
        return resolve(parse(query), self.view.schema, collection, user=self.view.access.speaking)


@contextmanager
def seen_by(database: Database, draw: DrawFn, *, evenly: bool = False) -> Iterator[Seen]:
    """Open a drawn database with a drawn access, behind a fence."""
    note(database.script())
    with closing(database.make()) as connection, RelationRegistry() as registry:
        connection.backup(registry.connection)
        access = draw(accesses(registry.schema, evenly=evenly), label="access")
        view = registry.with_access(access)
        yield Seen(registry, view, stored_rows(connection))


def answer(registry: RelationRegistry, asked: Asked) -> Result:
    """Give the answer of the database."""
    collection, query = asked
    return registry.items(collection).read(query)


@given(database=small_worlds() | databases(keyless=True), data=st.data())
def test_sql_sees_what_memory_sees(database: Database, data: st.DataObject) -> None:
    """A question under an access has the same answer in SQL and in Python."""
    with seen_by(database, data.draw) as seen:
        for _ in range(3):
            asked = seen.draw_question(data.draw)
            note(seen.size_with(asked[1]))
            by_sql = outcome(lambda asked=asked: answer(seen.view, asked))
            in_memory = outcome(
                lambda asked=asked: memory.evaluate(restrict(seen.resolved(asked), seen.view.sight), seen.rows)
            )
            assert agree(by_sql, in_memory, unordered=not seen.ordered), (
                f"\nby SQL:    {by_sql}\nin memory: {in_memory}"
            )


@given(database=small_worlds() | databases(), data=st.data())
def test_as_if_the_hidden_were_not_there(database: Database, data: st.DataObject) -> None:
    """An answer is that of a database from which hidden items are gone, and in which hidden values are NULL."""
    with seen_by(database, data.draw, evenly=True) as seen:
        view = view_of(seen.registry.schema, seen.view.access, seen.rows)
        for _ in range(3):
            asked = seen.draw_question(data.draw)
            note(seen.size_with(asked[1]))
            try:
                resolved = seen.resolved(asked)
            except InvalidQuery:
                continue  # two groups of one name
            if not takes_all_grants(seen, resolved) or names_some_scopes(resolved):
                continue
            found, expected = answer(seen.view, asked), memory.evaluate(resolved, view)
            assert agree(found, expected, unordered=not seen.ordered), f"\nfound:    {found}\nexpected: {expected}"


def takes_all_grants(seen: Seen, query: ResolvedQuery) -> bool:
    """Tell whether at each level every grant takes part, so that one view of the rows is that of all levels."""
    restricted = restrict(query, seen.view.sight)
    return all(level.collection.seen is seen.view.sight.seen(level.collection.name) for level in levels(restricted))


def names_some_scopes(query: ResolvedQuery) -> bool:
    """Tell whether an any-to-many field is asked for some of its collections only.

    As recorded, of the others an access is told nothing, where all else is told their keys.
    """
    shown = [show for level in levels(query) for show in level.shows or () if isinstance(show, ShowAny)]
    return any(0 < len(show.queries) < len(show.any_hop.hops) for show in shown)


def levels(query: ResolvedQuery) -> Iterator[ResolvedQuery]:
    """Yield a query and all levels below it."""
    yield query
    for show in query.shows or ():
        match show:
            case ShowOne() | ShowMany():
                yield from levels(show.query)
            case ShowAny():
                for below in show.queries.values():
                    yield from levels(below)


# --- non-interference ------------------------------------------------------------------------------------------------


@given(database=databases(), data=st.data())
def test_what_is_hidden_has_no_effect(database: Database, data: st.DataObject) -> None:
    """Two databases that differ only in what is hidden answer alike: items, counts, orders, cursors, errors, words."""
    with seen_by(database, data.draw) as seen:
        other = data.draw(changed(seen), label="what is hidden, changed")
        schema, access = seen.registry.schema, seen.view.access
        with closing(other), RelationRegistry() as whole:
            if seen_values(schema, access, seen.rows) != seen_values(schema, access, stored_rows(other)):
                return  # a rule that looks at what is hidden shows something else now
            other.backup(whole.connection)
            view = whole.with_access(access)
            for _ in range(2):
                collection, query = seen.draw_question(data.draw)
                note(seen.size_with(query))
                perhaps_spoilt = data.draw(st.just(query) | spoilt(query), label="perhaps spoilt")
                for question in (query, perhaps_spoilt, *paged(query)):
                    here, there = (everything(each, (collection, question)) for each in (seen.view, view))
                    assert same(here, there, unordered=not seen.ordered), f"\n{question}\n{here}\n{there}"


@st.composite
def changed(draw: Any, seen: Seen) -> Any:
    """Draw a connection to a copy of the database in which hidden items and values are others."""
    schema, access = seen.registry.schema, seen.view.access
    connection = sqlite3.connect(":memory:", isolation_level=None)
    seen.registry.connection.backup(connection)
    for name, left in left_of(schema, access, seen.rows).items():
        if name not in schema.collections:
            continue  # what says which relations there are
        for row, names in zip(seen.rows[name], left, strict=True):
            for text, values in draw(_changes(seen, schema.collections[name], row, names)):
                connection.execute(text, values)
    return connection


@st.composite
def _changes(draw: Any, seen: Seen, collection: Collection, row: Row, names: frozenset[str]) -> Any:
    """Draw the statements that change what is hidden of a row."""
    table, key = quoted(collection.name), collection.primary_key
    this = " AND ".join(f"{quoted(name)} IS ?" for name in key)
    values = [row[name] for name in key]
    if not names:
        what = draw(st.sampled_from(("delete", "double", "values", "values")))
        if what == "delete":
            return [(f"DELETE FROM {table} WHERE {this}", values)]
        if what == "double":
            return [_doubled(collection, row)]
    known = {one.name: one.names for one in seen.view.schema}
    stored = [field.name for field in collection.fields.values() if not field.generated and field.name not in key]
    free = [name for name in stored if not names or is_free(seen.registry.schema, known, collection, name)]
    hidden = [name for name in free if name not in names and not collection.fields[name].unique]
    chosen = draw(st.lists(st.sampled_from(hidden), max_size=3, unique=True)) if hidden else []
    others = st.sampled_from([*(other[name] for other in seen.rows[collection.name] for name in hidden), None, 0, "zz"])
    return [(f"UPDATE {table} SET {quoted(name)} = ? WHERE {this}", [draw(others), *values]) for name in chosen]


def _doubled(collection: Collection, row: Row) -> tuple[str, list[Any]]:
    """Give the statement that stores a row once more, under a key that is not taken."""
    stored = [field for field in collection.fields.values() if not field.generated]
    fresh = {
        field.name: 7001 if field.affinity == "INTEGER" else "zz fresh"
        for field in stored
        if field.name in collection.primary_key
    }
    fresh |= {field.name: None for field in stored if field.unique and field.name not in fresh}
    columns = ", ".join(quoted(field.name) for field in stored)
    marks = ", ".join("?" * len(stored))
    text = f"INSERT OR IGNORE INTO {quoted(collection.name)} ({columns}) VALUES ({marks})"
    return text, [fresh.get(field.name, row[field.name]) for field in stored]


def seen_values(schema: Schema, access: Access, rows: Rows) -> dict[str, list[Any]]:
    """Give the values that an access sees, beside the keys of their rows, in the order of these."""
    found: dict[str, list[Any]] = {}
    for name, left in left_of(schema, access, rows).items():
        key = schema.collections[name].primary_key if name in schema.collections else ()
        pairs = zip(rows[name], left, strict=True)
        shown = [
            ([row[each] for each in key], {each: row.get(each) for each in sorted(names)})
            for row, names in pairs
            if names
        ]
        found[name] = sorted(shown, key=repr)
    return found


def paged(query: Any) -> Iterator[Any]:
    """Yield a question for the first page of a cursor, where a question can be asked so."""
    if isinstance(query, dict) and "aggregate" not in query:
        yield {name: value for name, value in query.items() if name not in ("offset", "page")} | {
            "limit": 2,
            "cursor": "",
        }


def everything(registry: RelationRegistry, asked: Asked) -> list[Any]:
    """Give all that a caller can learn from a question: what is answered, page after page, or refused; in words."""
    collection, query = asked
    items = registry.items(collection)
    try:
        pages = [items.read(query)]
        while pages[-1].cursor is not None and len(pages) < 4:
            pages.append(items.read(query | {"cursor": pages[-1].cursor}))
        words = str(items.explain(query))
    except RelgraphError as error:
        return [type(error).__name__, str(error), error.to_dict()]
    return [[page.data, page.meta, page.cursor] for page in pages] + [words]


# --- the whole -------------------------------------------------------------------------------------------------------


@given(database=databases(keyless=True), data=st.data())
def test_full_access_is_none(database: Database, data: st.DataObject) -> None:
    """With the access of an administrator everything is answered as without any."""
    with closing(world_of(database)) as world:
        full = world.registry.with_access(Access.full())
        for _ in range(2):
            collection = world.draw_collection(data.draw)
            query = data.draw(queries(world.registry.schema, collection), label="query")
            assert agree(answer(full, (collection, query)), world.by_sql(collection, query))


@given(database=databases(keyless=True), data=st.data())
def test_granting_everything_restricts_nothing(database: Database, data: st.DataObject) -> None:
    """An access that is granted every collection whole sees what there is without any."""
    with closing(world_of(database)) as world:
        names = [collection.name for collection in world.registry.schema]
        view = world.registry.with_access(Access({name: Grant() for name in names}))
        for _ in range(2):
            collection = world.draw_collection(data.draw)
            query = data.draw(queries(world.registry.schema, collection), label="query")
            if not names_some_scopes(resolve(parse(query), world.registry.schema, collection)):
                assert agree(answer(view, (collection, query)), world.by_sql(collection, query))
