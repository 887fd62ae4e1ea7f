"""Data rules: when the rows of a database are consistent with its relations, one row each.

In: a `Database` and its `Schema`. Out: the problems among its rows. One statement for each relation and kind of rule,
inside an open transaction too; nothing is written. Fails only as the database does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from attrs import field, frozen

from relgraph.integrity.any_pointers import any_pointer_searches
from relgraph.integrity.cycles import cycle_searches
from relgraph.integrity.links import duplicate_searches, order_searches, orphan_searches, required_searches
from relgraph.integrity.pointers import pointer_searches
from relgraph.integrity.problems import Problem
from relgraph.integrity.searches import Search, counted
from relgraph.relation import Relation
from relgraph.schema import Schema
from relgraph.storage.connection import Database

Progress: TypeAlias = Callable[[int, int, str], None]  # how many searches are done, of how many, what comes next
Searching: TypeAlias = Callable[["Place"], Iterator[Search]]


@frozen
class Place:
    """Where rules are searched: a database as its schema says, or in some relations of it only."""

    database: Database
    schema: Schema
    relations: tuple[Relation, ...] | None = None


@frozen
class DataRule:
    """One rule for rows: `slug` names it, `sentence` says what holds, `searches` find the rows that break it."""

    slug: str
    severity: str  # "error", "warning" or "info"
    sentence: str
    searches: tuple[Searching, ...] = field(repr=False)
    strategies: tuple[str, ...] = ()  # what a caller may ask repair to do


# --- the searches ----------------------------------------------------------------------------------------------------


def _pointers(place: Place) -> Iterator[Search]:
    return pointer_searches(place.schema, place.relations)


def _any_pointers(place: Place) -> Iterator[Search]:
    return any_pointer_searches(place.schema, place.relations)


def _orphans(place: Place) -> Iterator[Search]:
    return orphan_searches(place.schema, place.relations)


def _duplicates(place: Place) -> Iterator[Search]:
    return duplicate_searches(place.schema, place.relations)


def _cycles(place: Place) -> Iterator[Search]:
    return cycle_searches(place.database, place.schema, place.relations)


def _orders(place: Place) -> Iterator[Search]:
    return order_searches(place.schema, place.relations)


def _required(place: Place) -> Iterator[Search]:
    """Yield nothing where only some relations are looked at: a required field belongs to none."""
    if place.relations is None:
        yield from required_searches(place.schema, _required_fields(place))


def _required_fields(place: Place) -> frozenset[tuple[str, str]]:
    """Give the fields that a Directus project calls required, by collection and field."""
    fields = place.schema.collections.get("directus_fields")
    if not place.schema.directus or fields is None or "required" not in fields.fields:
        return frozenset()
    return frozenset(place.database.execute("SELECT collection, field FROM main.directus_fields WHERE required"))


# --- the table -------------------------------------------------------------------------------------------------------

_UNLINK: Final = ("nullify", "delete")
_ROWS: Final = (
    DataRule("dangling-m2o", "error", "The key of an m2o relation is that of an item.", (_pointers,), _UNLINK),
    DataRule("dangling-m2a", "error", "A key beside a collection is that of an item in it.", (_any_pointers,), _UNLINK),
    DataRule("m2a-collection", "error", "Beside a key stands an allowed collection.", (_any_pointers,), _UNLINK),
    DataRule(
        "key-form",
        "error",
        "A key is spelled as the item it points at has it.",
        (_pointers, _any_pointers),
        ("normalise",),
    ),
    DataRule("orphan-junction", "error", "No side of a junction row is empty.", (_orphans,), ("delete",)),
    DataRule("duplicate-link", "error", "A junction links two items once.", (_duplicates,), ("keep-first",)),
    DataRule("required-null", "error", "A required field, and every part of a key, holds something.", (_required,)),
    DataRule("tree-cycle", "warning", "No item of a tree is its own ancestor.", (_cycles,), ("nullify",)),
    DataRule("sort-order", "info", "Each item of a sorted list has a position of its own.", (_orders,), ("reorder",)),
)
DATA_RULES: Final[Mapping[str, DataRule]] = {rule.slug: rule for rule in _ROWS}


def find(
    database: Database,
    schema: Schema,
    *,
    relations: Iterable[Relation] | None = None,
    rules: Iterable[str] | None = None,
    collections: Iterable[str] | None = None,
    progress: Progress | None = None,
) -> tuple[Problem, ...]:
    """Give the problems among the rows of a database: of all rules and relations, or of those named only.

    `collections` are those whose rows are looked at. In the order of DATA_RULES. `progress` is called before each
    search, and once when all are done.

    >>> database = Database.open(":memory:")
    >>> _ = database.execute("PRAGMA foreign_keys = OFF")
    >>> _ = database.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, boss INTEGER REFERENCES people)")
    >>> _ = database.execute("INSERT INTO people VALUES (1, NULL), (2, 1), (3, 9)")
    >>> from relgraph.storage.catalog import load
    >>> [(problem.rule, problem.count, problem.keys) for problem in find(database, load(database))]
    [('dangling-m2o', 1, (3,))]
    >>> database.close()
    """
    wanted = [DATA_RULES[slug] for slug in DATA_RULES if rules is None or slug in frozenset(rules)]
    place = Place(database, schema, None if relations is None else tuple(relations))
    kept = None if collections is None else frozenset(collections)
    with database.reading():
        found = [
            problem
            for search in _told(tuple(searches(place, wanted, kept)), progress)
            for problem in problems_of(database, search)
            if problem.rule in {rule.slug for rule in wanted}
        ]
    order = list(DATA_RULES)
    return tuple(sorted(found, key=lambda problem: order.index(problem.rule)))


def searches(place: Place, rules: Iterable[DataRule], collections: frozenset[str] | None) -> Iterator[Search]:
    """Yield every search that some rules need, once, over the rows of some collections or of all."""
    for searching in dict.fromkeys(searching for rule in rules for searching in rule.searches):
        yield from (each for each in searching(place) if collections is None or each.collection.name in collections)


def problems_of(database: Database, search: Search) -> Iterator[Problem]:
    """Yield what a search finds, one problem for each rule that rows break."""
    name = search.collection.name
    for rule, (count, keys) in search.keys_by_rule(database).items():
        fault = search.fault(rule)
        sentence = fault.sentence.replace("{items}", counted(count, name), 1)
        way = search.usual_way(database, rule)
        fix = f"none: {way}" if isinstance(way, str) else f"{way.how}: {way.words}"
        yield Problem(rule, DATA_RULES[rule].severity, search.relation, name, count, keys, sentence, fix)


def _told(found: tuple[Search, ...], progress: Progress | None) -> Iterator[Search]:
    for number, search in enumerate(found):
        if progress is not None:
            progress(number, len(found), search.relation)
        yield search
    if progress is not None:
        progress(len(found), len(found), "")
