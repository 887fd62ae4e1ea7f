"""Rules: when the relations of a database are consistent, one row each.

In: a `Schema`, whose relations may be anything. Out: the violations, each with its rule, its relation, the part of the
definition that is at fault, its value, and what would work. Pure, and nothing fails but `refuse`: whoever asks decides
whether a violation refuses a change or is a report. `table` lists the rules; the checks stand beside it, one module for
each part of a relation.

`linking` leaves a relation out of traversal by fewer rules than these: only where no hop could be made of it.
"""

from __future__ import annotations

from relgraph.rules.findings import Finding, Rule
from relgraph.rules.table import RULES, added_violations, refuse, violations

__all__ = ["RULES", "Finding", "Rule", "added_violations", "refuse", "violations"]
