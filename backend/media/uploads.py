"""An upload from its announcement to the object store. Working state, not commands."""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

from msgspec import Struct
from redis.exceptions import RedisError

from backend.core.clock import utc_now
from backend.core.crypto import Unsealable
from backend.core.database import connection, transaction
from backend.core.errors import Problem, not_found
from backend.core.queue import Queue
from backend.core.sealing import Seal
from backend.media import rules, sealed
from backend.media.pictures import inspect
from backend.media.queries import find
from backend.media.spool import Spool
from backend.media.store import ObjectStore
from backend.media.structs import Facts, MediaKind, Medium, NewUpload

VIEWS_JOB = "media.views"

_log = logging.getLogger(__name__)

_CREATE = """
INSERT INTO media (id, uploader, kind, size, sha256, state, created_at, expires_at, bearer, sealed)
SELECT $1::uuid, $2::uuid, $3::varchar, $4::bigint, $5::varchar, 'uploading',
    $6::timestamptz, $7::timestamptz, $8::uuid, $9::bytea
WHERE NOT EXISTS (SELECT FROM media_link
                  WHERE media_id = $1 AND (uploader <> $2 OR sha256 <> $5))
ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at,
    bearer = excluded.bearer, sealed = excluded.sealed
WHERE (media.uploader, media.sha256, media.kind, media.size)
    = (excluded.uploader, excluded.sha256, excluded.kind, excluded.size)
RETURNING id
"""

_STORED = """
UPDATE media SET state = 'stored', stored_at = $2, content_type = $3, width = $4, height = $5,
    orientation = $6, taken_at = $7, longitude = $8, latitude = $9
WHERE id = $1
"""


class Progress(Struct, frozen=True):
    """An upload and how many of its bytes have come."""

    medium: Medium
    offset: int


