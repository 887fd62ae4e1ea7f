"""CREATE TABLE texts: a foreign key comes and goes, and SQLite reads everything else as before."""

from __future__ import annotations

import sqlite3
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.errors import CannotChangeTable
from relgraph.storage.sql_text import same_name, tokens, with_foreign_key, with_table_name, without_foreign_key

Rows: TypeAlias = list[tuple[Any, ...]]

COLUMN = "the col"
COLUMN_SPELLINGS = ('"the col"', "`THE COL`", "[the Col]", "'the col'")
TARGETS = ("parents", '"parents"', "[PARENTS] (id)", "`parents`('id')", "parents(/* key ) */id)")
BLANKS = (" ", "\n", "\t", " /* , ( ' */ ", ' -- it\'s "odd", REFERENCES x)\n')
ACTIONS = ("", " ON DELETE CASCADE", "{b}on{b}update set{b}null ON DELETE NO ACTION", " MATCH FULL ON DELETE restrict")
DEFERRALS = ("", " DEFERRABLE", " NOT DEFERRABLE{b}INITIALLY DEFERRED", " deferrable initially{b}deferred")
REST = ("", " NOT NULL", " DEFAULT (1)", " DEFAULT 'REFERENCES p'", " COLLATE nocase CHECK (\"the col\" <> ')')")
OTHER_COLUMNS = (
    "\"a,b\" TEXT DEFAULT 'x)--'",
    "n NUMERIC(10, 2) CHECK (n > 0)",
    "o REFERENCES parents(id) ON DELETE SET NULL",
    "g INT GENERATED ALWAYS AS (length('(')) STORED",
)
OTHER_CONSTRAINTS = (
    'CHECK ("the col" <> 7)',
    'CONSTRAINT u UNIQUE ("the col", id)',
    'FOREIGN KEY ("the col", id) REFERENCES pairs (x, y)',
    "CONSTRAINT f FOREIGN KEY (id) REFERENCES parents (id) ON UPDATE CASCADE",
)


@st.composite
def key_texts(draw: st.DrawFn) -> str:
    """A REFERENCES clause in one of its spellings."""
    text = f"REFERENCES{{b}}{draw(st.sampled_from(TARGETS))}{draw(st.sampled_from(ACTIONS))}"
    return text + draw(st.sampled_from(DEFERRALS))


@st.composite
def tables(draw: st.DrawFn, *, keyed: bool | None = None) -> str:
    """A CREATE TABLE text with `COLUMN`, which holds a foreign key, or does not, or may."""
    place = draw(st.sampled_from({True: ("column", "table"), False: ("",), None: ("column", "table", "")}[keyed]))
    named = draw(st.sampled_from(("", "CONSTRAINT{b}[my key]{b}")))
    spelled = draw(st.sampled_from(COLUMN_SPELLINGS))
    column = spelled + draw(st.sampled_from(("", " INT", " VARCHAR(3)")))
    if place == "column":
        column += "{b}" + named + draw(key_texts())
    column += draw(st.sampled_from(REST))
    columns = [column, *draw(st.lists(st.sampled_from(OTHER_COLUMNS), unique=True))]
    constraints = list(draw(st.lists(st.sampled_from(OTHER_CONSTRAINTS), unique=True)))
    if place == "table":
        constraints.append(f"{named}FOREIGN KEY{{b}}({spelled}){{b}}{draw(key_texts())}")
    constraints = draw(st.permutations(constraints))
    comma = draw(st.sampled_from((",", "{b},{b}")))
    between = draw(st.sampled_from((comma, "{b}")))  # the comma between two table constraints may be missing
    body = comma.join(["id INTEGER PRIMARY KEY", *draw(st.permutations(columns))])
    body += comma + between.join(constraints) if constraints else ""
    tail = draw(st.sampled_from(("", " WITHOUT ROWID", "/* end */")))
    text = f"CREATE TABLE [the (table]({{b}}{body}{{b}}){tail}"
    pieces = text.split("{b}")
    blanks = [draw(st.sampled_from(BLANKS)) for _ in pieces[1:]]
    return pieces[0] + "".join(blank + piece for blank, piece in zip(blanks, pieces[1:], strict=True))


