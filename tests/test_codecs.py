"""What `codecs` answer: alike however often it is asked, and as stored where they say so."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relgraph.codecs import BOOLEAN, CSV, EPOCH_CODECS, ISO_CODECS, JSON, Codec, _date, _Days
from tests.test_values import values


@given(st.lists(st.sampled_from([0, 0.0, 1, 1.0, 10**18, 1e18, "1", "1970-01-01", "1970-01-01 10:00", b"1"])))
def test_an_answer_does_not_depend_on_those_before(stored: list[int | float | str | bytes]) -> None:
    """Dates are answered alike however often they come, and equal numbers of two types each in its own type."""
    days = _Days(_date)
    answers = [days[value] for value in stored]
    assert [(type(one), one) for one in answers] == [(type(_date(one)), _date(one)) for one in stored]


@pytest.mark.parametrize("codec", [*EPOCH_CODECS.values(), *ISO_CODECS.values(), BOOLEAN, CSV, JSON], ids=str)
@given(value=st.none() | values | st.from_regex(r"\d{1,4}-\d\d-\d\d[T ]?(\d\d:\d\d)?Z?", fullmatch=True))
@example(value="2024-02-30")
@example(value="2024-01-01Z")
def test_what_is_kept_is_answered_as_stored(codec: Codec, value: object) -> None:
    """A value that a reader need not ask the codec about is one that the codec would leave as it is."""
    assert codec.answer is not None
    if eval(codec.kept.format(v="value")):
        assert value is None or codec.answer(value) is value  # type: ignore[arg-type]  # drawn so


def test_days_that_are_kept_ready_stay_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many dates are answered, no more than some years of them are kept."""
    monkeypatch.setattr("relgraph.codecs.DAYS_KEPT", 3)
    days = _Days(str)
    assert [days[value] for value in (1, 2, 3, 4, 4.0, 1)] == ["1", "2", "3", "4", "4", "1"]
    assert len(days) <= 3
