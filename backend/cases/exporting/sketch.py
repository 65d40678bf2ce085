"""Where a case is, among the grids around it: outlines, since map data is nobody's to ship."""

from math import cos, radians

from fpdf.enums import XPos, YPos

from backend.cases.exporting.paper import ACCENT, INK, LINE, SOFT, Paper
from backend.cases.exporting.sheet import Row
from backend.core.clock import CITY_ZONE
from backend.core.geo import EARTH_RADIUS_M, box_around
from backend.directory.roster import RESPONSIBILITY

HEIGHT = 62.0
"""Millimetres on paper."""
METRES = 600.0
"""Of the city over that height."""
_DEGREE = radians(1) * EARTH_RADIUS_M
_SCALE = HEIGHT / METRES
_RULER_M = 100


def draw(paper: Paper, row: Row) -> None:
    """The sketch over the paper's width, north up, with the place in words below."""
    position, width = row.case.position, paper.epw
    longitude, latitude = position.longitude, position.latitude
    paper.heading("位置示意", HEIGHT + 20)
    left, top = paper.l_margin, paper.get_y()
    across, down = left + width / 2, top + HEIGHT / 2
    east = _DEGREE * cos(radians(latitude))
    reach = box_around(longitude, latitude, width / _SCALE)
    day = row.case.reported_at.astimezone(CITY_ZONE).date()
    with paper.rect_clip(left, top, width, HEIGHT):
        paper.set_draw_color(*ACCENT)
        for ring in row.names.ground.roster.grids.around(RESPONSIBILITY, reach, day):
            paper.polygon(
                [
                    (
                        across + (point[0] - longitude) * east * _SCALE,
                        down - (point[1] - latitude) * _DEGREE * _SCALE,
                    )
                    for point in ring
                ]
            )
    paper.set_draw_color(*LINE)
    paper.rect(left, top, width, HEIGHT)
    paper.set_fill_color(200, 30, 30)
    paper.circle(across, down, 1.8, style="F")
    _ruler(paper, left + 4, top + HEIGHT - 4)
    paper.set_xy(left, top + HEIGHT + 1)
    paper.ink(SOFT, 9)
    where = f"东经 {longitude:.6f}°，北纬 {latitude:.6f}°（WGS-84）。线为责任网格边界，上北下南。"
    paper.cell(0, 5, where, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _ruler(paper: Paper, left: float, down: float) -> None:
    paper.set_draw_color(*INK)
    paper.line(left, down, left + _RULER_M * _SCALE, down)
    paper.set_xy(left, down - 5)
    paper.ink(INK, 8)
    paper.cell(_RULER_M * _SCALE, 4, f"{_RULER_M} 米", align="C")
    paper.set_draw_color(*LINE)
