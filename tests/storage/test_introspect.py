"""Introspection: what a database file declares comes out as it is, whatever its names and shapes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from relgraph.schema import ForeignKey
from relgraph.storage.connection import Database
from relgraph.storage.declared import affinity_of, default_value, type_of
from relgraph.storage.introspect import Column, Introspection, introspect, quoted
from relgraph.values import FieldType

Introspect = Callable[..., Introspection]


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Introspect]:
    """Give a function that runs statements on a new file and gives what introspection finds in it."""
    database = Database.open(tmp_path / "some.db")

    def run(*statements: str) -> Introspection:
        for statement in statements:
            database.execute(statement)
        return introspect(database)

    yield run
    database.close()


def columns(found: Introspection, table: str) -> dict[str, Column]:
    return {column.name: column for column in found.tables[table].columns}


# --- tables ----------------------------------------------------------------------------------------------------------


def test_tables_come_by_name_and_sqlite_s_own_do_not_come(found: Introspect) -> None:
    """Ordinary tables, views and virtual tables; neither sqlite_sequence nor a virtual table's shadow tables."""
    tables = found(
        "CREATE TABLE b (id INTEGER PRIMARY KEY AUTOINCREMENT)",
        "CREATE TABLE a (id INTEGER PRIMARY KEY)",
        "CREATE VIEW c AS SELECT id AS key FROM a",
        "CREATE VIRTUAL TABLE texts USING fts5(title, body)",
        "CREATE TEMP TABLE passing (x)",
    ).tables
    assert [(table.name, table.kind) for table in tables.values()] == [
        ("a", "table"),
        ("b", "table"),
        ("c", "view"),
        ("texts", "virtual"),
    ]
    assert [column.name for column in tables["texts"].columns] == ["title", "body"]
    assert [column.name for column in tables["c"].columns] == ["key"]
    assert (tables["c"].primary_key, tables["c"].has_rowid) == ((), False)


@pytest.mark.parametrize(
    "name",
    [
        "select",
        "a b",
        'say "hi"',
        "it's",
        "[x]",
        "a.b",
        "a:b",
        "`tick`",
        "Ünïcode🦉",
        "semi;colon",
        "--",
        "",
        "%s",
        "?1",
        "{x}",
    ],
)
def test_odd_names_are_names(found: Introspect, name: str) -> None:
    """Tables, columns, indexes and targets of keys may be called anything."""
    result = found(
        f"CREATE TABLE {quoted(name)} ({quoted(name)} TEXT PRIMARY KEY COLLATE NOCASE)",
        f"CREATE TABLE other ({quoted(name)} TEXT REFERENCES {quoted(name)} ({quoted(name)}), u INT)",
        f"CREATE UNIQUE INDEX {quoted('by ' + name)} ON other (u)",
    )
    assert result.tables[name].primary_key == (name,)
    assert columns(result, name)[name].collation == "NOCASE"
    assert columns(result, "other")["u"].unique
    assert result.foreign_keys == (ForeignKey("other", (name,), name, (name,)),)


def test_what_cannot_be_read_is_told(found: Introspect) -> None:
    """A view of a lost table, of a lost function, or on another such view: left out, with SQLite's reason."""
    result = found(
        "CREATE TABLE a (id INTEGER PRIMARY KEY)",
        "CREATE VIEW lost AS SELECT * FROM nowhere",
        "CREATE VIEW unknown AS SELECT no_such_thing(id) FROM a",
        "CREATE VIEW behind AS SELECT * FROM lost",
        "CREATE VIEW sound AS SELECT * FROM a",
    )
    assert list(result.tables) == ["a", "sound"]
    assert {name: "no such" in reason for name, reason in result.unreadable.items()} == {
        "behind": True,
        "lost": True,
        "unknown": True,
    }


def test_no_view_is_run(found: Introspect) -> None:
    """A view that would never end costs nothing, also where collations are about."""
    result = found(
        "CREATE TABLE a (x TEXT COLLATE NOCASE)",
        "CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT max(i) AS i FROM n GROUP BY i % 7 ORDER BY i",
    )
    assert columns(result, "endless")["i"].collation == "unknown"


