"""Exports over HTTP: ask for one, see how far it is, fetch the file."""

import logging
from urllib.parse import quote
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from redis.exceptions import RedisError

from backend.cases.exporting import orders
from backend.cases.exporting.jobs import put_in_queue
from backend.cases.exporting.views import AskExport, Export
from backend.cases.exporting.words import Names, names_of
from backend.cases.finding.conditions import Search
from backend.cases.ground import ground_of
from backend.core import database
from backend.core.actor import Actor
from backend.core.clock import utc_now
from backend.core.errors import not_found
from backend.directory.access import permission
from backend.media.api import AnyRequest, Bytes, send
from backend.media.store import open_store
from offline.ports import Connection

PRIVATE = "private, no-store"
_log = logging.getLogger("xunge.exports")


class ExportController(Controller):
    """A user's exports in the post that they act as."""

    path = "/api/cases/exports"
    guards = [permission("case.export")]
    tags = ["cases"]

    @get("/")
    async def mine(self, actor: NamedDependency[Actor], state: State) -> list[Export]:
        """Those of the last 7 days, the newest first."""
        async with database.connection() as conn:
            found = await orders.all_own(conn, state.pushing.cipher, actor)
            names = await _names(conn, actor)
        return [orders.view(order, actor, names) for order in found]

    @post("/")
    async def ask(
        self, actor: NamedDependency[Actor], data: JSONBody[AskExport], state: State
    ) -> Export:
        """Begin one; it is made in the background. 409 says why there is nothing to begin."""
        now = utc_now()
        cipher = state.pushing.cipher
        async with database.transaction() as conn:
            ground = await ground_of(conn, actor.county, now)
            search = Search(actor, data.filters, ground, now, cipher.blind)
            order, new = await orders.ask(conn, cipher, search, data.kind)
            names = await names_of(conn, ground)
        if new:
            try:
                await put_in_queue(state.queue, order.id)
            except RedisError:
                _log.warning("the queue is away; the sweep queues export %s", order.id)
        return orders.view(order, actor, names)

    @get("/{export_id:uuid}/file", opt={"exclude_from_compression": True})
    async def file(
        self,
        request: AnyRequest,
        actor: NamedDependency[Actor],
        export_id: FromPath[UUID],
        state: State,
    ) -> Bytes:
        """The file, for whom it was made. Ranges are served."""
        async with database.transaction() as conn:
            order = await orders.own(conn, state.pushing.cipher, actor, export_id)
            if order.state != "ready":
                raise not_found("导出文件")
            await orders.fetched(conn, actor, order, utc_now())
        named = f"attachment; filename=\"cases.{order.format}\"; filename*=UTF-8''"
        return await send(
            request,
            open_store(state.settings),
            orders.key_of(order.id),
            order.media_type,
            PRIVATE,
            {"Content-Disposition": named + quote(order.name)},
        )

    @delete("/{export_id:uuid}")
    async def forget(
        self, actor: NamedDependency[Actor], export_id: FromPath[UUID], state: State
    ) -> None:
        """Delete the file, or stop making it."""
        async with database.transaction() as conn:
            await orders.forget(conn, actor, export_id)
        await open_store(state.settings).delete(orders.key_of(export_id))


async def _names(conn: Connection, actor: Actor) -> Names:
    return await names_of(conn, await ground_of(conn, actor.county, utc_now()))
