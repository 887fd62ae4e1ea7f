"""relgraph: an in-process relation engine over SQLite."""

__version__ = "0.1.0"
