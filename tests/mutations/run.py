"""The mutation check: `python -m tests.mutations.run [numbers]` puts each fault into a copy, and runs the laws on it.

Prints for each fault which law found it and after how long, and at the end what survived. A fault is given 60 seconds;
examples are not shrunk, unless `--shrink` is said: then the size of what the laws report is printed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

from tests.mutations.faults import MUTANTS, Mutant

ROOT = Path(__file__).parent.parent.parent
SECONDS = 60.0
PROFILE = """
from hypothesis import Phase, settings
settings.register_profile(
    "mutations", max_examples=60, deadline=None, database=None, derandomize=True,
    phases=[Phase.explicit, Phase.generate{}],
)
"""


def mutated(source: str, mutant: Mutant) -> str:
    """Give the text of a file with the fault in it; the text that it replaces must be there."""
    if mutant.old not in source:
        raise ValueError(f"{mutant.words}: {mutant.file} no longer says {mutant.old!r}")
    return source.replace(mutant.old, mutant.new, 1)


def copied(folder: Path, mutant: Mutant, *, shrink: bool) -> None:
    """Make a copy of the sources and tests with one fault."""
    for name in ("relgraph", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "mutation_profile.py").write_text(PROFILE.format(", Phase.shrink" if shrink else ""), "utf-8")
    file = folder / "relgraph" / mutant.file
    file.write_text(mutated(file.read_text("utf-8"), mutant), "utf-8")


def found(mutant: Mutant, *, shrink: bool = False) -> tuple[str, float, str]:
    """Give which law found a fault, or nothing; after how many seconds; and what it reported."""
    start = perf_counter()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        copied(folder, mutant, shrink=shrink)
        laws = [str(Path("tests/laws") / law) for law in mutant.laws]
        options = ["-x", "-q", "--no-cov", "-p", "no:cacheprovider", "-p", "mutation_profile"]
        command = [sys.executable, "-m", "pytest", *options, "--hypothesis-profile=mutations", *laws]
        try:
            ran = subprocess.run(
                command,
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=SECONDS * (5 if shrink else 1),
                check=False,
                env=os.environ | {"PYTHONPATH": made},
            )
        except subprocess.TimeoutExpired:
            return "", perf_counter() - start, "out of time"
    failed = [line for line in ran.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return (failed[0].split(" - ")[0] if failed else ""), perf_counter() - start, ran.stdout


def main(words: list[str]) -> None:
    """Run the faults of these numbers, or all, two at a time."""
    shrink = "--shrink" in words
    numbers = [int(word) for word in words if word.isdigit()] or range(len(MUTANTS))
    survivors = []
    with ThreadPoolExecutor(2) as pool:
        outcomes = pool.map(lambda number: found(MUTANTS[number], shrink=shrink), numbers)
        for number, (law, seconds, report) in zip(numbers, outcomes, strict=True):
            end = law or ("out of time" if report == "out of time" else "SURVIVED")
            print(f"{number:2} {seconds:5.1f} s  {end}  {MUTANTS[number].words}", flush=True)
            if shrink:
                print(report[report.find("Failing test case") :], flush=True)
            if not law:
                survivors.append(MUTANTS[number].words)
    print(f"{len(numbers) - len(survivors)} of {len(numbers)} found; survivors: {survivors or 'none'}")


if __name__ == "__main__":
    main(sys.argv[1:])
