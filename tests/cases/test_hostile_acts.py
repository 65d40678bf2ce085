"""Acts that nobody in good faith would send, and acts in an order that nobody thought of."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from backend.cases import retiring
from backend.cases.documents import buckets
from backend.cases.rules import parties
from backend.cases.structs import Amendment, Case, Target
from backend.catalogue.flow import Limit
from backend.core import database
from backend.core.position import Position
from offline.push import apply_rules
from offline.wire import Item, Outcome
from tests.cases.city import City, photo
from tests.cases.test_joining import _merge, _split
from tests.cases.test_main_line import CLERK, DISPATCHER, LEADER
from tests.cases.test_shipped_flows import (
    BUILDING,
    COMMANDER,
    FIRE,
    POLICE,
    POLICEMAN,
    TO_BUILDING,
    TOWN_OFFICER,
    _open,
    _raise,
    dispatched,
)

__all__ = ["dispatched"]

WORKER = "wg001"
DAY = Limit(1, "work_day")
ENDLESS = Limit(100_000, "work_day")


def _said(outcome: Outcome) -> list[tuple[str, str | None]]:
    assert outcome.outcome == "rejected"
    return [(reason.code, reason.field) for reason in outcome.reasons]


async def _verifying(city: City) -> tuple[UUID, UUID]:
    """A case that a worker is to look at, and the task."""
    id_ = await city.report(WORKER)
    case = await city.act(CLERK, id_, "accept")
    worker = (await city.ground()).roster.workers[case.grid][0]
    case = await city.act(CLERK, id_, "verify", worker=worker.user)
    return id_, case.tasks[0].id


async def _answered(city: City, case: UUID, *answers: tuple[str, str]) -> Case:
    """The case after answers to its requests, in their order."""
    for place, (user, verdict) in enumerate(answers):
        request = (await city.case(case)).requests[place].id
        after = await city.act(user, case, "answer_request", request=request, verdict=verdict)
    return after


async def test_help_with_an_endless_limit_is_refused_when_it_is_asked_for(
    city: City, dispatched: UUID
) -> None:
    helper = Target("oh-hb", limit=ENDLESS)
    outcome = await city.try_act(FIRE, dispatched, "ask_help", reason="急", targets=[helper])
    assert _said(outcome) == [("limit_too_long", "payload.targets[0].limit")]


async def test_of_two_parts_of_one_org_only_the_last_is_done_again(city: City) -> None:
    event = await _raise(city, TOWN_OFFICER)
    await city.act(TOWN_OFFICER, event, "assign", targets=[TO_BUILDING, Target(POLICE)])
    await city.act(FIRE, event, "handle", opinion="好了")
    await city.act(TOWN_OFFICER, event, "assign", targets=[TO_BUILDING])
    await city.act(FIRE, event, "handle", opinion="又好了")
    await city.act(POLICEMAN, event, "handle", opinion="好了")
    case = await city.act(TOWN_OFFICER, event, "rework", opinion="都重做")
    assert [(a.org, a.state, a.failed_checks) for a in case.assignments] == [
        (BUILDING, "answered", 0),
        (POLICE, "open", 1),
        (BUILDING, "open", 1),
    ]


async def test_a_case_given_only_in_copy_still_waits_for_its_dispatch(city: City) -> None:
    case = await city.report(WORKER)
    await city.act(CLERK, case, "accept")
    await city.act(CLERK, case, "file", standard=1)
    copied = await city.act(DISPATCHER, case, "dispatch", targets=[Target("oh-hb", "copy")])
    assert (copied.state, _open(copied)) == ("filed", {"oh-hb": "copy"})
    assert (await city.act(DISPATCHER, case, "dispatch")).state == "dispatched"


async def test_a_task_is_answered_only_by_an_answer(city: City) -> None:
    """Whoever ends a case might name a colleague's task, and have it counted as done."""
    case, task = await _verifying(city)
    await city.act(LEADER, case, "void", reason="重复", task=task)
    async with database.connection() as conn:
        assert await conn.fetchval("select state from task where id = $1", task) == "void"


async def test_what_is_split_off_after_years_is_on_devices_again(city: City) -> None:
    kept, merged = await city.report(WORKER), await city.report(WORKER)
    await _merge(city, LEADER, kept, merged)
    city.now += timedelta(days=400)
    async with database.connection() as conn:
        commands = await retiring.aged(conn, city.now)
    assert [o.outcome for o in await apply_rules(commands, city.ports)] == ["accepted"]
    await _split(city, kept, merged)
    back = await city.case(merged)
    assert back.retired_at is None
    assert f"grid:{back.grid}/cases" in buckets(back)


