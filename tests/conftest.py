"""What all tests share: the Hypothesis profiles, and the score against the recorded answers after the run."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import settings

# the default: the same examples in every run, so that a red build stays red until it is mended
settings.register_profile("fast", max_examples=50, deadline=None, derandomize=True)
# --hypothesis-profile=long: new examples in every run, and enough of them to find what is rare
settings.register_profile("long", max_examples=2000, deadline=None, print_blob=True)
settings.load_profile("fast")

_ORACLE = "conformance/test_oracle.py::"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print, for each group of recorded cases that ran, how many were answered as owed."""
    asked: Counter[tuple[str, str]] = Counter()
    right: Counter[tuple[str, str]] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            if report.when != "call" or _ORACLE not in report.nodeid or "[" not in report.nodeid:
                continue
            test, case = report.nodeid.split("::")[1].rstrip("]").split("[")
            asked[test, case.split(".")[0]] += 1
            right[test, case.split(".")[0]] += outcome == "passed"
    if not asked:
        return
    terminalreporter.section("recorded answers")
    for test in dict.fromkeys(test for test, _ in asked):
        groups = [group for of_test, group in asked if of_test == test]
        short = [f"{g} {right[test, g]}/{asked[test, g]}" for g in sorted(groups) if right[test, g] < asked[test, g]]
        total = f"{sum(right[test, g] for g in groups)} of {sum(asked[test, g] for g in groups)}"
        complete = ", ".join(f"{g} {asked[test, g]}" for g in sorted(groups) if right[test, g] == asked[test, g])
        terminalreporter.write_line(f"{test}: {total} as owed")
        terminalreporter.write_line(f"  complete: {complete or 'none'}")
        if short:
            terminalreporter.write_line(f"  short of: {', '.join(short)}")
