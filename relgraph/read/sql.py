"""Rendering: conditions, values and orders of a `ResolvedQuery` as SQL.

In: resolved conditions and the alias of the row they speak of. Out: `Sql` pieces. Nothing here can fail. `read/memory`
has the same functions for plain dicts; a change to one without the other is not finished.

How a condition becomes SQL (measured shapes; see the module docstrings of the parts):
- OR distributes over joined rows always, AND only between parts that share no path; parts that share one stay together.
- What is never true of a NULL row needs no left join: it is a search for a row, `key IN (SELECT ..)` or `EXISTS (..)`.
- What may be true of a NULL row is asked of one left join per path, inside one EXISTS; to-one paths alone need no join
  at all, a scalar subquery gives the value or NULL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import evolve, frozen

from relgraph.functions import AGGREGATES
from relgraph.operators import Arity, Operator
from relgraph.query.resolved import (
    AllOf,
    AnyOf,
    Call,
    Condition,
    GroupColumn,
    Order,
    Quantified,
    Test,
    Value,
)
from relgraph.read.fragments import CHAINED, MARK, Spread, Sql, balanced, fill, joined, sql
from relgraph.read.joins import FALSE, TRUE, Path, Renderer, column, far_key, guarded, join, sought_key, table
from relgraph.schema import Field, Hop
from relgraph.values import DATES, FieldType

# --- values ----------------------------------------------------------------------------------------------------------


def stored(value: Field, alias: str) -> Sql:
    """Give a field as sorting and grouping see it: as stored, compared byte by byte whatever the column's collation."""
    plain = column(alias, value.name)
    return Sql(plain if value.collation == "BINARY" else f"{plain} COLLATE BINARY")


def compared(value: Field, alias: str, *, as_shown: bool = False) -> Sql:
    """Give a field as filters and functions see it: moments as epoch milliseconds, or the text shown."""
    template = value.codec.shown_sql if as_shown and value.type in DATES else value.codec.comparable_sql
    return fill(template, v=stored(value, alias)) if template != "{v}" else stored(value, alias)


def call(renderer: Renderer, value: Call, alias: str) -> Sql:
    """Give a function's value for the row of `alias`; over a to-many hop it is a subquery of its own."""
    subject = value.subject
    if isinstance(subject, Field):
        function, text = value.function, subject.type in DATES and not subject.codec.epoch
        template = function.time_sql if subject.type is FieldType.TIME else (text and function.text_sql) or function.sql
        return fill(template, v=compared(subject, alias), t=stored(subject, alias))
    far = renderer.alias()
    if value.function.name == "count":
        inner = Sql("count(*)")
    else:
        assert isinstance(value.argument, Field)
        inner = fill(AGGREGATES[value.function.name].sql, v=stored(value.argument, far))
    return sql("(SELECT ", inner, f" FROM {table(subject.far, far)} WHERE ", join(subject, alias, far), ")")


def at(renderer: Renderer, value: Value, alias: str, *, as_shown: bool = False) -> Sql:
    """Give a value of the row of `alias` for comparing."""
    if isinstance(value, Call):
        return as_number(value.function.name, call(renderer, value, alias))
    return compared(value, alias, as_shown=as_shown)


def ordered(renderer: Renderer, value: Value, alias: str) -> Sql:
    """Give a value of the row of `alias` for sorting and grouping."""
    return call(renderer, value, alias) if isinstance(value, Call) else stored(value, alias)


def as_number(name: str, total: Sql) -> Sql:
    """Give an aggregate for comparing and sorting: a sum beyond 64 bits, which is text, as the nearest float."""
    return sql("(", total, " + 0)") if name.startswith("sum") else total


def counts_nothing(value: Value) -> bool:
    """Say whether a value is 0, not NULL, where there is no row: the count of a relation."""
    return isinstance(value, Call) and isinstance(value.subject, Hop) and value.function.name.startswith("count")


def along(path: Path, alias: str, inner: Sql, last: str, renderer: Renderer) -> Sql:
    """Give `inner`, a value of the row `last` at the end of a to-one path; NULL where there is none."""
    first = renderer.alias() if len(path) > 1 else last
    tables: list[str | Sql] = [table(path[0].far, first)]
    near = first
    for index, hop in enumerate(path[1:], start=2):
        far = last if index == len(path) else renderer.alias()
        tables += [f" JOIN {table(hop.far, far)} ON ", join(hop, near, far)]
        near = far
    return sql("(SELECT ", inner, " FROM ", *tables, " WHERE ", join(path[0], alias, first), ")")


