"""sync: a hundred devices at once take all that they may hold for the first time: each a bucket of
its own of 10,000 documents, and the city's reference data, unpacked, decoded and verified.

The floor is the same files from the same web server's own file serving, to the same devices. They
are processes of their own, but on the same two cores.
"""

import asyncio
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import uvloop
from msgspec import Struct

from backend.core.database import connect
from backend.core.settings import Settings
from offline.wire import Snapshot
from tests.bench import stage, sync_city
from tests.bench.figures import Figure, percentile
from tests.bench.line import Line
from tests.bench.replica import Replica, read_snapshot
from tests.bench.sync_city import Device

DEVICES = 100
EACH = 10_000
PROCESSES = 4
WEB_PROCESSES = 2
START_S = 3
"""After which all processes of devices are there, so that all begin at one time."""


class Taken(Struct):
    """A device's seconds, what it was given as files, and how many documents it holds."""

    seconds: float
    files: list[Snapshot]
    held: int


async def run() -> list[Figure]:
    """Measure the first sync."""
    with stage.servers() as settings:
        city = await stage.make_city(settings, "city")
        conn = await connect(city.database_url)
        grids = await sync_city.grids_of(conn, DEVICES)
        await sync_city.drop_indexes(conn)
        begun = time.perf_counter()
        await sync_city.fill(conn, grids, EACH)
        filled_s = time.perf_counter() - begun
        devices = await sync_city.settle(conn, [[grid] for grid in grids])
        cases = [sync_city.cases_of(grid.code) for grid in grids]
        filed_s = await sync_city.file(city, conn, [sync_city.REFERENCE, *cases])
        await conn.close()
        loop = asyncio.get_running_loop()
        ours, floor = await loop.run_in_executor(None, _measure, city, devices)
    given = [sum(file.bytes for file in taken.files) for taken in ours]
    size = f"{sum(given) / len(given) / 2**20:.1f} MiB as sent"
    return [
        Figure(
            "sync",
            "first_sync_p95_s",
            percentile([taken.seconds for taken in ours], 0.95),
            percentile(floor, 0.95),
            f"s, {DEVICES} devices at once, {ours[0].held} documents, {size} each",
        ),
        Figure("sync", "bucket_file_s", filed_s / DEVICES, None, f"s to make one of {EACH}"),
        Figure("sync", "fill_s", filled_s, None, f"s for {DEVICES * EACH} documents"),
    ]


def _measure(city: Settings, devices: list[Device]) -> tuple[list[Taken], list[float]]:
    folder = city.data / "files"
    folder.mkdir()
    with ProcessPoolExecutor(PROCESSES) as pool:
        with stage.web(city, WEB_PROCESSES):
            shares = [(city, devices[n::PROCESSES], folder, _soon()) for n in range(PROCESSES)]
            ours = [taken for share in pool.map(_take_share, shares) for taken in share]
        with stage.bare(city, WEB_PROCESSES, folder):
            lists = [(city, ours[n::PROCESSES], _soon()) for n in range(PROCESSES)]
            floor = [seconds for share in pool.map(_fetch_share, lists) for seconds in share]
    return ours, floor


def _soon() -> float:
    return time.time() + START_S


def _take_share(given: tuple[Settings, list[Device], Path, float]) -> list[Taken]:
    """In a process of devices: the first sync of each, from `start` on. Keeps the files."""
    city, devices, folder, start = given

    async def take(device: Device) -> tuple[float, Replica]:
        line, replica = await Line.open(city), Replica(device.token)
        await asyncio.sleep(start - time.time())
        await replica.pull(line, snapshots=True)
        taken = time.time() - start
        line.close()
        return taken, replica

    async def all_() -> list[tuple[float, Replica]]:
        return await asyncio.gather(*map(take, devices))

    found = uvloop.run(all_())
    for _, replica in found:
        assert sum(file.documents for file, _ in replica.files) >= EACH
        for file, packed in replica.files:
            (folder / str(file.id)).write_bytes(packed)
    return [
        Taken(seconds, [file for file, _ in replica.files], len(replica.held))
        for seconds, replica in found
    ]


def _fetch_share(given: tuple[Settings, list[Taken], float]) -> list[float]:
    """The same files as nothing but files; unpacked, decoded and verified as well."""
    city, lists, start = given

    async def fetch(taken: Taken) -> float:
        line = await Line.open(city)
        await asyncio.sleep(start - time.time())
        for file in taken.files:
            answer = await line.ask("", "GET", f"/files/{file.id}")
            assert answer.status == 200
            read_snapshot(answer.body, file)
        line.close()
        return time.time() - start

    async def all_() -> list[float]:
        return await asyncio.gather(*map(fetch, lists))

    return uvloop.run(all_())
