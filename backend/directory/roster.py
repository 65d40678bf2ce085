"""Who works in which grid, and where the grids lie: a county's field force, read whole."""

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from backend.core.clock import CITY_ZONE
from backend.core.geo import Grid, GridIndex
from offline.ports import Connection

RESPONSIBILITY = "responsibility"
"""The kind of grid that cases belong to."""


class Worker(Struct, frozen=True):
    """Someone who answers tasks in a grid."""

    user: UUID
    name: str


class Roster(Struct, frozen=True):
    """Grids by point, workers by grid code, org codes with their names, area paths by code, each
    org's parent and the one at the root (`centre`), and everybody in office with their orgs.
    """

    grids: GridIndex
    workers: dict[str, list[Worker]]
    orgs: dict[str, str]
    paths: dict[str, str]
    parents: dict[str, str | None]
    centre: str | None
    staff: dict[UUID, frozenset[str]]


async def load_roster(conn: Connection, county: str, at: datetime) -> Roster:
    """The field force as appointed on the day of `at`."""
    day = at.astimezone(CITY_ZONE).date()
    areas = await conn.fetch(
        "select code, path, kind, valid_from, valid_to, polygon from area where county = $1",
        county,
    )
    rows = await conn.fetch(
        """
        select distinct area.code as grid, u.id, u.name
        from appointment h
        join app_user u on u.code = h."user" and u.active
        join post p on p.code = h.post and p.county = $1
        join role r on r.code = p.role and 'task.answer' = any(r.permissions)
        join area on area.code = any(p.areas) and area.kind = $2
        where h.valid_from <= $3 and (h.valid_to is null or h.valid_to >= $3)
        order by area.code, u.id
        """,
        county,
        RESPONSIBILITY,
        day,
    )
    workers: dict[str, list[Worker]] = defaultdict(list)
    for row in rows:
        workers[row["grid"]].append(Worker(row["id"], row["name"]))
    orgs = await conn.fetch(
        "select code, name, parent from org where county = $1 order by kind <> 'centre', code",
        county,
    )
    offices = await conn.fetch(
        """
        select u.id, array_agg(distinct p.org) as orgs
        from appointment h
        join app_user u on u.code = h."user" and u.active
        join post p on p.code = h.post and p.county = $1
        where h.valid_from <= $2 and (h.valid_to is null or h.valid_to >= $2)
        group by u.id
        """,
        county,
        day,
    )
    return Roster(
        grids=GridIndex(
            Grid(
                code=area["code"],
                path=area["path"],
                kind=area["kind"],
                valid_from=area["valid_from"],
                valid_to=area["valid_to"],
                geojson=area["polygon"].encode(),
            )
            for area in areas
            if area["polygon"] is not None and area["kind"] != "administrative"
        ),
        workers=dict(workers),
        orgs={row["code"]: row["name"] for row in orgs},
        paths={area["code"]: area["path"] for area in areas},
        parents={row["code"]: row["parent"] for row in orgs},
        centre=next((row["code"] for row in orgs if row["parent"] is None), None),
        staff={row["id"]: frozenset(row["orgs"]) for row in offices},
    )
