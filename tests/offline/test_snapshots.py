"""A bucket taken as a file is the same as one taken in pages."""

import gzip
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offline import frames, snapshots
from offline import pull as pulling
from offline.frames import Damaged
from offline.pull import pull
from offline.push import push
from offline.wire import PullRequest, Snapshot
from tests.offline.phone import Phone, assert_exact
from tests.offline.toy import SENDER, World, Write


@pytest.fixture(autouse=True)
def few_are_worth_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "WORTH", 3)
    monkeypatch.setattr(pulling, "PAGE", 2)


async def write(world: World, *writes: tuple[UUID, str, str]) -> None:
    await push([world.item(Write(*each)) for each in writes], SENDER, world.pushing)


async def fetch(world: World, folder: Path, id_: UUID, buckets: list[str]) -> bytes | None:
    ports = world.filing(folder)
    async with world.snapshot() as conn:
        download = await snapshots.download(conn, id_, buckets, ports)
    if download is None:
        return None
    zipped = b"".join([chunk async for chunk in download.chunks])
    assert len(zipped) == download.length
    return zipped


def taker(world: World, folder: Path, buckets: list[str]) -> Phone:
    """A phone that takes files."""

    async def take(file: Snapshot) -> bytes:
        zipped = await fetch(world, folder, file.id, buckets)
        assert zipped is not None
        return zipped

    phone = Phone(world)
    phone.take = take
    return phone


async def rows(world: World) -> list[Any]:
    return await world.pool.fetch("select * from bucket_snapshot order by made_at, retired_at")


async def test_a_first_pull_takes_the_file_and_what_came_after(
    world: World, tmp_path: Path
) -> None:
    ids = [uuid4() for _ in range(9)]
    await write(world, *((i, "a", "字") for i in ids), (uuid4(), "b", "x"))
    await snapshots.keep_up(world.filing(tmp_path))
    await write(world, (ids[0], "", "left"), (ids[1], "b", "moved"), (uuid4(), "a", "new"))
    phone = taker(world, tmp_path, ["a", "b"])
    await phone.pull(["a", "b"])
    assert [file.bucket for file in phone.pages[0].snapshots] == ["a"]
    assert sum(len(page.members) for page in phone.pages) == 5, "2 left, 1 new, 2 in b"
    await assert_exact(phone, world)
    by_pages = Phone(world)
    await by_pages.pull(["a", "b"])
    assert {i: (h.version, bytes(h.document)) for i, h in phone.documents.items()} == {
        i: (h.version, bytes(h.document)) for i, h in by_pages.documents.items()
    }
    await phone.pull(["a", "b"])
    assert phone.pages[0].snapshots == []


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
async def test_no_file_ever_brings_back_what_left(
    world: World, tmp_path: Path, data: st.DataObject
) -> None:
    """Files of any age, and writes before, between and after its pages."""
    await world.pool.execute("truncate note, bucket_member, bucket_snapshot")
    ids = [uuid4() for _ in range(5)]
    writes = st.lists(
        st.tuples(st.sampled_from(ids), st.sampled_from(["", "a", "b", "a+b"]), st.just("x")),
        max_size=5,
    )
    for _ in range(data.draw(st.integers(1, 3))):
        await write(world, *data.draw(writes))
        if data.draw(st.booleans()):
            await snapshots.keep_up(world.filing(tmp_path))
    turns = iter(range(4))

    async def between() -> None:
        if next(turns, None) is not None:
            await write(world, *data.draw(writes))

    phone = taker(world, tmp_path, ["a", "b"])
    for _ in range(2):
        await phone.pull(["a", "b"], between)
        await assert_exact(phone, world)


async def test_nobody_takes_a_file_of_a_bucket_that_is_not_theirs(
    world: World, tmp_path: Path
) -> None:
    await write(world, *((uuid4(), "a", "x") for _ in range(4)))
    await snapshots.keep_up(world.filing(tmp_path))
    answer = await pull(PullRequest(snapshots=True), ["b"], world.pulling)
    assert answer.snapshots == []
    [row] = await rows(world)
    assert await fetch(world, tmp_path, row["id"], ["b", "user:1"]) is None
    assert await fetch(world, tmp_path, uuid4(), ["a"]) is None
    assert await fetch(world, tmp_path, row["id"], ["a"]) is not None


async def test_a_device_that_takes_no_files_gets_pages(world: World, tmp_path: Path) -> None:
    await write(world, *((uuid4(), "a", "x") for _ in range(4)))
    await snapshots.keep_up(world.filing(tmp_path))
    phone = Phone(world)
    await phone.pull(["a"])
    await assert_exact(phone, world)


async def test_nothing_readable_is_stored(world: World, tmp_path: Path) -> None:
    await write(world, *((uuid4(), "a", "金丝雀") for _ in range(4)))
    await snapshots.keep_up(world.filing(tmp_path))
    [file] = [path for path in tmp_path.rglob("*") if path.is_file()]
    sealed = file.read_bytes()
    [row] = await rows(world)
    zipped = await fetch(world, tmp_path, row["id"], ["a"])
    assert zipped is not None
    assert zipped[:12] not in sealed
    assert zipped[20:32] not in sealed