# --- keys ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("definition", "key"),
    [
        ("(id INTEGER PRIMARY KEY, x)", ("id",)),
        ("(x, b TEXT, a TEXT, PRIMARY KEY (a, b))", ("a", "b")),
        ("(a TEXT, b INT, PRIMARY KEY (b, a)) WITHOUT ROWID", ("b", "a")),
        ("(a, b)", ()),
    ],
)
def test_primary_keys_come_in_the_order_of_their_declaration(
    found: Introspect, definition: str, key: tuple[str, ...]
) -> None:
    """Not in the order of the columns."""
    assert found(f"CREATE TABLE t {definition}").tables["t"].primary_key == key


def test_only_the_rowid_key_is_never_null(found: Introspect) -> None:
    """SQLite lets NULL into other primary keys, unless the table has no rowid or says NOT NULL."""
    result = found(
        "CREATE TABLE a (id INTEGER PRIMARY KEY)",
        "CREATE TABLE b (id INT PRIMARY KEY)",
        "CREATE TABLE c (id TEXT PRIMARY KEY) WITHOUT ROWID",
        "CREATE TABLE d (id TEXT PRIMARY KEY NOT NULL, x TEXT, y TEXT NOT NULL)",
        "CREATE TABLE e (id INTEGER PRIMARY KEY DESC)",
    )
    nullable = {
        f"{table}.{column.name}": column.nullable for table in "abcde" for column in result.tables[table].columns
    }
    assert nullable == {
        "a.id": False,
        "b.id": True,
        "c.id": False,
        "d.id": False,
        "d.x": True,
        "d.y": False,
        "e.id": True,
    }
    assert [table.has_rowid for table in result.tables.values()] == [True, True, False, True, True]


def test_unique_means_alone_and_everywhere(found: Introspect) -> None:
    """A UNIQUE column or index of one column; not a pair, not a part of the rows, not an expression."""
    result = found(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a UNIQUE, b, c, d, e, f, UNIQUE (b, c))",
        "CREATE UNIQUE INDEX i1 ON t (d)",
        "CREATE UNIQUE INDEX i2 ON t (e) WHERE e > 0",
        "CREATE UNIQUE INDEX i3 ON t (lower(f))",
        "CREATE INDEX i4 ON t (b)",
    )
    assert [name for name, column in columns(result, "t").items() if column.unique] == ["id", "a", "d"]


def test_unique_under_another_collation_is_no_key(found: Introspect) -> None:
    """SQLite lets no foreign key point at a column whose only UNIQUE index compares otherwise than the column does."""
    result = found(
        "CREATE TABLE t (a TEXT, b TEXT COLLATE NOCASE, c TEXT COLLATE NOCASE, d TEXT, UNIQUE (d COLLATE RTRIM))",
        "CREATE UNIQUE INDEX i1 ON t (a COLLATE NOCASE)",
        "CREATE UNIQUE INDEX i2 ON t (b)",
        "CREATE UNIQUE INDEX i3 ON t (c COLLATE BINARY)",
    )
    assert [name for name, column in columns(result, "t").items() if column.unique] == ["b"]


def test_collations_are_those_of_the_columns(found: Introspect) -> None:
    """Not those of an index on them, and not those of a CHECK; a view's column may have any."""
    result = found(
        """CREATE TABLE t (
             a TEXT COLLATE NOCASE PRIMARY KEY, b TEXT COLLATE rtrim, c TEXT, d /* COLLATE NOCASE */ TEXT,
             e TEXT CHECK (e = 'x' COLLATE NOCASE), f INTEGER COLLATE NOCASE, "g COLLATE RTRIM" TEXT,
             h TEXT GENERATED ALWAYS AS (c) VIRTUAL COLLATE NOCASE)""",
        "CREATE INDEX i ON t (c COLLATE NOCASE)",
        "CREATE TABLE plain (a TEXT)",
        "CREATE VIEW v AS SELECT a, c FROM t",
    )
    assert {name: column.collation for name, column in columns(result, "t").items()} == {
        "a": "NOCASE",
        "b": "RTRIM",
        "c": "BINARY",
        "d": "BINARY",
        "e": "BINARY",
        "f": "NOCASE",
        "g COLLATE RTRIM": "BINARY",
        "h": "NOCASE",
    }
    assert columns(result, "plain")["a"].collation == "BINARY"
    assert columns(result, "v")["c"].collation == "unknown"


