"""Cursors: opaque text that says behind which item the next page starts.

In: a query and the sort values of the last item of a page. Out: text for `cursor=`, and back again. The text is signed
by the shape of its query, so that a cursor of another query is refused with `InvalidQuery` instead of skipping items.
It is a bookmark, not a secret: whoever holds it can read the values in it.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any, Final

from attrs import evolve, frozen

from relgraph.errors import InvalidQuery
from relgraph.query.ast import Query
from relgraph.values import Stored

_HINT: Final = 'ask for the first page with cursor="", then hand on each result\'s .cursor unchanged'


@frozen
class After:
    """Where a page starts: behind the item with these sort values, or at the beginning (None)."""

    signature: str
    values: tuple[Stored, ...] | None


def signature_of(collection: str, query: Query) -> str:
    """Give what two pages of one list share: the query without its cursor and its page size.

    >>> one, other = Query(sort=("id",), limit=3), Query(sort=("id",), limit=9, cursor="x")
    >>> signature_of("articles", one) == signature_of("articles", other) != signature_of("authors", one)
    True
    """
    listed = evolve(query, cursor=None, limit=None, meta=None)
    return sha256(f"{collection}\0{listed!r}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


def write_cursor(signature: str, values: tuple[Stored, ...]) -> str:
    """Give the text of a cursor.

    >>> after = read_cursor(write_cursor("s", (1, None, "a", b"b", 0.5)), "s", 5)
    >>> after.values
    (1, None, 'a', b'b', 0.5)
    """
    plain = [{"b": b64encode(value).decode()} if isinstance(value, bytes) else value for value in values]
    text = json.dumps([signature, *plain], separators=(",", ":"))  # infinities as Python writes them, read back below
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str, signature: str, size: int) -> After:
    """Give where a page starts. `size` is the number of sort keys of the query.

    Raises: `InvalidQuery` for text that is no cursor, or a cursor of another query.
    """
    if text == "":
        return After(signature, None)
    try:
        found = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError) as error:
        raise InvalidQuery("cursor", "this text is no cursor", _HINT) from error
    if not isinstance(found, list) or not found or found[0] != signature or len(found) != size + 1:
        raise InvalidQuery("cursor", "this is a cursor of another query", _HINT)
    try:
        return After(signature, tuple(_value(value) for value in found[1:]))
    except (ValueError, TypeError, LookupError) as error:
        raise InvalidQuery("cursor", "this cursor is damaged", _HINT) from error


def _value(value: Any) -> Stored:
    if isinstance(value, dict):
        return b64decode(value["b"], validate=True)
    if isinstance(value, (list, bool)) or (isinstance(value, int) and not -(2**63) <= value < 2**63):
        raise ValueError(value)
    return value  # type: ignore[no-any-return]  # null, a number or a text
