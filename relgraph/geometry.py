"""Geometry: whether two GeoJSON shapes, or the boxes around them, have a point in common.

In: GeoJSON text, as stored and as an operand. Out: True, False, or None where either is no GeoJSON. Boxes need nothing
but Python; shapes need the extra `geo` (shapely), which is imported when the first one is compared.
Source: https://www.rfc-editor.org/rfc/rfc7946
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeAlias

from relgraph.values import Stored, Truth

Box: TypeAlias = tuple[float, float, float, float]  # west, south, east, north; degrees or whatever the shape is in

_PARTS = ("geometries", "features")


def bounding_box(value: Stored) -> Box | None:
    """Give the box around a shape, or None for what is no GeoJSON or has no points.

    >>> bounding_box('{"type": "LineString", "coordinates": [[1, 5], [3, 2]]}')
    (1, 2, 3, 5)
    >>> bounding_box("no shape") is None
    True
    """
    shape = _parsed(value)
    try:
        points = list(_points(shape))
    except (TypeError, ValueError, RecursionError):
        return None
    if not points:
        return None
    across, along = [point[0] for point in points], [point[1] for point in points]
    return min(across), min(along), max(across), max(along)


def boxes_meet(value: Stored, operand: Stored) -> Truth:
    """Say whether the boxes around two shapes have a point in common.

    >>> point, line = '{"type": "Point", "coordinates": [2, 3]}', '{"type":"LineString","coordinates":[[1,5],[3,2]]}'
    >>> boxes_meet(point, line), boxes_meet(None, line)
    (True, None)
    """
    one, other = bounding_box(value), bounding_box(operand)
    if one is None or other is None:
        return None
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def shapes_meet(value: Stored, operand: Stored) -> Truth:
    """Say whether two shapes have a point in common. Needs the extra `geo`.

    >>> shapes_meet(None, '{"type": "Point", "coordinates": [2, 3]}') is None
    True
    """
    if bounding_box(value) is None or bounding_box(operand) is None:
        return None
    return bool(_exact(value).intersects(_exact(operand)))


@lru_cache(maxsize=256)
def _exact(value: Stored) -> Any:
    from shapely.geometry import shape

    return shape(_geometry(_parsed(value)))


def _geometry(shape: Any) -> Any:
    """Give features as the geometries they hold."""
    if shape["type"] == "Feature":
        return shape["geometry"]
    if shape["type"] == "FeatureCollection":
        return {"type": "GeometryCollection", "geometries": [part["geometry"] for part in shape["features"]]}
    return shape


def _parsed(value: Stored) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        return None


def _points(shape: Any) -> Iterator[tuple[float, float]]:
    if not isinstance(shape, dict):
        raise TypeError(shape)
    for name in _PARTS:
        for part in shape.get(name, ()):
            yield from _points(part)
    if shape.get("type") == "Feature" and shape.get("geometry") is not None:
        yield from _points(shape["geometry"])
    yield from _positions(shape.get("coordinates", []))


def _positions(coordinates: Any) -> Iterator[tuple[float, float]]:
    if not isinstance(coordinates, list):
        raise TypeError(coordinates)
    if coordinates and not isinstance(coordinates[0], list):
        across, along = coordinates[:2]  # a third number, the height, does not count
        if not (_is_number(across) and _is_number(along)):
            raise ValueError(coordinates)
        yield across, along
    else:
        for inner in coordinates:
            yield from _positions(inner)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
