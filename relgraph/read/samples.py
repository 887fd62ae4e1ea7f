"""Samples: statements that look at some rows of a search, to tell how many there are of those that it looks for.

In: the searches of a plan. Out: finished statements, which look at no more rows than is said here. Values travel as
parameters, as in the statements that the samples are for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from relgraph.query.resolved import Literal
from relgraph.read.fragments import MARK, Spread, Sql, Statement, balanced, joined, quoted, sql
from relgraph.read.joins import TRUE, Search, guarded, table
from relgraph.read.sql import all_where

SAMPLED: Final = 999  # rows: a third each from the start and the end, where pages begin, and from the middle
_DENSE: Final = 100  # rows in the middle of a table: if their keys follow closely, its keys tell how many rows it has


def facts(collections: Sequence[str]) -> Statement:
    """Give the statement that tells which collections are tables, and which of them have a rowid by name."""
    shadowed = "SELECT 1 FROM pragma_table_xinfo(l.name, 'main') c WHERE c.name = '_rowid_' COLLATE NOCASE"
    text = f"""SELECT l.name, NOT l.wr AND NOT EXISTS ({shadowed})
        FROM pragma_table_list l WHERE l.schema = 'main' AND l.type = 'table' AND l.name IN ({MARK})"""
    return Statement.of(Sql(text, (Spread(tuple(Literal(name) for name in collections)),)))


def sizes(tables: Mapping[str, bool]) -> Statement:
    """Give the statement that tells how many rows tables have, about; the values say which of them have a rowid."""
    counts = [f"({_size(name, has_rowid)})" for name, has_rowid in tables.items()]
    return Statement.of(sql("SELECT ", joined(", ", counts)))


def _size(name: str, has_rowid: bool) -> str:
    source = f"main.{quoted(name)}"
    counted = f"SELECT count(*) FROM {source}"
    if not has_rowid:
        return counted
    last = f"SELECT max(r) FROM (SELECT _rowid_ AS r FROM {source} WHERE _rowid_ >= middle LIMIT {_DENSE})"
    ends = f"SELECT min(_rowid_) AS least, (SELECT max(_rowid_) FROM {source}) AS most FROM {source}"
    return f"""SELECT CASE WHEN ({last}) < middle + 4 * {_DENSE} THEN most - least + 1 ELSE ({counted}) END
        FROM (SELECT least, most, least / 2 + most / 2 AS middle FROM ({ends}))"""


def search_sample(search: Search, tables: Mapping[str, bool]) -> Statement:
    """Give the statement that counts rows along the hops of a search, and those among them that it looks for."""
    source = search.source
    hop, alias = source.hops[0]
    wanted = balanced("AND", [*guarded(hop, None, alias), *source.where] or [TRUE])
    further = [table(each.far, name) for each, name in source.hops[1:]]
    return _sample(wanted, hop.far, alias, further, source.joins, tables)


def items_sample(light: Sequence[Sql], collection: str, alias: str, tables: Mapping[str, bool]) -> Statement:
    """Give the statement that counts items, and those among them that fulfil conditions."""
    return _sample(balanced("AND", light), collection, alias, [], [], tables)


def _sample(
    wanted: Sql, first: str, alias: str, further: Sequence[str], joins: Sequence[Sql], has_rowid: Mapping[str, bool]
) -> Statement:
    """Give a sample of joined rows, bounded twice: in those of the first table, and in what they are joined to."""
    pieces = []
    for part, size in _parts(first, alias, has_rowid=has_rowid[first]):
        tables = " CROSS JOIN ".join([f"({part} LIMIT {size}) AS {alias}", *further])
        head = sql("SELECT (", wanted, f") AS wanted FROM {tables}")
        pieces.append(sql("SELECT * FROM (", head, all_where(joins), f" LIMIT {size})"))
    rows = joined(" UNION ALL ", pieces)
    return Statement.of(sql("SELECT count(*), count(*) FILTER (WHERE wanted) FROM (", rows, ")"))


def _parts(first: str, alias: str, *, has_rowid: bool) -> list[tuple[str, int]]:
    """Give the parts of a table to look at, in the order in which it holds its rows: an index would sort them."""
    rows = f"SELECT * FROM {table(first, alias)} NOT INDEXED"
    if not has_rowid:
        return [(rows, SAMPLED)]
    middle = f"{alias}._rowid_ >= (SELECT max(_rowid_) / 2 FROM main.{quoted(first)})"
    parts = (rows, f"{rows} WHERE {middle}", f"{rows} ORDER BY {alias}._rowid_ DESC")
    return [(part, SAMPLED // 3) for part in parts]


_SCANNED: Final = re.compile(r"SCAN (t\d+)\b|SEARCH (t\d+) USING AUTOMATIC ")


def scanned(steps: Iterable[str]) -> frozenset[str]:
    """Give the aliases that SQLite goes through row by row, by the steps of its plan.

    >>> sorted(scanned(["SCAN t0", "SEARCH t1 USING INDEX a (b=?)", "SEARCH t2 USING AUTOMATIC COVERING INDEX (c=?)"]))
    ['t0', 't2']
    """
    found = (_SCANNED.match(step) for step in steps)
    return frozenset(each[1] or each[2] for each in found if each)
