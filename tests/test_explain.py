"""Explain: the question in words, and that what is printed is what runs."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from relgraph import Explanation, RelationRegistry
from relgraph.errors import InvalidQuery, RelgraphError
from tests.conformance.cases import Case, load_cases
from tests.statements import Trace, pattern, unexplained

HERE = Path(__file__).parent
CASES: dict[str, dict[str, Any]] = {
    case["name"]: {**case, "query": json.loads(case["query"])}
    for case in tomllib.loads((HERE / "cases/explain.toml").read_text("utf-8"))["case"]
}


@pytest.fixture(scope="module")
def registry() -> Iterator[RelationRegistry]:
    """Give the recorded data set."""
    with RelationRegistry(HERE / "data/dataset.db", read_only=True) as opened:
        yield opened


def explained(registry: RelationRegistry, name: str) -> Explanation:
    """Give the explanation of a case."""
    return registry.items(CASES[name]["collection"]).explain(CASES[name]["query"])


# --- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_words(registry: RelationRegistry, name: str) -> None:
    """Every part of the language has its words, in whole sentences."""
    assert explained(registry, name).words == CASES[name]["words"].removesuffix("\n")


def test_odd_names_and_values_are_told_from_words() -> None:
    """Names that are no plain words stand in single quotes, texts in double ones, what cannot be printed is escaped."""
    with RelationRegistry() as registry:
        registry.connection.execute('CREATE TABLE "my tags" (id INTEGER PRIMARY KEY, "a.b" TEXT, "and" TEXT, x)')
        query = {
            "fields": ["a.b"],
            "filter": {"a.b": {"_eq": "\x1b[31m"}, "and": {"_contains": 'é"'}, "x": {"_in": list(range(30))}},
        }
        numbers = ", ".join(map(str, range(20)))
        assert registry.items("my tags").explain(query).words.splitlines() == [
            "Read 'a.b' of 'my tags'.",
            r"""Only items for which 'a.b' is "\u001b[31m" and and contains "é\"" """
            f"and x is one of {numbers} and 10 more.",
            "In the order of id.",
        ]


def test_long_texts_are_cut_where_it_shows(registry: RelationRegistry) -> None:
    """A long operand is cut in words, with its length; the statement runs with the whole of it."""
    explanation = registry.items("tags").explain(filter={"label": {"_eq": "x" * 999}}, fields=["id"])
    assert explanation.words.splitlines()[1] == f'Only items for which label is "{"x" * 200}"... (999 characters).'
    assert explanation.statements[0].values == ("x" * 999,)


def test_a_search_where_nothing_can_be_found_says_so() -> None:
    """A search for a text among numbers asks nothing of any field."""
    with RelationRegistry() as registry:
        registry.connection.execute("CREATE TABLE points (id INTEGER PRIMARY KEY, x REAL, shape BLOB)")
        explained = registry.items("points").explain(search="red", filter={"x": {"_gt": 1}}, fields=["id"]).words
        assert explained.splitlines()[1] == (
            'Only items for which x is above 1 and the search "red" finds something, of which there is nothing '
            "to find it in."
        )


def test_a_later_page_of_a_cursor_says_where_it_starts(registry: RelationRegistry) -> None:
    """The words of a cursor's page are the sort values of the item before it."""
    first = registry.items("tags").read(fields=["id"], sort="label", limit=1, cursor="")
    assert first.cursor
    later = registry.items("tags").explain(fields=["id"], sort="label", limit=1, cursor=first.cursor)
    label, key = registry.items("tags").read(fields=["label", "id"], sort="label", limit=1)[0].values()
    assert label is None
    assert later.words.splitlines()[-1] == f'It is the page of a cursor that starts behind (null, "{key}").'


def test_blobs_are_spelled_as_in_sql() -> None:
    """Bytes are printed in hexadecimal, cut where they are long."""
    with RelationRegistry() as registry:
        registry.connection.execute("CREATE TABLE files (id BLOB PRIMARY KEY)")
        registry.connection.execute("INSERT INTO files VALUES (zeroblob(300)), (x'ff')")
        cursor = registry.items("files").read(limit=1, cursor="").cursor
        later = registry.items("files").explain(limit=1, cursor=cursor)
        assert later.words.endswith(f"starts behind (x'{'00' * 200}'... (300 bytes)).")


def test_what_is_wrong_is_refused_as_a_read_refuses_it(registry: RelationRegistry) -> None:
    """A question that cannot be read cannot be explained either."""
    with pytest.raises(InvalidQuery) as caught:
        registry.items("tags").explain(limit=-2)
    assert caught.value.where == "limit"


