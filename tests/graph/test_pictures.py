"""Pictures: everything is drawn, nothing overlaps, and no name is more than a name."""

from __future__ import annotations

import json
import random
import re
import sqlite3
import sys
from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph import Access, Grant, RelationRegistry
from relgraph.errors import InvalidPayload, MissingExtra, UnknownCollection
from relgraph.graph.layout import Place, lay_out
from relgraph.graph.picture import picture_of

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = (
    "</script><script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onload='x", "]]>",
    "<!--", "&amp;&#0;",
    "line\nbreak\r\tand tab", "\u202eright to left\u202c", "naïve 日本 🙂", "a\\b%{}|#;`", "\u2028",
    "erDiagram", "\x01\x0b",
)  # fmt: skip
NAMES = st.sampled_from(HOSTILE) | st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1
)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def chain_of(names: list[str]) -> RelationRegistry:
    """Give a database in which each table points at the one before, by a field that has its own name."""
    registry = RelationRegistry()
    for place, name in enumerate(names):
        points = f", {quoted('to ' + name)} INTEGER REFERENCES {quoted(names[place - 1])}" if place else ""
        registry.connection.execute(f"CREATE TABLE {quoted(name)} (id INTEGER PRIMARY KEY{points})")
    return registry


def many(count: int) -> RelationRegistry:
    """Give a database of many tables that point at each other at random."""
    chosen, registry = random.Random(5), RelationRegistry()
    for number in range(count):
        columns = [f"f{place} TEXT" for place in range(chosen.randrange(40))]
        columns += [f"r{place} REFERENCES t{chosen.randrange(count)}" for place in range(chosen.randrange(4))]
        registry.connection.execute(f"CREATE TABLE t{number} ({', '.join(['id INTEGER PRIMARY KEY', *columns])})")
    return registry


def overlap(one: Place, other: Place) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    return not beside and one.y < other.y + other.height and other.y < one.y + one.height


# --- all of it -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 5, 60])
def test_every_collection_and_line_is_drawn(count: int) -> None:
    """A drawing is well-formed and holds each collection with its fields, and each relation, once."""
    graph = many(count).graph
    root = ElementTree.fromstring(graph.to_svg())
    boxes = [each for each in root.iter(f"{SVG}g") if "box" in each.get("class", "").split()]
    lines = [each for each in root.iter(f"{SVG}g") if "line" in each.get("class", "").split()]
    assert [box.get("data-name") for box in boxes] == list(graph.collections)
    assert [(line.get("data-near"), line.get("data-far")) for line in lines] == [
        (link.near, link.far) for link in graph.links
    ]
    for text in (graph.to_mermaid(), graph.to_dot()):
        assert all(re.search(rf"\b{name}\b", text) for name in graph.collections)
    assert graph.to_mermaid().count(" : ") == graph.to_dot().count(" -> ") == len(graph.links)


def test_a_long_table_says_what_it_leaves_out() -> None:
    """Of a table with many fields the keys and pointers are drawn, and how many others there are."""
    registry = RelationRegistry()
    fields = ", ".join(f"f{number}" for number in range(100))
    registry.connection.execute(f"CREATE TABLE a (id INTEGER PRIMARY KEY, {fields}, last REFERENCES a)")
    assert all(text in registry.graph.to_svg() for text in (">id<", ">last<", ">and 78 more<"))
    assert ">f50<" not in registry.graph.to_svg()


@given(data=st.data())
def test_boxes_do_not_overlap(data: st.DataObject) -> None:
    """No two boxes stand in the same place, whatever their sizes and however they are joined; all are on the sheet."""
    names = [f"b{number}" for number in range(data.draw(st.integers(0, 12)))]
    sizes = {name: data.draw(st.tuples(st.integers(1, 300), st.integers(1, 600)), label=name) for name in names}
    some = st.sampled_from(names)
    pairs = data.draw(st.lists(st.tuples(some, some), max_size=20)) if names else []
    layout = lay_out(sizes, pairs)
    assert sorted(layout.places) == sorted(names)
    assert not [pair for pair in combinations(layout.places, 2) if overlap(*(layout.places[each] for each in pair))]
    for place in layout.places.values():
        assert place.x >= -0.01
        assert place.y >= -0.01
        assert place.x + place.width <= layout.width + 0.01
        assert place.y + place.height <= layout.height + 0.01


