"""Every error relgraph raises on purpose.

In: the facts of one failure. Out: a class to catch, a sentence to read, a body to send. Nothing here can fail.
Each class has the API's `code` and HTTP `status`; `where` is the path into the user's input ("filter.author.nmae").
Fields are positional so that errors survive pickling; the message is built in `__str__`, never where it is raised.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from reprlib import Repr
from typing import Any, ClassVar, Final

from attrs import define


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Give the end of a sentence that offers the nearest known names, or nothing.

    >>> did_you_mean("nmae", ("name", "age"))
    "; did you mean 'name'?"
    >>> did_you_mean("zzz", ("name", "age"))
    ''
    """
    known = list(known)
    if not isinstance(name, str):  # what is no name is like none
        return ""
    lowered = {candidate.lower(): candidate for candidate in known}
    near = [lowered[name.lower()]] if name.lower() in lowered else get_close_matches(name, known, n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


def listed(names: Iterable[str], limit: int = 8) -> str:
    """Give names as the middle of a sentence, cut after `limit`.

    >>> listed(("a", "b", "c"), limit=2)
    'a, b, ... (3 in all)'
    >>> listed(())
    'none'
    """
    names = list(names)
    if not names:
        return "none"
    head = ", ".join(names[:limit])
    return head if len(names) <= limit else f"{head}, ... ({len(names)} in all)"


class _Short(Repr):
    """Prints any value in bounded room; Python itself refuses to print integers of more than 4300 digits."""

    def repr_int(self, number: int, level: int) -> str:
        return repr(number) if number.bit_length() < 256 else f"a number of {number.bit_length()} bits"


_SHORT: Final = _Short()
_SHORT.maxstring = _SHORT.maxother = 80


def shown(value: Any) -> str:
    """Give a value as the middle of a sentence, cut where it is long or deep.

    >>> shown("x"), shown([1, [2]]), shown(10**5000)
    ("'x'", '[1, [2]]', 'a number of 16610 bits')
    """
    return _SHORT.repr(value)


class RelgraphError(Exception):
    """The base of all errors: `.code`, `.status`, `.where`, and `str()` as a full sentence with a hint.

    >>> error = UnknownField("filter.author.nmae", "authors", "nmae", ("id", "name"))
    >>> print(error)
    filter.author.nmae: authors has no field 'nmae'; did you mean 'name'?
    >>> error.code, error.status
    ('FORBIDDEN', 403)
    """

    code: ClassVar[str] = "INTERNAL"
    status: ClassVar[int] = 500
    where: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give the body an API would send.

        >>> UnknownCollection("collection", "artcles", ("articles",)).to_dict()["errors"][0]["extensions"]
        {'code': 'FORBIDDEN'}
        """
        return {"errors": [{"message": str(self), "extensions": {"code": self.code}}]}


def _at(where: str) -> str:
    return f"{where}: " if where else ""


# --- queries ---------------------------------------------------------------------------------------------------------


class QueryError(RelgraphError):
    """The question itself is at fault; nothing was read."""

    code = "INVALID_QUERY"
    status = 400


@define(eq=False)
class InvalidQuery(QueryError):
    """A part of the query has the wrong shape, operand, or combination."""

    where: str
    problem: str  # "limit must be -1 or more, not -2"
    hint: str = ""

    def __str__(self) -> str:
        return f"{_at(self.where)}{self.problem}" + (f"; {self.hint}" if self.hint else "")


@define(eq=False)
class UnknownOperator(QueryError):
    """A key that starts with an underscore names no operator."""

    where: str
    operator: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        return f"{_at(self.where)}there is no operator {self.operator!r}{did_you_mean(self.operator, self.known)}"


@define(eq=False)
class UnknownFunction(QueryError):
    """A call in a path names no function."""

    where: str
    function: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        return f"{_at(self.where)}there is no function {self.function!r}{did_you_mean(self.function, self.known)}"


@define(eq=False)
class OperatorNotAllowed(QueryError):
    """The operator or function exists, but not for fields of this type."""

    where: str
    operator: str
    field: str
    field_type: str
    allowed: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{_at(self.where)}{self.operator} does not apply to {self.field} of type {self.field_type}; "
            f"what applies: {listed(self.allowed, 40)}"
        )


@define(eq=False)
class InvalidOperand(QueryError):
    """An operand cannot be understood as a value of the field's type."""

    where: str
    operator: str
    given: Any
    wanted: str  # "a number"

    def __str__(self) -> str:
        return f"{_at(self.where)}{self.operator} needs {self.wanted}, not {shown(self.given)}"


@define(eq=False)
class LimitExceeded(QueryError):
    """The query is too deep, too broad or too costly; nothing was run."""

    where: str
    measure: str  # "relational depth"
    count: int
    limit: int
    setting: str  # "max_depth"

    def __str__(self) -> str:
        return f"{_at(self.where)}the {self.measure} is {self.count}, more than {self.setting} = {self.limit}"


@define(eq=False)
class UnknownParameter(QueryError):
    """A Python keyword argument is no query parameter."""

    where: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        return f"there is no query parameter {self.where!r}{did_you_mean(self.where, self.known)}"


@define(eq=False)
class InvalidPayload(RelgraphError):
    """A value handed over beside the query (keys, a relation's definition) has the wrong shape."""

    code: ClassVar[str] = "INVALID_PAYLOAD"
    status: ClassVar[int] = 400
    where: str
    problem: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{_at(self.where)}{self.problem}" + (f"; {self.hint}" if self.hint else "")


# --- names and keys --------------------------------------------------------------------------------------------------


class Forbidden(RelgraphError):
    """A name or key is unknown, or hidden from this caller: the API does not tell which."""

    code = "FORBIDDEN"
    status = 403


@define(eq=False)
class UnknownCollection(Forbidden):
    """No collection of that name can be read."""

    where: str
    collection: str
    known: tuple[str, ...]
    reason: str = ""  # why one that is there cannot be read

    def __str__(self) -> str:
        if self.reason:
            return f"{_at(self.where)}the collection {self.collection!r} cannot be read: {self.reason}"
        if not self.known:
            return f"{_at(self.where)}there is no collection {self.collection!r}; the database has no tables"
        return f"{_at(self.where)}there is no collection {self.collection!r}{did_you_mean(self.collection, self.known)}"


@define(eq=False)
class UnknownField(Forbidden):
    """A path names a field that its collection does not have."""

    where: str
    collection: str
    field: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        hint = did_you_mean(self.field, self.known)
        return f"{_at(self.where)}{self.collection} has no field {self.field!r}{hint}"


@define(eq=False)
class NotARelation(Forbidden):
    """A path goes on behind a field that leads nowhere, or a relation is asked for where there is none."""

    where: str
    collection: str
    field: str
    relations: tuple[str, ...]  # the fields of the collection that do lead on
    reason: str = ""  # why a relation that is there cannot be travelled

    def __str__(self) -> str:
        if self.reason:
            return f"{_at(self.where)}the relation of {self.collection}.{self.field} cannot be used: {self.reason}"
        return (
            f"{_at(self.where)}{self.collection}.{self.field} is no relation; "
            f"relations of {self.collection}: {listed(self.relations)}"
        )


@define(eq=False)
class ItemNotFound(Forbidden):
    """No item has that key (or the query filters it out)."""

    where: str
    collection: str
    key: Any
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.collection} has no item with key {self.key!r}" + (f": {self.reason}" if self.reason else "")


