"""Breaks the service on purpose: `python -m tests.chaos.broken`, a web service with the fault that
XUNGE_BROKEN names. For showing that the checker notices.
"""

import asyncio
import contextvars
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from granian.constants import Interfaces
from granian.server import Server
from litestar import Litestar

from backend.app import asgi
from backend.core import database
from backend.core.settings import load_settings
from backend.media.store import FolderStore
from offline import feed, receipts

LATER_S = timedelta(minutes=5).total_seconds()


def receipts_apart() -> None:
    """Receipts are stored in a transaction of their own, after that of the effects."""
    sound = receipts.store

    async def store(_: Any, *given: Any) -> None:
        async def apart() -> None:
            await asyncio.sleep(LATER_S)
            async with database.transaction() as conn:
                await sound(conn, *given)

        asyncio.create_task(apart(), context=contextvars.Context())  # noqa: RUF006

    receipts.store = store  # type: ignore[assignment]


def repeats_not_recognised() -> None:
    """A command that comes again is a new one."""
    sound = receipts.store

    async def find(*_: Any) -> dict[Any, Any]:
        return {}

    async def store(conn: Any, answered: Any, received_at: Any) -> None:
        ids = [arrival.command.id for arrival, _ in answered]
        await conn.execute("delete from receipt where command = any($1)", ids)
        await sound(conn, answered, received_at)

    receipts.find = find  # type: ignore[assignment]
    receipts.store = store


def uploads_acknowledged_early() -> None:
    """An upload is called stored before its bytes are where they belong."""
    sound = FolderStore.put

    async def put(self: FolderStore, key: str, source: Any) -> None:
        async def later() -> None:
            await asyncio.sleep(LATER_S)
            await sound(self, key, source)

        asyncio.create_task(later())  # noqa: RUF006

    FolderStore.put = put  # type: ignore[method-assign]


def cursor_by_number() -> None:
    """A pull goes on after the highest transaction that the cursor had heard of."""
    sound = feed.read

    async def read(conn: Any, since: Any, *others: Any) -> Any:
        seen = {
            bucket: int(snapshot.split(":")[1]) if snapshot else 0
            for snapshot, buckets in since
            for bucket in buckets
        }
        found = await sound(conn, since, *others)
        return [row for row in found if row["xid"] >= seen[row["bucket"]]]

    feed.read = read  # type: ignore[assignment]


def tombstones_unsent() -> None:
    """A pull leaves out what has left a bucket."""
    sound = feed.read

    async def read(*args: Any) -> Any:
        return [row for row in await sound(*args) if not row["removed"]]

    feed.read = read  # type: ignore[assignment]


BREAKS: dict[str, Callable[[], None]] = {
    each.__name__: each
    for each in (
        receipts_apart,
        repeats_not_recognised,
        uploads_acknowledged_early,
        cursor_by_number,
        tombstones_unsent,
    )
}


def application() -> Litestar:
    """The service with its fault; none is named when it is to be sound."""
    if name := os.environ.get("XUNGE_BROKEN"):
        BREAKS[name]()
    return asgi.application()


if __name__ == "__main__":
    given = load_settings()
    Server(
        "tests.chaos.broken:application",
        factory=True,
        address=given.host,
        port=given.port,
        interface=Interfaces.ASGI,
        websockets=False,
    ).serve()
