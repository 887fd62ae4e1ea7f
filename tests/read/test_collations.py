"""Keys are compared by the collation of the one side, names of collections byte by byte, in whatever clause."""

from __future__ import annotations

from typing import Any

import pytest

from relgraph import Access, Grant, RelationRegistry

COLLATIONS = ("BINARY", "NOCASE", "RTRIM")
FOUND = {"BINARY": [1], "NOCASE": [1, 2], "RTRIM": [1, 3]}  # the notes whose key is that of the one tag


@pytest.fixture(params=[(near, far) for near in COLLATIONS for far in COLLATIONS], ids="-".join)
def collations(request: pytest.FixtureRequest) -> tuple[str, str]:
    return request.param


def test_a_key_goes_by_the_collation_of_what_it_points_at(collations: tuple[str, str]) -> None:
    """Read, filter, its opposite and the way back find the same rows, whatever the near column's own collation."""
    near, far = collations
    with RelationRegistry() as registry:
        registry.connection.executescript(f"""
            PRAGMA foreign_keys = OFF;
            CREATE TABLE tags (id TEXT COLLATE {far} PRIMARY KEY, label TEXT);
            CREATE TABLE notes (id INTEGER PRIMARY KEY, tag TEXT COLLATE {near} REFERENCES tags);
            INSERT INTO tags VALUES ('a', 'x'); INSERT INTO notes VALUES (1, 'a'), (2, 'A'), (3, 'a ');
        """)
        notes, tags = registry.items("notes"), registry.items("tags")
        assert [note["id"] for note in notes.read(fields=["id", "tag.label"]) if note["tag"]] == FOUND[far]
        assert notes.read(fields=[], filter={"tag": {"label": "x"}}).data == FOUND[far]
        unfound = notes.read(fields=[], filter={"tag": {"label": {"_null": True}}}).data
        assert sorted([*unfound, *FOUND[far]]) == [1, 2, 3]
        assert tags.read(fields=["notes"]).data == [{"notes": FOUND[far]}]
        assert tags.count({"notes": {"_some": {"id": {"_gt": 1}}}}) == (len(FOUND[far]) > 1)


def test_a_pointer_to_any_goes_by_the_name_and_the_key_of_its_collection(collations: tuple[str, str]) -> None:
    """A name in another case leads nowhere, though its column takes letters for the same."""
    near, far = collations
    with RelationRegistry() as registry:
        registry.connection.executescript(f"""
            CREATE TABLE tags (id TEXT COLLATE {far} PRIMARY KEY, label TEXT);
            CREATE TABLE notes (id INTEGER PRIMARY KEY, kind TEXT COLLATE {near}, item TEXT COLLATE {near});
            INSERT INTO tags VALUES ('a', 'x');
            INSERT INTO notes VALUES (1, 'tags', 'a'), (2, 'tags', 'A'), (3, 'tags', 'a '), (4, 'TAGS', 'a');
        """)
        meta = {"one_collection_field": "kind", "one_allowed_collections": ["tags"]}
        registry.create({"collection": "notes", "field": "item", "meta": meta}, existing="report")
        notes = registry.items("notes")
        shown = [note["id"] for note in notes.read(fields=["id", "item:tags.label"]) if isinstance(note["item"], dict)]
        assert shown == FOUND[far]
        assert notes.read(fields=[], filter={"item:tags": {"label": "x"}}).data == FOUND[far]
        assert registry.items("tags").count({"$FOLLOW(notes,item,kind)": {"id": {"_eq": 4}}}) == 0


SPELLED = """
    PRAGMA foreign_keys = OFF;
    CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT);
    CREATE TABLE notes (id INTEGER PRIMARY KEY, tag REFERENCES tags, n INTEGER);
    CREATE TABLE rooms (id PRIMARY KEY, label TEXT);
    CREATE TABLE keys (id INTEGER PRIMARY KEY, room INTEGER REFERENCES rooms);
    INSERT INTO tags VALUES (0, 'none'), (1, 'one'), (2, 'two');
    INSERT INTO notes (tag, n) VALUES ('1', 1), (1, 2), ('1.0', 3), (1.0, 4), ('abc', 5), (2, 6), ('2', 7), (NULL, 8);
    INSERT INTO rooms VALUES ('7', 'seven'), (8, 'eight'), ('abc', 'none');
    INSERT INTO keys VALUES (1, 7), (2, 8), (3, 9);
"""
NOTES = {0: [], 1: [1, 2, 3, 4], 2: [6, 7]}  # of each tag
ASKED: list[dict[str, Any]] = [
    {},
    {"limit": 3},
    {"filter": {"id": {"_gte": 0}}},
    {"deep": {"notes": {"_limit": 9}}},
    {"deep": {"notes": {"_filter": {"n": {"_lt": 9}}}}},
    {"deep": {"notes": {"_sort": ["tag.notes.n", "id"]}}},
]


@pytest.mark.parametrize("query", ASKED, ids=str)
@pytest.mark.parametrize("seen", [True, False], ids=["restricted", "whole"])
def test_number_text_without_a_type_is_a_number(query: dict[str, Any], seen: bool) -> None:
    """Children that spell a number key as text are found by it, however many parents are asked for, and in what way."""
    with RelationRegistry() as registry:
        registry.connection.executescript(SPELLED)
        if seen:
            registry = registry.with_access(Access({"tags": Grant(), "notes": Grant(filter={"id": {"_gt": 0}})}))
        query = {"fields": ["id", "notes.id"], **query}
        items = registry.items("tags")
        assert {tag["id"]: [note["id"] for note in tag["notes"]] for tag in items.read(query)} == NOTES
        assert list(items.stream(query, chunk_size=1)) == items.read(query).data
        assert [items.get(key, query)["notes"] for key in NOTES] == [tag["notes"] for tag in items.read(query)]


def test_pages_and_groups_count_what_belongs_to_them() -> None:
    """What is no number takes no place on a page of children, and counts in no group of them."""
    with RelationRegistry() as registry:
        registry.connection.executescript(SPELLED)
        tags, asked = registry.items("tags"), {"_aggregate": {"sum": ["n"]}, "_groupBy": []}
        pages = tags.read(fields=["notes.id"], deep={"notes": {"_limit": 2, "_sort": "-id"}}, limit=3).data
        assert pages == [{"notes": []}, {"notes": [{"id": 4}, {"id": 3}]}, {"notes": [{"id": 7}, {"id": 6}]}]
        groups = tags.read(fields=["notes"], deep={"notes": asked}, limit=3).data
        assert [tag["notes"][0]["sum"]["n"] for tag in groups] == [None, 10, 13]


def test_a_key_without_a_type_is_found_by_a_number() -> None:
    """So is a one side that spells its keys as text."""
    with RelationRegistry() as registry:
        registry.connection.executescript(SPELLED)
        rooms = registry.items("keys").read(fields=["room.label"], filter={"id": {"_gt": 0}}).data
        assert rooms == [{"room": {"label": "seven"}}, {"room": {"label": "eight"}}, {"room": None}]
        keys = registry.items("rooms").read(fields=["label", "keys.id"], limit=3, sort="label").data
        assert [room["keys"] for room in keys] == [[{"id": 2}], [], [{"id": 1}]]