def test_an_application_s_own_collation_is_named(tmp_path: Path) -> None:
    """Where the connection knows it, by the index of a key; where it does not, by what SQLite misses."""
    connection = sqlite3.connect(tmp_path / "own.db", isolation_level=None)
    connection.create_collation("german", lambda left, right: (left > right) - (left < right))
    connection.execute("CREATE TABLE t (a TEXT COLLATE german PRIMARY KEY, b TEXT COLLATE NOCASE)")
    known = Database.open(connection)
    unknown = Database.open(tmp_path / "own.db")
    for database in (known, unknown):
        assert [column.collation for column in introspect(database).tables["t"].columns] == ["german", "NOCASE"]
        database.close()
    connection.close()


# --- foreign keys ----------------------------------------------------------------------------------------------------


def test_foreign_keys_come_as_they_are_meant(found: Introspect) -> None:
    """Targets and columns as they are really spelled, implied columns filled in, actions kept, composites whole."""
    keys = found(
        "CREATE TABLE Author (Id INTEGER PRIMARY KEY, Code TEXT UNIQUE)",
        "CREATE TABLE pair (a INT, b INT, PRIMARY KEY (b, a))",
        """CREATE TABLE t (
             x INTEGER REFERENCES AUTHOR,
             y TEXT REFERENCES author (CODE) ON DELETE SET NULL ON UPDATE CASCADE,
             z INTEGER REFERENCES nowhere,
             w INTEGER REFERENCES nowhere (Key),
             a INT, b INT,
             FOREIGN KEY (a, b) REFERENCES pair,
             FOREIGN KEY (B, A) REFERENCES Pair (A, B))""",
    ).foreign_keys
    assert keys[::-1] == (
        ForeignKey("t", ("x",), "Author", ("Id",)),
        ForeignKey("t", ("y",), "Author", ("Code",), "SET NULL", "CASCADE"),
        ForeignKey("t", ("z",), "nowhere", ()),
        ForeignKey("t", ("w",), "nowhere", ("Key",)),
        ForeignKey("t", ("a", "b"), "pair", ("b", "a")),
        ForeignKey("t", ("b", "a"), "pair", ("a", "b")),
    )


# --- columns ---------------------------------------------------------------------------------------------------------


def test_generated_columns_are_columns(found: Introspect) -> None:
    """Stored or virtual, they are told from the others."""
    result = found("CREATE TABLE t (a INT, b INT AS (a + 1), c TEXT GENERATED ALWAYS AS (a || '') STORED)")
    assert {name: (column.generated, column.declared_type) for name, column in columns(result, "t").items()} == {
        "a": (False, "INT"),
        "b": (True, "INT"),
        "c": (True, "TEXT"),
    }


@pytest.mark.parametrize(
    ("declared", "strict"),
    [
        *(
            (declared, False)
            for declared in ("", "INT", "INTEGER", "BIGINT", "TINYINT(1)", "FLOATING POINT", "CHARINT")
        ),
        *((declared, False) for declared in ("CHARACTER(20)", "nvarchar(255)", "CLOB", "TEXT", "BLOB", "BLOBINT")),
        *((declared, False) for declared in ("REAL", "DOUBLE", "FLOAT", "NUMERIC", "DECIMAL(10,5)", "BOOLEAN", "DATE")),
        *((declared, False) for declared in ("STRING", "JSON", "UUID", "XYZ", "ANY")),
        *((declared, True) for declared in ("INT", "INTEGER", "REAL", "TEXT", "ANY")),
    ],
)
def test_affinity_is_what_sqlite_does(declared: str, strict: bool) -> None:
    """What is stored from the text '1e1' and the number 1 tells the affinity of a column."""
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE TABLE t (x {declared}) {'STRICT' if strict else ''}")
    connection.execute("INSERT INTO t VALUES ('1e1'), (1)")
    stored = [type(value) for (value,) in connection.execute("SELECT x FROM t")]
    connection.close()
    expected = {
        "INTEGER": [int, int],
        "NUMERIC": [int, int],
        "REAL": [float, float],
        "TEXT": [str, str],
        "BLOB": [str, int],
    }
    assert stored == expected[affinity_of(declared, strict=strict)]


