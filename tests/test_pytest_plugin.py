"""The pytest plugin: its fixtures, their messages, and that it costs nothing where nobody asks for them."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import relgraph
from relgraph.demo import build

pytest_plugins = ("pytester",)

# by its module, as it may be installed without its entry point here, and no plugin is registered twice
PLUGINS = ("-q", "-p", "no:cacheprovider", "-p", "no:relgraph", "-p", "relgraph.pytest_plugin")

TESTS = """
def test_answer(relgraph_registry, relgraph_snapshot):
    names = relgraph_registry.items("missions").read(fields=["name"], sort=["id"], limit=1)
    relgraph_snapshot(names, names.data)
    relgraph_registry.connection.execute("PRAGMA foreign_keys = OFF")
    relgraph_registry.connection.execute("DELETE FROM missions")

def test_the_copy_is_new(relgraph_registry, assert_consistent):
    assert relgraph_registry.items("missions").count() > 0
    assert_consistent(relgraph_registry)
"""
FAULTS = """
def test_damage(relgraph_registry, assert_consistent):
    relgraph_registry.connection.execute("PRAGMA foreign_keys = OFF")
    execute = relgraph_registry.connection.execute
    execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, mission REFERENCES missions (id))")
    relgraph_registry.connection.execute("INSERT INTO notes VALUES (5, 9999)")
    assert_consistent(relgraph_registry)

def test_another_answer(relgraph_registry, relgraph_snapshot):
    relgraph_snapshot(relgraph_registry.items("missions").read(fields=["id"], sort=["id"], limit=1), [{"id": 0}])
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """Give a folder with a database and the option that names it."""
    build(str(pytester.path / "my.db"))
    pytester.makeini("[pytest]\nrelgraph_database = my.db\n")
    return pytester


def test_each_test_gets_a_copy_of_its_own(project: pytest.Pytester) -> None:
    """What one test deletes is there for the next, and in the file."""
    project.makepyfile(TESTS)
    project.runpytest_inprocess(*PLUGINS).assert_outcomes(passed=2)


def test_failures_say_what_is_wrong(project: pytest.Pytester) -> None:
    """A failure names relation, rule and items; another answer is shown as a difference, and to paste."""
    project.makepyfile(FAULTS)
    result = project.runpytest_inprocess(*PLUGINS)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["*notes.mission: 1 item of notes*(dangling-m2o)", "*items: 5", "*-?{'id': 0}?", "*+?{'id': 1}?", "*to paste:"]
    )


def test_without_the_option_the_fixture_says_so(pytester: pytest.Pytester) -> None:
    """A test that asks for the registry is told which option is missing, or that there is no such file."""
    pytester.makepyfile("def test_it(relgraph_registry): pass")
    result = pytester.runpytest_inprocess(*PLUGINS)
    result.stdout.fnmatch_lines(["*needs the ini option relgraph_database*"])
    pytester.makeini("[pytest]\nrelgraph_database = gone.db\n")
    result = pytester.runpytest_inprocess(*PLUGINS)
    result.stdout.fnmatch_lines(["*there is no file *gone.db"])


def test_loading_it_imports_nothing_else() -> None:
    """Neither the rest of relgraph nor Hypothesis nor sqlite-utils is imported before a fixture is asked for."""
    script = """if True:
        import sys, pytest
        before = set(sys.modules)
        import relgraph.pytest_plugin
        print(*sorted(set(sys.modules) - before))
    """
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    added = ran.stdout.split()
    assert [name for name in added if name.startswith("relgraph")] == ["relgraph", "relgraph.pytest_plugin"]
    assert not {"hypothesis", "sqlite_utils", "sqlite3", "attrs"} & {name.split(".")[0] for name in added}


def test_it_is_an_entry_point() -> None:
    """Where relgraph is installed, pytest finds the plugin by itself."""
    project = tomllib.loads((Path(relgraph.__file__).parent.parent / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["entry-points"]["pytest11"] == {"relgraph": "relgraph.pytest_plugin"}
