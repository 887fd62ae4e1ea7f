"""Guard texts: the pieces of SQL that the triggers of guards are made of.

In: a guarded relation, one of its targets, and the key of an item as SQL. Out: conditions and statements, every name
quoted. Inside a trigger names of tables stand alone: they mean those of the database that the trigger is in.
Pure, and nothing fails.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

from relgraph.integrity.guarded import Follow, Guarded, Target
from relgraph.integrity.searches import literal
from relgraph.schema import Field
from relgraph.storage.guard_tables import GOING, PROBE
from relgraph.storage.sql_text import quoted

NUMBERS: Final = ("INTEGER", "REAL", "NUMERIC")
PREFIX: Final = "relgraph_guard"


@frozen
class Trigger:
    """A trigger on a collection; `guards` gives it a name that starts with its stem."""

    stem: str  # "relgraph_guard_sections_item_insert"
    relation: str  # "sections.item"; empty, where it serves all relations that point at the collection
    collection: str
    event: str  # "AFTER INSERT"
    when: str
    body: tuple[str, ...]

    def text(self, name: str) -> str:
        """Give the statement that makes the trigger.

        >>> print(Trigger("t", "", "tags", "AFTER DELETE", "OLD.id = 1", ("SELECT 1",)).text("t"))
        CREATE TRIGGER "t" AFTER DELETE ON "tags"
        WHEN OLD.id = 1
        BEGIN
          SELECT 1;
        END
        """
        statements = "".join(f"  {statement};\n" for statement in self.body)
        head = f"CREATE TRIGGER {quoted(name)} {self.event} ON {quoted(self.collection)}"
        return f"{head}\nWHEN {self.when}\nBEGIN\n{statements}END"


def stem_of(*parts: str) -> str:
    """Give how the name of a trigger starts.

    >>> stem_of("articles", "author", "insert")
    'relgraph_guard_articles_author_insert'
    """
    return "_".join((PREFIX, *parts))


# --- conditions ------------------------------------------------------------------------------------------------------


def found(target: Target, condition: str) -> str:
    """Give the condition that the collection pointed at has such an item."""
    return f"EXISTS (SELECT 1 FROM {quoted(target.collection)} WHERE {condition})"


def points_at(guarded: Guarded, target: Target, key: str) -> str:
    """Give the condition under which a row of the many collection points at the item with a key.

    A foreign key is compared under the affinity and collation of the column pointed at, an m2a key as text; where the
    two columns agree, by an index.
    """
    near, collated = _near(guarded), _collate(target)
    if guarded.collection_field is None:
        return f"{unlike(target)}{near} = {key}{collated}"
    here, text = _names(guarded, target), f"CAST({key} AS TEXT){collated}"
    match guarded.near.affinity:
        case "TEXT":
            return f"{here} AND {near} = {text}"
        case "BLOB":
            return f"{here} AND {near} IN (+{key}, {text})"
        case _:
            return f"{here} AND {near} = {key}"


def points_among(guarded: Guarded, target: Target, rows: str) -> str:
    """Give the condition under which a row points at one of the items whose `key`s some rows hold.

    `rows` is the end of a SELECT, from FROM on.
    """
    near = f"{_near(guarded)}{_collate(target)}"
    if guarded.collection_field is None:
        return f"{unlike(target)}{near} IN (SELECT key {rows})"
    as_text, as_is = f"{near} IN (SELECT CAST(key AS TEXT) {rows})", f"{near} IN (SELECT key {rows})"
    forms = {"TEXT": as_text, "BLOB": f"({as_is} OR {as_text})"}
    return f"{_names(guarded, target)} AND {forms.get(guarded.near.affinity, as_is)}"


def held(guarded: Guarded, points: str) -> str:
    """Give the condition that there are rows that point so."""
    return f"EXISTS (SELECT 1 FROM {quoted(guarded.many)} WHERE {points})"


def _near(guarded: Guarded) -> str:
    return f"{quoted(guarded.many)}.{quoted(guarded.near.name)}"


def _names(guarded: Guarded, target: Target) -> str:
    assert guarded.collection_field is not None, "only an m2a relation names collections"
    return f"{quoted(guarded.many)}.{quoted(guarded.collection_field.name)} = {literal(target.collection)}"


def _collate(target: Target) -> str:
    same = target.key.collation == target.near.collation
    return "" if same else f" COLLATE {quoted(target.key.collation)}"


def unlike(target: Target) -> str:
    """Give the plus that takes a column's affinity away where the key's is to rule; an index is then of no use."""
    kinds = {target.near.affinity, target.key.affinity}
    return "" if len(kinds) == 1 or kinds <= set(NUMBERS) else "+"


# --- statements ------------------------------------------------------------------------------------------------------


def follow(guarded: Guarded, target: Target, how: Follow, points: str) -> tuple[str, ...]:
    """Give the statement that does what becomes of keys whose target is gone or has moved; none for a refusal."""
    many, near = quoted(guarded.many), quoted(guarded.near.name)
    if how is Follow.REFUSE:
        return ()
    if how is Follow.DELETE:
        return (f"DELETE FROM {many} WHERE {points}",)
    if how is Follow.MOVE:
        new = f"NEW.{quoted(target.key.name)}"
        text = f"CAST({new} AS TEXT)" if guarded.collection_field and guarded.near.affinity == "TEXT" else new
        there = "" if guarded.declared else f" AND {new} IS NOT NULL"
        return (f"UPDATE {many} SET {near} = {text} WHERE {points}{there}",)
    value = "NULL" if how is Follow.NULLIFY else f"({guarded.near.default_sql})"
    assigned = ", ".join(f"{quoted(field.name)} = {value}" for field in fields_of(guarded))
    return (f"UPDATE {many} SET {assigned} WHERE {points}",)


def fields_of(guarded: Guarded) -> tuple[Field, ...]:
    """Give the fields that a relation is kept in."""
    return (guarded.near,) if guarded.collection_field is None else (guarded.near, guarded.collection_field)


def refused(problem: str, rule: str, condition: str) -> str:
    """Give the statement that refuses under a condition, whatever the program says is to be done about conflicts."""
    return f"SELECT RAISE(ABORT, {literal(_message(problem, rule))}) WHERE {condition}"


def refused_for(guarded: Guarded, problem: str, rule: str, condition: str) -> tuple[str, ...]:
    """Give the statements that refuse; where a foreign key is declared, only while foreign keys are switched off.

    The probe's row points at itself: a change of its key takes the pointer along only where foreign keys are on.
    """
    if not guarded.declared:
        return (refused(problem, rule, condition),)
    raised = f"SELECT RAISE(ABORT, {literal(_message(problem, rule))}) FROM {PROBE} WHERE seen <> id"
    return (f"UPDATE {PROBE} SET id = id + 1 WHERE {condition}", raised)


def _message(problem: str, rule: str) -> str:
    return f"relgraph guard: {problem} (rule {rule})"


def refused_to_leave(guarded: Guarded, target: Target, points: str) -> tuple[str, ...]:
    """Give the statements that refuse to leave keys behind that point at what is not there any more."""
    rule = "dangling-m2a" if guarded.collection_field else "dangling-m2o"
    problem = f"{guarded.relation.name} still points at this item of {target.collection}"
    return refused_for(guarded, problem, rule, held(guarded, points))


# --- items that may be going -----------------------------------------------------------------------------------------


def lost(target: Target, whose: str) -> str:
    """Give the noted keys of items that are not there any more, as the end of a SELECT."""
    there = found(target, f"{quoted(target.collection)}.{quoted(target.key.name)} = {GOING}.key")
    return f"FROM {GOING} WHERE whose = {literal(whose)} AND NOT {there}"


def forgotten(whose: str) -> str:
    """Give the statement that drops notes."""
    return f"DELETE FROM {GOING} WHERE whose = {literal(whose)}"
