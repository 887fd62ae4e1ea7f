"""Commands: demo, read, get, explain.

In: the words of one command. Out: its answer, sent on by `output`. Every command but `demo` opens the database
read-only. A question that is wrong fails before the first letter of an answer is written.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any, Final

import click
from attrs import evolve

import relgraph
from relgraph.cli import output, tables
from relgraph.cli.asking import AS, opened
from relgraph.cli.failures import Group
from relgraph.cli.options import ALIAS, DEEP, FIELDS, QUERY, QUESTION, all_of, form_among, option
from relgraph.items import Items
from relgraph.query.ast import Query
from relgraph.query.parse import parse
from relgraph.query.resolve import resolve
from relgraph.query.resolved import ResolvedQuery
from relgraph.registry import RelationRegistry

SHOWN: Final = 100  # items of a table, where no limit was asked for

_DATABASE: Final = click.Path(path_type=Path)


@click.group(cls=Group, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(relgraph.__version__, message="relgraph %(version)s")
@click.pass_context
def group(context: click.Context) -> None:
    """Ask a SQLite file nested questions over its relations.

    relgraph opens any SQLite database, finds out who points at whom from its foreign keys, and answers questions
    that go over them: fields of related items, filters through relations, sorting, paging, aggregates.

    \b
    Start here:
      relgraph demo                            build a small database and ask it four questions
      relgraph relations my.db                 what leads where in a file of your own
      relgraph read my.db books --fields title,author.name

    Answers are a table on a terminal and JSON in a pipe. Databases are opened read-only, except where a command says
    that it writes; `demo` makes one.

    \b
    Exit status: 0 done; 1 the database or a file is at fault; 2 the command or the question is;
    130 interrupted. An error is one line on stderr.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


# --- commands --------------------------------------------------------------------------------------------------------


@group.command("demo")
@click.argument("path", type=_DATABASE, default="relgraph-demo.db")
def demo(path: Path) -> None:
    """Build a small database and ask it four questions.

    It holds facts about the solar system. PATH is the file to make, ./relgraph-demo.db if not given. A demo that is
    there already is made anew; any other file is left alone.

    \b
    Example: relgraph demo /tmp/planets.db
    """
    from relgraph.demo import show

    output.send(f"{line}\n" for line in show(path, _width() or 80))


@group.command("read")
@click.argument("database", type=_DATABASE)
@click.argument("collection")
@all_of((*QUESTION, *AS))
@form_among("table", "json", "ndjson", "csv")
@option(
    "-o",
    "--output",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to a file; its name picks the form (.json, .ndjson, .csv).",
    example="-o books.csv",
)
def read(
    database: Path,
    collection: str,
    form: str | None,
    path: Path | None,
    as_user: str | None,
    as_role: str | None,
    as_public: bool,
    **words: Any,
) -> None:
    """Read items of a COLLECTION, with what they are related to.

    All items are given, except that a table stops at 100 where no limit is asked for, and says so. JSON, NDJSON and
    CSV are written while they are read, in memory that does not grow. In CSV nested values are JSON text.

    \b
    Examples:
      relgraph read my.db books --fields title,author.name --sort -year --limit 10
      relgraph read my.db authors --filter '{"books": {"_none": {"year": {"_gt": 1980}}}}'
      relgraph read my.db books --aggregate '{"count": "*"}' --group-by author.name
      relgraph read my.db books -o books.csv
    """
    form = output.pick_form(form, path)
    output.keep_apart(database, path)
    asked = _question(words)
    with opened(database, as_user, as_role, as_public) as registry:
        items = registry.items(collection)
        if form == "table":
            output.send((f"{line}\n" for line in _table(items, asked, _width() if path is None else None)), path)
        elif asked.meta is not None or asked.cursor is not None:
            output.send(_whole(items, asked, form), path)
        else:
            _export(registry, collection, asked, form, path)


@group.command("get")
@click.argument("database", type=_DATABASE)
@click.argument("collection")
@click.argument("key", nargs=-1, required=True)
@all_of((FIELDS, DEEP, ALIAS, QUERY, *AS))
@form_among("table", "json")
def get(
    database: Path,
    collection: str,
    key: tuple[str, ...],
    form: str | None,
    as_user: str | None,
    as_role: str | None,
    as_public: bool,
    **words: Any,
) -> None:
    """Read one item of a COLLECTION by its KEY.

    A key of several columns is given as several words, in the order of the primary key. Before a key that starts with
    a minus sign put two of them: relgraph get my.db temperatures -- -5

    \b
    Examples:
      relgraph get my.db books 7 --fields '*,author.*'
      relgraph get my.db order_lines 1001 3
    """
    form = output.pick_form(form, None)
    with opened(database, as_user, as_role, as_public) as registry:
        item = registry.items(collection).get(key[0] if len(key) == 1 else list(key), _question(words).to_dict())
    if form == "json":
        output.send([output.one_json(item) + "\n"])
    elif isinstance(item, dict):
        output.send(f"{line}\n" for line in tables.record(item, _width()))
    else:
        output.send(f"{line}\n" for line in tables.table([item], _width()))


