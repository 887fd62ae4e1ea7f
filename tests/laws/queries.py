"""Queries as Hypothesis strategies: valid ones for a schema, spoilt ones, and operands for every field type.

In: a `Schema` and the name of a collection. Out: queries as the mappings a caller would write. What a name may stand
for is read from the schema, what an operator or a function applies to from their tables, so a new one is drawn as soon
as it has a row.
"""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from relgraph.functions import AGGREGATES, FUNCTIONS, RELATION_AGGREGATES
from relgraph.operators import OPERATORS, QUANTIFIERS, Arity
from relgraph.schema import Collection, Hop, Schema
from relgraph.values import DATES, NUMBERS, TEXTS, FieldType
from tests.laws.databases import SPECIAL_TEXTS, clocks, common_texts, moments, small_integers

DrawFn = st.DrawFn
Query = dict[str, Any]

# --- operands --------------------------------------------------------------------------------------------------------

# an empty operand is refused
some_texts = common_texts | common_texts | st.sampled_from(SPECIAL_TEXTS) | st.text(min_size=1, max_size=4)
odd_numbers = st.sampled_from((2**31, 2**53 - 1, -(2**53) + 1, "7", "1e1", " 2 "))
whole_numbers = small_integers | small_integers | small_integers | odd_numbers
big_numbers = small_integers | st.sampled_from((str(2**63 - 1), str(-(2**63)), str(2**53 + 1), 2**53 - 1))
numbers = small_integers | st.sampled_from((str(2**63 - 1), str(-(2**63)), str(2**53 + 1), 2**53 - 1))
numbers = small_integers | st.sampled_from((0.1, 0.3, -1.5, 1e-9, -1e-300, 2.0**53 - 1, "0.5", "1e300"))
dates = moments | st.sampled_from((0, -1, 1705314030000, "2024", "$NOW", "$NOW(-1 year)"))


def operands(field_type: FieldType) -> st.SearchStrategy[Any]:
    """Draw a single operand that a field of that type can be compared with."""
    if field_type in DATES:
        return dates
    if field_type in TEXTS or field_type is FieldType.UUID:
        return some_texts
    return {
        FieldType.INTEGER: whole_numbers,
        FieldType.BIG_INTEGER: big_numbers,
        FieldType.FLOAT: numbers,
        FieldType.DECIMAL: numbers,
        FieldType.BOOLEAN: st.sampled_from((True, False, 1, 0, "true", "false")),
        FieldType.TIME: clocks,
    }.get(field_type, numbers | some_texts)


@st.composite
def comparisons(draw: DrawFn, field_type: FieldType, name: str | None = None) -> dict[str, Any]:
    """Draw an operator that applies to the type (or take the named one), with its operand."""
    fitting = [row for row in OPERATORS.values() if field_type in row.accepts]
    operator = OPERATORS[name] if name else draw(st.sampled_from(fitting))
    one = operands(field_type)
    if operator.as_shown and field_type in DATES:
        one = st.sampled_from(("2024", "T10", "Z", "01-15"))
    or_null = st.one_of(one, one, one, st.none())
    match operator.arity:
        case Arity.FLAG:
            operand: Any = draw(st.booleans())
        case Arity.ONE:
            operand = draw(or_null)
        case Arity.TWO:
            operand = [draw(or_null), draw(or_null)]
        case Arity.MANY:
            operand = draw(st.lists(or_null, min_size=1, max_size=3))
    return {operator.name: operand}


# --- names -----------------------------------------------------------------------------------------------------------


def _far(schema: Schema, hop: Hop) -> Collection:
    return schema.collections[hop.far]


def _travelled(schema: Schema, collection: Collection) -> list[Hop]:
    """Give the hops to the collections a query may reach: Directus's own are left to the tests made for them."""
    return [hop for hop in collection.hops.values() if not _far(schema, hop).system]


def _scopes(collection: Collection) -> list[Hop]:
    return [hop for any_hop in collection.any_hops.values() for hop in any_hop.hops.values()]


def _follows(schema: Schema, collection: Collection) -> list[Hop]:
    """Give the hops backwards over relations that point here, whether they have an alias or not."""
    hops = [schema.follow(collection.name, each.many_collection, each.many_field) for each in schema.relations]
    return [hop for hop in hops if hop is not None and not _far(schema, hop).system]


def _calls(schema: Schema, collection: Collection) -> list[tuple[str, FieldType]]:
    """Give every function call the collection can answer, with the type its result is compared as."""
    calls = [
        (f"{function.name}({field.name})", FieldType.INTEGER)
        for function in FUNCTIONS.values()
        for field in collection.fields.values()
        if field.type in function.accepts and function.name != "json"
    ]
    for hop in _travelled(schema, collection):
        if not hop.many:
            continue
        calls.append((f"count({hop.name})", FieldType.INTEGER))
        calls += [
            (f"{name}({hop.name}.{field.name})", FieldType.INTEGER if name == "countDistinct" else FieldType.FLOAT)
            for name in RELATION_AGGREGATES
            for field in _far(schema, hop).fields.values()
            if field.type in NUMBERS
        ]
    return calls


