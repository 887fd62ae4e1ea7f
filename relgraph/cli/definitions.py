"""Commands about definitions: relations (list, create, update, delete) and check.

In: the words of one command. Out: relations, or what is wrong with them, as text or JSON. Only `create`, `update` and
`delete` change the file, all or nothing.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import click

from relgraph.changes.shaping import place_in
from relgraph.cli import output, relations, tables
from relgraph.cli.asking import AS, opened
from relgraph.cli.commands import group
from relgraph.cli.options import all_of, form_among, option
from relgraph.errors import InvalidPayload, RuleViolation
from relgraph.registry import RelationRegistry
from relgraph.relation import ACTIONS, Relation
from relgraph.rules import RULES, violations
from relgraph.schema import Schema

_DATABASE: Final = click.Path(path_type=Path)
_LIST: Final = "list"


class Relations(click.Group):
    """The commands about relations; with the name of a database instead of one of them, it lists relations."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words, putting `list` before what is no command."""
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = [_LIST, *args]
        return super().parse_args(ctx, args)


@group.group("relations", cls=Relations, subcommand_metavar="DATABASE [COLLECTION] | COMMAND ...")
def relations_group() -> None:
    """Show the relations of a database, or make, change and delete them.

    \b
    Examples: relgraph relations my.db
              relgraph relations my.db books --format json
              relgraph relations create my.db books.author authors --one-field books
              relgraph relations update my.db 3 --on-delete CASCADE
              relgraph relations delete my.db 3
    """


@relations_group.command(_LIST)
@click.argument("database", type=_DATABASE)
@click.argument("collection", required=False)
@form_among("table", "json", "ndjson", "csv")
@all_of(AS)
def list_relations(
    database: Path, collection: str | None, form: str | None, as_user: str | None, as_role: str | None, as_public: bool
) -> None:
    """Show the relations of a database or COLLECTION; what `relgraph relations my.db` does.

    On a terminal they are a table, and a tree of the names that lead on from each collection: what stands in the tree
    can be used in --fields and --filter. → leads to one item, ⇉ to many. A relation without an id was found from a
    foreign key and is stored nowhere. JSON and CSV give the stored form of each relation.

    \b
    Examples: relgraph relations my.db
              relgraph relations my.db books --format json
    """
    form = output.pick_form(form, None)
    with opened(database, as_user, as_role, as_public) as registry:
        found = tuple(registry) if collection is None else registry.in_collection(collection, touching=True)
        if form == "table":
            output.send(f"{line}\n" for line in relations.overview(registry.schema, found, collection, _width()))
        else:
            output.send(output.FORMS[form]((each.to_dict() for each in found), relations.COLUMNS))


# --- changing --------------------------------------------------------------------------------------------------------

_DOES: Final = f"{', '.join(ACTIONS[1:])} or nothing ({ACTIONS[0]})"
_PARTS: Final = (
    option("--one-field", metavar="NAME", help="The way back, on the one side.", example="--one-field books"),
    option("--on-delete", metavar="ACTION", help=f"When the one side goes: {_DOES}.", example="--on-delete CASCADE"),
    option("--on-update", metavar="ACTION", help="When the one side's key changes.", example="--on-update CASCADE"),
    option("--sort-field", metavar="NAME", help="A field of numbers to order by.", example="--sort-field place"),
    option("--junction-field", metavar="NAME", help="The junction's other half.", example="--junction-field tag"),
    option(
        "--one-deselect-action",
        metavar="ACTION",
        help="What becomes of an item that is deselected: nullify or delete.",
        example="--one-deselect-action delete",
    ),
    option(
        "--one-collection-field",
        metavar="NAME",
        help="Of an m2a relation, the field that names the collection.",
        example="--one-collection-field kind",
    ),
    option(
        "--one-allowed-collections",
        metavar="NAMES",
        help="Of an m2a relation, what it may lead to.",
        example="--one-allowed-collections texts,images",
    ),
    option(
        "--existing",
        type=click.Choice(("refuse", "report", "nullify")),
        default="refuse",
        help="What becomes of keys that point at nothing: they refuse the relation (refuse), stay (report), or are "
        "cleared (nullify).",
        example="--existing nullify",
    ),
)


@relations_group.command("create")
@click.argument("database", type=_DATABASE)
@click.argument("field")
@click.argument("one_collection", required=False)
@all_of(_PARTS)
@form_among("table", "json")
def create(
    database: Path, field: str, one_collection: str | None, existing: str, form: str | None, **parts: str | None
) -> None:
    """Make a relation: FIELD, spelled as books.author, is to hold keys of ONE_COLLECTION.

    It gets a foreign key. Instead of FIELD, a relation can be given as JSON, or a list of several that are made
    together, as the two halves of a junction are.

    \b
    Examples:
      relgraph relations create my.db books.author authors --one-field books --on-delete CASCADE
      relgraph relations create my.db parts.item --one-collection-field kind \\
               --one-allowed-collections texts,images
      relgraph relations create my.db '[{"collection": "books_tags", "field": "book"}, ...]'
    """
    form, said = output.pick_form(form, None), _said(one_collection=one_collection, **parts)
    with RelationRegistry(_existing_file(database)) as registry:
        given = _definition(registry.schema, field, said)
        made = registry.create(given, existing=existing)
        _show(registry, [made] if isinstance(made, Relation) else made, form)


