"""sync: twice as many pushes a second as the service can carry, sent whether or not it keeps up.

What is refused (503, Retry-After) is sent again afterwards: every command ends with one receipt,
and none that was refused had any before.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from uuid import UUID

import msgspec
from msgspec import Struct

from backend.core import database
from backend.core.database import connect
from backend.core.settings import Settings
from offline.wire import Item, PushRequest, PushResponse
from tests.bench import push, stage
from tests.bench.figures import Figure, percentile
from tests.bench.line import Line
from tests.bench.push import Load
from tests.bench.workload import USERS, Hand, settle

SECONDS = 15
TIMES_PEAK = 2
MOST_PER_S = 600
"""Peaks beyond it would need more commands than are prepared."""
AGAIN = 16
"""Who was refused comes again in so many lanes."""


class Sent(Struct):
    """One push of one command."""

    token: str
    body: bytes
    command: UUID


class Found(Struct):
    """Rates in commands a second, and seconds."""

    peak: float = 0
    peak_seconds: list[float] = []
    goodput: float = 0
    seconds: list[float] = []
    offered: int = 0
    answered: set[UUID] = set()
    refused: list[Sent] = []


async def run() -> list[Figure]:
    """Measure what is left of the service when too many come."""
    with stage.servers() as settings:
        city = await stage.make_city(settings, "city")
        hands = [Hand(number) for number in range(USERS)]
        dice = random.Random(330304)
        async with push.pool(city) as ports:
            async with database.transaction() as conn:
                await settle(conn, hands)
            calm = await push.make_load(ports, hands, dice, push.SINGLES, 1)
            count = MOST_PER_S * TIMES_PEAK * SECONDS
            storm = await push.make_load(ports, hands, dice, count, 1)
        await stage.assert_durable(city)
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(None, _measure, city, calm, storm)
    offered = f"{found.offered / SECONDS:.0f}/s offered, {len(found.refused)} refused"
    return [
        Figure("sync", "overload_goodput", found.goodput, found.peak, f"commands/s, {offered}"),
        Figure(
            "sync",
            "overload_p99_s",
            percentile(found.seconds, 0.99),
            percentile(found.peak_seconds, 0.99),
            "s",
        ),
    ]


def _measure(city: Settings, calm: Load, storm: Load) -> Found:
    with stage.web(city, push.WEB_PROCESSES):
        return asyncio.run(_storm(city, calm, storm))


async def _storm(city: Settings, calm: Load, storm: Load) -> Found:
    found = Found()
    found.peak, found.peak_seconds = await push.drive(city, calm)
    assert found.peak <= MOST_PER_S
    found.offered = int(found.peak * TIMES_PEAK * SECONDS)
    sent = [_sent(hand, items) for hand, items in storm.pushes[: found.offered]]
    commands = {one.command for one in sent}
    await _rain(city, sent, found)
    assert await _receipts(city, commands) == len(found.answered)
    async with asyncio.timeout(120):
        await _send_again(city, found.refused)
    assert await _receipts(city, commands) == len(commands)
    return found


def _sent(hand: Hand, items: list[Item]) -> Sent:
    (item,) = items
    command = UUID(msgspec.json.decode(item.body)["id"])
    return Sent(hand.token, msgspec.json.encode(PushRequest(items)), command)


async def _rain(city: Settings, sent: Sequence[Sent], found: Found) -> None:
    """Each at its time, and its wait counted from then."""
    free: list[Line] = []
    begun = time.perf_counter()
    done = begun + SECONDS

    async def drop(one: Sent, due: float) -> None:
        line = free.pop() if free else await Line.open(city)
        answer = await line.ask(one.token, "POST", "/api/sync/push", one.body)
        now = time.perf_counter()
        free.append(line)
        if answer.status == 200:
            (outcome,) = msgspec.json.decode(answer.body, type=PushResponse).outcomes
            assert outcome.receipt, outcome
            found.answered.add(one.command)
            found.seconds.append(now - due)
            found.goodput += (now < done) / SECONDS
        else:
            assert answer.status == 503, answer.body
            assert int(answer.headers[b"retry-after"]) > 0
            found.refused.append(one)

    async with asyncio.TaskGroup() as group:
        for number, one in enumerate(sent):
            due = begun + number * SECONDS / len(sent)
            await asyncio.sleep(due - time.perf_counter())
            group.create_task(drop(one, due))


async def _send_again(city: Settings, refused: Sequence[Sent]) -> None:
    queue = iter(refused)

    async def lane() -> None:
        line = await Line.open(city)
        for one in queue:
            while (await line.ask(one.token, "POST", "/api/sync/push", one.body)).status != 200:
                await asyncio.sleep(0.1)
        line.close()

    await asyncio.gather(*(lane() for _ in range(AGAIN)))


async def _receipts(city: Settings, commands: set[UUID]) -> int:
    conn = await connect(city.database_url)
    try:
        return int(
            await conn.fetchval(
                "select count(*) from receipt where command = any($1)", list(commands)
            )
        )
    finally:
        await conn.close()