# --- filters ---------------------------------------------------------------------------------------------------------


@st.composite
def filters(draw: DrawFn, schema: Schema, name: str, depth: int = 2) -> dict[str, Any]:
    """Draw a filter: comparisons, groups, relations, scopes, quantifiers and functions, `depth` relations deep."""
    collection = schema.collections[name]
    parts = [draw(_conditions(schema, collection, depth)) for _ in range(draw(st.sampled_from((1, 1, 1, 2, 3, 0))))]
    match draw(st.sampled_from(("keys", "_and", "_or"))):
        case "keys":
            return {key: inner for part in parts for key, inner in part.items()}
        case word:
            return {word: parts}


@st.composite
def _conditions(draw: DrawFn, schema: Schema, collection: Collection, depth: int) -> dict[str, Any]:
    """Draw a condition on one key."""
    hops = _travelled(schema, collection) if depth else []
    scopes = _scopes(collection) if depth else []
    kinds = ["field"] * 3 + ["call"] + ["hop"] * 3 * bool(hops) + ["scope"] * 2 * bool(scopes)
    follows = _follows(schema, collection) if depth else []
    kinds += ["group"] * bool(depth) + ["follow"] * bool(follows)
    match draw(st.sampled_from(kinds)):
        case "hop":
            hop = draw(st.sampled_from(hops))
            return {hop.name: draw(_behind(schema, hop, depth))}
        case "scope":
            hop = draw(st.sampled_from(scopes))
            return {hop.name: draw(filters(schema, hop.far, depth - 1))}
        case "group":
            return draw(filters(schema, collection.name, depth - 1))
        case "follow":
            hop = draw(st.sampled_from(follows))
            inner = draw(filters(schema, hop.far, depth - 1))
            return {hop.name: draw(st.sampled_from((inner, {draw(st.sampled_from(sorted(QUANTIFIERS))): inner})))}
        case "call" if calls := _calls(schema, collection):
            call, result = draw(st.sampled_from(calls))
            return {call: draw(comparisons(result))}
        case _:
            return draw(_on_field(collection))


@st.composite
def _on_field(draw: DrawFn, collection: Collection) -> dict[str, Any]:
    field = draw(st.sampled_from(list(collection.fields.values())))
    match draw(st.integers(0, 4)):
        case 0:
            several = draw(st.lists(comparisons(field.type), min_size=2, max_size=2))
            return {field.name: {key: operand for each in several for key, operand in each.items()}}
        case 1:
            either = draw(st.lists(comparisons(field.type), min_size=1, max_size=2))
            return {field.name: {draw(st.sampled_from(("_or", "_and"))): either}}
        case _:
            return {field.name: draw(comparisons(field.type))}


@st.composite
def _behind(draw: DrawFn, schema: Schema, hop: Hop, depth: int) -> dict[str, Any]:
    """Draw what is asked of the far side of a hop: an inner filter, a quantified one, or the far key itself."""
    key = _far(schema, hop).key
    kinds = ["inner", "inner"] + ["quantified"] * 2 * hop.many + ["key"] * (key is not None)
    match draw(st.sampled_from(kinds)):
        case "quantified":
            return {draw(st.sampled_from(sorted(QUANTIFIERS))): draw(filters(schema, hop.far, depth - 1))}
        case "key" if key is not None:
            near = schema.collections[hop.near].fields[hop.near_field]
            return draw(comparisons(key.type if hop.many else near.type))
        case _:
            return draw(filters(schema, hop.far, depth - 1))


# --- what is shown, sorted and cut -----------------------------------------------------------------------------------


