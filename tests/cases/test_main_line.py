"""A broken manhole cover, from the report to the closed case, and the ways it may end instead."""

from datetime import datetime, timedelta

import pytest

from backend.app.demo import LOGINS
from backend.cases.documents import buckets
from backend.cases.structs import Amendment, Outside
from backend.core import database
from backend.core.position import Position
from tests.cases.city import City, photo

WORKER = "wg001"
CLERK = "sl01"
DISPATCHER = "pq01"
LEADER = "zb01"


async def _handler_of(city: City, org: str) -> str:
    """A user who handles for an org."""
    async with database.connection() as conn:
        code: str = await conn.fetchval(
            'select a."user" from appointment a join post p on p.code = a.post '
            "where p.org = $1 and p.role = 'handler' order by 1 limit 1",
            org,
        )
    assert code, f"nobody handles for {org}"
    return code


async def _single_worker(city: City) -> str:
    """A worker whose first grid has nobody else, so that tasks come by themselves."""
    ground = await city.ground()
    for number in range(1, 40):
        user = f"wg{number:03}"
        actor = await city.actor(user)
        if len(ground.roster.workers[actor.areas[0].split("/")[-1]]) == 1:
            return user
    raise AssertionError("the demo city has no grid with exactly one worker")


async def test_from_the_report_to_the_closed_case(city: City) -> None:
    worker = await _single_worker(city)
    case = await city.report(worker)
    assert (await city.case(case)).number.startswith("330304-20261120-")
    await city.act(CLERK, case, "accept")
    filed = await city.act(CLERK, case, "file", standard=1)
    assert [c.name for c in filed.clocks if c.stopped_at is None] == ["whole", "filed"]
    dispatched = await city.act(DISPATCHER, case, "dispatch")
    (assignment,) = dispatched.assignments
    handler = await _handler_of(city, assignment.org)
    handled = await city.act(handler, case, "handle", opinion="已更换", media=[photo("after")])
    assert handled.state == "checking", "the worker's check task arrives by itself"
    me = await city.actor(worker)
    assert [t.user for t in handled.tasks] == [me.user]
    checked = await city.answer(
        worker, case, "answer_check", verdict="passed", media=[photo("evidence")]
    )
    assert checked.state == "checked"
    closed = await city.act(CLERK, case, "close")
    assert (closed.stage, closed.ending) == ("closed", "closed")
    assert all(clock.stopped_at for clock in closed.clocks)
    assert [step.action for step in closed.steps] == [
        "report",
        "accept",
        "file",
        "dispatch",
        "handle",
        "open_check_task",
        "answer_check",
        "close",
    ]
    assert buckets(closed) == {f"user:{me.user}"}


async def test_refused_with_a_reason(city: City) -> None:
    case = await city.report(WORKER)
    without = await city.try_act(CLERK, case, "refuse")
    assert (without.outcome, without.reasons[0].field) == ("rejected", "payload.reason")
    refused = await city.act(CLERK, case, "refuse", reason="不在受理范围")
    assert refused.ending == "refused"


async def test_an_untrue_report_is_verified_and_cancelled(city: City) -> None:
    worker = await _single_worker(city)
    case = await city.report(worker)
    await city.act(CLERK, case, "accept")
    verifying = await city.act(CLERK, case, "verify")
    assert verifying.state == "verifying"
    await city.answer(
        worker,
        case,
        "answer_verify",
        verdict="untrue",
        opinion="现场没有发现",
        media=[photo("evidence")],
    )
    cancelled = await city.act(CLERK, case, "cancel", reason="核实不属实")
    assert cancelled.ending == "cancelled"


async def test_several_workers_fit_so_the_clerk_must_choose_one_of_them(city: City) -> None:
    ground = await city.ground()
    grid, workers = next((g, w) for g, w in ground.roster.workers.items() if len(w) > 1)
    point = next(a for a in [await _inside(grid)])
    case = await city.report(WORKER, position=point)
    await city.act(CLERK, case, "accept")
    outcome = await city.try_act(CLERK, case, "verify")
    assert outcome.reasons[0].field == "payload.worker"
    stranger = await city.try_act(CLERK, case, "verify", worker=(await city.actor(CLERK)).user)
    assert stranger.reasons[0].code == "unknown_worker"
    verifying = await city.act(CLERK, case, "verify", worker=workers[1].user)
    assert verifying.tasks[0].user == workers[1].user


