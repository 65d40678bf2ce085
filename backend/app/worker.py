"""The worker process: every room's jobs, in one place."""

from collections.abc import Sequence
from datetime import timedelta

from backend.app import exports, ledger, replicas
from backend.core import database
from backend.core.queue import Job, Periodic, Tools, work
from backend.core.settings import Settings
from backend.directory import jobs as directory
from backend.media import jobs as media

HEARTBEAT = "xunge:worker"
HEARTBEAT_LASTS = timedelta(minutes=1)


async def beat(tools: Tools) -> None:
    """Leave a sign of life that `xunge doctor` looks for."""
    await tools.redis.set(HEARTBEAT, 1, ex=HEARTBEAT_LASTS)


JOBS: Sequence[Job] = (*media.JOBS, *exports.JOBS)
PERIODIC: Sequence[Periodic] = (
    Periodic("worker.beat", beat, every=timedelta(seconds=10)),
    *ledger.PERIODIC,
    *replicas.PERIODIC,
    *directory.PERIODIC,
    *media.PERIODIC,
    *exports.PERIODIC,
)


async def run_worker(settings: Settings) -> None:
    """Work until told to stop."""
    database.configure(settings.database_url)
    await database.open_pool()
    try:
        await work(settings, JOBS, PERIODIC)
    finally:
        await database.close_pool()
