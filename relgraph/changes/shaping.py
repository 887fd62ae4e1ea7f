"""Shaping: what the shapes are made with, step by step inside one change.

In: halves of relations as they are wanted. Out: the tables, columns, indexes and (in a Directus project) rows that they
need, and the relations stored. Raises `InvalidPayload` on a name that cannot be, `RuleViolation` and
`InconsistentDefinition` on what breaks a rule, `CannotChangeTable` where SQLite does not take it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from attrs import asdict, evolve, frozen

from relgraph.changes.definitions import Definitions
from relgraph.errors import InvalidPayload, RuleViolation, shown
from relgraph.relation import Relation, named_in
from relgraph.rules import RULES, refuse, violations
from relgraph.schema import Collection, Field, Schema
from relgraph.storage import aliases, columns, link_indexes, project_rows, tables
from relgraph.storage.column_types import Column
from relgraph.storage.connection import Database
from relgraph.storage.declaring import Declaring
from relgraph.values import FieldType

# what can be said of a relation before its own column is there
_OF_TARGETS: Final = ("kind", "one-collection", "one-key", "one-field", "one-allowed-collections", "deselect-action")
_SPELLED: Final = "as in 'articles.author', or ('articles', 'author')"
_COLLATIONS: Final = ("NOCASE", "RTRIM")


@frozen
class Half:
    """One relation as it is wanted, in the parts that `create` takes; a junction has two."""

    many_collection: str
    many_field: str
    one_collection: str | None = None
    one_field: str | None = None
    junction_field: str | None = None
    sort_field: str | None = None
    on_delete: str | None = None
    on_update: str | None = None
    one_deselect_action: str = "nullify"
    one_collection_field: str | None = None
    one_allowed_collections: Sequence[str] | None = None
    goes_with_one: bool = False  # its key, where none is declared yet, is made with ON DELETE CASCADE

    def parts(self) -> dict[str, Any]:
        """Give the mapping that `create` takes; what is not said is left out, so that a discovered relation keeps it.

        >>> list(Half("articles", "author", "authors").parts())
        ['many_collection', 'many_field', 'one_collection', 'one_deselect_action']
        """
        said = asdict(self, recurse=False)
        return {name: value for name, value in said.items() if value is not None and name != "goes_with_one"}


# --- places ----------------------------------------------------------------------------------------------------------


def place_in(schema: Schema, where: str, given: Any) -> tuple[str, str]:
    """Give the collection and the field that a place names.

    Where names hold dots, the collection is the one that is there; a pair of names is always clear.

    >>> place_in(Schema({"a.b": Collection("a.b", {})}), "field", "a.b.c")
    ('a.b', 'c')
    """
    if isinstance(given, (tuple, list)) and len(given) == 2 and all(isinstance(name, str) and name for name in given):
        return given[0], given[1]
    cuts = list(_cuts(given)) if isinstance(given, str) else []
    known = [cut for cut in cuts if cut[0] in schema.collections]
    if len(known) > 1:
        raise InvalidPayload(
            where, f"{given!r} can be read as {' or '.join(map(str, known))}", "give the pair of names"
        )
    if not cuts:
        raise InvalidPayload(where, f"a collection and a field are needed, not {shown(given)}", _SPELLED)
    return (known or cuts)[0]


def _cuts(text: str) -> Iterator[tuple[str, str]]:
    """Yield each way in which a dot parts a text in two."""
    for at, sign in enumerate(text):
        if sign == "." and 0 < at < len(text) - 1:
            yield text[:at], text[at + 1 :]


def way_back_in(schema: Schema, where: str, given: Any) -> tuple[str, str | None]:
    """Give the collection and the alias of a way back; a collection alone has none.

    >>> tags = Schema({"tags": Collection("tags", {})})
    >>> way_back_in(tags, "back", "tags"), way_back_in(tags, "back", "tags.articles")
    (('tags', None), ('tags', 'articles'))
    """
    alone = isinstance(given, str) and bool(given) and (given in schema.collections or "." not in given)
    return (given, None) if alone else place_in(schema, where, given)


# --- making ----------------------------------------------------------------------------------------------------------


class Shaping:
    """One change in the making: asks the schema anew at every step, as every step may change it."""

    def __init__(self, database: Database, definitions: Definitions) -> None:
        self._database = database
        self._definitions = definitions
        self._declaring = Declaring(database, directus=definitions.schema.directus)

    @property
    def _schema(self) -> Schema:
        return self._definitions.schema

    def key_name(self, collection: str, *, related: bool = False) -> str:
        """Give the name of a junction's field: after the collection and the key it holds."""
        one = self._schema.collections.get(collection)
        key = one.key if one is not None else None
        return f"{'related_' if related else ''}{collection}_{'id' if key is None else key.name}"

    def make_m2o(self, half: Half, existing: str) -> Relation:
        """Make the column where it is missing, and the relation."""
        self._judge_targets([half], also=("many-collection",))
        special = "file" if half.one_collection == "directus_files" else "m2o"
        many = self._schema.collections[half.many_collection]
        self._add_missing(many, [evolve(column, special=special) for column in self._key_columns([half])])
        self._add_missing(many, self._sort_columns([half]))
        (relation,) = self._create([half], existing)
        return relation

    def make_junction(
        self, name: str, halves: tuple[Half, Half], existing: str, *, special: str, texts: Sequence[str] = ()
    ) -> tuple[Relation, Relation]:
        """Make what a junction needs, its indexes, and both relations; give these."""
        self._judge_targets(halves)
        own = [*self._key_columns(halves), *self._text_columns(halves[0], texts), *self._sort_columns(halves)]
        if name in self._schema.collections:
            refuse(violations(evolve(self._schema, relations=_bare(halves)), [RULES["many-collection"]]))
            self._add_missing(self._schema.collections[name], own)
        else:
            self._make_table(name, [Column("id", self._integer), *own], "id", hidden=True)
        self._note_alias(halves[0], special)
        first, second = self._create(halves, existing)
        self._index(name, halves, existing)
        return first, second

    def make_languages(self, name: str) -> None:
        """Make a collection of languages, unless it is there."""
        if name not in self._schema.collections:
            self._make_table(name, [self._text("code", nullable=False), self._text("name")], "code")

    def _judge_targets(self, halves: Sequence[Half], also: Iterable[str] = ()) -> None:
        """Refuse, all at once, what is wrong with the one sides: without a key there is no type for the column."""
        wanted = tuple(Relation.from_named(named_in(half.parts())) for half in halves)
        refuse(violations(evolve(self._schema, relations=wanted), [RULES[slug] for slug in (*_OF_TARGETS, *also)]))

    def _create(self, halves: Iterable[Half], existing: str) -> tuple[Relation, ...]:
        wanted = [("", self._with_action(half).parts()) for half in halves]
        return self._definitions.create(wanted, existing=existing)

    def _with_action(self, half: Half) -> Half:
        """Give a half with the action that its key is made with; one that is declared keeps its own."""
        declared = any(key.fields == (half.many_field,) for key in self._schema.keys_of(half.many_collection))
        made_here = half.goes_with_one and half.on_delete is None and not declared
        return evolve(half, on_delete="CASCADE") if made_here else half

    # --- columns -----------------------------------------------------------------------------------------------------

    def _key_columns(self, halves: Sequence[Half]) -> list[Column]:
        """Give the columns that hold keys: typed as the key pointed at, of any collection a text beside its name."""
        found = []
        for half in halves:
            one = self._schema.collections.get(half.one_collection or "")
            if one is not None and one.key is not None:
                found.append(_like(half.many_field, one.key))
            if half.one_collection_field is not None:
                found += [self._text(half.one_collection_field), self._text(half.many_field)]
        return found

    def _sort_columns(self, halves: Sequence[Half]) -> list[Column]:
        return [Column(half.sort_field, self._integer) for half in halves if half.sort_field is not None]

    def _text_columns(self, half: Half, names: Sequence[str]) -> list[Column]:
        """Give the columns for translated texts, each typed as the collection's own field of that name."""
        if isinstance(names, str):
            raise InvalidPayload("fields", f"it must be a list of names, not {names!r}", f"as in [{names!r}]")
        own = self._schema.collections[half.one_collection or ""].fields
        return [_like(name, own[name]) if name in own else self._text(name) for name in names]

    def _text(self, name: str, *, nullable: bool = True) -> Column:
        return evolve(self._declaring.column(name, FieldType.STRING.value), nullable=nullable)

    @property
    def _integer(self) -> str:
        return self._declaring.column("id", FieldType.INTEGER.value).declared

    # --- tables ------------------------------------------------------------------------------------------------------

    def _make_table(self, name: str, own: Sequence[Column], key: str, *, hidden: bool = False) -> None:
        self._declaring.new_table_name("junction" if hidden else "languages", name)
        made = Collection(name, {})
        for column in own:
            self._declaring.new_column_name(f"{name}.{column.name}", column.name, made)
            made = evolve(made, fields={**made.fields, column.name: Field(name, column.name, FieldType.ANY)})
        tables.create_table(self._database, name, own, [key])
        if self._schema.directus:
            project_rows.add_collection(self._database, name, hidden=hidden)
            for column in own:
                project_rows.add_field(self._database, name, column, key=column.name == key == "id")

    def _add_missing(self, many: Collection, wanted: Iterable[Column]) -> None:
        """Add the columns that a table does not have; those that it has are judged with their relation."""
        for column in wanted:
            if column.name in many.fields:
                continue
            self._declaring.new_column_name(f"{many.name}.{column.name}", column.name, many)
            columns.add_column(self._database, many.name, column)
            if self._schema.directus:
                project_rows.add_field(self._database, many.name, column)

    def _note_alias(self, half: Half, special: str) -> None:
        """Say in a Directus project what an alias leads over, where that is more than its relations tell."""
        if self._schema.directus and half.one_collection is not None and half.one_field is not None:
            aliases.add_alias(self._database, half.one_collection, half.one_field, special)

    # --- indexes -----------------------------------------------------------------------------------------------------

    def _index(self, table: str, halves: tuple[Half, Half], existing: str) -> None:
        """Make the index that lets each pair be linked once, and one to find the links from the other side."""
        far = [name for name in (halves[1].one_collection_field, halves[1].many_field) if name is not None]
        link = [halves[0].many_field, *far]
        count, links = link_indexes.repeated_links(self._database, table, link)
        if count and existing != "report":
            times = "1 item links" if count == 1 else f"{count} items link"
            problem = f"{times} once more what another one links: {', '.join(map(shown, links))}"
            hint = "delete the repeated items first, or say existing='report'"
            raise RuleViolation("data-obeys", f"{table}.{link[0]}", count, problem, hint, "junction_field")
        link_indexes.ensure_index(self._database, table, link, unique=not count)
        link_indexes.ensure_index(self._database, table, far)


def _like(name: str, key: Field) -> Column:
    """Give a column that holds what another does, and compares texts as it does."""
    return Column(name, key.declared_type, collation=key.collation if key.collation in _COLLATIONS else None)


def _bare(halves: Iterable[Half]) -> tuple[Relation, ...]:
    return tuple(Relation(half.many_collection, half.many_field, half.one_collection) for half in halves)[:1]