def meaning(sql: str) -> tuple[Rows, Rows, list[Rows]]:
    """Give what SQLite makes of a text: columns, indexes, foreign keys in the order of the text."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute(sql)
        name = "the (table"
        keys = connection.execute("SELECT * FROM pragma_foreign_key_list(?) ORDER BY id DESC, seq", (name,)).fetchall()
        ids = sorted({key[0] for key in keys}, reverse=True)
        return (
            connection.execute("SELECT * FROM pragma_table_xinfo(?)", (name,)).fetchall(),
            connection.execute("SELECT * FROM pragma_index_list(?)", (name,)).fetchall(),
            [[key[1:] for key in keys if key[0] == number] for number in ids],
        )
    finally:
        connection.close()


def alone(key: Rows) -> bool:
    """Whether a foreign key is one that the column holds alone."""
    return len(key) == 1 and same_name(key[0][2], COLUMN)


@given(sql=tables())
def test_tokens_are_the_text(sql: str) -> None:
    """The pieces of a text, joined, are the text."""
    assert "".join(token.text for token in tokens(sql)) == sql


@given(sql=tables(keyed=False))
def test_with_then_without_is_the_text(sql: str) -> None:
    """A key that is added and taken out again leaves the text as it was, character by character."""
    assert without_foreign_key(with_foreign_key(sql, COLUMN, "parents", "id", "CASCADE"), COLUMN) == sql


@given(sql=tables(keyed=False))
def test_added_key_is_the_only_change(sql: str) -> None:
    """SQLite reads the text with a key as the text without it, and the key behind the others."""
    columns, indexes, keys = meaning(sql)
    column = next(column[1] for column in columns if same_name(column[1], COLUMN))
    added = [(0, 'the "one"', column, "k", "SET NULL", "CASCADE", "NONE")]
    assert meaning(with_foreign_key(sql, COLUMN, 'the "one"', "k", "CASCADE", "SET NULL")) == (
        columns,
        indexes,
        [*keys, added],
    )


@given(sql=tables())
def test_removed_key_is_the_only_change(sql: str) -> None:
    """SQLite reads the text without the key as before, less the key; composite keys stay."""
    columns, indexes, keys = meaning(sql)
    without = [key for key in keys if not alone(key)]
    assert meaning(without_foreign_key(sql, COLUMN)) == (columns, indexes, without)


@given(sql=tables(keyed=True), on_delete=st.sampled_from(("NO ACTION", "CASCADE", "SET DEFAULT")))
def test_changed_key_stays_in_its_place(sql: str, on_delete: str) -> None:
    """A key that is there gets its new target and actions in place: order, name, MATCH and columns are kept."""
    columns, indexes, keys = meaning(sql)
    changed = [[(0, "q", k[0][2], "r", "RESTRICT", on_delete, k[0][6])] if alone(k) else k for k in keys]
    text = with_foreign_key(sql, COLUMN, "q", "r", on_delete, "RESTRICT")
    assert meaning(text) == (columns, indexes, changed)
    assert text.lower().count("deferrable") == sql.lower().count("deferrable")
    assert text.count("my key") == sql.count("my key")


@given(sql=tables())
def test_table_name_is_the_only_change(sql: str) -> None:
    """A text under another name, and back, is the text but for the spelling of the name."""
    renamed = with_table_name(sql, 'new "name"')
    assert renamed.replace('"new ""name"""', "[the (table]", 1) == sql


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("CREATE TABLE t(a REFERENCES p(id)NOT NULL)", "CREATE TABLE t(a NOT NULL)"),
        ("CREATE TABLE t(a REFERENCES p NOT NULL DEFERRABLE INITIALLY DEFERRED)", "CREATE TABLE t(a NOT NULL)"),
        ("CREATE TABLE t(a REFERENCES p REFERENCES q)", "CREATE TABLE t(a)"),
        ("CREATE TABLE t(a, b REFERENCES p)", "CREATE TABLE t(a, b REFERENCES p)"),
        ("CREATE TABLE t(\n  a, -- first\n  FOREIGN KEY(a) REFERENCES p\n)", "CREATE TABLE t(\n  a -- first\n\n)"),
        ("CREATE TABLE t(a, FOREIGN KEY(a) REFERENCES p) STRICT", "CREATE TABLE t(a) STRICT"),
    ],
)
def test_texts_without_a_key(sql: str, expected: str) -> None:
    """What goes with a key, and what stays, in spellings that are easily broken."""
    assert without_foreign_key(sql, "A") == expected


def test_words_do_not_grow_together() -> None:
    """New text is kept apart from a word that stood directly behind the old one."""
    sql = "CREATE TABLE t(a REFERENCES p(id)NOT NULL)"
    expected = 'CREATE TABLE t(a REFERENCES "p" ("id") ON DELETE CASCADE NOT NULL)'
    assert with_foreign_key(sql, "a", "p", "id", "CASCADE") == expected


@pytest.mark.parametrize("sql", ["CREATE VIRTUAL TABLE v USING fts5(a)", "CREATE VIEW v AS SELECT (1)", ""])
def test_other_texts_are_refused(sql: str) -> None:
    """What is no table with columns holds no foreign key."""
    with pytest.raises(CannotChangeTable) as caught:
        with_foreign_key(sql, "a", "p", "id")
    assert caught.value.code == "INTERNAL"
