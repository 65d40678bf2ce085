"""Ended cases leave their reporters' devices when they are old, once, and by rule."""

from datetime import timedelta
from uuid import UUID, uuid4

import msgspec

from backend.cases import retiring
from backend.cases.retiring import RetireCase
from backend.core import database
from backend.core.ids import derived_id
from offline.push import RuleCommand, apply_rules
from tests.cases.city import City


async def _live_buckets(case: UUID) -> set[str]:
    async with database.connection() as conn:
        rows = await conn.fetch(
            "select bucket from bucket_member where entity = $1 and not removed", case
        )
    return {row["bucket"] for row in rows}


async def _due(city: City) -> list[UUID]:
    async with database.connection() as conn:
        commands = await retiring.aged(conn, city.now)
    payloads = [command.payload for command in commands]
    return [payload.case for payload in payloads if isinstance(payload, RetireCase)]


async def test_an_ended_case_leaves_after_90_days_and_only_once(city: City) -> None:
    ended, open_ = await city.report("wg001"), await city.report("wg001")
    await city.act("sl01", ended, "refuse", reason="不在范围")
    mine = f"user:{derived_id('user', 'wg001')}"
    assert await _live_buckets(ended) == {mine}
    city.now += timedelta(days=89)
    assert await _due(city) == []
    city.now += timedelta(days=2)
    assert await _due(city) == [ended]
    async with database.connection() as conn:
        commands = await retiring.aged(conn, city.now)
    city.touched.clear()
    assert [o.outcome for o in await apply_rules(commands, city.ports)] == ["accepted"]
    assert city.touched == {mine}
    city.now += timedelta(days=1)
    assert [o.outcome for o in await apply_rules(commands, city.ports)] == ["repeated"]
    assert await _live_buckets(ended) == set()
    assert mine in await _live_buckets(open_)
    assert await _due(city) == []
    async with database.connection() as conn:
        row = await conn.fetchrow("select * from journal where verb = 'case.retired'")
    case = await city.case(ended)
    assert (row["author"], row["post"], row["device"]) == (None, None, None)
    assert row["entity"] == ended
    assert row["occurred_at"] == case.retired_at == (case.ended_at or city.now) + timedelta(days=90)


async def test_a_county_may_say_when(city: City) -> None:
    case = await city.report("wg001")
    await city.act("sl01", case, "refuse", reason="不在范围")
    async with database.connection() as conn:
        await conn.execute(
            "insert into setting (id, county, code, value) values ($1, '330304', $2, '7') "
            "on conflict (county, code) do update set value = excluded.value",
            uuid4(),
            retiring.SETTING,
        )
    city.now += timedelta(days=8)
    assert await _due(city) == [case]


async def test_no_person_may_give_a_rules_command(city: City) -> None:
    case = await city.report("wg001")
    item = await city.command("wg001", retiring.RETIRE, RetireCase(case))
    [outcome] = await city.send("wg001", item)
    assert (outcome.outcome, outcome.reasons[0].code) == ("rejected", "forbidden")
    nobody = UUID(int=0)
    body = msgspec.json.decode(item.body) | {"id": str(uuid4()), "user": nobody, "device": nobody}
    forged = msgspec.structs.replace(item, body=msgspec.json.encode(body).decode())
    [outcome] = await city.send("wg001", forged)
    assert outcome.outcome == "held"
    assert outcome.reasons[0].code == "unknown_device"


async def test_an_open_case_is_not_retired(city: City) -> None:
    case = await city.report("wg001")
    rule = RuleCommand(uuid4(), retiring.RETIRE, city.now, RetireCase(case))
    [outcome] = await apply_rules([rule], city.ports)
    assert outcome.reasons[0].code == "not_ended"