def test_lines_pass_no_box() -> None:
    """A line between boxes that are columns apart has a way of its own between those in the middle."""
    picture = picture_of(many(60).graph)
    layout = lay_out({box.name: (150.0, 200.0) for box in picture.boxes}, [(e.near, e.far) for e in picture.lines])
    assert any(layout.ways.values())
    for points in layout.ways.values():
        for (left, y), (right, _) in zip(points[::2], points[1::2], strict=True):
            way = Place(min(left, right), y, abs(left - right), 0.1)
            assert not [name for name, place in layout.places.items() if overlap(way, place)]


def test_kinds_are_told_apart(dataset: RelationRegistry) -> None:
    """Junctions, views, any-to-many pointers, and keys that no relation covers are drawn each in their own way."""
    picture = picture_of(dataset.graph)
    kinds = {box.name: box.kind for box in picture.boxes}
    assert (kinds["articles"], kinds["articles_tags"], kinds["pages_sections"]) == ("table", "junction", "any")
    assert not any(name.startswith("directus_") for name in kinds)
    assert "directus_users" in {box.name for box in picture_of(dataset.graph, system=True).boxes}
    assert {line.far for line in picture.lines if line.near == "pages_sections" and line.kind == "m2a"} == {
        "headings", "paragraphs", "galleries",
    }  # fmt: skip
    registry = RelationRegistry()
    registry.connection.executescript(
        "CREATE TABLE a (x, y, PRIMARY KEY (x, y)); CREATE VIEW v AS SELECT x FROM a;"
        "CREATE TABLE b (x NOT NULL, y NOT NULL, a INTEGER UNIQUE, FOREIGN KEY (x, y) REFERENCES a);"
    )
    (line,) = picture_of(registry.graph).lines
    assert (line.kind, line.label, line.far_fields, line.required) == ("key", "x, y", ("x", "y"), True)
    assert {box.name: box.kind for box in picture_of(registry.graph).boxes}["v"] == "view"


def test_cardinalities_are_told() -> None:
    """The text says whether there must be one, and whether there can be several."""
    registry = RelationRegistry()
    registry.connection.executescript(
        "CREATE TABLE a (id INTEGER PRIMARY KEY);"
        "CREATE TABLE b (n INTEGER NOT NULL REFERENCES a, o INTEGER REFERENCES a, u INTEGER UNIQUE REFERENCES a);"
    )
    lines = registry.graph.to_mermaid().splitlines()[-3:]
    assert sorted(line.strip() for line in lines) == [
        '"a" |o--o{ "b" : "o"',
        '"a" |o--o| "b" : "u"',
        '"a" ||--o{ "b" : "n"',
    ]


# --- part of it ------------------------------------------------------------------------------------------------------


def test_a_focus_limits_every_picture(dataset: RelationRegistry) -> None:
    """Around a collection what is some links away is shown, and no more."""
    graph = dataset.graph
    assert [box.name for box in picture_of(graph, focus="shelves").boxes] == ["books", "shelves"]
    assert [box.name for box in picture_of(graph, focus="shelves", depth=0).boxes] == ["shelves"]
    shown = {box.name for box in picture_of(graph, focus="languages", depth=2).boxes}
    assert shown == {"languages", "articles_translations", "articles"}
    for draw in (graph.to_mermaid, graph.to_dot, graph.to_svg, graph.to_html):
        assert "books" in draw(focus="shelves")
        assert "articles" not in draw(focus="shelves")
    with pytest.raises(UnknownCollection, match="did you mean 'shelves'"):
        graph.to_svg(focus="shelfs")
    with pytest.raises(InvalidPayload, match="whole number"):
        graph.to_svg(focus="shelves", depth=-1)
    with pytest.raises(InvalidPayload, match="name of a collection"):
        graph.to_svg(focus=["shelves"])  # type: ignore[arg-type]  # a list is no name


def test_a_depth_needs_a_focus(dataset: RelationRegistry) -> None:
    """A number of links that would be counted from nowhere is refused, and never passed over."""
    graph = dataset.graph
    for draw in (graph.to_dict, graph.to_mermaid, graph.to_dot, graph.to_svg, graph.to_html):
        with pytest.raises(InvalidPayload, match="no focus to count links from"):
            draw(depth=2)


