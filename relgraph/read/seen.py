"""What an access sees of a collection, as a SELECT that stands where its table would.

In: a `Seen`. Out: `Sql` that gives the rows it sees, and of each row the values it sees, NULL for the others. Its
conditions are judged on the tables themselves. SQLite flattens it into the query around it, where it can.
"""

from __future__ import annotations

from relgraph.query.resolved import Condition
from relgraph.read.fragments import Sql, joined, quoted, sql
from relgraph.read.joins import Renderer, column, identity, seen_row
from relgraph.read.sql import all_where, conjunction, conjuncts
from relgraph.schema import Seen


def select_of(seen: Seen) -> Sql:
    """Give the SELECT of what is seen: its columns by their names, and what tells its rows apart."""
    renderer = Renderer()
    alias = renderer.alias()
    columns = [_shown(renderer, name, *seen.columns[name], alias) for name in seen.columns]
    rows = [Sql(f"{alias}.{name} AS {quoted(seen_row(place))}") for place, name in enumerate(identity(seen.collection))]
    where = [] if seen.rows is None else [conjunction(renderer, conjuncts(seen.rows), alias)]
    source = f" FROM main.{quoted(seen.collection.name)} AS {alias}"
    return sql("SELECT ", joined(", ", [*columns, *rows]), source, all_where(where))


def _shown(renderer: Renderer, name: str, stored: str, shown: Condition | None, alias: str) -> Sql:
    value = column(alias, stored)
    if shown is None:
        return Sql(f"{value} AS {quoted(name)}")
    condition = conjunction(renderer, conjuncts(shown), alias)
    return sql("CASE WHEN ", condition, f" THEN {value} END AS {quoted(name)}")
