"""What is to be done so that one structure becomes another.

In: two `Structure`s, the one that is there and the one that is wanted. Out: `Step`s in the order in which they can be
done: what goes first, then what is made and changed, then the relations, then what Directus notes. Pure.

A collection of which the wanted snapshot has the text becomes exactly that text; one without is compared field by
field. What a project notes nothing about (tables, columns and foreign keys of its own) stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from relgraph.errors import InvalidPayload, listed
from relgraph.snapshots.given import Entry, Place, Structure
from relgraph.snapshots.steps import Step
from relgraph.snapshots.take import SYSTEM

_UNCOMPARED: Final = ("name", "table", "constraint_name")  # of a schema: where it stands, and what is never told
_KEYS: Final = ("foreign_key_table", "foreign_key_column")
_COMPARED_ELSEWHERE: Final = ("default_value", "default_expression", "is_nullable", "is_primary_key")
_UUID: Final = {"data_type": "char", "max_length": 36}  # of the keys of Directus's own collections that are pointed at
_BELONGINGS: Final = {"indexes": "index", "triggers": "trigger"}


def difference(now: Structure, wanted: Structure, *, project: bool) -> tuple[Step, ...]:
    """Give the steps from `now` to `wanted`; `project` says whether what is there is a Directus project.

    >>> from relgraph.snapshots.given import read
    >>> text = "CREATE TABLE tags (id INTEGER PRIMARY KEY)"
    >>> schema = {"name": "tags", "sql": text, "indexes": {}, "triggers": {}}
    >>> tags = {"collection": "tags", "meta": None, "schema": schema}
    >>> empty, one = ({"version": 1, "relgraph": "0", "collections": listed} for listed in ([], [tags]))
    >>> [str(step) for step in difference(read(empty), read(one), project=False)]
    ['Make collection tags.']
    """
    if wanted.whole:
        return (
            *_relations_that_go(now, wanted, now.relations),
            *_texts_that_go(now, wanted),
            *_texts_that_come(now, wanted),
            *_relations_that_come(now, wanted),
        )
    return (
        *([] if project else [Step("make-project", "directus_collections", words="Make this a Directus project")]),
        *_relations_that_go(now, wanted, _noted_places(now, wanted)),
        *_fields_that_go(now, wanted),
        *_collections_that_go(now, wanted),
        *_system_collections(now, wanted),
        *_collections_that_come(now, wanted),
        *_fields_that_come(now, wanted),
        *_relations_that_come(now, wanted),
        *_keys_that_come(now, wanted),
        *_notes(now, wanted),
    )


def check_fields(now: Structure, wanted: Structure) -> None:
    """Refuse fields that are said otherwise than the texts make them: the texts are what is applied.

    A collection of which no fields are said is as its text. Raises `InvalidPayload`.
    """
    for name, entry in wanted.collections.items():
        said, made = wanted.fields_of(name), now.fields_of(name)
        if not said or _is_view(_text(wanted, name)):
            continue
        other = sorted(said.keys() ^ made.keys())
        other += [field for field in said if field in made and _changes(made[field], said[field], "schema")]
        if other:
            where = f"fields.{name}.{other[0]}"
            raise InvalidPayload(where, f"the text of {name} says otherwise: {entry['schema']['sql']}", "change that")


# --- texts -----------------------------------------------------------------------------------------------------------


def _texts_that_go(now: Structure, wanted: Structure) -> Iterator[Step]:
    """Yield first what may depend on tables: triggers, views, indexes; then the tables."""
    for name, part, text in _belongings(now):
        if _belonging(wanted, name, part, text[0]) != text[1] and name in wanted.collections:
            kind = _BELONGINGS[part]
            yield Step(f"drop-{kind}", name, words=f"Drop {kind} {text[0]} of {name}", before=text)
    gone = [name for name in now.collections if _text(wanted, name) is None or _is_new_kind(now, wanted, name)]
    for name in sorted(gone, key=lambda name: not _is_view(_text(now, name))):
        what = "view" if _is_view(_text(now, name)) else "collection"
        yield Step(f"drop-{what}", name, words=f"Drop {what} {name}", before=_text(now, name))


def _texts_that_come(now: Structure, wanted: Structure) -> Iterator[Step]:
    tables = [name for name in wanted.collections if not _is_view(_text(wanted, name))]
    for name in tables:
        before, after = _text(now, name), _text(wanted, name)
        if before is None or _is_new_kind(now, wanted, name):
            yield Step("create-collection", name, words=f"Make collection {name}", after=after)
        elif before != after:
            words = f"Change collection {name}: {_field_words(now, wanted, name)}"
            yield Step("redefine-collection", name, words=words, before=before, after=after)
    yield from _belongings_that_come(now, wanted, "indexes")
    for name in wanted.collections:
        if name not in tables and (_text(now, name) != _text(wanted, name)):
            yield Step("create-view", name, words=f"Make view {name}", after=_text(wanted, name))
    yield from _belongings_that_come(now, wanted, "triggers")


def _belongings_that_come(now: Structure, wanted: Structure, part: str) -> Iterator[Step]:
    kind = _BELONGINGS[part]
    for name, of, text in _belongings(wanted):
        kept = not _is_new_kind(now, wanted, name) and _belonging(now, name, part, text[0]) == text[1]
        if of == part and not kept:
            yield Step(f"create-{kind}", name, words=f"Make {kind} {text[0]} of {name}", after=text)


def _belongings(structure: Structure) -> Iterator[tuple[str, str, tuple[str, str]]]:
    """Yield the indexes and triggers: their collection, which of both they are, name and text."""
    for name, entry in structure.collections.items():
        for part in _BELONGINGS:
            for text in ((entry.get("schema") or {}).get(part) or {}).items():
                yield name, part, text


def _belonging(structure: Structure, collection: str, part: str, name: str) -> Any:
    schema = structure.collections.get(collection, {}).get("schema") or {}
    return (schema.get(part) or {}).get(name)


def _text(structure: Structure, name: str) -> str | None:
    text = (structure.collections.get(name, {}).get("schema") or {}).get("sql")
    return None if text is None else str(text)


def _is_view(text: str | None) -> bool:
    return _is_kind(text, "VIEW")


def _is_kind(text: str | None, word: str) -> bool:
    return text is not None and text.split(None, 2)[1:2] == [word]


def _is_new_kind(now: Structure, wanted: Structure, name: str) -> bool:
    """Whether the text of one name is something else there: a view, a virtual table, a table without a field alike."""
    before, after = _text(now, name), _text(wanted, name)
    if before is None or after is None or before == after:
        return False
    said = wanted.fields_of(name).keys()
    if said and not said & now.fields_of(name).keys():
        return True
    return _is_view(before) or not (_is_kind(before, "TABLE") and _is_kind(after, "TABLE"))


def _field_words(now: Structure, wanted: Structure, name: str) -> str:
    """Say by its fields what a new text changes of a collection."""
    before, after = now.fields_of(name), wanted.fields_of(name)
    words = [f"add {field}" for field in after if field not in before]
    words += [f"drop {field}" for field in before if field not in after]
    words += [
        f"{field}: {_changed_words(changes)}"
        for field in after
        if field in before and (changes := _changes(before[field], after[field], "schema"))
    ]
    return "; ".join(words) or "its definition"


# --- collections and fields of a project -----------------------------------------------------------------------------


def _collections_that_go(now: Structure, wanted: Structure) -> Iterator[Step]:
    for name, entry in now.collections.items():
        if entry.get("meta") is not None and name not in wanted.collections:
            yield Step("drop-collection", name, words=f"Drop collection {name}", before=entry)


def _fields_that_go(now: Structure, wanted: Structure) -> Iterator[Step]:
    for (collection, name), entry in now.fields.items():
        kept = (collection, name) in wanted.fields or collection not in wanted.collections
        if entry.get("meta") is not None and (not kept or _turns(entry, wanted.fields.get((collection, name)))):
            what = "alias" if entry.get("schema") is None else "field"
            yield Step(f"drop-{what}", collection, name, f"Drop {what} {collection}.{name}", before=entry)


def _turns(found: Entry, entry: Entry | None) -> bool:
    """Whether an alias becomes a column, or a column an alias: one goes, and another comes."""
    return entry is not None and (found.get("schema") is None) != (entry.get("schema") is None)


def _system_collections(now: Structure, wanted: Structure) -> Iterator[Step]:
    """Yield Directus's own collections that relations or indexes call for and the file lacks."""
    keys: dict[str, dict[str, Any]] = {}
    for target, key, like in _system_targets(wanted):
        if target not in now.collections:
            keys.setdefault(target, {"key": key or "id", "like": dict(like), "indexed": []})
    for collection, name in wanted.system_fields:
        if collection not in now.collections:
            keys.setdefault(collection, {"key": "id", "like": None, "indexed": []})["indexed"].append(name)
    for target, parts in keys.items():
        fields = listed([parts["key"], *parts["indexed"]])
        words = f"Make a minimal {target}, which the file lacks, with {fields}"
        yield Step("make-system-collection", target, words=words, after=parts)
    for collection, name in wanted.system_fields:
        found = now.fields.get((collection, name))
        if collection in now.collections and found is None:
            raise InvalidPayload(f"systemFields.{collection}.{name}", f"{collection} has no field {name!r}")
        if collection in now.collections and not _schema(found).get("is_indexed"):
            yield Step("index-field", collection, name, f"Make an index on {collection}.{name}", after=True)


