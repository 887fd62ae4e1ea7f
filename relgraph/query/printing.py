"""Printing: a `Query` in its canonical spellings, the inverse of `parse`.

In: a `Query`. Out: plain data, or a URL query string, that parse to an equal `Query`. Nothing fails but the URL of a
query with a `Param`, which only Python can spell; in plain data it stands as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NoReturn, assert_never
from urllib.parse import quote

from relgraph.errors import InvalidQuery
from relgraph.query.ast import At, Compare, Condition, Group, Nothing, Param, Quantified, Query, thaw


def to_dict(query: Query) -> dict[str, Any]:
    """Give the query as a mapping that parses to it again; what was not asked is left out.

    >>> to_dict(Query(sort=("-views",), group=("status",), deep=(("comments", Query(limit=3)),)))
    {'sort': ['-views'], 'groupBy': ['status'], 'deep': {'comments': {'_limit': 3}}}
    """
    printed: dict[str, Any] = {
        "fields": _list(query.fields),
        "filter": None if query.filter is None else condition_to_dict(query.filter),
        "search": query.search,
        "sort": _list(query.sort),
        "limit": query.limit,
        "offset": query.offset,
        "page": query.page,
        "cursor": query.cursor,
        "alias": dict(query.alias) or None,
        "aggregate": None if query.aggregate is None else {name: list(fields) for name, fields in query.aggregate},
        "groupBy": _list(query.group),
        "meta": _list(query.meta),
        "backlink": None if query.backlink else False,
        "deep": _deep(query) or None,
    }
    return {name: value for name, value in printed.items() if value is not None}


def to_url(query: Query) -> str:
    """Give the query as a URL query string that parses to it again.

    Lists are CSV where that is unambiguous; filter, deep, alias and aggregate are JSON, which keeps numbers numbers.
    Raises: InvalidQuery, when a `Param` waits for its value.

    >>> to_url(Query(fields=("id", "author.name"), search="sun & moon"))
    'fields=id,author.name&search=sun%20%26%20moon'
    >>> to_url(Query(filter=At("views", Compare("_gt", 3))))
    'filter=%7B%22views%22:%7B%22_gt%22:3%7D%7D'
    """
    return "&".join(pair for name, value in to_dict(query).items() for pair in _pairs(name, value))


# --- plain data ------------------------------------------------------------------------------------------------------


def condition_to_dict(condition: Condition) -> dict[str, Any]:
    """Give a condition as a filter object that parses to it again.

    >>> condition_to_dict(Group("_and", (At("a", Compare("_eq", 1)), At("b", Compare("_in", (2, 3))))))
    {'a': {'_eq': 1}, 'b': {'_in': [2, 3]}}
    """
    match condition:
        case Nothing():
            return {}
        case At(key, inner):
            return {key: condition_to_dict(inner)}
        case Quantified(word, inner):
            return {word: condition_to_dict(inner)}
        case Compare(operator, operand):
            return {operator: thaw(operand)}
        case Group(word, parts):
            return _group(word, [condition_to_dict(part) for part in parts])
        case _:
            assert_never(condition)


def _group(word: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Print an `_and` of at least two single keys, all different, as one object; any other group as a list."""
    together = {key: value for part in parts if len(part) == 1 for key, value in part.items()}
    return together if word == "_and" and len(together) == len(parts) > 1 else {word: parts}


def _deep(query: Query) -> dict[str, Any]:
    # true stands for any value that is no object: what it was makes no difference
    return {name: True if inner is None else _below(inner) for name, inner in query.deep}


def _below(query: Query) -> dict[str, Any]:
    parameters = {f"_{name}": value for name, value in to_dict(query).items() if name != "deep"}
    return parameters | _deep(query)


def _list(names: tuple[str, ...] | None) -> list[str] | None:
    return None if names is None else list(names)


# --- URL -------------------------------------------------------------------------------------------------------------


def _pairs(name: str, value: Any) -> Iterator[str]:
    """Yield `name=value` as often as the value needs."""
    if isinstance(value, list):
        yield from _list_pairs(name, value)
    elif isinstance(value, dict):
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=partial(_refuse, name))
        yield f"{name}={_quoted(text)}"
    elif isinstance(value, Param):
        _refuse(name, value)
    else:
        yield f"{name}={_quoted('false' if value is False else str(value))}"


def _list_pairs(name: str, entries: Sequence[str]) -> Iterator[str]:
    if not entries:
        yield f"{name}[]"
    elif any("," in entry or "(" in entry for entry in entries):
        yield from (f"{name}[]={_quoted(entry)}" for entry in entries)
    else:
        yield f"{name}={_quoted(','.join(entries))}"


def _quoted(text: str) -> str:
    return quote(text, safe="*,:().$-_~!'/@?")


def _refuse(name: str, value: object) -> NoReturn:
    raise InvalidQuery(name, f"{value} has no spelling in a URL", "give its value first")