def test_a_restricted_picture_names_nothing_hidden(dataset: RelationRegistry) -> None:
    """What an access does not know is in none of its pictures."""
    graph = dataset.with_access(Access({"articles": Grant(("id", "title")), "tags": Grant(("id",))})).graph
    for text in (graph.to_mermaid(), graph.to_dot(), graph.to_svg(), graph.to_html()):
        assert "title" in text
        assert not re.search("authors|published_on|comments|priority", text)


# --- names -----------------------------------------------------------------------------------------------------------


@given(names=st.lists(NAMES, min_size=1, max_size=4, unique_by=str.lower))
def test_names_are_only_names(names: list[str]) -> None:
    """Whatever a table is called, a drawing is well-formed, and a page holds no more elements than for plain names."""
    try:
        registry = chain_of(names)
    except sqlite3.OperationalError:
        return  # a name that SQLite keeps for itself
    graph, plain = registry.graph, chain_of([f"t{place}" for place in range(len(names))]).graph
    root, expected = ElementTree.fromstring(graph.to_svg()), ElementTree.fromstring(plain.to_svg())
    assert sorted(each.tag for each in root.iter()) == sorted(each.tag for each in expected.iter())
    found = {each.get("data-name") for each in root.iter() if each.get("data-name")}
    cleaned = {re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", name) for name in names}
    assert found == cleaned
    page, simple = graph.to_html(), plain.to_html()
    assert page.lower().count("<script") == simple.lower().count("<script")
    assert page.count("<img") == page.count("<!--") == 0
    told = json.loads(page.split('id="picture">')[1].split("</script>")[0])
    assert {box["name"] for box in told["boxes"]} == {*names}
    assert len(graph.to_mermaid().split("\n")) == len(plain.to_mermaid().split("\n"))
    assert len(graph.to_dot().split("\n")) == len(plain.to_dot().split("\n"))


@pytest.mark.parametrize("name", ["direction TB", "Direction  lr", "a direction\u3000RL"])
def test_a_name_is_no_direction_in_mermaid(name: str) -> None:
    """Mermaid would turn the diagram where a line says so, even in quotes."""
    assert not re.search(r"direction\s+(TB|BT|RL|LR)", chain_of([name, "other"]).graph.to_mermaid(), re.IGNORECASE)


def test_a_name_of_line_ends_has_a_label_in_dot() -> None:
    """Graphviz refuses a label that holds nothing but tabs and line ends, however they are written."""
    text = chain_of(["\r\n", "\t"]).graph.to_dot()
    assert "<B>  </B>" in text
    assert "<B> </B>" in text
    assert "&#" not in text


def test_marks_of_keys_are_no_names_in_mermaid() -> None:
    """A field called as Mermaid calls a key has another name there, as its parser would take it for the mark."""
    registry = RelationRegistry()
    registry.connection.execute("CREATE TABLE a (pk INTEGER PRIMARY KEY, FK TEXT, uk TEXT, pkg TEXT)")
    text = registry.graph.to_mermaid()
    assert [line.strip() for line in text.split("\n")[2:6]] == [
        'integer _pk PK "pk"', 'text _FK "FK"', 'text _uk "uk"', "text pkg"
    ]  # fmt: skip


def test_a_page_asks_no_network_for_anything() -> None:
    """Nothing is loaded from anywhere: no address but that of the SVG namespace is in a page."""
    page = many(5).graph.to_html()
    assert set(re.findall(r"https?://[^\s\"']+", page)) == {"http://www.w3.org/2000/svg"}
    assert "default-src &#x27;none&#x27;" in page


# --- other programs --------------------------------------------------------------------------------------------------


def test_networkx_has_the_graph(dataset: RelationRegistry) -> None:
    """Nodes are collections, edges relations, and the algorithms of networkx agree."""
    networkx = pytest.importorskip("networkx")
    found = dataset.graph.to_networkx(system=True)
    assert set(found) == set(dataset.graph.collections)
    assert found.number_of_edges() == len(dataset.graph.links)
    groups = {frozenset(group) for group in networkx.weakly_connected_components(found)}
    assert groups == {frozenset(group) for group in dataset.graph.components()}
    assert found.edges["articles", "authors", "articles.author"]["kind"] == "m2o"


def test_a_missing_package_is_named(dataset: RelationRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without networkx it is said how to install it."""
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(MissingExtra, match=r"pip install 'relgraph\[graph\]'"):
        dataset.graph.to_networkx()
