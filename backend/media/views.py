"""Thumbnails and watermarked views: made by the worker, or at once for a reader who is earlier."""

import asyncio
import io
from functools import lru_cache
from uuid import UUID

from msgspec import Struct

from backend.core.database import connection, transaction
from backend.core.errors import Problem
from backend.core.settings import Settings
from backend.media import rules
from backend.media.pictures import render
from backend.media.queries import find
from backend.media.store import ObjectStore, open_store
from backend.media.structs import Caption, Medium
from offline.ports import Connection

DECODERS = 2
"""Photos decoded at a time in one process; each may take a few hundred megabytes."""

# The first claim names the place; the signature in the picture is its uploader's.
_CLAIM = """
SELECT l.place, l.taken_at, l.longitude, l.latitude, coalesce(u.name, '') AS reporter
FROM media_link l LEFT JOIN app_user u ON u.id = l.uploader
WHERE l.media_id = $1 AND l.uploader = $2 AND l.sha256 = $3
ORDER BY l.id LIMIT 1
"""


class _Claim(Struct, frozen=True):
    caption: Caption = Caption()
    differs_s: int | None = None
    differs_m: int | None = None


class ViewMaker:
    """Makes each photo's views once, however many ask at the same time."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._running: dict[UUID, asyncio.Task[str]] = {}
        self._decoders = asyncio.Semaphore(DECODERS)

    async def view_key(self, medium: Medium) -> str:
        """The object key of a stored photo's view; the thumbnail is there too when this returns.

        Raises Problem 415 `media_unreadable` when the photo cannot be decoded.
        """
        if medium.view_key is not None:
            return medium.view_key
        running = self._running.get(medium.id)
        if running is None:
            running = asyncio.create_task(self._make(medium))
            self._running[medium.id] = running
            running.add_done_callback(lambda _: self._running.pop(medium.id, None))
        return await asyncio.shield(running)

    async def _make(self, medium: Medium) -> str:
        async with connection() as conn:
            claim = await _claim(conn, medium)
        key = rules.view_key(medium.sha256, claim.caption)
        original = b"".join(
            [chunk async for chunk in self._store.read(rules.original_key(medium.sha256))]
        )
        async with self._decoders:
            views = await asyncio.to_thread(render, io.BytesIO(original), claim.caption)
        await self._store.put(rules.thumb_key(medium.sha256), io.BytesIO(views.thumb))
        await self._store.put(key, io.BytesIO(views.view))
        async with transaction() as conn:
            # Locked, so that a claim committing now either is seen here or clears the key after us.
            if await find(conn, medium.id, lock=True) and await _claim(conn, medium) == claim:
                await conn.execute(
                    "UPDATE media SET view_key = $2, differs_s = $3, differs_m = $4 WHERE id = $1",
                    medium.id,
                    key,
                    claim.differs_s,
                    claim.differs_m,
                )
        return key


@lru_cache
def view_maker(settings: Settings) -> ViewMaker:
    """The one of this process."""
    return ViewMaker(open_store(settings))


async def _claim(conn: Connection, medium: Medium) -> _Claim:
    row = await conn.fetchrow(_CLAIM, medium.id, medium.uploader, medium.sha256)
    if row is None:
        return _Claim()
    return _Claim(
        rules.caption(row["place"], row["taken_at"], row["reporter"]),
        rules.seconds_apart(medium.taken_at, row["taken_at"]),
        rules.metres_apart(
            (medium.longitude, medium.latitude), (row["longitude"], row["latitude"])
        ),
    )


async def make_views(maker: ViewMaker, media: UUID) -> None:
    """Make what is missing of a photo's views; one that cannot be decoded is marked, and its
    original kept for whoever may read it.
    """
    async with connection() as conn:
        medium = await find(conn, media)
    if medium is None or medium.state != "stored" or medium.kind != "photo":
        return
    try:
        await maker.view_key(medium)
    except Problem as problem:
        async with transaction() as conn:
            await conn.execute("UPDATE media SET refused = $2 WHERE id = $1", media, problem.code)
