"""What the two shipped flows do by themselves, by a clock that the test moves."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from backend.cases import jobs
from backend.cases.structs import Case, Step
from backend.catalogue.flow import Limit
from backend.core import database
from backend.core.clock import CITY_ZONE
from offline.push import apply_rules
from tests.cases.city import City, photo
from tests.cases.test_hostile_acts import DAY, _answered
from tests.cases.test_main_line import CLERK, DISPATCHER, LEADER
from tests.cases.test_shipped_flows import (
    CENTRE,
    COMMITTEE,
    COMMITTEE_OFFICER,
    FIRE,
    POLICEMAN,
    TOWN,
    TOWN_OFFICER,
    _handler,
    _raise,
    dispatched,
)

__all__ = ["dispatched"]

TOLD: dict[str, Any] = {"source": "hotline", "media": []}


async def _rings(city: City, case: UUID) -> list[Step]:
    """What the case does by itself at its next alarm, and not a second earlier."""
    before = await city.case(case)
    assert before.alarm is not None
    city.now = before.alarm.at - timedelta(seconds=1)
    assert await jobs.ring_due(city.ports) == 0
    city.now += timedelta(seconds=1)
    assert await jobs.ring_due(city.ports)
    return (await city.case(case)).steps[len(before.steps) :]


async def test_a_residents_report_is_accepted_within_five_working_days_or_reproached(
    city: City,
) -> None:
    """requirements/xinjiang.md 3.7; the centre has nobody above it."""
    told = await city.report(CLERK, **TOLD)
    seen = await city.report("wg001")
    [line] = await _rings(city, told)
    assert (line.action, city.now) == ("not_accepted", datetime(2026, 11, 27, 1, 0, tzinfo=UTC))
    assert (await city.case(told)).supervision == "overdue"
    assert (await city.case(seen)).supervision is None, "a worker's report is no complaint"
    assert (await city.act(CLERK, told, "accept")).state == "accepted"


async def test_a_residents_event_climbs_a_level_for_every_five_working_days(city: City) -> None:
    async with database.transaction() as conn:
        await conn.execute(
            "update role set permissions = array_append(permissions, 'case.register') "
            "where code = 'community_officer'"
        )
    event = await _raise(city, COMMITTEE_OFFICER, **TOLD)
    own = await _raise(city, COMMITTEE_OFFICER)
    where = [(await city.case(event)).closing_org]
    while (case := await city.case(event)).alarm is not None:
        for line in await _rings(city, event):
            if line.action == "not_accepted":
                where.append((await city.case(event)).closing_org)
                assert line.occurred_at.astimezone(CITY_ZONE).hour == 9
    assert where == [COMMITTEE, TOWN, CENTRE, CENTRE]
    assert (case.state, case.supervision) == ("passed_on", "overdue")
    assert city.now == datetime(2026, 12, 11, 1, 0, tzinfo=UTC), "three times five working days"
    assert (await city.case(own)).closing_org == COMMITTEE
    taken = await city.act(LEADER, event, "handle_own", opinion="已处置")
    assert taken.state == "to_close"


async def test_a_part_near_its_limit_is_watched_until_more_time_is_granted(
    city: City, dispatched: UUID
) -> None:
    [line] = await _rings(city, dispatched)
    near = await city.case(dispatched)
    assert (line.action, near.supervision, near.state) == ("near_limit", "near", "dispatched")
    for user in (FIRE, POLICEMAN):
        await city.act(user, dispatched, "ask_extension", limit=DAY, reason="等料")
    case = await _answered(city, dispatched, (DISPATCHER, "granted"), (DISPATCHER, "granted"))
    assert case.supervision is None, "far again"
    [again] = await _rings(city, dispatched)
    assert again.action == "near_limit"


async def test_a_vendor_is_looked_for_next_day_at_the_same_time_of_day(city: City) -> None:
    """requirements/xinjiang.md 3.9 point 21."""
    id_ = await city.report("wg001", category="E0401")  # 09:00
    await city.act(CLERK, id_, "accept")
    await city.act(CLERK, id_, "file", standard=1)
    sent = await city.act(DISPATCHER, id_, "dispatch")
    handler = await _handler(city, sent.assignments[0].org)
    city.now += timedelta(hours=4)
    waiting = await city.act(handler, id_, "handle", opinion="劝离", media=[photo("after")])
    whole = next(clock for clock in waiting.clocks if clock.name == "whole")
    assert (waiting.state, whole.paused) == ("waiting_period", True)
    [line] = await _rings(city, id_)
    checking = await city.case(id_)
    reported = checking.reports[0].occurred_at
    assert (line.action, city.now - reported) == ("same_period", timedelta(days=1))
    assert (checking.state, checking.tasks[0].not_before) == ("checking", city.now)
    done = await city.answer(
        "wg001", id_, "answer_check", verdict="passed", media=[photo("evidence")]
    )
    assert done.state == "checked"


async def test_an_act_from_before_a_timer_counts_although_it_comes_after(
    city: City, dispatched: UUID
) -> None:
    """Handled in time in a cellar without signal: the watch that rang meanwhile is over."""
    await city.act(POLICEMAN, dispatched, "handle", opinion="好了", media=[photo("after")])
    in_time = city.now
    case = await city.case(dispatched)
    [clock] = [c for c in case.clocks if c.stopped_at is None and c.owner is not None]
    city.now = clock.due_at + timedelta(minutes=5)
    await jobs.ring_due(city.ports)
    assert (await city.case(dispatched)).supervision == "near"
    given = {"opinion": "好了", "media": [photo("after")], "occurred_at": in_time}
    done = await city.act(FIRE, dispatched, "handle", **given)
    assert done.state in ("handled", "checking")
    step = next(step for step in done.steps if step.occurred_at == in_time)
    assert step.action == "handle"


async def test_alarms_and_people_at_once_leave_each_case_as_one_after_the_other(
    city: City,
) -> None:
    """Two workers ring, a clerk accepts, another clerk refuses: each case takes one way."""
    cases = [await city.report(CLERK, **TOLD) for _ in range(8)]
    city.now += timedelta(days=30)
    async with database.connection() as conn:
        commands = list((await jobs.due(conn, city.now)).values())
    acts = [
        (user, await city.command(user, "case.act", {"case": case, "action": action} | given))
        for case in cases
        for user, action, given in (
            (CLERK, "accept", {}),
            (LEADER, "refuse", {"reason": "不属实"}),
        )
    ]
    answers = await asyncio.gather(
        apply_rules(commands, city.ports),
        jobs.ring_due(city.ports),
        *(city.send(user, item, item) for user, item in acts),
        *(city.send(user, item) for user, item in acts),
    )
    outcomes = [o for each in answers if isinstance(each, list) for o in each]
    assert {o.outcome for o in outcomes} <= {"accepted", "rejected", "repeated"}
    for case in [await city.case(id_) for id_ in cases]:
        said = [step.action for step in case.steps if not step.late]
        assert said[:2] == ["report", "not_accepted"]
        assert said[2:] in (["accept"], ["refuse"])
        assert (case.alarm, case.version) == (None, len(case.steps))


async def test_of_two_dispatchers_at_once_one_learns_that_it_is_done(city: City) -> None:
    id_ = await city.report("wg001")
    await city.act(CLERK, id_, "accept")
    await city.act(CLERK, id_, "file", standard=1)
    payload = {"case": id_, "action": "dispatch", "limit": Limit(1, "work_day")}
    both = [(user, await city.command(user, "case.act", payload)) for user in (DISPATCHER, LEADER)]
    answers = await asyncio.gather(*(city.send(user, item) for user, item in both))
    assert sorted(each[0].outcome for each in answers) == ["accepted", "rejected"]
    case: Case = await city.case(id_)
    assert len(case.assignments) == 1


async def test_nobody_rings_a_case_by_hand(city: City) -> None:
    id_ = await city.report(CLERK, **TOLD)
    at = city.now + timedelta(days=30)
    item = await city.command(LEADER, "case.alarm", {"case": id_, "at": at})
    [outcome] = await city.send(LEADER, item)
    assert [reason.code for reason in outcome.reasons] == ["forbidden"]


async def test_who_gave_the_right_away_or_only_has_a_copy_may_look_and_no_more(
    city: City,
) -> None:
    event = await _raise(city, COMMITTEE_OFFICER)
    await city.act(COMMITTEE_OFFICER, event, "report_up", opinion="办不了")
    case = await city.act(TOWN_OFFICER, event, "assign", targets=[{"org": "oh-zj", "kind": "copy"}])
    for user in (COMMITTEE_OFFICER, FIRE):
        for action, given in (
            ("assign", {"targets": [{"org": "oh-jj"}]}),
            ("handle_own", {}),
            ("hand_right", {"closing_org": COMMITTEE}),
            ("report_up", {}),
            ("extend_own", {"limit": DAY}),
            ("void", {}),
        ):
            brought = {"opinion": "我来", "reason": "我来"} | given
            outcome = await city.try_act(user, event, action, **brought)
            assert outcome.outcome == "rejected", (user, action)
    after = await city.case(event)
    assert (after.state, after.closing_org) == (case.state, TOWN)
    assert [a for a in after.assignments if a.kind != "copy"] == []
