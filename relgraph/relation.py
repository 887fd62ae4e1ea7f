"""Relation: one relation's definition, in the flat and the nested shape.

In: a mapping in either shape, or with the legacy names. Out: a frozen `Relation`, which prints as either shape again.
Raises `InvalidPayload` on a mapping that is no relation in shape; whether it is *consistent* is decided by `rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from attrs import evolve, field, frozen

from relgraph.errors import InvalidPayload, did_you_mean

ACTIONS: Final = ("NO ACTION", "RESTRICT", "SET NULL", "SET DEFAULT", "CASCADE")
# the flat object, which is also a row of the tables that keep relations
FLAT_NAMES: Final = (
    "id",
    "many_collection",
    "many_field",
    "one_collection",
    "one_field",
    "one_collection_field",
    "one_allowed_collections",
    "junction_field",
    "sort_field",
    "one_deselect_action",
)


@frozen
class KeyActions:
    """The foreign key behind a relation: what the database does when the one side goes or changes its key."""

    to_field: str = ""  # the column of the one side it points at; empty: its primary key, as in SQL
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

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Relation:
        """Give the relation that a mapping in any accepted shape spells; raises `InvalidPayload`.

        The flat shape has no foreign key, so that reading what `to_dict` gives is the relation less `foreign_key`
        (unless `on_delete` or `on_update` stand beside); the nested shape has, and gives the relation itself again.

        >>> Relation.from_mapping({"collection_many": "articles", "field_many": "author", "collection_one": "authors"})
        ... # doctest: +ELLIPSIS
        Relation(many_collection='articles', many_field='author', one_collection='authors', ...)
        >>> Relation.from_mapping({"collection": "articles", "feild": "author"})
        Traceback (most recent call last):
        relgraph.errors.InvalidPayload: feild: a relation has no such part; did you mean 'field'?
        """
        return cls.from_named(named_in(mapping))

    @classmethod
    def from_named(cls, parts: Mapping[str, Any]) -> Relation:
        """Give the relation of the parts that `named_in` found; raises `InvalidPayload` without a many side."""
        for name, nested in (("many_collection", "collection"), ("many_field", "field")):
            if name not in parts:
                raise InvalidPayload(name, "a relation needs it", f"the nested shape calls it {nested!r}")
        return cls(parts["many_collection"], parts["many_field"]).changed(parts)

    def changed(self, changes: Mapping[str, Any]) -> Relation:
        """Give the relation with the parts that `named_in` found in a mapping; what was not named stays.

        With another one side the foreign key points at that one's primary key, unless its column is named too.

        >>> Relation("articles", "author", "authors").changed({"on_delete": "CASCADE"}).foreign_key.on_delete
        'CASCADE'
        """
        parts = {name: value for name, value in changes.items() if name not in _KEY_PARTS}
        key_parts = {name: value for name, value in changes.items() if name in _KEY_PARTS}
        relation = evolve(self, **parts)
        if relation.one_collection is None:
            return evolve(relation, foreign_key=None)
        if relation.one_collection != self.one_collection:
            key_parts = {"to_field": "", **key_parts} if key_parts or self.foreign_key else {}
        key = evolve(self.foreign_key or KeyActions(), **key_parts) if key_parts else self.foreign_key
        return evolve(relation, foreign_key=key)

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
                "foreign_key_column": key.to_field or None,
                "on_update": key.on_update,
                "on_delete": key.on_delete,
                "constraint_name": None,
            },
            "meta": meta,
        }


# --- reading a mapping -----------------------------------------------------------------------------------------------

_KEY_PARTS: Final = ("to_field", "on_delete", "on_update")
# what each place calls the parts of a relation; None: said for the reader only
_META: Final[dict[str, str | None]] = {name: name for name in FLAT_NAMES}
_SCHEMA: Final[dict[str, str | None]] = {
    "table": "many_collection",
    "column": "many_field",
    "foreign_key_table": "one_collection",
    "foreign_key_column": "to_field",
    "on_update": "on_update",
    "on_delete": "on_delete",
    "constraint_name": None,
}
_TOP: Final[dict[str, str | None]] = {
    **_META,
    "on_delete": "on_delete",
    "on_update": "on_update",
    "collection_many": "many_collection",
    "field_many": "many_field",
    "collection_one": "one_collection",
    "field_one": "one_field",
    "collection": "many_collection",
    "field": "many_field",
    "related_collection": "one_collection",
}
_INNER: Final = {"schema": _SCHEMA, "meta": _META}


def named_in(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Give the parts of a relation that a mapping names, by their names here, each checked and in its one form.

    The keys are those of `Relation` and `KeyActions`; an action of null counts as not named, as do a `schema` and
    `meta` of null. Raises `InvalidPayload` for what is no part of a relation, has the wrong type, or contradicts
    another part.

    >>> named_in({"meta": {"one_allowed_collections": "a, b"}, "schema": {"on_delete": "set null"}})
    {'one_allowed_collections': ('a', 'b'), 'on_delete': 'SET NULL'}
    """
    found: dict[str, Any] = {}
    said: dict[str, str] = {}
    for where, name, given in _parts(mapping):
        form: Callable[[str, Any], Any] = _FORMS.get(name, _optional_name)
        value = form(where, given)
        if name in ("on_delete", "on_update") and value is None:
            continue
        if name in found and found[name] != value:
            raise InvalidPayload(where, f"it says {given!r}, but {said[name]} says {found[name]!r}")
        found[name], said[name] = value, where
    return found