@st.composite
def shown(draw: DrawFn, schema: Schema, name: str, depth: int = 2) -> tuple[list[str], Query]:
    """Draw field paths, and what `deep` asks of the relations they go through."""
    collection = schema.collections[name]
    stored = [field.name for field in collection.fields.values() if field.name not in collection.any_hops]
    paths = draw(st.lists(st.sampled_from(["*", *stored, *stored]), max_size=3))
    deep: Query = {}
    if not depth:
        return paths or ["*"], deep
    paths += draw(st.sampled_from(([],) * 9 + (["*.*"],)))
    if documents := [field.name for field in collection.fields.values() if field.type is FieldType.JSON]:
        of_json = st.builds(
            "json({}, {})".format, st.sampled_from(documents), st.sampled_from(("a", "a.b", "a.b[1]", "[0]"))
        )
        paths += draw(st.lists(of_json, max_size=1))
    if calls := _calls(schema, collection):
        paths += draw(st.lists(st.sampled_from([call for call, _ in calls]), max_size=1))
    ways = _ways(schema, collection)
    few = min(draw(st.integers(0, 3)), 1) if ways else 0
    for hop in draw(st.lists(st.sampled_from(ways), min_size=few, max_size=2)) if ways else ():
        inner, inner_deep = draw(shown(schema, hop.far, depth - 1))
        bare = hop.guard is None and bool(_far(schema, hop).primary_key) and draw(st.integers(0, 5)) == 5
        paths += [hop.name] if bare else [f"{hop.name}.{path}" for path in inner]
        asked = {**draw(_deep_of(schema, hop)), **({} if bare else inner_deep)}
        if asked:
            deep[hop.name] = asked
    for any_hop in collection.any_hops:
        paths += draw(st.sampled_from(([], [any_hop], [f"{any_hop}.*"])))
    return paths or ["*"], deep


def _ways(schema: Schema, collection: Collection) -> list[Hop]:
    return [*_travelled(schema, collection), *_scopes(collection)]


@st.composite
def _deep_of(draw: DrawFn, schema: Schema, hop: Hop) -> Query:
    asked: Query = {}
    if hop.many and draw(st.integers(0, 9)) == 9:
        return {f"_{key}": value for key, value in draw(groupings(schema, hop.far)).items()}
    if draw(st.integers(0, 2)) == 2:
        asked["_filter"] = draw(filters(schema, hop.far, 1))
    if draw(st.integers(0, 5)) == 5:
        asked["_search"] = draw(searches)
    if hop.many and draw(st.booleans()):
        asked["_sort"] = draw(sorts(schema, hop.far, 1))
    if hop.many and draw(st.booleans()):
        asked |= {f"_{key}": value for key, value in draw(pages).items()}
    return asked


@st.composite
def sorts(draw: DrawFn, schema: Schema, name: str, depth: int = 2) -> list[str]:
    """Draw sort keys: own fields, functions, and fields across relations of every kind."""
    keys = []
    for _ in range(draw(st.integers(1, 3))):
        segments: list[str] = []
        collection = schema.collections[name]
        for _ in range(draw(st.integers(0, depth))):
            if ways := _ways(schema, collection):
                hop = draw(st.sampled_from(ways))
                segments.append(hop.name)
                collection = _far(schema, hop)
        last = [*collection.fields, *collection.fields, *(call for call, _ in _calls(schema, collection))]
        segments.append(draw(st.sampled_from([name for name in last if name not in collection.any_hops])))
        keys.append(draw(st.sampled_from(("", "-"))) + ".".join(segments))
    return keys


searches = st.sampled_from(("a", "A", "%", "_", "ß", "ss", "é", "10", "1", "1.5", "x", "2024", " a ", "true", "日"))


@st.composite
def _pages(draw: DrawFn) -> Query:
    page: Query = {}
    if draw(st.booleans()):
        page["limit"] = draw(st.sampled_from((1, 2, 3, 4, -1, 0)))
        if page["limit"] > 0 and draw(st.booleans()):
            page["page"] = draw(st.integers(1, 3))
    if draw(st.integers(0, 4)) == 4:
        page["offset"] = draw(st.integers(0, 3))
    return page


pages = _pages()


@st.composite
def queries(draw: DrawFn, schema: Schema, name: str, depth: int = 2) -> Query:
    """Draw a valid question to a collection, nested `depth` relations deep at most."""
    query: Query = {}
    query["fields"], deep = draw(shown(schema, name, depth))
    if deep:
        query["deep"] = deep
    if draw(st.booleans()):
        query["filter"] = draw(filters(schema, name, depth))
    if draw(st.booleans()):
        query["sort"] = draw(sorts(schema, name, depth))
    if draw(st.integers(0, 5)) == 5:
        query["search"] = draw(searches)
    if draw(st.integers(0, 5)) == 5:
        query["meta"] = ["total_count", "filter_count"]
    if draw(st.integers(0, 9)) == 9:
        query["backlink"] = draw(st.booleans())
    if draw(st.integers(0, 5)) == 5:
        query |= draw(aliases(schema, name))
        query["fields"] += list(query["alias"])
    return query | draw(pages)


@st.composite
def aliases(draw: DrawFn, schema: Schema, name: str) -> Query:
    """Draw other names for fields, relations and functions."""
    collection = schema.collections[name]
    hops = [hop.name for hop in _travelled(schema, collection) if _far(schema, hop).primary_key]
    old = [
        *(field for field in collection.fields if "." not in field),
        *hops,
        *(call for call, _ in _calls(schema, collection) if "." not in call),
    ]
    return {"alias": {f"new{number}": draw(st.sampled_from(old)) for number in range(draw(st.integers(1, 2)))}}


