"""The graph that relations form: between collections, and between the items in them."""

from relgraph.graph.graph import RelationGraph

__all__ = ["RelationGraph"]
