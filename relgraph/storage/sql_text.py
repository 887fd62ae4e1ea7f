"""The text of CREATE TABLE statements: foreign keys put in and taken out, every other character kept.

In: the text SQLite keeps in `sqlite_master.sql`, and names. Out: the same text with one foreign key more, less or
changed. Raises `CannotChangeTable` on a text that is no CREATE TABLE with a list of columns. Whether SQLite reads the
result as intended is for `ddl` to verify.

Source: https://www.sqlite.org/lang_createtable.html and the grammar of SQLite: names may be quoted in four ways, the
comma between two table constraints may be missing, and a DEFERRABLE clause may stand apart from its REFERENCES.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from attrs import frozen

from relgraph.errors import CannotChangeTable
from relgraph.schema import folded


@frozen
class Token:
    """One piece of SQL text, where it starts, and how deep in parentheses (a parenthesis is outside itself)."""

    kind: str  # "space", "comment", "quoted", "string", "blob", "number", "word" or "sign"
    text: str
    start: int
    depth: int

    @property
    def end(self) -> int:
        """Where the next piece starts."""
        return self.start + len(self.text)

    def is_word(self, *words: str) -> bool:
        """Whether this is one of the bare words, in any case; a quoted name is never a keyword."""
        return self.kind == "word" and self.text.upper() in words

    @property
    def name(self) -> str:
        """The name that this piece spells, without its quotes.

        >>> [token.name for token in tokens('"a""b"[c d]') if token.kind == "quoted"]
        ['a"b', 'c d']
        """
        if self.kind == "quoted" and self.text[0] == "[":
            return self.text[1:-1]
        if self.kind in ("quoted", "string"):
            quote = self.text[0]
            return self.text[1:-1].replace(quote * 2, quote)
        return self.text


_PIECE: Final = re.compile(
    r"""(?P<space>[ \t\n\f\r]+)
    |(?P<comment>--[^\n]*\n?|/\*.*?(?:\*/|\Z))
    |(?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^]]*\])
    |(?P<blob>[xX]'[0-9a-fA-F]*')
    |(?P<string>'(?:[^']|'')*')
    |(?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<word>[A-Za-z_\x80-\U0010ffff][\w$\x80-\U0010ffff]*)
    |(?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)
_WORD_END: Final = re.compile(r"[\w$\x80-\U0010ffff]\Z")
_WORD_START: Final = re.compile(r"[\w$\x80-\U0010ffff'\"`]")
_ACTIONS: Final = {"CASCADE": 1, "RESTRICT": 1, "SET": 2, "NO": 2}  # first word: how many words the action has
TABLE_CONSTRAINTS: Final = ("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN")


def tokens(sql: str) -> Iterator[Token]:
    """Yield the pieces of a text in order; joined they are the text again.

    >>> [token.text for token in tokens("a /* b */ 'c''d'")]
    ['a', ' ', '/* b */', ' ', "'c''d'"]
    """
    depth = 0
    for match in _PIECE.finditer(sql):
        kind = match.lastgroup or "sign"
        depth -= match[0] == ")"
        yield Token(kind, match[0], match.start(), depth)
        depth += match[0] == "("


def quoted(name: str) -> str:
    """Give a name as SQL spells it, whatever is in it.

    >>> print(quoted('the "odd" one'))
    "the ""odd"" one"
    """
    return '"' + name.replace('"', '""') + '"'


def same_name(left: str, right: str) -> bool:
    """Whether SQLite takes two names for one: the case of ASCII letters does not count.

    >>> same_name("Author", "aUTHOR"), same_name("É", "é")
    (True, False)
    """
    return folded(left) == folded(right)


# --- the public changes ----------------------------------------------------------------------------------------------