def reached(renderer: Renderer, path: Path, value: Value, alias: str, *, as_shown: bool = False) -> Sql:
    """Give a value at the end of a to-one path, for comparing; NULL, or a count of 0, where the path leads nowhere."""
    if not path:
        return at(renderer, value, alias, as_shown=as_shown)
    last = renderer.alias()
    found = along(path, alias, at(renderer, value, last, as_shown=as_shown), last, renderer)
    return sql("coalesce(", found, ", 0)") if counts_nothing(value) else found


# --- conditions ------------------------------------------------------------------------------------------------------


def condition(renderer: Renderer, node: Condition, alias: str) -> Sql:
    """Give a condition on the row of `alias`, true exactly where some joined row fulfils it."""
    return conjunction(renderer, conjuncts(node), alias)


def conjunction(renderer: Renderer, parts: Sequence[Condition], alias: str, *, top: bool = False) -> Sql:
    """Give the AND of conditions on one row; those that share a path speak of the same joined row.

    Of the conjuncts of a whole statement (`top`), searches may be probed, and know whether others restrict the rows.
    """
    groups = independent(parts)
    return balanced(
        "AND", [apart(renderer, group, alias, probed=top, alone=top and len(groups) == 1) for group in groups] or [TRUE]
    )


def conjuncts(node: Condition) -> list[Condition]:
    """Take nested ANDs apart."""
    if isinstance(node, AllOf):
        return [inner for part in node.parts for inner in conjuncts(part)]
    return [node]


def paths(node: Condition) -> Iterable[Path]:
    """Give the paths of all leaves of a condition; the hop of a quantifier starts afresh and is not among them."""
    if isinstance(node, (AllOf, AnyOf)):
        for part in node.parts:
            yield from paths(part)
    else:
        yield node.path


def independent(parts: Sequence[Condition]) -> list[list[Condition]]:
    """Put conditions that share the first hop of any path into one group, in order of first appearance."""
    groups: list[tuple[set[Hop], list[Condition]]] = []
    for part in parts:
        hops = {path[0] for path in paths(part) if path}
        together = [part]
        rest: list[tuple[set[Hop], list[Condition]]] = []
        for known, members in groups:
            if known & hops:
                hops |= known
                together = [*members, *together]
            else:
                rest.append((known, members))
        groups = [*rest, (hops, together)]
    return [members for _, members in groups]


def apart(
    renderer: Renderer, group: Sequence[Condition], alias: str, *, probed: bool = False, alone: bool = False
) -> Sql:
    """Give the AND of conditions that share paths, and no others."""
    first = group[0]
    if len(group) == 1 and isinstance(first, AnyOf):
        return balanced("OR", [condition(renderer, part, alias) for part in first.parts] or [FALSE])
    if len(group) == 1 and isinstance(first, (Test, Quantified)) and not first.path:
        return single(renderer, first, alias, probed=probed, alone=alone)
    found = searched(group)
    if found is not None:
        return search(renderer, *found, alias, probed=probed)
    if any(step.many for part in group for path in paths(part) for step in path):
        return among_joined(renderer, group, alias)
    return balanced("AND", [flat(renderer, part, {(): alias}) for part in group])


def single(
    renderer: Renderer, node: Test | Quantified, alias: str, *, probed: bool = False, alone: bool = False
) -> Sql:
    """Give a condition whose value lies in the row itself, or a quantifier over its children."""
    if isinstance(node, Test):
        return test(node.operator, node, at(renderer, node.value, alias, as_shown=node.operator.as_shown))
    return quantified(renderer, node, alias, probed=probed, alone=alone)


def test(operator: Operator, node: Test, value: Sql) -> Sql:
    """Give an operator applied to a value."""
    if operator.arity is Arity.MANY:
        return fill(operator.sql, v=value, xs=Sql(MARK, (Spread(node.operands),)))
    names = ("x",) if operator.arity is Arity.ONE else ("x0", "x1")
    operands = [Sql("?", (operand,)) for operand in node.operands]
    return fill(operator.sql, v=value, **dict(zip(names, operands, strict=False)))


# --- searches: conditions that a row must exist for ------------------------------------------------------------------


