"""Output: where answers go, and in which form.

In: items one by one, and the names of what they hold. Out: JSON, one JSON text a line, CSV, all UTF-8, on stdout or in
a file that is there whole or not at all. Raises `InvalidQuery` for values that a form cannot hold, `OSError` as the
system does.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

import click

from relgraph.errors import InvalidQuery

Form: TypeAlias = Callable[[Iterable[Any], Sequence[str]], Iterator[str]]

LONG: Final = 2000  # items; an export of more shows how far it is


# --- forms -----------------------------------------------------------------------------------------------------------


def json_text(items: Iterable[Any], names: Sequence[str] = ()) -> Iterator[str]:  # noqa: ARG001  # one shape of writer
    """Yield a JSON list, one item a line.

    >>> print("".join(json_text([{"id": 1}, {"id": 2}])), end="")
    [{"id":1},
     {"id":2}]
    >>> print("".join(json_text([])), end="")
    []
    """
    before = "["
    for item in items:
        yield before + one_json(item)
        before = ",\n "
    yield "[]\n" if before == "[" else "]\n"


def ndjson_text(items: Iterable[Any], names: Sequence[str] = ()) -> Iterator[str]:  # noqa: ARG001  # one shape of writer
    """Yield a JSON text for each item, each on a line of its own.

    >>> print("".join(ndjson_text([{"id": 1}, {"id": 2}])), end="")
    {"id":1}
    {"id":2}
    """
    for item in items:
        yield one_json(item) + "\n"


def csv_text(items: Iterable[Any], names: Sequence[str]) -> Iterator[str]:
    """Yield a line of names and a line for each item; nested values as JSON text, null as nothing.

    >>> print("".join(csv_text([{"id": 1, "tags": ["a", "b"]}], ("id", "tags"))), end="")
    id,tags
    1,"[""a"",""b""]"
    """
    line = csv.writer(_Giver(), lineterminator="\n").writerow  # returns what the writer below returns
    yield str(line(names))
    for item in items:
        values = [item[name] for name in names] if isinstance(item, Mapping) else _key_values(item)
        yield str(line([_flat(value, name) for value, name in zip(values, names, strict=True)]))


class _Giver:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _key_values(key: Any) -> list[Any]:
    return key if isinstance(key, list) else [key]


def _flat(value: Any, name: str) -> Any:
    return one_json(value, name) if isinstance(value, (bool, dict, list, bytes)) else value


def one_json(value: Any, where: str = "") -> str:
    """Give a value as JSON text on one line. Raises `InvalidQuery` for a blob or an infinity.

    >>> one_json({"id": 1, "name": "Ö"})
    '{"id":1,"name":"Ö"}'
    """
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        for name, inner in value.items() if isinstance(value, Mapping) else ():
            one_json(inner, f"{where}.{name}" if where else name)
        raise InvalidQuery(
            where, "the value has no form as text", "leave the field out, or read it as a table"
        ) from error


FORMS: Final[dict[str, Form]] = {
    "json": json_text,
    "ndjson": ndjson_text,
    "csv": csv_text,
}
_FORM_OF: Final = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".txt": "table"}


def pick_form(asked: str | None, path: Path | None) -> str:
    """Give the form: the one asked for, else what the file's name says, else a table on a terminal and JSON elsewhere.

    >>> pick_form(None, Path("all.csv")), pick_form("json", Path("all.csv"))
    ('csv', 'json')
    """
    if asked is not None:
        return asked
    if path is not None:
        return _FORM_OF.get(path.suffix.lower(), "json")
    return "table" if sys.stdout.isatty() else "json"


# --- places ----------------------------------------------------------------------------------------------------------


def keep_apart(database: Path, path: Path | None) -> None:
    """Raise `UsageError` where output would be written over the database it is about."""
    if path is not None and path.exists() and database.exists() and path.samefile(database):
        raise click.UsageError(f"{path} is the database itself; give --output another name")


def send(texts: Iterable[str], path: Path | None = None) -> None:
    """Write texts to a file, or to stdout, whatever the system's own encoding is."""
    with _opened(path) as stream:
        for text in texts:
            stream.write(text.encode("utf-8", "backslashreplace"))  # half a surrogate pair: as JSON spells it


@contextmanager
def _opened(path: Path | None) -> Iterator[IO[bytes]]:
    if path is None:
        stream: IO[bytes] = sys.stdout.buffer
        yield stream
        stream.flush()  # here, so that a closed pipe is noticed inside the command
    elif path.exists() and not path.is_file():  # a pipe or device, which cannot be put in place at the end
        with path.open("wb") as stream:
            yield stream
    else:
        with whole(path) as part, part.open("wb") as stream:
            yield stream


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give an empty file beside `path` that takes its place in the end, and is removed when something fails."""
    part = path.with_name(f"{path.name}.part")
    part.touch(exist_ok=False)
    try:
        yield part
        part.replace(path)
    except BaseException:
        part.unlink()
        raise


@contextmanager
def progress(items: Iterable[Any], count: Callable[[], int], path: Path | None) -> Iterator[Iterable[Any]]:
    """Give the items, with a bar on stderr while many of them are written to a file and a person looks on."""
    total = count() if path is not None and sys.stderr.isatty() else 0
    if total <= LONG:
        yield items
        return
    with click.progressbar(items, length=total, label=str(path), file=sys.stderr, update_min_steps=total // 200) as bar:
        yield bar


def refuse(form: str, what: str) -> InvalidQuery:
    """Give the error for what a form has no place for."""
    return InvalidQuery(what, f"the form {form} has no place for {what}", "json and table have")
