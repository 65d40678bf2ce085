"""Reads of single cases, narrowed to the actor's reach; lists and counts are in `finding`."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from backend.cases.documents import load
from backend.cases.finding.reach import seen_by
from backend.cases.ground import Ground
from backend.cases.rules.recommending import recommendations
from backend.cases.structs import Case
from backend.cases.views import Recommendation, SimilarCase
from backend.catalogue.rules import recommend
from backend.catalogue.settings import value_of
from backend.core.actor import Actor
from backend.core.errors import Problem, not_found
from backend.core.geo import box_around, distance_m
from backend.core.scope import Parameters
from offline.ports import Connection


async def similar_cases(
    conn: Connection,
    actor: Actor,
    ground: Ground,
    category: str,
    point: tuple[float, float],
    now: datetime,
) -> list[SimilarCase]:
    """Cases of the same subclass within its radius and period, nearest first. The whole county is
    searched: a double is a double whoever reported it; only what a list shows is told.
    """
    rule = ground.catalogue.categories.get(category)
    if rule is None:
        raise Problem(400, "unknown_category", "没有这个小类", field="category")
    box = box_around(*point, rule.similar_metres)
    rows = await conn.fetch(
        "select id, number, longitude, latitude, reported_at, state, description, photo "
        "from case_file where county = $1 and category = $2 and reported_at >= $3 "
        "and longitude between $4 and $5 and latitude between $6 and $7",
        actor.county,
        category,
        now - timedelta(days=rule.similar_days),
        box.west,
        box.east,
        box.south,
        box.north,
    )
    near = sorted(
        (distance_m(point, (row["longitude"], row["latitude"])), row["id"], row) for row in rows
    )
    return [
        SimilarCase(
            row["id"],
            row["number"],
            round(metres),
            row["reported_at"],
            row["state"],
            row["description"],
            row["photo"],
        )
        for metres, _, row in near
        if metres <= rule.similar_metres
    ]


async def advice(
    conn: Connection, ground: Ground, case: Case, now: datetime
) -> list[Recommendation]:
    """Orgs to give a case to: by the matrix, and by cases of the same subclass near by that were
    closed in the last days (settings `similar_closed_days`, `similar_closed_metres`).
    """
    settings = ground.catalogue.settings
    days = value_of(settings, "similar_closed_days")
    place = (case.position.longitude, case.position.latitude)
    box = box_around(*place, value_of(settings, "similar_closed_metres"))
    rows = await conn.fetch(
        "select org from case_file where county = $1 and category = $2 and reported_at >= $3 "
        "and longitude between $4 and $5 and latitude between $6 and $7 "
        "and ending = 'closed' and org is not null and id <> $8 "
        "order by reported_at desc limit 200",
        case.county,
        case.category,
        now - timedelta(days=days),
        box.west,
        box.east,
        box.south,
        box.north,
        case.id,
    )
    rule = recommend(ground.catalogue.matrix, case.category, case.area_path)
    return recommendations(rule, [row["org"] for row in rows], days, ground.roster.orgs)


async def case_of(conn: Connection, actor: Actor, case: UUID) -> Case:
    """One case within the actor's reach. Raises Problem 404."""
    if not await visible(conn, actor, [case]):
        raise not_found("案件")
    return (await load(conn, [case], False))[case]  # noqa: FBT003


async def visible(conn: Connection, actor: Actor, cases: Collection[UUID]) -> set[UUID]:
    """Which of these cases the actor may see."""
    sql = Parameters()
    rows = await conn.fetch(
        f"select c.id from case_file c where c.id = any({sql(list(cases))}) "  # noqa: S608
        f"and {seen_by(actor, sql)}",
        *sql.values,
    )
    return {row["id"] for row in rows}
