"""DOT: a picture as Graphviz takes it, each collection a table with a port for every field.

In: a `Picture`. Out: text. Nothing fails. Source: https://graphviz.org/doc/info/shapes.html#html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from relgraph.graph.markup import safe
from relgraph.graph.picture import Box, Line, Picture

_SPACES: Final = re.compile(r"[\t\n\r]")
_FILLS: Final = {"table": "#dbe7f5", "view": "#eeeeee", "junction": "#f6e7c8", "any": "#e7daf3"}


def to_dot(picture: Picture) -> str:
    """Give the graph; the many side has the crow's foot.

    >>> print(to_dot(Picture((), ())))
    digraph {
      graph [rankdir=RL, ranksep=1.2, nodesep=0.4]
      node [shape=plain, fontname="Helvetica", fontsize=11]
      edge [dir=both, fontname="Helvetica", fontsize=9, color="#666666"]
    }
    """
    return "\n".join(_text(picture))


def _text(picture: Picture) -> Iterator[str]:
    ports = {(box.name, row.name): f"f{place}" for box in picture.boxes for place, row in enumerate(box.rows)}
    names = {box.name: f"c{place}" for place, box in enumerate(picture.boxes)}
    yield "digraph {"
    yield "  graph [rankdir=RL, ranksep=1.2, nodesep=0.4]"
    yield '  node [shape=plain, fontname="Helvetica", fontsize=11]'
    yield '  edge [dir=both, fontname="Helvetica", fontsize=9, color="#666666"]'
    for box in picture.boxes:
        yield f"  {names[box.name]} [label=<{_table(box, ports)}>]"
    for line in picture.lines:
        near, far = (
            f"{names[name]}:{ports[name, fields[0]]}" if fields and (name, fields[0]) in ports else names[name]
            for name, fields in ((line.near, line.fields), (line.far, line.far_fields))
        )
        yield f"  {near} -> {far} [{_style(line)}]"
    yield "}"


def _table(box: Box, ports: dict[tuple[str, str], str]) -> str:
    rows = "".join(
        f'<TR><TD ALIGN="LEFT" PORT="{ports[box.name, row.name]}">{_named(row.name)}'
        f'<FONT COLOR="#777777"> {safe(row.type)} {row.mark}</FONT></TD></TR>'
        for row in box.rows
    )
    head = f'<TR><TD BGCOLOR="{_FILLS[box.kind]}"><B>{_named(box.name)}</B></TD></TR>'
    return f'<TABLE BORDER="0" CELLBORDER="1" CELLSPACING="0" CELLPADDING="4">{head}{rows}</TABLE>'


def _named(name: str) -> str:
    """Give a name on one line; Graphviz takes no label of tabs and line ends alone."""
    return safe(_SPACES.sub(" ", name)) or " "


def _style(line: Line) -> str:
    tail, head = "teeodot" if line.unique else "crowodot", "teetee" if line.required else "teeodot"
    style = ", style=dashed" if line.kind == "m2a" else ", style=dotted" if line.kind == "key" else ""
    return f"arrowtail={tail}, arrowhead={head}{style}"
