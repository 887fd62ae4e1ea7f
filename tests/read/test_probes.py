"""Probes: which form of a search runs for which values, and what is looked at to choose it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import pytest

from relgraph import Param, RelationRegistry
from relgraph.query.parse import parse
from relgraph.query.resolve import resolve
from relgraph.query.resolved import Bindings
from relgraph.read.estimates import Searched, forms
from relgraph.read.fetch import Reader
from relgraph.read.plan import plan
from relgraph.read.probes import DECISIONS_HOLD, DECISIONS_KEPT
from relgraph.read.samples import SAMPLED
from tests.statements import Trace

SCRIPT = """
    CREATE TABLE authors (id INTEGER PRIMARY KEY, country TEXT);
    CREATE TABLE articles (id INTEGER PRIMARY KEY, title TEXT, author INTEGER REFERENCES authors(id));
    CREATE TABLE comments (id INTEGER PRIMARY KEY, article INTEGER REFERENCES articles(id), likes INTEGER, note TEXT);
    CREATE INDEX by_author ON articles (author);
    CREATE INDEX by_article ON comments (article);
    CREATE INDEX by_note ON comments (note);
    WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 50)
        INSERT INTO authors SELECT i, 'country ' || (i % 5) FROM n;
    WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000)
        INSERT INTO articles SELECT i, 'title ' || i, i % 50 + 1 FROM n;
    WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000)
        INSERT INTO comments SELECT i, i * 7919 % 2000 + 1, i * 617 % 1000, 'note ' || (i * 617 % 1000) FROM n;
