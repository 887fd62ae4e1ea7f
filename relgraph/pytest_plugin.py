"""The pytest plugin: fixtures for tests of an application's database, asked for by name.

In: the ini option `relgraph_database`, the path of a database file from the folder of the configuration. Out: the
fixtures `relgraph_registry`, `assert_consistent` and `relgraph_snapshot`. Nothing else of relgraph is imported before
a test asks for one of them, so that no other test is slowed down, and coverage of relgraph itself is measured whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from pprint import pformat
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from relgraph.registry import RelationRegistry

OPTION: Final = "relgraph_database"
_WIDTH: Final = 100


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini option."""
    parser.addini(OPTION, "the database file that relgraph_registry gives a copy of", type="string", default="")


@pytest.fixture(scope="session")
def _relgraph_original(pytestconfig: pytest.Config) -> Iterator[RelationRegistry]:
    """Give the file, read into memory once for all tests."""
    from relgraph.registry import RelationRegistry

    named = pytestconfig.getini(OPTION)
    if not named:
        raise pytest.UsageError(f"relgraph_registry needs the ini option {OPTION}: the path of a database file")
    path = Path(pytestconfig.inipath.parent if pytestconfig.inipath else pytestconfig.rootpath) / named
    if not path.is_file():
        raise pytest.UsageError(f"{OPTION}: there is no file {path}")
    with RelationRegistry() as original:
        with RelationRegistry(path, read_only=True) as file:
            file.connection.backup(original.connection)
        yield original


@pytest.fixture
def relgraph_registry(_relgraph_original: RelationRegistry) -> Iterator[RelationRegistry]:
    """Give an open registry of a copy in memory of the database that the ini option names: a new one for each test."""
    from relgraph.registry import RelationRegistry

    with RelationRegistry() as registry:
        _relgraph_original.connection.backup(registry.connection)
        yield registry


@pytest.fixture(name="assert_consistent")
def _assert_consistent() -> Callable[..., None]:
    """Give `assert_consistent`, so that a test can ask for it without an import."""
    return assert_consistent


@pytest.fixture(name="relgraph_snapshot")
def _relgraph_snapshot() -> Callable[[Any, Any], None]:
    """Give `assert_answers`: not called `snapshot`, which is the fixture of syrupy and of others."""
    return assert_answers


def assert_consistent(registry: RelationRegistry, *, since: Any = None) -> None:
    """Fail when an audit finds an error, or a foreign key is broken, and say of which items; warnings are no errors.

    `since` is an audit taken before: then only what it did not find counts.

    >>> from relgraph import RelationRegistry
    >>> with RelationRegistry() as registry:
    ...     _ = registry.connection.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY)")
    ...     assert_consistent(registry)
    """
    __tracebackhide__ = True
    known = {(each.rule, each.relation, each.keys) for each in since or ()}
    found = [each for each in registry.audit() if each.severity == "error"]
    new = [each for each in found if (each.rule, each.relation, each.keys) not in known]
    if new:
        lines = [f"  {each.relation}: {each.sentence} ({each.rule}){_listed(each)}" for each in new]
        pytest.fail("\n".join(["the database is not consistent:", *lines]), pytrace=False)
    broken = registry.connection.execute("PRAGMA foreign_key_check").fetchall() if since is None else ()
    if broken:
        lines = [f"  {table}, row {row}: points at no item of {target}" for table, row, target, _ in broken[:20]]
        pytest.fail("\n".join(["foreign keys are broken:", *lines]), pytrace=False)


def _listed(problem: Any) -> str:
    keys = ", ".join(map(repr, problem.keys))
    return f"\n    items: {keys}{', ...' if problem.count > len(problem.keys) else ''}" if problem.keys else ""


def assert_answers(result: Any, expected: Any) -> None:
    """Compare a query's answer with what the test says; a failure shows the difference, and the answer to paste.

    >>> assert_answers([{"id": 1}], [{"id": 1}])
    """
    __tracebackhide__ = True
    given = getattr(result, "data", result)
    if given == expected:
        return
    from difflib import unified_diff

    old, new = (pformat(each, width=_WIDTH, sort_dicts=False).splitlines() for each in (expected, given))
    difference = "\n".join(unified_diff(old, new, "expected", "answered", lineterm=""))
    pasted = pformat(given, width=_WIDTH, sort_dicts=False)
    pytest.fail(f"the answer is another:\n{difference}\nthe answer, to paste:\n{pasted}", pytrace=False)
