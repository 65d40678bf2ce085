"""Cases over HTTP: lists, map, detail. Writes are commands and go through /api/sync/push."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from backend.cases import queries
from backend.cases.ground import ground_of
from backend.cases.reporter import masked, reporter_of, reveal
from backend.cases.rules import checks
from backend.cases.rules.clocks import Lamp
from backend.cases.structs import Case, Outside
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
from backend.catalogue.rules import recommend
from backend.core import database
from backend.core.actor import Actor
from backend.core.clock import utc_now
from backend.directory.access import permission, signed_in
from backend.media.queries import awaited, register_owner

Short = Annotated[str | None, QueryParameter(max_length=64)]

register_owner("case", queries.visible)


def _filters(
    box: Short = None,
    case_state: Annotated[str | None, QueryParameter(name="state", max_length=64)] = None,
    stage: Short = None,
    lamp: FromQuery[Lamp | None] = None,
    category: Short = None,
    q: Short = None,
    area: Short = None,
    source: Short = None,
    org: Short = None,
) -> queries.Filters:
    return queries.Filters(
        box=box,
        state=case_state,
        stage=stage,
        lamp=lamp,
        category=category,
        q=q,
        area=area,
        source=source,
        org=org,
    )


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
        filters: NamedDependency[queries.Filters],
        after: Annotated[str | None, QueryParameter(max_length=300)] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=100)] = queries.PAGE,
    ) -> CaseList:
        """A page of cases, newest first."""
        now = utc_now()
        async with database.connection() as conn:
            ground = await ground_of(conn, actor.county, now)
            return await queries.find_cases(conn, actor, filters, ground, now, after, limit)

    @get("/counts")
    async def counts(self, actor: NamedDependency[Actor]) -> Counts:
        """The boxes of this post with how many cases stand in each."""
        async with database.connection() as conn:
            ground = await ground_of(conn, actor.county, utc_now())
            return await queries.count_boxes(conn, actor, ground)

    @get("/map")
    async def map(
        self, actor: NamedDependency[Actor], filters: NamedDependency[queries.Filters]
    ) -> MapPoints:
        """The newest cases as points."""
        now = utc_now()
        async with database.connection() as conn:
            ground = await ground_of(conn, actor.county, now)
            return await queries.map_cases(conn, actor, filters, ground, now)

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
