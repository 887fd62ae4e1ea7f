"""The command that writes a part of a database into a new one: subset.

In: the words of one command. Out: the new file, and how many rows of which collection are in it. The source is opened
read-only.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from relgraph.cli import output, tables
from relgraph.cli.commands import group
from relgraph.cli.graph import key_of, width_of_terminal
from relgraph.cli.integrity import bar
from relgraph.cli.options import form_among, option
from relgraph.errors import listed
from relgraph.graph.subset import Subset
from relgraph.registry import RelationRegistry

_DATABASE: Final = click.Path(path_type=Path)


@group.command("subset")
@click.argument("database", type=_DATABASE)
@click.argument("collection")
@click.argument("key", nargs=-1)
@option("-o", "--output", "path", type=_DATABASE, required=True, help="The new file.", example="-o some.db")
@option(
    "--filter", metavar="JSON", help="Items that fulfil conditions.", example="""--filter '{"year": {"_gt": 1980}}'"""
)
@option("--sort", metavar="NAMES", help="The order, for --limit.", example="--sort -year")
@option("--limit", metavar="N", help="At most so many items.", example="--limit 100")
@option("--sample", type=int, metavar="N", help="So many items, evenly spread.", example="--sample 50")
@option("--with", "ways", multiple=True, metavar="PATH", help="What hangs on them, too.", example="--with tags.tags_id")
@option(
    "--depth", type=int, default=0, metavar="N", help="All that points at them, so many times.", example="--depth 1"
)
@option(
    "--mask",
    "masks",
    multiple=True,
    metavar="FIELD[=TEXT]",
    help="Write a text instead of what a field holds; without one NULL.",
    example="--mask authors.email",
)
@form_among("table", "json")
def subset(
    database: Path,
    collection: str,
    key: tuple[str, ...],
    path: Path,
    ways: tuple[str, ...],
    depth: int,
    masks: tuple[str, ...],
    form: str | None,
    **question: Any,
) -> None:
    """Write items of a COLLECTION, and all they need, into a new database.

    All that they point at comes along, and what that points at, so that nothing in the new file points at nothing that
    did not before. It is the same kind of database: tables, indexes, triggers, views and relations are all there.
    A key of several columns is written as a JSON list.

    \b
    Examples:
      relgraph subset my.db -o some.db authors 7 8 --with books
      relgraph subset my.db -o some.db orders --sample 100 --depth 1 --mask customers.email
    """
    form, asked = output.pick_form(form, None), {name: value for name, value in question.items() if value is not None}
    if bool(key) is bool(asked):
        raise click.UsageError("give keys, or else which items with --filter, --sort, --limit or --sample")
    with RelationRegistry(database, read_only=True) as registry, bar("writing") as progress:
        known = registry.schema.collections.get(collection)
        width = 1 if known is None else len(known.primary_key)
        roots = {collection: [key_of(each, width) for each in key] if key else asked}
        masked = dict(map(_mask, masks))
        made = registry.graph.subset(roots, path, ways, depth=depth, mask=masked, progress=progress)
    output.send([output.one_json(_told(made)) + "\n"] if form == "json" else _report(made))


def _mask(text: str) -> tuple[str, str | None]:
    name, sign, value = text.partition("=")
    return name, value if sign else None


def _told(made: Subset) -> dict[str, Any]:
    return {"counts": dict(made.counts), "dangling": dict(made.dangling), "unfilled": list(made.unfilled)}


def _report(made: Subset) -> Iterator[str]:
    rows = [{"collection": name, "rows": count} for name, count in made.counts.items()]
    yield from (f"{line}\n" for line in (tables.table(rows, width_of_terminal()) if rows else ("no rows",)))
    if made.dangling:
        pointing = listed([f"{name} ({count})" for name, count in made.dangling.items()], 20)
        yield tables.shown(f"point at nothing, as before: {pointing}") + "\n"
    if made.unfilled:
        yield tables.shown(f"virtual tables left empty: {listed(made.unfilled, 20)}") + "\n"
