"""Networks: a graph as networkx has it, with all its algorithms.

In: a `RelationGraph`. Out: a `networkx.MultiDiGraph`. Raises `MissingExtra` where networkx is not installed.
"""

from __future__ import annotations

from typing import Any

from relgraph.errors import MissingExtra
from relgraph.graph.picture import Picture


def to_networkx(picture: Picture) -> Any:
    """Give a node for each collection, with its kind and fields, and an edge from each many side to its one side."""
    try:
        import networkx
    except ImportError as error:
        raise MissingExtra("to_networkx", "networkx", "graph") from error
    made = networkx.MultiDiGraph()
    for box in picture.boxes:
        made.add_node(box.name, kind=box.kind, fields=[row.name for row in box.rows])
    for line in picture.lines:
        made.add_edge(
            line.near,
            line.far,
            key=f"{line.near}.{line.label}",
            kind=line.kind,
            fields=list(line.fields),
            alias=line.alias or None,
            required=line.required,
        )
    return made
