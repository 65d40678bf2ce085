"""After a backup came back: devices bring again what an earlier life had accepted, in any order."""

from datetime import timedelta
from uuid import UUID, uuid4

import msgspec

from backend.cases.structs import ActOnCase
from backend.core import database
from offline.push import retry_held
from offline.wire import Item, Outcome
from tests.cases.city import City

WORKER, CLERK = "wg001", "sl01"
BEFORE = "0-aa"


async def pushed_again(city: City, user: str, case: UUID, action: str) -> tuple[Item, Outcome]:
    item = await city.command(user, "case.act", ActOnCase(case=case, action=action))
    again = msgspec.structs.replace(item, accepted_in=BEFORE)
    return again, (await city.send(user, again))[0]


async def test_an_act_that_comes_home_before_its_case_waits_for_it(city: City) -> None:
    case = uuid4()
    item, outcome = await pushed_again(city, CLERK, case, "accept")
    assert (outcome.outcome, outcome.reasons[0].code) == ("held", "undone")
    [refused] = [await city.try_act(CLERK, case, "accept")]
    assert refused.outcome == "rejected", "what was never accepted has no such grace"
    assert (await city.try_report(WORKER, case=case))[0].outcome == "accepted"
    [asked] = await city.send(CLERK, item)
    assert asked.outcome == "accepted"
    assert (await city.case(case)).state == "accepted"


async def test_the_service_tries_it_again_by_itself(city: City) -> None:
    case = uuid4()
    await pushed_again(city, CLERK, case, "accept")
    assert (await city.try_report(WORKER, case=case))[0].outcome == "accepted"
    city.now += timedelta(minutes=2)
    assert [outcome.outcome for outcome in await retry_held(city.ports)] == ["accepted"]
    async with database.connection() as conn:
        assert not await conn.fetchval("select count(*) from kept_command where outcome = 'held'")


async def test_evidence_that_came_late_is_not_kept_with_every_try(city: City) -> None:
    """Such an act would be refused and leave what it brought; one pushed again leaves nothing."""
    case = await city.report(WORKER)
    await city.act(CLERK, case, "accept")
    before = await city.case(case)
    for _ in range(2):
        _, outcome = await pushed_again(city, CLERK, case, "accept")
        assert outcome.outcome == "held"
    assert await city.case(case) == before