def _system_targets(wanted: Structure) -> Iterator[tuple[str, str | None, Entry]]:
    """Yield Directus's own collections that are pointed at, with the field pointed at and one that is like it."""
    pointing = [
        (schema.get("foreign_key_table"), schema.get("foreign_key_column"), schema)
        for schema in map(_schema, wanted.fields.values())
    ]
    for place, entry in wanted.relations.items():
        key = (entry.get("schema") or {}).get("foreign_key_column")
        pointing.append((entry.get("related_collection"), key, _schema(wanted.fields[place])))
        pointing += [(name, None, _UUID) for name in entry["meta"].get("one_allowed_collections") or ()]
    for target, key, like in pointing:
        if target is not None and target.startswith(SYSTEM):
            yield target, key, like


def _collections_that_come(now: Structure, wanted: Structure) -> Iterator[Step]:
    for name, entry in wanted.collections.items():
        if name.startswith(SYSTEM):
            raise InvalidPayload(f"collections.{name}", f"{name} is Directus's own, which a snapshot does not make")
        if entry.get("schema") is None or name in now.collections:
            continue
        fields = {field: said for field, said in wanted.fields_of(name).items() if said.get("schema") is not None}
        if not fields:
            raise InvalidPayload(f"collections.{name}", f"the snapshot has no field for collection {name}")
        words = f"Make collection {name} with {listed(fields)}"
        yield Step("create-collection", name, words=words, after=[dict(each) for each in fields.values()])


