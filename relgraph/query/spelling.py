"""Spelling: the ways a query may write a text, a number, a list of names or an object, read into one plain form.

In: a value as Python, JSON or a URL gave it, and where it stood. Out: str, int, tuple of str, dict. What has another
shape fails with `InvalidQuery`, always before anything is built from it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from relgraph.errors import InvalidQuery, shown
from relgraph.query.ast import Param

LARGEST_NUMBER: Final = 2**53 - 1  # beyond it a JSON number is no longer exact in most readers
NESTING: Final = 100  # levels of lists and objects inside each other, far below Python's own limit on recursion

_DECIMAL: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_BASES: Final = {"0x": 16, "0o": 8, "0b": 2}


def read_text(value: Any, where: str) -> str:
    """Give `value` as plain text.

    >>> read_text("id", "fields")
    'id'
    """
    if not isinstance(value, str):
        raise InvalidQuery(where, f"a text is wanted, not {shown(value)}")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise InvalidQuery(where, "the text holds half of a surrogate pair", "write it as UTF-8") from error
    return value if type(value) is str else str.__str__(value)


# --- names -----------------------------------------------------------------------------------------------------------


def split_names(text: str, where: str) -> list[str]:
    """Give the parts of `text` between commas, where commas inside parentheses do not count.

    >>> split_names("id,json(meta, lang)", "fields")
    ['id', 'json(meta, lang)']
    """
    if "(" not in text:
        return text.split(",")
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        if letter == "(":
            depth += 1
        elif letter == ")":
            depth = max(depth - 1, 0)
        elif letter == "," and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    if depth:
        raise InvalidQuery(where, f"a parenthesis is not closed in {shown(text)}")
    return [*parts, text[start:]]


def read_names(value: Any, where: str, *, lists_hold_csv: bool = True, trim: bool = True) -> tuple[str, ...] | None:
    """Give the names that a CSV text, or a list of them, holds; None when nothing was given.

    >>> read_names("id, title", "fields"), read_names(["id", ["a,b"]], "fields"), read_names("", "fields")
    (('id', 'title'), ('id', 'a', 'b'), None)
    """
    if value is None:
        return None
    if isinstance(value, str):
        text = read_text(value, where)
        names = split_names(text, where) if text else None
    elif isinstance(value, (list, tuple)):
        names = []
        for entry in flat(value, where):
            text = read_text(entry, where)
            names += split_names(text, where) if lists_hold_csv and "," in text else (text,)
    else:
        raise InvalidQuery(where, f"a list of names is wanted, not {shown(value)}")
    if names is None:
        return None
    if trim:
        names = [name.strip() for name in names]
        if "" in names:
            raise InvalidQuery(where, "a name is empty", "look for a comma too many")
    return tuple(names)


def flat(values: list[Any] | tuple[Any, ...], where: str, level: int = 1) -> Iterator[Any]:
    """Yield what a list holds, and what lists in it hold.

    >>> list(flat([1, [2, [3]]], "filter"))
    [1, 2, 3]
    """
    check_nesting(level, where)
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from flat(value, where, level + 1)
        else:
            yield value


def check_nesting(level: int, where: str) -> None:
    """Raise `InvalidQuery` when lists and objects stand deeper inside each other than any honest query needs.

    >>> check_nesting(7, "filter")
    """
    if level > NESTING:
        raise InvalidQuery(where, f"lists and objects are nested more than {NESTING} levels deep")


# --- numbers ---------------------------------------------------------------------------------------------------------


def number_of(text: str) -> int | float | None:
    """Give the number a text spells, in the spellings JavaScript's `Number` takes; None when it spells none.

    Blank text spells none. Whole numbers are exact, however long.

    >>> [number_of(text) for text in ("10", " 1e1 ", "0x1f", "-.5", "1_0", "ten", "")]
    [10, 10, 31, -0.5, None, None, None]
    """
    text = text.strip()
    try:
        if _DECIMAL.fullmatch(text):
            return int(text) if text.lstrip("+-").isdigit() else _whole(float(text))
        base = _BASES.get(text[:2].lower())
        return int(text[2:], base) if base and text[2:].isalnum() and text.isascii() else None
    except ValueError:  # a digit the base does not have, or more digits than Python converts
        return None


def _whole(number: float) -> int | float:
    return int(number) if number.is_integer() and abs(number) <= LARGEST_NUMBER else number


def read_count(value: Any, where: str, least: int) -> int | Param | None:
    """Give a whole number of at least `least`, the parameter that will be one, or None when nothing was given.

    >>> read_count("1e1", "limit", -1), read_count([3], "limit", -1), read_count("", "limit", -1)
    (10, 3, None)
    """
    if value is None or isinstance(value, Param):
        return value
    number = _number(value)
    if number is None and _is_blank(value):
        return None
    if not isinstance(number, int) or not least <= number <= LARGEST_NUMBER:
        raise InvalidQuery(where, f"a whole number from {least} is wanted, not {shown(value)}")
    return number


def _number(value: Any) -> int | float | None:
    if isinstance(value, (list, tuple)) and len(value) == 1 and not isinstance(value[0], (list, tuple, bool)):
        value = value[0]  # as JavaScript turns a list of one into a number
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _whole(value)
    return number_of(value) if isinstance(value, str) else None


def _is_blank(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return len(value) == 0 or (len(value) == 1 and isinstance(value[0], str) and not value[0].strip())
    return isinstance(value, str) and not value.strip()


# --- objects ---------------------------------------------------------------------------------------------------------


def read_json(text: str, where: str) -> Any:
    """Give what JSON text means; NaN, Infinity and a key that stands twice in an object are no JSON here.

    >>> read_json('{"views": {"_gt": 3}}', "filter")
    {'views': {'_gt': 3}}
    """
    try:
        return json.loads(text, object_pairs_hook=_distinct_keys, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise InvalidQuery(where, "the JSON text is nested too deep") from error
    except ValueError as error:
        raise InvalidQuery(where, f"not a valid JSON text: {error}") from error


def _distinct_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def read_object(value: Any, where: str) -> Mapping[str, Any] | None:
    """Give an object, or the object a JSON text spells, with text keys; None when nothing was given.

    >>> read_object('{"headline": "title"}', "alias"), read_object("", "alias")
    ({'headline': 'title'}, None)
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        value = read_json(value, where)
    if not isinstance(value, Mapping):
        raise InvalidQuery(where, f"an object is wanted, not {shown(value)}")
    for key in value:
        read_text(key, where)
    return value
