"""Keys are compared by the collation of the one side, names of collections byte by byte, in whatever clause."""

from __future__ import annotations

import pytest

from relgraph import RelationRegistry

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
