"""The score against the recorded answers, per group, as a Markdown table: `python -m tests.conformance.score`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from attrs import define

from tests.conformance.cases import as_owed, ask, ask_by_url, has_url, load_cases, load_differences, open_dataset


@define
class Score:
    """How many cases of one group were asked, and how many were answered as owed."""

    asked: int = 0
    right: int = 0
    asked_by_url: int = 0
    right_by_url: int = 0
    decided: int = 0  # cases in which the reference is wrong, and the decided answer is owed

    def __add__(self, other: Score) -> Score:
        return Score(
            self.asked + other.asked,
            self.right + other.right,
            self.asked_by_url + other.asked_by_url,
            self.right_by_url + other.right_by_url,
            self.decided + other.decided,
        )


def scores() -> dict[str, Score]:
    """Ask every case and give the score of each group."""
    by_group: dict[str, Score] = defaultdict(Score)
    with open_dataset() as registry:
        for case in load_cases():
            score = by_group[case["group"]]
            score.asked += 1
            score.right += as_owed(case, ask(registry, case))
            score.decided += "reference_is_wrong" in case
            if has_url(case):
                score.asked_by_url += 1
                score.right_by_url += as_owed(case, ask_by_url(registry, case))
    return dict(by_group)


def table(by_group: dict[str, Score]) -> Iterator[str]:
    """Yield the lines of the Markdown table, and below it every difference of these cases with its reason."""
    yield "| group | as owed | as owed by URL | decided: the reference is wrong |"
    yield "|---|---|---|---|"
    for group, score in (*by_group.items(), ("**all**", sum(by_group.values(), Score()))):
        by_url = f"{score.right_by_url} of {score.asked_by_url}" if score.asked_by_url else ""
        yield f"| {group} | {score.right} of {score.asked} | {by_url} | {score.decided or ''} |"
    asked = {case["id"] for case in load_cases()}
    yield from (f"\n- `{name}`: {reason}" for name, reason in load_differences().items() if name in asked)


if __name__ == "__main__":
    print("\n".join(table(scores())))
