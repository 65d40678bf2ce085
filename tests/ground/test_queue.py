"""The queue: jobs run, are tried again, and are not doubled under one key."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from backend.core import queue as core_queue
from backend.core.queue import Argument, Job, Periodic, Queue, Tools, work
from backend.core.settings import Settings


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await holds():
            await asyncio.sleep(0.02)


def counted(seen: list[Any], number: int) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        return len(seen) >= number

    return holds


@asynccontextmanager
async def working(
    settings: Settings, *jobs: Job, periodic: tuple[Periodic, ...] = ()
) -> AsyncIterator[None]:
    worker = asyncio.create_task(work(settings, jobs, periodic))
    try:
        yield
    finally:
        os.kill(os.getpid(), signal.SIGTERM)  # as an operator stops it
        await worker


async def test_a_job_runs_with_its_arguments(settings: Settings, redis: Redis) -> None:
    seen: list[tuple[Argument, ...]] = []

    async def note(tools: Tools, *args: Argument) -> None:
        assert tools.settings == settings
        seen.append(args)

    async with working(settings, Job("note", note)):
        assert await Queue(redis).enqueue("note", "瓯海", 3, None)
        await until(counted(seen, 1))
    assert seen == [("瓯海", 3, None)]


async def test_one_key_is_one_job_until_it_is_done(settings: Settings, redis: Redis) -> None:
    seen: list[int] = []

    async def note(_: Tools, number: int) -> None:
        seen.append(number)

    queue = Queue(redis)
    assert await queue.enqueue("note", 1, key="same")
    assert not await queue.enqueue("note", 2, key="same")
    async with working(settings, Job("note", note)):
        await until(counted(seen, 1))
        await until(lambda: queue.enqueue("note", 3, key="same"))
        await until(counted(seen, 2))
    assert seen == [1, 3]


async def test_a_failing_job_is_tried_again(
    settings: Settings, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core_queue, "FIRST_RETRY", timedelta(milliseconds=20))
    tries: list[int] = []

    async def stumble(_: Tools) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise ValueError("not yet")

    async with working(settings, Job("stumble", stumble)):
        await Queue(redis).enqueue("stumble")
        await until(counted(tries, 3))


async def test_periodic_work_starts_with_the_worker_and_survives_a_failure(
    settings: Settings,
) -> None:
    rounds: list[int] = []

    async def turn(_: Tools) -> None:
        rounds.append(1)
        if len(rounds) == 1:
            raise ValueError("a bad start")

    each = Periodic("turn", turn, every=timedelta(seconds=1))
    async with working(settings, periodic=(each,)):
        await until(counted(rounds, 2))
