"""Peers: the same questions asked of the usual libraries, in the way their documentation shows.

In: a database file. Out: for each installed library, the forms it answers. All use the pragmas that relgraph uses. A
form that a library has no words for is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from attrs import frozen

Forms = dict[str, Callable[..., Any]]

PRAGMAS: Final = {"cache_size": -65536, "mmap_size": 1 << 30, "temp_store": "MEMORY"}


@frozen
class Peer:
    """A library: its name in tables, its distribution, the module here that speaks its language."""

    name: str
    distribution: str
    module: str

    @property
    def version(self) -> str | None:
        """The installed version, or None."""
        try:
            return version(self.distribution)
        except PackageNotFoundError:
            return None

    def forms(self, path: Path) -> Forms:
        """Open the database with the library, and give the forms it answers."""
        forms: Forms = import_module(f"benchmarks.peers.{self.module}").forms(path)
        return forms


PEERS: Final = (
    Peer("SQLAlchemy Core", "sqlalchemy", "sqlalchemy_core"),
    Peer("SQLAlchemy ORM", "sqlalchemy", "sqlalchemy_orm"),
    Peer("Django", "django", "django_orm"),
    Peer("Peewee", "peewee", "peewee_orm"),
    Peer("sqlite-utils", "sqlite-utils", "plain_sqlite_utils"),
)
