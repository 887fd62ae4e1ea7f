"""relgraph: an in-process relation engine over SQLite.

The public names; each says in its own docstring what it gives. They are loaded when they are first used, so that
`import relgraph` costs a program that may never need them next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from relgraph.access import Access as Access
    from relgraph.access import Grant as Grant
    from relgraph.errors import RelgraphError as RelgraphError
    from relgraph.evaluation import evaluate as evaluate
    from relgraph.evaluation import matches as matches
    from relgraph.explain.explanation import Explanation as Explanation
    from relgraph.items import Items as Items
    from relgraph.query.ast import Param as Param
    from relgraph.query.ast import Query as Query
    from relgraph.query.limits import Limits as Limits
    from relgraph.read.result import Result as Result
    from relgraph.registry import RelationRegistry as RelationRegistry
    from relgraph.relation import Relation as Relation
    from relgraph.schema import Schema as Schema
    from relgraph.storage.column_types import Sql as Sql

__version__ = "0.1.0"

_HOMES: Final = {
    "Access": "relgraph.access",
    "Explanation": "relgraph.explain.explanation",
    "Grant": "relgraph.access",
    "Items": "relgraph.items",
    "Limits": "relgraph.query.limits",
    "Param": "relgraph.query.ast",
    "Query": "relgraph.query.ast",
    "Relation": "relgraph.relation",
    "RelationRegistry": "relgraph.registry",
    "RelgraphError": "relgraph.errors",
    "Result": "relgraph.read.result",
    "Schema": "relgraph.schema",
    "Sql": "relgraph.storage.column_types",
    "evaluate": "relgraph.evaluation",
    "matches": "relgraph.evaluation",
}

__all__ = list(_HOMES)  # the table is the list


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'relgraph' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
