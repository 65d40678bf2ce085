"""What a case does by itself, and when: also over a year, against a model that looks at every
minute.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from backend.cases.rules import alarms, clocks, directives, entering
from backend.cases.rules.doing import Doing
from backend.cases.structs import Alarm, Case, Directive
from backend.catalogue.flow import Limit, State, Timer
from tests.cases import bare
from tests.cases.test_worktime import city

NEAR = Timer("near", "临近时限", "yellow", "watch")
CLIMB = Timer("not_accepted", "5 个工作日未受理", Limit(5, "work_day"), "escalate")
CHECK = Timer(
    "same_period", "次日同时段核查", Limit(1, "urgent_day"), "open_check_task", to="checking"
)
STATES = [
    State("reported", "待受理", "reported", timers=[CLIMB]),
    State("handling", "处置中", "dispatched", limit=Limit(10, "work_hour"), timers=[NEAR]),
    State("waiting", "待同时段核查", "handled", timing="paused", timers=[CHECK]),
    State("checking", "核查中", "handled"),
    State("closed", "结案", "closed", ending="closed"),
]
FLOW = bare.flow(STATES)
CATALOGUE = bare.catalogue(FLOW)
START = city("2026-11-18T08:00")


def standing(state: str, at: datetime = START, known: Any = CATALOGUE, **changes: Any) -> Case:
    case = bare.case(FLOW, at, **changes)
    return set_(entering.enter(case, state, by_rule(at, known)), known)


def set_(case: Case, known: Any = CATALOGUE) -> Case:
    return replace(case, alarm=alarms.next_alarm(case, FLOW, known))


def by_rule(at: datetime, known: Any = CATALOGUE) -> Doing:
    return bare.doing(known, FLOW, at)


def ring(case: Case, at: datetime, known: Any = CATALOGUE) -> Case:
    return alarms.ring(case, at, by_rule(at, known))


def directive(due_at: datetime) -> Directive:
    return Directive(
        id=uuid4(),
        kind="supervise",
        user=uuid4(),
        post=uuid4(),
        org="county",
        at=START,
        content="限期办结",
        due_at=due_at,
    )


def test_a_case_near_its_limit_moves_to_be_supervised_by_itself() -> None:
    case = standing("handling")
    assert case.alarm == Alarm(city("2026-11-18T18:00"), "near")
    assert ring(case, case.alarm.at - timedelta(seconds=1)) is case, "not before its time"
    near = ring(case, case.alarm.at)
    assert (near.supervision, near.supervised, near.alarm) == ("near", False, None)
    assert (near.version, near.changed_at) == (case.version + 1, case.alarm.at)
    [line] = near.steps
    assert (line.action, line.user, line.occurred_at) == ("near", None, case.alarm.at)
    assert ring(near, START + timedelta(days=9)) is near, "once"


def test_more_time_makes_a_near_case_far_and_near_again_later() -> None:
    case = standing("handling")
    assert case.alarm is not None
    near = ring(case, case.alarm.at)
    more = set_(
        clocks.extend(near, near.clocks[0], Limit(10, "work_hour"), by_rule(near.changed_at))
    )
    assert more.supervision is None
    assert more.alarm == Alarm(city("2026-11-19T18:00"), "near")
    assert ring(more, city("2026-11-19T18:00")).supervision == "near"


def test_a_supervised_case_is_not_warned_of() -> None:
    case = directives.supervised(standing("handling"), "supervised")
    assert case.alarm is not None
    after = ring(case, case.alarm.at)
    assert (after.supervision, after.steps, after.alarm) == ("supervised", [], None)


def test_a_complaint_not_accepted_in_five_working_days_climbs_one_level() -> None:
    """requirements/xinjiang.md 3.7 and section 6 point 29."""
    case = standing("reported", city("2026-09-30T15:00"), closing_org="village")
    due = city("2026-10-13T15:00")  # no day of the National holiday counts, its Saturday does
    assert case.alarm == Alarm(due, "not_accepted")
    climbed = ring(case, due)
    assert (climbed.closing_org, climbed.former_closers) == ("street", ["village"])
    assert climbed.steps[0].orgs == ["street"]
    assert climbed.alarm is None, "one level for each stay"


def test_above_the_root_there_is_only_the_reproach() -> None:
    case = standing("reported", closing_org="county")
    after = ring(case, START + timedelta(days=30))
    assert (after.closing_org, after.supervision) == ("county", "overdue")


def test_a_condition_that_does_not_hold_passes_the_timer_over() -> None:
    timer = replace(CLIMB, when="${source} = 'public'")
    flow = bare.flow([replace(STATES[0], timers=[timer])])
    known = bare.catalogue(flow)
    for source, org in (("public", "street"), ("worker", "village")):
        case = bare.case(flow, START, closing_org="village")
        case = replace(case, reports=[replace(case.reports[0], source=source)])
        after = alarms.ring(case, START + timedelta(days=30), bare.doing(known, flow, START))
        assert (after.closing_org, after.alarm) == (org, None)


@pytest.mark.parametrize("handled", ["2026-11-18T10:00", "2026-11-18T23:59", "2026-11-18T00:01"])
def test_the_same_period_check_is_next_day_at_the_time_of_the_report(handled: str) -> None:
    """requirements/xinjiang.md 3.9 point 21."""
    known = bare.catalogue(FLOW, category_=bare.category(check="same_period"))
    case = bare.case(FLOW, city("2026-11-17T09:40"))
    case = set_(entering.enter(case, "waiting", by_rule(city(handled), known)), known)
    at = city("2026-11-19T09:40")
    assert case.alarm == Alarm(at, "same_period")
    after = ring(case, at, known)
    [task] = after.tasks
    assert (after.state, task.kind, task.user, task.not_before) == (
        "checking",
        "check",
        bare.WORKER,
        at,
    )


def test_with_nobody_to_choose_the_check_waits_for_a_person() -> None:
    case = standing("waiting")
    assert case.alarm is not None
    nobody = replace(by_rule(case.alarm.at), workers=[])
    after = alarms.ring(case, case.alarm.at, nobody)
    assert (after.state, after.tasks, after.alarm) == ("waiting", [], None)


def test_a_directive_nobody_answered_is_overdue_once_and_in_whatever_state() -> None:
    due_at = START + timedelta(hours=5)
    case = set_(replace(standing("checking"), directives=[directive(due_at)]))
    assert case.alarm == Alarm(due_at, "directive_overdue", case.directives[0].id)
    late = ring(case, due_at)
    assert (late.supervision, late.steps[0].directive) == ("overdue", case.directives[0].id)
    moved = set_(entering.enter(late, "waiting", by_rule(due_at)))
    assert moved.alarm is not None
    assert moved.alarm.code == "same_period", "not the directive again"
    answered = replace(case.directives[0], answered_at=START)
    assert set_(replace(case, directives=[answered])).alarm is None


def test_a_suspension_ends_by_itself_and_timers_rest_until_then() -> None:
    case = standing("handling")
    until = city("2026-12-01T08:00")
    hung = replace(case, suspended=True, suspended_until=until)
    hung = set_(clocks.regulate(hung, by_rule(START + timedelta(hours=2))))
    assert hung.alarm == Alarm(until, "resume")
    after = ring(hung, until + timedelta(hours=3))
    assert (after.suspended, after.suspended_until) == (False, None)
    assert after.alarm == Alarm(city("2026-12-01T16:00"), "near"), "six of eight hours were left"
    endless = set_(replace(hung, suspended_until=None))
    assert endless.alarm is None


def test_after_a_long_rest_everything_happens_in_order_at_its_own_time() -> None:
    """The worker was away: what should have happened is recorded as of when it should have."""
    until = START + timedelta(hours=1)
    case = replace(standing("handling"), suspended=True, suspended_until=until)
    case = clocks.regulate(case, by_rule(START))
    case = set_(replace(case, directives=[directive(START + timedelta(hours=30))]))
    after = ring(case, START + timedelta(days=30))
    lines = [(line.action, line.occurred_at) for line in after.steps]
    assert lines == [
        ("resume", until),
        ("near", city("2026-11-19T09:00")),
        ("directive_overdue", START + timedelta(hours=30)),
    ]
    assert len({line.id for line in after.steps}) == 3
    assert after.version == case.version + 1


def test_states_whose_timers_lead_to_each_other_come_to_rest() -> None:
    there = Timer("there", "去", "due", "watch", to="b")
    back = Timer("back", "回", "due", "escalate", to="a")
    flow = bare.flow(
        [State("a", "甲", "filed", timers=[there]), State("b", "乙", "filed", timers=[back])]
    )
    known = bare.catalogue(flow)
    doing = bare.doing(known, flow, START)
    case = clocks.set_whole(bare.case(flow, START), Limit(1, "work_hour"), doing)
    after = alarms.ring(case, START + timedelta(days=1), doing)
    assert after.alarm is None or after.alarm.at > START + timedelta(days=1)


def test_an_ended_case_does_nothing_more() -> None:
    case = replace(standing("reported"), directives=[directive(START)])
    assert set_(entering.enter(case, "closed", by_rule(START))).alarm is None
