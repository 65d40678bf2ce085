"""Datum, distance, boxes and grids."""

import json
from collections.abc import Callable
from datetime import date
from math import asin, atan2, cos, degrees, radians, sin
from pathlib import Path

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from backend.core.geo import (
    EARTH_RADIUS_M,
    Grid,
    GridIndex,
    box_around,
    distance_m,
    to_gcj02,
    to_wgs84,
)

VECTORS = json.loads(
    (Path(__file__).parents[1] / "data" / "coordinate-vectors.json").read_text(encoding="utf-8")
)
STEPS = [
    (step["input"], step["coord_convert"], to_gcj02 if step["from"] == "wgs84" else to_wgs84)
    for point in VECTORS["points"]
    for step in point["transforms"]
    if {step["from"], step["to"]} == {"wgs84", "gcj02"}
]
TODAY = date(2026, 11, 21)
KIND = "responsibility"
EDGE = 1e-9
"""Degrees; what floating point may lose."""


@pytest.mark.parametrize(("point", "expected", "convert"), STEPS)
def test_datum_steps_agree_with_other_libraries(
    point: list[float],
    expected: list[float],
    convert: Callable[[float, float], tuple[float, float]],
) -> None:
    tolerance = 1e-6 if convert is to_wgs84 else 1e-7
    assert convert(*point) == pytest.approx(expected, abs=tolerance)


@given(st.floats(73, 135), st.floats(4, 53))
def test_datum_there_and_back_is_the_same_place(longitude: float, latitude: float) -> None:
    back = to_wgs84(*to_gcj02(longitude, latitude))
    assert distance_m(back, (longitude, latitude)) < 0.001


def test_distance_of_a_degree_of_latitude() -> None:
    assert distance_m((120, 28), (120, 29)) == pytest.approx(111_195, abs=5)


@given(st.floats(-150, 150), st.floats(-70, 70), st.floats(1, 50_000), st.floats(0, 6.2832))
def test_a_box_holds_its_circle(
    longitude: float, latitude: float, metres: float, bearing: float
) -> None:
    box = box_around(longitude, latitude, metres)
    phi, angle = radians(latitude), metres / EARTH_RADIUS_M
    north = asin(sin(phi) * cos(angle) + cos(phi) * sin(angle) * cos(bearing))
    east = atan2(sin(bearing) * sin(angle) * cos(phi), cos(angle) - sin(phi) * sin(north))
    reached = (longitude + degrees(east), degrees(north))
    assert distance_m((longitude, latitude), reached) == pytest.approx(metres, rel=1e-6, abs=1e-6)
    assert box.west - EDGE <= reached[0] <= box.east + EDGE
    assert box.south - EDGE <= reached[1] <= box.north + EDGE


def _grid(
    code: str,
    west: float,
    kind: str = KIND,
    valid_from: date = date(2026, 1, 1),
    valid_to: date | None = None,
) -> Grid:
    return Grid(
        code=code,
        path=code,
        kind=kind,
        valid_from=valid_from,
        valid_to=valid_to,
        geojson=shapely.to_geojson(shapely.box(west, 30, west + 1, 31)).encode(),
    )


def _found(index: GridIndex, longitude: float, on: date = TODAY, kind: str = KIND) -> str | None:
    grid = index.find(kind, longitude, 30.5, on)
    return grid.code if grid else None


def test_a_point_on_a_shared_edge_lies_in_one_grid() -> None:
    index = GridIndex([_grid("b", 120), _grid("a", 121)])
    assert _found(index, 121) == "a"
    assert _found(index, 120.5) == "b"
    assert _found(index, 125) is None


def test_the_day_and_the_kind_decide_between_grids_in_one_place() -> None:
    last = date(2026, 6, 30)
    old, new = _grid("old", 120, valid_to=last), _grid("new", 120, valid_from=date(2026, 7, 1))
    index = GridIndex([old, new, _grid("police", 120, kind="governance")])
    assert _found(index, 120.5, last) == "old"
    assert _found(index, 120.5, date(2026, 7, 1)) == "new"
    assert _found(index, 120.5, TODAY, "governance") == "police"


def test_a_point_outside_has_a_nearest_grid() -> None:
    index = GridIndex([_grid("a", 120), _grid("b", 121)])
    nearest = index.closest(KIND, 122.1, 30.5, TODAY, 20_000)
    assert nearest is not None
    assert nearest.code == "b"
    assert GridIndex([]).closest(KIND, 120, 30, TODAY, 20_000) is None
    assert index.closest(KIND, 122.3, 30.5, TODAY, 20_000) is None
