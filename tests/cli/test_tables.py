"""Tables: what a person sees of nested items, whatever the width and the letters."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from relgraph.cli.tables import cut, record, shown, table, width_of, wrap

MARS = {
    "name": "Mars",
    "star": {"name": "Sun", "age": None},
    "moons": [{"name": "Phobos", "km": 11.1}, {"name": "Deimos", "km": 6}],
    "codes": ["a", "b"],
    "visited": True,
    "photo": b"123",
}
LONG = {"text": "x" * 200, "number": 1234567890123, "other": "y" * 90}

values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=30)
    | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
rows = st.lists(st.dictionaries(st.text(max_size=5), values, min_size=1, max_size=4), min_size=1, max_size=4)


def test_related_items_stand_in_columns_and_lists_below_each_other() -> None:
    """To-one values are columns with dotted names, to-many ones stand below each other, numbers to the right."""
    assert list(table([MARS])) == [
        "name  star.name  star.age  moons.name  moons.km  codes  visited  photo",
        "────  ─────────  ────────  ──────────  ────────  ─────  ───────  ─────────",
        "Mars  Sun                  Phobos          11.1  a, b   true     <3 bytes>",
        "                           Deimos             6",
    ]


def test_missing_related_items_leave_no_column() -> None:
    """A null or empty relation has no column of its own beside the columns of those that are there."""
    items = [{"name": "x", "star": None, "moons": []}, {"name": "y", "star": {"name": "Sun"}, "moons": [{"id": 1}]}]
    assert next(table(items)).split() == ["name", "star.name", "moons.id"]


def test_bare_keys_have_a_heading() -> None:
    """Bare keys, single or composite, are a column of that name."""
    assert [line.strip() for line in table([7, [1, 2]])] == ["key", "────", "7", "1, 2"]


def test_headings_are_cut_before_texts() -> None:
    """Where room is short a heading loses its beginning, and no value is cut."""
    items = [{"artist": {"biographical_name": "Björk", "year": 1965}}]
    assert list(table(items, 24)) == [
        "…hical_name  artist.year",
        "───────────  ───────────",
        "Björk               1965",
    ]


def test_wide_texts_are_cut_and_numbers_are_not() -> None:
    """A line is never wider than the terminal; the widest text gives way, a number stays whole."""
    lines = list(table([LONG], 60))
    assert max(map(width_of, lines)) == 60
    assert "1234567890123" in lines[2]
    assert lines[2].count("…") == 2


def test_too_many_columns_are_written_below_each_other() -> None:
    """Where even short texts do not fit side by side, each item has a line for each field."""
    items = [{f"field_{number}": "some text" for number in range(9)}] * 2
    lines = list(table(items, 40))
    assert lines[0] == "── 1 of 2 ──"
    assert lines[1] == "field_0  some text"
    assert lines[11] == "── 2 of 2 ──"


def test_a_record_wraps_long_texts() -> None:
    """One item by itself is shown whole: long texts go on below, lists of related items are tables."""
    lines = list(record({"id": 1, "text": "one two three four five six", "moons": [{"id": 1}]}, 24))
    assert lines == ["id    1", "text  one two three four", "      five six", "moons", "  id", "  ──", "   1"]


def test_wide_letters_are_counted() -> None:
    """Columns line up under letters that take two columns, and under marks that take none."""
    lines = list(table([{"a": "日本", "b": "e\u0301", "c": 1}, {"a": "x", "b": "y", "c": 2}]))
    assert [width_of(line) for line in lines[2:]] == [10, 10]


def test_nothing_steers_the_terminal() -> None:
    """Control characters, changes of direction and half surrogates are spelled out; other letters stay."""
    assert shown("a\tb\x1b[2J\x9b\u202e\ud800\u2028é日") == "a\\tb\\x1b[2J\\x9b\\u202e\\ud800\\u2028é日"
    assert list(table([{"a\nb": "c\r"}]))[0::2] == ["a\\nb", "c\\r"]


@given(rows=rows, width=st.integers(1, 200))
def test_every_line_fits(rows: list[dict[str, Any]], width: int) -> None:
    """Whatever items hold, no line of their table goes past the terminal, unless a number or a name alone does."""
    wide = max(width, 24)
    for line in table(rows, width):
        assert line == shown(line)
        assert width_of(line) <= wide or "…" not in line


@given(text=st.text(), width=st.integers(2, 40))
def test_cutting_and_wrapping(text: str, width: int) -> None:
    """What is cut fits and starts as the text does; what is wrapped fits and loses blanks only."""
    short = cut(text, width)
    assert width_of(short) <= width
    assert text.startswith(short.removesuffix("…")) or short == text
    lines = list(wrap(text, width))
    assert max(map(width_of, lines)) <= width
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
