"""Sentences: what a resolved query asks for, a line each, those about nested items indented.

In: a `ResolvedQuery`, the `Query` it was made of (which tells a search from a filter), and bindings. Out: lines. Fails
only where a parameter was given no value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, assert_never

from attrs import frozen

from relgraph.explain.phrases import (
    bracketed,
    condition_words,
    listed,
    measure_words,
    name_words,
    order_words,
    search_words,
    stored_words,
    text_words,
    value_words,
)
from relgraph.explain.rules import condition_rules, order_rules
from relgraph.query.ast import Query
from relgraph.query.conditions import search_condition
from relgraph.query.resolved import (
    AnyOf,
    Bindings,
    Condition,
    GroupColumn,
    Grouping,
    GroupOrder,
    Page,
    ResolvedQuery,
    Show,
    ShowAny,
    ShowMany,
    Shown,
    ShowOne,
)
from relgraph.read.sql import conjuncts
from relgraph.schema import Field
from relgraph.values import Stored

_COUNTED: Final = {"total_count": "the number of all items", "filter_count": "the number of those asked for"}


def sentences(query: ResolvedQuery, asked: Query, bindings: Bindings) -> tuple[str, ...]:
    """Give the lines that say what a query asks for.

    >>> from relgraph.query.parse import parse
    >>> from relgraph.query.resolve import resolve
    >>> from relgraph.linking import link
    >>> from relgraph.schema import Collection, Field
    >>> from relgraph.values import FieldType
    >>> schema = link([Collection("tags", {"label": Field("tags", "label", FieldType.STRING)})], [])
    >>> asked = parse(fields=["label"], filter={"label": {"_starts_with": "x"}}, limit=3)
    >>> for line in sentences(resolve(asked, schema, "tags"), asked, Bindings()):
    ...     print(line)
    Read label of tags.
    Only items for which label starts with "x".
    At most 3 items.
    """
    return tuple(_Telling(bindings).question(query, asked))


@frozen
class _Telling:
    bindings: Bindings

    def question(self, query: ResolvedQuery, asked: Query) -> Iterator[str]:
        name = name_words(query.collection.name)
        if query.grouping is not None:
            yield f"{_grouped(query.grouping, f'the items of {name}')}."
        elif query.shows is None:
            yield f"Read the primary keys of {name}."
        else:
            yield f"Read {listed([_shown(show) for show in query.shows]) or 'no field'} of {name}."
        yield from self.rows(query, asked)
        if query.after is not None:
            yield _cursor(query.after.values(self.bindings))
        yield from (f"  {line}" for line in self.below(query, asked))
        if query.meta:
            yield f"Beside the items give {listed([_COUNTED[name] for name in query.meta])}."

    # --- the rows of one level ---

    def rows(self, query: ResolvedQuery, asked: Query) -> Iterator[str]:
        """Yield which rows of a level are meant, in which order, and how many of them."""
        if query.where is not None:
            yield f"Only items for which {self.condition(query.where, query, asked)}."
            yield from condition_rules(query.where)
        grouping = query.grouping
        keys = (
            [order_words(key) for key in query.order] if grouping is None else list(map(_group_order, grouping.order))
        )
        if keys:
            yield f"In the order of {', then '.join(keys)}."
        yield from order_rules(query)
        yield from self.page(query.page, "item" if grouping is None else "group")

    def condition(self, where: Condition, query: ResolvedQuery, asked: Query) -> str:
        """Give filter, search and keys; what was asked as a search is named so."""
        search = search_condition(query.collection, asked.search) if asked.search else None
        parts = conjuncts(where)
        if search not in parts:
            return condition_words(where, self.bindings)
        told = [
            self.search(part, asked.search or "")
            if part == search
            else bracketed(part, self.bindings)
            if len(parts) > 1
            else condition_words(part, self.bindings)
            for part in parts
        ]
        return " and ".join(told)

    def search(self, condition: Condition, text: str) -> str:
        if condition == AnyOf(()):
            return f"the search {text_words(text)} finds something, of which there is nothing to find it in"
        return f"the search {text_words(text)} finds something ({search_words(condition, self.bindings)})"

    def page(self, page: Page, thing: str) -> Iterator[str]:
        limit, offset = (
            number if number is None or isinstance(number, int) else number.bind(self.bindings)
            for number in (page.limit, page.offset)
        )
        behind = f", after the first {offset}" if offset else ""
        if limit is not None:
            yield f"At most {limit} {thing}{'' if limit == 1 else 's'}{behind}."
        elif offset:
            yield f"All {thing}s{behind}."

    # --- the levels below ---

    def below(self, query: ResolvedQuery, asked: Query) -> Iterator[str]:
        """Yield the lines of the levels that a level leads to."""
        deep = dict(asked.deep)
        for show in query.shows or ():
            match show:
                case Show():
                    continue
                case ShowOne() | ShowMany():
                    told = self.nested(show, deep.get(show.name) or Query())
                case ShowAny():
                    told = self.any(show, deep)
                case _:
                    assert_never(show)
            yield from told

    def nested(self, show: ShowOne | ShowMany, asked: Query) -> Iterator[str]:
        hop, query, name = show.hop, show.query, name_words(show.name)
        far = f"{name_words(hop.far)} whose {name_words(hop.far_field)} is its {name_words(hop.near_field)}"
        if query.grouping is not None:
            yield f"{name}: for each item apart. {_grouped(query.grouping, f'the items of {far}')}."
        elif isinstance(show, ShowMany):
            yield f"{name}: for each item, {_all(query)} of {far}{_with(query)}."
        else:
            yield f"{name}: for each item, the one of {far}{_with(query)}; null where there is none."
        yield from (f"  {line}" for line in (*self.rows(query, asked), *self.below(query, asked)))

    def any(self, show: ShowAny, deep: Mapping[str, Query | None]) -> Iterator[str]:
        hop = show.any_hop
        key, chooser = name_words(hop.name), name_words(hop.collection_field)
        which = f"the one whose key is its {key}, of the collection that its {chooser} names"
        yield f"{name_words(show.name)}: for each item, {which}."
        for name, query in show.queries.items():
            asked = deep.get(f"{show.name}:{name}") or Query()
            yield f"  Of {name_words(name)}: the item{_with(query)}; null where there is none."
            yield from (f"    {line}" for line in (*self.rows(query, asked), *self.below(query, asked)))
        others = [name for name in hop.relation.one_allowed_collections or () if name not in show.queries]
        if others:
            yield f"  Of {listed([name_words(name) for name in others])}: the primary key alone."


# --- parts of sentences ----------------------------------------------------------------------------------------------


def _shown(show: Shown) -> str:
    name = name_words(show.name)
    if isinstance(show, ShowAny):
        return name if show.name == show.any_hop.name else f"{name_words(show.any_hop.name)} as {name}"
    if not isinstance(show, Show):
        return name if show.name == show.hop.name else f"{name_words(show.hop.name)} as {name}"
    if isinstance(show.value, Field) and show.value.name == show.name:
        return name
    return f"{value_words((), show.value)} as {name}"


def _all(query: ResolvedQuery) -> str:
    return "the primary keys of the items" if query.shows is None else "the items"


def _with(query: ResolvedQuery) -> str:
    return f", with {listed([_shown(show) for show in query.shows])}" if query.shows else ""


def _grouped(grouping: Grouping, items: str) -> str:
    measures = listed([measure_words(measure) for measure in grouping.measures])
    if not grouping.columns:
        return f"Read {measures} over {items}"
    columns = listed([value_words(column.path, column.value) for column in grouping.columns])
    return f"Group {items} by {columns}" + (f", and read of each group {measures}" if measures else "")


def _group_order(key: GroupOrder) -> str:
    value = key.value
    words = value_words(value.path, value.value) if isinstance(value, GroupColumn) else measure_words(value)
    return words + (", descending" if key.descending else "")


def _cursor(values: tuple[Stored, ...] | None) -> str:
    if values is None:
        return "It is the first page of a cursor."
    return f"It is the page of a cursor that starts behind ({', '.join(map(stored_words, values))})."
