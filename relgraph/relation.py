"""Relation: one relation's definition, in the flat and the nested shape.

In: a mapping in either shape, or with the legacy names. Out: a frozen `Relation`, which prints as either shape again.
Raises `InvalidPayload` on a mapping that is no relation in shape; whether it is *consistent* is decided by `rules`.
"""

from __future__ import annotations

from typing import Any, Final

from attrs import field, frozen

ACTIONS: Final = ("NO ACTION", "RESTRICT", "SET NULL", "SET DEFAULT", "CASCADE")


@frozen
class KeyActions:
    """The foreign key behind a relation: what the database does when the one side goes or changes its key."""

    to_field: str  # the column of the one side it points at
    on_delete: str = "NO ACTION"
    on_update: str = "NO ACTION"


@frozen
class Relation:
    """Who points at whom: `many_collection.many_field` holds a key of the one side.

    A many-to-one relation (`kind` "m2o") names one `one_collection`; an any-to-many relation ("m2a") names the field
    that holds the collection, and the collections allowed in it. `id` is None for a relation that is only discovered
    from a foreign key. `foreign_key` is None where the database declares none.
    """

    many_collection: str
    many_field: str
    one_collection: str | None = None
    one_field: str | None = None
    one_collection_field: str | None = None
    one_allowed_collections: tuple[str, ...] | None = None
    junction_field: str | None = None
    sort_field: str | None = None
    one_deselect_action: str = "nullify"
    id: int | None = None
    foreign_key: KeyActions | None = field(default=None)

    @property
    def kind(self) -> str:
        """What the many side holds: "m2o" a key of one collection, "m2a" a key of any of several."""
        return "m2a" if self.one_collection is None else "m2o"

    @property
    def name(self) -> str:
        """The relation's place: "articles.author"."""
        return f"{self.many_collection}.{self.many_field}"

    def to_dict(self) -> dict[str, Any]:
        """Give the flat object: id, the eight definition fields, sort_field and one_deselect_action.

        >>> Relation("articles", "author", "authors", id=1).to_dict()["one_collection"]
        'authors'
        """
        allowed = self.one_allowed_collections
        return {
            "id": self.id,
            "many_collection": self.many_collection,
            "many_field": self.many_field,
            "one_collection": self.one_collection,
            "one_field": self.one_field,
            "one_collection_field": self.one_collection_field,
            "one_allowed_collections": None if allowed is None else ",".join(allowed),
            "junction_field": self.junction_field,
            "sort_field": self.sort_field,
            "one_deselect_action": self.one_deselect_action,
        }

    def to_nested(self) -> dict[str, Any]:
        """Give the nested object: collection, field, related_collection, schema, meta.

        >>> sorted(Relation("articles", "author", "authors").to_nested())
        ['collection', 'field', 'meta', 'related_collection', 'schema']
        """
        meta = self.to_dict()
        if self.one_allowed_collections is not None:
            meta["one_allowed_collections"] = list(self.one_allowed_collections)
        key = self.foreign_key
        return {
            "collection": self.many_collection,
            "field": self.many_field,
            "related_collection": self.one_collection,
            "schema": None
            if key is None
            else {
                "table": self.many_collection,
                "column": self.many_field,
                "foreign_key_table": self.one_collection,
                "foreign_key_column": key.to_field,
                "on_update": key.on_update,
                "on_delete": key.on_delete,
                "constraint_name": None,
            },
            "meta": meta,
        }
