"""The demo: a small database of facts about the solar system, its relations, and four questions to it.

In: the path of the file to make. Out: that file, and lines of text for a person. A demo that is there is made anew; any
other file is left as it is, with `FileExistsError`.
"""

from __future__ import annotations

import errno
import shlex
from collections.abc import Iterator, Mapping
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from relgraph.cli import relations, tables
from relgraph.cli.output import whole
from relgraph.errors import NotADatabase
from relgraph.registry import RelationRegistry

APPLICATION: Final = 1919706994  # SQLite's application_id of a demo, as solar_system.sql sets it

# what foreign keys cannot say: better names for the way back, and a key of any of several collections
RELATIONS: Final[tuple[dict[str, Any], ...]] = (
    {"many_collection": "bodies", "many_field": "orbits", "one_collection": "bodies", "one_field": "satellites"},
    {"many_collection": "bodies", "many_field": "discoverer", "one_collection": "people", "one_field": "discoveries"},
    {
        "many_collection": "elements",
        "many_field": "namesake",
        "one_collection_field": "namesake_collection",
        "one_allowed_collections": ["bodies", "people"],
    },
)


@frozen
class Question:
    """A question to the demo: what it asks in words, and the options of `relgraph read` that ask it."""

    words: str
    collection: str
    options: Mapping[str, str]

    def command(self, path: Path) -> str:
        """Give the command that asks it, for a shell.

        >>> print(Question("Which planets are there?", "bodies", {"fields": "name"}).command(Path("a b.db")))
        relgraph read 'a b.db' bodies \\
          --fields name
        """
        lines = [["relgraph", "read", str(path), self.collection]]
        lines += [[f"--{name}", value] for name, value in self.options.items()]
        return " \\\n  ".join(map(shlex.join, lines))


QUESTIONS: Final = (
    Question(
        "Which worlds around the Sun had to be discovered, and by whom? A nested read.",
        "bodies",
        {
            "fields": "name,discoverer.name,satellites.name,satellites.discoverer.name",
            "filter": '{"orbits": {"name": "Sun"}, "discoverer": {"_nnull": true}}',
            "sort": "discovered",
        },
    ),
    Question(
        "Which worlds were visited, but only in passing? A filter with quantifiers.",
        "bodies",
        {
            "fields": "name,kind,visits.year,visits.mission.name",
            "filter": '{"visits": {"_some": {}, "_every": {"how": "flyby"}}}',
        },
    ),
    Question(
        "Which are the two largest moons of each planet? A limit for each parent.",
        "bodies",
        {
            "fields": "name,satellites.name,satellites.radius_km",
            "filter": '{"kind": "planet", "satellites": {"_some": {}}}',
            "deep": '{"satellites": {"_sort": "-radius_km", "_limit": 2}}',
        },
    ),
    Question(
        "Which elements are named after a world or a person? One field, two targets.",
        "elements",
        {
            "fields": "name,namesake:bodies.name,namesake:people.name,namesake:people.born",
            "sort": "number",
        },
    ),
)


def build(path: str | PathLike[str]) -> None:
    """Make the demo database at a path, whole or not at all.

    Raises: `FileExistsError` when a file that is no demo is there.
    """
    path = Path(path)
    if path.exists() and not _is_demo(path):
        raise FileExistsError(
            errno.EEXIST, "not a demo of relgraph, so it is left as it is; name another file", str(path)
        )
    with whole(path) as part, RelationRegistry(part) as registry:
        registry.connection.executescript(files("relgraph.demo").joinpath("solar_system.sql").read_text("utf-8"))
        registry.create(RELATIONS)


def _is_demo(path: Path) -> bool:
    try:
        with RelationRegistry(path, read_only=True) as registry:
            return bool(registry.connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION)
    except NotADatabase:
        return False


def show(path: Path, width: int) -> Iterator[str]:
    """Build the demo, and yield the lines that show its relations, four questions and their answers."""
    build(path)
    with RelationRegistry(path, read_only=True) as registry:
        schema = registry.schema
        yield f"{path} holds facts about the solar system. Its relations:"
        yield "(→ leads to one item, ⇉ to many)\n"
        yield from relations.overview(schema, tuple(registry), None, width)
        for number, question in enumerate(QUESTIONS, 1):
            yield f"\n{number}. {question.words}\n"
            yield f"{question.command(path)}\n"
            yield from tables.table(registry.items(question.collection).read(dict(question.options)), width)
    yield f"\nThe file is {path.absolute()}"
    yield "Each command above can be run again; in a pipe it gives JSON."
    yield "On to a file of your own: relgraph relations FILE, then relgraph read --help."
