"""The commands: what a program in a pipe gets, what a person on a terminal sees, and how they fail."""

from __future__ import annotations

import csv
import io
import json
import os
import shlex
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import pytest

import relgraph
from relgraph import RelationRegistry
from relgraph.cli import group
from relgraph.cli.commands import SHOWN
from relgraph.cli.failures import Interrupted, as_failures
from relgraph.cli.output import LONG
from tests.cli.conftest import Run, process, terminal
from tests.conformance.cases import DATASET

ODD = """odd "table, of 'all'"""
FIELDS = "title,year,artist.name,lists_albums.list.name"


def many(path: Path, count: int = 20_000) -> Path:
    """Make a table `numbers` with so many items."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            f"""CREATE TABLE numbers (id INTEGER PRIMARY KEY, text TEXT);
            WITH RECURSIVE n(id) AS (VALUES (1) UNION ALL SELECT id + 1 FROM n LIMIT {count})
            INSERT INTO numbers SELECT id, 'number ' || id FROM n"""
        )
    return path


def on_terminal(monkeypatch: pytest.MonkeyPatch, columns: int, *words: object) -> list[str]:
    """Give the lines a command shows on a terminal of so many columns."""
    monkeypatch.setenv("COLUMNS", str(columns))
    with terminal() as screen, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", screen.stream)
        group.main(list(map(str, words)), prog_name="relgraph", standalone_mode=False)
    return screen.lines


# --- in a pipe -------------------------------------------------------------------------------------------------------

QUESTIONS: list[tuple[list[str], dict[str, Any]]] = [
    ([], {}),
    (["--fields", FIELDS, "--sort", "-year,title"], {"fields": FIELDS, "sort": "-year,title"}),
    (["--fields", "title", "--fields", "year"], {"fields": ["title", "year"]}),
    (["--filter", '{"artist": {"name": "Björk"}}', "--limit", "1", "--offset", "1"],
     {"filter": {"artist": {"name": "Björk"}}, "limit": 1, "offset": 1}),
    (["--search", "ebu"], {"search": "ebu"}),
    (["--limit", "2", "--page", "2"], {"limit": 2, "page": 2}),
    (["--alias", '{"name": "title"}', "--fields", "name"], {"alias": {"name": "title"}, "fields": "name"}),
    (["--aggregate", '{"count": "*", "max": "year"}', "--group-by", "artist.name"],
     {"aggregate": {"count": "*", "max": "year"}, "groupBy": "artist.name"}),
    (["--query", "fields=title&limit=3", "--limit", "1"], {"fields": "title", "limit": 1}),
    (["--query", '{"fields": ["title"], "sort": ["-id"]}'], {"fields": ["title"], "sort": ["-id"]}),
    (["--fields", "title,lists_albums.list", "--deep", '{"lists_albums": {"_limit": 0}}'],
     {"fields": "title,lists_albums.list", "deep": {"lists_albums": {"_limit": 0}}}),
    (["--filter", '{"id": 77}'], {"filter": {"id": 77}}),
]  # fmt: skip  # a question and what it means belong side by side


@pytest.mark.parametrize(("options", "query"), QUESTIONS)
def test_every_form_gives_what_a_read_gives(music: Path, run: Run, options: list[str], query: dict[str, Any]) -> None:
    """JSON, NDJSON and CSV hold the same items as `items.read`, in a pipe JSON without being asked for."""
    with RelationRegistry(music, read_only=True) as registry:
        owed = registry.items("albums").read(query).data
    plain = run("read", music, "albums", *options)
    lines = run("read", music, "albums", "--format", "ndjson", *options).stdout.splitlines()
    rows = list(csv.reader(io.StringIO(run("read", music, "albums", "--format", "csv", *options).stdout)))
    assert (json.loads(plain.stdout), plain.stderr, plain.exit_code) == (owed, "", 0)
    assert list(map(json.loads, lines)) == owed
    assert rows[1:] == [list(map(as_csv, item.values())) for item in owed]
    assert all(rows[0] == list(item) for item in owed)


def as_csv(value: Any) -> str:
    """Give a value as it stands in CSV: null as nothing, nested values as JSON."""
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return "" if value is None else str(value)


def test_csv_has_a_heading_without_items(music: Path, run: Run) -> None:
    """The first line of CSV names the fields, also where no item follows; bare keys are named by their key."""
    nothing = ("--filter", '{"id": 99}', "--format", "csv")
    assert run("read", music, "albums", "--fields", "title,artist.name", *nothing).stdout == "title,artist\n"
    assert run("read", music, "lists_albums", "--query", "fields[]=&limit=0", *nothing).exit_code == 2
    assert run("read", music, "lists_albums", "--query", '{"fields": []}', "--format", "csv").stdout.splitlines() == [
        "list,album", "1,3", "2,1", "2,2",
    ]  # fmt: skip


def test_meta_and_cursor_stand_beside_the_items(music: Path, run: Run) -> None:
    """A question for counts or a cursor gives an object as the API does; NDJSON and CSV have no place for them."""
    counted = run("read", music, "albums", "--query", "meta=*&limit=1&fields=id")
    assert json.loads(counted.stdout) == {"data": [{"id": -4}], "meta": {"total_count": 4, "filter_count": 4}}
    first = json.loads(run("read", music, "albums", "--query", "cursor=&limit=3&fields=id").stdout)
    then = json.loads(run("read", music, "albums", "--query", f"cursor={first['cursor']}&limit=3&fields=id").stdout)
    assert first["data"] + then["data"] == [{"id": -4}, {"id": 1}, {"id": 2}, {"id": 3}]
    assert "cursor" not in then
    refused = run("read", music, "albums", "--query", "meta=*", "--format", "csv")
    assert (refused.stdout, refused.exit_code) == ("", 2)
    assert refused.stderr == "relgraph: meta: the form csv has no place for meta; json and table have\n"


def test_odd_names_and_letters(music: Path, run: Run) -> None:
    """Names with quotes, blanks, commas and umlauts need no care; a blob has no form as text, and that is said."""
    odd = "odd \"table, of 'all'"
    assert json.loads(run("get", music, odd, "x\n\x1b[31m", "--fields", "a b,Größe").stdout)["Größe"] == 1.5
    blob = run("read", music, odd)
    assert blob.exit_code == 2
    assert blob.stderr == (
        "relgraph: photo: the value has no form as text; leave the field out, or read it as a table\n"
    )
    assert "<2 bytes>" in run("read", music, odd, "--format", "table").stdout


def test_output_is_utf8_whatever_the_system_says(music: Path) -> None:
    """Answers are UTF-8 also where the system's encoding is ASCII; half a surrogate pair is spelled as JSON does."""
    settings = os.environ | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    with process("get", music, "artists", 2, env=settings) as run:
        out, err = run.communicate()
    assert (json.loads(out.decode("utf-8")), err) == ({"id": 2, "name": "坂本龍一", "albums": [3]}, b"")


