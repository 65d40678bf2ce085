"""Work for later, on Redis; the library behind it shows nowhere else.

A job may run more than once (a worker can die in the middle), so it must be safe to repeat. What
must never be lost is not queued but read from the journal.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from arq.connections import ArqRedis
from arq.cron import CronJob, cron
from arq.worker import Retry, Worker, func
from msgspec import Struct, msgpack
from redis.asyncio import Redis
from redis.exceptions import RedisError

from backend.core.halt import Halt
from backend.core.settings import Settings

Argument = str | int | float | bool | None
QUEUE = "xunge:queue"
POLL_SECONDS = 0.05
RECONNECT_SECONDS = 2
FIRST_RETRY = timedelta(seconds=5)

_log = logging.getLogger(__name__)


class Queue:
    """Hands jobs to the workers."""

    def __init__(self, redis: Redis) -> None:
        self._arq = ArqRedis(
            connection_pool=redis.connection_pool,
            job_serializer=msgpack.encode,
            job_deserializer=msgpack.decode,
            default_queue_name=QUEUE,
        )

    async def enqueue(
        self, name: str, *args: Argument, key: str | None = None, after: timedelta | None = None
    ) -> bool:
        """Queue a job by name. With a key, nothing is queued while a job of that key waits or runs;
        answers whether it was queued. Raises redis.RedisError when Redis is away.
        """
        return await self._arq.enqueue_job(name, *args, _job_id=key, _defer_by=after) is not None


class Tools(Struct, frozen=True):
    """What a job works with, besides the database pool, which is open while it runs."""

    settings: Settings
    redis: Redis
    queue: Queue


class Job(Struct, frozen=True):
    """A named job of a domain: `async def run(tools, *args)`.

    tries: how often a failing one is started in all, each wait twice the one before (from 5 s).
    """

    name: str
    run: Callable[..., Awaitable[None]]
    tries: int = 5
    timeout: timedelta = timedelta(minutes=5)


class Periodic(Struct, frozen=True):
    """A job every so often and whenever a worker starts, on one at a time: `async def run(tools)`.

    every: divides a minute, an hour or a day.
    """

    name: str
    run: Callable[[Tools], Awaitable[None]]
    every: timedelta


class _Worker(Worker):
    """Outlives a Redis that comes back; what ran meanwhile is started again."""

    async def _poll_iteration(self) -> None:
        try:
            await super()._poll_iteration()
        except RedisError as error:
            _log.warning("the queue is away, next try in %s s: %s", RECONNECT_SECONDS, error)
            await asyncio.sleep(RECONNECT_SECONDS)


async def work(settings: Settings, jobs: Sequence[Job], periodic: Sequence[Periodic]) -> None:
    """Run jobs until SIGTERM or SIGINT; what runs then gets 10 s to end and is started again later.

    Raises redis.RedisError when Redis is away at the start; one that goes later is waited for.
    """
    redis = open_redis(settings.redis_url)
    queue = Queue(redis)
    worker = _Worker(
        functions=[
            func(
                _retried(job),
                name=job.name,
                timeout=job.timeout,
                max_tries=job.tries,
                keep_result=0,
            )
            for job in jobs
        ],
        cron_jobs=[_cron(each) for each in periodic],
        redis_pool=queue._arq,  # noqa: SLF001 - the two are one module on purpose
        queue_name=QUEUE,
        poll_delay=POLL_SECONDS,
        job_completion_wait=10,
        ctx={"tools": Tools(settings, redis, queue)},
        job_serializer=msgpack.encode,
        job_deserializer=msgpack.decode,
    )
    try:
        with suppress(asyncio.CancelledError):
            await worker.async_run()
    finally:
        await asyncio.gather(*worker.tasks.values(), return_exceptions=True)
        await redis.aclose()


def open_redis(url: str) -> Redis:
    """A client of the Redis at a URL, not connected yet. Raises Halt when it is no such URL."""
    try:
        client: Redis = Redis.from_url(url)
    except ValueError as error:
        raise Halt("REDIS_URL 应形如 redis://主机:6379/0 或 unix:///路径") from error
    return client


def _retried(job: Job) -> Any:
    async def run(context: dict[str, Any], *args: Argument) -> None:
        try:
            await job.run(context["tools"], *args)
        except Exception as error:
            failures = context["job_try"]
            if failures >= job.tries:
                raise
            _log.exception("job %s failed, try %s of %s", job.name, failures, job.tries)
            raise Retry(defer=FIRST_RETRY * 2 ** (failures - 1)) from error

    return run


def _cron(each: Periodic) -> CronJob:
    async def run(ctx: dict[Any, Any], *_: Any, **__: Any) -> None:
        try:
            await each.run(ctx["tools"])
        except Exception:  # noqa: BLE001 - logged whole; the next round tries again
            _log.exception("periodic job %s failed, next try in %s", each.name, each.every)

    seconds = int(each.every.total_seconds())
    plan = partial(cron, run, name=each.name, run_at_startup=True)
    if seconds < 60:
        return plan(second=_steps(60, seconds))
    if seconds < 3600:
        return plan(minute=_steps(60, seconds // 60))
    return plan(hour=_steps(24, seconds // 3600), minute=0)


def _steps(whole: int, step: int) -> set[int]:
    assert whole % step == 0, "a period must divide a minute, an hour or a day"
    return set(range(0, whole, step))
