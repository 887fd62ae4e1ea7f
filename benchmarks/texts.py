"""Texts: `Result.to_json()` beside making the dicts and giving them to orjson or to json.

In: a database file and a workload. Out: the times of each way from the query to the bytes. orjson is the base where it
is installed, json where not. The texts are compared as data before anything is timed. Each way has a registry of its
own, since a query is made ready for the form in which its answers are wanted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from benchmarks import engine
from benchmarks.measure import COMPARED, Times, compare, timed
from benchmarks.workloads import Argument, Workload
from relgraph import RelationRegistry, Result

TARGET: Final = 1.05  # of the time of dicts and orjson; in W3:
NESTED_TARGET: Final = 0.8
Run = Callable[..., bytes]
Way = Callable[[Result], bytes]


def ways() -> dict[str, Way]:
    """Give the ways from a result to its text, the base first."""
    found: dict[str, Way] = {}
    if find_spec("orjson") is not None:
        dumps = import_module("orjson").dumps
        found["dicts + orjson"] = lambda result: dumps(result.data)
    found["dicts + json"] = lambda result: json.dumps(result.data).encode()
    return {**found, "to_json": lambda result: result.to_json()}


def race_texts(path: Path, workload: Workload, arguments: Sequence[Argument], rounds: int) -> dict[str, Times]:
    """Give the times of all ways, each beside the base of its round."""
    with ExitStack() as stack:
        runs = {name: _asked(stack.enter_context(engine.connect(path)), workload, way) for name, way in ways().items()}
        compare({name: _parsed(run) for name, run in runs.items()}, arguments[:COMPARED])
        return timed(runs, arguments, rounds)


def _asked(registry: RelationRegistry, workload: Workload, way: Way) -> Run:
    items, ask = registry.items(workload.collection), workload.ask
    return lambda **arguments: way(items.read(ask(**arguments)))


def _parsed(run: Run) -> Callable[..., Any]:
    return lambda **arguments: json.loads(run(**arguments))


def target(workload: Workload) -> float:
    """Give the ratio to dicts and orjson that `to_json` is to keep."""
    return NESTED_TARGET if workload.form == "nested" else TARGET
