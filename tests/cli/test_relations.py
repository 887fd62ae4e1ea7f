"""How relations are shown: a row for each, and a tree of the ways on, whatever kind they are of."""

from __future__ import annotations

from relgraph.cli.relations import overview, rows, tree
from relgraph.linking import link
from relgraph.relation import KeyActions, Relation
from relgraph.schema import Collection, Field, Schema
from relgraph.values import FieldType


def collection(name: str, *fields: str) -> Collection:
    """Give a collection of text fields, the first its key."""
    return Collection(name, {each: Field(name, each, FieldType.TEXT, affinity="TEXT") for each in fields}, fields[:1])


def schema(*relations: Relation) -> Schema:
    """Give pages with sections, each of which is a text or an image, and tags on both."""
    names = (("pages", "id"), ("sections", "id", "page", "item", "kind"), ("texts", "id"), ("images", "id", "page"))
    return link([collection(*each) for each in names], relations)


PAGE = Relation("sections", "page", "pages", "sections", junction_field="item", id=1)
ALLOWED = ("texts", "images")
ITEM = Relation(
    "sections", "item", one_collection_field="kind", one_allowed_collections=ALLOWED, junction_field="page", id=2
)


def test_a_junction_to_any_of_several_is_followed_to_each() -> None:
    """A way through a junction onto an any-to-many field shows each collection it may lead to."""
    shown = schema(PAGE, ITEM)
    assert list(tree(shown, [shown.collections["pages"], shown.collections["sections"]])) == [
        "pages",
        "└─ sections ⇉ sections",
        "   ├─ item:texts → texts",
        "   └─ item:images → images",
        "",
        "sections",
        "├─ page → pages",
        "└─ item → the collection named in kind",
        "   ├─ item:texts → texts",
        "   └─ item:images → images",
    ]


def test_a_relation_that_cannot_be_used_says_why() -> None:
    """A broken relation stands in the table and the tree with the reason."""
    shown = schema(Relation("images", "page", "pagse", id=1))
    (row,) = rows(shown.relations, shown)
    assert row["cannot be used"] == "there is no collection 'pagse'"
    assert list(tree(shown, [shown.collections["images"]])) == ["images", "└─ page ✗ there is no collection 'pagse'"]


def test_columns_without_content_are_left_out() -> None:
    """The usual action of a key is not shown, an unusual one is, and then every row has the column."""
    usual = Relation("sections", "page", "pages", foreign_key=KeyActions("id"))
    cascade = Relation("images", "page", "pages", foreign_key=KeyActions("id", on_delete="CASCADE"))
    assert list(rows([usual], schema(usual))[0]) == ["field", "leads to", "kind"]
    assert [row["on delete"] for row in rows([usual, cascade], schema(usual, cascade))] == [None, "CASCADE"]


def test_no_relations() -> None:
    """Without relations the collections are named."""
    shown = schema()
    assert list(overview(shown, (), None)) == ["no relations; collections: pages, sections, texts, images"]
