"""Subset: a new database file with some items and everything they need.

In: a `Schema`, its `Database`, and which items. Out: a file that is there whole or not at all, and a `Subset` that says
what is in it. What was wrong in the source stays as it is: a key that points at nothing is kept, and counted.

Definitions come whole, so that a subset is the same kind of database: relgraph's own tables, and of a Directus project
its collections, fields, relations, settings and access rules, but for what single users were granted. Full-text indexes
on a table or view are made anew from the rows that are there; the rows of other virtual tables stay away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from os import PathLike, fsdecode
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from attrs import field, frozen

from relgraph.errors import InvalidPayload, NotARelation, UnknownField
from relgraph.graph.chosen import KeyTable
from relgraph.graph.masks import Masks, masks_of
from relgraph.graph.needs import Choice
from relgraph.graph.roots import add_roots, check_roots
from relgraph.graph.traverse import hops_along
from relgraph.read.joins import column
from relgraph.schema import AnyHop, Hop, Schema
from relgraph.storage.connection import Database
from relgraph.storage.excerpt import Excerpt, check_free, excerpt
from relgraph.storage.sql_text import quoted

Progress: TypeAlias = Callable[[int, int, str], None]  # rows that are there, rows there will be, the collection at work
Ways: TypeAlias = Mapping[str, tuple[tuple[Hop | AnyHop, ...], ...]]  # by the collection they start from

_DEFINITIONS: Final = {  # of a Directus project, with the column that is NULL in the rows that are wanted
    "directus_collections": None,
    "directus_fields": None,
    "directus_relations": None,
    "directus_migrations": None,
    "directus_settings": None,
    "directus_roles": None,
    "directus_policies": None,
    "directus_permissions": None,
    "directus_access": "user",
}


def _read_only(counts: Mapping[str, int]) -> Mapping[str, int]:
    return MappingProxyType(dict(counts))


@frozen
class Subset:
    """What is in a subset: how many rows of which collection.

    `dangling` counts the rows that point at nothing, as they do in the source, by what they point with. `unfilled` are
    the virtual tables whose rows stayed away.
    """

    destination: Path
    counts: Mapping[str, int] = field(converter=_read_only, hash=False)
    dangling: Mapping[str, int] = field(factory=dict, converter=_read_only, hash=False)
    unfilled: tuple[str, ...] = ()


def subset_of(
    schema: Schema,
    database: Database,
    roots: Mapping[str, Any],
    destination: str | PathLike[str],
    *,
    with_: Iterable[str] | Mapping[str, Iterable[str]] = (),
    depth: int = 0,
    mask: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Subset:
    """Write a subset; see `RelationGraph.subset`.

    >>> from tempfile import TemporaryDirectory
    >>> from relgraph.storage.catalog import load
    >>> database = Database.open(":memory:")
    >>> _ = database.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, boss REFERENCES people)")
    >>> _ = database.execute("INSERT INTO people VALUES (1, NULL), (2, 1), (3, 2), (4, 1)")
    >>> with TemporaryDirectory() as folder:
    ...     dict(subset_of(load(database), database, {"people": [3]}, f"{folder}/some.db").counts)
    {'people': 3}
    >>> database.close()
    """
    check_roots(schema, roots)
    masks, ways = masks_of(schema, mask), _ways(schema, roots, with_)
    if isinstance(depth, bool) or not isinstance(depth, int) or depth < 0:
        raise InvalidPayload("depth", f"it must be a whole number of 0 or more, not {depth!r}")
    path = _path(destination)
    with excerpt(database, path) as made:
        choice = Choice(made.source, schema)
        _choose(choice, roots, ways, depth)
        dangling = choice.dangling()
        own = [name for name in made.tables if name not in schema.collections]
        for name in own:
            made.copy_whole(name)
        counts = _copy(made, choice, masks, progress)
    unfilled = tuple(name for name in made.virtual_tables if name not in made.filled)
    return Subset(path, counts, dangling, unfilled)


def _path(destination: Any) -> Path:
    if not isinstance(destination, (str, PathLike)) or not str(destination) or "\0" in fsdecode(destination):
        raise InvalidPayload("destination", f"it must be the path of a new file, not {destination!r}")
    path = Path(fsdecode(destination))
    check_free(path)
    return path


def _ways(schema: Schema, roots: Mapping[str, Any], with_: Any) -> Ways:
    """Give the paths to follow from each collection; one for all roots has to lead somewhere from one of them."""
    if isinstance(with_, Mapping):
        for name in with_:
            if name not in roots:
                raise InvalidPayload("with_", f"no items of {name!r} are asked for", "paths start at roots")
        return {
            name: tuple(tuple(hops_along(schema, schema.collections[name], path)) for path in _listed(paths))
            for name, paths in with_.items()
        }
    found: dict[str, list[tuple[Hop | AnyHop, ...]]] = {name: [] for name in roots}
    for path in _listed(with_):
        errors = []
        for name in roots:
            try:
                found[name].append(tuple(hops_along(schema, schema.collections[name], path)))
            except (UnknownField, NotARelation) as error:
                errors.append(error)
        if len(errors) == len(roots):
            raise errors[0]
    return {name: tuple(ways) for name, ways in found.items()}


def _listed(paths: Any) -> tuple[Any, ...]:
    if isinstance(paths, str) or not isinstance(paths, Iterable):
        raise InvalidPayload("with_", f"it is a list of paths, not {paths!r}", "like ['comments', 'tags.tags_id']")
    return tuple(paths)


# --- choosing and copying --------------------------------------------------------------------------------------------


def _choose(choice: Choice, roots: Mapping[str, Any], ways: Ways, depth: int) -> None:
    """Choose the roots, what hangs on them, the definitions, and all that these need."""
    starts: list[KeyTable] = []
    for name, given in roots.items():
        start = choice.new(name)
        add_roots(choice.schema, start, given)
        choice.take(start)
        starts.append(start)
    for start in starts:
        for hops in ways.get(start.look.collection.name, ()):
            choice.walk(start, hops)
    choice.spread(starts, depth)
    if choice.schema.directus:
        for name, null in _DEFINITIONS.items():
            _choose_definitions(choice, name, null)
    choice.complete()


def _choose_definitions(choice: Choice, name: str, null: str | None) -> None:
    collection = choice.schema.collections.get(name)
    if collection is not None and not collection.view:
        condition = "" if null not in collection.fields else f" WHERE {column('one', str(null))} IS NULL"
        keys = choice.of(name)
        keys.add(f"SELECT {keys.ids('one')} FROM main.{quoted(name)} AS one{condition}")


def _copy(made: Excerpt, choice: Choice, masks: Masks, progress: Progress | None) -> dict[str, int]:
    """Put the chosen rows into the new database; give how many there are of each collection, in the schema's order."""
    sizes = {name: choice.tables[name].size for name in choice.schema.collections if name in choice.tables}
    counts = {name: size for name, size in sizes.items() if size}
    done = 0
    for name, size in counts.items():
        _copy_rows(made, choice.tables[name], masks)
        done += size
        if progress is not None:
            progress(done, sum(counts.values()), name)
    return counts


def _copy_rows(made: Excerpt, keys: KeyTable, masks: Masks) -> None:
    """Put the rows with some keys into the new database, in the order in which tables hold them."""
    name = keys.look.collection.name
    columns = made.columns(name)
    rowid = [part for part in keys.look.ids if not part.startswith('"')]  # where it is no column by another name
    written, bound = masks.columns(made, name, columns, [column("t", each) for each in columns])
    select = ", ".join([*(f"t.{part}" for part in rowid), *written])
    order = ", ".join(f"chosen.{key}" for key in keys.keys)
    text = f"SELECT {select} FROM {keys.rows('t')} ORDER BY {order}"
    masks.copy(made, name, [*rowid, *map(quoted, columns)], text, bound)
