"""The command line: `relgraph` and `python -m relgraph`.

In: the words after the command. Out: text on stdout, for a person on a terminal and for a program in a pipe; on stderr
at most one line for a failure and a progress bar. Ends with 0, or 1 when the database or a file is at fault, 2 when the
command or the question is, 130 when it was interrupted. Nothing here is imported by `import relgraph`.
"""

from __future__ import annotations

from relgraph.cli import definitions, graph, integrity, snapshots, subset  # noqa: F401  # put their commands into the group
from relgraph.cli.commands import group

__all__ = ["group", "main"]


def main() -> None:
    """Run the command that the words of the process ask for, and end the process with its status."""
    group(prog_name="relgraph")
