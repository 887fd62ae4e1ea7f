"""Options: what the commands that ask a question can be given, each with a line of help and an example.

In: nothing. Out: decorators that put options on a command. Values are passed on as they are typed: what is wrong with
one of them is said by `parse`, as it is for every other spelling of a question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from textwrap import wrap
from typing import Any, Final, TypeAlias

import click

Command: TypeAlias = Callable[..., None]
Decorator: TypeAlias = Callable[[Command], Command]


def option(*names: str, example: str, help: str, **settings: Any) -> Decorator:
    """Give an option whose help ends in an example, on a line of its own so that it can be copied."""
    return click.option(*names, help="\n".join(["\b", *wrap(help, 46), example]), **settings)


FIELDS: Final = option(
    "--fields",
    multiple=True,
    metavar="NAMES",
    help="What to give of each item, dots leading on to related items; * is all fields of a level.",
    example="--fields title,author.name",
)
DEEP: Final = option(
    "--deep",
    metavar="JSON",
    help="What to ask of related items: _filter, _sort, _limit, _page, _offset, _search for each parent.",
    example="""--deep '{"books": {"_sort": "-year", "_limit": 3}}'""",
)
ALIAS: Final = option(
    "--alias", metavar="JSON", help="Other names for fields.", example="""--alias '{"headline": "title"}'"""
)
QUERY: Final = option(
    "--query",
    metavar="TEXT",
    help="The question as a URL query string or JSON text; other options replace its parts.",
    example="--query 'fields=title&sort=-year&limit=3'",
)


def form_among(*forms: str) -> Decorator:
    """Give the option that picks one of some forms."""
    return option(
        "--format",
        "form",
        type=click.Choice(forms),
        help="The form of the answer; without it a table on a terminal, JSON in a pipe.",
        example=f"--format {forms[-1]}",
    )


QUESTION: Final = (
    FIELDS,
    option(
        "--filter",
        metavar="JSON",
        help="Which items; conditions may lead over relations.",
        example="""--filter '{"author": {"name": {"_contains": "Lem"}}}'""",
    ),
    option(
        "--search", metavar="TEXT", help="Items with this text in any of their own fields.", example="--search star"
    ),
    option(
        "--sort",
        multiple=True,
        metavar="NAMES",
        help="The order; a minus sign descends.",
        example="--sort author.name,-year",
    ),
    option("--limit", metavar="N", help="At most so many items; -1 is all.", example="--limit 10"),
    option("--offset", metavar="N", help="Skip so many items first.", example="--offset 20"),
    option("--page", metavar="N", help="Which page of --limit items, from 1.", example="--page 3 --limit 10"),
    DEEP,
    ALIAS,
    option(
        "--aggregate",
        metavar="JSON",
        help="Numbers over items instead of the items.",
        example="""--aggregate '{"count": "*", "avg": ["year"]}'""",
    ),
    option(
        "--group-by",
        multiple=True,
        metavar="NAMES",
        help="One row of aggregates for each value.",
        example="--group-by author.name",
    ),
    QUERY,
)


def all_of(options: Iterable[Decorator]) -> Decorator:
    """Give the decorator that puts options on a command, in the order in which its help lists them."""

    def decorate(command: Command) -> Command:
        for option in reversed(tuple(options)):
            command = option(command)
        return command

    return decorate