def _fields_that_come(now: Structure, wanted: Structure) -> Iterator[Step]:
    for (collection, name), entry in wanted.fields.items():
        if collection not in now.collections or entry.get("schema") is None:
            continue
        found = now.fields.get((collection, name))
        if found is None or found.get("schema") is None:
            kind = entry.get("type")
            words = f"Add field {collection}.{name} ({kind})"
            yield Step("add-field", collection, name, words, after=dict(entry))
        elif changes := _field_changes(found, entry, wanted):
            words = f"Change field {collection}.{name}: {_changed_words(changes)}"
            before, after = ({part: change[place] for part, change in changes.items()} for place in (0, 1))
            yield Step("change-field", collection, name, words, before, {"entry": dict(entry), "changes": after})


def _field_changes(found: Entry, entry: Entry, wanted: Structure) -> dict[str, tuple[Any, Any]]:
    """Give what changes of a column; its foreign key comes later."""
    changes = _changes(found, entry, "schema", wanted.vendor)
    return {name: change for name, change in changes.items() if name not in _KEYS}


def _keys_that_come(now: Structure, wanted: Structure) -> Iterator[Step]:
    """Yield foreign keys that stand alone: those that a deleted relation left behind in Directus."""
    for place, entry in wanted.fields.items():
        after = {name: _schema(entry).get(name) for name in _KEYS}
        before = {name: _schema(now.fields.get(place)).get(name) for name in _KEYS}
        gone = after["foreign_key_table"] is None and place in now.relations
        if _KEYS[0] in _schema(entry) and place not in wanted.relations and after != before and not gone:
            target = after["foreign_key_table"]
            words = f"{'Drop' if target is None else 'Make'} the foreign key of {'.'.join(place)}"
            yield Step("set-key", *place, words if target is None else f"{words} to {target}", before, after)


