"""The worker's part: views, and a sweep that makes up for whatever the queue lost."""

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from backend.core.crypto import Keyring
from backend.core.database import connection
from backend.core.errors import Problem
from backend.core.queue import Job, Periodic, Queue, Tools
from backend.core.sealing import Seal
from backend.core.settings import Settings
from backend.media.spool import open_spool
from backend.media.store import open_store
from backend.media.uploads import VIEWS_JOB, Uploads
from backend.media.views import make_views, view_maker

SWEEP_BATCH = 500

_FINISHED_AWAY = "SELECT id, uploader FROM media WHERE id = ANY($1::uuid[]) AND state = 'uploading'"

_EXPIRED = """
SELECT id FROM media WHERE state = 'uploading' AND expires_at <= now()
ORDER BY expires_at LIMIT $1
"""

_WITHOUT_VIEWS = """
SELECT id FROM media
WHERE state = 'stored' AND kind = 'photo' AND view_key IS NULL AND refused IS NULL
ORDER BY stored_at LIMIT $1
"""


async def views(tools: Tools, media: str) -> None:
    """Make a photo's thumbnail and view."""
    await make_views(view_maker(tools.settings), UUID(media))


async def sweep(tools: Tools) -> None:
    """Give up abandoned uploads, and queue the views that are missing."""
    await give_up(tools.settings, tools.queue)
    async with connection() as conn:
        missing = await conn.fetch(_WITHOUT_VIEWS, SWEEP_BATCH)
    for row in missing:
        await tools.queue.enqueue(VIEWS_JOB, str(row["id"]), key=f"{VIEWS_JOB}:{row['id']}")


async def give_up(settings: Settings, queue: Queue) -> None:
    """Finish what is complete but was left by a dead process; forget uploads past their time, and
    files that belong to none.
    """
    spool = open_spool(settings)
    uploads = Uploads(spool, open_store(settings), queue, Seal(Keyring(settings.secret)))
    files = spool.uploads()
    async with connection() as conn:
        expired = await conn.fetch(_EXPIRED, SWEEP_BATCH)
        live = await conn.fetch(_FINISHED_AWAY, files)
    for row in live:
        with suppress(Problem):  # expired, refused or wrong: its next request is told
            await uploads.progress(row["uploader"], row["id"])
    stray = set(files) - {row["id"] for row in live}
    for upload in {row["id"] for row in expired} | stray:
        with suppress(Problem):  # being continued at this moment
            await uploads.expire(upload)


JOBS = (Job(VIEWS_JOB, views),)
PERIODIC = (Periodic("media.sweep", sweep, every=timedelta(minutes=1)),)