# --- statements ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_what_is_explained_is_what_runs(registry: RelationRegistry, name: str) -> None:
    """A read runs the statements of its explanation, with their values, in their order, and no others."""
    case = CASES[name]
    exactly = name != "now"  # the moment of the explanation is not that of the read
    assert unexplained(registry, case["collection"], case["query"], exactly=exactly) == []


@pytest.mark.parametrize("case", load_cases()[::7], ids=lambda case: case["id"])
def test_recorded_questions_are_explained(registry: RelationRegistry, case: Case) -> None:
    """What can be read can be explained, what is refused is refused alike."""
    if "path" in case or "key" in case or "keys" in case:
        return
    query = case["qs"] if "qs" in case else case["query"]
    try:
        registry.items(case["collection"]).read(query)
    except RelgraphError as error:
        with pytest.raises(type(error)):
            registry.items(case["collection"]).explain(query)
    else:
        assert unexplained(registry, case["collection"], query, exactly="$NOW" not in repr(query)) == []


def test_explaining_reads_nothing(registry: RelationRegistry) -> None:
    """Explaining runs none of the statements that it prints, and sees one snapshot."""
    query = {"fields": ["*", "comments.*"], "filter": {"comments": {"_some": {"likes": {"_gt": 1_000_000}}}}}
    with Trace(registry.connection) as trace:
        explanation = registry.items("articles").explain(query)
    printed = [pattern(registry.connection, statement) for statement in explanation.statements]
    assert not [text for text in trace.selects if any(each.fullmatch(text) for each in printed)]
    assert (trace.count("BEGIN"), trace.count("COMMIT")) == (1, 1)


def test_plans_stand_beside_their_statements(registry: RelationRegistry) -> None:
    """Every statement has SQLite's plan, its steps indented below the step they are part of."""
    explanation = explained(registry, "some")
    assert len(explanation.query_plan) == explanation.statement_count == 1
    outer, *inner = explanation.query_plan[0]
    assert outer.startswith("SEARCH t0 USING INTEGER PRIMARY KEY")
    assert [step.split()[:2] for step in inner if step.startswith("  ")] == [["SCAN", "t1"]]


def test_joined_levels_are_named_by_their_path(registry: RelationRegistry) -> None:
    """Every statement says what it reads: the path from the root, the collection, the count."""
    explanation = registry.items("articles").explain(
        fields=["author.comments.text", "tags.tags_id.articles.id"], limit=3, meta="total_count"
    )
    assert [(statement.place, statement.collection) for statement in explanation.statements] == [
        ("articles", "articles"),
        ("articles.author.comments", "comments"),
        ("articles.tags", "articles_tags"),
        ("articles.tags.tags_id.articles", "articles_tags"),
        ("total_count", "articles"),
    ]


# --- how many statements ---------------------------------------------------------------------------------------------


def shop(parents: int, children: int = 3) -> RelationRegistry:
    """Give a registry over so many customers, each with some orders of two lines."""
    registry = RelationRegistry()
    registry.connection.executescript(f"""
        CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, city TEXT);
        CREATE TABLE orders (
            id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers(id), paid INTEGER, day TEXT, total REAL);
        CREATE TABLE lines (id INTEGER PRIMARY KEY, "order" INTEGER REFERENCES orders(id), price REAL);
        WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {parents})
            INSERT INTO customers SELECT i, 'c' || i, 'city' FROM n;
        INSERT INTO orders (customer, paid)
            SELECT id, 1 FROM customers, (SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 LIMIT {children});
        INSERT INTO lines ("order", price) SELECT id, id FROM orders, (SELECT 1 UNION ALL SELECT 2);
    """)
    return registry


NESTED = {
    "fields": ["name", "orders.paid", "orders.lines.price", "orders.customer.name"],
    "filter": {"city": "city"},
    "deep": {"orders": {"_limit": 2}},
    "meta": "*",
}


@pytest.mark.parametrize("parents", [1, 30, 500])
def test_number_of_statements_is_what_explain_says(parents: int) -> None:
    """The number of statements is that of the explanation, whatever the number of rows."""
    with shop(parents) as registry:
        explanation = registry.items("customers").explain(NESTED)
        with Trace(registry.connection) as trace:
            registry.items("customers").read(NESTED)
        assert len(trace.selects) == explanation.statement_count == 6


def test_one_more_statement_for_every_thousand_parents() -> None:
    """A level is asked by one statement for each 1000 parents whose keys have gaps, by one where they have none."""
    query = {"fields": ["orders.lines.id"], "filter": {"city": "city"}}
    with shop(2500, children=1) as registry:
        assert registry.items("customers").explain(query).statement_count == 3
        counts = []
        for change in ("", "", "UPDATE customers SET city = 'other' WHERE id = 7"):
            registry.connection.execute(change)
            with Trace(registry.connection) as trace:
                registry.items("customers").read(query)
            counts.append(len(trace.selects))
        assert counts == [1 + 2 + 2, 1 + 1 + 1, 1 + 3 + 3]


