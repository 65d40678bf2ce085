"""What deciding a batch of case commands stands on: read in sets, whatever the batch's length."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from typing import cast
from uuid import UUID

from msgspec import Struct

from backend.cases.documents import claim
from backend.cases.ground import Ground, ground_of
from backend.cases.numbers import take
from backend.cases.rules.acting import brought
from backend.cases.rules.doing import Doing, Fit
from backend.cases.structs import ActOnCase, Case, MediaRef, ReportCase
from backend.catalogue.flow import Flow
from backend.core.actor import Actor
from backend.core.clock import utc_now
from backend.core.geo import Grid, GridIndex
from backend.core.position import Position
from backend.directory.actors import city_day
from backend.directory.roster import RESPONSIBILITY
from backend.media.commands import taken
from backend.tasks.queries import open_counts
from offline.handlers import Order
from offline.reading import EARLIEST, LATEST
from offline.wire import Reason
from offline.work import Work

EDGE_M = 1000
"""How far outside the county's grids a point may lie and still be taken for the nearest one's."""


class Birth(Struct, frozen=True):
    """What a report's case will be called, and the grid it lies in: None outside the county."""

    number: str
    grid: Grid | None


class Ready(Struct, frozen=True):
    """What deciding a batch stands on, read in one go."""

    grounds: dict[str, Ground]
    births: dict[UUID, Birth]  # by command, for reports
    moves: dict[UUID, Grid | None]  # by command, for acts that amend a position
    foreign_media: frozenset[UUID]  # uploaded by somebody else
    busy: Counter[UUID]  # open tasks of workers among whom a check may choose; kept up to date


async def prepare(work: Work, orders: Sequence[Order]) -> Ready:
    """For commands of people and of rules alike; the cases they name are loaded."""
    now = utc_now()
    by_county: dict[str, list[Order]] = defaultdict(list)
    for order in orders:
        by_county[_county(work, order)].append(order)
    grounds = {county: await ground_of(work.conn, county, now) for county in by_county if county}
    births: dict[UUID, Birth] = {}
    for county, list_ in by_county.items():
        days: dict[date, list[Order]] = defaultdict(list)
        for order in list_:
            if isinstance(order.payload, ReportCase):
                days[city_day(order.moment.judged_at)].append(order)
        for day, reports in days.items():
            numbers = await take(work.conn, county, day, len(reports))
            places = [order.payload.position for order in reports]
            grids = _homes(grounds[county].roster.grids, places, day)
            births |= {
                order.command.id: Birth(number, grid)
                for order, number, grid in zip(reports, numbers, grids, strict=True)
            }
    cases = [case for order in orders for case in cases_of(work, order)]
    await work.load("task", {task.id for case in cases for task in case.tasks})
    # A task that the case has outrun: who held it may still bring evidence.
    named = {p.task for order in orders if isinstance(p := order.payload, ActOnCase) and p.task}
    await work.load("task", named, lock=False)
    claims = [
        claim(media, order.payload.case, order.command.user, order.moment.occurred_at)
        for order in orders
        for media in _named_media(order.payload)
    ]
    rivals = {
        worker.user
        for case in cases
        if case.county in grounds
        and len(fits := grounds[case.county].roster.workers.get(case.grid, [])) > 1
        for worker in fits
    }
    return Ready(
        grounds,
        births,
        {
            order.command.id: _homes(index, [position], city_day(order.moment.judged_at))[0]
            for county, ground in grounds.items()
            for order in by_county[county]
            for index, position in [(ground.roster.grids, _amended(order.payload))]
            if position is not None
        },
        frozenset(await taken(work.conn, claims)),
        await open_counts(work.conn, rivals),
    )


def doing_for(order: Order, case: Case | None, ground: Ground, ready: Ready, flow: Flow) -> Doing:
    """Who acts and when, for one command; `case` is None for a report, before it has a place."""
    author = cast(Actor | None, order.author)
    code = order.payload.category if case is None else case.category
    birth = ready.births.get(order.command.id)
    grid = case.grid if case else (birth.grid.code if birth and birth.grid else "")
    move = ready.moves.get(order.command.id)
    at = order.moment.judged_at
    return Doing(
        command=order.command.id,
        user=author.user if author else None,
        post=author.post if author else None,
        org=author.org if author else None,
        permissions=author.permissions if author else frozenset(),
        occurred_at=order.moment.occurred_at,
        received_at=order.moment.received_at,
        at=max(at, case.changed_at) if case else at,
        flow=flow,
        category=ground.catalogue.categories.get(code),
        catalogue=ground.catalogue,
        parents=ground.roster.parents,
        org_names=ground.roster.orgs,
        place=(move.code, move.path) if move else None,
        workers=[
            Fit(worker.user, ready.busy[worker.user])
            for worker in ground.roster.workers.get(grid, [])
        ],
    )


def flow_of(case: Case, ground: Ground) -> Flow:
    """The version of the flow by which a case runs to its end."""
    return ground.catalogue.flows[case.flow, case.flow_version]


def move_faults(order: Order, ready: Ready) -> list[Reason]:
    """A position that is amended must lie in the county."""
    if ready.moves.get(order.command.id, True) is not None:
        return []
    field = "payload.amendment.position"
    return [Reason("outside_county", "位置不在本区县内,请在地图上调整", field)]


def media_faults(media: Sequence[MediaRef], ready: Ready) -> list[Reason]:
    """Photos that cannot be named so."""
    if any(each.id in ready.foreign_media for each in media):
        return [Reason("foreign_media", "照片是他人上传的,不能引用", "payload.media")]
    if any(each.taken_at and not EARLIEST <= each.taken_at < LATEST for each in media):
        return [Reason("invalid", "拍摄时间不对,请校正手机的日期后重拍", "payload.media")]
    return []


def cases_of(work: Work, order: Order) -> list[Case]:
    """The cases a command names, as far as they exist."""
    payload = order.payload
    ids = payload.cases if hasattr(payload, "cases") else [payload.case]
    if hasattr(payload, "merged"):
        ids = [*ids, payload.merged]
    return [case for id_ in ids if (case := work.get("case", id_)) is not None]


def _county(work: Work, order: Order) -> str:
    """The author's; a rule's is that of its case."""
    if order.author is not None:
        return cast(Actor, order.author).county
    return next((case.county for case in cases_of(work, order)), "")


def _named_media(payload: object) -> list[MediaRef]:
    match payload:
        case ActOnCase():
            return brought(payload)
        case ReportCase():
            return payload.media
        case _:
            return []


def _amended(payload: object) -> Position | None:
    """Where the case lies by an act's amendment."""
    amendment = payload.amendment if isinstance(payload, ActOnCase) else None
    return amendment.position if amendment else None


def _homes(index: GridIndex, places: Sequence[Position], day: date) -> list[Grid | None]:
    points = [(place.longitude, place.latitude) for place in places]
    return [
        grid or index.closest(RESPONSIBILITY, *point, day, EDGE_M)
        for grid, point in zip(index.find_all(RESPONSIBILITY, points, day), points, strict=True)
    ]
