"""Shapes: the usual relations made in one call, with the columns and the junction they need.

In: places as "articles.tags", and options. Out: the stored `Relation`s; columns, a junction and its indexes are made
where they are missing, and those that are there are used as they are. One transaction: a refusal, by a rule or by
SQLite, changes nothing. Raises `InvalidPayload`, `RuleViolation`, `InconsistentDefinition`, `CannotChangeTable`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from relgraph.changes.definitions import Definitions
from relgraph.changes.shaping import Half, Shaping, place_in, way_back_in
from relgraph.relation import Relation
from relgraph.storage.connection import Database

Place: TypeAlias = str | tuple[str, str]  # "articles.author", or ("articles", "author") where names hold dots

_LANGUAGES: Final = "languages"


class Shapes:
    """The part of a registry that makes relations by their shape."""

    database: Database
    _definitions: Definitions

    def m2o(
        self,
        field: Place,
        one_collection: str,
        *,
        one_field: str | None = None,
        sort_field: str | None = None,
        on_delete: str | None = None,
        on_update: str | None = None,
        one_deselect_action: str = "nullify",
        existing: str = "refuse",
    ) -> Relation:
        """Let a field point at one item of a collection; the column is made where it is missing.

        `one_field` is the way back, `sort_field` a column of numbers that orders it. `existing` is as in `create`.

        >>> from relgraph import RelationRegistry
        >>> with RelationRegistry() as registry:
        ...     _ = registry.connection.execute("CREATE TABLE authors (id INTEGER PRIMARY KEY)")
        ...     _ = registry.connection.execute("CREATE TABLE articles (id INTEGER PRIMARY KEY)")
        ...     relation = registry.m2o("articles.author", "authors", one_field="articles", on_delete="SET NULL")
        ...     relation.name, registry.schema.collections["articles"].fields["author"].declared_type
        ('articles.author', 'INTEGER')
        """
        with self._definitions.changing():
            half = Half(
                *place_in(self._definitions.schema, "field", field),
                one_collection,
                one_field,
                sort_field=sort_field,
                on_delete=on_delete,
                on_update=on_update,
                one_deselect_action=one_deselect_action,
            )
            return Shaping(self.database, self._definitions).make_m2o(half, existing)

    def tree(
        self,
        field: Place,
        *,
        one_field: str | None = None,
        sort_field: str | None = None,
        on_delete: str | None = None,
        on_update: str | None = None,
        one_deselect_action: str = "nullify",
        existing: str = "refuse",
    ) -> Relation:
        """Let the items of a collection have a parent in the same collection: `m2o` that leads to its own.

        >>> from relgraph import RelationRegistry
        >>> with RelationRegistry() as registry:
        ...     _ = registry.connection.execute("CREATE TABLE categories (id INTEGER PRIMARY KEY)")
        ...     registry.tree("categories.parent", one_field="children").one_collection
        'categories'
        """
        collection, name = place_in(self._definitions.schema, "field", field)
        return self.m2o(
            (collection, name),
            collection,
            one_field=one_field,
            sort_field=sort_field,
            on_delete=on_delete,
            on_update=on_update,
            one_deselect_action=one_deselect_action,
            existing=existing,
        )

    def m2m(
        self,
        field: Place,
        back: Place,
        *,
        junction: str | None = None,
        sort_field: str | None = None,
        on_delete: str | None = None,
        one_deselect_action: str = "delete",
        existing: str = "refuse",
    ) -> tuple[Relation, Relation]:
        """Let the items of two collections be linked, through a junction that is made where it is missing.

        `back` is the way back ("tags.articles"), or a collection alone where there is none. The junction is named after
        both collections if not told, its fields after the keys they hold (articles_id, tags_id; of a collection linked
        with itself related_articles_id). A pair is linked once: a unique index sees to it. Links go with either item,
        unless `on_delete` says otherwise, or a junction that is there already does.

        >>> from relgraph import RelationRegistry
        >>> with RelationRegistry() as registry:
        ...     _ = registry.connection.execute("CREATE TABLE articles (id INTEGER PRIMARY KEY)")
        ...     _ = registry.connection.execute("CREATE TABLE tags (slug TEXT PRIMARY KEY)")
        ...     [relation.name for relation in registry.m2m("articles.tags", "tags.articles", sort_field="sort")]
        ['articles_tags.articles_id', 'articles_tags.tags_slug']
        """
        with self._definitions.changing():
            schema = self._definitions.schema
            one, alias = place_in(schema, "field", field)
            other, way_back = way_back_in(schema, "back", back)
            shaping = Shaping(self.database, self._definitions)
            name = junction or f"{one}_{other}"
            near, far = shaping.key_name(one), shaping.key_name(other, related=one == other)
            going = _going(on_delete, one_deselect_action)
            halves = (
                Half(name, near, one, alias, junction_field=far, sort_field=sort_field, **going),
                Half(name, far, other, way_back, junction_field=near, **going),
            )
            special = "files" if other == "directus_files" else "m2m"
            return shaping.make_junction(name, halves, existing, special=special)

    def m2a(
        self,
        field: Place,
        *,
        allowed: Sequence[str],
        junction: str | None = None,
        sort_field: str | None = None,
        item_field: str = "item",
        collection_field: str = "collection",
        on_delete: str | None = None,
        one_deselect_action: str = "delete",
        existing: str = "refuse",
    ) -> tuple[Relation, Relation]:
        """Let items be linked with items of any of the `allowed` collections, through a junction.

        The junction is named after the collection and the field if not told. It holds the key of the one side
        (pages_id), the key of the item linked as text, and the name of its collection.

        >>> from relgraph import RelationRegistry
        >>> with RelationRegistry() as registry:
        ...     for name in ("pages", "headings", "images"):
        ...         _ = registry.connection.execute(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY)")
        ...     [relation.kind for relation in registry.m2a("pages.sections", allowed=("headings", "images"))]
        ['m2o', 'm2a']
        """
        with self._definitions.changing():
            one, alias = place_in(self._definitions.schema, "field", field)
            shaping = Shaping(self.database, self._definitions)
            name, near = junction or f"{one}_{alias}", shaping.key_name(one)
            going = _going(on_delete, one_deselect_action)
            to_any: dict[str, Any] = {"one_collection_field": collection_field, "one_allowed_collections": allowed}
            halves = (
                Half(name, near, one, alias, junction_field=item_field, sort_field=sort_field, **going),
                Half(name, item_field, junction_field=near, **to_any),
            )
            return shaping.make_junction(name, halves, existing, special="m2a")

    def translations(
        self,
        field: Place,
        *,
        languages: str = _LANGUAGES,
        fields: Sequence[str] = (),
        junction: str | None = None,
        on_delete: str | None = None,
        one_deselect_action: str = "delete",
        existing: str = "refuse",
    ) -> tuple[Relation, Relation]:
        """Let items have texts in several languages: a junction with `languages`, one link for each language.

        `fields` are columns for the texts, of the type that the collection's own field of that name has. A collection
        of languages (code, name) is made where it is missing; one that has translations cannot be deleted.

        >>> from relgraph import RelationRegistry
        >>> with RelationRegistry() as registry:
        ...     _ = registry.connection.execute("CREATE TABLE articles (id INTEGER PRIMARY KEY, title TEXT)")
        ...     _ = registry.translations("articles.translations", fields=["title"])
        ...     list(registry.schema.collections["articles_translations"].fields)
        ['id', 'articles_id', 'languages_code', 'title']
        """
        with self._definitions.changing():
            one, alias = place_in(self._definitions.schema, "field", field)
            shaping = Shaping(self.database, self._definitions)
            shaping.make_languages(languages)
            name = junction or f"{one}_{alias}"
            near, far = shaping.key_name(one), shaping.key_name(languages, related=one == languages)
            going = _going(on_delete, one_deselect_action)
            halves = (
                Half(name, near, one, alias, junction_field=far, **going),
                Half(name, far, languages, junction_field=near),
            )
            return shaping.make_junction(name, halves, existing, special="translations", texts=fields)


def _going(on_delete: str | None, one_deselect_action: str) -> dict[str, Any]:
    """Give what becomes of a link when an item goes, or is deselected."""
    return {"on_delete": on_delete, "goes_with_one": True, "one_deselect_action": one_deselect_action}