@group.command("explain")
@click.argument("database", type=_DATABASE)
@click.argument("collection")
@all_of((*QUESTION, *AS))
def explain(
    database: Path, collection: str, as_user: str | None, as_role: str | None, as_public: bool, **words: Any
) -> None:
    """Say what `read` would do for a question, without running it.

    It is told in words, with the SQL and its values, what SQLite plans for it, and which index would help.

    \b
    Example: relgraph explain my.db books --filter '{"author": {"name": "Lem"}}' --sort -year
    """
    with opened(database, as_user, as_role, as_public) as registry:
        explanation = registry.items(collection).explain(_question(words).to_dict())
    output.send(f"{tables.shown(line)}\n" for line in str(explanation).split("\n"))


# --- reading ---------------------------------------------------------------------------------------------------------

_PARAMETER: Final = {"group_by": "groupBy"}


def _question(words: dict[str, Any]) -> Query:
    """Give the question that the options of a command ask."""
    source = words.pop("query", None)
    given = {_PARAMETER.get(name, name): _joined(value) for name, value in words.items()}
    return parse(source, **{name: value for name, value in given.items() if value is not None})


def _joined(value: Any) -> Any:
    """Give the value of an option; one that may be given several times is one list."""
    return (",".join(value) or None) if isinstance(value, tuple) else value


def _width() -> int | None:
    """Give the width of the terminal, or None where the output goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _table(items: Items, asked: Query, width: int | None) -> Iterator[str]:
    unlimited = asked.limit is None and asked.page is None and asked.cursor is None
    result = items.read(evolve(asked, limit=SHOWN + 1).to_dict() if unlimited else asked.to_dict())
    shown = result.data[:SHOWN] if unlimited else result.data
    yield from tables.table(shown, width) if shown else ("no items",)
    if len(shown) < len(result):
        yield f"... more than {SHOWN} items; --limit -1 shows all of them"
    beside = {**(result.meta or {}), **({} if result.cursor is None else {"cursor": result.cursor})}
    yield from (f"{name}: {value}" for name, value in beside.items())


def _whole(items: Items, asked: Query, form: str) -> Iterator[str]:
    """Yield the answer as the API gives it: the items under "data", and what comes beside them."""
    if form != "json":
        raise output.refuse(form, "meta" if asked.meta is not None else "cursor")
    result = items.read(asked.to_dict())
    beside = {"meta": result.meta, "cursor": result.cursor}
    yield '{"data":'
    yield "".join(output.json_text(result)).rstrip("\n")
    yield "".join(f',"{name}":{output.one_json(value)}' for name, value in beside.items() if value is not None)
    yield "}\n"


def _export(registry: RelationRegistry, collection: str, asked: Query, form: str, path: Path | None) -> None:
    resolved = resolve(asked, registry.schema, collection, limits=registry.limits, user=registry.access.speaking)
    items = registry.items(collection)
    stream = items.stream(asked.to_dict())
    with output.progress(stream, lambda: _length(items, resolved, asked), path) as counted:
        output.send(output.FORMS[form](counted, names_in(resolved)), path)


def _length(items: Items, resolved: ResolvedQuery, asked: Query) -> int:
    """Give the number of items that will come, 0 where they are groups."""
    if resolved.grouping is not None:
        return 0
    counted = evolve(Query(filter=asked.filter, search=asked.search), aggregate=(("count", ("*",)),))
    left: int = items.read(counted.to_dict())[0]["count"]
    limit, offset = resolved.page.limit, resolved.page.offset
    assert isinstance(limit, (int, NoneType)), "the command line gives no parameters"
    assert isinstance(offset, int), "the command line gives no parameters"
    return min(left - offset, left if limit is None else limit)


def names_in(resolved: ResolvedQuery) -> tuple[str, ...]:
    """Give the names that every item of an answer has, in their order."""
    grouping = resolved.grouping
    if grouping is not None:
        columns, measures = grouping.columns, grouping.measures
        return tuple(dict.fromkeys([*(each.names[0] for each in columns), *(each.names[0] for each in measures)]))
    if resolved.shows is None:
        return resolved.collection.primary_key
    return tuple(dict.fromkeys(show.name for show in resolved.shows))
