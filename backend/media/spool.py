"""Uploads on their way in: one file each, whose size is the offset of record.

A process killed at any byte leaves a file that says by itself where to go on. Web processes on
one machine share the folder; several machines need it on a shared file system with flock.
"""

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from uuid import UUID

from backend.core.errors import Problem, is_full, storage_full
from backend.core.settings import Settings

WRITE_BYTES = 256 * 1024
SILENCE_S = 30.0
RESERVE_BYTES = 64 * 1024 * 1024


class Spool:
    """A folder of unfinished uploads."""

    def __init__(self, folder: Path, *, silence_s: float = SILENCE_S) -> None:
        self._folder = folder
        self._silence_s = silence_s

    def path(self, upload: UUID) -> Path:
        """Where an upload's bytes are gathered."""
        return self._folder / str(upload)

    def size(self, upload: UUID) -> int:
        """How many bytes have come."""
        try:
            return self.path(upload).stat().st_size
        except FileNotFoundError:
            return 0

    def uploads(self) -> list[UUID]:
        """All that have a file here."""
        if not self._folder.is_dir():
            return []
        return [UUID(path.name) for path in self._folder.iterdir()]

    def make_room(self, size: int) -> None:
        """Raises Problem 503 `storage_full` when a new upload of this size would fill the disk."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self._folder).free < size + RESERVE_BYTES:
            raise storage_full()

    @contextmanager
    def hold(self, upload: UUID) -> Iterator[int]:
        """Open an upload's file for appending, alone among all processes of the machine.

        Raises Problem 423 `upload_locked` when another request holds it.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self.path(upload)
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_at(descriptor, path):
                    yield descriptor
                    return
                # The holder before us finished and removed the file between our open and lock.
            except BlockingIOError:
                raise Problem(
                    423, "upload_locked", "这个文件正在由另一个连接上传,请稍后再试", retry_after=5
                ) from None
            finally:
                os.close(descriptor)

    async def append(self, held: int, chunks: AsyncIterator[bytes], room: int) -> None:
        """Append a request's body; what has come is on disk when this returns or raises.

        Raises Problem 413 `too_large` beyond `room` bytes, 503 `storage_full`, 503
        `upload_silent` when nothing comes for a while, so that a dead phone's connection does not
        keep the upload from its next one.
        """
        buffer = bytearray()
        try:
            while (chunk := await self._next(chunks)) is not None:
                room -= len(chunk)
                if room < 0:
                    raise Problem(413, "too_large", "文件比申报的大,请重新上传")
                buffer += chunk
                if len(buffer) >= WRITE_BYTES:
                    full, buffer = buffer, bytearray()
                    await asyncio.to_thread(_write, held, bytes(full))
        finally:
            await asyncio.shield(asyncio.to_thread(_write_through, held, bytes(buffer)))

    async def _next(self, chunks: AsyncIterator[bytes]) -> bytes | None:
        try:
            return await asyncio.wait_for(anext(chunks, None), self._silence_s)
        except TimeoutError:
            raise Problem(
                503, "upload_silent", "网络中断,请从断点继续上传", retry_after=1
            ) from None

    @contextmanager
    def scratch(self) -> Iterator[IO[bytes]]:
        """A file beside the spool that is gone afterwards. Raises Problem 503 `storage_full`."""
        try:
            with tempfile.NamedTemporaryFile(dir=self._folder.parent, prefix=".plain-") as file:
                yield file
        except OSError as error:
            if is_full(error):
                raise storage_full() from error
            raise

    def remove(self, upload: UUID) -> None:
        """Forget an upload's bytes."""
        self.path(upload).unlink(missing_ok=True)


def open_spool(settings: Settings) -> Spool:
    """The installation's spool."""
    return Spool(settings.data / "spool")


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(descriptor, view) :]
    except OSError as error:
        if is_full(error):
            raise storage_full() from error
        raise


def _write_through(descriptor: int, data: bytes) -> None:
    _write(descriptor, data)
    os.fsync(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False
