"""Values as strategies: what a column of each field type holds.

In: a `Field`. Out: strategies of stored values. They come from small pools more often than not, so that keys meet,
filters find something and groups have members, and are awkward in between: wildcards, letters of many scripts, 64-bit
integers, moments before 1970. The simplest stand first, so that values shrink to them. Nothing here fails.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from hypothesis import strategies as st

from relgraph.schema import Field
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
_UUIDS: Final = (
    "0f8fad5b-d9cb-469f-a165-70867728950e",
    "0F8FAD5B-D9CB-469F-A165-70867728950E",
    "7c9e6679-7425-40de-944b-e07fc1f90ae7",
)

common_texts: Final = st.sampled_from(("a", "b", "A", "ab", "é"))
special_texts: Final = st.sampled_from(SPECIAL_TEXTS)
short_texts: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
texts: Final = common_texts | common_texts | special_texts | short_texts
small_integers: Final = st.integers(0, 4) | st.integers(0, 4) | st.integers(-3, 12)
big_integers: Final = st.sampled_from((2**31, 2**53 - 1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), -(2**53) - 1))
integers: Final = small_integers | small_integers | small_integers | big_integers
floats: Final = st.sampled_from((0.0, 1.0, 0.1, 0.2, -1.5, 2.5, 10.0, 1e300, -1e-300, 2.0**53, float("inf")))
days: Final = st.sampled_from(DAYS)
moments: Final = st.sampled_from((
    "2024-01-15", "2024-01-15 10:20:30", "2024-01-15T10:20:30", "2024-01-15T10:20:30.500Z", "2024-01-15 12:20:30+02:00",
    "1969-12-31 23:59:59.999", "1970-01-01", "2023-12-31", "2024-02-29 00:00:00", "0001-01-01", "9999-12-31 23:59:59",
))  # fmt: skip
clocks: Final = st.sampled_from(("00:00:00", "10:20:30", "10:20", "23:59:59", "09:05:07"))
documents: Final = st.sampled_from(
    ("[]", "null", "true", "1", '"a"', "[1, [2], null]", "{}", '{"a": {"b": [1, "x"]}}', '[{"a": 1}]')
)
blobs: Final = st.sampled_from((b"", b"a", b"ab", b"\x00\xff"))
booleans: Final = st.sampled_from((0, 1))

_OF_TYPE: Final[dict[FieldType, st.SearchStrategy[Any]]] = {
    FieldType.STRING: texts,
    FieldType.TEXT: texts,
    FieldType.CSV: st.sampled_from(("a", "a,b", "b,a,a", "")),
    FieldType.UUID: st.sampled_from(_UUIDS),
    FieldType.INTEGER: integers,
    FieldType.BIG_INTEGER: integers,
    FieldType.FLOAT: floats | small_integers.map(float),
    FieldType.DECIMAL: floats | small_integers,
    FieldType.BOOLEAN: booleans,
    FieldType.DATE: days,
    FieldType.DATE_TIME: moments,
    FieldType.TIMESTAMP: moments,
    FieldType.TIME: clocks,
    FieldType.JSON: documents,
    FieldType.GEOMETRY: st.sampled_from(SHAPES),
    FieldType.BINARY: blobs,
    FieldType.ANY: texts | small_integers | floats | blobs,
}
_EPOCHS: Final = moments.map(instant)
_SIZE: Final = re.compile(r"\(\s*(\d+)\s*\)")


def stored_values(field: Field) -> st.SearchStrategy[Stored]:
    """Give a strategy of values that belong into a field, in the form in which its database keeps them; no NULL.

    >>> from relgraph.schema import Field
    >>> stored_values(Field("notes", "done", FieldType.BOOLEAN)).example() in (0, 1)
    True
    """
    if field.codec.epoch:
        return _EPOCHS
    longest = _SIZE.search(field.declared_type) if field.type in TEXTS else None
    if longest is None or int(longest[1]) >= 10:  # no text above is longer
        return _OF_TYPE[field.type]
    size = int(longest[1])
    return _OF_TYPE[field.type].map(lambda text: text[:size])


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
