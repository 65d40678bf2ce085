"""What a case does by itself: when next, and what happens then."""

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo

from msgspec.structs import replace

from backend.cases.rules import clocks, directives, entering, hierarchy, requests
from backend.cases.rules.context import context
from backend.cases.rules.doing import Doing, Impossible
from backend.cases.structs import Alarm, Case
from backend.catalogue.expressions import holds
from backend.catalogue.flow import Flow, Timer
from backend.catalogue.queries import Catalogue
from backend.catalogue.rules import state_of
from backend.core.ids import derived_id

RESUME = "resume"
"""Alarm and line in the timeline of a suspension that ends at its time."""
UNANSWERED = "directive_overdue"
"""Alarm and line in the timeline of a directive that was not answered in time."""


def next_alarm(case: Case, flow: Flow, catalogue: Catalogue) -> Alarm | None:
    """The earliest of what the case will do by itself as it stands; None when nothing. Timers rest
    while it is suspended; those whose condition does not hold then are passed over.
    """
    if case.ending is not None:
        return None
    return min(_alarms(case, flow, catalogue), key=lambda alarm: alarm.at, default=None)


def ring(case: Case, at: datetime, doing: Doing) -> Case:
    """The case after everything that was due by `at`, in order, each at its own instant; the same
    case when nothing was. `doing` is by rule.
    """
    after, rung = case, set()
    while (alarm := next_alarm(after, doing.flow, doing.catalogue)) and alarm.at <= at:
        key = (after.state, alarm.code, alarm.subject, alarm.at)
        if key in rung:  # states whose timers lead back to each other would never end
            after = _fired(after, alarm, doing.flow)
            continue
        rung.add(key)
        then = replace(
            doing,
            command=derived_id("alarm", doing.command, len(rung)),
            at=max(alarm.at, after.changed_at),
        )
        after = replace(_perform(after, alarm, then), changed_at=then.at)
    if after is case and alarm == case.alarm:
        return case
    return replace(after, version=case.version + 1, alarm=alarm)


def same_period(entered_at: datetime, reported_at: datetime, zone: tzinfo) -> datetime:
    """同时段核查: on the next calendar day after the case came to wait for its check, at the local
    time of day of the report (requirements/xinjiang.md 3.9 point 21: the report of today is checked
    next day at the same time of day), so that a vendor who had only moved on is met again.
    """
    day = entered_at.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(day, reported_at.astimezone(zone).time(), zone).astimezone(
        reported_at.tzinfo
    )


def _alarms(case: Case, flow: Flow, catalogue: Catalogue) -> Iterator[Alarm]:
    for each in case.directives:
        unanswered = each.due_at is not None and each.answered_at is None
        if unanswered and f"{clocks.DIRECTIVE}{each.id}" not in case.fired:
            assert each.due_at is not None
            yield Alarm(each.due_at, UNANSWERED, each.id)
    if case.suspended:
        if case.suspended_until is not None:
            yield Alarm(case.suspended_until, RESUME)
        return
    for timer in state_of(flow, case.state).timers:
        if timer.code in case.fired:
            continue
        at = _instant(case, timer, catalogue)
        if at is not None and _key(timer, at) not in case.fired:
            yield Alarm(at, timer.code)


def _instant(case: Case, timer: Timer, catalogue: Catalogue) -> datetime | None:
    """When a timer of the case's state runs out."""
    yellow_at, due_at = clocks.instants(case.clocks)
    if timer.at == "yellow":
        return yellow_at
    if timer.at == "due":
        return due_at
    entered_at = case.entered_at or case.reported_at
    working = clocks.working_of(catalogue, case.category, case.closing_org, case.area_path)
    category = catalogue.categories.get(case.category)
    if timer.effect == "open_check_task" and category and category.check == "same_period":
        return same_period(entered_at, case.reports[0].occurred_at, working.zone)
    return working.due(entered_at, timer.at)


def _key(timer: Timer, at: datetime) -> str:
    """What `Case.fired` says of a timer. A warning comes again for another deadline."""
    return f"{timer.code} {at.isoformat()}" if timer.effect == "watch" else timer.code


def _perform(case: Case, alarm: Alarm, doing: Doing) -> Case:
    if alarm.code == RESUME:
        return requests.resume(entering.rule_step(case, RESUME, case.state, doing), doing)
    if alarm.code == UNANSWERED:
        after = entering.rule_step(_fired(case, alarm, doing.flow), UNANSWERED, case.state, doing)
        *earlier, line = after.steps
        told = replace(after, steps=[*earlier, replace(line, directive=alarm.subject)])
        return _overdue(told)
    timer = _timer(case, alarm, doing.flow)
    after = _fired(case, alarm, doing.flow)
    if timer.when and not holds(timer.when, context(case, doing)):
        return after
    match timer.effect:
        case "watch":
            return _watched(after, timer, doing)
        case "escalate":
            return _escalated(after, timer, doing)
        case "open_check_task":
            return _to_check(after, timer, alarm, doing)


def _watched(case: Case, timer: Timer, doing: Doing) -> Case:
    if case.supervision is not None:
        return case
    near = entering.rule_step(case, timer.code, timer.to or case.state, doing)
    return _moved(directives.supervised(near, "near"), timer, doing)


def _escalated(case: Case, timer: Timer, doing: Doing) -> Case:
    """One level up; above the root there is only the reproach."""
    try:
        climbed = hierarchy.climb(case, doing)
    except Impossible:
        return _overdue(entering.rule_step(case, timer.code, case.state, doing))
    assert climbed.closing_org is not None
    to = timer.to or case.state
    after = entering.rule_step(climbed, timer.code, to, doing, [climbed.closing_org])
    return _moved(after, timer, doing)


def _to_check(case: Case, timer: Timer, alarm: Alarm, doing: Doing) -> Case:
    """A check task, when one worker fits; else the case waits for somebody to choose."""
    worker = entering.checker(case, doing)
    if worker is None:
        return case
    after = entering.rule_step(case, timer.code, timer.to or case.state, doing)
    after = entering.open_task(after, "check", worker, doing)
    *others, task = after.tasks
    after = replace(after, tasks=[*others, replace(task, not_before=alarm.at)])
    return _moved(after, timer, doing)


def _moved(case: Case, timer: Timer, doing: Doing) -> Case:
    return entering.enter(case, timer.to, doing) if timer.to is not None else case


def _overdue(case: Case) -> Case:
    return case if case.supervision == "circulated" else directives.supervised(case, "overdue")


def _fired(case: Case, alarm: Alarm, flow: Flow) -> Case:
    """The case with an alarm that will not ring again."""
    if alarm.code == UNANSWERED:
        key = f"{clocks.DIRECTIVE}{alarm.subject}"
    else:
        key = _key(_timer(case, alarm, flow), alarm.at)
    return replace(case, fired=[*case.fired, key])


def _timer(case: Case, alarm: Alarm, flow: Flow) -> Timer:
    return next(t for t in state_of(flow, case.state).timers if t.code == alarm.code)
