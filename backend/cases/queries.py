"""Every read of cases, narrowed to the actor's reach in one place."""

import base64
import binascii
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from backend.cases.documents import load
from backend.cases.ground import Ground
from backend.cases.rules.clocks import Lamp
from backend.cases.structs import Case
from backend.cases.views import (
    BoxCount,
    CaseList,
    CaseRow,
    Counts,
    MapPoint,
    MapPoints,
    SimilarCase,
)
from backend.catalogue.flow import Box
from backend.core.actor import Actor
from backend.core.errors import Problem, not_found
from backend.core.geo import box_around, distance_m
from backend.core.scope import Parameters, reach, within
from offline.ports import Connection
from offline.reading import EARLIEST, LATEST

PAGE = 30
MAP_POINTS = 2000
SEARCHED = "(c.number || ' ' || c.description || ' ' || c.address)"

_ROW = ", ".join(f"c.{name}" for name in CaseRow.__struct_fields__)


class Filters(Struct, frozen=True, kw_only=True):
    """What a list or map shows; all given conditions hold at once. `q` is part of a number,
    description or address; `category` and `area` take what lies under them too.
    """

    box: str | None = None
    state: str | None = None
    stage: str | None = None
    lamp: Lamp | None = None
    category: str | None = None
    q: str | None = None
    area: str | None = None
    source: str | None = None
    org: str | None = None


class _Place(Struct, frozen=True):
    reported_at: Annotated[datetime, Meta(tz=True)]
    id: UUID


def seen_by(actor: Actor, sql: Parameters) -> str:
    """The condition on `case_file c` that says which cases an actor may see: those of its areas
    with case.browse, those sent to its org with case.handle, the open ones of the grids it works in
    (its device holds them), and always its own.
    """
    if actor.may("case.browse") and actor.county in actor.areas:
        return reach(actor, sql, "c")  # the whole county: a parameter left unused is an error
    user = sql(actor.user)
    own = [
        f'exists (select from report r where r.case_id = c.id and r."user" = {user})',
        (
            f'exists (select from task t where t.subject = c.id and t."user" = {user} '
            "and t.state = 'open')"
        ),
    ]
    if actor.may("case.handle"):
        org = sql(actor.org)
        own.append(f"c.org = {org}")
    if actor.grids and (actor.may("case.report") or actor.may("task.answer")):
        own.append(f"(c.grid = any({sql(actor.grids)}) and c.ended_at is null)")
    return reach(actor, sql, "c", area=actor.may("case.browse"), also=own)


def _conditions(
    actor: Actor, filters: Filters, ground: Ground, sql: Parameters, now: datetime
) -> list[str]:
    where = [seen_by(actor, sql)]
    if filters.box is not None:
        box = next((b for b in boxes_of(actor, ground) if b.code == filters.box), None)
        where.append(f"c.state = any({sql(box.states if box else [])})")
    for name in ("state", "stage", "source", "org"):
        value = getattr(filters, name)
        if value is not None:
            where.append(f"c.{name} = {sql(value)}")
    if filters.category is not None:
        low = filters.category
        codes = [c for c in ground.catalogue.categories if _under(c, low, ground)]
        where.append(f"c.category = any({sql(codes)})")
    if filters.area is not None:
        path = ground.roster.paths.get(filters.area, filters.area)
        where.append(f"({within(path, sql, 'c.area_path')})")
    if filters.q:
        text = filters.q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        where.append(f"{SEARCHED} ilike {sql(f'%{text}%')}")
    if filters.lamp is not None:
        where.append(_lit(filters.lamp, sql(now)))
    return where


def _lit(lamp: Lamp, now: str) -> str:
    """The SQL twin of rules.clocks.lamp."""
    shows = {
        "red": f"c.due_at < {now}",
        "yellow": f"c.yellow_at <= {now} and c.due_at >= {now}",
        "green": f"c.yellow_at > {now}",
    }
    return f"c.ended_at is null and {shows[lamp]}"


def _under(code: str, ancestor: str, ground: Ground) -> bool:
    return ancestor in (code, ground.catalogue.categories[code].parent)


async def find_cases(
    conn: Connection,
    actor: Actor,
    filters: Filters,
    ground: Ground,
    now: datetime,
    after: str | None,
    limit: int,
) -> CaseList:
    """A page of cases, newest first. Raises Problem 400 `bad_cursor`."""
    sql = Parameters()
    where = _conditions(actor, filters, ground, sql, now)
    if after is not None:
        place = _read_place(after)
        where.append(f"(c.reported_at, c.id) < ({sql(place.reported_at)}, {sql(place.id)})")
    rows = await conn.fetch(
        f"select {_ROW} from case_file c where {' and '.join(where)} "  # noqa: S608
        f"order by c.reported_at desc, c.id desc limit {sql(limit + 1)}",
        *sql.values,
    )
    items = [CaseRow(**row) for row in rows[:limit]]
    more = len(rows) > limit
    return CaseList(items, _write_place(items[-1]) if more else None)


async def count_boxes(conn: Connection, actor: Actor, ground: Ground) -> Counts:
    """How many cases stand in each box of this post; the same conditions as the lists."""
    sql = Parameters()
    boxes = boxes_of(actor, ground)
    states = sorted({state for box in boxes for state in box.states})
    rows = await conn.fetch(
        f"select c.state, count(*) as n from case_file c where {seen_by(actor, sql)} "  # noqa: S608
        f"and c.state = any({sql(states)}) group by c.state",
        *sql.values,
    )
    counts = {row["state"]: row["n"] for row in rows}
    return Counts(
        [BoxCount(b.code, b.name, sum(counts.get(s, 0) for s in b.states)) for b in boxes]
    )


async def map_cases(
    conn: Connection, actor: Actor, filters: Filters, ground: Ground, now: datetime
) -> MapPoints:
    """The newest cases as points."""
    sql = Parameters()
    where = _conditions(actor, filters, ground, sql, now)
    rows = await conn.fetch(
        f"select {', '.join(f'c.{n}' for n in MapPoint.__struct_fields__)} from case_file c "  # noqa: S608
        f"where {' and '.join(where)} order by c.reported_at desc limit {sql(MAP_POINTS + 1)}",
        *sql.values,
    )
    return MapPoints([MapPoint(**row) for row in rows[:MAP_POINTS]], len(rows) > MAP_POINTS)


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


def boxes_of(actor: Actor, ground: Ground) -> Sequence[Box]:
    """The boxes this post sees, those of several flows under one code joined."""
    joined: dict[str, Box] = {}
    for flow in ground.catalogue.newest.values():
        for box in flow.boxes:
            if actor.may(box.permission):
                known = joined.get(box.code)
                states = [*known.states, *box.states] if known else box.states
                joined[box.code] = msgspec.structs.replace(box, states=states)
    return list(joined.values())


def _write_place(row: Any) -> str:
    place = _Place(row.reported_at, row.id)
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


def _read_place(text: str) -> _Place:
    try:
        place = msgspec.json.decode(base64.urlsafe_b64decode(text), type=_Place)
    except (msgspec.DecodeError, binascii.Error, ValueError) as error:
        raise _bad_cursor() from error
    if not EARLIEST <= place.reported_at < LATEST:
        raise _bad_cursor()
    return place


def _bad_cursor() -> Problem:
    return Problem(400, "bad_cursor", "翻页位置无效,请刷新列表", field="after")