def rejects_null(node: Condition, hop: Hop) -> bool:
    """Say whether a condition is never true where the first hop of its paths is `hop` and leads to no row."""
    if isinstance(node, AllOf):
        return any(rejects_null(part, hop) for part in node.parts)
    if isinstance(node, AnyOf):
        return all(rejects_null(part, hop) for part in node.parts)
    if not node.path or node.path[0] != hop:
        return False
    if isinstance(node, Test):
        return node.operator.rejects_null and not counts_nothing(node.value)
    return node.word == "some"


def behind(node: Condition) -> Condition:
    """Give a condition as seen from behind the first hop of its paths."""
    if isinstance(node, (AllOf, AnyOf)):
        return evolve(node, parts=tuple(behind(part) for part in node.parts))
    return evolve(node, path=node.path[1:])


def searched(group: Sequence[Condition]) -> tuple[Hop, list[Condition]] | None:
    """Give the hop and the conditions behind it, if a group says no more than that a row with them exists there."""
    first = group[0]
    if len(group) == 1 and isinstance(first, Quantified) and not first.path and first.word == "some":
        return first.hop, [] if first.condition is None else [first.condition]
    hops = {path[0] if path else None for part in group for path in paths(part)}
    hop = next(iter(hops)) if len(hops) == 1 else None
    if hop is None or not any(rejects_null(part, hop) for part in group):
        return None
    return hop, [behind(part) for part in group]


@frozen
class Source:
    """The rows behind a hop that fulfil conditions: the alias of the first, and what follows FROM and WHERE."""

    alias: str
    tables: Sql
    where: tuple[Sql, ...]


def source(renderer: Renderer, hop: Hop, parts: Sequence[Condition]) -> Source:
    """Give the rows behind a hop that fulfil conditions.

    Further searches are joined instead of nested, at most one of them to-many: SQLite nests no more than 10 subqueries,
    and two to-many joins would multiply.
    """
    alias = renderer.alias()
    tables, where, multiplied = Sql(table(hop.far, alias)), [], False
    for group in independent([inner for part in parts for inner in conjuncts(part)]):
        found = searched(group)
        if found is None or (found[0].many and multiplied):
            where.append(apart(renderer, group, alias))
            continue
        multiplied = multiplied or found[0].many
        inner = source(renderer, *found)
        tables = sql(tables, " JOIN ", inner.tables)
        where += [join(found[0], alias, inner.alias), *inner.where]
    return Source(alias, tables, tuple(where))


def all_where(conditions: Sequence[Sql]) -> Sql:
    """Give a WHERE clause, or nothing; a chain that is long adds up with those around it to what SQLite refuses."""
    if len(conditions) > CHAINED:
        return sql(" WHERE ", balanced("AND", conditions))
    return sql(" WHERE ", joined(" AND ", conditions)) if conditions else Sql("")


def search(renderer: Renderer, hop: Hop, parts: Sequence[Condition], alias: str, *, probed: bool = False) -> Sql:
    """Give the condition that a row behind the hop fulfils all parts: IN by default, EXISTS where that was decided.

    IN forms the set of keys once and lets an index of the child drive; EXISTS stops at the first page where the set is
    large. Each loses 30 to 5000 times on the wrong data, so top searches are probed before they run (100k rows,
    SQLite 3.40, 2026-11).
    """
    rows = source(renderer, hop, parts)
    if probed and hop.many:
        renderer.probes.append(
            sql("SELECT 1 FROM ", rows.tables, all_where([*guarded(hop, None, rows.alias), *rows.where]))
        )
        if renderer.decisions.get(len(renderer.probes) - 1) == "exists":
            return exists(hop, rows, alias)
    keys = sql(
        f"{sought_key(hop, alias)} IN (SELECT {far_key(hop, rows.alias)} FROM ",
        rows.tables,
        all_where([*guarded(hop, None, rows.alias), *rows.where]),
        ")",
    )
    return joined(" AND ", [*guarded(hop, alias, None), keys])


def exists(hop: Hop, rows: Source, alias: str, word: str = "EXISTS") -> Sql:
    """Give the condition that the row of `alias` has a row behind the hop."""
    return sql(f"{word} (SELECT 1 FROM ", rows.tables, all_where([join(hop, alias, rows.alias), *rows.where]), ")")


