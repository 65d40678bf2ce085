"""What left a bucket is remembered for a month; whoever stays away longer starts anew."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from offline import pull as pulling
from offline import snapshots, tombstones
from offline.pull import pull
from offline.push import push
from offline.wire import PullRequest
from tests.offline.phone import Phone, assert_exact
from tests.offline.toy import SENDER, World, Write


async def write(world: World, *writes: tuple[UUID, str, str]) -> None:
    await push([world.item(Write(*each)) for each in writes], SENDER, world.pushing)


async def pass_by(world: World, time: timedelta) -> None:
    """The worker's hours and days."""
    async with world.transaction() as conn:
        await tombstones.mark(conn, world.now)
    world.now += time
    await tombstones.forget(world.transaction, world.now)


async def removed(world: World) -> int:
    count: int = await world.pool.fetchval("select count(*) from bucket_member where removed")
    return count


async def test_a_device_away_for_less_than_a_month_is_told_what_left(world: World) -> None:
    ids = [uuid4() for _ in range(3)]
    await write(world, *((i, "a", "x") for i in ids))
    phone = Phone(world)
    await phone.pull(["a"])
    await write(world, (ids[0], "", "left"))
    await pass_by(world, timedelta(days=29, hours=23))
    assert await removed(world) == 1
    await phone.pull(["a"])
    assert phone.pages[0].reset is None
    await assert_exact(phone, world)


async def test_a_device_away_for_longer_starts_anew_and_has_no_ghosts(world: World) -> None:
    ids = [uuid4() for _ in range(3)]
    await write(world, *((i, "a", "x") for i in ids))
    phone, there = Phone(world), Phone(world)
    await phone.pull(["a"])
    await write(world, (ids[0], "", "left"))
    await pass_by(world, timedelta(hours=1))
    await write(world, (ids[1], "", "left"))
    await there.pull(["a"])
    await pass_by(world, tombstones.KEPT - timedelta(hours=1))
    assert await removed(world) == 1, "the one that left later is remembered"
    await phone.pull(["a"])
    assert (phone.pages[0].reset, phone.pages[0].fresh) == ("horizon", ["a"])
    await assert_exact(phone, world)
    await there.pull(["a"])
    assert there.pages[0].reset is None
    await assert_exact(there, world)
    await phone.pull(["a"])
    assert phone.pages[0].reset is None


async def test_a_cursor_that_had_not_seen_an_open_removal_is_too_old_with_it(world: World) -> None:
    """Taken while a removal was open: later by number than what it had not seen."""
    id_ = uuid4()
    await write(world, (id_, "a", "x"))
    phone = Phone(world)
    async with world.pool.acquire() as conn:
        slow = conn.transaction()
        await slow.start()
        await conn.execute("delete from note where id = $1", id_)
        await conn.execute(
            "update bucket_member set removed = true, xid = pg_current_xact_id(), "
            "seq = nextval('bucket_seq') where entity = $1",
            id_,
        )
        await write(world, (uuid4(), "a", "x"))
        await phone.pull(["a"])
        await slow.commit()
    await pass_by(world, tombstones.KEPT)
    assert await removed(world) == 0
    await phone.pull(["a"])
    assert phone.pages[0].reset == "horizon"
    await assert_exact(phone, world)


async def test_a_pull_that_the_horizon_overtakes_starts_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "PAGE", 1)
    ids = [uuid4() for _ in range(3)]
    await write(world, *((i, "a", "x") for i in ids))
    phone = Phone(world)
    await phone.pull(["a"])
    await write(world, *((i, "", "left") for i in ids))
    request = PullRequest(phone.cursor, phone.epoch, ["a"])
    first = await pull(request, ["a"], world.pulling)
    await pass_by(world, tombstones.KEPT)
    with pytest.raises(pulling.PageError):
        await pull(PullRequest(phone.cursor, phone.epoch, ["a"], first.page), ["a"], world.pulling)
    await phone.pull(["a"])
    assert phone.pages[0].reset == "horizon"
    await assert_exact(phone, world)


async def test_a_file_from_before_the_horizon_is_not_given(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would bring back what left, and nobody would say so."""
    monkeypatch.setattr(snapshots, "WORTH", 1)
    id_ = uuid4()
    await write(world, (id_, "a", "x"))
    await snapshots.keep_up(world.filing(tmp_path))
    await write(world, (id_, "", "left"))
    answer = await pull(PullRequest(snapshots=True), ["a"], world.pulling)
    assert len(answer.snapshots) == 1
    await pass_by(world, tombstones.KEPT)
    answer = await pull(PullRequest(snapshots=True), ["a"], world.pulling)
    assert answer.snapshots == []


async def test_what_came_back_is_not_forgotten(world: World) -> None:
    id_ = uuid4()
    await write(world, (id_, "a", "x"), (uuid4(), "a", "x"))
    await write(world, (id_, "", "left"))
    await write(world, (id_, "a", "back"))
    await pass_by(world, tombstones.KEPT)
    phone = Phone(world)
    await phone.pull(["a"])
    assert id_ in phone.documents
    await assert_exact(phone, world)
