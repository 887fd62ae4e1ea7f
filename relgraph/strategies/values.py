"""Values: what a column of each field type holds.

In: a `Field`. Out: pools of stored values, and strategies of the more usual ones. Most are of a few, so that keys meet,
filters find something and groups have members, and are awkward in between: wildcards, letters of many scripts, 64-bit
integers, moments before 1970. The simplest stand first, so that values shrink to them. Nothing here fails.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import Final

from hypothesis import strategies as st

from relgraph.schema import Field
from relgraph.strategies.choosing import Pool
from relgraph.values import INTEGERS, TEXTS, FieldType, Stored, instant

SPECIAL_TEXTS: Final = (
    "a", "A", "b", "ab", "Ab", "%", "_", "a_b", "a%", "\\", "'", '"', "null", "true", "1", "10", "01", "1.0", " a",
    "a ", "é", "É", "e\u0301", "ß", "SS", "İ", "ı", "Ω", "日本", "🙂", "a\x00b", "\x00", "a,b", "2024-01-15", "[1]",
)  # fmt: skip
DAYS: Final = ("2024-01-15", "2023-12-31", "2024-02-29", "1970-01-01", "1969-12-31", "9999-12-31", "0001-01-01")
SHAPES: Final = (
    '{"type": "Point", "coordinates": [1, 1]}',
    '{"type": "Point", "coordinates": [5, 5]}',
    '{"type": "LineString", "coordinates": [[0, 0], [2, 2]]}',
    '{"type": "Polygon", "coordinates": [[[0, 0], [3, 0], [3, 3], [0, 0]]]}',
)
MOMENTS: Final = (
    "2024-01-15", "2024-01-15 10:20:30", "2024-01-15T10:20:30", "2024-01-15T10:20:30.500Z", "2024-01-15 12:20:30+02:00",
    "1969-12-31 23:59:59.999", "1970-01-01", "2023-12-31", "2024-02-29 00:00:00", "0001-01-01", "9999-12-31 23:59:59",
)  # fmt: skip
CLOCKS: Final = ("00:00:00", "10:20:30", "10:20", "23:59:59", "09:05:07")
SMALL_INTEGERS: Final = Pool((2, range(5)), (1, (*range(13), -1, -2, -3)))
COMMON_TEXTS: Final = ("a", "b", "A", "ab", "é")
_UUIDS: Final = (
    "0f8fad5b-d9cb-469f-a165-70867728950e",
    "0F8FAD5B-D9CB-469F-A165-70867728950E",
    "7c9e6679-7425-40de-944b-e07fc1f90ae7",
)
_DOCUMENTS: Final = ("[]", "null", "true", "1", '"a"', "[1, [2], null]", "{}", '{"a": {"b": [1, "x"]}}', '[{"a": 1}]')
_BIG_INTEGERS: Final = (2**31, 2**53 - 1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), -(2**53) - 1)
_SHORT_TEXTS: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
_TEXTS: Final = Pool((4, COMMON_TEXTS), (3, SPECIAL_TEXTS), (1, _SHORT_TEXTS))
_INTEGERS: Final = Pool((3, SMALL_INTEGERS), (1, _BIG_INTEGERS))
_FLOATS: Final = Pool((1, (0.0, 1.0, 0.1, 0.2, -1.5, 2.5, 10.0, 1e300, -1e-300, 2.0**53, float("inf"))))
_MOMENTS: Final = Pool((1, MOMENTS))
_BLOBS: Final = Pool((1, (b"", b"a", b"ab", b"\x00\xff")))

texts: Final = _TEXTS.strategy
small_integers: Final = SMALL_INTEGERS.strategy
integers: Final = _INTEGERS.strategy
floats: Final = _FLOATS.strategy
moments: Final = _MOMENTS.strategy
clocks: Final = st.sampled_from(CLOCKS)
blobs: Final = _BLOBS.strategy
booleans: Final = st.sampled_from((0, 1))

_OF_TYPE: Final[dict[FieldType, Pool]] = {
    FieldType.STRING: _TEXTS,
    FieldType.TEXT: _TEXTS,
    FieldType.CSV: Pool((1, ("a", "a,b", "b,a,a", ""))),
    FieldType.UUID: Pool((1, _UUIDS)),
    FieldType.INTEGER: _INTEGERS,
    FieldType.BIG_INTEGER: _INTEGERS,
    FieldType.FLOAT: Pool((1, _FLOATS), (1, SMALL_INTEGERS.mapped(float))),
    FieldType.DECIMAL: Pool((1, _FLOATS), (1, SMALL_INTEGERS)),
    FieldType.BOOLEAN: Pool((1, (0, 1))),
    FieldType.DATE: Pool((1, DAYS)),
    FieldType.DATE_TIME: _MOMENTS,
    FieldType.TIMESTAMP: _MOMENTS,
    FieldType.TIME: Pool((1, CLOCKS)),
    FieldType.JSON: Pool((1, _DOCUMENTS)),
    FieldType.GEOMETRY: Pool((1, SHAPES)),
    FieldType.BINARY: _BLOBS,
    FieldType.ANY: Pool((1, _TEXTS), (1, SMALL_INTEGERS), (1, _FLOATS), (1, _BLOBS)),
}
_EPOCHS: Final = _MOMENTS.mapped(instant)
FIRST_KEYS: Final = Pool((1, range(1, 6)), (2, range(1, 10)), (2, _INTEGERS))
_SIZE: Final = re.compile(r"\(\s*(\d+)\s*\)")


def values_of(field: Field) -> Pool:
    """Give what belongs into a field, in the form in which its database keeps it; no NULL.

    >>> from relgraph.schema import Field
    >>> values_of(Field("notes", "done", FieldType.BOOLEAN)).strategy.example() in (0, 1)
    True
    """
    if field.codec.epoch:
        return _EPOCHS
    longest = _SIZE.search(field.declared_type) if field.type in TEXTS else None
    if longest is None or int(longest[1]) >= 10:  # no text above is longer
        return _OF_TYPE[field.type]
    return _shortened(field.type, int(longest[1]))


@cache
def named(pool: Pool) -> Pool:
    """Give the pool of what can be a key: all but the empty text, by which no item can be asked for.

    >>> named(Pool((1, ("", "b", 7)))).known
    ('a', 'b', 7)
    """
    return pool.mapped(lambda value: "a" if value == "" else value)


def known_values(field: Field) -> tuple[Stored, ...]:
    """Give those values that belong into a field which are not drawn from a strategy, each once.

    >>> from relgraph.schema import Field
    >>> known_values(Field("notes", "day", FieldType.DATE))[:2]
    ('2024-01-15', '2023-12-31')
    """
    return values_of(field).known


@cache
def _shortened(field_type: FieldType, size: int) -> Pool:
    return _OF_TYPE[field_type].mapped(lambda text: text[:size])


def numbered(field: Field, number: int) -> Stored:
    """Give the value of that number, from 0, that suits a field; other numbers give others, if the type has so many.

    >>> from relgraph.schema import Field
    >>> [numbered(Field("tags", "code", FieldType.STRING), number) for number in (0, 1, 26)]
    ['a', 'b', 'aa']
    """
    if field.codec.epoch or field.type in INTEGERS or field.type in (FieldType.DECIMAL, FieldType.ANY):
        return number + 1
    match field.type:
        case FieldType.BOOLEAN:
            return number % 2
        case FieldType.FLOAT:
            return float(number + 1)
        case FieldType.BINARY:
            return _letters(number).encode()
        case FieldType.DATE | FieldType.DATE_TIME | FieldType.TIMESTAMP:
            return datetime.fromtimestamp(number * 86_400, UTC).strftime("%Y-%m-%d")
        case FieldType.TIME:
            return f"{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}"
        case FieldType.JSON:
            return f"[{number}]"
        case FieldType.GEOMETRY:
            return f'{{"type": "Point", "coordinates": [{number}, 0]}}'
        case FieldType.UUID:
            return f"00000000-0000-4000-8000-{number:012x}"
    return _letters(number)


def _letters(number: int) -> str:
    letters = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(97 + letter) + letters
    return letters