# --- probes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("limit", "form"), [(-1, "IN"), (5, "EXISTS")])
def test_probes_say_what_was_looked_at_and_chosen(limit: int, form: str) -> None:
    """Rows of a search are looked at once for its values, and the form that was chosen is the one that runs."""
    query = {"filter": {"orders": {"_some": {"paid": 1}}, "city": "city"}, "fields": ["id"], "limit": limit}
    with shop(400, children=1) as registry:
        registry.connection.execute("CREATE INDEX by_customer ON orders (customer)")
        with Trace(registry.connection) as trace:
            explanation = registry.items("customers").explain(query)
            registry.items("customers").read(query)
        search, items = explanation.probes
        assert (search.looked, search.found, search.form, search.values) == (867, 867, form, (1, 1, 1))
        assert (items.looked, items.found, items.form, items.values) == (867, 867, None, ("city",) * 3)
        assert f"{form} (SELECT" in explanation.statements[0].text
        looked = [text for text in trace.selects if text.startswith("SELECT count(*), count(*) FILTER")]
        assert len(looked) == 2
        assert str(search).endswith(f"867 of 867 rows that were looked at: {form}")
        assert str(items).endswith("867 of 867 rows that were looked at")


def test_without_an_index_nothing_is_probed() -> None:
    """EXISTS would go through all children for every parent, so there is nothing to choose."""
    with shop(400) as registry:
        for word, form in (("_some", " IN (SELECT"), ("_none", " NOT IN (SELECT"), ("_every", " NOT IN (SELECT")):
            condition = {"orders": {word: {"paid": 1}}, "id": 1}
            explanation = registry.items("customers").explain(filter=condition, limit=5)
            assert explanation.probes == ()
            assert form in explanation.statements[0].text


# --- advice ----------------------------------------------------------------------------------------------------------


def advised(registry: RelationRegistry, collection: str, **query: Any) -> list[str]:
    """Give the statements that are advised."""
    return [advice.text for advice in registry.items(collection).explain(query).advice]


@pytest.fixture
def large() -> Iterator[RelationRegistry]:
    """Give tables worth an index, and a junction."""
    with shop(600) as registry:
        registry.connection.executescript("""
            CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT);
            CREATE TABLE customers_tags (
                id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers(id), tag INTEGER REFERENCES tags(id));
            INSERT INTO tags SELECT id, name FROM customers;
            INSERT INTO customers_tags (customer, tag) SELECT id, id FROM customers;
        """)
        yield registry


ADVICE: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "the key of children": (
        "customers",
        {"fields": ["orders.id"]},
        ['CREATE INDEX "orders_customer" ON "orders" ("customer")'],
    ),
    "children that are counted": (
        "customers",
        {"fields": ["count(orders)"]},
        ['CREATE INDEX "orders_customer" ON "orders" ("customer")'],
    ),
    "children that are sorted by": (
        "customers",
        {"fields": ["id"], "sort": "orders.day"},
        ['CREATE INDEX "orders_customer" ON "orders" ("customer")'],
    ),
    "the key that a condition goes through": (
        "orders",
        {"fields": ["id"], "filter": {"customer": {"name": "c1"}}},
        ['CREATE INDEX "orders_customer" ON "orders" ("customer")'],
    ),
    "the first children of each parent": (
        "customers",
        {"fields": ["orders.id"], "deep": {"orders": {"_sort": "-day", "_limit": 2}}},
        ['CREATE INDEX "orders_customer_day" ON "orders" ("customer", "day" DESC)'],
    ),
    "a page": (
        "customers",
        {"fields": ["id"], "filter": {"city": "x", "id": {"_gt": 3}}, "sort": "name", "limit": 5},
        ['CREATE INDEX "customers_city_name" ON "customers" ("city", "name")'],
    ),
    "a page without a condition": (
        "customers",
        {"fields": ["id"], "sort": ["city", "-id"], "limit": 5},
        ['CREATE INDEX "customers_city_id" ON "customers" ("city", "id" DESC)'],
    ),
    "a condition on children": (
        "customers",
        {"fields": ["id"], "filter": {"orders": {"_none": {"paid": 0, "total": {"_lt": 20}}}}},
        [
            'CREATE INDEX "orders_paid_total_customer" ON "orders" ("paid", "total", "customer")',
            'CREATE INDEX "orders_customer" ON "orders" ("customer")',
        ],
    ),
    "a junction": (
        "customers",
        {"fields": ["customers_tags.tag.label"]},
        [
            'CREATE INDEX "customers_tags_customer_tag" ON "customers_tags" ("customer", "tag")',
            'CREATE INDEX "customers_tags_tag_customer" ON "customers_tags" ("tag", "customer")',
        ],
    ),
    "nothing: the primary key serves": ("customers", {"fields": ["id", "name"], "limit": 5}, []),
    "nothing: no index serves it": (
        "customers",
        {"fields": ["id"], "filter": {"_or": [{"name": {"_contains": "x"}}, {"city": {"_icontains": "y"}}]}},
        [],
    ),
}


