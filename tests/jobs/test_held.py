"""Commands that are held are taken up again by themselves."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from offline.push import push, retry_held
from tests.offline.toy import SENDER, WRITE, World, Write


async def _kept(world: World) -> list[str]:
    return [row["outcome"] for row in await world.pool.fetch("select outcome from kept_command")]


def _broken(world: World) -> Any:
    def fail(*_: object) -> None:
        raise ValueError("a fault of ours")

    handler = msgspec.structs.replace(WRITE, decide=fail)
    return msgspec.structs.replace(world.pushing, handlers={"note.write": handler})


async def test_our_own_fault_is_mended_and_the_command_applied(world: World) -> None:
    item = world.item(Write(uuid4(), "a"))
    [outcome] = await push([item], SENDER, _broken(world))
    assert (outcome.outcome, outcome.reasons[0].code) == ("held", "internal")
    assert await retry_held(world.pushing) == [], "not before its time"
    world.now += timedelta(minutes=1)
    [outcome] = await retry_held(_broken(world))
    assert outcome.outcome == "held"
    world.now += timedelta(minutes=1, seconds=59)
    assert await retry_held(world.pushing) == [], "each wait is longer"
    world.now += timedelta(seconds=1)
    [outcome] = await retry_held(world.pushing)
    assert outcome.outcome == "accepted"
    assert await _kept(world) == []
    assert (await push([item], SENDER, world.pushing))[0].outcome == "repeated"


async def test_a_device_that_asks_again_leaves_nothing_behind(world: World) -> None:
    item = world.item(Write(uuid4(), "a"))
    await push([item], SENDER, _broken(world))
    [outcome] = await push([item], SENDER, world.pushing)
    assert outcome.outcome == "accepted"
    world.now += timedelta(minutes=1)
    [outcome] = await retry_held(world.pushing)
    assert outcome.outcome == "repeated"
    assert await _kept(world) == []


async def test_a_chain_of_waiting_ones_is_freed_at_once(world: World) -> None:
    items = [world.item(Write(uuid4(), "a"))]
    ids = [msgspec.json.decode(items[0].body)["id"]]
    for _ in range(2):
        items.append(world.item(Write(uuid4(), "a"), after=list(ids)))
        ids.append(msgspec.json.decode(items[-1].body)["id"])
    for item in reversed(items):
        await push([item], SENDER, world.pushing)
    assert await _kept(world) == []
    assert await world.pool.fetchval("select count(*) from note") == 3


async def test_what_is_not_believed_any_more_is_kept_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = world.item(Write(uuid4(), "a"))
    id_ = msgspec.json.decode(first.body)["id"]
    second = world.item(Write(uuid4(), "b"), after=[id_])
    await push([second], SENDER, world.pushing)

    async def unknown(*_: object) -> dict[Any, Any]:
        return {}

    ports = msgspec.structs.replace(world.pushing, device_keys=unknown)
    await push([first], SENDER, ports)
    world.now += timedelta(minutes=1)
    await retry_held(ports)
    assert await _kept(world) == ["held"]
