"""sync: from a commit to its document on every device that may hold it: 2,000 devices listening on
2 web processes, 50 reports a second in grids of 10 devices each, which pull when they hear of it.

The floor of the time is the commit's own answer to its author; that of the memory is a connection
on which nothing is asked.
"""

import asyncio
import random
import time
from collections import Counter
from uuid import UUID

import msgspec
import psutil
import uvloop
from msgspec import Struct

from backend.core.database import connect
from backend.core.settings import Settings
from offline.wire import PushRequest, PushResponse
from tests.bench import stage, sync_city
from tests.bench.figures import Figure, percentile
from tests.bench.line import Line
from tests.bench.replica import Replica
from tests.bench.sync_city import Device
from tests.bench.workload import Hand, settle

WEB_PROCESSES = 2
DEVICES = 2000
GRIDS = 200
COMMITS_PER_S = 50
SECONDS = 30
LINES = 64
"""Connections that the devices' pulls share: browsers close theirs when idle, streams stay."""
PATIENCE_S = 20
CATEGORY = "C0101"


class Found(Struct):
    """Seconds, and KiB a device."""

    held: list[float] = []
    answered: list[float] = []
    listening_kib: float = 0
    idle_kib: float = 0


async def run() -> list[Figure]:
    """Measure the live path."""
    with stage.servers() as settings:
        city = await stage.make_city(settings, "city")
        conn = await connect(city.database_url)
        hands = [Hand(number) for number in range(GRIDS)]
        await settle(conn, hands)
        grids = await sync_city.grids_of(conn, GRIDS)
        devices = await sync_city.settle(conn, [[grids[n % GRIDS]] for n in range(DEVICES)])
        await conn.close()
        await stage.assert_durable(city)
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(None, _measure, city, devices, hands)
    each = f"{COMMITS_PER_S} commits/s, each held by {DEVICES // GRIDS} of {DEVICES} devices"
    return [
        Figure(
            "sync",
            "live_p95_s",
            percentile(found.held, 0.95),
            percentile(found.answered, 0.95),
            f"s, {each}",
        ),
        Figure(
            "sync", "live_kib_per_client", found.listening_kib, found.idle_kib, "KiB of web process"
        ),
    ]


def _measure(city: Settings, devices: list[Device], hands: list[Hand]) -> Found:
    with stage.web(city, WEB_PROCESSES):
        return uvloop.run(_live(city, devices, hands))


async def _live(city: Settings, devices: list[Device], hands: list[Hand]) -> Found:
    found = Found()
    before = _web_kib()
    idle = [await Line.open(city) for _ in devices]
    for line, device in zip(idle, devices, strict=True):
        assert (await line.ask(device.token, "GET", "/health")).status == 200
    found.idle_kib = (_web_kib() - before) / len(devices)
    for line in idle:
        line.close()
    lines: asyncio.Queue[Line] = asyncio.Queue()
    for _ in range(LINES):
        lines.put_nowait(await Line.open(city))
    commits = _Commits(hands, lines, found)
    # All start from one device's whole pull: they may hold the same but for their grid's cases and
    # their own, and there are none yet.
    first = Replica(devices[0].token)
    await first.pull(await Line.open(city))
    before = _web_kib()
    ears = [_Ear(device, first, lines, commits) for device in devices]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ear.listen(await Line.open(city))) for ear in ears]
        tasks += [group.create_task(ear.pull()) for ear in ears]
        for ear in ears:
            await ear.connected.wait()
        found.listening_kib = (_web_kib() - before) / len(devices)
        await commits.make(SECONDS)
        async with asyncio.timeout(PATIENCE_S):
            await commits.held_by_all(len(devices) // len(hands))
        for task in tasks:
            task.cancel()
    return found


class _Commits:
    """Reports made at a steady rate, whether or not the service keeps up, and who holds them."""

    def __init__(self, hands: list[Hand], lines: asyncio.Queue[Line], found: Found) -> None:
        self._hands = hands
        self._lines = lines
        self._found = found
        self._sent: dict[UUID, float] = {}
        self._held: Counter[UUID] = Counter()

    async def make(self, seconds: float) -> None:
        """COMMITS_PER_S of them."""
        dice = random.Random(330304)
        for hand in self._hands:
            hand.grids = hand.grids[:1]
        planned = [dice.choice(self._hands) for _ in range(int(COMMITS_PER_S * seconds))]
        reports = [(hand, *hand.report(CATEGORY, dice)) for hand in planned]
        begun = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number, (hand, case, item) in enumerate(reports):
                await asyncio.sleep(begun + number / COMMITS_PER_S - time.perf_counter())
                group.create_task(self._commit(hand, case, PushRequest([item])))

    async def _commit(self, hand: Hand, case: UUID, push: PushRequest) -> None:
        line = await self._lines.get()
        begun = self._sent[case] = time.perf_counter()
        answer = await line.ask(hand.token, "POST", "/api/sync/push", push)
        self._found.answered.append(time.perf_counter() - begun)
        self._lines.put_nowait(line)
        (outcome,) = msgspec.json.decode(answer.body, type=PushResponse).outcomes
        assert outcome.outcome == "accepted", outcome

    def hold(self, case: UUID) -> None:
        """A device has it."""
        if case in self._sent:
            self._found.held.append(time.perf_counter() - self._sent[case])
            self._held[case] += 1

    async def held_by_all(self, devices: int) -> None:
        """Wait until every commit is on so many devices."""
        while any(self._held[case] < devices for case in self._sent):
            await asyncio.sleep(0.05)


class _Ear:
    """A device that pulls when it hears that something has changed, one pull at a time."""

    def __init__(
        self, device: Device, first: Replica, lines: asyncio.Queue[Line], commits: _Commits
    ) -> None:
        self._replica = first.beside(device.token, device.buckets)
        self._lines = lines
        self._commits = commits
        self._told = asyncio.Event()
        self.connected = asyncio.Event()

    async def listen(self, line: Line) -> None:
        """Note every signal."""
        async for event in line.events(self._replica.token, "/api/sync/live"):
            if event.startswith(b"event: change"):
                self._told.set()
            else:
                self.connected.set()

    async def pull(self) -> None:
        """After each signal, and once more for those that came meanwhile."""
        while True:
            await self._told.wait()
            self._told.clear()
            line = await self._lines.get()
            for document in await self._replica.pull(line):
                if document.kind == "case":
                    self._commits.hold(document.id)
            self._lines.put_nowait(line)


def _web_kib() -> float:
    (web,) = (p for p in psutil.Process().children() if "web" in p.cmdline())
    return sum(p.memory_info().rss for p in web.children(recursive=True)) / 1024
