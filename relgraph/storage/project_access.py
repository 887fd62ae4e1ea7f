"""Who may do what in a Directus project, as its own tables say: users, roles, policies, permissions.

In: a project's `Database` and keys. Out: rows as dicts. Reads only; fails as the database does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from relgraph.storage.connection import Database
from relgraph.storage.sql_text import quoted

TABLES: Final = ("directus_users", "directus_roles", "directus_access", "directus_policies", "directus_permissions")


def missing_table(database: Database) -> str | None:
    """Give the first of the tables that a database lacks.

    >>> database = Database.open(":memory:")
    >>> missing_table(database)
    'directus_users'
    >>> database.close()
    """
    found = {name for (name,) in database.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'")}
    return next((name for name in TABLES if name not in found), None)


def row_of(database: Database, table: str, key: Any) -> dict[str, Any] | None:
    """Give the row with a key, or None."""
    if not isinstance(key, (str, int)) or isinstance(key, bool):
        return None
    return next(iter(_rows(database, f"SELECT * FROM main.{quoted(table)} WHERE id = ?", [key])), None)


def policies_of(database: Database, user: Any, roles: Sequence[Any]) -> list[dict[str, Any]]:
    """Give the policies attached to a user or to one of some roles."""
    marks = ", ".join("?" * len(roles))
    return _attached(database, f'("user" = ? OR role IN ({marks}))', [user, *roles])


def public_policies(database: Database) -> list[dict[str, Any]]:
    """Give the policies of everybody: those attached to no user and no role."""
    return _attached(database, 'role IS NULL AND "user" IS NULL', [])


def permissions_of(database: Database, policies: Sequence[Any]) -> list[dict[str, Any]]:
    """Give the permissions of policies."""
    marks = ", ".join("?" * len(policies))
    return _rows(database, f"SELECT * FROM main.directus_permissions WHERE policy IN ({marks}) ORDER BY id", policies)


def _attached(database: Database, where: str, values: Sequence[Any]) -> list[dict[str, Any]]:
    text = f"SELECT * FROM main.directus_policies WHERE id IN (SELECT policy FROM main.directus_access WHERE {where})"
    return _rows(database, f"{text} ORDER BY id", values)


def _rows(database: Database, text: str, values: Sequence[Any]) -> list[dict[str, Any]]:
    cursor = database.execute(text, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
