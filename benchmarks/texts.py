"""Texts: `Result.to_json()` beside making the dicts and giving them to orjson or to json.

In: a registry and a workload. Out: the times of each way from the query to the bytes. orjson is the base where it is
installed, json where not. The texts are compared as data before anything is timed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from benchmarks.measure import COMPARED, Times, compare, timed
from benchmarks.workloads import Argument, Workload
from relgraph import RelationRegistry

TARGET: Final = 1.05  # of the time of dicts and orjson; in W3:
NESTED_TARGET: Final = 0.8
Run = Callable[..., bytes]


def ways(registry: RelationRegistry, workload: Workload) -> dict[str, Run]:
    """Give the ways from a query to its text, the base first."""
    items, ask = registry.items(workload.collection), workload.ask
    found: dict[str, Run] = {}
    if find_spec("orjson") is not None:
        dumps = import_module("orjson").dumps
        found["dicts + orjson"] = lambda **arguments: dumps(items.read(ask(**arguments)).data)
    found["dicts + json"] = lambda **arguments: json.dumps(items.read(ask(**arguments)).data).encode()
    return {**found, "to_json": lambda **arguments: items.read(ask(**arguments)).to_json()}


def race_texts(
    registry: RelationRegistry, workload: Workload, arguments: Sequence[Argument], rounds: int
) -> dict[str, Times]:
    """Give the times of all ways, each beside the base of its round."""
    found = ways(registry, workload)
    compare({name: _parsed(way) for name, way in found.items()}, arguments[:COMPARED])
    return timed(found, arguments, rounds)


def _parsed(way: Run) -> Callable[..., Any]:
    return lambda **arguments: json.loads(way(**arguments))


def target(workload: Workload) -> float:
    """Give the ratio to dicts and orjson that `to_json` is to keep."""
    return NESTED_TARGET if workload.form == "nested" else TARGET
