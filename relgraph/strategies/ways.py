"""Ways: what a question may name from a collection on: fields, calls, relations of every kind.

In: a schema and the name of a collection. Out: `Ways`. Pure; nothing here fails.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any, Final, ParamSpec, TypeVar, cast

from relgraph.functions import AGGREGATES, FUNCTIONS, RELATION_AGGREGATES
from relgraph.schema import Field, Hop, Schema
from relgraph.values import NUMBERS, FieldType

_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")
_MOST: Final = 8  # schemas for which something is remembered
_known: dict[int, tuple[Schema, dict[Any, Any]]] = {}  # by identity: to compare schemas takes longer than this saves


def per_schema(make: Callable[_Given, _Made]) -> Callable[_Given, _Made]:
    """Give a function of a schema and more that makes each thing once for a schema: draws ask for it at every part."""

    @wraps(make)
    def made(*given: _Given.args, **named: _Given.kwargs) -> _Made:
        schema, place = cast(Schema, given[0]), (make, *given[1:], *named.items())
        if id(schema) not in _known:
            if len(_known) >= _MOST:
                _known.clear()
            _known[id(schema)] = (schema, {})
        kept = _known[id(schema)][1]
        if place not in kept:
            kept[place] = make(*given, **named)
        return cast(_Made, kept[place])

    return made


class Ways:
    """What a question may name in one collection, each list made when it is first asked for."""

    def __init__(self, schema: Schema, name: str) -> None:
        self.schema = schema
        self.collection = schema.collections[name]
        self.fields: Final = tuple(self.collection.fields.values())

    def __repr__(self) -> str:
        return f"Ways({self.collection.name!r})"

    @cached_property
    def stored(self) -> tuple[str, ...]:
        """The names of fields that hold something to show, which half of a pair of an any-to-many relation does not."""
        return tuple(field.name for field in self.fields if field.name not in self.collection.any_hops)

    @cached_property
    def documents(self) -> tuple[str, ...]:
        """The names of JSON fields."""
        return tuple(field.name for field in self.fields if field.type is FieldType.JSON)

    @cached_property
    def travelled(self) -> tuple[Hop, ...]:
        """The hops to the collections a query may reach: Directus's own are left to the tests made for them."""
        return tuple(hop for hop in self.collection.hops.values() if not self._is_system(hop))

    @cached_property
    def scopes(self) -> tuple[Hop, ...]:
        """The hops of any-to-many fields, one for each allowed collection."""
        return tuple(hop for any_hop in self.collection.any_hops.values() for hop in any_hop.hops.values())

    @cached_property
    def open(self) -> tuple[Hop, ...]:
        """Every hop that a path may take, those of any-to-many fields included."""
        return (*self.travelled, *self.scopes)

    @cached_property
    def follows(self) -> tuple[Hop, ...]:
        """The hops backwards over relations that may lead here, whether they have an alias or not."""
        name, relations = self.collection.name, self.schema.relations
        hops = [
            self.schema.follow(name, each.many_collection, each.many_field, each.one_collection_field)
            for each in relations
        ]
        return tuple(hop for hop in hops if hop is not None and not self._is_system(hop))

    def _is_system(self, hop: Hop) -> bool:
        return self.schema.collections[hop.far].system

    # --- calls -------------------------------------------------------------------------------------------------------

    @cached_property
    def own_calls(self) -> tuple[tuple[str, FieldType], ...]:
        """The calls of functions of own fields, with the type that their results are compared as."""
        return tuple(
            (f"{function.name}({field.name})", FieldType.INTEGER)
            for function in FUNCTIONS.values()
            for field in self.fields
            if field.type in function.accepts and function.name != "json"
        )

    @cached_property
    def calls(self) -> tuple[tuple[str, FieldType], ...]:
        """Every call that the collection can answer, those over related items among them."""
        hops = [hop for hop in self.travelled if hop.many]
        return (*self.own_calls, *(call for hop in hops for call in self._calls_over(hop)))

    def _calls_over(self, hop: Hop) -> list[tuple[str, FieldType]]:
        measured = [field.name for field in self.far_fields(hop) if field.type in NUMBERS]
        types = dict.fromkeys(RELATION_AGGREGATES, FieldType.FLOAT) | {"countDistinct": FieldType.INTEGER}
        of_fields = [(f"{name}({hop.name}.{field})", types[name]) for name in RELATION_AGGREGATES for field in measured]
        return [(f"count({hop.name})", FieldType.INTEGER), *of_fields]

    def far_fields(self, hop: Hop) -> tuple[Field, ...]:
        """Give the fields of the collection that a hop leads to."""
        return tuple(self.schema.collections[hop.far].fields.values())

    # --- where names stand -------------------------------------------------------------------------------------------

    @cached_property
    def sorted(self) -> tuple[str, ...]:
        """What a sort key may end in: fields, twice as often as each call."""
        return (*self.stored, *self.stored, *(call for call, _ in self.calls))

    @cached_property
    def named(self) -> tuple[str, ...]:
        """What can be given another name: fields, relations and calls."""
        hops = [hop.name for hop in self.travelled if self.schema.collections[hop.far].primary_key]
        own = [field.name for field in self.fields if "." not in field.name]
        return (*own, *hops, *(call for call, _ in self.calls if "." not in call))

    @cached_property
    def grouped(self) -> tuple[str, ...]:
        """What may be grouped by: own fields, functions of them, and fields one to-one hop away."""
        across = [
            f"{hop.name}.{field.name}" for hop in self.travelled if not hop.many for field in self.far_fields(hop)
        ]
        return (*(field.name for field in self.fields), *(call for call, _ in self.own_calls), *across)

    @cached_property
    def measured(self) -> tuple[tuple[str, bool, tuple[str, ...]], ...]:
        """The aggregates that can be asked for: the name, whether it counts items (`*`), and the fields it takes."""
        found = [
            (each.name, each.star, tuple(field.name for field in self.fields if field.type in each.accepts))
            for each in AGGREGATES.values()
        ]
        return tuple((name, star, () if name == "countAll" else names) for name, star, names in found if star or names)


@per_schema
def ways_of(schema: Schema, name: str) -> Ways:
    """Give what a question may name in a collection."""
    return Ways(schema, name)
