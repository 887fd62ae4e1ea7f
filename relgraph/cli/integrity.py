"""Commands that keep a database consistent: audit, repair, guard, unguard.

In: the words of one command. Out: a report or a plan, as text or JSON. `repair --apply`, `guard` and `unguard` change
the file.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click

from relgraph.cli import output, tables
from relgraph.cli.commands import group
from relgraph.cli.options import form_among, option
from relgraph.integrity.data_rules import Progress
from relgraph.integrity.guards import own_names
from relgraph.integrity.plans import Plan
from relgraph.integrity.problems import Audit
from relgraph.registry import RelationRegistry

_DATABASE: Final = click.Path(path_type=Path)
_RULE: Final = option(
    "--rule", "rules", multiple=True, metavar="SLUG", help="Look at this rule only.", example="--rule dangling-m2o"
)


@group.command("audit")
@click.argument("database", type=_DATABASE)
@form_among("table", "json")
@_RULE
@option(
    "--collection",
    "collections",
    multiple=True,
    metavar="NAME",
    help="Look at these rows only.",
    example="--collection books",
)
@click.pass_context
def audit(
    context: click.Context, database: Path, form: str | None, rules: tuple[str, ...], collections: tuple[str, ...]
) -> None:
    """Say what is wrong in a database: in the definitions of its relations, and in its rows.

    Rows that point at nothing, junction rows with an empty side, links made twice, keys spelled in another form,
    items that are their own ancestors, lists without an order. Nothing is written.

    \b
    Exit status: 0 no errors, though there may be warnings; 1 there are.
    Examples: relgraph audit my.db
              relgraph audit my.db --rule dangling-m2o --rule key-form --format json
    """
    form = output.pick_form(form, None)
    with RelationRegistry(database, read_only=True) as registry, bar("looking at") as progress:
        found = registry.audit(collections or None, rules or None, progress=progress)
    output.send([output.one_json(found.to_dict()) + "\n"] if form == "json" else _report(found))
    if found.errors:
        context.exit(1)


@group.command("repair")
@click.argument("database", type=_DATABASE)
@form_among("table", "json")
@_RULE
@option(
    "--strategy",
    "strategies",
    multiple=True,
    metavar="RULE=HOW",
    help="What to do about a rule: nullify, delete, keep-first, normalise or reorder.",
    example="--strategy dangling-m2o=delete",
)
@click.option("--apply", "applied", is_flag=True, help="Do it; without this nothing is written.")
def repair(
    database: Path, form: str | None, rules: tuple[str, ...], strategies: tuple[str, ...], applied: bool
) -> None:
    """Say how what `audit` finds would be mended, or mend it with --apply, all or nothing.

    What loses the least is done: rows that point at nothing let go of their key, junction rows that link nothing and
    links made twice are deleted, keys are spelled as they are meant, lists are numbered. What only a person can decide
    is left, and said.

    \b
    Examples: relgraph repair my.db
              relgraph repair my.db --strategy tree-cycle=nullify --apply
    """
    form, chosen = output.pick_form(form, None), dict(_strategy(text) for text in strategies)
    with RelationRegistry(database, read_only=not applied) as registry:
        with bar("looking at") as progress:
            found = registry.audit(rules=rules or None, progress=progress)
        with bar("mending") as progress:
            plan = registry.repair(found, dry_run=not applied, strategies=chosen, progress=progress)
    output.send([output.one_json(plan.to_dict()) + "\n"] if form == "json" else _steps(plan))


def _strategy(text: str) -> tuple[str, str]:
    rule, sign, how = text.partition("=")
    if not sign:
        raise click.UsageError(f"--strategy {text!r} does not say what to do; write it as {text}=nullify")
    return rule.strip(), how.strip()


@group.command("guard")
@click.argument("database", type=_DATABASE)
def guard(database: Path) -> None:
    """Have a database itself refuse rows that break its relations, whatever program writes to it.

    It gets triggers, and unique indexes on its junctions, whose names start with relgraph_. They refuse a key that
    points at nothing, half a link and a link made twice; when an item goes, what points at it follows or keeps it.
    Where rows break a relation already nothing is done: see `audit` and `repair`. Done again, it brings back what was
    lost, as when another program made a table anew.

    \b
    Example: relgraph guard my.db
    """
    _existing(database)
    with RelationRegistry(database) as registry:
        registry.guard()
        names = own_names(registry.database)
    output.send([f"{tables.shown(str(database))} is guarded by {len(names)} triggers and indexes\n"])


@group.command("unguard")
@click.argument("database", type=_DATABASE)
def unguard(database: Path) -> None:
    """Take away all that `guard` has made, and nothing else.

    \b
    Example: relgraph unguard my.db
    """
    _existing(database)
    with RelationRegistry(database) as registry:
        names = own_names(registry.database)
        registry.unguard()
    output.send([f"{tables.shown(str(database))}: {len(names)} triggers and indexes dropped\n"])


def _existing(database: Path) -> None:
    """Refuse a path where there is no database: to open it for writing would make one."""
    RelationRegistry(database, read_only=True).close()


# --- text for a person -----------------------------------------------------------------------------------------------


def _report(found: Audit) -> Iterator[str]:
    """Yield the problems as a table, and how many there are of each severity."""
    rows: list[dict[str, Any]] = [
        {
            "severity": each.severity,
            "rule": each.rule,
            "relation": each.relation,
            "rows": each.count or None,
            "what is wrong": each.sentence,
            "what repair does": each.fix,
        }
        for each in found
    ]
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    yield from (f"{line}\n" for line in (tables.table(rows, width) if rows else ()))
    yield (
        ", ".join(f"{count} of severity {severity}" for severity, count in found.counts.items() if count)
        or "no problems"
    )
    yield "\n"


def _steps(plan: Plan) -> Iterator[str]:
    yield from (f"{tables.shown(line)}\n" for line in str(plan).split("\n"))
    if plan and not plan.done:
        yield "nothing was written; --apply does it\n"


@contextmanager
def bar(label: str) -> Iterator[Progress | None]:
    """Give what shows on stderr how far the work is, while a person looks on."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=1, label=label, file=sys.stderr, item_show_func=_shown) as bar:

        def progress(done: int, total: int, relation: str) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos, relation)

        yield progress


def _shown(relation: str | None) -> str | None:
    return relation and tables.shown(relation)
