"""What the tests of the command line share: a small database, a way to run commands, and a terminal."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TextIO

import pytest
from click.testing import CliRunner, Result

from relgraph.cli import group

MUSIC = """
    CREATE TABLE artists (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE albums (id INTEGER PRIMARY KEY, title TEXT, year INTEGER, artist INTEGER REFERENCES artists(id));
    CREATE TABLE lists (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE lists_albums (
        list INTEGER REFERENCES lists(id), album INTEGER REFERENCES albums(id), PRIMARY KEY (list, album)
    );
    CREATE TABLE "odd ""table, of 'all'" ("a b" TEXT PRIMARY KEY, "Größe" REAL, photo BLOB);
    INSERT INTO artists VALUES (1, 'Björk'), (2, '坂本龍一'), (3, NULL);
    INSERT INTO albums VALUES (1, 'Debut', 1993, 1), (2, 'Post', 1995, 1), (3, '音楽図鑑', 1984, 2), (-4, 'a, "b"', NULL, NULL);
    INSERT INTO lists VALUES (1, 'old'), (2, 'new');
    INSERT INTO lists_albums VALUES (1, 3), (2, 1), (2, 2);
    INSERT INTO "odd ""table, of 'all'" VALUES ('x' || char(10) || char(27) || '[31m', 1.5, NULL), ('blob', NULL, x'00ff');
"""  # noqa: E501  # rows are easier to read on one line

Run = Callable[..., Result]


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Give a database of artists, albums and lists, with a table of odd names and values."""
    path = tmp_path / "music.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(MUSIC)
    return path


@pytest.fixture
def run() -> Run:
    """Give a function that runs a command in this process, its output going to no terminal."""
    runner = CliRunner()
    return lambda *words: runner.invoke(group, [str(word) for word in words], prog_name="relgraph")


def process(*words: object, **settings: object) -> subprocess.Popen[bytes]:
    """Start a command as a process of its own, as a shell would."""
    command = [sys.executable, "-m", "relgraph", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **settings)  # type: ignore[call-overload,no-any-return]  # settings are those of Popen


class Terminal:
    """A terminal of some width, and what was written to it."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.shown = ""

    @property
    def lines(self) -> list[str]:
        """The lines shown so far."""
        return self.shown.replace("\r\n", "\n").splitlines()


@contextmanager
def terminal() -> Iterator[Terminal]:
    """Give a pseudo-terminal; what it showed is complete when the block is left."""
    pty = pytest.importorskip("pty", reason="terminals as files are a thing of Unix")
    master, slave = pty.openpty()
    parts: list[bytes] = []
    reader = threading.Thread(target=_drain, args=(master, parts))
    reader.start()
    with open(slave, "w", encoding="utf-8") as stream:
        given = Terminal(stream)
        yield given
    reader.join()
    os.close(master)
    given.shown = b"".join(parts).decode()


def _drain(master: int, parts: list[bytes]) -> None:
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # how Linux says that the other side was closed
            return
        if not part:
            return
        parts.append(part)
