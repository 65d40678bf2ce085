"""What a county's cases stand on, kept in memory and read again when the city changes it."""

import gc
from datetime import datetime

from msgspec import Struct

from backend.catalogue.queries import Catalogue, load_catalogue
from backend.core.clock import CITY_ZONE
from backend.core.errors import Problem
from backend.directory.roster import Roster, load_roster
from backend.labels.queries import load_labels
from backend.labels.structs import Label
from offline.ports import Connection


class Ground(Struct, frozen=True):
    """Catalogue, field force and labels of one county, as of one state of its configuration."""

    county: str
    mark: str
    catalogue: Catalogue
    roster: Roster
    labels: list[Label]


_kept: dict[str, Ground] = {}


async def ground_of(conn: Connection, county: str, now: datetime) -> Ground:
    """The county's ground, from memory when nothing has changed since it was read.

    A change shows in the newest bucket row of what the county configures. Raises Problem 503
    `not_configured` before the first import.
    """
    mark = await _mark(conn, county, now)
    kept = _kept.get(county)
    if kept is not None and kept.mark == mark:
        return kept
    catalogue = await load_catalogue(conn, county)
    if catalogue is None:
        raise Problem(503, "not_configured", "本区县的基础数据尚未导入", retry_after=60)
    roster = await load_roster(conn, county, now)
    ground = Ground(county, mark, catalogue, roster, await load_labels(conn, county))
    _kept[county] = ground
    # All of it stays: looking through it for garbage again and again takes a tenth of a second each
    # time, of whatever request is under way.
    gc.collect()
    gc.freeze()
    return ground


def labels_at(ground: Ground, area_path: str, at: datetime) -> set[str]:
    """The labels that may be put on a case at a place on the city's day of `at`."""
    day = at.astimezone(CITY_ZONE).date()
    places = set(area_path.split("/"))
    return {
        label.code
        for label in ground.labels
        if label.area in places
        and label.valid_from <= day
        and (label.valid_to is None or day <= label.valid_to)
    }


async def _mark(conn: Connection, county: str, now: datetime) -> str:
    """Changes whenever configuration does, and every day (appointments begin and end)."""
    newest: str | None = await conn.fetchval(
        """
        select max(newest)::text from unnest($1::text[]) as b(bucket)
        cross join lateral (
            select seq as newest from bucket_member m where m.bucket = b.bucket
            order by xid desc, seq desc limit 1) t
        """,
        [f"reference:{county}", f"server:{county}", "server"],
    )
    return f"{newest} {now:%Y-%m-%d %H}"
