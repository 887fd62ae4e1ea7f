"""What went wrong with the query languages of others, each by its number: none of it can be done here."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from relgraph import Access, Grant, RelationRegistry, RelgraphError
from relgraph.errors import InvalidOperand, LimitExceeded, UnknownCollection, UnknownField
from tests.access.newsroom import newsroom, restricted

PROJECT: Final = Path(__file__).parents[1] / "data" / "access.db"


@pytest.fixture
def registry() -> Iterator[RelationRegistry]:
    with newsroom() as opened:
        yield opened


@pytest.fixture
def view(registry: RelationRegistry) -> RelationRegistry:
    return restricted(registry)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[RelationRegistry]:
    shutil.copy(PROJECT, tmp_path / "project.db")
    with RelationRegistry(tmp_path / "project.db") as opened:
        yield opened


@pytest.mark.parametrize("name", ["min", "max", "count", "countDistinct"])
def test_cve_2026_35442_hidden_fields_by_aggregate(view: RelationRegistry, name: str) -> None:
    """An aggregate of a field that may not be read is refused, at the root, grouped, and over a relation."""
    for query in (
        {"aggregate": {name: ["sealed"]}},
        {"aggregate": {"count": "*"}, "groupBy": ["sealed"]},
        {"fields": ["comments"], "deep": {"comments": {"_aggregate": {name: ["sealed"]}}}},
        {"fields": [f"{name}(comments.sealed)"]},
    ):
        with pytest.raises(RelgraphError) as refused:
            view.items("articles").read(query)
        assert (type(refused.value), refused.value.status) == (UnknownField, 403)


def test_cve_2025_30352_search_in_hidden_fields(registry: RelationRegistry) -> None:
    """A search finds nothing by a field that may not be read, nor by a value that is hidden on its item."""
    registry.connection.execute("UPDATE tags SET sealed = 'needle'")
    assert restricted(registry).items("tags").read(search="needle").data == []
    by_row = [Grant(("id",)), Grant(("id", "label"), {"id": {"_eq": 2}})]
    items = registry.with_access(Access({"tags": by_row})).items("tags")
    assert [items.count({"id": {"_eq": 1}}), items.read(search="space").data] == [1, []]
    assert items.read(search="sea", fields=["id"]).data == [{"id": 2}]
    assert items.read(search="needle", meta="filter_count", fields=["id"]).meta == {"filter_count": 0}


def test_cve_2024_34708_hidden_fields_by_alias(registry: RelationRegistry) -> None:
    """Another name for a field shows no more than its own name does, nor on an item on which it is hidden."""
    items = restricted(registry).items("articles")
    for alias in ("sealed", "year(sealed)", "json(sealed, a)"):
        with pytest.raises(UnknownField):
            items.read(fields=["new"], alias={"new": alias})
    by_row = [Grant(("id",)), Grant(("id", "label"), {"id": {"_eq": 2}})]
    tags = registry.with_access(Access({"tags": by_row})).items("tags")
    assert tags.read(fields=["id", "new"], alias={"new": "label"}).data == [
        {"id": 1, "new": None},
        {"id": 2, "new": "sea"},
    ]


@pytest.mark.parametrize("operator", ["_in", "_nin"])
def test_cve_2024_39701_an_empty_list_is_not_everything(registry: RelationRegistry, operator: str) -> None:
    """An empty list is refused in a question and in a rule, and a variable that holds nothing matches nothing."""
    with pytest.raises(RelgraphError):
        registry.items("tags").read(filter={"label": {operator: []}})
    with pytest.raises(RelgraphError):
        registry.with_access(Access({"tags": Grant(filter={"label": {operator: []}})}))
    nobody = registry.with_access(Access({"tags": Grant(filter={"label": {"_in": ["$CURRENT_ROLES"]}})}))
    assert nobody.items("tags").read().data == []
    unset = Access({"tags": Grant(filter={"label": {operator: ["$CURRENT_USER.team"]}})}, user={"id": 1, "team": None})
    assert registry.with_access(unset).items("tags").read().data == []


def test_cve_2025_64746_permissions_of_a_dropped_field(project: RelationRegistry) -> None:
    """Who might read a field may not read a later one of the same name, once it was dropped."""
    run = project.connection.execute
    user = run("SELECT id FROM directus_users WHERE token = 'tok-fieldy'").fetchone()[0]
    granted = run("SELECT fields FROM directus_permissions WHERE collection = 'articles' AND fields LIKE '%title%'")
    assert granted.fetchall()
    before = project.with_access(Access.from_directus(project, user=user, ip="127.0.0.1"))
    assert "title" in before.schema.collections["articles"].fields
    project.drop_field("articles", "title", cascade=True)
    project.add_field("articles", "title", "string")
    after = project.with_access(Access.from_directus(project, user=user, ip="127.0.0.1"))
    with pytest.raises(UnknownField):
        after.items("articles").read(fields=["title"])


def test_cve_2025_64749_errors_do_not_reveal_collections(view: RelationRegistry) -> None:
    """A hidden collection is refused with the words of one that is not there."""
    texts = []
    for name in ("bunkers", "zqxjkwv"):
        with pytest.raises(UnknownCollection) as refused:
            view.items(name)
        texts.append(str(refused.value).replace(name, "<name>"))
    assert texts[0] == texts[1]


def test_ghsa_99vm_5v2h_h6r6_fields_of_overlapping_policies(registry: RelationRegistry) -> None:
    """Two grants give of each item what those of them give that match it, not the union of their fields."""
    both = [Grant(("id", "title"), {"id": {"_eq": 1}}), Grant(("id", "views"), {"id": {"_eq": 2}})]
    items = registry.with_access(Access({"articles": both})).items("articles")
    assert items.read().data == [{"id": 1, "title": "Solaris", "views": None}, {"id": 2, "title": None, "views": 20}]
    assert items.read(fields=["id"], filter={"views": {"_eq": 10}}).data == []
    assert items.read(fields=["id"], sort=["-title"]).data == [{"id": 1}, {"id": 2}]


def test_cve_2026_35441_aliases_count(view: RelationRegistry) -> None:
    """The same relation under many names costs as much as many relations, and is refused before it is asked."""
    names = [f"a{number}" for number in range(6000)]
    with pytest.raises(LimitExceeded):
        view.items("articles").read(
            fields=[f"{name}.writer.name" for name in names], alias=dict.fromkeys(names, "comments")
        )


def test_cve_2026_27886_hidden_values_by_a_relational_filter(registry: RelationRegistry) -> None:
    """No yes or no can be had of a hidden field or item behind a relation, by whatever operator."""
    view = restricted(registry, comments={"likes": {"_lt": 5}})
    with pytest.raises(UnknownField):
        view.items("articles").read(filter={"comments": {"sealed": {"_starts_with": "1"}}})
    for condition in ({"likes": {"_gt": 5}}, {"_some": {"text": {"_eq": "so"}}}, {"id": {"_eq": 3}}):
        assert view.items("articles").read(filter={"comments": condition}).data == []
    assert view.items("articles").read(fields=["id"], filter={"comments": {"_none": {}}}).data == [{"id": 2}, {"id": 3}]


@pytest.mark.parametrize("prefix", ["t0.", "t1.", '"t0".', "main.articles.", "articles."])
def test_cve_2023_34235_names_of_tables_in_sql(view: RelationRegistry, prefix: str) -> None:
    """A name with the alias of a table before it is no field."""
    for query in ({"fields": [f"{prefix}sealed"]}, {"sort": [f"{prefix}sealed"]}, {"filter": {f"{prefix}sealed": 1}}):
        with pytest.raises(UnknownField):
            view.items("articles").read(query)


def test_cve_2023_30843_hidden_fields_by_where(view: RelationRegistry) -> None:
    """A filter by a field that may not be read is refused."""
    with pytest.raises(UnknownField):
        view.items("articles").count({"sealed": {"_nnull": True}})


def test_cve_2026_105805_hidden_fields_by_sort(view: RelationRegistry) -> None:
    """So is an order by it; and items are not in the order of values that are hidden on them."""
    with pytest.raises(UnknownField):
        view.items("articles").read(sort=["sealed"])


BREAKOUTS: Final = ("a') OR 1=1 --", "a\"'", "$.a", "a[*]", "a'||(SELECT name FROM bunkers)||'", "a\x00b")


@pytest.mark.parametrize("path", BREAKOUTS)
def test_cve_2026_25544_json_paths_are_no_sql(registry: RelationRegistry, path: str) -> None:
    """A JSON path is steps and nothing else: it is refused, or leads to nothing."""
    try:
        found = registry.items("articles").read(fields=[f"json(sealed, {path})"]).data
    except RelgraphError:
        return
    assert [value for item in found for value in item.values()] == [None, None, None]


def test_cve_2026_105856_values_are_no_sql(registry: RelationRegistry) -> None:
    """What a field is compared with is bound, and never a part of the statement."""
    for value in BREAKOUTS:
        assert registry.items("articles").read(filter={"title": {"_eq": value}}).data == []
    with pytest.raises(InvalidOperand):
        registry.items("articles").read(filter={"views": {"_eq": BREAKOUTS[0]}})


def test_cve_2021_32670_what_is_printed_is_escaped(registry: RelationRegistry) -> None:
    """Names and values are no markup in pictures, and no control characters in what explain prints."""
    registry.connection.execute('CREATE TABLE "<script>alert(1)</script>" (id INTEGER PRIMARY KEY)')
    assert "<script>alert" not in registry.graph.to_svg() + registry.graph.to_html()
    words = str(registry.items("tags").explain(filter={"label": {"_eq": "\x1b[31m"}}))
    assert "\x1b" not in words
