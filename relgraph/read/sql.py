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

from attrs import evolve

from relgraph.operators import Arity, Operator
from relgraph.query.resolved import (
    AllOf,
    AnyOf,
    Call,
    Condition,
    Quantified,
    Test,
)
from relgraph.read.fragments import CHAINED, MARK, Spread, Sql, balanced, fill, joined, sql
from relgraph.read.joins import (
    FALSE,
    TRUE,
    Path,
    Renderer,
    Search,
    Source,
    far_key,
    guarded,
    join,
    rows_of,
    sought_key,
)
from relgraph.read.scalars import along, at, counts_nothing, reached
from relgraph.schema import Hop

# --- conditions ------------------------------------------------------------------------------------------------------


def condition(renderer: Renderer, node: Condition, alias: str) -> Sql:
    """Give a condition on the row of `alias`, true exactly where some joined row fulfils it."""
    return conjunction(renderer, conjuncts(node), alias)


def conjunction(renderer: Renderer, parts: Sequence[Condition], alias: str, *, top: bool = False) -> Sql:
    """Give the AND of conditions on one row; those that share a path speak of the same joined row.

    Of the conjuncts of a whole statement (`top`), searches may be probed.
    """
    groups = independent(parts)
    alone = top and len(groups) == 1
    pieces = [apart(renderer, group, alias, probed=top, alone=alone) for group in groups]
    if top:
        renderer.light += [piece for piece, group in zip(pieces, groups, strict=True) if all(map(is_light, group))]
    return balanced("AND", pieces or [TRUE])


def is_light(node: Condition) -> bool:
    """Say whether a condition is tested of one row without looking at its children."""
    if isinstance(node, (AllOf, AnyOf)):
        return all(map(is_light, node.parts))
    if isinstance(node, Quantified) or any(hop.many for hop in node.path):
        return False
    return not (isinstance(node.value, Call) and isinstance(node.value.subject, Hop))


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


def source(renderer: Renderer, hop: Hop, parts: Sequence[Condition]) -> Source:
    """Give the rows behind a hop that fulfil conditions.

    Further searches are joined instead of nested, at most one of them to-many: SQLite nests no more than 10 subqueries,
    and two to-many joins would multiply.
    """
    alias = renderer.alias()
    hops, joins, where, multiplied = [(hop, alias)], list[Sql](), list[Sql](), False
    for group in independent([inner for part in parts for inner in conjuncts(part)]):
        found = searched(group)
        if found is None or (found[0].many and multiplied):
            where.append(apart(renderer, group, alias))
            continue
        multiplied = multiplied or found[0].many
        inner = source(renderer, *found)
        hops += inner.hops
        joins += [join(found[0], alias, inner.alias), *inner.joins]
        where += inner.where
    return Source(tuple(hops), tuple(joins), tuple(where))


def all_where(conditions: Sequence[Sql]) -> Sql:
    """Give a WHERE clause, or nothing; a chain that is long adds up with those around it to what SQLite refuses."""
    if len(conditions) > CHAINED:
        return sql(" WHERE ", balanced("AND", conditions))
    return sql(" WHERE ", joined(" AND ", conditions)) if conditions else Sql("")


def search(renderer: Renderer, hop: Hop, parts: Sequence[Condition], alias: str, *, probed: bool = False) -> Sql:
    """Give the condition that a row behind the hop fulfils all parts: IN as a rule, EXISTS where that was chosen.

    IN forms the set of keys once and lets an index of the child drive; EXISTS looks at the children of one row and
    stops at the first that will do. `read.probes` chooses for the searches of a whole statement.
    """
    rows = source(renderer, hop, parts)
    if probed and hop.many and renderer.form(Search("some", alias, rows), "in") == "exists":
        return exists(hop, rows, alias)
    keys = sql(
        f"{sought_key(hop, alias)} IN (SELECT {far_key(hop, rows.alias)} FROM ",
        rows.tables,
        all_where([*guarded(hop, None, rows.alias), *rows.conditions]),
        ")",
    )
    return joined(" AND ", [*guarded(hop, alias, None), keys])


def exists(hop: Hop, rows: Source, alias: str, word: str = "EXISTS") -> Sql:
    """Give the condition that the row of `alias` has a row behind the hop."""
    where = all_where([join(hop, alias, rows.alias), *rows.conditions])
    return sql(f"{word} (SELECT 1 FROM ", rows.tables, where, ")")


def quantified(renderer: Renderer, node: Quantified, alias: str, *, probed: bool = False, alone: bool = False) -> Sql:
    """Give a quantifier over the children of the row of `alias`."""
    parts = [] if node.condition is None else [node.condition]
    if node.word == "some":
        return search(renderer, node.hop, parts, alias, probed=probed)
    if node.word == "every":
        if node.condition is None:
            return TRUE
        far = renderer.alias()
        failing = sql("(", condition(renderer, node.condition, far), ") IS NOT TRUE")
        rows = Source(((node.hop, far),), (), (failing,))
    else:
        rows = source(renderer, node.hop, parts)
    return absent(renderer, node.hop, rows, alias, probed=probed, alone=alone)


def absent(renderer: Renderer, hop: Hop, rows: Source, alias: str, *, probed: bool = False, alone: bool = False) -> Sql:
    """Give the condition that the row of `alias` has no row behind the hop: NOT EXISTS, or NOT IN.

    NOT IN is 8 times faster over all parents, and loses where other conditions leave few of them (100k rows, SQLite
    3.40, 2026-11). `IS NOT NULL` is needed there: one NULL key would empty the answer.
    """
    usual = "in" if alone else "exists"
    form = renderer.form(Search("none", alias, rows), usual) if probed else usual
    if form == "exists":
        return exists(hop, rows, alias, "NOT EXISTS")
    near, far = sought_key(hop, alias), far_key(hop, rows.alias)
    kept = all_where([Sql(f"{far} IS NOT NULL"), *guarded(hop, None, rows.alias), *rows.conditions])
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
        pieces += [" LEFT JOIN ", rows_of(hop, aliases[path]), " ON ", join(hop, aliases[path[:-1]], aliases[path])]
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