def _parts(mapping: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield what is named: where it stands, what it is called here, what is given."""
    for key, value in _entries("", mapping, (*_TOP, *_INNER)):
        if key not in _INNER:
            yield key, _TOP[key] or "", value
        elif value is not None:
            names = _INNER[key]
            for inner, given in _entries(key, value, names):
                name = names[inner]
                if name is not None:
                    yield f"{key}.{inner}", name, given


def _entries(where: str, mapping: Any, known: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(mapping, Mapping):
        wanted = "an object or null" if where else "a mapping"
        raise InvalidPayload(where or "relation", f"it must be {wanted}, not {mapping!r}")
    for key, value in mapping.items():
        if key not in known:
            place = f"{where}.{key}" if where else str(key)
            raise InvalidPayload(place, f"a relation has no such part{did_you_mean(str(key), known)}")
        yield key, value


def _name(where: str, given: Any) -> str:
    if isinstance(given, str) and given and "\0" not in given and _is_text(given):
        return given
    raise InvalidPayload(where, f"it must be a name, not {given!r}")


def _is_text(given: str) -> bool:
    try:
        given.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: no text that could be stored
        return False
    return True


def _optional_name(where: str, given: Any) -> str | None:
    return None if given is None else _name(where, given)


def _names(where: str, given: Any) -> tuple[str, ...] | None:
    if given is None:
        return None
    if isinstance(given, str):
        return tuple(_name(where, name.strip()) for name in given.split(",")) if given else ()
    if isinstance(given, (list, tuple)):
        return tuple(_name(f"{where}[{index}]", name) for index, name in enumerate(given))
    raise InvalidPayload(where, f"it must be a list of collections or a text with commas, not {given!r}")


def _id(where: str, given: Any) -> int | None:
    if given is None or (isinstance(given, int) and not isinstance(given, bool) and 0 < given < 2**63):
        return given
    raise InvalidPayload(where, f"it must be a positive integer or null, not {given!r}")


def _action(where: str, given: Any) -> str | None:
    if given is None:
        return None
    action = " ".join(given.upper().split()) if isinstance(given, str) else ""
    if action not in ACTIONS:
        raise InvalidPayload(where, f"there is no action {given!r}", f"it must be one of {', '.join(ACTIONS)}")
    return action


def _column(where: str, given: Any) -> str:
    return "" if given is None else _name(where, given)


_FORMS: Final[dict[str, Callable[[str, Any], Any]]] = {
    "id": _id,
    "many_collection": _name,
    "many_field": _name,
    "one_allowed_collections": _names,
    "one_deselect_action": _name,
    "to_field": _column,
    "on_delete": _action,
    "on_update": _action,
}
