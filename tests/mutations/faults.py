"""Fifty faults of the engine, each one edit of its source, and the law that has to find it.

Each is such as a careful person could make: a NULL forgotten, a guard lost, a page that starts one item late.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

SMALL, READ, PAGES, OPERATORS, QUANTIFIERS, NESTED = (
    "test_small_worlds.py",
    "test_sql_equals_memory.py",
    "test_pages.py",
    "test_operators.py",
    "test_quantifiers.py",
    "test_nested_pages.py",
)
AUDIT, IMPACT, ACCESS, DRAWN = "test_audit.py", "test_impact.py", "test_access.py", "../strategies/test_laws.py"


@frozen
class Mutant:
    """One edit: in a file of relgraph, the first place of a text becomes another; `laws` look for it."""

    words: str
    file: str
    old: str
    new: str
    laws: tuple[str, ...] = (SMALL, QUANTIFIERS, NESTED, READ)


_AFTER, _GROUPS, _JOINS, _SCALARS = "read/after.py", "read/groups.py", "read/joins.py", "read/scalars.py"
_SELECT, _SQL, _OPERATORS, _FUNCTIONS = "read/select.py", "read/sql.py", "operators.py", "functions.py"
_MEMORY, _RESTRICT = "read/memory_conditions.py", "restricted/restrict.py"

MUTANTS: Final = (
    # conditions and quantifiers
    Mutant("every: a NULL counts as fulfilled", _SQL, '") IS NOT TRUE")', '") IS FALSE")'),
    Mutant("none becomes some", _SQL, 'exists(hop, rows, alias, "NOT EXISTS")', "exists(hop, rows, alias)"),
    Mutant("NOT IN without IS NOT NULL", _SQL, 'Sql(f"{far} IS NOT NULL"), *guarded(hop', "*guarded(hop"),
    Mutant("NOT IN loses parents without a key", _SQL, 'f"({near} IS NULL OR {near} NOT IN', 'f"({near} NOT IN'),
    Mutant("the guard of a search is lost", _SQL, "all_where([*guarded(hop, None, rows.alias), *rows.conditions]),", "all_where(rows.conditions),"),
    Mutant("the near guard of a search is lost", _SQL, 'return joined(" AND ", [*guarded(hop, alias, None), keys])', "return keys"),
    Mutant("a some without a condition is always true", _SQL, "        return search(renderer, node.hop, parts, alias, probed=probed)\n    if node.word", "        return search(renderer, node.hop, parts, alias, probed=probed) if parts else TRUE\n    if node.word"),
    Mutant("an empty every is false", _SQL, "        if node.condition is None:\n            return TRUE", "        if node.condition is None:\n            return FALSE"),
    Mutant("OR of a group becomes AND", _SQL, 'return balanced("OR", [flat(', 'return balanced("AND", [flat('),
    Mutant("OR of an item becomes AND", _SQL, 'return balanced("OR", [condition(', 'return balanced("AND", [condition('),
    Mutant("conditions on one path speak of different rows", _SQL, "        if known & hops:", "        if known & hops and False:"),
    Mutant("AND rejects NULL only if all parts do", _SQL, "return any(rejects_null(part, hop) for part in node.parts)", "return True"),
    Mutant("OR rejects NULL if any part does", _SQL, "return all(rejects_null(part, hop) for part in node.parts)", "return any(rejects_null(part, hop) for part in node.parts)"),
    Mutant("a count of nothing rejects NULL", _SQL, "node.operator.rejects_null and not counts_nothing(node.value)", "node.operator.rejects_null"),
    Mutant("the left join is an inner one", _SQL, '" LEFT JOIN "', '" JOIN "'),
    Mutant("a quantifier behind a to-one path: none of nothing is false", _SQL, 'else ", 1)")', 'else ", 0)")'),
    # operators
    Mutant("_lte without the bound", _OPERATORS, '"{v} <= {x}"', '"{v} < {x}"', (OPERATORS, SMALL)),
    Mutant("_gt with the bound", _OPERATORS, '"{v} > {x}"', '"{v} >= {x}"', (OPERATORS, SMALL)),
    Mutant("_empty is true of NULL only", _OPERATORS, "\"({v} IS NULL OR {v} = '')\"", '"({v} IS NULL)"', (OPERATORS,)),
    Mutant("_contains as a pattern", _OPERATORS, '"instr({v}, {x}) > 0"', "\"{v} LIKE '%' || {x} || '%'\"", (OPERATORS,)),
    Mutant("_starts_with as _contains", _OPERATORS, '"instr({v}, {x}) = 1"', '"instr({v}, {x}) >= 1"', (OPERATORS,)),
    Mutant("_ends_with beyond the value", _OPERATORS, '"(length(CAST({v} AS BLOB)) >= length(CAST({x} AS BLOB))"\n    " AND substr', '"(1"\n    " AND substr', (OPERATORS,)),
    Mutant("_eq that takes NULL for a value", _OPERATORS, '"{v} = {x}"', '"{v} IS {x}"', (OPERATORS,)),
    Mutant("negations are true of NULL", _OPERATORS, 'f"NOT ({operator.sql})"', 'f"({operator.sql}) IS NOT TRUE"', (OPERATORS,)),
    Mutant("_between the other way round", _OPERATORS, '"{v} BETWEEN {x0} AND {x1}"', '"{v} BETWEEN {x1} AND {x0}"', (OPERATORS,)),
    Mutant("folding of one side only", _OPERATORS, '.replace("{x}", "relgraph_fold({x})")', "", (OPERATORS,)),
    # functions and aggregates
    Mutant("count of a relation is NULL of nothing", _SCALARS, 'return sql("coalesce(", found, ", 0)") if counts_nothing(value) else found', "return found"),
    Mutant("week for day", _FUNCTIONS, '_part("weekday", "%w"', '_part("weekday", "%j"'),
    Mutant("distinct is lost", _FUNCTIONS, '"count(DISTINCT {v})"', '"count({v})"'),
    Mutant("sumDistinct sums all", _FUNCTIONS, '"relgraph_sum(DISTINCT {v})"', '"relgraph_sum({v})"'),
    Mutant("max for min", _FUNCTIONS, '"min({v})"', '"max({v})"'),
    Mutant("the length of JSON that is no list is NULL", _FUNCTIONS, "THEN json_array_length({v}) ELSE 0 END", "THEN json_array_length({v}) END"),
    # order and pages
    Mutant("descending is lost", _SCALARS, 'return sql(piece, " DESC") if key.descending else piece', "return piece"),
    Mutant("the offset is one too much", _SELECT, 'Sql("place > ?"', 'Sql("place > ? + 1"', (NESTED, SMALL)),
    Mutant("a nested page is one item too long", _SELECT, '" AND place <= ? + ?"', '" AND place < ? + ?"', (NESTED, SMALL)),
    Mutant("a later page of the root starts late", _SELECT, 'Sql(" OFFSET ?"', 'Sql(" OFFSET ? + 1"', (SMALL, PAGES)),
    Mutant("a cursor of ascending keys shows the last item again", _AFTER, 'return sql(keys[0], " > ", slots[0])', 'return sql(keys[0], " >= ", slots[0])', (SMALL, PAGES)),
    Mutant("a cursor forgets NULLs behind descending keys", _AFTER, 'return [first, sql(key.piece, " IS NULL")] if key.descending and key.nullable else [first]', "return [first]", (SMALL, PAGES)),
    Mutant("a cursor goes the wrong way", _AFTER, 'sql(key, " < " if keys[0].descending else " > "', 'sql(key, " > " if keys[0].descending else " < "', (SMALL, PAGES)),
    Mutant("the order of a sorted relation takes the last row", _SELECT, ' WHERE place = 1"', ' WHERE place = 2"'),
    Mutant("a join loses its guard", _JOINS, 'return joined(" AND ", [*guarded(hop, near, far), *sides])', 'return joined(" AND ", sides)'),
    Mutant("all parents share one page", _SELECT, '{parents}.column1"', '{key}"', (NESTED, SMALL)),
    # joins and groups
    Mutant("the collation of a key is lost", _JOINS, 'return key if hop.collation == "BINARY" else f"{key} COLLATE {hop.collation}"\n\n\ndef parting_key', "return key\n\n\ndef parting_key"),
    Mutant("keys of any-to-many relations compare as stored", _JOINS, 'return f"CAST({key} AS TEXT)" if hop.guard else key\n\n\ndef sought_key', "return key\n\n\ndef sought_key"),
    Mutant("nested groups lose their parent", _GROUPS, "[*([] if nested is None else", "[*([] if nested is None or True else"),
    Mutant("groups in the other direction", _GROUPS, 'return sql(piece, " DESC") if key.descending else piece', 'return piece if key.descending else sql(piece, " DESC")'),
    # the Python evaluator, the audit, what accesses see
    Mutant("an affinity is forgotten in memory", _MEMORY, "return [with_affinity(operand, value.affinity) for operand in operands]", "return operands", (OPERATORS, SMALL)),
    Mutant("an audit takes lost keys for sound", "integrity/any_pointers.py", "({value} IS NULL OR NOT", "({value} IS NOT NULL AND NOT", (AUDIT,)),
    Mutant("half a link is no orphan", "integrity/links.py", "' AND '.join(f'item.{quoted(name)} IS NULL'", "' AND '.join(f'item.{quoted(name)} IS NOT NULL'", (AUDIT,)),
    Mutant("what is not granted is seen behind a hop", _RESTRICT, "            far = self.sight.seen(hop.far)\n            hops.append", "            far = None\n            hops.append", (ACCESS,)),
)  # fmt: skip

SHRUNK: Final = (0, 4, 10, 15, 26, 28, 32, 36, 42, 44)  # faults of ten sorts, whose examples are shrunk and counted
