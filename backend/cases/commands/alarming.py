"""What a case does by itself when its time comes: a rule's doing, no person's."""

from backend.cases.commands.preparing import Ready, doing_for, flow_of, prepare
from backend.cases.commands.telling import Change, tell
from backend.cases.rules import alarms
from backend.cases.structs import AlarmCase, Case
from offline.handlers import Done, Handler, Order, refuse
from offline.work import Work

ALARM = "case.alarm"


def _ring(work: Work, order: Order, ready: Ready) -> Done:
    """What was due by then happens; nothing, when the case has moved on meanwhile."""
    payload: AlarmCase = order.payload
    case: Case | None = work.get("case", payload.case)
    if case is None:
        raise refuse("not_found", "没有找到这个案件", "payload.case")
    ground = ready.grounds[case.county]
    doing = doing_for(order, case, ground, ready, flow_of(case, ground))
    after = alarms.ring(case, payload.at, doing)
    if len(after.steps) > len(case.steps):
        tell(work, Change(before=case, after=after), ground, ready, "case.ruled")
    elif after is not case:  # nothing to tell: a condition did not hold
        work.put("case", after)
    return Done("case", after.id, after.version, after.number)


HANDLER = Handler(ALARM, 1, AlarmCase, lambda p: [("case", p.case)], prepare, _ring, by_rule=True)
