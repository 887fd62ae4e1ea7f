"""Commands about the structure of a database: snapshot, diff, apply.

In: the words of one command. Out: a snapshot as JSON, or the steps that lead to one. Only `apply` changes the file.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click

from relgraph.cli import output, tables
from relgraph.cli.commands import group
from relgraph.cli.options import option
from relgraph.registry import RelationRegistry
from relgraph.snapshots.steps import Diff

_DATABASE: Final = click.Path(path_type=Path)
_SNAPSHOT: Final = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
_FORM: Final = option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="One line for each step, or all that is known of them.",
    example="--format json",
)


@group.command("snapshot")
@click.argument("database", type=_DATABASE)
@option("-o", "--output", "path", type=_SNAPSHOT, help="Write to a file.", example="-o structure.json")
def snapshot(database: Path, path: Path | None) -> None:
    """Give the structure of a database as JSON: its collections, fields and relations.

    Of a Directus project it is the snapshot that Directus itself gives; JSON is YAML, so its own tools read it.

    \b
    Example: relgraph snapshot my.db -o structure.json
    """
    output.keep_apart(database, path)
    with RelationRegistry(database, read_only=True) as registry:
        text = json.dumps(registry.snapshot(), indent=2, ensure_ascii=False) + "\n"
    output.send([text], None if path is None or str(path) == "-" else path)


@group.command("diff")
@click.argument("database", type=_DATABASE)
@click.argument("snapshot", type=_SNAPSHOT)
@_FORM
def diff(database: Path, snapshot: Path, form: str) -> None:
    """Say what `apply` would do, step by step; nothing is changed.

    SNAPSHOT is a file that `relgraph snapshot` or Directus wrote as JSON, or - for standard input.

    \b
    Example: relgraph diff my.db structure.json
    """
    wanted = _read(snapshot)
    with RelationRegistry(database, read_only=True) as registry:
        _show(registry.diff(wanted), form)


@group.command("apply")
@click.argument("database", type=_DATABASE)
@click.argument("snapshot", type=_SNAPSHOT)
@click.option("--dry-run", is_flag=True, help="Do and check everything, and take it back.")
@_FORM
def apply(database: Path, snapshot: Path, dry_run: bool, form: str) -> None:
    """Make a database what a snapshot says, all or nothing; a file that is not there is made.

    Collections and fields that the snapshot lacks are dropped with what they hold: look at `relgraph diff` first.

    \b
    Example: relgraph apply my.db structure.json
    """
    wanted = _read(snapshot)
    with _no_empty_file_left(database), RelationRegistry(database) as registry:
        _show(registry.apply(registry.diff(wanted), dry_run=dry_run), form)


@contextmanager
def _no_empty_file_left(database: Path) -> Iterator[None]:
    """Take a file away again that was opened new and got no content: after a refusal, or a dry run."""
    new = not database.exists()
    try:
        yield
    finally:
        if new and database.exists() and not database.stat().st_size:
            database.unlink()


def _read(path: Path) -> Any:
    """Read a snapshot from a file or standard input."""
    try:
        text = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"{path} is no JSON: {error}") from error


def _show(steps: Diff, form: str) -> None:
    if form == "json":
        output.send([json.dumps([step.to_dict() for step in steps], indent=2, ensure_ascii=False) + "\n"])
    else:
        output.send(f"{tables.shown(line)}\n" for line in str(steps).split("\n"))