async def test_nobody_grants_what_they_asked_themselves(city: City, dispatched: UUID) -> None:
    """Not even from another post that may."""
    async with database.transaction() as conn:
        post = await conn.fetchval(
            """
            insert into appointment select (jsonb_populate_record(a, jsonb_build_object(
                'id', gen_random_uuid(), 'user', $1::text))).*
            from appointment a where a."user" = $2 returning post
            """,
            FIRE,
            DISPATCHER,
        )
    asked = await city.act(FIRE, dispatched, "ask_extension", reason="等料", limit=DAY)
    given = {"request": asked.requests[0].id, "verdict": "granted"}
    alone = await city.try_act(FIRE, dispatched, "answer_request", in_post=post, **given)
    assert _said(alone) == [("part_ended", "payload.action")]
    # Nor beside another's, which they may answer.
    other = await city.act(POLICEMAN, dispatched, "ask_extension", reason="等料", limit=DAY)
    both = await city.try_act(FIRE, dispatched, "answer_request", in_post=post, **given)
    assert _said(both) == [("own_request", "payload.request")]
    given["request"] = other.requests[1].id
    granted = await city.act(FIRE, dispatched, "answer_request", in_post=post, **given)
    assert [request.state for request in granted.requests] == ["open", "granted"]


@pytest.mark.parametrize("ended", [False, True])
async def test_an_instruction_can_be_answered_wherever_it_can_be_given(
    city: City, *, ended: bool
) -> None:
    case = await city.report(WORKER)
    if ended:
        await city.act(LEADER, case, "void", reason="重复")
    until = city.now + timedelta(days=1)
    asked = await city.act(COMMANDER, case, "instruct", opinion="请说明", until=until)
    assert "directed:oh-zx" in parties.parts(asked)
    answer = {"directive": asked.directives[0].id, "opinion": "已说明"}
    answered = await city.act(LEADER, case, "answer_directive", **answer)
    assert answered.directives[0].answer == "已说明"
    assert "directed:oh-zx" not in parties.parts(answered)


async def test_the_end_answers_what_was_said_before_it(city: City) -> None:
    case = await city.report(WORKER)
    until = city.now + timedelta(days=1)
    await city.act(COMMANDER, case, "instruct", opinion="请说明", until=until)
    ended = await city.act(LEADER, case, "void", reason="重复")
    assert not [part for part in parties.parts(ended) if part.startswith("directed:")]


async def test_a_suspended_case_that_all_gave_back_can_be_resumed(
    city: City, dispatched: UUID
) -> None:
    await city.act(FIRE, dispatched, "ask_suspension", reason="等料")
    await city.act(FIRE, dispatched, "ask_return", reason="不归我们管")
    await city.act(POLICEMAN, dispatched, "ask_return", reason="不归我们管")
    case = await _answered(
        city, dispatched, (LEADER, "granted"), (DISPATCHER, "granted"), (DISPATCHER, "granted")
    )
    assert (case.state, case.suspended) == ("filed", True)
    resumed = await city.act(LEADER, dispatched, "resume")
    running = {c.name for c in resumed.clocks if c.stopped_at is None and not c.paused}
    assert (resumed.suspended, running) == (False, {"whole", "filed"})


async def test_what_an_act_does_not_say_of_owners_stays(city: City) -> None:
    case = await city.report(WORKER)
    leader = (await city.actor(COMMANDER)).user
    await city.act(LEADER, case, "set_owners", people=[leader])
    assert (await city.act(LEADER, case, "set_owners")).owners == [leader]
    assert (await city.act(LEADER, case, "set_owners", people=[])).owners == []


async def _recollecting(city: City, position: Position) -> tuple[UUID, Outcome]:
    case = await city.report(WORKER)
    asked = await city.act(CLERK, case, "recollect", opinion="位置不对")
    given = {"task": asked.tasks[0].id, "amendment": Amendment(position=position)}
    return case, await city.try_act(WORKER, case, "answer_recollect", **given)


async def test_a_case_lies_in_the_grid_of_its_amended_position(city: City) -> None:
    here = await city.point_of(WORKER)
    places = [await city.point_of(f"wg{number:03}") for number in range(2, 30)]
    there = next(place for place in places if place != here)
    id_, outcome = await _recollecting(city, there)
    assert outcome.outcome == "accepted"
    case = await city.case(id_)
    grid = await _grid(city, there)
    assert (case.grid, case.area_path.split("/")[-1]) == (grid, grid)
    assert f"grid:{grid}/cases" in buckets(case)
    async with database.connection() as conn:
        stored = await conn.fetchval("select grid from case_file where id = $1", id_)
    assert stored == grid