# --- aggregates ------------------------------------------------------------------------------------------------------


@st.composite
def groupings(draw: DrawFn, schema: Schema, name: str) -> Query:
    """Draw a question for aggregates, grouped or not."""
    collection = schema.collections[name]
    query: Query = {"aggregate": {}}
    for aggregate in draw(st.lists(st.sampled_from(list(AGGREGATES.values())), min_size=1, max_size=3, unique=True)):
        fitting = [field.name for field in collection.fields.values() if field.type in aggregate.accepts]
        if aggregate.name == "countAll" or (aggregate.star and draw(st.booleans())):
            query["aggregate"][aggregate.name] = ["*"]
        elif fitting:
            query["aggregate"][aggregate.name] = draw(
                st.lists(st.sampled_from(fitting), min_size=1, max_size=2, unique=True)
            )
    if not query["aggregate"]:
        query["aggregate"]["count"] = ["*"]
    if draw(st.booleans()):
        several = st.lists(st.sampled_from(_groupable(schema, collection)), max_size=3, unique=True)
        query["groupBy"] = _apart(draw(several), query["aggregate"]) or [next(iter(collection.fields))]
        if draw(st.booleans()):
            sortable = [*query["groupBy"], *_measured(query["aggregate"])]
            keys = draw(st.lists(st.sampled_from(sortable), min_size=1, max_size=2, unique=True))
            query["sort"] = [draw(st.sampled_from(("", "-"))) + key for key in keys]
    if draw(st.booleans()):
        query["filter"] = draw(filters(schema, name))
    return query | draw(pages)


def _groupable(schema: Schema, collection: Collection) -> list[str]:
    """Give what may be grouped by: own fields, functions of them, and fields one to-one hop away."""
    functions = [call for call, _ in _calls(schema, collection) if call.split("(")[1][:-1] in collection.fields]
    across = [
        f"{hop.name}.{field}"
        for hop in _travelled(schema, collection)
        if not hop.many
        for field in _far(schema, hop).fields
    ]
    return [*collection.fields, *functions, *across]


def _apart(paths: list[str], aggregate: dict[str, list[str]]) -> list[str]:
    """Give the paths whose places in the answer are free: one object cannot hold a value and an object there."""
    taken: set[tuple[str, bool]] = set()
    kept = []
    for path in paths:
        first, across = path.split(".")[0], "." in path
        if (first, not across) not in taken and first not in aggregate:
            kept.append(path)
            taken.add((first, across))
    return kept


def _measured(aggregate: dict[str, list[str]]) -> list[str]:
    return [name if field == "*" else f"{name}.{field}" for name, fields in aggregate.items() for field in fields]


# --- questions that are at fault -------------------------------------------------------------------------------------

JUNK: Final = (
    None, True, 0, -1, -2, 1.5, 2**70, float("nan"), float("inf"), "", "x", "*", "*.*", "a.b.c", ".", "-", "$NOW",
    "$NOW(x)", "$FOLLOW(a)", "$FOLLOW(a,parent)", "$CURRENT_USER", "item:nope", "item:", ":", "year(", "count()", "()",
    "sum(parents.n)", "\x00", "[", "{", '{"id": 1}', "9" * 400, "_some", "?", [], {}, [None], [[]], [{}], {"": 1},
    {"_eq": 1}, {"_nope": 1}, {"_some": {}}, {"_some": None}, {"_and": [None]}, {"_or": {}}, {"id": {"_in": []}},
    {"_filter": {"id": 1}}, {"_limit": "x"}, ["*", "*"], {"a": "b.c"}, {"count": ["*"]}, {"sum": []},
)  # fmt: skip
KEYS: Final = (
    "fields", "filter", "search", "sort", "limit", "offset", "page", "deep", "alias", "aggregate", "groupBy", "meta",
    "backlink", "cursor", "_and", "_or", "_eq", "_in", "_none", "_every", "_filter", "_sort", "_limit", "id", "item",
    "nope", "parent", "year(n)", "count(parent)", "item:a", "", ".", "a.b",
)  # fmt: skip


@st.composite
def spoilt(draw: DrawFn, value: Any) -> Any:
    """Draw the value with one thing in it wrong: replaced by junk, or under another key."""
    inside = bool(value) and isinstance(value, (dict, list)) and draw(st.integers(0, 4)) > 0
    if not inside:
        return draw(st.sampled_from(JUNK))
    if isinstance(value, list):
        position = draw(st.integers(0, len(value) - 1))
        return [*value[:position], draw(spoilt(value[position])), *value[position + 1 :]]
    key = draw(st.sampled_from(list(value)))
    if draw(st.integers(0, 3)) == 3:
        return {draw(st.sampled_from(KEYS)) if name == key else name: inner for name, inner in value.items()}
    return value | {key: draw(spoilt(value[key]))}
