"""交班: at the end of a shift, what somebody holds goes to a colleague who may do it."""

from uuid import UUID, uuid4

import pytest

from backend.cases.structs import HandOver
from backend.core import database
from offline.wire import Outcome
from tests.cases.city import City
from tests.cases.test_main_line import _handler_of

CLERK, DISPATCHER = "sl01", "pq01"


@pytest.fixture(autouse=True)
async def _may_hand_over(city: City) -> None:
    async with database.connection() as conn:
        await conn.execute(
            "update role set permissions = array_append(permissions, 'case.hand_over') "
            "where code in ('handler', 'grid_worker') "
            "and not 'case.hand_over' = any(permissions)"
        )


async def _hand_over(city: City, user: str, to: UUID, *cases: UUID) -> Outcome:
    payload = HandOver(to, list(cases), "交接班")
    return (await city.send(user, await city.command(user, "case.hand_over", payload)))[0]


async def _pair(city: City) -> tuple[str, str, str]:
    """A grid with two workers, and their codes."""
    ground = await city.ground()
    grid, workers = next((g, w) for g, w in ground.roster.workers.items() if len(w) == 2)
    async with database.connection() as conn:
        rows = await conn.fetch(
            "select code from app_user where id = any($1) order by code",
            [worker.user for worker in workers],
        )
    first, second = (row["code"] for row in rows)
    return grid, first, second


async def _verifying(city: City) -> tuple[UUID, str, str]:
    grid, first, second = await _pair(city)
    async with database.connection() as conn:
        row = await conn.fetchrow("select longitude, latitude from area where code = $1", grid)
    place = await city.point_of(first)
    at = type(place)(longitude=row["longitude"], latitude=row["latitude"])
    case = await city.report(first, position=at)
    await city.act(CLERK, case, "accept")
    await city.act(CLERK, case, "verify", worker=(await city.actor(first)).user)
    return case, first, second


async def test_a_task_goes_to_the_colleague_of_the_same_grid(city: City) -> None:
    case, first, second = await _verifying(city)
    to = (await city.actor(second)).user
    outcome = await _hand_over(city, first, to, case)
    assert (outcome.outcome, outcome.reasons) == ("accepted", [])
    after = await city.case(case)
    assert [t.user for t in after.tasks] == [to]
    assert (after.steps[-1].action, after.steps[-1].answers) == ("hand_over", {"to": str(to)})
    async with database.connection() as conn:
        task = await conn.fetchrow(
            'select "user", state from task where id = $1', after.tasks[0].id
        )
        verbs = await conn.fetch("select verb from journal order by seq desc limit 2")
    assert (task["user"], task["state"]) == (to, "open")
    assert {row["verb"] for row in verbs} == {"case.handed_over", "task.handed_on"}
    gone = await city.try_act(first, case, "answer_verify", task=after.tasks[0].id, verdict="true")
    assert gone.outcome == "rejected"


async def test_a_signed_part_goes_to_the_colleague_of_the_same_org(city: City) -> None:
    case = await city.report("wg001")
    await city.act(CLERK, case, "accept")
    await city.act(CLERK, case, "file", standard=1)
    org = (await city.act(DISPATCHER, case, "dispatch")).assignments[0].org
    handler = await _handler_of(city, org)
    await city.act(handler, case, "sign")
    colleague, other = uuid4(), (await city.actor("wg001")).user
    async with database.connection() as conn:
        county = "330304"
        await conn.execute(
            "insert into app_user (id, code, name, county, active, version) "
            "values ($1, 'new1', '新人', $2, true, 1)",
            colleague,
            county,
        )
        await conn.execute(
            'insert into appointment (id, "user", post, valid_from, version) '
            "select $1, 'new1', post, '2026-01-01', 1 from appointment where \"user\" = $2 limit 1",
            uuid4(),
            handler,
        )
    city.forget_ground()
    assert (await _hand_over(city, handler, other, case)).reasons[0].field == "payload.cases[0]"
    assert (await _hand_over(city, handler, uuid4(), case)).reasons[0].field == "payload.to"
    outcome = await _hand_over(city, handler, colleague, case)
    assert (outcome.outcome, outcome.reasons) == ("accepted", [])
    assert [a.holder for a in (await city.case(case)).assignments] == [colleague]


async def test_nothing_goes_over_when_one_of_the_cases_cannot(city: City) -> None:
    case, first, second = await _verifying(city)
    other = await city.report(first)
    to = (await city.actor(second)).user
    outcome = await _hand_over(city, first, to, case, other)
    assert [(r.code, r.field) for r in outcome.reasons] == [
        ("nothing_to_hand_over", "payload.cases[1]")
    ]
    assert [t.user for t in (await city.case(case)).tasks] != [to]


async def test_handing_over_is_a_right(city: City) -> None:
    case, _, second = await _verifying(city)
    to = (await city.actor(second)).user
    assert (await _hand_over(city, "ld01", to, case)).reasons[0].code == "forbidden"
