"""relgraph: an in-process relation engine over SQLite.

The public names; each says in its own docstring what it gives.
"""

from relgraph.errors import RelgraphError
from relgraph.evaluation import evaluate, matches
from relgraph.query.ast import Param, Query
from relgraph.query.limits import Limits
from relgraph.read.result import Result
from relgraph.registry import RelationRegistry
from relgraph.relation import Relation
from relgraph.schema import Schema

__all__ = [
    "Limits",
    "Param",
    "Query",
    "Relation",
    "RelationRegistry",
    "RelgraphError",
    "Result",
    "Schema",
    "evaluate",
    "matches",
]

__version__ = "0.1.0"
