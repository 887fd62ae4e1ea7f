"""Selection: which values and relations of an item one level of `fields` asks for.

In: the paths of one level, its aliases, and the hop that led here. Out: by answer key, in the order asked for, the
value to show or the relation to go into, with the paths asked of it. Unknown names are noted in the `Resolution`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from attrs import define, field, frozen

from relgraph.errors import InvalidQuery, NotARelation, UnknownCollection, listed
from relgraph.functions import RELATION_AGGREGATES
from relgraph.query.paths import Named, call, call_parts, leads_nowhere, own, related_key, split, unknown
from relgraph.query.resolution import Phase, Resolution
from relgraph.query.resolved import Call, Show
from relgraph.schema import AnyHop, Collection, Field, Hop


@define
class Branch:
    """A relation to go into, and what is asked of its items; no paths: their keys alone."""

    subject: Hop | AnyHop
    paths: dict[str, None] = field(factory=dict)
    scopes: dict[str, dict[str, None]] = field(factory=dict)  # of an any-to-many field: paths by collection


Selected: TypeAlias = Show | Branch


@frozen
class Level:
    """One level of `fields`: where it stands, what its aliases mean, and whether wildcards may go back."""

    collection: Collection
    aliases: dict[str, str]
    arrived: Hop | None  # the hop that led here
    backlink: bool
    where: str


def select(resolution: Resolution, level: Level, paths: Iterable[str]) -> dict[str, Selected]:
    """Give what the paths of one level ask for, by answer key, in the order asked for."""
    return _Selecting(resolution, level).selected(paths)


class _Selecting:
    """One level of `fields` being read."""

    def __init__(self, resolution: Resolution, level: Level) -> None:
        self.resolution, self.level = resolution, level
        self.collection, self.aliases = level.collection, level.aliases
        self.found: dict[str, Selected] = {}

    def selected(self, paths: Iterable[str]) -> dict[str, Selected]:
        for path in paths:
            if path == "*":
                self.add_all()
            elif path.startswith("*."):
                self.expand_all(path[2:])
            else:
                self.add(path)
        return self.found

    def where(self, path: str) -> str:
        return f"{self.level.where}.{path}"

    # --- wildcards ---

    def add_all(self) -> None:
        """Add every name of the collection and every alias, relations by their keys."""
        hops, fields, found = self.collection.hops, self.collection.fields, self.found
        for name in self.collection.names:
            if name in self.aliases or name in found:
                continue
            if name in fields:
                found[name] = Show(name, fields[name])
            elif self.has_keys(hops[name]):
                found[name] = Branch(hops[name])
        self.add_aliases()

    def has_keys(self, hop: Hop) -> bool:
        """Tell whether what a hop leads to can be shown by its keys."""
        return bool(self.resolution.schema.collections[hop.far].primary_key)

    def add_aliases(self) -> None:
        """Add every alias by its key or value, save those of names that are not there."""
        for name, target in self.aliases.items():
            if name not in self.found and (own(self.collection, target) or call_parts(target)):
                self.add(name)

    def expand_all(self, rest: str) -> None:
        """Add every name, and go into every relation: `*.name`."""
        arrived = self.level.arrived
        for name in self.collection.names:
            subject = self.collection.hops.get(name) or self.collection.any_hops.get(name)
            if name in self.collection.closed and name not in self.aliases:
                continue
            led_here = arrived is not None and subject is not None and subject.relation == arrived.relation
            if subject is None or name in self.aliases:
                self.add(name)
            elif led_here and not self.level.backlink:
                if not isinstance(subject, Hop) or not subject.many or self.has_keys(subject):
                    self.add(name)
            else:
                self.go_into(name, subject, rest)
        self.add_aliases()

    # --- one path ---

    def add(self, path: str) -> None:
        """Add what one path without a leading wildcard asks for."""
        target = self.aliases.get(path)
        if target is not None:
            self.add_alias(path, target)
            return
        subject = own(self.collection, path)
        if subject is not None:
            self.add_name(path, subject)
            return
        head, rest = split(self.resolution, self.collection, path)
        if rest is not None:
            self.add_path(head, rest)
        elif ":" in head and self.add_scope(head, None):
            return
        elif parts := call_parts(head):
            self.add_call(head, *parts)
        else:
            unknown(self.resolution, self.collection, head, self.where(path))

    def add_name(self, key: str, subject: Named) -> None:
        """Add a name by its key or value; where paths of it are asked for as well, those say more."""
        if key in self.found:
            return
        if isinstance(subject, Hop) and subject.many:
            if not self.has_keys(subject):
                related_key(self.resolution, subject, self.where(key))
            self.found[key] = Branch(subject)
        else:
            name = subject.near_field if isinstance(subject, Hop) else subject.name
            self.found[key] = Show(key, self.collection.fields[name])

    def add_alias(self, key: str, target: str) -> None:
        subject = own(self.collection, target)
        if subject is not None:
            self.add_name(key, subject)
        elif (parts := call_parts(target)) is None:
            unknown(self.resolution, self.collection, target, self.where(key))
        elif found := call(self.resolution, self.collection, *parts, self.where(key)):
            self.found[key] = Show(key, found)

    def add_path(self, head: str, rest: str) -> None:
        """Add a path that goes on behind its first name."""
        target = self.aliases.get(head, head)
        subject = own(self.collection, target)
        if isinstance(subject, (Hop, AnyHop)):
            self.go_into(head, subject, rest)
        elif ":" in head and self.add_scope(head, rest):
            return
        elif subject is None:
            unknown(self.resolution, self.collection, head, self.where(f"{head}.{rest}"))
        else:
            leads_nowhere(self.resolution, self.collection, target, subject, self.where(f"{head}.{rest}"))

    def go_into(self, key: str, subject: Hop | AnyHop, rest: str) -> None:
        """Ask for a path of what a relation leads to; of an any-to-many field, of each allowed collection."""
        branch = self.branch(key, subject)
        if isinstance(subject, Hop):
            branch.paths[rest] = None
            return
        for name in subject.hops:
            branch.scopes.setdefault(name, {})[rest] = None

    def branch(self, key: str, subject: Hop | AnyHop) -> Branch:
        found = self.found.get(key)
        if not isinstance(found, Branch):
            found = self.found[key] = Branch(subject)
        return found

    def add_scope(self, head: str, rest: str | None) -> bool:
        """Add `item:headings`, or a path behind it; False where the name before the colon is no any-to-many field."""
        key = next((name for name in self.collection.any_hops if head.startswith(f"{name}:")), head.partition(":")[0])
        subject = self.collection.any_hops.get(self.aliases.get(key, key))
        if subject is None:
            return False
        scope = head[len(key) + 1 :]
        if scope not in subject.hops:
            self.note_scope(head, scope, subject)
            return True
        branch = self.branch(key, subject)
        if rest is not None:
            branch.scopes.setdefault(scope, {})[rest] = None
        return True

    def note_scope(self, head: str, scope: str, subject: AnyHop) -> None:
        reason = self.collection.broken.get(f"{subject.name}:{scope}")
        if reason is None and scope not in self.resolution.schema.collections:
            self.resolution.note(UnknownCollection(self.where(head), scope, tuple(subject.hops)))
            return
        reason = reason or f"{scope} is not allowed in {subject.name}; allowed: {listed(subject.hops)}"
        relations = self.collection.relation_names
        self.resolution.note(NotARelation(self.where(head), self.collection.name, head, relations, reason))

    # --- calls ---

    def add_call(self, path: str, name: str, argument: str) -> None:
        """Add a function's value; `year(author.born)` is `author.year(born)`, below the relation."""
        if not argument:
            problem = f"{name}() is given no field"
            self.resolution.note(InvalidQuery(self.where(path), problem), Phase.SHAPE)
            return
        subject, comma, tail = argument.partition(",") if name == "json" else (argument, "", "")
        head, rest = split(self.resolution, self.collection, subject)
        if rest is not None and not own(self.collection, subject) and not self.is_summed(name, head, rest):
            self.add_path(head, f"{name}({rest}{comma}{tail})")
        elif found := call(self.resolution, self.collection, name, argument, self.where(path)):
            key = call_key(found, subject.strip())
            self.found[key] = Show(key, found)

    def is_summed(self, name: str, head: str, rest: str) -> bool:
        """Tell whether the call is `sum(comments.likes)`: the aggregate of a field over a to-many relation."""
        hop = self.collection.hops.get(head)
        if name not in RELATION_AGGREGATES or hop is None or not hop.many:
            return False
        return rest in self.resolution.schema.collections[hop.far].fields


def call_key(found: Call, subject: str) -> str:
    """Give the answer key of a call: `born_year`, `comments_likes_sum`, `j_b_c_0_json`."""
    if isinstance(found.argument, tuple):
        steps = "_".join(map(str, found.argument))
        return f"{subject}_{steps}_{found.function.name}"
    if isinstance(found.argument, Field):
        return f"{found.subject.name}_{found.argument.name}_{found.function.name}"
    return f"{subject}_{found.function.name}"