@define(eq=False)
class AdminNeeded(Forbidden):
    """Something that only an administrator may do was asked for through a restricted view."""

    where: str

    def __str__(self) -> str:
        return f"{self.where} needs the access of an administrator; this view of the registry is restricted"


@define(eq=False)
class FenceCrossed(Forbidden):
    """A restricted read would have read what its access does not declare: a fault of relgraph that reveals nothing."""

    collection: str
    field: str

    def __str__(self) -> str:
        return "the read was stopped, for it would have gone beyond its access; please report this fault of relgraph"


@define(eq=False)
class InvalidCredentials(RelgraphError):
    """Who asks is not known, or not active; the API does not tell which."""

    code: ClassVar[str] = "INVALID_CREDENTIALS"
    status: ClassVar[int] = 401
    where: str

    def __str__(self) -> str:
        return f"{_at(self.where)}there is no active user of that key"


@define(eq=False)
class RelationNotFound(RelgraphError):
    """No stored relation has that id."""

    code: ClassVar[str] = "NOT_FOUND"
    status: ClassVar[int] = 404
    where: str
    id: Any
    known: tuple[int, ...]

    def __str__(self) -> str:
        return f"there is no relation with id {self.id!r}; stored ids: {listed(map(str, self.known), 20)}"


# --- definitions -----------------------------------------------------------------------------------------------------


@define(eq=False)
class RuleViolation(RelgraphError):
    """A definition breaks one consistency rule; the database is as it was."""

    code: ClassVar[str] = "INVALID_PAYLOAD"
    status: ClassVar[int] = 400
    rule: str  # slug of the rule
    where: str  # "articles.author"
    value: Any
    problem: str
    hint: str = ""  # what would work
    field: str = ""  # the part of the definition that is at fault: "one_field"
    collection: str = ""  # where it is defined, as far as a rule of definitions says it

    @property
    def relation(self) -> str:
        """The relation that is at fault: "articles.author"."""
        return self.where

    def __str__(self) -> str:
        return f"{_at(self.where)}{self.problem}{self.hint and f'; {self.hint}'} (rule {self.rule})"


@define(eq=False)
class RecordNotUnique(RelgraphError):
    """A stored relation has that id already."""

    code: ClassVar[str] = "RECORD_NOT_UNIQUE"
    status: ClassVar[int] = 400
    where: str
    id: Any

    def __str__(self) -> str:
        return f"{_at(self.where)}the id {self.id!r} is taken by another relation; leave it out to get a new one"


