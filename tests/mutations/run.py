"""The mutation check: `python -m tests.mutations.run [numbers]` puts each fault into a copy, and runs the laws on it.

Prints for each fault which law found it and after how long, and at the end how many were found and what survived. A
fault is given 90 seconds of processor time, however busy the machine is.

    --jobs N      so many faults at a time, one by default
    --keep FILE   note each outcome there, and pass over the faults that it says were found
    --shrink      run the faults of `SHRUNK`, or those named, let Hypothesis shrink what fails, and print how many
                  collections, rows and conditions are left, as the law that failed counted them
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Final

from attrs import asdict, frozen

from tests.mutations.faults import MUTANTS, SHRUNK, Mutant

ROOT: Final = Path(__file__).parent.parent.parent
SECONDS: Final = 90
SECONDS_TO_SHRINK: Final = 300
GOAL: Final = (3, 5, 2)  # collections, rows and conditions
PROFILE: Final = """
from hypothesis import Phase, settings
settings.register_profile(
    "mutations", max_examples=150, deadline=None, database=None, derandomize=True, report_multiple_bugs=False,
    phases=[Phase.explicit, Phase.generate{}],
)
"""
_SIZE: Final = re.compile(r"size: (\d+) collections, (\d+) rows, (\d+) conditions")


@frozen
class Outcome:
    """What became of a fault: the law that found it, or nothing, after so many seconds; how large its example is."""

    words: str
    law: str
    seconds: float
    size: tuple[int, ...] = ()
    late: bool = False

    @property
    def line(self) -> str:
        """The outcome as a line of the table."""
        end = self.law or ("OUT OF TIME" if self.late else "SURVIVED")
        return f"{self.seconds:6.1f} s  {end}  {self.words}"

    @property
    def size_line(self) -> str:
        """The size of the example as a line of the table."""
        if not self.size:
            return f"{self.line} (no example)"
        collections, rows, conditions = self.size
        fits = "" if all(n <= most for n, most in zip(self.size, GOAL, strict=True)) else "  TOO LARGE"
        return f"{collections:11} {rows:4} {conditions:10}  {self.words} [{self.law}]{fits}"


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


def found(mutant: Mutant, *, shrink: bool = False) -> Outcome:
    """Give which law found a fault, if any did, and what it reported."""
    start = perf_counter()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        copied(folder, mutant, shrink=shrink)
        report = _reported(folder, mutant.laws, SECONDS_TO_SHRINK if shrink else SECONDS)
    seconds = round(perf_counter() - start, 1)
    if report is None:
        return Outcome(mutant.words, "", seconds, late=True)
    failed = re.search(r"^(?:FAILED|ERROR) (?:.*/)?(\S+)", report, re.MULTILINE)
    law = failed[1] if failed else ""
    if not failed and " passed" not in report:
        raise RuntimeError(f"the laws did not run:\n{report}")
    return Outcome(mutant.words, law, seconds, size_in(report))


def size_in(report: str) -> tuple[int, ...]:
    """Give the size that a law said last, which is that of the example it failed on; nothing if it said none."""
    sizes = _SIZE.findall(report)
    return tuple(map(int, sizes[-1])) if sizes else ()


def _reported(folder: Path, laws: Sequence[str], seconds: int) -> str | None:
    """Run the laws in a folder up to the first that fails, and give what is printed; None when time is out."""
    options = ["-x", "-q", "--no-cov", "-p", "no:cacheprovider", "-p", "mutation_profile"]
    files = [str(Path("tests/laws") / law) for law in laws]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--hypothesis-profile=mutations", *files],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1)),
    )
    return None if ran.returncode in (-signal.SIGXCPU, -signal.SIGKILL) else ran.stdout


# --- the table -------------------------------------------------------------------------------------------------------


def kept(file: Path | None) -> dict[str, Outcome]:
    """Give the outcomes that a file notes of faults that were found, by the words of these."""
    if file is None or not file.exists():
        return {}
    lines = (json.loads(line) for line in file.read_text("utf-8").splitlines())
    return {line["words"]: Outcome(**line | {"size": tuple(line["size"])}) for line in lines if line["law"]}


def run(numbers: Sequence[int], *, jobs: int, shrink: bool, file: Path | None) -> list[Outcome]:
    """Run faults and print their outcomes as they come, in the order of the numbers."""
    known = kept(file)

    def outcome(number: int) -> Outcome:
        mutant = MUTANTS[number]
        return known.get(mutant.words) or found(mutant, shrink=shrink)

    outcomes = []
    with ThreadPoolExecutor(jobs) as pool:
        for number, each in zip(numbers, pool.map(outcome, numbers), strict=True):
            print(each.size_line if shrink else f"{number:2} {each.line}", flush=True)
            outcomes.append(each)
            if file is not None and each.words not in known:
                with file.open("a", encoding="utf-8") as notes:
                    notes.write(json.dumps(asdict(each)) + "\n")
    return outcomes


def main(words: Sequence[str] | None = None) -> None:
    """Run the faults of these numbers, or all, or those whose examples are to be shrunk."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutations.run", description=__doc__)
    parser.add_argument("numbers", nargs="*", type=int)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--shrink", action="store_true")
    asked = parser.parse_args(words)
    numbers = asked.numbers or (SHRUNK if asked.shrink else range(len(MUTANTS)))
    if asked.shrink:
        print("collections rows conditions")
    outcomes = run(numbers, jobs=asked.jobs, shrink=asked.shrink, file=asked.keep)
    survivors = [each.words for each in outcomes if not each.law]
    print(f"{len(outcomes) - len(survivors)} of {len(outcomes)} found; survivors: {survivors or 'none'}")


if __name__ == "__main__":
    main()
