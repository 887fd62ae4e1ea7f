"""Commands that ask the graph of a database: graph, path, order, impact.

In: the words of one command. Out: trees, lists and tables, or JSON. Nothing is written.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from relgraph.cli import output, relations, tables
from relgraph.cli.commands import group
from relgraph.cli.options import form_among, option
from relgraph.errors import listed
from relgraph.graph import RelationGraph
from relgraph.graph.answers import Impact, name_of
from relgraph.registry import RelationRegistry

_DATABASE: Final = click.Path(path_type=Path)
_PATHS: Final = 10  # shown in a table, where there are more


@group.command("graph")
@click.argument("database", type=_DATABASE)
@form_among("tree", "mermaid", "dot", "svg", "html", "json")
@option(
    "-o",
    "--output",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to a file; its name picks the form (.svg, .html, .dot, .mmd, .json, .txt).",
    example="-o g.html",
)
@option("--focus", metavar="COLLECTION", help="What is around this collection only.", example="--focus books")
@option("--depth", type=int, default=1, help="So many links around it.", example="--depth 2")
def graph(database: Path, form: str | None, path: Path | None, focus: str | None, depth: int) -> None:
    """Show the graph that the relations of a database form.

    As a tree: below each collection the names that lead on from it, and then what the whole looks like: what hangs
    together, what leads in circles, which collections only join others. As a picture: boxes with fields, and lines with
    a crow's foot where there can be several; the page (html) is to move about in, and needs no network.

    \b
    Examples: relgraph graph my.db
              relgraph graph my.db -o graph.html
              relgraph graph my.db --format mermaid --focus books
    """
    form = form or _form_of(path)
    output.keep_apart(database, path)
    with RelationRegistry(database, read_only=True) as registry:
        output.send(_FORMS[form](registry.graph, focus, depth), path)


def _form_of(path: Path | None) -> str:
    """Give the form that a file's name picks; without a file a tree on a terminal, else JSON."""
    if path is None:
        return "tree" if sys.stdout.isatty() else "json"
    return _FORM_OF.get(path.suffix.lower(), "json")


@group.command("path")
@click.argument("database", type=_DATABASE)
@click.argument("start")
@click.argument("end")
@form_among("table", "json")
@option("--max-length", type=int, default=3, help="Also longer ways, of so many hops.", example="--max-length 5")
def path(database: Path, start: str, end: str, form: str | None, max_length: int) -> None:
    """Find the ways from the collection START to END.

    The shortest comes first, however long it is. Each is spelled as --fields of `relgraph read` takes it.

    \b
    Example: relgraph path my.db authors tags
    """
    form = output.pick_form(form, None)
    with RelationRegistry(database, read_only=True) as registry:
        found = registry.graph.path(start, end)
        paths = registry.graph.paths(start, end, max_length) or tuple(filter(None, [found]))
    if form == "json":
        told = [{"path": str(each), "collections": list(each.collections)} for each in paths]
        output.send(output.json_text(told))
    else:
        shown = [{"path": str(each), "hops": len(each), "over": " → ".join(each.collections)} for each in paths]
        output.send(f"{line}\n" for line in _ways(shown, start, end))


@group.command("order")
@click.argument("database", type=_DATABASE)
@form_among("table", "json")
def order(database: Path, form: str | None) -> None:
    """Say in which order the tables of a database can be filled.

    What is pointed at comes first; backwards it is the order in which they can be emptied. Links that no order can
    satisfy are named: they are left NULL at first and filled in the end.

    \b
    Example: relgraph order my.db
    """
    form = output.pick_form(form, None)
    with RelationRegistry(database, read_only=True) as registry:
        found = registry.graph.load_order()
    deferred, forced = [[name_of(source) for source in sources] for sources in (found.deferred, found.forced)]
    if form == "json":
        told = {"collections": list(found.collections), "deferred": deferred, "forced": forced}
        output.send([output.one_json(told) + "\n"])
        return
    lines = list(found.collections)
    lines += ["", f"to be filled in the end: {listed(deferred, 20)}"] if deferred else []
    lines += ["", f"not without PRAGMA defer_foreign_keys: {listed(forced, 20)}"] if forced else []
    output.send(f"{tables.shown(line)}\n" for line in lines)


@group.command("impact")
@click.argument("database", type=_DATABASE)
@click.argument("collection")
@click.argument("key", nargs=-1)
@option(
    "--drop",
    is_flag=True,
    help="What dropping the collection would do, or the field of it.",
    example="--drop books year",
)
@form_among("table", "json")
@click.pass_context
def impact(
    context: click.Context, database: Path, collection: str, key: tuple[str, ...], drop: bool, form: str | None
) -> None:
    """Say what deleting the items with some KEYs of a COLLECTION would do.

    Deleted, set to NULL or to their default, blocked, or left pointing at nothing: how many items of which collection,
    and over which relations. A key of several columns is written as a JSON list. Nothing is changed.

    \b
    Exit status: 0 it could be done; 1 something blocks it.
    Examples: relgraph impact my.db authors 7
              relgraph impact my.db order_lines '[1001, 3]'
              relgraph impact my.db --drop authors
    """
    form = output.pick_form(form, None)
    if not drop and not key:
        raise click.UsageError("Missing argument 'KEY...'; or give --drop")
    if drop and len(key) > 1:
        raise click.UsageError("--drop takes a collection, and one field at most")
    with RelationRegistry(database, read_only=True) as registry:
        if drop:
            found = registry.graph.impact(drop=(collection, key[0]) if key else collection)
        else:
            known = registry.schema.collections.get(collection)
            width = 1 if known is None else len(known.primary_key)
            found = registry.graph.impact(collection, [key_of(each, width) for each in key])
    if form == "json":
        output.send([output.one_json(_told(found)) + "\n"])
    else:
        output.send(f"{line}\n" for line in _effects(found))
    if found.blocked:
        context.exit(1)


