"""Finding cases over HTTP: lists, counters, maps, requests to answer, searches kept by name."""

import gzip
from asyncio import to_thread
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Controller, MediaType, Response, delete, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter

from backend.cases.finding import lists, requests, searches
from backend.cases.finding.conditions import Search
from backend.cases.finding.counts import count_boxes
from backend.cases.finding.filters import SHAPE_LENGTH, Filters, Mine, Period, Scope
from backend.cases.finding.paging import searching
from backend.cases.ground import ground_of
from backend.cases.rules.clocks import Lamp
from backend.cases.structs import CallBackState, Supervision
from backend.cases.views import (
    CaseList,
    Counts,
    MapPoints,
    RequestList,
    SavedSearch,
    SaveSearch,
)
from backend.catalogue.flow import RequestKind, Severity, Stage
from backend.core import database
from backend.core.actor import Actor
from backend.core.clock import utc_now
from backend.core.errors import Problem
from backend.directory.access import signed_in
from backend.media.api import AnyRequest
from offline.ports import Connection

Short = Annotated[str | None, QueryParameter(max_length=64)]
Several = Annotated[list[str] | None, QueryParameter(max_length=40)]

T = TypeVar("T", bound=msgspec.Struct)
After = Annotated[str | None, QueryParameter(max_length=300)]
Limit = Annotated[int, QueryParameter(ge=1, le=100)]


def _filters(  # one parameter for each field of Filters, so that the description names them
    box: Short = None,
    q: Short = None,
    number: Short = None,
    category: Short = None,
    source: Several = None,
    flow: Short = None,
    case_state: Annotated[list[str] | None, QueryParameter(name="state", max_length=40)] = None,
    stage: FromQuery[Stage | None] = None,
    ended: FromQuery[bool | None] = None,
    lamp: FromQuery[Lamp | None] = None,
    area: Short = None,
    grid: Short = None,
    org: Short = None,
    main_org: Short = None,
    org_scope: Annotated[Scope | None, QueryParameter(name="scope")] = None,
    mine: FromQuery[Mine | None] = None,
    reported_within: FromQuery[Period | None] = None,
    reported_since: FromQuery[datetime | None] = None,
    reported_until: FromQuery[datetime | None] = None,
    ended_since: FromQuery[datetime | None] = None,
    ended_until: FromQuery[datetime | None] = None,
    reporter: FromQuery[UUID | None] = None,
    phone: Annotated[str | None, HeaderParameter(name="X-Reporter-Phone", max_length=20)] = None,
    label: Short = None,
    urgent: FromQuery[bool | None] = None,
    severity: FromQuery[Severity | None] = None,
    suspended: FromQuery[bool | None] = None,
    sensitive: FromQuery[bool | None] = None,
    supervision: FromQuery[Supervision | None] = None,
    call_back: FromQuery[CallBackState | None] = None,
    shape: Annotated[str | None, QueryParameter(max_length=SHAPE_LENGTH)] = None,
) -> Filters:
    given = {name: value for name, value in locals().items() if value is not None}
    for renamed, name in (("case_state", "state"), ("org_scope", "scope")):
        if renamed in given:
            given[name] = given.pop(renamed)
    return _checked(given, Filters)


def _checked(given: dict[str, Any], wanted: type[T]) -> T:
    """What was asked, within the bounds its struct sets. Raises Problem 400 `bad_filter`."""
    try:
        return msgspec.convert(given, wanted)
    except msgspec.ValidationError as error:  # a moment without its zone, a value too long
        field = str(error).partition("`$.")[2].partition("`")[0].partition("[")[0]
        raise Problem(400, "bad_filter", "筛选条件不对,请重新选择", field=field or None) from error


async def _search(conn: Connection, actor: Actor, filters: Filters, state: State) -> Search:
    now = utc_now()
    ground = await ground_of(conn, actor.county, now)
    return Search(actor, filters, ground, now, state.pushing.cipher.blind)


class FindingController(Controller):
    """Cases within the actor's reach, as many as the filters name."""

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
        after: After = None,
        limit: Limit = lists.PAGE,
    ) -> CaseList:
        """A page of cases, newest first."""
        async with searching() as conn:
            search = await _search(conn, actor, filters, state)
            return await lists.find_cases(conn, search, after, limit)

    @get("/counts")
    async def counts(
        self, actor: NamedDependency[Actor], filters: NamedDependency[Filters], state: State
    ) -> Counts:
        """The boxes of this post with how many of the cases that the filters name stand in each."""
        async with searching() as conn:
            return await count_boxes(conn, await _search(conn, actor, filters, state))

    @get(
        "/map",
        opt={"exclude_from_compression": True},
        responses={200: ResponseSpec(MapPoints, generate_examples=False)},
    )
    async def map(
        self,
        request: AnyRequest,
        actor: NamedDependency[Actor],
        filters: NamedDependency[Filters],
        state: State,
    ) -> Response[bytes]:
        """The newest cases as points, up to 10,000."""
        async with searching() as conn:
            points = await lists.map_cases(conn, await _search(conn, actor, filters, state))
        body = msgspec.json.encode(points)
        headers = {"Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            # Half of it is random ids: more effort takes three times as long to save 6 %.
            body = await to_thread(gzip.compress, body, 1)
            headers["Content-Encoding"] = "gzip"
        return Response(body, media_type=MediaType.JSON, headers=headers)


class RequestController(Controller):
    """Requests: those to answer, one's own, and those answered."""

    path = "/api/cases/requests"
    guards = [signed_in]
    tags = ["cases"]

    @get("/")
    async def find(
        self,
        actor: NamedDependency[Actor],
        view: FromQuery[requests.View] = "open",
        kind: FromQuery[RequestKind | None] = None,
        number: Short = None,
        org: Short = None,
        asked_since: FromQuery[datetime | None] = None,
        asked_until: FromQuery[datetime | None] = None,
        after: After = None,
        limit: Limit = lists.PAGE,
    ) -> RequestList:
        """A page of requests, newest first: `open` may be answered by this post at the level where
        they stand, `mine` were asked or are kept by this user, `answered` have this user's word.
        """
        given = {
            "view": view,
            "kind": kind,
            "number": number,
            "org": org,
            "asked_since": asked_since,
            "asked_until": asked_until,
        }
        wanted = _checked(given, requests.Wanted)
        async with searching() as conn:
            ground = await ground_of(conn, actor.county, utc_now())
            return await requests.find_requests(conn, actor, wanted, ground, after, limit)


class SearchController(Controller):
    """Searches that a user keeps under a name: working state, no commands."""

    path = "/api/cases/searches"
    guards = [signed_in]
    tags = ["cases"]

    @get("/")
    async def kept(self, actor: NamedDependency[Actor]) -> list[SavedSearch]:
        """The user's own, by name."""
        async with database.connection() as conn:
            return await searches.searches_of(conn, actor)

    @post("/")
    async def keep(self, actor: NamedDependency[Actor], data: JSONBody[SaveSearch]) -> SavedSearch:
        """Keep one more, up to 50."""
        async with database.transaction() as conn:
            return await searches.keep(conn, actor, data, utc_now())

    @delete("/{search_id:uuid}")
    async def forget(self, actor: NamedDependency[Actor], search_id: FromPath[UUID]) -> None:
        """Forget one; kept again by the same name, it is as before."""
        async with database.transaction() as conn:
            await searches.forget(conn, actor, search_id)