@pytest.mark.parametrize("name", ADVICE)
def test_advice(large: RelationRegistry, name: str) -> None:
    """What would serve a question is advised; once it is there, it is used or at least no longer advised."""
    collection, query, expected = ADVICE[name]
    assert advised(large, collection, **query) == expected
    for statement in expected:
        large.connection.execute(statement)
    assert [text for text in advised(large, collection, **query) if text.startswith("CREATE")] == []


def test_advised_index_is_used(large: RelationRegistry) -> None:
    """SQLite takes the advised index, and reads a page in its order without sorting."""
    query = {"fields": ["id"], "filter": {"city": "x"}, "sort": "-name", "limit": 5}
    before = large.items("customers").explain(query)
    large.connection.execute(before.advice[0].text)
    after = large.items("customers").explain(query)
    assert "INDEX" not in str(before.query_plan)
    assert "TEMP B-TREE" in str(before.query_plan)
    assert "INDEX customers_city_name (city=?)" in str(after.query_plan)
    assert "TEMP B-TREE" not in str(after.query_plan)


@pytest.mark.parametrize("present", ["customer", "customer, day", '"customer" DESC, paid, day'])
def test_the_beginning_of_an_index_is_an_index(large: RelationRegistry, present: str) -> None:
    """What an existing index begins with needs no index of its own."""
    large.connection.execute(f"CREATE INDEX mine ON orders ({present})")
    assert advised(large, "customers", fields=["orders.id"]) == []


@pytest.mark.parametrize("present", ["customer) WHERE (paid", "abs(customer), customer", "day, customer"])
def test_an_index_that_cannot_serve_is_none(large: RelationRegistry, present: str) -> None:
    """Partial indexes and those that begin with something else do not serve; a name that is taken is not advised."""
    large.connection.execute(f"CREATE INDEX orders_customer ON orders ({present})")
    assert advised(large, "customers", fields=["orders.id"]) == [
        'CREATE INDEX "orders_customer_2" ON "orders" ("customer")'
    ]


def test_other_collations_are_spelled() -> None:
    """An index over a column that compares otherwise than the question does says how to compare."""
    with shop(600) as registry:
        registry.connection.execute("ALTER TABLE customers ADD COLUMN mail TEXT COLLATE NOCASE")
        assert advised(registry, "customers", fields=["id"], filter={"mail": "x"}) == [
            'CREATE INDEX "customers_mail" ON "customers" ("mail" COLLATE BINARY)'
        ]


def test_small_tables_need_no_index() -> None:
    """Tables of fewer than 500 rows are left alone."""
    with shop(100) as registry:
        assert advised(registry, "customers", fields=["orders.id"]) == []


def test_counting_is_advised_where_sqlite_must_choose(large: RelationRegistry) -> None:
    """ANALYZE is advised where two indexes could serve and were never counted, and no longer once they were."""
    large.connection.executescript("CREATE INDEX a ON customers (city, name); CREATE INDEX b ON customers (name)")
    query = {"fields": ["id"], "filter": {"city": "x"}, "sort": "name", "limit": 5}
    assert advised(large, "customers", **query) == ['ANALYZE "customers"']
    large.connection.execute("ANALYZE")
    assert advised(large, "customers", **query) == []


# --- forms -----------------------------------------------------------------------------------------------------------


def test_printing(large: RelationRegistry) -> None:
    """str() prints the question, each statement with its values and plan, and the advice."""
    query = {
        "fields": ["name", "orders.paid"],
        "filter": {"orders": {"_some": {"paid": 7}}},
        "deep": {"orders": {"_limit": 2}},
    }
    explanation = evolve(
        large.items("customers").explain(query), query_plan=(("SEARCH t0", "  SCAN t1"), ("SCAN t2", "SEARCH t0"))
    )  # what SQLite says differs by version
    assert f"{explanation}\n" == (HERE / "cases/explained.txt").read_text("utf-8")


@pytest.mark.parametrize("name", CASES)
def test_plain_data(registry: RelationRegistry, name: str) -> None:
    """to_dict() is plain JSON data that holds all that str() prints."""
    explanation = explained(registry, name)
    plain = explanation.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert set(plain) == {"words", "statements", "statement_count", "probes", "advice"}
    assert "\n".join(plain["words"]) == explanation.words
    printed = str(explanation)
    texts = [*plain["words"], *(statement["text"] for statement in plain["statements"])]
    assert [text for text in texts if text not in printed] == []
