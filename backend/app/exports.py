"""Exports with everything plugged in: made by the worker, told to whoever asked."""

from datetime import timedelta
from uuid import UUID

from backend.app.live import announce
from backend.cases.exporting import jobs
from backend.cases.exporting.making import LONGEST, make
from backend.core.clock import utc_now
from backend.core.crypto import LEDGER, Keyring
from backend.core.queue import Job, Periodic, Tools


async def export(tools: Tools, export: str) -> None:
    """Make an export, let its owner's pages look, and go on with what waited meanwhile."""
    cipher = Keyring(tools.settings.secret).cipher(LEDGER)
    owner = await make(tools.settings, cipher, UUID(export), utc_now)
    if owner is not None:
        await announce(tools.redis, {f"user:{owner}"})
        await jobs.put_waiting_in_queue(tools.queue)


async def sweep(tools: Tools) -> None:
    """Make up for what the queue lost, and delete old files."""
    await jobs.sweep(tools.settings, tools.queue, utc_now())


JOBS = (Job(jobs.JOB, export, timeout=3 * LONGEST),)
PERIODIC = (Periodic("cases.exports", sweep, every=timedelta(minutes=1)),)
