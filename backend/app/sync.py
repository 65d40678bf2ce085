"""The sync protocol over HTTP: push, pull and the live signal."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Stream

from backend.app.live import Ear, Live
from backend.core.actor import Actor
from backend.core.clock import utc_now
from backend.core.database import connection
from backend.core.errors import Problem
from backend.directory.access import ip_of, signed_in
from backend.directory.rules import buckets_of
from offline import snapshots
from offline.batch import Ports as PushPorts
from offline.batch import Sender
from offline.pull import CursorError, PageError, pull
from offline.pull import Ports as PullPorts
from offline.push import push
from offline.wire import PullRequest, PullResponse, PushRequest, PushResponse


def ear_of(actor: Actor) -> Ear:
    """What an actor may hear of."""
    return Ear(frozenset(buckets_of(actor)), cases=actor.may("case.browse"))


class SyncController(Controller):
    """Transport only: what is allowed and what it means is decided behind it."""

    path = "/api/sync"
    guards = [signed_in]
    tags = ["sync"]

    @post("/push", status_code=200)
    async def push(
        self,
        data: JSONBody[PushRequest],
        actor: NamedDependency[Actor],
        request: Request[Any, Any, Any],
        state: State,
    ) -> PushResponse:
        """Apply up to 500 commands in order; one outcome each. A 200 means it is on disk."""
        ports: PushPorts = state.pushing
        sender = Sender(actor.user, actor.session, ip_of(request))
        outcomes = await push(data.commands, sender, ports)
        return PushResponse(ports.life.epoch, utc_now(), outcomes)

    @post("/pull", status_code=200)
    async def pull(
        self, data: JSONBody[PullRequest], actor: NamedDependency[Actor], state: State
    ) -> PullResponse:
        """One page of what changed for this actor's buckets since the cursor."""
        ports: PullPorts = state.pulling
        try:
            return await pull(data, buckets_of(actor), ports)
        except CursorError as error:
            raise Problem(
                400, "bad_cursor", "同步位置无效,请重新同步全部数据", field="cursor"
            ) from error
        except PageError as error:
            raise Problem(400, "bad_page", "同步中断,请重新开始", field="page") from error

    @get(
        "/snapshots/{snapshot:uuid}",
        media_type="application/gzip",
        opt={"exclude_from_compression": True},
    )
    async def snapshot(
        self, snapshot: FromPath[UUID], actor: NamedDependency[Actor], state: State
    ) -> Stream:
        """A bucket as a file (PROTOCOL.md 6), for who may hold that bucket now; 404 otherwise."""
        ports: snapshots.Ports = state.filing
        async with connection() as conn:
            file = await snapshots.download(conn, snapshot, buckets_of(actor), ports)
        if file is None:
            raise Problem(404, "not_found", "没有这份数据,请重新同步")
        return Stream(
            file.chunks,
            headers={"Content-Length": str(file.length), "Cache-Control": "no-store"},
            media_type="application/gzip",
        )

    @get("/live", media_type="text/event-stream", opt={"exclude_from_compression": True})
    async def live(self, actor: NamedDependency[Actor], state: State) -> Stream:
        """Server-sent events: `change` names the buckets to pull; a comment every 20 s. It ends
        when the session is over or the actor's rights are others.
        """
        live: Live = state.live
        session = actor.session
        assert session is not None, "the guard wants one"

        async def events() -> AsyncIterator[bytes]:
            with live.listening(session, ear_of(actor)) as listener:
                async for event in listener.stream():
                    yield event

        return Stream(
            events(),
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
            media_type="text/event-stream",
        )
