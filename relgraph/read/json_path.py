"""Following a path into stored JSON text: what `json(meta, a.b[0])` shows.

In: path segments, names or positions. Out: a function on the stored text. What is no JSON text, or has nothing there,
gives None.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


def at_path(segments: tuple[str | int, ...]) -> Callable[[Any], Any]:
    """Give the function that follows a path into JSON text.

    >>> follow = at_path(("a", 1))
    >>> follow('{"a": [1, true]}'), follow('{"a": 1}'), follow("not json"), follow(None)
    (True, None, None, None)
    """

    def follow(text: Any) -> Any:
        if not isinstance(text, str):
            return None
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return None
        for segment in segments:
            found = _step(found, segment)
        return found

    return follow


def _step(found: Any, segment: str | int) -> Any:
    if isinstance(found, dict) and isinstance(segment, str):
        return found.get(segment)
    if isinstance(found, list) and isinstance(segment, int) and -len(found) <= segment < len(found):
        return found[segment]
    return None