def with_foreign_key(
    sql: str, column: str, target: str, target_column: str, on_delete: str = "NO ACTION", on_update: str = "NO ACTION"
) -> str:
    """Give the text with a foreign key from `column` to `target_column` of `target`, under these actions.

    A key that the column has already is changed where it stands: its constraint name, MATCH and DEFERRABLE stay.
    Otherwise a table constraint is added behind the last one.

    >>> with_foreign_key("CREATE TABLE c(id, p -- the parent\\n)", "p", "parents", "id", "CASCADE")
    'CREATE TABLE c(id, p, FOREIGN KEY ("p") REFERENCES "parents" ("id") ON DELETE CASCADE -- the parent\\n)'
    """
    body = Body(sql)
    target_text = f"{quoted(target)} ({quoted(target_column)})"
    actions = _actions_text(on_delete, on_update)
    found = body.foreign_keys(column)
    if not found:
        added = f", FOREIGN KEY ({quoted(column)}) REFERENCES {target_text}{actions}"
        return edited(sql, [(body.end, body.end, added)])
    edits = [(found[0].target.start, found[0].target.stop, target_text + actions)]
    edits += [(span.start, span.stop, "") for span in found[0].actions]
    edits += [(span.start, span.stop, "") for other in found[1:] for span in other.removed]
    return edited(sql, edits)


def without_foreign_key(sql: str, column: str) -> str:
    """Give the text without the foreign keys that `column` holds alone; composite keys it is part of stay.

    >>> without_foreign_key("CREATE TABLE c(id, p INT CONSTRAINT k REFERENCES parents ON DELETE CASCADE NOT NULL)", "p")
    'CREATE TABLE c(id, p INT NOT NULL)'
    """
    found = Body(sql).foreign_keys(column)
    return edited(sql, [(span.start, span.stop, "") for key in found for span in key.removed])


def without_keys_to(sql: str, table: str | None = None) -> str:
    """Give the text without the foreign keys to a table, composite ones too; without any where none is named.

    >>> without_keys_to("CREATE TABLE c(a REFERENCES P, b REFERENCES q, FOREIGN KEY (a, b) REFERENCES p (x, y))", "p")
    'CREATE TABLE c(a, b REFERENCES q)'
    """
    found = [key for key in Body(sql).foreign_keys() if table is None or same_name(key.table, table)]
    return edited(sql, [(span.start, span.stop, "") for key in found for span in key.removed])


def with_table_name(sql: str, name: str) -> str:
    """Give the text as the definition of a table of another name.

    >>> with_table_name("CREATE TABLE [a b](id)", "c")
    'CREATE TABLE "c"(id)'
    """
    token = Body(sql).table
    return edited(sql, [(token.start, token.end, quoted(name))])


def _actions_text(on_delete: str, on_update: str) -> str:
    """Give the clauses of a foreign key's actions; NO ACTION is what no clause means."""
    clauses = (("DELETE", on_delete), ("UPDATE", on_update))
    return "".join(f" ON {event} {action}" for event, action in clauses if action != "NO ACTION")


def edited(sql: str, edits: Iterable[tuple[int, int, str]]) -> str:
    """Give the text with pieces replaced, and a blank wherever two words would grow together."""
    for start, stop, text in sorted(edits, reverse=True):
        before, after = sql[:start] + text, sql[stop:]
        sql = before + (" " if _WORD_END.search(before) and _WORD_START.match(after) else "") + after
    return sql


# --- reading the body ------------------------------------------------------------------------------------------------


@frozen
class KeyText:
    """Where a foreign key stands in the text.

    `table` is what it refers to, `target` that table with its columns, `actions` its ON DELETE and ON UPDATE clauses,
    `removed` all that goes with it when it is dropped.
    """

    table: str
    target: range
    actions: tuple[range, ...]
    removed: tuple[range, ...]


