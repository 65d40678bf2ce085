"""What the worker does for exports besides making them: makes up for what the queue lost, and
deletes what is past its time.
"""

import asyncio
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from backend.cases.exporting.making import FOLDER
from backend.cases.exporting.orders import KEPT, UNFINISHED, key_of
from backend.core.database import connection
from backend.core.queue import Queue
from backend.core.settings import Settings
from backend.media.store import open_store

JOB = "cases.export"
GIVEN_UP = timedelta(hours=12)
"""What is not made by then ends every process that tries."""

_LATE = """
update case_export set state = 'failed', error = '一直没有做成，请缩小范围后重新导出'
where state = any($1) and asked_at < $2
"""


async def put_in_queue(queue: Queue, export: UUID) -> None:
    """Have a worker make it; already there, it stays as it is. Raises redis.RedisError."""
    await queue.enqueue(JOB, str(export), key=f"{JOB}:{export}")


async def put_waiting_in_queue(queue: Queue) -> set[UUID]:
    """Those that nobody has finished, the oldest first; gives them."""
    async with connection() as conn:
        rows = await conn.fetch(
            "select id from case_export where state = any($1) order by asked_at", UNFINISHED
        )
    for row in rows:
        await put_in_queue(queue, row["id"])
    return {row["id"] for row in rows}


async def sweep(settings: Settings, queue: Queue, now: datetime) -> None:
    """Queue what waits, give up what cannot be made, and delete old files."""
    async with connection() as conn:
        await conn.execute(_LATE, UNFINISHED, now - GIVEN_UP)
        old = await conn.fetch(
            "select id from case_export where coalesce(ready_at, asked_at) < $1", now - KEPT
        )
    live = await put_waiting_in_queue(queue)
    store = open_store(settings)
    for row in old:
        await store.delete(key_of(row["id"]))
    async with connection() as conn:
        await conn.execute(
            "delete from case_export where id = any($1::uuid[])", [row["id"] for row in old]
        )
    await asyncio.to_thread(_tidy, settings.data / FOLDER, {str(export) for export in live})


def _tidy(folder: Path, live: set[str]) -> None:
    """Remove what a killed process left of exports that nobody makes any more."""
    for left in folder.iterdir() if folder.exists() else ():
        if left.name not in live:
            shutil.rmtree(left, ignore_errors=True)