"""


@pytest.fixture(scope="module")
def registry() -> Iterator[RelationRegistry]:
    """Give 2000 articles of 50 authors with 10 comments each, every thousandth of them with a certain note."""
    with RelationRegistry() as opened:
        opened.connection.executescript(SCRIPT)
        yield opened


def reader(registry: RelationRegistry, collection: str = "articles", **query: Any) -> Reader:
    """Give a reader that has read nothing yet."""
    return Reader(resolve(parse(query), registry.schema, collection))


def decided(registry: RelationRegistry, collection: str = "articles", **query: Any) -> list[str]:
    """Give the forms that were chosen for the searches of a query."""
    found = reader(registry, collection, **query).decide(registry.database, Bindings())
    return [probe.form for probe in found.probes if probe.form]


def some(condition: Any) -> dict[str, Any]:
    return {"comments": {"_some": condition}}


RARE, MIDDLING, FREQUENT = some({"likes": 500}), some({"likes": {"_gte": 900}}), some({"likes": {"_gte": 100}})


def test_frequent_children_are_looked_for_item_by_item(registry: RelationRegistry) -> None:
    """A page of items with frequent children is found by EXISTS; all items, and those with rare children, by IN."""
    assert decided(registry, filter=FREQUENT, limit=10) == ["exists"]
    assert decided(registry, filter=FREQUENT, limit=10, sort="-id", offset=5) == ["exists"]
    assert decided(registry, filter=RARE) == ["in"]
    assert decided(registry, filter=some({"note": "note 7"}), limit=10) == ["in"]
    assert decided(registry, "authors", filter={"articles": {"_some": FREQUENT}}) == ["exists"]
    assert decided(registry, "authors", filter={"articles": {"_some": RARE}}) == ["in"]


def test_a_page_that_must_be_sorted_is_no_page(registry: RelationRegistry) -> None:
    """Where all items have to be found before the first of them is known, the limit saves nothing."""
    assert decided(registry, filter=MIDDLING, limit=10, sort="-id") == ["exists"]
    assert decided(registry, filter=MIDDLING, limit=10, sort="title") == ["in"]
    assert decided(registry, filter=MIDDLING, limit=10, aggregate={"count": "*"}, groupBy="id") == ["in"]


def test_few_items_are_looked_at_one_by_one(registry: RelationRegistry) -> None:
    """Where other conditions leave few items, their children are looked at, not those of all."""
    few = {"id": {"_lt": 3}}
    assert decided(registry, filter={**RARE, **few}) == ["exists"]
    assert decided(registry, filter={"comments": {"_none": {"likes": 500}}, **few}) == ["exists"]
    assert decided(registry, filter={"comments": {"_none": {"likes": 500}}}) == ["in"]
    assert decided(registry, filter={"_and": [RARE, {"comments": {"_none": {"likes": {"_lt": 100}}}}]}) == [
        "in",
        "exists",
    ]


def test_every_form_of_every_search_answers_alike(registry: RelationRegistry) -> None:
    """Whatever is chosen for two searches and a third that asks for what is not there, the answer is the same."""
    conditions = [FREQUENT, {"comments": {"_none": {"likes": 3}}}, {"comments": {"_every": {"likes": {"_lt": 999}}}}]
    asked = reader(registry, filter={"_and": conditions, "author": {"country": "country 1"}}, fields=[])
    answers = set()
    for chosen in itertools.product(("in", "exists"), repeat=3):
        statement = plan(asked.query, chosen).root.statement
        answers.add(tuple(registry.database.execute(*statement.bind(Bindings())).fetchall()))
    (answer,) = answers
    assert 0 < len(answer) < 400


def test_values_decide_and_travel_as_parameters(registry: RelationRegistry) -> None:
    """Each value is probed once and has its own form; no text of a probe holds it."""
    asked = reader(registry, filter=some({"likes": {"_gt": Param("least")}}), fields=[], limit=10)
    with Trace(registry.connection) as trace:
        for _ in range(2):
            for least, form in ((100, "exists"), (997, "in")):
                bindings = Bindings({"least": least})
                found = asked.decide(registry.database, bindings)
                assert [probe.form for probe in found.probes] == [form]
                text, values = found.probes[0].statement.bind(bindings)
                assert (str(least) in text, values) == (False, [least] * 3)
                by_in = registry.database.execute(*asked.plan.root.statement.bind(bindings)).fetchall()
                assert [(key,) for key in asked.read(registry.database, bindings)] == by_in
    samples = [text for text in trace.selects if text.startswith("SELECT count(*), count(*) FILTER")]
    assert len(samples) == 2


def test_a_sample_is_bounded(registry: RelationRegistry) -> None:
    """No more rows are looked at than a sample has, a third of them at the end, one in the middle, one at the start."""
    for least, found in ((1, 3), (10_000, 2), (19_000, 1), (20_001, 0)):
        asked = reader(registry, filter=some({"id": {"_gte": least}}))
        (probe,) = asked.decide(registry.database, Bindings()).probes
        assert (probe.looked, probe.found) == (SAMPLED, SAMPLED // 3 * found)


def test_what_was_probed_is_forgotten(registry: RelationRegistry) -> None:
    """The probes are asked again after a thousand runs, since the data may have changed, and few values are kept."""
    asked = reader(registry, filter=some({"likes": {"_gt": Param("least")}}), fields=[])
    for run in range(1, DECISIONS_HOLD):
        asked.decide(registry.database, Bindings({"least": run % (DECISIONS_KEPT * 3)}))
        assert len(asked.choices.decided) <= DECISIONS_KEPT
    asked.decide(registry.database, Bindings({"least": 0}))
    assert len(asked.choices.decided) == 1


def test_children_that_are_missing_are_not_searched_for() -> None:
    """A sample ends after so many rows of its first table, also where hardly any of them leads on."""
    with RelationRegistry() as sparse:
        sparse.connection.executescript(SCRIPT + "DELETE FROM comments;")
        (probe,) = (
            reader(sparse, "authors", filter={"articles": {"_some": RARE}}).decide(sparse.database, Bindings()).probes
        )
        assert (probe.looked, probe.found, probe.form) == (0, 0, "in")
        text, values = probe.statement.bind(Bindings())
        steps: list[int] = []
        sparse.connection.set_progress_handler(lambda: steps.append(1), 1000)
        sparse.database.execute(text, values).fetchall()
        sparse.connection.set_progress_handler(None, 0)
        assert len(steps) < 50  # thousands of steps: about 20 for each row of the sample


ODD = {
    "a column by the name of the rowid": "CREATE TABLE kids (_rowid_ TEXT, id INTEGER PRIMARY KEY, owner INTEGER, n)",
    "without a rowid": "CREATE TABLE kids (id INTEGER PRIMARY KEY, owner INTEGER, n) WITHOUT ROWID",
    "keys far apart": "CREATE TABLE kids (id INTEGER PRIMARY KEY, owner INTEGER, n)",
    "no key": "CREATE TABLE kids (owner INTEGER, n, id)",
}


@pytest.mark.parametrize("kind", ODD)
def test_every_table_can_be_sampled(kind: str) -> None:
    """Tables without a rowid, with one that has no name, or with gaps between keys are counted, not guessed."""
    with RelationRegistry() as registry:
        far = 2**40 if kind == "keys far apart" else 1
        registry.connection.executescript(f"""
            CREATE TABLE "odd ""owners" (id INTEGER PRIMARY KEY);
            {ODD[kind].replace("owner INTEGER", 'owner INTEGER REFERENCES "odd ""owners"(id)')};
            CREATE INDEX by_owner ON kids (owner);
            WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1001)
                INSERT INTO "odd ""owners" SELECT i FROM n;
            WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3000)
                INSERT INTO kids (id, owner, n) SELECT (i - 1500) * {far}, i / 3 + 1, i % 2 FROM n;
        """)
        asked = reader(registry, 'odd "owners', filter={"$FOLLOW(kids,owner)": {"_some": {"n": 1}}}, limit=3, fields=[])
        found = asked.decide(registry.database, Bindings())
        assert [probe.form for probe in found.probes] == ["exists"]
        assert asked.choices.ground is not None
        assert (asked.choices.ground.items, asked.choices.ground.rows) == (1001, (3000,))
        assert asked.read(registry.database, Bindings()).data == [1, 2, 3]


def test_views_and_empty_tables_need_no_probe() -> None:
    """Of an empty table there is nothing to look at; of what has become a view nothing is known."""
    with RelationRegistry() as registry:
        registry.connection.executescript("""
            CREATE TABLE owners (id INTEGER PRIMARY KEY);
            CREATE TABLE kids (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES owners(id));
            CREATE INDEX by_owner ON kids (owner);
        """)
        asked = reader(registry, "owners", filter={"kids": {"_some": {"id": 1}}}, limit=1)
        assert [probe.form for probe in asked.decide(registry.database, Bindings()).probes] == ["in"]
        registry.connection.executescript("""
            INSERT INTO owners VALUES (7);
            DROP TABLE kids;
            CREATE VIEW kids AS SELECT 1 AS id, 7 AS owner;
        """)
        again = Reader(asked.query)
        assert again.decide(registry.database, Bindings()).probes == ()
        assert again.read(registry.database, Bindings()).data == [{"id": 7, "kids": [1]}]


# --- estimates -------------------------------------------------------------------------------------------------------


def test_a_search_without_an_index_has_no_choice() -> None:
    """EXISTS is never chosen where it would scan for every item."""
    frequent = Searched("some", 5e6, 5e6, 0.5)
    scanning = Searched("some", 5e6, 5e6, 0.5, has_choice=False)
    assert forms([frequent, scanning], 1e4, 1e4, 10) == ("exists", "in")


@pytest.mark.parametrize("word", ["some", "none"])
@pytest.mark.parametrize("items", [0.0, 1.0, 1e6])
@pytest.mark.parametrize("rows", [0.0, 1.0, 5e6, 1e12])
@pytest.mark.parametrize("share", [0.0005, 0.5, 0.9995])
def test_every_count_has_a_form(word: str, items: float, rows: float, share: float) -> None:
    """No count is too small or too large to reckon with."""
    for wanted in (1.0, math.inf):
        assert forms([Searched(word, rows, rows, share)], items, items, wanted)[0] in ("in", "exists")
