"""Explanation: one query in words, the statements that run for it, SQLite's plans of them, and index advice.

In: a `Reader`, which is what a read would use. Out: an `Explanation`. Nothing is read but what the probes count, how
many rows small tables have, and what SQLite says of its indexes and plans; the caller holds one read snapshot around
it. Fails as a read does where a parameter was given no value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias

from attrs import frozen

from relgraph.explain.advice import LARGE, Advice, advice
from relgraph.explain.phrases import stored_words
from relgraph.explain.sentences import sentences
from relgraph.query.ast import Query
from relgraph.query.resolved import Bindings, ResolvedQuery
from relgraph.read import fragments
from relgraph.read.fetch import CHUNK, Reader
from relgraph.read.plan import AnyCell, JoinedCell, Level, LevelCell, ManyCell, OneCell, ReadPlan
from relgraph.read.probes import Decided
from relgraph.schema import Schema
from relgraph.storage.connection import Database
from relgraph.storage.indexes import query_plan


@frozen
class ParentKeys:
    """Stands among the values of a statement where the keys of the parents are bound, as many as there are."""

    def __str__(self) -> str:
        return f"keys of the parents, up to {CHUNK} at a time"


PARENT_KEYS: Final = ParentKeys()


@frozen
class Statement:
    """One SQL statement: what it is for, its text as it runs, and its values in the order of the question marks.

    Where `PARENT_KEYS` is among the values, the text is that for one key; for more there are more question marks in its
    place, up to the next power of two.
    """

    place: str  # "articles", "articles.comments", or the count: "total_count"
    collection: str
    text: str
    values: tuple[Any, ...]

    def __str__(self) -> str:
        return "\n".join([self.text, *_values(self.values)])


@frozen
class Probe:
    """A sample of rows that was looked at to choose the form of a search through a to-many relation.

    `form` is what was chosen: "IN", "EXISTS", "NOT IN" or "NOT EXISTS"; None for the sample of the items themselves,
    which tells how many fulfil the other conditions, and where groups by dates had all rows looked at, of which those
    found have usual dates and small numbers: where these are all, the statement asks it of none.
    """

    text: str
    values: tuple[Any, ...]
    looked: int
    found: int
    form: str | None

    def __str__(self) -> str:
        rows = f"{self.found} of {self.looked} rows that were looked at" + (f": {self.form}" if self.form else "")
        return "\n".join([self.text, *_values(self.values), rows])


@frozen
class Explanation:
    """What a query asks for, what runs for it, and what would make it faster; `str()` prints all of it.

    `statements` are in the order they run, `query_plan` has SQLite's plan of each. A level is asked by one statement
    for every 1000 parents, and not at all without parents; where more than 1000 have keys that follow one another, by
    one for all of them, after one that tells how many there are, unless that is known since the last write. Otherwise
    the number of statements does not depend on the number of rows.

    `probes` run when a search is first asked for with their values, and again after 1000 reads; once beside them three
    statements run that tell how many rows the tables have and what SQLite has an index for. The probe of groups by
    dates runs again only when something was written.
    """

    words: str
    statements: tuple[Statement, ...]
    probes: tuple[Probe, ...]
    query_plan: tuple[tuple[str, ...], ...]
    advice: tuple[Advice, ...]

    @property
    def statement_count(self) -> int:
        """How many statements one read runs when no level has more than 1000 parents, probes not among them."""
        return len(self.statements)

    def __str__(self) -> str:
        return "\n".join(_printed(self))

    def to_dict(self) -> dict[str, Any]:
        """Give the explanation as plain JSON data; the values of statements are in words, as `str()` prints them."""
        return {
            "words": self.words.splitlines(),
            "statements": [
                {
                    "place": statement.place,
                    "collection": statement.collection,
                    "text": statement.text,
                    "values": list(map(_value, statement.values)),
                    "query_plan": list(plan),
                }
                for statement, plan in zip(self.statements, self.query_plan, strict=True)
            ],
            "statement_count": self.statement_count,
            "probes": [
                {
                    "text": probe.text,
                    "values": list(map(_value, probe.values)),
                    "looked": probe.looked,
                    "found": probe.found,
                    "form": probe.form,
                }
                for probe in self.probes
            ],
            "advice": [{"text": piece.text, "reason": piece.reason} for piece in self.advice],
        }


def in_words(query: ResolvedQuery, asked: Query, bindings: Bindings) -> Explanation:
    """Give what a query asks for, and nothing of how it is answered."""
    return Explanation("\n".join(sentences(query, asked, bindings)), (), (), (), ())


def explain(reader: Reader, asked: Query, schema: Schema, database: Database, bindings: Bindings) -> Explanation:
    """Give what a reader would do for a query; its probes are asked unless they were, of the same values."""
    decided = reader.decide(database, bindings)
    planned = list(_planned(decided.plan, reader.query.collection.name))
    return Explanation(
        "\n".join(sentences(reader.query, asked, bindings)),
        tuple(Statement(place, collection, *_bound(statement, bindings)) for place, collection, statement in planned),
        tuple(_probes(decided, bindings)),
        tuple(_query_plan(database, statement, bindings) for _, _, statement in planned),
        advice(reader.query, schema, database),
    )


# --- what runs -------------------------------------------------------------------------------------------------------


Planned: TypeAlias = tuple[str, str, fragments.Statement]  # its place and collection beside it


def _planned(plan: ReadPlan, collection: str) -> Iterator[Planned]:
    """Yield the statements of a plan in the order `Reader.read` runs them."""
    yield from _of_level(plan.root, collection, plan.root.statement)
    if plan.root.tail is not None:
        yield f"{collection}, where these do not fill the page", collection, plan.root.tail
    yield from _below(plan.root, collection, complete=plan.complete)
    for name, count in plan.counts.items():
        yield name, collection, count


def _of_level(level: Level, place: str, statement: fragments.Statement) -> Iterator[Planned]:
    yield place, level.collection, statement
    if level.exact is not None:
        yield f"{place}, where a sum is not of whole numbers or too large", level.collection, level.exact


def _below(level: Level, place: str, *, complete: bool) -> Iterator[Planned]:
    for name, child in _children(level.cells or (), place):
        scan = child.scan if complete else None
        yield from _of_level(child, name, scan or child.statement)
        yield from _below(child, name, complete=scan is not None)


def _children(cells: Iterable[LevelCell], place: str) -> Iterator[tuple[str, Level]]:
    """Yield the levels that the cells of an item look into, each with its place; joined objects are no levels."""
    for cell in cells:
        match cell:
            case OneCell() | ManyCell():
                yield f"{place}.{cell.name}", cell.level
            case AnyCell():
                yield from ((f"{place}.{cell.name}:{name}", level) for name, level in cell.levels.items())
            case JoinedCell():
                yield from _children(cell.cells, f"{place}.{cell.name}")


def _bound(statement: fragments.Statement, bindings: Bindings) -> tuple[str, tuple[Any, ...]]:
    text, values = statement.bind(bindings, [PARENT_KEYS])
    return text, tuple(values)


def _query_plan(database: Database, statement: fragments.Statement, bindings: Bindings) -> tuple[str, ...]:
    """Give SQLite's plan of a statement, that of a full run of keys where it is asked by the keys of parents."""
    return query_plan(database, *statement.bind(bindings, range(CHUNK)))


