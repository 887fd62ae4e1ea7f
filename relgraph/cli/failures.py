"""Failures: an error as one line on stderr, and the status the process ends with.

In: what a command raised. Out: "relgraph: ..." and 1 (the database or a file is at fault), 2 (the command or the
question is) or 130 (interrupted). Everything else is a defect, and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

from relgraph.cli.tables import shown
from relgraph.errors import DatabaseError, RelgraphError


class Failure(click.ClickException):
    """The database or a file is at fault; printed in one line."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the line to stderr, or to `file`."""
        click.echo(f"relgraph: {shown('; '.join(self.message.splitlines()))}", file=file, err=file is None)


class Mistake(Failure):
    """The words of the command, or the question, are at fault."""

    exit_code = 2


class Interrupted(Failure):
    """The person at the keyboard has seen enough."""

    exit_code = 130


@contextmanager
def as_failures() -> Iterator[None]:
    """Turn what a person or the disk can be blamed for into a `Failure`; click itself ends silently on a closed pipe.

    >>> with as_failures():
    ...     raise FileExistsError(17, "File exists", "out.csv")
    Traceback (most recent call last):
    ...
    relgraph.cli.failures.Failure: out.csv: File exists
    """
    try:
        yield
    except click.UsageError as error:
        raise Mistake(_usage(error)) from error
    except RelgraphError as error:
        raise (Failure if isinstance(error, DatabaseError) else Mistake)(str(error)) from error
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Failure(f"{error.filename or 'output'}: {error.strerror or error}") from error
    except KeyboardInterrupt as error:
        raise Interrupted("interrupted") from error


def _usage(error: click.UsageError) -> str:
    """Give what is wrong with the words of a command, and where to read which are right."""
    help_ = f" (see {error.ctx.command_path} --help)" if error.ctx is not None else ""
    return error.format_message().rstrip(".") + help_


class Group(click.Group):
    """A group of commands whose failures are one line each, also where another program runs the group."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the group's own words."""
        with as_failures():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Read the words of the command, and run it."""
        with as_failures():
            return super().invoke(ctx)
