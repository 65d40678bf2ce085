"""Tiles a region with grids: towns round given centres, communities in towns, grids in communities,
each level by Lloyd-relaxed Voronoi cells. Deterministic for a seed.
"""

import random
from collections.abc import Sequence
from math import cos, radians

import shapely
from shapely import MultiPoint, Point, Polygon
from shapely.affinity import scale
from shapely.geometry.base import BaseGeometry

PRECISION = 1e-6
"""Degrees, about 0.1 m: every vertex lies on this lattice, so that neighbours share vertices."""
ROUNDS = 12
NEAR = 1e-7


def tile(
    region: Polygon, towns: Sequence[tuple[Point, Sequence[int]]], seed: int
) -> tuple[Polygon, list[list[list[Polygon]]]]:
    """Cut a region into towns[i] -> communities[j] -> grids, as many as asked for.

    `towns` gives each town's centre and how many grids each of its communities has. Returns the
    region on the lattice and the grids; together they cover it exactly, without overlaps.
    """
    latitude = region.centroid.y
    squeeze = cos(radians(latitude))
    dice = random.Random(seed)
    flat = scale(region, xfact=squeeze, yfact=1, origin=(0, 0))
    centres = [scale(centre, xfact=squeeze, yfact=1, origin=(0, 0)) for centre, _ in towns]
    rough: list[tuple[tuple[int, int], Polygon]] = []
    for town, (part, (_, counts)) in enumerate(zip(_cells(flat, centres), towns, strict=True)):
        communities = _relaxed(part, len(counts), dice)
        for community, (place, count) in enumerate(zip(communities, counts, strict=True)):
            rough += [((town, community), grid) for grid in _relaxed(place, count, dice)]
    exact = _on_lattice(
        [scale(grid, xfact=1 / squeeze, yfact=1, origin=(0, 0)) for _, grid in rough]
    )
    tiled: list[list[list[Polygon]]] = [[[] for _ in counts] for _, counts in towns]
    for ((town, community), _), grid in zip(rough, exact, strict=True):
        tiled[town][community].append(grid)
    return _one(shapely.union_all(exact)), tiled


def _relaxed(region: Polygon, count: int, dice: random.Random) -> list[Polygon]:
    """Cut a region into cells of about the same size."""
    if count == 1:
        return [region]
    points = _scattered(region, count, dice)
    for _ in range(ROUNDS):
        points = [_middle(cell) for cell in _cells(region, points)]
    return _cells(region, points)


def _middle(cell: Polygon) -> Point:
    centre = cell.centroid
    return centre if cell.contains(centre) else cell.representative_point()


def _scattered(region: Polygon, count: int, dice: random.Random) -> list[Point]:
    west, south, east, north = region.bounds
    points: list[Point] = []
    while len(points) < count:
        point = Point(dice.uniform(west, east), dice.uniform(south, north))
        if region.contains(point):
            points.append(point)
    return points


def _cells(region: Polygon, points: Sequence[Point]) -> list[Polygon]:
    """The Voronoi cells of points in a region, each in one piece: what a bend of the border cuts
    off goes to the neighbour that touches it most.
    """
    diagram = shapely.voronoi_polygons(MultiPoint(points), extend_to=region, ordered=True)
    cut = [cell.intersection(region) for cell in diagram.geoms]
    return _in_one_piece(cut, points)


def _in_one_piece(cut: Sequence[BaseGeometry], points: Sequence[Point]) -> list[Polygon]:
    cells: list[Polygon] = []
    loose: list[Polygon] = []
    for shape, point in zip(cut, points, strict=True):
        parts = sorted(_polygons(shape), key=lambda part: (part.distance(point), -part.area))
        cells += parts[:1]
        loose += parts[1:]
    while loose:
        loose.sort(key=lambda part: part.area)
        part = loose.pop()
        touches = [part.buffer(NEAR).intersection(cell).area for cell in cells]
        best = max(range(len(cells)), key=touches.__getitem__)
        cells[best] = _largest(shapely.union_all([cells[best], part.buffer(NEAR / 10)]))
    return cells


def _polygons(shape: BaseGeometry) -> list[Polygon]:
    if isinstance(shape, Polygon):
        return [shape]
    return [part for part in getattr(shape, "geoms", []) if isinstance(part, Polygon)]


def _on_lattice(rough: Sequence[Polygon]) -> list[Polygon]:
    """The same cells with every vertex on the lattice and every border shared: the borders are
    noded together, and each face goes to the cell that holds it.
    """
    lines = shapely.union_all([cell.boundary for cell in rough], grid_size=PRECISION)
    faces = _polygons(shapely.polygonize([lines]))
    tree = shapely.STRtree(list(rough))
    parts: list[list[Polygon]] = [[] for _ in rough]
    small: list[Polygon] = []
    for face in faces:
        near = tree.query(face)
        shares = {int(i): rough[i].intersection(face).area for i in near}
        best = max(shares, key=shares.__getitem__, default=None)
        if best is None or shares[best] < face.area / 2:
            small.append(face)
        else:
            parts[best].append(face)
    cells = [_snapped(shapely.union_all(part)) for part in parts]
    for face in [*small, *_islands(cells)]:
        touching = [face.boundary.intersection(_largest(cell).boundary).length for cell in cells]
        best = max(range(len(cells)), key=touching.__getitem__)
        if touching[best] > 0:
            cells[best] = _snapped(shapely.union_all([_largest(cells[best]), face]))
    return [_one(cell) for cell in cells]


def _islands(cells: list[BaseGeometry]) -> list[Polygon]:
    """Take the loose pieces off the cells."""
    loose: list[Polygon] = []
    for index, cell in enumerate(cells):
        main = _largest(cell)
        loose += [part for part in _polygons(cell) if part is not main]
        cells[index] = main
    return loose


def _largest(shape: BaseGeometry) -> Polygon:
    return max(_polygons(shape), key=lambda part: part.area)


def _snapped(shape: BaseGeometry) -> BaseGeometry:
    return shapely.set_precision(shape, PRECISION, mode="pointwise")


def _one(shape: BaseGeometry) -> Polygon:
    """The shape, with coordinates that print as written. Raises ValueError when in pieces."""
    (whole,) = _polygons(shape)
    return shapely.transform(whole, lambda xy: xy.round(6))
