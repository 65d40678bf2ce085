"""Where finished bytes live: a port that fits S3, and a folder behind it."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO, Protocol

from backend.core.settings import Settings

CHUNK_BYTES = 256 * 1024


class ObjectStore(Protocol):
    """Immutable objects by key. Keys are content-addressed, so putting one again is harmless."""

    async def put(self, key: str, source: BinaryIO) -> None:
        """Store all of `source`; on disk when it returns. Raises OSError when it cannot."""

    async def size(self, key: str) -> int | None:
        """Bytes of an object, None when there is none."""

    def read(self, key: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """An object's bytes from `start`. Raises FileNotFoundError when there is none."""

    async def delete(self, key: str) -> None:
        """Forget an object; one that is not there is no error."""


class FolderStore:
    """Objects as files. A file appears whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, key: str, source: BinaryIO) -> None:
        """See ObjectStore."""
        await asyncio.to_thread(self._put, key, source)

    def _put(self, key: str, source: BinaryIO) -> None:
        path = self._folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
            try:
                shutil.copyfileobj(source, file, CHUNK_BYTES)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
        sync_folder(path.parent)

    async def size(self, key: str) -> int | None:
        """See ObjectStore."""
        try:
            return (await asyncio.to_thread((self._folder / key).stat)).st_size
        except FileNotFoundError:
            return None

    async def read(
        self, key: str, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """See ObjectStore."""
        file = await asyncio.to_thread((self._folder / key).open, "rb")
        try:
            file.seek(start)
            left = length
            while left is None or left > 0:
                wanted = CHUNK_BYTES if left is None else min(CHUNK_BYTES, left)
                chunk = await asyncio.to_thread(file.read, wanted)
                if not chunk:
                    return
                left = None if left is None else left - len(chunk)
                yield chunk
        finally:
            file.close()

    async def delete(self, key: str) -> None:
        """See ObjectStore."""
        await asyncio.to_thread((self._folder / key).unlink, missing_ok=True)


def open_store(settings: Settings) -> ObjectStore:
    """The installation's object store."""
    return FolderStore(settings.data / "objects")


def sync_folder(folder: Path) -> None:
    """Make a file's name as durable as its bytes."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