async def _grid(city: City, place: Position) -> str:
    index = (await city.ground()).roster.grids
    found = index.find("responsibility", place.longitude, place.latitude, city.now.date())
    assert found is not None
    return found.code


async def test_a_case_is_not_moved_out_of_the_county(city: City) -> None:
    id_, outcome = await _recollecting(city, Position(longitude=-100, latitude=-40))
    assert _said(outcome) == [("outside_county", "payload.amendment.position")]
    assert (await city.case(id_)).state == "recollecting"


FOREVER = "9999-12-31T23:59:59-12:00"


@pytest.mark.parametrize(
    ("user", "action", "given", "reason"),
    [
        (LEADER, "supervise", {"until": FOREVER}, ("too_far", "payload.until")),
        (FIRE, "ask_suspension", {"until": FOREVER}, ("too_far", "payload.until")),
        (COMMANDER, "instruct", {"signature": FOREVER}, ("invalid", "payload.signature.at")),
        (
            COMMANDER,
            "instruct",
            {"signature": "0001-01-01T00:00:00+14:00"},
            ("invalid", "payload.signature.at"),
        ),
    ],
)
async def test_instants_that_no_calendar_shows_are_refused(
    city: City,
    dispatched: UUID,
    user: str,
    action: str,
    given: dict[str, Any],
    reason: tuple[str, str],
) -> None:
    """Stored, they would fail whoever lists or prints them in the city's own time."""
    if "signature" in given:
        given = {"signature": {"name": "甲", "org": "办", "title": "长", "at": given["signature"]}}
    payload = {"case": dispatched, "action": action, "opinion": "快", "reason": "快"} | given
    item = await city.command(user, "case.act", payload)
    [outcome] = await city.send(user, item)
    assert _said(outcome) == [reason]


async def test_a_colleagues_task_is_not_ones_own_to_answer(city: City) -> None:
    """Two tasks of one kind stand open, as a city's own flow may have it."""
    case, task = await _verifying(city)
    before = await city.case(case)
    mine = replace(before.tasks[0], id=photo("near").id, user=(await city.actor("wg002")).user)
    async with database.transaction() as conn:
        both = replace(before, tasks=[*before.tasks, mine])
        await conn.execute(
            "update case_file set document = $2 where id = $1", case, msgspec.json.encode(both)
        )
    given = {"verdict": "true", "opinion": "属实", "media": [photo("evidence")]}
    outcome = await city.try_act("wg002", case, "answer_verify", task=task, **given)
    assert _said(outcome) == [("forbidden", "payload.action")]


async def test_whatever_depth_answers_are_nested_to_is_read_or_refused(city: City) -> None:
    event = await _raise(city, TOWN_OFFICER)
    await city.act(TOWN_OFFICER, event, "handle_own", opinion="好了")
    given = {"case": event, "action": "close", "opinion": "好", "answers": {"result": "@"}}
    items: Sequence[Item] = [
        Item(item.body.replace('"@"', '{"a":' * depth + "1" + "}" * depth))
        for depth in range(800, 1000, 4)
        for item in [await city.command(TOWN_OFFICER, "case.act", given)]
    ]
    outcomes = await city.send(TOWN_OFFICER, *items)
    assert {outcome.outcome for outcome in outcomes} == {"rejected"}


@pytest.mark.parametrize("what", ["merge", "hand_over"])
async def test_what_was_due_has_happened_before_a_case_is_merged_or_handed_over(
    city: City, dispatched: UUID, what: str
) -> None:
    """A figure must not hang on whether a worker happened to run."""
    other = await city.report(WORKER)
    signed = await city.act(FIRE, dispatched, "sign")
    city.now += timedelta(days=60)
    if what == "merge":
        outcome = await _merge(city, LEADER, other, dispatched)
    else:
        colleague = await _colleague(city)
        payload = {"to": colleague, "cases": [dispatched]}
        item = await city.command(FIRE, "case.hand_over", payload)
        [outcome] = await city.send(FIRE, item)
    assert (outcome.outcome, outcome.reasons) == ("accepted", [])
    case = await city.case(dispatched)
    assert [step.action for step in case.steps[len(signed.steps) :]] == ["near_limit", what]


async def _colleague(city: City) -> UUID:
    """Somebody else who handles for the bureau."""
    async with database.transaction() as conn:
        await conn.execute(
            """
            insert into appointment select (jsonb_populate_record(a, jsonb_build_object(
                'id', gen_random_uuid(), 'user', $1::text))).*
            from appointment a where a."user" = $2
            """,
            POLICEMAN,
            FIRE,
        )
    city.forget_ground()
    return (await city.actor(POLICEMAN)).user
