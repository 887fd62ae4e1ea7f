"""Alias fields of a Directus project: the rows of `directus_fields` that make a relation's one side readable there.

In: a collection, an alias and what kind of relation it leads over. Out: the row stored, moved or dropped. Fails only as
the database does.
"""

from __future__ import annotations

from typing import Final

from relgraph.storage.connection import Database

KINDS: Final = ("o2m", "m2m", "m2a")  # what Directus calls an alias, by `special`; its own interfaces are list-o2m, ...


def add_alias(database: Database, collection: str, alias: str, kind: str) -> None:
    """Store an alias field; one that is there already (left behind by an earlier relation) is kept as it is."""
    database.execute(
        "INSERT INTO main.directus_fields (collection, field, special, interface) "
        "SELECT ?1, ?2, ?3, 'list-' || ?3 "
        "WHERE NOT EXISTS (SELECT 1 FROM main.directus_fields WHERE collection = ?1 AND field = ?2)",
        (collection, alias, kind),
    )


def move_alias(database: Database, collection: str, alias: str, to_collection: str, to_alias: str) -> None:
    """Give an alias field another place, with all that a user has set for it."""
    drop_alias(database, to_collection, to_alias)
    database.execute(
        "UPDATE main.directus_fields SET collection = ?, field = ? WHERE collection = ? AND field = ?",
        (to_collection, to_alias, collection, alias),
    )


def set_alias_kind(database: Database, collection: str, alias: str, kind: str) -> None:
    """Let an alias field lead over another kind of relation; specials beyond the three kinds (files, ...) stay."""
    marks = ", ".join("?" * len(KINDS))
    database.execute(
        "UPDATE main.directus_fields SET special = ?, interface = 'list-' || ? "
        f"WHERE collection = ? AND field = ? AND special IN ({marks})",
        (kind, kind, collection, alias, *KINDS),
    )


def drop_alias(database: Database, collection: str, alias: str) -> None:
    """Drop an alias field."""
    database.execute("DELETE FROM main.directus_fields WHERE collection = ? AND field = ?", (collection, alias))