async def _inside(grid: str) -> Position:
    async with database.connection() as conn:
        row = await conn.fetchrow("select longitude, latitude from area where code = $1", grid)
    return Position(longitude=row["longitude"], latitude=row["latitude"])


async def test_a_failed_check_goes_back_to_dispatch_and_the_assignment_counts_as_returned(
    city: City,
) -> None:
    worker = await _single_worker(city)
    case = await city.report(worker)
    await city.act(CLERK, case, "accept")
    await city.act(CLERK, case, "file", standard=1)
    first = await city.act(DISPATCHER, case, "dispatch")
    handler = await _handler_of(city, first.assignments[0].org)
    await city.act(handler, case, "handle", opinion="好了", media=[photo("after")])
    failed = await city.answer(
        worker, case, "answer_check", verdict="failed", media=[photo("evidence")]
    )
    assert (failed.state, failed.assignments[0].state) == ("filed", "returned")
    again = await city.act(DISPATCHER, case, "dispatch")
    assert [a.state for a in again.assignments] == ["returned", "open"]


async def test_a_recollection_goes_to_the_reporter_and_amends_the_report(city: City) -> None:
    case = await city.report(WORKER)
    await city.act(CLERK, case, "recollect", opinion="位置不清楚")
    amended = await city.answer(
        WORKER,
        case,
        "answer_recollect",
        amendment=Amendment(description="站前路与瓯海大道路口东北角", category="C0102"),
    )
    assert (amended.state, amended.category) == ("reported", "C0102")
    assert amended.description == "站前路与瓯海大道路口东北角"
    assert amended.tasks == []


async def test_a_self_handled_report_is_archived(city: City) -> None:
    incomplete = (await city.try_report(WORKER, self_handled=True))[0]
    assert {r.code for r in incomplete.reasons} == {"photo_missing"}
    case = await city.report(WORKER, self_handled=True, media=[photo("before"), photo("after")])
    archived = await city.act(CLERK, case, "archive")
    assert archived.ending == "archived"


async def test_a_hotline_report_keeps_its_reporter_sealed(city: City) -> None:
    case = await city.report(
        CLERK,
        source="hotline",
        media=[],
        reporter=Outside(name="金丝雀", phone="13800001111"),
        call_back=True,
        private=True,
        outside_number="12345-0001",
    )
    async with database.connection() as conn:
        dump = await conn.fetchval(
            "select string_agg(t, '') from (select j::text as t from journal j "
            "union all select encode(document, 'escape') from case_file "
            "union all select r::text from report r "
            "union all select encode(sealed, 'escape') from sealed_value) x"
        )
        numbers = await conn.fetch("select number from outside_reference")
    assert "金丝雀" not in dump
    assert "13800001111" not in dump
    assert [row["number"] for row in numbers] == ["12345-0001"]
    assert (await city.case(case)).reports[0].call_back


async def test_a_worker_may_not_speak_for_the_hotline(city: City) -> None:
    outcome = (await city.try_report(WORKER, source="hotline"))[0]
    assert (outcome.outcome, outcome.reasons[0].code) == ("rejected", "forbidden")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"category": "C9999"}, "payload.category"),
        ({"category": "C01"}, "payload.category"),
        ({"media": []}, "payload.media"),
        ({"position": Position(longitude=116.4, latitude=39.9)}, "payload.position"),
    ],
)
async def test_what_is_wrong_with_a_report_is_named(
    city: City, changes: dict[str, object], field: str
) -> None:
    outcome = (await city.try_report(WORKER, **changes))[0]
    assert outcome.outcome == "rejected"
    assert field in {reason.field for reason in outcome.reasons}


async def test_an_act_that_the_case_has_outrun_is_refused_and_kept_as_late_evidence(
    city: City,
) -> None:
    case = await city.report(WORKER)
    await city.act(CLERK, case, "refuse", reason="不在受理范围")
    # The shift leader had accepted it on a phone without signal.
    outcome = await city.try_act(LEADER, case, "accept", opinion="当时在现场看到了")
    assert (outcome.outcome, outcome.reasons[0].code) == ("rejected", "stage_passed")
    after = await city.case(case)
    assert (after.state, after.steps[-1].late) == ("refused", True)
    assert after.steps[-1].opinion == "当时在现场看到了"


