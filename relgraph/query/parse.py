"""Parse: a question in any of its spellings, read into a `Query`.

In: a mapping, JSON text of an object, a URL query string, keyword arguments, or several of them. Out: a `Query` of
names and operands in one canonical form. What has the wrong shape fails with a `QueryError` that says where; names are
not looked up here. Parameters that are not known are ignored in a mapping and in a URL, as the public API does, and
refused as keyword arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import frozen

from relgraph.errors import InvalidQuery, UnknownFunction, UnknownParameter, shown
from relgraph.functions import AGGREGATES
from relgraph.query.ast import Param, Query
from relgraph.query.filters import read_filter
from relgraph.query.spelling import check_nesting, read_count, read_json, read_names, read_object, read_text
from relgraph.query.url import parse_url


def parse(source: object = None, /, **parameters: Any) -> Query:
    """Give the query that `source` and the keyword arguments spell; a keyword replaces what the source says.

    Shape: a text that starts with "{" is JSON, any other text a URL query string.
    Raises: InvalidQuery, InvalidOperand, UnknownOperator, UnknownFunction; UnknownParameter for a keyword.

    >>> parse("?fields=id,title&limit=3") == parse({"fields": ["id", "title"]}, limit=3)
    True
    >>> parse('{"filter": {"views": 7}}').filter
    At(key='views', inner=Compare(operator='_eq', operand=7))
    """
    for name in parameters:
        if name not in PARAMETERS:
            raise UnknownParameter(name, tuple(PARAMETERS))
    given = {**_mapping(source), **parameters}
    if given.get("export") not in (None, ""):
        raise InvalidQuery("export", "answers are not exported to a file here", "write `Result.to_json()` to one")
    return Query(**_read(given, PARAMETERS, ""))


def _mapping(source: object) -> Mapping[Any, Any]:
    if source is None:
        return {}
    if isinstance(source, Mapping):
        return source
    if not isinstance(source, str):
        raise InvalidQuery("", f"a query is a mapping, JSON text or a URL query string, not {shown(source)}")
    if source.lstrip().startswith("{"):
        value: Mapping[Any, Any] = read_json(source, "")
        return value
    return parse_url(source)


@frozen
class Parameter:
    """One query parameter: the attribute of `Query` it fills, and how its value is read, given where it stands."""

    attribute: str
    read: Callable[[Any, str], Any]


def _read(given: Mapping[Any, Any], parameters: Mapping[str, Parameter], at: str) -> dict[str, Any]:
    """Give what the known parameters among `given` say, by attribute of `Query`."""
    values = {}
    for name, value in given.items():
        parameter = parameters.get(name)
        if parameter is not None:
            values[parameter.attribute] = parameter.read(value, at + name)
    return values


# --- one reader for each parameter -----------------------------------------------------------------------------------


def _sort(value: Any, where: str) -> tuple[str, ...] | None:
    return read_names(value, where, lists_hold_csv=False) or None


def _group(value: Any, where: str) -> tuple[str, ...] | None:
    return read_names(value, where) or None


_META: Final = ("total_count", "filter_count")


def _meta(value: Any, where: str) -> tuple[str, ...] | None:
    if value == "*":
        return _META
    names = read_names(value, where)
    for name in names or ():
        if name not in _META:
            raise InvalidQuery(
                where, f"there is no count {shown(name)}", "known: total_count, filter_count, or * alone"
            )
    return names


def _search(value: Any, where: str) -> str | None:
    if value is None:
        return None
    text = read_text(value, where)
    return text.strip() or text or None  # blanks alone are looked for as they are


def _limit(value: Any, where: str) -> int | Param | None:
    return read_count(value, where, least=-1)


def _offset(value: Any, where: str) -> int | Param | None:
    return read_count(value, where, least=0)


def _page(value: Any, where: str) -> int | Param | None:
    return read_count(value, where, least=0) or None  # page 0 is no page


def _cursor(value: Any, where: str) -> str | Param | None:
    return value if value is None or isinstance(value, Param) else read_text(value, where)


def _backlink(value: Any, where: str) -> bool:  # noqa: ARG001  # the public API takes any value, so no path is needed
    return value is not False and value != "false"


def _alias(value: Any, where: str) -> tuple[tuple[str, str], ...]:
    paths = read_object(value, where) or {}
    return tuple((_alias_name(name, where), _alias_path(path, f"{where}.{name}")) for name, path in paths.items())


def _alias_name(name: str, where: str) -> str:
    if not name or "." in name:
        raise InvalidQuery(where, f"{shown(name)} is no alias", "an alias is a name without dots")
    return name


def _alias_path(value: Any, where: str) -> str:
    path = read_text(value, where)
    if not path or "." in path.partition("(")[0]:
        raise InvalidQuery(where, f"{shown(path)} cannot have an alias", "give a field or function of the collection")
    return path


def _aggregate(value: Any, where: str) -> tuple[tuple[str, tuple[str, ...]], ...] | None:
    fields = read_object(value, where) or {}
    return tuple((name, _aggregated(name, names, f"{where}.{name}")) for name, names in fields.items()) or None


def _aggregated(function: str, value: Any, where: str) -> tuple[str, ...]:
    if function not in AGGREGATES:
        raise UnknownFunction(where, function, tuple(AGGREGATES))
    names = ("",) if value == "" else read_names(value, where, trim=False)
    if not names:
        raise InvalidQuery(where, f"{function} is given no field", 'name one, or "*" to count items')
    return names


# --- deep ------------------------------------------------------------------------------------------------------------


def _deep(value: Any, where: str) -> tuple[tuple[str, Query | None], ...]:
    if _is_empty_list(value):
        return ()
    relations = read_object(value, where) or {}
    # a parameter at the top of deep belongs to no relation: the public API does not look at it
    return _level({name: inner for name, inner in relations.items() if not name.startswith("_")}, where, 1).deep


def _level(given: Mapping[Any, Any], where: str, level: int) -> Query:
    """Read what `deep` says of one relation: parameters with an underscore, and relations below it without one."""
    check_nesting(level, where)
    below: list[tuple[str, Query | None]] = []
    for name, value in given.items():
        if read_text(name, where).startswith("_") or value is None or _is_empty_list(value):
            continue
        query = _level(value, f"{where}.{name}", level + 1) if isinstance(value, Mapping) else None
        if query != _NOTHING_ASKED:
            below.append((name, query))
    return Query(**_read(given, DEEP_PARAMETERS, f"{where}."), deep=tuple(below))


def _is_empty_list(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and not value


_NOTHING_ASKED: Final = Query()

# --- the tables ------------------------------------------------------------------------------------------------------

PARAMETERS: Final[dict[str, Parameter]] = {
    "fields": Parameter("fields", read_names),
    "filter": Parameter("filter", read_filter),
    "search": Parameter("search", _search),
    "sort": Parameter("sort", _sort),
    "limit": Parameter("limit", _limit),
    "offset": Parameter("offset", _offset),
    "page": Parameter("page", _page),
    "cursor": Parameter("cursor", _cursor),
    "alias": Parameter("alias", _alias),
    "aggregate": Parameter("aggregate", _aggregate),
    "groupBy": Parameter("group", _group),
    "group_by": Parameter("group", _group),
    "meta": Parameter("meta", _meta),
    "backlink": Parameter("backlink", _backlink),
    "deep": Parameter("deep", _deep),
}

DEEP_PARAMETERS: Final[dict[str, Parameter]] = {
    f"_{name}": PARAMETERS[name]
    for name in ("filter", "search", "sort", "limit", "offset", "page", "alias", "aggregate", "groupBy")
} | {"_group": PARAMETERS["groupBy"]}
