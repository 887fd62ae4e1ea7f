"""What the tests of the graph share: the recorded data set, opened read-only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from relgraph import RelationRegistry

DATASET = Path(__file__).parents[1] / "data" / "dataset.db"


@pytest.fixture
def dataset() -> Iterator[RelationRegistry]:
    """Give the recorded Directus project, which nothing can write to."""
    with RelationRegistry(DATASET, read_only=True) as registry:
        yield registry
