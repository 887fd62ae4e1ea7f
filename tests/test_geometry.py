"""Geometry operators: boxes without any package, shapes with shapely, in both evaluators."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from relgraph import Param, RelationRegistry, evaluate
from relgraph.errors import RelgraphError
from relgraph.geometry import bounding_box
from relgraph.query import operands

PLACES: dict[int, Any] = {
    1: {"type": "Point", "coordinates": [2, 3]},
    2: {"type": "Polygon", "coordinates": [[[0, 0], [4, 0], [0, 4], [0, 0]]]},
    3: {"type": "MultiPoint", "coordinates": [[10, 10], [11, 12, 99]]},
    4: {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [-5, -5]}]},
    5: {"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[3, 3], [9, 9]]}, "properties": {}},
    6: None,
    7: "no shape",
}


@pytest.fixture
def registry() -> Iterator[RelationRegistry]:
    """A registry with a geometry column of every kind of value."""
    with RelationRegistry(":memory:") as opened:
        opened.connection.execute("CREATE TABLE places (id INTEGER PRIMARY KEY, shape GEOMETRY)")
        rows = [
            (key, shape if isinstance(shape, str) or shape is None else json.dumps(shape))
            for key, shape in PLACES.items()
        ]
        opened.connection.executemany("INSERT INTO places VALUES (?, ?)", rows)
        yield opened


def found(registry: RelationRegistry, operator: str, operand: Any) -> list[int]:
    """Give the keys that a geometry filter finds, the same by SQL and in Python."""
    query = {"fields": ["id"], "filter": {"shape": {operator: operand}}}
    rows = [dict(zip(("id", "shape"), row, strict=True)) for row in registry.connection.execute("SELECT * FROM places")]
    by_sql = registry.items("places").read(query).data
    assert by_sql == evaluate(query, {"places": rows}, registry.schema, collection="places").data
    return [item["id"] for item in by_sql]


CORNER = {"type": "Point", "coordinates": [3.5, 3.5]}


@pytest.mark.parametrize(
    ("operator", "operand", "keys"),
    [
        ("_intersects_bbox", CORNER, [2, 5]),
        ("_nintersects_bbox", CORNER, [1, 3, 4]),
        ("_intersects_bbox", json.dumps(CORNER), [2, 5]),
        ("_intersects_bbox", {"type": "LineString", "coordinates": [[-9, -9], [20, 20]]}, [1, 2, 3, 4, 5]),
        ("_intersects", CORNER, [5]),
        ("_nintersects", CORNER, [1, 2, 3, 4]),
    ],
)
def test_shapes_meet(registry: RelationRegistry, operator: str, operand: Any, keys: list[int]) -> None:
    """Boxes meet where the boxes around two shapes do, shapes where they themselves do; what is no shape is unknown."""
    assert found(registry, operator, operand) == keys


@pytest.mark.parametrize(
    "operand", ["x", "", 5, True, {"type": "Point"}, {"type": "Point", "coordinates": ["a", "b"]}, {"a": float("nan")}]
)
def test_an_operand_that_is_no_shape_is_refused(registry: RelationRegistry, operand: Any) -> None:
    """A geometry operator takes GeoJSON with coordinates, as an object or as text."""
    with pytest.raises(RelgraphError) as caught:
        registry.items("places").read(filter={"shape": {"_intersects_bbox": operand}})
    assert (caught.value.code, caught.value.where) == ("INVALID_QUERY", "filter.shape._intersects_bbox")


def test_a_shape_can_be_a_parameter(registry: RelationRegistry) -> None:
    """A prepared query takes a GeoJSON object as an argument."""
    prepared = registry.items("places").prepare(fields=[], filter={"shape": {"_intersects_bbox": Param("here")}})
    assert prepared(here=CORNER).data == [2, 5]


def test_a_query_with_a_shape_prints_and_parses(registry: RelationRegistry) -> None:
    """A shape as an operand survives a URL query string."""
    from relgraph.query.parse import parse

    query = parse(filter={"shape": {"_intersects_bbox": CORNER}})
    assert parse(query.to_url()) == parse(query.to_dict()) == query


def test_exact_shapes_say_which_package_they_need(registry: RelationRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without shapely an exact operator is refused before anything runs, with the command that installs it."""
    monkeypatch.setattr(operands, "find_spec", lambda name: None)
    with pytest.raises(RelgraphError, match=r"pip install 'relgraph\[geo\]'") as caught:
        registry.items("places").read(filter={"shape": {"_intersects": CORNER}})
    assert caught.value.code == "INVALID_QUERY"


@pytest.mark.parametrize(
    "text",
    ['{"type": "Point", "coordinates": [1]}', '{"coordinates": 5}', '{"geometries": [5]}', "[" * 5000, "[]", "5"],
)
def test_what_is_no_geojson_has_no_box(text: str) -> None:
    """Any JSON text that is no shape is none, however it is broken."""
    assert bounding_box(text) is None
