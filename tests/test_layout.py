"""The layout: imports point down, and what is foreign stays behind the one door made for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import relgraph

ROOT = Path(relgraph.__file__).parent
FLOORS = (
    {"codecs", "errors", "geometry", "values"},
    {"relation", "renaming", "schema", "linking", "operators", "functions", "rules", "dropping"},
    {"query", "storage"},
    {"read", "integrity"},
    {"access", "directus_access", "graph", "restricted", "snapshots"},
    {"changes", "evaluation", "explain", "items", "keeping", "registry", "restricted_registry"},
    {"cli", "demo", "sqlite_utils_plugin", "strategies", "stateful", "pytest_plugin", "__init__", "__main__"},
)
FLOOR_OF = {name: floor for floor, names in enumerate(FLOORS) for name in names}
DOORS = {
    "sqlite3": {"storage"},
    "sqlite_utils": {"storage", "sqlite_utils_plugin"},
    "hypothesis": {"strategies", "stateful", "pytest_plugin"},
    "click": {"cli", "sqlite_utils_plugin"},
}
MODULES = sorted(ROOT.rglob("*.py"))


def place(path: Path) -> str:
    """Give the module or folder of the package that a file belongs to."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(node: ast.AST) -> Iterator[str]:
    """Yield the full names of all imports below a node, except those made for the type checker only."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are written in full"
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        yield from imports(child)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    """A module imports from its own floor or from below; every module has a floor."""
    here = place(path)
    parts = [name.split(".")[1] for name in imports(ast.parse(path.read_text("utf-8"))) if name.startswith("relgraph.")]
    above = [part for part in parts if part in FLOOR_OF and FLOOR_OF[part] > FLOOR_OF[here]]
    assert above == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_foreign_packages_have_one_door(path: Path) -> None:
    """Only storage knows sqlite3 and sqlite-utils, only the strategies know hypothesis, only the command line click."""
    roots = {name.split(".")[0] for name in imports(ast.parse(path.read_text("utf-8")))}
    assert [name for name in roots if place(path) not in DOORS.get(name, {place(path)})] == []
