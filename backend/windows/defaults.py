"""The indicators and score cards that are shipped, for a county that has imported none."""

import csv
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from backend.core.ids import derived_id
from backend.core.rows import select_rows
from backend.windows.structs import Indicator, Scorecard
from offline.ports import Connection

_SHARED = Path(__file__).parents[2] / "shared-schemas"


async def indicators_of(conn: Connection, county: str) -> list[Indicator]:
    """The county's indicators in their order."""
    own = await select_rows(conn, "indicator", Indicator, "county = $1 order by position", county)
    return own or shipped_indicators(county)


async def scorecards_of(conn: Connection, county: str) -> list[Scorecard]:
    """The county's score cards."""
    own = await select_rows(conn, "scorecard", Scorecard, "county = $1 order by code", county)
    return own or shipped_scorecards(county)


@cache
def shipped_indicators(county: str) -> list[Indicator]:
    """Those of shared-schemas/indicators.csv."""
    with (_SHARED / "indicators.csv").open(encoding="utf-8-sig", newline="") as file:
        return [_indicator(county, n, row) for n, row in enumerate(csv.DictReader(file), start=1)]


def _indicator(county: str, position: int, row: dict[str, str]) -> Indicator:
    fields: dict[str, Any] = {
        **row,
        "id": derived_id("indicator", county, row["code"]),
        "version": 0,
        "county": county,
        "position": position,
        "scope": row["scope"].split(","),
        "confirmed": row["confirmed"] == "yes",
    }
    return msgspec.convert(fields, Indicator)


@cache
def shipped_scorecards(county: str) -> list[Scorecard]:
    """Those of shared-schemas/scorecards.json."""
    rows = msgspec.json.decode(
        (_SHARED / "scorecards.json").read_bytes(), type=list[dict[str, Any]]
    )
    return [
        msgspec.convert(
            {**row, "id": derived_id("scorecard", county, row["code"]), "version": 0}
            | {"county": county},
            Scorecard,
        )
        for row in rows
    ]
