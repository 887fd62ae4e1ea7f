"""Pictures: what every drawing of a graph shows, before anything is drawn.

In: a `RelationGraph`, and a collection to look at more closely. Out: a `Picture` of boxes and of lines between them, of
names and nothing else. Raises `UnknownCollection`, and `InvalidPayload` for a depth that is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from attrs import frozen

from relgraph.errors import InvalidPayload, UnknownCollection
from relgraph.graph.answers import Source
from relgraph.graph.links import Link
from relgraph.relation import Relation
from relgraph.schema import Collection

if TYPE_CHECKING:
    from relgraph.graph.graph import RelationGraph


@frozen
class Row:
    """A field as a box lists it; `mark` is "PK", "FK", both or nothing."""

    name: str
    type: str
    mark: str = ""
    required: bool = False


@frozen
class Box:
    """A collection; `kind` is "table", "view", "junction", or "any" where it points at any of several collections."""

    name: str
    kind: str
    rows: tuple[Row, ...]


@frozen
class Line:
    """One collection pointing at another, by fields that its box lists; `kind` is "m2o", "m2a", or "key".

    `alias` is what the way back is called. `unique`: no two items point at the same one; `required`: each does at one.
    """

    near: str
    fields: tuple[str, ...]
    far: str
    far_fields: tuple[str, ...]
    kind: str
    alias: str = ""
    unique: bool = False
    required: bool = False

    @property
    def label(self) -> str:
        """The fields that point."""
        return ", ".join(self.fields)


@frozen
class Picture:
    """The boxes and lines of a drawing, in the order of the schema."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    focus: str | None = None


def picture_of(graph: RelationGraph, *, focus: str | None = None, depth: int = 1, system: bool = False) -> Picture:
    """Give the picture of a graph, or of what is around a collection; Directus's own collections only where they join.

    >>> from relgraph import RelationRegistry
    >>> registry = RelationRegistry()
    >>> _ = registry.connection.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, boss INTEGER REFERENCES people)")
    >>> [(line.near, line.label, line.far) for line in picture_of(registry.graph).lines]
    [('people', 'boss', 'people')]
    """
    check_depth(focus, depth)
    shown = _all_shown(graph, system) if focus is None else set(around(graph, focus, depth))
    kinds = {each.collection: "junction" for each in graph.junctions()}
    kinds |= {each.many_collection: "any" for each in graph.schema.relations if each.kind == "m2a"}
    lines = tuple(_lines(graph, shown))
    pointing = {(line.near, name) for line in lines for name in line.fields}
    boxes = tuple(_box(each, kinds.get(each.name), pointing) for each in graph.schema if each.name in shown)
    return Picture(boxes, lines, focus)


def _all_shown(graph: RelationGraph, system: bool) -> set[str]:
    own = {each.name for each in graph.schema if system or not each.system}
    beside = {link.far for link in graph.links if link.near in own} | {
        link.near for link in graph.links if link.far in own
    }
    joined = {name for name in beside - own if any(link.near in own and link.far == name for link in graph.links)}
    return own | joined


def check_depth(focus: str | None, depth: int) -> None:
    """Raise `InvalidPayload` for a depth where there is no collection to count links from."""
    if focus is None and depth != 1:
        raise InvalidPayload("depth", "there is no focus to count links from", "name one, or leave out the depth")


def around(graph: RelationGraph, focus: str, depth: int) -> tuple[str, ...]:
    """Give the collections up to so many links around one."""
    if isinstance(depth, bool) or not isinstance(depth, int) or depth < 0:
        raise InvalidPayload("depth", f"it must be a whole number of 0 or more, not {depth!r}")
    if not isinstance(focus, str):
        raise InvalidPayload("focus", f"it must be the name of a collection, not {focus!r}")
    if focus not in graph.schema.collections:
        raise UnknownCollection("focus", focus, graph.collections, graph.schema.unreadable.get(focus, ""))
    found = {focus}
    for _ in range(depth):
        ends = {(link.near, link.far) for link in graph.links if link.near in found or link.far in found}
        found |= {name for pair in ends for name in pair}
    return tuple(name for name in graph.collections if name in found)


def _lines(graph: RelationGraph, shown: set[str]) -> Iterator[Line]:
    for link in graph.links:
        if link.near in shown and link.far in shown:
            yield _line(graph, link)


def _line(graph: RelationGraph, link: Link) -> Line:
    near, source = graph.schema.collections[link.near], link.source
    fields, far_fields = _ends(graph, link, source)
    unique = near.primary_key == fields or (
        len(fields) == 1 and fields[0] in near.fields and near.fields[fields[0]].unique
    )
    kind = source.kind if isinstance(source, Relation) else "key"
    alias = (source.one_field or "") if isinstance(source, Relation) else ""
    return Line(link.near, fields, link.far, far_fields, kind, alias, unique and kind != "m2a", link.required)


def _ends(graph: RelationGraph, link: Link, source: Source) -> tuple[tuple[str, ...], tuple[str, ...]]:
    far = graph.schema.collections[link.far]
    if not isinstance(source, Relation):
        return source.fields, source.to_fields
    named = source.foreign_key.to_field if source.foreign_key is not None else ""
    return (source.many_field,), (named,) if named else far.primary_key


def _box(collection: Collection, junction: str | None, pointing: set[tuple[str, str]]) -> Box:
    kind = "view" if collection.view else junction or "table"
    return Box(collection.name, kind, tuple(_rows(collection, pointing)))


def _rows(collection: Collection, pointing: set[tuple[str, str]]) -> Iterator[Row]:
    for name, field in collection.fields.items():
        marks = ("PK" if name in collection.primary_key else "", "FK" if (collection.name, name) in pointing else "")
        yield Row(name, field.type.value, ", ".join(filter(None, marks)), not field.nullable)
