"""Whatever is asked for, definitions stay consistent: a change is made whole and breaks no rule, or changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from relgraph import RelationRegistry
from relgraph.errors import RelgraphError
from relgraph.rules import RULES, violations

TABLES = """
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT UNIQUE, boss INTEGER, flag BOOLEAN, place INTEGER DEFAULT 1);
CREATE TABLE tags (slug TEXT COLLATE NOCASE PRIMARY KEY, kind TEXT, item TEXT, place REAL) WITHOUT ROWID;
CREATE TABLE links (id INTEGER PRIMARY KEY, people_id INTEGER REFERENCES people ON DELETE SET NULL,
  tags_slug TEXT, kind TEXT, item, must INTEGER NOT NULL, made INTEGER AS (must + 1), place INTEGER);
CREATE TABLE pairs (x INTEGER, y INTEGER REFERENCES people, PRIMARY KEY (x, y));
CREATE VIEW seen AS SELECT * FROM links;
INSERT INTO people VALUES (1, 'Ann', NULL, 0, 1), (2, 'Bo', 1, 1, 2), (9007199254740993, 'Cy', 77, NULL, NULL);
INSERT INTO tags VALUES ('red', 'people', '01', 1.5), ('blue', 'tags', 'RED', NULL), ('none', NULL, '1', NULL);
INSERT INTO links (id, people_id, tags_slug, kind, item, must, place) VALUES
  (1, 1, 'red', 'tags', 'red', 1, 1), (2, 1, 'RED', 'people', '2', 2, NULL), (3, NULL, 'gone', 'seen', 2, 5, 3);
INSERT INTO pairs VALUES (1, 1), (2, 2);
"""
COLLECTIONS = st.sampled_from(("people", "tags", "links", "pairs", "seen", "nowhere"))
FIELDS = st.sampled_from(
    ("id", "name", "boss", "flag", "place", "slug", "kind", "item", "people_id", "tags_slug", "must", "made", "x", "y")
)
ALIASES = st.sampled_from(("links", "name", "others", "_x", "a.b"))
ACTIONS = st.sampled_from(("CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT", "NO ACTION"))
PARTS: dict[str, st.SearchStrategy[Any]] = {
    "one_field": ALIASES | st.none(),
    "junction_field": FIELDS | st.none(),
    "sort_field": FIELDS | st.none(),
    "on_delete": ACTIONS,
    "one_deselect_action": st.sampled_from(("nullify", "delete", "explode")),
}
M2O = st.fixed_dictionaries(
    {"many_collection": COLLECTIONS, "many_field": FIELDS, "one_collection": COLLECTIONS}, optional=PARTS
)
M2A = st.fixed_dictionaries(
    {
        "many_collection": COLLECTIONS,
        "many_field": FIELDS,
        "one_collection_field": FIELDS,
        "one_allowed_collections": st.lists(COLLECTIONS, max_size=3),
    },
    optional=PARTS,
)
EXISTING = st.sampled_from(("refuse", "report", "nullify"))
PLACES = st.builds("{}.{}".format, COLLECTIONS, FIELDS | ALIASES)
Step = Callable[[RelationRegistry], object]


def create(partials: list[dict[str, Any]], existing: str) -> Step:
    """Make a step that creates relations."""
    return lambda registry: registry.create(partials, existing=existing)


def update(number: int, changes: dict[str, Any], existing: str) -> Step:
    """Make a step that changes one of the stored relations."""
    return lambda registry: registry.update(_stored(registry, number), changes, existing=existing)


def delete(number: int) -> Step:
    """Make a step that deletes one of the stored relations."""
    return lambda registry: registry.delete(_stored(registry, number))


def _stored(registry: RelationRegistry, number: int) -> int:
    ids = [relation.id for relation in registry if relation.id is not None]
    return ids[number % len(ids)] if ids else 99


STEPS: st.SearchStrategy[Step] = st.one_of(
    st.builds(create, st.lists(M2O | M2A, min_size=1, max_size=2), EXISTING),
    st.builds(update, st.integers(0, 9), st.fixed_dictionaries({}, optional=PARTS), EXISTING),
    st.builds(update, st.integers(0, 9), M2O | M2A, EXISTING),
    st.builds(delete, st.integers(0, 9)),
    st.builds(lambda place, one: lambda registry: registry.m2o(place, one), PLACES, COLLECTIONS),
    st.builds(lambda field, back: lambda registry: registry.m2m(field, back), PLACES, PLACES | COLLECTIONS),
    st.builds(
        lambda field, allowed: lambda registry: registry.m2a(field, allowed=allowed),
        PLACES,
        st.lists(COLLECTIONS, max_size=2),
    ),
    st.just(lambda registry: registry.adopt()),
)


def dump(connection: sqlite3.Connection) -> list[str]:
    """Give all that a database holds, but the emptied table of relations and its counter."""
    return [
        line for line in connection.iterdump() if "relgraph_relations" not in line and "sqlite_sequence" not in line
    ]


@given(st.lists(STEPS, min_size=1, max_size=5))
def test_definitions_stay_consistent(steps: list[Step]) -> None:
    """After each step no rule is broken and what is stored is read back; a refused step has changed nothing."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(TABLES)
    with RelationRegistry(connection) as registry:
        for step in steps:
            before = dump(connection), list(registry)
            refused = None
            try:
                step(registry)
            except RelgraphError as error:
                refused = error
            if refused is not None:
                assert refused.status < 500, refused
                assert (dump(connection), list(registry)) == before
            errors = [each for each in violations(registry.schema) if RULES[each.rule].severity == "error"]
            assert errors == []
            assert not connection.in_transaction
            broken = [name for collection in registry.schema for name in collection.broken]
            assert broken == []
    connection.close()


@given(st.lists(M2O | M2A, min_size=1, max_size=3))
def test_what_is_nullified_obeys(partials: list[dict[str, Any]]) -> None:
    """Relations stored with `existing="nullify"` leave no row that points at nothing, and none of the rows is lost."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(TABLES)
    with RelationRegistry(connection) as registry:
        counts = [connection.execute(f"SELECT count(*) FROM {name}").fetchone() for name in ("people", "tags", "links")]
        for partial in partials:
            try:
                made = registry.create(partial, existing="nullify")
            except RelgraphError:
                continue
            pointing = {"dangling-m2o", "dangling-m2a", "m2a-collection", "key-form"}
            assert not [each for each in registry.audit(rules=pointing) if each.relation == made.name]
        left = [connection.execute(f"SELECT count(*) FROM {name}").fetchone() for name in ("people", "tags", "links")]
        assert left == counts
    connection.close()
