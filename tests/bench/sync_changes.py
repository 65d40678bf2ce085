"""sync: a device that holds 100,000 documents asks over HTTP what has changed: nothing, beside a
handler that only checks the session; one of them, beside the same SQL on a bare connection.
"""

import asyncio
import time
from pathlib import Path
from uuid import UUID

import msgspec

from backend.app.writing import pulling
from backend.core import database
from backend.core.crypto import Keyring
from backend.core.database import connect
from backend.core.settings import Settings
from offline import epoch
from offline.batch import Ports
from offline.pull import pull
from offline.wire import PullRequest
from offline.work import Work
from tests.bench import push, stage, sync_city
from tests.bench.figures import Figure, percentile
from tests.bench.line import Line
from tests.bench.recording import Script, recording, replay
from tests.bench.replica import Replica
from tests.bench.sync_city import Device

GRIDS = 10
EACH = 10_000
ASKED = 300
CHANGED = 100


class Found(msgspec.Struct):
    """Milliseconds of each question, the bytes of those that had an answer, and the last such."""

    nothing: list[float] = []
    bare: list[float] = []
    one: list[float] = []
    sizes: list[int] = []
    asked: PullRequest = PullRequest()


async def run() -> list[Figure]:
    """Measure the two questions that devices ask all day."""
    with stage.servers() as settings:
        city = await stage.make_city(settings, "city")
        conn = await connect(city.database_url)
        grids = await sync_city.grids_of(conn, GRIDS)
        await sync_city.fill(conn, grids, EACH)
        (device,) = await sync_city.settle(conn, [grids])
        changing = await conn.fetch(
            "select id from case_file where grid = any($1) order by md5(id::text) limit $2",
            device.grids,
            CHANGED,
        )
        await sync_city.file(city, conn, list(map(sync_city.cases_of, device.grids)))
        await conn.close()
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            None, _measure, city, device, [row["id"] for row in changing]
        )
        floor = await _floor(city, device, found.asked)
    held = GRIDS * EACH
    return [
        Figure(
            "sync",
            "no_change_ms",
            percentile(found.nothing, 0.95),
            percentile(found.bare, 0.95),
            f"ms p95, {held} documents held, over HTTP",
        ),
        Figure(
            "sync",
            "one_change_ms",
            percentile(found.one, 0.95),
            floor,
            f"ms p95, one of {held} documents changed, over HTTP",
        ),
        Figure(
            "sync",
            "one_change_bytes",
            max(found.sizes),
            None,
            "bytes at most, both ways, heads included",
        ),
    ]


def _measure(city: Settings, device: Device, changing: list[UUID]) -> Found:
    with stage.bare(city, 1, Path(city.data)):
        return asyncio.run(_ask(city, device, changing))


async def _ask(city: Settings, device: Device, changing: list[UUID]) -> Found:
    line, replica, found = await Line.open(city), Replica(device.token), Found()
    await replica.pull(line, snapshots=True)
    assert len(replica.held) >= GRIDS * EACH
    for _ in range(ASKED):
        begun = time.perf_counter()
        answer = await line.ask(device.token, "POST", "/bare")
        found.bare.append((time.perf_counter() - begun) * 1000)
        assert answer.status == 200
        begun = time.perf_counter()
        answer = await line.ask(device.token, "POST", "/api/sync/pull", replica.question())
        found.nothing.append((time.perf_counter() - begun) * 1000)
        assert not replica.take(answer).members
    async with push.pool(city) as ports:
        for case in changing:
            await _change(ports, case)
            found.asked = replica.question()
            begun = time.perf_counter()
            answer = await line.ask(device.token, "POST", "/api/sync/pull", found.asked)
            found.one.append((time.perf_counter() - begun) * 1000)
            found.sizes.append(answer.wire_bytes)
            (document,) = replica.take(answer).documents
            assert document.id == case
    line.close()
    return found


async def _change(ports: Ports, case: UUID) -> None:
    """Somebody marks a case as urgent: its document stays as long as the others."""
    async with ports.transaction() as conn:
        work = Work(conn, ports.kinds, ports.cipher)
        await work.load("case", [case])
        before = work.get("case", case)
        urgent = msgspec.structs.replace(before, version=before.version + 1, urgent=True)
        work.put("case", urgent)
        await work.flush()


async def _floor(city: Settings, device: Device, asked: PullRequest) -> float:
    """p95 in milliseconds of what the last change was read with."""
    database.configure(city.database_url)
    await database.open_pool()
    async with database.transaction() as conn:
        life = epoch.Life(await epoch.current(conn))
    ports = pulling(Keyring(city.secret), life)
    scripts: list[Script] = []
    recorded = msgspec.structs.replace(ports, snapshot=recording(ports.snapshot, scripts))
    answer = await pull(asked, asked.buckets, recorded)
    assert len(answer.documents) == 1
    await database.close_pool()
    _, seconds = await replay(city.database_url, scripts * ASKED, 1)
    return percentile(seconds, 0.95) * 1000
