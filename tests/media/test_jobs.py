"""What the worker makes up for when Redis, a process or a phone was lost."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from redis.asyncio import Redis

from backend.core.crypto import Keyring
from backend.core.database import connection, transaction
from backend.core.errors import Problem
from backend.core.ids import new_id
from backend.core.queue import QUEUE, Queue, Tools
from backend.core.sealing import Seal
from backend.core.settings import Settings
from backend.media import jobs
from backend.media.pictures import render
from backend.media.queries import find
from backend.media.spool import Spool, open_spool
from backend.media.store import FolderStore, open_store
from backend.media.structs import Caption, Medium, NewUpload
from backend.media.uploads import Uploads
from backend.media.views import ViewMaker
from tests.media.photos import photo, sha256

USER = UUID(int=7)


@pytest.fixture
def tools(database: Settings, redis: Redis) -> Tools:
    return Tools(database, redis, Queue(redis))


async def _body(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def send(tools: Tools, data: bytes, part: int | None = None) -> UUID:
    """Upload these bytes, or the first `part` of them."""
    settings = tools.settings
    seal = Seal(Keyring(settings.secret))
    uploads = Uploads(open_spool(settings), open_store(settings), tools.queue, seal)
    new = NewUpload(id=new_id(), kind="photo", sha256=sha256(data), size=len(data))
    await uploads.create(USER, new)
    await uploads.append(USER, new.id, 0, _body(data[:part]))
    return new.id


async def medium(media: UUID) -> Medium | None:
    async with connection() as conn:
        return await find(conn, media)


async def test_an_abandoned_upload_expires(tools: Tools) -> None:
    abandoned, live = await send(tools, photo(), 500), await send(tools, photo(90, 90), 500)
    async with transaction() as conn:
        await conn.execute("UPDATE media SET expires_at = now() WHERE id = $1", abandoned)
    await jobs.sweep(tools)
    spool = open_spool(tools.settings)
    assert await medium(abandoned) is None
    assert spool.uploads() == [live]
    assert await medium(live) is not None


async def test_a_stray_file_is_removed(tools: Tools) -> None:
    spool, stray = open_spool(tools.settings), new_id()
    with spool.hold(stray):
        await jobs.sweep(tools)
        assert spool.uploads() == [stray]
    await jobs.sweep(tools)
    assert spool.uploads() == []


async def test_a_complete_upload_of_a_dead_process_is_stored(tools: Tools) -> None:
    data = photo()
    media = await send(tools, data, -5)
    with open_spool(tools.settings).path(media).open("ab") as file:
        file.write(data[-5:])
    await jobs.sweep(tools)
    found = await medium(media)
    assert found is not None
    assert found.state == "stored"


async def test_losing_the_queue_loses_no_view(tools: Tools) -> None:
    media = await send(tools, photo())
    await tools.redis.flushall()
    await jobs.sweep(tools)
    assert await tools.redis.zcard(QUEUE) == 1
    await jobs.views(tools, str(media))
    found = await medium(media)
    assert found is not None
    assert found.view_key is not None
    await tools.redis.flushall()
    await jobs.sweep(tools)
    assert await tools.redis.zcard(QUEUE) == 0


async def test_a_photo_that_cannot_be_decoded_is_marked_once(tools: Tools) -> None:
    data = photo()
    media = await send(tools, data[: len(data) // 2])
    await jobs.views(tools, str(media))
    found = await medium(media)
    assert found is not None
    assert (found.state, found.refused) == ("stored", "media_unreadable")
    await tools.redis.flushall()
    await jobs.sweep(tools)
    assert await tools.redis.zcard(QUEUE) == 0


async def test_a_view_is_made_once_for_many(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    found = await medium(await send(tools, photo()))
    assert found is not None
    made = []

    def counted(source: object, caption: Caption) -> object:
        made.append(caption)
        return render(source, caption)  # type: ignore[arg-type]

    monkeypatch.setattr("backend.media.views.render", counted)
    maker = ViewMaker(open_store(tools.settings))
    keys = await asyncio.gather(*(maker.view_key(found) for _ in range(10)))
    assert len(set(keys)) == 1
    assert len(made) == 1


async def test_a_silent_connection_lets_go(settings: Settings) -> None:
    spool, upload = Spool(settings.data / "spool", silence_s=0.05), new_id()

    async def stalled() -> AsyncIterator[bytes]:
        yield b"came"
        await asyncio.Event().wait()

    with spool.hold(upload) as held:
        with pytest.raises(Problem) as caught:
            await spool.append(held, stalled(), 100)
        assert caught.value.code == "upload_silent"
    assert spool.path(upload).read_bytes() == b"came"
    with spool.hold(upload):
        pass


async def test_the_store_shows_an_object_whole_or_not_at_all(settings: Settings) -> None:
    store = FolderStore(settings.data / "objects")

    class Breaks:
        def read(self, _: int) -> bytes:
            raise OSError("the source broke")

    with pytest.raises(OSError, match="the source broke"):
        await store.put("original/ab/abc", Breaks())  # type: ignore[arg-type]
    assert await store.size("original/ab/abc") is None
    assert list((settings.data / "objects" / "original" / "ab").iterdir()) == []
    data = hashlib.sha256(b"").digest() * 100_000
    path = settings.data / "source"
    path.write_bytes(data)
    with path.open("rb") as file:
        await store.put("original/ab/abc", file)
    assert await store.size("original/ab/abc") == len(data)
    assert b"".join([each async for each in store.read("original/ab/abc")]) == data
    assert b"".join([each async for each in store.read("original/ab/abc", 5, 9)]) == data[5:14]
    await store.delete("original/ab/abc")
    await store.delete("original/ab/abc")
    assert await store.size("original/ab/abc") is None
