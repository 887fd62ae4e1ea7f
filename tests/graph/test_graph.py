"""Questions between collections: each answer is what going through all possibilities gives."""

from __future__ import annotations

from itertools import pairwise, product
from math import inf

import pytest
from hypothesis import given

from relgraph import RelationRegistry
from relgraph.errors import InvalidPayload, UnknownCollection
from relgraph.graph import RelationGraph
from relgraph.linking import link
from relgraph.query.limits import Limits
from relgraph.query.parse import parse
from relgraph.query.resolve import resolve
from relgraph.relation import Relation
from relgraph.schema import Collection, Schema
from tests.graph.schemas import collection, schemas

Distances = dict[tuple[str, str], float]


def pointers(schema: Schema) -> set[tuple[str, str, bool, str]]:
    """Give every pointer as (from, to, whether it has to be there first, its name)."""
    found = set()
    for one in schema.relations:
        for far in one.one_allowed_collections or (one.one_collection,):
            required = not schema.collections[one.many_collection].fields[one.many_field].nullable
            found.add((one.many_collection, far, required, one.name))
    for key in schema.foreign_keys:
        found.add((key.collection, key.to_collection, False, f"{key.collection} by key"))
    return found


def distances(names: tuple[str, ...], steps: set[tuple[str, str]]) -> Distances:
    """Give the fewest steps from each name to each, by Floyd's and Warshall's three loops; none is no way to itself."""
    far = {pair: 1.0 if pair in steps else inf for pair in product(names, names)}
    for over, near, end in product(names, names, names):
        if far[near, over] + far[over, end] < far[near, end]:
            far[near, end] = far[near, over] + far[over, end]
    return far


def hop_steps(schema: Schema) -> set[tuple[str, str]]:
    """Give where a read can go from each collection."""
    steps = set()
    for one in schema:
        steps |= {(one.name, hop.far) for hop in one.hops.values()}
        steps |= {(one.name, name) for any_hop in one.any_hops.values() for name in any_hop.hops}
    return steps


@given(schema=schemas())
def test_what_is_around_a_collection(schema: Schema) -> None:
    """Neighbours, degree, relations and what requires a collection are what the list of all pointers says."""
    graph, all_ = RelationGraph(schema), pointers(schema)
    back = distances(graph.collections, {(far, near) for near, far, _, _ in all_})
    for name in graph.collections:
        beside = {far for near, far, _, _ in all_ if near == name} | {near for near, far, _, _ in all_ if far == name}
        assert set(graph.neighbours(name)) == beside
        named = {one for one in schema.relations if name in (one.many_collection, one.one_collection)}
        allowed = {one for one in schema.relations if name in (one.one_allowed_collections or ())}
        assert set(graph.relations_of(name)) == named | allowed
        assert set(graph.required_by(name)) == {end for end in graph.collections if back[name, end] < inf} - {name}
    keys = len(set(schema.foreign_keys))
    allowed_ends = sum(len(relation.one_allowed_collections or (1,)) for relation in schema.relations)
    assert sum(map(graph.degree, graph.collections)) == len(schema.relations) + allowed_ends + 2 * keys


@given(schema=schemas())
def test_components_and_cycles(schema: Schema) -> None:
    """Two collections are in one component when a way joins them, and in one cycle when there is one each way."""
    graph, all_ = RelationGraph(schema), pointers(schema)
    either = distances(graph.collections, {pair for near, far, _, _ in all_ for pair in ((near, far), (far, near))})
    forth = distances(graph.collections, {(near, far) for near, far, _, _ in all_})
    together = {frozenset({a, *(b for b in graph.collections if either[a, b] < inf)}) for a in graph.collections}
    assert set(map(frozenset, graph.components())) == together
    assert sum(map(len, graph.components())) == len(graph.collections)
    round_ = {
        frozenset(b for b in graph.collections if forth[a, b] < inf and forth[b, a] < inf)
        for a in graph.collections
        if forth[a, a] < inf
    }
    assert {frozenset(cycle.collections) for cycle in graph.cycles()} == round_
    for cycle in graph.cycles():
        closing = {name for near, far, _, name in all_ if near in cycle.collections and far in cycle.collections}
        names = {
            source.name if isinstance(source, Relation) else f"{source.collection} by key" for source in cycle.relations
        }
        assert names == closing


@given(schema=schemas())
def test_the_order_of_loading(schema: Schema) -> None:
    """Only deferred pointers lead to a later collection; only pointers of a cycle are deferred, and only as needed."""
    graph, all_ = RelationGraph(schema), pointers(schema)
    order = graph.load_order()
    assert sorted(order.collections) == sorted(graph.collections)
    assert graph.delete_order() == tuple(reversed(order.collections))
    place = {name: number for number, name in enumerate(order.collections)}
    forth = distances(graph.collections, {(near, far) for near, far, _, _ in all_})
    needed = distances(graph.collections, {(near, far) for near, far, required, _ in all_ if required})
    later = {pointer for pointer in all_ if place[pointer[1]] >= place[pointer[0]]}
    deferred = {one.name if isinstance(one, Relation) else f"{one.collection} by key" for one in order.deferred}
    forced = {one.name for one in order.forced if isinstance(one, Relation)}
    assert deferred == {name for _, _, required, name in later if not required}
    assert forced == {name for _, _, required, name in later if required}
    assert all(forth[far, near] < inf for near, far, _, _ in later)
    assert all(needed[far, near] < inf for near, far, required, _ in later if required)


