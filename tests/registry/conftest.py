"""Registries over a small shop and over a Directus project."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from relgraph import RelationRegistry
from tests.registry.shop import DATA, SHOP


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A file of a small shop, with one declared foreign key."""
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.executescript(SHOP)
    connection.close()
    return str(tmp_path / "shop.db")


@pytest.fixture
def registry(path: str) -> Iterator[RelationRegistry]:
    with RelationRegistry(path) as opened:
        yield opened


@pytest.fixture
def project(tmp_path: Path) -> Iterator[RelationRegistry]:
    """A copy of a Directus project."""
    shutil.copy(DATA / "project.db", tmp_path / "project.db")
    with RelationRegistry(tmp_path / "project.db") as opened:
        yield opened
