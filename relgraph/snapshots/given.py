"""A snapshot that somebody gives, read into one shape and checked for its own sake.

In: a mapping in the form of Directus's snapshots or of relgraph's. Out: a frozen `Structure`: collections, fields and
relations by name. Raises `InvalidPayload` with the path to what is wrong: no part of a snapshot is skipped in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from attrs import field, frozen

from relgraph.errors import InvalidPayload, did_you_mean
from relgraph.relation import Relation
from relgraph.schema import folded
from relgraph.snapshots.entries import check_collection, check_field, is_text
from relgraph.snapshots.take import SYSTEM, VERSION
from relgraph.storage.table_texts import spelled

Entry: TypeAlias = Mapping[str, Any]
Place: TypeAlias = tuple[str, str]

_PARTS: Final = ("version", "directus", "relgraph", "vendor", "collections", "fields", "systemFields", "relations")
_NAMES: Final = {
    "collections": ("collection",),
    "fields": ("collection", "field"),
    "systemFields": ("collection", "field"),
    "relations": ("collection", "field"),
}


@frozen
class Structure:
    """What a snapshot says: entries by name, in its order. `whole`: it was written by relgraph and holds all texts."""

    collections: Mapping[str, Entry] = field(hash=False)
    fields: Mapping[Place, Entry] = field(hash=False)
    relations: Mapping[Place, Entry] = field(hash=False)
    system_fields: tuple[Place, ...] = ()
    whole: bool = False
    vendor: str = "sqlite"

    def fields_of(self, collection: str) -> dict[str, Entry]:
        """Give the entries of a collection's fields by name."""
        return {name: entry for (of, name), entry in self.fields.items() if of == collection}


def read(given: Any) -> Structure:
    """Read a snapshot; one wrapped in {"data": ...}, as the API sends it, too.

    >>> snapshot = {"version": 1, "collections": [{"collection": "tags", "meta": None, "schema": {"name": "tags"}}]}
    >>> list(read(snapshot).collections)
    ['tags']
    """
    parts = given["data"] if isinstance(given, Mapping) and set(given) == {"data"} else given
    if not isinstance(parts, Mapping):
        raise InvalidPayload("", f"a snapshot is a mapping, not {type(given).__name__}")
    _check_parts(parts)
    lists = {name: _entries(parts, name) for name in _NAMES}
    structure = Structure(
        {entry["collection"]: _spelled(entry) for entry in lists["collections"]},
        _by_place(lists["fields"]),
        _by_place(lists["relations"]),
        tuple(_by_place(lists["systemFields"])),
        whole="relgraph" in parts,
        vendor=parts.get("vendor") or "sqlite",
    )
    _check_names(structure, lists)
    _check_entries(structure, lists)
    return structure


def _check_parts(parts: Mapping[str, Any]) -> None:
    for name in parts:
        if name not in _PARTS:
            raise InvalidPayload(str(name), f"a snapshot has no part {name!r}{did_you_mean(str(name), _PARTS)}")
    if parts.get("version") != VERSION or isinstance(parts["version"], bool):
        raise InvalidPayload("version", f"the version of a snapshot is {VERSION}, not {parts.get('version')!r}")
    if "collections" not in parts:
        raise InvalidPayload("collections", "a snapshot has a list of collections")
    if not isinstance(parts.get("vendor"), (str, type(None))):
        raise InvalidPayload("vendor", f"the vendor is the name of a database, not {parts['vendor']!r}", "as sqlite")


def _entries(parts: Mapping[str, Any], name: str) -> list[Entry]:
    """Give the entries of a list, each a mapping with its names as texts, no two for the same."""
    listed = parts.get(name, [])
    if not isinstance(listed, (list, tuple)):
        raise InvalidPayload(name, f"{name} is a list, not {type(listed).__name__}")
    seen: dict[tuple[str, ...], tuple[str, ...]] = {}
    for index, entry in enumerate(listed):
        where = f"{name}[{index}]"
        if not isinstance(entry, Mapping):
            raise InvalidPayload(where, f"an entry is a mapping, not {type(entry).__name__}")
        place = tuple(_text(entry, part, where) for part in _NAMES[name])
        same = tuple(map(folded, place))
        if same in seen:
            twice = "is there twice" if seen[same] == place else f"is {'.'.join(seen[same])} to SQLite"
            raise InvalidPayload(where, f"{'.'.join(place)} {twice}")
        seen[same] = place
        _check_mapping(entry, "meta", where)
        _check_mapping(entry, "schema", where)
    return list(listed)


