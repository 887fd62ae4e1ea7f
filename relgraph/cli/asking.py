"""Asking: on whose behalf a command reads a Directus project's file.

In: a path, and who asks, if anybody is named. Out: a registry on the file, as they see it. Raises what opening does, a
usage error where two are named, and what `Access.from_directus` says of who is not there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
from attrs import frozen

from relgraph.access import Access
from relgraph.cli.options import option
from relgraph.registry import RelationRegistry

AS: Final = (
    option(
        "--as-user",
        metavar="ID",
        help="Read a Directus project's file as that user: only what they may see.",
        example="--as-user 6f9c1b0e-...",
    ),
    option("--as-role", metavar="ID", help="Read it as someone with that role.", example="--as-role 2f24211d-..."),
    option("--as-public", is_flag=True, help="Read it as anybody, without a login.", example="--as-public"),
)


@frozen
class Asker:
    """Who asks; nobody: whoever may read the file sees all of it."""

    user: str | None
    role: str | None
    public: bool

    def __attrs_post_init__(self) -> None:
        if sum((self.user is not None, self.role is not None, self.public)) > 1:
            raise click.UsageError("--as-user, --as-role and --as-public cannot be given together")

    def seen(self, registry: RelationRegistry) -> RelationRegistry:
        """Give a registry as who asks sees it."""
        if self.user is None and self.role is None and not self.public:
            return registry
        return registry.with_access(Access.from_directus(registry, user=self.user, role=self.role))


@contextmanager
def opened(database: Path, as_user: str | None, as_role: str | None, as_public: bool) -> Iterator[RelationRegistry]:
    """Open a file to read it, as who asks sees it; a policy that names addresses does not count."""
    asker = Asker(as_user, as_role, as_public)
    with RelationRegistry(database, read_only=True) as registry:
        yield asker.seen(registry)