def _notes(now: Structure, wanted: Structure) -> Iterator[Step]:
    """Yield what Directus is to note about collections and fields, aliases and folders among them."""
    for name, entry in wanted.collections.items():
        yield from _note("collection", name, None, now.collections.get(name), entry)
    for (collection, name), entry in wanted.fields.items():
        yield from _note("field", collection, name, now.fields.get((collection, name)), entry)


def _note(what: str, collection: str, field: str | None, found: Entry | None, entry: Entry) -> Iterator[Step]:
    name = collection if field is None else f"{collection}.{field}"
    meta = entry.get("meta") or {}
    if found is None or found.get("meta") is None or (field is not None and _turns(found, entry)):
        yield Step(f"note-{what}", collection, field, f"Note {what} {name}", after=dict(meta))
    elif changes := _changes(found, entry, "meta"):
        words = f"Note of {what} {name}: {_changed_words(changes)}"
        before, after = ({part: change[place] for part, change in changes.items()} for place in (0, 1))
        yield Step(f"note-{what}", collection, field, words, before, after)


# --- relations -------------------------------------------------------------------------------------------------------


def _noted_places(now: Structure, wanted: Structure) -> Iterable[Place]:
    """Give the relations that a project's snapshot would name: those of fields that are noted, or to be."""
    return [
        place for place in now.relations if place in wanted.fields or now.fields.get(place, {}).get("meta") is not None
    ]


def _relations_that_go(now: Structure, wanted: Structure, places: Iterable[Place]) -> Iterator[Step]:
    for place in places:
        if place not in wanted.relations:
            yield Step("drop-relation", *place, f"Drop relation {'.'.join(place)}", before=now.relations[place])


def _relations_that_come(now: Structure, wanted: Structure) -> Iterator[Step]:
    for place, entry in wanted.relations.items():
        found, name = now.relations.get(place), ".".join(place)
        if found is None:
            allowed = entry["meta"].get("one_allowed_collections") or ()
            target = entry.get("related_collection") or " or ".join(allowed)
            yield Step("create-relation", *place, f"Make relation {name} to {target}", after=dict(entry))
            continue
        changes = _changes(found, entry, "meta") | _changes(found, entry, "schema")
        if changes:
            before, after = ({part: change[index] for part, change in changes.items()} for index in (0, 1))
            words = f"Change relation {name}: {_changed_words(changes)}"
            yield Step("change-relation", *place, words, before, {"entry": dict(entry), "changes": after})


# --- what differs ----------------------------------------------------------------------------------------------------


def _schema(entry: Entry | None) -> Mapping[str, Any]:
    return (entry or {}).get("schema") or {}


def _changes(before: Entry, after: Entry, part: str, vendor: str = "sqlite") -> dict[str, tuple[Any, Any]]:
    """Give what a wanted entry says otherwise of its meta or schema; what it does not name may be as it is.

    Of another vendor only what does not depend on its own types is compared, and the type itself.
    """
    old, new = before.get(part) or {}, after.get(part)
    if part == "schema" and new is None:
        return {"foreign_key": ({name: old.get(name) for name in old}, None)} if old and "schema" in after else {}
    names = [name for name in new or {} if name not in _UNCOMPARED]
    if vendor != "sqlite" and part == "schema":
        names = [name for name in names if name in _COMPARED_ELSEWHERE]
    found = {name: (old.get(name), (new or {})[name]) for name in names if old.get(name) != (new or {})[name]}
    if vendor != "sqlite" and part == "schema" and before.get("type") != after.get("type"):
        found["type"] = (before.get("type"), after.get("type"))
    return found


def _changed_words(changes: Mapping[str, tuple[Any, Any]]) -> str:
    return ", ".join(f"{name} from {before!r} to {after!r}" for name, (before, after) in changes.items())
