"""Mermaid: a picture as an entity relationship diagram, which many wikis and code hosts draw.

In: a `Picture`. Out: text. Every name is quoted; what may not stand in quotes there is written as its number, like #34;
for a quotation mark. Nothing fails. Source: https://mermaid.js.org/syntax/entityRelationshipDiagram.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from relgraph.graph.picture import Line, Picture, Row

_ODD: Final = re.compile(  # its parser takes a line that says "direction LR" for an order, in quotes too
    r'["%#;\\{}<>&`\[\]|]|[^ -\U0010ffff]|[\x7f-\x9f\u2028\u2029\ud800-\udfff]|(?<=direction)\s', re.IGNORECASE
)
_WORD: Final = re.compile(r"(?!(?:[PFU]K)$)[A-Za-z_][A-Za-z0-9_]*", re.ASCII | re.I)  # the marks of keys are no names


def to_mermaid(picture: Picture) -> str:
    """Give the diagram.

    >>> from relgraph.graph.picture import Box
    >>> print(to_mermaid(Picture((Box("tags", "table", (Row("id", "integer", "PK"),)),), ())))
    erDiagram
      "tags" {
        integer id PK
      }
    """
    return "\n".join(_text(picture))


def _text(picture: Picture) -> Iterator[str]:
    yield "erDiagram"
    for box in picture.boxes:
        rows = [f"    {_row(row)}" for row in box.rows]
        yield from (f"  {_quoted(box.name)} {{", *rows, "  }") if rows else (f"  {_quoted(box.name)}",)
    for line in picture.lines:
        yield f"  {_line(line)}"


def _line(line: Line) -> str:
    one, many = "||" if line.required else "|o", "o|" if line.unique else "o{"
    drawn = ".." if line.kind == "m2a" else "--"
    return f"{_quoted(line.far)} {one}{drawn}{many} {_quoted(line.near)} : {_quoted(line.label)}"


def _row(row: Row) -> str:
    """Give an attribute; a name that is no word stands behind it as a comment."""
    plain = _WORD.fullmatch(row.name) is not None
    name = row.name if plain else re.sub(r"\W", "_", "_" + row.name, flags=re.ASCII)
    return " ".join(filter(None, (row.type, name, row.mark.replace(" ", ""), "" if plain else _quoted(row.name))))


def _quoted(name: str) -> str:
    return f'"{_ODD.sub(lambda found: f"#{ord(found[0])};", name) or " "}"'
