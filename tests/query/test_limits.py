"""Limits: numbers a caller may change, and no others."""

from __future__ import annotations

from typing import Any

import pytest

from relgraph import Limits
from relgraph.errors import InvalidPayload


@pytest.mark.parametrize("wrong", [{"max_depth": 0}, {"max_joins": -1}, {"max_cost": "9"}, {"max_fields": None}])
def test_a_limit_is_a_count(wrong: dict[str, Any]) -> None:
    """What is no whole number that can be kept is refused at once, under its name."""
    with pytest.raises(InvalidPayload) as caught:
        Limits(**wrong)
    assert [caught.value.where] == list(wrong)


def test_no_joins_and_no_default_are_limits() -> None:
    """A limit of nothing at all is one, and a default limit may be left open."""
    assert (Limits(max_joins=0).max_joins, Limits(default_limit=None).default_limit) == (0, None)
