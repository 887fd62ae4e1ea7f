"""ResolvedQuery: what was asked, as `Field`, `Hop` and `Operator` objects with operands cast.

In: what `resolve` found in the schema. Out: the one type both evaluators, access and explain work on. Nothing is looked
up or guessed after this point. Every level of a nested read is a `ResolvedQuery` of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeAlias

from attrs import define, field, frozen

from relgraph.errors import InvalidQuery
from relgraph.functions import WHOLE, Aggregate, Function
from relgraph.operators import Operator
from relgraph.query.cursor import Signer, read_cursor
from relgraph.schema import AnyHop, Collection, Field, Hop
from relgraph.values import INTEGERS, FieldType, Stored

# --- operands --------------------------------------------------------------------------------------------------------


@define(eq=False)
class Bindings:
    """What is known only when a query runs: the arguments of its parameters, and the moment, one for all of it.

    `behind` are the sort values of the item that a cursor's page starts behind, as soon as the cursor has been read.
    """

    arguments: Mapping[str, Any] = field(factory=dict)
    _now: datetime | None = None
    behind: tuple[Stored, ...] | None = None

    @property
    def now(self) -> datetime:
        """The moment that `$NOW` means: the one given, or when it was first asked for."""
        if self._now is None:
            self._now = datetime.now(UTC)
        return self._now


@frozen
class Literal:
    """An operand known from the start, already cast to what the column is compared with."""

    value: Stored

    def bind(self, bindings: Bindings) -> Stored:
        """Give the value."""
        return self.value


@frozen
class Parameter:
    """An operand given at run time by name; cast then, with the same function and errors as a literal."""

    name: str
    where: str
    cast: Callable[[Any], Any] = field(eq=False, repr=False)  # to Stored, or to a tuple of them for a list operand

    def bind(self, bindings: Bindings) -> Any:
        """Give the cast argument. Raises `InvalidQuery` when none was given, `InvalidOperand` when it does not fit."""
        if self.name not in bindings.arguments:
            raise InvalidQuery(self.where, f"the parameter {self.name!r} was given no value")
        return self.cast(bindings.arguments[self.name])


@frozen
class Moment:
    """`$NOW` or `$NOW(-1 year)`: a moment reckoned when the query runs."""

    text: str
    reckon: Callable[[datetime], Stored] = field(eq=False, repr=False)

    def bind(self, bindings: Bindings) -> Stored:
        """Give the moment in the form the column is compared with."""
        return self.reckon(bindings.now)


@frozen
class SortValue:
    """One of the sort values that a cursor holds."""

    index: int

    def bind(self, bindings: Bindings) -> Stored:
        """Give the value; the cursor has been read, since it chose the statement."""
        assert bindings.behind is not None
        return bindings.behind[self.index]


Operand: TypeAlias = Literal | Parameter | Moment | SortValue


# --- what is compared, sorted and selected ---------------------------------------------------------------------------


@frozen
class Call:
    """A function over a field (`year(born)`, `json(meta, a.b)`) or over a to-many hop (`count(comments)`).

    `argument` is the json path as segments, or the field of the far collection that `sum(comments.likes)` adds up.
    Of a row that is not there, a call over a field is unknown, and `count` over a hop is 0.
    """

    function: Function
    subject: Field | Hop
    argument: tuple[str | int, ...] | Field | None = None

    @property
    def type(self) -> FieldType:
        """The type of the result, which decides what operators apply: min and max keep that of their field."""
        if isinstance(self.argument, Field) and self.function.name != "countDistinct":
            return FieldType.FLOAT if self.function.name == "avg" else self.argument.type
        return self.function.result

    def __str__(self) -> str:
        return f"{self.function.name}({self.subject if self.argument is None else f'{self.subject}, ...'})"


Value: TypeAlias = Field | Call


@frozen
class Test:
    """An operator on a value of the row that `path` leads to, from the root of the condition.

    Tests of one condition that go through a hop by the same path speak about the same joined row; where there is none,
    the row is all NULL. `operands` are as many as the operator's arity says; for MANY any number, or one parameter that
    is bound to a list.
    """

    __test__: ClassVar[bool] = False  # by its name pytest would take it for a test case

    path: tuple[Hop, ...]
    value: Value
    operator: Operator
    operands: tuple[Operand, ...]


@frozen
class AllOf:
    """AND of at least one condition."""

    parts: tuple[Condition, ...]


@frozen
class AnyOf:
    """OR of conditions; of none it is never true (a search where nothing can be searched, an empty list of keys)."""

    parts: tuple[Condition, ...]


@frozen
class Quantified:
    """A real quantifier over the rows that the to-many `hop` gives at the end of `path`.

    `condition` starts afresh at the far collection (own joined rows); None is fulfilled by every row.
    `some`: there is a row for which it is true. `none`: there is none. `every`: there is no row for which it is not
    true (false or unknown).
    """

    path: tuple[Hop, ...]
    hop: Hop
    word: str  # "some", "none" or "every"
    condition: Condition | None


Condition: TypeAlias = Test | AllOf | AnyOf | Quantified


@frozen
class Order:
    """One sort key; NULLs first ascending, last descending.

    Through a to-many hop an item stands where its first joined row stands, by the whole tuple of keys, among the joined
    rows that fulfil the filter (filter and sort share the rows of a shared path).
    """

    path: tuple[Hop, ...]
    value: Value
    descending: bool = False
    is_tie: bool = False  # nobody asked for it: a part of the primary key, which makes the order total


@frozen
class Page:
    """Which slice of the ordered items is wanted: skip `offset`, then at most `limit` (None: all)."""

    limit: int | Parameter | None = None
    offset: int | Parameter = 0


# --- what an item holds ----------------------------------------------------------------------------------------------


@frozen
class Show:
    """A value of the item itself, answered by its codec, under the key `name`."""

    name: str
    value: Value


@frozen
class ShowOne:
    """The item a to-one hop leads to, as an object, or None where `query.where` is not true; `query.page` is unused."""

    name: str
    hop: Hop
    query: ResolvedQuery


@frozen
class ShowMany:
    """The items a to-many hop leads to, as a list, in `query.order`, cut by `query.page` for each parent.

    With `query.shows` None the list holds bare primary keys.
    """

    name: str
    hop: Hop
    query: ResolvedQuery


@frozen
class ShowAny:
    """The item an any-to-many field points at.

    `queries` has the collections that were named: an object, or None where the item is missing or filtered out.
    Other allowed collections answer the stored key as text; a NULL or not allowed collection answers None.
    """

    name: str
    any_hop: AnyHop
    queries: Mapping[str, ResolvedQuery] = field(hash=False)
    quiet: bool = False  # an item that would be an empty object is left out: an access sees it, but nothing was asked


Shown: TypeAlias = Show | ShowOne | ShowMany | ShowAny


# --- grouping --------------------------------------------------------------------------------------------------------


@frozen
class GroupColumn:
    """A value to group by; `names` is where it stands in the answer: ("status",), or ("author", "name") nested."""

    names: tuple[str, ...]
    path: tuple[Hop, ...]  # to-one hops only
    value: Value


@frozen
class Measure:
    """An aggregate over a group, at `names` in the answer: ("count",), ("sum", "views"). No field: counts the rows."""

    names: tuple[str, ...]
    aggregate: Aggregate
    field: Field | None

    @property
    def is_whole(self) -> bool:
        """Whether it is a sum or mean of a field of whole numbers."""
        return self.field is not None and self.field.type in INTEGERS and self.aggregate.name in WHOLE


@frozen
class GroupOrder:
    """A sort key of a grouped query: one of its columns or measures."""

    value: GroupColumn | Measure
    descending: bool = False


@frozen
class Grouping:
    """Aggregation over the items that pass the filter, each counted once; without columns, one group of all."""

    columns: tuple[GroupColumn, ...]
    measures: tuple[Measure, ...]
    order: tuple[GroupOrder, ...]


@frozen
class After:
    """Where the page of a cursor starts: behind the item whose sort values it holds.

    `slots` are these values as operands, with None for NULL, as they decide the form of the condition; without slots
    the page is the first one.
    """

    cursor: Literal | Parameter
    signer: Signer
    size: int  # sort keys
    slots: tuple[SortValue | None, ...] | None = None

    def values(self, bindings: Bindings) -> tuple[Stored, ...] | None:
        """Give the sort values, None at the beginning of the list. Raises `InvalidQuery` on what is no cursor of it."""
        if bindings.behind is None and (text := self.cursor.bind(bindings)) != "":
            bindings.behind = read_cursor(str(text), self.signature(bindings), self.size)
        return bindings.behind

    def signature(self, bindings: Bindings) -> str:
        """Give what signs the cursors of this list."""
        return self.signer.sign(bindings.arguments)


@frozen
class ResolvedQuery:
    """One level of a read, ready for either evaluator.

    `shows` None: bare primary keys instead of objects (a list for a composite key). `where` holds filter, search and
    keys together. `order` ends with the primary key wherever there is one, so it is total. With `grouping`, `shows` and
    `order` are not used.
    """

    collection: Collection
    shows: tuple[Shown, ...] | None
    where: Condition | None = None
    order: tuple[Order, ...] = ()
    page: Page = Page()
    meta: tuple[str, ...] | None = None
    grouping: Grouping | None = None
    counted: ResolvedQuery | None = None  # what the meta counts speak of, where that is not this query
    after: After | None = None  # keyset paging: only items behind these sort values