async def test_nobody_acts_beyond_their_rights(city: City) -> None:
    case = await city.report(WORKER)
    for user in (WORKER, "cz01", "ld01", "xt01"):
        outcome = await city.try_act(user, case, "accept")
        assert (outcome.outcome, outcome.reasons[0].code) == ("rejected", "forbidden")
    assert (await city.case(case)).version == 1


async def test_rights_are_judged_as_of_the_act_when_it_is_young_and_its_clock_is_known(
    city: City,
) -> None:
    case, other = await city.report(WORKER), await city.report(WORKER)
    accept = {"case": case, "action": "accept"}
    blind = {"case": other, "action": "accept"}
    young = await city.command(CLERK, "case.act", accept)
    unmeasured = await city.command(CLERK, "case.act", blind, clock_offset_ms=None)
    async with database.connection() as conn:
        await conn.execute(
            "update appointment set valid_to = '2026-11-20' where \"user\" = $1", CLERK
        )
    city.now += timedelta(hours=20)  # the next day: the clerk has left the post
    outcomes = await city.send(CLERK, young, unmeasured)
    assert [o.outcome for o in outcomes] == ["accepted", "rejected"]
    assert outcomes[1].reasons[0].code == "no_post"


async def test_a_city_sets_how_old_an_act_may_be_and_still_count_as_of_its_own_time(
    city: City,
) -> None:
    async with database.connection() as conn:
        await conn.execute("update setting set value = '2' where code = 'late_hours'")
    acted_at = city.now - timedelta(hours=3)
    case = await city.report(WORKER, occurred_at=acted_at)
    step = (await city.case(case)).steps[0]
    assert step.occurred_at == acted_at
    assert (await city.case(case)).reported_at == city.now


async def test_an_action_takes_only_what_it_asks_for(city: City) -> None:
    case = await city.report(WORKER)
    given = {"verdict": "x" * 900, "answers": {"issue": "ownership"}, "labels": ["nobody"]}
    accepted = await city.act(CLERK, case, "accept", **given)
    assert (accepted.steps[-1].verdict, accepted.steps[-1].answers) == (None, {})
    assert accepted.labels == []


async def test_who_held_a_task_that_the_case_has_outrun_still_brings_evidence(city: City) -> None:
    reporter, worker = WORKER, await _single_worker(city)
    case = await city.report(reporter, position=await city.point_of(worker))
    await city.act(CLERK, case, "accept")
    task = (await city.act(CLERK, case, "verify")).tasks[0]
    await city.act(LEADER, case, "void", reason="重复上报")
    given = {"verdict": "true", "opinion": "确有破损", "media": [photo("evidence")]}
    late = await city.try_act(worker, case, "answer_verify", task=task.id, **given)
    assert (late.outcome, late.reasons[0].code) == ("rejected", "stage_passed")
    assert (await city.case(case)).steps[-1].opinion == "确有破损"


@pytest.mark.parametrize("taken_at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_a_photo_from_no_time_at_all_is_rejected(city: City, taken_at: str) -> None:
    near = photo("near", taken_at=datetime.fromisoformat(taken_at))
    media = [near, photo("far"), photo("reference")]
    [outcome] = await city.try_report(WORKER, media=media)
    assert (outcome.outcome, outcome.reasons[0].field) == ("rejected", "payload.media")


async def test_the_logins_a_newcomer_is_told_can_walk_the_whole_line(city: City) -> None:
    told = {login.name for login in LOGINS}
    case = await city.report("wg003")
    await city.act(CLERK, case, "accept")
    await city.act(CLERK, case, "file", standard=1)
    sent = await city.act(DISPATCHER, case, "dispatch")
    handler = await _handler_of(city, sent.assignments[0].org)
    handled = await city.act(handler, case, "handle", opinion="好了", media=[photo("after")])
    assert [t.user for t in handled.tasks] == [(await city.actor("wg003")).user]
    assert {"wg003", CLERK, DISPATCHER, handler} <= told
