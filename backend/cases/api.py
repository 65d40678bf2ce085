"""Cases over HTTP: lists, map, detail. Writes are commands and go through /api/sync/push."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from backend.cases import queries
from backend.cases.finding import conditions, lists
from backend.cases.finding.counts import count_boxes
from backend.cases.finding.filters import SHAPE_LENGTH, Filters, Mine, Scope
from backend.cases.ground import ground_of
from backend.cases.reporter import masked, reporter_of, reveal
from backend.cases.rules import checks
from backend.cases.rules.clocks import Lamp
from backend.cases.structs import CallBackState, Case, Outside, Supervision
from backend.cases.views import (
    CaseDetail,
    CaseList,
    Counts,
    MapPoints,
    Recommendation,
    Reveal,
    SimilarCase,
    WorkerChoice,
)
from backend.catalogue.flow import Stage
from backend.catalogue.rules import recommend
from backend.core import database
from backend.core.actor import Actor
from backend.core.clock import utc_now
from backend.core.errors import Problem
from backend.directory.access import permission, signed_in
from backend.media.queries import awaited, register_owner
from offline.ports import Connection

Short = Annotated[str | None, QueryParameter(max_length=64)]
Several = Annotated[list[str] | None, QueryParameter(max_length=40)]

register_owner("case", queries.visible)


def _filters(  # one parameter for each field of Filters, so that the description names them
    box: Short = None,
    q: Short = None,
    number: Short = None,
    category: Short = None,
    source: Several = None,
    flow: Short = None,
    case_state: Annotated[list[str] | None, QueryParameter(name="state", max_length=40)] = None,
    stage: FromQuery[Stage | None] = None,
    lamp: FromQuery[Lamp | None] = None,
    area: Short = None,
    grid: Short = None,
    org: Short = None,
    main_org: Short = None,
    scope: FromQuery[Scope | None] = None,
    mine: FromQuery[Mine | None] = None,
    reported_since: FromQuery[datetime | None] = None,
    reported_until: FromQuery[datetime | None] = None,
    ended_since: FromQuery[datetime | None] = None,
    ended_until: FromQuery[datetime | None] = None,
    reporter: FromQuery[UUID | None] = None,
    phone: Annotated[str | None, QueryParameter(max_length=20)] = None,
    label: Short = None,
    urgent: FromQuery[bool | None] = None,
    suspended: FromQuery[bool | None] = None,
    sensitive: FromQuery[bool | None] = None,
    supervision: FromQuery[Supervision | None] = None,
    call_back: FromQuery[CallBackState | None] = None,
    shape: Annotated[str | None, QueryParameter(max_length=SHAPE_LENGTH)] = None,
) -> Filters:
    given = {name: value for name, value in locals().items() if value is not None}
    if "case_state" in given:
        given["state"] = given.pop("case_state")
    try:
        return msgspec.convert(given, Filters)
    except msgspec.ValidationError as error:  # a moment without its zone, a value too long
        field = str(error).partition("`$.")[2].partition("`")[0].partition("[")[0]
        raise Problem(400, "bad_filter", "筛选条件不对,请重新选择", field=field or None) from error


async def _search(
    conn: Connection, actor: Actor, filters: Filters, state: State
) -> conditions.Search:
    now = utc_now()
    ground = await ground_of(conn, actor.county, now)
    return conditions.Search(actor, filters, ground, now, state.pushing.cipher.blind)


class CaseController(Controller):
    """Reads of cases within the actor's reach."""

    path = "/api/cases"
    guards = [signed_in]
    dependencies = {"filters": Provide(_filters, sync_to_thread=False)}
    tags = ["cases"]

    @get("/")
    async def find(
        self,
        actor: NamedDependency[Actor],
        filters: NamedDependency[Filters],
        state: State,
        after: Annotated[str | None, QueryParameter(max_length=300)] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=100)] = lists.PAGE,
    ) -> CaseList:
        """A page of cases, newest first."""
        async with lists.searching() as conn:
            search = await _search(conn, actor, filters, state)
            return await lists.find_cases(conn, search, after, limit)

    @get("/counts")
    async def counts(
        self, actor: NamedDependency[Actor], filters: NamedDependency[Filters], state: State
    ) -> Counts:
        """The boxes of this post with how many of the cases that the filters name stand in each."""
        async with lists.searching() as conn:
            return await count_boxes(conn, await _search(conn, actor, filters, state))

    @get("/map")
    async def map(
        self, actor: NamedDependency[Actor], filters: NamedDependency[Filters], state: State
    ) -> MapPoints:
        """The newest cases as points, up to 10,000."""
        async with lists.searching() as conn:
            return await lists.map_cases(conn, await _search(conn, actor, filters, state))

    @get("/similar", guards=[permission("case.report", "case.register", "case.browse")])
    async def similar(
        self,
        actor: NamedDependency[Actor],
        category: Annotated[str, QueryParameter(max_length=32)],
        longitude: Annotated[float, QueryParameter(ge=-180, le=180)],
        latitude: Annotated[float, QueryParameter(ge=-85, le=85)],
    ) -> list[SimilarCase]:
        """Cases that a new report at this point may double, nearest first."""
        now = utc_now()
        async with database.connection() as conn:
            ground = await ground_of(conn, actor.county, now)
            point = (longitude, latitude)
            return await queries.similar_cases(conn, actor, ground, category, point, now)

    @get("/{case_id:uuid}")
    async def detail(
        self, actor: NamedDependency[Actor], case_id: FromPath[UUID], state: State
    ) -> CaseDetail:
        """One case with what this post may do with it."""
        async with database.connection() as conn:
            case = await queries.case_of(conn, actor, case_id)
            ground = await ground_of(conn, actor.county, utc_now())
            media = {media.id for step in case.steps for media in step.media}
            missing = await awaited(conn, media)
            outside = await reporter_of(conn, state.pushing.cipher, case)
        flow = ground.catalogue.flows[case.flow, case.flow_version]
        rule = recommend(ground.catalogue.matrix, case.category, case.area_path)
        return CaseDetail(
            case=case,
            actions=checks.available(flow, case, actor),
            recommended=Recommendation(
                rule.org, ground.roster.orgs.get(rule.org, rule.org), rule.category, rule.area
            )
            if rule and actor.may("case.dispatch")
            else None,
            workers=[
                WorkerChoice(worker.user, worker.name)
                for worker in ground.roster.workers.get(case.grid, [])
            ],
            awaited=sorted(missing),
            reporter=masked(outside) if outside and _tells(case, actor) else None,
        )

    @post("/{case_id:uuid}/reveal", guards=[permission("person.unmask")], status_code=200)
    async def reveal(
        self,
        actor: NamedDependency[Actor],
        case_id: FromPath[UUID],
        data: JSONBody[Reveal],
        state: State,
    ) -> Outside:
        """An outside reporter's name and phone, unmasked; the reason is kept in the ledger."""
        async with database.transaction() as conn:
            case = await queries.case_of(conn, actor, case_id)
            return await reveal(conn, state.pushing.cipher, actor, case, data.reason)


def _tells(case: Case, actor: Actor) -> bool:
    """A reporter who asked for privacy shows, masked, only to those who may unmask."""
    return not case.reports[0].private or actor.may("person.unmask")
