"""The directory's periodic work."""

from datetime import timedelta

from backend.core.clock import utc_now
from backend.core.database import transaction
from backend.core.queue import Periodic, Tools
from backend.directory.sessions import sweep


async def tidy(_: Tools) -> None:
    """Drop sessions and tries at names that are over."""
    async with transaction() as conn:
        await sweep(conn, utc_now())


PERIODIC = (Periodic("directory.tidy", tidy, every=timedelta(hours=1)),)