async def test_a_file_is_made_anew_when_much_has_changed_and_not_before(
    world: World, tmp_path: Path
) -> None:
    ports = world.filing(tmp_path)
    ids = [uuid4() for _ in range(20)]
    await write(world, *((i, "a", "x") for i in ids))
    await snapshots.keep_up(ports)
    await write(world, *((i, "a", "y") for i in ids[:2]))
    await snapshots.keep_up(ports)
    assert len(await rows(world)) == 1
    await write(world, (ids[2], "a", "y"))
    await snapshots.keep_up(ports)
    old, new = await rows(world)
    assert (old["retired_at"], new["retired_at"]) == (world.now, None)
    assert await fetch(world, tmp_path, old["id"], ["a"]), "a download of it goes on"
    world.now += snapshots.GRACE
    await snapshots.keep_up(ports)
    assert [row["id"] for row in await rows(world)] == [new["id"]]
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


async def test_a_file_is_made_anew_when_it_is_old_or_lost(world: World, tmp_path: Path) -> None:
    ports = world.filing(tmp_path)
    await write(world, *((uuid4(), "a", "x") for _ in range(4)))
    await snapshots.keep_up(ports)
    [first] = [path for path in tmp_path.rglob("*") if path.is_file()]
    first.unlink()
    await snapshots.keep_up(ports)
    assert len(await rows(world)) == 2
    world.now += snapshots.LIFE
    await snapshots.keep_up(ports)
    [*_, newest] = await rows(world)
    assert (newest["made_at"], newest["retired_at"]) == (world.now, None)


async def test_a_bucket_that_grew_small_keeps_no_file(world: World, tmp_path: Path) -> None:
    ids = [uuid4() for _ in range(4)]
    await write(world, *((i, "a", "x") for i in ids))
    await snapshots.keep_up(world.filing(tmp_path))
    await write(world, *((i, "", "x") for i in ids))
    for wait in (snapshots.LIFE, snapshots.GRACE):
        world.now += wait
        await snapshots.keep_up(world.filing(tmp_path))
    assert await rows(world) == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_what_was_stored_by_a_process_that_died_is_swept(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(world, *((uuid4(), "a", "x") for _ in range(4)))
    ports = world.filing(tmp_path)

    class Dies(Exception):
        pass

    put = ports.files.put

    async def die(key: str, source: Any) -> None:
        await put(key, source)
        raise Dies

    monkeypatch.setattr(ports.files, "put", die)
    with pytest.raises(Dies):
        await snapshots.make("a", ports)
    assert (await pull(PullRequest(snapshots=True), ["a"], world.pulling)).snapshots == []
    monkeypatch.undo()
    monkeypatch.setattr(snapshots, "WORTH", 100)
    world.now += timedelta(days=1)
    await snapshots.keep_up(ports)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


class Store:
    """A sealed file in memory, given in pieces of an odd size."""

    def __init__(self, sealed: bytes) -> None:
        self.sealed = sealed

    async def read(self) -> Any:
        for start in range(0, len(self.sealed), 100_001):
            yield self.sealed[start : start + 100_001]


def seal(plain: bytes, key: bytes, id_: UUID, folder: Path) -> bytes:
    path = folder / str(id_)
    with path.open("wb") as target:
        sealing = frames.Sealing(target, key, id_)
        for start in range(0, len(plain), 70_001):
            sealing.write(plain[start : start + 70_001])
        sealing.close()
    return path.read_bytes()


@pytest.mark.parametrize("length", [0, 1, frames.FRAME, frames.FRAME + 1, 3 * frames.FRAME])
async def test_a_sealed_file_opens_only_whole_and_under_its_id(tmp_path: Path, length: int) -> None:
    key, id_ = bytes(range(32)), uuid4()
    plain = bytes(n % 251 for n in range(length))
    sealed = seal(plain, key, id_, tmp_path)

    async def opened(sealed: bytes, id_: UUID = id_, key: bytes = key) -> bytes:
        chunks = frames.opened(Store(sealed).read(), key, id_)
        return b"".join([chunk async for chunk in chunks])

    assert await opened(sealed) == plain
    wrong = [sealed[:-1], sealed + b"\0", b"", sealed[: frames.SEALED], sealed[frames.SEALED :]]
    swapped = sealed[frames.SEALED : 2 * frames.SEALED] + sealed[: frames.SEALED]
    wrong.append(swapped + sealed[2 * frames.SEALED :])
    for other in wrong:
        if other != sealed:
            with pytest.raises(Damaged):
                await opened(other)
    for bent in {0, len(sealed) // 2, len(sealed) - 1}:
        with pytest.raises(Damaged):
            await opened(sealed[:bent] + bytes([sealed[bent] ^ 1]) + sealed[bent + 1 :])
    with pytest.raises(Damaged):
        await opened(sealed, uuid4())
    with pytest.raises(Damaged):
        await opened(sealed, key=bytes(32))


async def test_a_file_is_gzip_of_lines_that_any_client_reads(world: World, tmp_path: Path) -> None:
    id_ = uuid4()
    await write(world, (id_, "a", "x"), *((uuid4(), "a", "x") for _ in range(3)))
    await snapshots.keep_up(world.filing(tmp_path))
    [row] = await rows(world)
    zipped = await fetch(world, tmp_path, row["id"], ["a"])
    assert zipped is not None
    lines = gzip.decompress(zipped).decode().splitlines()
    line = f'{{"kind":"note","id":"{id_}","version":1,"document":' + "{"
    assert any(each.startswith(line) for each in lines[1:])