class Uploads:
    """What the tus server does, without HTTP. Every method acts for who brings the upload, or is
    its author.
    """

    def __init__(self, spool: Spool, store: ObjectStore, queue: Queue, seal: Seal) -> None:
        self._spool = spool
        self._store = store
        self._queue = queue
        self._seal = seal

    async def create(self, bearer: UUID, new: NewUpload) -> Progress:
        """Announce an upload. The same announcement again finds the same upload, since the answer
        to the first may have been lost. What was begun open may come encrypted after a wipe, and
        the other way round: it then starts anew.

        Raises Problem 403 `media_id_taken` when the id belongs to somebody else or to other bytes,
        415 when these bytes were refused before, 503 `storage_full`, and what `sealed` raises.
        """
        self._spool.make_room(new.size)
        now = utc_now()
        async with transaction() as conn:
            uploader = bearer
            if new.sealed is not None:
                key = sealed.opened(self._seal, new.id, new.sealed)
                uploader = await sealed.author_of(conn, key, new, bearer)
            before = await find(conn, new.id, lock=True)
            row = await conn.fetchrow(
                _CREATE, new.id, uploader, new.kind, new.size, new.sha256, now,
                now + rules.UPLOAD_LASTS, bearer, new.sealed,
            )  # fmt: skip
        if row is None:
            raise Problem(403, "media_id_taken", "这个照片编号已被使用,请重新拍照提交", field="id")
        if before is not None and (before.sealed is None) != (new.sealed is None):
            with self._spool.hold(new.id):
                self._spool.remove(new.id)
        return await self.progress(bearer, new.id)

    async def progress(self, uploader: UUID, upload: UUID) -> Progress:
        """How far an upload is. One whose bytes are all here is finished first: the process that
        took the last of them may have died.

        Raises Problem 404 `not_found`, 410 `upload_expired`, and what `append` raises at the end.
        """
        medium = await self._own(uploader, upload)
        if medium.state == "stored":
            return Progress(medium, medium.length)
        size = self._spool.size(upload)
        if size < medium.length:
            return Progress(medium, size)
        with self._spool.hold(upload):
            return await self._finished(medium)

    async def append(
        self, uploader: UUID, upload: UUID, offset: int, body: AsyncIterator[bytes]
    ) -> Progress:
        """Take the bytes from `offset` on; at the end check the whole and store it.

        Raises Problem 409 `upload_offset` when bytes are missing or repeated, 423 `upload_locked`,
        413, 503 (see Spool), and at the end 460 `checksum_mismatch` (the upload is dropped; the
        client starts again) or 415 (see rules.REFUSALS).
        """
        medium = await self._own(uploader, upload)
        if medium.state == "stored":
            _expect(offset, medium.length)
            return Progress(medium, medium.length)
        with self._spool.hold(upload) as held:
            _expect(offset, self._spool.size(upload))
            await self._spool.append(held, body, medium.length - offset)
            size = self._spool.size(upload)
            return Progress(medium, size) if size < medium.length else await self._finished(medium)

    async def drop(self, uploader: UUID, upload: UUID) -> None:
        """Give an unfinished upload up. Raises Problem 403 `upload_complete` for a stored one."""
        medium = await self._own(uploader, upload)
        if medium.state == "stored":
            raise Problem(403, "upload_complete", "已经上传完成,不能取消")
        with self._spool.hold(upload):
            await self._forget(upload)

    async def expire(self, upload: UUID) -> None:
        """Forget an upload whose time is over, unless it is being continued at this moment."""
        with self._spool.hold(upload):
            async with connection() as conn:
                medium = await find(conn, upload)
            if medium is None or medium.state != "uploading":
                self._spool.remove(upload)
            elif medium.expires_at <= utc_now():
                await self._forget(upload)

    async def _own(self, uploader: UUID, upload: UUID) -> Medium:
        async with connection() as conn:
            medium = await find(conn, upload)
        if medium is None or uploader not in (medium.uploader, medium.bearer):
            raise not_found("上传")
        if medium.state == "refused":
            raise rules.refusal(medium.refused or "media_type")
        if medium.state == "uploading" and medium.expires_at <= utc_now():
            raise Problem(410, "upload_expired", "上传已过期,请重新上传")
        return medium

    async def _finished(self, medium: Medium) -> Progress:
        """Check and store an upload that is held and complete."""
        path = self._spool.path(medium.id)
        if medium.sealed is None:
            return await self._checked(medium, path)
        key = sealed.opened(self._seal, medium.id, medium.sealed)
        with self._spool.scratch() as plain:
            try:
                await asyncio.to_thread(sealed.decrypt, key, path, plain)
            except Unsealable:
                raise await self._damaged(medium) from None
            return await self._checked(medium, Path(plain.name))

    async def _damaged(self, medium: Medium) -> Problem:
        await self._forget(medium.id)
        return Problem(460, "checksum_mismatch", "文件在传输中损坏,请重新上传")

    async def _checked(self, medium: Medium, path: Path) -> Progress:
        if await asyncio.to_thread(_sha256, path) != medium.sha256:
            raise await self._damaged(medium)
        try:
            facts = await asyncio.to_thread(_facts, path, medium.kind)
        except Problem as problem:
            async with transaction() as conn:
                await conn.execute(
                    "UPDATE media SET state = 'refused', refused = $2 WHERE id = $1",
                    medium.id,
                    problem.code,
                )
            self._spool.remove(medium.id)
            raise
        with path.open("rb") as file:
            await self._store.put(rules.original_key(medium.sha256), file)
        async with transaction() as conn:
            await conn.execute(
                _STORED, medium.id, utc_now(), facts.content_type, facts.width, facts.height,
                facts.orientation, facts.taken_at, facts.longitude, facts.latitude,
            )  # fmt: skip
        self._spool.remove(medium.id)
        if medium.kind == "photo":
            await self._ask_for_views(medium.id)
        return Progress(medium, medium.length)

    async def _ask_for_views(self, media: UUID) -> None:
        try:
            await self._queue.enqueue(VIEWS_JOB, str(media), key=f"{VIEWS_JOB}:{media}")
        except (RedisError, OSError) as error:
            # The sweep, or the first reader, makes them all the same.
            _log.warning("views of %s not queued: %s", media, type(error).__name__)

    async def _forget(self, upload: UUID) -> None:
        async with transaction() as conn:
            await conn.execute("DELETE FROM media WHERE id = $1 AND state <> 'stored'", upload)
        self._spool.remove(upload)


def _expect(offset: int, size: int) -> None:
    if offset != size:
        raise Problem(409, "upload_offset", f"应从第 {size} 字节继续上传", field="Upload-Offset")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _facts(path: Path, kind: MediaKind) -> Facts:
    if kind == "photo":
        return inspect(path)
    if kind == "file":
        content_type = rules.paper_type(path)
    else:
        with path.open("rb") as file:
            content_type = rules.audio_type(file.read(12))
    if content_type is None:
        raise rules.refusal("media_type")
    return Facts(content_type=content_type)
