"""The database or Redis goes away and comes back: 503 and a time to come back, never a fault, and
nothing lost. Real servers are stopped and started.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from typing import Any

from rich.console import Console

from backend.app import embedded
from backend.app.demo import load_demo_city
from backend.app.worker import HEARTBEAT
from backend.core import database
from backend.core.crypto import Keyring
from backend.core.migrations import migrate
from backend.core.queue import open_redis
from backend.core.settings import Settings
from backend.directory.passwords import Passwords
from tests.api.serving import Phone, Server, ready, serving
from tests.api.test_over_http import CLERK, WORKER, report
from tests.conftest import CHEAP, own_folder


class Standing:
    """A city with servers of its own, which a test may stop and start."""

    def __init__(self, server: Server, stack: ExitStack) -> None:
        self.server = server
        self.stack = stack
        self.folder = server.settings.data

    async def worker_lives(self) -> bool:
        """Valkey keeps nothing on disk, so the sign of life is one made since it started."""
        async with open_redis(self.server.settings.redis_url) as redis:
            return await redis.get(HEARTBEAT) is not None

    def stop_postgres(self) -> None:
        embedded.stop_postgres(self.folder / "postgres")

    def start_postgres(self) -> None:
        self.stack.enter_context(embedded.postgres(self.folder / "postgres"))

    def stop_valkey(self) -> None:
        embedded.stop_valkey(self.folder / "valkey")

    def start_valkey(self) -> None:
        self.stack.enter_context(embedded.valkey(self.folder / "valkey"))


@asynccontextmanager
async def standing() -> AsyncIterator[Standing]:
    folder = own_folder()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        settings = Settings(
            database_url=stack.enter_context(embedded.postgres(folder / "postgres")),
            redis_url=stack.enter_context(embedded.valkey(folder / "valkey")),
            environment="development",
            secret=bytes(range(32)),
            data=folder,
            host="127.0.0.1",
            port=1,
        )
        await migrate(settings.database_url)
        await database.open_pool()
        passwords = Passwords(Keyring(settings.secret), CHEAP)
        await load_demo_city(settings, Console(quiet=True), passwords)
        await database.close_pool()
        server = stack.enter_context(serving(settings, folder))
        await ready(server)
        yield Standing(server, stack)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await holds():
            await asyncio.sleep(0.05)


async def test_the_database_goes_and_comes_back() -> None:
    async with (
        standing() as city,
        Phone.of(city.server, WORKER) as worker,
        Phone.of(city.server, CLERK) as clerk,
    ):
        await report(worker, city.server)
        item = worker.command("case.report", {})
        calls: list[Callable[[], Awaitable[Any]]] = [
            lambda: worker.try_push(item),
            lambda: worker.client.post("/api/sync/pull", json={}),
            lambda: clerk.client.get("/api/cases"),
            lambda: clerk.client.get("/api/tasks"),
            lambda: clerk.client.post(
                "/api/session",
                json={
                    "name": "wg002",
                    "password": "x",
                    "device": {"id": str(worker.view.device), "name": "机"},
                },
            ),
        ]
        # Requests are under way while it goes, many more than the pool has connections.
        crowd = [asyncio.ensure_future(call()) for call in calls * 12]
        city.stop_postgres()
        for answer in await asyncio.gather(*crowd):
            assert answer.status_code < 500 or answer.status_code == 503, answer.text
        for call in calls * 3:
            answer = await call()
            assert answer.status_code == 503, answer.text
            assert answer.json()["code"] == "unavailable"
            assert int(answer.headers["retry-after"]) > 0
        assert (await clerk.client.get("/health")).status_code == 200
        assert (await clerk.client.get("/ready")).status_code == 503
        city.start_postgres()

        async def back() -> bool:
            return bool((await clerk.client.get("/api/cases")).status_code == 200)

        await until(back)
        # No connection was lost to the outage: as many at once as ever.
        answers = await asyncio.gather(*[call() for call in calls[:4] * 10])
        assert {answer.status_code for answer in answers} == {200}
        await report(worker, city.server)
        assert city.server.faults() == []


async def test_without_redis_the_work_goes_on() -> None:
    async with standing() as city, Phone.of(city.server, WORKER) as worker:
        with serving(city.server.settings, city.folder, "worker"):
            await until(city.worker_lives)
            async with worker.client.stream("GET", "/api/sync/live", timeout=30) as stream:
                lines = stream.aiter_lines()
                assert await anext(lines) == ": connected"
                city.stop_valkey()
                async with Phone.of(city.server, WORKER) as second:
                    await report(second, city.server)
                    assert await second.pull()
                log = city.server.log.read_text()
                assert "uncounted" in log, "the limiter lets pass, and says so"
                city.start_valkey()
                # The live signal comes back by itself; so does the worker.
                async with asyncio.timeout(30):
                    reporting = asyncio.create_task(_report_on(worker, city.server))
                    while await anext(lines) != "event: change":
                        pass
                    reporting.cancel()

            await until(city.worker_lives)
        assert city.server.faults() == []


async def _report_on(phone: Phone, server: Server) -> None:
    while True:
        await report(phone, server)
        await asyncio.sleep(0.5)
