"""Findings: what the rules are made of, and the facts that several of them ask for.

In: a `Schema` and one of its relations. Out: values; nothing here fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeAlias

from attrs import frozen

from relgraph.errors import did_you_mean, listed
from relgraph.linking import key_kind
from relgraph.relation import Relation
from relgraph.schema import Collection, Field, ForeignKey, Schema
from relgraph.values import DATES, FieldType


@frozen
class Finding:
    """What a rule finds wrong: the part of the definition, its value, the sentence, and what would work."""

    part: str  # "one_field"
    value: Any
    problem: str
    hint: str


Check: TypeAlias = Callable[[Schema, Relation], Iterator[Finding]]
CollectionCheck: TypeAlias = Callable[[Schema, Collection], Iterator[Finding]]


def finds_nothing(_schema: Schema, _thing: Relation | Collection) -> Iterator[Finding]:
    """Find nothing: what a rule does about that kind of thing when it speaks of another.

    >>> list(finds_nothing(Schema({}), Relation("articles", "author")))
    []
    """
    return iter(())


@frozen
class Rule:
    """One rule: `slug` names it, `sentence` says what holds; it is checked of each relation, or of each collection.

    What a rule that is `alone` says of a new relation no further change can mend, so it is judged before anything is
    made; the others depend on other relations, and are judged when a change, or a batch of them, is complete.
    """

    slug: str
    severity: str  # "error" or "warning"
    sentence: str
    check: Check = finds_nothing
    alone: bool = True
    check_collection: CollectionCheck = finds_nothing


# --- what checks share -----------------------------------------------------------------------------------------------


def offer(name: Any, known: Iterable[str], what: str) -> str:
    """Give a hint: the known names nearest to one that is not, else all of them.

    >>> offer("artcles", ("articles", "tags"), "collections"), offer("x", ("articles", "tags"), "collections")
    ("did you mean 'articles'?", 'collections: articles, tags')
    """
    known = tuple(known)
    return did_you_mean(str(name), known).removeprefix("; ") or f"{what}: {listed(known)}"


def no_collection(schema: Schema, part: str, name: str) -> Finding:
    """Give the finding about a collection that is not there, or cannot be read."""
    if name in schema.unreadable:
        return Finding(part, name, f"{name} cannot be read: {schema.unreadable[name]}", _tables(schema))
    hint = offer(name, (each.name for each in schema if not each.view), "collections")
    return Finding(part, name, f"there is no collection {name!r}", hint)


def no_table(schema: Schema, part: str, one: Collection, why: str) -> Finding:
    """Give the finding about a view or virtual table where a table is needed."""
    return Finding(part, one.name, f"{one.name} is no table, {why}", _tables(schema))


def no_field(collection: Collection, part: str, name: str, purpose: str = "") -> Finding:
    """Give the finding about a field that is not there."""
    hint = offer(name, collection.fields, f"fields of {collection.name}")
    return Finding(part, name, f"{collection.name} has no field {name!r}{purpose}", hint)


def _tables(schema: Schema) -> str:
    return f"tables: {listed(each.name for each in schema if not each.view)}"


def many_field_of(schema: Schema, relation: Relation) -> Field | None:
    """Give the field that holds the key, where it is there."""
    many = schema.collections.get(relation.many_collection)
    return None if many is None else many.fields.get(relation.many_field)


def declared_keys(schema: Schema, relation: Relation) -> list[ForeignKey]:
    """Give the foreign keys that the database declares on the relation's field alone."""
    fields = (relation.many_field,)
    return [key for key in schema.keys_of(relation.many_collection) if key.fields == fields]


def is_foreign_key(schema: Schema, field: Field) -> bool:
    """Tell whether a field is part of a declared foreign key."""
    return any(field.name in key.fields for key in schema.keys_of(field.collection))


# what these hold is answered in another form than it is stored in, so that a key of another type would be garbled
_NO_KEYS: Final = DATES | {FieldType.TIME, FieldType.BOOLEAN, FieldType.JSON, FieldType.CSV, FieldType.GEOMETRY}


def incomparable(near: Field, key: Field) -> Finding | None:
    """Give the finding about a field that cannot hold a key, or None where it can."""
    hint = f"declare {near} as {key.declared_type or key.affinity}, as {key} is"
    if key_kind(near, key) is None:
        problem = f"{near} ({near.affinity}) cannot hold keys of {key.collection}: {key} is {key.affinity}"
        return Finding("many_field", near.affinity, problem, hint)
    if near.type != key.type and {near.type, key.type} & _NO_KEYS:
        problem = f"{near} ({near.type.value}) cannot hold keys of {key.collection}: {key} is {key.type.value}"
        return Finding("many_field", near.type.value, problem, hint)
    return None
