"""Makes the demo city's pack, `shared-schemas/packs/330304/`, from the reference data.

    python -m scripts.make_demo_city ../shared/data

Only needed to make the pack anew; the made files are committed. Same data and libraries, same
bytes. The flows, the forms and `README.md` of the pack are written by hand and left alone.
"""

import json
import sys
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from shapely import Point, Polygon

from backend.catalogue.importing.rows import (
    CalendarRow,
    CalendarRuleRow,
    CategoryRow,
    DayRow,
    DispatchRow,
    SettingRow,
    StandardRow,
    TargetRow,
)
from backend.core.geo import to_wgs84
from backend.core.sheets.writing import write_rows
from backend.directory.importing.rows import (
    AppointmentRow,
    AreaRow,
    OrgRow,
    PostRow,
    RoleRow,
    UserRow,
)
from backend.labels.importing import LabelRow
from scripts import demo_catalogue
from scripts.demo_people import People, Town
from scripts.demo_tiling import tile

PACK = Path(__file__).parents[1] / "shared-schemas" / "packs" / "330304"
COUNTY = "330304"
GRIDS = 942
SEED = 330304
START = date(2020, 1, 1)
CENTRES = {
    "330304001": (120.635, 28.005),
    "330304002": (120.668, 27.977),
    "330304003": (120.672, 27.955),
    "330304004": (120.700, 27.930),
    "330304005": (120.612, 27.970),
    "330304006": (120.622, 27.990),
    "330304007": (120.695, 27.970),
    "330304008": (120.540, 27.995),
    "330304009": (120.575, 28.005),
    "330304010": (120.570, 27.955),
    "330304011": (120.640, 27.900),
    "330304012": (120.660, 27.870),
    "330304108": (120.430, 28.020),
}
"""Roughly where each town is (WGS-84), by hand: no street-level boundaries are public."""


def main(data: Path) -> None:
    """Make every file of the pack."""
    PACK.mkdir(parents=True, exist_ok=True)
    tree = json.loads((data / f"areas-{COUNTY}.json").read_text(encoding="utf-8"))
    areas, towns, features = _areas(tree, _boundary(data))
    people = People(COUNTY, towns)
    categories, standards = demo_catalogue.categories(data / "gbt30428-2-categories.json")
    days = demo_catalogue.days(data / "holidays-2025-2026.json")
    matrix = demo_catalogue.dispatch(COUNTY, [code for code, _, _ in towns])
    write_rows(PACK / "areas.xlsx", [(AreaRow, areas)])
    write_rows(
        PACK / "people.xlsx",
        [
            (OrgRow, people.orgs),
            (RoleRow, people.roles),
            (PostRow, people.posts),
            (UserRow, people.users),
            (AppointmentRow, people.appointments),
        ],
    )
    write_rows(PACK / "categories.xlsx", [(CategoryRow, categories), (StandardRow, standards)])
    write_rows(
        PACK / "calendar.xlsx",
        [
            (CalendarRow, demo_catalogue.calendars()),
            (DayRow, days),
            (CalendarRuleRow, demo_catalogue.CALENDAR_RULES),
        ],
    )
    groups = demo_catalogue.targets([(code, [c for c, _, _ in own]) for code, _, own in towns])
    write_rows(
        PACK / "dispatch.xlsx",
        [(DispatchRow, matrix), (TargetRow, groups), (SettingRow, demo_catalogue.SETTINGS)],
    )
    write_rows(PACK / "labels.xlsx", [(LabelRow, demo_catalogue.labels(COUNTY))])
    _write_geojson(PACK / "grids.geojson", features)


def _boundary(data: Path) -> Polygon:
    """The district, GCJ-02 as published, in WGS-84."""
    source = json.loads((data / f"boundary-{COUNTY}.geojson").read_text(encoding="utf-8"))
    ((ring, *_),) = source["features"][0]["geometry"]["coordinates"]
    return Polygon([to_wgs84(longitude, latitude) for longitude, latitude in ring])


def _areas(
    tree: dict[str, Any], boundary: Polygon
) -> tuple[list[AreaRow], list[Town], list[tuple[str, Polygon]]]:
    """County, towns, communities and grids; grids numbered within their community."""
    counts = _shares([len(town["villages"]) for town in tree["towns"]])
    centres = [Point(CENTRES[town["code9"]]) for town in tree["towns"]]
    region, tiled = tile(boundary, list(zip(centres, counts, strict=True)), SEED)
    areas = [_row(COUNTY, tree["district"]["name"], 1, None)]
    features = [(COUNTY, region)]
    towns: list[Town] = []
    for town, places in zip(tree["towns"], tiled, strict=True):
        areas.append(_row(town["code9"], town["name"], 2, COUNTY))
        communities: list[tuple[str, str, Sequence[str]]] = []
        for village, grids in zip(town["villages"], places, strict=True):
            areas.append(_row(village["code"], village["name"], 3, town["code9"]))
            codes = [f"{village['code']}{number:03}" for number in range(1, len(grids) + 1)]
            communities.append((village["code"], village["name"], codes))
            for number, code in enumerate(codes, start=1):
                areas.append(_row(code, f"{village['name']}第{number}网格", 4, village["code"]))
            features += zip(codes, grids, strict=True)
        towns.append((town["code9"], town["name"], communities))
    return areas, towns, features


def _row(code: str, name: str, level: int, parent: str | None) -> AreaRow:
    kind = "responsibility" if level == 4 else "administrative"
    return AreaRow(code=code, name=name, kind=kind, level=level, parent=parent, valid_from=START)


def _shares(communities: Sequence[int]) -> list[list[int]]:
    """How many of the county's grids each community gets: as even as whole numbers allow."""
    total = sum(communities)
    bounds = [round(GRIDS * number / total) for number in range(total + 1)]
    each = iter([upper - lower for lower, upper in pairwise(bounds)])
    return [[next(each) for _ in range(count)] for count in communities]


def _write_geojson(path: Path, features: Sequence[tuple[str, Polygon]]) -> None:
    """One feature a line, so that a change of one grid is a change of one line."""
    lines = [
        json.dumps(
            {
                "type": "Feature",
                "properties": {"code": code},
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [[list(point) for point in polygon.exterior.coords]],
                },
            },
            separators=(",", ":"),
        )
        for code, polygon in features
    ]
    body = ",\n".join(lines)
    head = '{"type":"FeatureCollection","datum":"WGS-84","features":[\n'
    path.write_text(f"{head}{body}\n]}}\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