def test_get(music: Path, run: Run) -> None:
    """A key is one word, a composite key several, a negative one stands after --."""
    assert json.loads(run("get", music, "albums", 2, "--fields", "title,artist.name").stdout) == {
        "title": "Post",
        "artist": {"name": "Björk"},
    }
    assert json.loads(run("get", music, "lists_albums", 2, 1).stdout) == {"list": 2, "album": 1}
    assert json.loads(run("get", music, "albums", "--", -4).stdout)["title"] == 'a, "b"'
    assert run("get", music, "albums", 2, "--format", "table", "--fields", "title,year").stdout == (
        "title  Post\nyear   1995\n"
    )
    assert run("get", music, "albums", 2, "--format", "table", "--query", '{"fields": []}').stdout == "key\n───\n  2\n"


def test_relations(music: Path, run: Run) -> None:
    """In a pipe relations are their flat objects, all of them or those that touch a collection."""
    with RelationRegistry(music, read_only=True) as registry:
        owed = [relation.to_dict() for relation in registry]
    assert json.loads(run("relations", music).stdout) == owed
    touching = json.loads(run("relations", music, "artists").stdout)
    assert [(each["many_collection"], each["many_field"]) for each in touching] == [("albums", "artist")]
    assert run("relations", music, "--format", "csv").stdout.startswith("id,many_collection,many_field,")


