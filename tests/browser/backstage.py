"""Who nobody watches: the same commands as from a window, sent at once beside the pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from redis.asyncio import Redis

from backend.app.live import announce
from backend.cases.structs import Case
from backend.core import database
from backend.core.clock import utc_now
from backend.core.settings import Settings
from tests.browser.service import Worker
from tests.cases.city import City, photo

CLERK, DISPATCHER, LEADER = "sl01", "pq01", "zb01"


class Backstage(City):
    """Brings a case to where a walk begins; pages that are open hear of it."""

    redis: Redis

    @property
    def now(self) -> datetime:
        """Time goes by itself here."""
        return utc_now()

    @now.setter
    def now(self, _: datetime) -> None: ...

    async def _publish(self, buckets: set[str]) -> None:
        await announce(self.redis, buckets)

    async def reported(self, worker: Worker, text: str, **more: Any) -> Case:
        """A worker's report of a broken cover."""
        return await self.case(await self.report(worker.user, description=text, **more))

    async def filed(self, worker: Worker, text: str, **more: Any) -> Case:
        """Waits for the dispatcher."""
        case = await self.reported(worker, text, **more)
        await self.act(CLERK, case.id, "accept")
        return await self.act(CLERK, case.id, "file", standard=1)

    async def dispatched(self, worker: Worker, text: str, *targets: Any, **more: Any) -> Case:
        case = await self.filed(worker, text, **more)
        return await self.act(DISPATCHER, case.id, "dispatch", targets=list(targets))

    async def handled(self, user: str, case: UUID) -> Case:
        """Done by the user's org, with a photo."""
        return await self.act(user, case, "handle", opinion="已处置", media=[photo("after")])

    async def checked(self, worker: Worker, case: UUID, verdict: str) -> Case:
        """What the worker finds on the spot."""
        return await self.answer(
            worker.user, case, "answer_check", verdict=verdict, media=[photo("evidence")]
        )


@asynccontextmanager
async def acting_on(settings: Settings) -> AsyncIterator[None]:
    """The pool of this process on the database of a running service."""
    database.configure(settings.database_url)
    await database.open_pool()
    try:
        yield
    finally:
        await database.close_pool()


@asynccontextmanager
async def backstage(settings: Settings) -> AsyncIterator[Backstage]:
    """Beside the pages of a running service."""
    async with acting_on(settings):
        opened = await Backstage.open()
        opened.redis = Redis.from_url(settings.redis_url)
        yield opened
        await opened.redis.aclose()
