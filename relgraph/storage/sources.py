"""Sources: what a caller may give for a database.

In: a path, a connection, or a sqlite-utils database. Out: its connection, or the URI of its file. Fails with
`InvalidPayload` and `CannotOpen` for what is neither.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

from relgraph.errors import CannotOpen, InvalidPayload


def connection_in(source: Any) -> sqlite3.Connection | None:
    """Give the connection that a source is or holds; None where it is none."""
    if isinstance(source, sqlite3.Connection):
        return source
    module = sys.modules.get("sqlite_utils.db")  # whoever has such a database has imported it
    if module is not None and isinstance(source, module.Database):
        connection = source.conn
        return connection if isinstance(connection, sqlite3.Connection) else None
    return None


def path_in(source: Any) -> str:
    """Give a source as a path; raises `InvalidPayload` where it is none."""
    if not isinstance(source, (str, os.PathLike)):
        raise InvalidPayload(
            "database",
            f"a database is a path, a sqlite3 connection or a sqlite-utils database, not {type(source).__name__}",
        )
    return os.fsdecode(source)


def uri_of(path: str, read_only: bool) -> str:
    """Give the URI of a file, whatever letters its name holds; raises `CannotOpen` for what can be no file."""
    if not path:
        raise CannotOpen("''", "a path is needed; ':memory:' is a database in memory")
    if "\0" in path:
        raise CannotOpen(repr(path), "a path cannot hold a NUL character")
    file = Path(path)
    if file.is_dir():
        raise CannotOpen(path, "it is a folder")
    if read_only and not file.exists():
        raise CannotOpen(path, "there is no such file")
    return f"{file.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"


def why_not(path: str, error: sqlite3.Error) -> str:
    """Say why a file could not be opened."""
    folder = Path(path).absolute().parent
    if not folder.is_dir():
        return f"the folder {folder} does not exist"
    return f"{error}; check its permissions"
