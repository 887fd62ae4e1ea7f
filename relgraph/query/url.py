"""URL: a query string with brackets, read into nested plain data.

In: the text after the "?" of a URL. Out: dicts, lists and texts; everything is text yet, `parse` reads it like any
other mapping. Lists are spelled `a[]=1&a[]=2`, `a[0]=1&a[1]=2` or `a=1&a=2`, objects `a[b][c]=1`, an empty list `a[]`
without "="; what is spelled twice is merged. A name with an unclosed bracket is a plain name. Brackets that do not
match, a value beside an object of the same name, and too many parameters or brackets fail with `InvalidQuery`.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias
from urllib.parse import unquote

from attrs import Factory, define

from relgraph.errors import InvalidQuery, shown
from relgraph.query.spelling import check_nesting

PARAMETERS_AT_MOST: Final = 10_000
INDEX_AT_MOST: Final = 100  # a higher one is a key of an object, so that a[999999999]=1 needs no room


def parse_url(text: str) -> dict[str, Any]:
    """Give the parameters of a URL query string, with or without the leading "?".

    >>> parse_url("?fields=id,title&filter[author][name]=Ann+Lee&sort[]=-views&sort[]=id")
    {'fields': 'id,title', 'filter': {'author': {'name': 'Ann Lee'}}, 'sort': ['-views', 'id']}
    >>> parse_url("filter[_or][0][a]=1&filter[_or][1][b]=2")
    {'filter': {'_or': [{'a': '1'}, {'b': '2'}]}}
    """
    pairs = [pair for pair in text.strip().removeprefix("?").split("&") if pair]
    if len(pairs) > PARAMETERS_AT_MOST:
        raise InvalidQuery("", f"the URL has {len(pairs)} parameters, more than {PARAMETERS_AT_MOST}")
    tree: dict[str, _Node] = {}
    for pair in pairs:
        name, value = _split_pair(pair)
        root, segments = _split_name(name)
        node = _grow(segments, value)
        tree[root] = _merge(tree[root], node, root) if root in tree else node
    return {root: _plain(node) for root, node in tree.items()}


# --- one parameter ---------------------------------------------------------------------------------------------------


def _split_pair(pair: str) -> tuple[str, str | None]:
    """Give name and value; the value is None without "=". A "=" inside brackets belongs to the name."""
    if "%" in pair:
        for code, bracket in (("%5B", "["), ("%5b", "["), ("%5D", "]"), ("%5d", "]")):
            pair = pair.replace(code, bracket)
    name, equals, value = pair.partition("=")
    if "[" in name and "]=" in pair:
        name, equals, value = pair.partition("]=")
        name += "]"
    return _decode(name), _decode(value) if equals else None


def _decode(text: str) -> str:
    """Give the text that is percent-encoded; what is no UTF-8 then, stays as it stands."""
    text = text.replace("+", " ")
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return text


def _split_name(name: str) -> tuple[str, list[str]]:
    """Give the name before the brackets, and what stands in each of them.

    >>> _split_name("filter[author][name]"), _split_name("filter[author")
    (('filter', ['author', 'name']), ('filter[author', []))
    """
    root, bracket, rest = name.partition("[")
    if not bracket or not root or name.count("[") > name.count("]"):
        return name, []
    if not rest.endswith("]"):
        raise InvalidQuery(shown(name), "the name goes on behind its brackets")
    segments = rest[:-1].split("][")
    if any("[" in segment or "]" in segment for segment in segments):
        raise InvalidQuery(shown(name), "the brackets do not match")
    check_nesting(len(segments), root)
    return root, segments


# --- the tree --------------------------------------------------------------------------------------------------------


@define
class _List:
    """A list that is still growing: items by index, with gaps until it is done."""

    items: dict[int, _Node] = Factory(dict)
    end: int = 0  # the index behind the last

    def put(self, index: int, node: _Node, where: str) -> None:
        """Merge `node` into the object or list at `index`; a text goes there if that place is free, else to the end."""
        old = self.items.get(index)
        if old is not None and not isinstance(old, str) and not isinstance(node, str):
            node = _merge(old, node, where)
        elif old is not None:
            index = self.end
        self.items[index] = node
        self.end = max(self.end, index + 1)

    def by_name(self) -> dict[str, _Node]:
        """Give the list as the object with its indexes as keys."""
        return {str(index): node for index, node in self.items.items()}


_Node: TypeAlias = "str | _List | dict[str, _Node]"


def _grow(segments: list[str], value: str | None) -> _Node:
    """Give the branch that one parameter spells."""
    node: _Node = value or ""
    if value is None and segments and segments[-1] == "":
        node, segments = _List(), segments[:-1]
    for segment in reversed(segments):
        index = _index(segment)
        node = {segment: node} if index is None else _List({index: node}, index + 1)
    return node


def _index(segment: str) -> int | None:
    if segment == "":
        return 0
    if len(segment) > 3 or not (segment.isascii() and segment.isdigit()) or (segment[0] == "0" and segment != "0"):
        return None
    return int(segment) if int(segment) <= INDEX_AT_MOST else None


def _merge(old: _Node, new: _Node, where: str) -> _Node:
    """Give what two spellings of one name mean together; `old` may be changed."""
    if isinstance(old, str) and isinstance(new, str):
        return _List({0: old, 1: new}, 2)
    if new == "":
        return old
    if old == "":
        return new
    if isinstance(old, dict) or isinstance(new, dict):
        return _merge_objects(_as_object(old, where), _as_object(new, where), where)
    grown = _List({0: old}, 1) if isinstance(old, str) else old
    for index, node in new.items.items() if isinstance(new, _List) else [(grown.end, new)]:
        grown.put(index, node, where)
    return grown


def _merge_objects(old: dict[str, _Node], new: dict[str, _Node], where: str) -> dict[str, _Node]:
    for name, node in new.items():
        old[name] = _merge(old[name], node, f"{where}.{name}") if name in old else node
    return old


def _as_object(node: _Node, where: str) -> dict[str, _Node]:
    if isinstance(node, str):
        raise InvalidQuery(where, f"given both as {shown(node)} and with names in brackets")
    return node.by_name() if isinstance(node, _List) else node


def _plain(node: _Node) -> Any:
    if isinstance(node, str):
        return node
    if isinstance(node, _List):
        return [_plain(node.items[index]) for index in sorted(node.items)]
    return {name: _plain(inner) for name, inner in node.items()}
