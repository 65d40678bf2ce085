"""What a case does by itself when its time comes: a rule's doing, no person's."""

from datetime import datetime

from msgspec.structs import replace

from backend.cases.commands.preparing import Ready, doing_for, flow_of, prepare
from backend.cases.commands.telling import Change, tell
from backend.cases.ground import Ground
from backend.cases.rules import alarms
from backend.cases.rules.doing import Doing
from backend.cases.structs import AlarmCase, Case
from offline.handlers import Done, Handler, Order, refuse
from offline.work import Work

ALARM = "case.alarm"


def catch_up(work: Work, case: Case, doing: Doing, ground: Ground, ready: Ready) -> Case:
    """The case as somebody finds it who acts before the worker came to ring it: what was due by
    then has happened, so that nothing depends on when workers run.
    """
    if case.alarm is None or case.alarm.at > doing.at:
        return case
    by_rule = replace(doing, user=None, post=None, org=None, permissions=frozenset())
    return _rung(work, case, doing.at, by_rule, ground, ready)


def _ring(work: Work, order: Order, ready: Ready) -> Done:
    """What was due by then happens; nothing, when the case has moved on meanwhile."""
    payload: AlarmCase = order.payload
    case: Case | None = work.get("case", payload.case)
    if case is None:
        raise refuse("not_found", "没有找到这个案件", "payload.case")
    ground = ready.grounds[case.county]
    doing = doing_for(order, case, ground, ready, flow_of(case, ground))
    after = _rung(work, case, payload.at, doing, ground, ready)
    return Done("case", after.id, after.version, after.number)


def _rung(work: Work, case: Case, at: datetime, doing: Doing, ground: Ground, ready: Ready) -> Case:
    after = alarms.ring(case, at, doing)
    if len(after.steps) > len(case.steps):
        tell(work, Change(before=case, after=after), ground, ready, "case.ruled")
    elif after is not case:  # nothing to tell: a condition did not hold
        work.put("case", after)
    return after


HANDLER = Handler(ALARM, 1, AlarmCase, lambda p: [("case", p.case)], prepare, _ring, by_rule=True)
