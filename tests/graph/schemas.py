"""Schemas as Hypothesis strategies: up to forty collections, joined in every way relations can join them."""

from __future__ import annotations

from typing import Final

from attrs import evolve
from hypothesis import strategies as st

from relgraph.linking import link
from relgraph.relation import Relation
from relgraph.schema import Collection, Field, ForeignKey, Schema
from relgraph.values import FieldType

POINTERS: Final = 3  # of each collection, which need not all be used


def collection(name: str, required: int = 0) -> Collection:
    """Give a collection with a key, pointers that may be NULL save those that are `required`, and a kind for each."""
    fields = [Field(name, "id", FieldType.INTEGER, nullable=False)]
    for number in range(POINTERS):
        nullable = number >= required
        fields += [Field(name, f"to{number}", FieldType.ANY, nullable=nullable)]
        fields += [Field(name, f"kind{number}", FieldType.STRING, affinity="TEXT", nullable=nullable)]
    return Collection(name, {field.name: field for field in [*fields, Field(name, "note", FieldType.TEXT)]}, ("id",))


@st.composite
def schemas(draw: st.DrawFn, max_collections: int = 40) -> Schema:
    """Draw a schema with cycles, self references, several relations between a pair, junctions, any-to-many fields."""
    count = draw(st.integers(1, max_collections))
    names = [f"c{number}" for number in range(count)]
    relations: dict[str, Relation] = {}
    some = st.sampled_from(names)
    for many, number, one, alias in draw(
        st.lists(st.tuples(some, st.integers(0, POINTERS - 1), some, st.booleans()), max_size=count * 2)
    ):
        pointer = f"to{number}"
        relation = Relation(many, pointer, one, f"{many}_{pointer}" if alias else None)
        if draw(st.integers(0, 7)) == 7:
            allowed = tuple(draw(st.lists(some, min_size=1, max_size=4, unique=True)))
            relation = Relation(many, pointer, one_collection_field=f"kind{number}", one_allowed_collections=allowed)
        relations.setdefault(relation.name, relation)
    for many in draw(st.sets(some, max_size=count // 3)):
        _join(relations, many)
    required = {name: draw(st.sampled_from((0, 0, 1, POINTERS))) for name in names}
    keys = [
        ForeignKey(near, ("note", "id"), far, ("note", "id"))
        for near, far in draw(st.lists(st.tuples(some, some), max_size=3, unique=True))
    ]
    return link([collection(name, required[name]) for name in names], relations.values(), foreign_keys=keys)


def _join(relations: dict[str, Relation], many: str) -> None:
    """Make two relations of a collection the halves of a junction, where it has two."""
    own = [relation for relation in relations.values() if relation.many_collection == many][:2]
    if len(own) == 2:
        for half, other in zip(own, reversed(own), strict=True):
            relations[half.name] = evolve(half, junction_field=other.many_field)
