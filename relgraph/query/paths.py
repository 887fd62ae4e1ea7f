"""Paths: dotted text split and looked up against the schema.

In: one name or path as the query spells it ("author.name", "item:headings", "year(born)"). Out: what it leads to, as
fields, hops and calls. Unknown names are noted in the `Resolution`; nothing is raised here.

A name that is exactly there always wins, so that names with dots, colons and brackets can be reached.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from attrs import frozen

from relgraph.errors import InvalidQuery, NotARelation, OperatorNotAllowed, UnknownField, UnknownFunction
from relgraph.functions import AGGREGATES, FUNCTIONS, RELATION_AGGREGATES, Function
from relgraph.query.resolution import Resolution
from relgraph.query.resolved import Call, Value
from relgraph.schema import AnyHop, Collection, Field, Hop

Named: TypeAlias = Field | Hop | AnyHop


def own(collection: Collection, name: str) -> Named | None:
    """Give what a name is in a collection: a m2o field is its hop, an any-to-many field its `AnyHop`."""
    return collection.hops.get(name) or collection.any_hops.get(name) or collection.fields.get(name)


def split(resolution: Resolution, collection: Collection, path: str) -> tuple[str, str | None]:
    """Give the first name of a path and what follows its dot, or None where nothing does."""
    for name in resolution.dotted(collection):
        if path.startswith(f"{name}."):
            return name, path[len(name) + 1 :]
    if ":" in path and (found := _scope_in(resolution, path)):
        return found
    if "(" not in path:
        head, dot, rest = path.partition(".")
        return head, rest if dot else None
    depth = 0
    for place, letter in enumerate(path):
        depth += (letter == "(") - (letter == ")")
        if letter == "." and depth == 0:
            return path[:place], path[place + 1 :]
    return path, None


def _scope_in(resolution: Resolution, path: str) -> tuple[str, str | None] | None:
    """Split behind `item:headings`, where the name of the collection holds dots."""
    field, _, rest = path.partition(":")
    for name in resolution.dotted_collections:
        if rest == name or rest.startswith(f"{name}."):
            length = len(field) + 1 + len(name)
            return path[:length], path[length + 1 :] if len(path) > length else None
    return None


# --- names -----------------------------------------------------------------------------------------------------------


def look_up(resolution: Resolution, collection: Collection, name: str, where: str) -> Named | Call | None:
    """Give what one path segment is: a name of the collection, a scope, a `$FOLLOW` or a call; else note a problem."""
    named = own(collection, name)
    if named is not None:
        return named
    if name.startswith("$FOLLOW(") and name.endswith(")"):
        return _follow(resolution, collection, name, where)
    if ":" in name and (hop := _scope(resolution, collection, name)):
        return hop
    if parts := call_parts(name):
        found = call(resolution, collection, *parts, where)
        if found is None or found.function.name != "json":
            return found
        resolution.note(InvalidQuery(where, "json() can be shown, not filtered, sorted or grouped by"))
        return None
    unknown(resolution, collection, name, where)
    return None


def unknown(resolution: Resolution, collection: Collection, name: str, where: str) -> None:
    """Note that a collection has no such field, or why the relation of that name cannot be travelled."""
    broken = next((each for each in collection.broken if name == each or name.startswith(f"{each}:")), None)
    if broken is not None:
        why = collection.broken[broken]
        resolution.note(NotARelation(where, collection.name, name, collection.relation_names, why))
    else:
        resolution.note(UnknownField(where, collection.name, name, collection.names))


def leads_nowhere(
    resolution: Resolution, collection: Collection, name: str, found: Field | AnyHop | Call, where: str
) -> None:
    """Note that a path goes on behind something that leads to no single collection."""
    reason = collection.broken.get(name, "")
    if isinstance(found, AnyHop):
        scopes = " or ".join(f"{name}:{scope}" for scope in found.hops)
        reason = f"it leads to several collections; name one: {scopes}"
    resolution.note(NotARelation(where, collection.name, name, collection.relation_names, reason))


def _follow(resolution: Resolution, collection: Collection, name: str, where: str) -> Hop | None:
    arguments = [argument.strip() for argument in name[len("$FOLLOW(") : -1].split(",")]
    hop = resolution.schema.follow(collection.name, *arguments) if len(arguments) in (2, 3) else None
    if hop is None:
        unknown(resolution, collection, name, where)
    return hop


def _scope(resolution: Resolution, collection: Collection, name: str) -> Hop | None:
    for field, any_hop in collection.any_hops.items():
        if name.startswith(f"{field}:"):
            return resolution.schema.scope(any_hop, name[len(field) + 1 :])
    return None


# --- calls -----------------------------------------------------------------------------------------------------------


def call_parts(text: str) -> tuple[str, str] | None:
    """Give the function and the argument of `year(born)`, or None for what is no call.

    >>> call_parts("json(j, a.b)"), call_parts("(born)"), call_parts("born")
    (('json', 'j, a.b'), None, None)
    """
    if not text.endswith(")"):
        return None
    name, bracket, argument = text[:-1].partition("(")
    return (name, argument.strip()) if bracket and name else None


def call(resolution: Resolution, collection: Collection, name: str, argument: str, where: str) -> Call | None:
    """Give the call of a function on a field or to-many relation of the collection, or note what is wrong with it."""
    function = FUNCTIONS.get(name)
    if name == "json":
        return _json_call(resolution, collection, argument, where)
    if name in RELATION_AGGREGATES:
        return _aggregate_call(resolution, collection, name, argument, where)
    subject = own(collection, argument)
    if subject is None:
        unknown(resolution, collection, argument, where)
    if function is None:
        resolution.note(UnknownFunction(where, name, tuple(FUNCTIONS)))
    if subject is None or function is None:
        return None
    if isinstance(subject, Hop) and subject.many and function.relational:
        return Call(function, subject)
    field = collection.fields.get(argument)
    if field is None or field.type not in function.accepts:
        _note_type(resolution, function, argument, field, where)
        return None
    return Call(function, field)


def _note_type(resolution: Resolution, function: Function, name: str, field: Field | None, where: str) -> None:
    field_type = "relation" if field is None else field.type
    allowed = tuple(
        row.name for row in FUNCTIONS.values() if (row.relational if field is None else field.type in row.accepts)
    )
    resolution.note(OperatorNotAllowed(where, f"{function.name}()", name, field_type, allowed))


def _aggregate_call(
    resolution: Resolution, collection: Collection, name: str, argument: str, where: str
) -> Call | None:
    """Resolve `sum(comments.likes)`: a to-many relation of the collection, and a field of its items."""
    function, aggregate = FUNCTIONS[name], AGGREGATES[name]
    head, rest = split(resolution, collection, argument)
    hop = own(collection, head)
    if hop is None:
        unknown(resolution, collection, head, where)
        return None
    if not isinstance(hop, Hop) or not hop.many or rest is None:
        example = next((hop.name for hop in collection.hops.values() if hop.many), "comments")
        hint = f"write {name}({example}.field)"
        resolution.note(InvalidQuery(where, f"{name}() needs a to-many relation and a field of its items", hint))
        return None
    far = resolution.schema.collections[hop.far]
    field = far.fields.get(rest)
    if field is None:
        unknown(resolution, far, rest, where)
    elif field.type not in aggregate.accepts:
        _note_type(resolution, function, rest, field, where)
    else:
        return Call(function, hop, field)
    return None


_JSON_DEPTH: Final = 10
_JSON_PATH: Final = re.compile(r"(?:[^.\[\]*$]+|\[\d+\])(?:\.[^.\[\]*$]+|\[\d+\])*")


def _json_call(resolution: Resolution, collection: Collection, argument: str, where: str) -> Call | None:
    name, _, path = argument.partition(",")
    subject, segments = own(collection, name.strip()), json_path(path.strip())
    if subject is None:
        unknown(resolution, collection, name.strip(), where)
        return None
    field = collection.fields.get(name.strip())
    if field is None or field.type not in FUNCTIONS["json"].accepts:
        _note_type(resolution, FUNCTIONS["json"], name.strip(), field, where)
        return None
    if segments is None or len(segments) > _JSON_DEPTH:
        hint = f"write json(field, a.b[0]), at most {_JSON_DEPTH} steps and no wildcards"
        resolution.note(InvalidQuery(where, f"{path.strip()!r} is no JSON path", hint))
        return None
    return Call(FUNCTIONS["json"], field, segments)


def json_path(text: str) -> tuple[str | int, ...] | None:
    """Give the steps of a JSON path, or None for what is none.

    >>> json_path("b.c[2].d"), json_path("[0]"), json_path("$.a"), json_path("")
    (('b', 'c', 2, 'd'), (0,), None, None)
    """
    if not _JSON_PATH.fullmatch(text):
        return None
    parts = re.findall(r"\[\d+\]|[^.\[\]]+", text)
    return tuple([int(part[1:-1]) if part[0] == "[" else part for part in parts])


# --- paths to a value ------------------------------------------------------------------------------------------------


@frozen
class ValuePath:
    """Where a sort or group path leads: the hops to a row, and the value of that row."""

    hops: tuple[Hop, ...]
    names: tuple[str, ...]  # of the hops and then of the value, as the path spells them
    value: Value


def value_path(resolution: Resolution, collection: Collection, path: str, where: str) -> ValuePath | None:
    """Give the value a dotted path leads to, or note what is wrong with it.

    A relation alone is its key: a m2o the foreign key, a to-many the primary key of the related items.
    """
    hops: tuple[Hop, ...] = ()
    names: tuple[str, ...] = ()
    rest: str | None = path
    while rest is not None and not resolution.is_too_deep(len(names) + 1, where):
        head, rest = (rest, None) if own(collection, rest) else split(resolution, collection, rest)
        found = look_up(resolution, collection, head, where)
        names = (*names, head)
        if found is None:
            return None
        if rest is None:
            return _ending(resolution, collection, hops, names, found, where)
        if not isinstance(found, Hop):
            leads_nowhere(resolution, collection, head, found, where)
            return None
        hops = (*hops, found)
        collection = resolution.schema.collections[found.far]
    return None


def _ending(
    resolution: Resolution,
    collection: Collection,
    hops: tuple[Hop, ...],
    names: tuple[str, ...],
    found: Named | Call,
    where: str,
) -> ValuePath | None:
    if isinstance(found, AnyHop):
        return ValuePath(hops, names, collection.fields[found.name])
    if not isinstance(found, Hop):
        return ValuePath(hops, names, found)
    if found.many:
        key = related_key(resolution, found, where)
        return None if key is None else ValuePath((*hops, found), (*names, key.name), key)
    if found.guard is not None:
        resolution.note(InvalidQuery(where, f"{found.name} leads to items", f"name a field: {found.name}.field"))
        return None
    return ValuePath(hops, names, collection.fields[found.near_field])


def related_key(resolution: Resolution, hop: Hop, where: str) -> Field | None:
    """Give the primary key of the items a to-many hop leads to, or note that it is not one column."""
    far = resolution.schema.collections[hop.far]
    if far.hidden_key:
        resolution.note(UnknownField(where, far.name, far.hidden_key[0], far.names))
    elif far.key is None:
        keys = f"a primary key of {len(far.primary_key)} columns" if far.primary_key else "no primary key"
        resolution.note(InvalidQuery(where, f"{far.name} has {keys}", f"name a field: {hop.name}.field"))
    return far.key
