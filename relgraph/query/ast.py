"""Query: what was asked, as names only.

In: what `parse` understood of a mapping, JSON text or URL query string. Out: a frozen, hashable value that `printing`
turns back into either spelling. Names are not looked up here and operands keep the JSON type they were given in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from attrs import field, fields, frozen, has


@frozen
class Param:
    """A value to be given later: `items.prepare(filter={"id": {"_eq": Param("id")}})`, then `prepared(id=7)`.

    >>> Param("id")
    Param(name='id')
    """

    name: str

    def __repr__(self) -> str:  # part of the key of every cached query, so not the slow one that attrs would make
        return f"Param(name={self.name!r})"


@frozen
class JsonObject:
    """A JSON object as a hashable value: an operand such as GeoJSON. Its pairs keep their order."""

    pairs: tuple[tuple[str, Any], ...]


Operand: TypeAlias = bool | int | float | str | JsonObject | Param | tuple[Any, ...] | None


@frozen
class Nothing:
    """`{}`: a condition that says nothing. An `_or` that holds one says nothing itself."""


@frozen
class Group:
    """`_and` or `_or` over conditions, in order. An object with several keys is an `_and` of them. May be empty."""

    word: str  # "_and" or "_or"
    parts: tuple[Condition, ...]


@frozen
class At:
    """A condition on what `key` leads to: a field, relation, any-to-many scope, function call or `$FOLLOW(..)`."""

    key: str
    inner: Condition


@frozen
class Quantified:
    """`_some`, `_none` or `_every` child fulfils `inner`."""

    word: str
    inner: Condition


@frozen
class Compare:
    """An operator and its operand: `{"_gt": 3}`; a bare value is `_eq`."""

    operator: str
    # equal only if of the same JSON type: 1, True and 1.0 are three operands
    operand: Operand = field(eq=lambda operand: typed(operand))


Condition: TypeAlias = Nothing | Group | At | Quantified | Compare


def typed(operand: Operand) -> Any:
    """Give an operand with its type beside it, so that equality and hash tell 1, 1.0 and True apart.

    >>> typed(1) == typed(True), typed((1, "a")) == typed((1, "a"))
    (False, True)
    """
    if isinstance(operand, tuple):
        return (tuple, tuple(typed(item) for item in operand))
    if isinstance(operand, JsonObject):
        return (JsonObject, tuple((name, typed(value)) for name, value in operand.pairs))
    return (type(operand), operand)


@frozen
class Query:
    """One level of a question: the whole, or what `deep` says of one relation. None: not given.

    Paths stay text (`"author.name"`, `"item:headings.text"`, `"year(born)"`): splitting them needs the schema, since
    names in real databases hold dots and colons. `fields=()` asks for bare primary keys.
    """

    fields: tuple[str, ...] | None = None
    filter: Condition | None = None
    search: str | None = None
    sort: tuple[str, ...] | None = None  # "-views" descends, "?" alone is random (relations only)
    limit: int | Param | None = None  # items; -1 is all
    offset: int | Param | None = None
    page: int | Param | None = None  # from 1
    cursor: str | Param | None = None  # "" asks for the first page of a cursor
    alias: tuple[tuple[str, str], ...] = ()  # (new name, path)
    aggregate: tuple[tuple[str, tuple[str, ...]], ...] | None = None  # (function, its fields)
    group: tuple[str, ...] | None = None
    meta: tuple[str, ...] | None = None
    backlink: bool = True
    # (relation name, alias or scope, what is asked of it); None: no object was given, a fault if the name is a relation
    deep: tuple[tuple[str, Query | None], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Give the query as a mapping that parses to this query again.

        >>> Query(fields=("id",), filter=At("views", Compare("_gt", 3))).to_dict()
        {'fields': ['id'], 'filter': {'views': {'_gt': 3}}}
        """
        from relgraph.query.printing import to_dict

        return to_dict(self)

    def to_url(self) -> str:
        """Give the query as a URL query string that parses to this query again.

        >>> Query(fields=("id",), limit=3).to_url()
        'fields=id&limit=3'
        """
        from relgraph.query.printing import to_url

        return to_url(self)


def freeze(value: Any) -> Operand:
    """Give a JSON value as a hashable operand: lists become tuples, objects `JsonObject`.

    >>> freeze([1, {"a": [2]}])
    (1, JsonObject(pairs=(('a', (2,)),)))
    """
    if isinstance(value, Mapping):
        return JsonObject(tuple((str(name), freeze(inner)) for name, inner in value.items()))
    if isinstance(value, (list, tuple)):
        return tuple(freeze(item) for item in value)
    return value  # type: ignore[no-any-return]  # the parser has refused everything else


def thaw(operand: Operand) -> Any:
    """Give an operand as plain JSON data again, the inverse of `freeze`.

    >>> thaw(freeze([1, {"a": [2]}]))
    [1, {'a': [2]}]
    """
    if isinstance(operand, JsonObject):
        return {name: thaw(value) for name, value in operand.pairs}
    if isinstance(operand, tuple):
        return [thaw(item) for item in operand]
    return operand


def parameters(part: Any) -> Iterator[str]:
    """Yield the names of the parameters that a query, or a part of one, waits for.

    >>> list(parameters(Query(filter=At("views", Compare("_in", (3, Param("n")))), limit=Param("most"))))
    ['n', 'most']
    """
    if isinstance(part, Param):
        yield part.name
    elif isinstance(part, tuple):
        for each in part:
            yield from parameters(each)
    elif has(type(part)):
        for attribute in fields(type(part)):
            yield from parameters(getattr(part, attribute.name))
