"""Limits: how much one query may ask for, refused before anything runs.

In: numbers a caller may change. Out: what `resolve` measures a query against, see `LimitExceeded`. Raises
`InvalidPayload` for what is no count. Within the defaults no query reaches a limit of SQLite's own (measured on
3.40.1).
"""

from __future__ import annotations

from attrs import asdict, frozen

from relgraph.errors import InvalidPayload


@frozen
class Limits:
    """How deep, how broad and how costly one query may be.

    >>> Limits(max_depth=3).max_depth
    3
    """

    max_depth: int = 10  # field keys on the deepest path of fields, filter, sort or deep
    max_fields: int = 10_000  # values shown, wildcards expanded, over all levels
    max_columns: int = 1_900  # values shown and sorted by at one level; SQLite holds 2000 columns in a result
    max_conditions: int = 500  # operators in one filter; SQLite's expression tree ends at a depth of 1000
    max_nesting: int = 24  # groups inside one another, a quantifier counting three; SQLite's parser ends at about 32
    max_operands: int = 30_000  # operands of all operators, and keys; SQLite binds 32766
    max_joins: int = 50  # different relation paths of one filter and sort; SQLite joins 64 tables
    max_cost: int = 100_000  # 1 for each value, condition and 10 operands, 20 for each level, path and quantifier
    default_limit: int | None = None  # items where no limit is given, at every level; None: all

    def __attrs_post_init__(self) -> None:
        for name, count in asdict(self).items():
            least = 1 if name == "max_depth" else 0
            if count is None and name == "default_limit":
                continue
            if isinstance(count, bool) or not isinstance(count, int) or count < least:
                raise InvalidPayload(name, f"it must be a whole number of {least} or more, not {count!r}")
