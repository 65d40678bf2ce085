"""Points, distances and grids. Longitude first, degrees, WGS-84 unless a name says otherwise."""

from collections.abc import Iterable, Sequence
from datetime import date
from math import asin, cos, degrees, pi, radians, sin, sqrt

import shapely
from msgspec import Struct

EARTH_RADIUS_M = 6_371_008.8
_AXIS_M = 6_378_245.0  # Krasovsky 1940, as GCJ-02 uses it
_ECCENTRICITY = 0.006_693_421_622_965_943
_CONVERGED_DEG = 1e-10
_ROUNDS = 30  # three are usually enough


def in_china(longitude: float, latitude: float) -> bool:
    """Whether GCJ-02 shifts a point here: a rectangle, as every implementation draws it."""
    return 72.004 <= longitude <= 137.8347 and 0.8293 <= latitude <= 55.8271


def to_gcj02(longitude: float, latitude: float) -> tuple[float, float]:
    """WGS-84 to GCJ-02; points outside China stay."""
    if not in_china(longitude, latitude):
        return longitude, latitude
    east, north = _shift(longitude - 105.0, latitude - 35.0)
    phi = radians(latitude)
    squash = 1 - _ECCENTRICITY * sin(phi) ** 2
    east = degrees(east * sqrt(squash) / (_AXIS_M * cos(phi)))
    north = degrees(north * squash * sqrt(squash) / (_AXIS_M * (1 - _ECCENTRICITY)))
    return longitude + east, latitude + north


def to_wgs84(longitude: float, latitude: float) -> tuple[float, float]:
    """GCJ-02 to WGS-84, by fixed-point iteration: exact to far less than a millimetre."""
    if not in_china(longitude, latitude):
        return longitude, latitude
    x, y = longitude, latitude
    for _ in range(_ROUNDS):
        shifted_x, shifted_y = to_gcj02(x, y)
        error_x, error_y = shifted_x - longitude, shifted_y - latitude
        x, y = x - error_x, y - error_y
        if max(abs(error_x), abs(error_y)) < _CONVERGED_DEG:
            break
    return x, y


def _shift(x: float, y: float) -> tuple[float, float]:
    """GCJ-02's shift in metres east and north, of a point relative to 105°E 35°N."""
    root, wave = sqrt(abs(x)), 20 * sin(6 * pi * x) + 20 * sin(2 * pi * x)
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (wave + 20 * sin(pi * x) + 40 * sin(pi / 3 * x)) * 2 / 3
    east += (150 * sin(pi / 12 * x) + 300 * sin(pi / 30 * x)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (wave + 20 * sin(pi * y) + 40 * sin(pi / 3 * y)) * 2 / 3
    north += (160 * sin(pi / 12 * y) + 320 * sin(pi / 30 * y)) * 2 / 3
    return east, north


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Metres between two (longitude, latitude) points on the sphere, by the haversine."""
    (lon_a, lat_a), (lon_b, lat_b) = a, b
    vertical = sin(radians(lat_b - lat_a) / 2)
    horizontal = sin(radians(lon_b - lon_a) / 2)
    chord = vertical**2 + cos(radians(lat_a)) * cos(radians(lat_b)) * horizontal**2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(chord)))


class Box(Struct, frozen=True):
    """A rectangle of degrees, edges included."""

    west: float
    south: float
    east: float
    north: float


def box_around(longitude: float, latitude: float, metres: float) -> Box:
    """A box that holds every point within a radius; a little too large, never too small.

    Meant for radii that stay clear of the poles and the 180° meridian.
    """
    north = degrees(metres / EARTH_RADIUS_M)
    widest = radians(min(89.0, abs(latitude) + north))
    east = north / cos(widest)
    return Box(longitude - east, latitude - north, longitude + east, latitude + north)


class Grid(Struct, frozen=True, kw_only=True):
    """A polygon with its place in the area tree and its days (`valid_to` inclusive)."""

    code: str
    path: str
    kind: str
    valid_from: date
    valid_to: date | None
    geojson: bytes

    def valid_on(self, day: date) -> bool:
        """Whether the grid is in force on a day of the county's time zone."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class GridIndex:
    """Which grid of a kind holds a point on a date, in memory. A point on a shared edge belongs to
    the grid with the lowest code, so the answer is always one grid or none.
    """

    def __init__(self, grids: Iterable[Grid]) -> None:
        self._grids = sorted(grids, key=lambda grid: grid.code)
        self._shapes = shapely.from_geojson([grid.geojson for grid in self._grids])
        shapely.prepare(self._shapes)
        self._tree = shapely.STRtree(self._shapes)

    def find(self, kind: str, longitude: float, latitude: float, on: date) -> Grid | None:
        """The grid that holds the point, or None outside all of them."""
        return self.find_all(kind, [(longitude, latitude)], on)[0]

    def find_all(
        self, kind: str, points: Sequence[tuple[float, float]], on: date
    ) -> list[Grid | None]:
        """For each (longitude, latitude) the grid that holds it: far quicker than one by one."""
        found: list[Grid | None] = [None] * len(points)
        which, where = self._tree.query(shapely.points(points), predicate="intersects")
        for index, position in sorted(zip(which.tolist(), where.tolist(), strict=True)):
            grid = self._grids[position]
            if found[index] is None and grid.kind == kind and grid.valid_on(on):
                found[index] = grid
        return found

    def around(self, kind: str, box: Box, on: date) -> list[list[tuple[float, float]]]:
        """The outlines, (longitude, latitude), of the grids of a kind that a box touches, holes
        among them.
        """
        window = shapely.box(box.west, box.south, box.east, box.north)
        places = self._tree.query(window, predicate="intersects").tolist()
        shapes = [
            self._shapes[place]
            for place in sorted(places)
            if self._grids[place].kind == kind and self._grids[place].valid_on(on)
        ]
        parts = shapely.get_parts(shapely.get_parts(shapes))
        return [
            list(zip(*shapely.get_coordinates(ring).T.tolist(), strict=True))
            for part in parts
            for ring in shapely.get_rings(part)
        ]

    def closest(
        self, kind: str, longitude: float, latitude: float, on: date, within_m: float
    ) -> Grid | None:
        """The closest grid within `within_m` metres: a report just outside the county must still
        have a home.
        """
        point = shapely.Point(longitude, latitude)
        lines = shapely.shortest_line(self._shapes, point)
        east, north = (shapely.get_coordinates(lines)[::2] - (longitude, latitude)).T
        apart = (east * cos(radians(latitude))) ** 2 + north**2
        fitting = (
            (metric, grid.code, grid)
            for metric, grid in zip(apart.tolist(), self._grids, strict=True)
            if grid.kind == kind and grid.valid_on(on)
        )
        metric, _, closest = min(fitting, default=(0.0, "", None), key=lambda fit: fit[:2])
        return closest if radians(sqrt(metric)) * EARTH_RADIUS_M <= within_m else None
