"""What the worker does for devices that pull: buckets' files, and forgetting what left long ago."""

from datetime import timedelta

from backend.app.writing import filing
from backend.core import database
from backend.core.clock import utc_now
from backend.core.crypto import Keyring
from backend.core.queue import Periodic, Tools
from offline import snapshots, tombstones


async def file(tools: Tools) -> None:
    """Keep large buckets' files close to what the buckets hold."""
    await snapshots.keep_up(filing(Keyring(tools.settings.secret), tools.settings))


async def mark(_: Tools) -> None:
    """Note the snapshot of this hour."""
    async with database.transaction() as conn:
        await tombstones.mark(conn, utc_now())


async def forget(_: Tools) -> None:
    """Delete tombstones that are old enough."""
    await tombstones.forget(database.transaction, utc_now())


PERIODIC = (
    Periodic("sync.file", file, every=timedelta(minutes=10)),
    Periodic("sync.mark", mark, every=timedelta(hours=1)),
    Periodic("sync.forget", forget, every=timedelta(hours=24)),
)
