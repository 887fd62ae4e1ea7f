"""Renaming: what relations and a schema look like when a collection or a field has another name.

In: relations, a schema. Out: the same under the new name, wherever the old one stood. Pure, and nothing fails.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve, frozen

from relgraph.relation import KeyActions, Relation
from relgraph.schema import Collection, ForeignKey, Hop, Schema


@frozen
class Renaming:
    """A collection that gets another name, or a field of it (a column, or the alias of a relation)."""

    collection: str
    old: str  # of the field; of the collection itself, where `of_collection`
    new: str
    of_collection: bool = False

    @classmethod
    def of(cls, old: str, new: str) -> Renaming:
        """Give the renaming of a collection."""
        return cls(old, old, new, of_collection=True)

    def relation(self, relation: Relation) -> Relation:
        """Give a relation under the new name.

        >>> Renaming.of("authors", "people").relation(Relation("articles", "author", "authors")).one_collection
        'people'
        >>> Renaming("articles", "author", "writer").relation(Relation("articles", "author", "authors")).many_field
        'writer'
        """
        return self._with_collection(relation) if self.of_collection else self._with_field(relation)

    def field(self, collection: str, name: str) -> str:
        """Give the name of a field of a collection, both as they were, as it is now.

        >>> renaming = Renaming("articles", "author", "writer")
        >>> renaming.field("articles", "author"), renaming.field("comments", "author")
        ('writer', 'author')
        """
        return name if self.of_collection or collection != self.collection else self._field(name)

    def collection_name(self, name: str) -> str:
        """Give the name of a collection as it is now.

        >>> Renaming.of("authors", "people").collection_name("authors")
        'people'
        """
        return self._collection(name) if self.of_collection else name

    def _with_collection(self, relation: Relation) -> Relation:
        allowed = relation.one_allowed_collections
        return evolve(
            relation,
            many_collection=self._collection(relation.many_collection),
            one_collection=relation.one_collection and self._collection(relation.one_collection),
            one_allowed_collections=allowed and tuple(map(self._collection, allowed)),
        )

    def _with_field(self, relation: Relation) -> Relation:
        if relation.many_collection == self.collection:
            relation = evolve(
                relation,
                many_field=self._field(relation.many_field),
                one_collection_field=relation.one_collection_field and self._field(relation.one_collection_field),
                junction_field=relation.junction_field and self._field(relation.junction_field),
                sort_field=relation.sort_field and self._field(relation.sort_field),
            )
        if relation.one_collection == self.collection:
            alias = relation.one_field and self._field(relation.one_field)
            relation = evolve(relation, one_field=alias, foreign_key=self._key(relation.foreign_key))
        return relation

    def _collection(self, name: str) -> str:
        return self.new if name == self.collection else name

    def _field(self, name: str) -> str:
        return self.new if name == self.old else name

    def _key(self, key: KeyActions | None) -> KeyActions | None:
        return key and evolve(key, to_field=self._field(key.to_field))

    # --- a schema ----------------------------------------------------------------------------------------------------

    def schema(self, schema: Schema) -> Schema:
        """Give a schema under the new name; its hops stay as they were."""
        collections = (self._renamed(collection) for collection in schema)
        return evolve(
            schema,
            collections={collection.name: collection for collection in collections},
            relations=tuple(map(self.relation, schema.relations)),
            foreign_keys=tuple(map(self._foreign_key, schema.foreign_keys)),
        )

    def _renamed(self, collection: Collection) -> Collection:
        if collection.name != self.collection:
            return collection
        if self.of_collection:
            fields = {name: evolve(field, collection=self.new) for name, field in collection.fields.items()}
            return evolve(collection, name=self.new, fields=fields)
        fields = {self._field(name): evolve(field, name=self._field(name)) for name, field in collection.fields.items()}
        return evolve(
            collection,
            fields=fields,
            primary_key=tuple(map(self._field, collection.primary_key)),
            sort_field=collection.sort_field and self._field(collection.sort_field),
            hops=_keyed(collection.hops, self.old, self.new),
        )

    def _foreign_key(self, key: ForeignKey) -> ForeignKey:
        if self.of_collection:
            names = (self._collection(key.collection), self._collection(key.to_collection))
            return evolve(key, collection=names[0], to_collection=names[1])
        near, far = (
            tuple(map(self._field, fields)) if collection == self.collection else fields
            for collection, fields in ((key.collection, key.fields), (key.to_collection, key.to_fields))
        )
        return evolve(key, fields=near, to_fields=far)


def _keyed(mapping: Mapping[str, Hop], old: str, new: str) -> dict[str, Hop]:
    return {new if name == old else name: value for name, value in mapping.items()}
