"""Databases to delete from, as Hypothesis strategies: pointers of every kind and action, loops, NULLs and defaults.

In: nothing. Out: SQL scripts. Everything that decides what a delete does is drawn: the actions, what may be NULL, what
the defaults are, keys of several columns, tables without a rowid, pointers that dangle, relations without a foreign
key, any-to-many relations, junctions, and now and then a foreign key that leads nowhere.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from attrs import frozen
from hypothesis import strategies as st

from tests.laws.databases import RELATIONS_TABLE, quoted

ACTIONS: Final = ("NO ACTION", "RESTRICT", "SET NULL", "SET DEFAULT", "CASCADE", "CASCADE")
NAMES: Final = ("a", "B", 'the "c"', "d.e")
KEYS: Final = {  # columns of a table, and what ends its definition
    "integer": ("id INTEGER PRIMARY KEY", ""),
    "text": ("id TEXT PRIMARY KEY", ""),
    "nocase": ("id TEXT COLLATE NOCASE PRIMARY KEY", ""),
    "alone": ("id TEXT PRIMARY KEY", " WITHOUT ROWID"),
    "composite": ("k1 INTEGER, k2 TEXT, PRIMARY KEY (k1, k2)", ""),
    "composite alone": ("k1 INTEGER, k2 TEXT, PRIMARY KEY (k1, k2)", " WITHOUT ROWID"),
}
LETTERS: Final = ("p", "q", "r", "s", "t", "v")


@frozen
class Pointing:
    """Columns of a table that point at another."""

    columns: tuple[str, ...]
    declared: str  # the definitions of the columns
    constraint: str  # the foreign key; empty where none is declared
    target: str
    unique: bool  # whether it points at the unique column, and not at the key

    def far(self, kinds: dict[str, str]) -> tuple[str, ...]:
        """Give the columns pointed at."""
        return ("u",) if self.unique else _key_columns(kinds[self.target])


@frozen
class Deletable:
    """A script that makes a database, and what it is good to know of it."""

    script: str
    keys: dict[str, tuple[str, ...]]  # the primary key of each table
    declared: dict[str, list[tuple[tuple[str, ...], str, tuple[str, ...]]]]  # by table: columns, table, its columns
    any_pointers: tuple[tuple[str, str, str], ...]  # table, item, kind
    loose_pointers: tuple[tuple[str, str, str], ...]  # table, column, table pointed at: relations without a foreign key

    def make(self) -> sqlite3.Connection:
        """Give a new database in memory."""
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.executescript(self.script)
        return connection


def literal(value: Any) -> str:
    """Give a value as SQL writes it."""
    return "NULL" if value is None else str(value) if isinstance(value, int) else f"'{value}'"


@st.composite
def databases(draw: st.DrawFn, *, sound: bool = False) -> Deletable:
    """Draw a database; a `sound` one has no pointers at nothing, and no definitions that lead nowhere."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    kinds = {name: draw(st.sampled_from(sorted(KEYS))) for name in names}
    keys = {name: draw(_keys(kinds[name])) for name in names}
    declared: dict[str, list[Any]] = {}
    script, registered, any_pointers, loose = ["PRAGMA foreign_keys = OFF"], [], [], []
    inserts = []
    for name in names:
        pointings = [draw(_pointings(f"to{n}", names, kinds, keys)) for n in range(draw(st.integers(0, 3)))]
        declared[name] = [(each.columns, each.target, each.far(kinds)) for each in pointings]
        columns, end = KEYS[kinds[name]]
        own, *constraint = columns.split(", PRIMARY", 1)
        parts = [own, "u TEXT UNIQUE", *(each.declared for each in pointings)]
        halves = [each.columns[0] for each in pointings if len(each.columns) == 1]
        values = {each.columns: _values(each, keys[each.target], sound) for each in pointings}
        if single := [one for one in names if "composite" not in kinds[one]]:
            if draw(st.integers(0, 2)) == 2:
                allowed = draw(st.lists(st.sampled_from(single), min_size=1, unique=True))
                parts += ["item TEXT", "kind TEXT"]
                deselect, partner = (
                    draw(st.sampled_from(("nullify", "delete"))),
                    draw(st.none() | st.sampled_from((*halves, None))),
                )
                registered.append((name, "item", None, "kind", ",".join(allowed), partner, deselect))
                if partner:
                    registered.append((name, partner, _target(pointings, partner), None, None, "item", "nullify"))
                any_pointers.append((name, "item", "kind"))
                values["item", "kind"] = [(str(key[0]), one) for one in allowed for key in keys[one]]
            if draw(st.integers(0, 3)) == 3:
                one = draw(st.sampled_from(single))
                parts.append(f"loose {'INTEGER' if kinds[one] == 'integer' else 'TEXT'}")
                registered.append((name, "loose", one, None, None, None, "nullify"))
                loose.append((name, "loose", one))
                values[("loose",)] = [key[:1] for key in keys[one]]
        constraints = [f"PRIMARY{rest}" for rest in constraint] + [
            each.constraint for each in pointings if each.constraint
        ]
        if not sound and draw(st.integers(0, 15)) == 15:
            parts.append("lost INTEGER")
            constraints.append(draw(st.sampled_from(_LOST)).format(quoted(names[0])))
        script.append(f"CREATE TABLE {quoted(name)} ({', '.join([*parts, *constraints])}){end}")
        for number, key in enumerate(keys[name]):
            row = dict(zip(_key_columns(kinds[name]), key, strict=True)) | {"u": LETTERS[number]}
            for group, pool in values.items():
                row |= dict(zip(group, draw(_pointed(group, pool, sound)), strict=True))
            listed, marks = ", ".join(row), ", ".join(map(literal, row.values()))
            inserts.append(f"INSERT OR IGNORE INTO {quoted(name)} ({listed}) VALUES ({marks})")
    script += [*inserts, *_registrations(registered)]
    return Deletable(
        ";\n".join([*script, "PRAGMA foreign_keys = ON"]),
        {name: _key_columns(kinds[name]) for name in names},
        declared,
        tuple(any_pointers),
        tuple(loose),
    )


