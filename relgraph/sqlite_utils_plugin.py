"""The sqlite-utils plugin: `sqlite-utils relgraph ...` is the command line of relgraph.

In: the commands of sqlite-utils. Out: one more among them. The command line is imported when it is asked for and not
before, so sqlite-utils starts and works as without the plugin, even where relgraph cannot be imported.
"""

from __future__ import annotations

from typing import Any

import click
from sqlite_utils import hookimpl


class Later(click.Command):
    """A command that is imported when it is first run."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Import the command line and let it read the words. An import that fails is one line on stderr."""
        try:
            from relgraph.cli import group
        except ImportError as error:
            raise click.ClickException(f"relgraph cannot be loaded: {error}") from error
        return group.make_context(info_name, args, parent, **extra)


@hookimpl
def register_commands(cli: click.Group) -> None:
    """Add the command to those of sqlite-utils."""
    cli.add_command(Later("relgraph", help="Ask nested questions over the relations of a database."))
