"""The recorded cases, how each is asked of relgraph, and whether the answer is the one owed.

In: `cases/*.json` and a registry on `tests/data/dataset.db`, opened with the default limit of the recording.
Out: an `Answer` for every case, error or not. An exception that is no `RelgraphError` is let through: it is a defect.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from relgraph import RelationRegistry, RelgraphError
from relgraph.query.parse import parse
from tests.conformance.compare import same

HERE: Final = Path(__file__).parent
DATASET: Final = HERE.parent / "data" / "dataset.db"
SINGLETONS: Final = ("settings", "defaults")
RECORDED_LIMIT: Final = 100  # the server's default limit when the answers were recorded

Case = dict[str, Any]


@frozen
class Answer:
    """What came back: a status, and either an error's code or data and meta."""

    status: int
    code: str | None = None
    data: Any = None
    meta: Any = None


def load_cases() -> list[Case]:
    """Give all recorded cases, group by group."""
    return [case for path in sorted((HERE / "cases").glob("*.json")) for case in json.loads(path.read_text("utf-8"))]


def load_access_cases() -> list[Case]:
    """Give the recorded cases that are asked as one user or another; see `tests/access/test_recorded.py`."""
    cases: list[Case] = json.loads((HERE.parent / "access" / "cases.json").read_text("utf-8"))
    return cases


def load_differences() -> dict[str, str]:
    """Give the cases that are known to be answered otherwise, with the reason of each."""
    listed = tomllib.loads((HERE / "differences.toml").read_text("utf-8")).get("difference", [])
    return {difference["id"]: difference["reason"] for difference in listed}


def open_dataset() -> RelationRegistry:
    """Give a registry on the recorded data set, which is never written to."""
    return RelationRegistry(DATASET, read_only=True, default_limit=RECORDED_LIMIT)


def ask(registry: RelationRegistry, case: Case) -> Answer:
    """Give the answer to a case as it was recorded: parameters as a mapping, or the raw query string."""
    if "path" in case:
        return _answer(lambda: _relations(registry, case["path"]))
    return _answer(lambda: _items(registry, case, case["qs"] if "qs" in case else case["query"]))


def ask_by_url(registry: RelationRegistry, case: Case) -> Answer:
    """Give the answer to a case whose parameters were first printed as a URL query string."""
    return _answer(lambda: _items(registry, case, parse(case["query"]).to_url()))


def has_url(case: Case) -> bool:
    """Tell whether the parameters of a case can be printed as a URL: those that parse can."""
    if "query" not in case:
        return False
    try:
        parse(case["query"])
    except RelgraphError:
        return False
    return True


def as_owed(case: Case, answer: Answer) -> bool:
    """Tell whether an answer is the one owed: status and code of errors, data and meta of results."""
    expect = case["expect"]
    if answer.status != expect["status"] or answer.code != expect.get("code"):
        return False
    unordered = case.get("unordered", False)
    return same(expect.get("data"), answer.data, unordered=unordered) and same(expect.get("meta"), answer.meta)


def _answer(question: Callable[[], tuple[Any, Any]]) -> Answer:
    try:
        data, meta = question()
    except RelgraphError as error:
        return Answer(error.status, error.code)
    return Answer(200, None, data, meta)


def _items(registry: RelationRegistry, case: Case, query: Any) -> tuple[Any, Any]:
    items = registry.items(case["collection"])
    if "key" in case:
        return items.get(case["key"], query), None
    if case["collection"] in SINGLETONS:
        # singleton() answers the item alone; what the API says beside it is what a read of the collection says
        return items.singleton(query), items.read(query).meta
    result = items.get_many(case["keys"], query) if "keys" in case else items.read(query)
    return result.data, result.meta


def _relations(registry: RelationRegistry, path: str) -> tuple[Any, None]:
    match path.split("/")[2:]:
        case [collection, field]:
            return _recorded(registry.find(collection, field)), None
        case [collection]:
            found = registry.in_collection(collection)
        case _:
            found = tuple(registry)
    return [_recorded(relation) for relation in found if not relation.many_collection.startswith("directus_")], None


def _recorded(relation: Any) -> dict[str, Any]:
    """Give a relation in the form of the recording, which left out the ids."""
    nested: dict[str, Any] = relation.to_nested()
    return nested | {"meta": {name: value for name, value in nested["meta"].items() if name != "id"}}
