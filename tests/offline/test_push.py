"""Nothing lost, nothing doubled: what a device may rely on when it pushes."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from offline.batch import Batch
from offline.push import push
from offline.reading import read
from offline.receipts import Arrival
from offline.wire import Item
from tests.offline.toy import SENDER, USER, World, Write


async def _count(world: World, table: str) -> int:
    return int(await world.pool.fetchval(f"select count(*) from {table}"))


async def test_a_command_is_applied_once_however_often_it_comes(world: World) -> None:
    item = world.item(Write(uuid4(), "a"))
    first, twin = await push([item, item], SENDER, world.pushing)
    again = (await push([item], SENDER, world.pushing))[0]
    assert [first.outcome, twin.outcome, again.outcome] == ["accepted", "repeated", "repeated"]
    assert first.receipt is not None
    assert again.receipt == first.receipt
    assert await _count(world, "journal") == 1


async def test_the_same_command_pushed_at_once_by_many_is_applied_once(world: World) -> None:
    item = world.item(Write(uuid4(), "a"))
    answers = await asyncio.gather(*(push([item], SENDER, world.pushing) for _ in range(6)))
    kinds = sorted(answer[0].outcome for answer in answers)
    assert kinds == ["accepted"] + ["repeated"] * 5
    assert await _count(world, "journal") == 1


async def test_same_id_with_other_content_is_a_clash_and_both_are_kept(world: World) -> None:
    id_ = uuid4()
    await push([world.item(Write(uuid4(), "a"), id=id_)], SENDER, world.pushing)
    answer = await push([world.item(Write(uuid4(), "b"), id=id_)], SENDER, world.pushing)
    assert answer[0].outcome == "clash"
    assert await _count(world, "kept_command") == 1
    assert await _count(world, "note") == 1


async def test_a_rejected_command_leaves_nothing_behind_but_is_kept_and_explained(
    world: World,
) -> None:
    good, bad = uuid4(), uuid4()
    items = [
        world.item(Write(good, "a")),
        world.item(Write(bad, "a", "refuse me")),
        world.item(Write(good, "a", "second")),
    ]
    outcomes = await push(items, SENDER, world.pushing)
    assert [o.outcome for o in outcomes] == ["accepted", "rejected", "accepted"]
    assert outcomes[1].reasons[0].field == "payload.text"
    assert await world.pool.fetchval("select version from note where id = $1", good) == 2
    assert await world.pool.fetchval("select count(*) from note where id = $1", bad) == 0
    kept = await world.pool.fetchrow("select * from kept_command")
    assert kept is not None
    assert kept["outcome"] == "rejected"
    opened = world.pushing.cipher.open(kept["sealed_body"], kept["digest"])
    assert opened.decode() == items[1].body
    again = (await push([items[1]], SENDER, world.pushing))[0]
    assert (again.outcome, again.reasons) == ("rejected", outcomes[1].reasons)


async def test_a_command_waits_for_what_it_depends_on_and_is_then_applied(world: World) -> None:
    first, note = uuid4(), uuid4()
    later = world.item(Write(note, "a", "later"), after=[first])
    outcome = (await push([later], SENDER, world.pushing))[0]
    assert outcome.outcome == "held"
    await push([world.item(Write(note, "a", "first"), id=first)], SENDER, world.pushing)
    assert await world.pool.fetchval("select text from note where id = $1", note) == "later"
    assert await _count(world, "kept_command") == 0
    assert (await push([later], SENDER, world.pushing))[0].outcome == "repeated"


async def test_dependents_of_a_rejected_command_are_released_by_its_correction(
    world: World,
) -> None:
    wrong, note = uuid4(), uuid4()
    await push(
        [
            world.item(Write(note, "a", "refuse me"), id=wrong),
            world.item(Write(note, "a", "dependent"), after=[wrong]),
        ],
        SENDER,
        world.pushing,
    )
    assert await _count(world, "note") == 0
    await push([world.item(Write(note, "a", "right"), corrects=wrong)], SENDER, world.pushing)
    assert await world.pool.fetchval("select text from note where id = $1", note) == "dependent"


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"payload": {"note": "no uuid", "place": "a"}}, "invalid", "payload.note"),
        ({"payload": {"place": "a"}}, "invalid", "payload.note"),
        ({"device_seq": 0}, "invalid", "device_seq"),
        ({"occurred_at": "2026-11-20T08:00:00"}, "invalid", "occurred_at"),
    ],
)
async def test_bad_input_names_the_field(
    world: World, change: dict[str, object], code: str, field: str
) -> None:
    payload = change.pop("payload", {})
    outcome = (await push([world.item(payload, **change)], SENDER, world.pushing))[0]
    assert outcome.outcome == "rejected"
    assert (outcome.reasons[0].code, outcome.reasons[0].field) == (code, field)


async def test_what_is_no_command_at_all_is_answered_not_dropped(world: World) -> None:
    outcomes = await push([Item("{"), world.item(Write(uuid4(), "a"))], SENDER, world.pushing)
    assert [o.outcome for o in outcomes] == ["rejected", "accepted"]
    assert outcomes[0].reasons[0].code == "malformed"


async def test_a_type_the_server_does_not_know_yet_is_held_for_its_update(world: World) -> None:
    outcome = (await push([world.item({}, type="note.fold")], SENDER, world.pushing))[0]
    assert (outcome.outcome, outcome.reasons[0].code) == ("held", "unknown_type")


async def test_nobody_speaks_for_others_or_spoils_their_ids(world: World) -> None:
    stranger = world.item(Write(uuid4(), "a"), user=uuid4())
    outcome = (await push([stranger], SENDER, world.pushing))[0]
    assert (outcome.outcome, outcome.reasons[0].code) == ("held", "not_author")
    assert await _count(world, "receipt") == 0


async def test_one_poisoned_command_does_not_stop_the_others(world: World) -> None:
    """The database refuses what no rule had foreseen."""
    items = [world.item(Write(uuid4(), "a", text)) for text in ("one", "unforeseen", "three")]
    outcomes = await push(items, SENDER, world.pushing)
    assert [o.outcome for o in outcomes] == ["accepted", "held", "accepted"]
    assert outcomes[1].reasons[0].code == "internal"
    assert await _count(world, "note") == 2
    assert await _count(world, "kept_command") == 1


async def test_the_time_of_an_act_is_its_device_time_corrected_by_the_measured_offset(
    world: World,
) -> None:
    hour_ago = world.now - timedelta(hours=1)
    slow = world.item(Write(uuid4(), "a"), occurred_at=hour_ago, clock_offset_ms=60_000)
    ahead = world.item(Write(uuid4(), "a"), occurred_at=world.now + timedelta(days=3))
    await push([slow, ahead], SENDER, world.pushing)
    rows = await world.pool.fetch("select occurred_at, received_at from journal order by seq")
    assert rows[0]["occurred_at"] == hour_ago + timedelta(minutes=1)
    assert rows[1]["occurred_at"] == rows[1]["received_at"] == world.now


async def test_the_ledger_cannot_be_changed(world: World) -> None:
    await push([world.item(Write(uuid4(), "a"))], SENDER, world.pushing)
    for change in ("update journal set verb = ''", "delete from journal", "truncate journal"):
        with pytest.raises(Exception, match="append-only"):
            await world.pool.execute(change)


async def test_a_push_says_which_buckets_it_touched(world: World) -> None:
    note = uuid4()
    await push([world.item(Write(note, "a"))], SENDER, world.pushing)
    await push([world.item(Write(note, "b"))], SENDER, world.pushing)
    assert world.touched == [{"a"}, {"a", "b"}]


async def test_an_act_older_than_the_citys_limit_is_marked_late(world: World) -> None:
    day_ago = world.now - timedelta(hours=23)
    seen: list[bool] = []
    for world.late_limit in (None, timedelta(hours=8), timedelta(hours=48)):
        item = world.item(Write(uuid4(), "a"), occurred_at=day_ago)
        assert (await push([item], SENDER, world.pushing))[0].outcome == "accepted"
        seen.append(
            await world.pool.fetchval(
                "select (facts->>'late')::bool from journal order by seq desc limit 1"
            )
        )
    assert seen == [False, True, False]


async def test_a_rejection_is_not_undone_by_a_slower_twin_that_found_it_still_waiting(
    world: World,
) -> None:
    first = world.item(Write(uuid4(), "a"), id=(before := uuid4()))
    item = world.item(Write(uuid4(), "a", "refuse me"), after=[before])
    arrival = read(item, USER)
    assert isinstance(arrival, Arrival)
    async with world.transaction() as conn:
        slow = Batch(conn, SENDER, world.pushing)
        assert [o.outcome for o in await slow.apply([arrival])] == ["held"]
        outcomes = await push([first, item], SENDER, world.pushing)
        assert [o.outcome for o in outcomes] == ["accepted", "rejected"]
        await slow.finish()
    assert await world.pool.fetchval("select outcome from kept_command") == "rejected"
