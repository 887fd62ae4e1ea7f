"""Hidden names: in every clause and behind every hop refused with the very error of a name that was never there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from relgraph import RelationRegistry, RelgraphError
from tests.access.newsroom import newsroom, restricted

MISSING: Final = "zqxjkw"  # like no readable name, as `sealed` is not
NEAR: Final = "seale"  # would be corrected to `sealed`, if hints knew it

Question = tuple[str, Any]  # a collection, and the question to it
Clause = Callable[[str, str], Any]  # a hop ("author.", or "") and a name to the question that asks for it


@pytest.fixture(scope="module")
def view() -> Iterator[RelationRegistry]:
    with newsroom() as registry:
        yield restricted(registry)


def refusal(ask: Callable[[], Any]) -> RelgraphError:
    """Give the error that a question is refused with."""
    with pytest.raises(RelgraphError) as caught:
        ask()
    return caught.value


def told(error: RelgraphError, name: str) -> tuple[Any, ...]:
    """Give all that an error tells, with the name that was asked for taken out."""
    parts = (str(error), error.where, repr(error.to_dict()))
    return type(error), error.code, error.status, *(part.replace(name, "<name>") for part in parts)


def inside(hop: str, condition: Any) -> Any:
    """Give a condition behind the relations of a path."""
    for name in reversed(hop.split(".")[:-1]):
        condition = {name: condition}
    return condition


# --- hidden fields ---------------------------------------------------------------------------------------------------

HOPS: Final = (
    "",
    "author.",
    "comments.",
    "tags.",
    "tags.tags_id.",
    "sections.item:paragraphs.",
    "author.country.",
    "comments.writer.",
    "comments.writer.country.",
)
CLAUSES: Final[dict[str, Clause]] = {
    "fields": lambda hop, name: {"fields": [f"{hop}{name}"]},
    "fields beside a wildcard": lambda hop, name: {"fields": ["*", f"{hop}*", f"{hop}{name}"]},
    "fields going on": lambda hop, name: {"fields": [f"{hop}{name}.id"]},
    "filter": lambda hop, name: {"filter": inside(hop, {name: {"_eq": 1}})},
    "filter in _or": lambda hop, name: {"filter": {"_or": [{"id": {"_eq": 1}}, inside(hop, {name: {"_null": True}})]}},
    "filter going on": lambda hop, name: {"filter": inside(hop, {name: {"id": {"_eq": 1}}})},
    "filter by what it cannot be": lambda hop, name: {"filter": inside(hop, {name: {"_intersects": "x"}})},
    "filter by json": lambda hop, name: {"filter": inside(hop, {f"json({name}, a)": {"_eq": 1}})},
    "filter by a function": lambda hop, name: {"filter": inside(hop, {f"year({name})": {"_eq": 2024}})},
    "filter by count": lambda hop, name: {"filter": inside(hop, {f"count({name})": {"_eq": 1}})},
    "meta": lambda hop, name: {"filter": inside(hop, {name: {"_eq": 1}}), "meta": "*", "fields": ["id"]},
    "sort": lambda hop, name: {"sort": [f"-{hop}{name}"]},
    "sort by a function": lambda hop, name: {"sort": [f"{hop}year({name})"]},
    "cursor": lambda hop, name: {"sort": [f"{hop}{name}"], "cursor": "", "limit": 1},
    "groupBy": lambda hop, name: {"aggregate": {"count": "*"}, "groupBy": [f"{hop}{name}"]},
    "groupBy a function": lambda hop, name: {"aggregate": {"count": "*"}, "groupBy": [f"{hop}year({name})"]},
    "function": lambda hop, name: {"fields": [f"{hop}year({name})"]},
    "function inside out": lambda hop, name: {"fields": [f"year({hop}{name})"]},
    "json path": lambda hop, name: {"fields": [f"{hop}json({name}, a.b)"]},
    "count of a relation": lambda hop, name: {"fields": [f"{hop}count({name})"]},
}
OWN: Final[dict[str, Clause]] = {
    "aggregate": lambda _, name: {"aggregate": {"min": [name]}},
    "aggregate count": lambda _, name: {"aggregate": {"count": [name]}},
    "aggregate countDistinct": lambda _, name: {"aggregate": {"countDistinct": [name]}},
    "sort of groups": lambda _, name: {"aggregate": {"max": ["views"]}, "groupBy": ["title"], "sort": [name]},
    "sort by an aggregate": lambda _, name: {
        "aggregate": {"max": ["views"]}, "groupBy": ["title"], "sort": [f"max.{name}"]
    },
    "alias": lambda _, name: {"alias": {"new": name}, "fields": ["new"]},
    "alias of a function": lambda _, name: {"alias": {"new": f"year({name})"}, "fields": ["new"]},
    "alias of json": lambda _, name: {"alias": {"new": f"json({name}, a)"}, "fields": ["new"]},
    "alias going on": lambda _, name: {"alias": {"new": name}, "fields": ["new.id"]},
    "$FOLLOW": lambda _, name: {"filter": {f"$FOLLOW(comments,{name})": {"_some": {"id": {"_eq": 1}}}}},
    "$FOLLOW and its field": lambda _, name: {"filter": {"$FOLLOW(comments,article)": {name: {"_eq": 1}}}},
    "sum over a relation": lambda _, name: {"fields": [f"sum(comments.{name})"]},
    "sum over a relation in sort": lambda _, name: {"sort": [f"sum(comments.{name})"]},
    "sum over a relation in filter": lambda _, name: {"filter": {f"sum(comments.{name})": {"_gt": 1}}},
    "_some": lambda _, name: {"filter": {"comments": {"_some": {name: {"_eq": 1}}}}},
    "_none": lambda _, name: {"filter": {"comments": {"_none": {name: {"_eq": 1}}}}},
    "_every": lambda _, name: {"filter": {"tags": {"_every": {"tags_id": {name: {"_eq": "x"}}}}}},
    "quantifier in a hop": lambda _, name: {"filter": {"author": {"country": {name: {"_in": ["x"]}}}}},
    "scope": lambda _, name: {"filter": {"sections": {"_some": {"item:paragraphs": {name: {"_eq": 1}}}}}},
    "deep filter": lambda _, name: {"fields": ["comments.id"], "deep": {"comments": {"_filter": {name: {"_eq": 1}}}}},
    "deep sort": lambda _, name: {"fields": ["comments.id"], "deep": {"comments": {"_sort": [name]}}},
    "deep alias": lambda _, name: {"fields": ["comments.new"], "deep": {"comments": {"_alias": {"new": name}}}},
    "deep aggregate": lambda _, name: {"fields": ["comments"], "deep": {"comments": {"_aggregate": {"sum": [name]}}}},
    "deep groupBy": lambda _, name: {
        "fields": ["comments.id"], "deep": {"comments": {"_aggregate": {"count": "*"}, "_groupBy": [name]}}
    },
    "deep of a junction": lambda _, name: {
        "fields": ["tags.tags_id.label"], "deep": {"tags": {"tags_id": {"_filter": {name: {"_eq": "x"}}}}}
    },
    "deep of a scope": lambda _, name: {
        "fields": ["sections.item:paragraphs.body"],
        "deep": {"sections": {"item:paragraphs": {"_filter": {name: {"_eq": "x"}}}}},
    },
}  # fmt: skip


@pytest.mark.parametrize("hop", HOPS, ids=lambda hop: hop or "own")
@pytest.mark.parametrize("clause", CLAUSES.values(), ids=CLAUSES)
def test_a_hidden_field_is_one_that_is_not_there(view: RelationRegistry, clause: Clause, hop: str) -> None:
    """Class, code, status, place and text are the same, whatever is done with the field."""
    read = view.items("articles").read
    hidden, missing = (refusal(lambda name=name: read(clause(hop, name))) for name in ("sealed", MISSING))
    assert told(hidden, "sealed") == told(missing, MISSING)
    assert hidden.status == 403
    assert "sealed" not in str(refusal(lambda: read(clause(hop, NEAR)))), "a hint names only what may be read"


@pytest.mark.parametrize("clause", OWN.values(), ids=OWN)
def test_a_hidden_field_is_not_there_in_any_clause(view: RelationRegistry, clause: Clause) -> None:
    """So it is in aggregates, aliases, deep and everything else that a question can say."""
    read = view.items("articles").read
    hidden, missing = (refusal(lambda name=name: read(clause("", name))) for name in ("sealed", MISSING))
    assert told(hidden, "sealed") == told(missing, MISSING)
    assert "sealed" not in str(refusal(lambda: read(clause("", NEAR))))


@pytest.mark.parametrize("hop", HOPS, ids=lambda hop: hop or "own")
def test_wildcards_leave_hidden_fields_out(view: RelationRegistry, hop: str) -> None:
    """What `*` gives of any collection has neither the hidden field nor a hidden relation."""
    assert "sealed" not in str(view.items("articles").read(fields=[f"{hop}*", f"{hop}*.*"]).data)


def test_search_looks_at_readable_fields_only(view: RelationRegistry) -> None:
    """A text that only a hidden field holds is not found; one in a readable field is."""
    assert view.items("paragraphs").read(search="x").data == []
    assert view.items("paragraphs").read(search="Long", fields=["id"]).data == [{"id": 1}]


@pytest.mark.parametrize(
    "query",
    [
        {"fields": ["id"], "alias": {"new": "sealed"}},
        {"fields": ["id"], "deep": {"comments": {"_filter": {"sealed": {"_eq": 1}}}}},
        {"fields": ["id"], "deep": {"sealed": {"_limit": 1}}},
    ],
)
def test_what_no_field_uses_is_not_looked_at(view: RelationRegistry, query: Any) -> None:
    """An alias or an entry of deep that no field uses says nothing, hidden or not."""
    missing = json.loads(json.dumps(query).replace("sealed", MISSING))
    items = view.items("articles")
    assert items.read(query).data == items.read(missing).data == [{"id": 1}, {"id": 2}, {"id": 3}]


# --- hidden collections ----------------------------------------------------------------------------------------------

BY_ALIAS: Final[dict[str, Clause]] = {
    **CLAUSES,
    "keys of the items": lambda hop, name: {"fields": [f"{hop}{name}"]},
    "wildcard behind it": lambda hop, name: {"fields": [f"{hop}{name}.*"]},
    "_some": lambda hop, name: {"filter": inside(hop, {name: {"_some": {"name": {"_eq": "gold"}}}})},
    "_none": lambda hop, name: {"filter": inside(hop, {name: {"_none": {}}})},
    "by the key": lambda hop, name: {"filter": inside(hop, {name: {"_null": True}})},
    "filter behind it": lambda hop, name: {"filter": inside(hop, {name: {"name": {"_eq": "gold"}}})},
    "sort behind it": lambda hop, name: {"sort": [f"{hop}{name}.name"]},
    "sort by its key": lambda hop, name: {"sort": [f"{hop}{name}"]},
    "count": lambda hop, name: {"fields": [f"{hop}count({name})"]},
    "count in sort": lambda hop, name: {"sort": [f"{hop}count({name})"]},
    "sum": lambda hop, name: {"fields": [f"{hop}sum({name}.likes)"]},
}


@pytest.mark.parametrize("hop", ["", "author.articles_by_author.", "comments.article."], ids=lambda hop: hop or "own")
@pytest.mark.parametrize("clause", BY_ALIAS.values(), ids=BY_ALIAS)
def test_an_alias_into_a_hidden_collection_is_not_there(view: RelationRegistry, clause: Clause, hop: str) -> None:
    """A to-many relation into a hidden collection is refused as a name that was never there, though it is granted."""
    read = view.items("articles").read
    hidden, missing = (refusal(lambda name=name: read(clause(hop, name))) for name in ("buried", MISSING))
    assert told(hidden, "buried") == told(missing, MISSING)


BEHIND: Final[dict[str, Clause]] = {
    "fields": lambda name, far: {"fields": [f"{name}.{far}"]},
    "wildcard": lambda name, far: {"fields": [f"{name}.*"]},
    "filter": lambda name, far: {"filter": {name: {far: {"_eq": "gold"}}}},
    "filter deeper": lambda name, far: {"filter": {name: {"article": {far: {"_eq": "gold"}}}}},
    "sort": lambda name, far: {"sort": [f"{name}.{far}"]},
    "groupBy": lambda name, far: {"aggregate": {"count": "*"}, "groupBy": [f"{name}.{far}"]},
    "function": lambda name, far: {"fields": [f"{name}.year({far})"]},
    "alias": lambda name, far: {"alias": {"new": name}, "fields": [f"new.{far}"]},
    "quantifier": lambda name, far: {"filter": {name: {"_some": {far: {"_eq": "gold"}}}}},
}


@pytest.mark.parametrize("clause", BEHIND.values(), ids=BEHIND)
def test_a_key_into_a_hidden_collection_is_a_plain_field(view: RelationRegistry, clause: Clause) -> None:
    """A foreign key into a hidden collection can be read, and leads as far as a number does."""
    read = view.items("articles").read
    key, number = (refusal(lambda name=name: read(clause(name, "name"))) for name in ("vault", "views"))
    assert told(key, "vault") == told(number, "views")
    assert told(refusal(lambda: read(clause("vault", MISSING))), MISSING) == told(key, "name") or "*" in str(key.where)
    assert read(fields=["vault"], filter={"vault": {"_eq": 1}}, sort="vault").data == [{"vault": 1}]


@pytest.mark.parametrize(
    "clause",
    [
        lambda scope: {"fields": [f"sections.item:{scope}.name"]},
        lambda scope: {"fields": [f"sections.item:{scope}"]},
        lambda scope: {"filter": {"sections": {f"item:{scope}": {"name": {"_eq": "gold"}}}}},
        lambda scope: {"sort": [f"sections.item:{scope}.name"]},
        lambda scope: {"filter": {f"$FOLLOW({scope},article)": {"id": {"_eq": 1}}}},
    ],
)
def test_a_hidden_scope_is_not_there(view: RelationRegistry, clause: Callable[[str], Any]) -> None:
    """A scope of an any-to-many field, or a $FOLLOW, into a hidden collection is refused as into none."""
    read = view.items("articles").read
    hidden, missing = (refusal(lambda name=name: read(clause(name))) for name in ("bunkers", MISSING))
    assert told(hidden, "bunkers") == told(missing, MISSING)


def test_of_an_item_in_a_hidden_collection_the_raw_key_is_left(view: RelationRegistry) -> None:
    """An any-to-many field that points into a hidden collection reads None where it is gone into."""
    found = view.items("sections").read(fields=["item", "collection"]).data
    assert found[1] == {"item": "2", "collection": "bunkers"}
    assert view.items("sections").read(fields=["id", "item.*"]).data[1] == {"id": 2, "item": None}


@pytest.mark.parametrize(
    "ask",
    [
        lambda view, name: view.items(name),
        lambda view, name: view.find(name, "article"),
        lambda view, name: view.graph.neighbours(name),
        lambda view, name: view.graph.path("articles", name),
        lambda view, name: view.graph.relations_of(name),
        lambda view, name: view.audit(collections=[name]),
        lambda view, name: view.audit(name),
    ],
)
def test_a_hidden_collection_is_not_there(view: RelationRegistry, ask: Callable[[RelationRegistry, str], Any]) -> None:
    """Wherever it is named, a hidden collection is refused as one that was never there."""
    hidden, missing = (refusal(lambda name=name: ask(view, name)) for name in ("bunkers", MISSING))
    assert told(hidden, "bunkers") == told(missing, MISSING)
    assert "bunkers" not in str(refusal(lambda: ask(view, "bunker")))


@pytest.mark.parametrize("place", [("articles", "sealed"), ("articles", "vault"), ("bunkers", "article")])
def test_a_hidden_relation_is_not_there(view: RelationRegistry, place: tuple[str, str]) -> None:
    """By name a hidden relation is refused as a field that is none, or is not there."""
    like = {"sealed": ("articles", MISSING), "vault": ("articles", "views"), "article": (MISSING, "article")}[place[1]]
    (name, other), *_ = [pair for pair in zip(place, like, strict=True) if pair[0] != pair[1]]
    hidden, missing = (refusal(lambda each=each: view.find(*each)) for each in (place, like))
    assert told(hidden, name) == told(missing, other)


def test_lists_of_relations_do_not_tell_a_hidden_collection_from_none(view: RelationRegistry) -> None:
    """The relations of a hidden collection, and of one that is not there, are none."""
    assert view.in_collection("bunkers") == view.in_collection(MISSING) == ()
    assert "bunkers" not in str(view.list().data)
