"""The text of a table with a column changed or gone is read by SQLite as meant, and keeps every other character."""

from __future__ import annotations

import sqlite3

import pytest

from relgraph.errors import CannotChangeTable
from relgraph.storage.column_text import with_default, with_nullability, with_type, without_column
from relgraph.storage.sql_text import without_keys_to

COLUMNS = {
    "bare": "a",
    "typed": "a INTEGER",
    "sized": "a NUMERIC(10, 2)",
    "of several words": 'a "UNSIGNED" BIG INT /* (x) */',
    "all": "a TEXT CONSTRAINT c NOT NULL ON CONFLICT FAIL DEFAULT 'NOT NULL' COLLATE NOCASE CHECK (a <> 'DEFAULT 1')",
    "null": "a INT NULL DEFAULT NULL",
    "signed": "a INT DEFAULT -5 NOT NULL",
    "expression": "a DEFAULT (1 + (2)) CONSTRAINT u UNIQUE ON CONFLICT IGNORE",
    "key": "a INT REFERENCES t (b) ON DELETE SET NULL ON UPDATE SET DEFAULT MATCH FULL NOT DEFERRABLE NOT NULL",
    "deferred": "a INT NOT NULL REFERENCES t DEFERRABLE INITIALLY DEFERRED DEFAULT 3",
    "commented": "a -- the NOT NULL\n INT /* DEFAULT 1 */ DEFAULT /* 2 */ 3 -- DEFAULT 4\n",
    "quoted": "[a] INT DEFAULT true",
    "by a word": "a INT DEFAULT CURRENT_TIMESTAMP NOT NULL",
    "a blob": "a DEFAULT x'00ff'",
    "hexadecimal": "a DEFAULT 0x1F NOT NULL",
}
PLACES = ("CREATE TABLE t(\n  {},\n  b INT UNIQUE, CHECK (b > 0))", "CREATE TABLE t(b INT UNIQUE, {}, CHECK (b > 0))")


def read(sql: str) -> list[tuple[str, str, int, str | None]]:
    """Give the columns as SQLite reads them: name, type, whether required, default."""
    connection = sqlite3.connect(":memory:")
    connection.execute(sql)
    rows = connection.execute("SELECT name, type, \"notnull\", dflt_value FROM pragma_table_info('t')").fetchall()
    connection.close()
    return rows


@pytest.mark.parametrize("place", PLACES, ids=["first", "last"])
@pytest.mark.parametrize("column", COLUMNS)
def test_one_thing_changes(place: str, column: str) -> None:
    """The type, default and nullability of a column change each alone, whatever stands around."""
    sql = place.format(COLUMNS[column])
    before = {row[0]: row[1:] for row in read(sql)}
    declared, required, default = before["a"]
    for changed, wanted in (
        (with_type(sql, "A", "REAL"), ("REAL", required, default)),
        (with_type(sql, "a", ""), ("", required, default)),
        (with_default(sql, "a", "'it''s'"), (declared, required, "'it''s'")),
        (with_default(sql, "a", None), (declared, required, None)),
        (with_nullability(sql, "a", nullable=True), (declared, 0, default)),
        (with_nullability(sql, "a", nullable=False), (declared, 1, default)),
    ):
        after = {row[0]: row[1:] for row in read(changed)}
        assert (changed, after) == (changed, {**before, "a": wanted})
    assert [row[0] for row in read(without_column(sql, "a"))] == ["b"]


def test_changes_keep_what_is_around() -> None:
    """Comments, blanks and the order of clauses stay."""
    sql = "CREATE TABLE t(a INT /* one */ DEFAULT 1, -- two\n b TEXT)"
    assert with_default(sql, "a", "2") == "CREATE TABLE t(a INT /* one */ DEFAULT 2, -- two\n b TEXT)"
    assert without_column(sql, "b") == "CREATE TABLE t(a INT /* one */ DEFAULT 1)"


@pytest.mark.parametrize("sql", ["CREATE TABLE t(b)", "CREATE TABLE t(b, CHECK (b > 0))"])
def test_a_column_that_is_not_there(sql: str) -> None:
    """A constraint is no column, whatever it is about."""
    for name in ("a", "check"):
        with pytest.raises(CannotChangeTable, match="does not define it"):
            with_type(sql, name, "INT")


def test_keys_to_one_table_go() -> None:
    """Keys to another table, and the columns, stay."""
    columns = "a REFERENCES [One] ON DELETE CASCADE DEFERRABLE, b REFERENCES two"
    sql = f"CREATE TABLE t({columns}, FOREIGN KEY (a, b) REFERENCES one)"
    assert without_keys_to(sql, "ONE") == "CREATE TABLE t(a, b REFERENCES two)"
    assert without_keys_to(sql) == "CREATE TABLE t(a, b)"
