"""Cursors: opaque text that says behind which item the next page starts.

In: a query and the sort values of the last item of a page. Out: text for `cursor=`, and back again. The text is signed
by its query, so that a cursor of another query is refused with `InvalidQuery` instead of skipping items.
It is a bookmark, not a secret: whoever holds it can read the values in it.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode, urlsafe_b64encode
from binascii import a2b_base64
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from attrs import evolve, frozen

from relgraph.errors import InvalidQuery
from relgraph.query.ast import At, Compare, Condition, Group, Operand, Param, Quantified, Query
from relgraph.values import Stored

_HINT: Final = 'ask for the first page with cursor="", then hand on each result\'s .cursor unchanged'


# made once: json.dumps and json.loads look for them anew, which takes as long as the rest
_to_json: Final = json.JSONEncoder(separators=(",", ":")).encode  # infinities as Python writes them
# without what base64 and json.loads do around them, which takes 1 of the 2.4 µs of reading a cursor
_from_json: Final = json.JSONDecoder().raw_decode
_PLAIN_LETTERS: Final = bytes.maketrans(b"-_", b"+/")


@frozen
class Signer:
    """What all pages of one list share: its query without cursor, page size and counts.

    The operands of the filter stand apart, since they may be parameters: two pages are of one list when they are given
    the same arguments.
    """

    form: str
    operands: tuple[Operand, ...]

    @property
    def is_open(self) -> bool:
        """Whether only arguments say which list it is."""
        parts = [part for given in self.operands for part in (given if isinstance(given, tuple) else (given,))]
        return any(isinstance(part, Param) for part in parts)

    def sign(self, arguments: Mapping[str, Any]) -> str:
        """Give the signature of the pages for some arguments."""
        if not self.operands:
            return self.form[:16]
        values = [_given(operand, arguments) for operand in self.operands]
        return sha256(f"{self.form}{values!r}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


def signer_of(collection: str, query: Query) -> Signer:
    """Give what signs the cursors of a query.

    >>> one, other = Query(sort=("id",), limit=3), Query(sort=("id",), limit=9, cursor="x")
    >>> signer_of("articles", one) == signer_of("articles", other) != signer_of("authors", one)
    True
    """
    operands: list[Operand] = []
    form = _form(query.filter, operands)
    listed = evolve(query, filter=None, cursor=None, limit=None, meta=None)
    named = f"{collection}\0{listed!r}{form!r}".encode("utf-8", "surrogatepass")
    return Signer(sha256(named).hexdigest(), tuple(operands))


def _form(condition: Condition | None, operands: list[Operand]) -> Any:
    """Give a condition without its operands, which are put aside in the order they stand."""
    match condition:
        case Compare():
            operands.append(condition.operand)
            return condition.operator
        case Group():
            return condition.word, [_form(part, operands) for part in condition.parts]
        case At():
            return condition.key, _form(condition.inner, operands)
        case Quantified():
            return condition.word, _form(condition.inner, operands)
    return None


def _given(operand: Any, arguments: Mapping[str, Any]) -> Any:
    if isinstance(operand, Param):
        operand = arguments.get(operand.name, operand)
    return tuple([_given(each, arguments) for each in operand]) if isinstance(operand, (list, tuple)) else operand


def write_cursor(signature: str, values: tuple[Stored, ...]) -> str:
    """Give the text of a cursor.

    >>> read_cursor(write_cursor("s", (1, None, "a", b"b", 0.5)), "s", 5)
    (1, None, 'a', b'b', 0.5)
    """
    plain = [{"b": b64encode(value).decode()} if isinstance(value, bytes) else value for value in values]
    return urlsafe_b64encode(_to_json([signature, *plain]).encode()).decode().rstrip("=")


def read_cursor(text: str, signature: str, size: int) -> tuple[Stored, ...]:
    """Give the sort values that a page starts behind. `size` is the number of sort keys of the query.

    Raises: `InvalidQuery` for text that is no cursor, or a cursor of another query.
    """
    try:
        padded = text + "=" * (-len(text) % 4)
        found, _ = _from_json(a2b_base64(padded.encode().translate(_PLAIN_LETTERS)).decode())
    except (ValueError, RecursionError) as error:
        raise InvalidQuery("cursor", "this text is no cursor", _HINT) from error
    if not isinstance(found, list) or not found or found[0] != signature or len(found) != size + 1:
        raise InvalidQuery("cursor", "this is a cursor of another query", _HINT)
    try:
        return tuple([_value(value) for value in found[1:]])
    except (ValueError, TypeError, LookupError) as error:
        raise InvalidQuery("cursor", "this cursor is damaged", _HINT) from error


def _value(value: Any) -> Stored:
    if type(value) is str or value is None:  # most are; the rest of the tests takes five times as long
        return value
    if isinstance(value, dict):
        return b64decode(value["b"], validate=True)
    if isinstance(value, (list, bool)) or (isinstance(value, int) and not -(2**63) <= value < 2**63):
        raise ValueError(value)
    return value  # type: ignore[no-any-return]  # null, a number or a text