@relations_group.command("update")
@click.argument("database", type=_DATABASE)
@click.argument("id", type=int)
@click.argument("changes", required=False)
@all_of(_PARTS)
@form_among("table", "json")
def update(database: Path, id: int, changes: str | None, existing: str, form: str | None, **parts: str | None) -> None:
    """Change the relation with that ID; what is not named stays.

    CHANGES are JSON, which can also take a part away: null.

    \b
    Examples: relgraph relations update my.db 3 --on-delete CASCADE
              relgraph relations update my.db 3 '{"sort_field": null, "one_collection": "people"}'
    """
    form, said = output.pick_form(form, None), _said(**parts)
    if changes is not None and said:
        raise click.UsageError(f"{_option(said)} says beside CHANGES what these can say too")
    wanted = said if changes is None else _json("changes", changes)
    if not wanted:
        raise click.UsageError("nothing is said to change; name a part, as in --on-delete CASCADE")
    with RelationRegistry(_existing_file(database)) as registry:
        _show(registry, [registry.update(id, wanted, existing=existing)], form)


@relations_group.command("delete")
@click.argument("database", type=_DATABASE)
@click.argument("ids", type=int, nargs=-1, required=True, metavar="ID...")
def delete(database: Path, ids: tuple[int, ...]) -> None:
    """Delete the relations with these IDs and their foreign keys; fields and items stay.

    The two halves of a junction go together.

    \b
    Example: relgraph relations delete my.db 3 4
    """
    with RelationRegistry(_existing_file(database)) as registry:
        registry.delete(ids)


def _existing_file(database: Path) -> Path:
    """Give the path of a file that is there: a new one has nothing to relate."""
    if not database.exists():
        raise FileNotFoundError(2, "there is no such file", str(database))
    return database


def _said(**parts: str | None) -> dict[str, str]:
    return {name: value for name, value in parts.items() if value is not None}


def _option(said: Iterable[str]) -> str:
    name = next(iter(said))
    return "ONE_COLLECTION" if name == "one_collection" else f"--{name.replace('_', '-')}"


def _definition(schema: Schema, field: str, said: dict[str, str]) -> Any:
    """Give the relation, or several, that the words of `create` speak of."""
    if field.lstrip()[:1] not in ("{", "["):
        collection, name = place_in(schema, "field", field)
        return {"many_collection": collection, "many_field": name, **said}
    if said:
        raise click.UsageError(f"{_option(said)} says beside the JSON what this can say too")
    return _json("field", field)


def _json(where: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidPayload(where, f"it is no JSON ({error})") from error


def _show(registry: RelationRegistry, made: Iterable[Relation], form: str) -> None:
    """Show what was stored, and on stderr how many items were changed for it."""
    found = tuple(made)
    if form == "table":
        output.send(f"{line}\n" for line in tables.table(relations.rows(found, registry.schema), _width()))
    else:
        output.send(output.FORMS[form]((each.to_dict() for each in found), relations.COLUMNS))
    for collection, count in registry.last_changes.items():
        click.echo(tables.shown(f"items of {collection} changed: {count}"), err=True)


# --- checking --------------------------------------------------------------------------------------------------------


@group.command("check")
@click.argument("database", type=_DATABASE)
@form_among("table", "json")
@click.pass_context
def check(context: click.Context, database: Path, form: str | None) -> None:
    """Say what is wrong in the definitions of relations, without looking at items.

    It is fast, and made for the automatic checks of other projects; `audit` looks at the items too.

    \b
    Exit status: 0 no errors, though there may be warnings; 1 there are.
    Example: relgraph check my.db --format json
    """
    form = output.pick_form(form, None)
    with RelationRegistry(database, read_only=True) as registry:
        found = violations(registry.schema)
    counts = {name: sum(_severity(each) == name for each in found) for name in ("error", "warning")}
    if form == "json":
        output.send([output.one_json({"counts": counts, "problems": [_problem(each) for each in found]}) + "\n"])
    else:
        output.send(_report(found, counts))
    if counts["error"]:
        context.exit(1)


def _severity(violation: RuleViolation) -> str:
    return RULES[violation.rule].severity


def _problem(violation: RuleViolation) -> dict[str, Any]:
    value = list(violation.value) if isinstance(violation.value, tuple) else violation.value
    return {
        "rule": violation.rule,
        "severity": _severity(violation),
        "relation": violation.relation,
        "field": violation.field,
        "value": value,
        "sentence": violation.problem,
        "fix": violation.hint,
    }


def _report(found: Iterable[RuleViolation], counts: dict[str, int]) -> Iterator[str]:
    rows: list[dict[str, Any]] = [
        {
            "severity": _severity(each),
            "rule": each.rule,
            "relation": each.relation,
            "what is wrong": each.problem,
            "what would work": each.hint,
        }
        for each in found
    ]
    yield from (f"{line}\n" for line in (tables.table(rows, _width()) if rows else ()))
    said = [f"{count} of severity {name}" for name, count in counts.items() if count]
    yield f"{', '.join(said) or 'no problems'}\n"


def _width() -> int | None:
    """Give the width of the terminal, or None where the output goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
