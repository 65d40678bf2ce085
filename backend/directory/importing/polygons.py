"""Polygons of areas from GeoJSON: valid, in WGS-84, and grids of one kind never over each other."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec
import shapely
from msgspec import Struct
from shapely.geometry.base import BaseGeometry

from backend.core.geo import to_wgs84
from backend.core.sheets.findings import Findings, Where
from backend.core.sheets.shelf import Shelf
from backend.directory.states import AreaState
from backend.directory.structs import MultiPolygon, Polygon

OVERLAP_TOLERANCE = 1e-10
"""Square degrees, about one square metre: less is rounding of shared edges."""


class _Properties(Struct, frozen=True):
    code: str | int


class _Feature(Struct, frozen=True):
    properties: _Properties
    geometry: msgspec.Raw


class _Collection(Struct, frozen=True, tag_field="type", tag="FeatureCollection"):
    features: list[_Feature]
    datum: Literal["WGS-84", "GCJ-02"] = "WGS-84"


class Outline(Struct, frozen=True):
    """An area's polygon as a file gives it, in WGS-84. `where.row` counts features from 1."""

    where: Where
    code: str
    polygon: Polygon | MultiPolygon


def read_outlines(path: Path, findings: Findings) -> list[Outline]:
    """The polygons of a GeoJSON file: a FeatureCollection whose features have `properties.code`.
    A member `"datum": "GCJ-02"` says that it must be converted.
    """
    try:
        collection = msgspec.json.decode(path.read_bytes(), type=_Collection)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        expected = "GeoJSON 的 FeatureCollection,每个 feature 有 properties.code 和 geometry"
        findings.add(Where(path.name), "", error, expected)
        return []
    outlines: dict[str, Outline] = {}
    for number, feature in enumerate(collection.features, start=1):
        where = Where(path.name, row=number)
        code = str(feature.properties.code)
        polygon = _polygon(where, feature.geometry, collection.datum, findings)
        if code in outlines:
            findings.add(where, "code", code, f"不重复:第 {outlines[code].where.row} 个已是它")
        elif polygon is not None:
            outlines[code] = Outline(where, code, polygon)
    return list(outlines.values())


def _polygon(
    where: Where, raw: msgspec.Raw, datum: str, findings: Findings
) -> Polygon | MultiPolygon | None:
    try:
        shape = shapely.force_2d(shapely.from_geojson(bytes(raw)))
    except shapely.errors.GEOSException as error:
        findings.add(where, "geometry", error, "GeoJSON 的 Polygon 或 MultiPolygon")
        return None
    if shape.geom_type not in ("Polygon", "MultiPolygon") or shape.is_empty:
        findings.add(where, "geometry", shape.geom_type, "Polygon 或 MultiPolygon")
        return None
    if not shape.is_valid:
        expected = "不自交、不重叠的多边形"
        findings.add(where, "geometry", shapely.is_valid_reason(shape), expected)
        return None
    west, south, east, north = shape.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        findings.add(where, "geometry", f"{west},{south}", "[经度, 纬度],单位为度")
        return None
    if datum == "GCJ-02":
        points = shapely.get_coordinates(shape).tolist()
        moved = [tuple(round(part, 7) for part in to_wgs84(x, y)) for x, y in points]
        shape = shapely.set_coordinates(shape, moved)
    return msgspec.json.decode(shapely.to_geojson(shape), type=Polygon | MultiPolygon)


def shapes_of(areas: Iterable[AreaState]) -> tuple[list[AreaState], Sequence[BaseGeometry]]:
    """The areas that have a polygon, and their shapes."""
    drawn = [area for area in areas if area.polygon is not None]
    shapes = shapely.from_geojson([msgspec.json.encode(area.polygon) for area in drawn])
    return drawn, shapes.tolist()


def check_overlaps(
    shelf: Shelf[AreaState], outlines: Mapping[str, Outline], findings: Findings
) -> None:
    """A point lies in one grid per kind and date: note the pairs where it could lie in two."""
    grids, shapes = shapes_of(a for a in shelf.after().values() if a.kind != "administrative")
    if not grids:
        return
    tree = shapely.STRtree(shapes)
    for first, second in tree.query(shapes, predicate="intersects").T.tolist():
        a, b = grids[first], grids[second]
        if a.code >= b.code or a.kind != b.kind or not _overlap_in_time(a, b):
            continue
        if not (a.id in shelf.brought or b.id in shelf.brought):
            continue
        if shapes[first].intersection(shapes[second]).area > OVERLAP_TOLERANCE:
            late = b if b.id in shelf.brought else a
            other = a if late is b else b
            expected = f"不与同类网格 {other.code} 重叠"
            outline = outlines.get(late.code)
            where = outline.where if outline else shelf.where[late.id]
            findings.add(where, "geometry", late.code, expected)


def _overlap_in_time(a: AreaState, b: AreaState) -> bool:
    return a.valid_from <= (b.valid_to or date.max) and b.valid_from <= (a.valid_to or date.max)


def inner_points(areas: Iterable[AreaState]) -> dict[str, tuple[float, float]]:
    """A (longitude, latitude) inside each area; of an area without a polygon, inside the union of
    what lies under it.
    """
    drawn, shapes = shapes_of(areas)
    parts: dict[str, list[BaseGeometry]] = {}
    own = {area.code: shape for area, shape in zip(drawn, shapes, strict=True)}
    for area in drawn:
        if area.kind != "administrative":
            for code in area.path.split("/"):
                parts.setdefault(code, []).append(own[area.code])
    found = {}
    for code in own.keys() | parts.keys():
        shape = own.get(code) or shapely.union_all(parts[code])
        point = shape.representative_point()
        found[code] = (round(point.x, 6), round(point.y, 6))
    return found
