"""What a device may hold and hear follows its user's rights within seconds, over HTTP."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest

from backend.app.live import STREAMS
from backend.app.writing import filing
from backend.core import database
from backend.core.crypto import Keyring
from backend.core.database import connect
from offline import snapshots
from offline.wire import Held, PullRequest
from tests.api.serving import Phone, Server
from tests.api.test_over_http import report

SECONDS = 20
"""Five to notice, and some for a busy machine."""


async def execute(server: Server, statement: str, *args: Any) -> None:
    conn = await connect(server.settings.database_url)
    try:
        await conn.execute(statement, *args)
    finally:
        await conn.close()


class Stream:
    """An open live stream."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def open(self) -> None:
        assert await anext(self._lines) == ": connected"

    async def rest(self) -> list[str]:
        """What else it says until the server ends it."""
        async with asyncio.timeout(SECONDS):
            return [line async for line in self._lines]


@asynccontextmanager
async def listening(phone: Phone) -> AsyncIterator[Stream]:
    limits = httpx.Limits(max_connections=None)
    async with (
        httpx.AsyncClient(
            base_url=phone.client.base_url, headers=phone.client.headers, limits=limits
        ) as client,
        client.stream("GET", "/api/sync/live", timeout=SECONDS * 2) as answer,
    ):
        assert answer.status_code == 200
        stream = Stream(answer.aiter_lines())
        await stream.open()
        yield stream


async def test_another_grid_moves_buckets_within_seconds_and_the_old_ones_documents_go(
    city_server: Server,
) -> None:
    async with Phone.of(city_server, "wg005") as worker:
        case = await report(worker, city_server)
        grid = worker.view.areas[0].split("/")[-1]
        first = await worker.pull(PullRequest(check=True))
        bucket = f"grid:{grid}/cases"
        assert case in {m.id for page in first for m in page.members if m.bucket == bucket}
        async with listening(worker) as stream:
            await execute(
                city_server,
                "update post set areas = (select array_agg(code) from (select code from area "
                "where kind = 'responsibility' and not code = any(post.areas) order by code "
                "limit 1) other) where id = $1",
                worker.view.post,
            )
            await stream.rest()
        point = PullRequest(first[-1].cursor, first[-1].epoch, first[-1].buckets, check=True)
        second = await worker.pull(point)
        assert bucket not in second[-1].buckets
        [moved] = {name.split("/")[0] for name in second[-1].fresh}
        views = ("cases", "people.masked", "rooms")
        assert sorted(second[-1].fresh) == [f"{moved}/{view}" for view in views]
        assert second[-1].checksums is not None
        assert set(second[-1].checksums) == set(second[-1].buckets)


@pytest.mark.parametrize("how", ["signed out", "device revoked", "appointment ended"])
async def test_a_stream_does_not_outlive_its_session(city_server: Server, how: str) -> None:
    name = "wg006"
    async with Phone.of(city_server, name) as worker, listening(worker) as stream:
        if how == "signed out":
            assert (await worker.client.delete("/api/session")).status_code == 204
        elif how == "device revoked":
            await execute(
                city_server,
                "update device set revoked_at = now() where id = $1",
                worker.view.device,
            )
        else:
            await execute(
                city_server,
                'update appointment set valid_to = current_date - 2 where "user" = $1',
                name,
            )
        said = await stream.rest()
        assert not any(line.startswith("event") for line in said)
        assert (await worker.client.get("/api/sync/live")).status_code == 401
        await execute(city_server, 'update appointment set valid_to = null where "user" = $1', name)


async def test_with_one_stream_too_many_the_oldest_ends(city_server: Server) -> None:
    async with Phone.of(city_server, "wg002") as worker, asyncio.TaskGroup() as group:
        held = asyncio.Event()

        async def hold() -> None:
            async with listening(worker):
                await held.wait()

        async with listening(worker) as oldest:
            others = [group.create_task(hold()) for _ in range(STREAMS)]
            await oldest.rest()
        assert not any(other.done() for other in others)
        held.set()


async def test_a_file_is_given_only_to_whom_its_bucket_is_given(city_server: Server) -> None:
    async with (
        Phone.of(city_server, "wg001") as worker,
        Phone.of(city_server, "wg003") as other,
    ):
        await report(worker, city_server)
        own = f"user:{worker.view.user}"
        database.configure(city_server.settings.database_url)
        await database.open_pool()
        try:
            ports = filing(Keyring(city_server.settings.secret), city_server.settings)
            ours = await snapshots.make(own, ports)
            everybodys = await snapshots.make("reference:330304", ports)
        finally:
            await database.close_pool()
        path = "/api/sync/snapshots"
        pages = await worker.pull(PullRequest(snapshots=True))
        files = {file.bucket: file for file in pages[0].snapshots}
        assert files[own].id == ours
        assert len(pages) == 1, "the files have it all"

        answer = await worker.client.get(f"{path}/{ours}")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/gzip"
        assert "content-encoding" not in answer.headers
        assert len(answer.content) == files[own].bytes
        header, *lines = gzip.decompress(answer.content).splitlines()
        assert msgspec.json.decode(header)["checksum"] == files[own].checksum
        held = [msgspec.json.decode(line, type=Held) for line in lines]
        by_pages = {h.id: h for page in await worker.pull() for h in page.documents}
        assert held
        for each in held:
            assert bytes(each.document) == bytes(by_pages[each.id].document)

        assert (await other.client.get(f"{path}/{everybodys}")).status_code == 200
        refused = await other.client.get(f"{path}/{ours}")
        missing = await other.client.get(f"{path}/{uuid4()}")
        assert (refused.status_code, refused.json()) == (404, missing.json())
        del other.client.headers["Authorization"]
        assert (await other.client.get(f"{path}/{everybodys}")).status_code == 401