def _probes(decided: Decided, bindings: Bindings) -> Iterator[Probe]:
    for probe in decided.probes:
        form = probe.form.upper() if probe.word == "some" else f"NOT {probe.form.upper()}"
        yield Probe(*_bound(probe.statement, bindings), probe.looked, probe.found, form if probe.form else None)


# --- printing --------------------------------------------------------------------------------------------------------


def _printed(explanation: Explanation) -> Iterator[str]:
    yield "Question"
    yield from _indented(explanation.words)
    for number, (statement, plan) in enumerate(zip(explanation.statements, explanation.query_plan, strict=True), 1):
        yield f"Statement {number} of {explanation.statement_count}: {statement.place}"
        yield from _indented(str(statement))
        yield from _indented("\n".join(["plan:", *(f"  {step}" for step in plan)]))
    for probe in explanation.probes:
        yield "Probe, asked again when the values are others"
        yield from _indented(str(probe))
    yield "Advice"
    if not explanation.advice:
        yield f"  None: what is searched in tables of {LARGE} rows and more has an index."
    for piece in explanation.advice:
        yield from _indented(str(piece))


def _indented(text: str) -> Iterator[str]:
    yield from (f"  {line}" for line in text.split("\n"))


def _values(values: tuple[Any, ...]) -> list[str]:
    return [f"values: {', '.join(map(_value, values))}"] if values else []


def _value(value: Any) -> str:
    return f"({value})" if isinstance(value, ParentKeys) else stored_words(value)