def _spelled(entry: Entry) -> Entry:
    """Give a collection with its text as SQLite would keep it, where it has one."""
    schema = entry.get("schema")
    if not isinstance(schema, Mapping) or not isinstance(schema.get("sql"), str):
        return entry
    return {**entry, "schema": {**schema, "sql": spelled(schema["sql"], entry["collection"])}}


def _text(entry: Entry, part: str, where: str) -> str:
    value = entry.get(part)
    if not value or not is_text(value):
        raise InvalidPayload(f"{where}.{part}", f"a name is a text, not {value!r}")
    return str(value)


def _check_mapping(entry: Entry, part: str, where: str) -> None:
    value = entry.get(part)
    if value is not None and not isinstance(value, Mapping):
        raise InvalidPayload(f"{where}.{part}", f"{part} is a mapping or null, not {type(value).__name__}")


def _by_place(entries: Iterable[Entry]) -> dict[Place, Entry]:
    return {(entry["collection"], entry["field"]): entry for entry in entries}


def _check_entries(structure: Structure, lists: Mapping[str, list[Entry]]) -> None:
    """Check what each collection and field is said to be, a snapshot that holds all texts having one for each."""
    columns = {entry["collection"] for entry in lists["fields"] if entry.get("schema") is not None}
    for index, entry in enumerate(lists["collections"]):
        stored = entry["collection"] in columns
        check_collection(entry, f"collections[{index}]", whole=structure.whole, stored=stored)
    for index, entry in enumerate(lists["fields"]):
        check_field(entry, f"fields[{index}]", vendor=structure.vendor)


# --- what names must lead to -----------------------------------------------------------------------------------------


def _check_names(structure: Structure, lists: Mapping[str, list[Entry]]) -> None:
    for index, entry in enumerate(lists["fields"]):
        _check_collection(structure, entry["collection"], f"fields[{index}].collection")
    for index, entry in enumerate(lists["relations"]):
        _check_relation(structure, entry, f"relations[{index}]")


def _check_relation(structure: Structure, entry: Entry, where: str) -> None:
    _check_collection(structure, entry["collection"], f"{where}.collection")
    if not structure.fields_of(entry["collection"]).get(entry["field"]):
        names = structure.fields_of(entry["collection"])
        known = did_you_mean(entry["field"], names)
        raise InvalidPayload(
            f"{where}.field", f"the snapshot has no field {entry['collection']}.{entry['field']}{known}"
        )
    if entry.get("meta") is None:
        raise InvalidPayload(f"{where}.meta", "the snapshot says nothing of the relation", "it is a mapping")
    try:
        Relation.from_mapping(entry)
    except InvalidPayload as error:
        raise InvalidPayload(f"{where}.{error.where}", error.problem, error.hint) from error
    target = entry.get("related_collection")
    if target is not None:
        _check_collection(structure, target, f"{where}.related_collection", allow=_is_system)
    for name in entry["meta"].get("one_allowed_collections") or ():
        _check_collection(structure, name, f"{where}.meta.one_allowed_collections", allow=_is_system)


def _is_system(name: str) -> bool:
    return name.startswith(SYSTEM)


def _nowhere(_name: str) -> bool:
    return False


def _check_collection(structure: Structure, name: Any, where: str, allow: Callable[[str], bool] = _nowhere) -> None:
    if not isinstance(name, str) or (name not in structure.collections and not allow(name)):
        known = did_you_mean(str(name), structure.collections)
        raise InvalidPayload(where, f"the snapshot has no collection {name!r}{known}")