@given(schema=schemas(12))
def test_paths(schema: Schema) -> None:
    """The shortest path is as long as the shortest way, is accepted by a read, and leads where it says."""
    graph = RelationGraph(schema)
    far = distances(graph.collections, hop_steps(schema))
    for start, end in product(graph.collections, repeat=2):
        path = graph.path(start, end)
        assert (len(path) if path else inf) == far[start, end]
        if path is not None:
            assert (path.collections[0], path.collections[-1]) == (start, end)
            assert [hop.far for hop in path.hops] == list(path.collections[1:])
            resolve(parse(fields=[str(path)]), schema, start, limits=Limits(max_depth=99))
    for start in graph.collections:
        assert set(graph.reachable(start)) == {end for end in graph.collections if far[start, end] < inf} - {start}
        lengths = [far[start, end] for end in graph.reachable(start)]
        assert lengths == sorted(lengths)


def walks(schema: Schema, start: str, end: str, left: int, met: tuple[str, ...] = ()) -> set[str]:
    """Give the texts of all ways of at most `left` hops, by trying every one."""
    collection, found = schema.collections[start], set()
    hops = [*collection.hops.values(), *(hop for one in collection.any_hops.values() for hop in one.hops.values())]
    for hop in hops if left else ():
        if hop.far == end:
            found.add(hop.name)
        elif hop.far not in (*met, start):
            found |= {f"{hop.name}.{rest}" for rest in walks(schema, hop.far, end, left - 1, (*met, start))}
    return found


@given(schema=schemas(8))
def test_all_paths(schema: Schema) -> None:
    """All paths of some length are those that trying every way finds, the shortest first."""
    graph = RelationGraph(schema)
    for start, end in product(graph.collections, repeat=2):
        paths = graph.paths(start, end, 3)
        assert sorted(map(str, paths)) == sorted(walks(schema, start, end, 3))
        assert [len(path) for path in paths] == sorted(len(path) for path in paths)


@given(schema=schemas(12))
def test_junctions(schema: Schema) -> None:
    """A junction is a pair of relations of one collection whose junction fields name each other."""
    pairs = {
        (left.many_collection, frozenset((left.many_field, right.many_field)))
        for left, right in product(schema.relations, repeat=2)
        if left.many_collection == right.many_collection
        and (left.junction_field, right.junction_field) == (right.many_field, left.many_field)
    }
    junctions = RelationGraph(schema).junctions()
    assert {(one.collection, frozenset(half.many_field for half in one.relations)) for one in junctions} == pairs
    assert len(junctions) == len(pairs)
    for junction in junctions:
        pointers = {half.many_field for half in junction.relations}
        pointers |= {half.one_collection_field for half in junction.relations if half.one_collection_field}
        assert {*junction.extra_fields, *pointers, "id"} == set(schema.collections[junction.collection].fields)
        assert (junction.kind == "m2a") == any(half.one_collection is None for half in junction.relations)


# --- single cases ----------------------------------------------------------------------------------------------------


def graph_of(*relations: Relation) -> RelationGraph:
    """Give the graph of the collections that some relations name."""
    names = {name for one in relations for name in (one.many_collection, one.one_collection) if name}
    return RelationGraph(link([collection(name) for name in sorted(names)], relations))


def test_a_chain_of_ten_thousand_is_not_too_deep() -> None:
    """No answer recurses: a chain far longer than Python's own limit is ordered, and gone along."""
    names = [f"c{number:05}" for number in range(10_000)]
    chain = [Relation(near, "to0", far) for near, far in pairwise(names)]
    graph = graph_of(*chain)
    assert graph.load_order().collections == tuple(reversed(names))
    assert len(graph.components()) == 1
    assert graph.cycles() == ()
    assert len(graph.reachable(names[0])) == 9_999


def test_what_a_pointer_leads_to_may_be_missing() -> None:
    """A relation to a collection that is not there joins nothing, and stands in no way."""
    graph = RelationGraph(link([collection("a")], [Relation("a", "to0", "lost"), Relation("lost", "to0", "a")]))
    assert (graph.neighbours("a"), graph.degree("a"), graph.components()) == ((), 0, (("a",),))
    assert [relation.name for relation in graph.relations_of("a")] == ["a.to0", "lost.to0"]
    assert graph.load_order().collections == ("a",)


