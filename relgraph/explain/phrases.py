"""Phrases: names, values and conditions of a resolved query in words.

In: parts of a `ResolvedQuery`. Out: phrases without capital and full stop. Operators and functions bring their own
words; here are only those that join them. Texts stand in double quotes, names that are no plain words in single ones,
and what cannot be printed is escaped. Fails only where a parameter was given no value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias, assert_never

from relgraph.codecs import codec_of
from relgraph.operators import Arity
from relgraph.query.operands import NOBODY
from relgraph.query.resolved import (
    AllOf,
    AnyOf,
    Bindings,
    Condition,
    Measure,
    Moment,
    Operand,
    Order,
    Quantified,
    Test,
    Value,
)
from relgraph.schema import Field, Hop
from relgraph.values import DATES, FieldType, Stored

Path: TypeAlias = tuple[Hop, ...]

LONGEST_TEXT: Final = 200  # characters of an operand that are printed
MOST_VALUES: Final = 20  # operands of a list that are printed


def listed(parts: Sequence[str], word: str = "and") -> str:
    """Give phrases as a list.

    >>> listed(["a"]), listed(["a", "b", "c"]), listed(["a", "b"], "or")
    ('a', 'a, b and c', 'a or b')
    """
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"


# --- names -----------------------------------------------------------------------------------------------------------

_PLAIN: Final = re.compile(r"[\w$][\w:$(),]*")


def name_words(name: str) -> str:
    """Give a name, in single quotes where it is no plain word.

    >>> print(name_words("author"), name_words("item:headings"), name_words("odd name"), name_words("a.b"))
    author item:headings 'odd name' 'a.b'
    """
    return name if _PLAIN.fullmatch(name) else repr(name)


def path_words(path: Path, *names: str) -> str:
    """Give a path as a query spells it.

    >>> path_words((), "author", "name")
    'author.name'
    """
    return ".".join(name_words(name) for name in (*(hop.name for hop in path), *names))


# --- values ----------------------------------------------------------------------------------------------------------


def value_words(path: Path, value: Value) -> str:
    """Give the value at the end of a path: a field, or what a function makes of it."""
    if isinstance(value, Field):
        return path_words(path, value.name)
    subject, argument = value.subject, value.argument
    if isinstance(argument, Field):
        inner = path_words(path, subject.name, argument.name)
    elif isinstance(argument, tuple):
        inner = f"{_json_path(argument)} in {path_words(path, subject.name)}"
    else:
        inner = path_words(path, subject.name)
    return value.function.words.format(v=inner)


def _json_path(segments: Iterable[str | int]) -> str:
    text = "".join(f"[{segment}]" if isinstance(segment, int) else f".{name_words(segment)}" for segment in segments)
    return text.removeprefix(".")


def order_words(key: Order) -> str:
    """Give a sort key with its direction."""
    return value_words(key.path, key.value) + (", descending" if key.descending else "")


def measure_words(measure: Measure) -> str:
    """Give an aggregate; of no field it counts items."""
    words = measure.aggregate.words
    return words.format(v="items" if measure.field is None else name_words(measure.field.name))


def text_words(text: str) -> str:
    """Give a text in double quotes, cut where it is long, escaped where it cannot be printed.

    >>> print(text_words('say "hi"'), text_words("a\\x00b"), text_words("é"))
    "say \\"hi\\"" "a\\u0000b" "é"
    """
    cut = text[:LONGEST_TEXT]
    quoted = json.dumps(cut, ensure_ascii=not cut.isprintable())
    return quoted if cut == text else f"{quoted}... ({len(text)} characters)"


def stored_words(value: Stored, kind: FieldType = FieldType.ANY) -> str:
    """Give a stored value; moments in the form that answers have.

    >>> print(
    ...     stored_words(None), stored_words("x"), stored_words(0, FieldType.DATE), stored_words(1, FieldType.BOOLEAN)
    ... )
    null "x" 1970-01-01 true
    """
    if value is None:
        return "null"
    if value == NOBODY:
        return "the user, of whom nothing is known"
    if isinstance(value, bytes):
        return f"x'{value[:LONGEST_TEXT].hex()}'" + (f"... ({len(value)} bytes)" if len(value) > LONGEST_TEXT else "")
    if isinstance(value, str):
        return text_words(value)
    if kind is FieldType.BOOLEAN and value in (0, 1):
        return "true" if value else "false"
    answer = codec_of(kind, epoch=True).answer if kind in DATES else None
    return str(value if answer is None else answer(value))


def operand_words(operands: Sequence[Operand], kind: FieldType, bindings: Bindings) -> list[str]:
    """Give the operands of a test; a parameter that holds a list gives each of its values."""
    found = []
    for operand in operands:
        if isinstance(operand, Moment):
            found.append(operand.text)
            continue
        bound = operand.bind(bindings)
        found += [stored_words(value, kind) for value in (bound if isinstance(bound, tuple) else (bound,))]
    return found


# --- conditions ------------------------------------------------------------------------------------------------------

_QUANTIFIED: Final = {
    "some": "at least one item of {v} fulfils ({x})",
    "none": "no item of {v} fulfils ({x})",
    "every": "every item of {v}, if there is any, fulfils ({x})",
}
_EXISTING: Final = {"some": "there is an item of {v}", "none": "there is no item of {v}", "every": "anything (always)"}


def condition_words(condition: Condition, bindings: Bindings) -> str:
    """Give a condition; what belongs together stands in brackets."""
    match condition:
        case Test():
            return _test(condition, value_words(condition.path, condition.value), bindings)
        case Quantified():
            words = (_QUANTIFIED if condition.condition else _EXISTING)[condition.word]
            inner = "" if condition.condition is None else condition_words(condition.condition, bindings)
            return words.format(v=path_words((*condition.path, condition.hop)), x=inner)
        case AllOf():
            return " and ".join(bracketed(part, bindings) for part in condition.parts)
        case AnyOf():
            return " or ".join(bracketed(part, bindings) for part in condition.parts) or "nothing is (ever)"
        case _:
            assert_never(condition)


def bracketed(condition: Condition, bindings: Bindings) -> str:
    """Give a condition that stands among others."""
    words = condition_words(condition, bindings)
    return f"({words})" if isinstance(condition, (AllOf, AnyOf)) else words


def search_words(condition: Condition, bindings: Bindings) -> str:
    """Give what a search asks of an item; fields that are tested alike are named together."""
    values: dict[str, list[str]] = {}
    for test in condition.parts if isinstance(condition, AnyOf) else (condition,):
        assert isinstance(test, Test)
        values.setdefault(_test(test, "{v}", bindings), []).append(value_words(test.path, test.value))
    return " or ".join(words.replace("{v}", listed(named, "or"), 1) for words, named in values.items())


def _test(test: Test, value: str, bindings: Bindings) -> str:
    operands = operand_words(test.operands, test.value.type, bindings)
    words = test.operator.words
    if test.operator.arity is Arity.MANY:
        more = f" and {len(operands) - MOST_VALUES} more" if len(operands) > MOST_VALUES else ""
        return words.format(v=value, xs=f"{', '.join(operands[:MOST_VALUES]) or 'nothing'}{more}")
    if test.operator.arity is Arity.TWO:
        return words.format(v=value, x0=operands[0], x1=operands[1])
    return words.format(v=value, x=operands[0]) if operands else words.format(v=value)