def test_explain(music: Path, run: Run) -> None:
    """A question is explained as `items.explain` does, with what would steer a terminal spelled out."""
    said = run("explain", music, "albums", "--fields", "title", "--filter", '{"title": "\x9b"}').stdout
    with RelationRegistry(music, read_only=True) as registry:
        owed = str(registry.items("albums").explain(fields="title", filter={"title": "\x9b"}))
    assert said == owed.replace("\x9b", "\\x9b") + "\n"
    assert said.startswith("Question\n  Read title of albums.\n")


# --- on a terminal ---------------------------------------------------------------------------------------------------


def test_a_terminal_shows_a_table(music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal the answer is a table that fits it, without being asked for."""
    words = ("read", music, "albums", "--fields", "title,artist.name,lists_albums.list.name", "--sort", "id")
    assert on_terminal(monkeypatch, 80, *words) == [
        "title     artist.name  lists_albums.list.name",
        "────────  ───────────  ──────────────────────",
        'a, "b"',
        "Debut     Björk        new",
        "Post      Björk        new",
        "音楽図鑑  坂本龍一     old",
    ]
    narrow = on_terminal(monkeypatch, 36, *words)
    assert narrow[0] == "title     artist.name  …ms.list.name"
    assert on_terminal(monkeypatch, 36, "get", music, "albums", 1)[1] == "title         Debut"


def test_the_real_width_of_a_terminal_is_used(tmp_path: Path) -> None:
    """A process on a terminal takes the width that the terminal has."""
    fcntl, termios = pytest.importorskip("fcntl"), pytest.importorskip("termios")
    database = many(tmp_path / "many.db", 3)
    words = ("read", database, "numbers", "--alias", '{"a_rather_long_name_for_text": "text"}')
    with terminal() as screen:
        fcntl.ioctl(screen.stream, termios.TIOCSWINSZ, b"\x18\x00\x1e\x00\x00\x00\x00\x00")  # 24 rows, 30 columns
        settings = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        command = [sys.executable, "-m", "relgraph", *map(str, words), "--fields", "id,a_rather_long_name_for_text"]
        subprocess.run(command, stdout=screen.stream, env=settings, check=True)
    assert screen.lines[0] == "id  …rather_long_name_for_text"
    assert len(screen.lines) == 5


def test_a_table_stops_at_some_point_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table shows 100 items where no limit is asked for and says that there are more; asked for all, shows all."""
    database = many(tmp_path / "many.db", SHOWN + 1)
    lines = on_terminal(monkeypatch, 80, "read", database, "numbers")
    assert len(lines) == 2 + SHOWN + 1
    assert lines[-1] == "... more than 100 items; --limit -1 shows all of them"
    assert len(on_terminal(monkeypatch, 80, "read", database, "numbers", "--limit", "-1")) == 2 + SHOWN + 1
    exact = on_terminal(
        monkeypatch, 80, "read", database, "numbers", "--query", "meta=*", "--filter", '{"id":{"_gt":1}}'
    )
    assert exact[-2:] == ["total_count: 101", "filter_count: 100"]
    assert on_terminal(monkeypatch, 80, "read", database, "numbers", "--search", "nothing") == ["no items"]


def test_a_terminal_shows_relations_as_table_and_tree(music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal relations are a table, and below it a tree of the ways on; of one collection only its own."""
    lines = on_terminal(monkeypatch, 100, "relations", music, "albums")
    assert lines[0].split() == ["field", "leads", "to", "way", "back", "kind", "junction", "with"]
    assert lines[-4:] == ["albums", "├─ artist → artists", "└─ lists_albums ⇉ lists_albums", "   └─ list → lists"]


def test_a_directus_project_shows_its_own_relations_first(run: Run) -> None:
    """Of a Directus project a person sees the project's relations; how many more Directus has is said."""
    lines = run("relations", DATASET, "--format", "table").stdout.splitlines()
    assert [line for line in lines if line.startswith("directus_")] == []
    listed = json.loads(run("relations", DATASET).stdout)
    system = [each for each in listed if each["many_collection"].startswith("directus_")]
    assert f"... and {len(system)} relations of Directus's own collections; --format json lists them" in lines
    assert "└─ roles ⇉ directus_roles" not in lines
    touching = run("relations", DATASET, "directus_users", "--format", "table").stdout
    assert "directus_sessions.user" in touching


# --- to a file -------------------------------------------------------------------------------------------------------


def test_the_name_of_a_file_picks_the_form(music: Path, run: Run, tmp_path: Path) -> None:
    """A file ending in .csv is CSV, in .ndjson or .jsonl a JSON text a line, else JSON; --format has the last word."""
    starts = {"a.csv": "id,title", "a.ndjson": '{"id"', "a.jsonl": '{"id"', "a.json": "[{", "a": "[{"}
    for name, start in starts.items():
        assert run("read", music, "albums", "-o", tmp_path / name).output == ""
        assert (tmp_path / name).read_text("utf-8").startswith(start)
    run("read", music, "albums", "-o", tmp_path / "a.csv", "--format", "table")
    assert (tmp_path / "a.csv").read_text("utf-8").startswith("id  title")


def test_a_file_is_written_whole_or_not_at_all(music: Path, run: Run, tmp_path: Path) -> None:
    """A failure leaves the file that was there as it was, and nothing beside it; the database is never the target."""
    target = tmp_path / "a.json"
    target.write_text("before")
    before = music.read_bytes()
    names = sorted(os.listdir(tmp_path))
    assert run("read", music, "odd \"table, of 'all'", "-o", target).exit_code == 2
    assert run("read", music, "albums", "--fields", "nope", "-o", target).exit_code == 2
    for words in (
        ["read", music, "albums"],
        ["graph", music],
        ["graph", music, "--format", "svg"],
        ["snapshot", music],
    ):
        itself = run(*words, "-o", music)
        assert itself.exit_code == 2
        assert "is the database itself" in itself.stderr
    assert (target.read_text(), sorted(os.listdir(tmp_path)), music.read_bytes()) == ("before", names, before)


def test_a_device_is_written_to_in_place(music: Path, run: Run) -> None:
    """What is no plain file, a pipe or device, is written to as it is."""
    assert run("read", music, "albums", "-o", os.devnull).exit_code == 0
    assert not Path(os.devnull).is_file()


def test_a_long_export_shows_how_far_it_is(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a file of many items is written a bar stands on a terminal's stderr; not for few items, groups or pipes."""
    database, target = many(tmp_path / "many.db", LONG + 500), tmp_path / "all.ndjson"
    bars = {}
    for options in (), ("--limit", str(LONG)), ("--offset", "501"), ("--group-by", "text"):
        with terminal() as screen, monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", screen.stream)
            group.main(["read", str(database), "numbers", "-o", str(target), *options], standalone_mode=False)
        bars[options] = screen.shown
    assert "100%" in bars[()]
    assert {shown for options, shown in bars.items() if options} == {""}
    assert run("read", database, "numbers", "-o", target).stderr == ""
    assert len(target.read_text().splitlines()) == LONG + 500


# --- failures --------------------------------------------------------------------------------------------------------

FAILURES: list[tuple[list[str], int, str]] = [
    (["read", "{music}", "albms"], 2, "there is no collection 'albms'; did you mean 'albums'?"),
    (["relations", "{music}", "albms"], 2, "did you mean 'albums'?"),
    (["get", "{music}", "albms", "1"], 2, "did you mean 'albums'?"),
    (["read", "{music}", "albums", "--fields", "artist.nmae"], 2, "artists has no field 'nmae'; did you mean 'name'?"),
    (["read", "{music}", "albums", "--filter", "{"], 2, "filter: not a valid JSON text"),
    (["read", "{music}", "albums", "--filter", '{"year": {"_gtt": 1}}'], 2, "there is no operator '_gtt'"),
    (["read", "{music}", "albums", "--limit", "x"], 2, "limit: a whole number from -1 is wanted, not 'x'"),
    (["read", "{music}", "albums", "--limit", "-2"], 2, "limit"),
    (["read", "{music}", "albums", "--page", "2"], 2, "page"),
    (["read", "{music}", "albums", "--deep", "[1]"], 2, "deep: an object is wanted"),
    (["read", "{music}", "albums", "--query", '{"limit": 1.5}'], 2, "limit"),
    (["explain", "{music}", "albums", "--sort", "yaer"], 2, "did you mean 'year'?"),
    (["get", "{music}", "albums", "99"], 2, "albums has no item with key '99'"),
    (["get", "{music}", "albums", "x"], 2, "albums has no item with key 'x'"),
    (["get", "{music}", "lists_albums", "1"], 2, "its key is a list of list, album"),
    (["get", "{music}", "albums"], 2, "Missing argument 'KEY...' (see relgraph get --help)"),
    (["read", "{music}"], 2, "Missing argument 'COLLECTION' (see relgraph read --help)"),
    (["read", "{music}", "albums", "--fild", "id"], 2, "No such option"),
    (["read", "{music}", "albums", "--format", "xml"], 2, "'xml' is not one of"),
    (["raed"], 2, "No such command 'raed'"),
    (["--nope"], 2, "(see relgraph --help)"),
    (["read", "{folder}/missing.db", "albums"], 1, "missing.db: there is no such file"),
    (["relations", "{folder}/missing.db"], 1, "there is no such file"),
    (["read", "{folder}", "albums"], 1, "it is a folder"),
    (["read", "{folder}/text.db", "albums"], 1, "the file is not a SQLite database, or it is encrypted"),
    (["read", "{folder}/empty.db", "albums"], 2, "there is no collection 'albums'; the database has no tables"),
    (["read", "{music}", "albums", "-o", "{folder}/no/a.json"], 1, "a.json.part: No such file or directory"),
]


@pytest.mark.parametrize(("words", "status", "line"), FAILURES)
def test_a_failure_is_one_line(music: Path, run: Run, tmp_path: Path, words: list[str], status: int, line: str) -> None:
    """What is wrong is said in one line on stderr, with the status of its kind, and no file is made."""
    (tmp_path / "text.db").write_text("this is no database, but it is long enough to be looked at" * 20)
    (tmp_path / "empty.db").touch()
    before = sorted(os.listdir(tmp_path))
    result = run(*(word.replace("{music}", str(music)).replace("{folder}", str(tmp_path)) for word in words))
    assert (result.stdout, result.exit_code) == ("", status)
    assert result.stderr.startswith("relgraph: ")
    assert result.stderr.count("\n") == 1
    assert line in result.stderr
    assert sorted(os.listdir(tmp_path)) == before


def test_an_empty_database_has_no_relations(run: Run, tmp_path: Path) -> None:
    """A database without tables opens, and says that nothing is there."""
    empty = tmp_path / "empty.db"
    empty.touch()
    assert json.loads(run("relations", empty).stdout) == []
    assert run("relations", empty, "--format", "table").stdout == "no relations; collections: none\n"


def test_a_damaged_text_is_no_traceback(run: Run, tmp_path: Path) -> None:
    """Stored text that is no UTF-8 is said to be damaged."""
    path = tmp_path / "bytes.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE texts (id INTEGER PRIMARY KEY, text TEXT)")
        connection.execute("INSERT INTO texts VALUES (1, CAST(x'ff41' AS TEXT))")
        connection.commit()
    result = run("read", path, "texts")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    """When the reader has seen enough (`| head -n 1`) the command ends without a word."""
    database = many(tmp_path / "many.db")
    with process("read", database, "numbers", "--format", "ndjson") as run:
        assert run.stdout is not None
        assert run.stderr is not None
        assert run.stdout.readline() == b'{"id":1,"text":"number 1"}\n'
        run.stdout.close()
        assert run.stderr.read() == b""


def test_an_interrupt_is_one_line(tmp_path: Path) -> None:
    """Ctrl-C ends a command with status 130 and one line."""
    database = many(tmp_path / "many.db")
    with process("read", database, "numbers", "--format", "ndjson") as run:
        assert run.stdout is not None
        run.stdout.read(1)  # it has begun, and cannot end: the pipe holds less than the answer
        run.send_signal(signal.SIGINT)
        _, err = run.communicate()
    assert (err, run.returncode) == (b"relgraph: interrupted\n", 130)


@pytest.mark.parametrize("given", [BrokenPipeError(), ZeroDivisionError()])
def test_a_closed_pipe_and_a_defect_stay_what_they_are(given: Exception) -> None:
    """A closed pipe is left to click, which is silent; a defect keeps its traceback."""
    with pytest.raises(type(given)) as caught, as_failures():
        raise given
    assert caught.value is given


def test_an_interrupt_is_a_failure() -> None:
    """What Ctrl-C raises becomes the failure with status 130."""
    with pytest.raises(Interrupted) as caught, as_failures():
        raise KeyboardInterrupt
    assert caught.value.exit_code == 130


# --- help ------------------------------------------------------------------------------------------------------------


def commands(below: click.Group, *names: str) -> Iterator[tuple[str, click.Command]]:
    """Yield every command by its words, those of a group among them."""
    for name, command in below.commands.items():
        yield " ".join((*names, name)), command
        if isinstance(command, click.Group):
            yield from commands(command, *names, name)


COMMANDS = dict(commands(group))
WORDS = {"collection": "books", "field": "books.author"}  # what stands for an argument; a number will do for the rest
OPTIONS = [
    (name, option)
    for name, command in COMMANDS.items()
    for option in command.params
    if isinstance(option, click.Option) and option.help and not option.is_flag
]


@pytest.mark.parametrize(("name", "option"), OPTIONS, ids=lambda value: getattr(value, "name", value))
def test_every_option_has_an_example_that_works(name: str, option: click.Option) -> None:
    """The help of an option ends in an example, which the command accepts."""
    example = shlex.split((option.help or "").splitlines()[-1])
    assert example[0] in option.opts
    command = COMMANDS[name]
    words = [
        WORDS.get(each.name or "", "7") for each in command.params if isinstance(each, click.Argument) and each.required
    ]
    for each in command.params:
        if isinstance(each, click.Option) and each.required and each is not option:
            words += shlex.split((each.help or "").splitlines()[-1])
    assert command.make_context(name, words + example).params[option.name or ""]


def test_help(run: Run) -> None:
    """Without a command, and with --help, relgraph says what it is, its commands and what its status means."""
    alone, asked = run(), run("--help")
    assert alone.stdout == asked.stdout
    assert alone.exit_code == 0
    assert "Exit status: 0 done; 1 the database" in alone.stdout
    assert [name for name in group.commands if f"\n  {name} " not in alone.stdout] == []
    assert run("--version").stdout == f"relgraph {relgraph.__version__}\n"


def test_help_fits_a_terminal(run: Run) -> None:
    """No line of any help text is wider than 96 columns."""
    for name in COMMANDS:
        assert max(map(len, run(*name.split(), "--help").stdout.splitlines())) <= 96
