"""Markup: texts made safe to stand in XML and HTML.

In: any text. Out: text that a parser gives back as it was, but for characters that XML cannot hold, which become the
replacement character. Nothing fails.
"""

from __future__ import annotations

import re
from html import escape
from typing import Final

_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPACES: Final = re.compile("[\t\n\r]")


def safe(text: str) -> str:
    """Give a text as the content of an element or of an attribute in double quotes.

    >>> safe('<a "b">'), safe("a\\x00")
    ('&lt;a &quot;b&quot;&gt;', 'a\ufffd')
    """
    whole = escape(_FORBIDDEN.sub("\ufffd", text), quote=True)
    return _SPACES.sub(lambda found: f"&#{ord(found[0])};", whole)  # an attribute would turn them into spaces


def shortened(text: str, length: int) -> str:
    """Give a text that is cut where it is long.

    >>> shortened("a long name", 6)
    'a lon…'
    """
    return text if len(text) <= length else text[: length - 1] + "…"
