"""The demo city's grids tile the district."""

import json
from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, Polygon

from backend.app.demo import COUNTY, PACK
from backend.core.geo import Grid, GridIndex, to_wgs84
from backend.core.sheets.findings import Findings
from backend.directory.importing.polygons import read_outlines

DATA = Path(__file__).parents[1] / "data"
TODAY = date(2026, 11, 21)
KIND = "responsibility"


def _grids() -> dict[str, Polygon]:
    findings = Findings()
    outlines = read_outlines(PACK / "grids.geojson", findings)
    assert not findings
    return {outline.code: Polygon(outline.polygon.coordinates[0]) for outline in outlines}


GRIDS = _grids()
DISTRICT = GRIDS.pop(COUNTY)
INDEX = GridIndex(
    Grid(
        code=code,
        path=code,
        kind=KIND,
        valid_from=date(2020, 1, 1),
        valid_to=None,
        geojson=shapely.to_geojson(shape).encode(),
    )
    for code, shape in GRIDS.items()
)


def test_the_grids_cover_the_district_once() -> None:
    assert len(GRIDS) == 942
    shapes = list(GRIDS.values())
    assert shapely.union_all(shapes).equals(DISTRICT)
    assert sum(shape.area for shape in shapes) == pytest.approx(DISTRICT.area, rel=1e-12)
    pairs = shapely.STRtree(shapes).query(shapes, predicate="overlaps")
    assert pairs.size == 0


def test_the_district_is_the_real_one() -> None:
    source = json.loads((DATA / "boundary-330304.geojson").read_text(encoding="utf-8"))
    ((ring, *_),) = source["features"][0]["geometry"]["coordinates"]
    real = Polygon([to_wgs84(*point) for point in ring])
    assert DISTRICT.symmetric_difference(real).area < real.area * 1e-5


@pytest.mark.parametrize("digits", [9, 12])
def test_towns_and_communities_are_in_one_piece(digits: int) -> None:
    parts = defaultdict(list)
    for code, shape in GRIDS.items():
        parts[code[:digits]].append(shape)
    assert len(parts) == {9: 13, 12: 197}[digits]
    assert {shapely.union_all(shapes).geom_type for shapes in parts.values()} == {"Polygon"}


def test_polygons_are_small_and_on_the_lattice() -> None:
    for shape in GRIDS.values():
        points = shapely.get_coordinates(shape)
        assert len(points) <= 40
        assert (points == points.round(6)).all()
        assert shape.is_valid


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_point_lies_in_exactly_one_grid_or_outside(east: float, north: float) -> None:
    west, south, right, top = DISTRICT.bounds
    point = Point(west + east * (right - west), south + north * (top - south))
    inside = [code for code, shape in GRIDS.items() if shape.contains(point)]
    found = INDEX.find(KIND, point.x, point.y, TODAY)
    assert len(inside) <= 1
    assert (found is not None) == DISTRICT.intersects(point)
    if inside:
        assert found is not None
        assert found.code == inside[0]