class Body:
    """The pieces between the parentheses of a CREATE TABLE, and what foreign keys are there."""

    def __init__(self, sql: str) -> None:
        pieces = list(tokens(sql))
        words = [token for token in pieces if token.kind not in ("space", "comment")]
        first = next((index for index, token in enumerate(words) if token.text == "("), 0)
        last = next((index for index, token in enumerate(words) if token.text == ")" and token.depth == 0), 0)
        if not (0 < first < last and words[0].is_word("CREATE") and words[1].is_word("TABLE")):
            raise CannotChangeTable(sql.split("(")[0].strip(), "it is not defined by a list of columns")
        self.table = words[first - 1]
        self.end = words[last - 1].end  # behind the last word, before comments that may follow it
        self._pieces = pieces
        self._words = words[first + 1 : last]

    def foreign_keys(self, column: str | None = None) -> list[KeyText]:
        """Give the foreign keys that the column holds alone, else all, in the order of the text."""
        return [key for comma, part in self.parts() for key in self._keys_in(part, comma, column)]

    def parts(self) -> Iterator[tuple[Token | None, list[Token]]]:
        """Yield the columns and constraints of the table, each with the comma before it."""
        comma: Token | None = None
        part: list[Token] = []
        for token in self._words:
            if token.text == "," and token.depth == 1:
                yield comma, part
                comma, part = token, []
            else:
                part.append(token)
        yield comma, part

    def _keys_in(self, part: list[Token], comma: Token | None, column: str | None) -> Iterator[KeyText]:
        if part[0].is_word(*TABLE_CONSTRAINTS):
            yield from self._table_keys(part, comma, column)
        elif column is None or same_name(part[0].name, column):
            yield from self._column_keys(part)

    def _column_keys(self, part: list[Token]) -> Iterator[KeyText]:
        """Yield the keys of a column's own definition; a DEFERRABLE behind the first REFERENCES is part of them."""
        starts = [index for index, token in enumerate(part) if token.depth == 1 and token.is_word("REFERENCES")]
        for start in starts:
            target, actions, stop = reference(part, start)
            removed = [self.span(part, _named_start(part, start), stop)]
            if start == starts[0]:
                removed += [self.span(part, *clause) for clause in _deferrals(part, start)]
            spans = tuple(self.span(part, *action) for action in actions)
            yield KeyText(part[start + 1].name, target, spans, tuple(removed))

    def _table_keys(self, part: list[Token], comma: Token | None, column: str | None) -> Iterator[KeyText]:
        """Yield the table constraints FOREIGN KEY (column); there may be several constraints between two commas."""
        starts = [index for index, token in enumerate(part) if token.depth == 1 and token.is_word("FOREIGN")]
        for start in starts:
            to = next(i for i in range(start, len(part)) if part[i].is_word("REFERENCES") and part[i].depth == 1)
            columns = [token for token in part[start:to] if token.depth == 2]
            composite = any(token.text == "," for token in columns)
            if column is not None and (composite or not same_name(columns[0].name, column)):
                continue
            target, actions, stop = reference(part, to)
            stop = max([stop, *(clause_stop for at, clause_stop in _deferrals(part, stop) if at == stop)])
            removed = [self.span(part, _named_start(part, start), stop)]
            if comma and _named_start(part, start) == 0 and stop == len(part):
                removed.append(range(comma.start, comma.end))
            spans = tuple(self.span(part, *action) for action in actions)
            yield KeyText(part[to + 1].name, target, spans, tuple(removed))

    def span(self, part: Sequence[Token], start: int, stop: int) -> range:
        """Give the text of part[start:stop] with the blanks before it."""
        begin = part[start].start
        blanks = [token for token in self._pieces if token.kind == "space" and token.end == begin]
        return range(blanks[0].start if blanks else begin, part[stop - 1].end)


def _named_start(part: Sequence[Token], start: int) -> int:
    """Give where a constraint starts with the CONSTRAINT name before it, if it has one."""
    return start - 2 if start >= 2 and part[start - 2].is_word("CONSTRAINT") else start


def reference(part: Sequence[Token], start: int) -> tuple[range, list[tuple[int, int]], int]:
    """Read REFERENCES table [(columns)] [ON event action | MATCH name]...: the target's span, the actions, the end."""
    index = start + 2
    if index < len(part) and part[index].text == "(":
        index = next(i for i in range(index, len(part)) if part[i].text == ")" and part[i].depth == 1) + 1
    target = range(part[start + 1].start, part[index - 1].end)
    actions = []
    while index < len(part):
        if part[index].is_word("MATCH"):
            index += 2
        elif part[index].is_word("ON"):
            stop = index + 2 + _ACTIONS[part[index + 2].text.upper()]
            if part[index + 1].is_word("DELETE", "UPDATE"):
                actions.append((index, stop))
            index = stop
        else:
            break
    return target, actions, index


def _deferrals(part: Sequence[Token], start: int) -> Iterator[tuple[int, int]]:
    """Yield where [NOT] DEFERRABLE [INITIALLY ...] clauses stand behind `start`."""
    for index in range(start, len(part)):
        if part[index].depth == 1 and part[index].is_word("DEFERRABLE"):
            initially = index + 1 < len(part) and part[index + 1].is_word("INITIALLY")
            begin = index - 1 if index > start and part[index - 1].is_word("NOT") else index
            yield begin, index + (3 if initially else 1)