def key_of(word: str, width: int) -> Any:
    """Give the key that a word spells; one of several columns is a JSON list."""
    if width == 1:
        return word
    try:
        return json.loads(word)
    except ValueError as error:
        raise click.BadParameter(f"a key of {width} columns is a JSON list, not {word}") from error


# --- as text ---------------------------------------------------------------------------------------------------------

_EFFECTS: Final = {
    "deleted": "deleted",
    "nullified": "set to NULL",
    "defaulted": "set to their default",
    "dangling": "left pointing at nothing",
    "blocked": "in the way",
}


def _tree(graph: RelationGraph, focus: str | None, depth: int) -> Iterator[str]:
    """Yield the tree of the ways that lead on, and below it the whole in a few lines."""
    schema = graph.schema
    around = None if focus is None else graph.around(focus, depth)
    listed_there = [each for each in schema if (not each.system if around is None else each.name in around)]
    yield from (f"{line}\n" for line in relations.tree(schema, listed_there))
    if around is not None:
        return
    yield "\n"
    for junction in graph.junctions():
        ends = " and ".join("|".join(end) for end in junction.ends)
        yield tables.shown(f"junction: {junction.collection} joins {ends}") + "\n"
    for cycle in graph.cycles():
        over = listed(map(name_of, cycle.relations))
        yield tables.shown(f"cycle: {listed(cycle.collections)}, over {over}") + "\n"
    groups = [names for names in graph.components() if len(names) > 1]
    alone = [names[0] for names in graph.components() if len(names) == 1]
    yield from (tables.shown(f"together: {listed(names, 20)}") + "\n" for names in groups)
    if alone:
        yield tables.shown(f"alone: {listed(alone, 20)}") + "\n"


def _json(graph: RelationGraph, focus: str | None, depth: int) -> Iterator[str]:
    yield output.one_json(graph.to_dict(focus=focus, depth=depth)) + "\n"


def _drawn(draw: Callable[..., str]) -> Callable[[RelationGraph, str | None, int], Iterator[str]]:
    def form(graph: RelationGraph, focus: str | None, depth: int) -> Iterator[str]:
        yield draw(graph, focus=focus, depth=depth).rstrip("\n") + "\n"

    return form


_FORMS: Final[dict[str, Callable[[RelationGraph, str | None, int], Iterator[str]]]] = {
    "tree": _tree,
    "mermaid": _drawn(RelationGraph.to_mermaid),
    "dot": _drawn(RelationGraph.to_dot),
    "svg": _drawn(RelationGraph.to_svg),
    "html": _drawn(RelationGraph.to_html),
    "json": _json,
}
_FORM_OF: Final = {
    ".svg": "svg",
    ".html": "html",
    ".htm": "html",
    ".dot": "dot",
    ".gv": "dot",
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".txt": "tree",
}


def _ways(shown: Sequence[Mapping[str, Any]], start: str, end: str) -> Iterator[str]:
    if not shown:
        yield tables.shown(f"no way leads from {start} to {end}")
        return
    yield from tables.table(shown[:_PATHS], width_of_terminal())
    if len(shown) > _PATHS:
        yield f"... and {len(shown) - _PATHS} more; --format json lists them"


def _effects(impact: Impact) -> Iterator[str]:
    """Yield a table of what happens to which collection, and what else there is to say."""
    rows = [
        {"collection": name, "items": each.count, "are": words, "over": " → ".join(each.via), "why": each.why}
        for effect, words in _EFFECTS.items()
        for name, each in getattr(impact, effect).items()
    ]
    used = [name for name in ("collection", "items", "are", "over", "why") if any(row[name] for row in rows)]
    yield from (
        tables.table([{name: row[name] for name in used} for row in rows], width_of_terminal())
        if rows
        else ("nothing",)
    )
    if impact.blocked:
        yield "Nothing would change; the rest would, if nothing were in the way."
    if impact.relations:
        yield tables.shown(f"relations that would go: {listed(map(name_of, impact.relations), 20)}")
    if impact.triggers:
        yield tables.shown(f"triggers that would run, and may do more: {listed(impact.triggers, 20)}")


def _told(impact: Impact) -> dict[str, Any]:
    told: dict[str, Any] = {
        effect: {
            name: {"count": each.count, "keys": list(each.keys), "via": list(each.via), "why": each.why}
            for name, each in getattr(impact, effect).items()
        }
        for effect in _EFFECTS
    }
    return told | {"relations": list(map(name_of, impact.relations)), "triggers": list(impact.triggers)}


def width_of_terminal() -> int | None:
    """Give the width of the terminal, or None where the output goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
