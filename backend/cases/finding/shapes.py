"""Shapes drawn on a map: read from their text, and asked of a case's place."""

from math import isfinite

from msgspec import Struct

from backend.core.errors import Problem
from backend.core.geo import box_around
from backend.core.scope import Parameters

POLYGON_POINTS = 200
CIRCLE_METRES = 200_000
_POLES = 85.0
_SCALE = 1e6
"""Of degrees before PostgreSQL compares them. It takes for zero what is below 1e-6, cross products
too: in degrees a place 100 m away would lie on a short edge; so, one a thousandth of a micron away.
"""


class Rectangle(Struct, frozen=True):
    """Edges included."""

    west: float
    south: float
    east: float
    north: float


class Circle(Struct, frozen=True):
    """By the distance on the sphere, edge included."""

    longitude: float
    latitude: float
    metres: float


class Polygon(Struct, frozen=True):
    """Of (longitude, latitude) corners; what it winds round is inside, edges included."""

    corners: list[tuple[float, float]]


Shape = Rectangle | Circle | Polygon


def read_shape(text: str) -> Shape:
    """Raises Problem 400 `bad_shape`."""
    kind, _, rest = text.partition(":")
    try:
        numbers = [float(part) for part in rest.split(",")]
    except ValueError as error:
        raise _bad("坐标必须是数字") from error
    if not all(map(isfinite, numbers)):
        raise _bad("坐标必须是数字")
    if kind == "rectangle" and len(numbers) == 4:
        west, south, east, north = numbers
        _on_earth([(west, south), (east, north)])
        if west > east or south > north:
            raise _bad("矩形的西、南边界要小于东、北边界")
        return Rectangle(west, south, east, north)
    if kind == "circle" and len(numbers) == 3:
        longitude, latitude, metres = numbers
        _on_earth([(longitude, latitude)])
        if not 0 < metres <= CIRCLE_METRES:
            raise _bad("半径要大于 0,不超过 200 公里")
        return Circle(longitude, latitude, metres)
    if kind == "polygon" and len(numbers) % 2 == 0:
        corners = list(zip(numbers[::2], numbers[1::2], strict=True))
        _on_earth(corners)
        if not 3 <= len(corners) <= POLYGON_POINTS:
            raise _bad("多边形要有 3 到 200 个点")
        return Polygon(corners)
    raise _bad("请重新在地图上框选")


def inside(shape: Shape, sql: Parameters) -> str:
    """The condition on `case_file c` that its place lies inside.

    First by plain comparisons: their statistics tell the planner how many cases lie in a shape,
    which those of geometric operators do not. `coalesce` keeps it from using one as an index.
    """
    match shape:
        case Rectangle(west, south, east, north):
            return _in_box(west, south, east, north, sql)
        case Circle(longitude, latitude, metres):
            box = box_around(longitude, latitude, metres)
            near = _in_box(box.west, box.south, box.east, box.north, sql)
            apart = (
                f"metres_between(c.longitude, c.latitude, {sql(longitude)}::float8, "
                f"{sql(latitude)}::float8)"
            )
            return f"{near} and {apart} <= {sql(metres)}::float8"
        case Polygon(corners):
            xs, ys = zip(*corners, strict=True)
            near = _in_box(min(xs), min(ys), max(xs), max(ys), sql)
            path = ",".join(
                f"({(east - xs[0]) * _SCALE!r},{(north - ys[0]) * _SCALE!r})"
                for east, north in corners
            )
            x, y = (
                f"(c.{name} - {sql(origin)}::float8) * {_SCALE!r}::float8"
                for name, origin in (("longitude", xs[0]), ("latitude", ys[0]))
            )
            exact = f"point({x}, {y}) <@ {sql(f'({path})')}::text::polygon"
            return f"{near} and coalesce({exact}, false)"


def _in_box(west: float, south: float, east: float, north: float, sql: Parameters) -> str:
    return (
        f"c.longitude between {sql(west)} and {sql(east)} "
        f"and c.latitude between {sql(south)} and {sql(north)}"
    )


def _on_earth(points: list[tuple[float, float]]) -> None:
    if not all(abs(x) <= 180 and abs(y) <= _POLES for x, y in points):
        raise _bad("坐标超出了范围")


def _bad(why: str) -> Problem:
    return Problem(400, "bad_shape", f"地图上框选的范围不对:{why}", field="shape")