def quantified(renderer: Renderer, node: Quantified, alias: str, *, probed: bool = False, alone: bool = False) -> Sql:
    """Give a quantifier over the children of the row of `alias`.

    `none` is NOT EXISTS where other conditions leave few parents, else NOT IN, which is 8 times faster over all parents
    (100k rows, SQLite 3.40, 2026-11); there `IS NOT NULL` is needed, since one NULL key would empty the answer.
    """
    parts = [] if node.condition is None else [node.condition]
    if node.word == "some":
        return search(renderer, node.hop, parts, alias, probed=probed)
    if node.word == "every":
        if node.condition is None:
            return TRUE
        far = renderer.alias()
        failing = sql("(", condition(renderer, node.condition, far), ") IS NOT TRUE")
        return exists(node.hop, Source(far, Sql(table(node.hop.far, far)), (failing,)), alias, "NOT EXISTS")
    rows = source(renderer, node.hop, parts)
    if not alone:
        return exists(node.hop, rows, alias, "NOT EXISTS")
    near, far = sought_key(node.hop, alias), far_key(node.hop, rows.alias)
    kept = all_where([Sql(f"{far} IS NOT NULL"), *guarded(node.hop, None, rows.alias), *rows.where])
    return sql(f"({near} IS NULL OR {near} NOT IN (SELECT {far} FROM ", rows.tables, kept, "))")


# --- conditions that may be true of a missing row --------------------------------------------------------------------


def prefixes(group: Iterable[Condition]) -> list[Path]:
    """Give every path prefix of the leaves, shorter ones first, each once, in order of appearance."""
    found = {path[:length]: None for part in group for path in paths(part) for length in range(1, len(path) + 1)}
    return sorted(found, key=len)


def left_joins(renderer: Renderer, steps: Iterable[Path], aliases: dict[Path, str]) -> Sql:
    """Give a LEFT JOIN for each path, and note its alias."""
    pieces: list[str | Sql] = []
    for path in steps:
        aliases[path] = renderer.alias()
        hop = path[-1]
        pieces += [f" LEFT JOIN {table(hop.far, aliases[path])} ON ", join(hop, aliases[path[:-1]], aliases[path])]
    return sql(*pieces)


def among_joined(renderer: Renderer, group: Sequence[Condition], alias: str) -> Sql:
    """Give the condition that some combination of joined rows, one per path, fulfils all of the group."""
    aliases: dict[Path, str] = {(): alias}
    joins = left_joins(renderer, prefixes(group), aliases)
    parts = [flat(renderer, part, aliases) for part in group]
    return sql("EXISTS (SELECT 1 FROM (SELECT 1)", joins, " WHERE ", balanced("AND", parts), ")")


def flat(renderer: Renderer, node: Condition, aliases: Mapping[Path, str]) -> Sql:
    """Give a condition on rows that are joined already; a to-one path that is not is looked up by a subquery."""
    if isinstance(node, AllOf):
        return balanced("AND", [flat(renderer, part, aliases) for part in node.parts] or [TRUE])
    if isinstance(node, AnyOf):
        return balanced("OR", [flat(renderer, part, aliases) for part in node.parts] or [FALSE])
    near = max((path for path in aliases if node.path[: len(path)] == path), key=len)
    alias, rest = aliases[near], node.path[len(near) :]
    if isinstance(node, Test):
        return test(node.operator, node, reached(renderer, rest, node.value, alias, as_shown=node.operator.as_shown))
    if not rest:
        return quantified(renderer, node, alias)
    last = renderer.alias()
    found = along(rest, alias, quantified(renderer, evolve(node, path=()), last), last, renderer)
    return sql("coalesce(", found, ", 0)" if node.word == "some" else ", 1)")


# --- order -----------------------------------------------------------------------------------------------------------


def order(renderer: Renderer, keys: Sequence[Order], alias: str) -> list[Sql]:
    """Give the terms of ORDER BY for keys of the row or behind to-one paths; SQLite puts NULLs as we want them."""
    return [directed(reached_stored(renderer, key, alias), key) for key in keys]


def directed(piece: Sql, key: Order) -> Sql:
    """Give a term of ORDER BY with its direction."""
    return sql(piece, " DESC") if key.descending else piece


def reached_stored(renderer: Renderer, key: Order | GroupColumn, alias: str) -> Sql:
    """Give a value at the end of a to-one path, for sorting and grouping."""
    last = renderer.alias() if key.path else alias
    found = ordered(renderer, key.value, last)
    if key.path:
        found = along(key.path, alias, found, last, renderer)
        found = sql("coalesce(", found, ", 0)") if counts_nothing(key.value) else found
    if isinstance(key, Order) and isinstance(key.value, Call):
        return as_number(key.value.function.name, found)
    return found