_LOST: Final = (
    "FOREIGN KEY (lost) REFERENCES nowhere (id) ON DELETE CASCADE",
    "FOREIGN KEY (lost) REFERENCES {} (lost) ON DELETE CASCADE",
    "FOREIGN KEY (lost, u) REFERENCES {}",
)


def _key_columns(kind: str) -> tuple[str, ...]:
    return ("k1", "k2") if "composite" in kind else ("id",)


def _target(pointings: list[Pointing], column: str) -> str:
    return next(each.target for each in pointings if each.columns[0] == column)


def _keys(kind: str) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    count = st.integers(0, len(LETTERS))
    if "composite" in kind:
        return count.map(lambda many: [(number // 2, LETTERS[number % 2]) for number in range(many)])
    return count.map(lambda many: [(number + 1 if kind == "integer" else str(number + 1),) for number in range(many)])


@st.composite
def _pointings(
    draw: st.DrawFn, stem: str, names: list[str], kinds: dict[str, str], keys: dict[str, list[Any]]
) -> Pointing:
    target = draw(st.sampled_from(names))
    composite = "composite" in kinds[target]
    to_unique = draw(st.integers(0, 4)) == 4
    far = ("u",) if to_unique else _key_columns(kinds[target])
    columns = tuple(f"{stem}{letter}" for letter in "xy"[: len(far)])
    types = (
        ["TEXT"]
        if to_unique
        else ["INTEGER", "TEXT"]
        if composite
        else ["INTEGER" if kinds[target] == "integer" else "TEXT"]
    )
    default = draw(st.sampled_from((None, *keys[target]))) if keys[target] and not to_unique else None
    needed = draw(st.integers(0, 4)) == 4
    declared = []
    for number, (column, kind) in enumerate(zip(columns, types, strict=True)):
        given = f" DEFAULT {literal(default[number])}" if default else ""
        unique = " UNIQUE" if len(columns) == 1 and draw(st.integers(0, 7)) == 7 else ""
        declared.append(f"{column} {kind}{' NOT NULL' * needed}{given}{unique}")
    actions = f"ON DELETE {draw(st.sampled_from(ACTIONS))} ON UPDATE {draw(st.sampled_from(ACTIONS))}"
    deferred = draw(st.sampled_from(("", "", "", " DEFERRABLE INITIALLY DEFERRED")))
    referred = f"{quoted(target.swapcase())} ({', '.join(far)})"
    constraint = f"FOREIGN KEY ({', '.join(columns)}) REFERENCES {referred} {actions}{deferred}"
    return Pointing(columns, ", ".join(declared), constraint, target, to_unique)


def _values(pointing: Pointing, keys: list[tuple[Any, ...]], sound: bool) -> list[tuple[Any, ...]]:
    """Give what columns that point at a table may hold: what it is known by, where not `sound` also the other way."""
    letters = [(letter,) for letter in LETTERS[: len(keys)]]
    if len(pointing.columns) == 2:
        return keys
    return letters if pointing.unique else keys if sound else [*keys, *keys, *letters]


def _pointed(group: tuple[str, ...], pool: list[tuple[Any, ...]], sound: bool) -> st.SearchStrategy[tuple[Any, ...]]:
    nothing = [(None,) * len(group)]
    lost = [] if sound else [("99",) + ("a",) * (len(group) - 1)]
    return st.sampled_from([*pool * 3, *nothing, *lost])


def _registrations(registered: list[tuple[Any, ...]]) -> list[str]:
    if not registered:
        return []
    names = "many_collection, many_field, one_collection, one_collection_field, one_allowed_collections"
    insert = f"INSERT INTO relgraph_relations ({names}, junction_field, one_deselect_action) VALUES "
    return [RELATIONS_TABLE, *(f"{insert}({', '.join(map(literal, row))})" for row in registered)]