@pytest.mark.parametrize(
    ("declared", "field_type"),
    [
        ("VARCHAR(20)", FieldType.STRING),
        ("nvarchar(160)", FieldType.STRING),
        ("char(36)", FieldType.STRING),
        ("CLOB", FieldType.STRING),
        ("TEXT", FieldType.TEXT),
        ("LONGTEXT", FieldType.TEXT),
        ("INT", FieldType.INTEGER),
        ("smallint unsigned", FieldType.INTEGER),
        ("bigint", FieldType.BIG_INTEGER),
        ("UNSIGNED BIG INT", FieldType.BIG_INTEGER),
        ("INT8", FieldType.BIG_INTEGER),
        ("BOOLEAN", FieldType.BOOLEAN),
        ("bool", FieldType.BOOLEAN),
        ("DATE", FieldType.DATE),
        ("datetime", FieldType.DATE_TIME),
        ("DATETIME(6)", FieldType.DATE_TIME),
        ("TIMESTAMP WITH TIME ZONE", FieldType.TIMESTAMP),
        ("timestamptz", FieldType.TIMESTAMP),
        ("TIME", FieldType.TIME),
        ("JSON", FieldType.JSON),
        ("jsonb", FieldType.JSON),
        ("uuid", FieldType.UUID),
        ("GUID", FieldType.UUID),
        ("REAL", FieldType.FLOAT),
        ("DOUBLE PRECISION", FieldType.FLOAT),
        ("float", FieldType.FLOAT),
        ("DECIMAL(10,2)", FieldType.DECIMAL),
        ("numeric", FieldType.DECIMAL),
        ("BLOB", FieldType.BINARY),
        ("", FieldType.ANY),
        ("STRING", FieldType.ANY),
        ("updated", FieldType.ANY),
        ("ANY", FieldType.ANY),
    ],
)
def test_field_types_by_declared_type(declared: str, field_type: FieldType) -> None:
    """Read case-blind; a name that SQLite does not take for what it reads like is any."""
    assert type_of(declared) is field_type


NUMBERS = ("5", "-5", "+5", "- 5", "1.5", ".5", "5.", "1e3", "-1.5E-3", "0x1F", "-0x10", "9223372036854775807")
LARGE = ("-9223372036854775808", "9223372036854775808", "'9223372036854775808'", "1e300")
TEXTS = (
    "'text'",
    "''",
    "'it''s'",
    '"double"',
    "[square]",
    "`tick`",
    "bare",
    "'25'",
    "' 25 '",
    "'2.0'",
    "'1e2'",
    "'0x10'",
)
WORDS = ("TRUE", "false", "NULL", "x'00ff'", "(5)", "('text')")


@pytest.mark.parametrize("declared", ["INTEGER", "REAL", "NUMERIC", "TEXT", "BLOB", ""])
@pytest.mark.parametrize("default", [*NUMBERS, *LARGE, *TEXTS, *WORDS])
def test_defaults_are_what_sqlite_inserts(declared: str, default: str) -> None:
    """The value of a literal DEFAULT is the one that a row gets, for every affinity."""
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, x {declared} DEFAULT {default})")
    connection.execute("INSERT INTO t (id) VALUES (1)")
    (stored,) = connection.execute("SELECT x FROM t").fetchone()
    (written,) = connection.execute("SELECT dflt_value FROM pragma_table_info('t') WHERE name = 'x'").fetchone()
    connection.close()
    value = default_value(written, affinity_of(declared))
    assert (value, type(value)) == (stored, type(stored))


@pytest.mark.parametrize("default", ["CURRENT_TIMESTAMP", "current_date", "1 + 2", "random()", "datetime('now')"])
def test_an_expression_has_no_default_value(found: Introspect, default: str) -> None:
    """Its text is kept, its value is known only when a row is made."""
    given = default if default.isidentifier() else f"({default})"
    column = columns(found(f"CREATE TABLE t (x TEXT DEFAULT {given})"), "t")["x"]
    assert (column.default_sql, default_value(column.default_sql, "TEXT")) == (default, None)
