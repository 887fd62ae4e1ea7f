"""A press as a schema: what names are resolved against in these tests. Every kind of relation and odd name, no rows."""

from __future__ import annotations

from typing import Any

from relgraph.codecs import codec_of
from relgraph.linking import link
from relgraph.query.limits import Limits
from relgraph.query.parse import parse
from relgraph.query.resolve import resolve
from relgraph.query.resolved import (
    AllOf,
    AnyOf,
    Call,
    Condition,
    Literal,
    Quantified,
    ResolvedQuery,
    Show,
    ShowAny,
    ShowMany,
    Shown,
    ShowOne,
    Test,
)
from relgraph.relation import Relation
from relgraph.schema import Collection, Field, Hop
from relgraph.values import FieldType

_TYPES = {
    "text": FieldType.TEXT,
    "int": FieldType.INTEGER,
    "big": FieldType.BIG_INTEGER,
    "float": FieldType.FLOAT,
    "bool": FieldType.BOOLEAN,
    "date": FieldType.DATE,
    "stamp": FieldType.TIMESTAMP,
    "time": FieldType.TIME,
    "json": FieldType.JSON,
    "csv": FieldType.CSV,
    "uuid": FieldType.UUID,
    "any": FieldType.ANY,
}


def collection(name: str, fields: str, *key: str, **others: Any) -> Collection:
    """Give a collection of fields spelled `name:type`, separated by blanks; a bare name is a text."""
    found = {}
    for field, _, word in (part.partition(":") for part in fields.split()):
        kind = _TYPES[word or "text"]
        found[field] = Field(name, field, kind, codec_of(kind, epoch=True))
    return Collection(name, found, key, **others)


def odd_names() -> Collection:
    """Give a collection whose names hold what paths are made of."""
    names = ("id", "a.b", "price (EUR)", "year(x)", "item:text", "author.name", "-minus", "my.author", "count")
    return Collection("odd.names", {name: Field("odd.names", name, FieldType.INTEGER) for name in names}, ("id",))


PRESS = link(
    [
        collection("authors", "id:int name born:date token:uuid age:int mentor:int", "id"),
        collection(
            "articles",
            "id:int title status views:int score:float featured:bool published:date updated:stamp at:time meta:json "
            "keywords:csv ref:uuid serial:big loose:any author:int editor:int",
            "id",
        ),
        collection("comments", "id:int text likes:int posted:stamp position:int article:int author:int", "id"),
        collection("pages", "id:uuid title", "id", sort_field="title"),
        collection("sections", "id:int page:uuid item collection sort:int", "id"),
        collection("headings", "id:int text level:int", "id"),
        collection("galleries", "code title", "code"),
        collection("ratings", "article:int author:int stars:int", "article", "author"),
        collection("visits", "article:int at:stamp"),
        odd_names(),
        collection("marks", "id:int target kind", "id"),
        collection("directus_users", "id:uuid email role:uuid", "id", system=True),
    ],
    [
        Relation("authors", "mentor", "authors", "pupils"),
        Relation("articles", "author", "authors", "articles"),
        Relation("articles", "editor", "directus_users"),
        Relation("comments", "article", "articles", "comments", sort_field="position"),
        Relation("comments", "author", "authors", "comments"),
        Relation("sections", "page", "pages", "sections", sort_field="sort"),
        Relation(
            "sections", "item", one_collection_field="collection", one_allowed_collections=("headings", "galleries")
        ),
        Relation("marks", "target", one_collection_field="kind", one_allowed_collections=("odd.names", "ratings")),
        Relation("ratings", "article", "articles", "ratings"),
        Relation("visits", "article", "articles", "visits"),
        Relation("odd.names", "my.author", "authors", "odd"),
        Relation("pages", "title", "nowhere", "lost"),
        Relation("headings", "gone", "galleries", "lost"),
    ],
)


def ask(
    name: str = "articles", /, *, keys: Any = None, limits: Limits | None = None, user: Any = None, **given: Any
) -> ResolvedQuery:
    """Give a question about the press, parsed and resolved."""
    return resolve(parse(**given), PRESS, name, keys=keys, limits=limits or Limits(), user=user)


def where(name: str = "articles", /, **filter_: Any) -> Any:
    """Give the condition of a filter."""
    return ask(name, filter=filter_).where


# --- answers in words ------------------------------------------------------------------------------------------------


def said(condition: Condition | None) -> str:
    """Give a resolved condition as text: `author.name _eq 'Ann'`, groups in brackets; nothing as "all"."""
    match condition:
        case None:
            return "all"
        case AllOf(parts):
            return "(" + " AND ".join(map(said, parts)) + ")"
        case AnyOf(parts):
            return "(" + " OR ".join(map(said, parts)) + ")"
        case Quantified(path, hop, word, inner):
            return f"{dotted((*path, hop))} {word} [{said(inner)}]"
        case Test(path, value, operator, operands):
            shown = " ".join(
                repr(operand.value) if isinstance(operand, Literal) else str(operand) for operand in operands
            )
            return f"{dotted(path, value)} {operator.name} {shown}".rstrip()


def dotted(path: tuple[Hop, ...], value: Field | Call | None = None) -> str:
    """Give the hops of a path and the value at its end, with dots between: a call by its function and subject."""
    names = [hop.name for hop in path]
    if isinstance(value, Call):
        argument = f".{value.argument.name}" if isinstance(value.argument, Field) else ""
        names.append(f"{value.function.name}({value.subject.name}{argument})")
    elif value is not None:
        names.append(value.name)
    return ".".join(names)


def shown(query: ResolvedQuery) -> Any:
    """Give what a level shows as a list: names, and below a name in brackets what its relation shows; None for keys."""
    if query.shows is None:
        return None
    return [_shown(part) for part in query.shows]


def _shown(part: Shown) -> Any:
    match part:
        case Show(name, value):
            return name if dotted((), value) == name else f"{name}={dotted((), value)}"
        case ShowOne(name, _, query) | ShowMany(name, _, query):
            return {name: shown(query)}
        case ShowAny(name, _, queries):
            return {name: {scope: shown(query) for scope, query in queries.items()}}


def ordered(query: ResolvedQuery) -> list[str]:
    """Give the sort keys of a level as paths, descending ones with a minus."""
    return ["-" * key.descending + dotted(key.path, key.value) for key in query.order]