def test_a_relation_without_a_way_back() -> None:
    """Without an alias on the one side there is no path back, since a read could not go it."""
    graph = graph_of(Relation("books", "to0", "authors"))
    assert str(graph.path("books", "authors")) == "to0"
    assert graph.path("authors", "books") is None
    assert graph.reachable("authors") == ()


def test_the_way_round() -> None:
    """From a collection to itself a path is the shortest way that comes back."""
    graph = graph_of(Relation("people", "to0", "people", "team"), Relation("pets", "to0", "people", "pets"))
    assert str(graph.path("people", "people")) == "to0"
    assert [str(path) for path in graph.paths("pets", "pets", 2)] == ["to0.pets"]
    assert [str(path) for path in graph.paths("people", "people", 2)] == ["to0", "team", "pets.to0"]


def test_views_are_in_no_order() -> None:
    """A view holds nothing, so it is not loaded."""
    graph = RelationGraph(link([Collection("a view", {}, view=True), collection("a")], []))
    assert graph.collections == ("a view", "a")
    assert graph.load_order().collections == ("a",)


def test_names_that_are_not_there() -> None:
    """A question about a collection that is not there is refused, with the nearest name; so is no length."""
    graph = graph_of(Relation("books", "to0", "authors"))
    questions = (graph.relations_of, graph.in_collection, graph.neighbours, graph.degree, graph.required_by)
    for question in (
        *questions,
        graph.reachable,
        lambda name: graph.path(name, "books"),
        lambda name: graph.paths("books", name),
    ):
        with pytest.raises(UnknownCollection, match="did you mean 'books'") as caught:
            question("boks")
        assert caught.value.code == "FORBIDDEN"
        for wrong in (None, 1, ["books"]):
            with pytest.raises(InvalidPayload, match="the name of a collection"):
                question(wrong)
    for length in (-1, True, 1.5, None):
        with pytest.raises(InvalidPayload, match="max_length"):
            graph.paths("books", "authors", length)


ODD = """
CREATE TABLE "a.b" ("i.d" INTEGER PRIMARY KEY, "ed.itor" INTEGER REFERENCES "c,d"(id), ed INTEGER REFERENCES "c,d"(id));
CREATE TABLE "c,d" (id INTEGER PRIMARY KEY, itor INTEGER REFERENCES "e:(f"("x "), "*" INTEGER REFERENCES "e:(f"("x "));
CREATE TABLE "e:(f" ("x " INTEGER PRIMARY KEY, "$back" INTEGER REFERENCES "a.b"("i.d"));
CREATE TABLE keyless (book INTEGER REFERENCES "a.b");
CREATE TABLE "Größe" (k1, k2, up INTEGER REFERENCES "c,d", PRIMARY KEY (k1, k2));
INSERT INTO "a.b" VALUES (1, 1, 1);
INSERT INTO "c,d" VALUES (1, 1, 1);
INSERT INTO "e:(f" VALUES (1, 1);
INSERT INTO keyless VALUES (1);
INSERT INTO "Größe" VALUES ('x', 2, 1);
"""


def test_odd_names_are_read() -> None:
    """Whatever names there are, a path that is given is read, and leads to an item of its end."""
    with RelationRegistry() as registry:
        registry.connection.executescript(f"PRAGMA foreign_keys = OFF; {ODD}")
        graph = registry.graph
        found = 0
        for start, end in product(graph.collections, repeat=2):
            for path in (graph.path(start, end), *graph.paths(start, end, 3)):
                if path is not None:
                    (item,) = registry.items(start).read(fields=[str(path)])
                    for hop in path.hops:
                        assert isinstance(item, dict)
                        value = item[hop.name]
                        item = value[0] if hop.many else value
                    assert item is not None
                    key = ("x", 2) if start == "Größe" else 1
                    if start != "keyless":  # an item of it cannot be named
                        assert [len(keys) for keys in graph.traverse(start, key, str(path))] == [1] * len(path)
                    found += 1
        assert str(graph.path("c,d", "Größe")) == "Größe"
        assert str(graph.path("a.b", "keyless")) == "keyless.*"
        assert found > 40


def test_a_dataset(dataset: RelationRegistry) -> None:
    """In a Directus project every path is read, through junctions and into each of any-to-many collections."""
    graph = dataset.graph
    own = [name for name in graph.collections if not name.startswith("directus_")]
    paths = [path for start, end in product(own, repeat=2) if (path := graph.path(start, end))]
    for path in paths:
        dataset.items(path.collections[0]).read(fields=[str(path)], limit=1)
    assert str(graph.path("pages", "authors")) == "sections.item:paragraphs.author"
    assert str(graph.path("articles", "tags")) == "tags.tags_id"
    assert len(paths) > 100
    kinds = {junction.collection: junction.kind for junction in graph.junctions()}
    assert kinds == {
        "articles_related": "m2m",
        "articles_tags": "m2m",
        "articles_translations": "m2m",
        "pages_sections": "m2a",
    }