@define(eq=False)
class InconsistentDefinition(RelgraphError):
    """A change of definitions was refused whole: every rule it breaks, together."""

    code: ClassVar[str] = "INVALID_PAYLOAD"
    status: ClassVar[int] = 400
    violations: tuple[RuleViolation, ...]

    @property
    def where(self) -> str:  # type: ignore[override]  # derived from the first violation, so that the two agree
        return self.violations[0].where

    def __str__(self) -> str:
        return "\n".join(map(str, self.violations))


@define(eq=False)
class CascadeNeeded(RelgraphError):
    """What is to be dropped is used elsewhere, and dropping it would change that too; nothing was changed."""

    code: ClassVar[str] = "INVALID_PAYLOAD"
    status: ClassVar[int] = 400
    where: str
    consequences: tuple[str, ...]

    def __str__(self) -> str:
        return f"{_at(self.where)}dropping it would change more: {'; '.join(self.consequences)}; cascade=True does that"


@define(eq=False)
class MissingExtra(RelgraphError):
    """What was asked for needs a package that is not installed."""

    where: str
    package: str
    extra: str

    def __str__(self) -> str:
        return f"{self.where} needs {self.package}; pip install 'relgraph[{self.extra}]' brings it"


# --- the database ----------------------------------------------------------------------------------------------------


class DatabaseError(RelgraphError):
    """The file, not the question, is at fault; what was stored is as it was."""


@define(eq=False)
class CannotOpen(DatabaseError):
    """The file is missing, a folder, or not ours to read."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"cannot open {self.where}: {self.reason}"


@define(eq=False)
class NotADatabase(DatabaseError):
    """The file is no SQLite database, or an encrypted one."""

    where: str
    reason: str = "the file is not a SQLite database, or it is encrypted"

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


@define(eq=False)
class DatabaseCorrupt(DatabaseError):
    """SQLite finds the file damaged."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: the database file is damaged ({self.reason}); restore a backup, or try .recover"


@define(eq=False)
class UnreadableText(DatabaseError):
    """A text was stored that is no UTF-8."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: a stored text is no UTF-8, so it cannot be read ({self.reason}); leave the field out"


@define(eq=False)
class UnknownCollation(DatabaseError):
    """A column compares texts in an application's own way, which this connection does not know."""

    where: str
    collation: str

    def __str__(self) -> str:
        return (
            f"{self.where}: texts would be compared by the collation {self.collation!r}, which is not known here; "
            "give it to the connection with create_collation"
        )


@define(eq=False)
class DatabaseBusy(DatabaseError):
    """Another connection held the lock for longer than the busy timeout."""

    code: ClassVar[str] = "SERVICE_UNAVAILABLE"
    status: ClassVar[int] = 503
    where: str
    timeout_ms: int

    def __str__(self) -> str:
        return f"{self.where}: another connection holds the lock; waited {self.timeout_ms} ms, nothing was changed"


@define(eq=False)
class DatabaseFull(DatabaseError):
    """The disk, or the size limit of the database, is exhausted."""

    code: ClassVar[str] = "INSUFFICIENT_STORAGE"
    status: ClassVar[int] = 507
    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: no room left to write ({self.reason}); nothing was changed"


@define(eq=False)
class DatabaseReadOnly(DatabaseError):
    """A write was asked of a database that was opened, or is, read-only."""

    code: ClassVar[str] = "FORBIDDEN"
    status: ClassVar[int] = 403
    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: the database is read-only ({self.reason}); nothing was changed"


@define(eq=False)
class CannotChangeTable(DatabaseError):
    """The definition of a table cannot be changed, or not now; it is as it was."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"cannot change the definition of {self.where}: {self.reason}; nothing was changed"


@define(eq=False)
class CannotGuard(DatabaseError):
    """Rows break already what guards are to enforce; nothing was changed."""

    code: ClassVar[str] = "INVALID_PAYLOAD"
    status: ClassVar[int] = 400
    where: str
    audit: Any  # the Audit of what stands in the way

    def __str__(self) -> str:
        problems = "; ".join(f"{each.relation}: {each.sentence} ({each.rule})" for each in self.audit)
        return f"{self.where} cannot be guarded: {problems}; repair that first, nothing was changed"


@define(eq=False)
class CannotExcerpt(DatabaseError):
    """A new database cannot take the rows or definitions of another as they are; it was not made."""

    code: ClassVar[str] = "INVALID_PAYLOAD"
    status: ClassVar[int] = 400
    where: str  # the table, view or trigger
    reason: str

    def __str__(self) -> str:
        return f"{self.where} cannot be put into a new database: {self.reason}; nothing was written"


@define(eq=False)
class RolledBack(DatabaseError):
    """A trigger of the database rolled back more than its own statement: all that was written before it went too."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: a trigger rolled everything back ({self.reason}); nothing was changed"


@define(eq=False)
class WrongThread(DatabaseError):
    """A registry was used from another thread than the one that opened it."""

    where: str

    def __str__(self) -> str:
        return f"{self.where}: a registry belongs to the thread that opened it; open one per thread"


@define(eq=False)
class RegistryClosed(DatabaseError):
    """The registry was used after close()."""

    where: str

    def __str__(self) -> str:
        return f"{self.where}: the registry is closed"
